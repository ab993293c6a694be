# SPDX-License-Identifier: EUPL-1.2
"""The results of calculations over own records as plain data for JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mostovi.statistics import quality
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.overlaps import Estimate

MOST_ROWS: Final = 250
"""Cells on one page; the largest tables have many more."""


@dataclass(frozen=True)
class Row:
    """One cell: its codes, the count here, what would leave (None: it would be hidden)."""

    codes: tuple[str, ...]
    count: int
    value: int | None


@dataclass(frozen=True)
class CountedCells:
    """A table's cells with people in them: the first `MOST_ROWS`, totals first; how many in all."""

    rows: tuple[Row, ...]
    all: int
    hidden: int

    @classmethod
    def of(cls, rows: Sequence[Row]) -> CountedCells:
        """What one page shows of all `rows`."""
        # Totals first: whoever reads from the top sees the whole before its parts.
        listed = sorted(rows, key=lambda row: -sum(part == TOTAL for part in row.codes))
        hidden = sum(row.value is None for row in rows)
        return cls(tuple(listed[:MOST_ROWS]), len(rows), hidden)

    def as_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        rows = [[list(row.codes), row.count, row.value] for row in self.rows]
        return {"rows": rows, "all": self.all, "hidden": self.hidden}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> CountedCells:
        """What `as_data` gave."""
        rows = tuple(Row(tuple(codes), count, value) for codes, count, value in data["rows"])
        return cls(rows, data["all"], data["hidden"])


def quality_report(data: Mapping[str, Any]) -> quality.Report:
    """The report that `quality.Report.as_data` gave."""

    def each(kind: Any, name: str) -> tuple[Any, ...]:
        return tuple(kind(**one) for one in data[name])

    return quality.Report(
        events=data["events"],
        first=data["first"],
        last=data["last"],
        completeness=each(quality.Completeness, "completeness"),
        gaps=tuple((partner, month) for partner, month in data["gaps"]),
        timeliness=each(quality.Timeliness, "timeliness"),
        findings=each(quality.Finding, "findings"),
        balances=each(quality.Balance, "balances"),
        revisions=each(quality.Revision, "revisions"),
        duplicates={code: Estimate(**one) for code, one in data["duplicates"].items()},
    )
