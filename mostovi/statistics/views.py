# SPDX-License-Identifier: EUPL-1.2
"""Pages of `statistics`: this node's months, releasing one, and the region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mostovi.exchange.reasons import LetterRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.services import record
from mostovi.statistics import letters, regional_pages, regional_release, services
from mostovi.statistics import region as regional
from mostovi.statistics.catalogue import exchange, template
from mostovi.statistics.cubes import Cell
from mostovi.statistics.models import MonthlyTable, RegionalCell
from mostovi.statistics.months import Month
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import MISSING, PARTNERS, Figure
from mostovi.statistics.services import NotReleasable
from mostovi.statistics.tables import Table, in_language
from mostovi.statistics.translations import in_all

TREND_MONTHS = 12


def _language() -> str:
    return get_language() or "en"


@dataclass(frozen=True)
class CellLine:
    """One row of a table page: the cell's labels and its figures."""

    labels: list[str]
    figures: list[Figure]
    count: int | None = None
    total: bool = False

    @property
    def hidden(self) -> bool:
        """Whether the first figure is hidden."""
        return self.figures[0].state == "hidden"


@dataclass(frozen=True)
class TablePage:
    """A table ready to draw."""

    title: str
    counts: str
    dimensions: list[str]
    lines: list[CellLine]
    hidden: int = 0


def _table_page(
    table: Table, figures: list[dict[Cell, Figure]], counts: dict[Cell, int] | None = None
) -> TablePage:
    """`table` with one column of figures for each of `figures`, and this node's own `counts`."""
    language = _language()
    lines = [
        CellLine(
            labels=table.label(cell, language),
            figures=[column.get(cell, MISSING) for column in figures],
            count=counts[cell] if counts is not None else None,
            total=not cell.codes,
        )
        for cell in table.cells
    ]
    return TablePage(
        title=in_language(table.title, language),
        counts=in_language(in_all(table.counts), language),
        dimensions=[in_language(d.label, language) for d in table.dimensions],
        lines=lines,
        hidden=sum(line.hidden for line in lines),
    )


@require_GET
@door(Action.READ, Kind.STATISTIC)
def months(request: ActingRequest) -> HttpResponse:
    """The months of this node: what is released, due or overdue."""
    counts = settings.MOSTOVI.holds_persons
    context = {
        "months": services.calendar(timezone.localdate()) if counts else [],
        "counts": counts,
        "may_release": decide(request.actor, Action.PUBLISH, Kind.STATISTIC).allowed,
        "template": template(),
    }
    return render(request, "statistics/months.html", context)


@require_http_methods(["GET", "POST"])
@door(Action.PUBLISH, Kind.STATISTIC)
def release(request: ActingRequest, month: Month) -> HttpResponse:
    """Exactly what would leave beside what was counted; then release it."""
    if not settings.MOSTOVI.holds_persons or month > Month.last_complete(timezone.localdate()):
        raise Http404
    if exchange().second_officer_required:
        return redirect("statistics:prepare", month=month)
    problem = ""
    if request.method == "POST":
        try:
            services.release(request.actor, month, digest=request.POST.get("digest", ""))
        except NotReleasable as refused:
            problem = str(refused)
        except LetterRefused:
            problem = _(
                "The letter to the secretariat could not be written, so nothing was released. "
                "Ask the administrator whether the secretariat's node is among the peers."
            )
        else:
            messages.success(request, _("Released, and on its way to the secretariat."))
            return redirect("statistics:released", month=month)
    seen = services.preview(request.actor, month)
    chosen = template()
    figures = regional.figures(chosen, seen.published)
    context = {
        "month": month,
        "seen": seen,
        "problem": problem,
        "template": chosen,
        "tables": [_table_page(table, [figures], seen.counts) for table in chosen.tables],
        "hidden": sum(value is None for value in seen.published.values()),
        "cells": len(seen.published),
        "due": month.due(chosen.due_day),
        "same": is_same(month, seen),
        "counts": True,
        "noisy": regional_pages.own_tables(seen.regional.prepared.tables, seen.regional.counts),
        "left_out": regional_pages.left_out(seen.regional.prepared),
        "noise": regional_pages.method(),
        "shown_noisy": seen.regional.prepared.shown,
    }
    return render(request, "statistics/release.html", context, status=409 if problem else 200)


def is_same(month: Month, seen: services.Computed) -> bool:
    """Whether a new revision would say nothing new."""
    before = services.released_before(month)
    noisy = regional_release.in_force(settings.MOSTOVI.partner, month)
    going = {one.code: one for one in seen.regional.prepared.tables}
    return bool(before) and before[-1] == seen.published and noisy == going


@require_GET
@door(Action.READ, Kind.STATISTIC)
def released(request: ActingRequest, month: Month) -> HttpResponse:
    """What left this node for one month; the newest revision, and when each was released."""
    rows = list(_own_rows(month))
    if not rows:
        raise Http404
    chosen = template()
    newest = {row.table: row for row in rows}
    published: dict[Cell, int | None] = {}
    for row in newest.values():
        published |= letters.cells_of(chosen.table(row.table), row.cells)
    figures = regional.figures(chosen, published)
    revisions = {row.revision: row for row in rows}
    context = {
        "month": month,
        "revisions": sorted(revisions.values(), key=lambda row: -row.revision),
        "tables": [_table_page(table, [figures]) for table in chosen.tables],
        "noisy": regional_pages.own_tables(
            list(regional_release.in_force(settings.MOSTOVI.partner, month).values())
        ),
        "noise": regional_pages.method(),
        "may_release": decide(request.actor, Action.PUBLISH, Kind.STATISTIC).allowed,
        "template": chosen,
    }
    return render(request, "statistics/released.html", context)


