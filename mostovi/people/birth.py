# SPDX-License-Identifier: EUPL-1.2
"""Dates of birth as people know them: to the day, the month, the year, estimated or unknown.

A person whose age is in doubt counts as a child (R7; Convention on the Rights of the Child,
General Comment 6, paragraph 31: benefit of the doubt). `treated_as_child` is the one place where
this is decided, from the date of birth and from the age assessments there have been.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

ADULT_AT = 18
OLDEST = 125
DEFAULT_MARGIN = 2


class Precision(StrEnum):
    """How exactly the date is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class BirthError(ValueError):
    """The date cannot be; `part` names the form field (day, month, year, margin)."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True)
class Birth:
    """A date of birth with its precision.

    `margin` is the number of years an estimate may be wrong either way. `doubted` records that
    somebody (a worker, a guardian, the person) doubts the age, whatever the papers say.
    """

    precision: Precision = Precision.UNKNOWN
    year: int | None = None
    month: int | None = None
    day: int | None = None
    margin: int = DEFAULT_MARGIN
    doubted: bool = False

    def __post_init__(self) -> None:
        if self.precision is Precision.UNKNOWN:
            if self.year or self.month or self.day:
                raise BirthError("year", "An unknown date of birth has no year, month or day.")
            return
        if self.year is None:
            raise BirthError("year", "Write the year of birth, or choose 'unknown'.")
        if not 1890 <= self.year <= 2200:
            raise BirthError("year", "Write the year with four digits, such as 1994.")
        needs_month = self.precision in {Precision.DAY, Precision.MONTH}
        if needs_month != (self.month is not None):
            raise BirthError("month", "Give the month, or choose that only the year is known.")
        if self.month is not None and not 1 <= self.month <= 12:
            raise BirthError("month", "The month is a number from 1 to 12.")
        if (self.precision is Precision.DAY) != (self.day is not None):
            raise BirthError("day", "Give the day, or choose that only the month is known.")
        if self.day is not None and self.month is not None:
            last = calendar.monthrange(self.year, self.month)[1]
            if not 1 <= self.day <= last:
                raise BirthError("day", f"That month has {last} days.")
        if not 0 <= self.margin <= 20:
            raise BirthError("margin", "The estimate's margin is a number of years from 0 to 20.")

    def earliest(self) -> date | None:
        """The first day the person can have been born on; None when unknown."""
        if self.year is None:
            return None
        if self.precision is Precision.ESTIMATED:
            return date(self.year - self.margin, 1, 1)
        return date(self.year, self.month or 1, self.day or 1)

    def latest(self) -> date | None:
        """The last day the person can have been born on; None when unknown."""
        if self.year is None:
            return None
        if self.precision is Precision.ESTIMATED:
            return date(self.year + self.margin, 12, 31)
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def age(self, today: date) -> tuple[int, int] | None:
        """Youngest and oldest possible age in completed years; None when unknown.

        >>> Birth(Precision.YEAR, 2008).age(date(2026, 11, 24))
        (17, 18)
        """
        first, last = self.earliest(), self.latest()
        if first is None or last is None:
            return None
        return max(0, _years(last, today)), max(0, _years(first, today))

    def is_child(self, today: date) -> bool:
        """Whether the person is, or may be, under 18. Unknown and doubted ages are a child's."""
        ages = self.age(today)
        return self.doubted or ages is None or ages[0] < ADULT_AT

    def is_in_doubt(self, today: date) -> bool:
        """Whether the person may be a child and may be an adult."""
        ages = self.age(today)
        return self.doubted or ages is None or ages[0] < ADULT_AT <= ages[1]

    def check(self, today: date) -> None:
        """Raise `BirthError` when the date lies after `today` or too far before."""
        first = self.earliest()
        if first is not None and first > today:
            raise BirthError("year", "The date of birth lies in the future.")
        if first is not None and today.year - first.year > OLDEST + 2 * DEFAULT_MARGIN:
            raise BirthError("year", f"This would be an age over {OLDEST} years; check the year.")

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be sealed or sent."""
        return {
            "precision": self.precision.value,
            "year": self.year,
            "month": self.month,
            "day": self.day,
            "margin": self.margin,
            "doubted": self.doubted,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any] | None) -> Birth:
        """The counterpart of `as_json`; raises `BirthError` for values that cannot be."""
        if not values:
            return cls()
        try:
            precision = Precision(values.get("precision", "unknown"))
        except ValueError as error:
            raise BirthError("precision", "Say how exactly the date is known.") from error
        margin = values.get("margin")
        return cls(
            precision=precision,
            year=_number("year", values.get("year")),
            month=_number("month", values.get("month")),
            day=_number("day", values.get("day")),
            margin=DEFAULT_MARGIN if margin in (None, "") else _number("margin", margin) or 0,
            doubted=bool(values.get("doubted", False)),
        )


class AgeState(StrEnum):
    """Where an age assessment stands. Only `FINAL` can say anything about the age."""

    UNDER_WAY = "under_way"
    """A doubt is written down: consent is asked, methods are carried out, or its result can still
    be challenged."""
    REFUSED = "refused"
    CHALLENGED = "challenged"
    FINAL = "final"
    OVERTURNED = "overturned"
    CANCELLED = "cancelled"
    """There were no grounds; the assessment counts as never begun."""


@dataclass(frozen=True)
class AgeFinding:
    """What an age assessment says.

    `youngest` and `oldest` are the ends of its margin in completed months of age on `result_on`.
    `consented`: child and guardian both gave an informed consent that they have not withdrawn.
    `careful`: several professions took part, and the least invasive methods came first.
    `covers_birth`: the recorded date of birth is still the one its authors saw, so that a doubt
    about it is settled; a doubt raised later is not.
    """

    state: AgeState
    begun_on: date
    result_on: date | None = None
    youngest: int | None = None
    oldest: int | None = None
    consented: bool = False
    careful: bool = False
    covers_birth: bool = True

    def span(self, today: date) -> tuple[int, int] | None:
        """Youngest and oldest age in completed months on `today`; None without a result."""
        if self.result_on is None or self.youngest is None or self.oldest is None:
            return None
        passed = _months(self.result_on, today)
        return self.youngest + passed, self.oldest + passed


class AgeReason(StrEnum):
    """Why somebody counts as a child or as an adult; pages word it."""

    BORN = "born"
    BIRTH_UNKNOWN = "birth_unknown"
    BIRTH_UNSURE = "birth_unsure"
    DOUBTED = "doubted"
    UNDER_ASSESSMENT = "under_assessment"
    CHALLENGED = "challenged"
    REFUSED = "refused"
    OVERTURNED = "overturned"
    NO_CONSENT = "no_consent"
    NOT_CAREFUL = "not_careful"
    WITHIN_MARGIN = "within_margin"
    CONTRADICTION = "contradiction"
    ASSESSED = "assessed"


WHO_IS_A_CHILD = "Convention on the Rights of the Child, article 1"
BENEFIT_OF_THE_DOUBT = (
    "Convention on the Rights of the Child, General Comment 6 (2005), paragraph 31"
)


@dataclass(frozen=True)
class AgeAnswer:
    """Whether somebody counts as a child, whether that is in doubt, why, and the rule's source."""

    is_child: bool
    in_doubt: bool
    because: AgeReason
    source: str = BENEFIT_OF_THE_DOUBT


