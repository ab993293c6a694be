# SPDX-License-Identifier: EUPL-1.2
"""A filled workbook to the values of its tables, or to what is wrong in it, row by row.

Columns are found by their heads, so they may be moved together with them; a column whose values are
another dimension's is said to be moved. Codes may be written as codes or as labels in any language.
`x` is a number that is withheld; a row without a number is missing, which is neither (R6).
Nothing is guessed: a number that can be read in two ways is refused.
"""

from __future__ import annotations

import difflib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.reading.blanks import ABOUT, KEYS, NUMBER
from mostovi.statistics.reading.forms import Form, FormDimension
from mostovi.statistics.writing.workbooks import sheet_name

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_UNPACKED: Final = 100 * 1024 * 1024
MOST_ROWS: Final = 100_000
MOST_WRONG: Final = 200
HEAD_WITHIN: Final = 15
HIDDEN: Final = frozenset({"x", ":", "c", "hidden"})
_STATUS_HEADS: Final = frozenset({"status", "conf_status"})
_NUMBER_HEADS: Final = frozenset({"number", "value", "obs_value", "numri", "broj", "број", "العدد"})
Codes = tuple[str, ...]


class Wrongness(StrEnum):
    """What can be wrong; `texts.said` has the words."""

    TOO_LARGE = "too_large"
    NO_WORKBOOK = "no_workbook"
    NO_TABLE = "no_table"
    OTHER_PARTNER = "other_partner"
    OTHER_PERIOD = "other_period"
    OTHER_TEMPLATE = "other_template"
    NO_SHEET = "no_sheet"
    NO_HEAD = "no_head"
    NO_COLUMN = "no_column"
    COLUMN_TWICE = "column_twice"
    MOVED = "moved"
    WRONG_CODE = "wrong_code"
    NO_CODE = "no_code"
    NO_NUMBER = "no_number"
    BAD_NUMBER = "bad_number"
    TWICE = "twice"
    BAD_TOTAL = "bad_total"
    TOTAL_TOO_SMALL = "total_too_small"
    TOO_FEW = "too_few"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_WRONG = "too_many_wrong"


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong, and where; row and column as the spreadsheet names them."""

    kind: Wrongness
    sheet: str = ""
    row: int | None = None
    column: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Sheet and cell, as `cases_opened!C14`."""
        cell = f"{self.column}{self.row or ''}"
        return f"{self.sheet}!{cell}" if self.sheet and cell else self.sheet or cell


