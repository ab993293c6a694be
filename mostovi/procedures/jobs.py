# SPDX-License-Identifier: EUPL-1.2
"""Periodic work: flag what is overdue, tell whom a task's file names. It decides nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.procedures import services, tasks

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "procedures.flag_overdue": (timedelta(minutes=5), services.flag_overdue),
    "procedures.escalate_tasks": (timedelta(minutes=15), tasks.escalate),
}
