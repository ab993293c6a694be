# SPDX-License-Identifier: EUPL-1.2
"""What a sheet of a workbook asks for: one table, whatever kind of specification it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.specs import OPEN_CODE, Spec
from mostovi.statistics.tables import Table, Text
from mostovi.statistics.translations import in_all

TOTAL_LABEL: Final[Text] = {
    "en": "Total", "sq": "Gjithsej", "bs": "Ukupno", "sr": "Укупно", "mk": "Вкупно",
    "ar": "المجموع",
}  # fmt: skip
MOST_PREFILLED: Final = 3000
"""A table with more cells than this is not written out in the blank workbook."""


@dataclass(frozen=True)
class FormDimension:
    """A dimension: its code, label and codes in order. open: two capital letters are codes too."""

    code: str
    label: Text
    codes: Mapping[str, Text]
    open: bool = False

    @cached_property
    def said(self) -> Mapping[str, str]:
        """The code for each way of writing it: the code itself, or a label in any language."""
        found: dict[str, str] = {}
        for code, label in [*self.codes.items(), (TOTAL, TOTAL_LABEL)]:
            for text in (code, *label.values()):
                found.setdefault(text.strip().casefold(), code)
        return found

    def read(self, text: str) -> str | None:
        """The code that is meant, or None."""
        found = self.said.get(text.strip().casefold())
        if found is None and self.open and OPEN_CODE.match(text.strip()):
            return text.strip()
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """How the head of its column can be written."""
        return frozenset(text.strip().casefold() for text in (self.code, *self.label.values())) | {
            f"{text.strip().casefold()} ({self.code})" for text in self.label.values()
        }


@dataclass(frozen=True)
class Form:
    """One table to be filled in.

    optional: the sheet may be missing or empty, and rows of nobody are left out. adds_up: whether
    totals are the sum of their parts; with noise they are not.
    """

    code: str
    title: Text
    dimensions: tuple[FormDimension, ...]
    definition: Text
    footnotes: tuple[Text, ...] = ()
    optional: bool = False
    adds_up: bool = True

    @property
    def open(self) -> bool:
        """Whether the rows cannot be written out beforehand."""
        size = 1
        for dimension in self.dimensions:
            size *= len(dimension.codes) + 1
        opened = any(dimension.open for dimension in self.dimensions)
        return self.optional or opened or size > MOST_PREFILLED

    @property
    def cells(self) -> Iterator[tuple[str, ...]]:
        """The codes of every cell, totals last in each dimension; for a form that is not open."""
        return product(*((*dimension.codes, TOTAL) for dimension in self.dimensions))


def form_of_table(table: Table) -> Form:
    """The form of a table of the monthly template."""
    return Form(
        table.code,
        table.title,
        tuple(FormDimension(one.code, one.label, one.codes) for one in table.dimensions),
        in_all(table.counts),
    )


def form_of_spec(spec: Spec, *, without: frozenset[str] = frozenset({"partner"})) -> Form:
    """The form of a specification; the workbook is one partner's, so the partner is not asked."""
    dimensions = tuple(
        FormDimension(one.code, one.label, {code.code: code.label for code in one.codes}, one.open)
        for one in spec.dimensions
        if one.code not in without
    )
    return Form(spec.code, spec.title, dimensions, spec.definition, spec.footnotes)
