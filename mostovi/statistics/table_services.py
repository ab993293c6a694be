# SPDX-License-Identifier: EUPL-1.2
"""What a statistician sees of the table specifications at this node: cells, quality.

Both show counts before protection, so both are the releasing officer's alone, and are logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.statistics import own_events, protecting, quality
from mostovi.statistics.catalogue import FOLDER, specs, template
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.cubing import cube_rows
from mostovi.statistics.events import KEY, NAMES
from mostovi.statistics.models import MonthlyTable
from mostovi.statistics.months import Month
from mostovi.statistics.specs import Dimension, Spec

QUALITY_MONTHS = 12


@dataclass(frozen=True)
class Row:
    """One cell: its codes (`shown_dimensions`), the count here, what would leave."""

    codes: tuple[str, ...]
    count: int
    value: int | None


@transaction.atomic
def table_cells(actor: Actor, spec: Spec, month: Month) -> list[Row]:
    """The cells of the period that `month` ends or lies in, from this node's own records.

    Cells of nobody are left out. `value` is None where the cell would be hidden. There is one
    partner here, so the cells of all partners say the same and are left out too.
    """
    require(actor, Action.PUBLISH, Kind.STATISTIC)
    record(actor, AuditTag.STATISTICS_PREVIEWED, detail={"month": str(month), "table": spec.code})
    # Tables of the same events are protected as one: a question has one answer in all of them.
    together = [other for other in specs() if set(other.events) & set(spec.events)]
    kinds = {event for other in together for event in other.events}
    cells = cube_rows(own_events.events(first_month(spec, month), month, kinds), together)
    done = protecting.protect(cells, together, protection(), noise_secret())
    published = done[spec.code].table
    names = ("period", *spec.names)
    shown = dict(zip(_keys(published, names), published.column("value").to_pylist(), strict=True))
    counted = cells[spec.code]
    kept = [names.index(dimension.code) for dimension in shown_dimensions(spec)]
    return [
        Row(tuple(key[place] for place in kept), count, shown.get(key))
        for key, count in zip(
            _keys(counted, names), counted.column("count").to_pylist(), strict=True
        )
        if "partner" not in names or key[names.index("partner")] != TOTAL
    ]


def shown_dimensions(spec: Spec) -> list[Dimension]:
    """The dimensions that tell this node's cells apart: all but the partner."""
    return [dimension for dimension in spec.dimensions if dimension.code != "partner"]


def _keys(table: Any, names: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))


@cache
def protection() -> protecting.Protection:
    """How tables are protected at this node."""
    content = yaml.safe_load((FOLDER / "protection.yaml").read_text(encoding="utf-8"))
    return protecting.parse_protection(content)


def noise_secret() -> bytes:
    """The node's secret for the noise on its tables."""
    return vault().blind("statistics noise")


def first_month(spec: Spec, month: Month) -> Month:
    """The first month of the spec's period that `month` lies in."""
    return month.back((month.number - 1) % spec.period.months)


@transaction.atomic
def own_quality(actor: Actor, last: Month) -> quality.Report:
    """The quality of this node's own records over a year, and of what it released."""
    import ibis
    import pyarrow as pa

    require(actor, Action.PUBLISH, Kind.STATISTIC)
    record(actor, AuditTag.STATISTICS_PREVIEWED, detail={"month": str(last), "table": "quality"})
    columns: dict[str, list[Any]] = {name: [] for name in NAMES}
    for event in own_events.events(last.back(QUALITY_MONTHS - 1), last):
        for name, values in columns.items():
            values.append(event.get(name))
    schema = pa.schema([(name, pa.float64() if name == KEY else pa.string()) for name in NAMES])
    events = ibis.memtable(pa.table(columns, schema=schema))
    wanted = [spec for spec in specs() if set(spec.events) & own_events.kinds()]
    return quality.report(events, wanted, revisions=_revisions(last))


def _revisions(last: Month) -> list[quality.Revision]:
    """What this node's revisions changed, month by month and table by table."""
    rows = MonthlyTable.objects.filter(
        node=settings.MOSTOVI.code,
        period__gte=str(last.back(QUALITY_MONTHS - 1)),
        period__lte=str(last),
    ).order_by("period", "table", "revision")
    told: dict[tuple[str, str, str], list[tuple[date, quality.Cells]]] = {}
    for row in rows:
        cells = {tuple(codes): value for codes, value in row.cells}
        key = (row.partner, row.table, row.period)
        told.setdefault(key, []).append((row.released_at.date(), cells))
    due = template().due_day
    return [
        quality.revision(partner, table, period, found, Month.parse(period).due(due))
        for (partner, table, period), found in told.items()
    ]
