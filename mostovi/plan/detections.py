# SPDX-License-Identifier: EUPL-1.2
"""Frontex's monthly detections on the Western Balkan route. Pure.

A detection is a crossing that was detected, not a person: whoever is found twice counts twice, and
whoever is never found counts nowhere. Crossings are those of the EU's external border, so that
more can mean more people, more tries, or more border guards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mostovi.plan.columns import Table, Wrong, read

ROUTE = "Western Balkan Route"
COLUMNS = ("route", "type", "nationality", "month", "detections")


@dataclass(frozen=True, slots=True)
class Detected:
    """One row of the file, of the route."""

    kind: str
    nationality: str
    month: str
    detections: int


def read_detections(content: bytes) -> Table[Detected]:
    """Read the file; rows of other routes are checked too, and left out."""
    return read(content, COLUMNS, _row, lambda row: (row.kind, row.nationality, row.month))


def _row(values: dict[str, str], wrong: Wrong) -> Detected | None:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", values["month"]):
        wrong("month", "Write the month as year and month, such as 2022-07.")
    if not re.fullmatch(r"\d{1,9}(\.0+)?", values["detections"]):
        wrong("detections", "Write a whole number without separators.")
        return None
    if values["route"] != ROUTE:
        return None
    return Detected(
        values["type"], values["nationality"], values["month"],
        int(values["detections"].partition(".")[0]),
    )  # fmt: skip


def by_month(rows: Iterable[Detected]) -> Mapping[str, int]:
    """Detections by month, oldest first. Between first and last a month without a row is zero.

    The publisher leaves out what is zero; before the first and after the last nothing is known.
    """
    found: dict[str, int] = {}
    for row in rows:
        found[row.month] = found.get(row.month, 0) + row.detections
    if not found:
        raise ValueError(f"The file has no row of the route '{ROUTE}'.")
    first, last = min(found), max(found)
    year, month = int(first[:4]), int(first[5:])
    filled: dict[str, int] = {}
    while (here := f"{year}-{month:02}") <= last:
        filled[here] = found.get(here, 0)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return filled


def by_year(months: Mapping[str, int]) -> Mapping[int, int]:
    """Whole years only: one of which a month is not known has no sum."""
    years: dict[int, list[int]] = {}
    for month, value in months.items():
        years.setdefault(int(month[:4]), []).append(value)
    return {year: sum(values) for year, values in years.items() if len(values) == 12}
