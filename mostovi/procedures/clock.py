# SPDX-License-Identifier: EUPL-1.2
"""When a legal period ends: days, working days, months and hours, with suspension and extension.

The way of counting is that of Regulation (EEC, Euratom) No 1182/71 of 3 June 1971, article 3:

* the hour or day in which the event falls is not counted (3(1));
* a period in days ends with the last hour of its last day; a period in months ends on the same
  date as the event, or, where that month has no such date, on its last day (3(2));
* weekends and public holidays count, unless the period is in working days (3(3));
* a period not in hours never ends on a weekend or holiday but with the next working day (3(4));
* a period of two days or more includes at least two working days (3(5)).

National acts on administrative procedure count alike in the main but not in all; a partner's
lawyer confirms it with the procedure file. Suspension is not in the Regulation. The rule here is
the one kindest to the person: **a day on which the clock was stopped, even for an hour, does not
count at all**, and time given by an extension is added after the original period.

Days are days where the authority sits (`Calendar.zone`). A deadline is the last whole second of
its last day. Everything here is pure: no clock is read.
"""

from __future__ import annotations

import calendar as months_of_year
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mostovi.procedures.definition import Unit

ONE_DAY = timedelta(days=1)
LAST_SECOND = time(23, 59, 59)
LONGEST_SEARCH = 366 * 60
"""Days after which a search for a working day gives up: the calendar must be wrong."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are working days, and in which zone days begin.

    weekend holds `date.weekday()` numbers; is_holiday answers for any date.
    """

    zone: ZoneInfo
    weekend: frozenset[int]
    is_holiday: Callable[[date], bool]

    def is_working(self, day: date) -> bool:
        """Whether offices work on `day`."""
        return day.weekday() not in self.weekend and not self.is_holiday(day)

    def day_of(self, moment: datetime) -> date:
        """The local date of an aware moment."""
        return moment.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """The last whole second of `day`."""
        return datetime.combine(day, LAST_SECOND, tzinfo=self.zone)


@dataclass(frozen=True, slots=True)
class Period:
    """So many of a unit, as a law says it. `amount` is positive."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError("a period has a positive amount")


@dataclass(frozen=True, slots=True)
class Interval:
    """When the clock stood still: from `start` to `end`, or until now when `end` is None."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError("a suspension cannot end before it starts")


def add_months(day: date, amount: int) -> date:
    """The same date `amount` months later, or the last day of that month.

    >>> add_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    >>> add_months(date(2026, 2, 28), 1)
    datetime.date(2026, 3, 28)
    """
    index = day.year * 12 + day.month - 1 + amount
    year, month = divmod(index, 12)
    last = months_of_year.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def deadline(
    period: Period,
    started: datetime,
    *,
    calendar: Calendar,
    suspensions: Sequence[Interval] = (),
    extensions: Sequence[Period] = (),
) -> datetime | None:
    """The last second of the period, or None while the clock stands still.

    `started` is the aware moment of the event. An interval without end means the clock is
    stopped now: no deadline can be named until it goes on. Extensions follow one another.
    """
    if any(interval.end is None for interval in suspensions):
        return None
    if period.unit is Unit.HOURS:
        return _deadline_in_hours([period, *extensions], started, suspensions)
    return _deadline_in_days([period, *extensions], started, calendar, suspensions)


def deadline_if_resumed(
    period: Period,
    started: datetime,
    *,
    at: datetime,
    calendar: Calendar,
    suspensions: Sequence[Interval] = (),
    extensions: Sequence[Period] = (),
) -> datetime:
    """The deadline there would be if a stopped clock went on at `at`."""
    closed = [Interval(i.start, max(i.start, at)) if i.end is None else i for i in suspensions]
    due = deadline(period, started, calendar=calendar, suspensions=closed, extensions=extensions)
    if due is None:  # pragma: no cover - every interval was closed above
        raise AssertionError("a closed clock has a deadline")
    return due


