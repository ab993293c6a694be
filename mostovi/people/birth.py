# SPDX-License-Identifier: EUPL-1.2
"""Dates of birth as people know them: to the day, the month, the year, estimated or unknown.

A person whose age is in doubt counts as a child (R7; Convention on the Rights of the Child,
General Comment 6, paragraph 31: benefit of the doubt).
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

ADULT_AT = 18
OLDEST = 125
DEFAULT_MARGIN = 2


class Precision(StrEnum):
    """How exactly the date is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class BirthError(ValueError):
    """The date cannot be; `part` names the form field (day, month, year, margin)."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True)
class Birth:
    """A date of birth with its precision.

    `margin` is the number of years an estimate may be wrong either way. `doubted` records that
    somebody (a worker, a guardian, the person) doubts the age, whatever the papers say.
    """

    precision: Precision = Precision.UNKNOWN
    year: int | None = None
    month: int | None = None
    day: int | None = None
    margin: int = DEFAULT_MARGIN
    doubted: bool = False

    def __post_init__(self) -> None:
        if self.precision is Precision.UNKNOWN:
            if self.year or self.month or self.day:
                raise BirthError("year", "An unknown date of birth has no year, month or day.")
            return
        if self.year is None:
            raise BirthError("year", "Write the year of birth, or choose 'unknown'.")
        if not 1890 <= self.year <= 2200:
            raise BirthError("year", "Write the year with four digits, such as 1994.")
        needs_month = self.precision in {Precision.DAY, Precision.MONTH}
        if needs_month != (self.month is not None):
            raise BirthError("month", "Give the month, or choose that only the year is known.")
        if self.month is not None and not 1 <= self.month <= 12:
            raise BirthError("month", "The month is a number from 1 to 12.")
        if (self.precision is Precision.DAY) != (self.day is not None):
            raise BirthError("day", "Give the day, or choose that only the month is known.")
        if self.day is not None and self.month is not None:
            last = calendar.monthrange(self.year, self.month)[1]
            if not 1 <= self.day <= last:
                raise BirthError("day", f"That month has {last} days.")
        if not 0 <= self.margin <= 20:
            raise BirthError("margin", "The estimate's margin is a number of years from 0 to 20.")

    def earliest(self) -> date | None:
        """The first day the person can have been born on; None when unknown."""
        if self.year is None:
            return None
        if self.precision is Precision.ESTIMATED:
            return date(self.year - self.margin, 1, 1)
        return date(self.year, self.month or 1, self.day or 1)

    def latest(self) -> date | None:
        """The last day the person can have been born on; None when unknown."""
        if self.year is None:
            return None
        if self.precision is Precision.ESTIMATED:
            return date(self.year + self.margin, 12, 31)
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def age(self, today: date) -> tuple[int, int] | None:
        """Youngest and oldest possible age in completed years; None when unknown.

        >>> Birth(Precision.YEAR, 2008).age(date(2026, 11, 24))
        (17, 18)
        """
        first, last = self.earliest(), self.latest()
        if first is None or last is None:
            return None
        return max(0, _years(last, today)), max(0, _years(first, today))

    def is_child(self, today: date) -> bool:
        """Whether the person is, or may be, under 18. Unknown and doubted ages are a child's."""
        ages = self.age(today)
        return self.doubted or ages is None or ages[0] < ADULT_AT

    def is_in_doubt(self, today: date) -> bool:
        """Whether the person may be a child and may be an adult."""
        ages = self.age(today)
        return self.doubted or ages is None or ages[0] < ADULT_AT <= ages[1]

    def check(self, today: date) -> None:
        """Raise `BirthError` when the date lies after `today` or too far before."""
        first = self.earliest()
        if first is not None and first > today:
            raise BirthError("year", "The date of birth lies in the future.")
        if first is not None and today.year - first.year > OLDEST + 2 * DEFAULT_MARGIN:
            raise BirthError("year", f"This would be an age over {OLDEST} years; check the year.")

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be sealed or sent."""
        return {
            "precision": self.precision.value,
            "year": self.year,
            "month": self.month,
            "day": self.day,
            "margin": self.margin,
            "doubted": self.doubted,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any] | None) -> Birth:
        """The counterpart of `as_json`; raises `BirthError` for values that cannot be."""
        if not values:
            return cls()
        try:
            precision = Precision(values.get("precision", "unknown"))
        except ValueError as error:
            raise BirthError("precision", "Say how exactly the date is known.") from error
        margin = values.get("margin")
        return cls(
            precision=precision,
            year=_number("year", values.get("year")),
            month=_number("month", values.get("month")),
            day=_number("day", values.get("day")),
            margin=DEFAULT_MARGIN if margin in (None, "") else _number("margin", margin) or 0,
            doubted=bool(values.get("doubted", False)),
        )


def _number(part: str, value: Any) -> int | None:
    if value in (None, ""):
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise BirthError(part, "Write this part of the date as a number.") from error


def _years(born: date, today: date) -> int:
    """Completed years; a person born on 29 February has the birthday on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
