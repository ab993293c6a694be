# SPDX-License-Identifier: EUPL-1.2
"""Several people edit one record, also offline: field versions, conflicts shown, nothing lost.

Each change names the version it was made on. A change on the newest version is applied. A change
on an older one is applied nowhere: both values are kept side by side until a person settles it.

What does not depend on the order of arrival: which values are in play (`FieldState.in_play`) and
whether a conflict is open. Which of two competing values stands meanwhile does depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of a change."""

    APPLIED = "applied"
    SAME = "same"
    CONFLICT = "conflict"


class UnknownBase(ValueError):
    """The change was made on a version that this record never had."""


@dataclass(frozen=True)
class Change:
    """One field's new value. `base` is the version the author saw (0: the field was empty)."""

    id: str
    field: str
    base: int
    value: Any
    author: str
    at: datetime
    device: str = ""


@dataclass(frozen=True)
class Version:
    """A value that stood, from version `number` on."""

    number: int
    value: Any
    author: str
    at: datetime
    device: str = ""


@dataclass(frozen=True)
class Rival:
    """A value that met a newer one; open until `settled_by` is set."""

    change: Change
    kept: int
    settled_by: str = ""
    settled_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class FieldState:
    """Everything ever typed into one field."""

    field: str
    versions: tuple[Version, ...] = ()
    rivals: tuple[Rival, ...] = ()

    @property
    def number(self) -> int:
        """The newest version's number; 0 while the field was never filled."""
        return self.versions[-1].number if self.versions else 0

    @property
    def value(self) -> Any:
        """The value that stands now."""
        return self.versions[-1].value if self.versions else None

    @property
    def open_rivals(self) -> tuple[Rival, ...]:
        """Conflicts nobody has settled yet."""
        return tuple(rival for rival in self.rivals if not rival.settled_by)

    def at(self, number: int) -> Any:
        """The value of version `number`; raises `UnknownBase`."""
        if number == 0:
            return None
        for version in self.versions:
            if version.number == number:
                return version.value
        raise UnknownBase(f"{self.field} has no version {number}; the newest is {self.number}.")

    def in_play(self) -> list[Any]:
        """The standing value and every open rival's, in no meaningful order."""
        return [self.value, *(rival.change.value for rival in self.open_rivals)]


def decide(current: int, standing: Any, base: int, base_value: Any, value: Any) -> Outcome:
    """The rule itself.

    Same: the value stands already, or the author left the field as it was on their version.
    """
    if value in (standing, base_value):
        return Outcome.SAME
    return Outcome.APPLIED if base == current else Outcome.CONFLICT


def apply(state: FieldState, change: Change) -> tuple[Outcome, FieldState]:
    """Take in `change`; raises `UnknownBase` for a version that never was."""
    outcome = decide(state.number, state.value, change.base, state.at(change.base), change.value)
    if outcome is Outcome.APPLIED:
        version = Version(state.number + 1, change.value, change.author, change.at, change.device)
        return outcome, replace(state, versions=(*state.versions, version))
    if outcome is Outcome.CONFLICT:
        repeated = any(rival.change.value == change.value for rival in state.open_rivals)
        if not repeated:
            rival = Rival(change, kept=state.number)
            state = replace(state, rivals=(*state.rivals, rival))
    return outcome, state


def settle(
    state: FieldState, rival: Rival, *, value: Any, by: str, at: datetime, reason: str
) -> FieldState:
    """End a conflict with `value` (either of the two or a third), by a person, with a reason.

    Both values stay in the history. Raises ValueError without a person or a reason.
    """
    if not by or not reason.strip():
        raise ValueError("A conflict is settled by a named person who gives a reason.")
    if rival not in state.open_rivals:
        raise ValueError("This conflict is settled already.")
    closed = replace(rival, settled_by=by, settled_at=at, reason=reason.strip())
    rivals = tuple(closed if other is rival else other for other in state.rivals)
    versions = state.versions
    if value != state.value:
        versions = (*versions, Version(state.number + 1, value, by, at))
    return replace(state, versions=versions, rivals=rivals)
