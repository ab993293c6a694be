# SPDX-License-Identifier: EUPL-1.2
"""Rounds of private matching with other nodes, by the worker: begun, answered, opened, ended.

The seeker's node publishes an offer; the holder's node sends its blinded keys; the seeker's node
evaluates them; the holder's node opens what it can and compares. Each step is a row's state, taken
once; a killed worker takes it again, and a round that does not come back is given up and begun
anew. Every node begins a round with every other one each period, with or without searches, so that
neither time nor size of a letter says whether somebody is sought or was found.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter, Reject
from mostovi.exchange.profiles import profile
from mostovi.exchange.reasons import LetterRefused
from mostovi.exchange.receipts import Verdict
from mostovi.exchange.services import (
    OutgoingAttachment,
    accept_attachments,
    erase_thread,
    post,
)
from mostovi.people import consenting
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.tracing import (
    identities,
    indexing,
    intersection,
    oprf,
    pieces,
    proposing,
    reach,
    requesting,
)
from mostovi.tracing.intersection import Labelled, Malformed, TooLarge
from mostovi.tracing.joint_keys import joint_keys
from mostovi.tracing.joint_keys import parts as parts_of
from mostovi.tracing.keys import blocking_keys
from mostovi.tracing.models import Asked, Side, Sought, TracingRound
from mostovi.tracing.vocabulary import BLINDED, EVALUATED, OFFER, SEARCH, rounds

logger = logging.getLogger(__name__)
EACH_ITS_OWN = "each sealed search names the consent it goes under"
KEPT = timedelta(days=90)


def _system() -> Actor:
    return Actor.system(Purpose.PROTECTION)


def period() -> timedelta:
    """How long after one round with a node the next begins."""
    rule = rounds()
    if settings.MOSTOVI.demo:
        return timedelta(minutes=rule.every_minutes_in_demo)
    return timedelta(hours=rule.every_hours)


def turn(now: datetime, *, at_once: bool = False) -> int:
    """Everything that is due in rounds; how many steps were taken. Safe to run again."""
    if not settings.MOSTOVI.holds_persons:
        return 0
    done = give_up(now)
    done += begin(now, at_once=at_once)
    for step in (_evaluate, _blind, _open):
        done += step(now)
    _forget_old(now)
    return done


# --- Seeker --------------------------------------------------------------------------------------


def begin(now: datetime, *, at_once: bool = False, since: datetime | None = None) -> int:
    """Begin a round with every node that takes part and has none under way; and one within.

    A round is due when the last began a period ago; with `since`, when it began before then.
    """
    before = since or (now if at_once else now - period())
    begun = 0
    for peer in [reach.us(), *(code for code, _ in requesting.possible_peers())]:
        mine = TracingRound.objects.filter(peer=peer, side=Side.SEEKER)
        newest = mine.first()
        if newest is not None and newest.ended_at is None:
            continue
        if newest is not None and newest.started_at >= before:
            continue
        begun += search_within(now) if peer == reach.us() else _offer(peer, now)
    return begun


def labelled(peer: str, now: datetime) -> list[tuple[Sought, Labelled, str]]:
    """The live searches that may be compared with `peer`, each with its keys and its label."""
    rows = Sought.objects.filter(
        ended_at=None, procedure__state="searching", request__purpose=Purpose.PROTECTION.value
    ).select_related("request__person")
    found = []
    for row, values in opened(rows):
        if values is None:
            continue
        consent = _consent(row, peer, now)
        if consent is None:
            continue
        label, keys = label_of(row, values, peer, consent, now)
        found.append((row, Labelled(keys, label), consent))
    return found


def _consent(row: Sought, peer: str, now: datetime) -> str | None:
    """The handle of the consent to compare with `peer`; None without one (R2)."""
    if peer == reach.us():
        ((_, own),) = opened([row.request])
        return "" if (own or {}).get("agreed_here") else None
    permission = requesting.permission(row.request.person, peer, now)
    return vault().handle("consent", permission.source) if permission.allowed else None


def label_of(
    row: Sought, values: dict[str, Any], peer: str, consent: str, now: datetime
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a holder of a shared key may read of a search, and the keys; checked by its profile."""
    from mostovi.tracing.relations import back

    person = row.request.person
    wanted = requesting.wanted_identity(row, values)
    seeker = indexing.plain_identity(person)
    label = {
        "reference": requesting.reference(row.pk, peer),
        "consent": consent or "00000000",
        "enquirer": {
            "handle": requesting.enquirer_handle(person.pk, peer),
            "relation": back(identities.relation_of(row.relation), seeker.sex),
            "child": consenting.is_child(person, now),
        },
        "sought": identities.described(wanted),
    }
    problems = profile(SEARCH).violations(label)
    if problems:
        raise LetterRefused("outside_profile", f"{problems[0].path}: {problems[0].message}")
    return label, blocking_keys(wanted)


