# SPDX-License-Identifier: EUPL-1.2
"""Accounts that are signed in, and what higher packages would register."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from mostovi.node import accounts
from mostovi.node.models import Account
from mostovi.people import consent_listeners, disclosures, keeping, sharing
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import ROLE_PURPOSES, Role

FIELDS = (("names", "Names"), ("birth", "Birth"), ("contact", "Safe contact"))


@pytest.fixture(autouse=True)
def only_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other packages registered stays out: these tests are about persons alone."""
    for module, names in (
        (consent_listeners, ["_listeners"]),
        (disclosures, ["_sources"]),
        (keeping, ["_sources", "_uses", "_erasers", "_copiers"]),
        (sharing, ["_receivers", "_profiles"]),
    ):
        for name in names:
            monkeypatch.setattr(module, name, [])


@pytest.fixture
def neighbours(only_people: None) -> None:
    """Two nodes that could receive, and one profile."""
    sharing.register_receivers(
        lambda: [sharing.Receiver("ba", "Centre in Sarajevo"), sharing.Receiver("rs", "Belgrade")]
    )
    sharing.register_profiles(
        lambda language: [
            sharing.Profile("mostovi.referral.request.v1", "Referral", Purpose.PROTECTION, FIELDS)
        ]
    )


@pytest.fixture
def signed_in(db: None) -> Callable[..., Client]:
    """A browser in which somebody acts in a role: `signed_in(Role.SOCIAL_WORKER, "centre")`."""

    def sign_in(role: Role, unit: str = "border", name: str = "") -> Client:
        node = Actor.system(Purpose.GOVERNANCE)
        username = name or f"{role.value.replace('_', '-')}-{unit}"
        account = Account.objects.filter(username=username).first()
        if account is None:
            account = accounts.create_account(node, username=username, display_name=username)
            accounts.grant_role(node, account, role=role, unit=unit)
        client = Client()
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        client.actor = Actor(account.pk, role, ROLE_PURPOSES[role][0], unit)  # type: ignore[attr-defined]
        return client

    return sign_in
