# SPDX-License-Identifier: EUPL-1.2
"""Indicator sets: what is looked for, by which rule, from which source. Pure values, no I/O.

An indicator set is data (`content/indicators/*.yaml`). `indicator_files` reads and checks the
files; `scoring` applies a set to the answers of one submission. docs/screening.md describes the
format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LANGUAGES = ("en", "sq", "bs", "sr", "mk", "ar")
"""Languages every text of a set is written in. The English text is the one that counts."""

Text = Mapping[str, str]


class Answer(StrEnum):
    """What is known about one question. Only `NO` is a no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    NOT_ASKED = "not_asked"

    @property
    def open(self) -> bool:
        """Whether the answer could still turn out to be yes."""
        return self not in (Answer.YES, Answer.NO)


class Weight(StrEnum):
    """How strongly an indicator speaks within its dimension."""

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"

    @property
    def rank(self) -> int:
        """0 for the strongest."""
        return list(Weight).index(self)


class Evidence(StrEnum):
    """How sure we are that the source says so."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    MEMORY = "memory"


class Method(StrEnum):
    """How a set is applied: the rule by dimension, or risk and protection by level."""

    DIMENSION_RULE = "dimension_rule"
    DETERMINANTS = "determinants"


class Lean(StrEnum):
    """Which way a factor leans for this person, in this context."""

    RISK = "risk"
    PROTECTIVE = "protective"
    DEPENDS = "depends"
    NEITHER = "neither"
    OPEN = "open"


class Reach(StrEnum):
    """Three-valued result: reached, could still be reached, cannot be reached on the answers."""

    REACHED = "reached"
    COULD_BE = "could_be"
    CANNOT_BE = "cannot_be"

    @property
    def rank(self) -> int:
        """0 cannot be, 1 could be, 2 reached."""
        return {Reach.CANNOT_BE: 0, Reach.COULD_BE: 1, Reach.REACHED: 2}[self]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule or an indicator comes from."""

    code: str
    document: str
    section: str
    url: str
    evidence: Evidence
    note: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """Whether a person with authority has checked a text."""

    status: str = "unreviewed"
    by: str | None = None
    on: str | None = None

    @property
    def reviewed(self) -> bool:
        """Whether somebody has signed the text off."""
        return self.status == "reviewed"


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a form. `path` is group/question; `text` by language; `values` it can take."""

    form: str
    path: str
    text: Text
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the values of one question become yes, no or unknown.

    A value that is not named reads as unknown, an absent one as not asked: never as no.
    """

    question: Question
    values: Mapping[str, Answer]

    def of(self, answers: Mapping[str, str]) -> Answer:
        """The answer that `answers` (path to value) give."""
        value = answers.get(self.question.path, "").strip()
        if not value:
            return Answer.NOT_ASKED
        return self.values.get(value, Answer.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Leaning:
    """What an answer means for vulnerability: fixed, or dependent on another factor's answer."""

    fixed: Lean | None = None
    depends_on: str = ""
    when: Mapping[Answer, Lean] = field(default_factory=dict)
    because: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WeightClaim:
    """A weight and how sure we are of it."""

    weight: Weight
    evidence: Evidence
    note: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing looked for. `weights` by profile; `leans` only in sets of determinants."""

    code: str
    title: Text
    dimension: str
    reading: Reading
    source: str
    section: str
    weights: Mapping[str, WeightClaim] = field(default_factory=dict)
    leans: Mapping[Answer, Leaning] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A part of the definition (or a level of determinants). `means`: a means in Palermo 3(a)."""

    code: str
    title: Text
    means: bool = False
    how_known: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to reach a dimension: at least so many answers 'yes' of each weight.

    `medium_or_weak` counts answers of either weight.

    >>> Alternative(strong=1, medium_or_weak=1).met({Weight.STRONG: 1, Weight.WEAK: 1})
    True
    >>> Alternative(medium=2, weak=1).met({Weight.MEDIUM: 2})
    False
    """

    strong: int = 0
    medium: int = 0
    weak: int = 0
    medium_or_weak: int = 0

    def met(self, counts: Mapping[Weight, int]) -> bool:
        """Whether `counts` of yes by weight are enough."""
        medium, weak = counts.get(Weight.MEDIUM, 0), counts.get(Weight.WEAK, 0)
        return (
            counts.get(Weight.STRONG, 0) >= self.strong
            and medium >= self.medium
            and weak >= self.weak
            and medium + weak >= self.medium_or_weak
        )


@dataclass(frozen=True, slots=True)
class DimensionRule:
    """When a dimension is reached: any of the alternatives."""

    alternatives: tuple[Alternative, ...]
    text: Text
    source: str

    def satisfied_by(self, counts: Mapping[Weight, int]) -> int | None:
        """The number of the first alternative that `counts` meet, or None."""
        for number, alternative in enumerate(self.alternatives):
            if alternative.met(counts):
                return number
        return None


@dataclass(frozen=True, slots=True)
class Condition:
    """A tree of all-of and any-of over leaves (dimension codes, or 'factor:lean')."""

    operator: str
    parts: tuple[Condition, ...] = ()
    leaf: str = ""

    def evaluate(self, reach: Callable[[str], Reach]) -> Reach:
        """Kleene's three-valued and/or over the leaves."""
        if self.operator == "leaf":
            return reach(self.leaf)
        ranks = [part.evaluate(reach).rank for part in self.parts]
        rank = min(ranks) if self.operator == "all" else max(ranks)
        return next(value for value in Reach if value.rank == rank)

    def leaves(self) -> tuple[str, ...]:
        """Every leaf in the tree, in order."""
        if self.operator == "leaf":
            return (self.leaf,)
        return tuple(leaf for part in self.parts for leaf in part.leaves())


@dataclass(frozen=True, slots=True)
class Profile:
    """A group of persons with its own weights.

    `strongest_of` names profiles of which each indicator takes the stronger weight.
    """

    code: str
    title: Text
    child_rule: bool
    source: str
    strongest_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgeRule:
    """Which profile applies; an age that is not certain is a child's (R7)."""

    question: Question
    profiles: Mapping[str, str]
    otherwise: str
    source: str

    def profile(self, answers: Mapping[str, str]) -> str:
        """The profile's code for these answers."""
        value = answers.get(self.question.path, "").strip()
        return self.profiles.get(value, self.otherwise)


@dataclass(frozen=True, slots=True)
class Classification:
    """A name for a combination of dimensions."""

    code: str
    title: Text
    condition: Condition
    child_rule: bool | None
    source: str


@dataclass(frozen=True, slots=True)
class Danger:
    """Signs that the person is in danger now, and what to do."""

    readings: tuple[Reading, ...]
    do_now: Text
    source: str


@dataclass(frozen=True, slots=True)
class Interaction:
    """Factors that together weigh differently from each alone."""

    code: str
    text: Text
    condition: Condition
    source: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An indicator of the source that this set does not use, and why."""

    code: str
    title: Text
    reason: Text
    source: str


@dataclass(frozen=True, slots=True)
class IndicatorSet:
    """A versioned set of indicators with its rules and sources."""

    name: str
    version: str
    title: Text
    method: Method
    review: Review
    translations: Mapping[str, Review]
    sources: Mapping[str, Source]
    dimensions: tuple[Dimension, ...]
    indicators: tuple[Indicator, ...]
    danger: Danger
    digest: str
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    age: AgeRule | None = None
    rule: DimensionRule | None = None
    refer_adult: Condition | None = None
    refer_child: Condition | None = None
    refer_source: str = ""
    classifications: tuple[Classification, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    limits: tuple[Text, ...] = ()
    notes: tuple[tuple[str, Text, str], ...] = ()
    rescreen_after_days: int = 0
    rescreen_source: str = ""

    def indicator(self, code: str) -> Indicator:
        """The indicator with this code; KeyError when there is none."""
        for indicator in self.indicators:
            if indicator.code == code:
                return indicator
        raise KeyError(code)

    def dimension(self, code: str) -> Dimension:
        """The dimension with this code; KeyError when there is none."""
        for dimension in self.dimensions:
            if dimension.code == code:
                return dimension
        raise KeyError(code)

    def weight(self, indicator: Indicator, profile: str) -> WeightClaim | None:
        """The weight of `indicator` for `profile`, or None when the profile does not use it."""
        among = self.profiles[profile].strongest_of or (profile,)
        claims = [indicator.weights[code] for code in among if code in indicator.weights]
        return min(claims, key=lambda claim: claim.weight.rank, default=None)

    @property
    def paths(self) -> frozenset[str]:
        """Every path of a submission that this set reads. Nothing else can influence a finding."""
        paths = {indicator.reading.question.path for indicator in self.indicators}
        paths |= {reading.question.path for reading in self.danger.readings}
        paths |= {dimension.how_known for dimension in self.dimensions if dimension.how_known}
        if self.age:
            paths.add(self.age.question.path)
        return frozenset(paths)

    def question(self, path: str) -> Question | None:
        """The question at `path` that this set reads."""
        readings = [indicator.reading for indicator in self.indicators]
        for reading in (*readings, *self.danger.readings):
            if reading.question.path == path:
                return reading.question
        if self.age and self.age.question.path == path:
            return self.age.question
        return None


_FORBIDDEN = re.compile(
    r"nationalit|citizen|ethnic|religio|\bfaith|\brace\b|\bracial|\btribe|\btribal|\bsect\b"
    r"|\bcaste\b|\bbeliefs?\b|\bclan\b|\blanguages?\b|\bdialect|mother tongue"
    r"|countr(y|ies) of (origin|birth)|\bskin\b"
)


def forbidden_variable(text: str) -> str | None:
    """The word in `text` that names what may never be an indicator (R4), or None.

    Nationality, citizenship, ethnicity and religion; language too, which stands for them.

    >>> forbidden_variable("person/mother_tongue")
    'mother tongue'
    >>> forbidden_variable("work/hours") is None
    True
    """
    words = re.sub(r"[_/\-:]+", " ", text.lower())
    found = _FORBIDDEN.search(words)
    return found.group(0) if found else None
