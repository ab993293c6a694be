# SPDX-License-Identifier: EUPL-1.2
"""Diagnose an XLSForm: which cell, what is wrong, how to repair it, and the safe repair.

A repair is safe when it cannot change what is asked of a person: renaming what nobody can have
meant otherwise, or removing a choice that is there twice word for word. Anything that needs a
decision (a list that is missing, a reference that fits two questions) is only explained.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pyxform import aliases
from pyxform.question_type_dictionary import QUESTION_TYPE_DICT

from mostovi.screening.xlsform import (
    Book,
    Table,
    cell_name,
    normal_header,
    without_invisible,
)


def gettext_noop(text: str) -> str:
    """Mark `text` for translation; the page translates it, this module stays free of Django."""
    return text


class Severity(StrEnum):
    """Whether the form can be used in spite of the problem."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Edit:
    """One cell changed by a repair; `row` 0 is the sheet's title."""

    sheet: str
    row: int
    column: int
    before: str
    after: str


@dataclass(frozen=True)
class Problem:
    """What is wrong where. `code` names the texts in `TEXTS`, `details` fills their gaps."""

    code: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    cell: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
    repair: tuple[Edit, ...] = ()

    @property
    def what(self) -> str:
        """What is wrong, in English."""
        return TEXTS[self.code][0].format_map(_Gaps(self.details))

    @property
    def how(self) -> str:
        """How to repair it, in English."""
        return TEXTS[self.code][1].format_map(_Gaps(self.details))

    @property
    def where(self) -> str:
        """`survey!C12`, `survey row 12` or the sheet alone."""
        if self.cell:
            return f"{self.sheet}!{self.cell}"
        return f"{self.sheet} row {self.row}" if self.row else self.sheet

    def as_json(self) -> dict[str, object]:
        """For `--json` and for keeping with the form."""
        return {
            "code": self.code, "severity": self.severity.value, "sheet": self.sheet,
            "row": self.row, "column": self.column, "cell": self.cell,
            "what": self.what, "how": self.how, "repairable": bool(self.repair),
            "details": dict(self.details),
        }  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One cell that a repair changed, and the problem that called for it."""

    sheet: str
    row: int
    cell: str
    before: str
    after: str
    code: str
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """The problem, in English."""
        return TEXTS[self.code][0].format_map(_Gaps(self.details))

    def as_json(self) -> dict[str, object]:
        """For `--json` and for keeping with the form."""
        return {
            "sheet": self.sheet, "row": self.row, "cell": self.cell, "before": self.before,
            "after": self.after, "code": self.code, "why": self.why, "details": dict(self.details),
        }  # fmt: skip


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


TEXTS: Mapping[str, tuple[str, str]] = {
    "no_survey": (
        gettext_noop("The workbook has no sheet 'survey'. Its sheets: {sheets}."),
        gettext_noop("Name the sheet with the questions 'survey'."),
    ),
    "no_header": (
        gettext_noop("The sheet '{sheet}' has no column '{column}'."),
        gettext_noop("Write the column headers into the first row; '{column}' must be among them."),
    ),
    "sheet_name": (
        gettext_noop("The sheet is called '{found}' instead of '{wanted}'."),
        gettext_noop("Rename the sheet to '{wanted}'."),
    ),
    "header_spaces": (
        gettext_noop("The header '{found}' has stray spaces or invisible characters."),
        gettext_noop("Write it as '{wanted}'."),
    ),
    "header_language": (
        gettext_noop("The header '{found}' marks its language in a way that is not understood."),
        gettext_noop("Write it with two colons: '{wanted}'."),
    ),
    "header_twice": (
        gettext_noop("The header '{found}' stands over two columns ({columns})."),
        gettext_noop("Remove one of the columns, or give it the header it should have."),
    ),
    "header_unknown": (
        gettext_noop("The column '{found}' is not part of XLSForm and is ignored. {suggestion}"),
        gettext_noop("Nothing to do if it is a note; otherwise correct the header."),
    ),
    "type_spelling": (
        gettext_noop("The type '{found}' is spelt '{wanted}'."),
        gettext_noop("Write '{wanted}'."),
    ),
    "type_unknown": (
        gettext_noop("'{found}' is not a question type. {suggestion}"),
        gettext_noop("Choose a type from https://xlsform.org/en/#question-types."),
    ),
    "type_missing": (
        gettext_noop("The row has a name or label, but no type."),
        gettext_noop("Write the question type into the column 'type', or clear the row."),
    ),
    "end_without_begin": (
        gettext_noop("'{found}' closes something that was not opened{open}."),
        gettext_noop("Remove the row, or add the matching 'begin' row above it."),
    ),
    "begin_without_end": (
        gettext_noop("'{found}' ('{name}') is never closed."),
        gettext_noop("Add a row '{wanted}' where it ends."),
    ),
    "name_missing": (
        gettext_noop("The question has no name."),
        gettext_noop("Give it a name, for example '{wanted}'."),
    ),
    "name_characters": (
        gettext_noop("The name '{found}' has characters that a name cannot have."),
        gettext_noop(
            "Names begin with a letter or '_' and go on with letters, digits, '_', '-' or '.': "
            "'{wanted}'."
        ),
    ),
    "name_reserved": (
        gettext_noop("The name '{found}' is reserved for the form's own data."),
        gettext_noop("Rename the question, for example to '{wanted}'."),
    ),
    "name_twice": (
        gettext_noop("The name '{found}' is used again; it was used in row {first}."),
        gettext_noop("Rename one of the two, for example to '{wanted}'."),
    ),
    "name_twice_used": (
        gettext_noop(
            "The name '{found}' is used in rows {first} and {row}, and {references} refers to it; "
            "which of the two is meant cannot be known."
        ),
        gettext_noop("Rename one of the two and correct the reference."),
    ),
    "list_missing": (
        gettext_noop("The choice list '{found}' is not on the sheet 'choices'. {suggestion}"),
        gettext_noop("Add the list, or correct its name in the column 'type'."),
    ),
    "list_spelling": (
        gettext_noop("The choice list '{found}' is called '{wanted}' on the sheet 'choices'."),
        gettext_noop("Write '{wanted}'."),
    ),
    "choice_twice": (
        gettext_noop("The choice '{found}' stands twice in the list '{list}' (row {first})."),
        gettext_noop("Remove this row; it is the same as the first."),
    ),
    "choice_name_twice": (
        gettext_noop(
            "The list '{list}' has the choice name '{found}' twice (row {first}: '{first_label}')."
        ),
        gettext_noop(
            "Give this choice a name of its own, for example '{wanted}'; conditions that speak of "
            "'{found}' go on meaning row {first}."
        ),
    ),
    "choice_filtered": (
        gettext_noop("The list '{list}' repeats choice names, told apart by its filter columns."),
        gettext_noop("Set 'allow_choice_duplicates' to 'yes' on the sheet 'settings'."),
    ),
    "choice_name_missing": (
        gettext_noop("The choice '{label}' of the list '{list}' has no name."),
        gettext_noop("Give it a name, for example '{wanted}'."),
    ),
    "choice_spaces": (
        gettext_noop(
            "The choice name '{found}' has a space; several answers could not be told apart."
        ),
        gettext_noop("Write it as '{wanted}'."),
    ),
    "choice_without_list": (
        gettext_noop("The choice '{found}' belongs to no list."),
        gettext_noop("Write the list's name into the column 'list_name', or clear the row."),
    ),
    "reference_spelling": (
        gettext_noop("'{found}' does not name a question as it is written; '{wanted}' does."),
        gettext_noop("Write '{wanted}'."),
    ),
    "reference_unknown": (
        gettext_noop("'{found}' names a question that is not on the sheet 'survey'. {suggestion}"),
        gettext_noop("Correct the name, or add the question."),
    ),
    "reference_brackets": (
        gettext_noop("'{found}' looks like a reference, but is not written as one."),
        gettext_noop("Write '{wanted}'."),
    ),
    "expression_spelling": (
        gettext_noop("'{found}' is not XPath."),
        gettext_noop("Write '{wanted}'."),
    ),
    "expression_brackets": (
        gettext_noop("The brackets or quotes in '{found}' do not close."),
        gettext_noop("Add the missing one."),
    ),
    "expression_invalid": (
        gettext_noop("'{found}' is not XPath; the form would not open on any device."),
        gettext_noop(
            "Correct the expression; see https://docs.getodk.org/form-operators-functions/."
        ),
    ),
    "form_id_characters": (
        gettext_noop("The form_id '{found}' has characters that addresses cannot carry."),
        gettext_noop("Use letters, digits, '_', '-' and '.': '{wanted}'."),
    ),
    "form_id_missing": (
        gettext_noop("The form has no form_id; '{wanted}' (the file's name) is used."),
        gettext_noop("Write a form_id on the sheet 'settings'."),
    ),
    "title_missing": (
        gettext_noop("The form has no title; '{wanted}' is used."),
        gettext_noop("Write a form_title on the sheet 'settings'."),
    ),
    "version_missing": (
        gettext_noop("The form has no version; '{wanted}' (from its content) is used."),
        gettext_noop("Write a version, such as the date, on the sheet 'settings'."),
    ),
    "converter": (gettext_noop("{found}"), gettext_noop("{wanted}")),
    "converter_warning": (gettext_noop("{found}"), ""),
    "workbook": (gettext_noop("{found}"), ""),
}
"""`code` to what is wrong and how to repair it; the gaps are filled from `Problem.details`."""

NAME = re.compile(r"[A-Za-z_\u00c0-\ufffd][A-Za-z0-9_\-.\u00b7\u00c0-\ufffd]*\Z")
REFERENCE = re.compile(r"\$\{([^}]*)\}")
_BROKEN_REFERENCE = re.compile(
    r"\$\s+\{\s*([\w.-]+)\s*\}|\$\(\s*([\w.-]+)\s*\)|\$\[\s*([\w.-]+)\s*\]"
)
_BEGIN = re.compile(r"begin[\s_](group|repeat|lgroup|loop|looped group)\b")
_END = re.compile(r"end[\s_](group|repeat|lgroup|loop|looped group)\b")
_SELECT = re.compile(
    r"(" + "|".join(sorted(map(re.escape, aliases.select), key=len, reverse=True)) + r") (\S+)"
    r"( (?:or specify other|or_other|or other))?\Z"
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_EXPRESSIONS = (
    "relevant", "relevance", "constraint", "calculation", "calculate", "choice_filter",
    "repeat_count", "count", "jr:count", "required", "read_only", "readonly", "trigger",
)  # fmt: skip
_SURVEY_COLUMNS = frozenset(
    {*aliases.survey_header, *_EXPRESSIONS, "type", "name", "label", "hint", "guidance_hint",
     "default", "parameters", "media", "bind", "control", "instance", "intent", "disabled",
     "save_to", "list_name", "body", "query", "note", "notes", "comment", "comments"}
)  # fmt: skip
_TRANSLATED = frozenset(
    {"label", "hint", "guidance_hint", "constraint_message", "required_message", "caption",
     "image", "big-image", "audio", "video", "media", "short"}
)  # fmt: skip
_TYPES = frozenset(QUESTION_TYPE_DICT) | {"select_one_from_file", "select_multiple_from_file"}
_RESERVED = frozenset({"meta"})
_ROOT = "data"
_NEAR_ENOUGH = 0.8

Check = Callable[[Book], Iterator[Problem]]


def diagnose(book: Book) -> list[Problem]:
    """Every problem we find ourselves, in the order of the checks.

    Later checks rest on earlier ones, so they run only once the sheets and headers are in order.
    """
    first = [*_sheets(book), *_headers(book)]
    if any(problem.severity is Severity.ERROR for problem in first):
        return first
    second = [*_types(book), *_structure(book), *_names(book)]
    if any(problem.severity is Severity.ERROR for problem in second):
        return [*first, *second]
    third = [*_lists(book), *_choices(book), *_references(book), *_expressions(book)]
    return [*first, *second, *third, *_settings(book)]


def repair(book: Book, most_rounds: int = 60) -> tuple[Book, list[Change]]:
    """A copy of `book` with every safe repair applied, and what was changed, cell by cell.

    Only problems that stop the form are repaired; a form without such problems comes back as it is.
    """
    repaired, changes = book.copy(), []
    for _ in range(most_rounds):
        round_changes: list[Change] = []
        for problem in diagnose(repaired):
            if problem.severity is Severity.ERROR and problem.repair:
                round_changes.extend(_apply(repaired, problem))
        if not round_changes:
            break
        changes.extend(round_changes)
    return repaired, changes


def _apply(book: Book, problem: Problem) -> list[Change]:
    """Apply one repair, whole or (when an earlier one in this round touched a cell) not at all."""
    if not all(_present(book, edit) == edit.before for edit in problem.repair):
        return []
    for edit in problem.repair:
        table = book.tables.setdefault(edit.sheet, Table(edit.sheet, edit.sheet))
        if edit.row == 0:
            book.titles = [edit.after if t == edit.before else t for t in book.titles]
            table.title = edit.after
        else:
            table.put(edit.row, edit.column, edit.after)
        if table.title not in book.titles:
            book.titles.append(table.title)
    return [
        Change(
            edit.sheet, edit.row, cell_name(edit.row, edit.column) if edit.row else "",
            edit.before, edit.after, problem.code, problem.details,
        )
        for edit in problem.repair
    ]  # fmt: skip


def _present(book: Book, edit: Edit) -> str:
    table = book.tables.get(edit.sheet)
    if table is None:
        return ""
    return table.title if edit.row == 0 else table.get(edit.row, edit.column)


def _problem(
    code: str,
    table: Table,
    row: int,
    column: int | None,
    details: Mapping[str, str],
    *,
    severity: Severity = Severity.ERROR,
    repair: tuple[Edit, ...] = (),
) -> Problem:
    return Problem(
        code, table.key, row, table.name_of(column), cell_name(row, column) if column else "",
        details, severity, repair,
    )  # fmt: skip


def _edit(table: Table, row: int, column: int, after: str) -> Edit:
    return Edit(table.key, row, column, table.get(row, column), after)


def _nearest(word: str, known: list[str]) -> str:
    """'Did you mean ...?' or ''."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=_NEAR_ENOUGH)
    return f"Did you mean '{near[0]}'?" if near else ""