def _offer(peer: str, now: datetime) -> int:
    """Publish what may be compared with `peer`, under a key of this round only."""
    parts = labelled(peer, now)
    secret, identifier, thread = oprf.new_scalar(), uuid4(), uuid4()
    try:
        content = intersection.offer(
            secret, [Labelled(joint_keys(label.keys), label.label) for _, label, _ in parts]
        )
    except TooLarge:
        logger.error("a search has too much to say for a round")
        return 0
    entries, labels = (int.from_bytes(content[a : a + 4], "big") for a in (4, 8))
    row = TracingRound(
        id=identifier, key_id=vault().new_key(), peer=peer, side=Side.SEEKER, state="offered",
        started_at=now, changed_at=now,
    )  # fmt: skip
    row.seal_values({"secret": secret.hex(), "thread": str(thread)})
    try:
        with transaction.atomic():
            row.save()
            _note_asked(peer, parts, now)
            post(
                _system(), to=peer, letter_type=OFFER, purpose=Purpose.PROTECTION,
                basis={"consent": EACH_ITS_OWN}, thread=thread,
                data={"round": str(identifier), "entries": entries, "labels": labels},
                attachments=_files("offer", content), key_id=row.key_id,
                expires=now + timedelta(hours=rounds().give_up_after_hours),
            )  # fmt: skip
            record(_system(), AuditTag.TRACING_ROUND_BEGUN, detail={"peer": peer})
    except LetterRefused as refused:
        return _not_begun(peer, now, str(refused.reason))
    return 1


def _not_begun(peer: str, now: datetime, reason: str) -> int:
    """A node that cannot be written to is said to be one that could not be asked."""
    row = TracingRound(
        key_id=vault().new_key(), peer=peer, side=Side.SEEKER, state="lost", started_at=now,
        changed_at=now, ended_at=now, reason=reason[:60],
    )  # fmt: skip
    row.seal_values({})
    row.save()
    return 0


def _note_asked(peer: str, parts: Sequence[tuple[Sought, Labelled, str]], now: datetime) -> None:
    for sought, label, consent in parts:
        Asked.objects.update_or_create(
            sought=sought, peer=peer,
            defaults={"last_at": now, "consent_handle": consent},
            create_defaults={
                "reference": label.label["reference"], "consent_handle": consent,
                "first_at": now, "last_at": now,
            },
        )  # fmt: skip


def _files(kind: str, content: bytes) -> list[OutgoingAttachment]:
    return pieces.cut(f"tracing_{kind}", content)


def search_within(now: datetime) -> int:
    """The round within this node: the same human steps follow, no letter does."""
    row = TracingRound(
        key_id=vault().new_key(), peer=reach.us(), side=Side.SEEKER, state="ended",
        started_at=now, changed_at=now, ended_at=now,
    )  # fmt: skip
    row.seal_values({})
    with transaction.atomic():
        row.save()
        for sought, label, _ in labelled(reach.us(), now):
            _note_asked(reach.us(), [(sought, label, "")], now)
            proposing.propose(
                _system(), reach.us(), label.label, label.keys, now,
                leave_out=[sought.request.person_id],
            )  # fmt: skip
    return 1


def receive_blinded(letter: ReceivedLetter) -> None:
    """The holder's hidden keys came: accepted within the budget, evaluated by the worker."""
    row = _round_of(letter, Side.SEEKER, "offered")
    count = letter.data["elements"]
    if count > intersection.padded(rounds().most_keys, 1):
        raise Reject("too_large", "A round holds at most the agreed number of keys.")
    since = letter.received_at - timedelta(hours=rounds().budget_period_hours)
    spent = TracingRound.objects.filter(
        peer=letter.source, side=Side.SEEKER, started_at__gte=since
    ).aggregate(total=Sum("elements"))["total"]
    if (spent or 0) + count > rounds().budget_elements:
        record(letter.actor, AuditTag.TRACING_ROUND_LOST, outcome="refused",
               detail={"peer": letter.source, "reason": "budget"})  # fmt: skip
        raise Reject("budget_spent", "More keys were sent in this period than were agreed.")
    row.elements, row.inbox, row.state = count, letter.inbox, "blinded"
    row.changed_at = letter.received_at
    row.save()
    accept_attachments(letter.actor, inbox=letter.inbox, now=letter.received_at)


