# SPDX-License-Identifier: EUPL-1.2
"""What was said when: two days beside each other, without filling in what nobody said. Pure.

As of a day counts what had been recorded by its end, not what was later said about it. 'Not known'
is an answer and stays one; an action nobody reported on stays not reported; neither is a step
back or forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

ORDER: Mapping[str, int] = {"not_started": 0, "planned": 1, "under_way": 2, "done": 3}
"""Only these have an order; 'unknown' has no place in it."""


class Change(StrEnum):
    """How what was said differs between two days."""

    NOTHING_SAID = "nothing_said"
    FIRST = "first"
    SAME = "same"
    FURTHER = "further"
    BACK = "back"
    NOW_UNKNOWN = "now_unknown"
    NOW_KNOWN = "now_known"


@dataclass(frozen=True, slots=True)
class Saying:
    """A report as it counts here: said on `recorded_on` about the state of things on `about`."""

    action: int
    partner: str
    sequence: int
    status: str
    about: date
    recorded_on: date


@dataclass(frozen=True, slots=True)
class Compared:
    """One action of one partner on two days.

    later: what was recorded only after the second day about a day not after it: known today, but
    not part of what was known then.
    """

    action: int
    partner: str
    before: Saying | None
    after: Saying | None
    later: Saying | None

    @property
    def change(self) -> Change:
        """What the two days say about each other."""
        if self.after is None:
            return Change.NOTHING_SAID
        if self.before is None:
            return Change.FIRST
        was, now = ORDER.get(self.before.status), ORDER.get(self.after.status)
        if was is None and now is None:
            return Change.SAME
        if now is None:
            return Change.NOW_UNKNOWN
        if was is None:
            return Change.NOW_KNOWN
        return Change.SAME if was == now else Change.FURTHER if now > was else Change.BACK


def as_of(sayings: Iterable[Saying], day: date) -> dict[tuple[int, str], Saying]:
    """What was in force at the end of `day`: of each action and partner the newest recorded."""
    found: dict[tuple[int, str], Saying] = {}
    for one in sayings:
        key = (one.action, one.partner)
        if one.recorded_on <= day and (key not in found or found[key].sequence < one.sequence):
            found[key] = one
    return found


def compare(
    sayings: Iterable[Saying], actions: Iterable[int], partners: Iterable[str], *, before: date,
    after: date,
) -> list[Compared]:  # fmt: skip
    """Every action of every partner on two days. Raises `ValueError` if not in order."""
    if before >= after:
        raise ValueError("the first day lies before the second")
    said = list(sayings)
    then, now = as_of(said, before), as_of(said, after)
    later: dict[tuple[int, str], Saying] = {}
    for one in said:
        if one.recorded_on > after >= one.about:
            key = (one.action, one.partner)
            if key not in later or later[key].sequence < one.sequence:
                later[key] = one
    places = [(action, partner) for action in actions for partner in partners]
    return [Compared(*place, then.get(place), now.get(place), later.get(place)) for place in places]