def _sheets(book: Book) -> Iterator[Problem]:
    if "survey" not in book.tables:
        yield Problem("no_survey", details={"sheets": ", ".join(book.titles)})
        return
    for key, table in book.tables.items():
        if table.title.lower() != key and len(book.titles) > 1:
            yield Problem(
                "sheet_name", key, details={"found": table.title, "wanted": key},
                repair=(Edit(key, 0, 0, table.title, key),),
            )  # fmt: skip


def _headers(book: Book) -> Iterator[Problem]:
    for key, needed in (("survey", "type"), ("choices", "name")):
        table = book.tables.get(key)
        names = {"type": ("type", "command"), "name": ("name", "value")}[needed]
        if table is not None and table.cells and table.column(*names) is None:
            yield Problem("no_header", key, 1, details={"sheet": table.title, "column": needed})
    for key, table in book.tables.items():
        yield from _headers_of(key, table)


def _headers_of(key: str, table: Table) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    doubled = any("::" in header for header in table.headers.values())
    for column, header in table.headers.items():
        clean = " ".join(without_invisible(header).split())
        if clean != header:
            yield _problem(
                "header_spaces", table, 1, column, {"found": header, "wanted": clean},
                repair=(_edit(table, 1, column, clean),),
            )  # fmt: skip
            continue
        wanted = _language_header(clean, doubled)
        if wanted:
            yield _problem(
                "header_language", table, 1, column, {"found": header, "wanted": wanted},
                repair=(_edit(table, 1, column, wanted),),
            )  # fmt: skip
            continue
        if clean in seen:
            yield _twice(table, seen[clean], column, clean)
            continue
        seen[clean] = column
        if key == "survey":
            base = normal_header(clean.split("::")[0].split(":")[0])
            if base not in _SURVEY_COLUMNS and clean.lower() not in _SURVEY_COLUMNS:
                suggestion = _nearest(base, sorted(_SURVEY_COLUMNS))
                yield _problem(
                    "header_unknown", table, 1, column,
                    {"found": header, "suggestion": suggestion}, severity=Severity.WARNING,
                )  # fmt: skip


