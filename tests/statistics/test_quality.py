# SPDX-License-Identifier: EUPL-1.2
"""The quality report says what is missing, late, wrong or counted twice, and only that."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.statistics.catalogue import specs
from mostovi.statistics.events import KEY_STEPS
from mostovi.statistics.overlaps import Estimate, Quality, duplicates, people_in_region
from mostovi.statistics.quality import report, revision

ibis = pytest.importorskip("ibis")

COLUMNS = (
    "event", "month", "partner", "recorded_month", "sex", "age_group", "citizenship",
    "unaccompanied", "outcome",
)  # fmt: skip


def events(*changes: dict) -> object:
    rows = []
    for number, change in enumerate(changes):
        row = {
            "event": "asylum_application", "month": "2026-01", "partner": "ba",
            "recorded_month": "2026-01", "sex": "female", "age_group": "18-34",
            "citizenship": "SY", "unaccompanied": "no", "outcome": "first",
            "record_key": (number + 1) / KEY_STEPS, **change,
        }  # fmt: skip
        rows.append(row)
    schema = pa.schema([*((name, pa.string()) for name in COLUMNS), ("record_key", pa.float64())])
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


APPLICANTS = [spec for spec in specs() if spec.code == "eu_asylum_applicants"]


def test_good_events_hold():
    found = report(events({}, {"month": "2026-02", "recorded_month": "2026-03"}), APPLICANTS)
    assert found.holds and found.events == 2
    assert (found.first, found.last) == ("2026-01", "2026-02")
    assert found.timeliness[0].same_month == 0.5 and found.timeliness[0].longest == 1
    assert all(one.missing == 0 for one in found.completeness)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recorded_month": "2025-12"}, "recorded_before"),
        ({"citizenship": "Syria"}, "wrong_code"),
        ({"unaccompanied": "yes"}, "adult_child_alone"),
        ({"record_key": 1.5}, "record_key"),
        ({"month": "january"}, "month"),
        ({"record_key": 1 / KEY_STEPS}, "same_twice"),
    ],
)
def test_each_fault_is_found_and_counted(change, code):
    found = report(events({}, change), APPLICANTS)
    assert [(one.code, one.count) for one in found.findings] == [(code, 1)]
    assert not found.holds


def test_missing_values_and_missing_months_are_told_apart_from_good_ones():
    found = report(events({"sex": None}, {"month": "2026-04", "recorded_month": None}), APPLICANTS)
    shares = {one.column: one.share for one in found.completeness}
    assert shares["sex"] == 0.5 and shares["citizenship"] == 0
    assert found.gaps == (("ba", "2026-02"), ("ba", "2026-03"))
    assert found.timeliness[0].known == 1
    assert not found.holds


def test_a_partner_that_stops_sending_is_named():
    found = report(events({}, {"month": "2026-02", "partner": "rs"}), APPLICANTS)
    assert found.gaps == (("ba", "2026-02"),)


def test_a_stock_is_held_against_its_flows():
    pending = {"event": "asylum_pending"}
    later = {"month": "2026-02", "recorded_month": "2026-02"}
    found = report(events(pending, {**pending, **later}, later), APPLICANTS)
    assert [(one.stock, one.unexplained) for one in found.balances] == [(1, -1)]


def test_revisions_and_punctuality():
    told = [
        (date(2026, 2, 20), {("_T",): 10, ("F",): 6, ("M",): None}),
        (date(2026, 3, 1), {("_T",): 14, ("F",): 6, ("M",): 8}),
    ]
    found = revision("ba", "t", "2026-01", told, date(2026, 2, 15))
    assert (found.revisions, found.total_first, found.total_last) == (1, 10, 14)
    assert found.mean_change == 2 and found.days_late == 5


def test_duplicates_come_with_an_interval_that_holds_the_truth():
    good = Quality(recall=0.9, precision=1.0, coincidence=0.0)
    found = duplicates(45, 200, 300, good)
    assert found.value == 50 and found.low < 50 < found.high
    assert duplicates(300, 200, 300, good).high == 200
    with_chance = duplicates(45, 200, 300, Quality(0.9, 0.9, 9 / (200 * 300)))
    assert with_chance.value == 40
    assert with_chance.high - with_chance.low > found.high - found.low


def test_duplicates_are_told_in_the_data_of_the_report():
    told = {"rs 2026-01/2026-02": Estimate(50, 40, 60), "ba 2026-01/2026-01": None}
    found = report(events({}), APPLICANTS, duplicates=told)
    assert found.as_data()["duplicates"] == {
        "rs 2026-01/2026-02": {"value": 50, "low": 40, "high": 60}, "ba 2026-01/2026-01": None,
    }  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sets(st.sampled_from(["al", "ba", "me", "rs"]), min_size=1), max_size=40))
def test_the_number_of_people_in_the_region_lies_within_its_bounds(people):
    """Whoever is counted where: with exact pairs the bounds hold the true number."""
    names = ["al", "ba", "me", "rs"]
    counts = {name: sum(name in one for one in people) for name in names}
    pairs = {
        frozenset({a, b}): Estimate(*[sum({a, b} <= one for one in people)] * 3)
        for a in names for b in names if a < b
    }  # fmt: skip
    found = people_in_region(counts, pairs)
    assert found.low <= len(people) <= found.high
    assert found.low <= found.value <= found.high
    unknown = people_in_region(counts, {})
    assert unknown.low <= len(people) <= unknown.high
