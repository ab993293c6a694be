# SPDX-License-Identifier: EUPL-1.2
"""Read an XLSForm workbook into cells that keep their sheet, row and column.

pyxform reads workbooks itself, but its rows lose their cells, and a file that is not a workbook
gives a message nobody can act on. So we read the cells, diagnose and repair them
(`xlsform_check`), and hand the result to pyxform (`xlsform_convert`).
Format: https://xlsform.org/en/ref-table/
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any

SHEETS = ("survey", "choices", "settings", "external_choices", "entities", "osm")
FORMATS = (".xlsx", ".xlsm", ".xls", ".csv", ".md")
MAXIMUM_BYTES = 10 * 1024 * 1024
MAXIMUM_UNPACKED_BYTES = 200 * 1024 * 1024
MAXIMUM_ROWS = 50_000
_EMPTY_COLUMNS_END = 20
_EMPTY_ROWS_END = 60
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u00ad"), None)
_MD_COMMENT = re.compile(r"^\s*#")
_MD_ROW = re.compile(r"\s*\|(.*)\|\s*$")
_MD_SEPARATOR = re.compile(r"^[|\s:-]+$")
_MD_PIPE = re.compile(r"(?<!\\)\|")


class WorkbookError(Exception):
    """The file cannot be read as a workbook; the message says what to do."""


@dataclass
class Table:
    """One sheet. `cells` maps (row, column), both from 1, to text; row 1 holds the headers."""

    key: str
    title: str
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    _headers: dict[int, str] | None = field(default=None, compare=False, repr=False)
    _rows: list[int] | None = field(default=None, compare=False, repr=False)

    def put(self, row: int, column: int, text: str) -> None:
        """Write a cell; '' empties it."""
        if text:
            self.cells[row, column] = text
        else:
            self.cells.pop((row, column), None)
        self._headers = self._rows = None

    @property
    def headers(self) -> dict[int, str]:
        """Column number to header text."""
        if self._headers is None:
            first = sorted((column, text) for (row, column), text in self.cells.items() if row == 1)
            self._headers = dict(first)
        return self._headers

    @property
    def last_row(self) -> int:
        """Number of the last row with a cell."""
        return max((row for row, _ in self.cells), default=0)

    def column(self, *names: str) -> int | None:
        """The column whose header is one of `names`, however it is spelt (`Form ID`, `form_id`)."""
        for column, header in self.headers.items():
            if normal_header(header) in names:
                return column
        return None

    def get(self, row: int, column: int | None) -> str:
        """The text of a cell, '' when empty or when there is no such column."""
        return self.cells.get((row, column), "") if column else ""

    def rows(self) -> Iterator[int]:
        """Numbers of the rows below the header that hold anything."""
        if self._rows is None:
            self._rows = sorted({row for row, _ in self.cells if row > 1})
        yield from self._rows

    def name_of(self, column: int | None) -> str:
        """Header of a column."""
        return self.cells.get((1, column), "") if column else ""


@dataclass
class Book:
    """The sheets of one workbook that XLSForm knows, and the titles of all."""

    tables: dict[str, Table]
    titles: list[str]

    def table(self, key: str) -> Table | None:
        """The sheet `survey`, `choices`, ... or None."""
        return self.tables.get(key)

    def copy(self) -> Book:
        """An independent copy."""
        return Book(
            {k: Table(t.key, t.title, dict(t.cells)) for k, t in self.tables.items()},
            list(self.titles),
        )

    def for_pyxform(self) -> dict[str, Any]:
        """The shape that `pyxform.xls2xform.convert` takes; row numbers are kept."""
        made: dict[str, Any] = {"sheet_names": list(self.titles)}
        for key, table in self.tables.items():
            headers = table.headers
            rows: list[dict[str, str]] = [{} for _ in range(max(table.last_row - 1, 0))]
            for (row, column), text in sorted(table.cells.items()):
                if row > 1 and column in headers:
                    rows[row - 2][headers[column]] = text
            made[key] = rows
            made[f"{key}_header"] = [dict.fromkeys(headers.values())]
        return made


def cell_name(row: int, column: int) -> str:
    """`C12` for row 12, column 3."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column)}{row}"


