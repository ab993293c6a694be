# SPDX-License-Identifier: EUPL-1.2
"""Accounts that are signed in, and what higher packages would register."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from mostovi.people import consent_listeners, disclosures, keeping, sharing
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

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
def browser(
    signed_in: Callable[..., Client], acting: Callable[..., Actor]
) -> Callable[..., Client]:
    """A browser in which somebody acts: `browser(Role.SOCIAL_WORKER, "centre").actor`."""

    def sign_in(role: Role, unit: str = "border") -> Client:
        actor = acting(role, unit=unit)
        client = signed_in(actor)
        client.actor = actor  # type: ignore[attr-defined]
        return client

    return sign_in
