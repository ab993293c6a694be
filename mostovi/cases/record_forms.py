# SPDX-License-Identifier: EUPL-1.2
"""A structured record as a form of a page, and what was typed as answers. No JavaScript.

Inputs are named by the path of the question ("participants.0.name"); dates are asked in three
parts. Nothing typed is lost: what cannot be read is shown again as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostovi.cases.records import (
    MOST_ROWS,
    Problem,
    Question,
    QuestionKind,
    RecordKind,
    Required,
    YesNo,
    is_empty,
)
from mostovi.cases.staff import Colleague
from mostovi.procedures.definition import Words
from mostovi.procedures.presentation import in_language

YES_NO = {
    YesNo.YES: gettext_lazy("Yes"),
    YesNo.NO: gettext_lazy("No"),
    YesNo.UNKNOWN: gettext_lazy("Unknown"),
    YesNo.NOT_ASKED: gettext_lazy("Not asked"),
}
PRECISIONS = {
    "day": gettext_lazy("Day, month and year"),
    "month": gettext_lazy("Month and year"),
    "year": gettext_lazy("Year only"),
    "estimated": gettext_lazy("Estimated year"),
    "unknown": gettext_lazy("Unknown"),
}
EMPTY_ROWS = 1
_ROW = re.compile(r"(\d{1,3})\.")


@dataclass(frozen=True)
class Choice:
    """One answer that can be chosen."""

    value: str
    label: str
    language: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Asked:
    """One question on a page, with what stands in it and what is wrong with it."""

    name: str
    ident: str
    kind: str
    label: Words
    help: Words
    needed: bool
    only_if: str
    value: Any
    parts: Mapping[str, Any] = field(default_factory=dict)
    choices: Sequence[Choice] = ()
    rows: Sequence[Sequence[Asked]] = ()
    error: str = ""


@dataclass(frozen=True)
class AskedSection:
    """A section with its questions."""

    code: str
    label: Words
    about: Words
    source: str
    questions: Sequence[Asked]


def typed(kind: RecordKind, post: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, by question; values as the checker of `records` reads them."""
    return _typed(kind.questions, post, "")


def _typed(questions: Iterable[Question], post: Any, path: str) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for question in questions:
        name = f"{path}{question.code}"
        if question.kind is QuestionKind.ROWS:
            # Empty rows fall away here already, so that rows and problems are counted alike.
            rows = (
                _typed(question.questions, post, f"{name}.{number}.")
                for number in _row_numbers(post, name)
            )
            answers[question.code] = [
                row for row in rows if not all(is_empty(value) for value in row.values())
            ]
        elif question.kind is QuestionKind.CHOICES:
            answers[question.code] = post.getlist(name)
        elif question.kind in _PARTS:
            parts = {part: post.get(f"{name}.{part}", "") for part in _PARTS[question.kind]}
            answers[question.code] = {part: text.strip() for part, text in parts.items()}
        else:
            answers[question.code] = post.get(name, "")
    return {code: _blank(value) for code, value in answers.items()}


def _blank(value: Any) -> Any:
    """A date whose precision alone was left at "unknown" is no answer."""
    if isinstance(value, dict) and not any(
        text for part, text in value.items() if part != "currency"
    ):
        return None
    return value


def _row_numbers(post: Any, name: str) -> list[int]:
    found = set()
    for key in post:
        if key.startswith(f"{name}.") and (match := _ROW.match(key[len(name) + 1 :])):
            found.add(int(match[1]))
    return sorted(found)[: MOST_ROWS + EMPTY_ROWS]


_PARTS: Mapping[QuestionKind, tuple[str, ...]] = {
    QuestionKind.DATE: ("day", "month", "year"),
    QuestionKind.APPROXIMATE_DATE: ("precision", "day", "month", "year", "margin"),
    QuestionKind.MONEY: ("amount", "currency"),
}


def asked(
    kind: RecordKind,
    answers: Mapping[str, Any],
    problems: Iterable[Problem] = (),
    *,
    colleagues: Sequence[Colleague] = (),
    more: str = "",
) -> list[AskedSection]:
    """The sections of a form. `more` is the path of a question that gets another empty row."""
    wrong = {path: _(words) for path, words in problems}
    known = {question.code: question for question in kind.questions}
    return [
        AskedSection(
            section.code,
            in_language(section.label),
            in_language(section.about),
            kind.sources[section.source].title if section.source else "",
            [
                _asked(question, answers, wrong, known, colleagues, "", more)
                for question in section.questions
            ],
        )
        for section in kind.sections
    ]


