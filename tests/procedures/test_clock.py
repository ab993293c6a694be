# SPDX-License-Identifier: EUPL-1.2
"""Legal periods: examples from Regulation 1182/71, and what suspension may never do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mostovi.procedures import holidays
from mostovi.procedures.clock import (
    Calendar,
    Interval,
    Period,
    add_months,
    days_left,
    deadline,
    deadline_if_resumed,
)
from mostovi.procedures.definition import Unit

SARAJEVO = ZoneInfo("Europe/Sarajevo")
CALENDAR = Calendar(SARAJEVO, frozenset({5, 6}), lambda day: day in {date(2026, 12, 25)})
BA = holidays.holidays_of("ba").calendar


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SARAJEVO)


def last_day(amount: int, unit: Unit, start: str) -> str:
    due = deadline(Period(amount, unit), local(start), calendar=CALENDAR)
    assert due is not None and (due.hour, due.minute, due.second) == (23, 59, 59)
    return due.date().isoformat()


@pytest.mark.parametrize(
    ("amount", "unit", "start", "end", "rule"),
    [
        (10, Unit.CALENDAR_DAYS, "2026-11-02T09:00", "2026-11-12", "3(1): first day not counted"),
        (5, Unit.CALENDAR_DAYS, "2026-11-02T09:00", "2026-11-09", "3(4): Saturday to Monday"),
        (1, Unit.CALENDAR_DAYS, "2026-12-24T10:00", "2026-12-28", "3(4): holiday, then weekend"),
        (2, Unit.CALENDAR_DAYS, "2026-11-06T10:00", "2026-11-10", "3(5): two working days"),
        (3, Unit.WORKING_DAYS, "2026-11-05T23:59", "2026-11-10", "weekend not counted"),
        (2, Unit.WORKING_DAYS, "2026-12-23T09:00", "2026-12-28", "holiday not counted"),
        (1, Unit.MONTHS, "2026-01-30T09:00", "2026-03-02", "3(2)(c): 28 Feb, a Saturday"),
        (3, Unit.MONTHS, "2026-11-24T09:00", "2027-02-24", "same date"),
        (12, Unit.MONTHS, "2028-02-29T09:00", "2029-02-28", "last day of February"),
    ],
)
def test_days_and_months(amount: int, unit: Unit, start: str, end: str, rule: str) -> None:
    assert last_day(amount, unit, start) == end, rule


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-07T10:20", "2026-11-08T11:00"),
        ("2026-11-07T10:00", "2026-11-08T10:00"),
        # The clock goes back on 25 October 2026: 24 real hours.
        ("2026-10-24T12:00", "2026-10-25T11:00"),
    ],
)
def test_hours_run_through_weekends_and_the_change_of_time(start: str, end: str) -> None:
    due = deadline(Period(24, Unit.HOURS), local(start), calendar=CALENDAR)
    assert due == local(end)


def test_a_stopped_clock_has_no_deadline_until_it_goes_on() -> None:
    period, start = Period(10, Unit.CALENDAR_DAYS), local("2026-11-02T09:00")
    stopped = [Interval(local("2026-11-04T09:00"))]
    assert deadline(period, start, calendar=CALENDAR, suspensions=stopped) is None
    due = deadline_if_resumed(
        period, start, at=local("2026-11-06T09:00"), calendar=CALENDAR, suspensions=stopped
    )
    # 4, 5 and 6 November do not count: 12 becomes 15, a Sunday, so Monday.
    assert due.date() == date(2026, 11, 16)


def test_an_extension_follows_the_period_it_extends() -> None:
    due = deadline(
        Period(10, Unit.CALENDAR_DAYS),
        local("2026-11-02T09:00"),
        calendar=CALENDAR,
        extensions=[Period(6, Unit.CALENDAR_DAYS)],
    )
    assert due is not None and due.date() == date(2026, 11, 18)


def test_hours_and_days_do_not_mix() -> None:
    start = local("2026-11-02T09:00")
    for period, extension in (
        (Period(1, Unit.HOURS), Period(1, Unit.CALENDAR_DAYS)),
        (Period(1, Unit.CALENDAR_DAYS), Period(1, Unit.HOURS)),
    ):
        with pytest.raises(ValueError, match="extended"):
            deadline(period, start, calendar=CALENDAR, extensions=[extension])


def test_a_calendar_without_working_days_is_an_error_not_a_loop() -> None:
    never = Calendar(SARAJEVO, frozenset(range(7)), lambda day: False)
    with pytest.raises(ValueError, match="no working day"):
        deadline(Period(1, Unit.WORKING_DAYS), local("2026-11-02T09:00"), calendar=never)


@pytest.mark.parametrize("partner", holidays.available())
def test_every_list_of_holidays_is_marked_and_usable(partner: str) -> None:
    known = holidays.holidays_of(partner)
    assert known.partner == partner and known.source and known.review.who_can
    assert not known.calendar.is_working(date(2026, 1, 1))
    assert known.calendar.is_working(date(2026, 11, 24))


def test_moving_feasts() -> None:
    assert not holidays.holidays_of("rs").calendar.is_working(date(2026, 4, 13))
    assert not holidays.holidays_of("al").calendar.is_working(date(2026, 4, 6))
    assert not holidays.holidays_of("xk").calendar.is_working(date(2026, 3, 20))


@pytest.mark.parametrize(
    ("year", "western", "orthodox"),
    [
        (2024, (3, 31), (5, 5)), (2025, (4, 20), (4, 20)), (2026, (4, 5), (4, 12)),
        (2027, (3, 28), (5, 2)), (2030, (4, 21), (4, 28)), (2038, (4, 25), (4, 25)),
    ],
)  # fmt: skip
def test_easter(year: int, western: tuple[int, int], orthodox: tuple[int, int]) -> None:
    assert holidays.western_easter(year) == date(year, *western)
    assert holidays.orthodox_easter(year) == date(year, *orthodox)


@pytest.mark.parametrize(
    "line",
    ["{name: x}", "{on: 02-30, name: x}", "{on: 01-01, easter: western, name: x}",
     "{easter: julian, name: x}", "{dates: [soon], name: x}", "{on: 01-01}"],
)  # fmt: skip
def test_a_bad_holiday_is_refused(line: str) -> None:
    text = (
        "partner: me\nzone: Europe/Podgorica\nweekend: [saturday]\n"
        "review: {status: unreviewed, by: null, on: null}\nsource: {title: x}\n"
        f"days:\n  - {line}\n"
    )
    with pytest.raises(holidays.BadHolidays, match="me.yaml"):
        holidays.parse(text, "me.yaml")


moments = st.datetimes(
    min_value=datetime(2024, 1, 1),
    max_value=datetime(2028, 1, 1),
    timezones=st.just(UTC),
)
periods = st.builds(Period, st.integers(1, 40), st.sampled_from(list(Unit)))
intervals = st.builds(
    lambda start, length: Interval(start, start + length),
    moments,
    st.timedeltas(timedelta(0), timedelta(days=40)),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Period, datetime, list[Interval], list[Period]]:
    """A period with its start, some suspensions near it and extensions of a fitting unit."""
    period, start = draw(periods), draw(moments)
    near = st.builds(
        lambda offset, length: Interval(start + offset, start + offset + length),
        st.timedeltas(timedelta(0), timedelta(days=60)),
        st.timedeltas(timedelta(0), timedelta(days=20)),
    )
    units = [u for u in Unit if (u is Unit.HOURS) == (period.unit is Unit.HOURS)]
    extensions = st.builds(Period, st.integers(1, 20), st.sampled_from(units))
    return (
        period,
        start,
        draw(st.lists(near, max_size=4)),
        draw(st.lists(extensions, max_size=2)),
    )


def due_of(
    period: Period, start: datetime, stops: list[Interval], extensions: list[Period]
) -> datetime:
    due = deadline(period, start, calendar=BA, suspensions=stops, extensions=extensions)
    assert due is not None
    return due


@given(cases(), st.timedeltas(timedelta(0), timedelta(days=60)), st.integers(0, 20))
def test_one_more_suspension_never_makes_the_deadline_earlier(
    case: tuple[Period, datetime, list[Interval], list[Period]], offset: timedelta, days: int
) -> None:
    period, start, stops, extensions = case
    more = [*stops, Interval(start + offset, start + offset + timedelta(days=days))]
    assert due_of(period, start, more, extensions) >= due_of(period, start, stops, extensions)


@given(cases(), st.integers(0, 60), st.integers(0, 200))
def test_stopping_and_going_on_never_shortens_the_time_that_remained(
    case: tuple[Period, datetime, list[Interval], list[Period]], stop: int, length: int
) -> None:
    period, start, stops, _ = case
    stopped_at = start + timedelta(hours=stop * 12)
    on_again = stopped_at + timedelta(hours=length)
    more = [*stops, Interval(stopped_at, on_again)]
    if period.unit is Unit.HOURS:
        before, after = due_of(period, start, stops, []), due_of(period, start, more, [])
        assume(stopped_at <= before and not any(s.end and s.end > stopped_at for s in stops))
        # The hour of the event is not counted, so the clock begins up to an hour after it.
        assert after - on_again >= min(before - stopped_at, timedelta(hours=period.amount))
        return
    left = days_left(period, start, at=stopped_at, calendar=BA, suspensions=stops)
    left_after = days_left(period, start, at=on_again, calendar=BA, suspensions=more)
    assume(left > 0 and not any(s.end and s.end > stopped_at for s in stops))
    assert left_after >= left


@given(cases())
def test_an_extension_never_makes_the_deadline_earlier(
    case: tuple[Period, datetime, list[Interval], list[Period]],
) -> None:
    period, start, stops, extensions = case
    assert due_of(period, start, stops, extensions) >= due_of(period, start, stops, [])


@given(cases())
def test_order_and_overlap_of_suspensions_do_not_matter(
    case: tuple[Period, datetime, list[Interval], list[Period]],
) -> None:
    period, start, stops, extensions = case
    due = due_of(period, start, stops, extensions)
    assert due == due_of(period, start, [*reversed(stops), *stops], extensions)


@given(cases())
def test_a_period_in_days_ends_on_a_working_day(
    case: tuple[Period, datetime, list[Interval], list[Period]],
) -> None:
    period, start, stops, extensions = case
    assume(period.unit is not Unit.HOURS)
    due = due_of(period, start, stops, extensions)
    assert due > start and BA.is_working(BA.day_of(due))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_months_keep_the_date_or_take_the_last_day(day: date, amount: int) -> None:
    later = add_months(day, amount)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == amount
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
