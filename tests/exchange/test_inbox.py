# SPDX-License-Identifier: EUPL-1.2
"""A letter that comes in runs once, in order, wholly or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from mostovi.exchange import handlers, inbox
from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.keys import Use
from mostovi.exchange.keystore import key_store
from mostovi.exchange.models import Alarm, InboxLetter, InboxState, InboxThread, ParkedLetter
from mostovi.exchange.reasons import Reason
from mostovi.exchange.receipts import Receipt, Verdict, read_receipt
from mostovi.exchange.services import add_peer, erase_thread, receive, receive_many
from mostovi.exchange.xroad import XRoadRequest
from mostovi.rights.access import Actor
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import verify_chain

from .conftest import NOW, REQUEST, Node, referral

WITHDRAWAL = {
    "type": "mostovi.consent.withdrawn.v1",
    "basis": {"duty": "GDPR article 7(3)"},
    "data": {
        "consent": "c0ffee00c0ffee00",
        "withdrawn_at": "2026-11-24T05:00:00Z",
        "scope": "use",
    },
}


def read(token: str) -> Receipt:
    """A receipt of the node under test, verified."""
    pair = next(p for p in key_store().pairs() if p.public.use is Use.SIGN)
    return read_receipt(
        token, their_key=lambda kid: ("me", pair.public) if kid == pair.kid else None, now=NOW
    )


def test_a_letter_is_handled_once_and_receipted(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    letter = known.letter(data=referral(summary="needs a bed"), subject="abcd1234")
    token = to_us(letter)
    answer = receive(token, NOW)
    assert (answer.status, answer.repeat) == (202, False)
    receipt = read(answer.receipt)
    assert receipt.verdict is Verdict.STORED
    assert (receipt.letter, receipt.source, receipt.node) == (letter.id, "ba", "me")
    assert receipt.received_at == NOW
    assert [item.id for item in handled] == [letter.id]
    assert handled[0].data["summary"] == "needs a bed"
    assert handled[0].actor.purpose is Purpose.PROTECTION

    for again in (token, to_us(letter)):  # the same bytes, and the letter encrypted anew
        repeat = receive(again, NOW + timedelta(hours=1))
        assert (repeat.status, repeat.repeat, repeat.receipt) == (202, True, answer.receipt)
    assert len(handled) == 1
    assert InboxLetter.objects.count() == 1


def test_the_receipt_names_the_log_and_the_log_holds(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    before = AuditEntry.objects.order_by("-sequence").first()
    receipt = read(receive(to_us(), NOW).receipt)
    assert before is not None
    assert receipt.head == before.digest
    assert verify_chain()[1] == []


def test_the_content_is_with_the_handler_only(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    receive(to_us(data=referral(summary="Amina Begić")), NOW)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            assert "Amina" not in repr(cursor.fetchall())


def test_a_used_id_with_other_content_is_refused_and_alarmed(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    letter = known.letter()
    receive(to_us(letter), NOW)
    other = known.letter(id=letter.id, data=referral(deadline_days=3))
    for _ in range(2):
        answer = receive(to_us(other), NOW)
        assert (answer.status, answer.reason, answer.receipt) == (409, Reason.ID_REUSED, "")
    assert len(handled) == 1
    alarm = Alarm.objects.get()
    assert (alarm.source, alarm.letter, alarm.times) == ("ba", letter.id, 2)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1), (0, 2, 1)])
def test_letters_of_a_thread_run_in_order_however_they_arrive(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter], order: tuple[int, ...]
) -> None:
    thread = uuid4()
    letters = [known.letter(thread=thread) for _ in range(3)]
    tokens = [to_us(letter) for letter in letters]
    answers = [receive(tokens[index], NOW + timedelta(minutes=index)) for index in order]
    assert [item.seq for item in handled] == [1, 2, 3]
    parked = [answer for answer in answers if read(answer.receipt).verdict is Verdict.PARKED]
    assert not ParkedLetter.objects.exists()
    for answer in parked:
        row = InboxLetter.objects.get(letter=answer.letter)
        asked_again = receive(tokens[row.seq - 1], NOW + timedelta(hours=2))
        final = read(asked_again.receipt)
        # The clock runs from the arrival, not from the filling of the gap.
        assert (final.verdict, final.received_at) == (
            Verdict.STORED,
            read(answer.receipt).received_at,
        )


def test_a_parked_letter_is_kept_sealed_and_found_after_fifteen_minutes(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    thread = uuid4()
    known.letter(thread=thread)
    answer = receive(to_us(thread=thread, data=referral(summary="Amina Begić")), NOW)
    assert (answer.status, read(answer.receipt).verdict) == (202, Verdict.PARKED)
    assert handled == []
    assert b"Amina" not in bytes(ParkedLetter.objects.get().sealed)
    assert inbox.parked_since(NOW + timedelta(minutes=15)).count() == 1
    assert inbox.parked_since(NOW).count() == 0


def test_a_withdrawal_does_not_wait_for_an_earlier_letter(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    thread = uuid4()
    first = known.letter(thread=thread)
    answer = receive(to_us(thread=thread, **WITHDRAWAL), NOW)
    assert read(answer.receipt).verdict is Verdict.STORED
    receive(to_us(first), NOW)
    receive(to_us(thread=thread), NOW)
    assert [item.seq for item in handled] == [2, 1, 3]
    assert InboxThread.objects.get().waiting == []


def test_a_number_used_twice_and_a_broken_chain_are_refused(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    thread = uuid4()
    receive(to_us(thread=thread), NOW)
    same = receive(to_us(thread=thread, seq=1, prev=""), NOW)
    assert (same.status, same.reason) == (409, Reason.SEQUENCE_REUSED)
    broken = receive(to_us(thread=thread, seq=2, prev="f" * 64), NOW)
    assert (broken.status, broken.reason) == (409, Reason.CHAIN_BROKEN)
    assert (len(handled), InboxLetter.objects.count()) == (1, 1)


def test_a_parked_letter_with_a_broken_chain_is_rejected_when_its_turn_comes(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    thread = uuid4()
    first = known.letter(thread=thread)
    token = to_us(thread=thread, prev="f" * 64)
    assert receive(token, NOW).status == 202
    receive(to_us(first), NOW)
    final = receive(token, NOW)
    assert (final.status, read(final.receipt).reason) == (422, Reason.CHAIN_BROKEN)
    assert [item.seq for item in handled] == [1]


def outside(**more: Any) -> dict[str, Any]:
    """A change that takes a letter out of its profile."""
    return more


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (outside(data=referral(nationality="xx")), Reason.OUTSIDE_PROFILE),
        (outside(data=referral(urgency="whenever")), Reason.OUTSIDE_PROFILE),
        (outside(purpose="investigation"), Reason.WRONG_PURPOSE),
        (outside(purpose="return"), Reason.WRONG_PURPOSE),
        (outside(basis={}), Reason.NO_BASIS),
        (outside(basis={"none": "x"}), Reason.NO_BASIS),
        (
            outside(basis={"consent": "c0ffee00c0ffee00", "expires": "2026-11-23T00:00:00Z"}),
            Reason.NO_BASIS,
        ),
        (
            outside(
                basis={"consent": "c0ffee00c0ffee00", "fields": ["names"]},
                data=referral(summary="x"),
            ),
            Reason.NO_BASIS,
        ),
        (outside(type="mostovi.nothing.v1"), Reason.UNKNOWN_LETTER_TYPE),
        (outside(type="../../etc/passwd"), Reason.UNKNOWN_LETTER_TYPE),
        (
            outside(
                type="mostovi.plan.progress.v1", purpose="governance", basis={"none": "x"}, data={}
            ),
            Reason.LETTER_TYPE_NOT_ALLOWED,
        ),
    ],
)
def test_a_letter_outside_its_profile_is_rejected_and_nothing_of_it_kept(
    known: Node,
    to_us: Callable[..., bytes],
    handled: list[ReceivedLetter],
    change: dict[str, Any],
    reason: Reason,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(handlers._receivers, "mostovi.plan.progress.v1", raising=False)
    thread = uuid4()
    answer = receive(to_us(thread=thread, **change), NOW)
    receipt = read(answer.receipt)
    assert (answer.status, receipt.verdict, receipt.reason) == (422, Verdict.REJECTED, reason)
    assert handled == []
    assert InboxLetter.objects.get().state == InboxState.REJECTED
    # The number is used: the sender's next letter is not held up.
    assert receive(to_us(thread=thread), NOW).status == 202
    assert [item.seq for item in handled] == [2]


def test_a_handler_that_rejects_leaves_nothing(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    def reject(letter: ReceivedLetter) -> None:
        Alarm.objects.create(source="written by the handler", reason="x", at=NOW)
        raise Reject("no_capacity", "No bed is free.")

    handlers.register(REQUEST, reject)
    answer = receive(to_us(), NOW)
    receipt = read(answer.receipt)
    assert (answer.status, receipt.verdict) == (422, Verdict.REJECTED)
    assert (receipt.reason, receipt.text) == ("no_capacity", "No bed is free.")
    assert not Alarm.objects.exists()


def test_a_handler_that_fails_leaves_the_letter_unreceived(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    def fail(letter: ReceivedLetter) -> None:
        Alarm.objects.create(source="written by the handler", reason="x", at=NOW)
        raise RuntimeError("disk full")

    token = to_us()
    handlers.register(REQUEST, fail)
    answer = receive(token, NOW)
    assert (answer.status, answer.reason, answer.receipt) == (503, Reason.TRY_AGAIN, "")
    assert (InboxLetter.objects.count(), Alarm.objects.count()) == (0, 0)
    handlers.register(REQUEST, handled.append)
    assert receive(token, NOW).status == 202
    assert len(handled) == 1


STEPS = ["_row", "_run", "_receipt", "_write_log", "head"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_step_neither_loses_nor_doubles(
    known: Node,
    to_us: Callable[..., bytes],
    handled: list[ReceivedLetter],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    after: bool,
) -> None:
    class Killed(BaseException):
        """Stands for SIGKILL: nothing may catch it."""

    def record_letter(letter: ReceivedLetter) -> None:
        Alarm.objects.create(source="case", reason="made", letter=letter.id, at=NOW)

    handlers.register(REQUEST, record_letter)
    token = to_us()
    real = getattr(inbox, step)

    def killing(*args: Any, **more: Any) -> Any:
        if after:
            real(*args, **more)
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(inbox, step, killing)
        with pytest.raises(Killed), transaction.atomic():
            receive(token, NOW)
    assert (InboxLetter.objects.count(), Alarm.objects.count()) == (0, 0)
    first = receive(token, NOW)
    second = receive(token, NOW)
    assert first.receipt == second.receipt != ""
    assert Alarm.objects.filter(reason="made").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_arrivals_at_once_make_one_letter(
    store: object, ba: Node, ours: Callable[[Use], Any], handled: list[ReceivedLetter]
) -> None:
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=ba.entry())
    thread = uuid4()
    letters = [ba.letter(thread=thread) for _ in range(6)]
    tokens = [ba.token(letter, ours(Use.ENCRYPT).public) for letter in letters]
    answers: list[inbox.Answer] = []
    barrier = threading.Barrier(4)

    def arrive(number: int) -> None:
        barrier.wait()
        try:
            for token in tokens if number % 2 else reversed(tokens):
                answers.append(receive(token, NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=arrive, args=(number,)) for number in range(4)]
    for item in threads:
        item.start()
    for item in threads:
        item.join()
    assert [item.seq for item in handled] == [1, 2, 3, 4, 5, 6]
    assert InboxLetter.objects.count() == 6
    assert {answer.status for answer in answers} == {202}
    assert verify_chain()[1] == []


def test_a_batch_answers_each_letter_and_one_refusal_spares_the_rest(
    known: Node, rs: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter],
    ours: Callable[[Use], Any],
) -> None:  # fmt: skip
    stranger = rs.token(rs.letter(), ours(Use.ENCRYPT).public)
    rejected = to_us(data=referral(nationality="xx"))
    answers = receive_many([to_us(), stranger, rejected, b"noise", to_us()], NOW)
    assert [answer.status for answer in answers] == [202, 403, 422, 400, 202]
    assert len(handled) == 2


@pytest.mark.parametrize("status", ["suspended", "left"])
def test_a_suspended_peer_is_refused(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter], status: str
) -> None:
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=known.entry(status=status))
    answer = receive(to_us(), NOW)
    assert (answer.status, answer.reason) == (403, Reason.PEER_SUSPENDED)
    assert handled == []


def test_a_node_that_holds_no_persons_keeps_none(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter], settings: Any
) -> None:
    from dataclasses import replace

    settings.MOSTOVI = replace(settings.MOSTOVI, holds_persons=False)
    answer = receive(to_us(), NOW)
    assert (answer.status, answer.reason) == (422, Reason.HOLDS_NO_PERSONS)
    assert handled == []


def test_the_hash_of_the_security_server_stays_with_the_receipt(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    answer = receive(to_us(), NOW, XRoadRequest(request_hash="abc123"))
    assert read(answer.receipt).request_hash == "abc123"
    assert InboxLetter.objects.get().request_hash == "abc123"


def test_erasing_a_thread_makes_a_parked_letter_unreadable(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    from mostovi.rights.vault import KeyDestroyed

    thread = uuid4()
    first = known.letter(thread=thread)
    token = to_us(thread=thread)
    receive(token, NOW)
    parked = ParkedLetter.objects.get()
    erase_thread(Actor.system(Purpose.ASYLUM), thread=thread, peer="ba")
    assert parked.values()["envelope"]
    with django_capture_on_commit_callbacks(execute=True):
        erase_thread(Actor.system(Purpose.PROTECTION), thread=thread, peer="ba")
    with pytest.raises(KeyDestroyed):
        parked.values()
    assert erase_thread(Actor.system(Purpose.PROTECTION), thread=thread, peer="ba") == 0
    # The gap is filled later: the erased letter is rejected and holds nobody up.
    assert receive(to_us(first), NOW).status == 202
    assert read(receive(token, NOW).receipt).reason == Reason.ERASED
    assert receive(to_us(thread=thread), NOW).status == 202
    assert [item.seq for item in handled] == [1, 3]
