# SPDX-License-Identifier: EUPL-1.2
"""Periodic work of `rights`: anchoring the audit chain and ending what has reached its end."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.rights import services


def _anchor(now: datetime) -> int:
    return services.anchor().sequence


def _destroy(now: datetime) -> int:
    return services.destroy_pending()


def _retain(now: datetime) -> int:
    return sum(line["ended"] for line in services.run_retention(now).report.values())


JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "rights.anchor": (timedelta(minutes=5), _anchor),
    "rights.destroy_keys": (timedelta(minutes=1), _destroy),
    "rights.retention": (timedelta(days=1), _retain),
}
