# SPDX-License-Identifier: EUPL-1.2
"""Screening and assessment, one question group a page; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases.alternatives import assessing, catalogue, files, groups, housing, safeguards
from mostovi.cases.alternatives.assessing import ASSESSMENT, SCREENING, Screened, Wish
from mostovi.cases.alternatives.detention_views import refused_page
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.forms import (
    BeyondForm,
    ConditionsForm,
    DomainForm,
    Group,
    HeardForm,
    QuestionForm,
    RatingForm,
    StepForm,
    TestForm,
    ViewForm,
    say,
)
from mostovi.cases.alternatives.ladder import DETENTION
from mostovi.cases.alternatives.models import LibertyFile, Place
from mostovi.cases.alternatives.views import found_file, full_words, put
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door

Draft = dict[str, dict[str, Any]]


# --- Screening ---------------------------------------------------------------------------------


def _screening_groups() -> list[str]:
    return ["heard", *(domain.code for domain in catalogue.domains()), "rating"]


@door(Action.CHANGE, Kind.ALTERNATIVE)
def screening_start(request: ActingRequest, code: str) -> HttpResponse:
    """Go on where the draft stops."""
    file = found_file(request, code, Action.CHANGE)
    draft = assessing.draft_of(request.actor, file, SCREENING)
    order = _screening_groups()
    group = next((one for one in order if one not in draft), order[0])
    return redirect("alternatives:screening_group", code=code, group=group)


@door(Action.CHANGE, Kind.ALTERNATIVE)
def screening(request: ActingRequest, code: str, group: str) -> HttpResponse:
    """One group of the screening; the last one finishes it."""
    file = found_file(request, code, Action.CHANGE)
    order = _screening_groups()
    if group not in order:
        raise Http404
    draft = assessing.draft_of(request.actor, file, SCREENING)
    form = _screening_form(group, request, draft)
    if request.method == "POST":
        draft[group] = form.typed()
        assessing.keep_draft(request.actor, file, SCREENING, group, draft[group])
        if form.is_valid():
            if group != order[-1]:
                following = order[order.index(group) + 1]
                return redirect("alternatives:screening_group", code=code, group=following)
            done = _finish_screening(request, file, form, draft)
            if done is not None:
                return done
    context = {
        **_frame(file, order, group, draft),
        "form": form, "title": form.title, "lead": form.lead,
        "base": "alternatives:screening_group", "kind": SCREENING,
        "last": group == order[-1],
        "least": _least(draft) if group == "rating" else "",
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/group.html", context, status=status)


def _screening_form(group: str, request: ActingRequest, draft: Draft) -> Group:
    data = request.POST if request.method == "POST" else None
    initial = draft.get(group)
    if group == "heard":
        return HeardForm(data, initial=initial)
    if group == "rating":
        return RatingForm(data, initial=initial)
    domain = next(one for one in catalogue.domains() if one.code == group)
    return DomainForm(domain, data, initial=initial)


def _least(draft: Draft) -> str:
    """The lowest rating that the answers so far allow, in words."""
    from mostovi.cases.alternatives.forms import RATINGS

    return str(dict(RATINGS)[assessing.least_rating_of(_screened(draft)).value])


def _screened(draft: Draft) -> Screened:
    heard, rating = draft.get("heard", {}), draft.get("rating", {})
    return Screened(
        domains={one.code: draft.get(one.code, {}) for one in catalogue.domains()},
        serious_risk=rating.get("serious_risk", ""),
        with_own_child=heard.get("with_own_child", ""),
        rating=rating.get("rating", ""),
        why=rating.get("why", ""),
        interpreter=heard.get("interpreter", ""),
        no_interpreter_needed=bool(heard.get("no_interpreter_needed")),
    )


def _finish_screening(
    request: ActingRequest, file: LibertyFile, form: Group, draft: Draft
) -> HttpResponse | None:
    try:
        assessing.screen(request.actor, file, _screened(draft))
    except Incomplete as problems:
        for field, message in problems.problems:
            name, _dot, part = field.partition(".")
            if field in form.fields:
                form.add_error(field, _(message))
            else:
                form.add_error(None, f"{_group_title(name if part else 'heard')}: {_(message)}")
        return None
    messages.success(request, _("The screening is finished. It counts until it runs out."))
    return redirect("alternatives:file", code=file.case.code)


def _group_title(group: str) -> str:
    for domain in catalogue.domains():
        if domain.code == group:
            return say(domain.label)
    return str(HeardForm.title)


# --- Assessment --------------------------------------------------------------------------------


@door(Action.DECIDE, Kind.ALTERNATIVE)
def assessment_start(request: ActingRequest, code: str) -> HttpResponse:
    """Go on where the draft stops; screening comes first."""
    file = found_file(request, code, Action.DECIDE)
    screened = files.screening_of(file)
    if screened is None or not screened.in_force(timezone.localdate()):
        messages.info(request, _("Screening comes before any decision."))
        return redirect("alternatives:screening", code=code)
    draft = assessing.draft_of(request.actor, file, ASSESSMENT)
    order = groups.sequence(draft, _steps(file, draft))
    group = next((one for one in order if one not in draft), order[-1])
    return redirect("alternatives:group", code=code, group=group)


def _steps(file: LibertyFile, draft: Draft) -> tuple[catalogue.Measure, ...]:
    family = draft.get("question", {}).get("for_family") == "yes"
    return files.ladder_of(file, timezone.now(), with_adult=family)


@door(Action.DECIDE, Kind.ALTERNATIVE)
def assessment(request: ActingRequest, code: str, group: str) -> HttpResponse:
    """One group of the assessment; `check` shows everything and finishes it."""
    file = found_file(request, code, Action.DECIDE)
    draft = assessing.draft_of(request.actor, file, ASSESSMENT)
    steps = _steps(file, draft)
    order = groups.sequence(draft, steps)
    if group not in order:
        return redirect("alternatives:new", code=code)
    if group == "beyond":
        # Whoever must not be put on this path is told before anything else is asked.
        against = files.standing_against(file, timezone.now())
        if against:
            return refused_page(request, file, against)
    if group == "check":
        return _check(request, file, draft, steps)
    form = _assessment_form(group, request, draft, steps)
    if request.method == "POST":
        draft[group] = form.typed()
        assessing.keep_draft(request.actor, file, ASSESSMENT, group, draft[group])
        if form.is_valid():
            order = groups.sequence(draft, _steps(file, draft))
            return redirect("alternatives:group", code=code, group=order[order.index(group) + 1])
    return _show(request, file, group, form, draft, steps)


def _show(
    request: ActingRequest,
    file: LibertyFile,
    group: str,
    form: Group,
    draft: Draft,
    steps: Sequence[catalogue.Measure],
) -> HttpResponse:
    step = next((one for one in steps if groups.STEP + one.code == group), None)
    order = groups.sequence(draft, steps)
    context = {
        **_frame(file, order, group, draft),
        "form": form, "title": form.title, "lead": form.lead,
        "base": "alternatives:group", "kind": ASSESSMENT, "last": False,
        "measure": _measure(step) if step else None,
        "number": steps.index(step) + 1 if step else 0,
        "count": len(steps),
        "unreviewed": not catalogue.reviewed("measures.yaml")[0],
        "who_can": catalogue.reviewed("measures.yaml")[1],
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/group.html", context, status=status)


def _measure(step: catalogue.Measure) -> dict[str, Any]:
    return {
        "label": say(step.label), "about": say(step.about), "rights": say(step.rights),
        "conditions": say(step.conditions), "source": step.source,
    }  # fmt: skip


def _frame(
    file: LibertyFile, order: Sequence[str], group: str, draft: Mapping[str, Any]
) -> dict[str, Any]:
    at = order.index(group)
    return {
        "file": file,
        "group": group,
        "at": at + 1,
        "before": order[at - 1] if at else "",
        "kept": bool(draft),
    }


def _assessment_form(
    group: str,
    request: ActingRequest,
    draft: Draft,
    steps: Sequence[catalogue.Measure],
) -> Group:
    data = request.POST if request.method == "POST" else None
    initial = dict(draft.get(group, {}))
    if group.startswith(groups.STEP):
        return StepForm(data, initial=initial)
    if group == "conditions":
        measure = catalogue.measure(groups.choice_in(draft, steps))
        latest = assessing.latest_review(measure, timezone.localdate())
        form = ConditionsForm(
            measure, _places(measure), data, initial={"review_on": latest, **initial}
        )
        form.fields["review_on"].help_text = _("At the latest %(day)s.") % {"day": latest}
        return form
    if group == "beyond":
        latest = assessing.proposal_until(timezone.localdate())
        beyond = BeyondForm(data, initial={"review_on": latest, **initial})
        beyond.fields["review_on"].help_text = _("At the latest %(day)s.") % {"day": latest}
        return beyond
    plain: dict[str, type[Group]] = {"question": QuestionForm, "view": ViewForm, "test": TestForm}
    return plain[group](data, initial=initial)


def _places(measure: catalogue.Measure) -> list[tuple[str, str]]:
    if not measure.needs_place:
        return []
    rows = Place.objects.filter(kind=measure.place)
    return [
        (row.code, _("%(place)s: %(free)s free") % {"place": row.name, "free": room.free})
        for row, room, _waiting in housing.standing(rows)
        if row.open
    ]


def wish_of(draft: Draft, steps: Sequence[catalogue.Measure]) -> Wish:
    """What the draft comes to."""
    question = draft.get("question", {})
    choice = groups.choice_in(draft, steps)
    last = draft.get("beyond" if choice == DETENTION else "conditions", {})
    return Wish(
        choice=choice,
        considered=groups.considered(draft, steps),
        test=groups.test_in(draft),
        authority=question.get("authority", ""),
        intention=question.get("intention", ""),
        conditions=last.get("conditions", ""),
        for_family=question.get("for_family") == "yes",
        persons=groups.number(question.get("persons"), 1),
        place=last.get("place", ""),
        wait=bool(last.get("wait")),
        report_every=groups.number(last.get("report_every"), 0),
        report_from=groups.day(last.get("report_from")),
        review_on=groups.day(last.get("review_on")),
        legal_aid=last.get("legal_aid", ""),
        interpreter=last.get("interpreter", ""),
        no_interpreter_needed=bool(last.get("no_interpreter_needed")),
    )


def _check(
    request: ActingRequest, file: LibertyFile, draft: Draft, steps: Sequence[catalogue.Measure]
) -> HttpResponse:
    wish = wish_of(draft, steps)
    form = Group(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            assessing.decide(request.actor, file, wish)
        except safeguards.Stopped as stopped:
            return refused_page(request, file, stopped.codes, logged=True)
        except Incomplete as problems:
            put(form, problems)
        except housing.Full as full:
            form.add_error(None, full_words(full))
        else:
            messages.success(request, _said(wish))
            return redirect("alternatives:file", code=file.case.code)
    order = groups.sequence(draft, steps)
    context = {
        **_frame(file, order, "check", draft),
        "form": form, "wish": wish, "is_detention": wish.choice == DETENTION,
        "measure": _measure(catalogue.measure(wish.choice)) if wish.choice != DETENTION else None,
        "rejected": [
            (say(step.label), wish.considered[step.code].reason, groups.STEP + step.code)
            for step in steps
            if step.code in wish.considered
        ],
        "place": Place.objects.filter(code=wish.place).first() if wish.place else None,
        "edit": "beyond" if wish.choice == DETENTION else "conditions",
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/check.html", context, status=status)


def _said(wish: Wish) -> str:
    if wish.choice == DETENTION:
        return _("The proposal is recorded. A second officer answers it; nobody is detained by it.")
    return _("The measure is in force under your name.")
