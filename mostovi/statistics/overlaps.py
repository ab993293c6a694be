# SPDX-License-Identifier: EUPL-1.2
"""How many people two partners both counted: sizes only, by private matching, and what follows.

Neither side learns who is in both, or anything about a person of the other: each raises hashed
identities to a secret of its own, in an order that is shuffled, and only equal results are
counted (private set intersection cardinality by commuting exponents; E. De Cristofaro, P. Gasti,
G. Tsudik, *Fast and Private Computation of Cardinality of Set Intersection and Union*, CANS 2012;
cited from knowledge). Both sides must follow the protocol; whoever makes up identities can test
them, so a round is agreed, logged and of at least `FEWEST` on each side, and its size is rounded.

A person's identity here is one text that both sides make in the same way. It can fail to agree
for one person (two spellings) or agree for two; `Quality` says how often, measured on labelled
pairs.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mostovi.tracing import oprf

FEWEST: Final = 20
"""With fewer identities on a side nothing is counted: a size would speak of single people."""
ROUNDED_TO: Final = 5
_SURE: Final = 1.96
"""Standard deviations for an interval of 95 %."""


class TooFew(ValueError):
    """A side has so few people that even the size of what is common would tell of one."""


@dataclass(frozen=True)
class Side:
    """One partner in one round: a secret and the identities, which never leave as they are."""

    secret: bytes
    identities: tuple[str, ...]

    @classmethod
    def of(cls, identities: Iterable[str]) -> Side:
        """A side with a fresh secret. Raises `TooFew`."""
        once = tuple(dict.fromkeys(identities))
        if len(once) < FEWEST:
            raise TooFew(f"At least {FEWEST} different people are needed on each side.")
        return cls(oprf.new_scalar(), once)

    def sent(self) -> list[bytes]:
        """What goes to the other side first: every identity under this side's secret, shuffled."""
        return _shuffled(oprf.blind(one.encode(), self.secret) for one in self.identities)

    def returned(self, received: Sequence[bytes]) -> list[bytes]:
        """The other side's elements under this side's secret as well, shuffled.

        Raises `oprf.InvalidElement` for bytes that are no element, `TooFew` for too few of them.
        """
        if len(set(received)) < FEWEST:
            raise TooFew("The other side sent too few different people.")
        return _shuffled(oprf.evaluate_blinded(self.secret, one) for one in received)


def common(mine: Sequence[bytes], theirs: Sequence[bytes]) -> int:
    """How many of both sides' doubly raised elements agree, rounded to `ROUNDED_TO`."""
    exact = len(set(mine) & set(theirs))
    return ROUNDED_TO * round(exact / ROUNDED_TO)


def counted_in_both(left: Side, right: Side) -> int:
    """The whole round in one place, for tests and for two partners in one process."""
    return common(right.returned(left.sent()), left.returned(right.sent()))


def _shuffled(elements: Iterable[bytes]) -> list[bytes]:
    listed = list(elements)
    secrets.SystemRandom().shuffle(listed)
    return listed


@dataclass(frozen=True)
class Quality:
    """Identities: the share of true pairs that agree, and of agreeing pairs that are true."""

    recall: float
    precision: float

    def __post_init__(self) -> None:
        if not (0 < self.recall <= 1 and 0 < self.precision <= 1):
            raise ValueError("Recall and precision lie above 0 and up to 1.")


@dataclass(frozen=True)
class Estimate:
    """A number of people: the best guess and the 95 % interval around it."""

    value: int
    low: int
    high: int


def duplicates(matched: int, smaller: int, quality: Quality) -> Estimate:
    """How many people are in both, from `matched` agreeing identities.

    Of the matched ones `precision` are true, and true ones agree with probability `recall`. The
    interval covers chance in agreeing (binomial, normal approximation) and the rounding, not an
    error in the two rates. At most `smaller`, the people of the smaller side.
    """
    true = matched * quality.precision / quality.recall
    chance = _SURE * math.sqrt(max(true, 1.0) * (1 - quality.recall) / quality.recall)
    spread = chance + ROUNDED_TO / 2 / quality.recall
    return Estimate(
        min(smaller, round(true)),
        max(0, math.floor(true - spread)),
        min(smaller, math.ceil(true + spread)),
    )


def people_in_region(
    people: Mapping[str, int], overlaps: Mapping[frozenset[str], Estimate]
) -> Estimate:
    """How many different people stand behind the partners' numbers, from pairwise overlaps.

    Who is in three or more is not known from pairs. With sums S1 of the numbers and S2 of the pairs
    the union is at least S1 - S2 (Bonferroni) and the largest number, and at most S1 less the pairs
    of a spanning tree (Hunter), for which the greatest are taken. The middle of the two is the
    value. A pair that was not compared is unknown: from nobody to the smaller number.
    """
    names = sorted(people)
    pairs: list[tuple[Estimate, str, str]] = []
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            most = min(people[one], people[other])
            pairs.append((overlaps.get(frozenset({one, other}), Estimate(0, 0, most)), one, other))
    total = sum(people.values())
    low = max([*people.values(), total - sum(pair.high for pair, _, _ in pairs), 0])
    high = total - _greatest_tree([(pair.low, one, other) for pair, one, other in pairs])
    least = max([*people.values(), total - sum(pair.value for pair, _, _ in pairs), 0])
    most = total - _greatest_tree([(pair.value, one, other) for pair, one, other in pairs])
    return Estimate(min(max(low, (least + most) // 2), high), low, high)


def _greatest_tree(pairs: Sequence[tuple[int, str, str]]) -> int:
    """The weight of the greatest spanning tree (Kruskal)."""
    group: dict[str, str] = {}

    def root(name: str) -> str:
        while group.get(name, name) != name:
            name = group[name]
        return name

    weight = 0
    for value, one, other in sorted(pairs, reverse=True):
        if root(one) != root(other):
            group[root(one)] = root(other)
            weight += value
    return weight
