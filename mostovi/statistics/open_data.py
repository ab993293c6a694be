# SPDX-License-Identifier: EUPL-1.2
"""Released months of the region as publications: what the public files and charts are made of.

Only `MonthlyTable`s and editions are read: cells after disclosure control, as they were released.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from mostovi.paper.charts import Line, lines
from mostovi.paper.parts import RIGHT_TO_LEFT
from mostovi.statistics.catalogue import code_lists, template
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.models import Edition, MonthlyTable
from mostovi.statistics.months import Month
from mostovi.statistics.partners import NAMES
from mostovi.statistics.specs import Code, Dimension, Legal, Period, Spec
from mostovi.statistics.tables import Table, Template, in_language
from mostovi.statistics.translations import in_all, said
from mostovi.statistics.writing import Publication

if TYPE_CHECKING:
    import pyarrow as pa


def editions() -> dict[str, Edition]:
    """The newest edition of each published month."""
    newest: dict[str, Edition] = {}
    for edition in Edition.objects.order_by("period", "number"):
        newest[edition.period] = edition
    return newest


def state() -> list[tuple[str, int, str]]:
    """What is published: (month, edition, when). Two states are equal only if every file is."""
    newest: dict[str, tuple[str, int, str]] = {}
    rows = Edition.objects.order_by("period", "number")
    for period, number, at in rows.values_list("period", "number", "published_at"):
        newest[period] = (period, number, at.isoformat())
    return list(newest.values())


def published(table: str) -> list[Publication]:
    """The table with every partner's revision that the newest editions name; [] where none does."""
    newest = editions()
    rows = MonthlyTable.objects.filter(table=table, period__in=newest)
    return publications_of_rows(
        row for row in rows if newest[row.period].revisions.get(row.partner) == row.revision
    )


def drawn(one: Publication, language: str) -> str:
    """The table's totals by month, one line a partner; what is hidden or missing is a gap."""
    totals = grand_totals(one)
    periods = one.periods
    first, last = Month.parse(periods[0]), Month.parse(periods[-1])
    months = [str(first)]
    while months[-1] < str(last):
        months.append(str(Month.parse(months[-1]).next()))
    series = [
        Line(str(NAMES[partner.lower()]), [by_month.get(month) for month in months])
        for partner, by_month in sorted(totals.items())
    ]
    title = in_language(one.spec.title, language)
    return lines(
        title=title,
        description=_("%(title)s, %(first)s to %(last)s, one line for each partner.")
        % {"title": title, "first": months[0], "last": months[-1]},
        places=months,
        series=series,
        mirrored=language in RIGHT_TO_LEFT,
    )


def spec_of(table: Table, of: Template) -> Spec:
    """A table of the monthly template as a specification, split by partner too."""
    dimensions = [code_lists()["partner"]] + [
        Dimension(
            one.code, one.code, one.label,
            tuple(Code(code, label, (code,)) for code, label in one.codes.items()),
        )
        for one in table.dimensions
    ]  # fmt: skip
    return Spec(
        code=table.code,
        set=of.code,
        title=table.title,
        events=(table.measure,),
        dimensions=tuple(dimensions),
        period=Period.MONTH,
        legal=Legal(of.source, "", "proposal"),
        definition=in_all(table.counts),
        footnotes=(
            in_all("A partner or month without rows has not sent the table: missing, not zero."),
        ),
    )


def publications_of_rows(rows: Iterable[MonthlyTable]) -> list[Publication]:
    """The tables of `rows`, one publication for each table with every partner and month in them."""
    of = template()
    by_table: dict[str, list[MonthlyTable]] = defaultdict(list)
    for row in rows:
        by_table[row.table].append(row)
    known = {table.code: table for table in of.tables}
    return [
        _publication(known[code], of, found)
        for code, found in sorted(by_table.items())
        if code in known
    ]


def _publication(table: Table, of: Template, rows: Sequence[MonthlyTable]) -> Publication:
    newest = max((row.released_at for row in rows), default=datetime.fromtimestamp(0, UTC))
    return Publication(
        spec=spec_of(table, of),
        cells=_cells(table, rows),
        protection=said(
            "Counts from 1 to %(most)s, and cells from which they would follow, are hidden.",
            most=of.rule.threshold - 1,
        ),
        prepared=newest,
        version=of.version,
        source=of.source,
        notes=() if of.reviewed else ("The template is a proposal that nobody has reviewed.",),
    )


def _cells(table: Table, rows: Sequence[MonthlyTable]) -> pa.Table:
    import pyarrow as pa

    names = [dimension.code for dimension in table.dimensions]
    columns: dict[str, list[Any]] = {name: [] for name in ("period", "partner", *names, "value")}
    for row in sorted(rows, key=lambda one: (one.period, one.partner)):
        for codes, value in row.cells:
            columns["period"].append(row.period)
            columns["partner"].append(row.partner.upper())
            for name, code in zip(names, codes, strict=True):
                columns[name].append(code)
            columns["value"].append(value)
    return pa.table(
        {
            name: pa.array(values, pa.int64() if name == "value" else pa.string())
            for name, values in columns.items()
        }
    )


def grand_totals(publication: Publication) -> dict[str, dict[str, int | None]]:
    """The table's total by partner and period, hidden as None."""
    found: dict[str, dict[str, int | None]] = defaultdict(dict)
    names = publication.spec.names
    columns = [publication.cells.column(n).to_pylist() for n in ("period", *names, "value")]
    for period, partner, *codes, value in zip(*columns, strict=True):
        if all(code == TOTAL for code in codes):
            found[partner][period] = value
    return dict(found)
