# SPDX-License-Identifier: EUPL-1.2
"""What a procedure file says, as values that cannot change: states, transitions, clocks, sources.

A procedure is a law or a standard written as data (`content/procedures/*.yaml`). One file may
have two sides (a sender and a receiver); each transition says on which side it happens, so both
nodes run the same file and differ only in what they may do themselves.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

FALLBACK_LANGUAGE = "en"

Translations = Mapping[str, str]
"""A text in each language it has been written in; English is always there."""


class Words(NamedTuple):
    """A text, and the language it is really in (the asked one, or English)."""

    text: str
    language: str


def words(texts: Translations, language: str) -> Words:
    """The text in `language`, in its base language ("sr-latn" → "sr"), or in English.

    >>> words({"en": "Sent", "sq": "Dërguar"}, "sq")
    Words(text='Dërguar', language='sq')
    >>> words({"en": "Sent"}, "ar")
    Words(text='Sent', language='en')
    """
    for code in (language, language.split("-", 1)[0], FALLBACK_LANGUAGE):
        if code in texts:
            return Words(texts[code], code)
    return Words("", FALLBACK_LANGUAGE)


class StateKind(enum.StrEnum):
    """What a state is for: it begins there, somebody works, somebody waits, or it ends."""

    START = "start"
    OPEN = "open"
    WAITING = "waiting"
    END = "end"


class Unit(enum.StrEnum):
    """The unit a law counts a period in."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


class Silence(enum.StrEnum):
    """What the law says happens when the period ends and nobody answered.

    Mostovi only flags it: a person records the consequence. Nobody is refused by a job.
    """

    NONE = "none"
    DEEMED_ACCEPTED = "deemed_accepted"
    EXPIRES = "expires"
    FLAG = "flag"


class Evidence(enum.StrEnum):
    """How sure we are of a source."""

    VERIFIED = "verified"
    """Read in the source itself or in a stored copy of it."""
    MEMORY = "memory"
    """Written from memory; check the text before relying on it."""
    PROPOSAL = "proposal"
    """No rule was found; this is a working value that each partner sets for itself."""


class ReviewStatus(enum.StrEnum):
    """Whether somebody who may has checked the content."""

    UNREVIEWED = "unreviewed"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class Review:
    """Who checked the file and when; `who_can` names who should."""

    status: ReviewStatus
    by: str | None = None
    on: date | None = None
    who_can: str = ""

    @property
    def is_reviewed(self) -> bool:
        """True when a named person has checked the file."""
        return self.status is ReviewStatus.REVIEWED


@dataclass(frozen=True, slots=True)
class Source:
    """A text a rule comes from."""

    code: str
    title: str
    publisher: str
    year: int
    evidence: Evidence
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with a code and a label: a side, a gate, a document."""

    code: str
    label: Translations


@dataclass(frozen=True, slots=True)
class State:
    """Where a procedure can stand. `meaning` is one sentence for the person reading."""

    code: str
    kind: StateKind
    label: Translations
    meaning: Translations = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transition:
    """One permitted step.

    verb: what is done ("accept"); from_states, to: state codes; side: where it is done.
    roles: role codes that may do it. documents, gates: codes that must be there.
    other_than: a verb; whoever did that may not do this (four eyes).
    consequences: what will happen, shown before the click.
    """

    verb: str
    label: Translations
    from_states: tuple[str, ...]
    to: str
    side: str
    roles: tuple[str, ...]
    documents: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    reason_required: bool = False
    other_than: str | None = None
    consequences: Translations = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """By how much, on which ground and how many times a period may be made longer."""

    amount: int
    unit: Unit
    ground: str
    at_most: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A legal period: how long, from when, what stops it, and what silence means."""

    code: str
    label: Translations
    amount: int
    unit: Unit
    side: str
    starts_on: tuple[str, ...]
    met_by: tuple[str, ...]
    citation: str
    source: str
    evidence: Evidence
    verified_on: date | None = None
    suspended_by: tuple[str, ...] = ()
    resumed_by: tuple[str, ...] = ()
    extension: ExtensionRule | None = None
    silence: Silence = Silence.FLAG
    silence_verb: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRule:
    """Something that somebody must do after a step; the file says who, until when and why.

    on: verbs that make the task; done_by: verbs that end it (else whoever owns it says so).
    owner: "holder", "supervisor" or a role code. amount, unit: the time for it, None without one.
    escalate_to: a role that is told when the time has passed by `escalate_amount` more. Telling is
    all that happens: nothing is decided about anybody.
    """

    code: str
    label: Translations
    on: tuple[str, ...]
    owner: str
    amount: int | None = None
    unit: Unit | None = None
    citation: str = ""
    source: str = ""
    evidence: Evidence = Evidence.PROPOSAL
    verified_on: date | None = None
    done_by: tuple[str, ...] = ()
    escalate_to: str | None = None
    escalate_amount: int | None = None
    escalate_unit: Unit | None = None


@dataclass(frozen=True)
class Procedure:
    """One version of one procedure. Mappings keep the order of the file."""

    code: str
    version: int
    title: Translations
    summary: Translations
    purposes: tuple[str, ...]
    review: Review
    sides: Mapping[str, Named]
    gates: Mapping[str, Named]
    documents: Mapping[str, Named]
    sources: Mapping[str, Source]
    states: Mapping[str, State]
    transitions: Sequence[Transition]
    clocks: Mapping[str, Clock]
    tasks: Mapping[str, TaskRule] = field(default_factory=dict)

    @property
    def start(self) -> State:
        """The one state in which every instance begins."""
        return next(s for s in self.states.values() if s.kind is StateKind.START)

    @property
    def verbs(self) -> tuple[str, ...]:
        """Every verb once, in the order of the file."""
        return tuple(dict.fromkeys(t.verb for t in self.transitions))

    def leaving(self, state: str) -> Iterator[Transition]:
        """The transitions that start in `state`, in the order of the file."""
        return (t for t in self.transitions if state in t.from_states)

    def transition(self, verb: str, state: str) -> Transition | None:
        """The transition `verb` from `state`, or None when the file has none."""
        return next((t for t in self.leaving(state) if t.verb == verb), None)

    def side_of(self, verb: str) -> str | None:
        """The one side that does `verb`, or None for an unknown verb."""
        return next((t.side for t in self.transitions if t.verb == verb), None)

    def is_over(self, state: str) -> bool:
        """True when nothing can follow `state` any more, or the file says it is an end."""
        return self.states[state].kind is StateKind.END

    def sides_to_move(self, state: str) -> tuple[str, ...]:
        """The sides that can take a step from `state`, the one expected first."""
        return tuple(dict.fromkeys(t.side for t in self.leaving(state)))

    def usual_path(self) -> tuple[str, ...]:
        """The path a procedure takes when all goes well: the first transition of each state.

        The file is written so that the usual next step of a state is its first transition.
        """
        path = [self.start.code]
        while (step := next(self.leaving(path[-1]), None)) and step.to not in path:
            path.append(step.to)
        return tuple(path)
