# SPDX-License-Identifier: EUPL-1.2
"""Which simulation is worked on now: one at a time, each in a process of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from mostovi.pathways.simulation_models import SimulationRun
from mostovi.procedures.batches import Queue

QUEUE: Final = Queue(SimulationRun, "mostovi.pathways.simulation_work")


def turn(now: datetime) -> int:
    """Look after the runs; returns how many were begun."""
    return QUEUE.turn(now)
