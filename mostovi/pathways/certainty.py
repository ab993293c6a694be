# SPDX-License-Identifier: EUPL-1.2
"""What of an expression is certain, and what is possible, while some facts are unknown.

Kleene's logic looks at each part alone: `x or not x` is unknown when x is. That is right for a
person (something is still to be asked), and too wide for the question what a reform changes: when
the required months fall from 60 to 36, nobody loses, whoever's months are unknown. Here an
expression is brought into a form that knows which tests belong together:

- parts that stand in both a rule and the negation of the other cancel out;
- tests of one fact are merged into sets of that fact's cells (the values that no test tells apart);
- a fact that is then still tested in several places is split into its cells.

Where every fact is tested once, Kleene's answer is exact (each part can be completed by itself).
So `bounds` says for each person exactly whether all completions of the facts make it true, and
whether some do. Where that would grow too large, or a fact is compared with another that is tested
elsewhere too, Kleene's answer stands for that part: wider, never wrong, and `exact` is False.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any as Anything
from typing import Final, TypeAlias

from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import (
    All,
    Any,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Test,
    tests_of,
)
from mostovi.pathways.facts import FactKind, Vocabulary

MOST_BRANCHES: Final = 400
"""Branches of one expression; beyond, Kleene's answer stands."""
UNCONFIRMED: Final = "?"
"""Begins the name of a made-up fact that nobody knows: a part of the law that is not confirmed."""
_OTHER: Final = "\0other"


@dataclass(frozen=True)
class Plain:
    """Kleene's answer to the expression is exact (or the best there is)."""

    expression: Expression


@dataclass(frozen=True)
class Together:
    """Parts that share no fact, joined by all (or else by any)."""

    every: bool
    parts: tuple[Bounds, ...]


@dataclass(frozen=True)
class Cases:
    """One of the tests holds, nobody knows which while the fact is unknown; then its bounds."""

    branches: tuple[tuple[Expression, Bounds], ...]


Bounds: TypeAlias = Plain | Together | Cases


@dataclass(frozen=True)
class Certainty:
    """Bounds of an expression; exact is False where they may be wider than needed."""

    bounds: Bounds
    exact: bool


def unconfirmed(name: str) -> Test:
    """A part of the law that nobody could confirm: the same unknown wherever the name is."""
    return Test(f"{UNCONFIRMED}{name}", Comparison.IS, True)


def newly(before: Expression, after: Expression) -> Expression:
    """Holds after and not before."""
    return All((after, Not(before)))


def certainty(expression: Expression, vocabulary: Vocabulary | None = None) -> Certainty:
    """The bounds of an expression. `Constant(None)` in it counts as an unknown of its own."""
    return _Working(_name_unknowns(expression, itertools.count()), vocabulary).result()


def certain(bounds: Bounds, facts: Mapping[str, Anything]) -> bool:
    """True when every completion of the facts makes the expression true."""
    if isinstance(bounds, Plain):
        return evaluate(bounds.expression, facts) is True
    if isinstance(bounds, Together):
        answers = (certain(part, facts) for part in bounds.parts)
        return all(answers) if bounds.every else any(answers)
    return all(evaluate(test, facts) is False or certain(b, facts) for test, b in bounds.branches)


def possible(bounds: Bounds, facts: Mapping[str, Anything]) -> bool:
    """True when some completion of the facts makes the expression true."""
    if isinstance(bounds, Plain):
        return evaluate(bounds.expression, facts) is not False
    if isinstance(bounds, Together):
        answers = (possible(part, facts) for part in bounds.parts)
        return all(answers) if bounds.every else any(answers)
    return any(
        evaluate(test, facts) is not False and possible(b, facts) for test, b in bounds.branches
    )


def expressions_of(bounds: Bounds) -> Iterator[Expression]:
    """Every expression in the bounds."""
    if isinstance(bounds, Plain):
        yield bounds.expression
    elif isinstance(bounds, Together):
        for part in bounds.parts:
            yield from expressions_of(part)
    else:
        for test, part in bounds.branches:
            yield test
            yield from expressions_of(part)


