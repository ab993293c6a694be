# SPDX-License-Identifier: EUPL-1.2
"""The secretariat puts the partners' months together and publishes the region's.

Who has sent, who is late and who has stopped is said as it is; nothing is filled in for a partner
that is missing. What is published follows from published cells alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.statistics import catalogue, letters, region, regional_release, submitting
from mostovi.statistics.cubes import Cell
from mostovi.statistics.exchange_rules import Arrived, PartnerStanding, Sent, standing_of
from mostovi.statistics.models import Delivery, Edition, MonthlyTable, NoisyMonth
from mostovi.statistics.months import Month
from mostovi.statistics.region import PARTNERS, Figure
from mostovi.statistics.services import SECRETARIAT, NotReleasable

REGION = "region"
EVIDENT_MONTHS = 36
"""How far back one looks for a partner's last month."""


@dataclass(frozen=True)
class Consolidation:
    """One month of the region before it is published.

    `revisions`: every revision of each partner, with its delivery where one is recorded. `edition`:
    the last one; `new`: what would change in the next, partner -> revision. `noisy`: the revision
    in force of each partner's tables with noise; `new_noisy` as `new`.
    """

    month: Month
    due: date
    revisions: Mapping[str, list[tuple[int, Delivery | None]]]
    edition: Edition | None
    new: Mapping[str, int]
    noisy: Mapping[str, int] = field(default_factory=dict)
    new_noisy: Mapping[str, int] = field(default_factory=dict)

    @property
    def news(self) -> int:
        """How many revisions no edition holds yet; a month and its tables are one."""
        return len({*self.new.items(), *self.new_noisy.items()})

    @property
    def in_force(self) -> dict[str, int]:
        """The revision that counts of each partner that has sent."""
        return {partner: max(number for number, _d in found)
                for partner, found in self.revisions.items()}  # fmt: skip

    @property
    def missing(self) -> list[str]:
        """Who has not sent."""
        return [partner for partner in PARTNERS if partner not in self.revisions]


def standings(today: date, *, months: int | None = None) -> list[PartnerStanding]:
    """Every partner over the last months, newest first: the completeness of the exchange."""
    rules, chosen = catalogue.exchange(), catalogue.template()
    newest = Month.last_complete(today)
    shown = months or rules.months_shown
    wanted = [newest.back(n) for n in range(max(EVIDENT_MONTHS, shown))]
    found = submitting.arrivals(wanted)
    return [
        standing_of(
            partner, found.get(partner, {}), wanted[:shown], chosen.due_day, today,
            rules.stopped_after,
        )
        for partner in PARTNERS
    ]  # fmt: skip


def consolidation(month: Month) -> Consolidation:
    """What is here of one month; five statements."""
    deliveries = {(one.partner, one.revision): one
                  for one in Delivery.objects.filter(period=str(month))}  # fmt: skip
    rows = (
        MonthlyTable.objects.filter(period=str(month)).order_by("partner", "revision")
        .values_list("partner", "revision").distinct()
    )  # fmt: skip
    revisions: dict[str, list[tuple[int, Delivery | None]]] = {}
    for partner, revision in rows:
        revisions.setdefault(partner, []).append((revision, deliveries.get((partner, revision))))
    edition = Edition.objects.filter(period=str(month)).order_by("-number").first()
    new = _newer(
        {partner: found[-1][0] for partner, found in revisions.items()},
        edition.revisions if edition else {},
    )
    noisy = regional_release.revisions_of(month)
    return Consolidation(
        month, month.due(catalogue.template().due_day), revisions, edition, new, noisy,
        _newer(noisy, edition.noisy if edition else {}),
    )  # fmt: skip


