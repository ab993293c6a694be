# SPDX-License-Identifier: EUPL-1.2
"""Maps drawn as SVG: land, and every border in one neutral style; marks and courses on it.

The shapes are Natural Earth's, as the npm package world-atlas has them in TopoJSON (quantised arcs
that neighbours share). Pure: the topology comes in, text goes out. Nothing says whose land is
whose: every border is the same line. A page that names Kosovo* beside a map carries its footnote.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from xml.sax.saxutils import escape, quoteattr

Point: TypeAlias = tuple[float, float]
"""Longitude, latitude in degrees; on the drawing x, y."""
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
"""How world-atlas 2.0.2 calls the partners; only to find which part of a map to show."""
REGION: Box = (13.0, 38.6, 29.4, 48.0)
"""The Western Balkans and the ways into and out of them."""
WIDTH = 560
_MARGIN = 0.25
_ON_A_PHONE = 26.0
"""Letters of a map in its own units, so that they can be read on a screen 360 pixels wide."""


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


@dataclass(frozen=True)
class Ground:
    """A part of the world on paper: how it is projected, and its land and borders as SVG."""

    box: Box
    width: int
    height: int
    svg: str

    def at(self, latitude: float, longitude: float) -> Point:
        """Where a place lies on the drawing."""
        west, south, east, north = self.box
        narrowing = math.cos(math.radians((south + north) / 2))
        unit = self.width / ((east - west) * narrowing)
        return (longitude - west) * narrowing * unit, (north - latitude) * unit

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a place lies on the drawing."""
        west, south, east, north = self.box
        return west <= longitude <= east and south <= latitude <= north


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot on a map. weight: 0 to 1, the dot's area; label: drawn beside it."""

    latitude: float
    longitude: float
    title: str
    label: str = ""
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Course:
    """An arrow from place to place (latitude, longitude), `weight` 0 to 1 thick.

    unsure: drawn dashed, because the value is estimated and not counted.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    title: str
    label: str = ""
    weight: float = 0.0
    unsure: bool = False


def ground(topology: Topology, box: Box, width: int = WIDTH, precision: int = 1) -> Ground:
    """Land and borders of `box`; precision: decimals of a pixel that are kept."""
    west, south, east, north = box
    narrowing = math.cos(math.radians((south + north) / 2))
    unit = width / ((east - west) * narrowing)
    height = round((north - south) * unit)

    def at(point: Point) -> str:
        x, y = (point[0] - west) * narrowing * unit, (north - point[1]) * unit
        return f"{x:.{precision}f} {y:.{precision}f}"

    def line(points: Iterable[Point]) -> str:
        drawn: list[str] = []
        for point in points:
            here = at(point)
            if not drawn or here != drawn[-1]:
                drawn.append(here)
        return "L".join(drawn)

    land = []
    for rings in topology.countries.values():
        for ring in rings:
            inside = _clipped(topology.ring(ring), box)
            if len(inside) > 2:
                land.append("M" + line(inside) + "Z")
    borders = ["M" + line(piece) for arc in topology.arcs for piece in _pieces(arc, box)]
    svg = (
        f'<rect class="sea" width="{width}" height="{height}"/>'
        f'<path class="land" d="{"".join(land)}"/>'
        f'<path class="border" d="{"".join(borders)}"/>'
    )
    return Ground(box, width, height, svg)


def framed(on: Ground, inner: str, title: str, description: str = "") -> str:
    """The ground with `inner` SVG on it, named for those who cannot see it."""
    told = f"<desc>{escape(description)}</desc>" if description else ""
    return (
        f'<svg class="map" viewBox="0 0 {on.width} {on.height}" role="img" '
        f"aria-label={quoteattr(title)}>{told}{on.svg}{inner}</svg>"
    )


def draw(
    on: Ground,
    *,
    courses: Sequence[Course] = (),
    marks: Sequence[Mark] = (),
    title: str,
    description: str = "",
) -> str:
    """A map with arrows and dots; what lies outside of it is left out."""
    parts = [_course(on, one) for one in courses if on.holds(*one.start) or on.holds(*one.end)]
    parts += [_mark(on, one) for one in marks if on.holds(one.latitude, one.longitude)]
    labels = _numbers(on, courses)
    return framed(on, "".join(parts + labels), title, description)


def _numbers(on: Ground, courses: Sequence[Course]) -> list[str]:
    """The courses' labels; one that would touch a larger flow's on a phone is a minor one."""
    drawn: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for one in sorted(courses, key=lambda course: -course.weight):
        if not one.label:
            continue
        (x, y), half = _middle(on, one), len(one.label) * _ON_A_PHONE * 0.3
        touches = any(
            abs(x - there) < half + other and abs(y - high) < _ON_A_PHONE
            for there, high, other in taken
        )
        if not touches:
            taken.append((x, y, half))
        drawn.append(_label(x, y, one.label, minor=touches))
    return drawn[::-1]


def _mark(on: Ground, mark: Mark) -> str:
    x, y = on.at(mark.latitude, mark.longitude)
    radius = 3 + 11 * math.sqrt(max(0.0, min(1.0, mark.weight)))
    label = _label(x, y - radius - 3, mark.label) if mark.label else ""
    return (
        f'<g class="mark"><title>{escape(mark.title)}</title>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/></g>{label}'
    )


def _bend(on: Ground, course: Course) -> tuple[Point, Point, Point]:
    """Start, control point and end of the curve: bent to the right, so that two ways part."""
    (x0, y0), (x1, y1) = on.at(*course.start), on.at(*course.end)
    dx, dy = x1 - x0, y1 - y0
    middle = ((x0 + x1) / 2 - dy * 0.16, (y0 + y1) / 2 + dx * 0.16)
    return (x0, y0), middle, (x1, y1)


def _middle(on: Ground, course: Course) -> Point:
    (x0, y0), (xc, yc), (x1, y1) = _bend(on, course)
    return (x0 + 2 * xc + x1) / 4, (y0 + 2 * yc + y1) / 4


def _course(on: Ground, course: Course) -> str:
    (x0, y0), (xc, yc), (x1, y1) = _bend(on, course)
    width = 1.5 + 8 * math.sqrt(max(0.0, min(1.0, course.weight)))
    along = math.atan2(y1 - yc, x1 - xc)
    head = 5 + width
    wings = [
        (x1 - head * math.cos(along + turn), y1 - head * math.sin(along + turn))
        for turn in (0.45, -0.45)
    ]
    tip = "L".join(f"{x:.1f} {y:.1f}" for x, y in ((x1, y1), *wings))
    end_x, end_y = x1 - head * 0.7 * math.cos(along), y1 - head * 0.7 * math.sin(along)
    return (
        f'<g class="course{" unsure" if course.unsure else ""}"><title>{escape(course.title)}'
        f'</title><path class="way" d="M{x0:.1f} {y0:.1f}Q{xc:.1f} {yc:.1f} '
        f'{end_x:.1f} {end_y:.1f}" stroke-width="{width:.1f}" fill="none"/>'
        f'<path class="tip" d="M{tip}Z"/></g>'
    )


def _label(x: float, y: float, text: str, *, minor: bool = False) -> str:
    """A number on the map; a style sheet may leave out the `minor` ones where they would touch."""
    of = "on-map minor" if minor else "on-map"
    return f'<text class="{of}" x="{x:.1f}" y="{y:.1f}" direction="ltr">{escape(text)}</text>'


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
