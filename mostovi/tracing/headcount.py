# SPDX-License-Identifier: EUPL-1.2
"""People of this node as elements of private matching, to count how many another partner has too.

`statistics` may know no identities (R1), so nothing leaves this module but elements: each person's
text (`one_text`) raised to a secret, which says nothing about anybody to whoever lacks the secret.
The texts exist in this process's memory while they are raised; they are not stored, not logged and
not returned.

Read are files held for protection only, by the node itself and under that purpose. Left out are
files for asylum or any other purpose, persons who were erased, and everybody who asked not to be
matched at all (`SafetyNote`). Files that were joined are one person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from mostovi.cases.models import Case
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.screening.models import Submission
from mostovi.tracing import oprf
from mostovi.tracing.indexing import identities_of
from mostovi.tracing.models import SafetyNote
from mostovi.tracing.one_text import VERSION, one_text

_BATCH: Final = 500


class Population(StrEnum):
    """Who is counted: whose file was opened in the time, who was screened in it, or either."""

    EITHER = "either"
    FILES = "files"
    SCREENED = "screened"


class TooMany(ValueError):
    """More people than a round may hold."""


def elements(
    population: Population, start: datetime, end: datetime, *, number: UUID, secret: bytes,
    most: int,
) -> set[bytes]:  # fmt: skip
    """The people of a time, from `start` up to `end`, raised to `secret`: 32 bytes each.

    `number` is the round's: in another round the same person is another element, whatever the
    secret. People without a text are not in it, namesakes of one year are one. That it was done is
    logged (R9), how many were found is not. Raises `TooMany` above `most`.
    """
    system = Actor.system(Purpose.PROTECTION)
    record(system, AuditTag.TRACING_PEOPLE_RAISED, handle=vault().handle("overlap", number))
    found: set[bytes] = set()
    for text in _texts(_people(population, start, end)):
        found.add(oprf.blind(f"{VERSION}\0{number}\0{text}".encode(), secret))
        if len(found) > most:
            raise TooMany(f"A round holds at most {most} people.")
    return found


def _people(population: Population, start: datetime, end: datetime) -> QuerySet[Person]:
    """The files to read, each person's once."""
    opened = Q(opened_at__gte=start, opened_at__lt=end)
    received = Submission.objects.filter(
        current=True, complete=True, received_at__gte=start, received_at__lt=end
    )
    screened = Q(submission_id__in=received.values("pk"))
    chosen = {
        Population.FILES: opened, Population.SCREENED: screened,
        Population.EITHER: opened | screened,
    }[population]  # fmt: skip
    cases = Case.objects.filter(chosen, purpose=Purpose.PROTECTION.value).order_by()
    whose = cases.values(who=Coalesce("person__joined_to_id", "person_id"))
    left_out = SafetyNote.objects.filter(
        Q(person=OuterRef("pk")) | Q(person__joined_to=OuterRef("pk")), not_at_all=True
    )
    return Person.objects.filter(
        ~Exists(left_out), pk__in=whose, purpose=Purpose.PROTECTION.value, erased_at=None
    ).order_by("pk")


def _texts(people: QuerySet[Person]) -> Iterator[str]:
    """The texts, opened batch by batch."""
    numbers = list(people.values_list("pk", flat=True))
    for at in range(0, len(numbers), _BATCH):
        batch = list(Person.objects.filter(pk__in=numbers[at : at + _BATCH]))
        for identity in identities_of(batch).values():
            text = one_text(identity)
            if text is not None:
                yield text
