# SPDX-License-Identifier: EUPL-1.2
"""Screening's periodic jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.screening.device_services import forget_nonces
from mostovi.screening.submission_services import sweep_blobs

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "screening.nonces": (timedelta(hours=1), forget_nonces),
    "screening.blobs": (timedelta(days=1), sweep_blobs),
}
