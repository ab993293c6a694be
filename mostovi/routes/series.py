# SPDX-License-Identifier: EUPL-1.2
"""Count series for detection and forecast, from what is stored.

For whoever works on detection:

- `codes()` lists every series there is, `of(code)` gives one, `every()` gives all in three
  statements. They read stored aggregates only, and need no right beyond reading flows.
- A code says where a series comes from: ``frontex:western-balkan`` (monthly detections on a route),
  ``frontex:western-balkan:SYR`` (one citizenship), ``iom:central-mediterranean`` and
  ``iom:way:ba-hr`` (deaths and disappearances on a route, on a way of the route graph),
  ``own:ba-hr`` (people counted by this node, published), ``balanced:ba-hr`` (balanced flow).
- A `Series` has one entry a period, oldest first, without gaps: ``period`` 'month' or 'week',
  ``start`` the first day of the first period. An entry is None where nothing is known (a count
  hidden under the threshold, a month that was not published): a detector must pass over it, not
  take it for zero. In a publisher's file a month without a row within the file's months is 0.
- `observed(actor, way)` counts this node's own observations by week, from fine rows: it requires
  the right to them (the node's own job passes `Actor.system(Purpose.STATISTICS)`), and what comes
  of it is shown only through `coarsening.Display.shown` and after its delay.
- To put alerts on the pages of flows, register a panel: see `mostovi.routes.panels`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.db.models import QuerySet, Sum

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.routes.coarsening import start_of
from mostovi.routes.measures import Measure
from mostovi.routes.models import (
    FlowBalance,
    FlowCount,
    Observation,
    PublicCount,
    PublicImport,
)

Period = Literal["week", "month"]


class NoSuchSeries(LookupError):
    """There is no series with this code."""


@dataclass(frozen=True)
class Series:
    """Counts of consecutive periods from `start`; None where nothing is known."""

    code: str
    period: Period
    start: date
    counts: tuple[int | None, ...]

    def periods(self) -> tuple[str, ...]:
        """The name of each period: '2026-03' for a month, the Monday '2026-03-02' for a week."""
        if self.period == "week":
            days = (self.start + timedelta(weeks=n) for n in range(len(self.counts)))
            return tuple(day.isoformat() for day in days)
        return tuple(_month(self.start, n) for n in range(len(self.counts)))

    def until(self, period: str) -> Series:
        """The series as it was known at the end of `period`, for testing without looking ahead."""
        names = self.periods()
        kept = sum(name <= period for name in names)
        return Series(self.code, self.period, self.start, self.counts[:kept])


def codes() -> list[str]:
    """The codes of all series, in order."""
    found = {_public_code(*key) for key in _public().values_list(*_PUBLIC_KEY).distinct()}
    found |= {f"own:{way}" for way in _own().values_list("way", flat=True).distinct()}
    found |= {f"balanced:{way}" for way in _balanced().values_list("way", flat=True).distinct()}
    return sorted(found)


def of(code: str) -> Series:
    """The series of a code. Raises `NoSuchSeries`."""
    source, *rest = code.split(":")
    if source == "own" and len(rest) == 1:
        rows = _own().filter(way=rest[0])
        return _filled(code, dict(rows.values_list("period", "value")))
    if source == "balanced" and len(rest) == 1:
        flows = _balanced().filter(way=rest[0])
        return _filled(code, dict(flows.values_list("period", "value")))
    if source in PublicImport.Publisher.values and 1 <= len(rest) <= 2:
        by_way = rest[0] == "way" and len(rest) == 2
        public = _public().filter(
            publisher=source,
            route="" if by_way else rest[0],
            way=rest[1] if by_way else "",
            group="" if by_way or len(rest) == 1 else rest[1],
        )
        known = dict(public.values_list("period", "count"))
        return _filled(code, known, *_covered().get(source, ("", "")))
    raise NoSuchSeries(code)


def every(prefix: str = "") -> list[Series]:
    """All series whose code begins with `prefix`, in order of their codes."""
    known: dict[str, dict[str, int | None]] = defaultdict(dict)
    for row in _public().values_list(*_PUBLIC_KEY, "period", "count"):
        known[_public_code(*row[:4])][row[4]] = row[5]
    for way, period, value in _own().values_list("way", "period", "value"):
        known[f"own:{way}"][period] = value
    for way, period, value in _balanced().values_list("way", "period", "value"):
        known[f"balanced:{way}"][period] = value
    covered = _covered()
    return [
        _filled(code, known[code], *covered.get(code.split(":")[0], ("", "")))
        for code in sorted(known)
        if code.startswith(prefix)
    ]


def observed(actor: Actor, way: str, measure: Measure = Measure.PEOPLE) -> Series:
    """This node's own counts on a way by week (from Monday), from fine rows.

    A week without any observation is not known. Raises `Refused` without the right to fine counts,
    `NoSuchSeries` where nothing was observed.
    """
    require(actor, Action.READ, Kind.FINE_FLOW)
    rows = (
        Observation.objects.filter(way=way, withdrawn_at=None, nature=Observation.Nature.COUNT)
        .values_list("day")
        .annotate(total=Sum(measure.value))
    )
    weeks: dict[date, int] = {}
    for day, total in rows:
        if total is not None:
            monday = day - timedelta(days=day.weekday())
            weeks[monday] = weeks.get(monday, 0) + total
    code = f"observed:{way}"
    if not weeks:
        raise NoSuchSeries(code)
    first, last = min(weeks), max(weeks)
    mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return Series(code, "week", first, tuple(weeks.get(monday) for monday in mondays))


_PUBLIC_KEY = ("publisher", "route", "way", "group")


def _public() -> QuerySet[PublicCount]:
    return PublicCount.objects.order_by()


def _own() -> QuerySet[FlowCount]:
    return FlowCount.objects.filter(measure=Measure.PEOPLE).order_by()


def _balanced() -> QuerySet[FlowBalance]:
    return FlowBalance.objects.exclude(high=None).order_by()


def _public_code(publisher: str, route: str, way: str, group: str) -> str:
    where = f"way:{way}" if way else route
    return f"{publisher}:{where}" + (f":{group}" if group else "")


def _covered() -> dict[str, tuple[str, str]]:
    """The months that each publisher's newest import covers."""
    rows = PublicImport.objects.order_by("imported_at", "pk")
    return {row.publisher: (row.first, row.last) for row in rows}


def _filled(code: str, known: Mapping[str, int | None], first: str = "", last: str = "") -> Series:
    """Every month from the first to the last; a publisher's silent months are zero."""
    if not known:
        raise NoSuchSeries(code)
    silent = 0 if first else None
    first, last = first or min(known), last or max(known)
    months = months_between(first, last)
    return Series(
        code, "month", start_of(first), tuple(known.get(month, silent) for month in months)
    )


def months_between(first: str, last: str) -> list[str]:
    """Every month from the first to the last, '2026-03'."""
    start, end = start_of(first), start_of(last)
    count = (end.year - start.year) * 12 + end.month - start.month + 1
    return [_month(start, n) for n in range(count)]


def _month(start: date, later: int) -> str:
    year, month = divmod(start.year * 12 + start.month - 1 + later, 12)
    return f"{year:04d}-{month + 1:02d}"
