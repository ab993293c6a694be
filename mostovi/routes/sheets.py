# SPDX-License-Identifier: EUPL-1.2
"""Reads observations from a sheet (CSV or Excel), row by row, with every mistake named.

Pure: rows of text come in. A sheet with one wrong row is not taken at all, so that nobody has to
find out which half of it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mostovi.routes.measures import Nature
from mostovi.routes.public_files import MOST_PROBLEMS, FileRefused, Problem

COLUMNS: tuple[str, ...] = (
    "reference", "point", "day", "way", "nature", "hours", "people", "children_alone", "violence",
    "deaths", "missing",
)  # fmt: skip
"""The columns of the sheet. reference: the sender's own number of the row; the same one again is
the same observation. way: from and to, as on the list of ways; empty when it is not known. nature:
count or survey. hours: how long was counted that day. violence: of the people asked in a survey."""
NEEDED = ("reference", "point", "day", "people")
COUNTS = ("people", "children_alone", "violence", "deaths", "missing")
MOST_PEOPLE = 100_000
_ISO, _LOCAL = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)"), re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})\.?")


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation: how many were seen at a point on a day. None is not known, 0 is nobody."""

    reference: str
    point: str
    day: date
    way: str
    nature: Nature
    hours: float | None
    people: int
    children_alone: int | None = None
    violence: int | None = None
    deaths: int | None = None
    missing: int | None = None


def read(
    rows: Iterable[Mapping[str, object]],
    *,
    points: Collection[str],
    ways: Collection[str],
    today: date,
) -> list[Seen]:
    """The observations of a sheet. Raises `FileRefused` with every wrong cell."""
    found: list[Seen] = []
    problems: list[Problem] = []
    references: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        texts = {name: _text(row.get(name)) for name in COLUMNS}
        if not any(texts.values()):
            continue
        one = _seen(texts, number, points, ways, today, problems)
        if one is not None:
            if first := references.get(one.reference):
                problems.append(
                    Problem(number, "reference", f"'{one.reference}' is in row {first} already.")
                )
            references.setdefault(one.reference, number)
            found.append(one)
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise FileRefused("Some rows are wrong. Nothing was taken in.", problems)
    if not found:
        raise FileRefused("The sheet has a heading and no rows.")
    return found


def missing_columns(columns: Sequence[str]) -> list[str]:
    """Which of the needed columns a heading does not have."""
    return [name for name in NEEDED if name not in columns]


def _seen(
    texts: Mapping[str, str],
    number: int,
    points: Collection[str],
    ways: Collection[str],
    today: date,
    problems: list[Problem],
) -> Seen | None:
    before = len(problems)

    def wrong(column: str, text: str) -> None:
        problems.append(Problem(number, column, text))

    if not texts["reference"]:
        wrong("reference", "Give each row a number or name of its own.")
    if texts["point"] not in points:
        wrong("point", f"'{texts['point']}' is no point of this node that is open.")
    if texts["way"] and texts["way"] not in ways:
        wrong("way", f"'{texts['way']}' is not on the list of ways. Leave it empty if not known.")
    day = day_of(texts["day"])
    if day is None:
        wrong("day", f"'{texts['day']}' is no day. Write it as 2026-03-31 or 31.3.2026.")
    elif day > today:
        wrong("day", f"'{texts['day']}' has not come yet.")
    nature = texts["nature"] or Nature.COUNT.value
    if nature not in set(Nature):
        wrong("nature", f"'{nature}' is not known. Write count or survey.")
    hours = _hours(texts["hours"])
    if texts["hours"] and hours is None:
        wrong("hours", f"'{texts['hours']}' is not between 0 and 24.")
    counts = {name: _count(texts[name]) for name in COUNTS}
    for name in COUNTS:
        if texts[name] and counts[name] is None:
            wrong(name, f"'{texts[name]}' is no whole number from 0 to {MOST_PEOPLE}.")
    people = counts["people"]
    if people is None and not texts["people"]:
        wrong("people", "Write how many were seen, 0 for nobody.")
    for name in ("children_alone", "violence"):
        if people is not None and (counts[name] or 0) > people:
            wrong(name, f"{counts[name]} is more than the {people} people seen.")
    if len(problems) > before or day is None or people is None:
        return None
    return Seen(
        texts["reference"][:100], texts["point"], day, texts["way"], Nature(nature), hours, people,
        counts["children_alone"], counts["violence"], counts["deaths"], counts["missing"],
    )  # fmt: skip


def _text(value: object) -> str:
    """A cell as text; a spreadsheet gives numbers and days as themselves."""
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat()[:10]
    return str(value).strip()


def day_of(text: str) -> date | None:
    """A day written as 2026-03-31 or 31.3.2026; None when it is neither."""
    try:
        if match := _ISO.fullmatch(text):
            return date(*(int(part) for part in match.groups()))
        if match := _LOCAL.fullmatch(text):
            day, month, year = (int(part) for part in match.groups())
            return date(year, month, day)
    except ValueError:
        return None
    return None


def _count(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 8 and int(text) <= MOST_PEOPLE:
        return int(text)
    return None


def _hours(text: str) -> float | None:
    try:
        hours = float(text.replace(",", "."))
    except ValueError:
        return None
    return hours if 0 < hours <= 24 else None
