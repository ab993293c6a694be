# SPDX-License-Identifier: EUPL-1.2
"""Pages of the monthly exchange: who has sent, preparing, a second look, workbooks, publishing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mostovi.exchange.reasons import LetterRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics import (
    consolidating,
    own_figures,
    regional_pages,
    regional_release,
    reminders,
    services,
    submitting,
    uploading,
)
from mostovi.statistics import region as regional
from mostovi.statistics.catalogue import exchange, template
from mostovi.statistics.exchange_rules import Question
from mostovi.statistics.models import Submission
from mostovi.statistics.months import Month
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.services import SECRETARIAT, NotReleasable
from mostovi.statistics.submitting import WordsMissing
from mostovi.statistics.tables import in_language
from mostovi.statistics.templatetags.figures import month_name
from mostovi.statistics.views import _language, _table_page, is_same

LOOK_BACK = 12
LARGEST = 10 * 1024 * 1024


def at_secretariat() -> bool:
    """Whether this is the secretariat's node."""
    return bool(settings.MOSTOVI.partner == SECRETARIAT)


# --- Who has sent ---------------------------------------------------------------------------------


@require_GET
@door(Action.READ, Kind.REGIONAL_STATISTIC)
def overview(request: ActingRequest) -> HttpResponse:
    """The calendar: at a partner's node its own months, at the secretariat's every partner's."""
    today = timezone.localdate()
    actor = request.actor
    context: dict[str, Any] = {
        "secretariat": at_secretariat(),
        "rules": exchange(),
        "template": template(),
        "may_decide": decide(actor, Action.DECIDE, Kind.REGIONAL_STATISTIC).allowed,
        "may_prepare": decide(actor, Action.PUBLISH, Kind.STATISTIC).allowed,
        "may_upload": decide(actor, Action.CREATE, Kind.REGIONAL_STATISTIC).allowed,
        "may_switch": own_figures.possible()
        and decide(actor, Action.CONFIGURE, Kind.REGIONAL_STATISTIC).allowed,
    }
    waiting = submitting.waiting()
    context["waiting"] = [(one, NAMES[one.partner]) for one in waiting if one.partner in NAMES]
    if at_secretariat():
        found = consolidating.standings(today)
        context |= {
            "standings": [(NAMES[one.partner], one) for one in found],
            "months": [of.month for of in found[0].months],
            "to_publish": consolidating.to_publish(today),
            "owed": _owed(today),
            "may_remind": decide(actor, Action.SEND, Kind.REGIONAL_STATISTIC).allowed,
        }
    elif settings.MOSTOVI.holds_persons:
        latest = {}
        own = Submission.objects.filter(partner=settings.MOSTOVI.partner)
        for one in own.order_by("prepared_at"):
            latest[one.period] = one
        calendar = services.calendar(today, months=exchange().months_shown)
        context["own"] = [(month, latest.get(str(month.month))) for month in calendar]
    return render(request, "statistics/exchange/overview.html", context)


@dataclass(frozen=True)
class Owing:
    """A partner with a node that owes months; `next`: what it can be reminded of now."""

    partner: str
    name: Any
    months: list[reminders.Owed]
    next: reminders.Owed | None


def _owed(today: date) -> list[Owing]:
    found, now = reminders.owed(today), timezone.now()
    return [
        Owing(
            partner, NAMES[partner], [one for one in found if one.partner == partner],
            reminders.may_remind(partner, found, now),
        )
        for partner in dict.fromkeys(one.partner for one in found)
    ]  # fmt: skip


@require_POST
@door(Action.SEND, Kind.REGIONAL_STATISTIC)
def remind(request: ActingRequest) -> HttpResponse:
    """Write a reminder to one partner's node."""
    if not at_secretariat():
        raise Http404
    try:
        made = reminders.write(request.actor, request.POST.get("partner", "")[:20])
    except reminders.NotReminded as refused:
        messages.error(request, str(refused))
    except LetterRefused:
        messages.error(
            request,
            _("The letter could not be written. Ask the administrator about this partner's node."),
        )
    else:
        messages.success(
            request,
            _("%(partner)s is reminded of %(month)s.")
            % {"partner": NAMES[made.partner], "month": month_name(made.period)},
        )
    return redirect("statistics:exchange")


