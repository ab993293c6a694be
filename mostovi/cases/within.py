# SPDX-License-Identifier: EUPL-1.2
"""Referral to another unit of this institution: the same steps and forms, and no letter.

Each unit has its own end of the referral, as two nodes would: its own record, its own side of the
procedure, its own clocks. What would go as a letter is handed to the handlers of the inbox in the
same transaction, so that the receiving unit sees only the fields that were ticked until it accepts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.translation import gettext as _

from mostovi.cases.models import Case, Direction, Referral
from mostovi.cases.services import case_handle
from mostovi.cases.vocabulary import Service, needs
from mostovi.exchange import handlers
from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter
from mostovi.exchange.receipts import Verdict
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.storage import opened

PREFIX = "unit-"
_UNIT = re.compile(r"[a-z0-9-]{1,30}\Z")
ANSWER_DAYS = 3


def is_within(peer: str) -> bool:
    """Whether the other end is a unit of this institution."""
    return peer.startswith(PREFIX)


def peer_of(unit: str) -> str:
    """How a unit of this institution is named as the other end of a referral."""
    return PREFIX + unit


def unit_of(peer: str) -> str:
    """The counterpart of `peer_of`."""
    return peer.removeprefix(PREFIX)


def unit_name(unit: str) -> str:
    """A unit's code as words."""
    return unit.replace("-", " ").replace("_", " ").capitalize()


def peer_name(peer: str) -> str:
    """The other end as it is shown: a unit by its name, a node by its code."""
    return unit_name(unit_of(peer)) if is_within(peer) else peer.upper()


def units() -> list[str]:
    """The units that a referral can be addressed to; none where there is only one."""
    found = [unit for unit in settings.MOSTOVI.units if _UNIT.match(unit)]
    return found if len(found) > 1 else []


def unit_services() -> dict[str, Service]:
    """Every unit as something that takes referrals, whatever the need."""
    return {
        f"unit.{unit}": Service(
            settings.MOSTOVI.code, f"unit.{unit}",
            _("Unit: %(unit)s") % {"unit": unit_name(unit)}, tuple(needs()), ANSWER_DAYS,
            unit=unit,
        )
        for unit in units()
    }  # fmt: skip


def deliver(
    referral: Referral,
    *,
    letter_type: str,
    basis: Mapping[str, Any],
    data: Mapping[str, Any],
    now: datetime,
) -> UUID:
    """Hand over what would be a letter, and the receipt for it; returns the letter's id."""
    first = referral.letter_id is None
    other = None if first else _counterpart(referral)
    letter = ReceivedLetter(
        id=uuid4(), type=letter_type, source=peer_of(referral.unit),
        thread=other.thread if other else uuid4(), seq=1, time=now,
        expires=now + timedelta(days=1), received_at=now, purpose=Purpose(referral.purpose),
        basis=basis, data=data, subject=str(data.get("subject", "")), in_reply_to=None,
        attachments=(), inbox=0, digest="", actor=Actor.system(Purpose(referral.purpose)),
    )  # fmt: skip
    receive = handlers.receiver(letter_type)
    if receive is not None and (first or other is not None):
        receive(letter)
    return letter.id


def confirm(referral: Referral, *, letter_type: str, now: datetime) -> None:
    """Tell the sender's end that the other unit has it, as a signed receipt would."""
    seen = ReceiptSeen(
        letter=referral.letter_id or uuid4(), type=letter_type, to=referral.peer,
        thread=referral.thread, verdict=Verdict.STORED, reason="", text="", received_at=now,
        head="", seen_at=now,
    )  # fmt: skip
    for see in handlers.receipt_hooks(letter_type):
        see(seen)


def _counterpart(referral: Referral) -> Referral | None:
    """The other unit's end: both carry the id of the first letter."""
    rows = Referral.objects.filter(letter_id=referral.letter_id).exclude(pk=referral.pk)
    return rows.first()


def after_acceptance(actor: Actor, referral: Referral) -> None:
    """Give the accepting unit the whole case where the sender has decided so.

    The case then belongs to the accepting unit and its officer; one unit holds it at a time.
    """
    sent = _counterpart(referral)
    if sent is None or sent.direction != Direction.SENT or sent.case_id is None:
        return
    ((_row, values),) = opened([sent])
    if (values or {}).get("access") != "case":
        return
    case = Case.objects.select_for_update().get(pk=sent.case_id)
    if case.unit != sent.unit:
        return  # It has gone elsewhere meanwhile.
    case.unit, case.holder = referral.unit, actor.account
    case.save(update_fields=["unit", "holder"])
    Person.objects.filter(pk=case.person_id).update(unit=referral.unit)
    record(actor, AuditTag.CASE_HANDED_ON, handle=case_handle(case), detail={"unit": referral.unit})
