# SPDX-License-Identifier: EUPL-1.2
"""What the pages of flows show, read from published counts alone. A page never reads a fine row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Sum
from django.db.models.functions import Substr

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.routes.balancing import wilson
from mostovi.routes.catalogue import display, network
from mostovi.routes.measures import Measure
from mostovi.routes.models import FlowBalance, FlowCount, PublicCount, PublicImport
from mostovi.routes.network import Way


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it may be shown. state: shown, hidden (1 to under the threshold), missing."""

    state: str
    value: int = 0
    more: int = 0
    """How many further counts are hidden in a sum."""

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.state == "shown"


MISSING = Shown("missing")
HIDDEN = Shown("hidden")


@dataclass(frozen=True)
class WayMonth:
    """A way in a month: what was counted and shown, how long, and the balanced flow."""

    way: Way
    period: str
    counted: Shown
    coverage: float | None
    flow: FlowBalance | None

    @property
    def open(self) -> bool:
        """Whether nothing ties the flow down."""
        return self.flow is None or self.flow.high is None

    @property
    def drawable(self) -> bool:
        """Whether it may stand on a map: never under the threshold, never a guess."""
        return self.flow is not None and not self.open and self.flow.value >= display().threshold


@dataclass(frozen=True)
class Share:
    """A part of a whole with its interval, both published; per cent, None when not known."""

    part: Shown
    whole: Shown
    per_cent: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class WayYear:
    """What made a way dangerous in a year."""

    year: str
    children_alone: Share
    violence: Share
    deaths: Shown
    missing: Shown
    register: Shown
    register_all: Shown
    """Of all years that the public register covers."""


@dataclass(frozen=True)
class SpaceTime:
    """Ways by months: one line a way, one cell a month."""

    periods: tuple[str, ...]
    lines: tuple[tuple[Way, tuple[WayMonth, ...]], ...]
    most: int = field(default=1)


def periods(actor: Actor) -> list[str]:
    """The months that are published, newest first. Raises `Refused`."""
    require(actor, Action.READ, Kind.FLOW)
    found = FlowCount.objects.filter(measure=Measure.PEOPLE).order_by("-period")
    return list(found.values_list("period", flat=True).distinct())


def month(actor: Actor, period: str) -> list[WayMonth]:
    """Every way in use in a month, those counted or balanced. Raises `Refused`."""
    require(actor, Action.READ, Kind.FLOW)
    return _months([period]).get(period, [])


def space_time(actor: Actor, shown: Sequence[str]) -> SpaceTime:
    """The months `shown`, oldest first, for every way of which anything is known."""
    require(actor, Action.READ, Kind.FLOW)
    by_period = _months(shown)
    by_way: dict[str, dict[str, WayMonth]] = defaultdict(dict)
    for period, lines in by_period.items():
        for line in lines:
            by_way[line.way.code][period] = line
    table: list[tuple[Way, tuple[WayMonth, ...]]] = []
    for way in network().ways:
        cells = by_way.get(way.code, {})
        if any(one.drawable or one.counted.state != "missing" for one in cells.values()):
            row = tuple(
                cells.get(period) or WayMonth(way, period, MISSING, None, None) for period in shown
            )
            table.append((way, row))
    drawn = [one.flow.value for _way, row in table for one in row if one.drawable and one.flow]
    most = max(drawn, default=1)
    return SpaceTime(tuple(shown), tuple(table), most)


def _months(wanted: Sequence[str]) -> dict[str, list[WayMonth]]:
    """Ways by period: what was counted and balanced in each. Two statements."""
    counts = {
        (row.period, row.way): row
        for row in FlowCount.objects.filter(period__in=wanted, measure=Measure.PEOPLE)
    }
    flows = {(row.period, row.way): row for row in FlowBalance.objects.filter(period__in=wanted)}
    found: dict[str, list[WayMonth]] = {}
    for period in wanted:
        lines = []
        for way in network().ways:
            count, flow = counts.get((period, way.code)), flows.get((period, way.code))
            if count is None and flow is None:
                continue
            share = count.coverage if count else None
            lines.append(WayMonth(way, period, _shown(count), share, flow))
        found[period] = lines
    return found


def _shown(row: FlowCount | None) -> Shown:
    if row is None:
        return MISSING
    return HIDDEN if row.value is None else Shown("shown", row.value)


def way_months(actor: Actor, way: Way) -> list[WayMonth]:
    """A way in every published month, oldest first. Raises `Refused`."""
    require(actor, Action.READ, Kind.FLOW)
    counts = {
        row.period: row for row in FlowCount.objects.filter(way=way.code, measure=Measure.PEOPLE)
    }
    flows = {row.period: row for row in FlowBalance.objects.filter(way=way.code)}
    return [
        WayMonth(
            way, period, _shown(counts.get(period)),
            counts[period].coverage if period in counts else None, flows.get(period),
        )
        for period in sorted(counts.keys() | flows.keys())
    ]  # fmt: skip


