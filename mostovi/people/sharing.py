# SPDX-License-Identifier: EUPL-1.2
"""What a consent can name: receivers and the fields of a profile, given by higher packages (R3).

`people` knows neither nodes nor letters. The packages that send register here which receivers
there are and which fields a letter can carry about a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mostovi.people import consent_texts
from mostovi.rights.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Receiver:
    """A node that data could go to. `name` is shown to the person."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of letter can carry for a purpose: (field, words for it), in order."""

    code: str
    title: str
    purpose: Purpose
    fields: Sequence[tuple[str, str]]


_receivers: list[Callable[[], Sequence[Receiver]]] = []
_profiles: list[Callable[[str], Sequence[Profile]]] = []


def register_receivers(source: Callable[[], Sequence[Receiver]]) -> None:
    """Have `source()` asked for receivers."""
    if source not in _receivers:
        _receivers.append(source)


def register_profiles(source: Callable[[str], Sequence[Profile]]) -> None:
    """Have `source(language)` asked for profiles, with their words in that language."""
    if source not in _profiles:
        _profiles.append(source)


def receivers() -> list[Receiver]:
    """All receivers, by name."""
    found = {receiver.code: receiver for source in _receivers for receiver in source()}
    return sorted(found.values(), key=lambda receiver: receiver.name)


def receiver_name(code: str) -> str:
    """The name of a receiver, or its code when it is not known (any longer)."""
    return next((r.name for r in receivers() if r.code == code), code)


def profiles(purpose: Purpose | str, language: str = "en") -> list[Profile]:
    """The profiles of one purpose, with their words in `language`."""
    return [
        profile
        for source in _profiles
        for profile in source(language)
        if profile.purpose == purpose
    ]


def field_words(fields: Sequence[str], language: str) -> list[str]:
    """Words for fields as the person reads them: from the consent text, else the profile's."""
    labels = consent_texts.text("sharing", language).labels
    offered = [profile for source in _profiles for profile in source(language)]
    known = {name: words for profile in offered for name, words in profile.fields}
    return [labels.get(f"field_{name}") or known.get(name, name) for name in fields]
