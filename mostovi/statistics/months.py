# SPDX-License-Identifier: EUPL-1.2
"""Reporting periods: one calendar month, when its counts are due and when to remind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

_PERIOD = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month.

    >>> Month.parse("2026-12").next()
    Month(year=2027, number=1)
    """

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """The month written `YYYY-MM`. Raises `ValueError` naming what was found."""
        found = _PERIOD.match(text)
        if not found:
            raise ValueError(f"'{text[:20]}' is not a month; write it as 2026-10.")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month `day` lies in."""
        return cls(day.year, day.month)

    @classmethod
    def last_complete(cls, today: date) -> Month:
        """The newest month that has ended before `today`."""
        return cls.of(today).back(1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    def next(self) -> Month:
        """The month after."""
        return self.back(-1)

    def back(self, months: int) -> Month:
        """The month `months` earlier."""
        index = self.year * 12 + self.number - 1 - months
        return Month(index // 12, index % 12 + 1)

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """The first moment of the month and of the next one, in `zone`."""
        after = self.next().first_day
        return (
            datetime(self.year, self.number, 1, tzinfo=zone),
            datetime(after.year, after.month, 1, tzinfo=zone),
        )

    def due(self, day: int) -> date:
        """The day of the following month on which the counts must have been released."""
        return self.next().first_day + timedelta(days=day - 1)
