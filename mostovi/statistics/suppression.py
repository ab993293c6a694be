# SPDX-License-Identifier: EUPL-1.2
"""Which cells of a release stay hidden so that nobody can be learned from the rest (R11).

Method: cell suppression with a minimum frequency rule and complementary suppression, after
Hundepool and others, *Statistical Disclosure Control* (Wiley 2012), chapter 4, and the
*Handbook on Statistical Disclosure Control* (ESSNet SDC, Eurostat). A small count is hidden
(primary). Because sums are published, further cells are hidden (complementary) until an
attacker who knows every published number, every sum, the threshold and this text finds, for
each hidden cell, whole-number values that lie at least `protection` apart and fit everything.

The proof is constructive: for every hidden cell two complete tables of whole numbers are
found that agree with all that is published and differ in that cell by `protection` or more.
They are vertices of the linear programme of the attacker, found with an exact simplex method
(no rounding). Where a vertex is not whole, the cell counts as unprotected and more is hidden:
the error is always on the safe side.

What this does not do is said in `docs/statistics.md`.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import lcm

from mostovi.statistics.cubes import Cell, Relation

Published = Mapping[Cell, int | None]
"""What others see: a count, or None for a hidden cell."""

Number = int | Fraction
_MOST_PASSES = 100
"""Bounds found so far are true at every pass, so stopping early only leaves them wider."""


class Zero(StrEnum):
    """What happens with a count of nobody."""

    PUBLISH = "publish"
    SUPPRESS = "suppress"


@dataclass(frozen=True)
class Rule:
    """When a count is too small, and how far apart its possible values must lie.

    `threshold`: counts from 1 to `threshold - 1` are hidden; with `Zero.SUPPRESS`, 0 as well.
    `protection`: the least width of the interval an attacker is left with for a hidden cell.
    """

    threshold: int = 3
    protection: int = 3
    zero: Zero = Zero.PUBLISH

    def __post_init__(self) -> None:
        if self.threshold < 2 or self.protection < 1:
            raise ValueError("A threshold under 2 or a protection under 1 protects nobody.")

    @property
    def least(self) -> int:
        """The least count that an attacker knows a hidden cell to have."""
        return 0 if self.zero is Zero.SUPPRESS else 1

    def small(self, count: int) -> bool:
        """Whether `count` must not be seen."""
        return self.least <= count < self.threshold

    def small_change(self, change: int) -> bool:
        """Whether a revised count would show the few persons who came or went."""
        return 0 < abs(change) < self.threshold


def primary(
    counts: Mapping[Cell, int], rule: Rule, earlier: Sequence[Published] = ()
) -> frozenset[Cell]:
    """Cells hidden for their own sake.

    `earlier` are the releases of the same period that others already hold. A cell hidden in any
    of them stays hidden, and a cell whose change since any of them is small is hidden, so that
    subtracting two revisions shows nobody.
    """
    hidden = {cell for cell, count in counts.items() if rule.small(count)}
    for release in earlier:
        for cell, before in release.items():
            if cell in counts and (before is None or rule.small_change(counts[cell] - before)):
                hidden.add(cell)
    return frozenset(hidden)


def suppress(
    counts: Mapping[Cell, int],
    relations: Collection[Relation],
    rule: Rule,
    earlier: Sequence[Published] = (),
    secret: bytes = b"",
) -> frozenset[Cell]:
    """All cells of a release to hide: primary, then complementary until none is too narrow.

    `counts` holds every cell of `relations`. Complements are chosen inner cells before totals,
    those that close most open sums first, and among equals in an order that `secret` decides
    and the counts do not: 'the smallest neighbour' would tell the method's reader how large
    the others can be. Afterwards each is given back if the rest is safe without it. `secret`
    is the node's own and the same for all releases of a period. Always ends: with every count
    above zero hidden the intervals are unbounded.
    """
    worst = _lowered(counts, relations, rule)
    needed = primary(counts, rule, earlier) | primary(worst, rule)
    if not needed:
        return needed
    by_cell = _relations_by_cell(relations)
    hidden = set(needed)
    # What a proof moves stays movable when more is hidden: each cell is proved open once, and
    # again only when a cell that its proof moves is given back.
    proofs: dict[Cell, frozenset[Cell]] = {}
    added: list[Cell] = []
    while narrow := _prove(worst, relations, hidden, rule, hidden - proofs.keys(), proofs):
        chosen = _complement(narrow, worst, by_cell, hidden, secret)
        hidden.add(chosen)
        added.append(chosen)
    for cell in sorted(added, key=lambda c: _turn(c, secret), reverse=True):
        rest, again = hidden - {cell}, dict(proofs)
        affected = {c for c in rest if cell in proofs[c]}
        if not _prove(worst, relations, rest, rule, affected, again):
            again.pop(cell)
            hidden, proofs = rest, again
    return frozenset(hidden)


def _prove(
    counts: Mapping[Cell, int],
    relations: Collection[Relation],
    hidden: Collection[Cell],
    rule: Rule,
    wanted: Collection[Cell],
    proofs: dict[Cell, frozenset[Cell]],
) -> list[Cell]:
    """The `wanted` cells that are too narrow; proofs of the others are added to `proofs`.

    Cells that the sums give away exactly are answered alone, being cheap to find and to close.
    """
    if not wanted:
        return []
    least = {cell: min(rule.least, counts[cell]) for cell in hidden}
    attack = _Attack(counts, relations, hidden, least)
    exact = [cell for cell in sorted(wanted) if attack.is_exact(cell)]
    if exact:
        return exact
    narrow = []
    for cell in sorted(wanted):
        if attack.leaves_open(cell, rule.protection):
            proofs[cell] = attack.moved_by_proof(cell)
        else:
            narrow.append(cell)
    return narrow


def _lowered(
    counts: Mapping[Cell, int], relations: Collection[Relation], rule: Rule
) -> dict[Cell, int]:
    """The table with every small inner count at its least, and totals no higher than follows.

    The pattern of hidden cells is chosen on this table, because a pattern chosen on the true
    one speaks: that a total is hidden although hiding a neighbour would do for a 2, says that
    the count is 1 (the 'minimality attack'). It is safe for the true table, since every cell
    has at least as much room there and the same moves are open to it.
    """
    totals: dict[Cell, list[Relation]] = {}
    for relation in relations:
        totals.setdefault(relation.total, []).append(relation)
    lowered: dict[Cell, int] = {}
    for cell in sorted(counts, key=lambda cell: -len(cell.codes)):
        if cell in totals:
            lowered[cell] = min(sum(lowered[part] for part in r.parts) for r in totals[cell])
        else:
            lowered[cell] = rule.least if rule.small(counts[cell]) else counts[cell]
    return lowered


def publish(counts: Mapping[Cell, int], hidden: Collection[Cell]) -> dict[Cell, int | None]:
    """What may leave: the counts with the hidden ones replaced by None."""
    return {cell: None if cell in hidden else count for cell, count in counts.items()}


def ranges(
    published: Published, relations: Collection[Relation], least: int
) -> dict[Cell, tuple[int, int | None]]:
    """For each cell the lowest and highest count that fit the published numbers.

    Computed from published numbers alone (bounds passed along the sums until nothing changes),
    so showing them tells nothing new. None as upper bound: no bound follows. For a cell that is
    published both are its count. `least` is the least a hidden cell can be.
    """
    low = {cell: least if count is None else count for cell, count in published.items()}
    high: dict[Cell, int | None] = dict(published)
    unsettled = []
    for relation in relations:
        if any(published[cell] is None for cell in relation.cells):
            unsettled.append(relation)
        elif low[relation.total] != sum(low[part] for part in relation.parts):
            raise ValueError(f"{relation.total.measure}: the published sums contradict each other.")
    for _ in range(_MOST_PASSES):
        changed = False
        for relation in unsettled:
            for cell in relation.cells:
                lower, upper = _implied(cell, relation, low, high)
                if lower > low[cell]:
                    low[cell], changed = lower, True
                known = high[cell]
                if upper is not None and (known is None or upper < known):
                    high[cell], changed = upper, True
                top = high[cell]
                if top is not None and top < low[cell]:
                    raise ValueError(f"{cell.measure}: the published sums contradict each other.")
        if not changed:
            break
    return {cell: (low[cell], high[cell]) for cell in published}


def _implied(
    cell: Cell, relation: Relation, low: Mapping[Cell, int], high: Mapping[Cell, int | None]
) -> tuple[int, int | None]:
    """Bounds of `cell` that follow from the other cells of `relation`."""
    others = [part for part in relation.parts if part != cell]
    others_high = _sum_or_none(high[part] for part in others)
    others_low = sum(low[part] for part in others)
    if cell == relation.total:
        return others_low, others_high
    total_high = high[relation.total]
    upper = None if total_high is None else total_high - others_low
    lower = 0 if others_high is None else low[relation.total] - others_high
    return lower, upper


def _sum_or_none(values: Iterable[int | None]) -> int | None:
    """The sum, or None as soon as one part has no bound."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _relations_by_cell(relations: Collection[Relation]) -> dict[Cell, list[Relation]]:
    found: dict[Cell, list[Relation]] = {}
    for relation in relations:
        for cell in relation.cells:
            found.setdefault(cell, []).append(relation)
    return found


