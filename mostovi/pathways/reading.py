# SPDX-License-Identifier: EUPL-1.2
"""How law files are read: everything that is wrong is collected, with file, line and rule.

Stands on `procedures.tables`, which reads every declarative file of Mostovi key by key.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from mostovi.pathways.expressions import Comparison, Scalar
from mostovi.procedures.composing import Place
from mostovi.procedures.tables import CODE, FileProblem, Reading, Table

LARGEST_FILE = 500_000
"""Bytes; a pathway is a few pages, anything larger is not one."""

# libyaml reads the same language some ten times faster; a build without it reads it too.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class LawProblem(FileProblem):
    """One thing wrong: the file, the line, the rule it is in ("condition 'means'"), what to do."""

    rule: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (f"{self.file}:{self.line}", self.rule, self.text)))


class BadLaw(Exception):
    """The files are not law that can be used; `problems` is the whole list, file by file."""

    def __init__(self, problems: Iterable[LawProblem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.file, p.line, p.text)))
        super().__init__("\n".join(map(str, self.problems)))


class LawReading(Reading):
    """A file being read; its problems know their rule."""

    problems: list[LawProblem]  # type: ignore[assignment]

    def problem(self, place: Place | int, text: str, rule: str = "") -> None:
        """Note a problem; a text "rule: what" (as every `Table` writes it) is taken apart."""
        file, line = place if isinstance(place, tuple) else (self.file, place)
        if not rule and ": " in text:
            rule, _, text = text.partition(": ")
        self.problems.append(LawProblem(file, line, text, rule))

    def stop(self) -> None:
        """Raise `BadLaw` when anything was wrong."""
        if self.problems:
            raise BadLaw(self.problems)


class _Named(io.StringIO):
    name = ""


def top_table(reading: LawReading, text: str, where: str = "the file") -> Table:
    """The whole file as a table. Raises `BadLaw` when it is not YAML or too large."""
    stream = _Named(text)
    stream.name = reading.file
    if len(text.encode()) > LARGEST_FILE:
        raise BadLaw([LawProblem(reading.file, 1, f"larger than {LARGEST_FILE} bytes")])
    try:
        root = yaml.compose(stream, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "unreadable"
        line = mark.line + 1 if mark is not None else 1
        raise BadLaw([LawProblem(reading.file, line, f"not valid YAML: {what}")]) from error
    if root is None:
        raise BadLaw([LawProblem(reading.file, 1, "the file is empty")])
    return Table(reading, root, where)


def flag(table: Table, key: str, *, default: bool | None = False) -> bool | None:
    """True, false, or `default` when the key is missing or null."""
    value = table.text(key, required=False)
    if not value:
        return default
    if value.lower() not in BOOLEANS:
        table.problem(key, f"'{key}' must be true or false, not '{value}'")
        return default
    return BOOLEANS[value.lower()]


def amount(table: Table, key: str, *, required: bool = False) -> float | int | None:
    """A number of 0 or more; None when missing or null, which means: not known."""
    value = table.text(key, required=required)
    if not value:
        return None
    if not _NUMBER.match(value) or value.startswith("-"):
        table.problem(key, f"'{key}' must be a number of 0 or more, not '{value}'")
        return None
    return plain_number(value)


def plain_number(text: str) -> float | int:
    """The number as an int where it is one.

    >>> plain_number("1.0"), plain_number("1.5")
    (1, 1.5)
    """
    number = float(text)
    return int(number) if number == int(number) else number


def scalar(node: yaml.Node) -> Scalar | None:
    """A value as YAML says it: true, a number or a text; None for anything else.

    Quoted text stays text ('NO' is Norway); unquoted yes and no are true and false.
    """
    if not isinstance(node, yaml.ScalarNode):
        return None
    text = str(node.value).strip()
    if node.style in {"'", '"'}:
        return text
    if node.tag == "tag:yaml.org,2002:bool":
        return BOOLEANS.get(text.lower(), text.lower() == "on")
    if _NUMBER.match(text):
        return plain_number(text)
    return None if node.tag == "tag:yaml.org,2002:null" else text


def scalars(node: yaml.Node) -> tuple[Scalar, ...] | None:
    """A list of values, or None when it is not one (or empty)."""
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        return None
    values = [scalar(item) for item in node.value]
    return None if None in values else tuple(v for v in values if v is not None)


def comparison_keys(table: Table) -> list[str]:
    """The keys of the table that are comparisons (`in_list` is one as it is written)."""
    return [key for key in table.names if key in {*Comparison, "in_list", "not_in_list"}]


def texts_of(table: Table, key: str) -> tuple[str, ...]:
    """One text, or a list of texts (`codes` without the rule that they are codes)."""
    node = table.node(key, required=False)
    if node is None:
        return ()
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    found = [str(item.value).strip() for item in nodes if isinstance(item, yaml.ScalarNode)]
    if len(found) != len(nodes) or not all(found):
        table.problem(key, f"'{key}' must hold texts")
    return tuple(found)


__all__ = ["CODE", "BadLaw", "LawProblem", "LawReading", "Table", "top_table"]
