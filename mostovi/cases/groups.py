# SPDX-License-Identifier: EUPL-1.2
"""Group sessions: several people, one topic; what is noted about each lies under that one's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import services
from mostovi.cases.models import Case, GroupParticipation, GroupSession
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.rows import within_scope
from mostovi.rights.services import record, record_many
from mostovi.rights.storage import opened

LARGEST = 40


class InvalidSession(ValueError):
    """The session cannot be kept so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Participant:
    """Who took part: the case, whether the person came, what was noted."""

    case: Case
    attended: bool
    note: str = ""


def visible(actor: Actor) -> QuerySet[GroupSession]:
    """The sessions of the actor's unit (or all), under the actor's purpose."""
    scope = require(actor, Action.CHANGE, Kind.CASE)
    return within_scope(GroupSession.objects.all(), actor, scope)


def may_join(actor: Actor) -> QuerySet[Case]:
    """Open cases that can be chosen: those the actor may change."""
    return services.visible(actor, Action.CHANGE).filter(closed_at=None)


@transaction.atomic
def hold(
    actor: Actor,
    *,
    topic: str,
    held_on: date | None,
    participants: Sequence[Participant],
    now: datetime | None = None,
) -> GroupSession:
    """Write down a session that took place. Raises `InvalidSession`, `Case.DoesNotExist`."""
    moment = now or timezone.now()
    if not topic.strip() or len(topic) > 200:
        raise InvalidSession("topic", gettext_noop("Write the topic, without names."))
    if held_on is None or held_on > timezone.localdate(moment):
        raise InvalidSession("held_on", gettext_noop("Write the day on which it took place."))
    if len(participants) < 2:
        raise InvalidSession("participants", gettext_noop("Choose at least two cases."))
    if len(participants) > LARGEST:
        raise InvalidSession("participants", gettext_noop("A session has at most 40 people."))
    session = GroupSession.objects.create(
        topic=topic.strip(), held_on=held_on, purpose=actor.purpose.value, unit=actor.unit,
        led_by=actor.account, written_at=moment,
    )  # fmt: skip
    for one in participants:
        if len(one.note) > services.LONGEST_TEXT:
            raise InvalidSession("participants", gettext_noop("Shorten the notes."))
        case = may_join(actor).select_for_update(of=("self",)).get(pk=one.case.pk)
        part = GroupParticipation(
            key_id=case.key_id, session=session, case=case, attended=one.attended,
            author=actor.account, written_at=moment,
        )  # fmt: skip
        part.seal_values({"note": one.note.strip()})
        part.save()
        services.touch(case, moment)
    record(actor, AuditTag.GROUP_SESSION_HELD, detail={"participants": len(participants)})
    return session


@transaction.atomic
def read(actor: Actor, session_id: UUID) -> tuple[GroupSession, list[Participant], int]:
    """A session with the participants within the actor's reach, and how many there were.

    Each participant read is logged. Raises `GroupSession.DoesNotExist`.
    """
    session = visible(actor).get(pk=session_id)
    rows = session.participations.select_related("case")
    reach = services.visible(actor).filter(pk=OuterRef("case"))
    seen = list(rows.filter(Exists(reach)))
    record_many(actor, AuditTag.CASE_READ, handles=[services.case_handle(row.case) for row in seen])
    found = [
        Participant(row.case, row.attended, (values or {}).get("note", ""))
        for row, values in opened(seen)
    ]
    return session, found, rows.count()
