# SPDX-License-Identifier: EUPL-1.2
"""What the plan's pages and papers draw: charts and the map of the region, as SVG."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from html import unescape

from django.conf import settings
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from mostovi.paper import charts, region_map
from mostovi.plan import detections
from mostovi.plan.indicators import History
from mostovi.plan.models import IndicatorValue, Status
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.tables import in_language

# Where a partner's mark stands: its capital, so that the mark lies well inside the drawn land.
_PLACES: Mapping[str, tuple[float, float]] = {
    "al": (41.33, 19.82), "ba": (43.86, 18.41), "xk": (42.66, 21.17), "me": (42.44, 19.26),
    "mk": (41.99, 21.43), "rs": (44.80, 20.46),
}  # fmt: skip
_BOX: region_map.Box = (15.0, 39.4, 24.2, 46.6)
_WIDTH = 520
WIDE = 720
"""Of a chart with many months."""
_PAPER_STYLE = (
    "<style>.sea{fill:#e3ecf2}.land{fill:#fff}.border{fill:none;stroke:#8795a1;stroke-width:.8}"
    ".mark circle{fill:#175676;opacity:.8}.on-map{font:700 13px 'Mostovi Latin','Mostovi Cyrillic',"
    "'Mostovi Arabic',sans-serif;text-anchor:middle;fill:#17212b;paint-order:stroke;stroke:#fff;"
    "stroke-width:4px}</style>"
)
_TEXT = re.compile(r"(<text\b[^>]*>)(.*?)(</text>)", re.DOTALL)
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_ISOLATES = re.compile(r"[\u2066-\u2069]")
Counts = Mapping[str, Mapping[str, int]]
"""By partner: how many actions have each status."""


def written(value: float) -> str:
    """A number by the reader's locale."""
    return number_format(round(value), use_l10n=True, force_grouping=True)


def on_page(svg: str) -> SafeString:
    """A drawing for a page."""
    # Drawn by `charts` and `region_map`, which escape every text.
    return mark_safe(svg)  # noqa: S308


def on_screens(draw: charts.Drawn, width: int = charts.WIDTH) -> SafeString:
    """A chart for a page, for wide and for narrow screens; `draw` lacks its width alone."""
    return on_page(charts.screens(draw, width))


def on_paper(svg: str) -> tuple[str, str]:
    """A drawing for paper, in the letters that the paper has, and its key.

    The setter cannot tag Arabic letters inside a drawing (PDF/UA-1), so there each such label is a
    number, and the key says what it stands for: it belongs into the caption.
    """
    from mostovi.paper.letters import FAMILIES  # reads fonts; a page needs none

    svg = svg.replace("Noto Sans, Noto Sans Arabic, sans-serif", ", ".join(FAMILIES))
    svg = svg.replace("currentColor", "#17212b")
    labels: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        words = _ISOLATES.sub("", found[2])
        if not _ARABIC.search(words):
            return found[0]
        if words not in labels:
            labels.append(words)
        return f"{found[1]}({labels.index(words) + 1}){found[3]}"

    drawn = _TEXT.sub(numbered, svg)
    return drawn, "; ".join(f"({at}) {unescape(words)}" for at, words in enumerate(labels, 1))


@cache
def _ground() -> region_map.Ground | None:
    """The region's land and borders, drawn once; None when the shapes are not installed."""
    path = settings.NODE_MODULES / "world-atlas/countries-50m.json"
    if not path.is_file():
        return None
    topology = region_map.read_topology(json.loads(path.read_text(encoding="utf-8")))
    return region_map.ground(topology, _BOX, _WIDTH, precision=0)


def done_map(counts: Counts, total: int) -> str:
    """How many actions each partner says are done; one that said nothing has no mark."""
    on = _ground()
    if on is None:
        return ""
    marks = []
    told = []
    for code in PARTNERS:
        said = counts.get(code, {})
        if sum(n for status, n in said.items() if status != Status.UNKNOWN.value) == 0:
            continue
        done = said.get(Status.DONE.value, 0)
        words = _("%(partner)s: %(done)s of %(total)s done") % {
            "partner": NAMES[code], "done": done, "total": total,
        }  # fmt: skip
        told.append(words)
        marks.append(region_map.Mark(*_PLACES[code], words, str(done), done / (total or 1)))
    title = _("Map: actions done, as the partners say")
    return region_map.draw(on, marks=marks, title=title, description="; ".join(told))


