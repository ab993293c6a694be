# SPDX-License-Identifier: EUPL-1.2
"""What the node's worker does for itself: sessions that ended leave no trace, plans stay good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.node import planner, sessions

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "node.planner": (timedelta(hours=1), planner.inform),
    "node.sessions": (timedelta(hours=1), sessions.forget_ended),
}
