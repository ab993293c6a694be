# SPDX-License-Identifier: EUPL-1.2
"""The administrator's pages of the exchange: states, times and reasons, never content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mostovi.exchange import services
from mostovi.exchange.forms import DirectoryForm, PublishForm, RotateForm
from mostovi.exchange.keys import Use, current
from mostovi.exchange.keystore import key_store
from mostovi.exchange.models import InboxLetter, InboxState, OutboxLetter, OutboxState
from mostovi.exchange.overview import overview
from mostovi.exchange.profiles import letter_types, profile
from mostovi.exchange.reasons import ExchangeError
from mostovi.exchange.transport import http_transport
from mostovi.exchange.wording import in_words
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList

_PAGE = 50
_TONES: Mapping[str, str] = {
    OutboxState.WAITING: "info",
    OutboxState.PARKED: "warn",
    OutboxState.DELIVERED: "ok",
    OutboxState.DEAD: "stop",
    InboxState.HANDLED: "ok",
    InboxState.REJECTED: "stop",
}


@door(Action.READ, Kind.PEER)
def status(request: ActingRequest) -> HttpResponse:
    """How the exchange stands: what needs a look first, then every peer."""
    now = timezone.now()
    found = overview(now)
    return render(
        request,
        "exchange/status.html",
        {
            "found": found,
            "peers": [(line, line.tone(now)) for line in found.peers],
            "alarms": [(alarm, in_words(alarm.reason)) for alarm in found.alarms],
            "may_change": decide(request.actor, Action.CHANGE, Kind.LETTER).allowed,
            "may_configure": decide(request.actor, Action.CONFIGURE, Kind.PEER).allowed,
            "steward": settings.MOSTOVI.steward,
            "directory_form": DirectoryForm(),
            "publish_form": PublishForm(),
        },
    )


@door(Action.READ, Kind.LETTER)
def letters(request: ActingRequest) -> HttpResponse:
    """Letters by what they wait for; the newest first."""
    show = request.GET.get("show", "open")
    rows = _chosen(show)
    page = LongList(rows, _PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "exchange/letters.html",
        {
            "page": page,
            "rows": [_line(row) for row in cast(Sequence[InboxLetter | OutboxLetter], page)],
            "show": show,
            "incoming": show in {"received", "parked"},
            "choices": _choices(),
        },
    )


def _line(row: InboxLetter | OutboxLetter) -> tuple[InboxLetter | OutboxLetter, str, str]:
    """A letter with the tone of its state and its reason in words."""
    words = str(in_words(row.reason)) if row.reason else ""
    return row, _TONES.get(row.state, "quiet"), words


def _choices() -> list[tuple[str, str]]:
    return [
        ("open", _("On their way")),
        ("dead", _("Not delivered")),
        ("sent", _("Delivered")),
        ("parked", _("Waiting here for an earlier letter")),
        ("received", _("Received")),
    ]


def _chosen(show: str) -> QuerySet[InboxLetter] | QuerySet[OutboxLetter]:
    outgoing = OutboxLetter.objects.defer("sealed").order_by("-id")
    if show == "received":
        return InboxLetter.objects.order_by("-id")
    if show == "parked":
        return InboxLetter.objects.filter(state=InboxState.PARKED).order_by("-id")
    if show == "dead":
        return outgoing.filter(state=OutboxState.DEAD)
    if show == "sent":
        return outgoing.filter(state=OutboxState.DELIVERED)
    return outgoing.filter(state__in=[OutboxState.WAITING, OutboxState.PARKED])


@door(Action.READ, Kind.LETTER)
def letter(request: ActingRequest, pk: UUID) -> HttpResponse:
    """One letter of ours: its attempts, its receipt, and what can be done."""
    row = OutboxLetter.objects.defer("sealed").filter(pk=pk).first()
    if row is None:
        raise Http404
    may_change = decide(request.actor, Action.CHANGE, Kind.LETTER).allowed
    return render(
        request,
        "exchange/letter.html",
        {
            "row": row,
            "tone": _TONES.get(row.state, "quiet"),
            "title": _title(row.letter_type),
            "why": in_words(row.reason) if row.reason else "",
            "attempts": [
                (attempt, in_words(attempt.outcome))
                for attempt in row.deliveries.order_by("-id")[:50]
            ],
            "may_retry": may_change and row.state == OutboxState.DEAD,
            "may_withdraw": may_change and row.state in {OutboxState.DEAD, OutboxState.WAITING},
        },
    )


def _title(letter_type: str) -> str:
    if letter_type not in letter_types():
        return letter_type
    return _(str(profile(letter_type).schema["title"]))


@require_POST
@door(Action.CHANGE, Kind.LETTER)
def retry(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Try a dead letter again."""
    try:
        row = services.retry(request.actor, letter_id=pk)
    except OutboxLetter.DoesNotExist as error:
        raise Http404 from error
    except ExchangeError as error:
        messages.error(request, error.sentence)
        return redirect("exchange:letter", pk=pk)
    messages.success(request, _("The letter is on its way again."))
    return redirect("exchange:letter", pk=row.pk)


