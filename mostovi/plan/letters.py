# SPDX-License-Identifier: EUPL-1.2
"""What partners say about the plan, as letters: progress, milestones, support. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

LETTER_TYPE = "mostovi.plan.progress.v1"
MILESTONE_TYPE = "mostovi.plan.milestone.v1"
SUPPORT_TYPE = "mostovi.plan.support.v1"
MATCH_TYPE = "mostovi.plan.match.v1"
FIRST_PLAN = "wb-2023-2025"
"""A letter that names no plan is about this one."""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A title and, where the document can be opened, its address."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One partner's report about one action."""

    partner: str
    action: int
    sequence: int
    status: str
    reported_on: date
    note: str = ""
    office: str = ""
    evidence: Sequence[EvidenceLine] = ()
    plan: str = FIRST_PLAN


def compose(report: Report) -> dict[str, Any]:
    """The letter's data; empty fields are left out.

    >>> compose(Report("ba", 4, 1, "done", date(2026, 11, 24)))["status"]
    'done'
    """
    data: dict[str, Any] = {
        "partner": report.partner,
        "action": report.action,
        "sequence": report.sequence,
        "status": report.status,
        "reported_on": report.reported_on.isoformat(),
    }
    if report.plan != FIRST_PLAN:
        data["plan"] = report.plan
    if report.note:
        data["note"] = report.note
    if report.office:
        data["office"] = report.office
    if report.evidence:
        data["evidence"] = [
            {"title": line.title, "url": line.url} if line.url else {"title": line.title}
            for line in report.evidence
        ]
    return data


def read(data: Mapping[str, Any]) -> Report:
    """The opposite of `compose`. Raises `ValueError` for a date that does not exist."""
    return Report(
        partner=data["partner"],
        action=data["action"],
        sequence=data["sequence"],
        status=data["status"],
        reported_on=date.fromisoformat(data["reported_on"]),
        note=data.get("note", ""),
        office=data.get("office", ""),
        evidence=[EvidenceLine(e["title"], e.get("url", "")) for e in data.get("evidence", ())],
        plan=data.get("plan", FIRST_PLAN),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone as its partner says it stands."""

    plan: str
    partner: str
    action: int
    reference: UUID
    sequence: int
    title: str
    due: date
    state: str


@dataclass(frozen=True, slots=True)
class Help:
    """Support that a partner asks for (`side` request) or offers (`side` offer)."""

    plan: str
    partner: str
    action: int
    reference: UUID
    sequence: int
    side: str
    sort: str
    text: str
    state: str


@dataclass(frozen=True, slots=True)
class Match:
    """A word on a request and an offer that the secretariat put together."""

    plan: str
    action: int
    reference: UUID
    said_by: str
    word: str
    sort: str
    request: UUID
    request_partner: str
    request_text: str
    offer: UUID
    offer_partner: str
    offer_text: str


def compose_said(said: Step | Help | Match) -> dict[str, Any]:
    """The letter's data: every field, days and references as text."""
    data: dict[str, Any] = {}
    for field in fields(said):
        value = getattr(said, field.name)
        if isinstance(value, date):
            value = value.isoformat()
        data[field.name] = str(value) if isinstance(value, UUID) else value
    return data


def read_step(data: Mapping[str, Any]) -> Step:
    """A milestone. Raises `ValueError` for a day that does not exist."""
    return Step(
        **{
            **data, "reference": UUID(data["reference"]), "due": date.fromisoformat(data["due"]),
        }
    )  # fmt: skip


def read_help(data: Mapping[str, Any]) -> Help:
    """Support asked for or offered."""
    return Help(**{**data, "reference": UUID(data["reference"])})


def read_match(data: Mapping[str, Any]) -> Match:
    """A word on a match."""
    return Match(**{**data, **{k: UUID(data[k]) for k in ("reference", "request", "offer")}})
