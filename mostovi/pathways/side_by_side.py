# SPDX-License-Identifier: EUPL-1.2
"""One pathway in all laws side by side, topic by topic, and as a table to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostovi.pathways import law_files, presenting, texts, wording
from mostovi.pathways.expressions import Expression
from mostovi.pathways.law import Condition, PartnerLaw, Pathway
from mostovi.pathways.presenting import Reading, ShownCitation
from mostovi.pathways.rules import Rule, rule_of
from mostovi.pathways.texts import Said

MARKS: Mapping[str, str | Promise] = {
    "same": gettext_lazy("the same test as EU law"),
    "differs": gettext_lazy("differs from EU law"),
    "extra": gettext_lazy("not asked by EU law"),
    "missing": gettext_lazy("EU law asks it, this law does not"),
    "": "",
}


@dataclass(frozen=True)
class Entry:
    """One condition in a cell: its title, its test in words, its source."""

    title: Said
    words: str
    citation: ShownCitation | None
    evidence: str
    tone: str
    reviewed: bool

    @property
    def line(self) -> str:
        """Everything in one line, for files."""
        source = presenting.citation_line(self.citation) or _("no article is cited")
        return f"{self.title.text}: {self.words} [{source}; {self.evidence}]"


@dataclass(frozen=True)
class Cell:
    """What one law asks under a topic, and how that stands to EU law (a code of `MARKS`)."""

    law: str
    entries: tuple[Entry, ...]
    mark: str

    @property
    def mark_words(self) -> str:
        """The mark in words."""
        return str(MARKS[self.mark])

    @property
    def stands_out(self) -> bool:
        """Whether it is not as in EU law."""
        return self.mark in {"differs", "extra", "missing"}


@dataclass(frozen=True)
class Column:
    """One law: whether it has the way, which version, and how far it is reviewed."""

    law: str
    name: str
    availability: str
    tone: str
    note: Said | None
    version: str
    period: str
    reviewed: bool
    complete: bool


@dataclass(frozen=True)
class Row:
    """A topic across all laws."""

    topic: str
    title: Said
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """The whole comparison of one pathway on a day."""

    pathway: str
    on: date
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def compared(
    pathway: str, laws: Mapping[str, PartnerLaw], on: date, signed: frozenset[tuple[str, str]]
) -> Table:
    """Side by side. signed: (partner, version) of what lawyers signed off here as a whole."""
    rules = {code: _rule(law, pathway, on) for code, law in laws.items()}
    asked = {code: _by_topic(rule) for code, rule in rules.items() if rule is not None}
    present = [topic for topic in law_files.topics() if any(topic in one for one in asked.values())]
    language = wording.language()
    readings = {code: Reading.of(law, on) for code, law in laws.items()}
    rows = tuple(
        Row(
            topic,
            texts.say(f"topic.{topic}", language),
            tuple(_cell(code, topic, asked, readings) for code in law_files.LAWS),
        )
        for topic in present
    )
    columns = tuple(
        _column(code, laws.get(code), pathway, rules.get(code), signed, language)
        for code in law_files.LAWS
    )
    return Table(pathway, on, columns, rows)


def _rule(law: PartnerLaw, pathway: str, on: date) -> Rule | None:
    found = law.pathways.get(pathway)
    return rule_of(law, found, on) if found else None


def _by_topic(rule: Rule) -> dict[str, list[Condition]]:
    found: dict[str, list[Condition]] = {}
    for condition in rule.conditions:
        found.setdefault(condition.topic or "other", []).append(condition)
    return found


def _cell(
    code: str,
    topic: str,
    asked: Mapping[str, Mapping[str, list[Condition]]],
    readings: Mapping[str, Reading],
) -> Cell:
    own = asked[code].get(topic, []) if code in asked else []
    entries = tuple(_entry(readings[code], condition) for condition in own)
    return Cell(code, entries, _mark(code, topic, asked))


def _mark(code: str, topic: str, asked: Mapping[str, Mapping[str, list[Condition]]]) -> str:
    yardstick = asked.get(law_files.YARDSTICK)
    if code == law_files.YARDSTICK or code not in asked or yardstick is None:
        return ""
    own, theirs = asked[code].get(topic, []), yardstick.get(topic, [])
    if not own:
        return "missing" if theirs else ""
    if not theirs:
        return "extra"
    return "same" if _tests(own) == _tests(theirs) else "differs"


def _tests(conditions: Sequence[Condition]) -> frozenset[Expression]:
    return frozenset(condition.expression for condition in conditions)


def _entry(reading: Reading, condition: Condition) -> Entry:
    return Entry(
        presenting.in_language(condition.title, reading.language),
        presenting.whole_words(reading, condition),
        presenting.cited(reading, condition.citation),
        str(wording.EVIDENCE[condition.evidence.value]),
        wording.EVIDENCE_TONES.get(condition.evidence.value, "warn"),
        condition.review.is_reviewed,
    )


def _column(
    code: str,
    law: PartnerLaw | None,
    pathway: str,
    rule: Rule | None,
    signed: frozenset[tuple[str, str]],
    language: str,
) -> Column:
    found: Pathway | None = law.pathways.get(pathway) if law else None
    availability = found.availability.value if found else ""
    version = rule.version if rule else None
    return Column(
        law=code,
        name=wording.law_name(code),
        availability=str(wording.AVAILABILITY[availability]),
        tone=wording.AVAILABILITY_TONES.get(availability, "quiet"),
        note=presenting.note_of(found.availability_note, language) if found else None,
        version=version.version if version else "",
        period=presenting.period_words(version.valid_from, version.valid_to) if version else "",
        reviewed=bool(rule and rule.signed_off)
        or bool(version and (code, version.version) in signed),
        complete=version.complete if version else True,
    )


# --- As a file -----------------------------------------------------------------------------------


def lines(table: Table) -> Iterator[list[str]]:
    """The table as rows of text: a head, the state of each law, then topic by topic."""
    yield [_("Topic"), *(column.name for column in table.columns)]
    yield [_("Is there such a way?"), *(column.availability for column in table.columns)]
    yield [_("Version"), *(_version_line(column) for column in table.columns)]
    yield [_("Reviewed by a lawyer"), *(wording.yes_no(c.reviewed) for c in table.columns)]
    for row in table.rows:
        yield [row.title.text, *("\n".join(_cell_lines(cell)) for cell in row.cells)]


def _version_line(column: Column) -> str:
    return wording.joined(filter(None, (column.version, column.period)))


def _cell_lines(cell: Cell) -> Iterator[str]:
    for entry in cell.entries:
        yield entry.line
    if cell.mark:
        yield f"({cell.mark_words})"


def as_csv(table: Table) -> bytes:
    """As CSV in UTF-8 with a mark at the beginning, so that spreadsheets read it."""
    out = io.StringIO()
    writer = csv.writer(out)
    for line in lines(table):
        writer.writerow([_harmless(cell) for cell in line])
    return ("\ufeff" + out.getvalue()).encode()


def as_excel(table: Table) -> bytes:
    """As an Excel workbook with one sheet."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    if sheet is None:  # pragma: no cover  (a new workbook has one)
        raise RuntimeError("a workbook without a sheet")
    sheet.title = table.pathway[:31]
    for line in lines(table):
        sheet.append([_harmless(cell) for cell in line])
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if cell.row == 1 or cell.column == 1:
                cell.font = Font(bold=True)
    for number in range(1, len(table.columns) + 2):
        sheet.column_dimensions[get_column_letter(number)].width = 24 if number == 1 else 44
    sheet.freeze_panes = "B2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _harmless(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
