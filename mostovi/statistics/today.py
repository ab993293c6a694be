# SPDX-License-Identifier: EUPL-1.2
"""What waits for the statistician: months that have ended and are not released."""

from __future__ import annotations

from datetime import datetime, time

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.statistics.catalogue import template
from mostovi.statistics.services import calendar

LOOK_BACK = 3
"""Months further back are on the months page; a new node does not start with a year of debts."""


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """The last months that this node has not released, for who may release them."""
    if not settings.MOSTOVI.holds_persons:
        return []
    if not decide(actor, Action.PUBLISH, Kind.STATISTIC).allowed:
        return []
    today = timezone.localdate(now)
    return [
        Waiting(
            title=_("Counts of %(month)s")
            % {"month": date_format(own.month.first_day, "YEAR_MONTH_FORMAT")},
            why=_("The month has ended; the secretariat waits for this node's protected counts."),
            url=reverse("statistics:release", kwargs={"month": own.month}),
            due=timezone.make_aware(datetime.combine(own.due, time(23, 59))),
            source=template().due_source,
            verb=_("Look and release"),
        )
        for own in calendar(today, months=LOOK_BACK)
        if own.state != "released"
    ]
