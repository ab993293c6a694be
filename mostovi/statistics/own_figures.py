# SPDX-License-Identifier: EUPL-1.2
"""A partner's own node publishes its released months at /figures/, when it was decided so.

Off until the administrator or the focal point switches it on; each decision is a row and is in the
audit log. A revision is what an edition is at the secretariat's: the newest is in force, earlier
ones stay. Nothing is published that did not leave for the secretariat as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.statistics import consolidating, regional_release
from mostovi.statistics.models import Edition, MonthlyTable, NoisyMonth, OwnFigures, Status
from mostovi.statistics.months import Month
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.services import NotReleasable

State = tuple[str, int, str]
"""(period, revision, when it was released)."""


def possible() -> bool:
    """Whether this node has months of its own partner to publish."""
    return settings.MOSTOVI.partner in PARTNERS and settings.MOSTOVI.holds_persons


def decision() -> OwnFigures | None:
    """The decision in force, if there was one."""
    return OwnFigures.objects.order_by("-pk").first()


def published() -> bool:
    """Whether own months are public here."""
    if not possible():
        return False
    made = decision()
    return made is not None and made.published


@transaction.atomic
def switch(actor: Actor, on: bool, *, now: datetime | None = None) -> OwnFigures:
    """Switch the public pages of own months on or off. Raises `NotReleasable`."""
    require(actor, Action.CONFIGURE, Kind.REGIONAL_STATISTIC)
    if not possible():
        raise NotReleasable(_("This node has no months of a partner of its own to publish."))
    made = OwnFigures.objects.create(
        published=on, decided_by=actor.account, decided_at=now or timezone.now()
    )
    record(actor, AuditTag.STATISTICS_FIGURES, detail={"published": on})
    return made


def states(month: Month | None = None) -> list[State]:
    """Every released revision, oldest first; [] where own months are not public."""
    if not published():
        return []
    rows = MonthlyTable.objects.filter(node=settings.MOSTOVI.code, status=Status.RELEASED)
    if month is not None:
        rows = rows.filter(period=str(month))
    listed = rows.order_by().values("period", "revision").annotate(at=Max("released_at"))
    return sorted((row["period"], row["revision"], row["at"].isoformat()) for row in listed)


def newest(found: Iterable[State]) -> list[State]:
    """The revision in force of each month."""
    return list({one[0]: one for one in found}.values())


def editions(found: Iterable[State]) -> list[Edition]:
    """Revisions as editions of one partner; they are not stored."""
    found = list(found)
    if not found:
        return []
    own = settings.MOSTOVI.partner
    complete = regional_release.whole(
        NoisyMonth.objects.filter(node=settings.MOSTOVI.code, status=Status.RELEASED)
    )
    return [
        _edition(own, period, revision, at, revision in complete.get((period, own), []))
        for period, revision, at in found
    ]


def _edition(own: str, period: str, revision: int, at: str, noisy: bool) -> Edition:
    figures = consolidating.figures({own: revision}, Month.parse(period))
    return Edition(
        period=period, number=revision, revisions={own: revision},
        noisy={own: revision} if noisy else {}, indicators=consolidating.indicators(figures),
        standing={own: ["sends", period]}, published_by=UUID(int=0),
        published_at=datetime.fromisoformat(at),
    )  # fmt: skip