def _name_unknowns(expression: Expression, numbers: Iterator[int]) -> Expression:
    if isinstance(expression, Constant) and expression.value is None:
        return unconfirmed(f"{next(numbers)}")
    if isinstance(expression, Not):
        return Not(_name_unknowns(expression.part, numbers))
    if isinstance(expression, Test | Constant):
        return expression
    parts = tuple(_name_unknowns(part, numbers) for part in expression.parts)
    if isinstance(expression, AtLeast):
        return AtLeast(expression.count, parts)
    return All(parts) if isinstance(expression, All) else Any(parts)


# --- Cells: the values of a fact that no test tells apart ----------------------------------------


@dataclass(frozen=True)
class _Cell:
    """Values with one example. low, high: the amounts they lie between; the same: that amount."""

    example: Anything
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class _Domain:
    fact: str
    kind: FactKind
    cells: tuple[_Cell, ...]

    @property
    def whole(self) -> frozenset[int]:
        return frozenset(range(len(self.cells)))

    def test(self, numbers: frozenset[int]) -> Expression:
        """The expression that holds for these cells."""
        if numbers == self.whole:
            return Constant(True)
        if not numbers:
            return Constant(False)
        if self.kind is FactKind.NUMBER:
            runs = [self._run(run) for run in _runs(sorted(numbers))]
            return runs[0] if len(runs) == 1 else Any(tuple(runs))
        named = {n for n, cell in enumerate(self.cells) if cell.example != _OTHER}
        if self.kind is FactKind.YES_NO:
            return Test(self.fact, Comparison.IS, self.cells[next(iter(numbers))].example)
        if numbers <= named:
            values = tuple(self.cells[n].example for n in sorted(numbers))
            return Test(self.fact, Comparison.IN, values)
        values = tuple(self.cells[n].example for n in sorted(self.whole - numbers))
        return Test(self.fact, Comparison.NOT_IN, values)

    def _run(self, run: Sequence[int]) -> Expression:
        first, last = self.cells[run[0]], self.cells[run[-1]]
        if len(run) == 1 and first.low is not None and first.low == first.high:
            return Test(self.fact, Comparison.IS, first.low)
        tests: list[Expression] = []
        if run[0] > 0 and first.low is not None:
            how = Comparison.AT_LEAST if first.low == first.high else Comparison.MORE_THAN
            tests.append(Test(self.fact, how, first.low))
        if run[-1] < len(self.cells) - 1 and last.high is not None:
            how = Comparison.AT_MOST if last.low == last.high else Comparison.LESS_THAN
            tests.append(Test(self.fact, how, last.high))
        return tests[0] if len(tests) == 1 else All(tuple(tests))


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _domain(fact: str, tests: Sequence[Test], vocabulary: Vocabulary | None) -> _Domain:
    known = vocabulary[fact] if vocabulary and fact in vocabulary else None
    values: set[Anything] = set()
    for test in tests:
        values.update(test.value if isinstance(test.value, tuple) else (test.value,))
    if known is not None:
        kind = known.kind
    elif any(isinstance(value, bool) for value in values):
        kind = FactKind.YES_NO
    elif any(test.comparison.is_ordering for test in tests) or any(
        isinstance(value, int | float) for value in values
    ):
        kind = FactKind.NUMBER
    else:
        kind = FactKind.COUNTRY
    if kind is FactKind.YES_NO:
        return _Domain(fact, kind, (_Cell(True), _Cell(False)))
    if kind is FactKind.NUMBER:
        whole = known is not None and not known.decimals
        lowest = known.lowest if known else -math.inf
        highest = known.highest if known else math.inf
        return _Domain(fact, kind, tuple(_number_cells(sorted(values), whole, lowest, highest)))
    cells = [_Cell(value) for value in sorted(values)]
    if known is None or kind is FactKind.COUNTRY or set(known.choices) - values:
        cells.append(_Cell(_OTHER))
    return _Domain(fact, kind, tuple(cells))