def _turn(cell: Cell, secret: bytes) -> tuple[int, bytes]:
    """When `cell` is taken as a complement: readers need totals most, then nothing shows why."""
    order = hmac.digest(secret, repr((cell.measure, cell.codes)).encode(), "sha256")
    return (-len(cell.codes), order)


def _complement(
    narrow: Sequence[Cell],
    counts: Mapping[Cell, int],
    by_cell: Mapping[Cell, list[Relation]],
    hidden: Collection[Cell],
    secret: bytes,
) -> Cell:
    """The next cell to hide, near to a cell that is still too narrow."""

    def open_sums(cell: Cell) -> int:
        # A sum with one hidden cell gives that cell away; hiding a second one closes it.
        return sum(
            sum(other in hidden for other in relation.cells) == 1 for relation in by_cell[cell]
        )

    searched = (narrow, sorted(hidden), sorted(by_cell))
    # A zero hides nobody and is taken last: only a count revised to zero can need it.
    for near, least in (*((cells, 1) for cells in searched), (sorted(by_cell), 0)):
        candidates = {
            cell
            for start in near
            for relation in by_cell.get(start, ())
            for cell in relation.cells
            if cell not in hidden and counts[cell] >= least
        }
        if candidates:
            return min(candidates, key=lambda c: (-open_sums(c), _turn(c, secret)))
    raise AssertionError("Every cell is hidden and one is still exact.")


