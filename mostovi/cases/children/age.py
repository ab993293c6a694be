# SPDX-License-Identifier: EUPL-1.2
"""Age assessment: whether it may be done, whether it was done with care, and what its result says.

Whether somebody counts as a child is decided by `people.birth.treated_as_child`; here is what an
assessment must fulfil before it has a say there (R7).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mostovi.cases.children.rules import Method
from mostovi.people.birth import AgeFinding, AgeState

ADULT_FROM = 18 * 12
OLDEST = 100 * 12

STATES: Mapping[str, AgeState] = {
    "doubt": AgeState.UNDER_WAY,
    "under_way": AgeState.UNDER_WAY,
    "decided": AgeState.UNDER_WAY,
    "refused": AgeState.REFUSED,
    "challenged": AgeState.CHALLENGED,
    "final": AgeState.FINAL,
    "overturned": AgeState.OVERTURNED,
    "cancelled": AgeState.CANCELLED,
}
"""What each state of the procedure `age_assessment` means for the age. A state that is missing here
counts as under way, so that a new one in the file makes nobody an adult."""


class Answer(StrEnum):
    """What somebody said when asked to consent."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Done:
    """A method that was carried out: when, and between which ages its result lies, in months."""

    method: str
    on: date
    youngest: int
    oldest: int


class Lack(StrEnum):
    """What an assessment lacks before it can be decided."""

    NO_METHOD = "no_method"
    UNKNOWN_METHOD = "unknown_method"
    ONE_PROFESSION = "one_profession"
    NOT_LEAST_INVASIVE = "not_least_invasive"
    MARGIN_TOO_SMALL = "margin_too_small"
    NOT_NEEDED = "not_needed"


def lacks(
    done: Sequence[Done], methods: Mapping[str, Method], professions: int
) -> list[tuple[Lack, str]]:
    """What is missing before these methods can carry a decision; each with the method it is about.

    Least invasive first: before a method of a higher step one of every lower step must have been
    carried out, on the same day or earlier, and must have left the age open.
    """
    if not done:
        return [(Lack.NO_METHOD, "")]
    found: list[tuple[Lack, str]] = []
    steps = sorted({method.step for method in methods.values()})
    for one in done:
        method = methods.get(one.method)
        if method is None:
            found.append((Lack.UNKNOWN_METHOD, one.method))
            continue
        if one.oldest - one.youngest < method.margin:
            found.append((Lack.MARGIN_TOO_SMALL, one.method))
        before = _before(done, one, methods)
        if any(step not in before for step in steps if step < method.step):
            found.append((Lack.NOT_LEAST_INVASIVE, one.method))
    named = {methods[one.method].profession for one in done if one.method in methods}
    if len(named) < professions:
        found.append((Lack.ONE_PROFESSION, ""))
    return found


def _before(done: Sequence[Done], one: Done, methods: Mapping[str, Method]) -> set[int]:
    return {
        methods[other.method].step
        for other in done
        if other.method in methods and other.on <= one.on
    }


def is_settled(done: Sequence[Done]) -> bool:
    """Whether what was done so far says child or adult, so that no further method is due."""
    result = combined(done)
    return result is not None and (result[1] < ADULT_FROM or result[0] >= ADULT_FROM)


def combined(done: Sequence[Done]) -> tuple[int, int] | None:
    """The result of all methods together: the youngest and the oldest that any leaves possible.

    Every method's doubt counts (benefit of the doubt); none can be outvoted by the others.
    """
    if not done:
        return None
    return min(one.youngest for one in done), max(one.oldest for one in done)


class Result(StrEnum):
    """What a result says on its day."""

    CHILD = "child"
    OPEN = "open"
    ADULT = "adult"


def result_of(span: tuple[int, int] | None) -> Result:
    """What a span of months says; within the margin it says nothing, and the person is a child."""
    if span is None or span[0] < ADULT_FROM <= span[1]:
        return Result.OPEN
    return Result.CHILD if span[0] < ADULT_FROM else Result.ADULT


@dataclass(frozen=True, slots=True)
class Course:
    """An assessment as read from its record."""

    state: str
    begun_on: date
    grounds: Collection[str]
    child: Answer
    guardian: Answer
    done: Sequence[Done]
    decided_on: date | None = None
    birth_version: int | None = None

    @property
    def consented(self) -> bool:
        """Whether both gave their consent and neither has taken it back."""
        return self.child is Answer.GIVEN and self.guardian is Answer.GIVEN


def finding(
    course: Course, methods: Mapping[str, Method], professions: int, birth_version: int
) -> AgeFinding:
    """The assessment as `people` reads it; `birth_version` is that of the date of birth now."""
    span = combined(course.done) if course.decided_on else None
    careful = bool(course.grounds) and not lacks(course.done, methods, professions)
    return AgeFinding(
        state=STATES.get(course.state, AgeState.UNDER_WAY),
        begun_on=course.begun_on,
        result_on=course.decided_on,
        youngest=span[0] if span else None,
        oldest=span[1] if span else None,
        consented=course.consented,
        careful=careful,
        covers_birth=course.birth_version is not None and course.birth_version == birth_version,
    )


def months(years: float) -> int:
    """Years as months of age, rounded down: the benefit of the doubt.

    >>> months(17.5)
    210
    """
    return int(years * 12)
