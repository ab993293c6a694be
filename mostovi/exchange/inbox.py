# SPDX-License-Identifier: EUPL-1.2
"""Letters that come in: opened, checked, run once, and answered with a signed receipt.

Everything a letter does happens in one transaction with its inbox row, so a crash leaves either
nothing (the sender comes again) or all of it (the sender gets the stored receipt).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from mostovi.exchange import attachments as files
from mostovi.exchange.handlers import ReceivedLetter, Reject, receiver
from mostovi.exchange.keys import KeyPair
from mostovi.exchange.keystore import key_store, signing_pair
from mostovi.exchange.letters import Letter, Opened, open_token, read
from mostovi.exchange.models import Alarm, InboxLetter, InboxState, InboxThread, ParkedLetter
from mostovi.exchange.outbox import VOID, hurry
from mostovi.exchange.peers import KnownPeers, known_peers, note_contact, us
from mostovi.exchange.profiles import Profile, profile
from mostovi.exchange.reasons import LetterRefused, Reason
from mostovi.exchange.receipts import Receipt, Verdict, issue
from mostovi.exchange.sequence import Place, ThreadState
from mostovi.exchange.xroad import XRoadRequest
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import head, record, record_many
from mostovi.rights.vault import KeyDestroyed, vault

logger = logging.getLogger(__name__)
DIRECT: Final = XRoadRequest()


@dataclass(frozen=True)
class Answer:
    """What the sender is told of one letter.

    `status` is the HTTP status. `receipt` is the signed receipt when the sender is known and the
    letter has its place in the inbox; a refusal before that has only `reason` and `sentence`.
    `repeat` marks a letter that was here before: the receipt is the stored one.
    """

    status: int
    reason: str = ""
    sentence: str = ""
    receipt: str = ""
    letter: UUID | None = None
    repeat: bool = False


Lane = tuple[str, UUID]


@dataclass
class _Batch:
    """What the letters of one request share: read once, written once."""

    now: datetime
    key: KeyPair
    head: str
    xroad: XRoadRequest
    known: KnownPeers
    seen: dict[tuple[str, UUID], InboxLetter]
    lanes: dict[Lane, InboxThread]
    heard: list[tuple[AuditTag, Purpose, str]] = field(default_factory=list)
    moved: set[Lane] = field(default_factory=set)

    def hear(self, tag: AuditTag, letter: Letter) -> None:
        """Remember an event for the log; all of the batch are written at once."""
        self.heard.append((tag, _purpose(letter), vault().handle("letter", letter.id)))


def _purpose(letter: Letter) -> Purpose:
    try:
        return Purpose(letter.purpose)
    except ValueError:
        return Purpose.GOVERNANCE


def receive(token: bytes, now: datetime, xroad: XRoadRequest = DIRECT) -> Answer:
    """Take in one letter; see `receive_many`."""
    return receive_many([token], now, xroad)[0]


def receive_many(
    tokens: Sequence[bytes], now: datetime, xroad: XRoadRequest = DIRECT
) -> list[Answer]:
    """Take in letters in order and answer each; one that is refused changes nothing.

    All are opened first; those that can be trusted are run in one transaction, each in a savepoint
    of its own, so that a batch costs one write to the disk.
    """
    known = known_peers()
    opened = [_opened(token, known, now) for token in tokens]
    trusted = [item for item in opened if isinstance(item, Opened)]
    if not trusted:
        return [item for item in opened if isinstance(item, Answer)]
    with transaction.atomic():
        # The lanes first: whoever else brings letters of these threads waits until we are done.
        lanes = _locked_lanes({(item.letter.source, item.letter.thread) for item in trusted})
        # Read before anything is written: receipts name the log as it stood when they were given.
        batch = _Batch(
            now, signing_pair(now), head().digest, xroad, known, _seen_before(trusted), lanes
        )
        answers = [item if isinstance(item, Answer) else _taken_in(item, batch) for item in opened]
        _write_lanes([lanes[lane] for lane in sorted(batch.moved)])
        _write_log(batch)
    for source in {item.letter.source for item in trusted}:
        note_contact(source, now)
        hurry(source, now)
    return answers


def _opened(token: bytes, known: KnownPeers, now: datetime) -> Opened | Answer:
    try:
        item = open_token(
            token,
            us=us(),
            our_key=key_store().pair,
            their_key=known.signing_key,
            now=now,
        )
        known.require(item.letter.source)
    except LetterRefused as error:
        logger.warning("letter refused", extra={"reason": error.reason})
        return Answer(error.status, error.reason, error.sentence)
    return item


def _locked_lanes(wanted: set[Lane]) -> dict[Lane, InboxThread]:
    """The threads of a batch, made where they are new, locked always in the same order."""
    found = _locked(wanted)
    missing = sorted(wanted - found.keys())
    if missing:
        InboxThread.objects.bulk_create(
            [InboxThread(source=source, thread=thread) for source, thread in missing],
            ignore_conflicts=True,
        )
        found |= _locked(set(missing))
    return found


def _locked(wanted: set[Lane]) -> dict[Lane, InboxThread]:
    rows = InboxThread.objects.filter(thread__in=[thread for _, thread in wanted])
    locked = rows.order_by("source", "thread").select_for_update()
    return {lane: row for row in locked if (lane := (row.source, row.thread)) in wanted}


def _write_lanes(rows: Sequence[InboxThread]) -> None:
    fields = ["expected", "waiting", "last_digest"]
    if len(rows) == 1:
        rows[0].save(update_fields=fields)
    elif rows:
        # All exist and are locked; one upsert is much less work than `bulk_update`.
        InboxThread.objects.bulk_create(
            [
                InboxThread(
                    source=row.source, thread=row.thread, expected=row.expected,
                    waiting=row.waiting, last_digest=row.last_digest,
                )
                for row in rows
            ],
            update_conflicts=True, unique_fields=["source", "thread"], update_fields=fields,
        )  # fmt: skip


def _seen_before(items: Sequence[Opened]) -> dict[tuple[str, UUID], InboxLetter]:
    rows = InboxLetter.objects.filter(letter__in=[item.letter.id for item in items])
    return {(row.source, row.letter): row for row in rows}


def _write_log(batch: _Batch) -> None:
    groups: dict[tuple[AuditTag, Purpose], list[str]] = {}
    for tag, purpose, handle in batch.heard:
        groups.setdefault((tag, purpose), []).append(handle)
    for (tag, purpose), handles in groups.items():
        record_many(Actor.system(purpose), tag, handles=handles)


def _taken_in(item: Opened, batch: _Batch) -> Answer:
    letter = item.letter
    lane = batch.lanes[letter.source, letter.thread]
    before = (lane.expected, list(lane.waiting), lane.last_digest)
    repeated = _repeat(item, batch)
    if repeated is not None:
        return repeated
    try:
        with transaction.atomic():
            row = _placed(item, lane, batch)
    except LetterRefused as error:
        # Refused without a receipt: it contradicts what is already here.
        batch.hear(AuditTag.LETTER_REFUSED, letter)
        logger.warning("letter refused", extra={"reason": error.reason, "letter": str(letter.id)})
        return Answer(error.status, error.reason, error.sentence, letter=letter.id)
    except Exception:
        # The savepoint took back what the letter did; so must what is remembered of its thread.
        lane.expected, lane.waiting, lane.last_digest = before
        logger.exception("letter could not be handled", extra={"letter": str(letter.id)})
        return _try_again(letter)
    batch.seen[letter.source, letter.id] = row
    batch.moved.add((letter.source, letter.thread))
    return _answer(row)


def _try_again(letter: Letter) -> Answer:
    return Answer(
        503,
        Reason.TRY_AGAIN,
        "The letter could not be taken in now; it will be accepted later.",
        letter=letter.id,
    )


def _repeat(item: Opened, batch: _Batch) -> Answer | None:
    """The stored receipt when this letter was here before."""
    letter = item.letter
    row = batch.seen.get((letter.source, letter.id))
    if row is None:
        return None
    if row.digest != item.digest:
        _raise_alarm(item, Reason.ID_REUSED, batch.now)
        batch.hear(AuditTag.LETTER_ALARM, letter)
        return Answer(
            409,
            Reason.ID_REUSED,
            "A letter with this id but other content was received before; it was not kept.",
            letter=letter.id,
        )
    return _answer(row, repeat=True)


def _raise_alarm(item: Opened, reason: Reason, now: datetime) -> None:
    open_alarm, created = Alarm.objects.get_or_create(
        source=item.letter.source,
        reason=reason,
        letter=item.letter.id,
        closed_at=None,
        defaults={"at": now},
    )
    if not created:
        Alarm.objects.filter(pk=open_alarm.pk).update(times=open_alarm.times + 1, at=now)


def _answer(row: InboxLetter, *, repeat: bool = False) -> Answer:
    status = 422 if row.state == InboxState.REJECTED else 202
    return Answer(status, row.reason, row.reason_text, row.receipt, row.letter, repeat)


def _placed(item: Opened, lane: InboxThread, batch: _Batch) -> InboxLetter:
    """Give the letter its place in the thread, and run what can run now."""
    letter = item.letter
    state = ThreadState(lane.expected, frozenset(lane.waiting))
    place = state.place(letter.seq)
    if place is Place.BEHIND:
        raise LetterRefused(
            Reason.SEQUENCE_REUSED,
            f"Number {letter.seq} of this thread was received before in another letter.",
            status=409,
        )
    if place is Place.NEXT and letter.prev != lane.last_digest:
        raise LetterRefused(
            Reason.CHAIN_BROKEN,
            "'prev' does not name the letter that was received before; nothing was kept.",
            status=409,
        )
    refusal = _refusal(letter, batch)
    row = _row(item, batch)
    after, runs = state.arrived(letter.seq)
    if refusal is not None:
        _reject(row, letter, refusal, batch)
    elif place is Place.NEXT or profile(letter.type).urgent:
        _run(row, item.letter, batch)
    else:
        _park(row, item, batch)
    if runs:
        lane.last_digest = _carried_digest(letter, item.digest)
        _run_followers(lane, runs[1:], batch)
    lane.expected, lane.waiting = after.expected, sorted(after.waiting)
    return row


def _carried_digest(letter: Letter, digest: str) -> str:
    """What the next letter's `prev` must be: a place holder stands for the letter it replaced."""
    return str(letter.data["digest"]) if letter.type == VOID and "digest" in letter.data else digest


