# SPDX-License-Identifier: EUPL-1.2
"""Which persons an actor may do something with: the one place in `people` that asks `rights`.

A person out of reach and one who does not exist raise the same `Person.DoesNotExist`.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from mostovi.people import codes
from mostovi.people.models import Person
from mostovi.rights.access import Action, Actor, Kind, Scope, require
from mostovi.rights.rows import within_scope


def visible(actor: Actor, action: Action, kind: Kind = Kind.PERSON) -> QuerySet[Person]:
    """The persons on whom `actor` may do `action`. Raises `Refused` when on none at all."""
    scope = require(actor, action, kind)
    own = Q(created_by=actor.account) | Q(guardian_account=actor.account)
    return within_scope(Person.objects.filter(joined_to=None), actor, scope, own=own)


def within(actor: Actor, person: Person, action: Action, kind: Kind = Kind.PERSON) -> bool:
    """Whether `visible` holds this row, which was just taken from the database."""
    scope = require(actor, action, kind)
    if person.purpose != actor.purpose.value or person.joined_to_id is not None:
        return False
    if scope is Scope.UNIT:
        return person.unit == actor.unit
    return scope is Scope.ALL or actor.account in {person.created_by, person.guardian_account}


def find(actor: Actor, code: str, action: Action = Action.READ, kind: Kind = Kind.PERSON) -> Person:
    """The person with `code`. Raises `Person.DoesNotExist` alike for absent and out of reach."""
    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        raise Person.DoesNotExist from error
    return visible(actor, action, kind).get(code=canonical, erased_at=None)


def again(
    actor: Actor,
    person: Person,
    action: Action,
    *,
    kind: Kind = Kind.PERSON,
    lock: bool = False,
) -> Person:
    """`person`, read anew within the actor's reach; a caller's object is no proof of access."""
    rows = visible(actor, action, kind)
    if lock:
        rows = rows.select_for_update()
    return rows.get(pk=person.pk)
