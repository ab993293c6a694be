# SPDX-License-Identifier: EUPL-1.2
"""Pages of transfers at both ends: who is responsible, what goes, what may be done now."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases import services as cases
from mostovi.cases.models import Case, Direction
from mostovi.cases.reading import Group, grouped
from mostovi.cases.referral_views import permission_words, spoken
from mostovi.cases.referring import ChangedSinceSeen, NotPermitted, Outgoing
from mostovi.cases.transfers import transferring
from mostovi.cases.transfers.forms import TransferForm
from mostovi.cases.transfers.models import Transfer
from mostovi.cases.views import choice_words, found_case, say_refused, step_words
from mostovi.cases.vocabulary import case_types, urgencies
from mostovi.exchange.profiles import preview, profile
from mostovi.people import services as people
from mostovi.people.fields import InvalidField
from mostovi.people.models import Person
from mostovi.procedures import presentation
from mostovi.procedures import services as procedures
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList

_PAGE = 25


def _found(request: ActingRequest, code: str, action: Action = Action.READ) -> Transfer:
    try:
        return transferring.find(request.actor, code, action)
    except Transfer.DoesNotExist as error:
        raise Http404 from error


@door(Action.READ, Kind.REFERRAL)
def transfer_list(request: ActingRequest) -> HttpResponse:
    """Transfers received and sent, newest first."""
    show = request.GET.get("show", "received")
    direction = Direction.SENT if show == "sent" else Direction.RECEIVED
    rows = transferring.visible(request.actor).filter(direction=direction)
    ordered = rows.select_related("procedure").order_by("-created_at")
    page = LongList(ordered, _PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    transferring.log_listed(request.actor, shown)
    lines = [
        {
            "row": row,
            "type": _(case_types().get(row.case_type, row.case_type)),
            "step": step_words(row.procedure),
            "ours": transferring.is_responsible(row),
        }
        for row in shown
    ]
    return render(request, "transfers/list.html", {"page": page, "lines": lines, "show": show})


@door(Action.CREATE, Kind.REFERRAL)
def new(request: ActingRequest, code: str) -> HttpResponse:
    """Choose who takes over, why, and what goes with the case; nothing leaves yet."""
    case = found_case(request, code, Action.CHANGE)
    initial = {"fields_shared": ["subject", "names", "birth", "sex", "languages", "summary"]}
    form = TransferForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = form.cleaned_data
        try:
            transfer = transferring.draft(
                request.actor, case, to=made["to"], reason=made["reason"],
                fields=made["fields_shared"], summary=made["summary"], plan=made["plan"],
                safety=made["safety"],
            )  # fmt: skip
        except transferring.InvalidTransfer as error:
            name = "fields_shared" if error.field == "fields" else error.field
            form.add_error(name, _(str(error)))
        else:
            return redirect("transfers:transfer", code=transfer.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "transfers/new.html", {"case": case, "form": form}, status=status)


@door(Action.READ, Kind.REFERRAL)
def transfer_page(request: ActingRequest, code: str) -> HttpResponse:
    """A transfer at either end."""
    return render(request, "transfers/transfer.html", _context(request, _found(request, code)))


def _context(request: ActingRequest, transfer: Transfer) -> dict[str, Any]:
    unsent = transfer.direction == Direction.SENT and transfer.letter_id is None
    acts = decide(request.actor, Action.DECIDE, Kind.REFERRAL).allowed
    context: dict[str, Any] = {
        "transfer": transfer,
        "type": _(case_types().get(transfer.case_type, transfer.case_type)),
        "urgency": _(urgencies().get(transfer.urgency, transfer.urgency)),
        "why": _(transferring.reasons().get(transfer.reason, transfer.reason)),
        "step": step_words(transfer.procedure),
        "received": transfer.direction == Direction.RECEIVED,
        "unsent": unsent and transfer.ended_at is None,
        "ours": transferring.is_responsible(transfer),
        "events": _events(transfer),
        "to_open": _to_open(transfer),
        "case_seen": _case_seen(request, transfer),
    }
    going = None
    if context["unsent"] and acts:
        going = transferring.outgoing(request.actor, transfer)
        context |= _before_sending(transfer, going)
    elif not unsent:
        data = transferring.read(request.actor, transfer)
        lines = preview(transferring.TRANSFER, transfer.purpose, data) if data else []
        context["groups"] = read_out(lines)
    context["choices"] = _choices(request, transfer, going) if acts else []
    return context


def _to_open(transfer: Transfer) -> bool:
    """Whether we are responsible and no case is open for it yet."""
    return (
        transfer.direction == Direction.RECEIVED
        and transfer.passed_at is not None
        and transfer.case_id is None
    )


def _case_seen(request: ActingRequest, transfer: Transfer) -> str:
    """The code of the case, for who may see it."""
    if transfer.case is None:
        return ""
    try:
        return cases.find(request.actor, transfer.case.code).code
    except Case.DoesNotExist:
        return ""


def _before_sending(transfer: Transfer, going: Outgoing) -> dict[str, Any]:
    case = transferring.case_of(transfer)
    query = {
        "receiver": transfer.peer, "profile": transferring.TRANSFER,
        "fields": ",".join(transfer.fields),
        "next": reverse("transfers:transfer", args=[transfer.code]),
    }  # fmt: skip
    consent_page = reverse("people:consent_new", args=[case.person.code])
    return {
        "going": going,
        "groups": read_out(going.lines),
        "permission_words": permission_words(going.permission),
        "consent_url": f"{consent_page}?{urlencode(query)}",
    }


def read_out(lines: Any) -> list[Group]:
    """The letter's values as a reader takes them in."""
    properties = profile(transferring.TRANSFER).schema["properties"]
    titles = {name: _(part["title"]) for name, part in properties.items()}
    said = []
    for place, label, value in lines:
        words = spoken(place, value, titles)
        if place == "/case_type":
            words = _(case_types().get(value, value))
        said.append((place, _(label), words))
    return grouped(said, titles)


