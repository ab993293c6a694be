# SPDX-License-Identifier: EUPL-1.2
"""Verbs of a person's own file: open it, ask for something; for staff: answer what was asked.

The person acts as themselves (`consenting.person_actor`), on their own file only. Corrections are
answered by those who may change the file, complaints and erasure by the data-protection officer,
who reads no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mostovi.people import consenting, keeping
from mostovi.people import services as people
from mostovi.people.models import Person, PersonCode
from mostovi.portal.deadlines import periods
from mostovi.portal.models import OwnFileRequest
from mostovi.rights.access import Action, Actor, Kind, Scope, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.vault import vault

STAY = timedelta(minutes=15)
MAX_WORDS = 4000
MOST_OPEN = 5
Wish = OwnFileRequest.Kind
Outcome = OwnFileRequest.Outcome

_SEEN_TAGS = (
    AuditTag.PERSON_READ, AuditTag.PERSON_EXPORTED, AuditTag.PERSON_CHANGED,
    AuditTag.PERSON_HISTORY_READ, AuditTag.OWN_FILE_OPENED, AuditTag.OWN_FILE_COPIED,
)  # fmt: skip


class TooManyOpen(Exception):
    """The person has several unanswered wishes; more would help nobody."""


class NothingSaid(ValueError):
    """A correction or complaint without words."""


# --- The person --------------------------------------------------------------------------------


@transaction.atomic
def open_file(code: str) -> PersonCode | None:
    """The valid printed code behind what was typed; None for wrong, stopped and absent alike."""
    person = people.person_of_printed_code(code)
    if person is None:
        nobody = Actor.system(Purpose.GOVERNANCE)
        record(nobody, AuditTag.OWN_FILE_REFUSED, outcome="refused")
        return None
    record(consenting.person_actor(person), AuditTag.OWN_FILE_OPENED, handle=person.handle)
    return person.printed_codes.get(revoked_at=None)


def still_open(code_id: UUID) -> Person | None:
    """The person whose printed code this is, as long as the code is valid."""
    row = (
        PersonCode.objects.select_related("person")
        .filter(pk=code_id, revoked_at=None, person__erased_at=None)
        .first()
    )
    return row.person if row else None


def seen_by(person: Person, *, most: int = 25) -> list[dict[str, str]]:
    """When and in which role somebody opened or changed the file, newest first (R9)."""
    entries = AuditEntry.objects.filter(handle=person.handle, tag__in=_SEEN_TAGS)
    return [
        {"at": entry.at, "role": entry.role, "tag": entry.tag}
        for entry in entries.order_by("-sequence")[:most]
    ]


@transaction.atomic
def copy(person: Person, *, now: datetime | None = None) -> dict[str, Any]:
    """Everything held, for the person to take along."""
    made = people.complete_copy(person, now or timezone.now())
    record(consenting.person_actor(person), AuditTag.OWN_FILE_COPIED, handle=person.handle)
    return made


@transaction.atomic
def ask(
    person: Person, *, kind: str, words: str, language: str = "", now: datetime | None = None
) -> OwnFileRequest:
    """Make a wish. Raises `NothingSaid`, `TooManyOpen`."""
    wish = Wish(kind)
    if wish is not Wish.ERASURE and not words.strip():
        raise NothingSaid("Write what it is about.")
    person = Person.objects.select_for_update().get(pk=person.pk, erased_at=None)
    if person.own_file_requests.filter(settled_at=None).count() >= MOST_OPEN:
        raise TooManyOpen
    made_at = now or timezone.now()
    row = OwnFileRequest(
        person=person, key_id=person.key_id, kind=wish, language=language[:12], made_at=made_at,
        due_at=periods()[wish.value].end(made_at),
    )  # fmt: skip
    row.seal_values({"words": words.strip()[:MAX_WORDS], "answer": ""})
    row.save(force_insert=True)
    record(
        consenting.person_actor(person), AuditTag.OWN_FILE_REQUEST_MADE, handle=person.handle,
        detail={"kind": wish.value},
    )  # fmt: skip
    return row


def wishes_of(person: Person) -> list[tuple[OwnFileRequest, dict[str, Any]]]:
    """The person's wishes with their words and answers, newest first."""
    rows = person.own_file_requests.order_by("-made_at")
    return [(row, row.values()) for row in rows]


