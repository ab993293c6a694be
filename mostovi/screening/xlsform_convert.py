# SPDX-License-Identifier: EUPL-1.2
"""From the bytes of a workbook to a form, or to a report that says what stops it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import TypedDict

from lxml import etree
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from mostovi.screening.forms import XFORMS, Form, FormError, parse_xml, read_form
from mostovi.screening.xlsform import Book, WorkbookError, cell_name, read_book
from mostovi.screening.xlsform_check import (
    Change,
    Problem,
    Severity,
    diagnose,
    repair,
    set_setting,
    setting,
)

_LOCATED = re.compile(
    r"\[row\s*:\s*(?P<row>\d+)\]\s*(?:On the '(?P<sheet>[\w ]+)' sheet,? the '(?P<column>[^']+)')?"
)


class Outcome(StrEnum):
    """What became of a workbook."""

    CONVERTED = "converted"
    REPAIRED = "repaired"
    REPAIRABLE = "repairable"
    REFUSED = "refused"


@dataclass(frozen=True)
class Report:
    """What became of one workbook, and why.

    `problems` are those of the workbook as it was given; `changes` what a repair did to it. `form`
    and `xform` are there when the outcome is converted or repaired.
    """

    name: str
    outcome: Outcome
    problems: tuple[Problem, ...]
    changes: tuple[Change, ...] = ()
    xform: str = ""
    form: Form | None = None
    itemsets: str = ""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the form."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def notices(self) -> tuple[Problem, ...]:
        """What was noticed, but does not stop the form."""
        return tuple(p for p in self.problems if p.severity is Severity.WARNING)


def examine(data: bytes, name: str, *, repairing: bool = False) -> Report:
    """Read, check and convert the workbook `data` of the file called `name`.

    With `repairing` the safe repairs are applied, but only to a workbook that has errors. Without
    it the outcome says `repairable` when they would be enough.
    """
    try:
        book = read_book(data, name)
    except WorkbookError as error:
        return Report(name, Outcome.REFUSED, (Problem("workbook", details={"found": str(error)}),))
    problems = diagnose(book)
    if not _errors(problems):
        report = _convert(book, name, data, problems, ())
        if report.outcome is Outcome.CONVERTED:
            return report
        problems = list(report.problems)
    repaired, changes = repair(book)
    if not changes:
        return Report(name, Outcome.REFUSED, tuple(problems))
    attempt = _convert(repaired, name, data, diagnose(repaired), tuple(changes))
    if attempt.outcome is not Outcome.CONVERTED:
        # What is left after the repair is what the author has to settle.
        left = [p for p in attempt.errors if p not in problems]
        return Report(name, Outcome.REFUSED, (*problems, *left))
    if not repairing:
        return Report(name, Outcome.REPAIRABLE, tuple(problems), tuple(changes))
    kept = (*problems, *(p for p in attempt.notices if p not in problems))
    return Report(
        name, Outcome.REPAIRED, kept, tuple(changes), attempt.xform, attempt.form, attempt.itemsets
    )


def _errors(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _convert(
    book: Book, name: str, data: bytes, problems: Sequence[Problem], changes: tuple[Change, ...]
) -> Report:
    if _errors(problems):
        return Report(name, Outcome.REFUSED, tuple(problems), changes)
    ready = book.copy()
    notices = [*problems, *_fill_settings(ready, name, data)]
    said: list[str] = []
    try:
        result = convert(ready.for_pyxform(), warnings=said)
        form = read_form(result.xform)
    except (PyXFormError, FormError) as error:
        found = _from_converter(book, str(error))
        return Report(name, Outcome.REFUSED, (*notices, *found), changes)
    except Exception as error:  # noqa: BLE001 - a bug of the converter must not end the import
        text = f"The converter failed ({type(error).__name__}: {error})."
        wanted = "Compare the form with the template at https://xlsform.org/en/#basic-format."
        found_bug = Problem("converter", details={"found": text, "wanted": wanted})
        return Report(name, Outcome.REFUSED, (*notices, found_bug), changes)
    wrong = list(_wrong_expressions(book, result.xform))
    if wrong:
        return Report(name, Outcome.REFUSED, (*notices, *wrong), changes)
    notices += [
        Problem("converter_warning", details={"found": text}, severity=Severity.WARNING,
                **_place(book, text))
        for text in said
    ]  # fmt: skip
    return Report(
        name, Outcome.CONVERTED, tuple(notices), changes, result.xform, form, result.itemsets or ""
    )


_COLUMNS = {
    "relevant": ("relevant", "relevance"),
    "constraint": ("constraint",),
    "calculate": ("calculation", "calculate"),
    "required": ("required",),
    "readonly": ("readonly", "read_only"),
    "nodeset": ("choice_filter",),
}


def _wrong_expressions(book: Book, xform: str) -> Iterator[Problem]:
    """Expressions that pyxform passes on without reading, and that no device could read.

    ODK's XPath is XPath 1.0 with more functions, so a parser of XPath 1.0 knows its syntax.
    """
    root = parse_xml(xform.encode())
    for bind in root.iter(f"{{{XFORMS}}}bind"):
        for attribute in ("relevant", "constraint", "calculate", "required", "readonly"):
            yield from _wrong(book, bind.get("nodeset", ""), attribute, bind.get(attribute, ""))
    for parent in root.iter():
        for itemset in parent.findall(f"{{{XFORMS}}}itemset"):
            yield from _wrong(book, parent.get("ref", ""), "nodeset", itemset.get("nodeset", ""))


def _wrong(book: Book, path: str, attribute: str, expression: str) -> Iterator[Problem]:
    try:
        if expression.strip():
            etree.XPath(expression)
        return
    except etree.XPathSyntaxError:
        pass
    table = book.tables["survey"]
    names, column = table.column("name", "tag", "value"), table.column(*_COLUMNS[attribute])
    asked = path.rstrip("/").rsplit("/", 1)[-1]
    row = next((row for row in table.rows() if table.get(row, names) == asked), None)
    written = table.get(row, column) if row else ""
    yield Problem(
        "expression_invalid", "survey", row, table.name_of(column),
        cell_name(row, column) if row and column else "",
        {"found": written or " ".join(expression.split())},
    )  # fmt: skip


def _fill_settings(book: Book, name: str, data: bytes) -> list[Problem]:
    """Give the form an id, title and version where it has none, and say so."""
    notices = []
    stem = re.sub(r"[\s/\\?#%&]+", "_", PurePath(name).stem)[:90] or "form"
    form_id = setting(book, "form_id", "id_string", "set_form_id")
    if not form_id:
        form_id = stem
        set_setting(book, "form_id", stem)
        notices.append(_filled("form_id_missing", stem))
    if not setting(book, "form_title", "title", "set_form_title"):
        set_setting(book, "form_title", form_id)
        notices.append(_filled("title_missing", form_id))
    if not setting(book, "version"):
        version = f"content-{hashlib.sha256(data).hexdigest()[:10]}"
        set_setting(book, "version", version)
        notices.append(_filled("version_missing", version))
    return notices


def _filled(code: str, wanted: str) -> Problem:
    return Problem(code, "settings", details={"wanted": wanted}, severity=Severity.WARNING)


def _from_converter(book: Book, text: str) -> list[Problem]:
    """pyxform's messages, one a line, with the cell they speak of."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    merged: list[str] = []
    for line in lines:
        if merged and not line.startswith("[row"):
            merged[-1] += f" {line}"
        else:
            merged.append(line)
    return [
        Problem("converter", details={"found": _plain(line), "wanted": ""}, **_place(book, line))
        for line in merged[:50]
    ]


def _plain(line: str) -> str:
    return re.sub(r"^\[row\s*:\s*\d+\]\s*", "", line)


class _Place(TypedDict, total=False):
    sheet: str
    row: int
    column: str
    cell: str


def _place(book: Book, text: str) -> _Place:
    found = _LOCATED.search(text)
    if not found:
        return {}
    key = (found.group("sheet") or "survey").strip()
    row, header = int(found.group("row")), found.group("column") or ""
    table = book.tables.get(key)
    column = None
    if table is not None and header:
        column = table.column(header) or next(
            (c for c, h in table.headers.items() if h.split(":")[0] == header), None
        )
    return {
        "sheet": key, "row": row, "column": header,
        "cell": cell_name(row, column) if column else "",
    }  # fmt: skip
