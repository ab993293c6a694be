# SPDX-License-Identifier: EUPL-1.2
"""Periodic work: proposals of detention end by themselves. Nothing else happens by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.cases.alternatives import detention

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "alternatives.lapse": (timedelta(hours=1), detention.lapse),
}
