# SPDX-License-Identifier: EUPL-1.2
"""Attackers who hold every published table, and how often they are right.

The attacker knows somebody: kind of event, period, and the values of some columns. He knows that
nobody else in the tables has the values `alone_by`. He wants to know one more column, the secret.
He holds all tables of all partners and periods, knows code lists, method, noise and threshold, and

- reads rows: a cell that is only hers says what she is (singling out, attribute disclosure);
- subtracts: tables that group a column differently, totals less all other codes (differencing);
- asks the same thing in all ways that any table offers and averages, ways with fewer numbers
  counting for more (averaging);
- takes a hidden cell for nobody, or for unknown, whichever serves him better.

He does not know other people's records. `measure` lets him loose on people who are alone in the
events, on the tables as they are and as they are published, and beside it an attacker who holds no
table with them in it and guesses what is most frequent. What he wins beyond that, tables told him.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import prod
from typing import TYPE_CHECKING, Final

from mostovi.statistics import cubing, protecting
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.events import Event
from mostovi.statistics.protecting import Protection
from mostovi.statistics.specs import Spec

if TYPE_CHECKING:
    import random

    import pyarrow as pa

Values = frozenset[str]
Question = tuple[frozenset[str], str, frozenset[tuple[str, Values]]]
"""Kinds of event, period, and for each column that narrows it the values that are meant."""
Term = tuple[int, Values | None]
"""Plus or minus a group of one column's values; None is all of them."""
_MOST_WAYS: Final = 4096


@dataclass(frozen=True)
class Target:
    """Whom the attacker knows. `known`: column to value ('' is not known).

    `others`: for a column that she is alone by, the one value that everybody else has.
    """

    event: str
    period: str
    known: Mapping[str, str]
    alone_by: frozenset[str]
    others: Mapping[str, str] = field(default_factory=dict)


class Holdings:
    """All tables that the attacker holds, as one answer book: question to number.

    With a `target`, he does not write down what cannot be about her: other periods, and other codes
    of an open list than hers, unless that is the `secret`.
    """

    def __init__(
        self,
        tables: Iterable[tuple[Spec, pa.Table]],
        target: Target | None = None,
        secret: str = "",
    ) -> None:
        self.answers: dict[Question, int] = {}
        self.groups: dict[str, set[Values]] = defaultdict(set)
        self.lists: dict[str, list[tuple[Values, ...]]] = defaultdict(list)
        self.events: set[frozenset[str]] = set()
        self._asked: list[_Asked] = []
        self._hides: dict[Question, bool] = {}
        for spec, table in tables:
            self._take(spec, table if target is None else _about(spec, table, target, secret))

    def _take(self, spec: Spec, table: pa.Table) -> None:
        events = frozenset(spec.events)
        fixed = [(column, frozenset(values)) for column, values in spec.where.items()]
        meanings: list[dict[str, tuple[str, Values]]] = []
        for dimension in spec.dimensions:
            every = {*table.column(dimension.code).unique().to_pylist()} - {TOTAL}
            every |= {code.code for code in dimension.codes}
            means = {code: protecting.values_of(dimension, code) for code in every}
            self.groups[dimension.column] |= set(means.values())
            if not dimension.open:
                self.lists[dimension.column].append(tuple(means.values()))
            meanings.append({code: (dimension.column, v) for code, v in means.items()})
        for column, values in fixed:
            self.groups[column].add(values)
        self.events.add(events)
        opened = {d.column for d in spec.dimensions if d.open}
        groups: dict[str, set[Values]] = {d.column: set() for d in spec.dimensions}
        for meaning in meanings:
            for column, group in meaning.values():
                groups[column].add(group)
        self._asked.append(_Asked(events, frozenset(fixed), groups, opened))
        listed = [column.to_pylist() for column in table.columns[: len(meanings) + 1]]
        # The number is the column after the codes: `count` before protection, `value` after.
        for period, *codes, number in zip(
            *listed, table.column(len(meanings) + 1).to_pylist(), strict=True
        ):
            if number is not None:
                narrowed = [
                    meaning[code]
                    for meaning, code in zip(meanings, codes, strict=True)
                    if code != TOTAL
                ]
                self.answers[(events, period, frozenset([*narrowed, *fixed]))] = number

    def number(self, question: Question, hidden: int | None) -> int | None:
        """The answer; `hidden` where a table asks the question and does not show the answer."""
        found = self.answers.get(question)
        if found is not None or hidden is None:
            return found
        hides = self._hides.get(question)
        if hides is None:
            hides = self._hides[question] = any(asked.has(question) for asked in self._asked)
        return hidden if hides else None


