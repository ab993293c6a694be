# SPDX-License-Identifier: EUPL-1.2
"""The demo's children come in through the services, each with something to do."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from mostovi.cases.children.models import AgeAssessment, CarePlace, GuardianAppointment
from mostovi.cases.models import Case
from mostovi.node.models import Account, Membership
from mostovi.node.synthetic import children
from mostovi.people import consenting
from mostovi.rights.roles import Role
from tests.cases.children.conftest import a_child

pytestmark = pytest.mark.django_db


def test_four_children_each_at_another_step(acting, worker):
    from uuid import UUID

    actors = {role: acting(role) for role in (Role.SOCIAL_WORKER, Role.CASE_SUPERVISOR)}
    guardian = acting(Role.GUARDIAN)
    Account.objects.create(pk=guardian.account, username="guardian", display_name="Guardian")
    Membership.objects.create(
        account_id=guardian.account, role="guardian", unit="border", granted_by=UUID(int=0)
    )
    actors[Role.GUARDIAN] = guardian
    people = [a_child(worker) for _ in range(5)]
    people.insert(1, a_child(worker, birth={"precision": "year", "year": 1980}))
    now = datetime.now(UTC)
    assert children.load(actors.__getitem__, people, now, Random(1)) == 4
    states = sorted(case.procedure.state for case in Case.objects.select_related("procedure"))
    assert states == ["determination", "registration", "registration", "registration"]
    assert GuardianAppointment.objects.count() == 3
    assert CarePlace.objects.filter(synthetic=True).count() == len(children.PLACES)
    assert consenting.is_child(AgeAssessment.objects.get().person, now + timedelta(days=3650))