@require_http_methods(["GET", "POST"])
@door(Action.CONFIGURE, Kind.REGIONAL_STATISTIC)
def public(request: ActingRequest) -> HttpResponse:
    """Whether this node publishes its own released months to everybody; switch it."""
    asked = request.POST.get("do") if request.method == "POST" else None
    if asked in {"on", "off"} and own_figures.possible():
        made = own_figures.switch(request.actor, asked == "on")
        said = (
            _("The released months are public now.")
            if made.published
            else _("The public pages are empty now.")
        )
        messages.success(request, said)
        return redirect("statistics:own_figures")
    context = {
        "possible": own_figures.possible(),
        "decision": own_figures.decision(),
        "on": own_figures.published(),
        "released": [one for one in services.calendar(timezone.localdate()) if one.revision],
    }
    return render(request, "statistics/exchange/public.html", context)


# --- Preparing and the second look ----------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@door(Action.PUBLISH, Kind.STATISTIC)
def prepare(request: ActingRequest, month: Month) -> HttpResponse:
    """What would leave beside what was counted, what is unusual in it; then hand it over."""
    if not settings.MOSTOVI.holds_persons or month > Month.last_complete(timezone.localdate()):
        raise Http404
    problem = words_problem = ""
    words = request.POST.get("words", "")[:2000]
    if request.method == "POST":
        try:
            submitting.prepare(
                request.actor, month, digest=request.POST.get("digest", ""), words=words
            )
        except WordsMissing as missing:
            words_problem = str(missing)
        except NotReleasable as refused:
            problem = str(refused)
        else:
            messages.success(request, _("Handed over. A second officer looks at it now."))
            return redirect("statistics:exchange")
    seen = services.preview(request.actor, month)
    figures = regional.figures(template(), seen.published)
    context = {
        "month": month,
        "seen": seen,
        "problem": problem,
        "words": words,
        "words_problem": words_problem,
        "questions": _asked(submitting.unusual(settings.MOSTOVI.partner, month, seen.published)),
        "tables": [_table_page(table, [figures], seen.counts) for table in template().tables],
        "counts": True,
        "noisy": regional_pages.own_tables(
            seen.regional.prepared.tables, seen.regional.counts
        ),
        "left_out": regional_pages.left_out(seen.regional.prepared),
        "noise": regional_pages.method(),
        "same": is_same(month, seen),
        "template": template(),
        "returned": Submission.objects.filter(
            partner=settings.MOSTOVI.partner, period=str(month), state=Submission.State.RETURNED
        ).order_by("-decided_at").first(),
    }  # fmt: skip
    status = 422 if words_problem else 409 if problem else 200
    return render(request, "statistics/exchange/prepare.html", context, status=status)


def _asked(questions: list[Question]) -> list[tuple[str, bool]]:
    """What is unusual, in words, and whether it must be explained."""
    language, chosen = _language(), template()
    said = {
        "higher": _("%(where)s: %(value)s, usually about %(usual)s. Much higher than before."),
        "lower": _("%(where)s: %(value)s, usually about %(usual)s. Much lower than before."),
        "nothing": _("%(where)s: nobody, usually about %(usual)s. Was it counted?"),
        "hidden": _("%(where)s: %(value)s of %(usual)s counts are hidden."),
    }
    found = []
    for one in questions:
        if one.asks == "revised":
            text = ngettext(
                "A revision: %(value)s count says something else than the one before.",
                "A revision: %(value)s counts say something else than the one before.",
                one.value,
            ) % {"value": one.value}
        else:
            named = chosen.table if one.asks == "hidden" else chosen.indicator
            title = in_language(named(one.where).title, language)
            text = said[one.asks] % {"where": title, "value": one.value, "usual": one.usual}
        found.append((text, one.needs_words))
    return found


