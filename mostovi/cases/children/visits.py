# SPDX-License-Identifier: EUPL-1.2
"""When a child is visited in care, or a family after reunification: the schedule counted out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from mostovi.cases.children.rules import Schedule


@dataclass(frozen=True, slots=True)
class Due:
    """The visit with this number is due on this day."""

    number: int
    on: date


def planned(schedule: Schedule, begins: date) -> list[Due]:
    """The visits that a schedule asks for at the beginning, first to last."""
    return [
        Due(number, begins + timedelta(days=schedule.first + schedule.every * (number - 1)))
        for number in range(1, schedule.at_least + 1)
    ]


def next_due(schedule: Schedule, last_number: int, made_on: date) -> Due:
    """The visit after the last planned one was made: one interval later, as long as care lasts."""
    return Due(last_number + 1, made_on + timedelta(days=schedule.every))
