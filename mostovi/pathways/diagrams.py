# SPDX-License-Identifier: EUPL-1.2
"""A rule as a reduced ordered decision diagram, with three results: false, unknown, true.

A fact has many values, and a rule tells only a few apart: age has two *cells* for a rule that asks
"at least 18". A node of the diagram is a fact with one way out for each of its cells; equal nodes
are one, and a node whose ways all lead to the same place is left out. What remains is unique for
the order of facts (Bryant 1986 for two values; the same holds for many), so that

- a rule is decided, whatever the open facts are, exactly when its diagram is a single result;
- a rule still depends on a fact exactly when the fact occurs in what is left of the diagram after
  the known facts are put in. That is the set of questions that can still change the answer.

Two facts that are compared with each other get, beside their cells, a variable that says which is
the larger when both lie in the same cell. That is exact for pairs; for three facts compared in a
ring it may call a fact open that is not.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import reduce
from typing import Any as Anything
from typing import TypeAlias

from mostovi.pathways.evaluating import COMPARE
from mostovi.pathways.expressions import (
    All,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Test,
    facts_of,
    tests_of,
)
from mostovi.pathways.facts import COUNTRIES, Fact, FactKind, Facts, FactValue, Vocabulary

LARGEST_DIAGRAM = 20_000
"""Nodes made while a rule is prepared; the shipped packs need at most some hundreds."""
_NODES_KEPT = 20_000
"""Nodes of answers given so far that a diagram remembers before it forgets them all."""

FALSE, UNKNOWN, TRUE = 0, 1, 2
"""The three results in their order: "all" is the least, "any" the greatest of its parts."""
LOGIC: Mapping[int, bool | None] = {FALSE: False, UNKNOWN: None, TRUE: True}
LESS, EQUAL, MORE = 0, 1, 2


class TooLarge(Exception):
    """The rule has no diagram of a usable size."""


class Node:
    """A fact and where each of its cells leads; or, without children, a result.

    facts: bits of the facts the node still depends on. settled_*: bits of the cells (of any fact)
    whose choice alone makes everything beneath false, unknown, true.
    """

    __slots__ = (
        "children",
        "facts",
        "result",
        "settled_false",
        "settled_true",
        "settled_unknown",
        "shares",
        "variable",
    )

    def __init__(self, variable: int, children: tuple[Node, ...], result: int | None) -> None:
        self.variable, self.children, self.result = variable, children, result
        self.facts = 0
        self.shares: tuple[tuple[int, float], ...] | None = None
        # -1 has every bit: a result is settled whatever cell is chosen.
        self.settled_false = -1 if result == FALSE else 0
        self.settled_unknown = -1 if result == UNKNOWN else 0
        self.settled_true = -1 if result == TRUE else 0


_Made: TypeAlias = dict[tuple[int, tuple[Node, ...]], Node]


class Cells:
    """The values of one fact that a rule tells apart, as numbered cells."""

    def __init__(self, fact: Fact, starts: Sequence[float], groups: Mapping[str, int]) -> None:
        self.fact, self.starts, self.groups = fact, tuple(starts), groups
        if fact.kind is FactKind.YES_NO:
            self.count = 2
        elif fact.kind is FactKind.NUMBER:
            self.count = len(self.starts) + 1
        else:
            self.count = max(groups.values(), default=0) + 1

    def of(self, value: FactValue) -> int:
        """The cell of a value."""
        if self.fact.kind is FactKind.NUMBER:
            return bisect_right(self.starts, value)
        if self.fact.kind is FactKind.YES_NO:
            return 1 if value else 0
        return self.groups.get(str(value), 0)

    def low(self, cell: int) -> float:
        """The least number in a cell."""
        return self.fact.lowest if cell == 0 else self.starts[cell - 1]

    def high(self, cell: int) -> float:
        """The greatest number in a cell."""
        if cell == len(self.starts):
            return self.fact.highest
        end = self.starts[cell]
        return math.nextafter(end, -math.inf) if self.fact.decimals else end - 1

    def example(self, cell: int) -> FactValue:
        """A plain value that lies in the cell."""
        if self.fact.kind is FactKind.YES_NO:
            return cell == 1
        if self.fact.kind is not FactKind.NUMBER:
            named = [value for value, group in self.groups.items() if group == cell]
            others = (c for c in ("SY", *sorted(COUNTRIES)) if self.groups.get(c, 0) == cell)
            return named[0] if named else next(others, "SY")
        low, high = self.low(cell), self.high(cell)
        for digits in range(7):
            # The roundest number; in the first cell the one nearest to the next, which says more.
            unit = 10.0**-digits
            number = math.floor(high / unit) if cell == 0 else math.ceil(low / unit)
            value = round(number * unit, digits)
            if low <= value <= high:
                return int(value) if value == int(value) else value
        return low


class Diagram:
    """The diagrams of one or several expressions over the same order of facts."""

    def __init__(self, expressions: Sequence[Expression], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._building = True
        whole = All(tuple(expressions))
        self.facts = facts_of(whole)
        self.cells = _cells(whole, self.facts, vocabulary)
        self.bit = {fact: 1 << index for index, fact in enumerate(self.facts)}
        self._position = _position(whole)
        self.names: tuple[str | tuple[str, str], ...] = tuple(self._position)
        self._unique: _Made = {}
        self._joined: dict[tuple[int, Node, Node], Node] = {}
        self.results = tuple(Node(-1, (), result) for result in (FALSE, UNKNOWN, TRUE))
        self._offset: dict[str, int] = {}
        self._mask: list[int] = []
        self._count: list[int] = []
        at = 0
        for fact in self.facts:
            self._offset[fact] = at
            self._mask.append(((1 << self.cells[fact].count) - 1) << at)
            self._count.append(self.cells[fact].count)
            at += self.cells[fact].count
        self._variable_facts = [self._facts_of(name) for name in self.names]
        self.roots = tuple(self._build(expression) for expression in expressions)
        self._joined.clear()
        self._kept = {(n.variable, n.children): n for n in self._reached()}
        self._unique = dict(self._kept)
        self._building = False
        self._readers = tuple(
            (fact, self._position[fact], self.bit[fact], self.cells[fact].of) for fact in self.facts
        )
        self._orders = tuple(
            (index, name) for index, name in enumerate(self.names) if isinstance(name, tuple)
        )

    # Building.

    def _facts_of(self, name: str | tuple[str, str]) -> int:
        if isinstance(name, tuple):
            return self.bit[name[0]] | self.bit[name[1]]
        return self.bit[name]

    def node(self, variable: int, children: tuple[Node, ...], made: _Made | None = None) -> Node:
        """The node with these ways out, made once; the place itself when all lead there.

        made: the nodes made so far. Several threads may answer from one diagram: a call keeps to
        one table, and `setdefault` lets only one node of a kind into it.
        """
        first = children[0]
        for child in children:
            if child is not first:
                break
        else:
            return first
        key = (variable, children)
        if made is None:
            made = self._unique
        found = made.get(key)
        if found is not None:
            return found
        if self._building and len(made) >= LARGEST_DIAGRAM:
            raise TooLarge(f"more than {LARGEST_DIAGRAM} nodes")
        node = Node(variable, children, None)
        facts = self._variable_facts[variable]
        false = unknown = true = -1
        for child in children:
            facts |= child.facts
            false &= child.settled_false
            unknown &= child.settled_unknown
            true &= child.settled_true
        name = self.names[variable]
        if isinstance(name, str):
            at = self._offset[name]
            for cell, child in enumerate(children):
                if child.result is not None:
                    own = 1 << (at + cell)
                    if child.result == FALSE:
                        false |= own
                    elif child.result == TRUE:
                        true |= own
                    else:
                        unknown |= own
        node.facts = facts
        node.settled_false, node.settled_unknown, node.settled_true = false, unknown, true
        return made.setdefault(key, node)

    def _build(self, expression: Expression) -> Node:
        if isinstance(expression, Constant):
            return self.results[{False: FALSE, None: UNKNOWN, True: TRUE}[expression.value]]
        if isinstance(expression, Test):
            return self._test(expression)
        if isinstance(expression, Not):
            return self._mapped(self._build(expression.part), lambda result: TRUE - result, {})
        parts = [self._build(part) for part in expression.parts]
        if isinstance(expression, AtLeast):
            return self._at_least(expression.count, parts)
        least = isinstance(expression, All)
        start = self.results[TRUE if least else FALSE]
        # From the last part: the tail of a list of conditions is built once.
        return reduce(lambda tail, part: self.join(part, tail, least), reversed(parts), start)

    def _at_least(self, count: int, parts: list[Node]) -> Node:
        """The count-th greatest of the parts, by the usual recursion on threshold functions."""
        row = [self.results[TRUE], *[self.results[FALSE]] * count]
        for part in reversed(parts):
            row = [row[0]] + [
                self.join(self.join(part, row[k - 1], True), row[k], False)
                for k in range(1, count + 1)
            ]
        return row[count]

    def join(self, left: Node, right: Node, least: bool) -> Node:
        """The least (or greatest) of two, in every case."""
        if left is right:
            return left
        stop, pass_on = (FALSE, TRUE) if least else (TRUE, FALSE)
        if left.result == stop or right.result == pass_on:
            return left
        if right.result == stop or left.result == pass_on:
            return right
        key = (int(least), left, right)
        found = self._joined.get(key)
        if found is None:
            variable = min(n.variable for n in (left, right) if n.result is None)
            width = max(len(n.children) for n in (left, right) if n.variable == variable)
            lefts = left.children if left.variable == variable else (left,) * width
            rights = right.children if right.variable == variable else (right,) * width
            children = tuple(self.join(a, b, least) for a, b in zip(lefts, rights, strict=True))
            found = self._joined[key] = self.node(variable, children)
        return found

    def where(self, node: Node, results: Set[int]) -> Node:
        """True where the result is one of `results`, false elsewhere."""
        return self._mapped(node, lambda result: TRUE if result in results else FALSE, {})

    def _mapped(self, node: Node, change: Callable[[int], int], done: dict[Node, Node]) -> Node:
        if node.result is not None:
            return self.results[change(node.result)]
        if node not in done:
            children = tuple(self._mapped(child, change, done) for child in node.children)
            done[node] = self.node(node.variable, children)
        return done[node]

    def _result(self, value: bool) -> Node:
        return self.results[TRUE if value else FALSE]

    def _test(self, test: Test) -> Node:
        if isinstance(test.value, OtherFact):
            return self._comparison(test.fact, test.comparison, test.value.fact)
        compare, cells = COMPARE[test.comparison], self.cells[test.fact]
        children = tuple(
            self._result(compare(_inside(cells, cell), test.value)) for cell in range(cells.count)
        )
        return self.node(self._position[test.fact], children)

    def _comparison(self, first: str, comparison: Comparison, second: str) -> Node:
        compare = COMPARE[comparison]
        lefts, rights = self.cells[first], self.cells[second]
        pair = (min(first, second), max(first, second))
        # The order variable speaks of the pair as it is named; LESS is MORE seen from the other.
        signs = (-1, 0, 1) if pair[0] == first else (1, 0, -1)
        order = self.node(
            self._position[pair], tuple(self._result(compare(sign, 0)) for sign in signs)
        )

        def place(left: int, right: int) -> Node:
            if lefts.high(left) < rights.low(right):
                return self._result(compare(-1, 0))
            if lefts.low(left) > rights.high(right):
                return self._result(compare(1, 0))
            single = lefts.low(left) == lefts.high(left) == rights.low(right)
            return self._result(compare(0, 0)) if single else order

        turned = self._position[first] > self._position[second]
        outer, inner = (second, first) if turned else (first, second)
        return self.node(
            self._position[outer],
            tuple(
                self.node(
                    self._position[inner],
                    tuple(
                        place(i, o) if turned else place(o, i)
                        for i in range(self.cells[inner].count)
                    ),
                )
                for o in range(self.cells[outer].count)
            ),
        )

    def _reached(self) -> set[Node]:
        """The nodes of the roots, without what was only needed while building."""
        found: set[Node] = set()
        waiting = [root for root in self.roots if root.result is None]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += [child for child in node.children if child.result is None]
        return found

    # Answering.

    def known(self, facts: Facts) -> tuple[list[int], int]:
        """For each variable the cell that is known (or -1), and the bits of the known facts."""
        chosen = [-1] * len(self.names)
        bits = 0
        for fact, position, bit, of in self._readers:
            value = facts.get(fact)
            if value is not None:
                chosen[position] = of(value)
                bits |= bit
        return chosen, bits

    def left(self, facts: Facts, root: int | Node = 0) -> Node:
        """What is left of a diagram (by its number, or a node) when the known facts are put in."""
        chosen, bits = self.known(facts)
        node = self.roots[root] if isinstance(root, int) else root
        while node.facts & bits and (cell := chosen[node.variable]) >= 0:
            node = node.children[cell]
        if not node.facts & bits:
            return node
        if len(self._unique) > len(self._kept) + _NODES_KEPT:
            self._unique = dict(self._kept)
        return self._restricted(node, chosen, bits, facts, {}, self._unique)

    def _restricted(
        self,
        node: Node,
        chosen: list[int],
        bits: int,
        facts: Facts,
        done: dict[Node, Node],
        made: _Made,
    ) -> Node:
        while True:
            if not node.facts & bits:
                return node
            cell = chosen[node.variable]
            if cell < 0:
                break
            node = node.children[cell]
        found = done.get(node)
        if found is not None:
            return found
        children = tuple(
            [
                self._restricted(child, chosen, bits, facts, done, made)
                if child.facts & bits
                else child
                for child in node.children
            ]
        )
        name = self.names[node.variable]
        if isinstance(name, tuple):
            children = self._possible(name, children, facts)
        found = done[node] = self.node(node.variable, children, made)
        return found

    def _possible(
        self, pair: tuple[str, str], children: tuple[Node, ...], facts: Facts
    ) -> tuple[Node, ...]:
        """The order of two facts of one cell when one or both are known; "equal" always can be."""
        first, second = facts.get(pair[0]), facts.get(pair[1])
        less, equal, more = children
        if first is not None and second is not None:
            only = equal if first == second else less if first < second else more  # type: ignore[operator]
            return (only, only, only)
        known, name = (first, pair[0]) if first is not None else (second, pair[1])
        if known is None:
            return children
        other = self.cells[pair[1] if name == pair[0] else pair[0]]
        cell = other.of(known)
        below, above = other.low(cell) < known, other.high(cell) > known  # type: ignore[operator]
        if name == pair[1]:
            below, above = above, below
        return (less if above else equal, equal, more if below else equal)

    def open_facts(self, node: Node, known: int = 0) -> tuple[str, ...]:
        """The facts that a node still depends on, without those that are known."""
        bits = node.facts & ~known
        return tuple(fact for fact in self.facts if self.bit[fact] & bits)

    def shares(self, node: Node) -> tuple[tuple[int, float], ...]:
        """For each fact of the node: its number, and the share of its cells that settle the node.

        Settled: the result no longer depends on anything. Every cell counts the same.
        """
        if node.shares is None:
            settled = node.settled_false | node.settled_unknown | node.settled_true
            bits, found = node.facts, []
            while bits:
                lowest = bits & -bits
                index = lowest.bit_length() - 1
                share = (settled & self._mask[index]).bit_count() / self._count[index]
                found.append((index, share))
                bits ^= lowest
            node.shares = tuple(found)
        return node.shares

    def size(self) -> int:
        """How many nodes the diagrams have."""
        return len(self._kept)


def _position(expression: Expression) -> dict[Anything, int]:
    """The order of variables: as the rule first names them; a pair after both of its facts."""
    order: dict[Anything, None] = {}
    for test in tests_of(expression):
        order.setdefault(test.fact)
        if isinstance(test.value, OtherFact):
            order.setdefault(test.value.fact)
            first, second = test.fact, test.value.fact
            order.setdefault((min(first, second), max(first, second)))
    return {name: index for index, name in enumerate(order)}


def _inside(cells: Cells, cell: int) -> FactValue:
    """A value of the cell, exactly (an example is rounded for people)."""
    if cells.fact.kind is FactKind.NUMBER:
        return cells.low(cell)
    if cells.fact.kind is FactKind.YES_NO:
        return cell == 1
    return next((value for value, group in cells.groups.items() if group == cell), "")


def _cells(
    expression: Expression, facts: Iterable[str], vocabulary: Vocabulary
) -> Mapping[str, Cells]:
    tests: dict[str, list[Test]] = {fact: [] for fact in facts}
    together = {fact: {fact} for fact in facts}
    for test in tests_of(expression):
        if isinstance(test.value, OtherFact):
            joined = together[test.fact] | together[test.value.fact]
            for fact in joined:
                together[fact] = joined
        else:
            tests[test.fact].append(test)
    found: dict[str, Cells] = {}
    for code in facts:
        about = vocabulary[code]
        if about.kind is FactKind.NUMBER:
            starts = {s for other in together[code] for s in _starts(about, tests[other])}
            for other in together[code] - {code}:
                ends = vocabulary[other]
                starts |= {ends.lowest, _after(about, ends.highest)}
            inside = sorted(s for s in starts if about.lowest < s <= about.highest)
            found[code] = Cells(about, inside, {})
        else:
            found[code] = Cells(about, (), _groups(about, tests[code]))
    return found


def _after(fact: Fact, value: float) -> float:
    return math.nextafter(value, math.inf) if fact.decimals else math.floor(value) + 1


def _starts(fact: Fact, tests: Iterable[Test]) -> Iterable[float]:
    """The first numbers of the cells that the tests tell apart."""
    for test in tests:
        values = test.value if isinstance(test.value, tuple) else (test.value,)
        for value in values:
            if not isinstance(value, int | float):
                continue
            before = float(value) if fact.decimals else math.ceil(value)
            if test.comparison in {Comparison.AT_LEAST, Comparison.LESS_THAN}:
                yield before
            elif test.comparison in {Comparison.MORE_THAN, Comparison.AT_MOST}:
                yield _after(fact, value)
            else:
                yield before
                yield _after(fact, value)


def _groups(fact: Fact, tests: Sequence[Test]) -> Mapping[str, int]:
    """Choices (or countries) by what the tests say of them; group 0: all that are not named."""
    if fact.kind is FactKind.CHOICE:
        values: Sequence[str] = fact.choices
    else:
        values = sorted(
            {
                str(value)
                for test in tests
                for value in (test.value if isinstance(test.value, tuple) else (test.value,))
            }
        )
    signatures: dict[tuple[bool, ...], int] = {}
    if fact.kind is FactKind.COUNTRY:
        # No country is called "", so this is what the tests say of every country not named.
        signatures[tuple(COMPARE[t.comparison]("", t.value) for t in tests)] = 0
    groups = {}
    for value in values:
        signature = tuple(COMPARE[t.comparison](value, t.value) for t in tests)
        groups[value] = signatures.setdefault(signature, len(signatures))
    return groups
