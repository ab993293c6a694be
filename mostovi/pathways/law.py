# SPDX-License-Identifier: EUPL-1.2
"""Law as data: what a law file says, with its source, its dates, and how sure anybody is of it."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from mostovi.pathways.expressions import (
    All,
    Any,
    AtLeast,
    Constant,
    Expression,
    Not,
    Test,
)
from mostovi.pathways.facts import Vocabulary
from mostovi.procedures.definition import Translations


class Evidence(enum.StrEnum):
    """What the author of a file had before the eyes."""

    TEXT = "text"
    """The text of the article itself."""
    SECONDARY = "secondary"
    """A summary, a guide or a translation by others."""
    MEMORY = "memory"
    """Written from memory; check the text before relying on it."""
    UNCONFIRMED = "unconfirmed"
    """No source confirms it."""


class Confidence(enum.StrEnum):
    """How sure the author is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ReviewStatus(enum.StrEnum):
    """Whether a lawyer has signed it off."""

    NOT_YET = "not_yet"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class Review:
    """A lawyer's sign-off: who and when, or not yet."""

    status: ReviewStatus = ReviewStatus.NOT_YET
    by: str | None = None
    on: date | None = None

    @property
    def is_reviewed(self) -> bool:
        """True when a named person signed it off on a day."""
        return self.status is ReviewStatus.REVIEWED and bool(self.by) and self.on is not None


@dataclass(frozen=True, slots=True)
class Act:
    """An act that packs cite: its title, where it was published, when it holds."""

    code: str
    title: Translations
    gazette: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    url: str = ""
    evidence: Evidence = Evidence.UNCONFIRMED


@dataclass(frozen=True, slots=True)
class Citation:
    """Where in which act; article, paragraph and point as the act counts them, "" if not known."""

    act: str
    article: str = ""
    paragraph: str = ""
    point: str = ""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who decides."""

    code: str
    name: Translations
    url: str = ""
    evidence: Evidence = Evidence.UNCONFIRMED


@dataclass(frozen=True, slots=True)
class Amount:
    """What a parameter is from one day to another (both included); None: not known."""

    valid_from: date
    valid_to: date | None
    amount: float | int | None
    citation: Citation | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of the law that changes in time, such as a minimum wage."""

    code: str
    title: Translations
    unit: str
    values: tuple[Amount, ...]

    def on(self, day: date) -> float | int | None:
        """The amount of the day, or None when no value is known for it."""
        return next((v.amount for v in self.values if holds(v.valid_from, v.valid_to, day)), None)