def _choices(
    request: ActingRequest, transfer: Transfer, going: Outgoing | None
) -> list[dict[str, Any]]:
    made = transferring.choices(request.actor, transfer, going=going)
    reasons = [(code, _(words)) for code, words in transferring.decline_reasons().items()]
    return [
        choice_words(transfer.procedure, choice)
        | {"codes": reasons if choice.transition.verb == "decline" else []}
        for choice in made
        if choice.transition.verb not in {"send", "pass_on", "acknowledge"}
        and choice.transition.side == transfer.procedure.side
    ]


def _events(transfer: Transfer) -> list[dict[str, Any]]:
    procedure = procedures.procedure_of(transfer.procedure)
    return [
        {
            "event": event,
            "words": presentation.event_words(procedure, event),
            "ours": event.side == transfer.procedure.side,
            "reason": event.reason,
        }
        for event in transfer.procedure.events.all()
    ]


@door(Action.SEND, Kind.REFERRAL)
@require_POST
def send(request: ActingRequest, code: str) -> HttpResponse:
    """Send exactly what was on the page."""
    transfer = _found(request, code, Action.SEND)
    try:
        transferring.send(request.actor, transfer, seen=request.POST.get("seen", ""))
    except NotPermitted as refused:
        messages.error(request, permission_words(refused.permission))
    except ChangedSinceSeen:
        messages.warning(
            request,
            _("The person's file changed after you opened this page. Look again, then send."),
        )
    except transferring.InvalidTransfer as error:
        messages.error(request, _(str(error)))
    except StepRefused as refused:
        say_refused(request, transfer.procedure, refused)
    else:
        messages.success(request, _("It is on its way. You stay responsible until it is accepted."))
    return redirect("transfers:transfer", code=transfer.code)


@door(Action.DECIDE, Kind.REFERRAL)
@require_POST
def step(request: ActingRequest, code: str) -> HttpResponse:
    """Take over, decline, take back or throw away."""
    transfer = _found(request, code, Action.DECIDE)
    verb, text = request.POST.get("verb", ""), request.POST.get("reason", "").strip()[:2000]
    try:
        if verb == "accept":
            transferring.accept(request.actor, transfer, text=text)
        elif verb == "decline":
            transferring.decline(
                request.actor, transfer, code=request.POST.get("code", ""), text=text
            )
        elif verb == "take_back":
            transferring.take_back(request.actor, transfer, reason=text)
        elif verb == "discard":
            transferring.discard(request.actor, transfer)
        else:
            raise Http404
    except (StepRefused, transferring.InvalidTransfer) as refused:
        if isinstance(refused, StepRefused):
            say_refused(request, transfer.procedure, refused)
        else:
            messages.error(request, _(str(refused)))
        context = _context(request, _found(request, code)) | {
            "step_verb": verb, "step_reason": text,
        }  # fmt: skip
        return render(request, "transfers/transfer.html", context, status=422)
    messages.success(request, _("Done."))
    return redirect("transfers:transfer", code=transfer.code)


@door(Action.DECIDE, Kind.REFERRAL)
@require_POST
def open_here(request: ActingRequest, code: str) -> HttpResponse:
    """Open the case by hand: for a person with a file here, or when it did not open itself."""
    transfer = _found(request, code, Action.DECIDE)
    person = None
    wanted = request.POST.get("person", "").strip()
    try:
        if wanted:
            person = people.find(request.actor, wanted)
        with transaction.atomic():
            case = transferring.open_here(request.actor, transfer, person=person)
    except Person.DoesNotExist:
        messages.error(request, _("No person has this code."))
    except (transferring.InvalidTransfer, InvalidField, cases.InvalidCase) as error:
        messages.error(request, _(str(error)))
    except StepRefused as refused:
        say_refused(request, transfer.procedure, refused)
    else:
        return redirect("cases:case", code=case.code)
    return redirect("transfers:transfer", code=transfer.code)
