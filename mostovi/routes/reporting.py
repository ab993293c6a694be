# SPDX-License-Identifier: EUPL-1.2
"""The report on flows: one month, and what made the ways dangerous; as text, JSON or PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from mostovi.paper.parts import Document, Drawing, Heading, Paragraph, Part, Table
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.routes import drawing, reading
from mostovi.routes.catalogue import display, network
from mostovi.routes.network import Way
from mostovi.routes.reading import Share, Shown, WayMonth, WayYear
from mostovi.routes.templatetags.flows import number, period_name
from mostovi.routes.words import way_name


@dataclass(frozen=True)
class Report:
    """A month's ways, and the newest year of dangers of each way of which any is known."""

    period: str
    lines: list[WayMonth]
    dangers: list[tuple[Way, WayYear]]


def gather(period: str | None = None) -> Report | None:
    """The report of a month, by default the newest; None when it is not published."""
    actor = Actor.system(Purpose.STATISTICS)
    months = reading.periods(actor)
    if not months or (period and period not in months):
        return None
    chosen = period or months[0]
    dangers = reading.dangers(actor, network().ways)
    newest = [(way, dangers[way.code][0]) for way in network().ways if dangers.get(way.code)]
    return Report(chosen, reading.month(actor, chosen), newest)


def as_json(report: Report) -> dict[str, Any]:
    """The report as data; hidden counts are null with `state` hidden."""
    rules = display()
    return {
        "month": report.period,
        "threshold": rules.threshold,
        "rounded_to": rules.rounded_to,
        "ways": [
            {
                "way": line.way.code, "from": line.way.start.code, "to": line.way.end.code,
                "counted": _number(line.counted), "state": line.counted.state,
                "coverage": line.coverage, **_flow(line),
            }
            for line in report.lines
        ],
        "dangers": [
            {
                "way": way.code, "year": year.year,
                "children_alone_per_cent": _rounded(year.children_alone.per_cent),
                "violence_per_cent": _rounded(year.violence.per_cent),
                "violence_low": _rounded(year.violence.low),
                "violence_high": _rounded(year.violence.high),
                "dead_and_missing_register": _number(year.register),
                "dead_and_missing_state": year.register.state,
            }
            for way, year in report.dangers
        ],
        "source": rules.source,
    }  # fmt: skip


def _number(value: Shown) -> int | None:
    return value.value if value.known else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _flow(line: WayMonth) -> dict[str, Any]:
    known = line.flow.shown(display().threshold) if line.flow else None
    value, low, high = known or (None, None, None)
    return {"balanced": value, "low": low, "high": high, "open": line.open}


def as_text(report: Report, language: str) -> str:
    """The report for a terminal."""
    with translation.override(language):
        head, rows = _ways(report)
        lines = [period_name(report.period), "", *_columns(head, rows)]
        if report.dangers:
            head, rows = _dangers(report)
            lines += ["", _("What made the ways dangerous"), "", *_columns(head, rows)]
        return "\n".join([*lines, "", _note()])


def _columns(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]


def as_pdf(report: Report, language: str) -> bytes:
    """The report as a tagged PDF with the map. Raises `ValueError` when it cannot be set."""
    with translation.override(language):
        head, rows = _ways(report)
        parts: list[Part] = [Heading(period_name(report.period))]
        if any(line.drawable for line in report.lines):
            title = _("Ways people took in %(month)s") % {"month": period_name(report.period)}
            parts.append(Drawing(drawing.paper_map(report.lines, report.period), title, title))
        parts.append(Table(_("People by way"), head, tuple(rows), frozenset({1, 2, 3})))
        if report.dangers:
            head, rows = _dangers(report)
            caption = _("What made the ways dangerous")
            parts += [
                Heading(caption), Table(caption, head, tuple(rows), frozenset({1, 2, 3, 4}))
            ]  # fmt: skip
        parts += [Paragraph(_note(), "note"), Paragraph(kosovo_note(), "note")]
        return printed(_("Flows and routes"), language, parts, foot=period_name(report.period))


def printed(title: str, language: str, parts: list[Part], *, foot: str) -> bytes:
    """The parts as a tagged PDF; a demonstration says on every page that it is one.

    Raises `ValueError` when it cannot be set.
    """
    from mostovi.paper import letters, setting

    if settings.MOSTOVI.demo:
        foot = _("%(title)s. Demonstration: all data is invented.") % {"title": foot}
    fonts = letters.prepared(settings.NODE_MODULES / "@fontsource-variable", settings.PAPER_FONTS)
    return setting.pdf(Document(title, language, parts, foot=foot), fonts)


def _note() -> str:
    rules = display()
    return _(
        "No count under %(threshold)s is shown; counted numbers are rounded to %(rounded)s. "
        "Balanced flows with their interval at %(level)s %%. Open: neither counts nor balance say."
    ) % {
        "threshold": rules.threshold, "rounded": rules.rounded_to,
        "level": number(100 * rules.balancing.level),
    }  # fmt: skip


def kosovo_note() -> str:
    """The footnote that stands wherever Kosovo* is named."""
    return "* " + _(
        "This designation is without prejudice to positions on status, and is in line with UNSCR "
        "1244/1999 and the ICJ Opinion on the Kosovo declaration of independence."
    )


def _ways(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    head = (_("Way"), _("Counted"), _("Of the time"), _("Balanced"))
    rows: list[tuple[str, ...]] = [
        (
            way_name(line.way), _said(line.counted),
            "" if line.coverage is None else f"{number(100 * line.coverage)} %",
            _estimate(line),
        )
        for line in report.lines
        if not line.open or line.counted.state != "missing"
    ]  # fmt: skip
    return head, rows


def _estimate(line: WayMonth) -> str:
    if line.open or line.flow is None:
        return _("open")
    known = line.flow.shown(display().threshold)
    if known is None:
        return _said(reading.HIDDEN)
    value, low, high = known
    said = _said(reading.HIDDEN) if value is None else number(value)
    return f"{said} ({number(low)}–{number(high)})"


def _dangers(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    head = (
        _("Way"), _("Year"), _("Children alone"), _("Told of violence"), _("Dead and missing")
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (
            way_name(way), year.year, _share(year.children_alone), _share(year.violence),
            _said(year.register),
        )
        for way, year in report.dangers
    ]  # fmt: skip
    return head, rows


def _said(value: Shown) -> str:
    if value.state == "missing":
        return _("not counted")
    if value.state == "hidden":
        return _("under %(threshold)s") % {"threshold": display().threshold}
    return number(value.value)


def _share(value: Share) -> str:
    if value.per_cent is None:
        return _said(value.part)
    if value.low is None or value.high is None:
        return f"{number(value.per_cent)} %"
    return f"{number(value.per_cent)} % ({number(value.low)}–{number(value.high)})"
