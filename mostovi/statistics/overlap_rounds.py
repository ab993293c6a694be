# SPDX-License-Identifier: EUPL-1.2
"""Counting with another partner, by letters: what comes in, and what the worker does.

Proposed, agreed, then the same at both sides: own people are sent as elements under an own
secret; the other side's elements go back under the own secret as well; when both have come, the
number is counted, the secret destroyed and what came is erased. Each step is taken once, under
the row's lock; a killed worker takes it again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mostovi.exchange import handlers
from mostovi.exchange.attachments import erase_of
from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter, Reject
from mostovi.exchange.models import Attachment
from mostovi.exchange.reasons import LetterRefused
from mostovi.exchange.receipts import Verdict
from mostovi.exchange.services import accept_attachments, erase_thread, post, stop
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.statistics import overlaps
from mostovi.statistics.months import Month
from mostovi.statistics.overlap_models import OverlapRound
from mostovi.statistics.overlap_rules import Refusal, Span, meets, months_refused, rules
from mostovi.statistics.overlaps import NotAsAgreed
from mostovi.statistics.partners import NAMES
from mostovi.tracing import headcount, one_text, oprf, pieces
from mostovi.tracing.headcount import Population

PROPOSAL: Final = "mostovi.statistics.overlap.v1"
ANSWER: Final = "mostovi.statistics.overlap_answer.v1"
ELEMENTS: Final = "mostovi.statistics.overlap_elements.v1"
OWN, BACK = "own", "back"
NO_PERSONS: Final = {"none": "elements under a secret say nothing about anybody"}
Side, State = OverlapRound.Side, OverlapRound.State
COUNTED: Final = frozenset({State.COUNTED, State.TOO_FEW})
"""A round that came to its end as agreed, with a number or with too few people for one."""


def _system() -> Actor:
    return Actor.system(Purpose.STATISTICS)


def register() -> None:
    """Tell the exchange what is heard here."""
    handlers.register(PROPOSAL, receive_proposal)
    handlers.register(ANSWER, receive_answer)
    handlers.register(ELEMENTS, receive_elements)
    for letter_type in (PROPOSAL, ANSWER, ELEMENTS):
        handlers.register_receipt(letter_type, see_receipt)


def span_of(row: OverlapRound) -> Span:
    """The months of a round."""
    return Month.parse(row.first), Month.parse(row.last)


def refused(partner: str, first: Month, last: Month, now: datetime) -> Refusal | None:
    """Why no round about these months is begun with `partner`; None when one may be."""
    if not settings.MOSTOVI.holds_persons:
        return Refusal.HOLDS_NO_PERSONS
    if partner not in NAMES or partner == settings.MOSTOVI.partner:
        return Refusal.NOT_A_PARTNER
    wrong = months_refused(first, last, Month.last_complete(timezone.localdate(now)), rules())
    if wrong is not None:
        return wrong
    with_partner = OverlapRound.objects.filter(partner=partner)
    # Ended unanswered by its time, whether or not the worker has been here since.
    if with_partner.filter(ended_at=None, expires_at__gt=now).exists():
        return Refusal.UNDER_WAY
    used = [span_of(row) for row in with_partner.exclude(sent_at=None)]
    return Refusal.MONTHS_USED if meets((first, last), used) else None


# --- What comes in --------------------------------------------------------------------------------


def receive_proposal(letter: ReceivedLetter) -> None:
    """Another partner proposes a round: it waits for an officer's decision. Raises `Reject`."""
    data = letter.data
    if data["identity"] != one_text.VERSION:
        raise _reject(Refusal.OTHER_IDENTITY)
    if OverlapRound.objects.filter(pk=data["round"]).exists():
        raise Reject("round_in_use", "A round with this number exists already.")
    partner = letter.source.split("-", 1)[0]
    expire(letter.received_at, partner)
    _give_way(letter, partner)
    why = refused(partner, Month.parse(data["first"]), Month.parse(data["last"]), letter.time)
    if why is not None:
        raise _reject(why)
    row = OverlapRound(
        id=UUID(data["round"]), key_id=vault().new_key(), side=Side.THEIRS, partner=partner,
        peer=letter.source, first=data["first"], last=data["last"],
        population=Population(data["population"]), thread=letter.thread,
        proposed_at=letter.received_at, expires_at=letter.time + rules().answer_within,
    )  # fmt: skip
    row.seal_values({})
    row.save(force_insert=True)
    log(letter.actor, AuditTag.OVERLAP_ASKED, row)


def _give_way(letter: ReceivedLetter, partner: str) -> None:
    """Of two proposals that cross on their way the one with the lower number stands, at both ends.

    When the other one is then rejected, this is undone with the letter's transaction.
    """
    own = OverlapRound.objects.select_for_update().filter(
        partner=partner, ended_at=None, side=Side.OURS, state=State.PROPOSED
    )
    for row in own:
        if UUID(letter.data["round"]) < row.pk:
            end(letter.actor, row, State.WITHDRAWN, letter.received_at, reason="crossed")