class _Attack:
    """Everything that fits the published numbers, seen from the true table.

    The hidden cells are unknowns. The sums leave them some directions to move in (their null
    space); the true table is one point, and every other point that keeps each cell at or above
    its least count fits as well. `_low` and `_high` hold, for each cell, the whole-number points
    found so far where it is lowest and highest; one search often answers for many cells.
    """

    def __init__(
        self,
        counts: Mapping[Cell, int],
        relations: Collection[Relation],
        hidden: Collection[Cell],
        least: Mapping[Cell, int],
    ) -> None:
        self._cells = sorted(hidden)
        self._row = {cell: index for index, cell in enumerate(self._cells)}
        self._room: list[Number] = [counts[cell] - least[cell] for cell in self._cells]
        self._moves = _null_space(self._cells, relations)
        self._low: list[Sequence[Number]] = [self._room] * len(self._cells)
        self._high: list[Sequence[Number]] = [self._room] * len(self._cells)

    def is_exact(self, cell: Cell) -> bool:
        """Whether the sums alone leave `cell` one value."""
        return not any(self._moves[self._row[cell]])

    def moved_by_proof(self, cell: Cell) -> frozenset[Cell]:
        """The cells that differ from the true table in the two tables found for `cell`."""
        row = self._row[cell]
        ends = zip(self._cells, self._room, self._low[row], self._high[row], strict=True)
        return frozenset(c for c, true, low, high in ends if low != true or high != true)

    def leaves_open(self, cell: Cell, width: int) -> bool:
        """Whether two whole-number tables that fit differ by `width` or more in `cell`."""
        row = self._row[cell]
        if any(self._moves[row]):
            for sense in (1, -1):
                if self._width(row) < width:
                    self._push(row, sense, width)
        return self._width(row) >= width

    def _width(self, row: int) -> Number:
        return self._high[row][row] - self._low[row][row]

    def _note(self, point: Sequence[Number]) -> None:
        """Remember `point` if every cell in it is a whole number."""
        if all(value == int(value) for value in point):
            for row, value in enumerate(point):
                if value < self._low[row][row]:
                    self._low[row] = point
                elif value > self._high[row][row]:
                    self._high[row] = point

    def _push(self, row: int, sense: int, width: int) -> None:
        """Move cell `row` up (`sense` 1) or down (-1) until nothing that fits goes further."""
        programme = _Programme(self._room, self._moves, [sense * move for move in self._moves[row]])
        while self._width(row) < width:
            edge = programme.next_edge()
            if edge is None:
                return
            whole = edge.whole_steps(programme.point, width)
            if whole is not None:
                self._note(whole)
            if edge.length is None:
                return
            programme.walk(edge)
            self._note(programme.point)


