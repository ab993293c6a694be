# SPDX-License-Identifier: EUPL-1.2
"""The pages of findings: read, find again, decide."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.vault import KeyDestroyed
from mostovi.screening import finding_services, finding_words
from mostovi.screening.explaining import ExplainedDimension, ExplainedIndicator, Explanation
from mostovi.screening.finding_forms import DecisionForm
from mostovi.screening.finding_services import FindingRead, FindingsRead
from mostovi.screening.indicators import Answer, Lean, Method, Reach, Source
from mostovi.screening.models import FindingDecision, Submission
from mostovi.screening.scoring import Decides, Outcome

FIRST_QUESTIONS = 5
"""How many of the questions to ask next are shown before unfolding.

Once there are grounds to refer, only those on danger are: the rest is for the specialist.
"""
_ANSWER_TONES = {Answer.YES: "warn", Answer.NO: "quiet"}
_LEAN_TONES = {Lean.RISK: "warn", Lean.PROTECTIVE: "ok", Lean.DEPENDS: "info"}


@require_GET
@door(Action.READ, Kind.SUBMISSION)
def finding_page(request: ActingRequest, pk: UUID) -> HttpResponse:
    """What the indicator sets say about a submission, unfolded to answers, rules and sources."""
    return _page(request, _findings(request, pk))


@require_POST
@door(Action.CHANGE, Kind.SUBMISSION)
def find_again(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Apply the newest indicator sets."""
    read = _findings(request, pk)
    before = {each.finding.pk for each in read.newest}
    made = finding_services.find(request.actor, read.submission)
    if {finding.pk for finding in made} <= before:
        messages.info(request, _("The findings are up to date; nothing has changed."))
    else:
        messages.success(request, _("New findings were made. Earlier ones are kept."))
    return redirect("screening:finding", pk=pk)


@require_POST
@door(Action.DECIDE, Kind.SUBMISSION)
def decide_finding(request: ActingRequest, pk: UUID, finding_id: UUID) -> HttpResponse:
    """Record what a named officer decides on a finding."""
    read = _findings(request, pk)
    chosen = next((each for each in read.newest if each.finding.pk == finding_id), None)
    if chosen is None:
        raise Http404
    form = DecisionForm(request.POST, prefix=chosen.finding.set_name)
    if not form.is_valid():
        return _page(request, read, form, status=422)
    finding_services.decide(
        request.actor,
        chosen.finding,
        step=FindingDecision.Step(form.cleaned_data["step"]),
        reasons=form.cleaned_data["reasons"],
        officer=_officer_name(request),
    )
    messages.success(request, _("Your decision and its reasons have been recorded."))
    return redirect("screening:finding", pk=pk)


def _findings(request: ActingRequest, pk: UUID) -> FindingsRead:
    try:
        return finding_services.read_findings(request.actor, pk)
    except (Submission.DoesNotExist, KeyDestroyed) as error:
        raise Http404 from error


def _page(
    request: ActingRequest, read: FindingsRead, form: DecisionForm | None = None, status: int = 200
) -> HttpResponse:
    may_decide = decide(request.actor, Action.DECIDE, Kind.SUBMISSION).allowed
    panels = [
        _panel(each, form if form and form.prefix == each.finding.set_name else None)
        for each in read.newest
    ]
    context = {
        "submission": read.submission,
        "panels": panels,
        "older": read.older,
        "form": form,
        "danger": next((p for p in panels if p.get("danger_now")), None),
        "may_decide": may_decide,
        "may_find": decide(request.actor, Action.CHANGE, Kind.SUBMISSION).allowed,
        "officer_name": _officer_name(request),
        "next_steps": finding_services.next_steps(request.actor, read.submission),
    }
    return render(request, "screening/finding.html", context, status=status)


def _officer_name(request: ActingRequest) -> str:
    return str(getattr(request.user, "display_name", "") or request.user.get_username())