def _reject(why: Refusal) -> Reject:
    return Reject(why.value, f"This round is not run here: {why.value.replace('_', ' ')}.")


def receive_answer(letter: ReceivedLetter) -> None:
    """The other side agreed, declined or withdrew. Raises `Reject`."""
    answer, at = letter.data["answer"], letter.received_at
    row = _live(letter)
    if answer == "withdrawn":
        end(letter.actor, row, State.WITHDRAWN, at)
        return
    if (row.side, row.state) != (Side.OURS, State.PROPOSED):
        raise Reject("not_asked", "Nothing was asked of you in this round.")
    row.decided_at = at
    if answer == "declined":
        end(letter.actor, row, State.DECLINED, at, words=letter.data.get("words", ""))
        return
    begin(row, letter.time)
    row.save()
    log(letter.actor, AuditTag.OVERLAP_AGREED, row)


def receive_elements(letter: ReceivedLetter) -> None:
    """The other side's people as elements, or ours as it sent them back. Raises `Reject`."""
    count, stage = letter.data["elements"], letter.data["stage"]
    row = _live(letter)
    if row.state != State.AGREED:
        raise Reject("not_agreed", "This round has not been agreed.")
    if sum(note.bytes for note in letter.attachments) != count * oprf.ELEMENT:
        raise Reject("wrong_size", "The files do not hold as many elements as the letter says.")
    if stage == OWN:
        if row.their_inbox is not None:
            raise Reject("here_already", "Your elements of this round are here already.")
        if count != overlaps.padded(count) or count > overlaps.padded(rules().most_people):
            raise Reject("wrong_size", "A round does not hold so many elements.")
        row.their_inbox, row.there = letter.inbox, count
    else:
        if row.sent_at is None or row.back_inbox is not None:
            raise Reject("not_asked", "No elements of ours wait to come back from you.")
        if count != row.here:
            raise Reject("wrong_size", "Another number of elements came back than was sent.")
        row.back_inbox = letter.inbox
    row.save()
    accept_attachments(letter.actor, inbox=letter.inbox, now=letter.received_at)


def _live(letter: ReceivedLetter) -> OverlapRound:
    row = (
        OverlapRound.objects.select_for_update()
        .filter(pk=letter.data["round"], peer=letter.source, ended_at=None)
        .first()
    )
    if row is None or row.thread != letter.thread:
        raise Reject("unknown_round", "No round of yours with this number is under way here.")
    return row


def see_receipt(receipt: ReceiptSeen) -> None:
    """A letter of a round was refused or could not be delivered: the round is lost."""
    if receipt.verdict in {Verdict.STORED, Verdict.PARKED}:
        return
    live = OverlapRound.objects.select_for_update().filter(ended_at=None)
    for row in live.filter(peer=receipt.to, thread=receipt.thread):
        reason = receipt.reason or "not_delivered"
        end(_system(), row, State.LOST, receipt.seen_at, reason=reason)


# --- What the worker does -------------------------------------------------------------------------


def turn(now: datetime) -> int:
    """Everything that is due; how many steps were taken. Safe to run again."""
    if not settings.MOSTOVI.holds_persons:
        return 0
    if not OverlapRound.objects.filter(Q(ended_at=None) | Q(tidied=False)).exists():
        return 0
    done = expire(now) + _give_up(now)
    for step in (_send, _send_back, _count):
        agreed = OverlapRound.objects.filter(ended_at=None, state=State.AGREED)
        done += sum(_taken(step, row, now) for row in agreed)
    return done + _tidy(now)


Step = Callable[[OverlapRound, datetime], bool]


def _taken(step: Step, row: OverlapRound, now: datetime) -> bool:
    """Take a step; a round in which it cannot be taken is ended, and says why."""
    try:
        return step(row, now)
    except NotAsAgreed:
        reason = "not_as_agreed"
    except headcount.TooMany:
        reason = "too_many_people"
    except LetterRefused as error:
        reason = str(error.reason)
    with transaction.atomic():
        locked = _locked(row)
        if locked is not None:
            end(_system(), locked, State.LOST, now, reason=reason)
    return True


def _locked(row: OverlapRound, **still: Any) -> OverlapRound | None:
    """The row as it is now, unless another worker was quicker."""
    return (
        OverlapRound.objects.select_for_update()
        .filter(pk=row.pk, state=State.AGREED, ended_at=None, **still)
        .first()
    )


def _secret(row: OverlapRound) -> bytes:
    return bytes.fromhex(row.values()["secret"])


def _send(row: OverlapRound, now: datetime) -> bool:
    """Our people, raised to our secret. From here on the months count as used."""
    if row.sent_at is not None:
        return False
    zone = timezone.get_default_timezone()
    first, last = span_of(row)
    found = headcount.elements(
        Population(row.population), first.bounds(zone)[0], last.bounds(zone)[1],
        number=row.pk, secret=_secret(row), most=rules().most_people,
    )  # fmt: skip
    sent = overlaps.sent(found)
    with transaction.atomic():
        locked = _locked(row, sent_at=None)
        if locked is None:
            return False
        locked.here, locked.sent_at = len(sent), now
        locked.save()
        _post_elements(locked, OWN, sent)
    return True


