# SPDX-License-Identifier: EUPL-1.2
"""The demo's flows: points, a year of counts, published months, a change that a check finds.

Numbers are made up. Every count of the last year comes in through the services as anybody's could;
of the years before, whose observations would be deleted by now, only the published months are
written. So an alert waits for its review, and a draft of an assessment in which two disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from math import cos, pi
from random import Random
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.utils import timezone

from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.routes import alerting, assessing, observing, publishing
from mostovi.routes.catalogue import display, network
from mostovi.routes.coarsening import end_of, start_of
from mostovi.routes.measures import Measure
from mostovi.routes.models import FlowCount, Point
from mostovi.routes.network import Part
from mostovi.routes.series import months_between

DAYS = 430
EVERY = 3
"""A count every so many days: nobody counts on all of them."""
CHANGED: Final = "bg-rs"
"""The way that many more people take in the last half year, with four years known before."""
USUAL, CHANGED_FROM, TIMES, YEARS_BEFORE = 25, 180, 2.5, 4


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
    _years_before(analyst, first, random)
    periods = [period for period, done in publishing.due(analyst, today) if not done]
    for period in sorted(periods):
        digest = publishing.prepare(analyst, period, today=today).digest
        publishing.publish(analyst, period, digest=digest, now=now, today=today)
    alerting.check_usual(analyst, now)
    _assess(analyst, now)
    return len(made)


def _season(day: date) -> float:
    """More people in summer, fewer in winter."""
    return 1 - 0.3 * cos(2 * pi * (day.timetuple().tm_yday - 20) / 365)


def _rows(first: date, today: date, random: Random) -> list[dict[str, object]]:
    """Counts on most ways; one way is taken by far more people in the last half year."""
    assert settings.MOSTOVI.demo  # noqa: S101 - made-up numbers never reach a real node
    rows: list[dict[str, object]] = []
    for way in network().ways:
        changes = way.code == CHANGED
        if way.end.part is not Part.TRANSIT or (random.random() < 0.2 and not changes):
            continue
        usual = random.choice([3, 6, 12, 25, 40])
        for back in range(DAYS, 0, -EVERY):
            day = today - timedelta(days=back)
            level = float(usual)
            if changes:
                level = USUAL * _season(day) * (TIMES if back < CHANGED_FROM else 1)
            seen = max(0, round(random.gauss(level, level**0.5 * 1.5)))
            alone = sum(random.random() < 0.08 for _one in range(seen))
            rows.append(_row(f"{way.code}-{day}", way.end.code, day, way.code, seen, alone=alone))
            if back % 28 < EVERY:
                asked = 12
                told = sum(random.random() < 0.3 for _one in range(asked))
                reference = f"survey-{way.code}-{day}"
                rows.append(_row(reference, way.end.code, day, way.code, asked, told=told))
    return rows


def _years_before(analyst: Actor, first: date, random: Random) -> None:
    """The published months of one way before the first observation, as they would stand by now."""
    rules = display()
    begin = first.replace(year=first.year - YEARS_BEFORE, day=1)
    last = first.replace(day=1) - timedelta(days=1)
    for period in months_between(f"{begin:%Y-%m}", f"{last:%Y-%m}"):
        level = USUAL * 30 / EVERY * _season(start_of(period) + timedelta(days=14))
        counted = max(0, round(random.gauss(level, level * 0.06)))
        published = end_of(period) + timedelta(days=rules.delay_days)
        FlowCount.objects.create(
            way=CHANGED, measure=Measure.PEOPLE, period=period, value=rules.shown(counted),
            coverage=0.2, threshold=rules.threshold, rounded_to=rules.rounded_to,
            published_at=timezone.make_aware(datetime(*published.timetuple()[:3], 9)),
            published_by=analyst.account,
        )  # fmt: skip


# --- An assessment, and who judges otherwise -----------------------------------------------------

FRAME: Final = {
    "title": "Synthetic: the way from Bulgaria to Serbia",
    "question": "Synthetic: will more people than usual take this way in the next six months?",
    "scope": f"Synthetic: Bulgaria to Serbia ({CHANGED})",
    "asked": "Synthetic: the second analyst; border police; an NGO at the border",
    "unknown": "Synthetic: how many pass where nobody counts, and how many are counted twice.",
}  # fmt: skip
BEFORE: Final[dict[str, Any]] = {
    "statement": "Synthetic: about as many people as in the years before will take this way.",
    "likelihood": "likely", "confidence": "moderate",
    "basis": "Synthetic: four years of monthly counts with the same season.",
    "would_change": "Synthetic: two months in a row above the highest count without alert.",
    "sources": [{"grade": "B2", "title": "Synthetic: monthly counts of this node", "address": ""}],
}  # fmt: skip
SINCE: Final[dict[str, Any]] = {
    "statement": "Synthetic: more people take this way because another one has become harder.",
    "likelihood": "likely", "confidence": "low",
    "basis": "Synthetic: counts rose within one month, and fell on a neighbouring way.",
    "would_change": "Synthetic: counts on the neighbouring way that did not fall.",
    "sources": [
        {"grade": "B2", "title": "Synthetic: monthly counts of this node", "address": ""},
        {"grade": "C3", "title": "Synthetic: talks at a reception centre", "address": ""},
    ],
}  # fmt: skip
OTHERWISE: Final = (
    "Synthetic: a second team has counted since the spring. Part of the rise is how is counted, "
    "not how many pass; I would say about as likely as not."
)


def _assess(analyst: Actor, now: datetime) -> None:
    """An assessment of the year before, and the draft of its new edition with a dissent."""
    today = timezone.localdate(now)
    year_ago = now - timedelta(days=365)
    covers = {
        "covers_from": today - timedelta(days=365), "covers_until": today - timedelta(days=182),
    }  # fmt: skip
    old = assessing.write(analyst, {**FRAME, **covers}, now=year_ago)
    assessing.judge(analyst, old.pk, **BEFORE)
    assessing.publish(analyst, old.pk, now=year_ago)
    draft = assessing.new_edition(analyst, old.pk, now=now)
    covers = {"covers_from": today, "covers_until": today + timedelta(days=182)}
    assessing.change(analyst, draft.pk, {**covers, "asked": FRAME["asked"]})
    doubted = assessing.judge(analyst, draft.pk, **SINCE)
    # The demo has one account for each role; this is a colleague's judgement.
    colleague = Actor(
        uuid5(NAMESPACE_URL, "synthetic:second-analyst"), analyst.role, analyst.purpose,
        analyst.unit,
    )  # fmt: skip
    assessing.dissent(colleague, draft.pk, doubted.pk, words=OTHERWISE, now=now)


def _row(
    reference: str, area: str, day: object, way: str, people: int, *, alone: int | None = None,
    told: int | None = None,
) -> dict[str, object]:  # fmt: skip
    return {
        "reference": reference, "point": f"{area}-centre", "day": str(day), "way": way,
        "nature": "count" if told is None else "survey", "hours": 12, "people": people,
        "children_alone": alone, "violence": told,
    }  # fmt: skip