def normal_header(header: str) -> str:
    """`  Form  ID ` as `form_id`."""
    return "_".join(header.split()).lower()


def read_book(data: bytes, name: str) -> Book:
    """Read the bytes of the file called `name`.

    Raises `WorkbookError` for an empty, corrupt, encrypted or oversized file or another format.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in FORMATS:
        raise WorkbookError(
            f"'{suffix or name}' is not a form format. Save the form as .xlsx and try again."
        )
    if not data:
        raise WorkbookError("The file is empty. Copy it again from where it was made.")
    if len(data) > MAXIMUM_BYTES:
        raise WorkbookError(
            f"The file has {len(data) // 1024 // 1024} MB; a form may have 10 MB. Take pictures "
            "out of the sheets and add them as media files."
        )
    if suffix in {".csv", ".md"}:
        return _read_text(data, suffix)
    if data[:4] == b"PK\x03\x04":
        return _read_xlsx(data)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _read_xls(data)
    raise WorkbookError(
        "The content is not a workbook, whatever the file's name says (perhaps a web page saved "
        "under that name, or a broken download). Open it in a spreadsheet program, save it as "
        ".xlsx and try again."
    )


def _read_xlsx(data: bytes) -> Book:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            names = set(archive.namelist())
    except zipfile.BadZipFile as error:
        raise WorkbookError(_CORRUPT.format(why="its archive is broken")) from error
    if unpacked > MAXIMUM_UNPACKED_BYTES:
        raise WorkbookError(
            f"The workbook unpacks to {unpacked // 1024 // 1024} MB; that is refused. Copy the "
            "sheets survey, choices and settings into a new workbook."
        )
    if not any(name.startswith("xl/") for name in names):
        raise WorkbookError(
            "This is an archive, but not a workbook (an OpenDocument file or a zip?). Save the "
            "form as .xlsx and try again."
        )
    # Twenty megabytes that a node needs when somebody imports a form, not before.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = [
                (sheet.title, list(_grid(sheet.iter_rows(values_only=True))))
                for sheet in workbook.worksheets
                if _wanted(sheet.title, len(workbook.worksheets))
            ]
            titles = [sheet.title for sheet in workbook.worksheets]
            workbook.close()
    except (
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        OSError,
        AttributeError,
    ) as error:
        raise WorkbookError(_CORRUPT.format(why=str(error) or type(error).__name__)) from error
    except (zipfile.BadZipFile, EOFError, IndexError, SyntaxError) as error:
        # SyntaxError: the XML parsers' ParseError is one.
        raise WorkbookError(_CORRUPT.format(why=str(error) or type(error).__name__)) from error
    return _book(sheets, titles)


_CORRUPT = (
    "The workbook is damaged ({why}). Open it in a spreadsheet program; if it opens, save it as a "
    "new .xlsx, otherwise ask for the file again."
)


def _read_xls(data: bytes) -> Book:
    import xlrd  # type: ignore[import-untyped]

    try:
        workbook = xlrd.open_workbook(file_contents=data)
    except Exception as error:
        why = "it is protected with a password" if "encrypt" in str(error).lower() else str(error)
        raise WorkbookError(_CORRUPT.format(why=why)) from error
    sheets = []
    for sheet in workbook.sheets():
        if not _wanted(sheet.name, workbook.nsheets):
            continue
        grid = (
            [
                _xls_value(sheet.cell(row, column), workbook.datemode)
                for column in range(sheet.ncols)
            ]
            for row in range(sheet.nrows)
        )
        sheets.append((sheet.name, list(_grid(grid))))
    return _book(sheets, [sheet.name for sheet in workbook.sheets()])


def _xls_value(cell: Any, datemode: int) -> object:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError, xlrd.xldate.XLDateError):
            return cell.value
    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK, xlrd.XL_CELL_ERROR}:
        return None
    return cell.value


def _read_text(data: bytes, suffix: str) -> Book:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkbookError(
            f"Byte {error.start} is not UTF-8. Save the file with the encoding UTF-8."
        ) from error
    rows = list(_csv_rows(text) if suffix == ".csv" else _md_rows(text))
    sheets: list[tuple[str, list[Sequence[object]]]] = []
    for first, rest in rows:
        if first:
            sheets.append((first, []))
        if any(str(cell or "").strip() for cell in rest):
            if not sheets:
                raise WorkbookError(
                    "The first row names no sheet. Put the sheet's name (survey, choices, "
                    "settings) into the first column, on a row of its own."
                )
            sheets[-1][1].append(rest)
    if not sheets:
        raise WorkbookError("The file holds no table. A form needs at least the sheet 'survey'.")
    titles = [title for title, _ in sheets]
    grids = [(title, list(_grid(iter(grid)))) for title, grid in sheets]
    return _book([(t, g) for t, g in grids if _wanted(t, len(titles))], titles)


def _csv_rows(text: str) -> Iterator[tuple[str, Sequence[object]]]:
    try:
        for row in csv.reader(io.StringIO(text, newline="")):
            if row:
                yield row[0].strip(), row[1:]
    except csv.Error as error:
        raise WorkbookError(f"The CSV cannot be read: {error}.") from error


def _md_rows(text: str) -> Iterator[tuple[str, Sequence[object]]]:
    for line in text.splitlines():
        found = None if _MD_COMMENT.match(line) else _MD_ROW.match(line)
        if found and not _MD_SEPARATOR.match(found.group(1)):
            cells = [c.strip().replace("\\|", "|") for c in _MD_PIPE.split(found.group(1))]
            yield cells[0], cells[1:]


def _wanted(title: str, count: int) -> bool:
    return count == 1 or nearest_sheet(title) is not None


def nearest_sheet(title: str) -> str | None:
    """Which XLSForm sheet a title means: exact but for case, spaces and one plural 's'."""
    plain = normal_header(title)
    if title.startswith("_"):
        return None
    if plain in SHEETS:
        return plain
    for key in SHEETS:
        if plain in {key + "s", key.rstrip("s")}:
            return key
    return None


def _grid(rows: Iterable[Sequence[object]]) -> Iterator[list[str]]:
    """Rows as text, cut after a long run of empty rows or, by the header, of empty columns."""
    width: int | None = None
    empty = 0
    for number, row in enumerate(rows, start=1):
        if number > MAXIMUM_ROWS:
            raise WorkbookError(f"A sheet has more than {MAXIMUM_ROWS} rows; that is refused.")
        if width is None:
            width = _width([text_of(value) for value in row])
        texts = [text_of(value) for value in row[:width]]
        empty = 0 if any(texts) else empty + 1
        if empty > _EMPTY_ROWS_END:
            return
        yield texts


def _width(header: Sequence[str]) -> int:
    width = gap = 0
    for number, text in enumerate(header, start=1):
        gap = 0 if text else gap + 1
        if gap > _EMPTY_COLUMNS_END:
            break
        width = number if text else width
    return width


def text_of(value: object) -> str:
    """A cell as XLSForm means it: 3.0 is `3`, a truth value `TRUE`, spaces at the ends are gone."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return str(value)
    return str(value).replace("\u00a0", " ").strip()


def without_invisible(text: str) -> str:
    """`text` without zero-width characters, which nobody sees and XPath stumbles over."""
    return text.translate(_INVISIBLE)


def _book(sheets: Sequence[tuple[str, list[list[str]]]], titles: list[str]) -> Book:
    tables: dict[str, Table] = {}
    for title, grid in sheets:
        key = nearest_sheet(title) or ("survey" if len(titles) == 1 else "")
        if not key or key in tables:
            continue
        cells = {
            (row, column): text
            for row, texts in enumerate(grid, start=1)
            for column, text in enumerate(texts, start=1)
            if text
        }
        tables[key] = Table(key, title, cells)
    return Book(tables, titles)
