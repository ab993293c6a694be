# SPDX-License-Identifier: EUPL-1.2
"""The route graph over time: coarse areas and the ways between them.

Pure; the data is `content/routes/network.yaml`. An area is a part of a country, a way leads from
one area to another; both are coarse on purpose, because what is shown must not help anybody to
meet people on the way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

NEAR_KM = 120.0
"""An incident farther than this from every way is on none of them."""
_EARTH_KM = 6371.0


class NetworkError(ValueError):
    """The file of the route graph is wrong; the text names the entry and says what."""


class Part(StrEnum):
    """Where an area stands on the routes. Flow is conserved only where people pass through."""

    ENTRY = "entry"
    TRANSIT = "transit"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a country. place: latitude, longitude of its middle, for drawing only.

    within: a code of which part of the country it is, '' for all of it.
    """

    code: str
    short: str
    within: str
    partner: str | None
    countries: tuple[str, ...]
    name: str
    place: tuple[float, float]
    part: Part


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one area to another, in use from year `since` to year `until` (None: still)."""

    code: str
    start: Area
    end: Area
    crossing: tuple[float, float]
    since: int
    until: int | None
    evidence: str

    @property
    def name(self) -> str:
        """How it is called: from where to where."""
        return f"{self.start.name} → {self.end.name}"

    @property
    def short(self) -> str:
        """How it is called on a chart."""
        return f"{self.start.short} → {self.end.short}"

    def in_use(self, year: int) -> bool:
        """Whether reports speak of it in `year`."""
        return self.since <= year and (self.until is None or year <= self.until)

    def distance_km(self, latitude: float, longitude: float) -> float:
        """How far a place lies from the line middle, crossing, middle."""
        here = (latitude, longitude)
        return min(
            _to_piece(here, self.start.place, self.crossing),
            _to_piece(here, self.crossing, self.end.place),
        )


@dataclass(frozen=True)
class Network:
    """The whole graph with its source and review."""

    areas: tuple[Area, ...]
    ways: tuple[Way, ...]
    version: str
    source: str
    reviewed: bool

    def area(self, code: str) -> Area:
        """An area by its code. Raises `KeyError`."""
        return _by_code(self.areas, code)

    def way(self, code: str) -> Way:
        """A way by its code. Raises `KeyError`."""
        return _by_code(self.ways, code)

    def in_use(self, year: int) -> tuple[Way, ...]:
        """The graph as it was in `year`."""
        return tuple(way for way in self.ways if way.in_use(year))

    def nearest(self, latitude: float, longitude: float, country: str) -> Way | None:
        """The way that an incident in `country` (ISO 3166 alpha-3) lies on, None when on none.

        Only ways that touch the country count, so that a line across a border takes nothing from
        the other side of it.
        """
        near = [
            (way.distance_km(latitude, longitude), way.code, way)
            for way in self.ways
            if country in way.start.countries + way.end.countries
        ]
        if not near:
            return None
        distance, _code, way = min(near, key=lambda item: item[:2])
        return way if distance <= NEAR_KM else None


_Coded = TypeVar("_Coded", Area, Way)


def _by_code(items: Sequence[_Coded], code: str) -> _Coded:
    for item in items:
        if item.code == code:
            return item
    raise KeyError(code)


def parse(document: Mapping[str, Any]) -> Network:
    """The graph of a parsed file. Raises `NetworkError`."""
    areas: dict[str, Area] = {}
    for line in document["areas"]:
        code = str(line.get("code"))
        if code in areas:
            raise NetworkError(f"The area '{code}' is there twice.")
        areas[code] = _area(code, line)
    ways: dict[str, Way] = {}
    for line in document["ways"]:
        code = str(line.get("code"))
        if code in ways:
            raise NetworkError(f"The way '{code}' is there twice.")
        ways[code] = _way(code, line, areas)
    review = document.get("review") or {}
    return Network(
        tuple(areas.values()), tuple(ways.values()), str(document["version"]),
        str(document["source"]), review.get("status") == "reviewed",
    )  # fmt: skip


def _area(code: str, line: Mapping[str, Any]) -> Area:
    try:
        return Area(
            code, str(line["short"]), str(line["within"] or ""), line["partner"],
            tuple(line["countries"]), str(line["name"]), _place(line["place"]),
            Part(line["role"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise NetworkError(f"The area '{code}' is not complete: {error}.") from error


def _way(code: str, line: Mapping[str, Any], areas: Mapping[str, Area]) -> Way:
    try:
        start, end = areas[line["from"]], areas[line["to"]]
        way = Way(
            code, start, end, _place(line["crossing"]), int(line["since"]), line["until"],
            str(line["evidence"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise NetworkError(f"The way '{code}' names something that is not there: {error}.") from (
            error
        )
    if start is end:
        raise NetworkError(f"The way '{code}' leads from an area to itself.")
    if way.until is not None and way.until < way.since:
        raise NetworkError(f"The way '{code}' ends before it begins.")
    return way


def _place(value: Sequence[float]) -> tuple[float, float]:
    latitude, longitude = (float(part) for part in value)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"{latitude}, {longitude} is no latitude and longitude")
    return latitude, longitude


def _to_piece(
    here: tuple[float, float], one: tuple[float, float], other: tuple[float, float]
) -> float:
    """Kilometres from `here` to the line between two places, on a plane: good for short lines."""
    narrowing = math.cos(math.radians(here[0]))
    unit = math.radians(1) * _EARTH_KM

    def at(place: tuple[float, float]) -> tuple[float, float]:
        return (place[1] - here[1]) * narrowing * unit, (place[0] - here[0]) * unit

    (x0, y0), (x1, y1) = at(one), at(other)
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    part = 0.0 if length == 0 else max(0.0, min(1.0, -(x0 * dx + y0 * dy) / length))
    return math.hypot(x0 + part * dx, y0 + part * dy)