def _refusal(letter: Letter, batch: _Batch) -> Reject | None:
    """Why a letter from a known sender may not run; None when it may."""
    try:
        form = profile(letter.type)
        _check_allowed(letter, form, batch.known)
        form.check(letter.purpose, letter.basis, letter.data, batch.now)
    except LetterRefused as error:
        return Reject(error.reason, error.sentence)
    return None


def _check_allowed(letter: Letter, form: Profile, known: KnownPeers) -> None:
    sender = known.require(letter.source)
    if not sender.allows(letter.type) or receiver(letter.type) is None:
        raise LetterRefused(
            Reason.LETTER_TYPE_NOT_ALLOWED, "This node does not take letters of this type from you."
        )
    if form.personal and not settings.MOSTOVI.holds_persons:
        raise LetterRefused(
            Reason.HOLDS_NO_PERSONS, "This node holds no data about persons and keeps none."
        )


def _row(item: Opened, batch: _Batch) -> InboxLetter:
    letter = item.letter
    row = InboxLetter(
        source=letter.source,
        letter=letter.id,
        letter_type=letter.type,
        purpose=letter.purpose[:20],
        thread=letter.thread,
        seq=letter.seq,
        digest=item.digest,
        token_sha256=item.token_sha256,
        signing_key=item.signing_key.kid,
        received_at=batch.now,
        state=InboxState.HANDLED,
        request_hash=batch.xroad.request_hash,
    )
    row.receipt = _receipt(row, Verdict.STORED, batch)
    row.save(force_insert=True)
    return row


