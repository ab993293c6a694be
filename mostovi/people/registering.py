# SPDX-License-Identifier: EUPL-1.2
"""Storing new persons, one or many thousand, each under a key of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mostovi.people import codes, fields
from mostovi.people.birth import Birth, Precision
from mostovi.people.file import Values
from mostovi.people.models import (
    AgeCertainty,
    ContactPoint,
    FamilyLink,
    Person,
    PersonName,
    SearchToken,
    Sex,
)
from mostovi.people.names import word_tokens
from mostovi.people.reach import visible
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.bulk import insert, new_id
from mostovi.rights.services import record, record_many
from mostovi.rights.vault import vault

ROW_MODELS: Mapping[str, type[PersonName | ContactPoint | FamilyLink]] = {
    "name": PersonName,
    "contact": ContactPoint,
    "family": FamilyLink,
}


class NodeHoldsNoPersons(Exception):
    """This node refuses personal data altogether (the regional secretariat's)."""


@transaction.atomic
def register(
    actor: Actor,
    *,
    single: Mapping[str, Any] | None = None,
    names: Sequence[Mapping[str, Any]] = (),
    contacts: Sequence[Mapping[str, Any]] = (),
    family: Sequence[Mapping[str, Any]] = (),
    synthetic: bool = False,
    now: datetime | None = None,
) -> Person:
    """Open a file on a person in the actor's unit and purpose.

    `single` are values of `fields.SINGLE`; the lists hold values of names, contacts and family.
    Raises `fields.InvalidField`, `Refused`, `NodeHoldsNoPersons`.
    """
    require(actor, Action.CREATE, Kind.PERSON)
    draft = Draft(single or {}, names, contacts, family, synthetic=synthetic)
    (person,) = _store(actor, [draft], now or timezone.now())
    record(actor, AuditTag.PERSON_REGISTERED, handle=person.handle)
    return person


@dataclass(frozen=True)
class Draft:
    """What is known about a person to be registered."""

    single: Mapping[str, Any]
    names: Sequence[Mapping[str, Any]] = ()
    contacts: Sequence[Mapping[str, Any]] = ()
    family: Sequence[Mapping[str, Any]] = ()
    synthetic: bool = False


@transaction.atomic
def register_many(
    actor: Actor, drafts: Iterable[Draft], *, now: datetime | None = None
) -> list[Person]:
    """Register many at once (an import, the synthetic world); feed it a few thousand at a time."""
    require(actor, Action.CREATE, Kind.PERSON)
    people = _store(actor, list(drafts), now or timezone.now())
    record_many(actor, AuditTag.PERSON_REGISTERED, handles=[person.handle for person in people])
    return people


def _store(actor: Actor, drafts: Sequence[Draft], now: datetime) -> list[Person]:
    if not settings.MOSTOVI.holds_persons:
        raise NodeHoldsNoPersons("This node holds no personal data.")
    today = timezone.localdate(now)
    keys = vault().new_keys(len(drafts))
    people: list[Person] = []
    rows: dict[str, list[tuple[Any, Values]]] = {kind: [] for kind in fields.LISTS}
    for draft, key_id in zip(drafts, keys, strict=True):
        single = {
            name: cleaned
            for name, value in draft.single.items()
            if (cleaned := fields.clean(name, value, today)) is not None
        }
        person = Person(
            id=new_id(), key_id=key_id, code=codes.new_record_code(settings.MOSTOVI.partner),
            purpose=actor.purpose.value, unit=actor.unit, created_by=actor.account,
            created_at=now, changed_at=now, synthetic=draft.synthetic,
        )  # fmt: skip
        show_in_clear(person, single)
        people.append(person)
        person._unsaved_values = {"single": single, "versions": {}}  # type: ignore[attr-defined]
        for kind, values in _lists(draft).items():
            for position, value in enumerate(values):
                row = ROW_MODELS[kind](id=new_id(), key_id=key_id, person=person, position=position)
                clean = fields.clean(f"{kind}.{row.pk}", value, today)
                rows[kind].append((row, clean))
    _seal([(person, person._unsaved_values) for person in people])  # type: ignore[attr-defined]
    _insert_with_free_codes(people)
    link_family(actor, rows["family"])
    for pairs in rows.values():
        _seal(pairs)
        insert([row for row, _ in pairs])
    _insert_tokens(rows)
    return people


def _insert_tokens(rows: Mapping[str, Sequence[tuple[Any, Values]]]) -> None:
    """Tokens are by far the most rows of a person: plain SQL takes a fifth of `bulk_create`."""
    # The same words come again and again among a thousand names.
    blind, of_word = cache(vault().blind), cache(word_tokens)
    to_person, to_row = (
        SearchToken._meta.get_field(name).get_db_prep_value  # type: ignore[union-attr]
        for name in ("person", "row")
    )
    values = []
    for kind, pairs in rows.items():
        for row, value in pairs:
            found = sorted(fields.tokens(f"{kind}.{row.pk}", value, of_word))
            owner = (to_person(row.person_id, connection), to_row(row.pk, connection))
            values += [(*owner, blind(text)) for text in found]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO people_searchtoken (person_id, row, token) VALUES (%s, %s, %s)", values
        )


def _lists(draft: Draft) -> dict[str, Sequence[Mapping[str, Any]]]:
    return {"name": draft.names, "contact": draft.contacts, "family": draft.family}


def _seal(pairs: Sequence[tuple[Any, Any]]) -> None:
    sealed = vault().seal_many([(row.key_id, row.seal_context, value) for row, value in pairs])
    for (row, _value), text in zip(pairs, sealed, strict=True):
        row.sealed = text


def _insert_with_free_codes(people: Sequence[Person]) -> None:
    """35 random bits collide now and then among a million; then new codes are drawn."""
    for _attempt in range(5):
        drawn = [person.code for person in people]
        taken = set(
            Person.objects.filter(code__in=drawn).values_list("code", flat=True)
            if len(drawn) <= 500
            else []
        )
        seen: set[str] = set()
        for person in people:
            while person.code in taken or person.code in seen:
                person.code = codes.new_record_code(settings.MOSTOVI.partner)
            seen.add(person.code)
        try:
            with transaction.atomic():
                insert(people)
            return
        except IntegrityError:
            for person in people:
                person.code = codes.new_record_code(settings.MOSTOVI.partner)
    raise IntegrityError("no free codes found")


def show_in_clear(person: Person, single: Mapping[str, Any]) -> None:
    """Copy out what must be counted without opening files."""
    birth = Birth.from_json(single.get("birth"))
    person.sex = single.get("sex") or Sex.NOT_ASKED
    person.birth_year = birth.year
    if birth.precision is Precision.UNKNOWN:
        person.age_certainty = AgeCertainty.UNKNOWN
    elif birth.doubted:
        person.age_certainty = AgeCertainty.DOUBTED
    elif birth.precision is Precision.ESTIMATED:
        person.age_certainty = AgeCertainty.ESTIMATED
    else:
        person.age_certainty = AgeCertainty.EXACT


def link_family(actor: Actor, pairs: Sequence[tuple[FamilyLink, Values]]) -> None:
    """Tie relatives named by a code to their file, if the actor may read that one.

    A code out of reach stays as written and is not confirmed to exist.
    """
    wanted = {value["other"] for _, value in pairs if value and value.get("other")}
    if not wanted:
        return
    reach = visible(actor, Action.READ).filter(code__in=wanted, erased_at=None)
    known = {person.code: person for person in reach}
    for row, value in pairs:
        row.other = known.get(value["other"]) if value else None
