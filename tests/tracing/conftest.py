# SPDX-License-Identifier: EUPL-1.2
"""A separated boy written in Cyrillic, his mother written in Persian script, and officers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mostovi.cases import services as cases
from mostovi.people import services as people
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.tracing import indexing, requesting, rounds
from mostovi.tracing.models import Side, TracingMatch
from tests.cases.conftest import neighbour, said  # noqa: F401

WANTED = {
    "relation": "child",
    "names": [{"text": "امید رحیمی", "script": "Arab", "language": "fa"}],
    "first_year": 2013,
    "last_year": 2013,
    "sex": "male",
    "places": ["هرات"],
    "last_contact": "At a station in autumn.",
}
BOY_NAMES = [{"parts": [["given", "Омид"], ["family", "Рахими"]], "script": "Cyrl"}]
FAMILY = [{"relation": "mother", "name": "Захра Рахими"}]


@pytest.fixture
def coordinator(acting) -> Actor:
    return acting(Role.ANTI_TRAFFICKING_COORDINATOR)


@pytest.fixture
def social_worker(acting) -> Actor:
    return acting(Role.SOCIAL_WORKER)


def case_of(actor: Actor, case_type: str = "family", **person: Any):
    registered = people.register(actor, **person)
    return cases.open_case(actor, person=registered, case_type=case_type, urgency="soon")


@pytest.fixture
def boy(db, coordinator):
    return case_of(
        coordinator, "separated_child",
        single={"birth": {"precision": "year", "year": 2013}, "sex": "male", "languages": ["fa"]},
        names=BOY_NAMES, family=FAMILY,
    )  # fmt: skip


@pytest.fixture
def mother(db, coordinator):
    return case_of(
        coordinator,
        single={
            "birth": {"precision": "year", "year": 1985}, "sex": "female", "languages": ["fa"],
        },
        names=[{"parts": [["given", "زهرا"], ["family", "رحیمی"]], "script": "Arab"}],
    )  # fmt: skip


@pytest.fixture
def search(mother, coordinator):
    request = requesting.make(
        coordinator, mother, sought=[WANTED], side="adult", agreed_here=True,
    )  # fmt: skip
    requesting.begin(coordinator, request)
    return request


@pytest.fixture
def proposed(boy, search):
    """The round within this node has found the boy."""
    now = datetime.now(UTC)
    indexing.keep_in_step(now)
    rounds.turn(now)
    return TracingMatch.objects.get(side=Side.HOLDER)
