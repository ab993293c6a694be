# SPDX-License-Identifier: EUPL-1.2
"""A map of places that help: a partner's surroundings with numbered places. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from mostovi.paper.region_map import NAMES, Topology, framed, ground, read_topology

__all__ = ["Place", "Topology", "draw", "read_topology"]
_PIN = 11


@dataclass(frozen=True, slots=True)
class Place:
    """A place to mark: its number in the list, its name, and where it is in degrees."""

    number: int
    name: str
    latitude: float
    longitude: float


def draw(topology: Topology, partner: str, places: Iterable[Place], title: str) -> str:
    """The map of a partner's surroundings as SVG. Raises `KeyError` for an unknown partner."""
    on = ground(topology, topology.box(NAMES[partner]))
    pins = "".join(
        _pin(place, *on.at(place.latitude, place.longitude))
        for place in places
        if on.holds(place.latitude, place.longitude)
    )
    return framed(on, pins, title)


def _pin(place: Place, x: float, y: float) -> str:
    return (
        f'<g class="pin"><title>{escape(place.name)}</title>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_PIN}"/>'
        f'<text x="{x:.1f}" y="{y:.1f}" dy=".35em">{place.number}</text></g>'
    )
