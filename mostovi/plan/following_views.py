# SPDX-License-Identifier: EUPL-1.2
"""Pages of `plan` on milestones, and on support asked for, offered and put together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import UUIDField
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mostovi.exchange.reasons import LetterRefused
from mostovi.plan import following
from mostovi.plan.content import PlanAction, in_language, plan
from mostovi.plan.forms import MilestoneForm, SupportForm
from mostovi.plan.models import Milestone, Support, SupportMatch
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics.partners import NAMES


def not_written() -> str:
    """What a page says when no letter could be written."""
    return _(
        "The letter to the secretariat could not be written, so nothing was saved. Ask the "
        "administrator whether the secretariat's node is among the peers."
    )


def _action_or_404(number: int) -> PlanAction:
    try:
        return plan().action(number)
    except KeyError:
        raise Http404 from None


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.PLAN)
def milestone(request: ActingRequest, number: int, reference: UUID | None = None) -> HttpResponse:
    """Set a milestone of the own partner, move it, or say that it was reached."""
    chosen = _action_or_404(number)
    if not following.may_say(request.actor):
        raise Http404
    earlier: Milestone | None = None
    if reference:
        own = [m for m in following.milestones(plan().code, number) if m.reference == reference]
        if not own or own[0].partner != _own():
            raise Http404
        earlier = own[0]
    initial = (
        {"title": earlier.title, "due": earlier.due, "state": earlier.state} if earlier else {}
    )
    form = MilestoneForm(request.POST or None, initial={"state": "open", **initial})
    if request.method == "POST" and form.is_valid():
        try:
            following.say_milestone(
                request.actor, action=number, reference=reference, **form.cleaned_data
            )
        except LetterRefused:
            form.add_error(None, not_written())
        else:
            messages.success(request, _("Saved, and on its way to the secretariat."))
            return redirect("plan:action", number=number)
    context = {"action": chosen, "form": form, "earlier": earlier}
    return render(request, "plan/milestone.html", context, status=422 if form.errors else 200)


def _own() -> str:
    from django.conf import settings

    return str(settings.MOSTOVI.partner)


def _titles() -> dict[int, str]:
    language = get_language() or "en"
    return {a.number: f"{a.number}. {in_language(a.title, language)}" for a in plan().actions}


@require_GET
@door(Action.READ, Kind.PLAN)
def support(request: ActingRequest) -> HttpResponse:
    """Who asks for what, who offers what, and what was put together."""
    code, titles, own = plan().code, _titles(), _own()
    rows = following.supports(code)
    lines = [(NAMES[row.partner], titles[row.action], row, row.partner == own) for row in rows]
    context: dict[str, Any] = {
        "requests": [line for line in lines if line[2].side == Support.Side.REQUEST],
        "offers": [line for line in lines if line[2].side == Support.Side.OFFER],
        "matches": [
            (
                row, titles[row.action], NAMES[row.request_partner], NAMES[row.offer_partner],
                [(NAMES[partner], SupportMatch.Word(word)) for partner, word in words.items()],
                own in (row.request_partner, row.offer_partner) and own not in words,
            )
            for row, words in following.matches(code)
        ],
        "may_say": following.may_say(request.actor),
        "may_match": following.may_match(request.actor),
        "suggestions": [
            (need, offer, titles[need.action], titles[offer.action], NAMES[need.partner],
             NAMES[offer.partner])
            for need, offer in following.suggestions(code)
        ]
        if following.may_match(request.actor)
        else [],
    }  # fmt: skip
    return render(request, "plan/support.html", context)


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.PLAN)
def support_new(request: ActingRequest) -> HttpResponse:
    """Ask for support, or offer it."""
    if not following.may_say(request.actor):
        raise Http404
    wanted = request.GET.get("action", "")
    form = SupportForm(
        request.POST or None, actions=list(_titles().items()),
        initial={"action": wanted if wanted.isdigit() else None},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            following.say_support(request.actor, **form.cleaned_data)
        except LetterRefused:
            form.add_error(None, not_written())
        else:
            messages.success(request, _("Saved, and on its way to the secretariat."))
            return redirect("plan:support")
    context = {"form": form}
    return render(request, "plan/support_new.html", context, status=422 if form.errors else 200)


@require_POST
@door(Action.CHANGE, Kind.PLAN)
def close(request: ActingRequest, reference: UUID) -> HttpResponse:
    """Say that support was met, or take it back."""
    state = request.POST.get("state", "")
    try:
        following.close_support(request.actor, reference, state=state)
    except (Support.DoesNotExist, following.NotTheirs, ValueError):
        raise Http404 from None
    except following.NotOpen:
        messages.warning(request, _("It is settled already; nothing was changed."))
    except LetterRefused:
        messages.error(request, not_written())
    else:
        messages.success(request, _("Saved, and on its way to the secretariat."))
    return redirect("plan:support")


@require_POST
@door(Action.CHANGE, Kind.PLAN)
def match(request: ActingRequest) -> HttpResponse:
    """Put a request and an offer together: the secretariat's decision."""
    try:
        request_, offer = (UUIDField().clean(request.POST.get(n)) for n in ("request", "offer"))
        following.propose_match(request.actor, request=request_, offer=offer)
    except (Support.DoesNotExist, following.NotTheirs, ValidationError):
        raise Http404 from None
    except following.NotOpen:
        messages.warning(request, _("One of the two is not open any more; nothing was changed."))
    except LetterRefused:
        messages.error(
            request,
            _("A partner's node is not among the peers, so nobody was told and nothing was saved."),
        )
    else:
        messages.success(request, _("Both partners are told; each answers for itself."))
    return redirect("plan:support")


@require_POST
@door(Action.CHANGE, Kind.PLAN)
def answer(request: ActingRequest, reference: UUID) -> HttpResponse:
    """Agree or decline for the own partner."""
    word = request.POST.get("word")
    if word not in (SupportMatch.Word.AGREED, SupportMatch.Word.DECLINED):
        raise Http404
    try:
        following.answer_match(request.actor, reference, agree=word == SupportMatch.Word.AGREED)
    except (SupportMatch.DoesNotExist, following.NotTheirs):
        raise Http404 from None
    except following.NotOpen:
        messages.warning(request, _("Your partner has answered already; nothing was changed."))
    except LetterRefused:
        messages.error(request, not_written())
    else:
        messages.success(request, _("Saved, and on its way to the secretariat."))
    return redirect("plan:support")
