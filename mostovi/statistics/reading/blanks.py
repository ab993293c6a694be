# SPDX-License-Identifier: EUPL-1.2
"""The workbook that a partner without a node fills in: a sheet a table, a row a cell."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from mostovi.paper.parts import RIGHT_TO_LEFT
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.reading.forms import TOTAL_LABEL, Form
from mostovi.statistics.tables import in_language
from mostovi.statistics.writing.workbooks import sheet_name

if TYPE_CHECKING:
    from openpyxl import Workbook

ABOUT: Final = "about"
CODES: Final = "codes"
NUMBER: Final = "number"
EMPTY_ROWS: Final = 500
KEYS: Final = ("partner", "period", "template", "version")
Values = Mapping[str, Mapping[tuple[str, ...], int | None]]


def blank(
    forms: Sequence[Form],
    *,
    partner: str,
    period: str,
    template: str,
    version: str,
    language: str = "en",
    help_lines: Sequence[str] = (),
    values: Values | None = None,
) -> bytes:
    """The workbook; with `values` (None: hidden) it comes filled in, to be corrected.

    help_lines: what stands on the first sheet, in the reader's language.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    about = book.create_sheet(ABOUT)
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 16, 90
    for key, value in zip(KEYS, (partner, period, template, version), strict=True):
        about.append([key, value])
    about.append([])
    for line in help_lines:
        about.append(["", line])
    for form in forms:
        _sheet(book, form, language, (values or {}).get(form.code))
    if any(form.open for form in forms):
        _codes(book, forms, language)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _codes(book: Workbook, forms: Sequence[Form], language: str) -> None:
    """The codes of tables whose rows are not written out, to be copied from."""
    sheet = book.create_sheet(sheet_name(CODES, book.sheetnames))
    for letter, width in zip("ABC", (20, 20, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    lists = {d.code: d for form in forms if form.open for d in form.dimensions}
    for dimension in lists.values():
        for code, label in {**dimension.codes, TOTAL: TOTAL_LABEL}.items():
            sheet.append([dimension.code, code, in_language(label, language)])


def _sheet(
    book: Workbook, form: Form, language: str, values: Mapping[tuple[str, ...], int | None] | None
) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet = book.create_sheet(sheet_name(form.code, book.sheetnames))
    sheet.sheet_view.rightToLeft = language.split("-")[0] in RIGHT_TO_LEFT

    def bold(text: str) -> Any:
        cell = WriteOnlyCell(sheet, value=text)
        cell.data_type, cell.font = "s", Font(bold=True)
        return cell

    for at in range(1, len(form.dimensions) + 1):
        sheet.column_dimensions[get_column_letter(at)].width = 26
    sheet.freeze_panes = "A4"
    sheet.append([bold(in_language(form.title, language))])
    sheet.append([in_language(form.definition, language)])
    head = [f"{in_language(d.label, language)} ({d.code})" for d in form.dimensions]
    sheet.append([bold(text) for text in (*head, NUMBER)])
    labels = [
        {TOTAL: in_language(TOTAL_LABEL, language)}
        | {code: in_language(label, language) for code, label in d.codes.items()}
        for d in form.dimensions
    ]
    if form.open:
        listed = list(values or {})
        rows = len(listed) + EMPTY_ROWS
    else:
        listed = list(form.cells)
        rows = len(listed)
    for codes in listed:
        value = None if values is None else values.get(codes, "")
        filled = "x" if values is not None and value is None else value
        names = [label.get(code, code) for label, code in zip(labels, codes, strict=True)]
        sheet.append([*names, filled])
    letter = get_column_letter(len(form.dimensions) + 1)
    check = DataValidation(
        type="custom",
        formula1=f'OR(AND(ISNUMBER({letter}4),{letter}4>=0,{letter}4=INT({letter}4)),{letter}4="x")',
        allow_blank=True,
    )
    check.add(f"{letter}4:{letter}{rows + 3}")
    sheet.data_validations.append(check)
