# SPDX-License-Identifier: EUPL-1.2
"""Verbs on what is shown: prepare a period, publish it, balance the flows, take in public files.

What is published is made from fine rows once, by a named analyst who has seen it; after that every
page, chart, balance and series is made from the published counts alone, so none can tell more.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from mostovi.rights import bulk
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.retention import cutoff
from mostovi.rights.retention import rules as retention_rules
from mostovi.rights.services import record
from mostovi.routes import public_files, sheets
from mostovi.routes.balancing import Counted, Edge, balance
from mostovi.routes.catalogue import display, network
from mostovi.routes.coarsening import coverage, end_of, start_of
from mostovi.routes.measures import COUNTED, Measure, Nature
from mostovi.routes.models import (
    FlowBalance,
    FlowCount,
    Observation,
    PublicCount,
    PublicImport,
)
from mostovi.routes.network import Part
from mostovi.routes.public_files import FileRefused

_COLUMN = {Measure.ASKED: "people"}
"""The column that a measure is summed from, where it is not named like it."""


class NotPublishable(Exception):
    """The period cannot be published; the text says why and what to do."""


@dataclass(frozen=True)
class Line:
    """One count of a prepared period: what was counted, what was shown so far, what would be.

    count never leaves this node's analysts; value None: hidden.
    """

    way: str
    measure: Measure
    count: int
    value: int | None
    coverage: float
    before: FlowCount | None

    @property
    def same(self) -> bool:
        """Whether it was published like this already."""
        return self.before is not None and self.before.value == self.value


@dataclass(frozen=True)
class Prepared:
    """A period ready to be looked at. digest: names exactly what would be shown."""

    period: str
    lines: tuple[Line, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the period's lines as they would be shown."""
        said = [[line.way, line.measure, line.value, line.coverage] for line in self.lines]
        return hashlib.sha256(json.dumps([self.period, said]).encode()).hexdigest()

    @property
    def hidden(self) -> int:
        """How many counts would be hidden."""
        return sum(line.value is None for line in self.lines)


def due(actor: Actor, today: date) -> list[tuple[str, bool]]:
    """The periods that have observations and whose delay is over, newest first; and if published.

    Raises `Refused`.
    """
    require(actor, Action.PUBLISH, Kind.FLOW)
    rules = display()
    days = Observation.objects.filter(withdrawn_at=None).exclude(way="")
    months = {f"{day:%Y-%m}" for day in days.order_by().values_list("day", flat=True).distinct()}
    periods = months | {month[:4] for month in months}
    published = set(FlowCount.objects.order_by().values_list("period", flat=True).distinct())
    return [
        (period, period in published)
        for period in sorted(periods, key=lambda p: (end_of(p), len(p)), reverse=True)
        if rules.may_show(period, today)
    ]


def prepare(actor: Actor, period: str, *, today: date) -> Prepared:
    """What would be shown of a period beside what was counted; written into the log.

    Raises `Refused`, `NotPublishable` before the delay is over.
    """
    require(actor, Action.PUBLISH, Kind.FLOW)
    with transaction.atomic():
        record(actor, AuditTag.FLOW_PREVIEWED, detail={"period": period})
        return _prepared(period, today)


def _prepared(period: str, today: date) -> Prepared:
    rules = display()
    if not rules.may_show(period, today):
        raise NotPublishable(
            f"{period} may be shown {rules.delay_days} days after its end, not before."
        )
    gone = cutoff(retention_rules()["flow_observation"], today)
    if gone is not None and start_of(period) < gone:
        raise NotPublishable(
            f"Counts by place and day of {period} are deleted or about to be; it stays as it is."
        )
    length = "month" if "-" in period else "year"
    before = {(row.way, row.measure): row for row in FlowCount.objects.filter(period=period)}
    lines = []
    for nature, measures in COUNTED.items():
        wanted = [one for one in measures if rules.periods[one] == length]
        sums = _sums(period, nature, wanted) if wanted else {}
        for way, (counts, share) in sorted(sums.items()):
            for measure in wanted:
                count = counts[measure]
                if count is None:
                    continue
                old = before.get((way, measure.value))
                value = rules.shown(count) if old is None else rules.revised(count, old.value)
                lines.append(Line(way, measure, count, value, share, old))
    return Prepared(period, tuple(lines))


def _sums(
    period: str, nature: Nature, measures: Iterable[Measure]
) -> dict[str, tuple[dict[Measure, int | None], float]]:
    """For each way that was observed: its counts, and the share of the time that was."""
    rows = (
        Observation.objects.filter(
            withdrawn_at=None, nature=nature.value,
            day__gte=start_of(period), day__lt=end_of(period),
        )
        .exclude(way="")
        .values("way", "point")
        .annotate(
            observed=Sum(Coalesce("hours", display().balancing.shift_hours)),
            **{f"sum_{one.value}": Sum(_COLUMN.get(one, one.value)) for one in measures},
        )
        .order_by()
    )  # fmt: skip
    by_way: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_way[row["way"]].append(row)
    return {
        way: (
            {one: _added(row[f"sum_{one.value}"] for row in found) for one in measures},
            coverage(sum(row["observed"] for row in found), period, len(found)),
        )
        for way, found in by_way.items()
    }


