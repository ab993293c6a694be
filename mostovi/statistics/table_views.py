# SPDX-License-Identifier: EUPL-1.2
"""Pages of the table specifications: what is counted and why, cells before and after, quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.http import require_GET

from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics import (
    calculations,
    overlap_services,
    overlap_views,
    own_events,
    quality,
    table_services,
)
from mostovi.statistics.calculation_models import Calculation
from mostovi.statistics.calculation_results import CountedCells, Row, quality_report
from mostovi.statistics.calculation_views import waiting_for
from mostovi.statistics.catalogue import spec_sets
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.months import Month
from mostovi.statistics.partners import NAMES
from mostovi.statistics.specs import Dimension, Period, Spec, SpecSet
from mostovi.statistics.tables import in_language
from mostovi.statistics.translations import reviewed

PERIODS: Final[Mapping[Period, str | Promise]] = {
    Period.MONTH: gettext_lazy("Every month"),
    Period.QUARTER: gettext_lazy("Every three months"),
    Period.YEAR: gettext_lazy("Every year"),
}
EVIDENCE: Final[Mapping[str, str | Promise]] = {
    "text": gettext_lazy("read in the text of the law"),
    "memory": gettext_lazy("from memory, not read in the text"),
    "proposal": gettext_lazy("a proposal, not agreed by the partners"),
    "unconfirmed": gettext_lazy("not confirmed"),
}
FINDINGS: Final[Mapping[str, str | Promise]] = {
    "month": gettext_lazy("No month"),
    "recorded_before": gettext_lazy("Recorded before it happened"),
    "wrong_code": gettext_lazy("A value that is in no list"),
    "adult_child_alone": gettext_lazy("An adult recorded as a child alone"),
    "record_key": gettext_lazy("A record without its own key"),
    "same_twice": gettext_lazy("The same record twice"),
    "received_not_sent": gettext_lazy("More referrals received than sent"),
}


def _language() -> str:
    return get_language() or "en"


@dataclass(frozen=True)
class SpecLine:
    """One table in the list of tables."""

    code: str
    title: str
    article: str
    period: str | Promise
    dimensions: list[str]
    here: bool


@require_GET
@door(Action.READ, Kind.STATISTIC)
def tables(request: ActingRequest) -> HttpResponse:
    """All table specifications by set, and whether this node's records feed them."""
    language = _language()
    sets = [
        {
            "title": in_language(one.title, language),
            "set": one,
            "lines": [_line(spec, language) for spec in one.specs],
        }
        for one in spec_sets().values()
    ]
    may = decide(request.actor, Action.PUBLISH, Kind.STATISTIC).allowed
    context = {
        "translation_reviewed": reviewed(language),
        "sets": sets,
        "may_release": may and settings.MOSTOVI.holds_persons,
    }
    return render(request, "statistics/tables.html", context)


def _line(spec: Spec, language: str) -> SpecLine:
    _law, found, article = spec.legal.citation.rpartition("Article ")
    return SpecLine(
        code=spec.code,
        title=in_language(spec.title, language),
        article=article if found else "",
        period=PERIODS[spec.period],
        dimensions=[in_language(d.label, language) for d in spec.dimensions],
        here=_counted_here(spec),
    )


def _counted_here(spec: Spec) -> bool:
    return settings.MOSTOVI.holds_persons and bool(own_events.kinds() & set(spec.events))


def _found(code: str) -> tuple[SpecSet, Spec]:
    """The table called `code`; 404 without one."""
    for one in spec_sets().values():
        for spec in one.specs:
            if spec.code == code:
                return one, spec
    raise Http404


@require_GET
@door(Action.READ, Kind.STATISTIC)
def table(request: ActingRequest, code: str) -> HttpResponse:
    """One specification: definition, legal basis, dimensions with their codes, footnotes."""
    of, spec = _found(code)
    language = _language()
    may = decide(request.actor, Action.PUBLISH, Kind.STATISTIC).allowed
    context = {
        "set": of,
        "spec": spec,
        "definition": in_language(spec.definition, language),
        "footnotes": [in_language(note, language) for note in spec.footnotes],
        "notes": [in_language(note, language) for note in of.notes],
        "translation_reviewed": reviewed(language),
        "title": in_language(spec.title, language),
        "period": PERIODS[spec.period],
        "evidence": EVIDENCE[spec.legal.evidence],
        "period_evidence": EVIDENCE[spec.legal.period_evidence],
        "dimensions": [
            (
                in_language(d.label, language), d,
                [(c.code, in_language(c.label, language)) for c in d.codes],
            )
            for d in spec.dimensions
        ],
        "here": _counted_here(spec),
        "may_release": may,
        "month": Month.last_complete(timezone.localdate()),
    }  # fmt: skip
    return render(request, "statistics/table.html", context)


