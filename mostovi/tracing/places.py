# SPDX-License-Identifier: EUPL-1.2
"""Places across languages: a gazetteer of the main origins and of the route, as a tree.

A name that the gazetteer does not know is compared by its sound. Places are compared as places
where somebody was; no citizenship is drawn from them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from mostovi.tracing import scripts, sounds
from mostovi.tracing.scripts import UnreadableName


class BadGazetteer(ValueError):
    """The gazetteer is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place: `path` from the country down ("af/nangarhar/jalalabad"), or `?` and a sound."""

    path: str

    @property
    def country(self) -> str:
        """The first step of the path; empty for a place that the gazetteer does not know."""
        return "" if self.path.startswith("?") else self.path.split("/", 1)[0]

    @property
    def above(self) -> tuple[str, ...]:
        """The places that it lies in, nearest last."""
        steps = self.path.split("/")
        return tuple("/".join(steps[:n]) for n in range(1, len(steps)))


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """Names of places as they are looked up."""

    version: str
    by_name: Mapping[str, str]
    names: Mapping[str, str]


@functools.lru_cache(maxsize=1)
def shipped() -> Gazetteer:
    """The gazetteer that Mostovi ships."""
    file = resources.files("mostovi.content") / "names" / "places.yaml"
    return load(file.read_text(encoding="utf-8"), "places.yaml")


def load(text: str, file: str) -> Gazetteer:
    """The gazetteer in `text`. Raises `BadGazetteer`."""
    root: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    by_name: dict[str, str] = {}
    names: dict[str, str] = {}
    for entry in root["places"]:
        code = str(entry["code"])
        if "/" in code and code.rsplit("/", 1)[0] not in names:
            raise BadGazetteer(f"{file}: {code} lies in a place that is not listed before it.")
        names[code] = str(entry["names"][0])
        for name in entry["names"]:
            key = _key(str(name))
            if by_name.setdefault(key, code) != code:
                raise BadGazetteer(f"{file}: “{name}” stands for {by_name[key]} and for {code}.")
    return Gazetteer(str(root["version"]), by_name, names)


def _key(text: str) -> str:
    words = scripts.clean(text).words
    return "".join(
        sounds.plain_latin(word.text) if word.script == "Latn" else sounds.unified(word.text)
        for word in words
    )


@functools.lru_cache(maxsize=65_536)
def read_place(text: str) -> Place | None:
    """The place that `text` names; None for empty or unreadable text.

    >>> read_place("حلب") == read_place("Aleppo")
    True
    """
    try:
        cleaned = scripts.clean(text)
    except UnreadableName:
        return None
    known = shipped().by_name
    found = known.get(_key(text))
    if found is None:
        # "Kabul, Afghanistan": the deepest place that a part names.
        parts = [
            known.get(_key(part))
            for part in text.replace("،", ",").split(",")
            if part.strip() and _readable(part)
        ]
        found = max(
            (part for part in parts if part), key=lambda path: path.count("/"), default=None
        )
    if found is not None:
        return Place(found)
    joined = "".join(word.text for word in cleaned.words if word.script == cleaned.script)
    token = sounds.sound(scripts.Word(joined, cleaned.script)).token
    return Place("?" + token) if len(token) > 1 else None


def _readable(text: str) -> bool:
    try:
        return bool(scripts.clean(text))
    except UnreadableName:
        return False


def name_of(place: Place) -> str:
    """A name to show."""
    return shipped().names.get(place.path, place.path)


def level_of(left: Sequence[str], right: Sequence[str]) -> str | None:
    """The level of the comparison "place" over all places of both; None when one has none."""
    return level_between(
        [place for place in map(read_place, left) if place],
        [place for place in map(read_place, right) if place],
    )


def level_between(left: Sequence[Place], right: Sequence[Place]) -> str | None:
    """The best level between two lists of places. A bare country is not a place of its own."""
    if not left or not right:
        return None
    ones, others = {p.path for p in left}, {p.path for p in right}
    if any("/" in path or path.startswith("?") for path in ones & others):
        return "same"
    inner = {above for p in left for above in p.above}
    outer = {above for p in right for above in p.above}
    if any("/" in path for path in (inner & others) | (outer & ones)):
        return "within"
    if {p.country for p in left} & {p.country for p in right} - {""}:
        return "near"
    return "different"
