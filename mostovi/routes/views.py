# SPDX-License-Identifier: EUPL-1.2
"""Pages of flows for all staff, made of published counts only: map, way, over time, public."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.routes import drawing, reading
from mostovi.routes.catalogue import display, network
from mostovi.routes.measures import Measure
from mostovi.routes.models import FlowBalance, FlowCount, PublicImport
from mostovi.routes.panels import panels

MONTHS_SHOWN = 12


def _shared(actor: Actor) -> dict[str, Any]:
    """What every page of flows needs: the rules of display and what the reader may do."""
    return {
        "rules": display(),
        "network": network(),
        "may_publish": decide(actor, Action.PUBLISH, Kind.FLOW).allowed,
        "may_read_fine": decide(actor, Action.READ, Kind.FINE_FLOW).allowed,
        "may_observe": decide(actor, Action.CREATE, Kind.FINE_FLOW).allowed,
        "may_import": decide(actor, Action.CREATE, Kind.FLOW).allowed,
    }


@require_GET
@door(Action.READ, Kind.FLOW)
def overview(request: ActingRequest) -> HttpResponse:
    """The ways in one month: map, table, what made them dangerous."""
    months = reading.periods(request.actor)
    chosen = request.GET.get("month", "")
    period = chosen if chosen in months else (months[0] if months else "")
    lines = reading.month(request.actor, period) if period else []
    context = {
        **_shared(request.actor),
        "months": months[:60],
        "period": period,
        "lines": lines,
        "open_ways": [line for line in lines if line.open],
        "map": drawing.flow_map(lines, period) if any(x.drawable for x in lines) else "",
        "panels": panels(request.actor),
        "public": reading.public_routes(request.actor)[:4],
    }
    return render(request, "routes/overview.html", context)


@require_GET
@door(Action.READ, Kind.FLOW)
def way(request: ActingRequest, code: str) -> HttpResponse:
    """One way: its flow over time with intervals, and what made it dangerous, by year."""
    try:
        chosen = network().way(code)
    except KeyError:
        raise Http404 from None
    lines = reading.way_months(request.actor, chosen)
    context = {
        **_shared(request.actor),
        "way": chosen,
        "lines": list(reversed(lines))[:36],
        "chart": drawing.way_chart(lines[-36:]) if sum(x.drawable for x in lines) > 1 else "",
        "years": reading.dangers(request.actor, [chosen]).get(code, []),
        "panels": panels(request.actor, code),
    }
    return render(request, "routes/way.html", context)


@require_GET
@door(Action.READ, Kind.FLOW)
def over_time(request: ActingRequest) -> HttpResponse:
    """All ways by month: where people went, and when it changed."""
    months = sorted(reading.periods(request.actor))
    ends = request.GET.get("until", "")
    last = months.index(ends) + 1 if ends in months else len(months)
    shown = months[max(0, last - MONTHS_SHOWN) : last]
    table = reading.space_time(request.actor, shown)
    dangers = reading.dangers(request.actor, network().ways)
    context = {
        **_shared(request.actor),
        "table": table,
        "last": shown[-1] if shown else "",
        "chart": drawing.space_time(table) if table.lines else "",
        "earlier": months[last - MONTHS_SHOWN - 1] if last > MONTHS_SHOWN else "",
        "later": months[min(len(months), last + MONTHS_SHOWN) - 1] if last < len(months) else "",
        "dangers": _newest_dangers(dangers),
    }
    return render(request, "routes/over_time.html", context)


def _newest_dangers(
    dangers: dict[str, list[reading.WayYear]],
) -> list[tuple[Any, reading.WayYear]]:
    """The newest year of each way of which anything is known."""
    return [(way, dangers[way.code][0]) for way in network().ways if dangers.get(way.code)]


@require_GET
@door(Action.READ, Kind.FLOW)
def flows_csv(request: ActingRequest) -> HttpResponse:
    """All published counts and balanced flows as CSV with HXL tags."""
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(["way", "period", "measure", "published", "balanced", "low", "high"])
    lines.writerow(
        ["#loc+code", "#date+period", "#indicator+code", "#affected", "#affected+estimate",
         "#affected+low", "#affected+high"]
    )  # fmt: skip
    flows: dict[tuple[str, str], FlowBalance] = {
        (row.way, row.period): row for row in FlowBalance.objects.all()
    }
    seen: set[tuple[str, str]] = set()
    for row in FlowCount.objects.order_by("period", "way", "measure"):
        flow = flows.get((row.way, row.period)) if row.measure == Measure.PEOPLE else None
        if row.measure == Measure.PEOPLE:
            seen.add((row.way, row.period))
        lines.writerow(
            [row.way, row.period, row.measure, "hidden" if row.value is None else row.value,
             *_estimate(flow)]
        )  # fmt: skip
    for (way_code, period), flow in sorted(flows.items()):
        if (way_code, period) not in seen:
            lines.writerow([way_code, period, Measure.PEOPLE.value, "", *_estimate(flow)])
    answer = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="mostovi-flows.csv"'
    return answer


def _estimate(flow: FlowBalance | None) -> list[Any]:
    """Balanced flow, low and high as they may be shown; nothing for an open way."""
    known = flow.shown(display().threshold) if flow else None
    return (
        ["", "", ""] if known is None else ["hidden" if known[0] is None else known[0], *known[1:]]
    )


@require_GET
@door(Action.READ, Kind.FLOW)
def public_figures(request: ActingRequest) -> HttpResponse:
    """What publishers released about the routes, and when it was taken in."""
    context = {
        **_shared(request.actor),
        "routes": reading.public_routes(request.actor),
        "imports": list(PublicImport.objects.all()[:20]),
    }
    return render(request, "routes/public.html", context)


@require_GET
@door(Action.READ, Kind.FLOW)
def public_route(request: ActingRequest, publisher: str, route: str) -> HttpResponse:
    """A publisher's series of one route: by month, by year, by citizenship."""
    try:
        found = reading.public_route(request.actor, publisher, route)
    except LookupError:
        raise Http404 from None
    by_year: dict[str, int] = defaultdict(int)
    for month, count in found.months.items():
        by_year[month[:4]] += count
    years = sorted(by_year, reverse=True)
    context = {
        **_shared(request.actor),
        "found": found,
        "months_of_year": [date_format(date(2001, n, 1), "M") for n in range(1, 13)],
        "chart": drawing.public_chart(found),
        "years": [
            (year, reading.public(by_year[year]),
             [(f"{year}-{n:02d}", reading.public(found.months.get(f"{year}-{n:02d}")))
              for n in range(1, 13)])
            for year in years
        ],
        "group_years": years[: reading.YEARS_SHOWN],
        "groups": [
            (code, [by.get(year, reading.MISSING) for year in years[: reading.YEARS_SHOWN]])
            for code, by in found.groups
        ],
        "panels": panels(request.actor, f"{publisher}:{route}"),
    }  # fmt: skip
    return render(request, "routes/public_route.html", context)
