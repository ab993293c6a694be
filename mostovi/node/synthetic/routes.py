# SPDX-License-Identifier: EUPL-1.2
"""The demo's flows: points, two years of counts that changed in the second, published months.

Numbers are made up. Every count comes in through the services as anybody's could.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.utils import timezone

from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.routes import observing, publishing
from mostovi.routes.catalogue import network
from mostovi.routes.models import Point
from mostovi.routes.network import Part

DAYS = 430
EVERY = 3
"""A count every so many days: nobody counts on all of them."""


def load(
    actor_of: Callable[[Role], Actor], people: Sequence[Person], now: datetime, random: Random
) -> int:
    """Points, counts and surveys of fourteen months, and the months whose delay is over."""
    try:
        analyst = actor_of(Role.ANALYST)
    except LookupError:
        return 0
    today = timezone.localdate(now)
    first = today - timedelta(days=DAYS)
    for area in network().areas:
        if area.part is Part.TRANSIT:
            observing.add_point(
                analyst, code=f"{area.code}-centre", name=f"{area.name}: reception",
                sort=Point.Sort.CENTRE, area=area.code, opened_on=first,
            )  # fmt: skip
    made = _rows(first, today, random)
    observing.observe_sheet(analyst, made, now=now, today=today)
    periods = [period for period, done in publishing.due(analyst, today) if not done]
    for period in sorted(periods):
        digest = publishing.prepare(analyst, period, today=today).digest
        publishing.publish(analyst, period, digest=digest, now=now, today=today)
    return len(made)


def _rows(first: object, today: object, random: Random) -> list[dict[str, object]]:
    """Counts on most ways; one way is taken up by twice as many people in the last half year."""
    assert settings.MOSTOVI.demo  # noqa: S101 - made-up numbers never reach a real node
    rows: list[dict[str, object]] = []
    for way in network().ways:
        if way.end.part is not Part.TRANSIT or random.random() < 0.2:
            continue
        usual = random.choice([3, 6, 12, 25, 40])
        for back in range(DAYS, 0, -EVERY):
            day = today - timedelta(days=back)  # type: ignore[operator]
            level = usual * (2 if way.code == "bg-rs" and back < 180 else 1)
            seen = max(0, round(random.gauss(level, level**0.5 * 1.5)))
            alone = sum(random.random() < 0.08 for _one in range(seen))
            rows.append(_row(f"{way.code}-{day}", way.end.code, day, way.code, seen, alone=alone))
            if back % 28 < EVERY:
                asked = 12
                told = sum(random.random() < 0.3 for _one in range(asked))
                reference = f"survey-{way.code}-{day}"
                rows.append(_row(reference, way.end.code, day, way.code, asked, told=told))
    return rows


def _row(
    reference: str, area: str, day: object, way: str, people: int, *, alone: int | None = None,
    told: int | None = None,
) -> dict[str, object]:  # fmt: skip
    return {
        "reference": reference, "point": f"{area}-centre", "day": str(day), "way": way,
        "nature": "count" if told is None else "survey", "hours": 12, "people": people,
        "children_alone": alone, "violence": told,
    }  # fmt: skip
