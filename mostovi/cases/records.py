# SPDX-License-Identifier: EUPL-1.2
"""Structured records of a case as data: what is asked, by whom, when it counts.

A kind of record is a file (`content/cases/records/<code>.yaml`): sections with questions in six
languages, who may write it, whether a second person must approve it. `load` reads a file and names
file and line of whatever is wrong; `check` looks at answers. Pure.

Answers are plain values by question code:

* text, long_text, person: a text; choice: a code; choices: a list of codes;
* yes_no: "yes", "no", "unknown" or "not_asked";
* date: "2026-11-24"; approximate_date: {"precision", "year", "month", "day", "margin"};
* number: a number; money: {"amount": "12.50", "currency": "EUR"};
* account: the id of a colleague's account, as text;
* rows: a list of such tables, one for each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from mostovi.people.birth import Birth, BirthError, Precision
from mostovi.procedures.composing import CannotCompose, compose
from mostovi.procedures.definition import Named, Review, Source, Translations
from mostovi.procedures.tables import FileProblem, Reading, Table, review_of, source_of
from mostovi.rights.roles import Role

LONGEST_TEXT = 8000
LONGEST_LINE = 400
MOST_ROWS = 40
CURRENCY = re.compile(r"[A-Z]{3}\Z")


class QuestionKind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    APPROXIMATE_DATE = "approximate_date"
    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"
    NUMBER = "number"
    MONEY = "money"
    PERSON = "person"
    ACCOUNT = "account"
    ROWS = "rows"


class Required(StrEnum):
    """When a question must be answered."""

    FINAL = "final"
    ALWAYS = "always"
    NEVER = "never"


class YesNo(StrEnum):
    """Four different answers; only the first two say what is so."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"


class RecordState(StrEnum):
    """Where the newest version of a record stands."""

    DRAFT = "draft"
    FINAL = "final"
    APPROVED = "approved"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class When:
    """A question is asked only while another of the same section or record has such an answer."""

    question: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `questions` are the columns of a `rows` question."""

    code: str
    kind: QuestionKind
    label: Translations
    help: Translations = field(default_factory=dict)
    required: Required = Required.NEVER
    options: tuple[Named, ...] = ()
    when: When | None = None
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordSection:
    """Questions that belong together, and the source they come from."""

    code: str
    label: Translations
    questions: tuple[Question, ...]
    source: str = ""
    about: Translations = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approves the record, and whether its author may not."""

    roles: tuple[str, ...]
    other_than_author: bool = True


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of record. `case_types` None means every kind of case."""

    code: str
    version: int
    title: Translations
    about: Translations
    review: Review
    sources: Mapping[str, Source]
    case_types: tuple[str, ...] | None
    roles: tuple[str, ...]
    sections: tuple[RecordSection, ...]
    readers: tuple[str, ...] = ()
    document: str = ""
    approval: Approval | None = None
    repeats: bool = False

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question, in order."""
        return tuple(question for section in self.sections for question in section.questions)

    def fits(self, case_type: str) -> bool:
        """Whether cases of this type have such records."""
        return self.case_types is None or case_type in self.case_types


