# SPDX-License-Identifier: EUPL-1.2
"""Periodic work: proposals of detention end by themselves; who is held is looked after."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.cases.alternatives import detention

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "alternatives.look_after_held": (timedelta(minutes=10), detention.look_after),
    "alternatives.lapse": (timedelta(hours=1), detention.lapse),
}
