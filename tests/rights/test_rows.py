# SPDX-License-Identifier: EUPL-1.2
"""Rows within a scope: the same answer as `access.covers`, and nothing when nobody owns a row."""

from __future__ import annotations

from itertools import product
from uuid import UUID, uuid4

import pytest
from django.db.models import Q

from mostovi.people import services as people
from mostovi.people.models import Person
from mostovi.rights.access import Actor, Scope, covers
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.rows import within_scope

pytestmark = pytest.mark.django_db


def test_rows_within_a_scope_are_those_that_the_scope_covers() -> None:
    me = uuid4()
    for purpose, unit, who in product(
        (Purpose.PROTECTION, Purpose.ASYLUM), ("border", "centre"), (me, uuid4())
    ):
        role = Role.SOCIAL_WORKER if purpose is Purpose.PROTECTION else Role.ASYLUM_OFFICER
        people.register(Actor(who, role, purpose, unit), single={}, names=[])
    actor = Actor(me, Role.SOCIAL_WORKER, Purpose.PROTECTION, "border")
    for scope in Scope:
        found = within_scope(Person.objects.all(), actor, scope, own=Q(created_by=me))
        assert set(found) == {
            row
            for row in Person.objects.all()
            if covers(
                actor, scope, purpose=Purpose(row.purpose), unit=row.unit,
                owner=UUID(str(row.created_by)),
            )
        }  # fmt: skip
        assert found.exists()


def test_where_nobody_owns_a_row_the_own_ones_are_none() -> None:
    actor = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, "border")
    people.register(actor, single={}, names=[])
    assert not within_scope(Person.objects.all(), actor, Scope.OWN).exists()
