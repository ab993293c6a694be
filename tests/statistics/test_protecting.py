# SPDX-License-Identifier: EUPL-1.2
"""What leaves of tables of events: never a few people, one answer everywhere, sums explained."""

import random
from collections import defaultdict

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import attack
from mostovi.statistics import attacks, cubing, protecting
from mostovi.statistics.catalogue import code_lists, specs
from mostovi.statistics.events import KEY_STEPS
from mostovi.statistics.made_up_events import pieces
from mostovi.statistics.months import Month
from mostovi.statistics.perturbation import Noise
from mostovi.statistics.protecting import (
    Protection,
    check,
    complete,
    least_error,
    protect,
    restored,
    sums,
)
from mostovi.statistics.specs import Legal, Period, Spec
from mostovi.statistics.tables import SpecificationError

LISTS = code_lists()
PLAIN = Protection()
SECRET = b"of the node"


def spec(code: str, *names: str, **more: object) -> Spec:
    options = {"events": ("asylum_application",), "definition": "", "period": Period.MONTH, **more}
    return Spec(code=code, set="s", title={"en": code}, legal=Legal("", "", "memory"),
                dimensions=tuple(LISTS[name] for name in names), **options)  # fmt: skip


def rows_of(published: pa.Table) -> dict[tuple[str, ...], int | None]:
    *codes, values = (column.to_pylist() for column in published.columns)
    return dict(zip(zip(*codes, strict=True), values, strict=True))


@pytest.fixture(scope="module")
def made() -> tuple[list[Spec], cubing.Cells, dict]:
    chosen = [s for s in specs() if s.code in {"eu_asylum_applicants", "reg_asylum"}]
    events = next(pieces(6000, chosen, seed=2, first=Month(2026, 1), months=2)).to_pylist()
    cells = cubing.cube_rows(events, chosen)
    return chosen, cells, protect(cells, chosen, PLAIN, SECRET)


def test_a_shown_number_is_near_the_count_and_always_of_several_people(made):
    chosen, cells, published = made
    for one in chosen:
        counts = {tuple(r.values())[:-2]: r["count"] for r in cells[one.code].to_pylist()}
        shown = rows_of(published[one.code].table)
        assert 50 < len(shown) < len(counts)
        for at, value in shown.items():
            assert abs(counts[at] - value) <= PLAIN.most_off
            assert counts[at] >= PLAIN.people
        hidden = [count for at, count in counts.items() if at not in shown]
        assert max(hidden) < PLAIN.hidden_below


def test_the_same_question_has_the_same_answer_in_every_table(made):
    chosen, _, published = made
    asked = [attacks.Holdings([(one, published[one.code].table)]).answers for one in chosen]
    both = asked[0].keys() & asked[1].keys()
    assert len(both) > 30
    assert all(asked[0][question] == asked[1][question] for question in both)


@pytest.mark.parametrize("others", [0, 1, 2, 6])
def test_numbers_do_not_say_whether_a_difference_is_nobody_one_or_two(others):
    # With noise from the key alone the numbers would be equal for nobody, and differ for one.
    table = spec("t", "citizen", "unaccompanied")
    equal = []
    for number in range(40):
        chance = random.Random(number)
        events = [
            {"event": "asylum_application", "month": "2026-01", "citizenship": "SY",
             "unaccompanied": "yes" if n < others else "no",
             "record_key": chance.randrange(KEY_STEPS) / KEY_STEPS}
            for n in range(40)
        ]  # fmt: skip
        found = protect(cubing.cube_rows(events, [table]), [table], PLAIN, SECRET)["t"].table
        rows = rows_of(found)
        equal.append(rows["2026-01", "SY", "NO"] == rows["2026-01", "SY", "_T"])
    assert all(equal) if others < PLAIN.people else sum(equal) < 20


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "event": st.just("asylum_application"),
            "month": st.just("2026-01"),
            "sex": st.sampled_from(["female", "male"]),
            "citizenship": st.sampled_from(["SY", "AF"]),
            "record_key": st.integers(0, KEY_STEPS - 1).map(lambda step: step / KEY_STEPS),
        }
    ),
    min_size=1, max_size=60,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(events=EVENTS, more=EVENTS.map(lambda rows: rows[:2]))
def test_one_or_two_people_recorded_late_change_nothing_that_is_seen(events, more):
    table = spec("t", "sex", "citizen")
    first = protect(cubing.cube_rows(events, [table]), [table], PLAIN, SECRET)["t"].table
    for changed in ([*events, *more], events[len(more) :]):
        if changed and first.num_rows:
            cells = cubing.cube_rows(changed, [table])
            second = protect(cells, [table], PLAIN, SECRET, {"t": first})["t"].table
            assert rows_of(second) == rows_of(first)


