# SPDX-License-Identifier: EUPL-1.2
"""Letters on their way out: written with the change they belong to, carried until confirmed.

`post` writes a row in the caller's transaction. `relay_due` carries what is due. A crash at any
point leaves the row as it was or as it became; the receiver knows each letter by (source, id), so
carrying one twice does no harm.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import uuid_utils.compat
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from mostovi.exchange import attachments as files
from mostovi.exchange import backoff
from mostovi.exchange.attachments import OutgoingAttachment
from mostovi.exchange.directory import NodeEntry
from mostovi.exchange.handlers import ReceiptSeen, receipt_hooks
from mostovi.exchange.keys import KeyPair, Use
from mostovi.exchange.keystore import signing_pair
from mostovi.exchange.letters import MAXIMUM_TOKEN, Letter, digest, read, seal_payload
from mostovi.exchange.models import Delivery, OutboxLetter, OutboxState, OutboxThread, Peer
from mostovi.exchange.peers import (
    KnownPeers,
    endpoint_of,
    known_peers,
    note_contact,
    note_failure,
    us,
)
from mostovi.exchange.profiles import profile
from mostovi.exchange.reasons import ExchangeError, LetterRefused, Reason
from mostovi.exchange.receipts import Receipt, Verdict, read_receipt
from mostovi.exchange.transport import Reply, Transport, Unreachable, http_transport
from mostovi.exchange.wire import canonical, format_time, parse_object, parse_time, sha256
from mostovi.rights.access import Action, Actor, Kind, Refusal, Refused, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose, open_for
from mostovi.rights.services import record, record_many
from mostovi.rights.storage import opened
from mostovi.rights.vault import Altered, KeyDestroyed, vault

logger = logging.getLogger(__name__)
VOID: Final = "mostovi.exchange.void.v1"
LIFETIME: Final = timedelta(hours=72)
LEASE: Final = timedelta(seconds=15)
ROUND: Final = 256
PARCEL: Final = 900_000
CONCURRENT_PEERS: Final = 8
_SETTLED: Final = (
    "state", "receipt", "received_at", "reason", "reason_text", "settled_at", "lease_until",
)  # fmt: skip
_PENDING: Final = (OutboxState.WAITING, OutboxState.PARKED)


def new_id() -> UUID:
    """A UUID version 7: letters sort by the time they were written."""
    return uuid_utils.compat.uuid7()


@transaction.atomic
def post(
    actor: Actor,
    *,
    to: str,
    letter_type: str,
    purpose: Purpose,
    basis: Mapping[str, Any],
    data: Mapping[str, Any],
    thread: UUID | None = None,
    in_reply_to: UUID | None = None,
    subject: str = "",
    expires: datetime | None = None,
    attachments: Iterable[OutgoingAttachment] = (),
    key_id: UUID | None = None,
    now: datetime | None = None,
) -> OutboxLetter:
    """Put a letter into the outbox, inside the caller's transaction.

    `basis` is `{"consent": handle}` or `{"duty": citation}`, with `fields` and `expires` of the
    consent where known; `{"none": "..."}` for letters without personal data. `expires` is when
    delivery is given up (72 hours by default), never later than the consent ends. `key_id` is the
    vault key of the person the letter is about: destroying it also erases what waits here. Who may
    send what is decided by the caller; here the purpose must be the actor's own.

    Raises `ProfileViolation` with every place where data, purpose or basis leave the profile,
    `LetterRefused` for an unknown or suspended peer or a letter that is too large, `Refused` for
    another purpose than the actor's.
    """
    now = now or timezone.now()
    if not open_for(purpose, actor.purpose):
        raise Refused(Action.SEND, Kind.LETTER, Refusal.CLOSED_TO_PURPOSE)
    form = profile(letter_type)
    form.check(str(purpose), basis, data, now)
    _check_receiver(to, letter_type)
    lane = _locked_thread(to, thread or new_id())
    letter = Letter(
        id=new_id(),
        type=letter_type,
        source=us(),
        to=to,
        time=now,
        expires=_earlier(expires or now + LIFETIME, _basis_end(basis, now)),
        thread=lane.thread,
        seq=lane.next_seq,
        prev=lane.last_digest,
        in_reply_to=in_reply_to,
        subject=subject or str(data.get("subject", "")),
        purpose=str(purpose),
        basis=basis,
        schema=form.digest,
        data=data,
    )
    sealed = files.seal_all(attachments, _encryption_key(to, now)) if attachments else []
    letter = replace(letter, attachments=tuple(item.note for item in sealed))
    row = _write(letter, lane, actor, key_id, now)
    files.keep_outgoing(row, sealed)
    record(
        actor,
        AuditTag.LETTER_POSTED,
        handle=vault().handle("letter", letter.id),
        detail={"type": letter_type, "to": to, "attachments": len(sealed)},
    )
    return row


def _check_receiver(to: str, letter_type: str) -> NodeEntry:
    node = known_peers().require(to)
    if not node.allows(letter_type):
        raise LetterRefused(
            Reason.LETTER_TYPE_NOT_ALLOWED,
            f"'{to}' does not take letters of type {letter_type}.",
            status=422,
        )
    return node


def _encryption_key(to: str, now: datetime) -> Any:
    key = known_peers().require(to).current(Use.ENCRYPT, now)
    if key is None:
        raise LetterRefused(
            Reason.NO_ENCRYPTION_KEY,
            f"No valid encryption key of '{to}' is known; fetch the node directory.",
        )
    return key


def _locked_thread(to: str, thread: UUID) -> OutboxThread:
    lane = OutboxThread.objects.select_for_update().filter(to=to, thread=thread).first()
    if lane is None:
        lane, _ = OutboxThread.objects.get_or_create(
            to=to, thread=thread, defaults={"key_id": vault().new_key()}
        )
        lane = OutboxThread.objects.select_for_update().get(pk=lane.pk)
    return lane


def _write(
    letter: Letter, lane: OutboxThread, actor: Actor, key_id: UUID | None, now: datetime
) -> OutboxLetter:
    envelope = letter.envelope()
    read(envelope)
    payload = canonical(envelope)
    if len(payload) * 16 // 9 > MAXIMUM_TOKEN - 1_000:
        raise LetterRefused(
            Reason.TOO_LARGE,
            "The letter is too large; send reports and files as attachments.",
            status=413,
        )
    row = OutboxLetter(
        id=letter.id,
        key_id=key_id or lane.key_id,
        to=letter.to,
        letter_type=letter.type,
        purpose=letter.purpose,
        thread=letter.thread,
        seq=letter.seq,
        digest=digest(envelope),
        owner=actor.account,
        unit=actor.unit,
        created_at=now,
        expires=letter.expires,
        next_attempt=now,
    )
    row.seal_values({"envelope": payload.decode()})
    row.save(force_insert=True)
    if letter.seq == lane.next_seq:
        lane.next_seq += 1
        lane.last_digest = row.digest
        lane.save(update_fields=["next_seq", "last_digest"])
    return row


@dataclass(frozen=True)
class Sealed:
    """A letter ready to travel."""

    row: OutboxLetter
    token: str


@dataclass(frozen=True)
class Result:
    """What one letter met: an answer of the receiver, or none (`status` 0)."""

    status: int
    reason: str
    text: str = ""
    receipt: str = ""


def due(now: datetime, limit: int = ROUND) -> list[OutboxLetter]:
    """Claim letters that are due, for `LEASE`; a claim outlives its holder by seconds only.

    PostgreSQL passes over rows that another relay is claiming; on SQLite the transaction itself
    is exclusive.
    """
    with transaction.atomic():
        rows = (
            OutboxLetter.objects.filter(
                Q(lease_until__isnull=True) | Q(lease_until__lte=now),
                state__in=_PENDING,
                next_attempt__lte=now,
            )
            .exclude(to__in=_fetching_peers())
            .order_by("id")[:limit]
        )
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        claimed = list(rows)
        if claimed:
            OutboxLetter.objects.filter(pk__in=[row.pk for row in claimed]).update(
                lease_until=now + LEASE
            )
    return claimed


def _fetching_peers() -> list[str]:
    """Nodes that fetch their mail: their letters wait in `pending_for`."""
    return [
        code
        for code, endpoint, entry in Peer.objects.values_list("code", "endpoint", "entry")
        if not endpoint and not entry.get("endpoint")
    ]


def relay_due(now: datetime, transport: Transport | None = None, limit: int = ROUND) -> int:
    """Carry every letter that is due; returns how many were settled for good.

    Letters to one node go in order, several in one request where the node takes that; nodes are
    served side by side, so that a slow one holds up nobody else.
    """
    settled = _end_expired(now)
    if not OutboxLetter.objects.filter(state__in=_PENDING, next_attempt__lte=now).exists():
        return settled
    claimed = due(now, limit)
    by_peer: dict[str, list[OutboxLetter]] = {}
    for row in claimed:
        by_peer.setdefault(row.to, []).append(row)
    carrier = transport or http_transport()
    rounds = [
        (peer, parcel)
        for code, rows in by_peer.items()
        for peer, parcel in _parcels(code, rows, now)
    ]
    for answers in _carried(rounds, carrier, now):
        settled += _settle(answers, now)
    return settled


def _parcels(code: str, rows: list[OutboxLetter], now: datetime) -> list[tuple[Peer, list[Sealed]]]:
    """The rows signed, encrypted and cut into requests; what cannot be sealed is settled here."""
    try:
        node = known_peers().require(code)
        receiver = _encryption_key(code, now)
        key = signing_pair(now)
    except ExchangeError as error:
        _settle([(row, "", _local(error)) for row in rows], now)
        return []
    peer = Peer.objects.get(code=code)
    size = 1 if peer.route else node.batch
    ready = []
    for row, values in opened(rows):
        if values is None:
            _erase_waiting(row, now)
            continue
        ready.append(Sealed(row, _token(row, values, key, receiver)))
    return [(peer, parcel) for parcel in _cut(ready, size)]


def _cut(ready: Sequence[Sealed], size: int) -> list[list[Sealed]]:
    """At most `size` letters and `PARCEL` bytes a request: many proxies stop at a megabyte."""
    parcels: list[list[Sealed]] = []
    held = 0
    for item in ready:
        if not parcels or len(parcels[-1]) == size or held + len(item.token) > PARCEL:
            parcels.append([])
            held = 0
        parcels[-1].append(item)
        held += len(item.token) + 1
    return parcels


def _local(error: ExchangeError) -> Result:
    """A hindrance on our side: waits like an unreachable peer, but a suspended one is final."""
    final = error.reason in {Reason.PEER_SUSPENDED, Reason.UNKNOWN_PEER}
    return Result(403 if final else 0, error.reason, error.sentence)


def _token(row: OutboxLetter, values: Mapping[str, Any], key: KeyPair, receiver: Any) -> str:
    return seal_payload(values["envelope"].encode(), key, receiver)


Answered = tuple[OutboxLetter, str, Result]


def _carried(
    rounds: Sequence[tuple[Peer, list[Sealed]]], carrier: Transport, now: datetime
) -> Iterable[list[Answered]]:
    by_peer: dict[str, list[tuple[Peer, list[Sealed]]]] = {}
    for peer, parcel in rounds:
        by_peer.setdefault(peer.code, []).append((peer, parcel))
    if len(by_peer) <= 1:
        for peer, parcel in rounds:
            answers = _carry(peer, parcel, carrier)
            yield answers
            if _is_silent(answers):
                return
        return
    with ThreadPoolExecutor(max_workers=min(CONCURRENT_PEERS, len(by_peer))) as pool:
        yield from pool.map(lambda group: _carry_all(group, carrier), by_peer.values())


def _carry_all(group: list[tuple[Peer, list[Sealed]]], carrier: Transport) -> list[Answered]:
    answers: list[Answered] = []
    for peer, parcel in group:
        answers += _carry(peer, parcel, carrier)
        if _is_silent(answers):
            break
    return answers


def _is_silent(answers: list[Answered]) -> bool:
    """The peer gave no answer: the rest keeps its claim and comes again when that ends."""
    return bool(answers) and answers[-1][2].reason == Reason.UNREACHABLE


def _carry(peer: Peer, parcel: list[Sealed], carrier: Transport) -> list[Answered]:
    """One request. Only bytes are handled here: it may run in a thread without the database."""
    url, headers = _address(peer, parcel[0].row)
    body = "\n".join(item.token for item in parcel).encode()
    try:
        reply = carrier.request("POST", url, body=body, headers=headers)
        if len(parcel) > 1 and reply.status != 202 and reply.status < 500:
            # The request was refused, not the letters: each gets its own answer.
            return [answer for item in parcel for answer in _carry(peer, [item], carrier)]
        results = _results(reply, len(parcel))
    except Unreachable as error:
        results = [Result(0, Reason.UNREACHABLE, str(error))] * len(parcel)
    return [
        (item.row, sha256(item.token.encode()), result)
        for item, result in zip(parcel, results, strict=True)
    ]


def _address(peer: Peer, row: OutboxLetter) -> tuple[str, dict[str, str]]:
    headers = {"Content-Type": "application/jose", "Accept": "application/json"}
    base = endpoint_of(peer)
    route = peer.route
    if route is None:
        return f"{base}/exchange/v1/messages", headers
    officer = vault().handle("officer", row.owner)
    headers |= route.headers(letter_id=str(row.pk), officer=officer, thread=str(row.thread))
    return base + route.path("exchange/v1/messages"), headers


def _results(reply: Reply, count: int) -> list[Result]:
    """The answer cut into one result a letter; an answer that is none means 'later'."""
    if 300 <= reply.status < 400:
        return [
            Result(reply.status, Reason.REDIRECTED, "The peer's address redirects elsewhere.")
        ] * count
    try:
        value = parse_object(reply.body)
    except LetterRefused:
        final = backoff.final(reply.status)
        reason = Reason.REFUSED_BY_PEER if final else Reason.UNREACHABLE
        return [Result(reply.status, reason, f"HTTP {reply.status}")] * count
    items = value.get("results") if reply.status == 202 else None
    if isinstance(items, list) and len(items) == count:
        return [_result(item, int(item.get("status", 0) or 0)) for item in items]
    return [_result(value, reply.status)] * count


def _result(value: Mapping[str, Any], status: int) -> Result:
    return Result(
        status,
        str(value.get("reason", ""))[:60],
        str(value.get("detail", ""))[:500],
        str(value.get("receipt", "")),
    )


def _settle(answers: Sequence[Answered], now: datetime) -> int:
    """Write down what came back, one transaction for the parcel; returns how many are done."""
    done: list[tuple[OutboxLetter, AuditTag]] = []
    attempts: list[Delivery] = []
    known = known_peers()
    with transaction.atomic():
        pending = set(
            OutboxLetter.objects.select_for_update()
            .filter(pk__in=[row.pk for row, _, _ in answers], state__in=_PENDING)
            .values_list("pk", flat=True)
        )
        for row, token_sha256, result in answers:
            if row.pk not in pending:
                continue  # Another relay settled it, or it was withdrawn.
            tag, outcome = _settle_one(row, result, known, now)
            if tag is not None:
                done.append((row, tag))
            attempts.append(
                Delivery(
                    letter=row,
                    at=now,
                    token_sha256=token_sha256,
                    outcome=outcome[:40],
                    status=result.status,
                )
            )
        Delivery.objects.bulk_create(attempts)
        _ask_again_about_followers([row for row, _ in done], now)
        _record_all(done)
    _note_peers(answers, now)
    return len(done)


def _record_all(done: Sequence[tuple[OutboxLetter, AuditTag]]) -> None:
    groups: dict[tuple[str, AuditTag], list[str]] = {}
    for row, tag in done:
        groups.setdefault((row.purpose, tag), []).append(vault().handle("letter", row.pk))
    for (purpose, tag), handles in groups.items():
        record_many(Actor.system(Purpose(purpose)), tag, handles=handles)


def _note_peers(answers: Sequence[Answered], now: datetime) -> None:
    for code in {row.to for row, _, _ in answers}:
        results = [result for row, _, result in answers if row.to == code]
        if any(result.receipt for result in results):
            note_contact(code, now)
            hurry(code, now)
        else:
            note_failure(code, results[-1].reason, now)


def hurry(code: str, now: datetime) -> None:
    """The node was heard of: what waits because it did not answer goes at once.

    Otherwise a node that was away for minutes would get its letters up to six hours later.
    """
    waiting = OutboxLetter.objects.filter(
        to=code, state=OutboxState.WAITING, reason=Reason.UNREACHABLE, next_attempt__gt=now
    )
    if waiting.exists():  # almost never, and then no write is needed
        waiting.update(next_attempt=now)


def _settle_one(
    row: OutboxLetter, result: Result, known: KnownPeers, now: datetime
) -> tuple[AuditTag | None, str]:
    """Settle one letter in its own savepoint; if a hook fails the letter is asked about again."""
    try:
        with transaction.atomic():
            receipt = _receipt(row, result, known, now)
            if receipt is not None:
                return _by_receipt(row, receipt, result.receipt, now)
    except LetterRefused as error:
        return _later(row, error.reason, error.sentence, now), error.reason
    except Exception as error:
        # A hook of another package failed. The peer has the letter; its receipt comes again.
        logger.exception("receipt hook failed", extra={"letter": str(row.pk)})
        return _later(row, Reason.TRY_AGAIN, type(error).__name__, now), Reason.TRY_AGAIN
    reason = result.reason or Reason.REFUSED_BY_PEER
    if backoff.final(result.status) or 300 <= result.status < 400:
        return _dead(row, reason, result.text, now), reason
    return _later(row, reason, result.text, now), reason


def _receipt(row: OutboxLetter, result: Result, known: KnownPeers, now: datetime) -> Receipt | None:
    if not result.receipt:
        if result.status == 202:
            raise LetterRefused(Reason.BAD_RECEIPT, "The peer answered without a receipt.")
        return None
    receipt = read_receipt(result.receipt, their_key=known.signing_key, now=now)
    if (receipt.letter, receipt.source, receipt.node, receipt.digest) != (
        row.pk, us(), row.to, row.digest,
    ):  # fmt: skip
        raise LetterRefused(Reason.BAD_RECEIPT, "The receipt is for another letter.")
    return receipt


def _by_receipt(
    row: OutboxLetter, receipt: Receipt, token: str, now: datetime
) -> tuple[AuditTag | None, str]:
    row.receipt, row.received_at = token, receipt.received_at
    row.reason, row.reason_text = receipt.reason[:60], receipt.text[:500]
    if receipt.verdict is Verdict.PARKED:
        known = row.state == OutboxState.PARKED
        row.state, row.lease_until, row.failures = OutboxState.PARKED, None, row.failures + 1
        row.next_attempt = now + backoff.delay(row.failures, random.random())  # noqa: S311
        row.save()
        if not known:
            _tell(row, receipt.verdict, receipt.head, now)
        return None, str(receipt.verdict)
    row.settled_at, row.lease_until = now, None
    if receipt.verdict is Verdict.REJECTED:
        row.state = OutboxState.DEAD
        tag = AuditTag.LETTER_DEAD
    else:
        # The receiver has it: what it says is no longer needed here (R3, R10).
        row.state, row.sealed = OutboxState.DELIVERED, b""
        tag = AuditTag.LETTER_DELIVERED
    row.save(update_fields=[*_SETTLED, "sealed"])
    _tell(row, receipt.verdict, receipt.head, now)
    return tag, str(receipt.verdict)


def _ask_again_about_followers(rows: Sequence[OutboxLetter], now: datetime) -> None:
    """Letters that waited at the receiver for one of `rows` may have run now."""
    OutboxLetter.objects.filter(
        to__in={row.to for row in rows},
        thread__in={row.thread for row in rows},
        state=OutboxState.PARKED,
    ).update(next_attempt=now, failures=0)


def _tell(row: OutboxLetter, verdict: Verdict | None, head: str, now: datetime) -> None:
    seen = ReceiptSeen(
        letter=row.pk,
        type=row.letter_type,
        to=row.to,
        thread=row.thread,
        verdict=verdict,
        reason=row.reason,
        text=row.reason_text,
        received_at=row.received_at,
        head=head,
        seen_at=now,
    )
    for see in receipt_hooks(row.letter_type):
        see(seen)


def _later(row: OutboxLetter, reason: str, text: str, now: datetime) -> AuditTag | None:
    """Wait and try again, or give up when the time is over."""
    row.failures += 1
    row.first_attempt = row.first_attempt or now
    row.reason, row.reason_text = reason[:60], text[:500]
    row.next_attempt = now + backoff.delay(row.failures, random.random())  # noqa: S311
    row.lease_until = None
    if row.next_attempt >= backoff.last_moment(row.first_attempt, row.expires):
        row.next_attempt = backoff.last_moment(row.first_attempt, row.expires)
    row.save(
        update_fields=[
            "failures", "first_attempt", "reason", "reason_text", "next_attempt", "lease_until",
        ]
    )  # fmt: skip
    return None


def _dead(row: OutboxLetter, reason: str, text: str, now: datetime) -> AuditTag:
    row.state, row.lease_until, row.settled_at = OutboxState.DEAD, None, now
    row.reason, row.reason_text = reason[:60], text[:500]
    if row.letter_type == VOID and reason == Reason.SEQUENCE_REUSED:
        _arrived_after_all(row, now)
    row.save()
    _tell(row, None, "", now)
    return AuditTag.LETTER_DEAD


def _arrived_after_all(void: OutboxLetter, now: datetime) -> None:
    """The withdrawn letter had reached the receiver: its place holder is not needed.

    Whoever was told that it did not arrive is told that it did; its receipt was lost.
    """
    void.state, void.sealed = OutboxState.WITHDRAWN, b""
    for letter in OutboxLetter.objects.filter(
        to=void.to, thread=void.thread, seq=void.seq, state=OutboxState.WITHDRAWN
    ).exclude(letter_type=VOID):
        letter.reason = Reason.RECEIVED_BEFORE_WITHDRAWAL
        letter.save(update_fields=["reason"])
        _tell(letter, Verdict.STORED, "", now)


def _end_expired(now: datetime) -> int:
    """Make dead what could not be delivered in time; its owner is asked what to do."""
    over = OutboxLetter.objects.filter(state__in=_PENDING).filter(
        Q(expires__lte=now) | Q(first_attempt__lte=now - backoff.GIVE_UP)
    )
    if not over.exists():
        return 0
    with transaction.atomic():
        rows = list(over.select_for_update())
        for row in rows:
            _dead(row, row.reason or Reason.EXPIRED, row.reason_text, now)
        _record_all([(row, AuditTag.LETTER_DEAD) for row in rows])
    return len(rows)


def _owned(actor: Actor, letter_id: UUID) -> OutboxLetter:
    """The letter, for its owner or an administrator of letters."""
    row = OutboxLetter.objects.select_for_update().get(pk=letter_id)
    if row.owner != actor.account or row.purpose != actor.purpose:
        require(actor, Action.CHANGE, Kind.LETTER)
    return row


@transaction.atomic
def retry(actor: Actor, *, letter_id: UUID, now: datetime | None = None) -> OutboxLetter:
    """Try a dead letter again; returns the letter that is now on its way.

    One that never got a receipt goes again as it is, with new time. One that the receiver
    rejected is written anew at the end of its thread, because its number is used up.
    Raises `ExchangeError` when the letter is not dead, or the consent it rests on has expired.
    """
    now = now or timezone.now()
    row = _owned(actor, letter_id)
    if row.state != OutboxState.DEAD:
        raise ExchangeError(Reason.MALFORMED, "Only a letter that was not delivered can go again.")
    envelope = _held_envelope(row)
    basis_end = _basis_end(envelope["basis"], now)
    record(actor, AuditTag.LETTER_RETRIED, handle=vault().handle("letter", row.pk))
    until = now + LIFETIME
    if row.receipt:
        return _anew(row, envelope, _earlier(until, basis_end), now)
    row.expires = _earlier(max(row.expires, until), basis_end)
    envelope["expires"] = format_time(row.expires)
    row.seal_values({"envelope": canonical(envelope).decode()})
    row.state, row.failures, row.first_attempt = OutboxState.WAITING, 0, None
    row.next_attempt, row.lease_until, row.settled_at = now, None, None
    row.save()
    return row


def _basis_end(basis: Mapping[str, Any], now: datetime) -> datetime | None:
    """Until when the consent that a letter rests on lasts, where it says so (R2)."""
    if "expires" not in basis:
        return None
    end = parse_time(basis["expires"], "basis.expires")
    if end <= now:
        raise ExchangeError(Reason.NO_BASIS, "The consent has expired; ask again before sending.")
    return end


def _earlier(until: datetime, basis_end: datetime | None) -> datetime:
    return min(until, basis_end) if basis_end else until


def _held_envelope(row: OutboxLetter) -> dict[str, Any]:
    """What a letter says; raises `ExchangeError(erased)` when its content is gone."""
    try:
        envelope: dict[str, Any] = json.loads(row.values()["envelope"])
    except (Altered, KeyDestroyed) as error:
        raise ExchangeError(
            Reason.ERASED, "The content of this letter is erased; it can only be withdrawn."
        ) from error
    return envelope


def _anew(
    row: OutboxLetter, envelope: dict[str, Any], expires: datetime, now: datetime
) -> OutboxLetter:
    old = read(envelope)
    lane = _locked_thread(row.to, row.thread)
    letter = replace(
        old,
        id=new_id(),
        time=now,
        expires=expires,
        seq=lane.next_seq,
        prev=lane.last_digest,
        schema=profile(old.type).digest,
    )
    actor = Actor(
        row.owner, Actor.system(Purpose(row.purpose)).role, Purpose(row.purpose), row.unit
    )
    fresh = _write(letter, lane, actor, row.key_id, now)
    fresh.replaces = row
    fresh.save(update_fields=["replaces"])
    row.attachments.update(outbox=fresh)
    row.state, row.sealed = OutboxState.REPLACED, b""
    row.save(update_fields=["state", "sealed"])
    return fresh


@transaction.atomic
def withdraw(actor: Actor, *, letter_id: UUID, now: datetime | None = None) -> OutboxLetter:
    """Take back a letter that was not delivered; its content is erased.

    A place holder takes its number, so that later letters of the thread are not held up. Raises
    `ExchangeError` when the letter is delivered, or is being carried at this moment.
    """
    now = now or timezone.now()
    row = _owned(actor, letter_id)
    if row.state not in {OutboxState.DEAD, OutboxState.WAITING}:
        raise ExchangeError(Reason.MALFORMED, "This letter was delivered; it cannot be taken back.")
    if row.lease_until is not None and row.lease_until > now:
        raise ExchangeError(
            Reason.TRY_AGAIN, "This letter is being sent at this moment; try again in a minute."
        )
    record(actor, AuditTag.LETTER_WITHDRAWN, handle=vault().handle("letter", row.pk))
    _take_back(row, Reason.WITHDRAWN, now)
    return row


@transaction.atomic
def stop(actor: Actor, *, thread: UUID, now: datetime | None = None) -> int:
    """Take back every letter of `thread` that has not arrived; returns how many (R2).

    Called when the consent to what the thread says is withdrawn: what waits does not leave, and
    what failed cannot be tried again. One that is being carried at this moment may still arrive;
    then its place holder is not needed, and the letter that the caller posts next ends its use.
    A parked letter is with the receiver already, behind which the caller's next letter comes.
    """
    now = now or timezone.now()
    rows = OutboxLetter.objects.select_for_update().filter(
        thread=thread, purpose=str(actor.purpose),
        state__in=[OutboxState.WAITING, OutboxState.DEAD],
    )  # fmt: skip
    stopped = list(rows.exclude(letter_type=VOID).order_by("seq"))
    for row in stopped:
        record(actor, AuditTag.LETTER_WITHDRAWN, handle=vault().handle("letter", row.pk))
        _take_back(row, Reason.WITHDRAWN, now)
    return len(stopped)


def _erase_waiting(row: OutboxLetter, now: datetime) -> None:
    """The person was erased while a letter about them waited: it is not sent."""
    with transaction.atomic():
        _take_back(row, Reason.ERASED, now)


def _take_back(row: OutboxLetter, reason: Reason, now: datetime) -> None:
    rejected = bool(row.receipt)
    row.state, row.sealed, row.lease_until = OutboxState.WITHDRAWN, b"", None
    row.reason, row.settled_at = reason, now
    row.save()
    files.erase_of(row.attachments.all())
    if not rejected:
        _hold_place(row, now)
    _tell(row, None, "", now)


def _hold_place(row: OutboxLetter, now: datetime) -> None:
    before = OutboxLetter.objects.filter(to=row.to, thread=row.thread, seq=row.seq - 1)
    previous = before.exclude(state=OutboxState.WITHDRAWN).first() or before.first()
    prev = _chained_digest(previous) if previous else ""
    lane = _locked_thread(row.to, row.thread)
    letter = Letter(
        id=new_id(),
        type=VOID,
        source=us(),
        to=row.to,
        time=now,
        expires=now + LIFETIME,
        thread=row.thread,
        seq=row.seq,
        prev=prev,
        purpose=row.purpose,
        basis={"none": "place holder"},
        schema=profile(VOID).digest,
        data={"digest": row.digest},
    )
    actor = Actor(
        row.owner, Actor.system(Purpose(row.purpose)).role, Purpose(row.purpose), row.unit
    )
    _write(letter, lane, actor, lane.key_id, now)


def _chained_digest(row: OutboxLetter) -> str:
    """The digest the next letter's `prev` names: a place holder stands for what it replaced."""
    if row.letter_type != VOID:
        return row.digest
    replaced = OutboxLetter.objects.filter(
        to=row.to, thread=row.thread, seq=row.seq, state=OutboxState.WITHDRAWN
    ).first()
    return replaced.digest if replaced else row.digest


