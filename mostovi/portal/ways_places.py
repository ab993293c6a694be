# SPDX-License-Identifier: EUPL-1.2
"""Places that help: public services of the directory, listed and on a map; numbers to call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from django.conf import settings

from mostovi.cases.directory.models import Service, Status
from mostovi.content import CONTENT
from mostovi.pathways.texts import Said
from mostovi.portal import ways_map
from mostovi.portal.ways_words import Words

FOR_DANGER: Mapping[str, frozenset[str]] = {
    "trafficking": frozenset({"trafficking_identification", "shelter"}),
    "child_alone": frozenset({"child_protection", "guardianship"}),
    "violence": frozenset({"gbv_support", "shelter"}),
}
"""Which needs of the directory a service for a danger meets."""


@dataclass(frozen=True)
class ServiceView:
    """A public service as a person sees it; number: its place on the map, 0 when it has none."""

    number: int
    name: str
    description: str
    organization: str
    kinds: tuple[Said, ...]
    needs: tuple[str, ...]
    where: tuple[str, ...]
    phones: tuple[Mapping[str, Any], ...]
    languages: str
    hours: tuple[str, ...]
    for_whom: str


@cache
def hotlines() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Numbers to call in danger, by partner (`content/law/hotlines.yaml`)."""
    path = CONTENT / "law" / "hotlines.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    numbers: Mapping[str, Sequence[Mapping[str, Any]]] = document["numbers"]
    return numbers


def services(words: Words, partner: str) -> tuple[list[ServiceView], list[ways_map.Place]]:
    """The public services at a partner, and those with a place, for the map. Two statements.

    A shielded place has no address here: the directory does not keep one.
    """
    rows = (
        Service.objects.filter(node=partner, public=True, status=Status.ACTIVE)
        .select_related("organization")
        .prefetch_related("locations")
    )
    views: list[ServiceView] = []
    places: list[ways_map.Place] = []
    for row in rows:
        locations = list(row.locations.all())
        number = 0
        for location in locations:
            if location.latitude is None or location.longitude is None or location.shielded:
                continue
            number = number or len({place.number for place in places}) + 1
            places.append(ways_map.Place(number, row.name, location.latitude, location.longitude))
        views.append(_view(words, row, locations, number))
    return views, places


def _view(words: Words, row: Service, locations: Sequence[Any], number: int) -> ServiceView:
    return ServiceView(
        number=number,
        name=row.name,
        description=row.description,
        organization=row.organization.name,
        kinds=tuple(
            words.say(f"service.{need}") for need in row.needs if words.has(f"service.{need}")
        ),
        needs=tuple(row.needs),
        where=tuple(
            ", ".join(part for part in (one.name, one.address, one.place) if part)
            for one in locations
        ),
        phones=tuple(row.phones),
        languages=words.listed(words.language_name(code) for code in row.languages),
        hours=tuple(
            f"{words.days(one.get('days', ()))} {one.get('opens', '')}–{one.get('closes', '')}"
            for one in row.schedules
        ),
        for_whom=row.eligibility,
    )


def drawn(words: Words, partner: str, places: Sequence[ways_map.Place]) -> str:
    """The map, or "" when no place has a position or the borders are not installed."""
    topology = _topology()
    if topology is None or not places:
        return ""
    return ways_map.draw(topology, partner, places, words.text("ui.result.map"))


@cache
def _topology() -> ways_map.Topology | None:
    path = settings.NODE_MODULES / "world-atlas/countries-50m.json"
    if not path.is_file():
        return None
    return ways_map.read_topology(json.loads(path.read_text(encoding="utf-8")))
