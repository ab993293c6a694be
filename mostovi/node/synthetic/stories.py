# SPDX-License-Identifier: EUPL-1.2
"""The demo's stories: a few hand-made cases of each kind, so that every role opens on work.

A topic is a module beside this one with `load(actor_of, people, now, random) -> int`, which brings
its cases in through the services as anybody could. Each topic is given people whom no other topic
and no bulk case has, from the unit of the first social worker.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from random import Random

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mostovi.cases.models import Case
from mostovi.node.models import Membership
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import ROLE_PURPOSES, Role

logger = logging.getLogger(__name__)

TOPICS = (
    "services", "children", "victims", "alternatives", "tracing", "pathways",
    "routes", "incidents", "statistics", "plan", "management",
)  # fmt: skip
"""In this order; one that is not there is passed over."""
GIVEN = 40
"""People offered to a topic: more than it needs, for it chooses by age."""

ActorOf = Callable[[Role], Actor]


def load(*, seed: int = 7, now: datetime | None = None, topics: Sequence[str] = TOPICS) -> int:
    """Load every topic, each whole or not at all; how many things they began.

    A topic that fails is logged and left out: the demo starts without it.
    """
    moment = now or timezone.now()
    opened = 0
    for topic in topics:
        name = f"mostovi.node.synthetic.{topic}"
        if find_spec(name) is None:
            continue
        try:
            with transaction.atomic():
                # Not for secrets: the same demo has the same stories.
                chance = Random(f"{seed}/{topic}")  # noqa: S311
                loaded = import_module(name).load(actor_of, _free_people(), moment, chance)
        except Exception:
            logger.exception("a story of the demo could not be loaded", extra={"code": topic})
            continue
        opened += loaded or 0
    return opened


def load_region(*, seed: int = 7, now: datetime | None = None) -> int:
    """At a node that holds no persons: what the region sent; whole or not at all."""
    from mostovi.node.synthetic import statistics

    chance = Random(f"{seed}/region")  # noqa: S311
    try:
        with transaction.atomic():
            return statistics.load_region(actor_of, now or timezone.now(), chance)
    except Exception:
        logger.exception("a story of the demo could not be loaded", extra={"code": "region"})
        return 0


def actor_of(role: Role) -> Actor:
    """The first account of the demo that holds `role`. Raises `LookupError` when none does."""
    held = Membership.objects.current().filter(role=role.value).order_by("pk").first()
    if held is None:
        raise LookupError(f"nobody is {role.value} at this node")
    purposes = ROLE_PURPOSES[role]
    purpose = Purpose.PROTECTION if Purpose.PROTECTION in purposes else purposes[0]
    return Actor(held.account_id, role, purpose, held.unit)


def _free_people() -> list[Person]:
    """People of the first social worker's unit who have no case and no guardian, oldest first."""
    worker = actor_of(Role.SOCIAL_WORKER)
    free = Person.objects.filter(
        ~Exists(Case.objects.filter(person=OuterRef("pk"))), purpose=worker.purpose.value,
        unit=worker.unit, synthetic=True, erased_at=None, guardian_account=None,
    ).order_by("created_at", "pk")  # fmt: skip
    # Both ends of life are wanted: half of them children, as far as there are.
    this_year = timezone.localdate().year
    young = list(free.filter(birth_year__gt=this_year - 17)[: GIVEN // 2])
    old = list(free.filter(birth_year__lt=this_year - 20)[: GIVEN - len(young)])
    return young + old
