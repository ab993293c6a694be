# SPDX-License-Identifier: EUPL-1.2
"""The demo's checks are made through the services and leave something to look at."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from random import Random

import pytest

from mostovi.node.synthetic import pathways
from mostovi.pathways import case_checking
from mostovi.pathways.library import library
from mostovi.pathways.loader import load_pathway
from mostovi.pathways.models import Reform, SavedCheck
from mostovi.people import services as people
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db


def test_the_demo_has_checks_and_a_draft_of_a_reform(acting):
    actors = {}

    def actor_of(role):
        return actors.setdefault(role, acting(role))

    worker = actor_of(Role.SOCIAL_WORKER)
    invented = [
        people.register(
            worker, single={"birth": {"precision": "year", "year": year}}, synthetic=True
        )
        for year in (2013, 1990, 1985)
    ]
    now = datetime.now(UTC)
    library().rule_set("me", now.date())
    began = time.perf_counter()
    assert pathways.load(actor_of, invented, now, Random(1)) == 5
    assert time.perf_counter() - began < 20  # seconds; a few tenths on a quiet machine
    assert SavedCheck.objects.count() == 4
    saved = [
        case_checking.find(worker, row.case, row.pk) for row in SavedCheck.objects.all()
    ]  # fmt: skip
    assert all(one.count("closed") == 0 for one in saved)
    assert any(case_checking.changed_law(one, now.date()) for one in saved)
    assert any(one.facts.get("without_parents") is True for one in saved)
    reform = Reform.objects.get()
    newest = reform.versions.first()
    assert newest.number == 2 and newest.why
    load_pathway(newest.text, "draft.yaml", library().partner("me"))
