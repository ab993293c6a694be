# SPDX-License-Identifier: EUPL-1.2
"""Rules of the monthly regional exchange: who is late, who stopped, what asks for a word. Pure.

A rule here asks and reports; it never refuses a month for being unusual (R4). What is not there is
missing, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from statistics import median
from typing import Any

from mostovi.statistics.cubes import Cell
from mostovi.statistics.months import Month
from mostovi.statistics.suppression import Published
from mostovi.statistics.tables import SpecificationError, Template


@dataclass(frozen=True)
class Rules:
    """What `content/statistics/exchange.yaml` says."""

    second_officer_required: bool
    stopped_after: int
    times: float
    difference: int
    months: int
    hidden_share: float
    months_shown: int
    source: str
    reviewed: bool


def parse(content: Mapping[str, Any]) -> Rules:
    """The rules of the file. Raises `SpecificationError` naming what is missing or wrong."""
    try:
        asks = content["ask_when"]
        if content["second_officer"] not in {"offered", "required"}:
            raise SpecificationError("exchange: second_officer is 'offered' or 'required'.")
        return Rules(
            second_officer_required=content["second_officer"] == "required",
            stopped_after=int(content["stopped_after"]),
            times=float(asks["times"]),
            difference=int(asks["difference"]),
            months=int(asks["months"]),
            hidden_share=float(asks["hidden_share"]),
            months_shown=int(content["months_shown"]),
            source=content["source"]["text"],
            reviewed=content["review"]["status"] == "reviewed",
        )
    except KeyError as error:
        raise SpecificationError(f"exchange: {error} is missing.") from error


# --- Who has sent -------------------------------------------------------------------------------


class Sent(StrEnum):
    """Where one partner stands with one month."""

    ON_TIME = "on_time"
    LATE = "late"
    AWAITED = "awaited"
    OVERDUE = "overdue"


class Standing(StrEnum):
    """Where one partner stands as a whole."""

    SENDS = "sends"
    BEHIND = "behind"
    STOPPED = "stopped"
    NEVER = "never"


@dataclass(frozen=True)
class Arrived:
    """What a partner has sent for a month: when the first came, and every revision, in order."""

    first: date
    revisions: tuple[int, ...]

    @property
    def in_force(self) -> int:
        """The revision that counts: the highest number, whenever it came."""
        return max(self.revisions)


@dataclass(frozen=True)
class MonthOf:
    """One month of one partner."""

    month: Month
    due: date
    sent: Sent
    arrived: Arrived | None
    days_late: int = 0


@dataclass(frozen=True)
class PartnerStanding:
    """One partner over the months, newest first. `last`: the newest month that came."""

    partner: str
    standing: Standing
    months: tuple[MonthOf, ...]
    last: Month | None


def standing_of(
    partner: str,
    arrived: Mapping[Month, Arrived],
    months: Sequence[Month],
    due_day: int,
    today: date,
    stopped_after: int,
) -> PartnerStanding:
    """Where `partner` stands on `today`; `months` newest first, without gaps."""
    found = tuple(_month_of(month, arrived.get(month), due_day, today) for month in months)
    missed = 0
    for one in found:
        if one.sent is Sent.OVERDUE:
            missed += 1
        elif one.sent is not Sent.AWAITED:
            break
    last = max(arrived, default=None)
    if last is None:
        standing = Standing.NEVER
    elif missed >= stopped_after:
        standing = Standing.STOPPED
    elif any(one.sent is Sent.OVERDUE for one in found if one.month > last):
        standing = Standing.BEHIND
    else:
        standing = Standing.SENDS
    return PartnerStanding(partner, standing, found, last)


def _month_of(month: Month, arrived: Arrived | None, due_day: int, today: date) -> MonthOf:
    due = month.due(due_day)
    if arrived is not None:
        late = max(0, (arrived.first - due).days)
        return MonthOf(month, due, Sent.LATE if late else Sent.ON_TIME, arrived, late)
    late = max(0, (today - due).days)
    return MonthOf(month, due, Sent.OVERDUE if late else Sent.AWAITED, None, late)


# --- What asks for a word before it leaves --------------------------------------------------------


class Asks(StrEnum):
    """Why a month asks for an explanation by who prepares it."""

    HIGHER = "higher"
    LOWER = "lower"
    NOTHING = "nothing"
    HIDDEN = "hidden"
    REVISED = "revised"


@dataclass(frozen=True)
class Question:
    """Something unusual in what would leave. `indicator` or `table` says where.

    usual: the middle value of the months before. For REVISED, how many cells changed.
    """

    asks: Asks
    where: str
    value: int = 0
    usual: int = 0

    def as_json(self) -> list[Any]:
        """As stored."""
        return [self.asks.value, self.where, self.value, self.usual]

    @classmethod
    def from_json(cls, stored: Sequence[Any]) -> Question:
        """The opposite of `as_json`."""
        return cls(Asks(stored[0]), *stored[1:])

    @property
    def needs_words(self) -> bool:
        """Whether it must be explained before a second officer looks."""
        return self.asks is not Asks.HIDDEN


def questions(
    template: Template,
    published: Published,
    before: Sequence[Published],
    last: Published | None,
    rules: Rules,
) -> list[Question]:
    """What is unusual in `published`, from published numbers alone.

    `before`: the releases in force of earlier months. `last`: this month's revision before, if any.
    """
    found = []
    for indicator in template.indicators:
        value = published[indicator.cell]
        known = [
            count for month in before[: rules.months]
            if (count := month.get(indicator.cell)) is not None
        ]  # fmt: skip
        if value is None or len(known) < 2:
            continue
        usual = round(median(known))
        if abs(value - usual) < rules.difference:
            continue
        if value == 0:
            found.append(Question(Asks.NOTHING, indicator.code, 0, usual))
        elif value > usual * rules.times:
            found.append(Question(Asks.HIGHER, indicator.code, value, usual))
        elif value * rules.times < usual:
            found.append(Question(Asks.LOWER, indicator.code, value, usual))
    for table in template.tables:
        hidden = sum(published[cell] is None for cell in table.cells)
        if hidden > rules.hidden_share * len(table.cells):
            found.append(Question(Asks.HIDDEN, table.code, hidden, len(table.cells)))
    if last is not None:
        changed = changes(published, last)
        found.append(Question(Asks.REVISED, "", len(changed)))
    return found


def changes(published: Published, last: Published) -> list[Cell]:
    """The cells that say something else than the revision before."""
    return [cell for cell, value in published.items() if last.get(cell) != value]