class Combination(enum.StrEnum):
    """What a condition is made of."""

    TEST = "test"
    ALL = "all"
    ANY = "any"
    NOT = "not"
    AT_LEAST = "at_least"
    UNKNOWN = "unknown"
    """The law has a condition here, and nobody could confirm what it says."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition with its source: a test, or conditions joined.

    A member of a group that says no source of its own has that of the group. `definition` names
    the shared condition of the partner that it was taken from. valid_to is the last day.
    """

    code: str
    title: Translations
    topic: str
    citation: Citation | None
    evidence: Evidence
    confidence: Confidence
    review: Review
    combination: Combination
    test: Test | None = None
    count: int = 0
    parts: tuple[Condition, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    definition: str = ""
    note: Translations = field(default_factory=dict)
    file: str = ""
    line: int = 1

    @property
    def expression(self) -> Expression:
        """The condition as an expression."""
        parts = tuple(part.expression for part in self.parts)
        if self.combination is Combination.TEST and self.test is not None:
            return self.test
        if self.combination is Combination.ALL:
            return All(parts)
        if self.combination is Combination.ANY:
            return Any(parts)
        if self.combination is Combination.NOT:
            return Not(parts[0])
        if self.combination is Combination.AT_LEAST:
            return AtLeast(self.count, parts)
        return Constant(None)

    def walk(self) -> Iterator[Condition]:
        """This condition and every one in it, from the top."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Sourced:
    """What every entry besides conditions carries."""

    code: str
    citation: Citation | None = None
    evidence: Evidence = Evidence.UNCONFIRMED
    note: Translations = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document(Sourced):
    """What the person has to bring."""


@dataclass(frozen=True, slots=True)
class Deadline(Sourced):
    """A time of the procedure; amount None: not known. start: what it is counted from, a code."""

    amount: float | int | None = None
    unit: str = ""
    start: str = ""


@dataclass(frozen=True, slots=True)
class Fee(Sourced):
    """What it costs; amount None: not known, 0: free."""

    amount: float | int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Right(Sourced):
    """What the person may do, while waiting ("meanwhile") or with the status ("after")."""

    when: str = "after"


@dataclass(frozen=True, slots=True)
class Appeal:
    """Against a no: to whom, until when, and whether it stops removal (None: not known)."""

    to: str
    amount: float | int | None
    unit: str
    suspends: bool | None
    citation: Citation | None
    evidence: Evidence
    note: Translations = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PathwayVersion:
    """The law of one pathway over a period; valid_to is its last day.

    digest: SHA-256 of what this version says together with the definitions, parameters and lists
    it uses, whatever its layout, and without the reviews: what a lawyer's sign-off is about.
    complete False: the author could not confirm that the conditions are all there are.
    """

    version: str
    valid_from: date
    valid_to: date | None
    complete: bool
    review: Review
    conditions: tuple[Condition, ...]
    documents: tuple[Document, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    fees: tuple[Fee, ...] = ()
    rights: tuple[Right, ...] = ()
    authority: str = ""
    appeal: Appeal | None = None
    next: tuple[str, ...] = ()
    implements: tuple[Citation, ...] = ()
    note: Translations = field(default_factory=dict)
    digest: str = ""
    line: int = 1

    def walk(self) -> Iterator[Condition]:
        """Every condition, from the top."""
        for condition in self.conditions:
            yield from condition.walk()


class Availability(enum.StrEnum):
    """Whether a partner's law has such a way."""

    IN_LAW = "in_law"
    NONE_FOUND = "none_found"
    """We looked and found none; that is no proof that there is none."""
    UNKNOWN = "unknown"
    """Nobody could look."""


@dataclass(frozen=True, slots=True)
class Pathway:
    """One file: a way of one partner, with its versions from the oldest."""

    code: str
    partner: str
    availability: Availability
    versions: tuple[PathwayVersion, ...] = ()
    availability_note: Translations = field(default_factory=dict)
    local_name: Translations = field(default_factory=dict)
    file: str = ""
    digest: str = ""

    def on(self, day: date) -> PathwayVersion | None:
        """The version in force on a day."""
        return next((v for v in self.versions if holds(v.valid_from, v.valid_to, day)), None)


@dataclass(frozen=True, slots=True)
class PathwayKind:
    """A kind of pathway as every partner has it; first: the danger that puts it before others."""

    code: str
    group: str
    icon: str = ""
    first: str = ""


@dataclass(frozen=True)
class Catalogue:
    """What all law files share: facts, kinds of pathway, topics, and the codes they may name."""

    vocabulary: Vocabulary
    pathways: Mapping[str, PathwayKind]
    topics: tuple[str, ...]
    documents: frozenset[str]
    rights: frozenset[str]
    fees: frozenset[str]
    deadlines: frozenset[str]


@dataclass(frozen=True)
class PartnerLaw:
    """The whole law of a partner (or of the EU, the yardstick) that the files hold."""

    code: str
    name: Translations
    languages: tuple[str, ...]
    currency: str
    acts: Mapping[str, Act]
    authorities: Mapping[str, Authority]
    parameters: Mapping[str, Parameter]
    definitions: Mapping[str, Condition]
    pathways: Mapping[str, Pathway]
    catalogue: Catalogue

    def cited(self, citation: Citation | None) -> str:
        """The place in words: act, article and gazette. "" when nothing is cited."""
        if citation is None:
            return ""
        act = self.acts.get(citation.act)
        title = act.title.get("en", citation.act) if act else citation.act
        places = [
            f"{word} {number}"
            for word, number in (
                ("article", citation.article),
                ("paragraph", citation.paragraph),
                ("point", citation.point),
            )
            if number
        ]
        gazette = f" ({'; '.join(act.gazette)})" if act and act.gazette else ""
        return ", ".join([title, *places]) + gazette


def holds(first: date | None, last: date | None, day: date) -> bool:
    """True when the day lies in the period; both ends belong to it, None is open."""
    return (first is None or first <= day) and (last is None or day <= last)
