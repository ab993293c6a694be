# SPDX-License-Identifier: EUPL-1.2
"""The lists and numbers of child protection, read from content/children: data, never constants.

Each value names its source and how sure we are of it; pages show both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from mostovi.content import CONTENT

Words = Mapping[str, str]
"""A text in each language it has been written in; English is always there."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text a value comes from. `evidence`: verified, memory or proposal."""

    title: str
    publisher: str
    evidence: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Caseload:
    """How many children one guardian looks after: usually, and at most with a supervisor's word."""

    usual: int
    most: int
    source: Source


@dataclass(frozen=True, slots=True)
class Method:
    """A method of age assessment.

    `step`: a higher one is used only after one of every lower step. `margin`: the least number of
    months between the ends of its result. `profession`: who carries it out.
    """

    code: str
    label: Words
    step: int
    profession: str
    margin: int
    source: Source


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """A kind of place of care; `family` when a child lives in a family there."""

    code: str
    label: Words
    family: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """When visits are due: `first` days after the beginning, then every `every` days."""

    code: str
    first: int
    every: int
    at_least: int
    record: str
    source: Source


@dataclass(frozen=True, slots=True)
class PanelRule:
    """How many members of how many organisations decide on a child's best interests."""

    members: int
    organisations: int
    source: Source


@dataclass(frozen=True, slots=True)
class NeedOfDetermination:
    """A solution before which a determination is needed, for these case types."""

    solution: str
    case_types: frozenset[str]
    source: Source


@cache
def _file(name: str) -> dict[str, Any]:
    path = CONTENT / "children" / f"{name}.yaml"
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


@cache
def sources(name: str) -> Mapping[str, Source]:
    """The sources of one file."""
    return {
        code: Source(
            line["title"], line["publisher"], line["evidence"], line.get("url", ""),
            line.get("note", ""),
        )
        for code, line in _file(name)["sources"].items()
    }  # fmt: skip


def who_can_confirm(name: str) -> str:
    """Who should check a file; empty when somebody has."""
    review = _file(name)["review"]
    return "" if review["status"] == "reviewed" else str(review["who_can"])


@cache
def caseload(partner: str) -> Caseload:
    """The limit of a partner, or the one for all."""
    table = _file("guardianship")["caseload"]
    line = table.get(partner) or table["*"]
    return Caseload(line["usual"], line["most"], sources("guardianship")[line["source"]])


def gap_days() -> int:
    """From how many days without a guardian pages warn."""
    return int(_file("guardianship")["gap_days"])


@cache
def grounds() -> Mapping[str, Words]:
    """Grounds on which an age can be assessed at all."""
    return {code: line["label"] for code, line in _file("age_assessment")["grounds"].items()}


@cache
def methods() -> Mapping[str, Method]:
    """Methods of age assessment, least invasive first."""
    known = sources("age_assessment")
    found = [
        Method(
            code, line["label"], line["step"], line["profession"], line["margin"],
            known[line["source"]],
        )
        for code, line in _file("age_assessment")["methods"].items()
    ]  # fmt: skip
    return {method.code: method for method in sorted(found, key=lambda method: method.step)}


def least_professions() -> int:
    """How many professions an age assessment needs."""
    return int(_file("age_assessment")["least_professions"])


@cache
def place_kinds() -> Mapping[str, PlaceKind]:
    """Kinds of places of care, family care first."""
    return {
        code: PlaceKind(code, line["label"], line["family"])
        for code, line in _file("care")["kinds"].items()
    }


@cache
def schedules() -> Mapping[str, Schedule]:
    """Schedules of visits."""
    known = sources("care")
    return {
        code: Schedule(
            code, line["first"], line["every"], line["at_least"], line["record"],
            known[line["source"]],
        )
        for code, line in _file("care")["schedules"].items()
    }  # fmt: skip


@cache
def panel() -> PanelRule:
    """What a panel needs."""
    line = _file("best_interests")["panel"]
    source = sources("best_interests")[line["source"]]
    return PanelRule(line["members"], line["organisations"], source)


@cache
def determinations_needed() -> tuple[NeedOfDetermination, ...]:
    """Solutions before which a determination is needed."""
    known = sources("best_interests")
    return tuple(
        NeedOfDetermination(line["solution"], frozenset(line["who"]), known[line["source"]])
        for line in _file("best_interests")["needed_for"]
    )


@cache
def return_safeguards() -> tuple[str, ...]:
    """What must be answered with yes before return is an option (R7)."""
    return tuple(_file("best_interests")["return_safeguards"])
