# SPDX-License-Identifier: EUPL-1.2
"""Where counts come from: one function for each measure, registered by name.

A function gets the table and the month's bounds and returns the innermost counts, keyed by one
code for each dimension in the table's order. It counts in the database and returns no person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from mostovi.statistics.months import Month
from mostovi.statistics.tables import Table

Counts = Mapping[tuple[str, ...], int]
Count = Callable[[Table, Month, datetime, datetime], Counts]
_sources: dict[str, Count] = {}

AGE_GROUPS = ((12, "0-11"), (18, "12-17"), (35, "18-34"), (60, "35-59"), (200, "60-"))
"""(first age that is too old, code), in order."""


def register(measure: str, count: Count) -> None:
    """Let `count` answer for `measure`."""
    _sources[measure] = count


def counted(table: Table, month: Month, start: datetime, end: datetime) -> Counts:
    """The innermost counts of `table`. Raises `LookupError` when nobody counts its measure."""
    count = _sources.get(table.measure)
    if count is None:
        raise LookupError(f"Nothing counts '{table.measure}'.")
    return count(table, month, start, end)


def sex_code(sex: str | None) -> str:
    """The table's code of a recorded sex; answers that few give are one code together."""
    return sex if sex in {"female", "male"} else "other"


def age_code(birth_year: int | None, certainty: str, month: Month) -> str:
    """The age group in the year of the month.

    Only the year of birth is known, so the age is that of somebody whose birthday is still to
    come: at a limit a person counts as the younger one. A person whose age is in doubt counts as
    a child (R7).

    >>> age_code(2008, "exact", Month(2026, 10))
    '12-17'
    """
    if birth_year is None:
        return "12-17" if certainty == "doubted" else "unknown"
    age = max(0, month.year - birth_year - 1)
    if certainty == "doubted":
        age = min(age, 17)
    return next((code for too_old, code in AGE_GROUPS if age < too_old), "unknown")


def tally(rows: Iterable[tuple[tuple[str, ...], int]]) -> dict[tuple[str, ...], int]:
    """Sum counts of equal keys (several recorded values can share one code)."""
    total: Counter[tuple[str, ...]] = Counter()
    for key, count in rows:
        total[key] += count
    return dict(total)
