# SPDX-License-Identifier: EUPL-1.2
"""What the directory answers to `cases`: which services there are, and which fit a case."""

from __future__ import annotations

from mostovi.cases import offering, vocabulary
from mostovi.cases.directory import reading, services


def register() -> None:
    """Called once when the node starts."""
    vocabulary.register_directory(services.listed)
    offering.register(reading.offers)
