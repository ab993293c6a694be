# SPDX-License-Identifier: EUPL-1.2
"""Changing persons: field versions, conflicts that are kept and settled, history.

The rule is `merging.decide`; here it meets the tables. Nothing that was typed is ever deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mostovi.people import fields, merging
from mostovi.people.file import Values
from mostovi.people.merging import Outcome
from mostovi.people.models import (
    Conflict,
    FamilyLink,
    FieldVersion,
    Person,
    ReceivedChange,
    SearchToken,
)
from mostovi.people.reach import again
from mostovi.people.registering import ROW_MODELS, link_family, show_in_clear
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault


class ChangeReused(Exception):
    """One change id came with two different contents; the second was not taken in."""


@dataclass(frozen=True)
class FieldChange:
    """A wish to change one field. `base` is the version its author saw.

    `id` makes it idempotent. `claimed_at` is the device's own clock: kept for people to read,
    never used to decide.
    """

    field: str
    base: int
    value: Any
    id: UUID
    claimed_at: str = ""


@dataclass(frozen=True)
class ChangeResult:
    """What became of a change; `number` is the field's version afterwards."""

    id: UUID
    field: str
    outcome: Outcome
    number: int


@transaction.atomic
def change(
    actor: Actor,
    person: Person,
    *,
    changes: Sequence[FieldChange],
    device: str = "",
    now: datetime | None = None,
) -> list[ChangeResult]:
    """Take in changes, each on its own field; all or, when one cannot be, none.

    Raises `fields.InvalidField`, `merging.UnknownBase`, `ChangeReused`.
    """
    person = again(actor, person, Action.CHANGE, lock=True)
    moment = now or timezone.now()
    editing = _Editing(actor, person, device[:60], moment)
    results = [editing.take(wish) for wish in changes]
    editing.save()
    conflicts = sum(1 for result in results if result.outcome is Outcome.CONFLICT)
    applied = sum(1 for result in results if result.outcome is Outcome.APPLIED)
    record(
        actor, AuditTag.PERSON_CHANGED, handle=person.handle,
        detail={"applied": applied, "conflicts": conflicts},
    )  # fmt: skip
    if conflicts:
        record(actor, AuditTag.CONFLICT_FOUND, handle=person.handle, detail={"count": conflicts})
    return results


class _Editing:
    """One actor's changes to one locked person."""

    def __init__(self, actor: Actor, person: Person, device: str, now: datetime) -> None:
        self.actor, self.person, self.device, self.now = actor, person, device, now
        self.values: Values = person.values()
        self.touched = False

    def take(self, wish: FieldChange) -> ChangeResult:
        """Decide on one change and store its consequence."""
        value = fields.clean(wish.field, wish.value, timezone.localdate(self.now))
        earlier = self._received(wish, value)
        if earlier is not None:
            return earlier
        standing = self.standing(wish.field)
        number = self.number(wish.field, standing)
        base_value = self._at(wish.field, wish.base, number, standing)
        outcome = merging.decide(number, standing, wish.base, base_value, value)
        if outcome is Outcome.APPLIED:
            self.apply(wish.field, value, claimed_at=wish.claimed_at)
            number += 1
        elif outcome is Outcome.CONFLICT:
            self._keep_beside(wish, value, number)
        ReceivedChange.objects.create(
            person=self.person, change_id=wish.id, field=wish.field, outcome=outcome.value,
            number=number, digest=_digest(wish, value),
        )  # fmt: skip
        return ChangeResult(wish.id, wish.field, outcome, number)

    def _received(self, wish: FieldChange, value: Any) -> ChangeResult | None:
        row = ReceivedChange.objects.filter(person=self.person, change_id=wish.id).first()
        if row is None:
            return None
        if bytes(row.digest) != _digest(wish, value):
            raise ChangeReused(f"Change {wish.id} was received before with another content.")
        return ChangeResult(wish.id, row.field, Outcome(row.outcome), row.number)

    def standing(self, name: str) -> Any:
        """The value that stands in a field."""
        kind, row_id = fields.split(name)
        if row_id is None:
            return self.values["single"].get(name)
        row = self._row(kind, row_id)
        return row.values() if row is not None else None

    def number(self, name: str, standing: Any) -> int:
        """The field's version: what was written down, else 1 for a first value, else 0."""
        line = self.values["versions"].get(name)
        if line is not None:
            return int(line["number"])
        return 0 if standing is None else 1

    def _at(self, name: str, base: int, number: int, standing: Any) -> Any:
        if base == number:
            return standing
        if base == 0:
            return None
        try:
            row = FieldVersion.objects.get(person=self.person, field=name, number=base)
        except FieldVersion.DoesNotExist as error:
            raise merging.UnknownBase(
                f"Field '{name}' has no version {base}; the newest is {number}."
            ) from error
        return row.values()["value"]

    def apply(self, name: str, value: Any, *, claimed_at: str = "") -> None:
        """Let `value` stand; what stood before goes to the field's versions."""
        standing = self.standing(name)
        number = self.number(name, standing)
        if number:
            self._archive(name, number, standing)
        self.values["versions"][name] = {
            "number": number + 1, "author": str(self.actor.account), "device": self.device,
            "at": self.now.isoformat(), "claimed_at": claimed_at[:40],
        }  # fmt: skip
        kind, row_id = fields.split(name)
        if row_id is None:
            self.values["single"][name] = value
        else:
            self._put(kind, row_id, value)
        self.touched = True

    def _archive(self, name: str, number: int, standing: Any) -> None:
        line = self.values["versions"].get(name)
        version = FieldVersion(
            key_id=self.person.key_id, person=self.person, field=name, number=number,
            author=line["author"] if line else self.person.created_by,
            at=datetime.fromisoformat(line["at"]) if line else self.person.created_at,
            device=line["device"] if line else "",
        )  # fmt: skip
        version.seal_values({"value": standing})
        version.save()

    def _keep_beside(self, wish: FieldChange, value: Any, number: int) -> None:
        rival = Conflict(
            key_id=self.person.key_id, person=self.person, field=wish.field, base=wish.base,
            number=number, author=self.actor.account, at=self.now, device=self.device,
        )  # fmt: skip
        rival.seal_values({"value": value, "claimed_at": wish.claimed_at[:40]})
        rival.save()
        self.touched = True

    def _row(self, kind: str, row_id: UUID) -> Any:
        return ROW_MODELS[kind]._default_manager.filter(person=self.person, pk=row_id).first()

    def _put(self, kind: str, row_id: UUID, value: Any) -> None:
        model = ROW_MODELS[kind]
        SearchToken.objects.filter(person=self.person, row=row_id).delete()
        row = self._row(kind, row_id)
        if value is None:
            if row is not None:
                row.delete()
            return
        if row is None:
            position = model._default_manager.filter(person=self.person).count()
            row = model(pk=row_id, key_id=self.person.key_id, person=self.person, position=position)
        if isinstance(row, FamilyLink):
            link_family(self.actor, [(row, value)])
        row.seal_values(value)
        row.save()
        SearchToken.objects.bulk_create(
            SearchToken(person=self.person, row=row_id, token=vault().blind(text))
            for text in sorted(fields.tokens(f"{kind}.{row_id}", value))
        )

    def save(self) -> None:
        """Write the person's own row, once."""
        if not self.touched:
            return
        show_in_clear(self.person, self.values["single"])
        self.person.changed_at = self.now
        self.person.seal_values(self.values)
        self.person.save()


