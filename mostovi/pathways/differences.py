# SPDX-License-Identifier: EUPL-1.2
"""What differs between two versions of a pathway, entry by entry, and line by line.

Conditions are matched by the path of codes that leads to them, then by a code that occurs once in
both; a code that stands elsewhere now is one condition that moved, not one gone and one new.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from mostovi.pathways.law import Condition, PathwayVersion, Sourced


class How(StrEnum):
    """How an entry differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Change:
    """One entry that differs. what: condition, document, deadline, fee, right, or version.

    fields names what differs of a changed entry; before and after are the entries (for a version
    the versions themselves).
    """

    what: str
    code: str
    how: How
    before: Any
    after: Any
    fields: tuple[str, ...] = ()


Path = tuple[str, ...]

_CONDITION = (
    "title", "topic", "combination", "test", "count", "citation", "evidence", "confidence",
    "valid_from", "valid_to", "definition", "note",
)  # fmt: skip
_VERSION = (
    "valid_from", "valid_to", "complete", "authority", "appeal", "next", "implements", "note",
)  # fmt: skip
_LISTS = (
    ("document", "documents"), ("deadline", "deadlines"), ("fee", "fees"), ("right", "rights"),
)  # fmt: skip


def changes(before: PathwayVersion, after: PathwayVersion) -> tuple[Change, ...]:
    """Everything that differs, conditions first. Reviews and the order of entries are no law."""
    return (
        *_conditions(before, after),
        *(change for what, name in _LISTS for change in _entries(what, name, before, after)),
        *_whole(before, after),
    )


def _whole(before: PathwayVersion, after: PathwayVersion) -> Iterator[Change]:
    fields = _differing(before, after, _VERSION)
    if fields:
        yield Change("version", after.version, How.CHANGED, before, after, fields)


def _differing(before: Any, after: Any, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _conditions(before: PathwayVersion, after: PathwayVersion) -> Iterator[Change]:
    old, new = dict(_placed(before.conditions)), dict(_placed(after.conditions))
    pairs = _matched(old, new)
    back = {there: here for here, there in pairs.items()}
    for path, condition in new.items():
        if path not in back:
            # What is new as a group is told once, with all that is in it.
            if path[:-1] not in new or path[:-1] in back:
                yield Change("condition", path[-1], How.ADDED, None, condition)
            continue
        was = back[path]
        fields = _differing(old[was], condition, _CONDITION)
        if was[:-1] != path[:-1] and pairs.get(was[:-1]) != path[:-1]:
            fields = (*fields, "place")
        if fields:
            yield Change("condition", path[-1], How.CHANGED, old[was], condition, fields)
    for path, condition in old.items():
        if path not in pairs and (path[:-1] not in old or path[:-1] in pairs):
            yield Change("condition", path[-1], How.REMOVED, condition, None)


def _placed(conditions: Sequence[Condition], above: Path = ()) -> Iterator[tuple[Path, Condition]]:
    for condition in conditions:
        path = (*above, condition.code)
        yield path, condition
        yield from _placed(condition.parts, path)


def _matched(old: Mapping[Path, Condition], new: Mapping[Path, Condition]) -> dict[Path, Path]:
    pairs = {path: path for path in old if path in new}
    once = _single(old) & _single(new)
    there = {path[-1]: path for path in new}
    for path in old:
        if path not in pairs and path[-1] in once:
            pairs[path] = there[path[-1]]
    return pairs


def _single(placed: Mapping[Path, Condition]) -> set[str]:
    counted = Counter(path[-1] for path in placed)
    return {code for code, times in counted.items() if times == 1}


def _entries(
    what: str, name: str, before: PathwayVersion, after: PathwayVersion
) -> Iterator[Change]:
    old, new = _keyed(getattr(before, name)), _keyed(getattr(after, name))
    for key, entry in new.items():
        if key not in old:
            yield Change(what, entry.code, How.ADDED, None, entry)
        elif old[key] != entry:
            fields = _differing(old[key], entry, tuple(type(entry).__dataclass_fields__))
            yield Change(what, entry.code, How.CHANGED, old[key], entry, fields)
    for key, entry in old.items():
        if key not in new:
            yield Change(what, entry.code, How.REMOVED, entry, None)


def _keyed(listed: Sequence[Sourced]) -> dict[tuple[str, str, int], Sourced]:
    """Entries by code; a right also by when it is given; the same code again by its number."""
    found: dict[tuple[str, str, int], Sourced] = {}
    for entry in listed:
        number, when = 0, str(getattr(entry, "when", ""))
        while (entry.code, when, number) in found:
            number += 1
        found[entry.code, when, number] = entry
    return found


class DiffLine(NamedTuple):
    """A line of a text diff: its number before and after (0: not there), how, and the text."""

    before: int
    after: int
    how: How | None
    text: str


def line_differences(before: str, after: str, context: int = 3) -> tuple[DiffLine | None, ...]:
    """The lines that differ with some around them; None stands where equal lines are left out."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    found: list[DiffLine | None] = []
    reached = (0, 0)
    for group in matcher.get_grouped_opcodes(context):
        if (group[0][1], group[0][3]) != reached:
            found.append(None)
        for operation, i1, i2, j1, j2 in group:
            found += _lines(operation, (i1, i2), (j1, j2), old, new)
        reached = (group[-1][2], group[-1][4])
    if found and reached != (len(old), len(new)):
        found.append(None)
    return tuple(found)


def _lines(
    operation: str, i: tuple[int, int], j: tuple[int, int], old: list[str], new: list[str]
) -> Iterator[DiffLine]:
    if operation == "equal":
        for here, there in zip(range(*i), range(*j), strict=True):
            yield DiffLine(here + 1, there + 1, None, old[here])
        return
    for here in range(*i):
        yield DiffLine(here + 1, 0, How.REMOVED, old[here])
    for there in range(*j):
        yield DiffLine(0, there + 1, How.ADDED, new[there])
