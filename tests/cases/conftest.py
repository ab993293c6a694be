# SPDX-License-Identifier: EUPL-1.2
"""A person, a case, and a neighbouring node that exists only in the directory."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from mostovi.cases import services as cases
from mostovi.exchange import keystore
from mostovi.exchange.directory import NodeEntry
from mostovi.exchange.keys import Use, new_pair
from mostovi.exchange.services import add_peer
from mostovi.people import consenting
from mostovi.people import services as people
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
FIELDS = ["subject", "names", "birth", "languages", "summary"]


def said(row) -> dict:
    """The data of a letter in the outbox."""
    return json.loads(row.values()["envelope"])["data"]


@pytest.fixture
def coordinator(acting) -> Actor:
    return acting(Role.ANTI_TRAFFICKING_COORDINATOR)


@pytest.fixture
def colleague(acting) -> Actor:
    return acting(Role.ANTI_TRAFFICKING_COORDINATOR)


@pytest.fixture
def neighbour(db):
    """Node `ba` stands in the directory with keys of its own."""
    now = datetime.now(UTC)
    keystore.ensure_keys(keystore.key_store(), now)
    keys = [new_pair(use, now - timedelta(days=1)).public for use in Use]
    entry = NodeEntry(
        code="ba", name="Node BA", country="ba", endpoint="http://127.0.0.1:9", polling=False,
        letters=frozenset(), batch=1, keys=tuple(keys),
    )  # fmt: skip
    administrator = Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE)
    return add_peer(administrator, entry=entry.as_dict())


@pytest.fixture
def adult(db, coordinator):
    return people.register(
        coordinator,
        single={
            "birth": {"precision": "year", "year": 1990},
            "sex": "female",
            "languages": ["ar"],
            "citizenships": ["SY"],
        },
        names=[
            {"parts": [["given", "ليلى"], ["family", "حداد"]], "script": "Arab"},
            {"parts": [["given", "Layla"], ["family", "Haddad"]], "script": "Latn"},
        ],
        contacts=[{"kind": "phone", "value": "+382 67 000 001", "safe": "no"}],
    )


@pytest.fixture
def case(adult, coordinator):
    return cases.open_case(
        coordinator, person=adult, case_type="possible_victim_of_trafficking", urgency="urgent",
        summary="Was made to work without pay.",
    )  # fmt: skip


@pytest.fixture
def consent_to(coordinator):
    def give(person, fields=FIELDS, receiver="ba"):
        now = datetime.now(UTC)
        return consenting.give(
            coordinator, person, purpose=Purpose.PROTECTION, receiver=receiver, fields=fields,
            language="ar", means="oral", expires_at=now + timedelta(days=90),
        )  # fmt: skip

    return give
