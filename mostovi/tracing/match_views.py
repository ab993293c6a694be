# SPDX-License-Identifier: EUPL-1.2
"""The page of a possible match at either side, and what may be done on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases.views import choice_words, say_refused, step_words
from mostovi.people import consenting, words
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.tracing import answering, joining, reach, vocabulary
from mostovi.tracing.answering import InvalidAnswer
from mostovi.tracing.forms import (
    AnswersForm,
    NoForm,
    NotNowForm,
    PreparationsForm,
    YesForm,
    errors_of,
)
from mostovi.tracing.models import SealedAnswers, Side, TracingMatch
from mostovi.tracing.telling import NotPermitted, person_of
from mostovi.tracing.waterfalls import bars

_MEET = {"candidate", "verified_by_seeker", "verified_by_holder"}
_PREPARE = {"contact_agreed", "assessed"}


def _found(request: ActingRequest, code: str, action: Action = Action.READ) -> TracingMatch:
    try:
        return reach.find_match(request.actor, code, action)
    except TracingMatch.DoesNotExist as error:
        raise Http404 from error


@door(Action.DECIDE, Kind.TRACING)
def match_page(request: ActingRequest, code: str) -> HttpResponse:
    """A possible match: what speaks for it, what the person says, and where it stands."""
    match = _found(request, code)
    return render(request, "tracing/match.html", _context(request, match))


Given = Mapping[str, forms.Form]


def _context(
    request: ActingRequest, match: TracingMatch, *, forms_given: Given | None = None
) -> dict[str, Any]:
    now = timezone.now()
    person = person_of(match)
    values, who = answering.read_with_person(request.actor, match, person)
    erased = person.erased_at is not None
    holder = match.side == Side.HOLDER
    child = not erased and consenting.is_child(person, now)
    language = get_language() or "en"
    state = match.procedure.state
    context: dict[str, Any] = {
        "match": match,
        "holder": holder,
        "here": match.peer == reach.us(),
        "who": who,
        "person": person,
        "child": child,
        "values": values,
        "label": values.get("label", {}),
        "found": values.get("found", {}),
        "state": state,
        "step": step_words(match.procedure),
        "words": answering.words_of(match),
        "choices": [
            choice_words(match.procedure, one) for one in joining.choices(request.actor, match)
        ],
    }  # fmt: skip
    if holder and values.get("label") and not erased:
        context |= _comparison(match, values, child)
    given = dict(forms_given or {})
    if state == "speaking":
        context |= {
            "yes_form": given.get("yes_form") or YesForm(child=child),
            "no_form": given.get("no_form") or NoForm(),
            "not_now_form": given.get("not_now_form") or NotNowForm(),
        }
    asking = state in {"proposed", "speaking"}
    if state in _MEET or not asking and SealedAnswers.objects.filter(match=match).exists():
        context |= _verification(match, language, given)
    if state in _PREPARE:
        context |= _preparations(match, language)
    return context


def _relation_words(label: Mapping[str, Any]) -> str:
    """Who the searching person is to the one who is sought, in the reader's language."""
    code = label.get("enquirer", {}).get("relation", "other")
    own = {
        "parent": _("Parent"),
        "uncle_or_aunt": words.RELATIONS["aunt_or_uncle"],
        "nephew_or_niece": _("Nephew or niece"),
    }
    return str(own.get(code) or words.RELATIONS.get(code, words.RELATIONS["other"]))


def _comparison(match: TracingMatch, values: Mapping[str, Any], child: bool) -> dict[str, Any]:
    compared = answering.waterfall(match, values)
    return {
        "compared": compared,
        "searching": _relation_words(values["label"]),
        "percent": round(compared.score * 100) if compared else None,
        "bars": bars(compared) if compared else [],
        "notes": answering.safety_notes(person_of(match)),
        "conflict": child and answering.conflict(person_of(match), values["label"]),
    }


def _verification(
    match: TracingMatch, language: str, given: Mapping[str, forms.Form]
) -> dict[str, Any]:
    asked = joining.questions(match)
    opened = joining.revealed(match)
    rows = {row.side: row for row in SealedAnswers.objects.filter(match=match)}
    sealed = match.side in rows
    other = Side.HOLDER if match.side == Side.SEEKER else Side.SEEKER
    both = len(opened) == 2
    return {
        "verification": True,
        "sealed": sealed,
        "other_sealed": other in rows,
        "answers": [
            {
                "question": one.text.get(language) or one.text["en"],
                "ours": opened.get(match.side, {}).get(one.code, ""),
                "theirs": opened.get(other, {}).get(one.code, "") if both else "",
            }
            for one in asked
        ],
        "both": both,
        "answers_form": given.get("answers_form")
        or (None if sealed else AnswersForm(questions=asked, language=language)),
    }


def _preparations(match: TracingMatch, language: str) -> dict[str, Any]:
    steps = [one for one in vocabulary.preparations() if match.side in one.sides]
    theirs = {one.code: one for one in vocabulary.preparations()}
    return {
        "preparations_form": PreparationsForm(
            steps=steps, language=language, initial={"done": match.done_here}
        ),
        "done_there": [
            theirs[code].label.get(language) or theirs[code].label["en"]
            for code in match.done_there
            if code in theirs
        ],
    }