def _panel(read: FindingRead, form: DecisionForm | None) -> dict[str, Any]:
    found = read.explanation
    panel: dict[str, Any] = {
        "finding": read.finding,
        "result": read.result,
        "decisions": read.decisions,
        "form": form or DecisionForm(prefix=read.finding.set_name),
        "found": found,
        "altered": read.altered,
    }
    if found is None:
        return panel
    numbers = {source.code: number for number, source in enumerate(found.sources, start=1)}
    questions = [
        {"text": question.text, "why": finding_words.why_ask(question)}
        for question in found.ask_next
    ]
    enough = found.outcome is Outcome.REFER
    shown = (
        sum(question.decides is Decides.DANGER for question in found.ask_next)
        if enough
        else FIRST_QUESTIONS
    )
    return panel | {
        "summary": finding_words.summary(found),
        "tone": finding_words.OUTCOME_TONES[found.outcome],
        "by_rule": found.method is Method.DIMENSION_RULE,
        "danger_now": found.danger.reach is Reach.REACHED,
        "danger_open": found.danger.reach is Reach.COULD_BE,
        "dimensions": [_dimension(found, dimension, numbers) for dimension in found.dimensions],
        "enough": enough,
        "first_questions": questions[:shown],
        "more_questions": questions[shown:],
        "sources": [_source(source, numbers) for source in found.sources],
        "rule_number": numbers[found.rule.source.code] if found.rule else None,
        "profile_number": numbers[found.profile_source.code] if found.profile_source else None,
        "rescreen_number": (numbers[found.rescreen_source.code] if found.rescreen_source else None),
        "notes": [(note.text, numbers[note.source.code]) for note in found.notes],
        "interactions": [(each.text, numbers[each.source.code]) for each in found.interactions],
        "left_out": [(what, why, numbers[source.code]) for what, why, source in found.left_out],
        "unreviewed": not (found.set_reviewed and found.language_reviewed),
    }


def _dimension(
    found: Explanation, dimension: ExplainedDimension, numbers: dict[str, int]
) -> dict[str, Any]:
    return {
        "code": dimension.code,
        "title": dimension.title,
        "reach": dimension.reach.value,
        "label": finding_words.reach_label(found, dimension),
        "tone": finding_words.TONES[dimension.reach],
        "needs": finding_words.needs_sentence(dimension.needs),
        "tally": [
            {
                "weight": weight.value,
                "label": finding_words.WEIGHTS[weight],
                "yes": yes,
                "open": still_open,
                "marks": ["yes"] * yes + ["open"] * still_open,
            }
            for weight, yes, still_open in dimension.tally
        ],
        "risks": [_factor(item) for item in dimension.risks],
        "protections": [_factor(item) for item in dimension.protections],
        "unsettled": [item.title for item in dimension.unsettled],
        "how_known": [finding_words.HOW_KNOWN.get(how, how) for how in dimension.how_known],
        "indicators": [_indicator(item, numbers) for item in dimension.indicators],
    }


def _factor(item: ExplainedIndicator) -> dict[str, Any]:
    """A factor with its answer: 'a safe place tonight' is a risk only because the answer is no."""
    return {"title": item.title, "answer": finding_words.ANSWERS[item.answer]}


def _indicator(item: ExplainedIndicator, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "title": item.title,
        "question": item.question,
        "answer": finding_words.ANSWERS[item.answer],
        "answer_tone": _ANSWER_TONES.get(item.answer, "info"),
        "weight": finding_words.WEIGHTS[item.weight] if item.weight else "",
        "weight_evidence": (
            finding_words.EVIDENCE[item.weight_evidence] if item.weight_evidence else ""
        ),
        "weight_note": item.weight_note,
        "lean": finding_words.LEANS[item.lean] if item.lean else "",
        "lean_tone": _LEAN_TONES.get(item.lean, "quiet") if item.lean else "",
        "because": item.because,
        "depends_on": item.depends_on,
        "section": item.section,
        "number": numbers[item.source.code],
    }


def _source(source: Source, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "number": numbers[source.code],
        "document": source.document,
        "section": source.section,
        "url": source.url,
        "evidence": finding_words.EVIDENCE[source.evidence],
        "note": source.note,
    }