def _language_header(header: str, doubled: bool) -> str:
    """The header as `label::Language` when it plainly means that and is not so written."""
    single = re.match(r"([\w-]+)\s*:\s*(?!:)([^:]+)\Z", header)
    if single and doubled and single.group(1).lower() in _TRANSLATED:
        return f"{single.group(1).lower()}::{single.group(2).strip()}"
    crowded = re.match(r"([\w-]+)\s*:\s*:\s*([^:]+)\Z", header)
    if crowded and crowded.group(1).lower() in _TRANSLATED:
        wanted = f"{crowded.group(1)}::{crowded.group(2).strip()}"
        # pyxform itself takes spaces around the two colons, but not between them.
        return wanted if "::" not in header else ""
    triple = re.match(r"([\w-]+)\s*:{3,}\s*([^:]+)\Z", header)
    if triple and triple.group(1).lower() in _TRANSLATED:
        return f"{triple.group(1)}::{triple.group(2).strip()}"
    return ""


def _twice(table: Table, first: int, second: int, header: str) -> Problem:
    details = {"found": header, "columns": f"{cell_name(1, first)}, {cell_name(1, second)}"}
    same = all(table.get(row, second) in {"", table.get(row, first)} for row in table.rows())
    edits = [_edit(table, 1, second, "")] if same else []
    if same:
        edits += [_edit(table, row, second, "") for row in table.rows() if table.get(row, second)]
    return _problem("header_twice", table, 1, second, details, repair=tuple(edits))


