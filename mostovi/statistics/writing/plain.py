# SPDX-License-Identifier: EUPL-1.2
"""CSV as it is, and CSV with HXL hashtags for humanitarian data tools.

Hashtags after the Humanitarian Exchange Language 1.1 (evidence: memory). They say what a column is,
not whom it counts: the value is `#indicator+value+num`, because one unit is an event, not a person.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from mostovi.statistics.tables import in_language
from mostovi.statistics.translations import said
from mostovi.statistics.writing.publications import VALUE, Publication

if TYPE_CHECKING:
    import pyarrow as pa

_GROUPS: Final = {"sex", "age_eu", "age_region", "child", "citizen", "unaccompanied", "minor"}
"""Dimensions that say who: HXL's #group."""


def as_csv(one: Publication) -> bytes:
    """Codes and values; `status` says `hidden` where the value is empty for protection."""
    import pyarrow as pa
    import pyarrow.compute as pc

    status = pc.if_else(pc.is_null(one.cells.column(VALUE)), "hidden", "shown")
    table = pa.table(
        {
            "table": pa.array([one.spec.code] * one.cells.num_rows, pa.string()),
            **{name: one.cells.column(name) for name in one.cells.column_names},
            "status": status,
        }
    )
    return arrow_csv(table)


def arrow_csv(table: pa.Table) -> bytes:
    """An Arrow table as CSV with a header, quoted where needed, nulls empty."""
    import pyarrow as pa
    import pyarrow.csv

    plain = pa.table(
        {
            name: column.cast(column.type.value_type)
            if pa.types.is_dictionary(column.type)
            else column
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )
    sink = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    sink.write((",".join(table.column_names) + "\n").encode())
    pyarrow.csv.write_csv(plain, sink, options)
    return sink.getvalue()


def hashtag(name: str, what: str) -> str:
    """The HXL hashtag of a dimension's column of codes or names.

    >>> hashtag("partner", "code"), hashtag("sex", "name"), hashtag("route", "code")
    ('#country+code+v_iso2', '#group+sex+name', '#meta+route+code')
    """
    if name == "partner":
        return "#country+code+v_iso2" if what == "code" else "#country+name"
    kind = "#group" if name in _GROUPS else "#meta"
    return f"{kind}+{name.replace('_', '')}+{what}"


def as_hxl(one: Publication, language: str = "en") -> str:
    """CSV with a row of hashtags under the head: codes and names of every dimension."""
    spec = one.spec
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head, tags = [one.says("Period", language)], ["#date+period"]
    for dimension in spec.dimensions:
        code = said("%(label)s (code)", label=dimension.label)
        head += [in_language(code, language), in_language(dimension.label, language)]
        tags += [hashtag(dimension.code, "code"), hashtag(dimension.code, "name")]
    writer.writerow([*head, one.says("Number", language), one.says("Status", language)])
    writer.writerow([*tags, "#indicator+value+num", "#status+protection"])
    labels = {
        name: {code: one.label(name, code, language) for code in one.codes_of(name)}
        for name in spec.names
    }
    columns = [one.cells.column(name).to_pylist() for name in one.cells.column_names]
    for row in zip(*columns, strict=True):
        period, *codes, value = row
        line: list[object] = [period]
        for name, code in zip(spec.names, codes, strict=True):
            line += [code, labels[name][code]]
        writer.writerow([*line, "" if value is None else value, "hidden" if value is None else ""])
    return text.getvalue()
