# SPDX-License-Identifier: EUPL-1.2
"""The demo's cases are made through the services, quickly, and leave one statement to read."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from time import perf_counter

import pytest

from mostovi.cases.models import Case
from mostovi.cases.victims import statements
from mostovi.node.synthetic import victims
from mostovi.people import services as people
from mostovi.rights.roles import Role


@pytest.mark.django_db
def test_the_demo_gets_its_cases(acting, investigator):
    coordinator = acting(Role.ANTI_TRAFFICKING_COORDINATOR)
    registered = [
        people.register(
            coordinator, names=[], contacts=[],
            single={"birth": {"precision": "year", "year": year}, "languages": ["fa"]},
        )
        for year in (2015, 1990, 1985, 1992, 1979, 1999, 1966)
    ]  # fmt: skip
    began = perf_counter()
    made = victims.load(lambda role: coordinator, registered, datetime.now(UTC), Random(1))
    assert made == victims.NEEDED == Case.objects.count()
    assert perf_counter() - began < 3
    assert not Case.objects.filter(person=registered[0]).exists(), "a child is no adult's case"
    assert statements.readable(investigator).count() == 1