def _added(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


@transaction.atomic
def publish(actor: Actor, period: str, *, digest: str, now: datetime, today: date) -> int:
    """Show a period as it was looked at; how many counts are new or changed.

    A month's flows are balanced anew. Raises `Refused`, `NotPublishable` when the counts are not
    those that were looked at.
    """
    require(actor, Action.PUBLISH, Kind.FLOW)
    prepared = _prepared(period, today)
    if not prepared.lines:
        raise NotPublishable(f"Nothing was counted in {period}.")
    if prepared.digest != digest:
        raise NotPublishable("The counts have changed since you looked. Look at them again.")
    changed = [line for line in prepared.lines if not line.same]
    for line in changed:
        _store(actor, period, line, now)
    if "-" in period:
        rebalance(period, now)
    record(
        actor, AuditTag.FLOW_PUBLISHED,
        detail={"period": period, "counts": len(changed), "hidden": prepared.hidden},
    )  # fmt: skip
    return len(changed)


def _store(actor: Actor, period: str, line: Line, now: datetime) -> None:
    rules = display()
    FlowCount.objects.update_or_create(
        way=line.way, measure=line.measure.value, period=period,
        defaults={
            "value": line.value, "coverage": line.coverage, "threshold": rules.threshold,
            "rounded_to": rules.rounded_to, "published_at": now, "published_by": actor.account,
            "revision": line.before.revision + 1 if line.before else 1,
        },
    )  # fmt: skip


def rebalance(period: str, now: datetime) -> None:
    """Balance the flows of a month from its published counts; what was balanced before goes."""
    rules = display().balancing
    graph = network()
    counted = {
        row.way: Counted(row.value, row.coverage, row.rounded_to, row.threshold)
        for row in FlowCount.objects.filter(period=period, measure=Measure.PEOPLE)
    }
    ways = [way for way in graph.ways if way.in_use(int(period[:4])) or way.code in counted]
    known = {way.code for way in ways}
    made = balance(
        [Edge(way.code, way.start.code, way.end.code) for way in ways],
        {code: count for code, count in counted.items() if code in known},
        [area.code for area in graph.areas if area.part is Part.TRANSIT],
        dispersion=rules.dispersion, coverage_error=rules.coverage_error, stay=rules.stay,
        level=rules.level, draws=rules.draws,
    )  # fmt: skip
    FlowBalance.objects.filter(period=period).delete()
    FlowBalance.objects.bulk_create(
        FlowBalance(
            way=flow.code, period=period, value=round(flow.value), low=round(flow.low),
            high=None if flow.high is None else round(flow.high), counted=flow.counted, made_at=now,
        )
        for flow in made.flows
    )  # fmt: skip


@transaction.atomic
def import_public(
    actor: Actor,
    rows: Iterable[Mapping[str, str]],
    *,
    columns: Iterable[str],
    file_name: str,
    sha256: str,
    now: datetime,
) -> PublicImport:
    """Take a publisher's file in; it replaces what was taken of that publisher before.

    The same file again changes nothing. Raises `Refused`, `FileRefused` with every wrong row.
    """
    require(actor, Action.CREATE, Kind.FLOW)
    publisher = public_files.publisher_of(columns)
    if publisher is None:
        raise FileRefused(_unknown_columns(columns))
    newest = PublicImport.objects.filter(publisher=publisher.value).first()
    if newest is not None and newest.sha256 == sha256:
        return newest
    read = public_files.read(publisher, rows, network())
    PublicCount.objects.filter(publisher=publisher.value).delete()
    bulk.insert(
        [
            PublicCount(
                publisher=publisher.value, route=cell.route, way=cell.way, measure=cell.measure,
                group=cell.group, period=cell.period, count=count,
            )
            for cell, count in read.counts.items()
        ]
    )  # fmt: skip
    made = PublicImport.objects.create(
        publisher=publisher.value, file_name=file_name[:255], sha256=sha256, rows=read.rows,
        first=read.first, last=read.last, imported_at=now, imported_by=actor.account,
    )  # fmt: skip
    record(actor, AuditTag.FLOW_IMPORTED, detail={"publisher": publisher.value, "rows": read.rows})
    return made


def _unknown_columns(columns: Iterable[str]) -> str:
    wanted = "; ".join(
        f"{publisher.value}: {', '.join(sorted(needed))}"
        for publisher, needed in public_files.COLUMNS.items()
    )
    wanted += f"; observations: {', '.join(sheets.NEEDED)}"
    return f"The columns {', '.join(columns) or 'of the first row'} fit no known file ({wanted})."
