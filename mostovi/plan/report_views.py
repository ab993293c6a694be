# SPDX-License-Identifier: EUPL-1.2
"""Pages of `plan`: the report of a year, two days compared, asylum and detections, their import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mostovi.plan import asylum, detections, drawing, importing, reporting
from mostovi.plan.comparing import Change
from mostovi.plan.comparing import compare as compared
from mostovi.plan.content import plan, plans
from mostovi.plan.forms import CompareForm, FileForm
from mostovi.plan.models import IndicatorValue
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import PARTNERS

FIRST_YEAR = 2023
"""The plan was accepted in June 2023; there is no report about an earlier year."""
CHANGES: dict[Change, str | Promise] = {
    Change.FURTHER: gettext_lazy("Further"),
    Change.BACK: gettext_lazy("Further back"),
    Change.SAME: gettext_lazy("Unchanged"),
    Change.FIRST: gettext_lazy("First report"),
    Change.NOW_KNOWN: gettext_lazy("Known now"),
    Change.NOW_UNKNOWN: gettext_lazy("Not known any more"),
    Change.NOTHING_SAID: gettext_lazy("Nothing said"),
}


def _year_or_404(year: int | None) -> int | None:
    if year is not None and not FIRST_YEAR <= year <= timezone.localdate().year:
        raise Http404
    return year


@require_GET
@door(Action.READ, Kind.PLAN)
def annual(request: ActingRequest, year: int | None = None) -> HttpResponse:
    """The report, as known now or by the end of a year."""
    return _report(request, _year_or_404(year), "")


@require_GET
@door(Action.READ, Kind.PLAN)
def annual_of(request: ActingRequest, code: str) -> HttpResponse:
    """The report of another plan than the one in force: an ended one, or a draft."""
    if code not in plans():
        raise Http404
    return _report(request, None, code)


def _report(request: ActingRequest, year: int | None, code: str) -> HttpResponse:
    language = get_language() or "en"
    content = reporting.gather(PARTNERS, language, year=year, plan_code=code)
    context = {
        **reporting.page_context(content, language),
        "year": year,
        "years": range(FIRST_YEAR, timezone.localdate().year + 1),
        "other": plan(code) if code else None,
    }
    return render(request, "plan/annual.html", context)


@require_GET
@door(Action.READ, Kind.PLAN)
def paper(request: ActingRequest, year: int | None = None) -> HttpResponse:
    """The same as a tagged PDF."""
    language = get_language() or "en"
    content = reporting.gather(PARTNERS, language, year=_year_or_404(year))
    answer = HttpResponse(reporting.as_pdf(content, language), content_type="application/pdf")
    name = f"plan-{content['plan_code']}{f'-{year}' if year else ''}-{language}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_GET
@door(Action.READ, Kind.PLAN)
def compare(request: ActingRequest) -> HttpResponse:
    """What was said by two days; nothing is filled in where nothing was said."""
    today = timezone.localdate()
    usual = {"before": today - timedelta(days=365), "after": today}
    asked = "before" in request.GET or "after" in request.GET
    form = CompareForm(request.GET if asked else usual, initial=usual)
    lines: list[Any] = []
    counts: Counter[Change] = Counter()
    if form.is_valid():
        said = reporting.sayings("")
        found = compared(
            said, [a.number for a in plan().actions], PARTNERS, before=form.cleaned_data["before"],
            after=form.cleaned_data["after"],
        )  # fmt: skip
        counts = Counter(one.change for one in found)
        titles = {a.number: a for a in plan().actions}
        lines = [
            (titles[one.action], NAMES[one.partner], one, CHANGES[one.change])
            for one in found
            if one.change not in (Change.NOTHING_SAID, Change.SAME) or one.later
        ]
    over_time = reporting.over_time("", today)
    context = {
        "form": form,
        "lines": lines,
        "counts": [(CHANGES[change], counts[change]) for change in CHANGES],
        "over_time": over_time,
        "chart": drawing.on_screens(partial(drawing.time_chart, over_time))
        if len(over_time) > 1
        else "",
    }
    return render(request, "plan/compare.html", context, status=200 if form.is_valid() else 422)


# --- published figures -------------------------------------------------------------------------


@require_GET
@door(Action.READ, Kind.PLAN)
def asylum_page(request: ActingRequest) -> HttpResponse:
    """UNHCR's applications by partner, held against what the report prints."""
    value = importing.newest(importing.ASYLUM)
    context: dict[str, Any] = {
        "value": value,
        "may_import": decide(request.actor, Action.CHANGE, Kind.PLAN).allowed,
        "figures": [
            f
            for f in plan().figures
            if f.code in ("asylum_claims_share", "refugee_status", "protection_status")
        ],
    }
    if value:
        counted = importing.counted(value)
        content = reporting.asylum_content(PARTNERS)
        head, rows = reporting.asylum_table(content)
        context |= {
            "chart": drawing.on_screens(
                partial(drawing.asylum_chart, counted.by_year, asylum.SINCE)
            ),
            "head": head,
            "rows": rows,
            "words": reporting.asylum_words(content) if content else [],
            "left_out": [
                (year, found)
                for year, found in sorted(counted.left_out.items())
                if year >= asylum.SINCE
            ],
        }
    return render(request, "plan/asylum.html", context)


@require_GET
@door(Action.READ, Kind.PLAN)
def detections_page(request: ActingRequest) -> HttpResponse:
    """Frontex's detections on the route by month, with source and what they are not."""
    value = importing.newest(importing.DETECTIONS)
    context: dict[str, Any] = {
        "value": value,
        "may_import": decide(request.actor, Action.CHANGE, Kind.PLAN).allowed,
        "caveat": reporting.detection_words(),
    }
    if value:
        months: dict[str, int] = value.parts["months"]
        years = sorted({month[:4] for month in months})
        sums = detections.by_year(months)
        context |= {
            "chart": drawing.on_screens(partial(drawing.months_chart, value), drawing.WIDE),
            "years": [
                (year, [months.get(f"{year}-{m:02}") for m in range(1, 13)], sums.get(int(year)))
                for year in years
            ],
            "month_names": [date(2000, m, 1) for m in range(1, 13)],
        }
    return render(request, "plan/detections.html", context)


_IMPORTS: dict[str, tuple[Callable[..., IndicatorValue], str, tuple[str, ...]]] = {
    "asylum": (importing.import_asylum, "plan:asylum", asylum.COLUMNS),
    "detections": (importing.import_detections, "plan:detections", detections.COLUMNS),
}


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.PLAN)
def file_import(request: ActingRequest, kind: str) -> HttpResponse:
    """Upload a publisher's file; every wrong row is listed and then nothing is taken."""
    if kind not in _IMPORTS:
        raise Http404
    take, page, columns = _IMPORTS[kind]
    form = FileForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            take(request.actor, file.read(), file_name=file.name)
        except importing.FileRefused as error:
            refused = error
        else:
            messages.success(request, _("Imported and counted."))
            return redirect(page)
    context = {"form": form, "refused": refused, "page": page, "columns": ", ".join(columns)}
    wrong = bool(form.errors or refused)
    return render(request, "plan/file_import.html", context, status=422 if wrong else 200)