def test_a_revision_of_many_is_seen_and_still_near_the_truth():
    table = spec("t", "sex")
    chance = random.Random(4)
    events = [
        {"event": "asylum_application", "month": "2026-01", "sex": "female",
         "record_key": chance.randrange(KEY_STEPS) / KEY_STEPS}
        for _ in range(80)
    ]  # fmt: skip
    first = protect(cubing.cube_rows(events[:30], [table]), [table], PLAIN, SECRET)["t"].table
    second = protect(
        cubing.cube_rows(events, [table]), [table], PLAIN, SECRET, {"t": first}
    )["t"].table  # fmt: skip
    assert abs(rows_of(first)["2026-01", "F"] - 30) <= 5
    assert abs(rows_of(second)["2026-01", "F"] - 80) <= 5


def test_a_restored_table_adds_up_and_stays_near(made):
    chosen, _, published = made
    one = published[chosen[0].code]
    assert sums(one).most_off > 0
    table = restored(one)
    before, after = rows_of(one.table), rows_of(table)
    assert before.keys() == after.keys()
    assert sums(protecting.Published(one.spec, table)).most_off == 0
    parts = defaultdict(int)
    for at, value in after.items():
        if at[2] != "_T":
            parts[(*at[:2], "_T", *at[3:])] += value
    assert all(after[at] >= total for at, total in parts.items() if at in after)
    off = [abs(before[at] - after[at]) for at in before]
    assert sum(off) / len(off) < 3


def test_in_full_every_cell_is_there_and_nobody_looks_like_a_few(made):
    chosen, _, published = made
    table = complete(published[chosen[1].code])
    shown = rows_of(published[chosen[1].code].table)
    listed = rows_of(table)
    assert {at: value for at, value in listed.items() if value is not None} == shown
    assert len(listed) > len(shown)


def test_an_exact_table_hides_small_counts_and_what_would_tell_them():
    table = spec("t", "sex", "child", events=("screened",))
    rule = Protection(suppress=frozenset({"t"}))
    events = [
        {"event": "screened", "month": "2026-01", "sex": sex, "age_group": age, "record_key": 0.5}
        for sex, age, many in [("female", "0-11", 1), ("female", "18-34", 9), ("male", "0-11", 8),
                               ("male", "18-34", 20)]
        for _ in range(many)
    ]  # fmt: skip
    found = protect(cubing.cube_rows(events, [table]), [table], rule, SECRET)["t"]
    rows = rows_of(found.table)
    assert found.exact and rows["2026-01", "_T", "_T"] == 38
    assert rows["2026-01", "F", "Y_LT18"] is None
    assert rows["2026-01", "F", "Y_GE18"] is None or rows["2026-01", "F", "_T"] is None


@pytest.mark.parametrize(
    ("tables", "rule", "says"),
    [
        ([spec("t", "citizen")], Protection(suppress=frozenset({"t"})), "open list"),
        (
            [spec("t", "sex"), spec("u", "sex", "citizen")],
            Protection(suppress=frozenset({"t"})), "counts the same events",
        ),
        (
            [spec("t", "sex", "age_eu", "vulnerability", "route")],
            Protection(suppress=frozenset({"t"})), "too many",
        ),
        (
            [spec("t", "sex", "unaccompanied", "child", "reason", "validity", "citizen", "border")],
            Protection(Noise(5, 1.0)), "Take out a dimension",
        ),
        (
            [spec("t", "sex", "age_eu"), spec("u", "age_region")],
            attack.protection(), "12-13; 60-64, which no list shows",
        ),
    ],
)  # fmt: skip
def test_tables_that_would_disclose_are_refused_with_what_to_change(tables, rule, says):
    with pytest.raises(SpecificationError, match=says):
        check(tables, rule)


def test_all_tables_of_the_sets_may_be_published_together():
    check(specs(), attack.protection())
    alone = least_error([spec("t", "sex")], 4.0)
    assert 1 < least_error([spec("t", "sex", "citizen")], 4.0) < alone < 2


def test_a_planted_person_is_read_from_counts_and_not_from_what_is_published():
    """Eight worlds a story; together enough that a leak of what counts tell would be seen."""
    results = [attack.play(story, 8, seed=3, processes=1) for story in attack.STORIES]
    assert [result["unprotected"] for result in results] == [1.0] * len(results)
    won = sum(result["protected"] - result["without_her"] for result in results) / len(results)
    assert won < 0.2, results


@pytest.mark.slow
def test_measured_risk_on_people_who_are_alone():
    chosen = [s for s in specs() if s.code in {"reg_permits", "reg_permits_victims"}]
    events = next(pieces(1200, chosen, seed=2, first=Month(2026, 1), months=1)).to_pylist()
    risk = attacks.measure(
        events, chosen, chosen[0], "permit_reason", PLAIN, SECRET, random.Random(1), most=12
    )
    assert risk.attacked > 10
    assert risk.share(risk.unprotected) > 0.9
    assert risk.gain < 0.35
