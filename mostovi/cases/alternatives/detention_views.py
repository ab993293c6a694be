# SPDX-License-Identifier: EUPL-1.2
"""Pages about what outside authorities want or did. A refusal explains itself."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases.alternatives import (
    assessing,
    catalogue,
    detention,
    explaining,
    files,
    safeguards,
)
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.forms import AnswerForm, HeldForm, HeldReviewForm, WordsForm
from mostovi.cases.alternatives.models import LibertyFile
from mostovi.cases.alternatives.views import failed, found_file, put, say_why
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door


def refused_page(
    request: ActingRequest, file: LibertyFile, codes: Sequence[str], *, logged: bool = False
) -> HttpResponse:
    """What is refused, which safeguard, its source, who decides, what can be done now.

    Asking by a form answers 422; opening the address only says how it stands. The refusal is in
    the log either way; `logged` says that a service has written it already.
    """
    if not logged:
        assessing.note_refused(request.actor, file, safeguards.Stopped(codes))
    reviewed, who_can = catalogue.reviewed("safeguards.yaml")
    context = {
        "file": file,
        "refusals": explaining.explained(file, codes, timezone.now()),
        "is_child": safeguards.CHILD in codes,
        "protected": bool(safeguards.known(codes)),
        "reviewed": reviewed,
        "who_can": who_can,
        "words_form": WordsForm(),
        "may_change": decide(request.actor, Action.CHANGE, Kind.ALTERNATIVE).allowed,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/refused.html", context, status=status)


@door(Action.DECIDE, Kind.ALTERNATIVE)
def propose(request: ActingRequest, code: str) -> HttpResponse:
    """An authority proposes detention: refused at once where a safeguard stands against it,
    otherwise the ladder is climbed first, like for any other measure."""
    file = found_file(request, code, Action.DECIDE)
    stopping = safeguards.known(files.standing_against(file, timezone.now()))
    if stopping:
        return refused_page(request, file, stopping)
    if request.method == "POST":
        return redirect("alternatives:new", code=code)
    return render(request, "alternatives/propose.html", {"file": file})


@door(Action.DECIDE, Kind.ALTERNATIVE)
def answer(request: ActingRequest, code: str) -> HttpResponse:
    """The second officer's answer to a proposal."""
    file = found_file(request, code, Action.DECIDE)
    proposal = detention.proposal_of(file)
    if proposal is None or proposal.second:
        return redirect("alternatives:file", code=code)
    if proposal.proposed_by == request.actor.account:
        messages.info(request, _("A second officer must answer, not whoever recorded it."))
        return redirect("alternatives:file", code=code)
    values = detention.opened_values(proposal)
    needs = [str(need) for need in values.get("needs", [])]  # type: ignore[attr-defined]
    form = AnswerForm(needs, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        decision, reason = given.pop("decision"), given.pop("reason")
        try:
            detention.answer(request.actor, file, decision=decision, reason=reason, answers=given)
        except safeguards.Stopped as stopped:
            return refused_page(request, file, stopped.codes, logged=True)
        except Incomplete as problems:
            put(form, problems)
        except StepRefused as refused:
            say_why(request, file, refused)
        else:
            messages.success(request, _("Your answer is recorded."))
            return redirect("alternatives:file", code=code)
    context = {"file": file, "form": form, "proposal": proposal, "words": values}
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/answer.html", context, status=status)


@door(Action.DECIDE, Kind.ALTERNATIVE)
def held(request: ActingRequest, code: str) -> HttpResponse:
    """Note that an outside authority has decided to detain an adult."""
    file = found_file(request, code, Action.DECIDE)
    against = safeguards.known(files.standing_against(file, timezone.now()))
    if against:
        return refused_page(request, file, against)
    form = HeldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            detention.note_held(request.actor, file, **form.cleaned_data)
        except safeguards.Stopped as stopped:
            return refused_page(request, file, stopped.codes, logged=True)
        except Incomplete as problems:
            put(form, problems)
        except StepRefused as refused:
            say_why(request, file, refused)
        else:
            messages.success(request, _("Recorded. You are told when a review is due."))
            return redirect("alternatives:file", code=code)
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/held.html", {"file": file, "form": form}, status=status)


@door(Action.DECIDE, Kind.ALTERNATIVE)
def review_held(request: ActingRequest, code: str) -> HttpResponse:
    """What a review of a detention outside came to."""
    file = found_file(request, code, Action.DECIDE)
    row = detention.held_of(file)
    if row is None:
        return redirect("alternatives:file", code=code)
    form = HeldReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            detention.review_held(
                request.actor, file, released=given["released"] == "yes",
                reason=given["reason"], next_on=given["next_on"],
            )  # fmt: skip
        except safeguards.Stopped as stopped:
            return refused_page(request, file, stopped.codes, logged=True)
        except Incomplete as problems:
            put(form, problems)
        except StepRefused as refused:
            say_why(request, file, refused)
        else:
            messages.success(request, _("The review is recorded."))
            return redirect("alternatives:file", code=code)
    context = {"file": file, "form": form, "held": row}
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/held_review.html", context, status=status)


@door(Action.CHANGE, Kind.ALTERNATIVE)
@require_POST
def want_release(request: ActingRequest, code: str) -> HttpResponse:
    """Ask for the release of somebody whom a safeguard protects."""
    file = found_file(request, code, Action.CHANGE)
    try:
        detention.want_release(request.actor, file, words=request.POST.get("words", ""))
    except Incomplete as problems:
        return failed(request, file, problems)
    messages.success(request, _("Recorded. It stays on top of the list until the person is free."))
    return redirect("alternatives:file", code=code)


@door(Action.CHANGE, Kind.ALTERNATIVE)
@require_POST
def free_again(request: ActingRequest, code: str) -> HttpResponse:
    """Write down that the person is free."""
    file = found_file(request, code, Action.CHANGE)
    try:
        detention.free_again(request.actor, file, words=request.POST.get("words", ""))
    except Incomplete as problems:
        return failed(request, file, problems)
    messages.success(request, _("Recorded: the person is free."))
    return redirect("alternatives:file", code=code)