def _number_cells(
    amounts: Sequence[float], whole: bool, lowest: float, highest: float
) -> Iterator[_Cell]:
    edges = [-math.inf, *amounts, math.inf]
    for number, (low, high) in enumerate(itertools.pairwise(edges)):
        if number and lowest <= low <= highest and (not whole or low == int(low)):
            yield _Cell(low, low, low)
        example = _between(max(low, lowest), max(high, lowest), low < lowest, whole)
        if example is not None and low < example < high and lowest <= example <= highest:
            yield _Cell(
                example, None if low == -math.inf else low, None if high == math.inf else high
            )


def _between(low: float, high: float, take_low: bool, whole: bool) -> float | None:
    """A number above `low` (or that itself) and under `high`."""
    if low == -math.inf:
        return (0 if high == math.inf else math.ceil(high) - 1) if low < high else None
    if take_low:
        return math.ceil(low) if whole else low
    if whole:
        return math.floor(low) + 1
    return low + 1 if high == math.inf else (low + high) / 2


# --- The working form: negations only at tests, tests as sets of cells ----------------------------


@dataclass(frozen=True)
class _Literal:
    fact: str
    cells: frozenset[int]


@dataclass(frozen=True)
class _Opaque:
    """A fact compared with another fact."""

    test: Test
    holds: bool


@dataclass(frozen=True)
class _Joined:
    """At least `count` of the parts; all of them and any of them are its ends."""

    count: int
    parts: tuple[_Node, ...]

    @property
    def every(self) -> bool:
        return self.count == len(self.parts)

    @property
    def some(self) -> bool:
        return self.count == 1


_Node: TypeAlias = _Literal | _Opaque | _Joined | bool


class _TooLarge(Exception):
    pass