@dataclass(frozen=True)
class _Asked:
    """Which questions one table answers or hides."""

    events: frozenset[str]
    fixed: frozenset[tuple[str, Values]]
    groups: Mapping[str, set[Values]]
    opened: set[str]

    def has(self, question: Question) -> bool:
        events, _, narrowed = question
        if events != self.events or not self.fixed <= narrowed:
            return False
        return all(
            column in self.groups and (group in self.groups[column] or column in self.opened)
            for column, group in narrowed - self.fixed
        )


def _about(spec: Spec, table: pa.Table, target: Target, secret: str) -> pa.Table:
    import pyarrow.compute as pc

    keep = pc.equal(table.column("period").cast("string"), target.period)
    for dimension in spec.dimensions:
        known = target.known.get(dimension.column)
        if dimension.open and known is not None and dimension.column != secret:
            own = [dimension.read(known) or "", TOTAL]
            codes = table.column(dimension.code).cast("string")
            keep = pc.and_(keep, pc.is_in(codes, value_set=pa_array(own)))
    return table.filter(keep)


def pa_array(values: Sequence[str]) -> pa.Array:
    """Text as Arrow has it."""
    import pyarrow as pa

    return pa.array(values, pa.string())


def terms(holdings: Holdings, column: str, value: str) -> list[list[Term]]:
    """The ways to say 'this column has this value' by groups that tables have.

    Where no groups single the value out, the smallest ones that hold it.
    """
    one = frozenset([value])
    groups = holdings.groups[column]
    found: list[list[Term]] = [[(1, group)] for group in groups if group == one]
    for wide in groups:
        for narrow in groups:
            if narrow < wide and wide - narrow == one:
                found.append([(1, wide), (-1, narrow)])
    for listed in holdings.lists[column]:
        if one in listed:
            others = [group for group in listed if group != one]
            found.append([(1, None), *((-1, group) for group in others)])
    holding = [group for group in groups if value in group]
    smallest = [group for group in holding if not any(other < group for other in holding)]
    return found or [[(1, group)] for group in smallest]


def estimates(
    holdings: Holdings,
    target: Target,
    secret: str,
    value: str,
    *,
    hidden: int | None,
) -> Iterator[tuple[float, int]]:
    """What each way says of how many there are like her with this secret; and how many numbers it
    needs. `hidden`: the number taken for a cell that is not shown; None gives up such a way."""
    free = sorted(set(target.known) - target.alone_by)
    ways = {
        column: terms(holdings, column, known)
        for column, known in {**target.known, secret: value}.items()
    }
    for column, other in target.others.items():
        ways[column] = [*ways[column], [(1, None), (-1, frozenset([other]))]]
    for events in sorted((e for e in holdings.events if target.event in e), key=sorted):
        for size in range(len(free) + 1):
            for more in combinations(free, size):
                used = (*sorted(target.alone_by), *more, secret)
                if prod(len(ways[column]) for column in used) > _MOST_WAYS:
                    continue
                for way in product(*(ways[column] for column in used)):
                    answer = _answered(holdings, events, target.period, used, way, hidden)
                    if answer is not None:
                        yield answer


def _answered(
    holdings: Holdings,
    events: frozenset[str],
    period: str,
    columns: Sequence[str],
    way: Sequence[list[Term]],
    hidden: int | None,
) -> tuple[float, int] | None:
    total, needed, seen = 0.0, 0, False
    for chosen in product(*way):
        narrowed = frozenset(
            (column, group)
            for column, (_, group) in zip(columns, chosen, strict=True)
            if group is not None
        )
        question = (events, period, narrowed)
        number = holdings.number(question, hidden)
        if number is None:
            return None
        seen = seen or question in holdings.answers
        total += prod(sign for sign, _ in chosen) * number
        needed += 1
    # A way of which no number is shown tells nothing but that all are small.
    return (total, needed) if seen else None


