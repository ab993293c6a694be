# SPDX-License-Identifier: EUPL-1.2
"""The demo's plan: reports over a year, milestones, support asked for and offered. All invented.

A partner's node says it for itself, and its letters tell the secretariat. At the secretariat's
node nothing is made up here: what stands there came from the partners.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.utils import timezone

from mostovi.people.models import Person
from mostovi.plan import following, services
from mostovi.plan.content import plan
from mostovi.plan.letters import EvidenceLine
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.statistics.region import PARTNERS

STEPS = ("not_started", "planned", "under_way", "done")
SUPPORT = (
    (
        5,
        "request",
        "language",
        "Synthetic: telephone interpretation in Pashto and Bengali, nights.",
    ),
    (3, "offer", "training", "Synthetic: two trainers for victim-centred interviews, one week."),
    (14, "request", "training", "Synthetic: training on alternatives to detention, 20 officers."),
    (17, "offer", "expertise", "Synthetic: an officer who connected a return register."),
)


def load(
    actor_of: Callable[[Role], Actor], people: Sequence[Person], now: datetime, random: Random
) -> int:
    """Reports on most actions with evidence on some, two milestones, support both ways."""
    own = settings.MOSTOVI.partner
    try:
        focal_point = actor_of(Role.PARTNER_FOCAL_POINT)
    except LookupError:
        return 0
    if own not in PARTNERS or not settings.MOSTOVI.demo:
        return 0
    made = 0
    for action in plan().actions:
        reach = random.choice([-1, 0, 1, 2, 2, 2, 3])
        if reach < 0:
            continue  # nothing is said about this one, and the pages show it so
        for step in range(max(reach - 1, 0), reach + 1):
            said = now - timedelta(
                days=330 - 150 * (step - max(reach - 1, 0)) - random.randrange(90)
            )
            evidence = (
                [
                    EvidenceLine(
                        f"Synthetic: document {action.number}/{step}", "https://example.org/"
                    )
                ]
                if step >= 2
                else []
            )
            services.report_progress(
                focal_point, partner=own, action=action.number, status=STEPS[step],
                reported_on=timezone.localdate(said), note="Synthetic: an invented report.",
                office="Synthetic ministry", evidence=evidence, now=said,
            )  # fmt: skip
            made += 1
    today = timezone.localdate(now)
    first = following.say_milestone(
        focal_point, action=4, title="Synthetic: letters to all partners",
        due=today - timedelta(days=40), now=now - timedelta(days=200),
    )  # fmt: skip
    following.say_milestone(
        focal_point, action=4, title=first.title, due=today + timedelta(days=50),
        reference=first.reference, now=now - timedelta(days=60),
    )  # fmt: skip
    following.say_milestone(
        focal_point, action=13, title="Synthetic: guardians appointed within a week",
        due=today + timedelta(days=120), now=now - timedelta(days=30),
    )  # fmt: skip
    # A partner asks for what the next one in the list offers: there is something to match.
    mine = SUPPORT if PARTNERS.index(own) % 2 else [
        (action, "offer" if side == "request" else "request", sort, text)
        for action, side, sort, text in SUPPORT
    ]  # fmt: skip
    for action_, side, sort, text in mine:
        following.say_support(
            focal_point, action=action_, side=side, sort=sort, text=text,
            now=now - timedelta(days=20),
        )  # fmt: skip
    return made + 3 + len(mine)
