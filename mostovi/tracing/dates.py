# SPDX-License-Identifier: EUPL-1.2
"""Dates of birth as registers hold them: exchanged parts, first Januaries, estimates, calendars.

Many persons who do not know their birthday, and many offices that must fill a field, write
1 January or 1 July of the year. Such a day is no evidence; the year is kept. Afghan and Iranian
papers count years in the solar Hijri calendar, others in the lunar one; a full date is converted
by ICU, a bare year becomes the two Gregorian years that it touches.
"""

from __future__ import annotations

import calendar
import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from mostovi.people.birth import Birth, Precision
from mostovi.tracing.records import Born, Certainty

PLACEHOLDERS: Final = frozenset({(1, 1), (7, 1)})
"""Month and day that offices write when only the year is known."""
SOLAR_YEARS: Final = range(1290, 1410)
"""Years that are read as solar Hijri (1911 to 2031); the lunar years of living people overlap
only for persons born before 1990, and those write 1410 and less seldom."""
LUNAR_YEARS: Final = range(1410, 1460)
YEARS: Final = range(1890, 2201)
MARGIN: Final = 2
NEAR: Final = 2
"""Years that a guess of an age is easily wrong by."""
MISTYPED: Final = 10
"""Years apart at which the same day and month may still be the same date mistyped."""


class ImpossibleDate(ValueError):
    """No such day; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Comparable:
    """A date of birth as it is compared: years from and to, month and day if they are evidence."""

    first: int
    last: int
    month: int | None = None
    day: int | None = None


def comparable(born: Born) -> Comparable | None:
    """What of `born` is evidence; None when nothing is known."""
    if born.year is None and born.earliest is None:
        return None
    first = born.earliest if born.earliest is not None else born.year
    last = born.latest if born.latest is not None else born.year
    if first is None or last is None:
        return None
    if first != last or born.certainty in {Certainty.YEAR, Certainty.ESTIMATED}:
        return Comparable(first, last)
    if born.month is None or (born.month, born.day) in PLACEHOLDERS:
        return Comparable(first, last)
    return Comparable(first, last, born.month, born.day)


def level_of(left: Born, right: Born) -> str | None:
    """The level of the comparison "birth"; None when one date says nothing. Symmetric."""
    one, other = comparable(left), comparable(right)
    if one is None or other is None:
        return None
    return level_between(one, other)


def level_between(one: Comparable, other: Comparable) -> str:
    """The level for two dates that say something."""
    gap = max(one.first, other.first) - min(one.last, other.last)
    if one.first != one.last or other.first != other.last:
        return "overlap" if gap <= 0 else "near" if gap <= NEAR else "far"
    months = one.month is not None and other.month is not None
    days = months and one.day is not None and other.day is not None
    if days:
        found = _level_of_days(one, other, gap)
        if found:
            return found
    elif gap == 0 and (not months or one.month == other.month):
        return "same_year"
    return "near" if gap <= NEAR else "far"


def _level_of_days(one: Comparable, other: Comparable, gap: int) -> str | None:
    same_month, same_day = one.month == other.month, one.day == other.day
    if gap == 0:
        if same_month and same_day:
            return "same_day"
        if one.month == other.day and one.day == other.month:
            return "swapped"
        return "one_part" if same_month or same_day else None
    return "one_part" if same_month and same_day and gap <= MISTYPED else None


# --- Reading ------------------------------------------------------------------------------------


def from_birth(birth: Birth) -> Born:
    """A date of birth of a person's file."""
    if birth.year is None:
        return Born()
    if birth.precision is Precision.ESTIMATED:
        return Born(
            birth.year,
            certainty=Certainty.ESTIMATED,
            earliest=birth.year - birth.margin,
            latest=birth.year + birth.margin,
        )
    return Born(birth.year, birth.month, birth.day, Certainty(birth.precision.value))


_FIRST_YEAR: Final = re.compile(r"(\d{4})(?:\D(\d{1,2})(?:\D(\d{1,2}))?)?(?:[T ].*)?\Z")
_LAST_YEAR: Final = re.compile(r"(\d{1,2})\D(\d{1,2})\D(\d{4})\Z")
_SPAN: Final = re.compile(r"(\d{4})\s*(?:-|–|\.\.|/)\s*(\d{4})\Z")
_ABOUT: Final = re.compile(r"(?:~|about|circa|ca\.?|c\.|approx\.?)\s*(\d{4})\Z", re.IGNORECASE)


