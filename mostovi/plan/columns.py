# SPDX-License-Identifier: EUPL-1.2
"""A publisher's CSV read row by row: every wrong row is named; with one nothing is taken. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mostovi.plan.stock import MOST_ERRORS, MOST_ROWS, RowError

Row = TypeVar("Row")
Wrong = Callable[[str, str], None]
"""Note what is wrong: the column, and how to repair it."""


@dataclass(frozen=True)
class Table(Generic[Row]):
    """A read file: `rows` if there are no `errors`; `more` errors were not listed."""

    rows: tuple[Row, ...]
    errors: tuple[RowError, ...]
    more: int = 0


def read(
    content: bytes,
    columns: Sequence[str],
    row_of: Callable[[dict[str, str], Wrong], Row | None],
    identity: Callable[[Row], object],
) -> Table[Row]:
    """Read `content`. `row_of` gives a row, or notes what is wrong; None is a row to leave out.

    Two rows of the same `identity` are an error. Other columns than `columns` are ignored.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Table((), (RowError(line, "", "", "Save the file as UTF-8 text (CSV)."),))
    first = text.partition("\n")[0]
    lines = csv.reader(
        io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ","
    )
    header = [name.strip().lower() for name in next(lines, [])]
    needed = ", ".join(columns)
    if missing := [name for name in columns if name not in header]:
        wrong = (RowError(1, n, "", f"Column '{n}' is missing. Needed: {needed}.") for n in missing)
        return Table((), tuple(wrong))
    place = {name: header.index(name) for name in columns}
    rows: list[Row] = []
    errors: list[RowError] = []
    seen: dict[object, int] = {}
    for number, line_ in enumerate(lines, start=2):
        if not any(value.strip() for value in line_):
            continue
        if number > MOST_ROWS:
            errors.append(RowError(number, "", "", f"More than {MOST_ROWS} rows. Split the file."))
            break
        if len(line_) != len(header):
            many = f"{len(line_)} columns where the header has {len(header)}."
            errors.append(RowError(number, "", "", many))
            continue
        values = {name: line_[at].strip() for name, at in place.items()}
        found: list[RowError] = []

        def note(
            column: str, message: str, *, at: int = number, of: dict[str, str] = values,
            to: list[RowError] = found,
        ) -> None:  # fmt: skip
            to.append(RowError(at, column, of.get(column, "")[:40], message))

        row = row_of(values, note)
        errors.extend(found)
        if row is None or found:
            continue
        key = identity(row)
        if key in seen:
            errors.append(RowError(number, "", "", f"The same as in row {seen[key]}."))
        seen[key] = number
        rows.append(row)
    if not rows and not errors:
        errors.append(RowError(2, "", "", "There is no row to take under the header."))
    kept = tuple(errors[:MOST_ERRORS])
    return Table(() if errors else tuple(rows), kept, len(errors) - len(kept))