def _receipt(row: InboxLetter, verdict: Verdict, batch: _Batch) -> str:
    return issue(
        Receipt(
            letter=row.letter,
            source=row.source,
            node=us(),
            sha256=row.token_sha256,
            digest=row.digest,
            received_at=row.received_at,
            verdict=verdict,
            reason=row.reason,
            text=row.reason_text,
            head=batch.head,
            request_hash=row.request_hash,
        ),
        batch.key,
    )


def _run(row: InboxLetter, letter: Letter, batch: _Batch) -> None:
    """Let the registered package handle the letter; a `Reject` undoes what it did."""
    handle = receiver(letter.type)
    try:
        with transaction.atomic():
            if letter.attachments:
                files.keep_notes(row, letter.attachments)
            if handle is not None:
                handle(_received(row, letter))
    except Reject as reject:
        _reject(row, letter, reject, batch)
        return
    batch.hear(AuditTag.LETTER_RECEIVED, letter)


def _received(row: InboxLetter, letter: Letter) -> ReceivedLetter:
    purpose = Purpose(letter.purpose)
    return ReceivedLetter(
        id=letter.id,
        type=letter.type,
        source=letter.source,
        thread=letter.thread,
        seq=letter.seq,
        time=letter.time,
        expires=letter.expires,
        received_at=row.received_at,
        purpose=purpose,
        basis=letter.basis,
        data=letter.data,
        subject=letter.subject,
        in_reply_to=letter.in_reply_to,
        attachments=letter.attachments,
        inbox=row.pk,
        digest=row.digest,
        actor=Actor.system(purpose),
    )