def _types(book: Book) -> Iterator[Problem]:
    table = book.tables["survey"]
    column, name = table.column("type", "command"), table.column("name", "tag")
    label = next((c for c, h in table.headers.items() if normal_header(h).startswith("label")), 0)
    for row in table.rows():
        found = table.get(row, column)
        if not found:
            if table.get(row, name) or table.get(row, label):
                yield _problem("type_missing", table, row, column, {})
            continue
        if _known_type(" ".join(found.split())):
            continue
        wanted = _spelling(found)
        if wanted:
            yield _problem(
                "type_spelling", table, row, column, {"found": found, "wanted": wanted},
                repair=(_edit(table, row, column or 1, wanted),),
            )  # fmt: skip
        else:
            suggestion = _nearest(found.split()[0].lower(), [*_TYPES, *aliases.select])
            yield _problem(
                "type_unknown", table, row, column, {"found": found, "suggestion": suggestion}
            )


def _known_type(found: str) -> bool:
    return bool(
        found in _TYPES
        or found in aliases._type_alias_map
        or found in aliases.settings_header
        or found in {"entity", "start-geopoint", "select_one_external"}
        or _BEGIN.match(found)
        or _END.match(found)
        or _SELECT.match(found)
        or re.match(r"(osm|cascading_select|cascading select)\b", found)
        or REFERENCE.search(found)
    )