class _Working:
    """One expression on its way to bounds."""

    def __init__(self, expression: Expression, vocabulary: Vocabulary | None) -> None:
        by_fact: dict[str, list[Test]] = {}
        for test in tests_of(expression):
            if not isinstance(test.value, OtherFact):
                by_fact.setdefault(test.fact, []).append(test)
        self.domains = {
            fact: _domain(fact, tests, vocabulary) for fact, tests in sorted(by_fact.items())
        }
        self.root = self.node(expression, holds=True)
        self.exact = True
        self.branches = 0

    def result(self) -> Certainty:
        root = self.root
        if isinstance(root, _Joined):
            # Each part by itself first: what two laws share then looks the same in both.
            root = _join(root.count, tuple(self.settle(part) for part in root.parts))
        root = self.settle(root)
        try:
            return Certainty(self.bounds(root), self.exact)
        except _TooLarge:
            return Certainty(Plain(self.expression(root)), False)

    def node(self, expression: Expression, *, holds: bool) -> _Node:
        """The expression, or its negation, in the working form."""
        if isinstance(expression, Constant):
            return bool(expression.value) is holds
        if isinstance(expression, Not):
            return self.node(expression.part, holds=not holds)
        if isinstance(expression, Test):
            if isinstance(expression.value, OtherFact):
                return _Opaque(expression, holds)
            domain = self.domains[expression.fact]
            return _literal(
                domain,
                frozenset(
                    number
                    for number, cell in enumerate(domain.cells)
                    if (evaluate(expression, {expression.fact: cell.example}) is True) is holds
                ),
            )
        parts = tuple(self.node(part, holds=holds) for part in expression.parts)
        if isinstance(expression, AtLeast):
            count = expression.count if holds else len(parts) - expression.count + 1
        else:
            count = len(parts) if isinstance(expression, All) is holds else 1
            if not parts:
                return isinstance(expression, All) is holds
        return _join(count, parts)

    def settle(self, node: _Node) -> _Node:
        """Simplify until nothing changes."""
        for _ in range(12):
            simpler = self.simplify(node, {}, frozenset())
            if simpler == node:
                break
            node = simpler
        return node

    def simplify(
        self, node: _Node, allowed: Mapping[str, frozenset[int]], true: frozenset[_Node]
    ) -> _Node:
        """The node where facts lie in the allowed cells and the nodes in `true` hold."""
        if isinstance(node, bool):
            return node
        if node in true:
            return True
        if true and self.negation(node) in true:
            return False
        if isinstance(node, _Literal):
            within = allowed.get(node.fact)
            if within is None:
                return node
            if within <= node.cells:
                return True
            return _Literal(node.fact, node.cells & within) if within & node.cells else False
        if isinstance(node, _Opaque):
            return node
        if node.every or node.some:
            return self.simplify_chain(node, allowed, true)
        return _join(node.count, tuple(self.simplify(p, allowed, true) for p in node.parts))

    def simplify_chain(
        self, node: _Joined, allowed: Mapping[str, frozenset[int]], true: frozenset[_Node]
    ) -> _Node:
        """All parts (each may assume that the others hold), or any (that the others do not)."""
        every = node.every
        parts = [self.simplify(part, allowed, true) for part in _flat(node)]
        joined = self.merge(parts, every=every)
        if isinstance(joined, bool):
            return joined
        literals, rest = joined
        inner = dict(allowed)
        for literal in literals:
            domain = self.domains[literal.fact]
            cells = literal.cells if every else domain.whole - literal.cells
            inner[literal.fact] = cells & inner.get(literal.fact, domain.whole)
        for position, part in enumerate(rest):
            others = [*rest[:position], *rest[position + 1 :]]
            assumed = frozenset(others if every else map(self.negation, others))
            rest[position] = self.simplify(part, inner, true | assumed)
        everything = (*literals, *rest)
        return _join(len(everything) if every else 1, everything) if everything else every

    def merge(
        self, parts: Iterable[_Node], *, every: bool
    ) -> tuple[list[_Literal], list[_Node]] | bool:
        """One test for each fact, and the other parts, each once; or what the whole comes to."""
        cells: dict[str, frozenset[int]] = {}
        rest: dict[_Node, None] = {}
        for part in parts:
            if isinstance(part, bool):
                if part is not every:
                    return not every
            elif isinstance(part, _Literal):
                held = cells.get(part.fact)
                if held is None:
                    cells[part.fact] = part.cells
                else:
                    cells[part.fact] = held & part.cells if every else held | part.cells
            else:
                rest[part] = None
        literals = []
        for fact, held in cells.items():
            literal = _literal(self.domains[fact], held)
            if isinstance(literal, _Literal):
                literals.append(literal)
            elif literal is not every:
                return not every
        return literals, list(rest)

    def negation(self, node: _Node) -> _Node:
        if isinstance(node, bool):
            return not node
        if isinstance(node, _Literal):
            return _Literal(node.fact, self.domains[node.fact].whole - node.cells)
        if isinstance(node, _Opaque):
            return _Opaque(node.test, not node.holds)
        return _Joined(
            len(node.parts) - node.count + 1, tuple(self.negation(part) for part in node.parts)
        )

    # --- Bounds ---

    def bounds(self, node: _Node) -> Bounds:
        counted = Counter(_facts(node))
        repeated = {fact for fact, times in counted.items() if times > 1}
        if not repeated:
            return Plain(self.expression(node))
        if isinstance(node, _Joined) and (node.every or node.some):
            groups = _components(_flat(node), repeated)
            if len(groups) > 1:
                count = [len(group) if node.every else 1 for group in groups]
                joined = (_join(n, tuple(g)) for n, g in zip(count, groups, strict=True))
                return _together(node.every, [self.bounds(group) for group in joined])
        compared = set(_compared(node))
        candidates = sorted(repeated - compared, key=lambda fact: (-counted[fact], fact))
        if not candidates:
            self.exact = False
            return Plain(self.expression(node))
        return self.split(node, self.domains[candidates[0]])

    def split(self, node: _Node, domain: _Domain) -> Bounds:
        found: dict[_Node, set[int]] = {}
        for number in domain.whole:
            within = self.simplify(node, {domain.fact: frozenset({number})}, frozenset())
            found.setdefault(self.settle(within), set()).add(number)
        self.branches += len(found)
        if self.branches > MOST_BRANCHES:
            raise _TooLarge
        branches: dict[Bounds, set[int]] = {}
        for within, numbers in found.items():
            branches.setdefault(self.bounds(within), set()).update(numbers)
        if len(branches) == 1:
            return next(iter(branches))
        return Cases(
            tuple((domain.test(frozenset(numbers)), part) for part, numbers in branches.items())
        )

    def expression(self, node: _Node) -> Expression:
        if isinstance(node, bool):
            return Constant(node)
        if isinstance(node, _Literal):
            return self.domains[node.fact].test(node.cells)
        if isinstance(node, _Opaque):
            return node.test if node.holds else Not(node.test)
        parts = tuple(self.expression(part) for part in node.parts)
        if node.every:
            return All(parts)
        return Any(parts) if node.some else AtLeast(node.count, parts)


