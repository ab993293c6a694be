# SPDX-License-Identifier: EUPL-1.2
"""One table from a text file: CSV as we write it, SDMX-CSV, or CSV with HXL hashtags.

The files of a whole region or of many months can be given: the rows of the partner and the period
asked for are taken. Everything else is as for workbooks, and the errors are the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from mostovi.statistics.reading.forms import Form
from mostovi.statistics.reading.workbooks import MOST_BYTES, Read, SheetReader, Wrong, Wrongness

_PERIOD_HEADS: Final = frozenset({"period", "time_period"})
_PARTNER_HEADS: Final = frozenset({"partner", "ref_area", "partner (code)"})


def read_table(data: bytes, form: Form, name: str, *, partner: str, period: str) -> Read:
    """Take the file called `name`; its values are under the form's code."""
    if len(data) > MOST_BYTES:
        return Read({}, (Wrong(Wrongness.TOO_LARGE, name),))
    try:
        text = data.decode("utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = ";" if first.count(";") > first.count(",") else ","
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error):
        return Read({}, (Wrong(Wrongness.NO_TABLE, name),))
    for heads, wanted, kind in (
        (_PERIOD_HEADS, period, Wrongness.OTHER_PERIOD),
        (_PARTNER_HEADS, partner, Wrongness.OTHER_PARTNER),
    ):
        given = _kept(rows, heads, wanted)
        if given:
            values = {"given": ", ".join(sorted(given)[:12]), "expected": wanted}
            return Read({}, (Wrong(kind, name, values=values),))
    reading = SheetReader(form, name, 0)
    reading.read(rows)
    return Read({form.code: reading.cells}, tuple(reading.wrong))


def _kept(rows: list[list[str]], heads: frozenset[str], wanted: str) -> set[str]:
    """Empty the rows of others, so that the numbers of rows stay; what is there instead of any."""
    head: Sequence[str] = rows[0] if rows else ()
    places = [at for at, text in enumerate(head) if text.strip().casefold() in heads]
    if not places:
        return set()
    others, found = set(), False
    for at, row in enumerate(rows[1:], start=1):
        value = row[places[0]].strip() if places[0] < len(row) else ""
        if value.casefold() == wanted.casefold():
            found = True
        elif value and not value.startswith("#"):
            others.add(value)
            rows[at] = []
    return set() if found else others
