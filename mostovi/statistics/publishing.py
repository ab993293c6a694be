# SPDX-License-Identifier: EUPL-1.2
"""Events of a file to publications: specifications read, cells counted, protected, described."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mostovi.statistics import protecting
from mostovi.statistics.catalogue import read_set
from mostovi.statistics.cubing import Cells, cube, opened
from mostovi.statistics.events import BadEvents
from mostovi.statistics.protecting import Protection, Published
from mostovi.statistics.specs import Spec, SpecSet
from mostovi.statistics.tables import Text
from mostovi.statistics.translations import said
from mostovi.statistics.writing import Publication
from mostovi.statistics.writing.publications import Words

if TYPE_CHECKING:
    import pyarrow as pa


def publications_of(
    tables: Path,
    events: Path,
    protection: Protection,
    secret: bytes,
    *,
    now: datetime,
    publisher: str,
    earlier: Path | None = None,
) -> list[Publication]:
    """Every table of the file `tables`, counted from the file `events` and protected.

    earlier: the folder of CSV files that were published before of the same tables: a number stands
    until it is clearly wrong, so that late records are not seen by subtracting.
    Raises `SpecificationError` for tables that are wrong or would disclose, `BadEvents` for events
    that cannot be used.
    """
    chosen = read_set(tables)
    protecting.check(chosen.specs, protection)
    cells = _counted(events, chosen.specs)
    before = {} if earlier is None else read_earlier(earlier, chosen.specs)
    published = protecting.protect(cells, chosen.specs, protection, secret, before)
    return [
        publication(
            published[spec.code],
            chosen,
            protection,
            now=now,
            publisher=publisher,
            revised=spec.code in before,
        )
        for spec in chosen.specs
    ]


def _counted(events: Path, specs: tuple[Spec, ...]) -> Cells:
    import duckdb

    try:
        with opened(events) as source:
            return cube(source, specs)
    except duckdb.Error as error:
        raise BadEvents(f"{events} cannot be read as events: {error}") from error


def publication(
    published: Published,
    of: SpecSet,
    protection: Protection,
    *,
    now: datetime,
    publisher: str,
    revised: bool = False,
) -> Publication:
    """A protected table with what its readers must know."""
    notes: list[Words] = list(of.notes)
    if not of.reviewed:
        notes.append("These tables have not been reviewed by a statistician.")
    return Publication(
        published.spec,
        published.table.select(["period", *published.spec.names, "value"]),
        words(published, protection, revised=revised),
        now,
        of.version,
        of.source,
        publisher,
        tuple(notes),
    )


def words(published: Published, protection: Protection, *, revised: bool = False) -> Text:
    """How the cells were protected, for the reader. revised: earlier numbers were let stand."""
    if published.exact:
        return said(
            "Exact counts; small cells, and cells from which they would follow, are hidden. "
            "Every count from 1 to %(most)s is hidden.",
            most=protection.threshold - 1,
        )
    return noise_words(protection, revised=revised)


def noise_words(protection: Protection, *, revised: bool = False) -> Text:
    """What the noise is, for the reader of a file."""
    more = protection.people if revised else 0
    return said(
        "Each number carries noise (standard error %(error)s, never further than %(most)s from "
        "the count), the same wherever the same question is asked; totals have their own, so "
        "parts need not add up exactly. A cell that is not there stands for fewer than "
        "%(below)s, nobody included.",
        error=f"{protection.standard_error:.1f}",
        most=protection.most_off + more,
        below=protection.hidden_below + more,
    )


def read_earlier(folder: Path, specs: tuple[Spec, ...]) -> Mapping[str, pa.Table]:
    """The CSV files that `write` made before, as tables. Raises `BadEvents` for one that is not."""
    import pyarrow as pa
    import pyarrow.csv

    found = {}
    for spec in specs:
        path = folder / f"{spec.code}.csv"
        if not path.is_file():
            continue
        names = ["period", *spec.names, "value"]
        types = {name: pa.int64() if name == "value" else pa.string() for name in names}
        try:
            found[spec.code] = pyarrow.csv.read_csv(
                path,
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=types, include_columns=names, strings_can_be_null=False
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            raise BadEvents(f"{path} is not what was published before: {error}") from error
    return found