@require_http_methods(["GET", "POST"])
@door(Action.DECIDE, Kind.REGIONAL_STATISTIC)
def submission(request: ActingRequest, pk: int) -> HttpResponse:
    """Exactly what would leave, or count; the second officer releases or returns it."""
    found = Submission.objects.filter(pk=pk).first()
    if found is None or found.partner not in NAMES:
        raise Http404
    problem = words_problem = ""
    words = request.POST.get("words", "")[:2000]
    if request.method == "POST":
        try:
            text = _decide(request, found, words)
        except WordsMissing as missing:
            words_problem = str(missing)
        except NotReleasable as refused:
            problem = str(refused)
        except LetterRefused:
            problem = _(
                "The letter to the secretariat could not be written, so nothing was released. "
                "Ask the administrator whether the secretariat's node is among the peers."
            )
        else:
            messages.success(request, text)
            return redirect("statistics:exchange")
        found.refresh_from_db()
    published = submitting.published_of(found)
    regional_set = submitting.regional_of(found)
    month = Month.parse(found.period)
    figures = regional.figures(template(), published)
    context = {
        "one": found,
        "month": month,
        "partner": NAMES[found.partner],
        "secretariat": at_secretariat(),
        "own": found.prepared_by == request.actor.account,
        "open": found.state == Submission.State.WAITING,
        "questions": _asked([Question.from_json(stored) for stored in found.questions]),
        "tables": [_table_page(table, [figures]) for table in template().tables],
        "noisy": regional_pages.own_tables(regional_set.tables),
        "left_out": regional_pages.left_out(regional_set),
        "noise": regional_pages.method(),
        "shown_noisy": regional_set.shown,
        "problem": problem,
        "words": words,
        "words_problem": words_problem,
        "hidden": sum(value is None for value in published.values()),
        "cells": len(published),
        "template": template(),
    }
    status = 422 if words_problem else 409 if problem else 200
    return render(request, "statistics/exchange/submission.html", context, status=status)


def _decide(request: ActingRequest, found: Submission, words: str) -> str:
    """Do what was asked; what to say then."""
    asked = request.POST.get("do", "")
    if asked == "release":
        submitting.release(request.actor, found.pk)
        if at_secretariat():
            return _("Released. It counts from now on.")
        return _("Released, and on its way to the secretariat.")
    if asked == "return":
        submitting.give_back(request.actor, found.pk, words=words)
        return _("Returned to who prepared it.")
    if asked == "take_back":
        submitting.take_back(request.actor, found.pk)
        return _("Taken back.")
    raise NotReleasable(_("Choose what to do."))


# --- Workbooks of partners without a node ---------------------------------------------------------