class BadRecords(Exception):
    """A file is not a kind of record; `problems` name file, line and what to do."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.file, p.line, p.text))
        super().__init__("\n".join(map(str, self.problems)))


# --- Reading files -----------------------------------------------------------------------------


def read_folder(folder: Path) -> Mapping[str, RecordKind]:
    """Every kind of record in `folder`, by code. Raises `BadRecords`: nothing loads half."""
    found: dict[str, RecordKind] = {}
    problems: list[FileProblem] = []
    for path in sorted(folder.glob("*.yaml")):
        name = f"content/cases/records/{path.name}"
        try:
            kind = load(path.read_text(encoding="utf-8"), name)
        except BadRecords as error:
            problems += error.problems
            continue
        if kind.code != path.stem:
            words = f"the file must be named {kind.code}.yaml after its code"
            problems.append(FileProblem(name, 1, words))
        found[kind.code] = kind
    if problems:
        raise BadRecords(problems)
    return found


def load(text: str, file: str) -> RecordKind:
    """The kind of record in `text`; `file` is the name used in messages. Raises `BadRecords`."""
    try:
        root, _ = compose(text, file)
    except CannotCompose as error:
        raise BadRecords([FileProblem(*problem) for problem in error.problems]) from error
    reading = Reading(file)
    top = Table(reading, root)
    kind = _kind(top)
    top.done()
    if reading.problems:
        raise BadRecords(reading.problems)
    return kind


def _kind(top: Table) -> RecordKind:
    types = top.codes("case_types", required=True)
    kind = RecordKind(
        code=top.code("code"),
        version=top.number("version"),
        title=top.words("title"),
        about=top.words("about", required=False),
        review=review_of(top.table("review")),
        sources=top.named("sources", "source", source_of, required=False),
        case_types=None if types == ("all",) else types,
        roles=_roles(top, "roles", required=True),
        readers=_roles(top, "readers"),
        document=top.code("document", required=False),
        approval=_approval(top.table("approval", required=False)),
        repeats=top.flag("repeats"),
        sections=tuple(_section(table) for table in top.items("sections", "section")),
    )
    _check_sections(top, kind)
    return kind


def _roles(table: Table, key: str, *, required: bool = False) -> tuple[str, ...]:
    roles = table.codes(key, required=required)
    for role in roles:
        if role not in set(Role):
            table.problem(key, f"unknown role '{role}'")
    return roles


def _approval(table: Table | None) -> Approval | None:
    if table is None:
        return None
    approval = Approval(
        roles=_roles(table, "roles", required=True),
        other_than_author=table.text("other_than_author", required=False) != "false",
    )
    table.done()
    return approval


def _section(table: Table) -> RecordSection:
    code = table.code("code")
    table.where = f"section '{code}'"
    section = RecordSection(
        code=code,
        label=table.words("label"),
        about=table.words("about", required=False),
        source=table.code("source", required=False),
        questions=tuple(_question(item) for item in table.items("questions", "question")),
    )
    table.reading.lines["section", code] = table.line
    table.done()
    return section


def _question(table: Table, *, inside: bool = False) -> Question:
    code = table.code("code")
    table.where = f"question '{code}'"
    table.reading.lines.setdefault(("question", code), table.line)
    kind = table.choice("kind", QuestionKind)
    choosing = kind in {QuestionKind.CHOICE, QuestionKind.CHOICES}
    if inside and kind is QuestionKind.ROWS:
        table.problem("kind", "a row cannot hold rows")
    question = Question(
        code=code,
        kind=kind,
        label=table.words("label"),
        help=table.words("help", required=False),
        required=table.choice("required", Required, Required.NEVER),
        options=tuple(map(_option, table.items("options", "option"))) if choosing else (),
        when=_when(table.table("when", required=False)),
        questions=tuple(
            _question(item, inside=True) for item in table.items("questions", "question")
        )
        if kind is QuestionKind.ROWS and not inside
        else (),
    )
    table.done()
    codes = [option.code for option in question.options]
    if len(codes) != len(set(codes)):
        table.problem("options", "the same option is written twice")
    return question


def _option(table: Table) -> Named:
    option = Named(table.code("code"), table.words("label"))
    table.done()
    return option


def _when(table: Table | None) -> When | None:
    if table is None:
        return None
    when = When(table.code("question"), table.codes("is", required=True))
    table.done()
    return when


def _check_sections(top: Table, kind: RecordKind) -> None:
    """What can only be seen in the whole: codes once, sources and conditions that exist."""
    reading = top.reading
    codes = [question.code for question in kind.questions]
    for code in {code for code in codes if codes.count(code) > 1}:
        reading.problem(reading.line_of("question", code), f"question '{code}' is written twice")
    for section in kind.sections:
        if section.source and section.source not in kind.sources:
            place = reading.line_of("section", section.code)
            reading.problem(place, f"section '{section.code}': unknown source '{section.source}'")
        _check_conditions(reading, section.questions, kind.questions)


def _check_conditions(
    reading: Reading, asked: Iterable[Question], around: Iterable[Question]
) -> None:
    known = {question.code: question for question in around}
    for question in asked:
        _check_conditions(reading, question.questions, [*known.values(), *question.questions])
        if question.when is None:
            continue
        place = reading.line_of("question", question.code)
        other = known.get(question.when.question)
        if other is None:
            words = f"'when' names the unknown question '{question.when.question}'"
            reading.problem(place, f"question '{question.code}': {words}")
            continue
        for value in question.when.values:
            if value not in _codes(other):
                words = f"'{value}' is no answer of question '{other.code}'"
                reading.problem(place, f"question '{question.code}': {words}")


def _codes(question: Question) -> frozenset[str]:
    if question.kind is QuestionKind.YES_NO:
        return frozenset(YesNo)
    return frozenset(option.code for option in question.options)


# --- Looking at answers ------------------------------------------------------------------------

Problem = tuple[str, str]
"""The path of a question ("views", "options.0.reason") and what to do, in English (msgid)."""

MISSING = "This must be answered."
MISSING_CHOICE = "Choose one answer."
NOT_A_DATE = "Write the date as day, month and year."
NO_PRECISION = "Say how exactly the date is known."
NOT_A_NUMBER = "Write a number."
NOT_MONEY = "Write the amount as a number and the currency with three letters, such as EUR."
NOT_AN_OPTION = "Choose one of the answers offered."
TOO_LONG = "Shorten this text."
TOO_MANY_ROWS = "There are too many rows; put the rest into a second record."
NOT_AN_ACCOUNT = "Choose a colleague."
UNKNOWN_QUESTION = "This record has no such question."


def check(
    kind: RecordKind, answers: Mapping[str, Any], *, final: bool
) -> tuple[dict[str, Any], list[Problem]]:
    """The tidy answers, and everything wrong with them.

    Answers to questions that are not asked now (`when`) are left out. A draft may be incomplete
    but not unreadable.
    """
    problems: list[Problem] = [
        (code, UNKNOWN_QUESTION)
        for code in answers
        if code not in {question.code for question in kind.questions}
    ]
    tidy, more = _tidied(kind.questions, answers, {}, final, "")
    return tidy, problems + more


def is_asked(question: Question, answers: Mapping[str, Any]) -> bool:
    """Whether the question's condition holds, given the other answers."""
    if question.when is None:
        return True
    given = answers.get(question.when.question)
    values = given if isinstance(given, list) else [given]
    return any(value in question.when.values for value in values)