def _digest(wish: FieldChange, value: Any) -> bytes:
    """Recognises the same change; keyed, since short values could be guessed from a plain hash."""
    text = json.dumps([wish.field, wish.base, value], sort_keys=True, ensure_ascii=False)
    return vault().blind("change:" + hashlib.sha256(text.encode()).hexdigest())


@transaction.atomic
def settle(
    actor: Actor,
    person: Person,
    conflict_id: UUID,
    *,
    value: Any,
    reason: str,
    now: datetime | None = None,
) -> None:
    """End a conflict with `value`, for a written reason; the other value stays in the history.

    Raises `Conflict.DoesNotExist` (also when settled already), `fields.InvalidField`, ValueError
    without a reason.
    """
    person = again(actor, person, Action.CHANGE, lock=True)
    row = Conflict.objects.filter(person=person, settled_by__isnull=True).get(pk=conflict_id)
    if not reason.strip():
        raise ValueError("Write why this value is the right one.")
    moment = now or timezone.now()
    editing = _Editing(actor, person, "", moment)
    clean = fields.clean(row.field, value, timezone.localdate(moment))
    if clean != editing.standing(row.field):
        editing.apply(row.field, clean)
        editing.save()
    kept = row.values()
    row.settled_by, row.settled_at = actor.account, moment
    row.seal_values({**kept, "reason": reason.strip()[: fields.MAX_TEXT]})
    row.save()
    record(actor, AuditTag.CONFLICT_SETTLED, handle=person.handle)


@transaction.atomic
def history(actor: Actor, person: Person, field: str) -> list[dict[str, Any]]:
    """Everything ever typed into one field, oldest first: versions, the standing value, rivals."""
    person = again(actor, person, Action.READ)
    fields.split(field)
    lines = history_of(person, field)
    record(actor, AuditTag.PERSON_HISTORY_READ, handle=person.handle)
    return lines


def history_of(person: Person, field: str) -> list[dict[str, Any]]:
    """The history itself. The caller has decided that it may be read, and logs it."""
    editing = _Editing(Actor.system(Purpose(person.purpose)), person, "", person.changed_at)
    lines = [
        {
            "number": row.number, "value": (values or {}).get("value"), "author": str(row.author),
            "at": row.at, "device": row.device, "state": "earlier",
        }
        for row, values in opened(
            FieldVersion.objects.filter(person=person, field=field).order_by("number")
        )
    ]  # fmt: skip
    standing = editing.standing(field)
    line = editing.values["versions"].get(field)
    lines.append(
        {
            "number": editing.number(field, standing),
            "value": standing,
            "author": line["author"] if line else str(person.created_by),
            "at": datetime.fromisoformat(line["at"]) if line else person.created_at,
            "device": line["device"] if line else "",
            "state": "standing",
        }
    )
    for row, values in opened(Conflict.objects.filter(person=person, field=field)):
        lines.append(
            {
                "number": row.number, "value": (values or {}).get("value"),
                "author": str(row.author), "at": row.at, "device": row.device,
                "state": "settled" if row.settled_by else "conflict",
                "reason": (values or {}).get("reason", ""),
            }
        )  # fmt: skip
    return lines
