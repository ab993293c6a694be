# SPDX-License-Identifier: EUPL-1.2
"""Periodic work of `people`: writing down consents that have run out."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mostovi.people import consenting

JOBS: dict[str, tuple[timedelta, Callable[[datetime], int]]] = {
    "people.expire_consents": (timedelta(hours=1), consenting.expire),
}
