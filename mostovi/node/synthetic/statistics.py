# SPDX-License-Identifier: EUPL-1.2
"""The demo's monthly exchange: released months, one that waits, and a region that is not complete.

At a partner's node two officers have released earlier months, and a prepared one waits for the
second look. At the secretariat's the partners without a node have brought their months: one has
stopped, one was late; most months are published. The newest two months are left to the visitor.
Numbers are made up, and come in through the services as anybody's could.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import product
from random import Random
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.utils import timezone

from mostovi.exchange.models import Peer
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.statistics import (
    consolidating,
    regional_tables,
    services,
    submitting,
    uploading,
)
from mostovi.statistics.catalogue import template
from mostovi.statistics.cubes import TOTAL, Cell, with_margins
from mostovi.statistics.models import Channel
from mostovi.statistics.months import Month
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.regional_tables import Prepared, Reason
from mostovi.statistics.specs import UNKNOWN, Dimension

ActorOf = Callable[[Role], Actor]
RELEASED, WAITS = (4, 3), 2
"""Months back; the newest two are left to do."""
WORDS = "Synthetic: the first months of a new node."
FIRST, LAST, PUBLISHED = 12, 2, 4
STOPS, STOPPED_AFTER = "mk", 7
LATE = "xk"
BROUGHT = ("reg_crossings", "reg_victims", "reg_returns")
LEVELS = {"al": 300, "ba": 900, "xk": 260, "me": 220, "mk": 420, "rs": 1100}


def load(actor_of: ActorOf, people: Sequence[Person], now: datetime, random: Random) -> int:
    """At a partner's node: months released by two officers, and one that waits for the second."""
    if not settings.MOSTOVI.holds_persons or not Peer.objects.filter(code="secretariat").exists():
        return 0
    try:
        clerk, second = actor_of(Role.STATISTICIAN), actor_of(Role.PARTNER_FOCAL_POINT)
    except LookupError:
        return 0
    newest = Month.last_complete(timezone.localdate(now))
    for back in RELEASED:
        month = newest.back(back)
        at = _day_of(month, now)
        one = submitting.prepare(
            clerk, month, digest=services.compute(month).digest, words=WORDS, now=at
        )
        # The letter is of today: it leaves when the node starts.
        submitting.release(second, one.pk, now=now)
    month = newest.back(WAITS)
    submitting.prepare(
        clerk, month, digest=services.compute(month).digest, words=WORDS, now=_day_of(month, now)
    )
    return len(RELEASED) + 1


def load_region(actor_of: ActorOf, now: datetime, random: Random) -> int:
    """At the secretariat's node: months of the partners that have no node here; how many."""
    assert settings.MOSTOVI.demo  # noqa: S101 - made-up numbers never reach a real node
    secretary = actor_of(Role.SECRETARIAT)
    with_node = set(Peer.objects.values_list("code", flat=True))
    newest = Month.last_complete(timezone.localdate(now))
    made = 0
    for back in range(FIRST, LAST - 1, -1):
        month = newest.back(back)
        for partner in PARTNERS:
            if partner in with_node or (partner == STOPS and back < STOPPED_AFTER):
                continue
            late = 9 if partner == LATE and back % 4 == 0 else 0
            _bring(secretary, partner, month, _day_of(month, now, late), random)
            made += 1
        here = consolidating.consolidation(month)
        if here.revisions and back >= PUBLISHED:
            at = min(_day_of(month, now, 12), now)
            consolidating.publish(secretary, month, revisions=here.in_force, now=at)
    return made


def _bring(secretary: Actor, partner: str, month: Month, at: datetime, random: Random) -> None:
    """A partner's month, brought by its officer and released by the secretariat."""
    officer = replace(
        secretary,
        account=uuid5(NAMESPACE_URL, f"synthetic:{partner}"),
        role=Role.PARTNER_FOCAL_POINT,
        purpose=Purpose.GOVERNANCE,
    )
    published = uploading.protected(_counts(LEVELS[partner], month, random), month, [])
    one = submitting.hand_over(
        officer, partner, month, published, revision=1, channel=Channel.WORKBOOK, digest="",
        words="Synthetic.", now=at, regional=_regional(partner, month, random),
    )  # fmt: skip
    submitting.release(secretary, one.pk, now=at)


def _regional(partner: str, month: Month, random: Random) -> Prepared:
    """A few tables with noise, each with some groups that occur."""
    going, left_out = uploading.noisy_specs()
    brought = [spec for spec in going if spec.code in BROUGHT]
    left_out |= {spec.code: Reason.NOT_GIVEN for spec in going if spec not in brought}
    given = {}
    for spec in brought:
        groups = list(product(*(_some(one) for one in regional_tables.dimensions_of(spec))))
        mean = LEVELS[partner] / 4 / len(groups)
        counts = {codes: max(0, round(random.gauss(mean, mean / 2))) for codes in groups}
        total = tuple(TOTAL for _one in groups[0])
        given[spec.code] = {**counts, total: sum(counts.values())}
    return Prepared(uploading.protected_noisy(brought, given, partner, month, {}), left_out)


def _some(dimension: Dimension) -> Sequence[str]:
    if dimension.open:
        return ("AF", "SY", "TR")
    return [code.code for code in dimension.codes if code.code != UNKNOWN][:3]


def _counts(level: int, month: Month, random: Random) -> dict[Cell, int | None]:
    """Counts with a season: more on the way in summer.

    Tables of one measure must say the same of the same group; those are left at nobody.
    """
    season = 1 + 0.35 * (1 - abs(7.5 - month.number) / 5)
    alone = Counter(table.measure for table in template().tables)
    found: dict[Cell, int | None] = {}
    for table in template().tables:
        if alone[table.measure] > 1:
            found |= dict.fromkeys(table.cells, 0)
            continue
        share = 1.0 if table.measure == "persons_screened" else 0.25
        groups = list(product(*(codes for _name, codes in table.shape)))
        mean = level * season * share / len(groups)
        drawn = {codes: _drawn(mean * random.uniform(0.4, 1.6), random) for codes in groups}
        found |= with_margins(table.measure, table.shape, drawn)
    return found


def _drawn(mean: float, random: Random) -> int:
    """A count that is nobody or large enough to be shown, so that the demo starts soon."""
    drawn = max(0, round(random.gauss(mean, mean**0.5)))
    return drawn if drawn >= template().rule.threshold else 0


def _day_of(month: Month, now: datetime, later: int = 0) -> datetime:
    """A morning a few days before the month is due, or `later` after it; never in the future."""
    day = month.due(template().due_day) + timedelta(days=later or -3)
    return min(datetime.combine(day, time(9, 30), tzinfo=UTC), now)
