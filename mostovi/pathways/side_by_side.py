# SPDX-License-Identifier: EUPL-1.2
"""One pathway in all laws side by side, topic by topic, and as a table to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostovi.pathways import law_files, presenting, texts, wording
from mostovi.pathways.comparing import Compared, Example, TopicCell, by_topic, compare
from mostovi.pathways.diagrams import TooLarge
from mostovi.pathways.expressions import Expression
from mostovi.pathways.law import Combination, Condition, PartnerLaw, Pathway
from mostovi.pathways.library import library
from mostovi.pathways.presenting import Reading, ShownCitation
from mostovi.pathways.rules import Rule
from mostovi.pathways.texts import Said
from mostovi.pathways.trying import fact_lines

MARKS: Mapping[str, str | Promise] = {
    "same": gettext_lazy("the same test as %(law)s"),
    "differs": gettext_lazy("differs from %(law)s"),
    "extra": gettext_lazy("not asked by %(law)s"),
    "missing": gettext_lazy("asked by %(law)s, not here"),
    "unclear": gettext_lazy("a part could not be confirmed"),
    "": "",
}

RELATIONS: Mapping[str, str | Promise] = {
    "same": gettext_lazy("opens for the same people"),
    "stricter": gettext_lazy("stricter"),
    "wider": gettext_lazy("wider"),
    "neither": gettext_lazy("stricter for some, wider for others"),
    "unclear": gettext_lazy("not clear: a part of a law could not be confirmed"),
    "too_large": gettext_lazy("too large to compare as a whole"),
    "no_rule": gettext_lazy("one of the two laws has no such rule in force"),
}
_RELATION_TONES = {"same": "ok", "stricter": "warn", "wider": "info", "neither": "warn"}


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
    """What one law asks under a topic, and how that stands to the law it is held against.

    mark is a code of `MARKS`.
    """

    law: str
    entries: tuple[Entry, ...]
    mark: str
    against: str

    @property
    def mark_words(self) -> str:
        """The mark in words."""
        return str(MARKS[self.mark]) % {"law": wording.law_name(self.against)}

    @property
    def stands_out(self) -> bool:
        """Whether it is not as in the other law."""
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
class Person:
    """Somebody for whom one law opens the way and the other does not, and why not."""

    facts: tuple[tuple[str, str], ...]
    fails: tuple[Said, ...]


@dataclass(frozen=True)
class Standing:
    """How one law as a whole stands to the other; the people are examples."""

    law: str
    name: str
    relation: str
    tone: str
    only_here: Person | None = None
    only_there: Person | None = None


@dataclass(frozen=True)
class Table:
    """The whole comparison of one pathway on a day, against one of the laws."""

    pathway: str
    on: date
    against: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    standings: tuple[Standing, ...]


def compared(
    pathway: str,
    laws: Mapping[str, PartnerLaw],
    on: date,
    against: str,
    signed: frozenset[tuple[str, str]],
) -> Table:
    """Side by side. signed: (partner, version) of what lawyers signed off here as a whole."""
    rules = {code: _rule(law, pathway, on) for code, law in laws.items()}
    language = wording.language()
    # The law that the others are held against stands first, where it stays in view.
    order = (against, *(code for code in law_files.LAWS if code != against))
    readings = {code: Reading.of(law, on) for code, law in laws.items()}
    rows = tuple(
        Row(
            row.topic,
            texts.say(f"topic.{row.topic}", language),
            tuple(
                _cell(code, {cell.partner: cell for cell in row.cells}, against, readings)
                for code in order
            ),
        )
        for row in by_topic([(laws[code], rules[code]) for code in laws], law_files.topics())
    )
    columns = tuple(
        _column(code, laws.get(code), pathway, rules.get(code), signed, language) for code in order
    )
    standings = tuple(
        _standing(laws[code], rules[code], rules.get(against), laws.get(against))
        for code in law_files.LAWS
        if code != against and code in laws and pathway in laws[code].pathways
    )
    return Table(pathway, on, against, columns, rows, standings)


def _rule(law: PartnerLaw, pathway: str, on: date) -> Rule | None:
    # From the rule set that is kept, so that what is prepared of a rule is kept with it.
    return next((r for r in library().in_force(law.code, on) if r.pathway == pathway), None)


def _cell(
    code: str,
    cells: Mapping[str, TopicCell],
    against: str,
    readings: Mapping[str, Reading],
) -> Cell:
    own = cells.get(code)
    entries = tuple(_entry(readings[code], one) for one in own.conditions) if own else ()
    return Cell(code, entries, _mark(code, own, cells.get(against), against), against)


def _mark(code: str, own: TopicCell | None, other: TopicCell | None, against: str) -> str:
    if code == against or own is None or other is None:
        return ""
    if not own.has_rule or not other.has_rule:
        return ""
    if not own.conditions:
        return "missing" if other.conditions else ""
    if not other.conditions:
        return "extra"
    if _tests(own.conditions) != _tests(other.conditions):
        return "differs"
    return "same" if _confirmed(own.conditions) else "unclear"


def _tests(conditions: Sequence[Condition]) -> frozenset[Expression]:
    return frozenset(condition.expression for condition in conditions)


def _confirmed(conditions: Sequence[Condition]) -> bool:
    """Whether every part says something: two parts that nobody could confirm are not the same."""
    return all(
        one.combination is not Combination.UNKNOWN
        for condition in conditions
        for one in condition.walk()
    )


def _standing(
    law: PartnerLaw, rule: Rule | None, other: Rule | None, other_law: PartnerLaw | None
) -> Standing:
    name = wording.law_name(law.code)
    if rule is None or other is None or other_law is None:
        return Standing(law.code, name, str(RELATIONS["no_rule"]), "quiet")
    found = _compared(rule, other)
    if found is None:
        return Standing(law.code, name, str(RELATIONS["too_large"]), "quiet")
    return Standing(
        law.code,
        name,
        str(RELATIONS[found.relation.value]),
        _RELATION_TONES.get(found.relation.value, "quiet"),
        _person(law, found.first_alone, other),
        _person(law, found.second_alone, rule),
    )


@lru_cache(maxsize=256)
def _compared(first: Rule, second: Rule) -> Compared | None:
    try:
        return compare(first, second, library().vocabulary)
    except TooLarge:
        return None


def _person(law: PartnerLaw, example: Example | None, closed: Rule) -> Person | None:
    """An example in words; `closed` is the rule that does not open for the person."""
    if example is None:
        return None
    language = wording.language()
    titles = {one.code: one.title for top in closed.conditions for one in top.walk()}
    return Person(
        fact_lines(law.catalogue.vocabulary, example.facts),
        tuple(
            presenting.in_language(titles[code], language)
            for code in example.fails
            if code in titles
        ),
    )


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
    known = {standing.law: standing.relation for standing in table.standings}
    against = _("As a whole, against: %(law)s") % {"law": wording.law_name(table.against)}
    yield [against, *(known.get(column.law, "") for column in table.columns)]


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
