# SPDX-License-Identifier: EUPL-1.2
"""Periodic work of the exchange; each job may run again at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings

from mostovi.exchange import services
from mostovi.exchange.transport import http_transport


def _relay(now: datetime) -> int:
    return services.relay_due(now, http_transport())


def _poll(now: datetime) -> int:
    return services.poll(now, http_transport()) if settings.MOSTOVI.polling else 0


def _files(now: datetime) -> int:
    return services.fetch_wanted(now, http_transport())


def _directory(now: datetime) -> int:
    return services.refresh_directory(now, http_transport())


JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "exchange.relay": (timedelta(milliseconds=500), _relay),
    "exchange.poll": (timedelta(seconds=10), _poll),
    "exchange.files": (timedelta(seconds=10), _files),
    "exchange.directory": (timedelta(hours=1), _directory),
    "exchange.keys": (timedelta(days=1), services.retire_keys),
}