def _send_back(row: OverlapRound, now: datetime) -> bool:
    """The other side's elements under our secret as well; only after it has ours."""
    if row.returned_at is not None or row.sent_at is None:
        return False
    came = pieces.joined(_system(), row.their_inbox)
    if came is None:
        return False
    raised = overlaps.returned(_secret(row), overlaps.split(came))
    with transaction.atomic():
        locked = _locked(row, returned_at=None)
        if locked is None:
            return False
        locked.returned_at = now
        locked.save()
        _post_elements(locked, BACK, raised)
    return True


def _count(row: OverlapRound, now: datetime) -> bool:
    """Both lists are here under both secrets: count, and tell only what may be told."""
    if row.returned_at is None:
        return False
    came, back = (pieces.joined(_system(), i) for i in (row.their_inbox, row.back_inbox))
    if came is None or back is None:
        return False
    theirs = overlaps.returned(_secret(row), overlaps.split(came))
    exact = overlaps.common(overlaps.split(back), theirs)
    found = overlaps.told(exact, row.here, row.there, rules().quality)
    with transaction.atomic():
        locked = _locked(row)
        if locked is None:
            return False
        if found is not None:
            locked.value, locked.low, locked.high = found.value, found.low, found.high
        end(_system(), locked, State.TOO_FEW if found is None else State.COUNTED, now)
    return True


def _post_elements(row: OverlapRound, stage: str, elements: list[bytes]) -> None:
    post(
        _system(), to=row.peer, letter_type=ELEMENTS, purpose=Purpose.STATISTICS,
        basis=NO_PERSONS, thread=row.thread, expires=row.expires_at,
        data={"round": str(row.pk), "stage": stage, "elements": len(elements)},
        attachments=pieces.cut(f"overlap_{stage}", b"".join(elements)),
    )  # fmt: skip


def begin(row: OverlapRound, agreed_at: datetime) -> None:
    """The round is agreed: it gets its secret and its time (not saved)."""
    row.state = State.AGREED
    row.expires_at = agreed_at + rules().finish_within
    row.seal_values({"secret": oprf.new_scalar().hex()})


# --- How a round ends -----------------------------------------------------------------------------


def expire(now: datetime, partner: str | None = None) -> int:
    """End rounds whose time is over, of one partner or of all."""
    with transaction.atomic():
        over = OverlapRound.objects.select_for_update().filter(ended_at=None, expires_at__lte=now)
        if partner is not None:
            over = over.filter(partner=partner)
        found = list(over)
        for row in found:
            end(_system(), row, State.EXPIRED, now)
    return len(found)


def _give_up(now: datetime) -> int:
    """End rounds of which a file cannot be had."""
    lost = 0
    for row in OverlapRound.objects.filter(ended_at=None, state=State.AGREED):
        if pieces.gone(row.their_inbox) or pieces.gone(row.back_inbox):
            with transaction.atomic():
                locked = _locked(row)
                if locked is not None:
                    end(_system(), locked, State.LOST, now, reason="file_lost")
                    lost += 1
    return lost


def end(
    actor: Actor, row: OverlapRound, state: OverlapRound.State, now: datetime, *, reason: str = "",
    words: str = "",
) -> None:  # fmt: skip
    """The round is over: its secret is destroyed, and what came of elements is erased.

    After a count our own letters may still be on their way to the other side, which needs them;
    they are erased when the round's time is over (`_tidy`). In any other end they are taken back.
    """
    row.state, row.ended_at, row.reason, row.words = state, now, reason[:60], words[:500]
    row.sealed = b""
    if state in COUNTED:
        came = [inbox for inbox in (row.their_inbox, row.back_inbox) if inbox is not None]
        erase_of(Attachment.objects.filter(inbox__in=came))
    else:
        stop(_system(), thread=row.thread)
        erase_thread(_system(), thread=row.thread, peer=row.peer)
        row.tidied = True
    row.save()
    transaction.on_commit(partial(vault().destroy, row.key_id))
    log(actor, AuditTag.OVERLAP_COUNTED if state in COUNTED else AuditTag.OVERLAP_ENDED, row)


def _tidy(now: datetime) -> int:
    """Erase our own elements of rounds that were counted, when nobody needs them any more."""
    rows = list(
        OverlapRound.objects.filter(tidied=False, expires_at__lte=now).exclude(ended_at=None)
    )
    for row in rows:
        with transaction.atomic():
            erase_thread(_system(), thread=row.thread, peer=row.peer)
            row.tidied = True
            row.save(update_fields=["tidied"])
    return len(rows)


def log(actor: Actor, tag: AuditTag, row: OverlapRound) -> None:
    """Note a step in the audit log: which round, with whom, which months. No number of people."""
    record(
        actor, tag, handle=vault().handle("overlap", row.pk),
        detail={
            "partner": row.partner, "first": row.first, "last": row.last, "state": str(row.state),
            "reason": row.reason,
        },
    )  # fmt: skip