@dataclass(frozen=True)
class Read:
    """What was read: by form and codes the number (None: withheld), and what is wrong.

    Nothing of a workbook with anything wrong may be stored.
    """

    cells: Mapping[str, Mapping[Codes, int | None]]
    wrong: tuple[Wrong, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def read(
    data: bytes,
    forms: Sequence[Form],
    *,
    partner: str = "",
    period: str = "",
    template: str = "",
    version: str = "",
    threshold: int = 0,
) -> Read:
    """Take a workbook. What is given must be what its first sheet says.

    threshold: a number from 1 to under it is refused, because it should not have left; 0 for none.
    """
    refused = _refused(data)
    if refused:
        return Read({}, (Wrong(refused),))
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception:  # noqa: BLE001 - the library raises whatever the broken part led to
        return Read({}, (Wrong(Wrongness.NO_WORKBOOK),))
    try:
        sheets = {sheet.title.casefold(): sheet for sheet in book.worksheets}
        about = _about(sheets.get(ABOUT))
        wanted = dict(zip(KEYS, (partner, period, template, version), strict=True))
        wrong = _other(about, wanted)
        cells: dict[str, dict[Codes, int | None]] = {}
        for form in forms:
            name = sheet_name(form.code, ())
            sheet = sheets.get(name.casefold())
            if sheet is None and form.optional:
                continue
            if sheet is None:
                wrong.append(Wrong(Wrongness.NO_SHEET, name))
                continue
            reading = SheetReader(form, name, threshold)
            reading.read(sheet.iter_rows(values_only=True))
            wrong += reading.wrong
            if reading.cells or not form.optional:
                cells[form.code] = reading.cells
    except Exception:  # noqa: BLE001 - a part is only unpacked when its rows are asked for
        return Read({}, (Wrong(Wrongness.NO_WORKBOOK),))
    finally:
        book.close()
    if len(wrong) > MOST_WRONG:
        left = str(len(wrong) - MOST_WRONG)
        wrong = [*wrong[:MOST_WRONG], Wrong(Wrongness.TOO_MANY_WRONG, values={"left": left})]
    return Read(cells, tuple(wrong), about)


def _refused(data: bytes) -> Wrongness | None:
    if len(data) > MOST_BYTES:
        return Wrongness.TOO_LARGE
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                return Wrongness.TOO_LARGE
    except (zipfile.BadZipFile, ValueError):
        return Wrongness.NO_WORKBOOK
    return None


def _about(sheet: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    if sheet is None:
        return found
    for row in sheet.iter_rows(max_row=40, max_col=2, values_only=True):
        key = str(row[0] or "").strip().casefold() if row else ""
        if key in KEYS and len(row) > 1 and row[1] is not None:
            found[key] = _written(row[1])
    return found


def _written(value: Any) -> str:
    """A cell as text; a month that the spreadsheet took for a date is a month again."""
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m"))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _other(about: Mapping[str, str], wanted: Mapping[str, str]) -> list[Wrong]:
    kinds = {"partner": Wrongness.OTHER_PARTNER, "period": Wrongness.OTHER_PERIOD}
    found = []
    for at, (key, expected) in enumerate(wanted.items(), start=1):
        given = about.get(key, "")
        if expected and given.casefold() != expected.casefold():
            kind = kinds.get(key, Wrongness.OTHER_TEMPLATE)
            values = {"given": given, "expected": expected}
            found.append(Wrong(kind, ABOUT, at, "B", values))
    return found


class SheetReader:
    """Reads the rows of one sheet, or of a file that is one table."""

    def __init__(self, form: Form, name: str, threshold: int) -> None:
        self.form, self.name, self.threshold = form, name, threshold
        self.wrong: list[Wrong] = []
        self.cells: dict[Codes, int | None] = {}
        self.rows: dict[Codes, int] = {}
        self.columns: list[int] = []
        self.number = 0
        self.status: int | None = None

    def read(self, rows: Iterable[Sequence[Any]]) -> None:
        """Fill `cells` and `wrong`."""
        head_row = 0
        for row_number, row in enumerate(rows, start=1):
            texts = ["" if cell is None else _written(cell) for cell in row]
            if not head_row:
                if self._head(texts, row_number):
                    head_row = row_number
                elif row_number >= HEAD_WITHIN or self.wrong:
                    break
                continue
            if row_number > MOST_ROWS:
                self._add(Wrongness.TOO_MANY_ROWS, row_number, most=str(MOST_ROWS))
                break
            # A row of hashtags is HXL's, under the head.
            if any(texts) and not texts[0].startswith("#"):
                self._row(texts, row, row_number)
        if not head_row and not self.wrong:
            names = ", ".join(dimension.code for dimension in self.form.dimensions)
            self._add(Wrongness.NO_HEAD, None, names=f"{names}, {NUMBER}")
        if head_row and not self.wrong:
            self._missing(head_row)
            if self.form.adds_up:
                self._totals()

    def _add(
        self, kind: Wrongness, row: int | None, column: int | None = None, **values: str
    ) -> None:
        letter = "" if column is None else _letter(column)
        self.wrong.append(Wrong(kind, self.name, row, letter, values))

    def _head(self, texts: Sequence[str], row: int) -> bool:
        """Whether this row is the head; where its columns are is kept."""
        heads = [text.casefold() for text in texts]
        numbers = [at for at, head in enumerate(heads) if head in _NUMBER_HEADS]
        places = [
            [at for at, head in enumerate(heads) if head in dimension.names]
            for dimension in self.form.dimensions
        ]
        if not numbers or (places and not any(places)):
            return False
        for dimension, found in zip(self.form.dimensions, places, strict=True):
            if not found:
                self._add(Wrongness.NO_COLUMN, row, name=dimension.code)
            elif len(found) > 1:
                self._add(Wrongness.COLUMN_TWICE, row, found[1], name=dimension.code)
        if len(numbers) > 1:
            self._add(Wrongness.COLUMN_TWICE, row, numbers[1], name=NUMBER)
        if self.wrong:
            return False
        self.columns, self.number = [found[0] for found in places], numbers[0]
        statuses = [at for at, head in enumerate(heads) if head in _STATUS_HEADS]
        self.status = statuses[0] if statuses else None
        return True

    def _row(self, texts: Sequence[str], row: Sequence[Any], number: int) -> None:
        codes: list[str] = []
        for dimension, at in zip(self.form.dimensions, self.columns, strict=True):
            text = texts[at] if at < len(texts) else ""
            code = dimension.read(text) if text else None
            if code is None:
                self._code_wrong(dimension, text, number, at)
            else:
                codes.append(code)
        given = texts[self.number] if self.number < len(texts) else ""
        if not given and self.status is not None and self.status < len(texts):
            given = "x" if texts[self.status].casefold() in HIDDEN else ""
        if len(codes) < len(self.form.dimensions):
            return
        value = self._value(row, given, number, missing=not self.form.open)
        if isinstance(value, _Nothing):
            return
        place = tuple(codes)
        if place in self.cells:
            first = str(self.rows[place])
            self._add(Wrongness.TWICE, number, codes="/".join(place), first=first)
            return
        self.cells[place], self.rows[place] = value, number

    def _code_wrong(self, dimension: FormDimension, text: str, row: int, column: int) -> None:
        if not text:
            self._add(Wrongness.NO_CODE, row, column, name=dimension.code)
            return
        for other in self.form.dimensions:
            if other is not dimension and other.said.get(text.casefold()) not in (None, TOTAL):
                self._add(
                    Wrongness.MOVED, row, column,
                    name=dimension.code, given=text, other=other.code,
                )  # fmt: skip
                return
        if re.fullmatch(r"[\d\s.,]+", text):
            self._add(Wrongness.MOVED, row, column, name=dimension.code, given=text, other=NUMBER)
            return
        near = difflib.get_close_matches(text.casefold(), list(dimension.said), n=1)
        meant = dimension.said[near[0]] if near else ""
        codes = ", ".join([*list(dimension.codes)[:12], TOTAL])
        self._add(
            Wrongness.WRONG_CODE, row, column,
            name=dimension.code, given=text, meant=meant, codes=codes,
        )  # fmt: skip

    def _value(
        self, row: Sequence[Any], given: str, number: int, *, missing: bool
    ) -> int | None | _Nothing:
        if not given:
            if missing:
                self._add(Wrongness.NO_NUMBER, number, self.number)
            return _Nothing()
        if given.casefold() in HIDDEN:
            return None
        value = whole(row[self.number])
        if value is None:
            self._add(Wrongness.BAD_NUMBER, number, self.number, given=given)
            return _Nothing()
        if 0 < value < self.threshold:
            self._add(
                Wrongness.TOO_FEW, number, self.number,
                given=given, threshold=str(self.threshold),
            )  # fmt: skip
            return _Nothing()
        return value

    def _missing(self, head_row: int) -> None:
        if self.form.open:
            return
        for codes in self.form.cells:
            if codes not in self.cells:
                self._add(Wrongness.NO_NUMBER, head_row, codes="/".join(codes))

    def _totals(self) -> None:
        """Each total against its parts, dimension by dimension."""
        for at, dimension in enumerate(self.form.dimensions):
            parts: dict[Codes, list[int | None]] = {}
            for codes, value in self.cells.items():
                if codes[at] != TOTAL:
                    parts.setdefault((*codes[:at], TOTAL, *codes[at + 1 :]), []).append(value)
            for codes, found in parts.items():
                if codes in self.cells:
                    self._total(codes, found, dimension)

    def _total(self, codes: Codes, parts: Sequence[int | None], over: FormDimension) -> None:
        total = self.cells[codes]
        if total is None:
            return
        known = sum(value for value in parts if value is not None)
        values = {"given": str(total), "sum": str(known), "name": over.code}
        if None not in parts and known != total:
            self._add(Wrongness.BAD_TOTAL, self.rows[codes], self.number, **values)
        elif None in parts and known > total:
            self._add(Wrongness.TOTAL_TOO_SMALL, self.rows[codes], self.number, **values)


class _Nothing:
    """No number in the row."""


def whole(value: Any) -> int | None:
    """A whole number from 0 up, or None for what is none or could be read in two ways.

    >>> whole(12), whole(12.0), whole("1 234"), whole("1.234"), whole(-1), whole(1.5)
    (12, 12, 1234, None, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value) if value >= 0 and value == int(value) else None
    text = re.sub(r"[\s\u00a0\u202f']", "", str(value))
    return int(text) if text.isdecimal() and len(text) <= 12 else None


def _letter(column: int) -> str:
    """The spreadsheet's name of a column, counted from 0.

    >>> _letter(0), _letter(27)
    ('A', 'AB')
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