def _tidied(
    questions: Iterable[Question],
    answers: Mapping[str, Any],
    around: Mapping[str, Any],
    final: bool,
    path: str,
) -> tuple[dict[str, Any], list[Problem]]:
    tidy: dict[str, Any] = {}
    problems: list[Problem] = []
    for question in questions:
        if not is_asked(question, {**around, **answers}):
            continue
        place = f"{path}{question.code}"
        if question.kind is QuestionKind.ROWS:
            value, more = _rows(question, answers, tidy, final, place)
            problems += more
        else:
            try:
                value = _value(question, answers.get(question.code))
            except ValueError as error:
                problems.append((place, str(error)))
                continue
        if is_empty(value):
            if question.required is Required.ALWAYS or (
                final and question.required is Required.FINAL
            ):
                problems.append((place, MISSING_CHOICE if _codes(question) else MISSING))
            continue
        tidy[question.code] = value
    return tidy, problems


def _rows(
    question: Question,
    answers: Mapping[str, Any],
    around: Mapping[str, Any],
    final: bool,
    path: str,
) -> tuple[list[dict[str, Any]], list[Problem]]:
    given = answers.get(question.code) or []
    if not isinstance(given, list) or not all(isinstance(row, Mapping) for row in given):
        return [], [(path, MISSING)]
    columns = [column.code for column in question.questions]
    filled = [row for row in given if not all(is_empty(row.get(code)) for code in columns)]
    if len(filled) > MOST_ROWS:
        return [], [(path, TOO_MANY_ROWS)]
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for number, row in enumerate(filled):
        tidy, more = _tidied(question.questions, row, around, final, f"{path}.{number}.")
        problems += more
        if tidy:
            rows.append(tidy)
    return rows, problems