def _reject(row: InboxLetter, letter: Letter, reject: Reject, batch: _Batch) -> None:
    """Keep the number, the digest and why; nothing of the content."""
    row.state, row.reason, row.reason_text = InboxState.REJECTED, reject.reason, reject.text
    row.receipt = _receipt(row, Verdict.REJECTED, batch)
    row.save(update_fields=["state", "reason", "reason_text", "receipt"])
    batch.hear(AuditTag.LETTER_REJECTED, letter)


def _park(row: InboxLetter, item: Opened, batch: _Batch) -> None:
    row.state = InboxState.PARKED
    row.receipt = _receipt(row, Verdict.PARKED, batch)
    row.save(update_fields=["state", "receipt"])
    parked = ParkedLetter(inbox=row, key_id=vault().new_key())
    parked.seal_values({"envelope": dict(item.envelope)})
    parked.save(force_insert=True)
    batch.hear(AuditTag.LETTER_PARKED, item.letter)


def _run_followers(lane: InboxThread, numbers: Sequence[int], batch: _Batch) -> None:
    """Run the letters that waited beyond the gap that has just been filled."""
    for seq in numbers:
        row = InboxLetter.objects.filter(source=lane.source, thread=lane.thread, seq=seq).latest(
            "id"
        )
        batch.seen[row.source, row.letter] = row
        parked = ParkedLetter.objects.filter(inbox=row).first()
        if parked is None:
            # It ran at once (urgent), or was rejected when it came.
            lane.last_digest = row.digest
            continue
        try:
            letter = read(parked.values()["envelope"])
        except KeyDestroyed:
            _reject_erased(row, batch)
            lane.last_digest = row.digest
            parked.delete()
            continue
        row.state = InboxState.HANDLED
        if letter.prev != lane.last_digest:
            _reject(row, letter, _broken_chain(), batch)
        else:
            row.receipt = _receipt(row, Verdict.STORED, batch)
            row.save(update_fields=["state", "receipt"])
            _run(row, letter, batch)
        lane.last_digest = _carried_digest(letter, row.digest)
        parked.delete()
        transaction.on_commit(partial(vault().destroy, parked.key_id))


def _reject_erased(row: InboxLetter, batch: _Batch) -> None:
    """Its content was erased while it waited (consent withdrawn, retention): it never runs."""
    row.state, row.reason = InboxState.REJECTED, Reason.ERASED
    row.reason_text = "The content was erased while the letter waited for an earlier one."
    row.receipt = _receipt(row, Verdict.REJECTED, batch)
    row.save(update_fields=["state", "reason", "reason_text", "receipt"])
    handle = vault().handle("letter", row.letter)
    batch.heard.append((AuditTag.LETTER_REJECTED, Purpose(row.purpose), handle))


def _broken_chain() -> Reject:
    return Reject(Reason.CHAIN_BROKEN, "'prev' does not name the letter that came before.")


def parked_since(before: datetime) -> Any:
    """Letters that wait for an earlier one since before `before`."""
    return InboxLetter.objects.filter(state=InboxState.PARKED, received_at__lt=before)


def close_alarm(actor: Actor, *, alarm_id: int, now: datetime) -> None:
    """Close an alarm that an administrator has looked at."""
    require(actor, Action.CHANGE, Kind.LETTER)
    with transaction.atomic():
        Alarm.objects.filter(pk=alarm_id, closed_at=None).update(closed_at=now)
        record(actor, AuditTag.LETTER_ALARM, outcome="closed")
