# SPDX-License-Identifier: EUPL-1.2
"""Reads count series from a CSV file, naming every wrong row. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

_MONTH = re.compile(r"(\d{4})-(\d\d)")
_WEEK = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
MOST_ROWS = 2_000_000
MOST_PROBLEMS = 50
MOST_PERIODS = 5_000


class WrongFile(ValueError):
    """The file cannot be used; `problems` names rows and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class FileSeries:
    """A series of a file; see `detecting.CountSeries`."""

    code: str
    period: Literal["week", "month"]
    start: date
    counts: tuple[int | None, ...]


def read(data: bytes, name: str) -> list[FileSeries]:
    """The series of a file, in order of their codes. Raises `WrongFile`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongFile(["The file is not UTF-8. Save it as 'CSV UTF-8'."]) from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    columns = [column.strip().lower() for column in rows.fieldnames or [] if column]
    rows.fieldnames = columns
    if {"route", "month", "detections"} <= set(columns):
        code, period, count, silent = "route", "month", "detections", 0
    elif {"period", "count"} <= set(columns):
        code, period, count, silent = "series", "period", "count", None
    else:
        raise WrongFile(
            ["The heading needs the columns period and count (and series), "
             "or route, month and detections."]
        )  # fmt: skip
    found: dict[str, dict[date, int | None]] = defaultdict(dict)
    kinds: dict[str, str] = {}
    problems: list[str] = []
    for number, row in enumerate(rows, start=2):
        if number > MOST_ROWS or len(problems) >= MOST_PROBLEMS:
            problems.append("Reading stopped here.")
            break
        which = (row.get(code) or "").strip() or name.rsplit(".", 1)[0]
        day, kind = _day((row.get(period) or "").strip())
        value, wrong = _count((row.get(count) or "").strip())
        if day is None:
            problems.append(
                f"row {number}: '{row.get(period)}' is no month (2026-03) and no Monday of a week."
            )
        elif kinds.setdefault(which, kind) != kind:
            problems.append(f"row {number}: {which} has months and weeks. Keep one of them.")
        elif wrong:
            problems.append(f"row {number}: the count '{row.get(count)}' is no whole number.")
        elif silent == 0:
            found[which][day] = (found[which].get(day) or 0) + (value or 0)
        elif day in found[which]:
            problems.append(f"row {number}: {row.get(period)} of {which} is there twice.")
        else:
            found[which][day] = value
    if not problems and not found:
        problems.append("The file has no row.")
    if problems:
        raise WrongFile(problems)
    return [
        _series(which, days, kinds[which], silent, found.values())
        for which, days in sorted(found.items())
    ]


def _series(
    code: str, known: dict[date, int | None], kind: str, silent: int | None, every: object
) -> FileSeries:
    first, last = min(known), max(known)
    if silent == 0:  # a publisher's silent months lie within the months of the whole file
        days = [day for one in every for day in one]  # type: ignore[attr-defined]
        first, last = min(days), max(days)
    places: list[date] = []
    day = first
    while day <= last:
        places.append(day)
        if len(places) > MOST_PERIODS:
            raise WrongFile([f"{code}: from {first} to {last} are over {MOST_PERIODS} periods."])
        day = day + timedelta(weeks=1) if kind == "week" else _next_month(day)
    return FileSeries(
        code, "week" if kind == "week" else "month", first,
        tuple(known.get(place, silent) for place in places),
    )  # fmt: skip


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _day(text: str) -> tuple[date | None, str]:
    try:
        if month := _MONTH.fullmatch(text):
            return date(int(month[1]), int(month[2]), 1), "month"
        if week := _WEEK.fullmatch(text):
            day = date(int(week[1]), int(week[2]), int(week[3]))
            return (day, "week") if day.weekday() == 0 else (None, "")
    except ValueError:
        pass
    return None, ""


def _count(text: str) -> tuple[int | None, bool]:
    if not text:
        return None, False
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return None, True
    return int(text), False