_MONTHS_OF_A_CHILD = ADULT_AT * 12
_STANDING_DOUBT = {
    AgeState.CHALLENGED: AgeReason.CHALLENGED,
    AgeState.UNDER_WAY: AgeReason.UNDER_ASSESSMENT,
}


def treated_as_child(birth: Birth, findings: Iterable[AgeFinding], today: date) -> AgeAnswer:
    """Whether a person counts as a child on `today` (R7).

    The benefit of the doubt throughout: while an assessment is under way or challenged, after a
    refusal, within the margin, when consent or method was wanting, and when an assessment and a
    date of birth that nobody doubts cannot both be true, the person is a child. Only a final
    assessment whose whole margin lies at 18 or above makes an adult of somebody whose date of
    birth leaves it open. A refusal alone never does.
    """
    ages = birth.age(today)
    if ages is not None and ages[1] < ADULT_AT and not birth.doubted:
        return AgeAnswer(True, False, AgeReason.BORN, WHO_IS_A_CHILD)
    standing = [finding for finding in findings if finding.state is not AgeState.CANCELLED]
    for state, reason in _STANDING_DOUBT.items():
        if any(finding.state is state for finding in standing):
            return _doubt(reason)
    if standing:
        # Of two begun on one day the later in the list is the newer.
        newest = max(enumerate(standing), key=lambda pair: (pair[1].begun_on, pair[0]))[1]
        return _by_assessment(birth, newest, today)
    if birth.doubted:
        return _doubt(AgeReason.DOUBTED)
    if ages is None:
        return _doubt(AgeReason.BIRTH_UNKNOWN)
    if birth.is_child(today):
        return _doubt(AgeReason.BIRTH_UNSURE)
    return AgeAnswer(False, False, AgeReason.BORN, WHO_IS_A_CHILD)


def _by_assessment(birth: Birth, finding: AgeFinding, today: date) -> AgeAnswer:
    if finding.state is AgeState.REFUSED:
        return _doubt(AgeReason.REFUSED)
    if finding.state is AgeState.OVERTURNED:
        return _doubt(AgeReason.OVERTURNED)
    if not finding.consented:
        return _doubt(AgeReason.NO_CONSENT)
    if not finding.careful:
        return _doubt(AgeReason.NOT_CAREFUL)
    span = finding.span(today)
    if span is None or span[0] < _MONTHS_OF_A_CHILD <= span[1]:
        return _doubt(AgeReason.WITHIN_MARGIN)
    if span[1] < _MONTHS_OF_A_CHILD:
        return AgeAnswer(True, False, AgeReason.ASSESSED, WHO_IS_A_CHILD)
    if birth.doubted:
        if finding.covers_birth:
            return AgeAnswer(False, False, AgeReason.ASSESSED, WHO_IS_A_CHILD)
        return _doubt(AgeReason.DOUBTED)
    if not _can_both_be(birth, span, today):
        return _doubt(AgeReason.CONTRADICTION)
    return AgeAnswer(False, False, AgeReason.ASSESSED, WHO_IS_A_CHILD)


def _can_both_be(birth: Birth, span: tuple[int, int], today: date) -> bool:
    """Whether a person can be as old as the assessment says and born when the papers say."""
    ages = birth.age(today)
    return ages is None or (span[0] // 12 <= ages[1] and ages[0] <= span[1] // 12)


def _doubt(because: AgeReason) -> AgeAnswer:
    return AgeAnswer(True, True, because)


def _months(first: date, last: date) -> int:
    """Completed months between two days; none when `last` lies before `first`."""
    whole = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return max(0, whole)


def _number(part: str, value: Any) -> int | None:
    if value in (None, ""):
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise BirthError(part, "Write this part of the date as a number.") from error


def _years(born: date, today: date) -> int:
    """Completed years; a person born on 29 February has the birthday on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
