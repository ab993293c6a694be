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
    """One of the 21 actions, in our own short words."""

    number: int
    commitment: int
    title: Text


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


def parse(actions: Mapping[str, Any], baseline: Mapping[str, Any]) -> Plan:
    """The plan of the two parsed files. Raises `PlanContentError`, naming the entry."""
    commitments = tuple(Commitment(e["number"], e["title"]) for e in actions["commitments"])
    known = {commitment.number for commitment in commitments}
    listed = tuple(PlanAction(e["number"], e["commitment"], e["title"]) for e in actions["actions"])
    numbers = [action.number for action in listed]
    if len(set(numbers)) != len(numbers):
        raise PlanContentError("actions.yaml: a number is there twice.")
    for action in listed:
        if action.commitment not in known:
            raise PlanContentError(f"action {action.number}: no commitment {action.commitment}.")
    figures = tuple(_figure(entry, set(numbers)) for entry in baseline["figures"])
    return Plan(
        period=actions["period"],
        source=actions["source"]["text"],
        baseline_source=baseline["source"]["text"],
        baseline_url=baseline["source"]["url"],
        reviewed=actions["review"]["status"] == "reviewed",
        commitments=commitments,
        actions=listed,
        figures=figures,
    )


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


@cache
def plan(folder: Path = FOLDER) -> Plan:
    """The plan in force, read once for each process."""
    actions, baseline = (
        yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        for name in ("actions.yaml", "baseline.yaml")
    )
    return parse(actions, baseline)


__all__ = [
    "BaselineFigure",
    "Commitment",
    "Plan",
    "PlanAction",
    "PlanContentError",
    "Qualifier",
    "in_language",
    "parse",
    "plan",
]
