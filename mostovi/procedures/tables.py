# SPDX-License-Identifier: EUPL-1.2
"""Reads content files key by key and collects what is wrong, each with file and line.

Used by every loader of declarative content (procedures, deadlines, records). Pure.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import yaml

from mostovi.procedures.composing import Place, place_of
from mostovi.procedures.definition import (
    FALLBACK_LANGUAGE,
    Evidence,
    Named,
    Review,
    ReviewStatus,
    Source,
    Translations,
)

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?\Z")

_Kind = TypeVar("_Kind", bound=enum.StrEnum)
_Built = TypeVar("_Built")


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong, where it is, and what to do."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass
class Reading:
    """One file being read: the problems so far, and the line of everything that has a code."""

    file: str
    problems: list[FileProblem] = field(default_factory=list)
    lines: dict[tuple[str, str], Place] = field(default_factory=dict)

    def problem(self, place: Place | int, text: str) -> None:
        file, line = place if isinstance(place, tuple) else (self.file, place)
        self.problems.append(FileProblem(file, line, text))

    def line_of(self, kind: str, code: str) -> Place:
        return self.lines.get((kind, code), (self.file, 1))


class Table:
    """A YAML mapping read key by key; keys left over are reported by `done`."""

    def __init__(self, reading: Reading, node: yaml.Node, where: str = "the file") -> None:
        self.reading, self.where, self.line = reading, where, place_of(node)
        self._values: dict[str, yaml.Node] = {}
        self._key_lines: dict[str, Place] = {}
        self._asked: set[str] = set()
        if not isinstance(node, yaml.MappingNode):
            reading.problem(self.line, f"{where} must be a table of 'key: value' lines")
            return
        for key, value in node.value:
            name = str(key.value)
            if name in self._values:
                reading.problem(place_of(key), f"'{name}' is written twice in {where}")
            self._values[name], self._key_lines[name] = value, place_of(key)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def key_place(self, key: str) -> Place:
        return self._key_lines.get(key, self.line)

    def problem(self, key: str, text: str) -> None:
        self.reading.problem(self.key_place(key), f"{self.where}: {text}")

    def node(self, key: str, *, required: bool = True) -> yaml.Node | None:
        self._asked.add(key)
        value = self._values.get(key)
        if value is None or (isinstance(value, yaml.ScalarNode) and is_null(value)):
            if required:
                self.problem(key, f"'{key}' is missing")
            return None
        return value

    def text(self, key: str, *, required: bool = True) -> str:
        node = self.node(key, required=required)
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self.problem(key, f"'{key}' must be a text")
            return ""
        return str(node.value).strip()

    def code(self, key: str, *, required: bool = True) -> str:
        value = self.text(key, required=required)
        if value and not CODE.match(value):
            self.problem(key, f"'{key}' must be a code of a-z, 0-9 and _, not '{value}'")
        return value

    def number(self, key: str) -> int:
        value = self.text(key)
        if value and not value.isascii() or not value.isdigit() or int(value) < 1:
            if value:
                self.problem(key, f"'{key}' must be a whole number above 0, not '{value}'")
            return 1
        return int(value)

    def flag(self, key: str) -> bool:
        value = self.text(key, required=False)
        if value not in {"", "true", "false"}:
            self.problem(key, f"'{key}' must be true or false, not '{value}'")
        return value == "true"

    def day(self, key: str) -> date | None:
        value = self.text(key, required=False)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.problem(key, f"'{key}' must be a date like 2026-11-24, not '{value}'")
            return None

    def choice(self, key: str, kind: type[_Kind], default: _Kind | None = None) -> _Kind:
        value = self.text(key, required=default is None)
        fallback = default if default is not None else next(iter(kind))
        if not value:
            return fallback
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(kind)
            self.problem(key, f"'{key}' must be one of {known}, not '{value}'")
            return fallback

    def codes(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """One code, or a list of codes."""
        node = self.node(key, required=required)
        if node is None:
            return ()
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found = []
        for item in nodes:
            if not isinstance(item, yaml.ScalarNode) or not CODE.match(item.value):
                self.reading.problem(place_of(item), f"{self.where}: '{key}' must hold codes only")
            else:
                found.append(item.value)
        if len(found) != len(set(found)):
            self.problem(key, f"'{key}' names the same code twice")
        return tuple(found)

    def words(self, key: str, *, required: bool = True) -> Translations:
        """A text for each language; English must be there."""
        node = self.node(key, required=required)
        if node is None:
            return {}
        table = Table(self.reading, node, f"{self.where}, {key}")
        texts = {language: table.text(language) for language in table.names}
        for language in texts:
            if not LANGUAGE.match(language):
                table.problem(language, f"'{language}' is not a language code")
        if FALLBACK_LANGUAGE not in texts:
            self.problem(key, f"'{key}' needs a text in English ('en')")
        return texts

    def table(self, key: str, *, required: bool = True) -> Table | None:
        node = self.node(key, required=required)
        return Table(self.reading, node, f"{self.where}, {key}") if node is not None else None

    def named(
        self, key: str, what: str, build: Callable[[str, Table], _Built], *, required: bool = True
    ) -> Mapping[str, _Built]:
        """A table of tables: each code with what `build` makes of it."""
        node = self.node(key, required=required)
        if node is None:
            return {}
        outer = Table(self.reading, node, key)
        built = {}
        for code in outer.names:
            if not CODE.match(code):
                outer.problem(code, f"'{code}' must be a code of a-z, 0-9 and _")
            self.reading.lines[what, code] = outer.key_place(code)
            inner = outer.node(code)
            if inner is not None:
                table = Table(self.reading, inner, f"{what} '{code}'")
                table.line = outer.key_place(code)
                built[code] = build(code, table)
                table.done()
        return built

    def items(self, key: str, what: str, *, required: bool = True) -> list[Table]:
        """A list of tables."""
        node = self.node(key, required=required)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.problem(key, f"'{key}' must be a list of {what}s")
            return []
        return [Table(self.reading, item, what) for item in node.value]

    def done(self) -> None:
        """Report keys that nobody asked for."""
        for key in self._values.keys() - self._asked:
            self.problem(key, f"unknown key '{key}'")


def is_null(node: yaml.ScalarNode) -> bool:
    return node.tag == "tag:yaml.org,2002:null"


def review_of(table: Table | None) -> Review:
    if table is None:
        return Review(ReviewStatus.UNREVIEWED)
    review = Review(
        status=table.choice("status", ReviewStatus),
        by=table.text("by", required=False) or None,
        on=table.day("on"),
        who_can=table.text("who_can"),
    )
    if review.is_reviewed and not (review.by and review.on):
        table.problem("status", "a reviewed file says who reviewed it ('by') and when ('on')")
    table.done()
    return review


def named_of(code: str, table: Table) -> Named:
    return Named(code, table.words("label"))


def source_of(code: str, table: Table) -> Source:
    return Source(
        code=code,
        title=table.text("title"),
        publisher=table.text("publisher"),
        year=table.number("year"),
        evidence=table.choice("evidence", Evidence),
        url=table.text("url", required=False),
        note=table.text("note", required=False),
    )
