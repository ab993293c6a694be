# SPDX-License-Identifier: EUPL-1.2
"""How many people two partners both counted: sizes only, by private matching, and what follows.

Neither side learns who is in both, or anything about a person of the other: each raises hashed
identities to a secret of its own, in an order that is shuffled, and only equal results are
counted (private set intersection cardinality by commuting exponents; E. De Cristofaro, P. Gasti,
G. Tsudik, *Fast and Private Computation of Cardinality of Set Intersection and Union*, CANS 2012;
cited from knowledge). Both sides must follow the protocol; whoever makes up identities can test
them, so a round is agreed by an officer of each side and logged, and a month is in one round only.

Here are only elements: what an identity is, `tracing.headcount` knows. Each side pads what it
sends, so that not even the size of its list is exact; a list of fewer than `FEWEST` is sent as
padding alone, so that the other side cannot tell it from one without anybody in common.

A person's identity is one text that both sides make in the same way. It can fail to agree for one
person (two spellings) or agree for two; `Quality` says how often, measured on labelled pairs.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from mostovi.tracing import oprf

FEWEST: Final = 20
"""Fewer people on a side, or in both, are never told: a size would speak of single people."""
ROUNDED_TO: Final = 5
PADDED_TO: Final = 50
FEWEST_SENT: Final = 100
_SURE: Final = 1.96
"""Standard deviations for an interval of 95 %."""


class NotAsAgreed(ValueError):
    """The other side sent something that no side that keeps to the protocol sends."""


def padded(people: int) -> int:
    """How many elements are sent for so many people.

    >>> padded(0), padded(101)
    (100, 150)
    """
    return max(FEWEST_SENT, -(-people // PADDED_TO) * PADDED_TO)


def sent(own: Collection[bytes]) -> list[bytes]:
    """What goes to the other side first: own people under the own secret, padded and shuffled."""
    different = set(own)
    real = different if len(different) >= FEWEST else set()
    while len(real) < padded(len(different)):
        real.add(oprf.random_element())
    return _shuffled(real)


def returned(secret: bytes, received: Sequence[bytes]) -> list[bytes]:
    """The other side's elements under the own secret as well, shuffled.

    Raises `NotAsAgreed` for bytes that are no element, for one twice, and for a size that is not
    a padded one.
    """
    if len(set(received)) != len(received) or padded(len(received)) != len(received):
        raise NotAsAgreed("one element twice, or a size that is not padded")
    try:
        return _shuffled([oprf.evaluate_blinded(secret, one) for one in received])
    except oprf.InvalidElement as error:
        raise NotAsAgreed(str(error)) from error


def common(mine: Sequence[bytes], theirs: Sequence[bytes]) -> int:
    """How many of both sides' doubly raised elements agree. Exact: it must not be told as it is.

    Raises `NotAsAgreed` when one of `mine`, which the other side sent back, is there twice.
    """
    if len(set(mine)) != len(mine):
        raise NotAsAgreed("one element came back twice")
    return len(set(mine) & set(theirs))


def split(content: bytes) -> list[bytes]:
    """The elements that were sent one after the other. Raises `NotAsAgreed`."""
    if len(content) % oprf.ELEMENT:
        raise NotAsAgreed("the last element is cut off")
    return [content[at : at + oprf.ELEMENT] for at in range(0, len(content), oprf.ELEMENT)]


def _shuffled(elements: Collection[bytes]) -> list[bytes]:
    listed = list(elements)
    secrets.SystemRandom().shuffle(listed)
    return listed


@dataclass(frozen=True)
class Quality:
    """How good the identities are.

    recall: the share of people in both lists whose identities agree. precision: the share of
    agreeing identities that are of one person, in the lists it was measured on. coincidence: of
    all pairs of one person here and another there, the share whose identities agree. Precision
    follows from it for lists of any size and is kept to be read.
    """

    recall: float
    precision: float
    coincidence: float

    def __post_init__(self) -> None:
        if not (0 < self.recall <= 1 and 0 < self.precision <= 1 and 0 <= self.coincidence < 1):
            raise ValueError("Recall and precision lie above 0 and up to 1, coincidence below 1.")


Person = TypeVar("Person", bound=Hashable)


def measured(left: Mapping[Person, str | None], right: Mapping[Person, str | None]) -> Quality:
    """The quality of identities in two lists of known people, as a round would count them.

    Each list gives a person's identity, None where no identity can be made. People who are in
    both lists are the true ones; one without an identity is missed like one whose identities do
    not agree.
    """
    both = left.keys() & right.keys()
    agreeing = [left[one] for one in both if left[one] is not None and left[one] == right[one]]
    matched = ({*left.values()} & {*right.values()}) - {None}
    true = set(agreeing)
    return Quality(
        recall=len(agreeing) / len(both),
        precision=len(true) / len(matched),
        coincidence=len(matched - true) / (len(left) * len(right)),
    )


@dataclass(frozen=True)
class Estimate:
    """A number of people: the best guess and the 95 % interval around it."""

    value: int
    low: int
    high: int


def duplicates(matched: int, mine: int, theirs: int, quality: Quality) -> Estimate:
    """How many people are in both, from `matched` agreeing identities, rounded to `ROUNDED_TO`.

    By coincidence `coincidence` of all pairs agree; true ones agree with probability `recall`. The
    interval covers chance in both (binomial and Poisson, normal approximation), the rounding, and
    that coincidence is never or twice as often as measured, since that depends on how alike the
    people's names are. It does not cover an error in `recall`. At most as many as the smaller of
    the two lists.
    """
    by_chance = mine * theirs * quality.coincidence
    true = max(0.0, matched - by_chance) / quality.recall
    variance = max(true, 1.0) * (1 - quality.recall) / quality.recall
    variance += by_chance / quality.recall**2
    spread = _SURE * math.sqrt(variance) + (ROUNDED_TO / 2 + by_chance) / quality.recall
    smaller = min(mine, theirs)
    return Estimate(
        min(smaller, round(true)),
        min(smaller, max(0, math.floor(true - spread))),
        min(smaller, math.ceil(true + spread)),
    )


def told(exact: int, mine: int, theirs: int, quality: Quality) -> Estimate | None:
    """What both sides are told of a round: the estimate, or None when it is of too few people.

    `mine` and `theirs` are the padded sizes, which both sides know, so both are told the same.
    """
    if exact < FEWEST:
        return None
    return duplicates(ROUNDED_TO * round(exact / ROUNDED_TO), mine, theirs, quality)


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