def _spelling(found: str) -> str:
    """The type that `found` means but for case, spaces and dashes; '' when it is not plain."""
    clean = " ".join(without_invisible(found).split())
    first, _, rest = clean.partition(" ")
    candidates = [clean, clean.lower(), clean.lower().replace(" ", "_"), clean.replace("-", "_")]
    lowered = first.lower().replace("-", "_")
    joined = re.match(r"(select)[\s_-]*(one|multiple|1)\s+(.+)\Z", clean, re.I)
    if joined:
        word = {"one": "select_one", "1": "select_one", "multiple": "select_multiple"}
        candidates.append(f"{word[joined.group(2).lower()]} {joined.group(3)}")
    bracket = re.match(r"(begin|end)[\s_-]*(group|repeat)\Z", clean, re.I)
    if bracket:
        candidates.append(f"{bracket.group(1).lower()}_{bracket.group(2).lower()}")
    candidates += [f"{lowered} {rest}".strip(), lowered if not rest else ""]
    return next((c for c in candidates if c and c != found and _known_type(c)), "")


def _structure(book: Book) -> Iterator[Problem]:
    table = book.tables["survey"]
    column, name = table.column("type", "command"), table.column("name", "tag")
    opened: list[tuple[str, int]] = []
    for row in table.rows():
        found = " ".join(table.get(row, column).split())
        begin, end = _BEGIN.match(found), _END.match(found)
        if begin:
            opened.append((begin.group(1), row))
        elif end:
            if opened and aliases.control[opened[-1][0]] == aliases.control[end.group(1)]:
                opened.pop()
                continue
            where = f"; open is '{opened[-1][0]}' from row {opened[-1][1]}" if opened else ""
            yield _problem("end_without_begin", table, row, column, {"found": found, "open": where})
            return
    for kind, row in reversed(opened):
        yield _problem(
            "begin_without_end", table, row, column,
            {"found": f"begin_{kind}", "name": table.get(row, name), "wanted": f"end_{kind}"},
        )  # fmt: skip


def _names(book: Book) -> Iterator[Problem]:
    table = book.tables["survey"]
    column, type_column = table.column("name", "tag", "value"), table.column("type", "command")
    if column is None:
        yield Problem("no_header", "survey", 1, details={"sheet": table.title, "column": "name"})
        return
    taken = {table.get(row, column) for row in table.rows()}
    seen: list[dict[str, int]] = [{}]
    repeats: dict[str, int] = {}
    for row in table.rows():
        kind, found = " ".join(table.get(row, type_column).split()), table.get(row, column)
        if not kind or kind in aliases.settings_header or kind == "audit":
            continue
        if _END.match(kind):
            if len(seen) > 1:
                seen.pop()
            continue
        yield from _name(book, table, row, column, kind, found, taken, seen[-1], repeats)
        seen[-1].setdefault(found, row)
        begin = _BEGIN.match(kind)
        if begin:
            seen.append({})
            if aliases.control[begin.group(1)] == "repeat":
                repeats.setdefault(found, row)


def _name(
    book: Book, table: Table, row: int, column: int, kind: str, found: str,
    taken: set[str], siblings: Mapping[str, int], repeats: Mapping[str, int],
) -> Iterator[Problem]:  # fmt: skip
    begin = _BEGIN.match(kind)
    repeated = bool(begin) and aliases.control[begin.group(1)] == "repeat" if begin else False
    if not found:
        if kind != "note":
            wanted = _free(f"question_{row}", taken)
            yield _problem(
                "name_missing", table, row, column, {"wanted": wanted},
                repair=(_edit(table, row, column, wanted),),
            )  # fmt: skip
    elif not NAME.match(found):
        wanted = _free(_as_name(found, f"question_{row}"), taken)
        yield _renaming("name_characters", book, table, row, column, found, wanted)
    elif found in _RESERVED or (repeated and found == _ROOT):
        yield _renaming(
            "name_reserved", book, table, row, column, found, _free(f"{found}_question", taken)
        )
    elif found in siblings or (repeated and found in repeats):
        first = siblings.get(found) or repeats[found]
        wanted = _free(_next_name(found), taken)
        details = {"found": found, "first": str(first), "row": str(row), "wanted": wanted}
        referring = _first_reference(book, found)
        if referring:
            yield _problem(
                "name_twice_used", table, row, column, {**details, "references": referring}
            )
        else:
            yield _problem(
                "name_twice", table, row, column, details,
                repair=(_edit(table, row, column, wanted),),
            )  # fmt: skip