@dataclass(frozen=True)
class _Edge:
    """One edge of the polytope: `step` is each cell's change for one unit, `length` its end."""

    column: int
    direction: int
    blocking: int | None
    length: Number | None
    step: tuple[Number, ...]

    def whole_steps(self, start: Sequence[Number], enough: int) -> list[Number] | None:
        """The farthest point on the edge that is whole when `start` is; None if it is `start`."""
        scale = 1
        for value in self.step:
            scale = lcm(scale, Fraction(value).denominator)
        times = enough if self.length is None else int(self.length / Fraction(scale))
        if times == 0:
            return None
        return [value + times * scale * step for value, step in zip(start, self.step, strict=True)]


class _Programme:
    """Exact simplex method (dictionary form, Bland's rule) started at the true table.

    Rows are cells expressed by the columns; a column is either a free direction (None) or a
    cell at its least count. Free directions enter once and never leave.
    """

    def __init__(
        self,
        room: Sequence[Number],
        moves: Sequence[Sequence[Number]],
        objective: Sequence[Number],
    ) -> None:
        self._rows = list(range(len(room)))
        self._columns: list[int | None] = [None] * len(objective)
        self._values = list(room)
        self._table = [list(line) for line in moves]
        self._objective = list(objective)
        self.point = list(room)

    def next_edge(self) -> _Edge | None:
        """The edge to follow for a better objective, None at the optimum."""
        best: tuple[int, int] | None = None
        for column, label in enumerate(self._columns):
            gain = self._objective[column]
            if gain == 0 or (label is not None and gain < 0):
                continue
            order = -1 if label is None else label
            if best is None or order < best[0]:
                best = (order, column)
        if best is None:
            return None
        column = best[1]
        return self._edge(column, 1 if self._objective[column] > 0 else -1)

    def _edge(self, column: int, direction: int) -> _Edge:
        step: list[Number] = [0] * len(self.point)
        label = self._columns[column]
        if label is not None:
            step[label] = direction
        blocking: int | None = None
        length: Number | None = None
        for row, cell in enumerate(self._rows):
            change = self._table[row][column] * direction
            step[cell] = change
            if change >= 0:
                continue
            reach = _plain(Fraction(self._values[row]) / -change)
            if (
                length is None
                or reach < length
                or (reach == length and cell < self._rows[blocking or 0])
            ):
                blocking, length = row, reach
        return _Edge(column, direction, blocking, length, tuple(step))

    def walk(self, edge: _Edge) -> None:
        """Go to the end of `edge` and exchange its column with the row that stopped it."""
        assert edge.blocking is not None and edge.length is not None  # noqa: S101
        self.point = [
            _plain(value + edge.length * step)
            for value, step in zip(self.point, edge.step, strict=True)
        ]
        pivot_row, column = edge.blocking, edge.column
        pivot = self._table[pivot_row]
        factor = _plain(1 / Fraction(pivot[column]))
        for row, line in enumerate(self._table):
            if row != pivot_row and line[column] != 0:
                share = _plain(line[column] * factor)
                self._values[row] = _plain(self._values[row] - share * self._values[pivot_row])
                self._table[row] = _exchanged(line, pivot, column, share)
        share = _plain(self._objective[column] * factor)
        self._objective = _exchanged(self._objective, pivot, column, share)
        leaving, entering = self._rows[pivot_row], self._columns[column]
        self._columns[column] = leaving
        if entering is None:
            for lines in (self._rows, self._table, self._values):
                del lines[pivot_row]
        else:
            self._rows[pivot_row] = entering
            self._values[pivot_row] = _plain(-self._values[pivot_row] * factor)
            self._table[pivot_row] = [
                _plain(factor if index == column else -value * factor)
                for index, value in enumerate(pivot)
            ]


