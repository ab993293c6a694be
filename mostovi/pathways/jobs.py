# SPDX-License-Identifier: EUPL-1.2
"""Periodic work of `pathways`: simulations that wait are begun, those that fell silent taken up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.pathways import simulation_queue


def _simulations(now: datetime) -> int:
    return simulation_queue.turn(now)


JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    # Only begins processes and looks after them, so it may stand on the quick lane.
    "pathways.simulations": (timedelta(seconds=2), _simulations),
}