def _evaluate(now: datetime) -> int:
    done = 0
    for row in TracingRound.objects.filter(side=Side.SEEKER, state="blinded", ended_at=None):
        content = _content(row.inbox)
        if content is None:
            continue
        values = row.values()
        if len(content) != row.elements * oprf.ELEMENT:
            _end(row, now, "malformed")
            continue
        try:
            answer = intersection.evaluated(bytes.fromhex(values["secret"]), content)
        except Malformed:
            _end(row, now, "malformed")
            continue
        with transaction.atomic():
            locked = _locked(row, "blinded")
            if locked is None:
                continue
            try:
                post(
                    _system(), to=row.peer, letter_type=EVALUATED, purpose=Purpose.PROTECTION,
                    basis={"none": "blinded keys say nothing about anybody"},
                    data={"round": str(row.pk), "elements": row.elements},
                    thread=UUID(values["thread"]), attachments=_files("evaluated", answer),
                )  # fmt: skip
            except LetterRefused as refused:
                _end(locked, now, str(refused.reason))
                continue
            # The round's key has done its work; without it nothing more can ever be asked of it.
            _end(locked, now, "")
        done += 1
    return done


# --- Holder --------------------------------------------------------------------------------------


def receive_offer(letter: ReceivedLetter) -> None:
    """Another node begins a round: its file is fetched, and our keys are blinded for it."""
    if not settings.MOSTOVI.holds_persons:
        raise Reject("holds_no_persons", "This node holds no personal data.")
    if TracingRound.objects.filter(pk=letter.data["round"]).exists():
        raise Reject("round_in_use", "A round with this number exists already.")
    for earlier in TracingRound.objects.filter(peer=letter.source, side=Side.HOLDER, ended_at=None):
        _end(earlier, letter.received_at, "superseded")
    row = TracingRound(
        id=UUID(letter.data["round"]), key_id=vault().new_key(), peer=letter.source,
        side=Side.HOLDER, state="offered", inbox=letter.inbox, started_at=letter.received_at,
        changed_at=letter.received_at,
    )  # fmt: skip
    row.seal_values({"thread": str(letter.thread)})
    row.save()
    accept_attachments(letter.actor, inbox=letter.inbox, now=letter.received_at)
    record(letter.actor, AuditTag.TRACING_ROUND_STEP, detail={"peer": letter.source})


def _blind(now: datetime) -> int:
    done = 0
    for row in TracingRound.objects.filter(side=Side.HOLDER, state="offered", ended_at=None):
        if _content(row.inbox) is None:
            continue
        values, seed = row.values(), secrets.token_bytes(32)
        keys = list(indexing.all_keys(rounds().most_keys))
        content = intersection.blinded(seed, keys)
        with transaction.atomic():
            locked = _locked(row, "offered")
            if locked is None:
                continue
            locked.seal_values({**values, "seed": seed.hex(), "keys": keys})
            locked.state, locked.offered, locked.inbox = "blinded", locked.inbox, None
            locked.elements, locked.changed_at = len(content) // oprf.ELEMENT, now
            locked.save()
            try:
                post(
                    _system(), to=row.peer, letter_type=BLINDED, purpose=Purpose.PROTECTION,
                    basis={"none": "blinded keys say nothing about anybody"},
                    data={"round": str(row.pk), "elements": locked.elements},
                    thread=UUID(values["thread"]), attachments=_files("blinded", content),
                )  # fmt: skip
            except LetterRefused as refused:
                _end(locked, now, str(refused.reason))
                continue
        done += 1
    return done


def receive_evaluated(letter: ReceivedLetter) -> None:
    """Our keys came back evaluated; the worker opens what they open."""
    row = _round_of(letter, Side.HOLDER, "blinded")
    if letter.data["elements"] != row.elements:
        raise Reject("wrong_size", "Another number of keys came back than was sent.")
    row.inbox, row.state, row.changed_at = letter.inbox, "evaluated", letter.received_at
    row.save()
    accept_attachments(letter.actor, inbox=letter.inbox, now=letter.received_at)


