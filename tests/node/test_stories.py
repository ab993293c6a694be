# SPDX-License-Identifier: EUPL-1.2
"""The stories of the demo: every topic that is there finds its people and opens its cases."""

from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest

from mostovi.cases.models import Case
from mostovi.node import accounts
from mostovi.node.synthetic import loading, stories
from mostovi.people.models import Person
from mostovi.rights.roles import Role
from tests.regional import secretariat_peer  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def peopled(secretariat_peer: Any) -> None:  # noqa: F811
    """A demonstration node with its accounts and a world of the size of the demo's."""
    accounts.create_demo_accounts("four quiet bridges stand")
    loading.load(300)


def test_every_topic_opens_its_cases(peopled: None) -> None:
    there = [t for t in stories.TOPICS if find_spec(f"mostovi.node.synthetic.{t}") is not None]
    before = set(Case.objects.values_list("pk", flat=True))
    assert set(there) >= {"services", "children", "victims", "alternatives"}
    for topic in there:
        # The directory of services opens no case; all others do.
        assert stories.load(topics=[topic]) > 0 or topic == "services", topic
    fresh = Case.objects.exclude(pk__in=before).select_related("person")
    assert {case.unit for case in fresh} == {stories.actor_of(Role.SOCIAL_WORKER).unit}
    assert len(fresh) >= 12
    assert all(case.person.synthetic for case in fresh)


def test_a_topic_that_fails_leaves_nothing_and_stops_nobody(
    peopled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(actor_of: stories.ActorOf, people: list[Person], *others: Any) -> int:
        Person.objects.filter(pk=people[0].pk).update(unit="nowhere")
        raise RuntimeError("in the middle")

    real = stories.import_module
    monkeypatch.setattr(
        stories,
        "import_module",
        lambda name: SimpleNamespace(load=half) if name.endswith("victims") else real(name),
    )
    assert stories.load(topics=["victims", "children"]) > 0
    assert not Person.objects.filter(unit="nowhere").exists()
    fails = stories.load(topics=["victims", "no_such_topic"])
    assert fails == 0
