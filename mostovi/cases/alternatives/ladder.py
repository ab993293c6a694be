# SPDX-License-Identifier: EUPL-1.2
"""Least restrictive first: a stricter measure only after a reason against each milder one.

The ladder is data (`catalogue.ladder`). A measure that this person must not be given (bail for a
child) is no step of their ladder, so nothing has to be said against it and it cannot be chosen.
Nothing here goes up by itself: a breach changes no measure (`after_breach`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mostovi.cases.alternatives.catalogue import Measure

DETENTION = "detention"
"""What lies beyond the ladder; never a measure of it."""

SHORTEST_REASON = 15
"""Letters. A reason shorter than this says nothing about the person."""


class Why(StrEnum):
    """Why a measure was not chosen, as a code; the words are the person's own circumstances."""

    TRIED = "tried"
    WOULD_NOT_WORK = "would_not_work"
    NOT_AVAILABLE = "not_available"
    PERSON_PREFERS = "person_prefers"


@dataclass(frozen=True, slots=True)
class Considered:
    """One measure looked at and rejected, with the reason."""

    measure: str
    why: str
    reason: str

    @property
    def is_reasoned(self) -> bool:
        """Whether there is a known kind of reason and words that say something."""
        return self.why in set(Why) and len(self.reason.strip()) >= SHORTEST_REASON


@dataclass(frozen=True, slots=True)
class Skipped:
    """A measure that had to be considered before the chosen one and was not."""

    measure: str
    problem: str


class NotOnTheLadder(ValueError):
    """The chosen measure is none of this person's ladder."""


def suitable(
    ladder: Sequence[Measure], *, child: bool, with_adult: bool = False
) -> tuple[Measure, ...]:
    """The steps for this person. A child has only measures of care; with an adult of the family
    also those whose condition the adult carries."""
    allowed = {"yes", "with_adult"} if with_adult else {"yes"}
    return tuple(step for step in ladder if not child or step.children in allowed)


def milder(ladder: Sequence[Measure], chosen: str) -> tuple[Measure, ...]:
    """The steps that must be rejected with reasons before `chosen`; all of them for detention.

    Raises `NotOnTheLadder`.
    """
    if chosen == DETENTION:
        return tuple(ladder)
    ranks = {step.code: step.rank for step in ladder}
    if chosen not in ranks:
        raise NotOnTheLadder(chosen)
    return tuple(step for step in ladder if step.rank < ranks[chosen])


def skipped(
    ladder: Sequence[Measure], chosen: str, considered: Mapping[str, Considered]
) -> list[Skipped]:
    """Which milder measures still need a reason; empty when `chosen` may be chosen.

    Raises `NotOnTheLadder`.
    """
    found = []
    for step in milder(ladder, chosen):
        entry = considered.get(step.code)
        if entry is None or entry.measure != step.code or not entry.why:
            found.append(Skipped(step.code, "not_considered"))
        elif not entry.is_reasoned:
            found.append(Skipped(step.code, "no_reason"))
    return found


def only_for_lack(ladder: Sequence[Measure], considered: Mapping[str, Considered]) -> bool:
    """Whether every measure was rejected only because it is not available here.

    That a state has no alternatives is no fact about the person.
    """
    entries = [considered[step.code] for step in ladder if step.code in considered]
    return bool(entries) and all(entry.why == Why.NOT_AVAILABLE for entry in entries)


def after_breach(current: str) -> str:
    """The measure after a breach: the same one, until a named officer has reassessed."""
    return current
