# SPDX-License-Identifier: EUPL-1.2
"""Tables of counts with all their margins, and the sums that tie their cells together.

A cell is named by what it counts and by the codes that narrow it; a dimension that is not
named is summed over. So the total of women is the same `Cell` in every table that publishes
it, and the tables of one release are one system of sums, not several unrelated ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

TOTAL = "_T"
"""The code list's word for 'all' (SDMX convention)."""

Dimensions = Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True, order=True)
class Cell:
    """One number: `measure` narrowed by `codes`, sorted (dimension, code) pairs without totals.

    >>> Cell.of("cases", {"sex": "female", "age_group": TOTAL})
    Cell(measure='cases', codes=(('sex', 'female'),))
    """

    measure: str
    codes: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, measure: str, keys: Mapping[str, str]) -> Cell:
        """The cell at `keys`, one code or `TOTAL` for each dimension."""
        return cls(measure, tuple(sorted((d, c) for d, c in keys.items() if c != TOTAL)))

    def keys(self, dimensions: Iterable[str]) -> dict[str, str]:
        """The cell's code in each of `dimensions`, `TOTAL` where it is summed over."""
        named = dict(self.codes)
        return {dimension: named.get(dimension, TOTAL) for dimension in dimensions}


@dataclass(frozen=True)
class Relation:
    """A published sum: `total` equals the sum of `parts`."""

    total: Cell
    parts: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell the sum touches."""
        return (self.total, *self.parts)


def cells(measure: str, dimensions: Dimensions) -> list[Cell]:
    """All cells of a table: every combination of codes and totals, grand total last."""
    names = [name for name, _ in dimensions]
    lists = [(*codes, TOTAL) for _, codes in dimensions]
    return [Cell.of(measure, dict(zip(names, chosen, strict=True))) for chosen in product(*lists)]


def relations(measure: str, dimensions: Dimensions) -> list[Relation]:
    """All sums of a table: each cell that is a total in a dimension over that dimension's codes."""
    found = []
    for cell in cells(measure, dimensions):
        named = dict(cell.codes)
        for name, codes in dimensions:
            if name not in named:
                parts = tuple(Cell.of(measure, {**named, name: code}) for code in codes)
                found.append(Relation(cell, parts))
    return found


def with_margins(
    measure: str, dimensions: Dimensions, counts: Mapping[tuple[str, ...], int]
) -> dict[Cell, int]:
    """The full table from its innermost `counts`, keyed by one code for each dimension in order.

    Combinations that are not in `counts` are zero. Raises `ValueError` for a code outside the
    dimension's list or a negative count, naming it.
    """
    names = [name for name, _ in dimensions]
    table = dict.fromkeys(cells(measure, dimensions), 0)
    for chosen, count in counts.items():
        if count < 0:
            raise ValueError(f"{measure} {chosen}: the count {count} is negative.")
        for (name, codes), code in zip(dimensions, chosen, strict=True):
            if code not in codes:
                raise ValueError(f"{measure}: '{code}' is not in the code list of '{name}'.")
        for summed in product(*((code, TOTAL) for code in chosen)):
            table[Cell.of(measure, dict(zip(names, summed, strict=True)))] += count
    return table