def dangers(actor: Actor, ways: Iterable[Way]) -> dict[str, list[WayYear]]:
    """By way and year, newest first: children alone, violence, deaths. Raises `Refused`."""
    require(actor, Action.READ, Kind.FLOW)
    codes = [way.code for way in ways]
    own: dict[tuple[str, str, str], list[int | None]] = defaultdict(list)
    for row in FlowCount.objects.filter(way__in=codes):
        own[(row.way, row.period[:4], row.measure)].append(row.value)
    register: dict[tuple[str, str], int] = {
        (way, year): total
        for way, year, total in PublicCount.objects.filter(
            way__in=codes, measure=Measure.DEATHS, publisher=PublicImport.Publisher.IOM
        )
        .annotate(year=Substr("period", 1, 4))
        .values_list("way", "year")
        .annotate(total=Sum("count"))
        .order_by()
    }
    years = {(way, year) for way, year, measure in own if measure != Measure.PEOPLE}
    years |= register.keys()
    whole: dict[str, int] = defaultdict(int)
    for (way, _year), total in register.items():
        whole[way] += total
    found: dict[str, list[WayYear]] = defaultdict(list)
    for way, year in sorted(years, reverse=True):

        def sum_of(measure: Measure, way: str = way, year: str = year) -> Shown:
            return summed(own.get((way, year, measure.value), ()))

        found[way].append(
            WayYear(
                year,
                share(sum_of(Measure.CHILDREN_ALONE), sum_of(Measure.PEOPLE), interval=False),
                share(sum_of(Measure.VIOLENCE), sum_of(Measure.ASKED)),
                sum_of(Measure.DEATHS),
                sum_of(Measure.MISSING),
                public(register.get((way, year))),
                public(whole.get(way)),
            )
        )
    return found


def summed(values: Iterable[int | None]) -> Shown:
    """A sum of published counts: what is hidden in it is not in it, and said beside it."""
    known = list(values)
    hidden = sum(value is None for value in known)
    if not known:
        return MISSING
    if hidden == len(known):
        return HIDDEN
    return Shown("shown", sum(value for value in known if value is not None), hidden)


def public(count: int | None) -> Shown:
    """A publisher's count as a page shows it: nothing under the threshold."""
    if count is None:
        return MISSING
    return Shown("shown", count) if count == 0 or count >= display().threshold else HIDDEN


def share(part: Shown, whole: Shown, *, interval: bool = True) -> Share:
    """A part of a whole, as far as both are shown. interval: of a sample, by Wilson."""
    if not (part.known and whole.known) or whole.value == 0 or whole.more:
        return Share(part, whole)
    inside = min(part.value, whole.value)
    per_cent = 100 * inside / whole.value
    if not interval:
        return Share(part, whole, per_cent)
    low, high = wilson(inside, whole.value)
    return Share(part, whole, per_cent, 100 * low, 100 * high)


YEARS_SHOWN = 6
"""Years of which the largest groups are shown."""


@dataclass(frozen=True)
class PublicRoute:
    """A publisher's series of a route: counts by month, and by citizenship and year."""

    publisher: str
    route: str
    months: Mapping[str, int]
    groups: tuple[tuple[str, Mapping[str, Shown]], ...]
    made: PublicImport


def public_routes(actor: Actor) -> list[tuple[str, str, str, int]]:
    """(publisher, route, what is counted, count in all months), the largest first."""
    require(actor, Action.READ, Kind.FLOW)
    rows = (
        PublicCount.objects.filter(group="", way="")
        .values_list("publisher", "route", "measure")
        .annotate(total=Sum("count"))
        .order_by("publisher", "-total")
    )
    return [row for row in rows if row[3] >= display().threshold]


def public_route(actor: Actor, publisher: str, route: str, *, groups: int = 8) -> PublicRoute:
    """A route's months and its largest groups by year. Raises `Refused`, `LookupError`."""
    require(actor, Action.READ, Kind.FLOW)
    made = PublicImport.objects.filter(publisher=publisher).first()
    rows = PublicCount.objects.filter(publisher=publisher, route=route, way="")
    months = dict(rows.filter(group="").order_by("period").values_list("period", "count"))
    if made is None or not months:
        raise LookupError(route)
    by_group: dict[str, dict[str, int]] = defaultdict(dict)
    parts = (
        rows.exclude(group="").annotate(year=Substr("period", 1, 4))
        .values_list("group", "year").annotate(total=Sum("count")).order_by()
    )  # fmt: skip
    for group, year, total in parts:
        by_group[group][year] = total
    recent = sorted({year for years in by_group.values() for year in years})[-YEARS_SHOWN:]
    largest = sorted(
        by_group, key=lambda code: -sum(by_group[code].get(year, 0) for year in recent)
    )[:groups]
    return PublicRoute(
        publisher, route, months,
        tuple((g, {year: public(n) for year, n in by_group[g].items()}) for g in largest), made,
    )  # fmt: skip
