# SPDX-License-Identifier: EUPL-1.2
"""How long the recovery and reflection period lasts: never under 30 days, whatever happens.

Council of Europe Convention on Action against Trafficking in Human Beings (CETS 197), article 13:
at least 30 days from reasonable grounds, and no expulsion meanwhile. A partner's law may give more
(the procedure's clock, its deadlines by partner). Stops and extensions only ever make it longer;
identification, a refusal, the closing of the case or silence do not end it.

Pure: no clock is read. Nothing here knows whether the person speaks with investigators.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

LEAST_DAYS = 30
CITATION = (
    "Council of Europe Convention on Action against Trafficking in Human Beings (CETS 197), article"
    " 13"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One period: the local day of the decision, the last day its clock names, and stops.

    due: None while the clock stands still, or when none is known. stopped: whether it stands still
    now. stopped_days: whole or broken days on which it stood still.
    """

    began: date
    due: date | None
    stopped: bool = False
    stopped_days: int = 0


def last_day(run: Run) -> date | None:
    """The last day of protection; None while the clock stands still (it cannot be named yet).

    >>> last_day(Run(date(2026, 11, 24), date(2026, 12, 1)))
    datetime.date(2026, 12, 24)
    """
    if run.stopped:
        return None
    least = run.began + timedelta(days=LEAST_DAYS + run.stopped_days)
    return max(least, run.due or least)


def in_force(runs: Iterable[Run], today: date) -> Run | None:
    """The run that protects longest on `today`, or None when none does."""
    standing = [run for run in runs if (end := last_day(run)) is None or today <= end]
    return max(standing, key=lambda run: (run.stopped, last_day(run) or run.began), default=None)


def days_left(run: Run, today: date) -> int | None:
    """How many days are still to come after `today`; None while the clock stands still."""
    end = last_day(run)
    return None if end is None else max(0, (end - today).days)
