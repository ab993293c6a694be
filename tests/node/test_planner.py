# SPDX-License-Identifier: EUPL-1.2
"""The database's planner knows the tables, so a rare name is not looked for among all persons."""

import pytest
from django.db import connection
from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.node import planner
from mostovi.people import services as people
from mostovi.people.services import Draft, register_many
from mostovi.rights.access import Action
from mostovi.rights.roles import Role

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL looks by itself"),
]


def test_a_rare_name_is_found_through_its_own_index(acting) -> None:
    worker = acting(Role.SOCIAL_WORKER)
    name = {"parts": [["given", "Amal"]], "script": "Latn"}
    register_many(worker, [Draft({}, [name]) for _ in range(300)])
    assert planner.inform() == 1
    reach = people.visible(worker, Action.READ)
    plan = people._holders(reach, [{"w:zlatan"}]).explain()
    assert "person_of_unit" not in plan
    assert "token_person" in plan


def test_closed_cases_of_a_unit_are_listed_from_their_own_index(acting) -> None:
    worker = acting(Role.SOCIAL_WORKER)
    closed = cases.visible(worker).filter(closed_at__isnull=False).order_by("-changed_at")[:25]
    plan = closed.explain()
    assert "case_closed_of_unit" in plan
    assert "TEMP B-TREE" not in plan


def test_what_is_closed_for_retention_is_found_by_its_date() -> None:
    due = Case.objects.filter(closed_at__isnull=False, closed_at__lt=timezone.now())
    assert "INDEX case_closed (" in due.order_by("closed_at").explain()
