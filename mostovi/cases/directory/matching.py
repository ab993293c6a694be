# SPDX-License-Identifier: EUPL-1.2
"""Which services fit a person's needs, in which order, and why.

Pure. Nothing is left out: a service that does not fit stands last with its reason, since a person
decides (R4). Order: for whom it is, how many of the needs it meets, whether there is a place, how
near it is, whether it speaks a language of the person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mostovi.cases.directory.eligibility import Answer, Condition, Facts, Finding, evaluate

STALE_AFTER = timedelta(days=14)
"""A number of places that is older than this is said to be old, and counts as not known."""


class Room(StrEnum):
    """Whether there is a place, as last reported."""

    FREE = "free"
    UNKNOWN = "unknown"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Capacity:
    """How full a service said it was. `unit` is what is counted: beds, places, appointments."""

    unit: str
    maximum: int
    in_use: int
    waiting: int
    as_of: datetime

    @property
    def free(self) -> int:
        """Free places; never negative when a service is over its limit."""
        return max(0, self.maximum - self.in_use)

    def is_stale(self, now: datetime) -> bool:
        """Whether the report is too old to rely on."""
        return now - self.as_of > STALE_AFTER

    def room(self, now: datetime) -> Room:
        """Whether there is a place; an old report says nothing about today."""
        if self.is_stale(now):
            return Room.UNKNOWN
        return Room.FREE if self.free > 0 else Room.FULL


@dataclass(frozen=True, slots=True)
class Candidate:
    """What matching needs to know of a service. `points` are places as (latitude, longitude)."""

    code: str
    name: str
    node: str
    needs: tuple[str, ...]
    languages: tuple[str, ...]
    interpretation: bool
    conditions: Sequence[Condition] = ()
    capacity: Capacity | None = None
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `near` is where the person is, if known; `node` the partner's node."""

    needs: tuple[str, ...] = ()
    facts: Facts = field(default_factory=Facts)
    near: tuple[float, float] | None = None
    node: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """A service with everything that speaks for and against it."""

    service: Candidate
    eligible: Answer
    findings: Sequence[Finding]
    meets: tuple[str, ...]
    room: Room
    language: Answer
    kilometres: int | None

    @property
    def order(self) -> tuple[int, int, int, int, float, int, str]:
        """Sorts the best first."""
        return (
            list(Answer).index(self.eligible),
            -len(self.meets),
            list(Room).index(self.room),
            0 if self.kilometres is not None else 1,
            self.kilometres or 0,
            list(Answer).index(self.language),
            self.service.name,
        )


def matched(services: Iterable[Candidate], wanted: Wanted, now: datetime) -> list[Fit]:
    """Every service that meets one of the needs (all, when no need is named), best first."""
    fits = [_fit(one, wanted, now) for one in services]
    return sorted((f for f in fits if f.meets or not wanted.needs), key=lambda fit: fit.order)


def _fit(service: Candidate, wanted: Wanted, now: datetime) -> Fit:
    eligible, findings = evaluate(service.conditions, wanted.facts)
    return Fit(
        service=service,
        eligible=eligible,
        findings=findings,
        meets=tuple(need for need in wanted.needs if need in service.needs),
        room=service.capacity.room(now) if service.capacity else Room.UNKNOWN,
        language=speaks(service, wanted.facts.languages),
        kilometres=_nearest(service.points, wanted.near),
    )


def speaks(service: Candidate, languages: Sequence[str]) -> Answer:
    """Whether the person will be understood there, also through an interpreter."""
    if service.interpretation or set(service.languages) & set(languages):
        return Answer.YES
    return Answer.NO if languages and service.languages else Answer.UNKNOWN


def _nearest(points: Sequence[tuple[float, float]], near: tuple[float, float] | None) -> int | None:
    if near is None or not points:
        return None
    return min(round(distance(point, near)) for point in points)


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres between two (latitude, longitude) in degrees, in a straight line.

    >>> round(distance((43.86, 18.41), (42.44, 19.26)))
    173
    """
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (one, other))
    chord = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371 * math.asin(math.sqrt(chord))
