# SPDX-License-Identifier: EUPL-1.2
"""How areas, ways, routes and measures are called in the reader's language."""

from __future__ import annotations

from babel.core import get_global
from django.utils.translation import get_language_bidi, gettext_lazy
from django.utils.translation import gettext as _

from mostovi.people.words import country_name
from mostovi.routes.measures import Measure
from mostovi.routes.network import Area, Way

_TWO_LETTERS = {"XKX": "XK"}
_WITHIN = {
    "south_and_centre": gettext_lazy("%(country)s, south and centre"),
    "north": gettext_lazy("%(country)s, north"),
    "east_and_centre": gettext_lazy("%(country)s, east and centre"),
    "north_west": gettext_lazy("%(country)s, north-west"),
}
_MEASURES = {
    Measure.PEOPLE: gettext_lazy("People"),
    Measure.CHILDREN_ALONE: gettext_lazy("Children alone"),
    Measure.VIOLENCE: gettext_lazy("People who told of violence"),
    Measure.ASKED: gettext_lazy("People asked"),
    Measure.DEATHS: gettext_lazy("People who died"),
    Measure.MISSING: gettext_lazy("People missing"),
}
_ROUTES = {
    "western-balkan": gettext_lazy("Western Balkan route"),
    "eastern-mediterranean": gettext_lazy("Eastern Mediterranean route"),
    "central-mediterranean": gettext_lazy("Central Mediterranean route"),
    "western-mediterranean": gettext_lazy("Western Mediterranean route"),
    "western-african": gettext_lazy("Western African route"),
    "western-african-atlantic": gettext_lazy("Western African Atlantic route"),
    "eastern-borders": gettext_lazy("Eastern borders route"),
    "black-sea": gettext_lazy("Black Sea route"),
    "circular-route-from-albania-to-greece": gettext_lazy("Circular route from Albania to Greece"),
}
"""Routes as the publishers name them; others keep the publisher's English words."""


def country(code: str) -> str:
    """A country by its three letters; the code where it is no country's."""
    if code == "OOO":
        return _("other or not specified")
    known: list[str] = get_global("territory_aliases").get(code, [])
    two = _TWO_LETTERS.get(code) or (known[0] if len(known) == 1 else "")
    return country_name(two) if two else code


def area_name(area: Area) -> str:
    """A part of a country, or all of it."""
    name = country(area.countries[0])
    within = _WITHIN.get(area.within)
    return str(within) % {"country": name} if within else name


def way_name(way: Way) -> str:
    """From where to where; the arrow points as one reads."""
    arrow = "←" if get_language_bidi() else "→"
    return f"{area_name(way.start)} {arrow} {area_name(way.end)}"


def measure_name(measure: str) -> str:
    """What is counted."""
    return str(_MEASURES[Measure(measure)])


def route_name(route: str) -> str:
    """A publisher's route."""
    return str(_ROUTES.get(route, route.replace("-", " ").capitalize()))
