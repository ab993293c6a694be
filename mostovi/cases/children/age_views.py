# SPDX-License-Identifier: EUPL-1.2
"""The page of age assessments: why the person counts as a child or not, and the course so far."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mostovi.cases.children import age, assessing, rules, words
from mostovi.cases.children.forms import AgeConsentForm, DoubtForm, MethodForm
from mostovi.cases.children.models import AgeAssessment
from mostovi.cases.children.views import changeable_case
from mostovi.cases.models import Case
from mostovi.cases.views import choice_words, found_case, say_refused
from mostovi.people import consenting
from mostovi.procedures import presentation
from mostovi.procedures import services as procedures
from mostovi.procedures.presentation import in_language
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door


@door(Action.READ, Kind.CASE)
@require_safe
def age_page(request: ActingRequest, code: str) -> HttpResponse:
    """Assessments of this person, and the form for beginning one, with grounds."""
    return _answer(request, found_case(request, code), doubt=DoubtForm())


@door(Action.CHANGE, Kind.CASE)
@require_POST
def doubt(request: ActingRequest, code: str) -> HttpResponse:
    """Write down a doubt with its grounds; the person is treated as a child from then on."""
    case = changeable_case(request, code)
    form = DoubtForm(request.POST)
    if form.is_valid():
        made = form.cleaned_data
        try:
            assessing.begin(request.actor, case, grounds=made["grounds"], words=made["words"])
        except assessing.InvalidAssessment as error:
            form.add_error(error.field, _(str(error)))
        else:
            messages.success(
                request, _("The doubt is written down. The person is treated as a child.")
            )
            return redirect("children:age", code=case.code)
    return _answer(request, case, doubt=form)


def _answer(
    request: ActingRequest,
    case: Case,
    *,
    doubt: DoubtForm | None = None,
    consent: AgeConsentForm | None = None,
    method: MethodForm | None = None,
    step: tuple[str, str] = ("", ""),
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    erased = case.person.erased_at is not None
    held = assessing.read(request.actor, case)
    may_change = decide(request.actor, Action.CHANGE, Kind.CASE).allowed and not erased
    context: dict[str, Any] = {
        "case": case,
        "erased": erased,
        "answer": None if erased else consenting.age_answer(case.person, now),
        "assessments": [_shown(request, case, one, may_change) for one in held],
        "doubt": doubt or DoubtForm(),
        "may_begin": may_change and all(one.row.procedure.over_at for one in held),
        "may_change": may_change,
        "consent": consent or AgeConsentForm(prefix="consent"),
        "method": method or MethodForm(prefix="method", initial={"on": timezone.localdate(now)}),
        "step_verb": step[0],
        "step_reason": step[1],
        "who_can": rules.who_can_confirm("age_assessment"),
    }
    if context["answer"]:
        context["because"] = words.AGE_REASONS[context["answer"].because]
    shown: tuple[forms.Form | None, ...] = (doubt, consent, method)
    if any(form is not None and form.errors for form in shown):
        status = 422
    return render(request, "children/age.html", context, status=status)


def _shown(
    request: ActingRequest, case: Case, one: assessing.Assessment, may_change: bool
) -> dict[str, Any]:
    known = rules.methods()
    procedure = procedures.procedure_of(one.row.procedure)
    span = age.combined(one.course.done)
    is_open = one.row.procedure.over_at is None
    lines = [
        {
            **line,
            "on": date.fromisoformat(line["on"]),
            "label": in_language(known[line["method"]].label) if line["method"] in known else None,
            "profession": words.PROFESSIONS.get(
                known[line["method"]].profession if line["method"] in known else "", ""
            ),
            "youngest_years": line["youngest"] / 12,
            "oldest_years": line["oldest"] / 12,
        }
        for line in one.words.get("methods", ())
    ]
    return {
        "row": one.row,
        "grounds": [in_language(rules.grounds()[code]) for code in one.course.grounds],
        "words": one.words.get("words", ""),
        "child": words.ANSWERS[one.course.child],
        "guardian": words.ANSWERS[one.course.guardian],
        "said": [
            {"who": who, **line}
            for who, lines_ in one.words.get("consents", {}).items()
            for line in lines_
        ],
        "methods": lines,
        "events": [
            {
                "at": event.at,
                "by": event.account,
                "step": presentation.event_words(procedure, event),
                "text": event.reason,
            }
            for event in one.row.procedure.events.all()
        ],
        "span": (span[0] / 12, span[1] / 12) if span else None,
        "result": words.RESULTS[age.result_of(span)] if span else "",
        "is_open": is_open,
        "asks_consent": is_open and one.row.procedure.state in {"doubt", "under_way", "refused"},
        "takes_methods": is_open and one.row.procedure.state == "under_way",
        "choices": [
            choice_words(one.row.procedure, choice)
            for choice in assessing.choices(request.actor, one.row)
        ]
        if may_change and is_open
        else [],
    }


def _found(request: ActingRequest, code: str, assessment: UUID) -> tuple[Case, AgeAssessment]:
    case = changeable_case(request, code)
    try:
        return case, case.age_assessments.select_related("procedure").get(pk=assessment)
    except AgeAssessment.DoesNotExist as error:
        raise Http404 from error


@door(Action.CHANGE, Kind.CASE)
@require_POST
def consent(request: ActingRequest, code: str, assessment: UUID) -> HttpResponse:
    """Write down what child or guardian answered."""
    case, row = _found(request, code, assessment)
    form = AgeConsentForm(request.POST, prefix="consent")
    if form.is_valid():
        made = form.cleaned_data
        try:
            assessing.note_consent(
                request.actor, case, row, who=made["who"], answer=made["answer"],
                words=made["words"],
            )  # fmt: skip
        except assessing.InvalidAssessment as error:
            form.add_error(error.field, _(str(error)))
        else:
            messages.success(request, _("The answer is written down."))
            return redirect("children:age", code=case.code)
    return _answer(request, case, consent=form)


@door(Action.CHANGE, Kind.CASE)
@require_POST
def method(request: ActingRequest, code: str, assessment: UUID) -> HttpResponse:
    """Write down a method and its result."""
    case, row = _found(request, code, assessment)
    form = MethodForm(request.POST, prefix="method")
    if form.is_valid():
        made = form.cleaned_data
        try:
            assessing.note_method(
                request.actor, case, row, method=made["method"], on=made["on"],
                youngest=form.months("youngest"), oldest=form.months("oldest"), by=made["by"],
                words=made["words"],
            )  # fmt: skip
        except assessing.InvalidAssessment as error:
            form.add_error(error.field, _(str(error)))
        else:
            messages.success(request, _("The method is written down."))
            return redirect("children:age", code=case.code)
    return _answer(request, case, method=form)


@door(Action.CHANGE, Kind.CASE)
@require_POST
def step(request: ActingRequest, code: str, assessment: UUID) -> HttpResponse:
    """Take a step of an assessment: begin, decide, challenge, uphold, overturn, make final."""
    case, row = _found(request, code, assessment)
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "")
    try:
        assessing.step(request.actor, case, row, verb=verb, reason=reason)
    except StepRefused as refused:
        say_refused(request, row.procedure, refused)
        return _answer(request, case, step=(verb, reason), status=422)
    except assessing.InvalidAssessment as error:
        messages.error(request, _(str(error)))
        return _answer(request, case, step=(verb, reason), status=422)
    messages.success(request, _("Done. The step is in the record."))
    return redirect("children:age", code=case.code)
