# SPDX-License-Identifier: EUPL-1.2
"""For whom a service is, as data, asked of what is known of a person: yes, no, or find out.

Pure. Kleene's three values: what is not known never excludes (R6). A condition is a table with
`fact` and what it must be; all conditions of a service must hold, `any` holds when one of its does.

    {fact: age, at_least: 18, at_most: 25}    completed years
    {fact: child, is: true}                   a doubtful age counts as a child's (R7)
    {fact: sex, is: [female]}
    {fact: case_type, is: [unaccompanied_child, separated_child]}
    {any: [...]}

Nationality, ethnicity and religion are no facts here: a service that takes only some nations says
so in its description, and a person decides (R4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Condition = Mapping[str, Any]
FACTS = ("age", "child", "sex", "case_type")
_UNSAID = frozenset({"", "unknown", "not_asked"})
SEXES = frozenset({"female", "male", "other"})


class Answer(StrEnum):
    """Whether a condition holds for a person."""

    YES = "yes"
    UNKNOWN = "unknown"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a person; None and "" where nothing is.

    ages: youngest and oldest possible age. counts_as_child: with the benefit of the doubt (R7).
    """

    ages: tuple[int, int] | None = None
    age_doubted: bool = False
    counts_as_child: bool | None = None
    sex: str = ""
    case_type: str = ""
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition with its answer, for the line of reasons."""

    condition: Condition
    answer: Answer


class BadCondition(ValueError):
    """A condition is not written as it should be; the message says what to do."""


def evaluate(conditions: Sequence[Condition], facts: Facts) -> tuple[Answer, list[Finding]]:
    """Whether the service is for this person, with the answer of each condition.

    >>> evaluate([{"fact": "sex", "is": ["female"]}], Facts())[0].value
    'unknown'
    """
    findings = [Finding(condition, holds(condition, facts)) for condition in conditions]
    return _all([finding.answer for finding in findings]), findings


def holds(condition: Condition, facts: Facts) -> Answer:
    """The answer to one condition."""
    if "any" in condition:
        return _any([holds(one, facts) for one in condition["any"]])
    fact = condition["fact"]
    if fact == "age":
        return _age(condition, facts)
    if fact == "child":
        return _child(bool(condition["is"]), facts)
    said = facts.sex if fact == "sex" else facts.case_type
    if said in _UNSAID:
        return Answer.UNKNOWN
    return Answer.YES if said in condition["is"] else Answer.NO


def _all(answers: Sequence[Answer]) -> Answer:
    if Answer.NO in answers:
        return Answer.NO
    return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.YES


def _any(answers: Sequence[Answer]) -> Answer:
    if Answer.YES in answers:
        return Answer.YES
    return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.NO


def _age(condition: Condition, facts: Facts) -> Answer:
    if facts.ages is None or facts.age_doubted:
        return Answer.UNKNOWN
    youngest, oldest = facts.ages
    least, most = condition.get("at_least", 0), condition.get("at_most", 200)
    if least <= youngest and oldest <= most:
        return Answer.YES
    return Answer.NO if oldest < least or most < youngest else Answer.UNKNOWN


def _child(wanted: bool, facts: Facts) -> Answer:
    """A place for children is open to a doubtful age; one for adults asks to find out first."""
    if facts.counts_as_child is None:
        return Answer.UNKNOWN
    sure = facts.ages is not None and not facts.age_doubted
    if wanted:
        return Answer.YES if facts.counts_as_child else Answer.NO
    if not facts.counts_as_child:
        return Answer.YES
    return Answer.NO if sure and facts.ages is not None and facts.ages[1] < 18 else Answer.UNKNOWN


def check(condition: Any, case_types: Sequence[str] = ()) -> None:
    """Raise `BadCondition` with what to do when a condition cannot be asked."""
    if not isinstance(condition, Mapping):
        raise BadCondition("a condition is a table with 'fact'")
    if "any" in condition:
        if not isinstance(condition["any"], list) or not condition["any"]:
            raise BadCondition("'any' lists at least one condition")
        for one in condition["any"]:
            check(one, case_types)
        return
    fact = condition.get("fact")
    if fact not in FACTS:
        raise BadCondition(f"'fact' must be one of {', '.join(FACTS)}")
    if fact == "age":
        _check_age(condition)
    elif fact == "child":
        if not isinstance(condition.get("is"), bool):
            raise BadCondition("'is' of the fact child must be true or false")
    else:
        _check_codes(fact, condition.get("is"), case_types)


def _check_age(condition: Condition) -> None:
    bounds = [condition[key] for key in ("at_least", "at_most") if key in condition]
    if not bounds or not all(type(bound) is int and 0 <= bound <= 130 for bound in bounds):
        raise BadCondition("an age needs 'at_least' or 'at_most' in years from 0 to 130")
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        raise BadCondition("'at_least' is above 'at_most': nobody could be served")


def _check_codes(fact: str, codes: Any, case_types: Sequence[str]) -> None:
    known = SEXES if fact == "sex" else frozenset(case_types)
    if not isinstance(codes, list) or not codes:
        raise BadCondition(f"'is' of the fact {fact} must list at least one code")
    strange = sorted(str(code) for code in codes if known and code not in known)
    if strange:
        raise BadCondition(f"unknown {fact}: {', '.join(strange)}")
