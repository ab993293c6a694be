# SPDX-License-Identifier: EUPL-1.2
"""A map of places that help, drawn as SVG: land, borders in one neutral style, numbered places.

The shapes are Natural Earth's, as the npm package world-atlas has them in TopoJSON (quantised arcs
that neighbours share). Pure: the topology comes in, text goes out. Nothing says whose land is
whose: every border is the same line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from xml.sax.saxutils import escape, quoteattr

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

NAMES: Mapping[str, str] = {
    "al": "Albania",
    "ba": "Bosnia and Herz.",
    "me": "Montenegro",
    "mk": "Macedonia",
    "rs": "Serbia",
    "xk": "Kosovo",
}
"""How world-atlas 2.0.2 calls the partners; only to find which part of the map to show."""
WIDTH = 560
_MARGIN = 0.25
_PIN = 11


@dataclass(frozen=True, slots=True)
class Place:
    """A place to mark: its number in the list, its name, and where it is in degrees."""

    number: int
    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Topology:
    """The decoded shapes: arcs as lines of points, countries as rings of arcs."""

    arcs: tuple[tuple[Point, ...], ...]
    countries: Mapping[str, tuple[tuple[int, ...], ...]]

    def ring(self, indexes: Sequence[int]) -> list[Point]:
        """The points of a ring; an arc with a negative index runs backwards."""
        points: list[Point] = []
        for index in indexes:
            arc = self.arcs[index] if index >= 0 else self.arcs[~index][::-1]
            points.extend(arc[1:] if points else arc)
        return points

    def box(self, name: str) -> Box:
        """What a country covers, with a margin. Raises `KeyError`."""
        points = [point for ring in self.countries[name] for point in self.ring(ring)]
        longitudes, latitudes = [p[0] for p in points], [p[1] for p in points]
        return (
            min(longitudes) - _MARGIN,
            min(latitudes) - _MARGIN,
            max(longitudes) + _MARGIN,
            max(latitudes) + _MARGIN,
        )


def read_topology(document: Mapping[str, Any]) -> Topology:
    """Decode a TopoJSON document with the object `countries`."""
    (scale_x, scale_y), (shift_x, shift_y) = (
        document["transform"]["scale"],
        document["transform"]["translate"],
    )
    arcs = []
    for steps in document["arcs"]:
        x = y = 0
        line = []
        for step in steps:
            x, y = x + step[0], y + step[1]
            line.append((x * scale_x + shift_x, y * scale_y + shift_y))
        arcs.append(tuple(line))
    countries: dict[str, tuple[tuple[int, ...], ...]] = {}
    for shape in document["objects"]["countries"]["geometries"]:
        polygons = shape.get("arcs", [])
        if shape["type"] == "Polygon":
            polygons = [polygons]
        rings = tuple(tuple(ring) for polygon in polygons for ring in polygon)
        countries[shape["properties"]["name"]] = rings
    return Topology(tuple(arcs), countries)


def draw(topology: Topology, partner: str, places: Iterable[Place], title: str) -> str:
    """The map of a partner's surroundings as SVG. Raises `KeyError` for an unknown partner."""
    box = topology.box(NAMES[partner])
    west, south, east, north = box
    narrowing = math.cos(math.radians((south + north) / 2))
    unit = WIDTH / ((east - west) * narrowing)
    height = round((north - south) * unit)

    def at(point: Point) -> str:
        return f"{(point[0] - west) * narrowing * unit:.1f} {(north - point[1]) * unit:.1f}"

    land = []
    for rings in topology.countries.values():
        for ring in rings:
            inside = _clipped(topology.ring(ring), box)
            if len(inside) > 2:
                land.append("M" + "L".join(map(at, inside)) + "Z")
    lines = ["M" + "L".join(map(at, piece)) for arc in topology.arcs for piece in _pieces(arc, box)]
    pins = "".join(
        f'<g class="pin"><title>{escape(place.name)}</title>'
        f'<circle cx="{x}" cy="{y}" r="{_PIN}"/>'
        f'<text x="{x}" y="{y}" dy=".35em">{place.number}</text></g>'
        for place in places
        if west <= place.longitude <= east and south <= place.latitude <= north
        for x, y in [at((place.longitude, place.latitude)).split()]
    )
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {height}" role="img" aria-label={quoteattr(title)}>'
        f'<rect class="sea" width="{WIDTH}" height="{height}"/>'
        f'<path class="land" d="{"".join(land)}"/>'
        f'<path class="border" d="{"".join(lines)}"/>{pins}</svg>'
    )


def _pieces(arc: Sequence[Point], box: Box) -> list[list[Point]]:
    """The parts of a line that lie in the box or touch it by one step."""
    west, south, east, north = box
    pieces: list[list[Point]] = []
    open_piece: list[Point] = []
    for first, second in zip(arc, arc[1:], strict=False):
        outside = (
            max(first[0], second[0]) < west
            or min(first[0], second[0]) > east
            or max(first[1], second[1]) < south
            or min(first[1], second[1]) > north
        )
        if outside:
            if open_piece:
                pieces.append(open_piece)
            open_piece = []
            continue
        if not open_piece:
            open_piece = [first]
        open_piece.append(second)
    if open_piece:
        pieces.append(open_piece)
    return pieces


def _clipped(ring: list[Point], box: Box) -> list[Point]:
    """The ring cut to the box: Sutherland and Hodgman, Reentrant polygon clipping (1974)."""
    west, south, east, north = box
    for axis, edge, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        if not ring:
            break
        result: list[Point] = []
        before = ring[-1]
        was_inside = sign * (before[axis] - edge) >= 0
        for point in ring:
            is_inside = sign * (point[axis] - edge) >= 0
            if is_inside != was_inside:
                part = (edge - before[axis]) / (point[axis] - before[axis])
                other = 1 - axis
                crossing = before[other] + part * (point[other] - before[other])
                result.append((edge, crossing) if axis == 0 else (crossing, edge))
            if is_inside:
                result.append(point)
            before, was_inside = point, is_inside
        ring = result
    return ring