def _asked(
    question: Question,
    answers: Mapping[str, Any],
    wrong: Mapping[str, str],
    known: Mapping[str, Question],
    colleagues: Sequence[Colleague],
    path: str,
    more: str,
) -> Asked:
    name, value = f"{path}{question.code}", answers.get(question.code)
    rows: list[list[Asked]] = []
    if question.kind is QuestionKind.ROWS:
        given = [row for row in value or [] if isinstance(row, Mapping)]
        empty = max(EMPTY_ROWS, 1) + (1 if more == name else 0)
        around = {**known, **{column.code: column for column in question.questions}}
        rows = [
            [
                _asked(column, row, wrong, around, colleagues, f"{name}.{number}.", more)
                for column in question.questions
            ]
            for number, row in enumerate([*given, *([{}] * empty)])
        ]
    return Asked(
        name=name,
        ident="q-" + name.replace(".", "-"),
        kind=question.kind.value,
        label=in_language(question.label),
        help=in_language(question.help),
        needed=question.required is not Required.NEVER,
        only_if=_only_if(question, known),
        value=value,
        parts=_parts(question, value),
        choices=_choices(question, value, colleagues),
        rows=rows,
        error=wrong.get(name, ""),
    )


def _only_if(question: Question, known: Mapping[str, Question]) -> str:
    if question.when is None or question.when.question not in known:
        return ""
    other = known[question.when.question]
    answers = [choice.label for choice in _choices(other, None, ())]
    codes = [choice.value for choice in _choices(other, None, ())]
    named = [answers[codes.index(value)] for value in question.when.values if value in codes]
    return _("Only if “%(question)s” is: %(answers)s.") % {
        "question": in_language(other.label).text,
        "answers": _(" or ").join(named),
    }


def _parts(question: Question, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if question.kind is QuestionKind.DATE and isinstance(value, str) and value:
        day = date.fromisoformat(value)
        return {"day": day.day, "month": day.month, "year": day.year}
    if question.kind is QuestionKind.MONEY:
        return {"currency": "EUR"}
    return {}


def _choices(question: Question, value: Any, colleagues: Sequence[Colleague]) -> list[Choice]:
    given = value if isinstance(value, list) else [value]
    chosen = {one for one in given if isinstance(one, str)}
    if question.kind is QuestionKind.YES_NO:
        return [
            Choice(code.value, str(words), "", code in chosen) for code, words in YES_NO.items()
        ]
    if question.kind is QuestionKind.APPROXIMATE_DATE:
        precision = value.get("precision") if isinstance(value, Mapping) else ""
        return [
            Choice(code, str(words), "", code == precision) for code, words in PRECISIONS.items()
        ]
    if question.kind is QuestionKind.ACCOUNT:
        return [
            Choice(str(one.account), one.name, "", str(one.account) in chosen) for one in colleagues
        ]
    choices = []
    for option in question.options:
        words = in_language(option.label)
        choices.append(Choice(option.code, words.text, words.language, option.code in chosen))
    return choices


# --- Reading -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadLine:
    """One answer in words. `rows` are lines again, row by row; `account` names a colleague."""

    label: Words
    text: str = ""
    day: date | None = None
    account: str = ""
    rows: Sequence[Sequence[ReadLine]] = ()


def in_words(
    kind: RecordKind, answers: Mapping[str, Any]
) -> list[tuple[Words, Sequence[ReadLine]]]:
    """The answers that were given, section by section."""
    found: list[tuple[Words, Sequence[ReadLine]]] = []
    for section in kind.sections:
        lines = _read_lines(section.questions, answers)
        if lines:
            found.append((in_language(section.label), lines))
    return found


def _read_lines(questions: Iterable[Question], answers: Mapping[str, Any]) -> list[ReadLine]:
    return [
        _read_line(question, answers[question.code])
        for question in questions
        if question.code in answers
    ]


def _read_line(question: Question, value: Any) -> ReadLine:
    label = in_language(question.label)
    if question.kind is QuestionKind.ROWS:
        rows = [_read_lines(question.questions, row) for row in value]
        return ReadLine(label, rows=[row for row in rows if row])
    if question.kind is QuestionKind.ACCOUNT:
        return ReadLine(label, account=str(value))
    if question.kind is QuestionKind.DATE:
        return ReadLine(label, day=date.fromisoformat(value))
    if question.kind is QuestionKind.APPROXIMATE_DATE:
        return ReadLine(label, _approximate(value))
    if question.kind is QuestionKind.MONEY:
        return ReadLine(label, f"{value['amount']} {value['currency']}")
    choosable = {choice.value: choice.label for choice in _choices(question, None, ())}
    if isinstance(value, list):
        return ReadLine(label, ", ".join(str(choosable.get(code, code)) for code in value))
    return ReadLine(label, choosable.get(value, str(value)))


def _approximate(value: Mapping[str, Any]) -> str:
    precision = value.get("precision")
    if precision == "unknown":
        return str(PRECISIONS["unknown"])
    parts = [str(value[part]) for part in ("day", "month", "year") if value.get(part)]
    text = ".".join(parts)
    if precision == "estimated":
        return _("about %(year)s, give or take %(margin)s years") % {
            "year": text,
            "margin": value.get("margin", 2),
        }
    return text


def anchors(sections: Iterable[AskedSection]) -> list[tuple[str, str, str]]:
    """Every error of a form: (id of its input, label, what to do), in order."""
    found: list[tuple[str, str, str]] = []

    def look(questions: Iterable[Asked]) -> None:
        for question in questions:
            if question.error:
                found.append((question.ident, question.label.text, question.error))
            for row in question.rows:
                look(row)

    for section in sections:
        look(section.questions)
    return found
