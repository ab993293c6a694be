# SPDX-License-Identifier: EUPL-1.2
"""What a consent can name: receivers, given by the packages that send, and the fields of profiles.

Profiles are content (`content/profiles`): their personal fields are read from there, so that a
consent names exactly what a letter can carry (R3).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from mostovi.content import CONTENT
from mostovi.people import consent_texts
from mostovi.rights.purposes import Purpose

ALSO_PERSONAL = ("needs",)
"""Fields that say something about the person without identifying anybody by themselves."""
_WITHOUT_CHOICE = frozenset({"mostovi.consent.withdrawn.v1", "mostovi.exchange.void.v1"})


@dataclass(frozen=True, slots=True)
class Receiver:
    """A node that data could go to. `name` is shown to the person."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of letter can carry about a person: (field, English words), in order."""

    code: str
    title: str
    purposes: frozenset[str]
    fields: tuple[tuple[str, str], ...]


_receivers: list[Callable[[], Sequence[Receiver]]] = []


def register_receivers(source: Callable[[], Sequence[Receiver]]) -> None:
    """Have `source()` asked for receivers; the package that knows the other nodes registers it."""
    if source not in _receivers:
        _receivers.append(source)


def receivers() -> list[Receiver]:
    """All receivers, by name."""
    found = {receiver.code: receiver for source in _receivers for receiver in source()}
    return sorted(found.values(), key=lambda receiver: receiver.name)


def receiver_name(code: str) -> str:
    """The name of a receiver, or its code when it is not known (any longer)."""
    return next((r.name for r in receivers() if r.code == code), code)


@cache
def _all_profiles() -> tuple[Profile, ...]:
    found = []
    for path in sorted((CONTENT / "profiles").glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        if not schema.get("x-personal-data") or path.stem in _WITHOUT_CHOICE:
            continue
        chosen = tuple(
            (name, part.get("title", name))
            for name, part in schema.get("properties", {}).items()
            if part.get("x-personal") or name in ALSO_PERSONAL
        )
        if chosen and "consent" in schema.get("x-basis", []):
            purposes = frozenset(schema.get("x-purposes", []))
            found.append(Profile(path.stem, schema.get("title", path.stem), purposes, chosen))
    return tuple(found)


def profiles(purpose: Purpose | str) -> list[Profile]:
    """The profiles under which something personal can be sent for `purpose`."""
    return [profile for profile in _all_profiles() if str(purpose) in profile.purposes]


def field_words(fields: Sequence[str], language: str = "en") -> list[str]:
    """Words for fields, in `language` where the consent texts have them, else in English."""
    labels = consent_texts.text("sharing", language).labels
    english = {name: words for profile in _all_profiles() for name, words in profile.fields}
    return [labels.get(f"field_{name}") or english.get(name, name) for name in fields]