def _own_rows(month: Month) -> Any:
    return MonthlyTable.objects.filter(node=settings.MOSTOVI.code, period=str(month)).order_by(
        "revision"
    )


@require_GET
@door(Action.READ, Kind.STATISTIC)
def released_csv(request: ActingRequest, month: Month) -> HttpResponse:
    """What left this node for one month, every revision, as CSV."""
    rows = list(_own_rows(month))
    if not rows:
        raise Http404
    return _csv(request, rows, f"mostovi-{settings.MOSTOVI.code}-{month}.csv")


def _csv(request: ActingRequest, rows: list[MonthlyTable], name: str) -> HttpResponse:
    record(request.actor, AuditTag.STATISTICS_EXPORTED, detail={"month": rows[0].period})
    response = HttpResponse(services.as_csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _chosen_month(request: HttpRequest) -> Month:
    """The month asked for, else the newest complete one that anybody released."""
    try:
        return Month.parse(request.GET.get("month", ""))
    except ValueError:
        newest = MonthlyTable.objects.order_by("-period").values_list("period", flat=True).first()
        return Month.parse(newest) if newest else Month.last_complete(timezone.localdate())


@require_GET
@door(Action.READ, Kind.REGIONAL_STATISTIC)
def region(request: ActingRequest) -> HttpResponse:
    """The region in one month: indicators by partner, and one indicator over twelve months."""
    month = _chosen_month(request)
    chosen = template()
    tables = services.newest_tables(month)
    by_partner = _figures_by_partner(tables)
    language = _language()
    newest = Month.last_complete(timezone.localdate())
    context = {
        "month": month,
        "months": sorted({newest.back(n) for n in range(24)} | {month}, reverse=True),
        "partners": [(code, NAMES[code]) for code in PARTNERS],
        "releases": [_release_of(tables, code) for code in PARTNERS],
        "lines": [
            (in_language(line.indicator.title, language), line)
            for line in regional.lines(chosen, by_partner)
        ],
        "missing": [NAMES[code] for code in PARTNERS if code not in by_partner],
        "present": len(by_partner),
        "tables": [(table.code, in_language(table.title, language)) for table in chosen.tables],
        "template": chosen,
        "everybody": settings.MOSTOVI.partner == services.SECRETARIAT,
        **_trend(request, month),
    }
    return render(request, "statistics/region.html", context)


def _release_of(tables: dict[tuple[str, str], MonthlyTable], partner: str) -> MonthlyTable | None:
    return next((row for (code, _table), row in tables.items() if code == partner), None)


def _figures_by_partner(
    tables: dict[tuple[str, str], MonthlyTable],
) -> dict[str, dict[Cell, Figure]]:
    """Every released cell of each partner as a figure."""
    chosen = template()
    published: dict[str, dict[Cell, int | None]] = {}
    for (partner, code), row in tables.items():
        cells = letters.cells_of(chosen.table(code), row.cells)
        published.setdefault(partner, {}).update(cells)
    return {partner: regional.figures(chosen, cells) for partner, cells in published.items()}


def _trend(request: HttpRequest, month: Month) -> dict[str, Any]:
    """One indicator over the twelve months up to `month`, from published cells."""
    chosen = template()
    try:
        indicator = chosen.indicator(request.GET.get("indicator", ""))
    except KeyError:
        indicator = chosen.indicators[0]
    wanted = [month.back(n) for n in range(TREND_MONTHS)]
    found = {
        (row.period, row.partner): row.value
        for row in RegionalCell.objects.filter(
            table=indicator.table.code,
            cell=services.cell_text(indicator.cell),
            period__in=[str(one) for one in wanted],
        )
    }
    lines = []
    for one in wanted:
        figures = [_trend_figure(found, str(one), partner) for partner in PARTNERS]
        lines.append((one, figures, regional.summed(figures)))
    language = _language()
    return {
        "indicator": indicator,
        "indicator_title": in_language(indicator.title, language),
        "indicators": [(i.code, in_language(i.title, language)) for i in chosen.indicators],
        "trend": lines,
        "trend_most": max((total.high or total.low for _m, _f, total in lines), default=0),
    }


def _trend_figure(found: dict[tuple[str, str], int | None], period: str, partner: str) -> Figure:
    if (period, partner) not in found:
        return MISSING
    value = found[(period, partner)]
    return Figure("hidden", 0, None) if value is None else Figure("shown", value, value)


@require_GET
@door(Action.READ, Kind.REGIONAL_STATISTIC)
def region_table(request: ActingRequest, month: Month, table: str) -> HttpResponse:
    """One table of one month, cell by cell and partner by partner."""
    chosen = template()
    try:
        wanted = chosen.table(table)
    except KeyError:
        raise Http404 from None
    by_partner = _figures_by_partner(services.newest_tables(month))
    columns = [by_partner.get(partner, {}) for partner in PARTNERS]
    page = _table_page(wanted, columns)
    context = {
        "month": month,
        "table": page,
        "partners": [(code, NAMES[code]) for code in PARTNERS],
        "lines": [(line, regional.summed(line.figures)) for line in page.lines],
        "template": chosen,
    }
    return render(request, "statistics/region_table.html", context)


@require_GET
@door(Action.READ, Kind.REGIONAL_STATISTIC)
def region_csv(request: ActingRequest, month: Month) -> HttpResponse:
    """One month of all partners as CSV, the newest revisions."""
    rows = [row for _key, row in sorted(services.newest_tables(month).items())]
    if not rows:
        raise Http404
    return _csv(request, rows, f"mostovi-region-{month}.csv")