def guess(
    holdings: Holdings,
    target: Target,
    secret: str,
    values: Sequence[str],
    *,
    hidden: int | None,
) -> str | None:
    """The value that the tables speak for most, by the weighted mean of all ways; None if none."""
    scores = {}
    for value in values:
        found = list(estimates(holdings, target, secret, value, hidden=hidden))
        if found:
            weight = sum(1 / needed for _, needed in found)
            scores[value] = sum(number / needed for number, needed in found) / weight
    if not scores or max(scores.values()) <= 0:
        return None
    best = max(scores.values())
    tied = [value for value in values if scores.get(value) == best]
    return tied[0] if len(tied) == 1 else None


@dataclass(frozen=True)
class Risk:
    """How often the secret was named rightly, of `attacked` people.

    `without`: by an attacker without tables who says the most frequent value. `gain`: what tables
    told him beyond that, as a share of what was left to learn.
    """

    attacked: int
    unprotected: int
    protected: int
    without: int

    def share(self, right: int) -> float:
        """Of all attacked."""
        return right / self.attacked if self.attacked else 0.0

    @property
    def gain(self) -> float:
        """0: nothing learned; 1: everything. As anonymeter defines its risk."""
        left = self.attacked - self.without
        return max(0.0, (self.protected - self.without) / left) if left else 0.0


def alone(
    events: Sequence[Event], spec: Spec, secret: str, random: random.Random, most: int
) -> list[tuple[Target, str]]:
    """People who are the only ones with their values in all columns of `spec` but the secret."""
    dimensions = [d for d in spec.dimensions if d.column != secret]
    columns = [dimension.column for dimension in dimensions]

    def seen(event: Event) -> tuple[str | None, ...]:
        period = spec.period.of(str(event["month"]))
        return (period, *(d.read(str(event.get(d.column) or "")) for d in dimensions))

    passing = [event for event in events if _passes(event, spec, secret)]
    together = Counter(seen(event) for event in passing)
    found = [event for event in passing if together[seen(event)] == 1]
    random.shuffle(found)
    return [
        (
            Target(str(event["event"]), spec.period.of(str(event["month"])),
                   {column: str(event.get(column) or "") for column in columns},
                   frozenset(columns)),
            str(event.get(secret) or ""),
        )
        for event in found[:most]
    ]  # fmt: skip


def _passes(event: Event, spec: Spec, secret: str) -> bool:
    if event["event"] not in spec.events:
        return False
    if spec.stock and not spec.period.closes(str(event["month"])):
        return False
    return all(
        event.get(column) in values for column, values in spec.where.items() if column != secret
    )


def measure(
    events: Sequence[Event],
    specs: Sequence[Spec],
    attacked: Spec,
    secret_column: str,
    protection: Protection,
    secret: bytes,
    random: random.Random,
    most: int = 100,
) -> Risk:
    """Attack up to `most` people of table `attacked` with all tables of `specs`, before and after.

    Raises `SpecificationError` when the tables may not be published together at all.
    """
    cells = cubing.cube_rows(events, specs)
    published = protecting.protect(cells, specs, protection, secret)
    before = Holdings((spec, cells[spec.code]) for spec in specs)
    after = Holdings((spec, published[spec.code].table) for spec in specs)
    people = alone(events, attacked, secret_column, random, most)
    values = Counter(
        str(event.get(secret_column) or "")
        for event in events
        if _passes(event, attacked, secret_column)
    )
    ordered = [value for value, _ in values.most_common()]
    open_eyes = [
        guess(before, target, secret_column, ordered, hidden=0) == truth for target, truth in people
    ]
    # He names what he finds, else what is most frequent; the better of his two readings counts.
    readings = [
        sum(
            (guess(after, target, secret_column, ordered, hidden=hidden) or ordered[0]) == truth
            for target, truth in people
        )
        for hidden in (None, 0)
    ]
    without = sum(truth == ordered[0] for _, truth in people)
    return Risk(len(people), sum(open_eyes), max(readings), without)
