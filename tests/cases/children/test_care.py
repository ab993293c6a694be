# SPDX-License-Identifier: EUPL-1.2
"""Places of care: nobody beyond capacity, siblings together, visits by schedule."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases import recording
from mostovi.cases import services as cases
from mostovi.cases.children import care, placing, rules, visits
from mostovi.cases.children.care import Against, Child, Place, Sexes
from mostovi.people import services as people
from mostovi.rights.access import Refused
from mostovi.rights.roles import Role
from tests.cases.children.conftest import TODAY, a_child

ON = date(2026, 11, 24)


def place(**more) -> Place:
    known = {
        "capacity": 2, "youngest": 10, "oldest": 17, "sexes": Sexes.BOYS, "licence": "L",
        "licensed_until": None, "adults_too": False, "closed_on": None, "family": False,
    }  # fmt: skip
    return Place(**{**known, **more})


@pytest.mark.parametrize(
    ("where", "child", "living", "expected"),
    [
        (place(), Child((14, 14), "male"), 0, set()),
        (place(), Child((14, 14), "male"), 2, {Against.FULL}),
        (place(), Child((8, 9), "male"), 0, {Against.TOO_YOUNG}),
        (place(oldest=13), Child((14, 14), "male"), 0, {Against.TOO_OLD}),
        (place(), Child((14, 14), "female"), 0, {Against.OTHER_SEX}),
        (place(), Child((9, 11), "unknown"), 0, set()),
        (place(), Child(None, "not_asked"), 0, set()),
        (place(licence=""), Child(None, "male"), 0, {Against.NO_LICENCE}),
        (place(licensed_until=date(2026, 11, 23)), Child(None, "male"), 0, {Against.LICENCE_OVER}),
        (place(closed_on=ON), Child(None, "male"), 0, {Against.CLOSED}),
        (place(adults_too=True), Child(None, "male"), 0, {Against.WITH_ADULTS}),
        (place(adults_too=True, family=True), Child(None, "male"), 0, set()),
        (place(), Child((20, 20), "male", is_child=False), 0,
         {Against.NOT_A_CHILD, Against.TOO_OLD}),
    ],
)  # fmt: skip
def test_why_a_place_does_not_take_a_child(where, child, living, expected):
    assert care.reasons_against(where, child, living_there=living, on=ON) == expected


@given(st.integers(1, 9), st.integers(0, 20), st.booleans(), st.booleans())
def test_nobody_is_ever_placed_beyond_capacity(capacity, living, siblings, family):
    found = care.reasons_against(
        place(capacity=capacity, family=family), Child((14, 14), "male"), living_there=living,
        on=ON, siblings_there=siblings,
    )  # fmt: skip
    assert (Against.FULL in found) == (living >= capacity)
    assert care.free(place(capacity=capacity), living) == max(0, capacity - living)


def test_siblings_stay_together_whatever_their_age_and_sex():
    little_sister = Child((6, 6), "female")
    assert care.reasons_against(place(), little_sister, living_there=1, on=ON)
    assert not care.reasons_against(
        place(), little_sister, living_there=1, on=ON, siblings_there=True
    )


@given(st.sampled_from(sorted(rules.schedules())), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_visits_follow_their_schedule(code, begins):
    schedule = rules.schedules()[code]
    due = visits.planned(schedule, begins)
    assert len(due) == schedule.at_least
    assert due[0].on == begins + timedelta(days=schedule.first)
    assert all(
        b.on - a.on == timedelta(days=schedule.every) for a, b in zip(due, due[1:], strict=False)
    )


# --- With real rows ----------------------------------------------------------------------------


@pytest.fixture
def settle(worker):
    def do(case, where, **more):
        wish = {"from_day": TODAY, "reason": "Close to his school.", "child_view": "Likes it."}
        return placing.place_child(worker, case, place=where, **{**wish, **more})

    return do


def test_the_last_bed_is_given_once(case, worker, home, settle):
    where = home(capacity=1)
    settle(case, where)
    other = cases.open_case(
        worker, person=a_child(worker), case_type="separated_child", urgency="soon"
    )
    for urgent in (False, True):
        with pytest.raises(placing.PlaceRefused) as refused:
            settle(other, where, urgent=urgent)
        assert refused.value.against == [Against.FULL]
    assert where.placements.count() == 1
    placing.end_placement(worker, case, until_day=TODAY, reason="Went to his aunt.")
    settle(other, where)


def test_lowering_the_number_of_places_moves_nobody_out(case, supervisor, home, settle):
    where = home(capacity=2)
    settle(case, where)
    home_values = {
        "code": where.code, "name": where.name, "kind": where.kind, "youngest": 10, "oldest": 17,
        "sexes": "boys", "licence": "L",
    }  # fmt: skip
    placing.save_place(supervisor, place=where, capacity=1, **home_values)
    (line,) = placing.places(supervisor)
    assert (line.living, line.free) == (1, 0)


def test_moving_ends_the_former_placement_and_drops_its_visits(case, home, settle):
    first, second = home("home-1"), home("home-2")
    settle(case, first, urgent=True)
    assert case.planned_visits.filter(schedule="urgent_placement").count() == 3
    settle(case, second)
    assert case.person.care_placements.get(until_day=None).place == second
    open_ones = placing.open_visits(case)
    assert {visit.schedule for visit in open_ones} == {"placement"}


def test_a_child_who_is_moved_to_where_a_sibling_lives(case, worker, home, settle):
    where = home(youngest=12)
    settle(case, where)
    sister = people.register(
        worker, single={"birth": {"precision": "year", "year": TODAY.year - 6}, "sex": "female"},
        family=[{"relation": "sibling", "other": case.person.code}],
    )  # fmt: skip
    hers = cases.open_case(worker, person=sister, case_type="separated_child", urgency="soon")
    settle(hers, where)
    stranger = a_child(worker, birth={"precision": "year", "year": TODAY.year - 6}, sex="female")
    theirs = cases.open_case(worker, person=stranger, case_type="separated_child", urgency="soon")
    with pytest.raises(placing.PlaceRefused) as refused:
        settle(theirs, where)
    assert Against.FULL in refused.value.against


def test_a_visit_recorded_is_a_visit_made_and_plans_the_next(case, worker, home, settle):
    settle(case, home(), from_day=TODAY - timedelta(days=400))
    schedule = rules.schedules()["placement"]

    def visit(number):
        recording.write(
            worker, case, kind="care_visit",
            answers={
                "visited_on": (TODAY - timedelta(days=300 - number)).isoformat(),
                "announced": "unannounced", "child_alone": "yes", "child_says": "Is well.",
                "safe": "yes",
            },
            final=True,
        )  # fmt: skip

    for number in range(schedule.at_least):
        visit(number)
    assert case.planned_visits.exclude(made_on=None).count() == schedule.at_least
    assert placing.open_visits(case).count() == 1
    last = recording.of_case(case, "care_visit")[0]
    corrected = {**last.answers, "visited_on": TODAY.isoformat()}
    recording.write(worker, case, kind="care_visit", answers=corrected, record=last.row, final=True)
    assert case.planned_visits.exclude(made_on=None).count() == schedule.at_least
    assert case.planned_visits.filter(made_on=TODAY).count() == 1


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"child_view": ""}, "child_view"),
        ({"from_day": TODAY + timedelta(days=1)}, "from_day"),
    ],
)
def test_a_placement_says_why_and_what_the_child_says(case, home, settle, wish, field):
    with pytest.raises(placing.InvalidCare) as refused:
        settle(case, home(), **wish)
    assert refused.value.field == field


def test_only_who_keeps_the_list_changes_places(db, worker, acting, home):
    with pytest.raises(Refused):
        placing.save_place(
            worker, code="x", name="x", kind="small_home", capacity=1, youngest=0, oldest=17,
            sexes="all", licence="x",
        )  # fmt: skip
    with pytest.raises(Refused):
        placing.places(acting(Role.ADMINISTRATOR))
