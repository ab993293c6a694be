# SPDX-License-Identifier: EUPL-1.2
"""Periodic work of `procedures`: flag what is overdue. A flag is shown; it decides nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.procedures import services

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "procedures.flag_overdue": (timedelta(minutes=5), services.flag_overdue),
}
