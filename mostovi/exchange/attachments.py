# SPDX-License-Identifier: EUPL-1.2
"""Files that belong to letters: apart from them, encrypted on disk, fetched only when wanted."""

from __future__ import annotations

import base64
import logging
import os
import random
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import uuid_utils.compat
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction
from django.db.models import Q, QuerySet

from mostovi.exchange import backoff, letters
from mostovi.exchange.keys import PublicKey
from mostovi.exchange.keystore import key_store, signing_pair
from mostovi.exchange.letters import AttachmentNote
from mostovi.exchange.models import (
    Attachment,
    AttachmentState,
    InboxLetter,
    OutboxLetter,
    Peer,
)
from mostovi.exchange.peers import endpoint_of, us
from mostovi.exchange.reasons import ExchangeError, LetterRefused, Reason
from mostovi.exchange.requests import request_token
from mostovi.exchange.transport import Transport, Unreachable
from mostovi.exchange.wire import sha256
from mostovi.rights.access import Action, Actor, Kind, Refusal, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose, open_for
from mostovi.rights.services import record
from mostovi.rights.vault import vault

logger = logging.getLogger(__name__)
LARGEST: Final = 18_000_000
LARGEST_SEALED: Final = 25_000_000
CONTENT: Final = "mg+blob"
CLAIM: Final = timedelta(minutes=1)
"""How long whoever fetches a file has it; one that was killed meanwhile loses it after that."""
_NONCE: Final = 12


@dataclass(frozen=True)
class OutgoingAttachment:
    """A file to send: its bytes, media type, and what it is as a code."""

    content: bytes
    media_type: str
    kind: str


@dataclass(frozen=True)
class SealedAttachment:
    """A file encrypted to its receiver, and what the letter says of it."""

    note: AttachmentNote
    token: bytes


def seal_all(
    attachments: Iterable[OutgoingAttachment], receiver: PublicKey
) -> list[SealedAttachment]:
    """Encrypt each file to `receiver`; raises `LetterRefused(too_large)` above 18 MB."""
    sealed = []
    for item in attachments:
        if len(item.content) > LARGEST:
            raise LetterRefused(
                Reason.TOO_LARGE,
                f"An attachment is larger than {LARGEST // 1_000_000} MB; split or shrink it.",
                status=413,
            )
        token = letters.encrypt(item.content, receiver, CONTENT, blob=True).encode()
        note = AttachmentNote(
            id=uuid_utils.compat.uuid7(),
            sha256=sha256(token),
            bytes=len(item.content),
            media_type=item.media_type,
            kind=item.kind,
        )
        sealed.append(SealedAttachment(note, token))
    return sealed


def keep_outgoing(row: OutboxLetter, sealed: Iterable[SealedAttachment]) -> None:
    """Write the encrypted files of a posted letter; they disappear if it is not committed."""
    for item in sealed:
        note = item.note
        attachment = Attachment(
            outbox=row,
            peer=row.to,
            note=note.id,
            sha256=note.sha256,
            bytes=note.bytes,
            media_type=note.media_type,
            kind=note.kind,
            key_id=row.key_id,
        )
        attachment.seal_values({})
        attachment.save(force_insert=True)
        _written(attachment.path, item.token).replace(attachment.path)


def keep_notes(inbox: InboxLetter, notes: Iterable[AttachmentNote]) -> None:
    """Remember what a letter offers; nothing is fetched before it is accepted."""
    for note in notes:
        attachment = Attachment(
            inbox=inbox,
            peer=inbox.source,
            note=note.id,
            sha256=note.sha256,
            bytes=note.bytes,
            media_type=note.media_type,
            kind=note.kind,
            key_id=vault().new_key(),
        )
        attachment.seal_values({})
        attachment.save(force_insert=True)


