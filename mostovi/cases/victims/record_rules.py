# SPDX-License-Identifier: EUPL-1.2
"""What must hold before some records of victims and survivors count.

The person decides: nothing is written down, reported or addressed to an authority against their
will, but under a duty of the law that is named, holds for the purpose, and is told to the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases import recording
from mostovi.cases.models import Case
from mostovi.people import consent_texts
from mostovi.rights.access import Actor

Problems = list[tuple[str, str]]


def register() -> None:
    """Called once when the node starts."""
    recording.check("report_to_authority", report)
    recording.check("non_punishment_note", non_punishment)
    recording.check("incident_of_violence", incident)


def report(case: Case, answers: Mapping[str, Any], actor: Actor, now: datetime) -> Problems:
    """A report rests on the person's wish, or on a named duty that holds for this purpose."""
    if answers.get("agrees") == "yes":
        return []
    duty = consent_texts.duties().get(answers.get("duty", ""))
    if duty is None or case.purpose not in duty.purposes:
        return [
            (
                "duty",
                _(
                    "Without the person's agreement only a named duty of the law allows a report. "
                    "Name it, or do not report."
                ),
            )
        ]
    if answers.get("told_before") != "yes":
        return [("told_before", _("Tell the person before the report is made."))]
    return []


def non_punishment(case: Case, answers: Mapping[str, Any], actor: Actor, now: datetime) -> Problems:
    """The note goes only when the person agrees that it goes to this authority."""
    found: Problems = []
    if answers.get("agrees") != "yes":
        found.append(("agrees", _("Without the person's agreement the note is not given.")))
    agreed_on = answers.get("agreed_on")
    if agreed_on and date.fromisoformat(agreed_on) > timezone.localdate(now):
        found.append(("agreed_on", _("This day is still to come.")))
    return found


def incident(case: Case, answers: Mapping[str, Any], actor: Actor, now: datetime) -> Problems:
    """An incident is written down only when the survivor agrees; help does not depend on it."""
    if answers.get("agrees_to_record") == "yes":
        return []
    words = _("Do not write it down then. Help is given without this record.")
    return [("agrees_to_record", words)]
