# SPDX-License-Identifier: EUPL-1.2
"""Released months of the region as publications: what the public files and charts are made of.

Only `MonthlyTable`s and editions are read: cells after disclosure control, as they were released.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from mostovi.paper.charts import WIDTH, Line, lines
from mostovi.paper.parts import RIGHT_TO_LEFT
from mostovi.statistics import own_figures, regional_release, regional_tables
from mostovi.statistics.catalogue import code_lists, template
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.models import Edition, MonthlyTable, NoisyMonth
from mostovi.statistics.months import Month
from mostovi.statistics.partners import NAMES
from mostovi.statistics.publishing import noise_words
from mostovi.statistics.regional_tables import OWN_METHOD, NoisyTable
from mostovi.statistics.specs import Code, Dimension, Legal, Period, Spec, SpecSet
from mostovi.statistics.table_services import protection
from mostovi.statistics.tables import Table, Template, in_language
from mostovi.statistics.translations import in_all, said
from mostovi.statistics.writing import Publication

if TYPE_CHECKING:
    import pyarrow as pa


def editions() -> dict[str, Edition]:
    """The newest edition of each published month; at a partner's node its own revisions."""
    newest: dict[str, Edition] = {}
    for edition in Edition.objects.order_by("period", "number"):
        newest[edition.period] = edition
    if newest:
        return newest
    own = own_figures.newest(own_figures.states())
    return {one.period: one for one in own_figures.editions(own)}


def editions_of(month: Month) -> list[Edition]:
    """Every edition of one month, oldest first."""
    found = list(Edition.objects.filter(period=str(month)).order_by("number"))
    return found or own_figures.editions(own_figures.states(month))


def state() -> list[tuple[str, int, str]]:
    """What is published: (month, edition, when). Two states are equal only if every file is."""
    newest: dict[str, tuple[str, int, str]] = {}
    rows = Edition.objects.order_by("period", "number")
    for period, number, at in rows.values_list("period", "number", "published_at"):
        newest[period] = (period, number, at.isoformat())
    return list(newest.values()) or own_figures.newest(own_figures.states())


def published(table: str) -> list[Publication]:
    """The table with every partner's revision that the newest editions name; [] where none does."""
    newest = editions()
    if table in regional_release.specs():
        return _noisy(regional_release.specs()[table], newest)
    rows = MonthlyTable.objects.filter(table=table, period__in=newest)
    return publications_of_rows(
        row for row in rows if newest[row.period].revisions.get(row.partner) == row.revision
    )


def noisy_codes() -> list[str]:
    """The tables with noise that the newest editions hold, in the set's order."""
    newest = editions()
    rows = NoisyMonth.objects.filter(period__in=newest, reason="").order_by()
    found = {
        table
        for period, partner, revision, table in rows.values_list(
            "period", "partner", "revision", "table"
        )
        if newest[period].noisy.get(partner) == revision
    }
    return [code for code in regional_release.specs() if code in found]


def _noisy(spec: Spec, newest: Mapping[str, Edition]) -> list[Publication]:
    """A table with noise as a publication: shown cells, and the grand total of every sender."""
    rows = [
        row
        for row in NoisyMonth.objects.filter(table=spec.code, period__in=newest, reason="")
        if newest[row.period].noisy.get(row.partner) == row.revision
    ]
    found = regional_release.joined(rows)
    tables = [
        (period, partner, one)
        for (period, partner), by_code in sorted(found.items())
        for one in by_code.values()
        if one.known
    ]
    if not tables:
        return []
    of = regional_release.spec_set()
    return [
        Publication(
            spec=spec,
            cells=_noisy_cells(spec, tables),
            protection=noise_words(protection(), revised=True),
            prepared=max(row.released_at for row in rows),
            version=of.version,
            source=of.source,
            notes=(*of.notes, *_noisy_notes(of, tables)),
        )
    ]


def _noisy_notes(of: SpecSet, tables: Sequence[tuple[str, str, NoisyTable]]) -> list[str]:
    found = [
        "A partner or month without rows has not sent the table: missing, not zero. Hidden is "
        "nobody or a few, never zero."
    ]
    for partner, names in sorted({(p, ", ".join(one.unsplit)) for _m, p, one in tables}):
        if names:
            found.append(f"{partner.upper()} does not split by {names}.")
    own = sorted({p.upper() for _m, p, one in tables if one.method == OWN_METHOD})
    if own:
        found.append(f"Protected by the partner itself: {', '.join(own)}.")
    return found if of.reviewed else [*found, "Nobody has reviewed these tables."]


def _noisy_cells(spec: Spec, tables: Sequence[tuple[str, str, NoisyTable]]) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, list[Any]] = {name: [] for name in ("period", *spec.names, "value")}
    for period, partner, one in tables:
        total = tuple(TOTAL for _name in one.dimensions)
        # The grand total stands there also when it is hidden: the partner has sent.
        for codes in regional_tables.ordered(spec, [total, *one.cells]):
            keys = dict(zip(one.dimensions, codes, strict=True)) | {"partner": partner.upper()}
            columns["period"].append(period)
            columns["value"].append(one.cells.get(codes))
            for name in spec.names:
                columns[name].append(keys[name])
    return pa.table(
        {
            name: pa.array(values, pa.int64() if name == "value" else pa.string())
            for name, values in columns.items()
        }
    )


def drawn(one: Publication, language: str, width: int = WIDTH) -> str:
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
        width=width,
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
