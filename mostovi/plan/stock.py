# SPDX-License-Identifier: EUPL-1.2
"""The UN's migrant stock: read the table row by row, and recompute the report's 4.3. Pure.

Definition. For one year and both sexes: persons born in one of `PARTNERS` who live in another
country or partner, divided by persons born elsewhere who live in one of them. Moves between the
partners count on both sides. Kosovo* is not separate in the UN's table. 'Other' (OOO) is a
place of birth that is not known or not named.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

PARTNERS = {"ALB": "al", "BIH": "ba", "MNE": "me", "MKD": "mk", "SRB": "rs"}
"""The partners that the UN's table names, as ISO 3166-1 alpha-3 and as our codes."""

REPORT_YEAR = 2020
COLUMNS = ("destination", "year", "origin", "sex", "persons")
SEXES = ("female", "male", "both")
MOST_ERRORS = 100
MOST_ROWS = 500_000
_PLACE = re.compile(r"^[A-Z]{3}$")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in one row (1 is the header) and how to repair it."""

    row: int
    column: str
    found: str
    message: str


@dataclass(frozen=True, slots=True)
class StockRow:
    """Persons of one sex born in `origin` who live in `destination` in `year`."""

    destination: str
    origin: str
    year: int
    sex: str
    persons: int


@dataclass(frozen=True)
class Reading:
    """A read file: `rows` if there are no `errors`; `more` errors were not listed."""

    rows: tuple[StockRow, ...]
    errors: tuple[RowError, ...]
    more: int = 0


@dataclass(frozen=True)
class Ratio:
    """The recomputed figure and its parts; `within` counts in both of them."""

    year: int
    emigrants: int
    immigrants: int
    within: int
    by_partner: tuple[tuple[str, int, int], ...]

    @property
    def value(self) -> Decimal:
        """Emigrants for one immigrant, to three places."""
        return (Decimal(self.emigrants) / Decimal(self.immigrants)).quantize(Decimal("0.001"))

    @property
    def without_moves_within(self) -> Decimal | None:
        """The same with moves between the partners left out on both sides."""
        arrived = self.immigrants - self.within
        if arrived <= 0:
            return None
        left = Decimal(self.emigrants - self.within)
        return (left / Decimal(arrived)).quantize(Decimal("0.001"))


def read(content: bytes) -> Reading:
    """Read a CSV file. Every row is checked; one wrong row means that nothing is taken."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        return Reading((), (RowError(row, "", "", "Save the file as UTF-8 text (CSV)."),))
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [name.strip().lower() for name in next(lines, [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        return Reading(
            (),
            tuple(
                RowError(1, name, "", f"Column '{name}' is missing. Needed: {', '.join(COLUMNS)}.")
                for name in missing
            ),
        )
    return _read_rows(lines, header)


def _read_rows(lines: Iterable[list[str]], header: list[str]) -> Reading:
    position = {name: header.index(name) for name in COLUMNS}
    rows: list[StockRow] = []
    errors: list[RowError] = []
    seen: dict[tuple[str, str, int, str], int] = {}
    for number, line in enumerate(lines, start=2):
        if not any(value.strip() for value in line):
            continue
        if number > MOST_ROWS:
            errors.append(RowError(number, "", "", f"More than {MOST_ROWS} rows. Split the file."))
            break
        if len(line) != len(header):
            text = f"{len(line)} columns where the header has {len(header)}."
            errors.append(RowError(number, "", "", text))
            continue
        row, wrong = _read_row(number, {n: line[at].strip() for n, at in position.items()})
        errors.extend(wrong)
        if row is None:
            continue
        key = (row.destination, row.origin, row.year, row.sex)
        if key in seen:
            text = f"The same destination, year, origin and sex as in row {seen[key]}."
            errors.append(RowError(number, "", "/".join(map(str, key)), text))
        seen[key] = number
        rows.append(row)
    if not rows and not errors:
        errors.append(RowError(2, "", "", "There is no row under the header."))
    kept = tuple(errors[:MOST_ERRORS])
    return Reading(() if errors else tuple(rows), kept, len(errors) - len(kept))


def _read_row(number: int, values: dict[str, str]) -> tuple[StockRow | None, list[RowError]]:
    def wrong(column: str, message: str) -> RowError:
        return RowError(number, column, values[column][:40], message)

    errors = [
        wrong(column, "Write the three-letter ISO 3166-1 code in capitals, such as BIH.")
        for column in ("destination", "origin")
        if not _PLACE.match(values[column])
    ]
    year = int(values["year"]) if re.fullmatch(r"\d{4}", values["year"]) else 0
    if not 1950 <= year <= 2100:
        errors.append(wrong("year", "Write the year with four digits."))
    if values["sex"] not in SEXES:
        errors.append(wrong("sex", "Write female, male or both."))
    if not re.fullmatch(r"\d{1,10}", values["persons"]):
        errors.append(wrong("persons", "Write a whole number without separators."))
    if not errors and values["destination"] == values["origin"]:
        errors.append(wrong("origin", "Destination and origin are the same."))
    if errors:
        return None, errors
    return (
        StockRow(
            values["destination"], values["origin"], year, values["sex"], int(values["persons"])
        ),
        [],
    )


def years(rows: Iterable[StockRow]) -> list[int]:
    """The years in the table, oldest first."""
    return sorted({row.year for row in rows})


def ratio(rows: Iterable[StockRow], year: int = REPORT_YEAR) -> Ratio:
    """Recompute the figure for `year`, both sexes.

    A pair of places that has a row 'both' counts that one, otherwise women and men together.
    Raises `ValueError` when the year is not there or a partner has nobody on either side.
    """
    pairs: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        if row.year == year:
            pairs.setdefault((row.origin, row.destination), {})[row.sex] = row.persons
    if not pairs:
        raise ValueError(f"The table has no row for {year}.")
    persons = {
        pair: sexes.get("both", sexes.get("female", 0) + sexes.get("male", 0))
        for pair, sexes in pairs.items()
    }
    out = {code: sum(n for (o, _d), n in persons.items() if o == code) for code in PARTNERS}
    into = {code: sum(n for (_o, d), n in persons.items() if d == code) for code in PARTNERS}
    for code in PARTNERS:
        if not out[code] or not into[code]:
            raise ValueError(f"The table has no persons from or in {code} for {year}.")
    return Ratio(
        year=year,
        emigrants=sum(out.values()),
        immigrants=sum(into.values()),
        within=sum(n for (o, d), n in persons.items() if o in PARTNERS and d in PARTNERS),
        by_partner=tuple((PARTNERS[code], out[code], into[code]) for code in PARTNERS),
    )
