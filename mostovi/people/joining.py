# SPDX-License-Identifier: EUPL-1.2
"""Two files that turn out to be one person's: joined by an officer, and parted again without loss.

Joining moves nothing of who the person is: the second file keeps its own names, contacts, history
and key, and only points to the first. What stands on it in other rooms (cases, consents, records,
searches) is moved to the first file, row by row, and each row is written down. Parting moves
exactly those rows back. What came since belongs to the first file unless the officer says that it
is the second person's.

An adult's and a child's file are not joined until the age is settled, for the one that stays would
decide (R7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.people import consenting, reach
from mostovi.people.models import (
    Conflict,
    ConsentEvent,
    ContactPoint,
    FamilyLink,
    FieldVersion,
    Person,
    PersonCode,
    PersonJoin,
    PersonName,
    ReceivedChange,
)
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened

STAYS: frozenset[tuple[type[models.Model], str]] = frozenset(
    {
        (PersonName, "person"), (ContactPoint, "person"), (FamilyLink, "person"),
        (FieldVersion, "person"), (Conflict, "person"), (ReceivedChange, "person"),
        (PersonCode, "person"), (PersonJoin, "kept"), (PersonJoin, "joined"),
        (Person, "joined_to"),
    }
)  # fmt: skip
"""Rows that say who the file is about; they stay where they are."""

LONGEST = 2000


class CannotJoin(ValueError):
    """The files cannot be joined or parted so; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Joined:
    """One joining as read: its row and the reasons."""

    row: PersonJoin
    reason: str
    parting_reason: str = ""


@transaction.atomic
def join(
    actor: Actor, kept: Person, other: Person, *, reason: str, now: datetime | None = None
) -> PersonJoin:
    """Let `other` be read as `kept` from now on. Raises `CannotJoin`, `Person.DoesNotExist`."""
    if kept.pk == other.pk:
        raise CannotJoin(gettext_noop("This is the same file."))
    # Locked in one order, so that two who join the same files wait for one another.
    for one in sorted([kept, other], key=lambda row: str(row.pk)):
        reach.again(actor, one, Action.CHANGE, lock=True)
    kept = reach.again(actor, kept, Action.CHANGE)
    other = reach.again(actor, other, Action.CHANGE)
    moment = now or timezone.now()
    _check(kept, other, reason, moment)
    moved = _move(_rows_of(other), kept)
    row = PersonJoin(
        key_id=other.key_id, kept=kept, joined=other, by=actor.account, at=moment, moved=moved,
    )  # fmt: skip
    row.seal_values({"reason": reason.strip()})
    row.save()
    Person.objects.filter(pk=other.pk).update(joined_to=kept)
    record(
        actor, AuditTag.PERSONS_JOINED, handle=other.handle,
        detail={"to": kept.handle, "rows": sum(map(len, moved.values()))},
    )  # fmt: skip
    return row


def _check(kept: Person, other: Person, reason: str, now: datetime) -> None:
    if not reason.strip():
        raise CannotJoin(gettext_noop("Write how you know that both files are one person's."))
    if len(reason) > LONGEST:
        raise CannotJoin(gettext_noop("Shorten this to 2000 characters."))
    if kept.erased_at or other.erased_at:
        raise CannotJoin(gettext_noop("One of the files was erased."))
    if kept.joined_to_id or other.joined_to_id:
        raise CannotJoin(gettext_noop("One of the files is joined to another already."))
    if kept.purpose != other.purpose or kept.unit != other.unit:
        raise CannotJoin(gettext_noop("Only files of one unit and purpose can be joined."))
    if consenting.is_child(kept, now) != consenting.is_child(other, now):
        raise CannotJoin(
            gettext_noop("One file is a child's and one an adult's. Settle the age first.")
        )


