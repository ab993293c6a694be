# SPDX-License-Identifier: EUPL-1.2
"""On a node with work of every kind, Home and the case page ask the database at most 20 times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from mostovi.cases.models import Case
from mostovi.cases.vocabulary import case_types
from mostovi.node import accounts
from mostovi.node.models import Membership
from mostovi.node.synthetic import loading, stories
from mostovi.rights.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PASSWORD = "four quiet bridges stand"
MOST = 20
Statements = Callable[[Callable[[], Any]], list[str]]


def _entered(account: str) -> Client:
    cache.clear()  # lock-out counts outlast a sign-in
    client = Client()
    answer = client.post("/accounts/login/", {"login": account, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def _asked(statements: Statements, client: Client, address: str) -> int:
    """How many statements the page took; it must have been shown whole."""

    def show() -> None:
        answer = client.get(address)
        assert answer.status_code == 200
        assert not answer.context.get("silent"), "a package could not answer"

    return len(statements(show))


def test_home_of_every_role_and_the_page_of_every_kind_of_case(statements: Statements) -> None:
    accounts.create_demo_accounts(PASSWORD)
    loading.load(300)
    assert stories.load() > 20
    held = list(Membership.objects.current().select_related("account"))
    assert {one.role for one in held} >= {Role.CASE_SUPERVISOR.value, Role.SOCIAL_WORKER.value}
    asked = {}
    for one in held:
        asked[one.account.username] = _asked(
            statements, _entered(one.account.username), reverse("node:home")
        )
    worker = _entered("social-worker")
    unit = stories.actor_of(Role.SOCIAL_WORKER).unit
    shown = set()
    # The cases of the stories were opened last; a few of each kind and those of the world.
    for kind in case_types():
        rows = Case.objects.filter(unit=unit, purpose="protection", case_type=kind)
        for case in rows.order_by("-changed_at")[:6]:
            address = reverse("cases:case", args=[case.code])
            asked[f"{kind} {case.code}"] = _asked(statements, worker, address)
            shown.add(kind)
    assert shown == set(case_types())
    assert {name: count for name, count in asked.items() if count > MOST} == {}
