# SPDX-License-Identifier: EUPL-1.2
"""Excel workbooks: a sheet a table, with its definition above and its footnotes below."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from mostovi.paper.parts import RIGHT_TO_LEFT
from mostovi.statistics.tables import in_language
from mostovi.statistics.translations import UNREVIEWED, in_all, merged, reviewed, said
from mostovi.statistics.writing.publications import HIDDEN_LABEL, VALUE, Publication, Words

if TYPE_CHECKING:
    from openpyxl import Workbook

ROWS: Final = 1_048_576
"""As many as a sheet has."""
EVIDENCE: Final = {
    "text": "read in the text of the law",
    "memory": "from memory, not read in the text",
    "proposal": "a proposal, not agreed by the partners",
    "unconfirmed": "not confirmed",
}
_FOOT: Final = 40


def as_workbook(publications: Sequence[Publication], language: str = "en") -> bytes:
    """One workbook. Raises `ValueError` for a table that no sheet can hold."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for one in publications:
        if one.cells.num_rows > ROWS - _FOOT:
            raise ValueError(
                f"Table {one.spec.code} has {one.cells.num_rows} cells, more than a sheet holds. "
                "Write it as CSV or SDMX, or publish fewer periods."
            )
        _sheet(book, one, language)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _sheet(book: Workbook, one: Publication, language: str) -> None:
    from openpyxl.utils import get_column_letter

    spec = one.spec
    sheet = book.create_sheet(sheet_name(spec.code, book.sheetnames))
    sheet.sheet_view.rightToLeft = language.split("-")[0] in RIGHT_TO_LEFT
    names = [in_language(d.label, language) for d in spec.dimensions]
    head = [
        one.says("Period", language),
        *(
            cell
            for d, name in zip(spec.dimensions, names, strict=True)
            for cell in (name, in_language(said("%(label)s (code)", label=d.label), language))
        ),
        one.says("Number", language),
        "1)",
    ]
    for at, width in enumerate([10, *[18, 9] * len(names), 12, 10], start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    above = _above(one, language)
    for number, line in enumerate(above):
        sheet.append(_cells(sheet, [line], bold=number == 0))
    sheet.append([])
    sheet.append(_cells(sheet, head, bold=True))
    sheet.freeze_panes = f"A{len(above) + 3}"
    for row in _lines(one, language):
        sheet.append(_cells(sheet, row))
    sheet.append([])
    for number, note in enumerate(_notes(one, language), start=1):
        sheet.append(_cells(sheet, [f"{number}) {note}"]))


def _above(one: Publication, language: str) -> list[str]:
    """What stands above the table: what it is, on what basis, how it was protected."""
    spec = one.spec
    lines: list[Words] = [
        spec.title,
        spec.definition,
        said(
            "Legal basis: %(citation)s (%(evidence)s)",
            citation=spec.legal.citation, evidence=in_all(EVIDENCE[spec.legal.evidence]),
        ),
        said("Protection: %(words)s", words=merged(one.protection)),
        said(
            "Source: %(source)s. Prepared %(when)s.",
            source=one.source or one.publisher, when=f"{one.prepared:%Y-%m-%d %H:%M %Z}".strip(),
        ),
    ]  # fmt: skip
    return [one.says(line, language) for line in lines]


def _notes(one: Publication, language: str) -> list[str]:
    """The footnotes; a language that no statistician has agreed says so itself."""
    hidden = said(
        "%(hidden)s: the cell is not shown, to protect the people in it or in another cell.",
        hidden=HIDDEN_LABEL,
    )
    notes: list[Words] = [hidden, *one.spec.footnotes, *one.notes]
    if not reviewed(language):
        notes.append(UNREVIEWED)
    return [one.says(note, language) for note in notes]


def _lines(one: Publication, language: str) -> Iterable[list[Any]]:
    names = one.spec.names
    labels = [
        {code: one.label(name, code, language) for code in one.codes_of(name)} for name in names
    ]
    hidden = in_language(HIDDEN_LABEL, language)
    columns = [one.cells.column(name).to_pylist() for name in ("period", *names, VALUE)]
    for period, *codes, value in zip(*columns, strict=True):
        line = [period]
        for label, code in zip(labels, codes, strict=True):
            line += [label[code], code]
        yield [*line, value, hidden if value is None else None]


def _cells(sheet: Any, values: Sequence[Any], *, bold: bool = False) -> list[Any]:
    """Texts as texts, so that none is read as a formula."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    found: list[Any] = []
    for value in values:
        if isinstance(value, str) and (bold or value[:1] in "=+-@"):
            cell = WriteOnlyCell(sheet, value=value)
            cell.data_type = "s"
            if bold:
                cell.font = Font(bold=True)
            found.append(cell)
        else:
            found.append(value)
    return found


def sheet_name(code: str, taken: Sequence[str]) -> str:
    """A name that Excel takes: at most 31 letters, none of []:*?/\\, not there yet."""
    name = re.sub(r"[\[\]:*?/\\]", "-", code)[:31] or "table"
    number = 2
    while name in taken:
        name = f"{name[:28]}~{number}"
        number += 1
    return name
