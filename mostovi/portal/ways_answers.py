# SPDX-License-Identifier: EUPL-1.2
"""The answers of a self-check: they travel in the body of each request and are kept nowhere.

An answer is what a form has: "yes", "no", a choice, a number, a country, a date in the place of a
number (2001-05-30), or one of the two that say nothing: "unknown" (I don't know) and "skipped" (I'd
rather not say). Both are real answers: they are not asked again, and no rule ever takes them as a
no. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mostovi.pathways.facts import (
    BadFacts,
    Fact,
    FactKind,
    FactProblem,
    Facts,
    FactValue,
    ProblemCode,
    Vocabulary,
    read_facts,
)

UNKNOWN, SKIPPED = "unknown", "skipped"
SAYING_NOTHING = frozenset({UNKNOWN, SKIPPED})
NOT_A_DATE = "not-a-date"
"""Stands for a date whose parts make none."""
PREFIX = "a."
"""Before the code of a fact in the names of form fields."""
FIRST = ("where", "age")
"""Asked before all others when they decide anything."""
CHILD_FIRST = ("without_parents",)
"""Then, of somebody under 18."""
SAFETY_FIRST = ("violence_now", "forced_or_controlled")
"""Then, of everybody: a yes brings help at once, which must not wait behind twenty questions."""
ACCUSING_LAST = ("serious_crime", "security_ground")
"""Asked only when nothing else is left: nobody is met with a suspicion."""
ADULT = 18
LONGEST = 60
"""No answer is longer; what is longer was not made by our pages."""
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


class Answers(Mapping[str, str]):
    """Answers by fact in the order in which they were given; never changed, only replaced."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self._given = dict(given or {})

    def __getitem__(self, fact: str) -> str:
        return self._given[fact]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def with_answer(self, fact: str, value: str) -> Answers:
        """The same answers and one more, or one changed in its place."""
        return Answers({**self._given, fact: value})

    def before(self, fact: str) -> str:
        """The question before `fact` (or the last one, when `fact` has no answer), or ""."""
        order = list(self._given)
        index = order.index(fact) if fact in self._given else len(order)
        return order[index - 1] if index else ""


def from_form(fields: Sequence[tuple[str, str]], vocabulary: Vocabulary) -> Answers:
    """The answers among the fields of a form; what the vocabulary does not have is left out."""
    given: dict[str, str] = {}
    for name, value in fields:
        fact = name.removeprefix(PREFIX)
        if name.startswith(PREFIX) and fact in vocabulary and 0 < len(value) <= LONGEST:
            given[fact] = value
    return Answers(given)


def raw(answers: Mapping[str, str], vocabulary: Vocabulary) -> dict[str, str]:
    """The answers as `read_facts` takes them: dates under their own names, no unknowns."""
    result: dict[str, str] = {}
    for code, value in answers.items():
        if value in SAYING_NOTHING:
            continue
        from_date = vocabulary[code].from_date
        is_date = bool(from_date) and (value == NOT_A_DATE or bool(_DATE.match(value)))
        result[from_date if is_date else code] = value
    return result


@dataclass(frozen=True, slots=True)
class Read:
    """The facts that can be relied on, and what is wrong with the answers."""

    facts: Facts
    problems: tuple[FactProblem, ...]


def read(answers: Mapping[str, str], vocabulary: Vocabulary, on: date) -> Read:
    """The facts of the answers. Where some cannot be taken, the others still count.

    An answer that is wrong by itself is left out. Of answers that contradict each other all are
    left out: nobody knows which one is right, and neither must decide a rule.
    """
    try:
        return Read(read_facts(vocabulary, raw(answers, vocabulary), on), ())
    except BadFacts as bad:
        doubted = {about for problem in bad.problems for about in (problem.fact, *problem.facts)}
        by_date = vocabulary.by_date
        doubted |= {by_date[name].code for name in doubted if name in by_date}
        rest = {code: value for code, value in answers.items() if code not in doubted}
        return Read(read(rest, vocabulary, on).facts, bad.problems)


def next_fact(asked_for: Sequence[str], answers: Mapping[str, str], facts: Facts) -> str:
    """The question to ask now: of those that still decide something, the first without an answer.

    asked_for: facts that could change a result, strongest first. Where, how old, and what a danger
    may hide behind go before the others, what sounds like an accusation after them; nothing is
    asked for that alone. "" when none is left.
    """
    left = [fact for fact in asked_for if fact not in answers]
    left.sort(key=ACCUSING_LAST.__contains__)
    age = facts.get("age")
    is_child = facts.get("age_in_doubt") is True or (age is not None and float(age) < ADULT)
    before = (*FIRST, *(CHILD_FIRST if is_child else ()), *SAFETY_FIRST)
    return next((fact for fact in before if fact in left), left[0] if left else "")


def dangers(facts: Mapping[str, FactValue], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The dangers that the facts speak of, in the order of the vocabulary."""
    found: dict[str, None] = {}
    for code, value in facts.items():
        if value is True and vocabulary[code].danger:
            found[vocabulary[code].danger] = None
    return tuple(found)


def date_of(day: str, month: str, year: str) -> str | None:
    """A date as 2001-05-30 from three fields; "" when all are empty, None when it is no date."""
    parts = [part.strip() for part in (day, month, year)]
    if not any(parts):
        return ""
    if not all(part.isdigit() and len(part) <= 4 for part in parts):
        return None
    try:
        return date(int(parts[2]), int(parts[1]), int(parts[0])).isoformat()
    except ValueError:
        return None


def given(fact: Fact, fields: Mapping[str, str]) -> str | None:
    """The answer to one question from its fields; None when nothing was chosen or written.

    Fields: `v` the choice, number or country; `day`, `month`, `year` a date instead of a number;
    `none` is "unknown" or "skipped". Something written goes before the two that say nothing.
    """
    value = latin_digits(fields.get("v", "").strip())[:LONGEST]
    if fact.from_date:
        written = date_of(
            *(latin_digits(fields.get(part, "")) for part in ("day", "month", "year"))
        )
        if written is None:
            return NOT_A_DATE
        if written and not value:
            return written
    if value:
        return value
    nothing = fields.get("none", "")
    return nothing if nothing in SAYING_NOTHING else None


def latin_digits(text: str) -> str:
    """Digits of any script as 0 to 9: ٢٥ is 25.

    >>> latin_digits("٢٥"), latin_digits("২৫"), latin_digits("25")
    ('25', '25', '25')
    """
    return "".join(
        str(int(char)) if char.isdigit() and not char.isascii() and char.isdecimal() else char
        for char in text
    )


def error_of(problem: FactProblem, fact: Fact) -> tuple[str, dict[str, str]]:
    """The code of the text that says what is wrong, and what its gaps are filled with."""
    if problem.conflict:
        return f"conflict.{problem.conflict}", {}
    if problem.code is ProblemCode.DISAGREES:
        return "conflict.date_and_number", {}
    if problem.code is ProblemCode.FUTURE_DATE:
        return "ui.error.date_future", {}
    if problem.code is ProblemCode.BAD_DATE:
        return "ui.error.date", {}
    if fact.kind is FactKind.NUMBER:
        if problem.code is ProblemCode.WRONG_TYPE and not fact.decimals:
            return "ui.error.whole_number", {}
        return "ui.error.number", {"lowest": f"{fact.lowest:g}", "highest": f"{fact.highest:g}"}
    return "ui.error.choose", {}