# --- Verbs ---------------------------------------------------------------------------------------


def _done(
    request: ActingRequest,
    match: TracingMatch,
    verb: Callable[[], None],
    said: str,
    *,
    name: str = "",
    form: forms.Form | None = None,
) -> HttpResponse:
    """Carry a verb out, or show the page again with every reason and all that was typed."""
    given = {name: form} if form is not None else {}
    if form is not None and not form.is_valid():
        return _again(request, match, given)
    try:
        verb()
    except StepRefused as refused:
        say_refused(request, match.procedure, refused)
    except NotPermitted:
        messages.error(request, _("The person's consent to this institution does not stand (any "
                                  "longer). Nothing was sent."))  # fmt: skip
    except (InvalidAnswer, consenting.InvalidConsent) as error:
        field = getattr(error, "field", "") or getattr(error, "part", "")
        if form is not None:
            errors_of(form, {field: str(error)})
        else:
            messages.error(request, _(str(error)))
    else:
        messages.success(request, said)
        return redirect("tracing:match", code=match.code)
    return _again(request, match, given)


def _again(
    request: ActingRequest, match: TracingMatch, given: Mapping[str, forms.Form]
) -> HttpResponse:
    match = _found(request, match.code)
    context = _context(request, match, forms_given=given) | {
        "typed": request.POST.get("text", ""), "typed_verb": request.POST.get("verb", ""),
    }  # fmt: skip
    return render(request, "tracing/match.html", context, status=422)


@door(Action.DECIDE, Kind.TRACING)
@require_POST
def look(request: ActingRequest, code: str) -> HttpResponse:
    """Decide to speak with the person, or that it is somebody else."""
    match = _found(request, code, Action.DECIDE)
    reason = request.POST.get("text", "")
    if request.POST.get("verb") == "set_aside":
        return _done(
            request, match,
            lambda: answering.set_aside(request.actor, match, reason=reason),
            _("Set aside. What was opened of the search has been erased here."),
        )  # fmt: skip
    return _done(
        request, match, lambda: answering.ask_person(request.actor, match, reason=reason),
        _("Speak with the person alone and in safety. Nothing has been sent."),
    )  # fmt: skip


@door(Action.DECIDE, Kind.TRACING)
@require_POST
def answer(request: ActingRequest, code: str) -> HttpResponse:
    """The person's own answer: yes, a word of safety, not now, no."""
    match = _found(request, code, Action.DECIDE)
    kind = request.POST.get("answer", "")
    actor = request.actor
    if kind == "no":
        form: forms.Form = NoForm(request.POST)
        return _done(
            request, match, lambda: answering.answer_no(actor, match, **form.cleaned_data),
            _("Nothing is sent. Nobody is asked again."), name="no_form", form=form,
        )  # fmt: skip
    if kind == "not_now":
        form = NotNowForm(request.POST)
        return _done(
            request, match, lambda: answering.answer_not_now(actor, match, **form.cleaned_data),
            _("Nothing is sent. You can ask again later."), name="not_now_form", form=form,
        )  # fmt: skip
    child = consenting.is_child(person_of(match), timezone.now())
    form = YesForm(request.POST, child=child)
    only = kind == "safe_word"
    said = _("The word of safety is on its way.") if only else _("The other side is told.")
    return _done(
        request, match,
        lambda: answering.answer_yes(actor, match, safe_word_only=only, **form.cleaned_data),
        said, name="yes_form", form=form,
    )  # fmt: skip


@door(Action.DECIDE, Kind.TRACING)
@require_POST
def answers(request: ActingRequest, code: str) -> HttpResponse:
    """Seal the person's answers to the verification questions."""
    match = _found(request, code, Action.DECIDE)
    form = AnswersForm(
        request.POST, questions=joining.questions(match), language=get_language() or "en"
    )
    return _done(
        request, match, lambda: joining.seal_answers(request.actor, match, form.cleaned_data),
        _("The answers are sealed. They are shown once the other side has sealed its own."),
        name="answers_form", form=form,
    )  # fmt: skip


@door(Action.DECIDE, Kind.TRACING)
@require_POST
def step(request: ActingRequest, code: str) -> HttpResponse:
    """Any other step of our side."""
    match = _found(request, code, Action.DECIDE)
    event = joining.event_of(request.POST.get("verb", ""))
    text = request.POST.get("text", "")
    return _done(
        request, match, lambda: joining.step(request.actor, match, event=event, text=text),
        _("Recorded, and the other side is told."),
    )  # fmt: skip


@door(Action.DECIDE, Kind.TRACING)
@require_POST
def prepare(request: ActingRequest, code: str) -> HttpResponse:
    """Tick what is prepared for the reunification."""
    match = _found(request, code, Action.DECIDE)
    return _done(
        request, match,
        lambda: joining.prepare(request.actor, match, done=request.POST.getlist("done")),
        _("Recorded, and the other side is told."),
    )  # fmt: skip