def _deadline_in_hours(
    periods: Sequence[Period], started: datetime, suspensions: Sequence[Interval]
) -> datetime:
    """Hours run through nights and holidays; the hour of the event is not counted."""
    if any(period.unit is not Unit.HOURS for period in periods):
        raise ValueError("a period in hours is extended in hours")
    begins = started.replace(minute=0, second=0, microsecond=0)
    if begins < started:
        begins += timedelta(hours=1)
    due = begins.astimezone(ZoneInfo("UTC")) + timedelta(hours=sum(p.amount for p in periods))
    for start, end in _merged(suspensions):
        if start >= due:
            break
        due += max(timedelta(0), end - max(start, begins))
    return due.astimezone(started.tzinfo)


def _merged(intervals: Sequence[Interval]) -> list[tuple[datetime, datetime]]:
    """Closed intervals in order, overlapping ones joined, so that no moment counts twice."""
    merged: list[tuple[datetime, datetime]] = []
    pairs = sorted((i.start, i.end) for i in intervals if i.end is not None)
    for start, end in pairs:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def days_left(
    period: Period,
    started: datetime,
    *,
    at: datetime,
    calendar: Calendar,
    suspensions: Sequence[Interval] = (),
    extensions: Sequence[Period] = (),
) -> int:
    """How many days of the period are still to be counted after the day of `at`.

    In the period's own days: working days for a period in working days. Days that only come from
    ending on a working day are not among them. An interval without end lasts until `at`.
    """
    closed = [Interval(i.start, max(i.start, at)) if i.end is None else i for i in suspensions]
    runs = _runs(calendar, closed)
    last_day, _ = _last_counted(period, started, calendar, runs, extensions)
    only_working = period.unit is Unit.WORKING_DAYS
    return sum(
        runs(day) and (calendar.is_working(day) or not only_working)
        for day in _days_after(calendar.day_of(at), last_day)
    )


def _deadline_in_days(
    periods: Sequence[Period],
    started: datetime,
    calendar: Calendar,
    suspensions: Sequence[Interval],
) -> datetime:
    runs = _runs(calendar, suspensions)
    first_day = calendar.day_of(started)
    last_day, days_in_total = _last_counted(periods[0], started, calendar, runs, periods[1:])
    working = sum(
        calendar.is_working(day) and runs(day) for day in _days_after(first_day, last_day)
    )
    # Article 3(5), then 3(4): at least two working days, and the last day is a working one.
    needed = 2 if days_in_total >= 2 else 0
    limit = last_day + timedelta(days=LONGEST_SEARCH)
    while working < needed or not (calendar.is_working(last_day) and runs(last_day)):
        last_day += ONE_DAY
        working += calendar.is_working(last_day) and runs(last_day)
        if last_day > limit:
            raise ValueError("the calendar has no working day")
    return calendar.end_of(last_day)


def _runs(calendar: Calendar, suspensions: Sequence[Interval]) -> Callable[[date], bool]:
    """Whether the clock ran through the whole of a day."""
    stopped = [
        (calendar.day_of(start), calendar.day_of(end)) for start, end in _merged(suspensions)
    ]
    if not stopped:
        return lambda day: True
    return lambda day: not any(first <= day <= last for first, last in stopped)


def _last_counted(
    period: Period,
    started: datetime,
    calendar: Calendar,
    runs: Callable[[date], bool],
    extensions: Sequence[Period],
) -> tuple[date, int]:
    """The last counted day of the period with its extensions, and how many days were counted."""
    last_day, total = calendar.day_of(started), 0
    for part in (period, *extensions):
        if part.unit is Unit.HOURS:
            raise ValueError("a period in days or months is not extended in hours")
        last_day, counted = _walk(last_day, part, calendar, runs)
        total += counted
    return last_day, total


def _days_after(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]


def _walk(
    start: date, period: Period, calendar: Calendar, runs: Callable[[date], bool]
) -> tuple[date, int]:
    """The last day of `period` counted from the day after `start`, and how many days it has."""
    if period.unit is Unit.MONTHS:
        to_count = (add_months(start, period.amount) - start).days
    else:
        to_count = period.amount
    only_working = period.unit is Unit.WORKING_DAYS
    day, counted, limit = start, 0, start + timedelta(days=LONGEST_SEARCH)
    while counted < to_count:
        day += ONE_DAY
        if runs(day) and (calendar.is_working(day) or not only_working):
            counted += 1
        if day > limit:
            raise ValueError("the calendar has no working day")
    return day, to_count