# --- Staff -------------------------------------------------------------------------------------


def in_reach(actor: Actor) -> QuerySet[OwnFileRequest]:
    """The wishes `actor` may answer: the officer all, staff the corrections of their persons."""
    rows = OwnFileRequest.objects.select_related("person")
    allowed = Q(pk__in=[])
    if decide(actor, Action.DECIDE, Kind.OWN_FILE).scope is Scope.ALL:
        allowed |= Q(pk__isnull=False)
    if decide(actor, Action.CHANGE, Kind.PERSON).allowed:
        reach = people.visible(actor, Action.CHANGE).filter(erased_at=None)
        # Asked wish by wish: wishes are few, persons many.
        allowed |= Q(Exists(reach.filter(pk=OuterRef("person"))), kind=Wish.CORRECTION)
    return rows.filter(allowed)


def waiting_for(actor: Actor, *, most: int = 100) -> list[OwnFileRequest]:
    """Open wishes `actor` may answer, the most pressing first."""
    return list(in_reach(actor).filter(settled_at=None).order_by("due_at")[:most])


@transaction.atomic
def read_request(actor: Actor, pk: UUID) -> tuple[OwnFileRequest, dict[str, Any] | None]:
    """A wish with its words; None in their place when the person was erased."""
    row = in_reach(actor).get(pk=pk)
    values = row.values() if vault().holds(row.key_id) else None
    record(actor, AuditTag.OWN_FILE_REQUEST_READ, handle=row.person.handle)
    return row, values


@transaction.atomic
def answer(
    actor: Actor, pk: UUID, *, outcome: str, words: str, now: datetime | None = None
) -> OwnFileRequest:
    """Settle a wish with a written answer. Granting erasure erases, unless a duty stands.

    Raises `OwnFileRequest.DoesNotExist` (also when settled), `NothingSaid`, `people.MustBeKept`.
    """
    row = in_reach(actor).select_for_update().filter(settled_at=None).get(pk=pk)
    if not words.strip():
        raise NothingSaid("Write the answer that the person will read.")
    decided = Outcome(outcome)
    row.outcome, row.settled_at, row.settled_by = decided, now or timezone.now(), actor.account
    row.seal_values({**row.values(), "answer": words.strip()[:MAX_WORDS]})
    row.save()
    record(
        actor, AuditTag.OWN_FILE_REQUEST_SETTLED, handle=row.person.handle,
        detail={"kind": row.kind, "outcome": decided.value},
    )  # fmt: skip
    if row.kind == Wish.ERASURE and decided is Outcome.DONE:
        people.erase(actor, row.person, reason="own_wish", now=now)
    return row


def duties_against(row: OwnFileRequest) -> Sequence[keeping.Duty]:
    """What stands against erasing the person who asks for it."""
    return keeping.duties(row.person) if row.kind == Wish.ERASURE else []


def end_settled_before(cutoff: date) -> int:
    """Delete wishes settled before `cutoff` (retention rule `own_file`); how many."""
    deleted, _by_model = OwnFileRequest.objects.filter(settled_at__date__lt=cutoff).delete()
    return deleted


def copied(person: Person) -> tuple[str, object]:
    """The wishes, for the copy of a file."""
    return "own_file_requests", [
        {
            "kind": row.kind, "made_at": row.made_at.isoformat(), "outcome": row.outcome,
            "settled_at": row.settled_at.isoformat() if row.settled_at else None, **values,
        }
        for row, values in wishes_of(person)
    ]  # fmt: skip
