# SPDX-License-Identifier: EUPL-1.2
"""Which services fit, in which order; nothing is left out, and old numbers say they are old."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases.directory.eligibility import Answer, Facts
from mostovi.cases.directory.matching import Candidate, Capacity, Room, Wanted, distance, matched

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def service(code, **more):
    base = {"name": code, "node": "ba", "needs": ("shelter",), "languages": ("en",),
            "interpretation": False}  # fmt: skip
    return Candidate(code=code, **(base | more))


def beds(in_use, days_old=1):
    return Capacity("beds", 10, in_use, 0, NOW - timedelta(days=days_old))


def test_a_free_place_comes_before_a_full_one_and_an_old_number_between():
    fits = matched(
        [service("full", capacity=beds(10)), service("old", capacity=beds(1, days_old=40)),
         service("free", capacity=beds(9))],
        Wanted(needs=("shelter",)), NOW,
    )  # fmt: skip
    assert [fit.service.code for fit in fits] == ["free", "old", "full"]
    assert [fit.room for fit in fits] == [Room.FREE, Room.UNKNOWN, Room.FULL]


def test_a_service_for_others_stands_last_and_is_not_hidden():
    women = [{"fact": "sex", "is": ["female"]}]
    fits = matched(
        [service("women", conditions=women), service("all", capacity=beds(10))],
        Wanted(needs=("shelter",), facts=Facts(sex="male")), NOW,
    )  # fmt: skip
    assert [fit.service.code for fit in fits] == ["all", "women"]
    assert fits[1].eligible is Answer.NO


def test_an_unknown_sex_asks_to_find_out_and_does_not_exclude():
    women = [{"fact": "sex", "is": ["female"]}]
    (fit,) = matched([service("women", conditions=women)], Wanted(), NOW)
    assert fit.eligible is Answer.UNKNOWN


def test_the_nearer_one_comes_first_when_all_else_is_equal():
    near, far = service("near", points=((42.5, 19.2),)), service("far", points=((44.8, 15.9),))
    fits = matched([far, near], Wanted(near=(42.44, 19.26)), NOW)
    assert [fit.service.code for fit in fits] == ["near", "far"]
    assert fits[0].kilometres < fits[1].kilometres


def test_over_its_limit_is_full_and_not_negative():
    assert Capacity("beds", 10, 14, 3, NOW).free == 0


PLACE = st.tuples(st.floats(-89, 89), st.floats(-179, 179))


@given(PLACE, PLACE)
def test_distance_is_the_same_both_ways_and_at_most_half_the_earth(one, other):
    assert abs(distance(one, other) - distance(other, one)) < 1e-6
    assert 0 <= distance(one, other) < 20_020


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_does_not_depend_on_how_services_are_stored(order):
    fits = matched([service(code) for code in order], Wanted(), NOW)
    assert [fit.service.code for fit in fits] == ["a", "b", "c", "d"]
