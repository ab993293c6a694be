# SPDX-License-Identifier: EUPL-1.2
"""What is asked at a step of a referral: the procedure's forms as data, and which answers travel.

A file `content/cases/referral_forms/<verb>.yaml` is a kind of record (`records`). Answers are kept
sealed with the words of the step; only those named in `TOLD` go to the other end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from mostovi.cases import records
from mostovi.cases.records import Problem, QuestionKind, RecordKind
from mostovi.content import CONTENT

FIRST_VERSION = 2
"""Referrals that run on an earlier version of the procedure are asked nothing of this."""

TOLD: Mapping[str, Sequence[str]] = {
    "arrange_meeting": ("day", "time", "place", "who", "note"),
    "confirm_meeting": ("accompanied_by", "note"),
    "hand_over": ("day", "time", "place", "who", "accompanied_by"),
}
"""By step, the answers that the other end is told, as members of the letter's `meeting`."""

_OPTIONAL = frozenset({"accept", "hand_over"})
"""Steps that can be taken without filling the form."""


class InvalidAnswers(ValueError):
    """The form of a step is not filled as it must be; `problems` are (question, what to do)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(code for code, _ in problems))
        self.problems = list(problems)


@cache
def forms() -> Mapping[str, RecordKind]:
    """Every form by the verb of its step. Raises `records.BadRecords`."""
    return records.read_folder(CONTENT / "cases" / "referral_forms")


def form_of(verb: str, version: int) -> RecordKind | None:
    """The form of a step, for a referral on `version` of the procedure."""
    return forms().get(verb) if version >= FIRST_VERSION else None


def checked(verb: str, version: int, answers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Tidy answers of a step; {} where it has no form. Raises `InvalidAnswers`."""
    kind = form_of(verb, version)
    given = {code: value for code, value in (answers or {}).items() if value not in ("", None)}
    if kind is None or (not given and verb in _OPTIONAL):
        return {}
    tidy, problems = records.check(kind, given, final=True)
    problems += [
        (question.code, _missing(question.kind))
        for question in kind.questions
        if question.required is records.Required.ALWAYS
        and records.is_asked(question, tidy)
        and question.code not in tidy
        and question.code not in {code for code, _ in problems}
    ]
    if problems:
        raise InvalidAnswers(problems)
    return tidy


def _missing(kind: QuestionKind) -> str:
    choosing = {QuestionKind.CHOICE, QuestionKind.YES_NO}
    return records.MISSING_CHOICE if kind in choosing else records.MISSING


def told(verb: str, answers: Mapping[str, Any]) -> dict[str, str]:
    """The answers that travel to the other end."""
    longest = {"time": 60, "note": 1000}
    return {
        code: str(answers[code])[: longest.get(code, 400)]
        for code in TOLD.get(verb, ())
        if answers.get(code)
    }
