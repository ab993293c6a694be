# SPDX-License-Identifier: EUPL-1.2
"""What other packages do with letters: they register here, so that nothing imports upward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mostovi.exchange.letters import AttachmentNote
from mostovi.exchange.reasons import Reason
from mostovi.exchange.receipts import Verdict
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose


class Reject(Exception):
    """Raised by a handler that cannot accept a letter: nothing is kept, the sender is told why.

    `reason` is a code, `text` one sentence without personal data.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = str(reason or Reason.REFUSED_BY_RECEIVER)[:60]
        self.text = text[:500]


@dataclass(frozen=True)
class ReceivedLetter:
    """A verified letter whose turn it is. Legal clocks start at `received_at`.

    `actor` is the node itself, acting for the letter's purpose. `inbox` is the id with which
    attachments are asked for (`services.accept_attachments`).
    """

    id: UUID
    type: str
    source: str
    thread: UUID
    seq: int
    time: datetime
    expires: datetime
    received_at: datetime
    purpose: Purpose
    basis: Mapping[str, Any]
    data: Mapping[str, Any]
    subject: str
    in_reply_to: UUID | None
    attachments: tuple[AttachmentNote, ...]
    inbox: int
    digest: str
    actor: Actor


@dataclass(frozen=True)
class ReceiptSeen:
    """What the receiver of one of our letters answered, or that it could not be delivered.

    `verdict` is STORED, PARKED or REJECTED with the signed receipt; it is None when delivery ended
    without one (`reason` says why). `received_at` is the receiver's time: its clocks run from it.
    """

    letter: UUID
    type: str
    to: str
    thread: UUID
    verdict: Verdict | None
    reason: str
    text: str
    received_at: datetime | None
    head: str
    seen_at: datetime


Receive = Callable[[ReceivedLetter], None]
SeeReceipt = Callable[[ReceiptSeen], None]
_receivers: dict[str, Receive] = {}
_receipt_hooks: dict[str, list[SeeReceipt]] = {}


def register(letter_type: str, receive: Receive) -> None:
    """Let `receive` handle letters of this type, inside the inbox's transaction.

    It may raise `Reject`. Any other exception leaves the letter unreceived; the sender tries again.
    """
    _receivers[letter_type] = receive


def register_receipt(letter_type: str, see: SeeReceipt) -> None:
    """Tell `see` what became of our letters of this type, inside the relay's transaction."""
    hooks = _receipt_hooks.setdefault(letter_type, [])
    if see not in hooks:
        hooks.append(see)


on_receipt = register_receipt


def receiver(letter_type: str) -> Receive | None:
    """The handler of a letter type, or None."""
    return _receivers.get(letter_type)


def receipt_hooks(letter_type: str) -> tuple[SeeReceipt, ...]:
    """Who wants to know what became of letters of this type."""
    return tuple(_receipt_hooks.get(letter_type, ()))


def _fill_the_gap(letter: ReceivedLetter) -> None:
    """A place holder has done its work by arriving."""


register("mostovi.exchange.void.v1", _fill_the_gap)