def _written(path: Path, content: bytes) -> Path:
    """Write to a file of our own beside `path`, safely on disk; the caller renames it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sweep(path: Path) -> None:
    """Remove what other processes wrote of the same file: those that lost, or were killed."""
    for remnant in path.parent.glob(f"{path.name}.*.part"):
        remnant.unlink(missing_ok=True)


@transaction.atomic
def accept_attachments(actor: Actor, *, inbox: int, now: datetime) -> int:
    """Ask for the files of a letter that was accepted; returns how many will be fetched."""
    letter = InboxLetter.objects.get(pk=inbox)
    _check_purpose(actor, letter.purpose)
    return letter.attachments.filter(
        state__in=[AttachmentState.OFFERED, AttachmentState.FAILED]
    ).update(state=AttachmentState.WANTED, next_attempt=now, failures=0)


def _check_purpose(actor: Actor, purpose: str) -> None:
    if not open_for(Purpose(purpose), actor.purpose):
        raise Refused(Action.READ, Kind.LETTER, Refusal.CLOSED_TO_PURPOSE)


def fetch_wanted(now: datetime, transport: Transport) -> int:
    """Fetch the files that were asked for, from nodes that can be reached."""
    wanted = Attachment.objects.filter(
        Q(next_attempt__lte=now), inbox__isnull=False, state=AttachmentState.WANTED
    )
    return sum(_fetch(item, transport, now) for item in wanted[:20] if _claimed(item, now))


def _claimed(attachment: Attachment, now: datetime) -> bool:
    """Take the file for `CLAIM`, so that the worker and a web process do not both carry it."""
    due = _still_wanted(attachment).filter(next_attempt__lte=now)
    return due.update(next_attempt=now + CLAIM) == 1


def _fetch(attachment: Attachment, transport: Transport, now: datetime) -> int:
    peer = Peer.objects.filter(code=attachment.peer).first()
    base = endpoint_of(peer) if peer else ""
    if not base:
        return 0
    path = f"/exchange/v1/blobs/{attachment.sha256}"
    authorization = request_token(
        us=us(), to=attachment.peer, method="GET", path=path, body=b"",
        key=signing_pair(now), now=now,
    )  # fmt: skip
    try:
        reply = transport.request(
            "GET", base + path, headers={"Authorization": authorization}, limit=LARGEST_SEALED
        )
    except Unreachable:
        return _fetch_later(attachment, now)
    if reply.status != 200:
        return (
            _fetch_failed(attachment, now)
            if backoff.final(reply.status)
            else _fetch_later(attachment, now)
        )
    try:
        return int(take_in(attachment, reply.body, now))
    except ExchangeError as error:
        logger.warning("attachment refused", extra={"why": error.reason})
        return _fetch_failed(attachment, now)


def _still_wanted(attachment: Attachment) -> QuerySet[Attachment]:
    """The row, unless another process has fetched it or it was erased meanwhile."""
    return Attachment.objects.filter(pk=attachment.pk, state=AttachmentState.WANTED)


def _fetch_later(attachment: Attachment, now: datetime) -> int:
    failures = attachment.failures + 1
    again = now + backoff.delay(failures, random.random())  # noqa: S311
    _still_wanted(attachment).update(failures=failures, next_attempt=again)
    return 0


def _fetch_failed(attachment: Attachment, now: datetime) -> int:
    _still_wanted(attachment).update(state=AttachmentState.FAILED)
    return 0


def take_in(attachment: Attachment, token: bytes, now: datetime) -> bool:
    """Check and keep a file that was fetched or brought; raises `LetterRefused`.

    False when it is wanted no longer: several processes may bring the same file at once, and the
    first one's stays. It must be exactly what the signed letter named. On disk it
    lies under a key of its own, so that ending our exchange keys does not lose it and erasing it
    needs no trust in the disk.
    """
    if sha256(token) != attachment.sha256:
        raise LetterRefused(
            Reason.WRONG_DIGEST, "The file is not the one that the letter names.", status=422
        )
    content = letters.decrypt(token, key_store().pair, now, cty=CONTENT, blob=True)
    if len(content) != attachment.bytes:
        raise LetterRefused(
            Reason.WRONG_DIGEST, "The file has another size than the letter says.", status=422
        )
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE)
    path = attachment.path
    temporary = _written(
        path, nonce + AESGCM(key).encrypt(nonce, content, attachment.seal_context.encode())
    )
    try:
        return _take(attachment, temporary, key)
    finally:
        temporary.unlink(missing_ok=True)


@transaction.atomic
def _take(attachment: Attachment, temporary: Path, key: bytes) -> bool:
    """Put the written file in its place and its key into the row, under the row's lock."""
    row = _still_wanted(attachment).select_for_update(of=("self",)).first()
    if row is None:
        return False
    row.seal_values({"key": base64.b64encode(key).decode()})
    row.state = AttachmentState.HELD
    row.save(update_fields=["sealed", "state"])
    record(
        Actor.system(Purpose(row.inbox.purpose) if row.inbox else _GOVERNANCE),
        AuditTag.ATTACHMENT_FETCHED,
        handle=vault().handle("attachment", row.pk),
        detail={"bytes": row.bytes},
    )
    temporary.replace(row.path)
    transaction.on_commit(partial(_sweep, row.path))
    return True


_GOVERNANCE: Final = Purpose.GOVERNANCE


def read_attachment(actor: Actor, *, attachment_id: UUID, inbox: int) -> bytes:
    """The plain file, for the letter's own purpose only; the read is logged (R9).

    The caller has checked that the actor may read the record the letter belongs to.
    """
    attachment = Attachment.objects.select_related("inbox").get(
        pk=attachment_id, inbox_id=inbox, state=AttachmentState.HELD
    )
    _check_purpose(actor, attachment.inbox.purpose if attachment.inbox else "")
    record(actor, AuditTag.ATTACHMENT_READ, handle=vault().handle("attachment", attachment.pk))
    stored = attachment.path.read_bytes()
    key = base64.b64decode(attachment.values()["key"])
    return AESGCM(key).decrypt(stored[:_NONCE], stored[_NONCE:], attachment.seal_context.encode())


def outgoing(code: str, digest: str) -> Attachment | None:
    """Our file with this digest for node `code`, if a letter of ours offers it to that node."""
    return (
        Attachment.objects.filter(peer=code, sha256=digest, outbox__isnull=False)
        .exclude(state=AttachmentState.ERASED)
        .first()
    )


def wanted_from(code: str) -> Iterator[Attachment]:
    """Files of node `code` that wait to be fetched or brought."""
    return Attachment.objects.filter(
        peer=code, inbox__isnull=False, state=AttachmentState.WANTED
    ).iterator()


def erase_of(attachments: QuerySet[Attachment] | Any) -> int:
    """Remove the files and forget their keys; the rows stay to say that they were."""
    count = 0
    for attachment in attachments.exclude(state=AttachmentState.ERASED):
        attachment.path.unlink(missing_ok=True)
        _sweep(attachment.path)
        attachment.sealed, attachment.state = b"", AttachmentState.ERASED
        attachment.save(update_fields=["sealed", "state"])
        if attachment.inbox_id:
            transaction.on_commit(partial(vault().destroy, attachment.key_id))
        count += 1
    return count
