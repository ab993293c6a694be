# SPDX-License-Identifier: EUPL-1.2
"""The work of a calculation over own records, done in a process of its own (`procedures.batches`).

Only that process loads what tables of events need; the node that answers pages stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django.conf import settings

from mostovi.procedures import batches
from mostovi.procedures.batches import RunState
from mostovi.statistics import own_events, protecting, protection_effect, quality
from mostovi.statistics.calculation_models import Calculation
from mostovi.statistics.calculation_results import CountedCells, Row
from mostovi.statistics.catalogue import specs, template
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.cubing import cube_rows
from mostovi.statistics.events import KEY, NAMES, BadEvents, Event
from mostovi.statistics.models import MonthlyTable
from mostovi.statistics.months import Month
from mostovi.statistics.specs import Spec
from mostovi.statistics.table_services import (
    QUALITY_MONTHS,
    first_month,
    noise_secret,
    protection,
    shown_dimensions,
)
from mostovi.statistics.tables import SpecificationError

_STEPS: Final = 2
"""Reading the records; counting."""


def work(pk: str, holder: str) -> bool:
    """Finish the calculation that `holder` was given; returns whether a result was found.

    A failure is written into it. Raises `batches.Lost`.
    """
    run = Calculation.objects.get(pk=pk, holder=holder)
    try:
        found = _worked(run, holder)
    except BadEvents as error:
        return _failed(run, holder, "bad_events", str(error))
    except SpecificationError as error:
        return _failed(run, holder, "would_disclose", str(error))
    except _NoTable:
        return _failed(run, holder, "no_table", run.table)
    run.seal_values(found)
    batches.end(run, holder, RunState.DONE, sealed=run.sealed, step=_STEPS)
    return True


class _NoTable(Exception):
    """The table was taken out of the specifications since it was asked for."""


def _failed(run: Calculation, holder: str, failure: str, detail: str) -> bool:
    batches.end(run, holder, RunState.FAILED, failure=failure, failure_detail=detail[:500])
    return False


def _worked(run: Calculation, holder: str) -> dict[str, Any]:
    batches.step(run, holder, 0, _STEPS)
    month = Month.parse(run.month)
    if run.kind == Calculation.Kind.QUALITY:
        found = list(own_events.events(month.back(QUALITY_MONTHS - 1), month))
        batches.step(run, holder, 1, _STEPS)
        return _quality(found, month).as_data()
    spec = next((one for one in specs() if one.code == run.table), None)
    if spec is None:
        raise _NoTable
    # Tables of the same events are protected as one: a question has one answer in all of them.
    together = [other for other in specs() if set(other.events) & set(spec.events)]
    kinds = {event for other in together for event in other.events}
    found = list(own_events.events(first_month(spec, month), month, kinds))
    batches.step(run, holder, 1, _STEPS)
    if run.kind == Calculation.Kind.CELLS:
        return CountedCells.of(_cells(found, spec, together)).as_data()
    attack = run.kind == Calculation.Kind.ATTACK
    return protection_effect.effect(
        found, spec, together, protection(), noise_secret(), attack=attack
    ).as_data()


def _cells(found: Sequence[Event], spec: Spec, together: Sequence[Spec]) -> list[Row]:
    """The cells with people in them, before and after.

    There is one partner here, so the cells of all partners say the same and are left out.
    """
    cells = cube_rows(found, together)
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


def _keys(table: Any, names: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))


def _quality(found: Sequence[Event], last: Month) -> quality.Report:
    """The quality of this node's own records over a year, and of what it released."""
    import ibis
    import pyarrow as pa

    columns = {name: [event.get(name) for event in found] for name in NAMES}
    schema = pa.schema([(name, pa.float64() if name == KEY else pa.string()) for name in NAMES])
    events = ibis.memtable(pa.table(columns, schema=schema))
    counted = [spec for spec in specs() if set(spec.events) & own_events.kinds()]
    return quality.report(events, counted, revisions=_revisions(last))


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
