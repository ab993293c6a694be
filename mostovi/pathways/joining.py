# SPDX-License-Identifier: EUPL-1.2
"""Many rules over the same `planes`: in which order their parts are joined, and where.

Parts that rules share, however deep, are joined once; a part's room is used again as soon as
nobody needs it, so that little memory is touched. Negations are moved down to the tests first (De
Morgan's laws hold in Kleene's logic). A plan knows no people; it is made once and run on any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from typing import Any as Anything

from mostovi.pathways.expressions import All, AtLeast, Constant, Expression, Not, Test

if TYPE_CHECKING:
    import numpy as np

    from mostovi.pathways.planes import Planes

    Pair = np.ndarray[Anything, np.dtype[np.uint64]]

EVERY: Final = 0
"""The count of a part that holds when all of its parts do; 1 is any of them."""


@dataclass(frozen=True)
class _Part:
    """A join of other parts and tests by their numbers: `count` of them must hold."""

    count: int
    of: tuple[int, ...]


class Plan:
    """The joins of some expressions, in an order in which each has its parts before it."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self.expressions = tuple(expressions)
        self._numbers: dict[object, int] = {}
        self._leaves: dict[int, tuple[Test | Constant, bool]] = {}
        self._joins: dict[int, _Part] = {}
        self._results = [self._number(expression, True) for expression in expressions]
        self._uses = [0] * len(self._numbers)
        for number in [*self._results, *(n for part in self._joins.values() for n in part.of)]:
            self._uses[number] += 1

    def _number(self, expression: Expression, holds: bool) -> int:
        if isinstance(expression, Not):
            return self._number(expression.part, not holds)
        if isinstance(expression, Test | Constant):
            number = self._numbers.setdefault((expression, holds), len(self._numbers))
            self._leaves[number] = (expression, holds)
            return number
        parts = tuple(self._number(part, holds) for part in expression.parts)
        if isinstance(expression, AtLeast):
            count = expression.count if holds else len(parts) - expression.count + 1
            if count <= 0 or count > len(parts):
                return self._number(Constant(count <= 0), True)
            part = _Part(EVERY if count == len(parts) else count, parts)
        else:
            every = isinstance(expression, All) is holds
            if not parts:
                return self._number(Constant(every), True)
            part = _Part(EVERY if every else 1, tuple(dict.fromkeys(parts)))
        if len(set(part.of)) == 1 and part.count in (EVERY, 1):
            return part.of[0]
        number = self._numbers.setdefault(part, len(self._numbers))
        self._joins[number] = part
        return number

    def run(self, people: Planes) -> Iterator[Pair]:
        """The pair of each expression in turn; it stands until the next one is asked for."""
        held: dict[int, Pair] = {
            number: _leaf(people, *leaf) for number, leaf in self._leaves.items()
        }
        left = self._uses.copy()
        for result in self._results:
            yield self._made(result, people, held, left)
            self._used(result, people, held, left)

    def _made(self, number: int, people: Planes, held: dict[int, Pair], left: list[int]) -> Pair:
        if number not in held:
            part = self._joins[number]
            pairs = [self._made(one, people, held, left) for one in part.of]
            held[number] = joined(part.count, pairs, people)
            for one in part.of:
                self._used(one, people, held, left)
        return held[number]

    def _used(self, number: int, people: Planes, held: dict[int, Pair], left: list[int]) -> None:
        left[number] -= 1
        if not left[number] and number in self._joins:
            people.give_back(held.pop(number))


def _leaf(people: Planes, leaf: Test | Constant, holds: bool) -> Pair:
    if isinstance(leaf, Test):
        return people.test(leaf, holds=holds)
    return people.constant(leaf.value if leaf.value is None or holds else not leaf.value)


def joined(count: int, pairs: Sequence[Pair], people: Planes) -> Pair:
    """All of two or more pairs (`EVERY`), or at least `count` of them, in room of `people`."""
    import numpy as np

    if count > 1:
        return _enough(count, pairs, people)
    join = np.bitwise_and if count == EVERY else np.bitwise_or
    found = join(pairs[0], pairs[1], people.room())
    for pair in pairs[2:]:
        join(found, pair, found)
    return found


def _enough(count: int, pairs: Sequence[Pair], people: Planes) -> Pair:
    """`reached[n]`: more than n of the pairs that were looked at so far."""
    reached = [people.room() for _ in range(count)]
    for one in reached:
        one[:] = 0
    for pair in pairs:
        for place in range(count - 1, 0, -1):
            reached[place] |= reached[place - 1] & pair
        reached[0] |= pair
    for one in reached[:-1]:
        people.give_back(one)
    return reached[-1]
