# SPDX-License-Identifier: EUPL-1.2
"""What the public pages show, read from editions alone: nothing is counted, nothing else is asked.

Everything here is in the language that is active. What a partner has not sent is missing, what is
hidden is hidden; neither is ever drawn or written as zero (R6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mostovi.paper import charts
from mostovi.paper.parts import RIGHT_TO_LEFT
from mostovi.statistics import consolidating, own_figures
from mostovi.statistics.catalogue import template
from mostovi.statistics.consolidating import REGION
from mostovi.statistics.models import Edition
from mostovi.statistics.months import Month
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import MISSING, PARTNERS, Figure, summed
from mostovi.statistics.tables import Indicator, in_language
from mostovi.statistics.translations import in_all

SERIES_MONTHS = 24
WIDE = 720
"""Of a chart with a line for each partner."""


def partners() -> tuple[str, ...]:
    """The columns of the pages: all partners, or this node's own where it publishes its own."""
    return (str(settings.MOSTOVI.partner),) if own_figures.published() else PARTNERS


def language() -> str:
    """The active language's code."""
    return (get_language() or "en").split("-")[0]


def mirrored() -> bool:
    """Whether it is written from right to left."""
    return language() in RIGHT_TO_LEFT


def number(value: float) -> str:
    """A number as the language writes it."""
    return number_format(round(value), use_l10n=True, force_grouping=True)


def month_name(month: Month) -> str:
    """October 2026, in the active language."""
    return date_format(month.first_day, "YEAR_MONTH_FORMAT")


def figure_of(edition: Edition | None, code: str, who: str) -> Figure:
    """One indicator of a partner, or of the region, in an edition."""
    found = edition.indicators.get(code, {}).get(who) if edition else None
    return Figure(found[0], found[1], found[2]) if found else MISSING


@dataclass(frozen=True)
class Row:
    """One line of a table of figures."""

    code: str
    label: str
    figures: tuple[Figure, ...]
    region: Figure


def indicator_rows(edition: Edition) -> list[Row]:
    """Every indicator of a month, by partner."""
    columns = partners()
    return [
        Row(
            one.code, in_language(one.title, language()),
            tuple(figure_of(edition, one.code, partner) for partner in columns),
            figure_of(edition, one.code, REGION),
        )
        for one in template().indicators
    ]  # fmt: skip


@dataclass(frozen=True)
class Stands:
    """A partner's standing, in words. `sends`: nothing has to be said."""

    name: str
    standing: str
    text: str


def standings(edition: Edition) -> list[Stands]:
    """Where each partner stood when the edition was published."""
    found = []
    for partner in partners():
        standing, last = edition.standing.get(partner, ["never", ""])
        here = partner in edition.revisions
        name = str(NAMES[partner])
        if standing == "never":
            text = _("has not sent any month yet")
        elif standing == "stopped":
            text = _("has sent nothing since %(month)s") % {"month": month_name(Month.parse(last))}
        elif here:
            text = _("has sent this month")
        else:
            text = _("has not sent this month")
        found.append(Stands(name, "sends" if here else standing, text))
    return found


# --- Over time ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Over:
    """An indicator over the published months, oldest first, without leaving a month out."""

    indicator: Indicator
    title: str
    months: tuple[Month, ...]
    by_partner: Mapping[str, tuple[Figure, ...]]
    region: tuple[Figure, ...]
    sent: tuple[int, ...]

    @property
    def asked(self) -> str:
        """The question that its charts answer."""
        return _("%(title)s, by partner and month") % {"title": self.title}

    @property
    def rows(self) -> list[tuple[Month, list[Figure], Figure, int]]:
        """For the table: newest month first, with how many partners are in the sum."""
        found = [
            (month, [one[at] for one in self.by_partner.values()], self.region[at], self.sent[at])
            for at, month in enumerate(self.months)
        ]
        return found[::-1]


