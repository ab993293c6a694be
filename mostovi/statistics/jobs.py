# SPDX-License-Identifier: EUPL-1.2
"""Periodic work of `statistics`: say which months are due, begin and end calculations.

It releases nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from mostovi.procedures.batches import Queue
from mostovi.statistics import calculations, consolidating, overlap_rounds, reminders
from mostovi.statistics.calculation_models import Calculation
from mostovi.statistics.catalogue import template
from mostovi.statistics.services import SECRETARIAT, calendar

log = logging.getLogger(__name__)


def remind(now: datetime) -> int:
    """Say in the log which of the last months are near their day or past it; how many they are.

    The statistician sees them on the home page (`today`). A named officer releases, never a job.
    """
    if not settings.MOSTOVI.holds_persons:
        return 0
    today = timezone.localdate(now)
    remind_from = timedelta(days=template().remind_days)
    waiting = [
        own
        for own in calendar(today, months=3)
        if own.state != "released" and own.due - remind_from <= today
    ]
    for own in waiting:
        log.warning(
            "monthly counts wait for release", extra={"month": str(own.month), "state": own.state}
        )
    return len(waiting)


def watch(now: datetime) -> int:
    """Say in the log, at the secretariat's node, who owes which month; how many months are owed.

    The secretariat sees them on the home page (`today`).
    """
    if settings.MOSTOVI.partner != SECRETARIAT:
        return 0
    owed = consolidating.late(timezone.localdate(now))
    for partner, _month, days in owed:
        log.warning(
            "a partner's month is late",
            extra={"code": partner, "count": days},
        )
    return len(owed)


CALCULATIONS = Queue(Calculation, "mostovi.statistics.calculation_work")


def calculate(now: datetime) -> int:
    """Begin the next calculation over own records; how many were begun."""
    return CALCULATIONS.turn(now)


JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "statistics.remind": (timedelta(days=1), remind),
    "statistics.watch": (timedelta(days=1), watch),
    # Ten seconds and more keep it off the lane that carries the post (`node.worker`).
    "statistics.overlaps": (timedelta(seconds=15), overlap_rounds.turn),
    "statistics.write_reminders": (timedelta(days=1), reminders.write_due),
    # Only begins processes and looks after them, so it may stand on the quick lane.
    "statistics.calculations": (timedelta(seconds=2), calculate),
    "statistics.end_calculations": (timedelta(minutes=10), calculations.end_old),
}
