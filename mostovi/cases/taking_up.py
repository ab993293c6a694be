# SPDX-License-Identifier: EUPL-1.2
"""An accepted referral becomes work here: in the case of the same person, opened again if closed.

Whoever accepted a referral looks first whether the person is known. A case of the same person is
offered to go on in; a second one beside it is never opened silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import referring, services
from mostovi.cases.models import Case, Direction, Referral
from mostovi.cases.services import InvalidCase
from mostovi.people import services as people
from mostovi.people.file import Glance
from mostovi.people.models import Person
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record

_MOST = 10
REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Known:
    """A person who may be the one referred, with the cases that the actor may see."""

    person: Person
    glance: Glance
    cases: list[Case]


def waits(referral: Referral) -> bool:
    """Whether this end has accepted the referral and works on it in no case yet."""
    accepted = any(
        event.verb in {"accept", "accept_late"} for event in referral.procedure.events.all()
    )
    return (
        referral.direction == Direction.RECEIVED and referral.case_id is None and accepted
        and referral.consent_withdrawn_at is None
    )  # fmt: skip


@transaction.atomic
def candidates(actor: Actor, referral: Referral, text: str = "") -> list[Known]:
    """Persons here whose name or number is like the one referred; a match decides nothing (R4).

    text: what the officer searches for instead of the names in the referral.
    """
    referral = referring.visible(actor, Action.DECIDE).get(pk=referral.pk)
    data = referring.read(actor, referral) or {}
    found: dict[Any, Known] = {}
    for asked in [text] if text.strip() else _asked(data):
        for person, glance in people.search(actor, asked):
            if person.pk not in found and len(found) < _MOST:
                found[person.pk] = Known(person, glance, services.of_person(actor, person))
    return list(found.values())


def _asked(data: Mapping[str, Any]) -> list[str]:
    """Texts to search for: each name as a whole, and the number."""
    names = [
        " ".join(str(part.get("text", "")) for part in name.get("parts", []))
        for name in data.get("names", [])
    ]
    contact = data.get("contact") or {}
    value = contact.get("value", "") if isinstance(contact, Mapping) else ""
    return [text for text in [*names[:4], str(value)] if text.strip()]


@transaction.atomic
def take_up(
    actor: Actor, referral: Referral, *, case: Case, reason: str, now: datetime | None = None
) -> Case:
    """Go on with the referral in `case`; a closed one is opened again with the reason.

    Raises `InvalidCase`, `StepRefused` (the role may not reopen), `Case.DoesNotExist`.
    """
    rows = referring.visible(actor, Action.DECIDE).select_for_update(of=("self",))
    referral = rows.select_related("procedure").get(pk=referral.pk)
    case = services.visible(actor, Action.CHANGE).select_related("procedure").get(pk=case.pk)
    if not waits(referral):
        raise InvalidCase("case", gettext_noop("This referral is worked on in a case already."))
    if not reason.strip():
        raise InvalidCase("reason", gettext_noop("Write how you know that it is the same person."))
    if case.closed_at is not None:
        services.take_step(actor, case, verb=REOPEN, reason=reason)
        case.refresh_from_db()
    referral.case = case
    referral.save(update_fields=["case"])
    services.note_of_verb(
        actor, case, topic="referred_again", text=reason, now=now or timezone.now()
    )
    record(actor, AuditTag.REFERRAL_TAKEN_UP, handle=services.case_handle(case))
    return case