def pending_for(code: str, now: datetime, limit: int, after: str = "") -> list[Sealed]:
    """Letters that wait for a node that fetches its mail, signed and encrypted, in order.

    `after` is the id of the last letter it has just fetched; without it the list begins anew, so
    a letter whose receipt was lost is offered again.
    """
    waiting = OutboxLetter.objects.filter(to=code, state__in=_PENDING, expires__gt=now)
    if after:
        try:
            waiting = waiting.filter(pk__gt=UUID(after))
        except ValueError as error:
            raise LetterRefused(Reason.MALFORMED, "'after' must be the id of a letter.") from error
    rows = list(waiting.order_by("id")[:limit])
    if not rows:
        return []
    receiver, key = _encryption_key(code, now), signing_pair(now)
    ready = []
    for row, values in opened(rows):
        if values is None:
            _erase_waiting(row, now)
            continue
        ready.append(Sealed(row, _token(row, values, key, receiver)))
    return ready


def settle_fetched(code: str, results: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Take the receipts that a polling node `code` brings for letters it fetched."""
    answers: list[Answered] = []
    for item in results[:ROUND]:
        try:
            letter = UUID(str(item.get("letter", "")))
        except ValueError:
            continue
        row = OutboxLetter.objects.filter(pk=letter, to=code, state__in=_PENDING).first()
        if row is not None:
            status = item.get("status", 0)
            answers.append((row, "", _result(item, status if isinstance(status, int) else 0)))
    return _settle(answers, now) if answers else 0