def map_on_paper(svg: str) -> str:
    """The map as a file of its own that carries its colours."""
    head, _end, rest = svg.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{_PAPER_STYLE}{rest}' if svg else ""


def done_chart(counts: Counts, width: int = charts.WIDTH) -> str:
    """Bars: actions done by partner; a partner that reported nothing is named so."""
    rows = []
    for code in PARTNERS:
        said = counts.get(code, {})
        known = sum(n for status, n in said.items() if status != Status.UNKNOWN.value)
        value = float(said.get(Status.DONE.value, 0)) if known else None
        rows.append(charts.Bar(str(NAMES[code]), value, instead=_("not reported")))
    return charts.bars(
        title=_("How many actions does each partner say are done?"),
        description=_("The table below has the numbers of every status."),
        rows=rows, number=written, mirrored=get_language_bidi(), width=width,
    )  # fmt: skip


def time_chart(counted: Sequence[tuple[date, Mapping[str, int]]], width: int = charts.WIDTH) -> str:
    """Lines: how many statuses of the region stood where at the end of each quarter."""
    order = (Status.DONE, Status.UNDER_WAY, Status.PLANNED, Status.NOT_STARTED)
    return charts.lines(
        title=_("What was said at the end of each quarter"),
        description=_("Statuses of all partners together; what was not reported is not drawn."),
        places=[f"{day.year}-{day.month:02}" for day, _c in counted],
        series=[
            charts.Line(
                str(status.label), [float(counts.get(status.value, 0)) for _d, counts in counted]
            )
            for status in order
        ],
        number=written, mirrored=get_language_bidi(), width=width,
    )  # fmt: skip


def detections_chart(value: IndicatorValue, width: int = charts.WIDTH) -> str:
    """A line: the route's detections by year."""
    years = detections.by_year(value.parts["months"])
    return charts.lines(
        title=_("Detections on the Western Balkan route by year"),
        description=_("Detected crossings of the EU's external border, not people."),
        places=[str(year) for year in years],
        series=[charts.Line("Frontex", [float(n) for n in years.values()])],
        number=written, mirrored=get_language_bidi(), width=width,
    )  # fmt: skip


def months_chart(value: IndicatorValue, width: int = WIDE) -> str:
    """A line: the route's detections by month."""
    months: Mapping[str, int] = value.parts["months"]
    return charts.lines(
        title=_("Detections on the Western Balkan route by month"),
        description=_("Detected crossings of the EU's external border, not people."),
        places=list(months), series=[charts.Line("Frontex", [float(n) for n in months.values()])],
        number=written, mirrored=get_language_bidi(), width=width,
    )  # fmt: skip


def asylum_chart(
    by_year: Mapping[int, Mapping[str, int]], since: int, width: int = charts.WIDTH
) -> str:
    """Small charts: first applications by year, one a partner, on one scale."""
    years = [year for year in sorted(by_year) if year >= since]
    names: Callable[[str], str] = lambda code: str(NAMES[code])  # noqa: E731
    codes = [code for code in PARTNERS if any(code in by_year[year] for year in years)]
    return charts.multiples(
        title=_("First asylum applications by year"),
        description=_("Persons who applied for the first time; one chart a partner, one scale."),
        places=[str(year) for year in years],
        panels=[
            charts.Panel(
                names(code), [charts.Line("", [_known(by_year[year].get(code)) for year in years])]
            )
            for code in codes
        ],
        number=written, mirrored=get_language_bidi(), width=width,
    )  # fmt: skip


def history_chart(history: History, language: str, width: int = charts.WIDTH) -> str:
    """A line: an indicator of the region by month; a month with a hidden part is a gap."""
    return charts.lines(
        title=in_language(history.title, language),
        description=_("Sum of the partners that released the month; a gap is hidden or missing."),
        places=list(history.periods),
        series=[charts.Line(_("region"), [_known(value) for value in history.values])],
        number=written, mirrored=get_language_bidi(), height=180, width=width,
    )  # fmt: skip


def _known(value: int | None) -> float | None:
    return None if value is None else float(value)
