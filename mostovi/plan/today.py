# SPDX-License-Identifier: EUPL-1.2
"""What waits for a partner's focal point: actions without a recent report."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.plan import services
from mostovi.plan.content import plan
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Actor
from mostovi.statistics.region import PARTNERS

STALE = timedelta(days=183)
"""A report older than half a year is asked for again; the plan itself sets no interval."""


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """One line for all actions on which the own partner has not reported for half a year."""
    partner = settings.MOSTOVI.partner
    if partner not in PARTNERS or not services.may_report(actor, partner):
        return []
    since = timezone.localdate(now) - STALE
    recent = {
        action
        for (action, _partner), report in services.in_force(partner).items()
        if report.reported_on >= since
    }
    count = len(plan().actions) - len(recent)
    if not count:
        return []
    return [
        Waiting(
            title=ngettext(
                "%(count)s action without a report from the last half year",
                "%(count)s actions without a report from the last half year",
                count,
            )
            % {"count": count},
            why=_("The region sees where your partner stands only if you say so."),
            url=reverse("plan:partner", kwargs={"code": partner}),
            verb=_("Report progress"),
        )
    ]
