# SPDX-License-Identifier: EUPL-1.2
"""Order within a thread: what runs now, what waits for a gap to be filled, what came before.

Each sender numbers its letters to one receiver in one thread from 1. A letter that arrives before
its predecessor is kept and parked, because a withdrawal must not overtake the request it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where an arriving letter stands in its thread."""

    NEXT = "next"
    AHEAD = "ahead"
    BEHIND = "behind"


@dataclass(frozen=True)
class ThreadState:
    """`expected` is the next number to run; `waiting` are the numbers kept beyond a gap."""

    expected: int = 1
    waiting: frozenset[int] = frozenset()

    def place(self, seq: int) -> Place:
        """Where `seq` stands; a number already run or already waiting is BEHIND.

        >>> ThreadState(3, frozenset({5})).place(4)
        <Place.AHEAD: 'ahead'>
        """
        if seq == self.expected:
            return Place.NEXT
        return Place.AHEAD if seq > self.expected and seq not in self.waiting else Place.BEHIND

    def arrived(self, seq: int) -> tuple[ThreadState, tuple[int, ...]]:
        """The state after `seq` is kept, and the numbers that now run, in order.

        >>> ThreadState(1, frozenset({2, 4})).arrived(1)
        (ThreadState(expected=3, waiting=frozenset({4})), (1, 2))
        """
        if self.place(seq) is Place.BEHIND:
            raise ValueError(f"number {seq} was used before")
        waiting = self.waiting | {seq}
        following = self.expected
        while following in waiting:
            following += 1
        runs = tuple(range(self.expected, following))
        return ThreadState(following, waiting - set(runs)), runs

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers that others wait for.

        >>> ThreadState(2, frozenset({4})).missing
        (2, 3)
        """
        if not self.waiting:
            return ()
        return tuple(n for n in range(self.expected, max(self.waiting)) if n not in self.waiting)