@functools.lru_cache(maxsize=65_536)
def read_birth(text: str, *, today: date | None = None) -> Born:
    """A date of birth as a register writes it; empty text is an unknown date.

    Reads 2009-05-31, 31.5.2009, 2009-05, 2009, 2007-2010 (a span), ~2009 (an estimate), digits of
    any script, and years of the solar and lunar Hijri calendars. Raises `ImpossibleDate`.

    >>> read_birth("1388").earliest, read_birth("1388").latest
    (2009, 2010)
    """
    plain = "".join(_digit(c) for c in text.strip())
    if not plain:
        return Born()
    born = _read(plain, text)
    latest = born.latest if born.latest is not None else born.year
    if today is not None and (born.earliest or born.year or 0) > today.year:
        raise ImpossibleDate(f"“{text}” lies in the future.")
    if latest is not None and latest not in YEARS:
        raise ImpossibleDate(f"“{text}”: {latest} is not a year of birth.")
    return born


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _read(plain: str, text: str) -> Born:
    if match := _SPAN.match(plain):
        first, last = sorted((int(match[1]), int(match[2])))
        return Born((first + last) // 2, certainty=Certainty.ESTIMATED, earliest=first, latest=last)
    if match := _ABOUT.match(plain):
        year = int(match[1])
        return Born(
            year, certainty=Certainty.ESTIMATED, earliest=year - MARGIN, latest=year + MARGIN
        )
    if match := _LAST_YEAR.match(plain):
        return _made(int(match[3]), int(match[2]), int(match[1]), text)
    if match := _FIRST_YEAR.match(plain):
        month = int(match[2]) if match[2] else None
        return _made(int(match[1]), month, int(match[3]) if match[3] else None, text)
    raise ImpossibleDate(f"“{text}” is not a date: write 2009-05-31, 2009-05 or 2009.")


def _made(year: int, month: int | None, day: int | None, text: str) -> Born:
    if month is not None and not 1 <= month <= 12:
        # Only one order can be meant: 2009-31-05.
        if month == 0 or day is None or not 1 <= day <= 12:
            raise ImpossibleDate(f"“{text}”: there is no month {month}.")
        month, day = day, month
    if year in SOLAR_YEARS or year in LUNAR_YEARS:
        return _from_hijri(year, month, day, text)
    if year not in YEARS:
        raise ImpossibleDate(f"“{text}”: {year} is not a year of birth.")
    if month is None:
        return Born(year, certainty=Certainty.YEAR)
    if day is None:
        return Born(year, month, certainty=Certainty.MONTH)
    longest = calendar.monthrange(year, month)[1]
    if not 1 <= day <= longest:
        raise ImpossibleDate(f"“{text}”: {month}/{year} has {longest} days, not {day}.")
    return Born(year, month, day, Certainty.DAY)


def _from_hijri(year: int, month: int | None, day: int | None, text: str) -> Born:
    kind = "persian" if year in SOLAR_YEARS else "islamic-civil"
    if month is not None and day is not None:
        if not 1 <= day <= 31:
            raise ImpossibleDate(f"“{text}”: there is no day {day}.")
        found = converted(kind, year, month, day)
        return Born(found.year, found.month, found.day, Certainty.DAY)
    first = converted(kind, year, 1, 1)
    last = converted(kind, year + 1, 1, 1) - timedelta(days=1)
    return Born(first.year, certainty=Certainty.ESTIMATED, earliest=first.year, latest=last.year)


def converted(kind: str, year: int, month: int, day: int) -> date:
    """The Gregorian date of a date in ICU's calendar `kind` (persian, islamic-civil).

    >>> converted("persian", 1388, 1, 1)
    datetime.date(2009, 3, 21)
    """
    # ICU takes memory that an idle node does not have to spend.
    import icu

    moment: Any = icu.Calendar.createInstance(
        icu.TimeZone.createTimeZone("UTC"), icu.Locale(f"en@calendar={kind}")
    )
    moment.clear()
    moment.set(icu.UCalendarDateFields.EXTENDED_YEAR, year)
    moment.set(icu.UCalendarDateFields.MONTH, month - 1)
    moment.set(icu.UCalendarDateFields.DATE, day)
    return datetime.fromtimestamp(moment.getTime(), UTC).date()


def years_of(born: Born) -> Iterable[int]:
    """The years in which the person may have been born; none when unknown."""
    known = comparable(born)
    return () if known is None else range(known.first, known.last + 1)


def shown(born: Born) -> str:
    """The date as a worker reads it; estimates with ~."""
    if born.earliest is not None and born.earliest != born.latest:
        return f"{born.earliest}–{born.latest}"
    if born.year is None:
        return ""
    if born.month is None:
        return str(born.year)
    if born.day is None:
        return f"{born.year}-{born.month:02}"
    return f"{born.year}-{born.month:02}-{born.day:02}"