class UploadForm(forms.Form):
    """A workbook of one partner and month."""

    partner = forms.ChoiceField(label=gettext_lazy("Partner"))
    month = forms.ChoiceField(label=gettext_lazy("Month"))
    file = forms.FileField(
        label=gettext_lazy("Workbook"),
        help_text=gettext_lazy("The empty workbook, filled in, as .xlsx. At most 10 MB."),
    )
    already = forms.BooleanField(
        label=gettext_lazy("The tables reg_ are protected already"),
        required=False,
        help_text=gettext_lazy(
            "Leave it empty if they hold full counts: these get noise here before anything is "
            "stored. Tick it if the partner put noise on them itself."
        ),
    )
    words = forms.CharField(
        label=gettext_lazy("Why the figures are unusual, if they are"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, unit: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = Month.last_complete(timezone.localdate())
        months = [newest.back(n) for n in range(LOOK_BACK)]
        offered = [unit] if unit in PARTNERS else uploading.partners_without_node()
        fields: Any = self.fields
        fields["partner"].choices = [(code, NAMES[code]) for code in offered]
        fields["month"].choices = [(str(month), month_name(month)) for month in months]

    def clean_file(self) -> Any:
        """Refuse what is far too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        return file


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.REGIONAL_STATISTIC)
def upload(request: ActingRequest) -> HttpResponse:
    """Take a workbook; every wrong row is listed, and then nothing is stored."""
    if not at_secretariat():
        raise Http404
    form = UploadForm(
        request.POST or None, request.FILES or None, unit=request.actor.unit,
        initial={"month": request.GET.get("month"), "partner": request.GET.get("partner")},
    )  # fmt: skip
    problems: tuple[uploading.RowProblem, ...] = ()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = uploading.upload(
                request.actor, given["partner"], Month.parse(given["month"]),
                given["file"].read(), words=given["words"], protected_already=given["already"],
            )  # fmt: skip
        except uploading.WorkbookRefused as refused:
            problems = refused.problems
            form.add_error("file", str(refused))
        except WordsMissing as missing:
            form.add_error("words", str(missing))
        except NotReleasable as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request, _("Taken in, protected. Another officer looks at it before it counts.")
            )
            return redirect("statistics:submission", pk=made.pk)
    context = {"form": form, "problems": problems, "template": template(), "months": form["month"]}
    status = 422 if form.errors else 200
    return render(request, "statistics/exchange/upload.html", context, status=status)


@require_GET
@door(Action.CREATE, Kind.REGIONAL_STATISTIC)
def blank(request: ActingRequest) -> HttpResponse:
    """The workbook to fill in, of a partner and month."""
    partner = request.GET.get("partner", "")
    try:
        month = Month.parse(request.GET.get("month", ""))
    except ValueError:
        raise Http404 from None
    if partner not in PARTNERS or not at_secretariat():
        raise Http404
    answer = HttpResponse(
        uploading.blank(partner, month),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    answer["Content-Disposition"] = f'attachment; filename="mostovi-{partner}-{month}.xlsx"'
    return answer


# --- The region's month ---------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@door(Action.READ, Kind.REGIONAL_STATISTIC)
def consolidate(request: ActingRequest, month: Month) -> HttpResponse:
    """One month of the region: what came of each partner, every revision; then publish it."""
    if not at_secretariat() or month > Month.last_complete(timezone.localdate()):
        raise Http404
    may = decide(request.actor, Action.PUBLISH, Kind.REGIONAL_STATISTIC).allowed
    problem = ""
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        try:
            edition = consolidating.publish(
                request.actor, month, revisions=_seen(request, "seen"),
                noisy=_seen(request, "seen_noisy"), note=request.POST.get("note", ""),
            )  # fmt: skip
        except NotReleasable as refused:
            problem = str(refused)
        else:
            messages.success(
                request,
                _("Edition %(number)s is published. Everybody can see it now.")
                % {"number": edition.number},
            )
            return redirect("statistics:consolidate", month=month)
    here = consolidating.consolidation(month)
    by_partner = consolidating.figures(here.in_force, month)
    language = _language()
    context = {
        "here": here,
        "month": month,
        "may": may,
        "problem": problem,
        "note": request.POST.get("note", ""),
        "rows": [(NAMES[code], code, here.revisions.get(code, [])) for code in PARTNERS],
        "partners": [NAMES[code] for code in PARTNERS],
        "missing": [NAMES[code] for code in here.missing],
        "lines": [
            (in_language(line.indicator.title, language), line)
            for line in regional.lines(template(), by_partner)
        ],
        "in_force": here.in_force,
        "template": template(),
        "noisy": regional_pages.listed(month, here.noisy),
        "noisy_from": [(NAMES[code], number) for code, number in here.noisy.items()
                       if code in NAMES],
    }  # fmt: skip
    status = 409 if problem else 200
    return render(request, "statistics/exchange/consolidate.html", context, status=status)


@require_GET
@door(Action.READ, Kind.REGIONAL_STATISTIC)
def noisy_table(request: ActingRequest, month: Month, table: str) -> HttpResponse:
    """One table with noise, cell by cell and partner by partner, as it came."""
    spec = regional_release.specs().get(table)
    if not at_secretariat() or spec is None:
        raise Http404
    page = regional_pages.region_table(spec, month, regional_release.revisions_of(month), PARTNERS)
    context = {
        "month": month,
        "table": page,
        "partners": [NAMES[code] for code in PARTNERS],
        "noise": regional_pages.method(),
    }
    return render(request, "statistics/exchange/noisy_table.html", context)


def _seen(request: ActingRequest, name: str) -> dict[str, int]:
    """The revisions that the page showed."""
    found = {}
    for entry in request.POST.getlist(name):
        partner, _colon, revision = entry.partition(":")
        if partner in PARTNERS and revision.isdecimal():
            found[partner] = int(revision)
    return found
