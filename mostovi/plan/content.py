# SPDX-License-Identifier: EUPL-1.2
"""The plan as data: commitments, actions, and the published figures that are its first baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mostovi.content import CONTENT
from mostovi.statistics.tables import Text, in_language

FOLDER = CONTENT / "plan"


class PlanContentError(ValueError):
    """The plan's files cannot be used; the message names the entry."""


class Qualifier(StrEnum):
    """How a published figure is meant."""

    EXACT = "exact"
    MORE_THAN = "more_than"
    APPROXIMATE = "approximate"


@dataclass(frozen=True)
class Commitment:
    """One of the three commitments of the Skopje Declaration."""

    number: int
    title: Text


@dataclass(frozen=True)
class PlanAction:
    """An action in our own short words; continues: the actions of the plan before it."""

    number: int
    commitment: int
    title: Text
    continues: tuple[int, ...] = ()


@dataclass(frozen=True)
class Dependency:
    """One action that stands on another, and why. Our reading: it never changes a status."""

    action: int
    stands_on: int
    why: Text


class State(StrEnum):
    """One plan is in force; a draft is prepared, an ended one stays for comparison."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    ENDED = "ended"


@dataclass(frozen=True)
class BaselineFigure:
    """A figure as the report prints it. `caveat` quotes the report, `remark` is ours.

    `live` names indicators of the monthly statistics that speak to the same action; they count
    something else than the report and are shown beside it, never joined to it.
    """

    code: str
    value: Decimal
    unit: Text
    title: Text
    as_printed: str
    qualifier: Qualifier
    years: str
    section: str
    publisher: str
    caveat: str
    footnote: str
    remark: str
    actions: tuple[int, ...]
    live: tuple[str, ...]
    recomputed: str


@dataclass(frozen=True)
class Plan:
    """The whole plan."""

    period: str
    source: str
    baseline_source: str
    baseline_url: str
    reviewed: bool
    commitments: tuple[Commitment, ...]
    actions: tuple[PlanAction, ...]
    figures: tuple[BaselineFigure, ...]
    code: str = ""
    state: State = State.IN_FORCE
    follows: str = ""
    dependencies: tuple[Dependency, ...] = ()

    def stands_on(self, action: int) -> list[Dependency]:
        """What an action stands on."""
        return [one for one in self.dependencies if one.action == action]

    def needed_for(self, action: int) -> list[Dependency]:
        """What stands on an action."""
        return [one for one in self.dependencies if one.stands_on == action]

    def action(self, number: int) -> PlanAction:
        """The action with that number. Raises `KeyError`."""
        for action in self.actions:
            if action.number == number:
                return action
        raise KeyError(number)

    def of_commitment(self, number: int) -> list[PlanAction]:
        """The actions of one commitment, in order."""
        return [action for action in self.actions if action.commitment == number]

    def figures_of(self, action: int) -> list[BaselineFigure]:
        """The baseline figures that are indicators of an action."""
        return [figure for figure in self.figures if action in figure.actions]


def parse(
    actions: Mapping[str, Any],
    baseline: Mapping[str, Any],
    dependencies: Mapping[str, Any] | None = None,
) -> Plan:
    """The plan of the parsed files. Raises `PlanContentError`, naming the entry."""
    commitments = tuple(Commitment(e["number"], e["title"]) for e in actions["commitments"])
    known = {commitment.number for commitment in commitments}
    listed = tuple(
        PlanAction(e["number"], e["commitment"], e["title"], tuple(e.get("continues", ())))
        for e in actions["actions"]
    )
    numbers = [action.number for action in listed]
    if len(set(numbers)) != len(numbers):
        raise PlanContentError("actions.yaml: a number is there twice.")
    for action in listed:
        if action.commitment not in known:
            raise PlanContentError(f"action {action.number}: no commitment {action.commitment}.")
    figures = tuple(_figure(entry, set(numbers)) for entry in baseline["figures"])
    source = baseline.get("source", {"text": "", "url": ""})
    return Plan(
        period=actions["period"],
        source=actions["source"]["text"],
        baseline_source=source["text"],
        baseline_url=source["url"],
        reviewed=actions["review"]["status"] == "reviewed",
        commitments=commitments,
        actions=listed,
        figures=figures,
        code=actions.get("code", ""),
        state=State(actions.get("state", State.IN_FORCE)),
        follows=actions.get("follows", ""),
        dependencies=_dependencies(dependencies or {}, set(numbers)),
    )


def _dependencies(document: Mapping[str, Any], numbers: set[int]) -> tuple[Dependency, ...]:
    """The dependencies; one that names no action, or that runs in a circle, is refused."""
    found = tuple(
        Dependency(e["action"], e["stands_on"], e["why"]) for e in document.get("dependencies", ())
    )
    beneath: dict[int, set[int]] = {}
    for one in found:
        if unknown := {one.action, one.stands_on} - numbers:
            raise PlanContentError(f"dependencies.yaml: there is no action {min(unknown)}.")
        beneath.setdefault(one.action, set()).add(one.stands_on)
    for start in beneath:
        seen: set[int] = set()
        ahead = set(beneath[start])
        while ahead:
            here = ahead.pop()
            if here == start:
                raise PlanContentError(f"dependencies.yaml: action {start} stands on itself.")
            if here not in seen:
                seen.add(here)
                ahead |= beneath.get(here, set())
    return found


def _figure(entry: Mapping[str, Any], numbers: set[int]) -> BaselineFigure:
    unknown = set(entry["actions"]) - numbers
    if unknown:
        raise PlanContentError(f"figure '{entry['code']}': there is no action {min(unknown)}.")
    return BaselineFigure(
        code=entry["code"],
        value=Decimal(str(entry["value"])),
        unit=entry["unit"],
        title=entry["title"],
        as_printed=entry["as_printed"],
        qualifier=Qualifier(entry["qualifier"]),
        years=entry["years"],
        section=entry["section"],
        publisher=entry["publisher"],
        caveat=entry["caveat"],
        footnote=entry["footnote"],
        remark=entry.get("remark", ""),
        actions=tuple(entry["actions"]),
        live=tuple(entry.get("live", ())),
        recomputed=entry.get("recomputed", ""),
    )


def read(folder: Path) -> Plan:
    """The plan in a folder: actions.yaml, and where they are there baseline and dependencies.

    Raises `PlanContentError` that names the folder: for what is wrong, for a code that is not the
    folder's name.
    """
    parts = []
    for name in ("actions.yaml", "baseline.yaml", "dependencies.yaml"):
        path = folder / name
        there = path.is_file()
        parts.append(yaml.safe_load(path.read_text(encoding="utf-8")) if there else None)
    actions, baseline, dependencies = parts
    if actions is None:
        raise PlanContentError(f"{folder.name}: there is no actions.yaml.")
    try:
        found = parse(actions, baseline or {"figures": []}, dependencies)
    except KeyError as error:
        raise PlanContentError(f"{folder.name}: {error.args[0]!r} is missing.") from error
    except ValueError as error:
        raise PlanContentError(f"{folder.name}: {error}") from error
    if found.code != folder.name:
        raise PlanContentError(f"{folder.name}: the code in actions.yaml is {found.code!r}.")
    return found


@cache
def plans(folders: tuple[Path, ...] | None = None) -> Mapping[str, Plan]:
    """Every plan by its code, read once for each process.

    Raises `PlanContentError` when none or more than one is in force, or one follows a plan that
    is not there.
    """
    found: dict[str, Plan] = {}
    for root in folders or (FOLDER, *_further):
        for folder in sorted(path for path in root.glob("*") if path.is_dir()):
            found[folder.name] = read(folder)
    in_force = [code for code, one in found.items() if one.state is State.IN_FORCE]
    if len(in_force) != 1:
        raise PlanContentError(f"Exactly one plan is in force; found: {', '.join(in_force)}.")
    for code, one in found.items():
        if one.follows and one.follows not in found:
            raise PlanContentError(f"{code}: it follows {one.follows!r}, which is not there.")
    return found


_further: list[Path] = []


def look_also_in(folder: Path) -> None:
    """Read plans of `folder` too: one of the same code takes the place of the shipped one."""
    if folder not in _further:
        _further.append(folder)
        plans.cache_clear()


def plan(code: str = "") -> Plan:
    """The plan with that code, by default the one in force. Raises `KeyError`."""
    if code:
        return plans()[code]
    return next(one for one in plans().values() if one.state is State.IN_FORCE)


__all__ = [
    "BaselineFigure",
    "Commitment",
    "Dependency",
    "Plan",
    "PlanAction",
    "PlanContentError",
    "Qualifier",
    "State",
    "in_language",
    "look_also_in",
    "parse",
    "plan",
    "plans",
    "read",
]
