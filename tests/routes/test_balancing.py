# SPDX-License-Identifier: EUPL-1.2
"""Balancing: what is counted is joined, what nothing ties down stays open, intervals hold."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.routes.balancing import Balance, Counted, Edge, Flow, balance, wilson

LINE = [Edge("in", "a", "b"), Edge("on", "b", "c"), Edge("out", "c", "d")]
BRANCH = [*LINE[:1], Edge("left", "b", "c"), Edge("right", "b", "d")]


def flow(result: Balance, code: str) -> Flow:
    return next(one for one in result.flows if one.code == code)


def test_a_way_that_was_not_counted_is_worked_out_from_those_before_and_after():
    result = balance(LINE, {"in": Counted(400), "out": Counted(360)}, ["b", "c"])
    between = flow(result, "on")
    assert 350 < between.value < 410 and not between.counted
    assert between.high is not None and between.low < between.value < between.high


def test_the_surer_count_weighs_more():
    sure = {"in": Counted(400, coverage=1.0), "on": Counted(100, coverage=0.2)}
    result = balance(LINE, sure, ["b", "c"], stay=0.0)
    assert abs(flow(result, "in").value - 400) < abs(flow(result, "on").value - 500)


def test_what_nothing_ties_down_is_open_and_never_guessed():
    result = balance(BRANCH, {"in": Counted(300)}, ["b"])
    for code in ("left", "right"):
        assert flow(result, code).high is None and flow(result, code).low == 0
    told = balance(BRANCH, {"in": Counted(300), "left": Counted(100)}, ["b"])
    assert 150 < flow(told, "right").value < 250 and flow(told, "right").high is not None


def test_without_any_count_every_way_is_open():
    result = balance(LINE, {}, ["b", "c"])
    assert all(one.high is None for one in result.flows) and result.strain is None


def test_counts_that_cannot_all_be_right_strain():
    agree = balance(LINE, {"in": Counted(400), "out": Counted(400)}, ["b", "c"])
    contradict = balance(LINE, {"in": Counted(400), "out": Counted(40)}, ["b", "c"])
    assert agree.strain is not None and contradict.strain is not None
    assert agree.strain < 1 < contradict.strain


def test_a_hidden_count_is_few_and_not_nought():
    result = balance(LINE, {"in": Counted(None, hidden_below=10)}, [])
    assert 1 <= flow(result, "in").value < 10


def test_counting_half_of_the_time_doubles_the_count_and_widens_the_interval():
    whole, half = (
        flow(balance(LINE, {"in": Counted(count, share)}, []), "in")
        for count, share in ((400, 1.0), (200, 0.5))
    )
    assert whole.value == pytest.approx(400, abs=0.1) == half.value
    assert half.high and whole.high and half.high - half.low > whole.high - whole.low


@pytest.mark.parametrize(
    "wrong", [{"nowhere": Counted(1)}, {"in": Counted(1, 0.0)}, {"in": Counted(-1)}]
)
def test_what_is_no_count_is_refused(wrong: dict[str, Counted]):
    with pytest.raises(ValueError, match="'"):
        balance(LINE, wrong, [])


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.sampled_from(["in", "left", "right"]),
        st.builds(
            Counted,
            st.one_of(st.none(), st.integers(0, 5000)),
            st.sampled_from([0.1, 0.3, 0.5, 1.0]),
        ),
    )
)
def test_no_flow_is_negative_and_every_interval_holds_its_value(counted: dict[str, Counted]):
    result = balance(BRANCH, counted, ["b"], draws=20)
    assert [one.code for one in result.flows] == ["in", "left", "right"]
    for one in result.flows:
        assert one.low >= 0 and math.isfinite(one.value)
        assert one.high is None or one.low <= one.value <= one.high
    again = balance(BRANCH, counted, ["b"], draws=20)
    assert again == result, "the same counts give the same balance"


def test_nine_of_ten_intervals_hold_the_true_flow():
    """Made-up people walk a graph; some ways are counted part of the time."""
    chance = random.Random(4)
    inside = whole = 0
    for _month in range(40):
        left = chance.randint(50, 900)
        right = chance.randint(50, 900)
        true = {"in": left + right, "left": left, "right": right}
        counted = {}
        for code, people in true.items():
            share = chance.choice([0.3, 0.5, 0.8, 1.0])
            seen = share * (1 + 0.2 * (1 - share) * chance.gauss(0, 1)) * people
            if chance.random() < 0.75:
                counted[code] = Counted(
                    max(0, round(chance.gauss(seen, math.sqrt(4 * max(seen, 1))))), share
                )
        result = balance(BRANCH, counted, ["b"], draws=60, seed=7)
        for one in result.flows:
            if one.high is not None:
                whole += 1
                inside += one.low - 1 <= true[one.code] <= one.high + 1
    assert whole > 60
    assert inside / whole > 0.8


def test_the_interval_of_a_share_is_wilsons():
    low, high = wilson(20, 50)
    assert (round(low, 3), round(high, 3)) == (0.276, 0.538)
    assert wilson(0, 10)[0] == 0.0 and wilson(10, 10)[1] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)
