# SPDX-License-Identifier: EUPL-1.2
"""The demo's directory in use: its own services run by a unit, and how full each one is.

Also one referral between the units of the node, so that both ends can be looked at.
"""

from __future__ import annotations

import random as randomness
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from mostovi.cases import referring, within
from mostovi.cases.directory import services as directory
from mostovi.cases.directory.models import CapacityReport, Service
from mostovi.cases.models import Case
from mostovi.people import consenting
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

FIELDS = ("names", "languages", "summary")
ActorOf = Callable[[Role], Actor]


def load(
    actor_of: ActorOf, people: Sequence[Any], now: datetime, random: randomness.Random
) -> None:
    """Say how full every service is, and refer somebody to another unit.

    actor_of: an account of a role, as an actor. people: not used; cases are found here. Twice does
    no more than once.
    """
    if CapacityReport.objects.exists():
        return
    directory.load_shipped(now)
    _take_over_own(now)
    _fill(now, random)
    _refer_within(actor_of(Role.SOCIAL_WORKER), now)


def _take_over_own(now: datetime) -> None:
    """Services of this node are run by its last unit."""
    keeper = Actor.system(Purpose.GOVERNANCE)
    rows = directory.visible(keeper).filter(node=settings.MOSTOVI.code, unit="")
    for row in rows:
        entry = directory.entry_of(row) | {"unit": settings.MOSTOVI.units[-1]}
        directory.save_entry(keeper, entry, now=now)


def _fill(now: datetime, random: randomness.Random) -> None:
    keeper = Actor.system(Purpose.GOVERNANCE)
    for row in Service.objects.order_by("code"):
        unit = "beds" if "shelter" in row.needs else "appointments"
        maximum = random.choice([8, 12, 20])
        in_use = random.randint(maximum // 2, maximum)
        directory.report_capacity(
            keeper, row, unit=unit, maximum=maximum, in_use=in_use,
            waiting=random.randint(0, 4) if in_use == maximum else 0,
            now=now - timedelta(days=random.choice([0, 2, 5, 21])),
        )  # fmt: skip


def _refer_within(worker: Actor, now: datetime) -> None:
    """The newest open case of an adult is referred to the next unit."""
    other = next((unit for unit in within.units() if unit != worker.unit), None)
    if other is None:
        return
    found = Case.objects.filter(
        unit=worker.unit, purpose=worker.purpose.value, closed_at=None, person__erased_at=None,
        person__birth_year__lt=now.year - 25,
    )  # fmt: skip
    for case in found.select_related("person").order_by("-opened_at")[:20]:
        if consenting.is_child(case.person, now):
            continue
        actor = replace(worker, account=case.holder)
        referral = referring.draft(
            actor, case, service=f"unit.{other}", need_codes=["counselling"], urgency="soon",
            fields=FIELDS, summary="Synthetic referral. Would like to talk to somebody.",
            risk={"danger_to_life": "no", "own_view": "Feels safe (synthetic)."}, now=now,
        )  # fmt: skip
        consenting.give(
            actor, case.person, purpose=actor.purpose, receiver=within.peer_of(other),
            fields=FIELDS, language="en", means="oral", expires_at=now + timedelta(days=180),
            now=now,
        )  # fmt: skip
        seen = referring.outgoing(actor, referral, now=now).seen
        referring.send(actor, referral, seen=seen, now=now)
        return