def over_time(indicator: Indicator, editions: Mapping[str, Edition]) -> Over:
    """The last two years up to the newest edition."""
    newest = Month.parse(max(editions))
    first = max(Month.parse(min(editions)), newest.back(SERIES_MONTHS - 1))
    months = [first]
    while months[-1] < newest:
        months.append(months[-1].next())
    of = [editions.get(str(month)) for month in months]
    by_partner = {
        partner: tuple(figure_of(edition, indicator.code, partner) for edition in of)
        for partner in partners()
    }
    return Over(
        indicator, in_language(indicator.title, language()), tuple(months), by_partner,
        tuple(summed([found[at] for found in by_partner.values()]) for at in range(len(months))),
        tuple(len(edition.revisions) if edition else 0 for edition in of),
    )  # fmt: skip


def _line(label: str, figures: Sequence[Figure]) -> charts.Line:
    """A line; what is hidden is its range where one follows, what is missing is a gap."""
    return charts.Line(
        label,
        [one.low if one.exact else None for one in figures],
        [None if one.state == "missing" or one.high is None else one.low for one in figures],
        [None if one.state == "missing" else one.high for one in figures],
    )


def _places(over: Over) -> list[str]:
    return [f"{month.number}/{month.year}" for month in over.months]


def line_chart(over: Over, width: int = WIDE) -> str:
    """Every partner's line."""
    senders = [p for p, found in over.by_partner.items()
               if any(one.state != "missing" for one in found)]  # fmt: skip
    return charts.lines(
        title=over.asked,
        description=_("Gaps are months that a partner has not sent, or that are hidden."),
        places=_places(over),
        series=[_line(str(NAMES[p]), over.by_partner[p]) for p in senders],
        number=number,
        mirrored=mirrored(),
        width=width,
        height=320,
    )


def small_charts(over: Over, width: int = charts.WIDTH) -> str:
    """A small chart a partner, all on one scale."""
    return charts.multiples(
        title=over.asked,
        description=_("One chart for each partner, all on the same scale. Gaps: not sent, hidden."),
        places=_places(over),
        panels=[
            charts.Panel(str(NAMES[partner]), [_line("", over.by_partner[partner])])
            for partner in partners()
        ],
        columns=2,
        number=number,
        mirrored=mirrored(),
        width=width,
    )


def bar_title(indicator: Indicator, edition: Edition) -> str:
    """The question that `bar_chart` answers."""
    return _("%(title)s in %(month)s, by partner") % {
        "title": in_language(indicator.title, language()),
        "month": month_name(Month.parse(edition.period)),
    }


def bar_chart(indicator: Indicator, edition: Edition, width: int = charts.WIDTH) -> str:
    """One month of one indicator, a bar a partner."""
    words = {"missing": _("missing"), "hidden": _("hidden")}
    rows = []
    for partner in partners():
        one = figure_of(edition, indicator.code, partner)
        value = float(one.low) if one.exact else None
        rows.append(charts.Bar(str(NAMES[partner]), value, instead=words.get(one.state, "")))
    return charts.bars(
        title=bar_title(indicator, edition),
        description=_("The numbers stand in the table below."),
        rows=rows,
        number=number,
        mirrored=mirrored(),
        width=width,
    )


# --- One table ------------------------------------------------------------------------------------


def table_of(edition: Edition, code: str) -> dict[str, Any]:
    """Every cell of a table, by partner. Raises `KeyError` for an unknown table."""
    chosen = template().table(code)
    by_partner = consolidating.figures(edition.revisions, Month.parse(edition.period))
    lines, columns = [], partners()
    for cell in chosen.cells:
        figures = [by_partner.get(partner, {}).get(cell, MISSING) for partner in columns]
        lines.append((chosen.label(cell, language()), figures, summed(figures), not cell.codes))
    return {
        "code": code,
        "title": in_language(chosen.title, language()),
        "counts": in_language(in_all(chosen.counts), language()),
        "dimensions": [in_language(one.label, language()) for one in chosen.dimensions],
        "lines": lines,
    }
