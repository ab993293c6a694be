# SPDX-License-Identifier: EUPL-1.2
"""A progress report as a letter, `mostovi.plan.progress.v1`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

LETTER_TYPE = "mostovi.plan.progress.v1"


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
    )
