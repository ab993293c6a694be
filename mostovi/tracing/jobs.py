# SPDX-License-Identifier: EUPL-1.2
"""Periodic work of `tracing`: the index kept in step, and rounds with other nodes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.tracing import indexing, rounds


def _index(now: datetime) -> int:
    return indexing.keep_in_step(now)


def _rounds(now: datetime) -> int:
    return rounds.turn(now)


JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "tracing.index": (timedelta(minutes=1), _index),
    # Ten seconds and more keep it off the lane that carries the post (`node.worker`).
    "tracing.rounds": (timedelta(seconds=10), _rounds),
}
