# SPDX-License-Identifier: EUPL-1.2
"""What the worker does by itself: checks the series for changes once a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.routes import alerting

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "routes.detection": (timedelta(days=1), alerting.check_nightly),
}
