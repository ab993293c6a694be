# SPDX-License-Identifier: EUPL-1.2
"""What the node's worker does for the entrance: sessions that have ended leave no trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.node import sessions

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "node.sessions": (timedelta(hours=1), sessions.forget_ended),
}
