# SPDX-License-Identifier: EUPL-1.2
"""Verbs on threat assessments: write, publish, dissent, begin a new edition.

Structure after analytic standards in the open (US ICD 203: likelihood and confidence apart, sources
and dissent shown) and the Admiralty code for sources (NATO AJP-2.1: reliability A-F, credibility
1-6). From memory of the published texts; see docs/routes.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from mostovi.rights.access import Action, Actor, Kind, decide, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.routes.detection_models import Dissent, ThreatAssessment, ThreatJudgement

State = ThreatAssessment.State
_SOURCE = re.compile(r"([A-Fa-f])\s*([1-6])\s*\|\s*([^|]+?)\s*(?:\|\s*(\S+)\s*)?")


class NotReady(Exception):
    """The assessment cannot be published; `lacks` names what is missing by code."""

    def __init__(self, lacks: list[str]) -> None:
        super().__init__(", ".join(lacks))
        self.lacks = lacks


class AlreadyPublished(Exception):
    """A published assessment does not change; begin a new edition."""


class WrongSources(ValueError):
    """Lines that are no source; `lines` are their numbers, from 1."""

    def __init__(self, lines: list[int]) -> None:
        super().__init__(str(lines))
        self.lines = lines


def sources(text: str) -> list[dict[str, str]]:
    """Sources written one a line: `B2 | title | address`. Raises `WrongSources`."""
    found, wrong = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _SOURCE.fullmatch(line.strip())
        address = (match[4] or "") if match else ""
        if match is None or (address and not address.startswith(("https://", "http://"))):
            wrong.append(number)
        else:
            found.append(
                {"grade": f"{match[1].upper()}{match[2]}", "title": match[3], "address": address}
            )
    if wrong:
        raise WrongSources(wrong)
    return found


def readable(actor: Actor) -> QuerySet[ThreatAssessment]:
    """Published ones for all who read flows; drafts for those who write them. Raises `Refused`."""
    require(actor, Action.READ, Kind.FLOW)
    if decide(actor, Action.CREATE, Kind.FLOW).allowed:
        return ThreatAssessment.objects.all()
    return ThreatAssessment.objects.exclude(state=State.DRAFT)


@transaction.atomic
def write(actor: Actor, values: Mapping[str, Any], *, now: datetime) -> ThreatAssessment:
    """Begin a draft. values: fields of the form. Raises `Refused`."""
    require(actor, Action.CREATE, Kind.FLOW)
    made = ThreatAssessment.objects.create(**values, written_by=actor.account, written_at=now)
    record(actor, AuditTag.THREAT_WRITTEN, detail={"edition": made.edition})
    return made


def _draft(actor: Actor, assessment: UUID) -> ThreatAssessment:
    found = readable(actor).select_for_update().get(pk=assessment)
    if found.state != State.DRAFT:
        raise AlreadyPublished
    return found


@transaction.atomic
def change(actor: Actor, assessment: UUID, values: Mapping[str, Any]) -> None:
    """Change a draft. Raises `Refused`, `DoesNotExist`, `AlreadyPublished`."""
    require(actor, Action.CREATE, Kind.FLOW)
    found = _draft(actor, assessment)
    for name, value in values.items():
        setattr(found, name, value)
    found.save()
    record(actor, AuditTag.THREAT_WRITTEN, detail={"edition": found.edition})


@transaction.atomic
def judge(
    actor: Actor, assessment: UUID, *, sources: Sequence[Mapping[str, str]], **values: Any
) -> ThreatJudgement:
    """Add a judgement to a draft. Raises `Refused`, `DoesNotExist`, `AlreadyPublished`."""
    require(actor, Action.CREATE, Kind.FLOW)
    found = _draft(actor, assessment)
    place = found.judgements.count() + 1
    made = found.judgements.create(place=place, sources=[dict(one) for one in sources], **values)
    record(actor, AuditTag.THREAT_WRITTEN, detail={"edition": found.edition})
    return made


@transaction.atomic
def drop(actor: Actor, assessment: UUID, judgement: int) -> None:
    """Take a judgement out of a draft. Raises `Refused`, `DoesNotExist`, `AlreadyPublished`."""
    require(actor, Action.CREATE, Kind.FLOW)
    found = _draft(actor, assessment)
    chosen = found.judgements.get(pk=judgement)
    if chosen.dissents.exists():
        raise NotReady(["dissent"])
    chosen.delete()
    record(actor, AuditTag.THREAT_WRITTEN, detail={"edition": found.edition})


@transaction.atomic
def publish(actor: Actor, assessment: UUID, *, now: datetime) -> None:
    """Show a draft to all staff; the edition before it is marked as replaced.

    Raises `Refused`, `DoesNotExist`, `AlreadyPublished`, `NotReady`.
    """
    require(actor, Action.PUBLISH, Kind.FLOW)
    found = _draft(actor, assessment)
    judgements = list(found.judgements.all())
    lacks = [] if judgements else ["judgement"]
    if any(not one.sources for one in judgements):
        lacks.append("sources")
    if not found.unknown.strip():
        lacks.append("unknown")
    if not found.asked.strip():
        lacks.append("asked")
    if lacks:
        raise NotReady(lacks)
    found.state, found.published_by, found.published_at = State.PUBLISHED, actor.account, now
    found.save()
    if found.replaces_id:
        ThreatAssessment.objects.filter(pk=found.replaces_id).update(state=State.REPLACED)
    record(actor, AuditTag.THREAT_PUBLISHED, detail={"edition": found.edition})


@transaction.atomic
def dissent(
    actor: Actor, assessment: UUID, judgement: int, *, words: str, now: datetime
) -> Dissent:
    """Say that one judges otherwise; in a draft and after it is published. Raises `Refused`,
    `DoesNotExist`.
    """
    require(actor, Action.DECIDE, Kind.FLOW)
    found = readable(actor).get(pk=assessment).judgements.get(pk=judgement)
    made = found.dissents.create(words=words, by=actor.account, role=actor.role.value, at=now)
    record(actor, AuditTag.THREAT_DISSENTED, detail={"edition": found.assessment.edition})
    return made


@transaction.atomic
def new_edition(actor: Actor, assessment: UUID, *, now: datetime) -> ThreatAssessment:
    """Begin a draft from a published assessment; a second time gives the same draft.

    Raises `Refused`, `DoesNotExist` (a draft has no new edition).
    """
    require(actor, Action.CREATE, Kind.FLOW)
    found = readable(actor).select_for_update().exclude(state=State.DRAFT).get(pk=assessment)
    begun = ThreatAssessment.objects.filter(replaces=found).first()
    if begun is not None:
        return begun
    made = ThreatAssessment.objects.create(
        title=found.title, question=found.question, scope=found.scope,
        covers_from=found.covers_from, covers_until=found.covers_until, unknown=found.unknown,
        asked="", edition=found.edition + 1, replaces=found, written_by=actor.account,
        written_at=now,
    )  # fmt: skip
    for one in found.judgements.all():
        one.pk, one.assessment = None, made
        one._state.adding = True
        one.save()
    record(actor, AuditTag.THREAT_WRITTEN, detail={"edition": made.edition})
    return made


def as_line(found: ThreatAssessment) -> dict[str, Any]:
    """What a list says of an assessment."""
    return {
        "id": str(found.pk),
        "title": found.title,
        "edition": found.edition,
        "state": found.state,
        "covers": [str(found.covers_from), str(found.covers_until)],
        "published_at": found.published_at.isoformat() if found.published_at else None,
    }


def as_data(found: ThreatAssessment) -> dict[str, Any]:
    """An assessment as plain data, for other programs: words about routes, never counts."""
    return as_line(found) | {
        "question": found.question,
        "scope": found.scope,
        "not_known": found.unknown,
        "asked_for_dissent": found.asked,
        "judgements": [
            {
                "statement": one.statement, "likelihood": one.likelihood,
                "confidence": one.confidence, "basis": one.basis, "sources": one.sources,
                "would_change": one.would_change,
                "dissent": [
                    {"role": each.role, "words": each.words, "at": each.at.isoformat()}
                    for each in one.dissents.all()
                ],
            }
            for one in found.judgements.prefetch_related("dissents")
        ],
    }  # fmt: skip
