# SPDX-License-Identifier: EUPL-1.2
"""The recovery and reflection period: at least 30 days, whatever a clock, a law or anybody says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases.victims.recovery import LEAST_DAYS, Run, days_left, in_force, last_day
from mostovi.procedures import clock
from mostovi.procedures.definition import Unit

CALENDAR = clock.Calendar(ZoneInfo("Europe/Podgorica"), frozenset({5, 6}), lambda day: False)
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
EARLY = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("run", "last"),
    [
        (Run(date(2026, 11, 24), date(2026, 12, 28)), date(2026, 12, 28)),
        (Run(date(2026, 11, 24), date(2026, 12, 1)), date(2026, 12, 24)),
        (Run(date(2026, 11, 24), None), date(2026, 12, 24)),
        (Run(date(2026, 11, 24), date(2026, 12, 1), stopped_days=5), date(2026, 12, 29)),
        (Run(date(2026, 11, 24), date(2027, 2, 22)), date(2027, 2, 22)),
        (Run(date(2026, 11, 24), None, stopped=True), None),
    ],
    ids=["as the clock says", "a law with less", "no end known", "less, and stopped",
         "a law with 90 days", "standing still"],
)  # fmt: skip
def test_how_long_the_period_lasts(run, last):
    assert last_day(run) == last


@given(began=days, due=st.none() | days, stopped_days=st.integers(0, 400))
def test_no_clock_shortens_it_below_thirty_days(began, due, stopped_days):
    end = last_day(Run(began, due, stopped_days=stopped_days))
    assert end - began >= timedelta(days=LEAST_DAYS + stopped_days)


@given(
    amount=st.integers(1, 120),
    stops=st.lists(st.tuples(st.integers(0, 200 * 24), st.integers(0, 40 * 24)), max_size=5),
    extensions=st.lists(st.integers(1, 60), max_size=3),
    start=st.integers(0, 365 * 24),
)
def test_stops_and_extensions_only_lengthen_it(amount, stops, extensions, start):
    began = EARLY + timedelta(hours=start)
    intervals = [
        clock.Interval(began + timedelta(hours=a), began + timedelta(hours=a + b)) for a, b in stops
    ]
    more = [clock.Period(amount, Unit.CALENDAR_DAYS) for amount in extensions]
    period = clock.Period(amount, Unit.CALENDAR_DAYS)
    plain = clock.deadline(period, began, calendar=CALENDAR)
    due = clock.deadline(period, began, calendar=CALENDAR, suspensions=intervals, extensions=more)
    first = CALENDAR.day_of(began)
    without = last_day(Run(first, CALENDAR.day_of(plain)))
    with_all = last_day(Run(first, CALENDAR.day_of(due)))
    assert with_all >= without >= first + timedelta(days=LEAST_DAYS)


@given(runs=st.lists(st.builds(Run, days, st.none() | days, st.booleans()), max_size=4), today=days)
def test_the_run_that_protects_longest_counts(runs, today):
    found = in_force(runs, today)
    ends = [last_day(run) for run in runs]
    protected = any(end is None or end >= today for end in ends)
    assert (found is not None) == protected
    if found is not None and not found.stopped:
        assert last_day(found) == max(end for end in ends if end is not None)


def test_days_left_are_not_named_while_the_clock_stands_still():
    assert days_left(Run(date(2026, 11, 24), None), date(2026, 12, 20)) == 4
    assert days_left(Run(date(2026, 11, 24), None, stopped=True), date(2026, 12, 20)) is None
