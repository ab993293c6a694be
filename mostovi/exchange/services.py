# SPDX-License-Identifier: EUPL-1.2
"""The verbs of `exchange`, as other packages and the four doors call them."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mostovi.exchange.attachments import (
    OutgoingAttachment,
    accept_attachments,
    erase_of,
    fetch_wanted,
    read_attachment,
)
from mostovi.exchange.inbox import Answer, close_alarm, parked_since, receive, receive_many
from mostovi.exchange.models import (
    Attachment,
    OutboxLetter,
    OutboxState,
    OutboxThread,
    ParkedLetter,
)
from mostovi.exchange.outbox import post, relay_due, retry, settle_fetched, stop, withdraw
from mostovi.exchange.peers import (
    add_peer,
    collect_entries,
    countersign_directory,
    import_directory,
    make_steward,
    own_entry,
    publish_directory,
    refresh_directory,
    retire_keys,
    revoke_key,
    rotate_keys,
)
from mostovi.exchange.polling import poll
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.retention import RetentionRule, cutoff
from mostovi.rights.services import record
from mostovi.rights.vault import vault

__all__ = [
    "Answer",
    "OutgoingAttachment",
    "accept_attachments",
    "add_peer",
    "close_alarm",
    "collect_entries",
    "countersign_directory",
    "erase_thread",
    "fetch_wanted",
    "has_undelivered",
    "import_directory",
    "make_steward",
    "own_entry",
    "parked_since",
    "poll",
    "post",
    "publish_directory",
    "read_attachment",
    "receive",
    "receive_many",
    "refresh_directory",
    "relay_due",
    "retire_keys",
    "retry",
    "revoke_key",
    "rotate_keys",
    "settle_fetched",
    "stop",
    "withdraw",
]


def has_undelivered(thread: UUID) -> bool:
    """Whether a letter of ours in `thread` was given up and nobody has dealt with it yet."""
    return OutboxLetter.objects.filter(thread=thread, state=OutboxState.DEAD).exists()


@transaction.atomic
def erase_thread(actor: Actor, *, thread: UUID, peer: str) -> int:
    """Erase what the exchange still holds of a thread with `peer`: parked letters, files, content.

    Receipts and digests stay. Called when a person is erased or a consent is withdrawn; returns
    how many rows lost content. What still waits to be sent is ended by `stop`.
    """
    came = {"inbox__thread": thread, "inbox__purpose": str(actor.purpose), "inbox__source": peer}
    went = {"outbox__thread": thread, "outbox__purpose": str(actor.purpose), "outbox__to": peer}
    erased = erase_of(Attachment.objects.filter(**came))
    erased += erase_of(Attachment.objects.filter(**went))
    for parked in ParkedLetter.objects.filter(**came):
        erased += _forget(parked)
    settled = OutboxLetter.objects.filter(
        thread=thread,
        to=peer,
        purpose=str(actor.purpose),
        state__in=[OutboxState.DELIVERED, OutboxState.WITHDRAWN, OutboxState.REPLACED],
    ).exclude(sealed=b"")
    erased += settled.update(sealed=b"")
    record(actor, AuditTag.THREAD_ERASED, handle=vault().handle("thread", thread))
    return erased


def _forget(parked: ParkedLetter) -> int:
    """Destroy a parked letter's key; the row stays in its place. 0 when it was done before."""
    if not vault().holds(parked.key_id):
        return 0
    transaction.on_commit(partial(vault().destroy, parked.key_id))
    return 1


def end_letters(rule: RetentionRule, today: date) -> int:
    """Retention: content of letters past the rule's end is erased; receipts stay."""
    before = cutoff(rule, today)
    if before is None:
        return 0
    moment = timezone.make_aware(datetime.combine(before, time.min))
    with transaction.atomic():
        ended = erase_of(Attachment.objects.filter(inbox__received_at__lt=moment))
        ended += erase_of(Attachment.objects.filter(outbox__created_at__lt=moment))
        old = OutboxLetter.objects.filter(created_at__lt=moment).exclude(
            state__in=[OutboxState.WAITING, OutboxState.PARKED]
        )
        ended += old.exclude(sealed=b"").update(sealed=b"")
        for parked in ParkedLetter.objects.filter(inbox__received_at__lt=moment):
            ended += _forget(parked)
        _forget_threads(moment)
    return ended


def _forget_threads(moment: datetime) -> None:
    """Destroy the keys of outgoing threads in which nothing waits any longer."""
    with_content = OutboxLetter.objects.exclude(sealed=b"").values("thread")
    quiet = OutboxThread.objects.exclude(thread__in=with_content).filter(
        thread__in=OutboxLetter.objects.filter(created_at__lt=moment).values("thread")
    )
    for lane in quiet:
        if vault().holds(lane.key_id):
            transaction.on_commit(partial(vault().destroy, lane.key_id))


def system() -> Actor:
    """The node itself, for its own housekeeping."""
    return Actor.system(Purpose.GOVERNANCE)