def _renaming(
    code: str, book: Book, table: Table, row: int, column: int, found: str, wanted: str
) -> Problem:
    """A rename with every `${found}` in the workbook following it."""
    edits = [_edit(table, row, column, wanted)]
    for other in book.tables.values():
        for (r, c), text in sorted(other.cells.items()):
            if r > 1 and (other is not table or (r, c) != (row, column)):
                renamed = REFERENCE.sub(
                    lambda m: f"${{{wanted}}}" if m.group(1).strip() == found else m.group(0), text
                )
                if renamed != text:
                    edits.append(Edit(other.key, r, c, text, renamed))
    details = {"found": found, "wanted": wanted}
    return _problem(code, table, row, column, details, repair=tuple(edits))


def _first_reference(book: Book, name: str) -> str:
    for table in book.tables.values():
        for (row, column), text in sorted(table.cells.items()):
            if row > 1 and any(n.strip() == name for n in REFERENCE.findall(text)):
                return f"{table.title}!{cell_name(row, column)}"
    return ""


def _as_name(text: str, fallback: str) -> str:
    cleaned = re.sub(r"[^\w.-]+", "_", without_invisible(text)).strip("_") or fallback
    return cleaned if NAME.match(cleaned) else f"_{cleaned}"


def _next_name(name: str) -> str:
    found = re.match(r"(.*)_(\d+)\Z", name)
    return f"{found.group(1)}_{int(found.group(2)) + 1}" if found else f"{name}_2"


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = _next_name(name)
    taken.add(name)
    return name


def _lists(book: Book) -> Iterator[Problem]:
    table, lists = book.tables["survey"], _choice_lists(book)
    column = table.column("type", "command")
    for row in table.rows():
        found = _SELECT.match(" ".join(table.get(row, column).split()))
        if not found or found.group(1) == "select_one_external":
            continue
        name = found.group(2)
        if name in lists or REFERENCE.search(name) or re.search(r"\.(csv|xml|geojson)\Z", name):
            continue
        same = [known for known in lists if known.lower() == name.lower()]
        if len(same) == 1:
            old = table.get(row, column)
            yield _problem(
                "list_spelling", table, row, column, {"found": name, "wanted": same[0]},
                repair=(_edit(table, row, column or 1, old.replace(name, same[0])),),
            )  # fmt: skip
        else:
            suggestion = _nearest(name, sorted(lists))
            yield _problem(
                "list_missing", table, row, column, {"found": name, "suggestion": suggestion}
            )


def _choice_lists(book: Book) -> dict[str, list[int]]:
    """List name to its rows on the sheet 'choices'."""
    table = book.tables.get("choices")
    lists: dict[str, list[int]] = {}
    if table is not None:
        column = table.column("list_name")
        for row in table.rows():
            if name := table.get(row, column):
                lists.setdefault(name, []).append(row)
    return lists


def _choices(book: Book) -> Iterator[Problem]:
    table = book.tables.get("choices")
    if table is None:
        return
    name_column, list_column = table.column("name", "value"), table.column("list_name")
    for row in table.rows():
        if table.get(row, name_column) and not table.get(row, list_column):
            yield _problem(
                "choice_without_list", table, row, list_column,
                {"found": table.get(row, name_column)}, severity=Severity.WARNING,
            )  # fmt: skip
    uses = _uses(book)
    allowed = _setting(book, "allow_choice_duplicates").lower() in {"yes", "true", "true()"}
    for name, rows in _choice_lists(book).items():
        yield from _choice_names(book, table, name, rows, name_column or 1, uses.get(name, ()))
        if not allowed:
            yield from _duplicates(book, table, name, rows, name_column or 1, uses.get(name, ()))


def _uses(book: Book) -> dict[str, tuple[tuple[str, bool], ...]]:
    """List name to (kind of select, has a choice filter) for each question that uses it."""
    table = book.tables["survey"]
    column, filters = table.column("type", "command"), table.column("choice_filter")
    found: dict[str, tuple[tuple[str, bool], ...]] = {}
    for row in table.rows():
        select = _SELECT.match(" ".join(table.get(row, column).split()))
        if select:
            use = (str(aliases.select[select.group(1)]), bool(table.get(row, filters)))
            found[select.group(2)] = (*found.get(select.group(2), ()), use)
    return found


def _choice_names(
    book: Book, table: Table, name: str, rows: list[int], column: int,
    uses: tuple[tuple[str, bool], ...],
) -> Iterator[Problem]:  # fmt: skip
    taken = {table.get(row, column) for row in rows}
    several = any(kind in {"select all that apply", "rank"} for kind, _ in uses)
    for row in rows:
        found = table.get(row, column)
        label = _label(table, row)
        if not found:
            if not label and not _other_cells(table, row):
                continue
            wanted = _free(_as_name(label.lower(), f"choice_{row}")[:60], taken)
            yield _problem(
                "choice_name_missing", table, row, column,
                {"label": label, "list": name, "wanted": wanted},
                repair=(_edit(table, row, column, wanted),),
            )  # fmt: skip
        elif several and " " in found:
            wanted = _free(re.sub(r"\s+", "_", found), taken)
            edits = (_edit(table, row, column, wanted), *_literals(book, name, found, wanted))
            yield _problem(
                "choice_spaces", table, row, column, {"found": found, "wanted": wanted},
                repair=edits,
            )  # fmt: skip


