# SPDX-License-Identifier: EUPL-1.2
"""A letter on its way out is carried until its receiver confirms it, and is never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from mostovi.exchange import handlers, outbox
from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter
from mostovi.exchange.keys import KeyPair, Use
from mostovi.exchange.models import Alarm, Delivery, OutboxLetter, OutboxState
from mostovi.exchange.profiles import ProfileViolation
from mostovi.exchange.reasons import ExchangeError, LetterRefused, Reason
from mostovi.exchange.receipts import Verdict
from mostovi.exchange.services import add_peer, post, receive, relay_due, retry, withdraw
from mostovi.exchange.transport import Reply
from mostovi.rights.access import Actor, Refused
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault

from .conftest import CONSENT, NOW, REQUEST, UNREACHABLE, FakePeer, Node, problem, referral

SOON = NOW + timedelta(seconds=1)


@pytest.fixture
def write(
    known: Node, coordinator: Actor, handled: list[ReceivedLetter]
) -> Callable[..., OutboxLetter]:
    """Post a referral request to `ba`."""

    def make(**more: Any) -> OutboxLetter:
        values: dict[str, Any] = {
            "to": "ba", "letter_type": REQUEST, "purpose": Purpose.PROTECTION,
            "basis": CONSENT, "data": referral(), "now": NOW, **more,
        }  # fmt: skip
        return post(coordinator, **values)

    return make


@pytest.fixture
def seen(handled: list[ReceivedLetter]) -> list[ReceiptSeen]:
    """What hooks were told."""
    found: list[ReceiptSeen] = []
    handlers.register_receipt(REQUEST, found.append)
    return found


def state(row: OutboxLetter) -> str:
    """The row's state in the database."""
    return OutboxLetter.objects.get(pk=row.pk).state


def test_a_letter_goes_out_and_its_receipt_comes_back(
    write: Callable[..., OutboxLetter], carrier: FakePeer, seen: list[ReceiptSeen]
) -> None:
    row = write(data=referral(summary="needs a bed"))
    assert row.values()["envelope"]
    assert b"needs a bed" not in bytes(row.sealed)
    assert relay_due(SOON, carrier) == 1
    [item] = carrier.opened
    assert (item.letter.id, item.letter.data["summary"]) == (row.pk, "needs a bed")
    row.refresh_from_db()
    assert (row.state, row.received_at, bool(row.receipt)) == (OutboxState.DELIVERED, NOW, True)
    assert bytes(row.sealed) == b""  # what was said is no longer held here
    assert [(item.letter, item.verdict) for item in seen] == [(row.pk, Verdict.STORED)]
    assert relay_due(SOON, carrier) == 0
    assert len(carrier.opened) == 1


