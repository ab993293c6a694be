# SPDX-License-Identifier: EUPL-1.2
"""Pages: protection and identification, a statement to investigators, and their own side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.victims import (
    decisions,
    protection,
    recovery,
    statement_fields,
    statements,
    wording,
)
from mostovi.cases.victims.forms import DecisionForm, StatementForm
from mostovi.cases.victims.identification import RULING_OF, VERB_OF, Ruling
from mostovi.cases.victims.models import Statement
from mostovi.cases.victims.statement_fields import PROFILE, RECEIVER
from mostovi.cases.views import found_case
from mostovi.people import barriers
from mostovi.procedures import presentation
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Outcome
from mostovi.procedures.state import StepRefused, Why
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record

_PAGE = 25
_CLOCK = {"lengthen": protection.lengthen, "stop": protection.stop, "go_on": protection.go_on}


# --- Protection and identification ---------------------------------------------------------------


@door(Action.READ, Kind.CASE)
def protection_page(request: ActingRequest, code: str) -> HttpResponse:
    """What stands against removal and detention, the period, decisions, and statements given."""
    case = found_case(request, code)
    return render(request, "victims/protection.html", _context(request, case))


def _context(request: ActingRequest, case: Case) -> dict[str, Any]:
    today = timezone.localdate()
    record(request.actor, AuditTag.PROTECTION_READ, handle=cases.case_handle(case))
    concerns = decisions.concerns(case)
    facts = protection.facts(case, today) if concerns else None
    may_decide = decide(request.actor, Action.DECIDE, Kind.CASE).allowed
    names = statement_fields.fields(request.actor.language)
    return {
        "case": case,
        "concerns": concerns,
        "facts": facts,
        "status": wording.STATUSES[facts.standing.status] if facts else "",
        "tone": wording.STATUS_TONES[facts.standing.status] if facts else "",
        "days_left": recovery.days_left(facts.run, today) if facts and facts.run else None,
        "clock_live": bool(facts and facts.deadline and facts.deadline.is_live),
        "clock_stopped": bool(
            facts and facts.deadline and facts.deadline.outcome == Outcome.SUSPENDED
        ),
        "barriers": [
            {
                "row": one,
                "measures": [str(_MEASURES[measure]) for measure in sorted(one.measures)],
                "evidence": wording.EVIDENCE.get(one.evidence, ""),
            }
            for one in barriers.barriers(case.person, today)
        ],
        "written": [
            {
                "one": one,
                "words": wording.RULINGS[Ruling(one.row.ruling)],
                "basis": [str(wording.BASES.get(code, code)) for code in one.basis],
            }
            for one in reversed(decisions.of_case(case))
        ],
        "rulings": _offered(request, case) if concerns and may_decide else [],
        "given": [
            {
                "row": row,
                "fields": [name for code, name in names if code in row.fields],
                "ended": wording.ENDINGS.get(row.ended_why, ""),
            }
            for row in statements.of_case(case)
        ],
        "may_decide": may_decide and case.person.erased_at is None,
    }


_MEASURES = {
    barriers.Measure.REMOVAL: gettext_lazy("Removal"),
    barriers.Measure.DETENTION: gettext_lazy("Detention"),
}


def _offered(request: ActingRequest, case: Case) -> list[tuple[str, Any]]:
    """The decisions this officer can write down now, with their names."""
    made = procedures.choices(request.actor, instance=case.procedure)
    offered = []
    for choice in made:
        ruling = RULING_OF.get(choice.transition.verb)
        against = [reason for reason in choice.reasons if reason.why is not Why.GATE_CLOSED]
        if ruling is not None and not against:
            offered.append((ruling.value, wording.RULINGS[ruling]))
    return offered


@door(Action.DECIDE, Kind.CASE)
def decision(request: ActingRequest, code: str, ruling: str) -> HttpResponse:
    """Write down a reasoned decision; the case moves with it."""
    case = found_case(request, code, Action.DECIDE)
    if ruling not in set(Ruling) or not decisions.concerns(case):
        raise Http404
    step = procedures.procedure_of(case.procedure).transition(
        VERB_OF[Ruling(ruling)], case.procedure.state
    )
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        named = form.cleaned_data
        try:
            decisions.decide(
                request.actor, case, ruling=Ruling(ruling), decided_on=named["decided_on"],
                authority=named["authority"], basis=named["basis"], reasons=named["reasons"],
                told=named["told"],
            )  # fmt: skip
        except decisions.InvalidDecision as error:
            form.add_error(error.field, _(str(error)))
        except StepRefused as refused:
            procedure = procedures.procedure_of(case.procedure)
            for reason in refused.reasons:
                form.add_error(None, presentation.reason_words(procedure, reason))
        else:
            messages.success(request, _("The decision is recorded under your name."))
            return redirect("victims:protection", code=case.code)
    context = {
        "case": case,
        "form": form,
        "title": wording.RULINGS[Ruling(ruling)],
        "consequences": presentation.in_language(step.consequences) if step else None,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "victims/decision.html", context, status=status)


@door(Action.DECIDE, Kind.CASE)
@require_POST
def clock(request: ActingRequest, code: str) -> HttpResponse:
    """Lengthen the period, stop its clock, or let it go on; it never gets shorter."""
    case = found_case(request, code, Action.DECIDE)
    act, reason = _CLOCK.get(request.POST.get("act", "")), request.POST.get("reason", "")
    if act is None:
        raise Http404
    if not reason.strip():
        return _clock_refused(request, case, _("Write the reason."), reason)
    try:
        act(request.actor, case, reason=reason)
    except procedures.NotExtendable:
        words = _("The procedure allows no further extension. Ask your legal adviser.")
        return _clock_refused(request, case, words, reason)
    except procedures.NotLive:
        words = _("The clock does not stand as this page last showed it. Look again.")
        return _clock_refused(request, case, words, reason)
    messages.success(request, _("Recorded. The period has not become shorter."))
    return redirect("victims:protection", code=case.code)


def _clock_refused(request: ActingRequest, case: Case, words: str, typed: str) -> HttpResponse:
    context = _context(request, case) | {
        "clock_error": words, "clock_act": request.POST.get("act", ""), "clock_reason": typed,
    }  # fmt: skip
    return render(request, "victims/protection.html", context, status=422)


# --- Giving a statement --------------------------------------------------------------------------


@door(Action.DECIDE, Kind.CASE)
def statement_new(request: ActingRequest, code: str) -> HttpResponse:
    """Compose a statement, see exactly what investigators will see, then give it."""
    case = found_case(request, code, Action.DECIDE)
    agreed = statements.agreed(request.actor, case)
    language = request.actor.language
    form = StatementForm(request.POST or None, consents=agreed, language=language)
    act = request.POST.get("act", "")
    looked: statements.Shown | None = None
    status = 422 if request.method == "POST" else 200
    if act in {"look", "give"} and form.is_valid():
        wanted = {
            "consent": UUID(form.cleaned_data["consent"]),
            "fields": form.cleaned_data["fields_chosen"],
            "written": form.written(),
        }
        try:
            if act == "give":
                given = statements.give(
                    request.actor, case, seen=request.POST.get("seen", ""), **wanted
                )
                messages.success(
                    request,
                    _("The statement %(reference)s is with the investigators.")
                    % {"reference": given.reference},
                )
                return redirect("victims:protection", code=case.code)
            looked, status = statements.shown(request.actor, case, **wanted), 200
        except statements.InvalidStatement as error:
            name = "fields_chosen" if error.field == "fields" else error.field
            form.add_error(name if name in form.fields else None, _(str(error)))
        except statements.NotAgreed:
            form.add_error(None, _("The person's consent does not stand, or not for all of this."))
        except statements.ChangedSinceSeen:
            messages.warning(request, _("Something has changed. Look again before you give it."))
            looked = statements.shown(request.actor, case, **wanted)
    elif act == "back":
        status = 200
    context = {
        "case": case,
        "form": form,
        "agreed": agreed,
        "looked": looked,
        "carried": _carried(request),
        "consent_url": _consent_url(case),
    }
    return render(request, "victims/statement_new.html", context, status=status)


def _carried(request: ActingRequest) -> Sequence[tuple[str, str]]:
    """What was typed, to be carried through the page that shows it; nothing is stored before."""
    kept = set(request.POST) - {"csrfmiddlewaretoken", "act", "seen"}
    return [(name, value) for name in sorted(kept) for value in request.POST.getlist(name)]


def _consent_url(case: Case) -> str:
    asked = {
        "purpose": Purpose.INVESTIGATION.value, "receiver": RECEIVER, "profile": PROFILE,
        "next": reverse("victims:statement_new", args=[case.code]),
    }  # fmt: skip
    return f"{reverse('people:consent_new', args=[case.person.code])}?{urlencode(asked)}"


# --- The investigators' side ---------------------------------------------------------------------


@door(Action.READ, Kind.STATEMENT)
def statement_list(request: ActingRequest) -> HttpResponse:
    """Statements that persons agreed to give, by reference alone."""
    now = timezone.now()
    page = LongList(statements.readable(request.actor, now), _PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": statements.listed(request.actor, list(page.object_list)),
        "ended": statements.ended_lately(request.actor, now),
    }
    return render(request, "victims/statements.html", context)


@door(Action.READ, Kind.STATEMENT)
def statement(request: ActingRequest, reference: str) -> HttpResponse:
    """One statement; absent, withdrawn and run out are the same answer."""
    try:
        row, lines = statements.read(request.actor, reference)
    except Statement.DoesNotExist as error:
        raise Http404 from error
    return render(request, "victims/statement.html", {"row": row, "lines": lines})
