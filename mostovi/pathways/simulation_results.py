# SPDX-License-Identifier: EUPL-1.2
"""A simulation's result as plain values, as it is stored, shown, drawn and taken away.

Counts of people are pairs: at least, and at most. `unchanged` are those to whom the reform makes no
difference; `uncertain` those of whom the facts or the law do not tell.

Keys: `rows` (one a group) and `total`, each with `groups` (list of codes), `people`,
`open_before`, `open_after`, `newly_qualify`, `lose`, `unchanged`, `uncertain` ([least, most]) and
`uncertain_share` (0 to 1, or null where nobody is counted); `by`, `same_rule`, `exact`, `missing`,
`unconfirmed`, `left_out`, `protected` (null, or what the protection of real people says of itself).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from mostovi.pathways.simulation import MEASURES, Range, Row, Simulation

SHOWN: Final = (*MEASURES, "unchanged", "uncertain")
"""What is counted of each group."""


@dataclass(frozen=True)
class ProtectedRow(Row):
    """A group of real people: every count is a range, also how many they are (R11)."""

    people_between: Range
    unchanged_between: Range
    undecided_between: Range


@dataclass(frozen=True)
class ProtectedSimulation(Simulation):
    """A result about real people. counted_on: the day whose protected counts it stands on; every
    count of that day was moved to a multiple of `rounded_to`."""

    counted_on: date
    rounded_to: int


def as_result(found: Simulation) -> dict[str, Any]:
    """The plain values of a result."""
    rows = [_row(row) for row in found.rows] if found.by else []
    return {
        "by": list(found.by),
        "rows": rows,
        "total": _row(found.total),
        "same_rule": found.same_rule,
        "exact": found.exact,
        "missing": list(found.missing),
        "unconfirmed": list(found.unconfirmed),
        "left_out": dict(found.left_out),
        "signed_off": found.signed_off,
        "protected": {
            "counted_on": found.counted_on.isoformat(),
            "rounded_to": found.rounded_to,
        }
        if isinstance(found, ProtectedSimulation)
        else None,
    }


def _row(row: Row) -> dict[str, Any]:
    people, unchanged, uncertain = _whole(row)
    most = uncertain.most
    return {
        "groups": list(row.groups),
        "people": _pair(people),
        **{name: _pair(measure) for name, measure in row.ranges().items()},
        "unchanged": _pair(unchanged),
        "uncertain": _pair(uncertain),
        "uncertain_share": round((most or 0) / people.most, 4) if people.most else None,
    }


def _whole(row: Row) -> tuple[Range, Range, Range]:
    """People, unchanged and uncertain of a group."""
    if isinstance(row, ProtectedRow):
        return row.people_between, row.unchanged_between, row.undecided_between
    nothing = Range(None, None)
    people, undecided = row.people, row.undecided
    sure = (row.newly_qualify.least, row.lose.least)
    if people is None or undecided is None or sure[0] is None or sure[1] is None:
        return nothing, nothing, nothing
    # Whoever certainly gains or loses is not among the undecided.
    most = people - sure[0] - sure[1]
    return Range(people, people), Range(most - undecided, most), Range(undecided, undecided)


def _pair(found: Range) -> list[float | None]:
    return [_number(found.least), _number(found.most)]


def _number(value: float | None) -> float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 1)
