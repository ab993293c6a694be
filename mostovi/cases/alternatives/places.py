# SPDX-License-Identifier: EUPL-1.2
"""Room at places: whether one more fits, and which place is the next best. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """A place as it stands now: how many it holds and how many live there."""

    code: str
    kind: str
    capacity: int
    there: int
    families: bool = True
    children: bool = True
    women_only: bool = False
    open: bool = True

    @property
    def free(self) -> int:
        """Beds that are free; 0 when there are none or the place is closed."""
        return max(0, self.capacity - self.there) if self.open else 0


@dataclass(frozen=True, slots=True)
class Guest:
    """Who needs a place: how many persons, and what the place must allow."""

    persons: int = 1
    child: bool = False
    family: bool = False
    female: bool = False


def suits(room: Room, guest: Guest) -> bool:
    """Whether the place is meant for this person, whatever room it has."""
    if guest.family and not room.families:
        return False
    if (guest.child or guest.family) and not room.children:
        return False
    return guest.female or not room.women_only


def fits(room: Room, guest: Guest) -> bool:
    """Whether the place suits and has room for all of them together."""
    return suits(room, guest) and room.free >= guest.persons


def next_best(
    rooms: Iterable[Room], guest: Guest, *, kind: str, kinds: Sequence[str]
) -> list[Room]:
    """Places that suit and have room, best first.

    The asked kind first, then milder kinds, nearest before; never a stricter kind than was chosen.
    kinds: from the mildest to the strictest. Among equals the one with most room.
    """
    allowed = list(kinds[: kinds.index(kind) + 1]) if kind in kinds else [kind]
    fitting = [room for room in rooms if room.kind in allowed and fits(room, guest)]
    return sorted(fitting, key=lambda r: (-allowed.index(r.kind), -r.free, r.code))
