# SPDX-License-Identifier: EUPL-1.2
"""What the pages and papers of flows draw: maps and charts as SVG, from published counts alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, partial

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from mostovi.paper import charts, region_map
from mostovi.routes.catalogue import display
from mostovi.routes.reading import PublicRoute, SpaceTime, WayMonth, public
from mostovi.routes.series import months_between
from mostovi.routes.templatetags.flows import number, period_name
from mostovi.routes.words import route_name, way_name

_WIDTH = 720


@cache
def _ground() -> region_map.Ground | None:
    """The region's land and borders, drawn once; None when the shapes are not installed."""
    path = settings.NODE_MODULES / "world-atlas/countries-50m.json"
    if not path.is_file():
        return None
    topology = region_map.read_topology(json.loads(path.read_text(encoding="utf-8")))
    return region_map.ground(topology, region_map.REGION, _WIDTH, precision=0)


def _map(lines: Sequence[WayMonth], period: str) -> str:
    """The ways of a month as arrows; a way under the threshold or open is not drawn."""
    on = _ground()
    if on is None:
        return ""
    drawable = [line for line in lines if line.drawable and line.flow is not None]
    most = max((line.flow.value for line in drawable if line.flow), default=1)
    courses = []
    told = []
    for line in sorted(drawable, key=lambda one: one.flow.value if one.flow else 0):
        flow = line.flow
        known = flow.shown(display().threshold) if flow else None
        if flow is None or known is None:
            continue
        words = _("%(way)s: %(value)s, %(low)s to %(high)s") % {
            "way": way_name(line.way), "value": number(flow.value), "low": number(known[1]),
            "high": number(known[2]),
        }  # fmt: skip
        told.append(words)
        courses.append(
            region_map.Course(
                line.way.start.place, line.way.end.place, words, number(flow.value),
                flow.value / most, unsure=not flow.counted,
            )
        )  # fmt: skip
    title = _("Map: ways people took in %(month)s") % {"month": period_name(period)}
    return region_map.draw(on, courses=courses, title=title, description="; ".join(told[::-1]))


def flow_map(lines: Sequence[WayMonth], period: str) -> SafeString:
    """The map for a page."""
    # Drawn here: every text in it was escaped by the drawing.
    return mark_safe(_map(lines, period))  # noqa: S308


_PAPER_STYLE = (
    "<style>.sea{fill:#e3ecf2}.land{fill:#fff}.border{fill:none;stroke:#8795a1;stroke-width:.8}"
    ".way{stroke:#175676;opacity:.75}.tip{fill:#175676}.unsure .way{stroke-dasharray:7 6}"
    ".on-map{font:700 12px 'Mostovi Latin','Mostovi Arabic',sans-serif;text-anchor:middle;"
    "fill:#17212b;paint-order:stroke;stroke:#fff;stroke-width:4px}</style>"
)


def paper_map(lines: Sequence[WayMonth], period: str) -> str:
    """The map for paper: a file of its own that carries its colours."""
    drawn = _map(lines, period)
    head, _end, rest = drawn.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{_PAPER_STYLE}{rest}'


def _mirrored() -> bool:
    return get_language_bidi()


def on_screens(draw: charts.Drawn) -> SafeString:
    """A chart for a page, wide and narrow; `draw` lacks its width alone."""
    # Drawn by `charts`, which escapes every text.
    return mark_safe(charts.screens(draw, _WIDTH))  # noqa: S308


def way_chart(lines: Sequence[WayMonth]) -> SafeString:
    """A way's balanced flow by month with its interval; a month that is open leaves a gap."""
    least = display().threshold
    drawn = [line.flow.shown(least) if line.flow and line.drawable else None for line in lines]
    title = _("People on the way %(way)s by month") % {"way": way_name(lines[0].way)}
    return on_screens(
        partial(
            charts.lines,
            title=title,
            description=_("Balanced flow with its interval; the table below has the numbers."),
            places=[line.period for line in lines],
            series=[
                charts.Line(
                    _("balanced"),
                    [known[0] if known else None for known in drawn],
                    [known[1] if known else None for known in drawn],
                    [known[2] if known else None for known in drawn],
                )
            ],
            number=number,
            mirrored=_mirrored(),
        )
    )


def _drawn(cell: WayMonth) -> int | None:
    return cell.flow.value if cell.flow and cell.drawable else None


def space_time(table: SpaceTime) -> SafeString:
    """Ways by months: larger is more; hidden and open months are told apart from nobody."""
    stops = [
        charts.Stop(way.short, float(place), [_drawn(cell) for cell in cells])
        for place, (way, cells) in enumerate(table.lines)
    ]
    return on_screens(
        partial(
            charts.space_time,
            title=_("Ways over time"),
            description=_("One row a way, one column a month; the table below has the numbers."),
            periods=list(table.periods),
            stops=stops,
            hidden=_("under the threshold, or open"),
            number=number,
            mirrored=_mirrored(),
        )
    )


def public_chart(found: PublicRoute) -> SafeString:
    """A publisher's months as a line; a month under the threshold leaves a gap."""
    months = months_between(found.made.first, found.made.last)
    counts = [public(found.months.get(month, 0)) for month in months]
    return on_screens(
        partial(
            charts.lines,
            title=_("%(route)s by month") % {"route": route_name(found.route)},
            description=_("The table below has the numbers."),
            places=months,
            series=[charts.Line("", [one.value if one.known else None for one in counts])],
            number=number,
            mirrored=_mirrored(),
        )
    )
