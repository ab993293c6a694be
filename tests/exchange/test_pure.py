# SPDX-License-Identifier: EUPL-1.2
"""Sequence, back-off, receipts and X-Road, without a node."""

from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.exchange import backoff, profiles, sequence, wire
from mostovi.exchange.backoff import FIRST, GIVE_UP, LONGEST, delay, final, last_moment
from mostovi.exchange.reasons import LetterRefused, Reason
from mostovi.exchange.receipts import Receipt, Verdict, issue, read_receipt
from mostovi.exchange.sequence import Place, ThreadState
from mostovi.exchange.xroad import XRoadRoute, read_headers

from .conftest import NOW, Node

BA, RS = Node.fresh("ba"), Node.fresh("rs")


@pytest.mark.parametrize("module", [backoff, profiles, sequence, wire])
def test_examples_in_the_documentation_hold(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@given(st.permutations(range(1, 9)), st.lists(st.integers(1, 12), max_size=8))
@settings(max_examples=150, deadline=None)
def test_every_order_runs_each_number_once_and_in_order(
    order: list[int], repeats: list[int]
) -> None:
    state, ran = ThreadState(), []
    for seq in [item for pair in zip(order, order, strict=True) for item in pair] + repeats:
        if state.place(seq) is Place.BEHIND:
            with pytest.raises(ValueError, match="used before"):
                state.arrived(seq)
            continue
        state, runs = state.arrived(seq)
        ran.extend(runs)
        assert state.expected not in state.waiting
        assert not state.missing or min(state.missing) == state.expected
    assert ran[:8] == list(range(1, 9))
    assert ran == sorted(set(ran))


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_waits_double_within_their_bounds(failures: int, chance: float) -> None:
    wait = delay(failures, chance)
    full = min(FIRST * 2 ** min(failures - 1, 30), LONGEST)
    assert full / 2 <= wait <= full
    assert delay(failures + 1, 0.0) >= delay(failures, 0.0)


@pytest.mark.parametrize(("failures", "chance"), [(0, 0.5), (-1, 0.5), (1, 1.0), (1, -0.1)])
def test_a_wait_of_nothing_is_an_error(failures: int, chance: float) -> None:
    with pytest.raises(ValueError, match="failures counts from 1"):
        delay(failures, chance)


@given(st.timedeltas(timedelta(0), timedelta(days=30)))
def test_delivery_ends_with_the_letter_or_after_three_days(life: timedelta) -> None:
    end = last_moment(NOW, NOW + life)
    assert end <= NOW + life
    assert end <= NOW + GIVE_UP


@pytest.mark.parametrize(
    ("status", "ends"),
    [(400, True), (403, True), (404, True), (409, True), (413, True), (422, True),
     (408, False), (425, False), (429, False), (500, False), (502, False), (503, False),
     (202, False), (0, False)],
)  # fmt: skip
def test_which_answers_are_final(status: int, ends: bool) -> None:
    assert final(status) is ends


def receipt(**more: object) -> Receipt:
    """A receipt by `ba`."""
    made = Receipt(
        letter=uuid4(), source="me", node="ba", sha256="a" * 64, digest="b" * 64,
        received_at=NOW, verdict=Verdict.STORED, head="c" * 64,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def read(token: str, owner: str = "ba", node: Node = BA) -> Receipt:
    """The receipt, with the key of `node` pinned under the name `owner`."""
    return read_receipt(
        token,
        their_key=lambda kid: (owner, node.sign.public) if kid == node.sign.kid else None,
        now=NOW,
    )


@given(
    st.sampled_from(Verdict), st.text(max_size=30), st.text(max_size=30),
    st.text(alphabet="0123456789abcdef", max_size=64),
)  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_a_receipt_reads_back(verdict: Verdict, reason: str, text: str, head: str) -> None:
    made = receipt(verdict=verdict, reason=reason, text=text, head=head)
    assert read(issue(made, BA.sign)) == made


def test_a_receipt_by_another_node_than_it_names_is_refused() -> None:
    with pytest.raises(LetterRefused) as caught:
        read(issue(receipt(node="rs"), BA.sign))
    assert caught.value.reason == Reason.BAD_RECEIPT
    with pytest.raises(LetterRefused):
        read(issue(receipt(), RS.sign))


TOKEN = issue(receipt(), BA.sign)


@given(st.integers(0, len(TOKEN) - 1), st.integers(0, 6))
@settings(max_examples=150, deadline=None)
def test_an_altered_receipt_is_refused(position: int, bit: int) -> None:
    altered = bytearray(TOKEN.encode())
    altered[position] ^= 1 << bit
    with pytest.raises(LetterRefused):
        read(altered.decode())


def test_a_letter_is_no_receipt() -> None:
    from mostovi.exchange.letters import sign

    with pytest.raises(LetterRefused):
        read(sign(receipt().payload(), BA.sign))


def test_an_x_road_address_and_its_headers() -> None:
    route = XRoadRoute("ME/GOV/1 2/mostovi", "BA/GOV/5/mostovi/letters")
    assert route.path("exchange/v1/messages") == "/r1/BA/GOV/5/mostovi/letters/exchange/v1/messages"
    headers = route.headers(letter_id="i", officer="o", thread="t")
    assert headers["X-Road-Client"] == "ME/GOV/1%202/mostovi"


@pytest.mark.parametrize(
    ("client", "service"),
    [("", "BA/GOV/5/m/s"), ("ME", "BA/GOV/5/m/s"), ("ME/GOV/1/m", "BA"), ("ME/GOV//m", "a/b/c/d")],
)
def test_an_incomplete_x_road_name_is_refused(client: str, service: str) -> None:
    with pytest.raises(ValueError, match="must be written as"):
        XRoadRoute(client, service)


def test_x_road_headers_are_read_in_any_case_and_cut() -> None:
    found = read_headers({"x-ROAD-request-HASH": "h" * 500, "X-Road-Client": "c"})
    assert (len(found.request_hash), found.client, found.user) == (200, "c", "")
