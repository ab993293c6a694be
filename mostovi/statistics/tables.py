# SPDX-License-Identifier: EUPL-1.2
"""Table specifications as data: what is counted, by what, for what, how it is protected.

`content/statistics/month.yaml` holds the monthly template, `codes.yaml` the code lists. A file
that is wrong is refused whole, naming the entry (`SpecificationError`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from mostovi.statistics.cubes import TOTAL, Cell, Relation, cells, relations
from mostovi.statistics.suppression import Rule, Zero

Text = Mapping[str, str]
"""Words by language; English is always there."""


class SpecificationError(ValueError):
    """A specification cannot be used; the message names the entry and what to write."""


def in_language(text: Text, language: str) -> str:
    """`text` in `language` (or its main part), else in English."""
    return text.get(language) or text.get(language.split("-")[0]) or text["en"]


@dataclass(frozen=True)
class CodeList:
    """One dimension: its codes in order, with labels."""

    code: str
    label: Text
    codes: Mapping[str, Text]


@dataclass(frozen=True)
class Table:
    """One table of the template. `counts` says in words what one unit of it is.

    events: the kinds of event (`events`) whose records it counts, exactly. Tables with noise leave
    these out (`regional_tables`).
    """

    code: str
    measure: str
    title: Text
    dimensions: tuple[CodeList, ...]
    counts: str
    events: tuple[str, ...] = ()

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """(dimension, codes) in order, as `cubes` wants it."""
        return [(dimension.code, tuple(dimension.codes)) for dimension in self.dimensions]

    @property
    def names(self) -> tuple[str, ...]:
        """The dimensions' names in order."""
        return tuple(dimension.code for dimension in self.dimensions)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, margins included."""
        return tuple(cells(self.measure, self.shape))

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """Every sum that a reader of the table can form."""
        return tuple(relations(self.measure, self.shape))

    def cell(self, at: Mapping[str, str]) -> Cell:
        """The cell at the codes `at`, totals elsewhere."""
        return Cell.of(self.measure, at)

    def label(self, cell: Cell, language: str) -> list[str]:
        """The cell's code labels, one for each dimension; '' where it is summed over."""
        keys = cell.keys(self.names)
        return [
            "" if keys[d.code] == TOTAL else in_language(d.codes[keys[d.code]], language)
            for d in self.dimensions
        ]


@dataclass(frozen=True)
class Indicator:
    """A number people follow: one cell of a table."""

    code: str
    title: Text
    table: Table
    at: Mapping[str, str]

    @property
    def cell(self) -> Cell:
        """The cell that holds the number."""
        return self.table.cell(self.at)


Coded = TypeVar("Coded", Table, Indicator)


@dataclass(frozen=True)
class Template:
    """What is released each month, and how."""

    code: str
    version: str
    rule: Rule
    due_day: int
    due_source: str
    remind_days: int
    source: str
    reviewed: bool
    tables: tuple[Table, ...]
    indicators: tuple[Indicator, ...]

    def table(self, code: str) -> Table:
        """The table called `code`. Raises `KeyError`."""
        return _coded(self.tables, code)

    def indicator(self, code: str) -> Indicator:
        """The indicator called `code`. Raises `KeyError`."""
        return _coded(self.indicators, code)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of all tables, each once."""
        return tuple(dict.fromkeys(cell for table in self.tables for cell in table.cells))

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """The sums of all tables: one release is protected as one system."""
        found = (relation for table in self.tables for relation in table.relations)
        return tuple(dict.fromkeys(found))


def _coded(entries: Sequence[Coded], code: str) -> Coded:
    for entry in entries:
        if entry.code == code:
            return entry
    raise KeyError(code)


def parse(month: Mapping[str, Any], codes: Mapping[str, Any]) -> Template:
    """The template of the two parsed files. Raises `SpecificationError`."""
    lists = {name: _code_list(name, entry) for name, entry in codes["lists"].items()}
    tables = tuple(_table(entry, lists) for entry in _required(month, "tables", "month"))
    _each_once([table.code for table in tables], "table")
    by_code = {table.code: table for table in tables}
    indicators = tuple(_indicator(entry, by_code) for entry in month.get("indicators", ()))
    _each_once([indicator.code for indicator in indicators], "indicator")
    calendar = _required(month, "calendar", "month")
    try:
        rule = Rule(month["threshold"], month["protection"], Zero(month["zero"]))
    except (KeyError, ValueError) as error:
        raise SpecificationError(f"month: disclosure control: {error}") from error
    return Template(
        code=_required(month, "template", "month"),
        version=str(_required(month, "version", "month")),
        rule=rule,
        due_day=int(calendar["due_day"]),
        due_source=calendar["source"]["text"],
        remind_days=int(calendar["remind_days_before"]),
        source=_required(month, "source", "month")["text"],
        reviewed=month["review"]["status"] == "reviewed",
        tables=tables,
        indicators=indicators,
    )


def _required(entry: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in entry:
        raise SpecificationError(f"{where}: '{key}' is missing.")
    return entry[key]


def _each_once(found: list[str], what: str) -> None:
    for code in found:
        if found.count(code) > 1:
            raise SpecificationError(f"{what} '{code}' is there twice.")


def _code_list(name: str, entry: Mapping[str, Any]) -> CodeList:
    codes = {str(code): labels for code, labels in _required(entry, "codes", name).items()}
    if TOTAL in codes:
        raise SpecificationError(f"code list '{name}': '{TOTAL}' is the total, not a code.")
    for labels in (entry["label"], *codes.values()):
        if not labels.get("en"):
            raise SpecificationError(f"code list '{name}': a label has no English text.")
    return CodeList(name, entry["label"], codes)


def _table(entry: Mapping[str, Any], lists: Mapping[str, CodeList]) -> Table:
    code = _required(entry, "code", "table")
    for name in entry["dimensions"]:
        if name not in lists:
            raise SpecificationError(f"table '{code}': there is no code list '{name}'.")
    return Table(
        code=code,
        measure=_required(entry, "measure", f"table '{code}'"),
        title=_required(entry, "title", f"table '{code}'"),
        dimensions=tuple(lists[name] for name in entry["dimensions"]),
        counts=_required(entry, "counts", f"table '{code}'"),
        events=tuple(_required(entry, "events", f"table '{code}'")),
    )


def _indicator(entry: Mapping[str, Any], tables: Mapping[str, Table]) -> Indicator:
    code = _required(entry, "code", "indicator")
    table = tables.get(entry["table"])
    if table is None:
        raise SpecificationError(f"indicator '{code}': there is no table '{entry['table']}'.")
    indicator = Indicator(code, entry["title"], table, entry.get("at", {}))
    if indicator.cell not in table.cells:
        raise SpecificationError(f"indicator '{code}': table '{table.code}' has no such cell.")
    return indicator
