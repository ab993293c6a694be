# SPDX-License-Identifier: EUPL-1.2
"""What waits for somebody: the one line a home page shows for a task, whichever room it is from."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise

Text = str | Promise
"""A ready string, or a lazily translated one."""


class Urgency(enum.IntEnum):
    """The order of a home page: what is overdue, then what is due soon, then the rest."""

    OVERDUE = 0
    SOON = 1
    LATER = 2
    NO_DATE = 3


SOON = timedelta(days=3)
"""A deadline nearer than this is shown among what is due."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for one person, with the one next action.

    Packages offer these from ``today.py``: ``def waiting(actor, now) -> list[Waiting]``.

    title: what it is about, in words that name nobody (a case code, not a name).
    why: why it waits for this person.
    url: where the next action is done.
    due: the moment the clock ends, aware, or None where no clock runs.
    source: the rule that sets ``due`` ("" where there is none).
    verb: the label of the next action ("Answer", "Accept or decline").
    """

    title: Text
    why: Text
    url: str
    due: datetime | None = None
    source: Text = ""
    verb: Text = ""

    def urgency(self, now: datetime) -> Urgency:
        """How pressing this is at ``now`` (aware)."""
        if self.due is None:
            return Urgency.NO_DATE
        if self.due < now:
            return Urgency.OVERDUE
        return Urgency.SOON if self.due - now <= SOON else Urgency.LATER

    def is_overdue(self, now: datetime) -> bool:
        """Whether the clock has ended. Nobody is refused by that alone."""
        return self.urgency(now) is Urgency.OVERDUE


def in_order(items: Iterable[Waiting], now: datetime) -> list[Waiting]:
    """Overdue first, then due, then new; within each, the nearest deadline first.

    Things without a deadline keep the order they came in.
    """

    def key(item: Waiting) -> tuple[int, float]:
        due = item.due.timestamp() if item.due is not None else 0.0
        return (int(item.urgency(now)), due)

    return sorted(items, key=key)
