# SPDX-License-Identifier: EUPL-1.2
"""The verbs of mutual legal assistance: draft, send, answer, report; and what comes in of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter, Reject
from mostovi.exchange.profiles import profile
from mostovi.exchange.receipts import Verdict
from mostovi.procedures import services as procedures
from mostovi.procedures.state import Choice, StepRefused
from mostovi.rights.access import SYSTEM_ACCOUNT, Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.routes.incidents import joint, letters, record_codes
from mostovi.routes.incidents.letters import REQUEST, UPDATE, ChangedSinceSeen, Going
from mostovi.routes.incidents.models import Assistance, Investigation
from mostovi.routes.incidents.store import Unfit, code_of, fit, handle

PROCEDURE: Final = "mutual_assistance"
_WRITTEN: Final = {
    "legal_basis": 300, "formal_number": 60, "facts": 4000, "asked": 4000, "why_urgent": 1000,
}  # fmt: skip
_NEEDED: Final = ("legal_basis", "facts", "asked")


def measures() -> Mapping[str, str]:
    """Measures that can be asked for, with their words: as the profile names them."""
    return dict(profile(REQUEST).schema["properties"]["measure"]["x-words"])


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[Assistance]:
    """The requests within reach. Raises `Refused` for everybody but investigators."""
    require(actor, action, Kind.INVESTIGATION)
    return Assistance.objects.select_related("procedure", "investigation")


def find(actor: Actor, code: str, action: Action = Action.READ) -> Assistance:
    """One request. Raises `Assistance.DoesNotExist`."""
    return visible(actor, action).get(code=code)


def _locked(actor: Actor, row: Assistance, action: Action) -> Assistance:
    return visible(actor, action).select_for_update(of=("self",)).get(pk=row.pk)


def _new(**values: Any) -> Assistance:
    code = record_codes.new_code(
        "assistance", lambda code: Assistance.objects.filter(code=code).exists()
    )
    return Assistance(code=code, **values)


@transaction.atomic
def draft(
    actor: Actor,
    *,
    to: str,
    measure: str,
    crime: str,
    urgency: str,
    written: Mapping[str, str],
    reply_by: date | None = None,
    investigation: Investigation | None = None,
    now: datetime | None = None,
) -> Assistance:
    """Write a request; nothing leaves yet. `written` are texts by field. Raises `Unfit`."""
    require(actor, Action.CREATE, Kind.INVESTIGATION)
    moment = now or timezone.now()
    if to not in {code for code, _name in letters.receivers()}:
        raise Unfit("to", gettext_noop("This node is not known here, or takes no such letters."))
    if measure not in measures():
        raise Unfit("measure", gettext_noop("Choose one of the list."))
    if urgency not in {"urgent", "routine"}:
        raise Unfit("urgency", gettext_noop("Choose one of the list."))
    if reply_by is not None and reply_by < timezone.localdate(moment):
        raise Unfit("reply_by", gettext_noop("This day is over."))
    values = {
        field: fit(
            field, written.get(field, ""), longest=longest,
            needed=field in _NEEDED or (field == "why_urgent" and urgency == "urgent"),
        )
        for field, longest in _WRITTEN.items()
    }  # fmt: skip
    identifier, key_id = uuid4(), vault().new_key()
    instance = procedures.start(
        actor, code=PROCEDURE, side="requesting", subject=identifier, at=moment, key_id=key_id,
        partners={"requested": letters.country_of(to)},
    )  # fmt: skip
    row = _new(
        id=identifier, key_id=key_id, thread=uuid4(), peer=to, ours=True, measure=measure,
        crime=code_of("crime", "crimes", crime), urgency=urgency, reply_by=reply_by,
        investigation=investigation, procedure=instance, created_by=actor.account,
        created_at=moment, changed_at=moment,
    )  # fmt: skip
    row.seal_values({field: value for field, value in values.items() if value})
    row.save(force_insert=True)
    record(
        actor, AuditTag.ASSISTANCE_DRAFTED, handle=handle(row),
        detail={"to": to, "measure": measure},
    )  # fmt: skip
    return row


def outgoing(row: Assistance) -> Going:
    """The request exactly as it would leave, or as it came."""
    data = {
        "measure": row.measure, "crime": row.crime, "urgency": row.urgency, **row.values(),
    }  # fmt: skip
    if row.reply_by:
        data["reply_by"] = row.reply_by.isoformat()
    return letters.going(REQUEST, data, about=row.pk)


@transaction.atomic
def read(actor: Actor, row: Assistance) -> Going:
    """What the request says; the reading is logged."""
    row = visible(actor).get(pk=row.pk)
    record(actor, AuditTag.ASSISTANCE_READ, handle=handle(row))
    return outgoing(row)


@transaction.atomic
def send(actor: Actor, row: Assistance, *, seen: str, now: datetime | None = None) -> Assistance:
    """Send the request that was shown; pressed twice, it goes once. Raises `ChangedSinceSeen`."""
    row = _locked(actor, row, Action.SEND)
    if row.letter_id is not None:
        return row
    shown = outgoing(row)
    if shown.seen != seen:
        raise ChangedSinceSeen
    return _apply(actor, row, "send", REQUEST, shown.data, now or timezone.now())


@transaction.atomic
def step(
    actor: Actor, row: Assistance, *, verb: str, text: str = "", now: datetime | None = None
) -> Assistance:
    """Take a step and tell the other node. Raises `StepRefused`, `Unfit`."""
    row = _locked(actor, row, Action.DECIDE)
    moment, tidy = now or timezone.now(), fit("text", text, longest=4000)
    if verb == "send":
        raise Unfit("", gettext_noop("A request is sent from its own page."))
    if verb == "discard":
        procedures.apply(actor, instance=row.procedure, verb=verb, at=moment, reason=tidy)
        row.changed_at = moment
        row.save(update_fields=["changed_at"])
        return row
    data = {"event": verb, **({"text": tidy} if tidy else {})}
    return _apply(actor, row, verb, UPDATE, data, moment, reason=tidy)


def _apply(
    actor: Actor, row: Assistance, verb: str, letter_type: str, data: Mapping[str, Any],
    moment: datetime, reason: str = "",
) -> Assistance:  # fmt: skip
    procedures.apply(actor, instance=row.procedure, verb=verb, at=moment, reason=reason)
    letter = letters.send(
        actor, letter_type, data, to=row.peer, duty=row.values()["legal_basis"],
        thread=row.thread, key_id=row.key_id, now=moment,
    )  # fmt: skip
    row.letter_id, row.changed_at, row.undeliverable = letter.pk, moment, ""
    row.save(update_fields=["letter_id", "changed_at", "undeliverable"])
    record(
        actor, AuditTag.ASSISTANCE_STEP, handle=handle(row), detail={"verb": verb, "to": row.peer}
    )
    return row


def choices(actor: Actor, row: Assistance) -> list[Choice]:
    """What may be done now on our side, without sending the request."""
    found = procedures.choices(actor, instance=row.procedure)
    return [
        one
        for one in found
        if one.transition.side == row.procedure.side
        and one.transition.verb not in {"send", "acknowledge"}
    ]


# --- What comes in -------------------------------------------------------------------------------


def receive(letter: ReceivedLetter) -> None:
    """Keep a request under a key of its own and confirm it; the time to decide begins."""
    letters.check_incoming(letter)
    if Assistance.objects.filter(thread=letter.thread).exists():
        raise Reject("thread_in_use", "A request with this thread exists already.")
    data, identifier, key_id = letter.data, uuid4(), vault().new_key()
    instance = procedures.start(
        letter.actor, code=PROCEDURE, side="requested", subject=identifier, at=letter.time,
        key_id=key_id, partners={"requesting": letters.country_of(letter.source)},
    )  # fmt: skip
    procedures.hear(letter.actor, instance=instance, verb="send", at=letter.time)
    procedures.apply(letter.actor, instance=instance, verb="acknowledge", at=letter.received_at)
    row = _new(
        id=identifier, key_id=key_id, thread=letter.thread, peer=letter.source, ours=False,
        measure=data["measure"], crime=data["crime"], urgency=data["urgency"],
        reply_by=date.fromisoformat(data["reply_by"]) if "reply_by" in data else None,
        procedure=instance, created_by=SYSTEM_ACCOUNT, created_at=letter.received_at,
        changed_at=letter.received_at, delivered_at=letter.received_at,
    )  # fmt: skip
    row.seal_values({field: data[field] for field in _WRITTEN if field in data})
    row.save(force_insert=True)
    _log(letter, row, "request")


def receive_update(letter: ReceivedLetter) -> None:
    """Hear a step of the other side. One that crossed ours is kept by the procedure as crossed."""
    letters.check_incoming(letter)
    rows = Assistance.objects.select_related("procedure").select_for_update(of=("self",))
    row = rows.filter(thread=letter.thread, peer=letter.source).first()
    if row is None:
        raise Reject("unknown_request", "No request of yours has this thread here.")
    _hear_of_arrival(letter.actor, row, min(letter.time, letter.received_at))
    try:
        procedures.hear(
            letter.actor, instance=row.procedure, verb=letter.data["event"],
            at=letter.received_at, reason=str(letter.data.get("text", "")),
        )  # fmt: skip
    except StepRefused as refused:
        raise Reject("not_your_step", "This step is not yours to take.") from refused
    row.changed_at = letter.received_at
    row.save(update_fields=["changed_at"])
    _log(letter, row, letter.data["event"])


def _log(letter: ReceivedLetter, row: Assistance, what: str) -> None:
    record(
        letter.actor, AuditTag.ASSISTANCE_RECEIVED, handle=handle(row),
        detail={"from": letter.source, "what": what},
    )  # fmt: skip


def see_receipt(receipt: ReceiptSeen) -> None:
    """The receipt of our request starts the other side's clock; a refusal of one is shown."""
    rows = Assistance.objects.select_related("procedure").select_for_update(of=("self",))
    row = rows.filter(letter_id=receipt.letter).first()
    if row is None:
        return
    if receipt.verdict is Verdict.STORED and row.ours and receipt.received_at is not None:
        _hear_of_arrival(Actor.system(Purpose.INVESTIGATION), row, receipt.received_at)
        row.delivered_at = row.delivered_at or receipt.received_at
    row.undeliverable = joint.not_delivered(receipt)
    row.save(update_fields=["delivered_at", "undeliverable"])


def _hear_of_arrival(actor: Actor, row: Assistance, at: datetime) -> None:
    """Its answer may overtake its receipt; either tells that the request has arrived."""
    if row.ours and not row.procedure.events.filter(verb="acknowledge").exists():
        procedures.hear(actor, instance=row.procedure, verb="acknowledge", at=at)


def overdue_here(row: Assistance, now: datetime) -> bool:
    """Whether a deadline of ours has passed. It decides nothing (R4)."""
    return any(
        deadline.side == row.procedure.side and deadline.is_overdue(now)
        for deadline in row.procedure.deadlines.all()
        if deadline.is_live
    )


__all__ = [
    "choices", "draft", "find", "measures", "outgoing", "overdue_here", "read", "receive",
    "receive_update", "see_receipt", "send", "step", "visible",
]  # fmt: skip
