# SPDX-License-Identifier: EUPL-1.2
"""When to try a delivery again: one minute, doubling to six hours, until the letter expires."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

FIRST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=6)
GIVE_UP: Final = timedelta(hours=72)


def delay(failures: int, chance: float) -> timedelta:
    """How long to wait after `failures` failed attempts; `chance` in [0, 1) spreads the load.

    The wait lies between half and all of the doubled minute, so a thousand nodes that lost the
    same receiver do not come back in the same second.

    >>> delay(1, 0.0), delay(3, 0.999999) <= timedelta(minutes=4)
    (datetime.timedelta(seconds=30), True)
    """
    if failures < 1 or not 0.0 <= chance < 1.0:
        raise ValueError("failures counts from 1, chance lies in [0, 1)")
    full = min(FIRST * (1 << min(failures - 1, 20)), LONGEST)
    return full / 2 + full / 2 * chance


def last_moment(first_attempt: datetime, expires: datetime) -> datetime:
    """When delivery ends: at `expires`, or 72 hours after the first attempt."""
    return min(expires, first_attempt + GIVE_UP)


def final(status: int) -> bool:
    """Whether an HTTP status says that trying again cannot help.

    4xx is the receiver's decision, but for 408, 425 and 429, which only say 'later'.
    """
    return 400 <= status < 500 and status not in {408, 425, 429}