def _newer(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    return {partner: number for partner, number in now.items() if before.get(partner) != number}


def figures(revisions: Mapping[str, int], month: Month) -> dict[str, dict[Cell, Figure]]:
    """Every cell of the given revisions as a figure, by partner."""
    chosen = catalogue.template()
    published: dict[str, dict[Cell, int | None]] = {}
    for row in MonthlyTable.objects.filter(period=str(month), partner__in=list(revisions)):
        if row.revision == revisions[row.partner]:
            cells = letters.cells_of(chosen.table(row.table), row.cells)
            published.setdefault(row.partner, {}).update(cells)
    return {partner: region.figures(chosen, cells) for partner, cells in published.items()}


@transaction.atomic
def publish(
    actor: Actor, month: Month, *, revisions: Mapping[str, int],
    noisy: Mapping[str, int] | None = None, note: str = "", now: datetime | None = None,
) -> Edition:  # fmt: skip
    """Publish the region's month as the secretariat saw it: `revisions`, partner -> revision.

    noisy: the same of the tables with noise; None takes those in force. Raises `NotReleasable` when
    nobody sent, when something came meanwhile, or when nothing is new.
    """
    require(actor, Action.PUBLISH, Kind.REGIONAL_STATISTIC)
    now = now or timezone.now()
    if settings.MOSTOVI.partner != SECRETARIAT:
        raise NotReleasable(_("The region's figures are published by the secretariat's node."))
    here = consolidation(month)
    if not here.revisions:
        raise NotReleasable(_("Nobody has sent this month."))
    if here.in_force != dict(revisions) or noisy not in (None, dict(here.noisy)):
        raise NotReleasable(_("Something came since you looked. Look again, then publish."))
    if not here.news:
        raise NotReleasable(_("Nothing is new since the last edition."))
    by_partner = figures(revisions, month)
    standing = {
        one.partner: [one.standing.value, str(one.last) if one.last else ""]
        for one in standings(timezone.localdate(now))
    }
    number = (Edition.objects.filter(period=str(month)).aggregate(n=Max("number"))["n"] or 0) + 1
    try:
        edition = Edition.objects.create(
            period=str(month), number=number, revisions=dict(revisions),
            noisy=dict(here.noisy), standing=standing,
            indicators=indicators(by_partner), note=note.strip()[:1000],
            published_by=actor.account, published_at=now,
        )  # fmt: skip
    except IntegrityError as error:
        raise NotReleasable(_("A colleague has just published this month. Look again.")) from error
    record(
        actor, AuditTag.STATISTICS_EDITION,
        detail={
            "month": str(month), "edition": number, "partners": len(revisions),
            "with_noise": len(here.noisy),
        },
    )  # fmt: skip
    return edition


def indicators(by_partner: Mapping[str, Mapping[Cell, Figure]]) -> dict[str, Any]:
    """As an edition holds them: code -> partner or 'region' -> [state, low, high]."""
    found: dict[str, Any] = {}
    for line in region.lines(catalogue.template(), by_partner):
        parts = dict(zip(PARTNERS, line.figures, strict=True))
        found[line.indicator.code] = {
            key: [figure.state, figure.low, figure.high]
            for key, figure in (*parts.items(), (REGION, line.region))
            if figure.state != "missing"
        }
    return found


def late(today: date, *, months: int = 3) -> list[tuple[str, Month, int]]:
    """Who owes which of the last months, and how many days past the due day."""
    return [
        (one.partner, of.month, of.days_late)
        for one in standings(today)
        for of in one.months[:months]
        if of.sent is Sent.OVERDUE
    ]


def to_publish(today: date, *, months: int = 6) -> list[Consolidation]:
    """Months of which something came that no edition holds yet, after their due day or complete."""
    newest = Month.last_complete(today)
    wanted = {str(newest.back(n)) for n in range(months)}
    have = set(
        MonthlyTable.objects.filter(period__in=wanted).order_by()
        .values_list("period", "partner", "revision").distinct()
    )  # fmt: skip
    editions: dict[str, tuple[Mapping[str, int], Mapping[str, int]]] = {}
    for one in Edition.objects.filter(period__in=wanted).order_by("number"):
        editions[one.period] = (one.revisions, one.noisy)
    noisy: dict[str, dict[str, int]] = {}
    complete = regional_release.whole(NoisyMonth.objects.filter(period__in=wanted))
    for (period, partner), numbers in complete.items():
        noisy.setdefault(period, {})[partner] = numbers[-1]
    force: dict[str, dict[str, int]] = {}
    for period, partner, revision in sorted(have):
        force.setdefault(period, {})[partner] = revision
    due_day = catalogue.template().due_day
    return [
        consolidation(Month.parse(period))
        for period in sorted(force)
        if (force[period], noisy.get(period, {})) != editions.get(period)
        and (len(force[period]) == len(PARTNERS) or today > Month.parse(period).due(due_day))
    ]


__all__ = [
    "REGION", "Arrived", "Consolidation", "consolidation", "figures", "late", "publish",
    "standings", "to_publish",
]  # fmt: skip
