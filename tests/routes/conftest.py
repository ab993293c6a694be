# SPDX-License-Identifier: EUPL-1.2
"""Fixtures for tests of flows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.routes import observing, publishing
from mostovi.routes.models import Point

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def analyst() -> Actor:
    """May read fine counts, publish and import."""
    return Actor(uuid4(), Role.ANALYST, Purpose.STATISTICS, "border")


@pytest.fixture
def responder() -> Actor:
    """May record counts, and read published ones."""
    return Actor(uuid4(), Role.FIRST_RESPONDER, Purpose.PROTECTION, "border")


@pytest.fixture
def point(db: None, analyst: Actor) -> Point:
    """A point of observation, open since the beginning of 2024."""
    return observing.add_point(
        analyst, code="centre", name="Centre", sort=Point.Sort.CENTRE, area="rs-south",
        opened_on=date(2024, 1, 1),
    )  # fmt: skip


@pytest.fixture
def counted(analyst: Actor, point: Point) -> Callable[..., tuple[int, int]]:
    """Record counts of ways: `counted("2026-09-01", {"bg-rs": 40})`."""

    def take(day: str, ways: dict[str, int], **more: object) -> tuple[int, int]:
        rows = [
            {"reference": f"{day}-{way}-{more}", "point": "centre", "day": day, "way": way,
             "people": people, "hours": 24, **more}
            for way, people in ways.items()
        ]  # fmt: skip
        return observing.observe_sheet(analyst, rows, now=NOW, today=TODAY)

    return take


@pytest.fixture
def published(analyst: Actor) -> Callable[[str], int]:
    """Publish a period as it is."""

    def take(period: str) -> int:
        digest = publishing.prepare(analyst, period, today=TODAY).digest
        return publishing.publish(analyst, period, digest=digest, now=NOW, today=TODAY)

    return take