@dataclass(frozen=True)
class CellRow:
    """One cell ready to draw."""

    labels: list[str]
    count: int
    value: int | None
    total: bool


@require_GET
@door(Action.PUBLISH, Kind.STATISTIC)
def cells(request: ActingRequest, code: str) -> HttpResponse:
    """One table's cells of a period: counted here, and what would leave."""
    _set, spec = _found(code)
    if not _counted_here(spec):
        raise Http404
    month = asked_month(request)
    calculation = calculations.wanted(request.actor, Calculation.Kind.CELLS, month, spec.code)
    if not calculation.done:
        return waiting_for(request, calculation)
    found = CountedCells.from_data(calculations.result(request.actor, calculation))
    language = _language()
    newest = Month.last_complete(timezone.localdate())
    context = {
        "spec": spec,
        "title": in_language(spec.title, language),
        "period": period_words(spec, month),
        "month": month,
        "months": [newest.back(n) for n in range(24)],
        "dimensions": [
            in_language(d.label, language) for d in table_services.shown_dimensions(spec)
        ],
        "calculation": calculation,
        "rows": [_row(row, spec, language) for row in found.rows],
        "more": found.all - len(found.rows),
        "all": found.all,
        "hidden": found.hidden,
        "protection": table_services.protection(),
    }
    return render(request, "statistics/table_cells.html", context)


def period_words(spec: Spec, month: Month) -> str:
    """The period that `month` lies in: a month by its name; others keep their direction."""
    if spec.period is Period.MONTH:
        return date_format(month.first_day, "YEAR_MONTH_FORMAT")
    return f"\u2066{spec.period.of(str(month))}\u2069"


def asked_month(request: HttpRequest) -> Month:
    """The month asked for, if it is over; else the newest complete one."""
    newest = Month.last_complete(timezone.localdate())
    try:
        return min(newest, Month.parse(request.GET.get("month", "")))
    except ValueError:
        return newest


def _row(row: Row, spec: Spec, language: str) -> CellRow:
    dimensions = table_services.shown_dimensions(spec)
    return CellRow(
        [_label(d, code, language) for d, code in zip(dimensions, row.codes, strict=True)],
        row.count, row.value, all(code == TOTAL for code in row.codes),
    )  # fmt: skip


def _label(dimension: Dimension, code: str, language: str) -> str:
    return "" if code == TOTAL else in_language(dimension.label_of(code), language)


@require_GET
@door(Action.PUBLISH, Kind.STATISTIC)
def quality_page(request: ActingRequest) -> HttpResponse:
    """The quality of this node's own records over the last twelve complete months."""
    if not settings.MOSTOVI.holds_persons:
        raise Http404
    last = Month.last_complete(timezone.localdate())
    calculation = calculations.wanted(request.actor, Calculation.Kind.QUALITY, last)
    if not calculation.done:
        return waiting_for(request, calculation)
    found = quality_report(calculations.result(request.actor, calculation))
    first = last.back(table_services.QUALITY_MONTHS - 1)
    done = overlap_services.counted(request.actor, first)
    found = replace(found, duplicates=overlap_services.duplicates(done))
    late = [one for one in found.revisions if (one.days_late or 0) > 0]
    context = {
        "calculation": calculation,
        "report": found,
        "first": first,
        "last": last,
        "duplicates": [overlap_views.line(row) for row in done],
        "missing": [
            (_kind(event), _columns(event, found))
            for event in dict.fromkeys(one.event for one in found.completeness)
        ],
        "findings": [(FINDINGS[one.code], one) for one in found.findings],
        "gaps": [month for _partner, month in found.gaps],
        "revised": [one for one in found.revisions if one.revisions],
        "released": len({one.period for one in found.revisions}),
        "late": sorted({one.period for one in late}),
        "much": quality.MUCH_MISSING,
        "partner": NAMES.get(settings.MOSTOVI.partner, settings.MOSTOVI.partner),
    }  # fmt: skip
    return render(request, "statistics/quality.html", context)


def _counting(event: str) -> list[Spec]:
    """The tables that count events of a kind, those of nothing else first."""
    found = [spec for one in spec_sets().values() for spec in one.specs if event in spec.events]
    return sorted(found, key=lambda spec: (len(spec.events), len(spec.where)))


def _kind(event: str) -> str:
    """What events of a kind are called: as the first table that counts them."""
    return next((in_language(spec.title, _language()) for spec in _counting(event)), event)


def _columns(event: str, report: quality.Report) -> list[tuple[str, quality.Completeness, int]]:
    """The columns of one kind of event with the share that is not known, in per cent."""
    language = _language()
    names = {
        dimension.column: in_language(dimension.label, language)
        for spec in reversed(_counting(event))
        for dimension in spec.dimensions
    }
    return [
        (names.get(one.column, one.column), one, round(100 * one.share))
        for one in report.completeness
        if one.event == event and one.column != "partner"
    ]