def _literals(book: Book, list_name: str, found: str, wanted: str) -> Iterator[Edit]:
    """Conditions that compare a question of this list with the old name follow the rename."""
    table = book.tables["survey"]
    kind, names = table.column("type", "command"), table.column("name", "tag", "value")
    asking = {
        table.get(row, names)
        for row in table.rows()
        if (m := _SELECT.match(" ".join(table.get(row, kind).split()))) and m.group(2) == list_name
    }
    for (row, column), text in sorted(table.cells.items()):
        if row == 1 or normal_header(table.name_of(column)) not in _EXPRESSIONS:
            continue
        if asking.isdisjoint(n.strip() for n in REFERENCE.findall(text)):
            continue
        renamed = text.replace(f"'{found}'", f"'{wanted}'").replace(f'"{found}"', f'"{wanted}"')
        if renamed != text:
            yield Edit(table.key, row, column, text, renamed)


def _duplicates(
    book: Book, table: Table, name: str, rows: list[int], column: int,
    uses: tuple[tuple[str, bool], ...],
) -> Iterator[Problem]:  # fmt: skip
    first: dict[str, int] = {}
    taken = {table.get(row, column) for row in rows}
    filtered = bool(uses) and all(has_filter for _, has_filter in uses)
    for row in rows:
        found = table.get(row, column)
        if not found or first.setdefault(found, row) == row:
            continue
        details = {"found": found, "list": name, "first": str(first[found])}
        cells = {c: t for (r, c), t in table.cells.items() if r == row}
        original = {c: t for (r, c), t in table.cells.items() if r == first[found]}
        if cells == original:
            yield _problem(
                "choice_twice", table, row, column, details,
                repair=tuple(Edit(table.key, row, c, t, "") for c, t in sorted(cells.items())),
            )  # fmt: skip
        elif filtered and _filters(cells, table) != _filters(original, table):
            yield _problem(
                "choice_filtered", table, row, column, details,
                repair=tuple(_set_setting(book, "allow_choice_duplicates", "yes")),
            )  # fmt: skip
            return
        else:
            wanted = _free(_next_name(found), taken)
            details |= {"wanted": wanted, "first_label": _label(table, first[found])}
            yield _problem(
                "choice_name_twice", table, row, column, details,
                repair=(_edit(table, row, column, wanted),),
            )  # fmt: skip


def _filters(cells: Mapping[int, str], table: Table) -> dict[int, str]:
    """The cells of a choice that filters look at: neither its name nor a text."""
    return {
        column: text
        for column, text in cells.items()
        if (base := normal_header(table.name_of(column).split(":")[0]))
        and base not in {"name", "value", "list_name", *_TRANSLATED}
    }


def _label(table: Table, row: int) -> str:
    for column, header in table.headers.items():
        if normal_header(header.split(":")[0]) in {"label", "caption"} and table.get(row, column):
            return table.get(row, column)
    return ""


def _other_cells(table: Table, row: int) -> bool:
    skipped = {table.column("list_name")}
    return any(r == row and c not in skipped for r, c in table.cells)


def _references(book: Book) -> Iterator[Problem]:
    survey = book.tables["survey"]
    column = survey.column("name", "tag", "value")
    known = {survey.get(row, column) for row in survey.rows()} - {""}
    count = survey.column("repeat_count", "count", "jr:count")
    known |= {f"{survey.get(r, column)}_count" for r in survey.rows() if survey.get(r, count)}
    lowered: dict[str, list[str]] = {}
    for name in known:
        lowered.setdefault(name.lower(), []).append(name)
    for key in ("survey", "choices", "settings", "entities"):
        table = book.tables.get(key)
        for (row, col), text in sorted(table.cells.items()) if table else ():
            if table is None or row == 1:
                continue
            yield from _reference(table, row, col, text, known, lowered)


