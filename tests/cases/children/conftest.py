# SPDX-License-Identifier: EUPL-1.2
"""A boy without parents, his case, a guardian with an account, places of care."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from mostovi.cases import services as cases
from mostovi.cases.children import assessing, guardians, placing
from mostovi.node.models import Account, Membership
from mostovi.people import services as people
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role

TODAY = datetime.now(UTC).date()


@pytest.fixture
def worker(acting) -> Actor:
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def supervisor(acting) -> Actor:
    return acting(Role.CASE_SUPERVISOR)


@pytest.fixture
def second_supervisor(acting) -> Actor:
    return acting(Role.CASE_SUPERVISOR)


def a_child(actor, **single):
    known = {"birth": {"precision": "year", "year": TODAY.year - 14}, "sex": "male", **single}
    return people.register(
        actor, single=known,
        names=[{"parts": [["given", "Омид"], ["family", "Рахими"]], "script": "Cyrl"}],
    )  # fmt: skip


@pytest.fixture
def boy(db, worker):
    return a_child(worker)


@pytest.fixture
def case(boy, worker):
    return cases.open_case(
        worker, person=boy, case_type="unaccompanied_child", urgency="urgent", summary=""
    )


@pytest.fixture
def guardian_account(db):
    def make(name="Guardian One") -> UUID:
        account = Account.objects.create(username=f"g{uuid4().hex[:10]}", display_name=name)
        Membership.objects.create(
            account=account, role=Role.GUARDIAN.value, unit="border", granted_by=UUID(int=0)
        )
        return account.pk

    return make


@pytest.fixture
def appoint(worker):
    def do(case, actor=None, **more):
        wish = {
            "kind": "temporary",
            "from_day": TODAY,
            "name": "Vera Petrović",
            "act": "12/26",
            "authority": "Centre for social work",
            "declared": "none",
            **more,
        }
        return guardians.appoint(actor or worker, case, **wish)  # fmt: skip

    return do


@pytest.fixture
def home(supervisor):
    def make(code="home-1", **more):
        wish = {
            "code": code,
            "name": "Small home (example)",
            "kind": "small_home",
            "capacity": 2,
            "youngest": 10,
            "oldest": 17,
            "sexes": "boys",
            "licence": "L-1",
            **more,
        }
        return placing.save_place(supervisor, **wish)  # fmt: skip

    return make


@pytest.fixture
def doubted(case, worker, appoint):
    """An age assessment of a boy whose date of birth is unknown, both having agreed."""

    def make():
        appoint(case)
        row = assessing.begin(
            worker, case, grounds=["contradicting_documents"], words="Two papers, two years."
        )
        for who in ("child", "guardian"):
            assessing.note_consent(
                worker, case, row, who=who, answer="given", words="Explained in Dari."
            )
        return row

    return make


def day(text: str) -> date:
    return date.fromisoformat(text)
