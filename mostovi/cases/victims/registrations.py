# SPDX-License-Identifier: EUPL-1.2
"""What `victims` answers to the packages beneath it: gates, barriers, a way onward, ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from mostovi.cases import recording, sections
from mostovi.cases.models import Case
from mostovi.cases.victims import (
    decisions,
    protection,
    record_rules,
    section,
    statement_fields,
    statements,
)
from mostovi.cases.victims.identification import PROCEDURE, Ruling
from mostovi.cases.victims.models import GivenStatement
from mostovi.people import barriers, consent_listeners, disclosures, keeping, sharing
from mostovi.people.models import Person
from mostovi.procedures import gates
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer
from mostovi.rights import retention
from mostovi.rights.purposes import Purpose
from mostovi.rights.retention import RetentionRule


def register() -> None:
    """Called once when the node starts."""
    decided = decisions.decided
    gates.register(PROCEDURE, "reasonable_grounds_decided", decided(Ruling.REASONABLE_GROUNDS))
    gates.register(
        PROCEDURE, "identification_decided", decided(Ruling.IDENTIFIED, Ruling.NOT_IDENTIFIED)
    )
    gates.register(
        PROCEDURE, "appeal_decided", decided(Ruling.APPEAL_ALLOWED, Ruling.APPEAL_DISMISSED)
    )
    gates.register(protection.STATELESSNESS, "origin_may_be_asked", origin_may_be_asked)
    record_rules.register()
    sections.register(section.ORDER, section.of_case)
    barriers.register(protection.standing_against)
    sharing.register_onward(to_investigators)
    consent_listeners.register(statements.end_withdrawn)
    keeping.register_eraser(statements.end_of_person)
    keeping.register_copier(copied)
    disclosures.register(disclosed)
    retention.register("statement", _end_statements)


def to_investigators(language: str) -> Sequence[sharing.Onward]:
    """The one way out of protection toward investigation: the person's consent to a statement."""
    with override(language):
        receiver = sharing.Receiver(statement_fields.RECEIVER, _("Investigators of this country"))
    profile = sharing.Profile(
        statement_fields.PROFILE, statement_fields.title(language), Purpose.INVESTIGATION,
        statement_fields.fields(language),
    )  # fmt: skip
    return [sharing.Onward(receiver, profile)]


def origin_may_be_asked(instance: Instance, now: datetime) -> GateAnswer:
    """The person agrees that a country is asked, and no asylum claim stands against it."""
    case = Case.objects.get(pk=instance.subject)
    answers = recording.latest(case, "nationality_evidence") or {}
    if answers.get("origin_agreed") != "yes":
        return GateAnswer(False, _("The record says nothing of the person's agreement."))
    if answers.get("asylum_claim") != "no":
        return GateAnswer(False, _("An asylum claim stands against it, or it is not known."))
    return GateAnswer(True)


def disclosed(person: Person) -> Sequence[disclosures.Disclosure]:
    """What was given to investigators (R8)."""
    return [
        disclosures.Disclosure(
            receiver=statement_fields.RECEIVER, at=row.given_at,
            purpose=Purpose.INVESTIGATION.value, fields=row.fields, basis="consent",
            state=row.ended_why, withdrawn=row.ended_at is not None,
        )
        for row in GivenStatement.objects.filter(case__person=person)
    ]  # fmt: skip


def copied(person: Person) -> tuple[str, object]:
    """Decisions on identification, for a copy of the file (R8)."""
    return "identification", [
        {
            "decision": one.row.ruling,
            "on": one.row.decided_on.isoformat(),
            "authority": one.authority,
            "reasons": one.reasons,
        }
        for case in Case.objects.filter(person=person)
        for one in decisions.of_case(case)
    ]


def _end_statements(rule: RetentionRule, today: date) -> int:
    cutoff = retention.cutoff(rule, today)
    return statements.end_given_before(cutoff) if cutoff else 0
