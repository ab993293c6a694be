# SPDX-License-Identifier: EUPL-1.2
"""Declarative table specifications over statistical events (`events`).

A specification says which events are counted, by which dimensions, for which period, on what
legal basis, with which definitions and footnotes. They are files in `content/statistics/tables`:
`lists.yaml` the code lists, every other file a set of tables. A file that is wrong is refused
whole, naming the entry (`SpecificationError`). Their words are in English, or by language; what is
missing is taken from `translations`.

A code list reads one column of the events and can join its codes: the EU's age groups join the
finer ones of the events. A list is open (`open: true`) when its codes are those that occur
(citizenship).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.events import NAMES
from mostovi.statistics.tables import SpecificationError, Text
from mostovi.statistics.translations import merged

UNKNOWN = "UNK"
"""The code of a value that is not known (as in SDMX lists of Eurostat)."""
OPEN_CODE = re.compile(r"^[A-Z]{2}$")
_EVIDENCE = frozenset({"text", "memory", "proposal", "unconfirmed"})


class Period(StrEnum):
    """How long a table's reference period is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def of(self, month: str) -> str:
        """The period that `month` (2026-10) lies in: 2026-10, 2026-Q4 or 2026."""
        if self is Period.MONTH:
            return month
        if self is Period.QUARTER:
            return f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}"
        return month[:4]

    def closes(self, month: str) -> bool:
        """Whether `month` is the last of its period; a stock is read there."""
        last = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[self]
        return int(month[5:7]) % last == 0

    @property
    def months(self) -> int:
        """How many months long."""
        return {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[self]


@dataclass(frozen=True)
class Code:
    """One code: its label, and the values of the events' column that it joins."""

    code: str
    label: Text
    joins: tuple[str, ...]


@dataclass(frozen=True)
class Dimension:
    """A code list and the column it reads. An open list has what occurs besides its `codes`."""

    code: str
    column: str
    label: Text
    codes: tuple[Code, ...]
    open: bool = False
    source: str = ""

    @cached_property
    def code_of(self) -> Mapping[str, str]:
        """The code for each value of the column."""
        return {value: code.code for code in self.codes for value in code.joins}

    def read(self, value: str | None) -> str | None:
        """The code of a value: `UNKNOWN` for None, None for a value that the list does not have."""
        if value is None or value == "":
            return UNKNOWN
        found = self.code_of.get(value)
        if found is None and self.open and OPEN_CODE.match(value):
            return value
        return found

    def label_of(self, code: str) -> Text:
        """The label; an open list's own codes stand for themselves."""
        for entry in self.codes:
            if entry.code == code:
                return entry.label
        return {"en": code}


@dataclass(frozen=True)
class Legal:
    """What a table is made for: the provision, its words, and where they were seen."""

    citation: str
    words: str
    evidence: str
    period_evidence: str = "text"


@dataclass(frozen=True)
class Spec:
    """One table. Its unit is one event of `events` that passes `where`."""

    code: str
    set: str
    title: Text
    events: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    period: Period
    legal: Legal
    definition: Text
    stock: bool = False
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    footnotes: tuple[Text, ...] = ()
    due_months: int | None = None
    """How many months after the period's end the table is due."""

    @property
    def names(self) -> tuple[str, ...]:
        """The dimensions' codes, in order."""
        return tuple(dimension.code for dimension in self.dimensions)

    @property
    def columns(self) -> frozenset[str]:
        """The events' columns that the table needs besides event, month and key."""
        return frozenset({d.column for d in self.dimensions} | set(self.where))


@dataclass(frozen=True)
class SpecSet:
    """The tables of one file with their source and review."""

    code: str
    version: str
    title: Text
    source: str
    reviewed: bool
    specs: tuple[Spec, ...]
    notes: tuple[Text, ...] = ()


def parse_lists(content: Mapping[str, Any]) -> dict[str, Dimension]:
    """The dimensions of `lists.yaml`. Raises `SpecificationError`."""
    found = {}
    for name, entry in _required(content, "lists", "lists").items():
        column = entry.get("column", name)
        if column not in NAMES:
            raise SpecificationError(f"list '{name}': events have no column '{column}'.")
        codes = tuple(
            _code(name, str(code), labels) for code, labels in entry.get("codes", {}).items()
        )
        _each_once([value for code in codes for value in code.joins], f"list '{name}': value")
        if UNKNOWN not in {code.code for code in codes}:
            codes = (*codes, Code(UNKNOWN, content["unknown"], ()))
        found[name] = Dimension(
            name, column, merged(entry["label"]), codes, bool(entry.get("open")),
            entry.get("source", ""),
        )  # fmt: skip
    return found


def _code(name: str, code: str, entry: Mapping[str, Any]) -> Code:
    if code == TOTAL:
        raise SpecificationError(f"list '{name}': '{TOTAL}' is the total, not a code.")
    if not entry.get("en"):
        raise SpecificationError(f"list '{name}', code '{code}': the English label is missing.")
    labels = merged({key: text for key, text in entry.items() if key != "joins"})
    return Code(code, labels, tuple(str(value) for value in entry.get("joins", (code,))))


def parse_set(content: Mapping[str, Any], lists: Mapping[str, Dimension]) -> SpecSet:
    """One file of tables. Raises `SpecificationError` naming the table and what to write."""
    code = _required(content, "set", "set")
    kinds = content.get("events", {})
    specs = tuple(
        _spec(code, entry, lists, content.get("dimensions", ()), kinds)
        for entry in _required(content, "tables", f"set '{code}'")
    )
    _each_once([spec.code for spec in specs], f"set '{code}': table")
    return SpecSet(
        code=code,
        version=str(_required(content, "version", f"set '{code}'")),
        title=merged(_required(content, "title", f"set '{code}'")),
        source=_required(content, "source", f"set '{code}'")["text"],
        reviewed=content["review"]["status"] == "reviewed",
        specs=specs,
        notes=tuple(merged(note) for note in content.get("notes", ())),
    )


def _spec(
    of: str,
    entry: Mapping[str, Any],
    lists: Mapping[str, Dimension],
    everywhere: Iterable[str],
    kinds: Mapping[str, Any],
) -> Spec:
    code = _required(entry, "code", f"set '{of}': a table")
    where = f"table '{code}'"
    names = [*everywhere, *_required(entry, "dimensions", where)]
    for name in names:
        if name not in lists:
            raise SpecificationError(f"{where}: there is no code list '{name}'.")
    _each_once(names, f"{where}: dimension")
    events = tuple(_required(entry, "events", where))
    for event in events:
        if event not in kinds:
            raise SpecificationError(f"{where}: the set does not describe the event '{event}'.")
    stocks = {bool(kinds[event].get("stock")) for event in events}
    if len(stocks) != 1:
        raise SpecificationError(f"{where}: stocks and flows cannot be added.")
    if not _required(entry, "title", where).get("en"):
        raise SpecificationError(f"{where}: the English title is missing.")
    narrowed = {
        column: tuple(str(value) for value in values)
        for column, values in entry.get("where", {}).items()
    }
    for column in narrowed:
        if column not in NAMES:
            raise SpecificationError(f"{where}: events have no column '{column}'.")
    return Spec(
        code=code,
        set=of,
        title=merged(entry["title"]),
        events=events,
        dimensions=tuple(lists[name] for name in names),
        period=Period(_required(entry, "period", where)),
        legal=_legal(_required(entry, "legal", where), where),
        definition=merged(_required(entry, "definition", where)),
        stock=stocks.pop(),
        where=narrowed,
        footnotes=tuple(merged(note) for note in entry.get("footnotes", ())),
        due_months=entry.get("due_months"),
    )


def _legal(entry: Mapping[str, Any], where: str) -> Legal:
    legal = Legal(
        _required(entry, "citation", where),
        entry.get("words", ""),
        _required(entry, "evidence", where),
        entry.get("period_evidence", entry["evidence"]),
    )
    for evidence in (legal.evidence, legal.period_evidence):
        if evidence not in _EVIDENCE:
            raise SpecificationError(
                f"{where}: evidence '{evidence}' is none of {', '.join(sorted(_EVIDENCE))}."
            )
    return legal


def _required(entry: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in entry:
        raise SpecificationError(f"{where}: '{key}' is missing.")
    return entry[key]


def _each_once(found: list[str], what: str) -> None:
    for name in found:
        if found.count(name) > 1:
            raise SpecificationError(f"{what} '{name}' is there twice.")
