# SPDX-License-Identifier: EUPL-1.2
"""Indicators that flow by themselves: read where months are released, never copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mostovi.statistics import open_data
from mostovi.statistics import region as regional
from mostovi.statistics.catalogue import template
from mostovi.statistics.letters import cells_of
from mostovi.statistics.models import MonthlyTable
from mostovi.statistics.months import Month
from mostovi.statistics.region import MISSING, PARTNERS, Figure
from mostovi.statistics.services import newest_tables
from mostovi.statistics.tables import Text

YEAR = 12
"""Months of an indicator's history that are shown."""


@dataclass(frozen=True)
class LiveFigure:
    """An indicator of the newest released month: the region's and each partner's figure."""

    code: str
    title: Text
    month: Month
    region: Figure
    partners: int
    by_partner: tuple[tuple[str, Figure], ...] = ()


@dataclass(frozen=True)
class History:
    """An indicator by month, oldest first. A month in which a part is hidden has no sum.

    partners: how many had released the month; a sum of fewer than all says so.
    """

    code: str
    title: Text
    periods: tuple[str, ...]
    values: tuple[int | None, ...]
    partners: tuple[int, ...]


def newest_month(*, public: bool = False, until: str = "") -> Month | None:
    """The newest released month; public: of which an edition was published."""
    if public:
        periods = [p for p in open_data.editions() if not until or p <= until]
        return Month.parse(max(periods)) if periods else None
    rows = MonthlyTable.objects.order_by("-period")
    rows = rows.filter(period__lte=until) if until else rows
    period = rows.values_list("period", flat=True).first()
    return Month.parse(period) if period else None


def latest(*, public: bool = False, until: str = "") -> dict[str, LiveFigure]:
    """Every indicator of the newest month, from published cells alone."""
    month, chosen = newest_month(public=public, until=until), template()
    if month is None:
        return {}
    rows: Iterable[MonthlyTable] = newest_tables(month).values()
    if public:
        rows = _published([str(month)])
    published: dict[str, dict[Any, int | None]] = {}
    for row in rows:
        published.setdefault(row.partner, {}).update(cells_of(chosen.table(row.table), row.cells))
    by_partner = {partner: regional.figures(chosen, cells) for partner, cells in published.items()}
    return {
        line.indicator.code: LiveFigure(
            line.indicator.code, line.indicator.title, month, line.region,
            sum(part != MISSING for part in line.figures),
            tuple(zip(PARTNERS, line.figures, strict=True)),
        )
        for line in regional.lines(chosen, by_partner)
    }  # fmt: skip


def _published(periods: list[str]) -> list[MonthlyTable]:
    """The tables that the newest editions of the months name."""
    newest = open_data.editions()
    return [
        row
        for row in MonthlyTable.objects.filter(period__in=periods)
        if row.period in newest and newest[row.period].revisions.get(row.partner) == row.revision
    ]


def histories(codes: Iterable[str], *, public: bool = False, until: str = "") -> list[History]:
    """The last twelve months of the indicators of the region, those without any sum left out."""
    last, chosen = newest_month(public=public, until=until), template()
    if last is None:
        return []
    periods = _months_back(str(last))
    if public:
        rows = _published(periods)
    else:
        rows = list(MonthlyTable.objects.filter(period__in=periods).order_by("revision"))
    newest = {(row.partner, row.table, row.period): row for row in rows}
    found = []
    for code in dict.fromkeys(codes):
        indicator = chosen.indicator(code)
        measures = {table.code: table for table in chosen.tables}
        parts: dict[str, dict[str, int | None]] = {}
        for (partner, table, period), row in newest.items():
            if measures.get(table) is None or measures[table].measure != indicator.cell.measure:
                continue
            cells = cells_of(measures[table], row.cells)
            if indicator.cell in cells:
                parts.setdefault(period, {})[partner] = cells[indicator.cell]
        values = tuple(_sum(parts.get(period, {})) for period in periods)
        if any(value is not None for value in values):
            many = tuple(len(parts.get(period, {})) for period in periods)
            found.append(History(code, indicator.title, tuple(periods), values, many))
    return found


def _sum(parts: dict[str, int | None]) -> int | None:
    known = [value for value in parts.values() if value is not None]
    return sum(known) if parts and len(known) == len(parts) else None


def _months_back(last: str) -> list[str]:
    year, month = int(last[:4]), int(last[5:])
    found = []
    for _one in range(YEAR):
        found.append(f"{year}-{month:02}")
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    return found[::-1]
