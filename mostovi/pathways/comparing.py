# SPDX-License-Identifier: EUPL-1.2
"""Two laws beside each other: for whom does one open a way and the other not, exactly.

Both rules are put into one decision diagram, so that every person who could exist is compared, not
a sample. Left out are answers that cannot be true together (`Conflict`), and a partner's own
citizens: a law on foreigners says no to them, which is no difference to anybody. Where a part of a
law could not be confirmed the comparison says so: nothing is "the same" that only looks it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mostovi.pathways.diagrams import FALSE, TRUE, UNKNOWN, Diagram, Node
from mostovi.pathways.explaining import deciding_codes, decisive, explain
from mostovi.pathways.expressions import (
    All,
    Comparison,
    Expression,
    Not,
    OtherFact,
    Test,
    facts_of,
)
from mostovi.pathways.facts import COUNTRIES, Conflict, Facts, FactValue, Vocabulary
from mostovi.pathways.law import Condition, PartnerLaw
from mostovi.pathways.rules import Rule

CITIZENSHIP = "citizenship"


class Relation(enum.StrEnum):
    """How the first law stands to the second."""

    SAME = "same"
    """They open for exactly the same people."""
    STRICTER = "stricter"
    """Whoever the first opens for, the second does too, and not the other way round."""
    WIDER = "wider"
    """The first opens for everybody the second opens for, and for others."""
    NEITHER = "neither"
    """Each opens for somebody for whom the other does not."""
    UNCLEAR = "unclear"
    """What could not be confirmed in a law leaves it open; the examples are sure all the same."""


@dataclass(frozen=True, slots=True)
class Example:
    """The fewest facts with which one law opens and the other does not, whatever else is true.

    fails: codes of the conditions of the other law that are not met.
    """

    facts: Facts
    fails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two rules and how the first stands to the second.

    first_alone: somebody for whom only the first law opens (None: there is nobody, for sure when
    the relation is not unclear); second_alone the same for the second. as_far_as_confirmed: the
    relation when every part that could not be confirmed is taken as met, never `unclear`.
    """

    first: Rule
    second: Rule
    relation: Relation
    first_alone: Example | None
    second_alone: Example | None
    as_far_as_confirmed: Relation


def compare(first: Rule, second: Rule, vocabulary: Vocabulary) -> Compared:
    """The relation of two rules for the same pathway, with the smallest examples.

    Raises `diagrams.TooLarge`.
    """
    return _Comparing(first, second, vocabulary).result()


_Results: TypeAlias = tuple[frozenset[int], frozenset[int]]
"""Results that count as open, and as not open."""
SURE: _Results = (frozenset({TRUE}), frozenset({FALSE}))
MAYBE: _Results = (frozenset({TRUE, UNKNOWN}), frozenset({FALSE, UNKNOWN}))
CONFIRMED: _Results = (frozenset({TRUE, UNKNOWN}), frozenset({FALSE}))


