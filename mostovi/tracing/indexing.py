# SPDX-License-Identifier: EUPL-1.2
"""The node's own index for matching: blinded keys of every person with a case for protection.

Kept in step by a job that looks at what changed since; a person who was erased leaves at once
(`registrations`). Keys in clear lie sealed under the person's own key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from mostovi.cases.models import Case
from mostovi.people.models import FamilyLink, Person, PersonName
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.tracing import identities, keys
from mostovi.tracing.joint_keys import joint_keys
from mostovi.tracing.models import IndexedPerson, PersonToken, SafetyNote, Sought
from mostovi.tracing.records import Identity

_BATCH = 500


def keep_in_step(now: datetime, *, everything: bool = False, limit: int = 20_000) -> int:
    """Index persons that are new or changed since; `everything` builds the index anew."""
    if everything:
        IndexedPerson.objects.update(version="")
    done = 0
    while done < limit:
        batch = list(_out_of_step()[: min(_BATCH, limit - done)])
        if not batch:
            break
        _index(batch, now)
        done += len(batch)
    if done:
        record(Actor.system(Purpose.PROTECTION), AuditTag.TRACING_INDEXED, detail={"count": done})
    return done


def _eligible() -> QuerySet[Person]:
    with_case = Case.objects.filter(person=OuterRef("pk"), purpose=Purpose.PROTECTION.value)
    return Person.objects.filter(
        Exists(with_case), purpose=Purpose.PROTECTION.value, erased_at=None
    )


def _out_of_step() -> QuerySet[Person]:
    current = IndexedPerson.objects.filter(
        person=OuterRef("pk"), version=keys.VERSION, changed_at=OuterRef("changed_at")
    )
    return _eligible().filter(~Exists(current)).order_by("-changed_at")


def out_of_step() -> int:
    """How many persons still wait to be indexed."""
    return _out_of_step().count()


def touch(person_id: UUID) -> None:
    """What a person said of their family changed: the index is made anew at the next turn."""
    IndexedPerson.objects.filter(person=person_id).update(version="")


def _index(people: Sequence[Person], now: datetime) -> None:
    found = identities_of(people)
    rows: list[tuple[IndexedPerson, list[str]]] = []
    tokens: list[PersonToken] = []
    for person in people:
        identity = found.get(person.pk)
        made = keys.blocking_keys(identity) if identity is not None else ()
        row = IndexedPerson(
            key_id=person.key_id, person=person, version=keys.VERSION,
            changed_at=person.changed_at, indexed_at=now,
        )  # fmt: skip
        rows.append((row, list(made)))
        tokens.extend(PersonToken(person=person, token=vault().blind(f"trace:{k}")) for k in made)
    sealed = vault().seal_many(
        [(row.key_id, row.seal_context, {"keys": made}) for row, made in rows]
    )
    for (row, _), value in zip(rows, sealed, strict=True):
        row.sealed = value
    with transaction.atomic():
        remove([person.pk for person in people])
        IndexedPerson.objects.bulk_create([row for row, _ in rows])
        PersonToken.objects.bulk_create(tokens, batch_size=2_000)


def remove(people: Sequence[UUID]) -> None:
    """Take persons out of the index."""
    PersonToken.objects.filter(person__in=people).delete()
    IndexedPerson.objects.filter(person__in=people).delete()


def identities_of(people: Sequence[Person]) -> dict[UUID, Identity]:
    """What is compared of these persons, with whom they look for; erased ones are left out."""
    names = _by_person(PersonName.objects.filter(person__in=people))
    family = _by_person(FamilyLink.objects.filter(person__in=people).order_by("position", "id"))
    wanted: dict[UUID, list[tuple[str, Identity]]] = {}
    live = Sought.objects.filter(request__person__in=people, ended_at=None)
    for row, values in opened(live.select_related("request")):
        if values is not None:
            one = (row.relation, identities.of_sought(values))
            wanted.setdefault(row.request.person_id, []).append(one)
    return {
        person.pk: identities.enriched(
            identities.of_file(
                values.get("single", {}), names.get(person.pk, ()), family.get(person.pk, ())
            ),
            wanted.get(person.pk, ()),
        )
        for person, values in opened(people)
        if values is not None
    }


def plain_identity(person: Person) -> Identity:
    """One person as recorded, without whom they look for."""
    ((_, values),) = opened([person])
    names = _by_person(PersonName.objects.filter(person=person))
    family = _by_person(FamilyLink.objects.filter(person=person).order_by("position", "id"))
    return identities.of_file(
        (values or {}).get("single", {}), names.get(person.pk, ()), family.get(person.pk, ())
    )


def _by_person(rows: QuerySet[Any]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row, value in opened(rows):
        if value:
            found.setdefault(row.person_id, []).append(value)
    return found


def takes_part() -> QuerySet[IndexedPerson]:
    """Persons who may be matched: everybody but those who asked to be left out altogether."""
    left_out = SafetyNote.objects.filter(person=OuterRef("person"), not_at_all=True)
    return IndexedPerson.objects.filter(~Exists(left_out), person__erased_at=None)


def all_keys(most: int) -> Iterator[str]:
    """Each joint key of this node once, persons of newest change first, at most `most`."""
    seen: set[str] = set()
    rows = takes_part().exclude(Q(sealed=b"")).order_by(F("changed_at").desc())
    batch: list[IndexedPerson] = []
    for row in rows.iterator(chunk_size=_BATCH):
        batch.append(row)
        if len(batch) == _BATCH:
            yield from _fresh(batch, seen, most)
            batch = []
            if len(seen) >= most:
                return
    yield from _fresh(batch, seen, most)


def _fresh(batch: Sequence[IndexedPerson], seen: set[str], most: int) -> Iterator[str]:
    for _, values in opened(batch):
        for key in joint_keys((values or {}).get("keys", ())):
            if key not in seen and len(seen) < most:
                seen.add(key)
                yield key
