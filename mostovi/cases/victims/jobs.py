# SPDX-License-Identifier: EUPL-1.2
"""Periodic work of `victims`: statements whose consent has run out lose their key."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.cases.victims import statements

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "victims.end_expired_statements": (timedelta(hours=1), statements.end_expired),
}
