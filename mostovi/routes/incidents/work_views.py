# SPDX-License-Identifier: EUPL-1.2
"""Pages on work with other nodes: joint investigations and mutual legal assistance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mostovi.exchange.reasons import LetterRefused
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.routes.incidents import assisting, investigating, joint, letters
from mostovi.routes.incidents.forms import SORT_WORDS, AssistanceForm, EntryForm, ProposalForm
from mostovi.routes.incidents.investigation_views import found as investigation_of
from mostovi.routes.incidents.letters import ChangedSinceSeen
from mostovi.routes.incidents.models import Assistance, Investigation, JointWork
from mostovi.routes.incidents.store import Unfit
from mostovi.routes.incidents.wording import (
    add_error,
    choice_words,
    lines_in_words,
    say,
    say_refused,
    step_words,
    steps_so_far,
)

A_PAGE = 25
LOOK_AGAIN = gettext_noop("Something has changed since you looked. Look again, then send.")


# --- Joint work ----------------------------------------------------------------------------------


def _joint(request: ActingRequest, code: str, action: Action = Action.READ) -> JointWork:
    try:
        return joint.find(request.actor, code, action)
    except JointWork.DoesNotExist as error:
        raise Http404 from error


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.INVESTIGATION)
def propose(request: ActingRequest, code: str) -> HttpResponse:
    """Write a proposal of joint work."""
    row, nodes = investigation_of(request, code), letters.receivers()
    form = ProposalForm(request.POST or None, nodes=nodes)
    if request.method == "POST" and form.is_valid():
        try:
            made = joint.draft(request.actor, row, **form.cleaned_data)
        except Unfit as unfit:
            add_error(form, unfit)
        else:
            return redirect("incidents:joint", code=made.code)
    context = {"row": row, "form": form, "nodes": nodes}
    return render(request, "incidents/joint_new.html", context, status=422 if form.errors else 200)


@require_GET
@door(Action.READ, Kind.INVESTIGATION)
def joint_page(request: ActingRequest, code: str) -> HttpResponse:
    """The workspace: where it stands, what both have put in."""
    return _joint_page(request, _joint(request, code))


def _joint_page(
    request: ActingRequest, row: JointWork, *, form: EntryForm | None = None, **more: Any
) -> HttpResponse:
    values, entries = joint.read(request.actor, row)
    unsent = row.procedure.state == "drafted"
    asked = [
        (str(one.reference), (said or {}).get("text", "")[:80])
        for one, said, _ours in entries
        if one.sort in {"question", "task"}
    ]
    if form is not None:
        form.fields["answers"].choices = [("", "–"), *asked]  # type: ignore[attr-defined]
    context = {
        "row": row, "values": values, "crime": say("crimes", row.crime),
        "step": step_words(row.procedure), "unsent": unsent,
        "choices": choice_words(row.procedure, joint.choices(request.actor, row)),
        "steps": steps_so_far(row.procedure), "working": row.procedure.state == joint.WORKING,
        "entries": [
            {
                "row": one, "sort": SORT_WORDS[one.sort], "values": said or {}, "matches": ours,
                "kind": say("identifier_kinds", one.kind) if one.kind else "",
            }
            for one, said, ours in entries
        ],
        "form": form or EntryForm(asked=asked, initial={"sort": "finding"}),
        "investigations": [] if row.investigation_id else
        investigating.listed(request.actor, list(investigating.visible(request.actor).filter(
            ended_at=None)[:A_PAGE])),
        **more,
    }  # fmt: skip
    if unsent:
        going = joint.outgoing(row)
        context |= {"going": going, "lines": lines_in_words(going.lines)}
    status = 422 if form is not None and form.errors else 200
    return render(request, "incidents/joint.html", context, status=status)


@require_POST
@door(Action.SEND, Kind.INVESTIGATION)
def joint_send(request: ActingRequest, code: str) -> HttpResponse:
    """Send the proposal that was shown."""
    row = _joint(request, code, Action.SEND)
    _send_as_seen(
        request, row, joint.propose, _("It is on its way. Nothing is shared before both agree.")
    )
    return redirect("incidents:joint", code=row.code)


@require_POST
@door(Action.DECIDE, Kind.INVESTIGATION)
def joint_step(request: ActingRequest, code: str) -> HttpResponse:
    """Agree, decline, take back or end."""
    row = _joint(request, code, Action.DECIDE)
    if (again := _stepped(request, row, joint.step, _joint_page)) is not None:
        return again
    messages.success(request, _("Done. The other authority is told."))
    return redirect("incidents:joint", code=row.code)


def _send_as_seen(
    request: ActingRequest, row: Any, send: Callable[..., Any], done: str
) -> None:  # fmt: skip
    """Send what the page showed, and nothing that has changed since; say how it went."""
    try:
        send(request.actor, row, seen=request.POST.get("seen", ""))
    except ChangedSinceSeen:
        messages.warning(request, _(LOOK_AGAIN))
    except StepRefused as refused:
        say_refused(request, row.procedure, refused)
    except LetterRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)


def _stepped(
    request: ActingRequest, row: Any, step: Callable[..., Any], page: Callable[..., HttpResponse]
) -> HttpResponse | None:
    """Take the step that was asked for; the page again, with what was typed, when it is refused."""
    verb, text = request.POST.get("verb", ""), request.POST.get("reason", "")
    try:
        step(request.actor, row, verb=verb, text=text)
    except (StepRefused, Unfit, LetterRefused) as refused:
        _say(request, row.procedure, refused)
        answer = page(request, row, step_verb=verb, step_reason=text)
        answer.status_code = 422
        return answer
    return None


def _say(request: ActingRequest, instance: Any, refused: Exception) -> None:
    if isinstance(refused, StepRefused):
        say_refused(request, instance, refused)
    else:
        messages.error(request, _(str(refused)))


@require_POST
@door(Action.CHANGE, Kind.INVESTIGATION)
def joint_attach(request: ActingRequest, code: str) -> HttpResponse:
    """Say which of our investigations a workspace belongs to."""
    row = _joint(request, code, Action.CHANGE)
    joint.attach(request.actor, row, investigation_of(request, request.POST.get("code", "")))
    messages.success(request, _("Attached."))
    return redirect("incidents:joint", code=row.code)


@require_POST
@door(Action.SEND, Kind.INVESTIGATION)
def share(request: ActingRequest, code: str) -> HttpResponse:
    """Show exactly what would leave, then share it."""
    row = _joint(request, code, Action.SEND)
    asked = [
        (str(one), str(one))
        for one in row.entries.filter(sort__in=["question", "task"]).values_list(
            "reference", flat=True
        )
    ]
    form = EntryForm(request.POST, asked=asked)
    if not form.is_valid():
        return _joint_page(request, row, form=form)
    wish = form.cleaned_data
    try:
        entry = UUID(request.POST.get("entry") or str(uuid4()))
        going = joint.entry_data(
            row, entry=entry, sort=wish["sort"], text=wish["text"], kind=wish["kind"],
            value=wish["value"], answers=UUID(wish["answers"]) if wish["answers"] else None,
        )  # fmt: skip
        if request.POST.get("act") == "share":
            joint.share(request.actor, row, data=going, seen=request.POST.get("seen", ""))
            messages.success(request, _("Shared. Its receipt will stand beside it."))
            return redirect("incidents:joint", code=row.code)
    except Unfit as unfit:
        add_error(form, unfit)
        return _joint_page(request, row, form=form)
    except (ValueError, ChangedSinceSeen):
        messages.warning(request, _(LOOK_AGAIN))
        return _joint_page(request, row, form=form)
    lines = lines_in_words(going.lines)
    return _joint_page(
        request, row, form=form, leaving=going, leaving_lines=lines, entry=entry, carried=wish
    )


# --- Mutual legal assistance ---------------------------------------------------------------------


def _assistance(request: ActingRequest, code: str, action: Action = Action.READ) -> Assistance:
    try:
        return assisting.find(request.actor, code, action)
    except Assistance.DoesNotExist as error:
        raise Http404 from error


@require_GET
@door(Action.READ, Kind.INVESTIGATION)
def assistance_list(request: ActingRequest) -> HttpResponse:
    """Requests in both directions, and workspaces with other nodes."""
    rows = assisting.visible(request.actor).prefetch_related("procedure__deadlines")
    page = LongList(rows, A_PAGE).get_page(request.GET.get("page"))
    measures = assisting.measures()
    context = {
        "page": page,
        "rows": [
            {
                "row": row, "measure": _(measures.get(row.measure, row.measure)),
                "step": step_words(row.procedure),
                "due": min(
                    (one.due for one in row.procedure.deadlines.all() if one.is_live and one.due),
                    default=None,
                ),
            }
            for row in page.object_list
        ],
        "works": [
            (one, step_words(one.procedure)) for one in joint.visible(request.actor)[:A_PAGE]
        ],
    }  # fmt: skip
    return render(request, "incidents/assistance_list.html", context)


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.INVESTIGATION)
def assistance_new(request: ActingRequest) -> HttpResponse:
    """Write a request."""
    nodes = letters.receivers()
    form = AssistanceForm(request.POST or None, nodes=nodes)
    about: Investigation | None = None
    if code := request.GET.get("investigation", ""):
        about = investigation_of(request, code)
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data
        try:
            row = assisting.draft(
                request.actor, to=wish["to"], measure=wish["measure"], crime=wish["crime"],
                urgency=wish["urgency"], written=form.written(), reply_by=wish["reply_by"],
                investigation=about,
            )  # fmt: skip
        except Unfit as unfit:
            add_error(form, unfit)
        else:
            return redirect("incidents:assistance", code=row.code)
    context = {"form": form, "nodes": nodes, "about": about}
    status = 422 if form.errors else 200
    return render(request, "incidents/assistance_new.html", context, status=status)


@require_GET
@door(Action.READ, Kind.INVESTIGATION)
def assistance_page(request: ActingRequest, code: str) -> HttpResponse:
    """One request: what it says, where it stands, what may be done."""
    return _assistance_page(request, _assistance(request, code))


def _assistance_page(request: ActingRequest, row: Assistance, **more: Any) -> HttpResponse:
    going = assisting.read(request.actor, row)
    context = {
        "row": row, "lines": lines_in_words(going.lines), "going": going,
        "unsent": row.procedure.state == "draft", "step": step_words(row.procedure),
        "choices": choice_words(row.procedure, assisting.choices(request.actor, row)),
        "steps": steps_so_far(row.procedure), **more,
    }  # fmt: skip
    return render(request, "incidents/assistance.html", context)


@require_POST
@door(Action.SEND, Kind.INVESTIGATION)
def assistance_send(request: ActingRequest, code: str) -> HttpResponse:
    """Send the request that was shown."""
    row = _assistance(request, code, Action.SEND)
    _send_as_seen(
        request, row, assisting.send,
        _("It is on its way. Its receipt starts the other side's time."),
    )  # fmt: skip
    return redirect("incidents:assistance", code=row.code)


@require_POST
@door(Action.DECIDE, Kind.INVESTIGATION)
def assistance_step(request: ActingRequest, code: str) -> HttpResponse:
    """Ask for more, answer, accept, report, refuse, withdraw or throw away."""
    row = _assistance(request, code, Action.DECIDE)
    if (again := _stepped(request, row, assisting.step, _assistance_page)) is not None:
        return again
    messages.success(request, _("Done."))
    return redirect("incidents:assistance", code=row.code)