def _exchanged(
    line: Sequence[Number], pivot: Sequence[Number], column: int, share: Number
) -> list[Number]:
    """`line` with `column` replaced by the variable of the `pivot` row."""
    return [
        share if index == column else _plain(value - share * pivot[index])
        for index, value in enumerate(line)
    ]


def _plain(value: Number) -> Number:
    """Whole fractions as int: integers are many times faster and nearly all values are whole."""
    if isinstance(value, int):
        return value
    return value.numerator if value.denominator == 1 else value


def _null_space(cells: Sequence[Cell], relations: Collection[Relation]) -> list[list[Number]]:
    """One line a cell: how it changes with each free direction in which all sums still hold."""
    position = {cell: index for index, cell in enumerate(cells)}
    solved: dict[int, dict[int, Number]] = {}
    for relation in relations:
        equation: dict[int, Number] = {}
        for cell in relation.cells:
            if cell in position:
                equation[position[cell]] = -1 if cell == relation.total else 1
        _solve(equation, solved)
    free = [index for index in range(len(cells)) if index not in solved]
    column = {index: number for number, index in enumerate(free)}
    lines: list[list[Number]] = []
    for index in range(len(cells)):
        line: list[Number] = [0] * len(free)
        if index in column:
            line[column[index]] = 1
        for other, factor in solved.get(index, {}).items():
            line[column[other]] = factor
        lines.append(line)
    return lines


def _solve(equation: dict[int, Number], solved: dict[int, dict[int, Number]]) -> None:
    """Add `equation` (sum of factor times unknown is constant) to the `solved` unknowns."""
    reduced: dict[int, Number] = {}
    for index, factor in equation.items():
        for other, times in solved.get(index, {index: 1}).items():
            reduced[other] = reduced.get(other, 0) + factor * times
    reduced = {index: _plain(value) for index, value in reduced.items() if value != 0}
    if not reduced:
        return
    chosen = min(reduced, key=lambda index: (abs(reduced[index]) != 1, index))
    divisor = Fraction(reduced.pop(chosen))
    expression = {index: _plain(-value / divisor) for index, value in reduced.items()}
    for line in solved.values():
        times = line.pop(chosen, 0)
        for index, value in expression.items() if times else ():
            line[index] = _plain(line.get(index, 0) + times * value)
    solved[chosen] = expression