@require_POST
@door(Action.CHANGE, Kind.LETTER)
def withdraw(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Take back a letter that was not delivered."""
    try:
        services.withdraw(request.actor, letter_id=pk)
    except OutboxLetter.DoesNotExist as error:
        raise Http404 from error
    except ExchangeError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("The letter was withdrawn and its content erased."))
    return redirect("exchange:letter", pk=pk)


@require_POST
@door(Action.CHANGE, Kind.LETTER)
def close_alarm(request: ActingRequest, pk: int) -> HttpResponse:
    """Close an alarm that was looked at."""
    services.close_alarm(request.actor, alarm_id=pk, now=timezone.now())
    return redirect("exchange:status")


@door(Action.READ, Kind.PEER)
def keys(request: ActingRequest) -> HttpResponse:
    """This node's own keys, and the form to make new ones."""
    return _keys_page(request, RotateForm())


def _keys_page(request: ActingRequest, form: RotateForm) -> HttpResponse:
    now = timezone.now()
    pairs = key_store().pairs()
    in_use = {pair.kid for use in Use if (pair := current(pairs, use, now)) is not None}
    public = sorted(
        (pair.public for pair in pairs), key=lambda key: (key.use, key.not_before), reverse=True
    )
    return render(
        request,
        "exchange/keys.html",
        {
            "keys": [(key, key.kid in in_use, key.not_after <= now) for key in public],
            "form": form,
            "may_configure": decide(request.actor, Action.CONFIGURE, Kind.PEER).allowed,
        },
    )


@require_POST
@door(Action.CONFIGURE, Kind.PEER)
def rotate(request: ActingRequest) -> HttpResponse:
    """Make new keys."""
    form = RotateForm(request.POST)
    if not form.is_valid():
        return _keys_page(request, form)
    services.rotate_keys(request.actor, now=timezone.now(), ahead=form.ahead())
    messages.success(
        request, _("New keys are made. The steward of the directory must now publish them.")
    )
    return redirect("exchange:keys")


@require_POST
@door(Action.CONFIGURE, Kind.PEER)
def import_directory(request: ActingRequest) -> HttpResponse:
    """Take in a signed directory from a file."""
    form = DirectoryForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _first_error(form))
        return redirect("exchange:status")
    return _directory_answer(request, form.cleaned_data["document"])


def _first_error(form: Form) -> str:
    return next((str(error) for errors in form.errors.values() for error in errors), "")


def _directory_answer(request: ActingRequest, document: str) -> HttpResponse:
    try:
        version = services.import_directory(request.actor, document=document, now=timezone.now())
    except ExchangeError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("Directory %(serial)d is in use.") % {"serial": version.serial})
    return redirect("exchange:status")


@require_POST
@door(Action.CONFIGURE, Kind.PEER)
def publish(request: ActingRequest) -> HttpResponse:
    """Steward: collect what the nodes say of their keys, and sign the next directory."""
    form = PublishForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _first_error(form))
        return redirect("exchange:status")
    try:
        count = _publish(request.actor, form.cleaned_data["entries"])
    except ExchangeError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(
            request,
            ngettext(
                "The directory is signed; %(count)d node gave its keys.",
                "The directory is signed; %(count)d nodes gave their keys.",
                count,
            )
            % {"count": count},
        )
    return redirect("exchange:status")


def _publish(actor: Actor, given: list[dict[str, object]]) -> int:
    now = timezone.now()
    entries = [entry.as_dict() for entry in services.collect_entries(now, http_transport())]
    services.publish_directory(actor, entries=[*entries, *given], now=now)
    return len(entries) + len(given)
