# SPDX-License-Identifier: EUPL-1.2
"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from mostovi.rights.access import Actor
from mostovi.rights.roles import ROLE_PURPOSES, Role
from mostovi.rights.vault import create_master_key


@pytest.fixture(scope="session", autouse=True)
def vault_of_the_test_node() -> None:
    """The throw-away node of the tests has a master key of its own."""
    from django.conf import settings

    keys = settings.MOSTOVI.keys
    if not (keys / "vault.master").exists():
        create_master_key(keys)


@pytest.fixture
def acting() -> Callable[..., Actor]:
    """Make an actor: `acting(Role.SOCIAL_WORKER, unit="centre")`."""

    def make(role: Role, unit: str = "border", account: UUID | None = None) -> Actor:
        return Actor(account or uuid4(), role, ROLE_PURPOSES[role][0], unit)

    return make