def _together(every: bool, parts: Sequence[Bounds]) -> Bounds:
    """The parts without those that decide nothing; or the one that decides all."""
    nothing, everything = Plain(Constant(every)), Plain(Constant(not every))
    if everything in parts:
        return everything
    left = tuple(part for part in parts if part != nothing)
    if not left:
        return nothing
    return left[0] if len(left) == 1 else Together(every, left)


def _literal(domain: _Domain, cells: frozenset[int]) -> _Node:
    if not cells:
        return False
    return True if cells == domain.whole else _Literal(domain.fact, cells)


def _join(count: int, parts: tuple[_Node, ...]) -> _Node:
    """At least `count` of the parts, without those that are certain."""
    count -= sum(part is True for part in parts)
    left = tuple(part for part in parts if not isinstance(part, bool))
    if count <= 0:
        return True
    if count > len(left):
        return False
    return left[0] if len(left) == 1 else _Joined(count, left)


def _flat(node: _Joined) -> Iterator[_Node]:
    """The parts, with those of parts that are joined the same way."""
    for part in node.parts:
        same = isinstance(part, _Joined) and (
            (node.every and part.every) or (node.some and part.some)
        )
        if same and isinstance(part, _Joined):
            yield from _flat(part)
        else:
            yield part


def _facts(node: _Node) -> Iterator[str]:
    if isinstance(node, _Literal):
        yield node.fact
    elif isinstance(node, _Opaque):
        yield from _compared(node)
    elif isinstance(node, _Joined):
        for part in node.parts:
            yield from _facts(part)


def _compared(node: _Node) -> Iterator[str]:
    """Facts that are compared with others."""
    if isinstance(node, _Opaque):
        yield node.test.fact
        if isinstance(node.test.value, OtherFact):
            yield node.test.value.fact
    elif isinstance(node, _Joined):
        for part in node.parts:
            yield from _compared(part)


def _components(parts: Iterable[_Node], repeated: set[str]) -> list[list[_Node]]:
    """Parts that share a repeated fact stand together; all that share none stand in one group."""
    groups: list[tuple[set[str], list[_Node]]] = []
    alone: list[_Node] = []
    for part in parts:
        counted = Counter(_facts(part))
        shared = repeated & counted.keys()
        if not shared:
            alone.append(part)
            continue
        held: list[_Node] = [part]
        others = []
        for facts, members in groups:
            if facts & shared:
                shared |= facts
                held = [*members, *held]
            else:
                others.append((facts, members))
        groups = [*others, (shared, held)]
    return [*([alone] if alone else []), *(members for _, members in groups)]