def _reference(
    table: Table, row: int, column: int, text: str, known: set[str],
    lowered: Mapping[str, list[str]],
) -> Iterator[Problem]:  # fmt: skip
    for match in _BROKEN_REFERENCE.finditer(text):
        name = next(group for group in match.groups() if group)
        if name in known:
            yield _problem(
                "reference_brackets", table, row, column,
                {"found": match.group(0), "wanted": f"${{{name}}}"},
                repair=(_edit(table, row, column, text.replace(match.group(0), f"${{{name}}}")),),
            )  # fmt: skip
    for raw in REFERENCE.findall(text):
        name = raw.removeprefix("last-saved#")
        if name in known:
            continue
        stripped = without_invisible(name).strip()
        same = lowered.get(stripped.lower(), [])
        wanted = stripped if stripped in known else (same[0] if len(same) == 1 else "")
        if wanted:
            fixed = text.replace(f"${{{name}}}", f"${{{wanted}}}")
            yield _problem(
                "reference_spelling", table, row, column,
                {"found": f"${{{name}}}", "wanted": f"${{{wanted}}}"},
                repair=(_edit(table, row, column, fixed),),
            )  # fmt: skip
        else:
            yield _problem(
                "reference_unknown", table, row, column,
                {"found": f"${{{name}}}", "suggestion": _nearest(stripped, sorted(known))},
            )  # fmt: skip


_WORDS = (
    (re.compile(r"(?<=[\s)])(AND|And|OR|Or)(?=[\s(])"), lambda m: m.group(0).lower()),
    (re.compile(r"(?<![<>!=])==(?!=)"), lambda m: "="),
    (re.compile(r"<>"), lambda m: "!="),
    (re.compile(r"=>"), lambda m: ">="),
    (re.compile(r"=<"), lambda m: "<="),
    (re.compile(r"\u2013|\u2212"), lambda m: "-"),
    (re.compile(r"\u2265"), lambda m: ">="),
    (re.compile(r"\u2264"), lambda m: "<="),
    (re.compile(r"\u2260"), lambda m: "!="),
)


def _expressions(book: Book) -> Iterator[Problem]:
    table = book.tables["survey"]
    for column, header in table.headers.items():
        if normal_header(header) not in _EXPRESSIONS or normal_header(header) == "trigger":
            continue
        for row in table.rows():
            text = table.get(row, column)
            if not text:
                continue
            fixed = without_invisible(_outside_quotes(_straight(text)))
            if fixed != _straight(text):
                yield _problem(
                    "expression_spelling", table, row, column, {"found": text, "wanted": fixed},
                    repair=(_edit(table, row, column, fixed),),
                )  # fmt: skip
            elif not _closes(_straight(text)):
                yield _problem("expression_brackets", table, row, column, {"found": text})


def _straight(text: str) -> str:
    """With straight quotes, as pyxform makes them anyway."""
    return text.translate(str.maketrans("\u2018\u2019\u201c\u201d", "''\"\""))


def _outside_quotes(text: str) -> str:
    """The plain misspellings of XPath put right, texts in quotes left alone."""
    parts, last = [], 0
    for quoted in [*_QUOTED.finditer(text), None]:
        piece = text[last : quoted.start() if quoted else len(text)]
        for pattern, replace in _WORDS:
            piece = pattern.sub(replace, piece)
        parts.append(piece + (quoted.group(0) if quoted else ""))
        last = quoted.end() if quoted else last
    return "".join(parts)


def _closes(text: str) -> bool:
    bare = _QUOTED.sub("", text)
    if "'" in bare or '"' in bare:
        return False
    opened: list[str] = []
    pairs = {")": "(", "]": "[", "}": "{"}
    for character in bare:
        if character in "([{":
            opened.append(character)
        elif character in pairs and (not opened or opened.pop() != pairs[character]):
            return False
    return not opened


def _settings(book: Book) -> Iterator[Problem]:
    table = book.tables.get("settings")
    column = table.column("form_id", "id_string", "set_form_id") if table else None
    found = table.get(2, column) if table else ""
    if table is not None and column and found and not re.fullmatch(r"[^\s/\\?#%&]+", found):
        wanted = re.sub(r"[\s/\\?#%&]+", "_", found).strip("_")
        yield _problem(
            "form_id_characters", table, 2, column, {"found": found, "wanted": wanted},
            repair=(_edit(table, 2, column, wanted),),
        )  # fmt: skip


def _setting(book: Book, *names: str) -> str:
    table = book.tables.get("settings")
    return table.get(2, table.column(*names)) if table else ""


def setting(book: Book, *names: str) -> str:
    """A value of the sheet 'settings' under one of its names, '' when not given."""
    return _setting(book, *names)


def _set_setting(book: Book, name: str, value: str) -> Iterator[Edit]:
    table = book.tables.get("settings") or Table("settings", "settings")
    column = table.column(name)
    if column is None:
        column = max(table.headers, default=0) + 1
        yield Edit("settings", 1, column, "", name)
    yield Edit("settings", 2, column, table.get(2, column), value)


def set_setting(book: Book, name: str, value: str) -> None:
    """Write a value on the sheet 'settings' of this copy of the book."""
    for edit in _set_setting(book, name, value):
        table = book.tables.setdefault("settings", Table("settings", "settings"))
        table.put(edit.row, edit.column, edit.after)