def test_a_letter_belongs_to_the_transaction_that_wrote_it(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write()
        raise ZeroDivisionError
    assert relay_due(SOON, carrier) == 0
    assert carrier.requests == []


def test_a_thread_is_numbered_and_chained(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    thread = uuid4()
    rows = [write(thread=thread) for _ in range(3)]
    write()
    assert relay_due(SOON, carrier) == 4
    letters = [item.letter for item in carrier.opened if item.letter.thread == thread]
    assert [letter.seq for letter in letters] == [1, 2, 3]
    assert [letter.prev for letter in letters] == ["", rows[0].digest, rows[1].digest]


def test_many_letters_share_a_request_and_a_plain_node_gets_one_each(
    write: Callable[..., OutboxLetter], carrier: FakePeer, known: Node
) -> None:
    for _ in range(70):
        write()
    assert relay_due(SOON, carrier) == 70
    assert len(carrier.requests) == 2
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=known.entry(batch=1))
    for _ in range(3):
        write()
    assert relay_due(SOON, carrier) == 3
    assert len(carrier.requests) == 5


def test_a_refused_parcel_costs_no_letter(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    for _ in range(5):
        write()
    carrier.fails = [Reply(413, b"<html>Request Entity Too Large", {})]
    assert relay_due(SOON, carrier) == 5
    assert len(carrier.requests) == 6
    assert {row.state for row in OutboxLetter.objects.all()} == {OutboxState.DELIVERED}


def test_large_letters_go_in_parcels_below_a_megabyte(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    for _ in range(40):
        write(data=referral(summary="名" * 4000))
    assert relay_due(SOON, carrier) == 40
    assert len(carrier.requests) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data": referral(nationality="xx")}, Reason.OUTSIDE_PROFILE),
        ({"basis": {}}, Reason.NO_BASIS),
        ({"basis": {"consent": "x", "duty": "y"}}, Reason.NO_BASIS),
        ({"basis": {**CONSENT, "expires": "2026-11-24T05:59:59Z"}}, Reason.NO_BASIS),
        (
            {"basis": {**CONSENT, "fields": ["names"]}, "data": referral(sex="female")},
            Reason.NO_BASIS,
        ),
    ],
)
def test_what_leaves_the_profile_is_not_written(
    write: Callable[..., OutboxLetter], change: dict[str, Any], reason: Reason
) -> None:
    with pytest.raises(ProfileViolation) as caught:
        write(**change)
    assert caught.value.reason == reason
    assert caught.value.errors[0].path.startswith("/")
    assert not OutboxLetter.objects.exists()


def test_nobody_sends_for_another_purpose_than_their_own(
    write: Callable[..., OutboxLetter], known: Node
) -> None:
    with pytest.raises(Refused):
        write(purpose=Purpose.ASYLUM)
    with pytest.raises(Refused):
        post(
            Actor.system(Purpose.INVESTIGATION), to="ba", letter_type=REQUEST,
            purpose=Purpose.PROTECTION, basis=CONSENT, data=referral(), now=NOW,
        )  # fmt: skip


def test_an_unknown_receiver_or_a_type_it_does_not_take_is_refused(
    write: Callable[..., OutboxLetter], known: Node
) -> None:
    with pytest.raises(LetterRefused) as caught:
        write(to="xx")
    assert caught.value.reason == Reason.UNKNOWN_PEER
    add_peer(
        Actor.system(Purpose.GOVERNANCE), entry=known.entry(letters=["mostovi.plan.progress.v1"])
    )
    with pytest.raises(LetterRefused) as caught:
        write()
    assert caught.value.reason == Reason.LETTER_TYPE_NOT_ALLOWED


def test_a_letter_too_large_is_refused_when_it_is_written(
    write: Callable[..., OutboxLetter],
) -> None:
    with pytest.raises(ProfileViolation):
        write(data=referral(summary="x" * 5000))
    wide = referral(summary="名" * 4000, safety="名" * 1000)
    wide["names"] = [
        {"script": "Latn", "parts": [{"kind": "given", "text": "名" * 120}] * 10} for _ in range(8)
    ]
    with pytest.raises(LetterRefused) as caught:
        write(data=wide)
    assert caught.value.reason == Reason.TOO_LARGE


def test_a_silent_peer_is_tried_again_later_and_longer(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    row = write()
    now = SOON
    waits = []
    for _ in range(9):
        carrier.fails = [UNREACHABLE]
        assert relay_due(now, carrier) == 0
        row.refresh_from_db()
        assert row.state == OutboxState.WAITING
        waits.append(row.next_attempt - now)
        assert relay_due(row.next_attempt - timedelta(seconds=1), carrier) == 0
        now = row.next_attempt
    assert timedelta(seconds=30) <= waits[0] <= timedelta(minutes=1)
    assert timedelta(hours=2) <= waits[-1] <= timedelta(hours=6)
    carrier.now = now
    assert relay_due(now, carrier) == 1
    assert state(row) == OutboxState.DELIVERED


def test_what_waits_for_a_silent_peer_goes_as_soon_as_it_is_heard_of(
    write: Callable[..., OutboxLetter], carrier: FakePeer, to_us: Callable[..., bytes]
) -> None:
    carrier.fails = [UNREACHABLE, UNREACHABLE]
    early = write()
    assert relay_due(SOON, carrier) == 0
    back = SOON + timedelta(seconds=5)
    assert relay_due(back, carrier) == 0
    write(now=back)
    assert relay_due(back, carrier) == 0  # silent still
    assert receive(to_us(), back).status == 202  # it writes to us, so it is back
    assert relay_due(back, carrier) == 2
    assert state(early) == OutboxState.DELIVERED


def test_one_letter_that_gets_through_takes_the_others_along(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    carrier.fails = [UNREACHABLE]
    early = write()
    relay_due(SOON, carrier)
    write(now=SOON)
    assert relay_due(SOON, carrier) == 1
    assert relay_due(SOON, carrier) == 1
    assert state(early) == OutboxState.DELIVERED


def test_a_letter_the_peer_cannot_take_now_is_not_hurried(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    carrier.fails = [problem(503, "try_again")]
    early = write()
    relay_due(SOON, carrier)
    write(now=SOON)
    assert relay_due(SOON, carrier) == 1
    assert relay_due(SOON, carrier) == 0
    assert state(early) == OutboxState.WAITING


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_fault_of_the_peer_is_no_refusal(
    write: Callable[..., OutboxLetter], carrier: FakePeer, status: int
) -> None:
    row = write()
    carrier.fails = [Reply(status, b"<html>", {})]
    relay_due(SOON, carrier)
    assert state(row) == OutboxState.WAITING


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (problem(403, "unknown_signing_key"), "unknown_signing_key"),
        (problem(400, "expired"), "expired"),
        (Reply(404, b"<html>", {}), Reason.REFUSED_BY_PEER),
        (Reply(302, b"", {"Location": "http://evil.test/"}), Reason.REDIRECTED),
        (Reply(308, b"", {}), Reason.REDIRECTED),
    ],
)
def test_a_refusal_is_final_and_its_reason_kept(
    write: Callable[..., OutboxLetter],
    carrier: FakePeer,
    seen: list[ReceiptSeen],
    reply: Reply,
    reason: str,
) -> None:
    row = write()
    carrier.fails = [reply]
    assert relay_due(SOON, carrier) == 1
    row.refresh_from_db()
    assert (row.state, row.reason) == (OutboxState.DEAD, reason)
    assert [(item.verdict, item.reason) for item in seen] == [(None, reason)]
    assert row.values()["envelope"]  # the sender loses nothing
    assert len(carrier.requests) == 1


def test_delivery_ends_after_three_days(
    write: Callable[..., OutboxLetter], carrier: FakePeer, seen: list[ReceiptSeen]
) -> None:
    row = write(expires=NOW + timedelta(days=30))
    now = SOON
    for _ in range(40):
        carrier.fails = [UNREACHABLE]
        relay_due(now, carrier)
        row.refresh_from_db()
        if row.state == OutboxState.DEAD:
            break
        now = row.next_attempt
    assert (row.state, row.reason) == (OutboxState.DEAD, Reason.UNREACHABLE)
    assert timedelta(hours=66) <= now - SOON <= timedelta(hours=72)
    assert [item.verdict for item in seen] == [None]


def test_delivery_ends_when_the_letter_expires(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    row = write(expires=NOW + timedelta(minutes=10))
    relay_due(NOW + timedelta(minutes=10), carrier)
    assert state(row) == OutboxState.DEAD
    assert carrier.requests == []


def test_a_receipt_that_is_not_the_receivers_changes_nothing(
    write: Callable[..., OutboxLetter],
    carrier: FakePeer,
    rs: Node,
    known: Node,
    ours: Callable[[Use], KeyPair],
    seen: list[ReceiptSeen],
) -> None:
    import json

    add_peer(Actor.system(Purpose.GOVERNANCE), entry=rs.entry(endpoint="http://rs.test"))
    row, other = write(), write()
    read = {}

    def forge(**more: Any) -> Reply:
        receipt = {**more}
        signer = receipt.pop("signer", known)
        return Reply(202, json.dumps({"receipt": signer.receipt(**receipt)}).encode(), {})

    for letter in (row, other):
        carrier.opened.clear()
        token = outbox._token(letter, letter.values(), ours(Use.SIGN), known.encrypt.public)
        read[letter.pk] = known.read(token, ours(Use.SIGN))
    OutboxLetter.objects.filter(pk=other.pk).update(next_attempt=NOW + timedelta(days=1))
    now = SOON
    for reply in (
        forge(item=read[other.pk]),
        forge(item=read[row.pk], signer=rs),
        forge(item=read[row.pk], signer=rs, node="ba"),
        forge(item=read[row.pk], digest="0" * 64),
        forge(item=read[row.pk], source="rs"),
        Reply(202, b'{"receipt":"x.y.z"}', {}),
        Reply(202, b"{}", {}),
        Reply(200, b'{"receipt":""}', {}),
    ):
        carrier.fails = [reply]
        assert relay_due(now, carrier) == 0
        row.refresh_from_db()
        assert row.state == OutboxState.WAITING
        now = row.next_attempt
    assert seen == []
    carrier.now = now
    assert relay_due(now, carrier) == 1


def test_a_rejection_is_signed_and_its_retry_is_a_new_letter(
    write: Callable[..., OutboxLetter],
    carrier: FakePeer,
    seen: list[ReceiptSeen],
    administrator: Actor,
) -> None:
    thread = uuid4()
    row = write(thread=thread)
    carrier.verdict = Verdict.REJECTED
    relay_due(SOON, carrier)
    row.refresh_from_db()
    assert (row.state, row.reason) == (OutboxState.DEAD, "refused_by_receiver")
    assert seen[0].verdict is Verdict.REJECTED
    fresh = retry(administrator, letter_id=row.pk, now=SOON)
    assert (fresh.pk != row.pk, fresh.seq, fresh.thread) == (True, 2, thread)
    carrier.verdict = Verdict.STORED
    assert relay_due(SOON + timedelta(seconds=1), carrier) == 1
    assert carrier.opened[-1].letter.prev == row.digest
    assert (state(row), state(fresh)) == (OutboxState.REPLACED, OutboxState.DELIVERED)


def test_a_retry_without_receipt_is_the_same_letter_with_more_time(
    write: Callable[..., OutboxLetter], carrier: FakePeer, coordinator: Actor
) -> None:
    row = write()
    carrier.fails = [problem(400, "expired")]
    relay_due(SOON, carrier)
    later = NOW + timedelta(days=9)
    again = retry(coordinator, letter_id=row.pk, now=later)
    assert again.pk == row.pk
    carrier.now = later
    assert relay_due(later, carrier) == 1
    [item] = carrier.opened
    assert item.digest == row.digest
    assert item.letter.expires == later + outbox.LIFETIME


def test_only_a_dead_letter_is_tried_again(
    write: Callable[..., OutboxLetter], administrator: Actor
) -> None:
    with pytest.raises(ExchangeError):
        retry(administrator, letter_id=write().pk, now=NOW)


def test_a_stranger_can_neither_retry_nor_withdraw(
    write: Callable[..., OutboxLetter], carrier: FakePeer, acting: Callable[..., Actor]
) -> None:
    from mostovi.rights.roles import Role

    row = write()
    carrier.fails = [problem(400, "expired")]
    relay_due(SOON, carrier)
    stranger = acting(Role.SOCIAL_WORKER)
    for verb in (retry, withdraw):
        with pytest.raises(Refused):
            verb(stranger, letter_id=row.pk, now=SOON)


def test_a_withdrawn_letter_is_erased_and_its_place_held(
    write: Callable[..., OutboxLetter],
    carrier: FakePeer,
    administrator: Actor,
    seen: list[ReceiptSeen],
) -> None:
    thread = uuid4()
    first, second, third = (write(thread=thread) for _ in range(3))
    # The parcel is refused, and then each of its letters.
    carrier.fails = [problem(400, "expired")] * 4
    assert relay_due(SOON, carrier) == 3
    retry(administrator, letter_id=first.pk, now=SOON)
    withdraw(administrator, letter_id=second.pk, now=SOON)
    retry(administrator, letter_id=third.pk, now=SOON)
    second.refresh_from_db()
    assert (second.state, bytes(second.sealed)) == (OutboxState.WITHDRAWN, b"")
    assert seen[-1].reason == Reason.WITHDRAWN
    assert relay_due(SOON + timedelta(seconds=1), carrier) == 3
    letters = sorted((item.letter for item in carrier.opened), key=lambda letter: letter.seq)
    assert [letter.seq for letter in letters] == [1, 2, 3]
    assert [letter.type for letter in letters] == [REQUEST, outbox.VOID, REQUEST]
    assert letters[1].data == {"digest": second.digest}
    assert (letters[1].prev, letters[2].prev) == (first.digest, second.digest)


def test_a_withdrawn_letter_that_had_arrived_after_all_is_told_as_arrived(
    write: Callable[..., OutboxLetter],
    carrier: FakePeer,
    administrator: Actor,
    seen: list[ReceiptSeen],
) -> None:
    carrier.fails = [UNREACHABLE, problem(409, "sequence_reused")]
    row = write()
    relay_due(SOON, carrier)  # it arrived; its answer was lost
    withdraw(administrator, letter_id=row.pk, now=SOON)
    assert (seen[-1].verdict, seen[-1].reason) == (None, Reason.WITHDRAWN)
    relay_due(SOON + timedelta(seconds=1), carrier)
    assert (seen[-1].letter, seen[-1].verdict) == (row.pk, Verdict.STORED)
    assert (seen[-1].reason, seen[-1].received_at) == (Reason.RECEIVED_BEFORE_WITHDRAWAL, None)


def test_a_letter_about_an_erased_person_is_not_sent(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    key_id = vault().new_key()
    row = write(key_id=key_id)
    vault().destroy(key_id)
    relay_due(SOON, carrier)
    row.refresh_from_db()
    assert (row.state, row.reason) == (OutboxState.WITHDRAWN, Reason.ERASED)
    relay_due(SOON, carrier)
    assert [item.letter.type for item in carrier.opened] == [outbox.VOID]


def test_a_parked_letter_is_asked_about_until_it_is_final(
    write: Callable[..., OutboxLetter], carrier: FakePeer, seen: list[ReceiptSeen]
) -> None:
    row = write()
    carrier.verdict = Verdict.PARKED
    assert relay_due(SOON, carrier) == 0
    assert state(row) == OutboxState.PARKED
    row.refresh_from_db()
    carrier.now = row.next_attempt
    relay_due(row.next_attempt, carrier)
    row.refresh_from_db()
    carrier.verdict, carrier.now = Verdict.STORED, row.next_attempt
    assert relay_due(row.next_attempt, carrier) == 1
    assert [item.verdict for item in seen] == [Verdict.PARKED, Verdict.STORED]
    assert len({item.digest for item in carrier.opened}) == 1


def test_a_failing_hook_brings_the_receipt_again(
    write: Callable[..., OutboxLetter], carrier: FakePeer, seen: list[ReceiptSeen]
) -> None:
    broken = [True]

    def hook(receipt: ReceiptSeen) -> None:
        if broken:
            broken.pop()
            raise RuntimeError("the case is locked")

    handlers.register_receipt(REQUEST, hook)
    row, other = write(), write()
    assert relay_due(SOON, carrier) == 1
    assert sorted([state(row), state(other)]) == [OutboxState.DELIVERED, OutboxState.WAITING]
    late = NOW + timedelta(minutes=2)
    carrier.now = late
    assert relay_due(late, carrier) == 1
    assert {state(row), state(other)} == {OutboxState.DELIVERED}


@pytest.mark.parametrize("step", ["due", "_token", "_carry", "_settle", "_by_receipt", "_tell"])
@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_step_neither_loses_nor_doubles(
    write: Callable[..., OutboxLetter],
    carrier: FakePeer,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    after: bool,
) -> None:
    class Killed(BaseException):
        """Stands for SIGKILL: nothing may catch it."""

    def note(receipt: ReceiptSeen) -> None:
        Alarm.objects.create(source="case", reason="told", letter=receipt.letter, at=NOW)

    handlers.register_receipt(REQUEST, note)
    row = write()
    real = getattr(outbox, step)

    def killing(*args: Any, **more: Any) -> Any:
        if after:
            real(*args, **more)
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(outbox, step, killing)
        with pytest.raises(Killed):
            relay_due(SOON, carrier)
    free = SOON + outbox.LEASE + timedelta(seconds=1)
    carrier.now = free
    relay_due(free, carrier)
    assert state(row) == OutboxState.DELIVERED
    assert len({(item.letter.id, item.digest) for item in carrier.opened}) == 1
    assert [alarm.letter for alarm in Alarm.objects.filter(reason="told")] == [row.pk]


def test_a_claimed_letter_is_left_to_its_relay(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    write()
    assert len(outbox.due(SOON)) == 1
    assert outbox.due(SOON + timedelta(seconds=1)) == []
    assert relay_due(SOON + timedelta(seconds=1), carrier) == 0
    assert len(outbox.due(SOON + outbox.LEASE)) == 1


def test_a_relay_that_lost_its_claim_settles_nothing_twice(
    write: Callable[..., OutboxLetter], carrier: FakePeer, seen: list[ReceiptSeen], known: Node
) -> None:
    write()
    [row] = outbox.due(SOON)
    late = SOON + outbox.LEASE
    carrier.now = late
    assert relay_due(late, carrier) == 1
    [item] = carrier.opened
    stale = outbox.Result(202, "", "", known.receipt(item))
    assert outbox._settle([(row, "0" * 64, stale)], late) == 0
    assert len(seen) == 1


def test_every_attempt_is_written_down(
    write: Callable[..., OutboxLetter], carrier: FakePeer
) -> None:
    row = write()
    carrier.fails = [UNREACHABLE]
    relay_due(SOON, carrier)
    later: datetime = OutboxLetter.objects.get(pk=row.pk).next_attempt
    carrier.now = later
    relay_due(later, carrier)
    outcomes = list(Delivery.objects.filter(letter=row).values_list("outcome", "status"))
    assert outcomes == [(Reason.UNREACHABLE, 0), (Verdict.STORED, 202)]


def test_x_road_headers_are_set_and_name_nobody(
    write: Callable[..., OutboxLetter], carrier: FakePeer, known: Node, coordinator: Actor
) -> None:
    add_peer(
        Actor.system(Purpose.GOVERNANCE),
        entry=known.entry(),
        endpoint="http://security-server.test",
        xroad_client="ME/GOV/1234/mostovi",
        xroad_service="BA/GOV/5678/mostovi/letters",
    )
    row = write()
    assert relay_due(SOON, carrier) == 1
    method, url, headers = carrier.requests[0]
    assert (method, url) == (
        "POST",
        "http://security-server.test/r1/BA/GOV/5678/mostovi/letters/exchange/v1/messages",
    )
    assert headers["X-Road-Client"] == "ME/GOV/1234/mostovi"
    assert headers["X-Road-Id"] == str(row.pk)
    assert headers["X-Road-Issue"] == str(row.thread)
    assert headers["X-Road-UserId"] not in {"", str(coordinator.account)}


def test_letters_go_to_the_newest_valid_key_of_the_receiver(
    write: Callable[..., OutboxLetter], carrier: FakePeer, known: Node
) -> None:
    from mostovi.exchange.keys import new_pair

    newer = new_pair(Use.ENCRYPT, NOW - timedelta(days=1))
    future = new_pair(Use.ENCRYPT, NOW + timedelta(days=1))
    entry = known.entry()
    entry["keys"] += [newer.public.as_entry(), future.public.as_entry()]
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=entry)
    carrier.node = Node("ba", known.sign, newer)
    write()
    assert relay_due(SOON, carrier) == 1