class _Comparing:
    def __init__(self, first: Rule, second: Rule, vocabulary: Vocabulary) -> None:
        self.rules = (first, second)
        named = set(facts_of(All((first.expression, second.expression))))
        self.conflicts = [c for c in vocabulary.conflicts if named.issuperset(c.facts)]
        foreign = [
            Test(CITIZENSHIP, Comparison.IS_NOT, rule.partner.upper())
            for rule in self.rules
            if CITIZENSHIP in named and rule.partner.upper() in COUNTRIES
        ]
        possible = All((*foreign, *(_possible(conflict) for conflict in self.conflicts)))
        self.diagram = Diagram([first.expression, second.expression, possible], vocabulary)
        self.vocabulary = vocabulary
        own = {str(test.value) for test in foreign}
        self.own_citizens = {
            (variable, self.diagram.cells[CITIZENSHIP].of(code))
            for variable, name in enumerate(self.diagram.names)
            if name == CITIZENSHIP
            for code in own
        }

    def result(self) -> Compared:
        first, second = self.rules
        alone, other = self._example(0, 1, SURE), self._example(1, 0, SURE)
        relation = self._relation(alone, other, MAYBE)
        return Compared(
            first, second, relation, alone, other, self._relation(
                self._example(0, 1, CONFIRMED), self._example(1, 0, CONFIRMED), CONFIRMED
            ),
        )  # fmt: skip

    def _relation(
        self, alone: Example | None, other: Example | None, results: _Results
    ) -> Relation:
        """From the examples, and from whether there may be somebody."""
        may_alone = self._where(0, 1, results)[1].result != FALSE
        may_other = self._where(1, 0, results)[1].result != FALSE
        if alone and other:
            return Relation.NEITHER
        if not may_alone and not may_other:
            return Relation.SAME
        if other and not may_alone:
            return Relation.STRICTER
        if alone and not may_other:
            return Relation.WIDER
        return Relation.UNCLEAR

    def _where(self, opens: int, not_: int, results: _Results) -> tuple[Node, Node]:
        """True where one rule opens and the other does not; and of people who can exist."""
        yes, no = results
        roots = self.diagram.roots
        where = self.diagram.join(
            self.diagram.where(roots[opens], yes), self.diagram.where(roots[not_], no), True
        )
        return where, self.diagram.join(where, roots[2], True)

    def _example(self, opens: int, not_: int, results: _Results) -> Example | None:
        where, possible = self._where(opens, not_, results)
        if possible.result == FALSE:
            return None
        for node in (where, possible):
            facts = self._facts(self._fewest(node))
            if self._holds(facts, where):
                return self._told(facts, not_)
        # One way through the diagram names every fact that matters on it.
        facts = self._facts(_a_way(possible))
        return self._told(facts, not_)

    def _holds(self, facts: Facts, where: Node) -> bool:
        if any(conflict.broken_by(facts) for conflict in self.conflicts):
            return False
        if self.diagram.left(facts, 2).result == FALSE:
            return False
        return self.diagram.left(facts, where).result == TRUE

    def _told(self, facts: Facts, not_: int) -> Example:
        reason = explain(self.rules[not_], facts)
        fails = [one.code for one in decisive(reason)] if reason.value is False else []
        return Example(facts, tuple(dict.fromkeys(fails)) or tuple(sorted(deciding_codes(reason))))

    def _fewest(self, node: Node) -> Mapping[int, int]:
        """The fewest variables, with their cells, that make `node` true whatever the others are."""
        done: dict[Node, Mapping[int, int] | None] = {}

        def fewest(at: Node) -> Mapping[int, int] | None:
            if at.result is not None:
                return {} if at.result == TRUE else None
            if at in done:
                return done[at]
            done[at] = None
            whatever = at.children[0]
            for child in at.children[1:]:
                whatever = self.diagram.join(whatever, child, True)
            best = fewest(whatever)
            for cell, child in enumerate(at.children):
                if (at.variable, cell) in self.own_citizens:
                    continue
                found = fewest(child)
                if found is not None and (best is None or len(found) + 1 < len(best)):
                    best = {at.variable: cell, **found}
            done[at] = best
            return best

        return fewest(node) or {}

    def _facts(self, cells: Mapping[int, int]) -> Facts:
        """Concrete facts that lie in the cells."""
        values: dict[str, FactValue] = {}
        orders: list[tuple[tuple[str, str], int]] = []
        for variable, cell in cells.items():
            name = self.diagram.names[variable]
            if isinstance(name, tuple):
                orders.append((name, cell))
            else:
                values[name] = self.diagram.cells[name].example(cell)
        for (one, two), order in orders:
            values |= self._ordered(one, two, order, values)
        return {fact.code: values[fact.code] for fact in self.vocabulary if fact.code in values}

    def _ordered(
        self, one: str, two: str, order: int, values: Mapping[str, FactValue]
    ) -> Mapping[str, FactValue]:
        """Two numbers of one cell in the order: less, equal, more."""
        cells = self.diagram.cells
        cell = cells[one].of(values[one]) if one in values else 0
        if one not in values and two in values:
            cell = cells[two].of(values[two])
        low = max(cells[one].low(cell), cells[two].low(cell))
        high = min(cells[one].high(cell), cells[two].high(cell))
        first, second = [(low, high), (low, low), (high, low)][order]
        return {one: _whole(first), two: _whole(second)}


def _whole(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _a_way(node: Node) -> Mapping[int, int]:
    cells = {}
    while node.result is None:
        for cell, child in enumerate(node.children):
            if child.result != FALSE:
                cells[node.variable] = cell
                node = child
                break
    return cells


def _possible(conflict: Conflict) -> Expression:
    """What holds of people whose answers are not in this conflict."""
    if conflict.order:
        first, how, second = conflict.order
        return Test(first, how, OtherFact(second))
    return Not(All(tuple(Test(fact, how, value) for fact, how, value in conflict.tests)))


# Condition by condition.


@dataclass(frozen=True, slots=True)
class TopicCell:
    """What one law asks on a topic; has_rule False: it has no such way in force on the day."""

    partner: str
    has_rule: bool
    conditions: tuple[Condition, ...]
    cited: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One topic across the laws, in the order in which the laws were given."""

    topic: str
    cells: tuple[TopicCell, ...]


def by_topic(
    laws: Sequence[tuple[PartnerLaw, Rule | None]], topics: Sequence[str]
) -> tuple[TopicRow, ...]:
    """The conditions of several laws for one pathway, topic by topic, with their citations.

    A group stands under its topic; a member of it that has another topic stands under its own.
    Topics that no law asks about are left out.
    """
    found = [_on_topics(rule) if rule else {} for _, rule in laws]
    rows = []
    for topic in topics:
        if not any(topic in each for each in found):
            continue
        cells = tuple(
            TopicCell(
                partner=law.code,
                has_rule=rule is not None,
                conditions=tuple(each.get(topic, ())),
                cited=tuple(law.cited(c.citation) for c in each.get(topic, ())),
            )
            for (law, rule), each in zip(laws, found, strict=True)
        )
        rows.append(TopicRow(topic, cells))
    return tuple(rows)


def _on_topics(rule: Rule) -> Mapping[str, list[Condition]]:
    found: dict[str, list[Condition]] = {}
    for topic, condition in _tops(rule.conditions, ""):
        found.setdefault(topic, []).append(condition)
    return found


def _tops(conditions: Sequence[Condition], above: str) -> Iterator[tuple[str, Condition]]:
    for condition in conditions:
        if condition.topic != above:
            yield condition.topic, condition
        yield from _tops(condition.parts, condition.topic)