def _open(now: datetime) -> int:
    """Open the labels that our keys open, and compare. Nothing is sent, whatever is found."""
    done = 0
    for row in TracingRound.objects.filter(side=Side.HOLDER, state="evaluated", ended_at=None):
        answer, published = _content(row.inbox), _content(row.offered)
        if answer is None or published is None:
            continue
        values = row.values()
        try:
            hits = intersection.opened(
                bytes.fromhex(values["seed"]), values["keys"], answer, published
            )
        except Malformed:
            _end(row, now, "malformed")
            continue
        with transaction.atomic():
            locked = _locked(row, "evaluated")
            if locked is None:
                continue
            for hit in hits:
                if profile(SEARCH).violations(dict(hit.label)):
                    logger.warning("a label leaves its profile")
                    continue
                shared = {part for key in hit.keys for part in parts_of(key)}
                proposing.propose(_system(), row.peer, hit.label, shared, now)
            _end(locked, now, "")
            erase_thread(_system(), thread=UUID(values["thread"]), peer=row.peer)
        done += 1
    return done


# --- Both ----------------------------------------------------------------------------------------


def _round_of(letter: ReceivedLetter, side: Side, state: str) -> TracingRound:
    row = (
        TracingRound.objects.select_for_update()
        .filter(pk=letter.data["round"], peer=letter.source, side=side)
        .first()
    )
    if row is None or row.state != state or row.ended_at is not None:
        raise Reject("unknown_round", "No round of yours with this number waits for this here.")
    return row


def _locked(row: TracingRound, state: str) -> TracingRound | None:
    """The row as it is now, unless another worker was quicker."""
    return (
        TracingRound.objects.select_for_update()
        .filter(pk=row.pk, state=state, ended_at=None)
        .first()
    )


def _content(inbox: int | None) -> bytes | None:
    return pieces.joined(_system(), inbox)


def _end(row: TracingRound, now: datetime, reason: str) -> None:
    """The round is over, well or not; its key is destroyed."""
    row.state = "lost" if reason else "ended"
    row.ended_at = row.changed_at = now
    row.reason = reason[:60]
    row.sealed = b""
    row.save()
    transaction.on_commit(partial(vault().destroy, row.key_id))
    tag = AuditTag.TRACING_ROUND_LOST if reason else AuditTag.TRACING_ROUND_STEP
    record(_system(), tag, detail={"peer": row.peer, "side": row.side})


def give_up(now: datetime) -> int:
    """End rounds that did not come back; the next turn begins them anew."""
    before = now - timedelta(hours=rounds().give_up_after_hours)
    lost = list(TracingRound.objects.filter(ended_at=None, changed_at__lt=before))
    for row in lost:
        with transaction.atomic():
            _end(row, now, "no_answer")
    # A file that could not be fetched ends its round at once.
    for row in TracingRound.objects.filter(ended_at=None).exclude(inbox=None):
        if pieces.gone(row.inbox):
            with transaction.atomic():
                _end(row, now, "file_lost")
            lost.append(row)
    return len(lost)


def give_up_with(peer: str, now: datetime) -> None:
    """End our round with `peer` that is under way, so that nothing of it can be opened any more."""
    for row in TracingRound.objects.filter(peer=peer, side=Side.SEEKER, ended_at=None):
        _end(row, now, "withdrawn")


def see_receipt(receipt: ReceiptSeen) -> None:
    """A letter of a round was refused or could not be delivered: the round is lost."""
    if receipt.verdict in {Verdict.STORED, Verdict.PARKED}:
        return
    for row in TracingRound.objects.filter(peer=receipt.to, ended_at=None):
        if row.values().get("thread") == str(receipt.thread):
            _end(row, receipt.seen_at, receipt.reason or "not_delivered")


def _forget_old(now: datetime) -> None:
    TracingRound.objects.filter(ended_at__lt=now - KEPT).delete()


def overview() -> list[dict[str, Any]]:
    """The newest round with each node on each side, for the command."""
    found: dict[tuple[str, str], TracingRound] = {}
    for row in TracingRound.objects.order_by("-started_at")[:1000]:
        found.setdefault((row.peer, row.side), row)
    return [
        {
            "peer": row.peer, "side": row.side, "state": row.state, "keys": row.elements,
            "started_at": row.started_at.isoformat(), "reason": row.reason,
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        }
        for row in sorted(found.values(), key=lambda one: (one.peer, one.side))
    ]  # fmt: skip
