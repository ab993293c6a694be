# SPDX-License-Identifier: EUPL-1.2
"""The lists and numbers of `content/tracing`, and the names of its letters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import yaml

from mostovi.content import CONTENT

SEARCH: Final = "mostovi.tracing.search.v1"
OFFER: Final = "mostovi.tracing.offer.v1"
BLINDED: Final = "mostovi.tracing.blinded.v1"
EVALUATED: Final = "mostovi.tracing.evaluated.v1"
MATCH: Final = "mostovi.tracing.match.v1"
VERIFICATION: Final = "mostovi.tracing.verification.v1"
STEP: Final = "mostovi.tracing.step.v1"
WITHDRAWN: Final = "mostovi.tracing.withdrawn.v1"

SEARCH_FIELDS: Final = ("enquirer", "sought", "answers", "text")
"""What a searching person's consent names: who asks, who is sought, answers, words of a step."""
MATCH_FIELDS: Final = ("found", "message", "answers", "text")
"""What a sought person's consent names."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often nodes compare and the bounds on it (`content/tracing/rounds.yaml`)."""

    every_hours: int
    every_minutes_in_demo: int
    give_up_after_hours: int
    budget_elements: int
    budget_period_hours: int
    most_keys: int
    least_score: float
    most_candidates: int


@dataclass(frozen=True, slots=True)
class Question:
    """A verification question in several languages; `child` when it can be asked of a child."""

    code: str
    child: bool
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Preparation:
    """Something to be done before a reunification, at the named sides."""

    code: str
    sides: tuple[str, ...]
    required: bool
    label: Mapping[str, str]


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(
        (CONTENT / "tracing" / f"{name}.yaml").read_text(encoding="utf-8")
    )
    return document


@cache
def rounds() -> Rounds:
    """The rules of the rounds."""
    document = _read("rounds")
    return Rounds(**{name: document[name] for name in Rounds.__slots__})


@cache
def bank() -> tuple[Mapping[str, Question], int]:
    """All questions by code, and how many are asked."""
    document = _read("questions")
    return {line["code"]: Question(**line) for line in document["questions"]}, document["ask"]


@cache
def preparations() -> Sequence[Preparation]:
    """What is to be done before a reunification, in order."""
    lines = _read("reunification")["steps"]
    return tuple(Preparation(**{**line, "sides": tuple(line["sides"])}) for line in lines)


def required(side: str) -> set[str]:
    """Codes of the preparations that must be done at a side."""
    return {one.code for one in preparations() if one.required and side in one.sides}


def questions_for(thread: str, *, child: bool) -> list[Question]:
    """The questions of one match, in order: the same at both nodes, chosen by nobody.

    Drawn by a hash over the match's thread, so that neither officer picks those that suit.
    """
    known, count = bank()
    fitting = [one for one in known.values() if one.child or not child]

    def drawn(one: Question) -> str:
        return hashlib.sha256(f"{thread}:{one.code}".encode()).hexdigest()

    return sorted(fitting, key=drawn)[:count]
