# SPDX-License-Identifier: EUPL-1.2
"""Reads tables from CSV and Excel files as rows of text, with limits against swollen files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mostovi.routes.public_files import FileRefused

MOST_BYTES = 20 * 1024 * 1024
MOST_UNPACKED = 200 * 1024 * 1024
MOST_ROWS = 200_000
FORMATS = (".csv", ".xlsx")


def table(data: bytes, name: str) -> tuple[list[str], Iterator[Mapping[str, Any]]]:
    """The columns and the rows of a file. Raises `FileRefused` when it cannot be read."""
    if len(data) > MOST_BYTES:
        raise FileRefused("The file is over 20 MB. Send it in parts.")
    if name.lower().endswith(".xlsx"):
        lines = _sheet(data)
    elif name.lower().endswith(".csv"):
        lines = _csv(data)
    else:
        raise FileRefused(f"'{name}' is neither a .csv nor an .xlsx file.")
    heading = next(lines, None)
    if heading is None:
        raise FileRefused("The file is empty.")
    columns = [str(cell or "").strip().lower() for cell in heading]
    while columns and not columns[-1]:
        columns.pop()
    named = [name for name in columns if name]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise FileRefused(f"The column '{twice[0]}' is there twice. Rename or delete one.")
    return named, _rows(columns, lines)


def _rows(columns: list[str], lines: Iterator[Iterable[Any]]) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(lines, start=2):
        if number > MOST_ROWS:
            raise FileRefused(f"The file has over {MOST_ROWS} rows. Send it in parts.")
        cells = list(line)
        row = dict.fromkeys(columns, "")
        row.update({name: cell for name, cell in zip(columns, cells, strict=False) if name})
        yield row


def _csv(data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("The file is not UTF-8. Save it as 'CSV UTF-8'.") from None
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise FileRefused(f"The file is no proper CSV: {error}.") from error


def _sheet(data: bytes) -> Iterator[Iterable[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise FileRefused("The workbook unpacks to over 200 MB. Send it in parts.")
    except zipfile.BadZipFile:
        raise FileRefused("The file is no Excel workbook (.xlsx).") from None
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # the library raises whatever the broken part led to
        raise FileRefused("The workbook cannot be read. Save it anew as .xlsx.") from error
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()
