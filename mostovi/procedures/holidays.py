# SPDX-License-Identifier: EUPL-1.2
"""Public holidays of each partner, from `content/holidays/*.yaml`, as a calendar of working days.

A list holds three kinds of line: a fixed day (`on: 05-01`), a day counted from Easter
(`easter: orthodox, offset: 1`) and given dates (`dates: [...]`) for feasts announced each year.
A missing holiday makes a deadline earlier, never later, so nobody loses time by it unseen: the
list's review status is shown wherever the deadline is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from mostovi.content import CONTENT
from mostovi.procedures.clock import Calendar
from mostovi.procedures.definition import Review, ReviewStatus

FOLDER = CONTENT / "holidays"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class _YAML12(yaml.SafeLoader):
    """YAML 1.2 booleans: a plain `on` is the word, as the person writing it meant."""


_YAML12.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:bool"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_YAML12.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), ["t", "f"])


class BadHolidays(Exception):
    """A holiday list is wrong; the message names file, line of the list, and what to write."""


@dataclass(frozen=True)
class Holiday:
    """One line of a list. Exactly one of `on` (month, day), `easter` and `dates` is given."""

    name: str
    on: tuple[int, int] | None = None
    easter: str | None = None
    offset: int = 0
    dates: frozenset[date] = frozenset()
    since: int = 0
    note: str = ""

    def falls_in(self, year: int) -> frozenset[date]:
        """The dates of this holiday in `year`."""
        if year < self.since:
            return frozenset()
        if self.on is not None:
            return frozenset({date(year, *self.on)})
        if self.easter is not None:
            sunday = western_easter(year) if self.easter == "western" else orthodox_easter(year)
            return frozenset({sunday + timedelta(days=self.offset)})
        return frozenset(day for day in self.dates if day.year == year)


@dataclass(frozen=True)
class HolidayList:
    """One partner's list with where it comes from and whether it was checked."""

    partner: str
    zone: ZoneInfo
    weekend: frozenset[int]
    days: Sequence[Holiday]
    source: str
    source_note: str
    review: Review

    @cached_property
    def calendar(self) -> Calendar:
        """The working days of this partner."""

        @lru_cache(maxsize=64)
        def of_year(year: int) -> frozenset[date]:
            return frozenset().union(*(holiday.falls_in(year) for holiday in self.days))

        return Calendar(self.zone, self.weekend, lambda day: day in of_year(day.year))


def western_easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher).

    >>> western_easter(2026)
    datetime.date(2026, 4, 5)
    """
    golden, century = year % 19, year // 100
    shift = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon = shift - (shift // 28) * (1 - (29 // (shift + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    days = moon - weekday
    month = 3 + (days + 40) // 44
    return date(year, month, days + 28 - 31 * (month // 4))


def orthodox_easter(year: int) -> date:
    """Easter Sunday of the Julian calendar, as a Gregorian date (Meeus); right until 2099.

    >>> orthodox_easter(2026)
    datetime.date(2026, 4, 12)
    """
    moon = (19 * (year % 19) + 15) % 30
    weekday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
    month, day = divmod(moon + weekday + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)


def parse(text: str, file: str) -> HolidayList:
    """The list in `text`. Raises `BadHolidays`."""
    try:
        values = yaml.load(text, Loader=_YAML12)  # noqa: S506 - a SafeLoader
        return HolidayList(
            partner=str(values["partner"]),
            zone=ZoneInfo(values["zone"]),
            weekend=frozenset(WEEKDAYS.index(day) for day in values["weekend"]),
            days=tuple(
                _holiday(line, f"{file}, day {number}")
                for number, line in enumerate(values["days"], start=1)
            ),
            source=str(values["source"]["title"]),
            source_note=str(values["source"].get("note", "")),
            review=Review(
                ReviewStatus(values["review"]["status"]),
                values["review"].get("by"),
                values["review"].get("on"),
                str(values["review"].get("who_can", "")),
            ),
        )
    except KeyError as error:
        raise BadHolidays(f"{file}: {error} is missing") from error
    except (yaml.YAMLError, ZoneInfoNotFoundError, ValueError, TypeError) as error:
        raise BadHolidays(f"{file}: {error}") from error


def _holiday(line: Mapping[str, Any], where: str) -> Holiday:
    if sum(key in line for key in ("on", "easter", "dates")) != 1:
        raise BadHolidays(f"{where}: give exactly one of 'on', 'easter' and 'dates'")
    if line.get("easter", "western") not in {"western", "orthodox"}:
        raise BadHolidays(f"{where}: 'easter' must be western or orthodox")
    month, _, day = str(line.get("on", "")).partition("-")
    fixed = (int(month), int(day)) if "on" in line else None
    if fixed is not None:
        date(2024, *fixed)
    dates = frozenset(line.get("dates", ()))
    if not all(isinstance(day, date) for day in dates):
        raise BadHolidays(f"{where}: 'dates' must hold dates like 2026-03-20")
    return Holiday(
        name=str(line["name"]),
        on=fixed,
        easter=line.get("easter"),
        offset=int(line.get("offset", 0)),
        dates=dates,
        since=int(line.get("from", 0)),
        note=str(line.get("note", "")),
    )


@lru_cache(maxsize=32)
def holidays_of(partner: str) -> HolidayList:
    """The list of a partner. Raises `BadHolidays` when there is none."""
    path = FOLDER / f"{partner}.yaml"
    if partner not in available():
        raise BadHolidays(f"no holiday list for '{partner}': write content/holidays/{partner}.yaml")
    return parse(path.read_text(encoding="utf-8"), f"content/holidays/{path.name}")


def available() -> tuple[str, ...]:
    """Codes of the partners that have a list."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
