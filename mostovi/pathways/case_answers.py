# SPDX-License-Identifier: EUPL-1.2
"""Answers about a person inside a case: as forms carry them, what can be relied on, what is asked.

An answer is a text as a form has it: "yes", "no", a choice, a number, a country, a date in the
place of a number, or "unknown" or "not_asked". The last two are answers of their own and no rule
ever takes them as a no. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from mostovi.pathways.facts import (
    BadFacts,
    Fact,
    FactKind,
    FactProblem,
    Facts,
    FactValue,
    Vocabulary,
    read_facts,
    whole_months,
)

Answers: TypeAlias = Mapping[str, str]

UNKNOWN, NOT_ASKED = "unknown", "not_asked"
SAYING_NOTHING = frozenset({UNKNOWN, NOT_ASKED})
LONGEST = 60
"""No answer is longer; what is longer was not made by our pages."""
ADULT_AT = 18
AGE, IN_DOUBT = "age", "age_in_doubt"
GROUP_SIZE = 7
"""Questions on one page; more and a phone's page has no end."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def is_date(fact: Fact, answer: str) -> bool:
    """Whether the answer is a date in the place of a number."""
    return bool(fact.from_date) and bool(_DATE.match(answer))


def plain(value: FactValue) -> str:
    """A fact's value as an answer.

    >>> plain(True), plain(3), plain("SY")
    ('yes', '3', 'SY')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def raw(answers: Answers, vocabulary: Vocabulary) -> dict[str, str]:
    """The answers as `read_facts` takes them: dates under their own names."""
    return {
        vocabulary[code].from_date if is_date(vocabulary[code], answer) else code: answer
        for code, answer in answers.items()
    }


@dataclass(frozen=True, slots=True)
class Read:
    """The facts that can be relied on, and what is wrong with the answers."""

    facts: Facts
    problems: tuple[FactProblem, ...] = ()


def read(answers: Answers, vocabulary: Vocabulary, on: date) -> Read:
    """The facts of the answers; of those that are wrong or contradict each other none counts.

    Nobody knows which of two contradicting answers is right, and no rule may rest on either.
    """
    try:
        return Read(read_facts(vocabulary, raw(answers, vocabulary), on))
    except BadFacts as bad:
        by_date = vocabulary.by_date
        doubted = {about for problem in bad.problems for about in (problem.fact, *problem.facts)}
        doubted |= {by_date[name].code for name in doubted if name in by_date}
        rest = {code: answer for code, answer in answers.items() if code not in doubted}
        if len(rest) == len(answers):
            return Read({}, bad.problems)
        return Read(read(rest, vocabulary, on).facts, bad.problems)


def about(problem: FactProblem, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The facts a problem is about, dates by the fact they stand for."""
    by_date = vocabulary.by_date
    named = [by_date[name].code if name in by_date else name for name in problem.facts]
    return tuple(dict.fromkeys(named or [problem.fact]))


# --- A doubtful age is a child's (R7) ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgeHeld:
    """What the person's file says of the age, which a check cannot overrule."""

    is_child: bool
    in_doubt: bool


def refused_ages(answers: Answers, held: AgeHeld, vocabulary: Vocabulary, on: date) -> list[str]:
    """Which answers would make an adult of somebody whose file says "child" or "in doubt".

    Whoever knows better corrects the date of birth or finishes the age assessment first.
    """
    if not held.is_child:
        return []
    wrong = []
    if held.in_doubt and answers.get(IN_DOUBT) == "no":
        wrong.append(IN_DOUBT)
    own = {AGE: answers[AGE]} if AGE in answers else {}
    age = read(own, vocabulary, on).facts.get(AGE)
    if isinstance(age, int | float) and age >= ADULT_AT:
        wrong.append(AGE)
    return wrong


def with_benefit_of_doubt(facts: Facts, held: AgeHeld) -> Facts:
    """The facts that a check rests on: in doubt the age is not known, and is nobody's reason (R7).

    With the doubt said and the age left open, no rule can say no to a child's way, and a way for
    adults is "may be open" at most.
    """
    in_doubt = held.in_doubt or facts.get(IN_DOUBT) is True
    kept = dict(facts)
    age = kept.get(AGE)
    if held.is_child and isinstance(age, int | float) and age >= ADULT_AT:
        del kept[AGE]
    if in_doubt:
        kept.pop(AGE, None)
        kept[IN_DOUBT] = True
    return kept


# --- What to ask ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions of one group that are put together, the most deciding first."""

    group: str
    facts: tuple[str, ...]


def next_group(
    questions: Sequence[str], answers: Answers, vocabulary: Vocabulary, size: int = GROUP_SIZE
) -> Asked | None:
    """What to ask now: the group of the strongest open question, with its other open questions.

    questions: facts that can still change a result, strongest first. "Unknown" and "not asked" are
    answers: what has one is not put again, but stays among what is to be found out.
    """
    open_ones = [fact for fact in questions if fact not in answers]
    if not open_ones:
        return None
    group = vocabulary[open_ones[0]].group
    return Asked(group, tuple(f for f in open_ones if vocabulary[f].group == group)[:size])


def dangers(facts: Facts, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The dangers that the facts speak of, in the order of the vocabulary."""
    found = [fact.danger for fact in vocabulary if fact.danger and facts.get(fact.code) is True]
    return tuple(dict.fromkeys(found))


def given(fact: Fact, fields: Mapping[str, str]) -> str:
    """The answer to a question from its fields: `value`, `date` and `nothing`; "" without one.

    Something written goes before the two answers that say nothing.
    """
    value, day = fields.get("value", "").strip()[:LONGEST], fields.get("date", "").strip()
    if value:
        if fact.kind is FactKind.NUMBER:
            return latin_digits(value)
        return value
    if day and fact.from_date:
        return day[:LONGEST]
    nothing = fields.get("nothing", "")
    return nothing if nothing in SAYING_NOTHING else ""


def latin_digits(text: str) -> str:
    """Digits of any script as 0 to 9.

    >>> latin_digits("٢٥")
    '25'
    """
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)


# --- In time -------------------------------------------------------------------------------------


def grown(answers: Answers, vocabulary: Vocabulary, then: date, now: date) -> tuple[str, ...]:
    """Facts given as a number of months or years that is another one by now.

    A date given in place of the number is counted anew and is not among them.
    """
    months = whole_months(then, now) if then <= now else 0
    passed = {"months": months, "years": months // 12}
    return tuple(
        fact
        for fact, answer in answers.items()
        if vocabulary[fact].from_date
        and answer not in SAYING_NOTHING
        and not is_date(vocabulary[fact], answer)
        and (passed.get(vocabulary[fact].unit, 0) > 0 or then > now)
    )


def without(answers: Answers, facts: Iterable[str]) -> dict[str, str]:
    """The answers but for some."""
    left_out = set(facts)
    return {fact: answer for fact, answer in answers.items() if fact not in left_out}


def differing(first: Answers, second: Answers) -> list[str]:
    """Facts that were answered differently; no answer and "not asked" are the same."""
    codes = list(dict.fromkeys([*first, *second]))
    return [c for c in codes if first.get(c, NOT_ASKED) != second.get(c, NOT_ASKED)]