def is_empty(value: Any) -> bool:
    """Whether nothing was answered; a currency alone is no answer."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping):
        return all(is_empty(part) for key, part in value.items() if key != "currency")
    return value in (None, [], {})


def _value(question: Question, given: Any) -> Any:
    """The tidy value of one answer. Raises ValueError with what to do."""
    if is_empty(given):
        return None
    return _VALUES[question.kind](question, given)


def _text(question: Question, given: Any) -> str:
    text = str(given).strip()
    long = question.kind is QuestionKind.LONG_TEXT
    if len(text) > (LONGEST_TEXT if long else LONGEST_LINE):
        raise ValueError(TOO_LONG)
    return text


def _date(question: Question, given: Any) -> str:
    if isinstance(given, Mapping):
        try:
            parts = [int(given[part]) for part in ("year", "month", "day")]
            return date(*parts).isoformat()
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(NOT_A_DATE) from error
    try:
        return date.fromisoformat(str(given)).isoformat()
    except ValueError as error:
        raise ValueError(NOT_A_DATE) from error


def _approximate_date(question: Question, given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(NOT_A_DATE)
    used = {
        "day": ("year", "month", "day"), "month": ("year", "month"), "year": ("year",),
        "estimated": ("year", "margin"), "unknown": (),
    }  # fmt: skip
    precision = str(given.get("precision") or "")
    if not precision:
        raise ValueError(NO_PRECISION)
    kept = {part: given.get(part) for part in used.get(precision, ())}
    try:
        birth = Birth.from_json({"precision": precision, **kept})
    except BirthError as error:
        raise ValueError(str(error)) from error
    said = {part: getattr(birth, part) for part in used[birth.precision.value]}
    return {"precision": birth.precision.value, **said}


def _option_code(question: Question, given: Any) -> str:
    if not isinstance(given, str) or given not in _codes(question):
        raise ValueError(NOT_AN_OPTION)
    return str(given)


def _option_codes(question: Question, given: Any) -> list[str]:
    if not isinstance(given, list | tuple):
        raise ValueError(NOT_AN_OPTION)
    return list(dict.fromkeys(_option_code(question, value) for value in given))


def _number(question: Question, given: Any) -> int | float:
    try:
        number = Decimal(str(given).strip().replace(",", "."))
    except InvalidOperation as error:
        raise ValueError(NOT_A_NUMBER) from error
    if not number.is_finite() or abs(number) > 10**12:
        raise ValueError(NOT_A_NUMBER)
    return int(number) if number == number.to_integral_value() else float(number)


def _money(question: Question, given: Any) -> dict[str, str]:
    return money(given)


def money(given: Any) -> dict[str, str]:
    """An amount of money, tidy. Raises ValueError with what to do."""
    if not isinstance(given, Mapping):
        raise ValueError(NOT_MONEY)
    currency = str(given.get("currency") or "EUR").strip().upper()
    try:
        amount = Decimal(str(given.get("amount")).strip().replace(",", "."))
    except InvalidOperation as error:
        raise ValueError(NOT_MONEY) from error
    if not CURRENCY.match(currency) or not amount.is_finite() or not 0 <= amount < 10**12:
        raise ValueError(NOT_MONEY)
    return {"amount": str(amount.quantize(Decimal("0.01"))), "currency": currency}


def _account(question: Question, given: Any) -> str:
    try:
        return str(UUID(str(given)))
    except ValueError as error:
        raise ValueError(NOT_AN_ACCOUNT) from error


_VALUES = {
    QuestionKind.TEXT: _text,
    QuestionKind.LONG_TEXT: _text,
    QuestionKind.PERSON: _text,
    QuestionKind.DATE: _date,
    QuestionKind.APPROXIMATE_DATE: _approximate_date,
    QuestionKind.CHOICE: _option_code,
    QuestionKind.CHOICES: _option_codes,
    QuestionKind.YES_NO: _option_code,
    QuestionKind.NUMBER: _number,
    QuestionKind.MONEY: _money,
    QuestionKind.ACCOUNT: _account,
}
PRECISIONS = tuple(Precision)


def shown(kind: RecordKind, answers: Mapping[str, Any]) -> Iterator[tuple[RecordSection, Question]]:
    """The questions that have an answer, each with its section, in order."""
    for section in kind.sections:
        for question in section.questions:
            if question.code in answers:
                yield section, question