@transaction.atomic
def part(
    actor: Actor,
    row: PersonJoin,
    *,
    reason: str,
    also: Mapping[str, Iterable[str]] | None = None,
    now: datetime | None = None,
) -> Person:
    """Undo a joining: every row goes back where it was; returns the person who is there again.

    also: rows that came since and are the second person's, as {"cases.case": [ids]}; only rows of
    the first file are taken. Raises `CannotJoin`, `Person.DoesNotExist`.
    """
    row = PersonJoin.objects.select_for_update().select_related("kept", "joined").get(pk=row.pk)
    reach.again(actor, row.kept, Action.CHANGE, lock=True)
    if row.parted_at is not None:
        raise CannotJoin(gettext_noop("These files were parted already."))
    if not reason.strip():
        raise CannotJoin(gettext_noop("Write why these are two persons."))
    back = {label: list(ids) for label, ids in row.moved.items()}
    for label, ids in (also or {}).items():
        back.setdefault(f"{label}.person", []).extend(map(str, ids))
    _move_back(back, row.kept, row.joined)
    # What happened to a consent since then belongs to it wherever it goes.
    consents = [ident for label, ids in back.items() if "people.consent." in label for ident in ids]
    ConsentEvent._default_manager.filter(consent__in=consents).update(person=row.joined)
    moment = now or timezone.now()
    values = row.values() | {"parting_reason": reason.strip()[:LONGEST]}
    row.parted_at, row.parted_by = moment, actor.account
    row.seal_values(values)
    row.save()
    Person.objects.filter(pk=row.joined_id).update(joined_to=None, changed_at=moment)
    record(
        actor, AuditTag.PERSONS_PARTED, handle=row.joined.handle,
        detail={"from": row.kept.handle, "rows": sum(map(len, back.values()))},
    )  # fmt: skip
    return Person.objects.get(pk=row.joined_id)


def of_person(person: Person) -> list[Joined]:
    """Joinings into a person who was found within reach, the newest first."""
    rows = PersonJoin.objects.filter(kept=person).select_related("joined").order_by("-at")
    return [
        Joined(row, (values or {}).get("reason", ""), (values or {}).get("parting_reason", ""))
        for row, values in opened(rows)
    ]


def standing(person: Person) -> list[Person]:
    """The files that are read as this person's now; erasing the person erases them too."""
    return list(Person.objects.filter(joined_to=person, erased_at=None))


def _relations() -> list[tuple[type[models.Model], str]]:
    """Every model and field that points to a person, but for who the person is."""
    found: list[tuple[type[models.Model], str]] = [
        (relation.field.model, relation.field.name)
        for relation in Person._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ForeignObjectRel) and relation.field.concrete
    ]
    return [pair for pair in found if pair not in STAYS]


def _rows_of(person: Person) -> dict[tuple[type[models.Model], str], list[Any]]:
    return {
        (model, name): list(
            model._default_manager.filter(**{name: person}).values_list("pk", flat=True)
        )
        for model, name in _relations()
    }


def _move(
    rows: Mapping[tuple[type[models.Model], str], Sequence[Any]], to: Person
) -> dict[str, list[str]]:
    moved: dict[str, list[str]] = {}
    for (model, name), ids in rows.items():
        if not ids:
            continue
        try:
            with transaction.atomic():
                models.QuerySet(model).filter(pk__in=ids).update(**{name: to})
        except IntegrityError as error:
            raise CannotJoin(
                gettext_noop("Both files hold something that a person has once. End one first.")
            ) from error
        moved[f"{model._meta.label_lower}.{name}"] = [str(ident) for ident in ids]
    return moved


def _move_back(moved: Mapping[str, Sequence[str]], kept: Person, joined: Person) -> None:
    known = {f"{model._meta.label_lower}.{name}": (model, name) for model, name in _relations()}
    for label, ids in moved.items():
        if label in known:
            model, name = known[label]
            models.QuerySet(model).filter(pk__in=ids, **{name: kept}).update(**{name: joined})


def find(person: Person, ident: UUID) -> PersonJoin:
    """A joining into this person. Raises `PersonJoin.DoesNotExist`."""
    return PersonJoin.objects.select_related("kept", "joined").get(pk=ident, kept=person)
