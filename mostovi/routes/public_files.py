# SPDX-License-Identifier: EUPL-1.2
"""Reads the public files: monthly detections of Frontex, incidents of IOM Missing Migrants.

Pure: rows come in, counts by month go out. Both publishers release these figures themselves; they
are taken over as they are, summed to whole months, and an incident's place only as the way it is
nearest to. A file with one wrong row is not taken at all: the problems name row and column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mostovi.routes.network import Network

MOST_PROBLEMS = 100
_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])\Z")
_CODE = re.compile(r"[A-Z]{3}\Z")


class Publisher(StrEnum):
    """Whose figures they are."""

    FRONTEX = "frontex"
    IOM = "iom"


COLUMNS: Mapping[Publisher, frozenset[str]] = {
    Publisher.FRONTEX: frozenset({"route", "nationality", "month", "detections"}),
    Publisher.IOM: frozenset({"route", "country", "dead", "month", "lat", "lon"}),
}
"""The columns by which a file is known; others are left alone."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in which row (the heading is row 1) and column."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class PublicCell:
    """One count: of `measure`, on route `route` ('' for none), on way `way` ('' for all).

    group: a country of citizenship (ISO 3166 alpha-3), '' for all together.
    """

    route: str
    way: str
    measure: str
    group: str
    period: str


@dataclass(frozen=True)
class PublicFile:
    """What a file says. first, last: the months it covers; a month without a row in it is zero."""

    publisher: Publisher
    counts: Mapping[PublicCell, int]
    rows: int
    first: str
    last: str


class FileRefused(Exception):
    """The file is not taken; `problems` names the rows."""

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


def publisher_of(columns: Iterable[str]) -> Publisher | None:
    """Whose file has these columns; None when it is no file of theirs."""
    there = set(columns)
    return next((publisher for publisher, needed in COLUMNS.items() if needed <= there), None)


def read(publisher: Publisher, rows: Iterable[Mapping[str, str]], network: Network) -> PublicFile:
    """The counts of a file. Raises `FileRefused` with the wrong rows, `MOST_PROBLEMS` at most."""
    take = _detections if publisher is Publisher.FRONTEX else _incident
    counts: Counter[PublicCell] = Counter()
    problems: list[Problem] = []
    months: set[str] = set()
    number = 1
    for number, row in enumerate(rows, start=2):
        found = take(row, number, network, problems)
        if len(problems) >= MOST_PROBLEMS:
            break
        for cell, count in found:
            counts[cell] += count
            months.add(cell.period)
    if problems:
        raise FileRefused("Some rows are wrong. Correct them and import the file again.", problems)
    if not months:
        raise FileRefused("The file has a heading and no rows.")
    return PublicFile(publisher, dict(counts), number - 1, min(months), max(months))


Found = list[tuple[PublicCell, int]]


def _detections(
    row: Mapping[str, str], number: int, _network: Network, problems: list[Problem]
) -> Found:
    route, month = slug(row["route"]), _month(row, number, problems)
    count = _whole(row, "detections", number, problems)
    group = (row["nationality"] or "").strip().upper()
    if not route:
        problems.append(Problem(number, "route", "The route is empty."))
    if not _CODE.match(group):
        problems.append(Problem(number, "nationality", f"'{group}' has not three letters."))
    if month is None or count is None:
        return []
    return [
        (PublicCell(route, "", "people", "", month), count),
        (PublicCell(route, "", "people", group, month), count),
    ]


def _incident(
    row: Mapping[str, str], number: int, network: Network, problems: list[Problem]
) -> Found:
    month, dead = _month(row, number, problems), _whole(row, "dead", number, problems)
    latitude = _degrees(row, "lat", 90, number, problems)
    longitude = _degrees(row, "lon", 180, number, problems)
    if month is None or dead is None or latitude is None or longitude is None:
        return []
    found = [(PublicCell(slug(row["route"]), "", "deaths", "", month), dead)]
    way = network.nearest(latitude, longitude, (row["country"] or "").strip().upper())
    if way is not None:
        found.append((PublicCell("", way.code, "deaths", "", month), dead))
    return found


def _month(row: Mapping[str, str], number: int, problems: list[Problem]) -> str | None:
    text = (row["month"] or "").strip()
    if _MONTH.match(text):
        return text
    problems.append(Problem(number, "month", f"'{text}' is no month. Write it as 2026-03."))
    return None


def _whole(row: Mapping[str, str], column: str, number: int, problems: list[Problem]) -> int | None:
    text = (row[column] or "").strip()
    try:
        value = float(text)
        if value >= 0 and value == int(value) and value < 10_000_000:
            return int(value)
    except (ValueError, OverflowError):
        pass
    problems.append(Problem(number, column, f"'{text}' is no whole number from 0."))
    return None


def _degrees(
    row: Mapping[str, str], column: str, most: int, number: int, problems: list[Problem]
) -> float | None:
    text = (row[column] or "").strip()
    try:
        if abs(value := float(text)) <= most:
            return value
    except ValueError:
        pass
    problems.append(Problem(number, column, f"'{text}' is not between -{most} and {most}."))
    return None


def slug(name: str) -> str:
    """A route's name as a code: 'Western Balkan Route' is 'western-balkan'.

    >>> slug("Circular Route from Albania to Greece")
    'circular-route-from-albania-to-greece'
    """
    words = re.findall(r"[a-z0-9]+", (name or "").lower())
    if words and words[-1] in {"route", "routes"}:
        words = words[:-1]
    return "-".join(words)[:60]
