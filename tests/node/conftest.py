# SPDX-License-Identifier: EUPL-1.2
"""Staff of a small node, signed in through the real entrance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from mostovi.node import accounts
from mostovi.node.models import Account
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

PASSWORD = "four quiet bridges stand"


@pytest.fixture(autouse=True)
def no_counts_from_other_tests() -> None:
    """Lock-out counts live in the cache, which outlasts a test."""
    cache.clear()


@pytest.fixture
def staff(db: None) -> Callable[..., Account]:
    """Make an account with roles: `staff("mira", Role.SOCIAL_WORKER, unit="border")`."""

    def make(username: str, *roles: Role, unit: str = "border") -> Account:
        node = Actor.system(Purpose.GOVERNANCE)
        account = accounts.create_account(node, username=username, display_name=username.title())
        account.set_password(PASSWORD)
        account.save()
        for role in roles:
            accounts.grant_role(node, account, role=role, unit=unit)
        return account

    return make


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """Sign in as `username` and give the browser that now is."""

    def enter(username: str, password: str = PASSWORD, **options: Any) -> Client:
        browser = Client(**options)
        answer = browser.post("/accounts/login/", {"login": username, "password": password})
        assert answer.status_code == 302, answer.content.decode()
        return browser

    return enter
