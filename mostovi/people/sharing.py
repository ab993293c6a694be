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


@dataclass(frozen=True, slots=True)
class Onward:
    """A way out of the purpose a file is held for: a copy of some fields, for another purpose.

    The person's own consent is the only thing that opens it; no duty and no override does. What
    goes is a copy that lies apart, for the purpose of `profile`, and leads back to nothing here.
    """

    receiver: Receiver
    profile: Profile


_receivers: list[Callable[[], Sequence[Receiver]]] = []
_profiles: list[Callable[[str], Sequence[Profile]]] = []
_onward: list[Callable[[str], Sequence[Onward]]] = []


def register_receivers(source: Callable[[], Sequence[Receiver]]) -> None:
    """Have `source()` asked for receivers."""
    if source not in _receivers:
        _receivers.append(source)


def register_profiles(source: Callable[[str], Sequence[Profile]]) -> None:
    """Have `source(language)` asked for profiles, with their words in that language."""
    if source not in _profiles:
        _profiles.append(source)


def register_onward(source: Callable[[str], Sequence[Onward]]) -> None:
    """Have `source(language)` asked for ways out of the purpose a file is held for."""
    if source not in _onward:
        _onward.append(source)


def onward(language: str = "en") -> list[Onward]:
    """Every way out of the purpose a file is held for, with its words in `language`."""
    return [way for source in _onward for way in source(language)]


def leads_onward(purpose: Purpose | str, receiver: str = "") -> bool:
    """Whether there is such a way for `purpose` (to `receiver`)."""
    return any(
        way.profile.purpose == purpose and receiver in {"", way.receiver.code} for way in onward()
    )


def receivers(purpose: Purpose | str = "") -> list[Receiver]:
    """All receivers, by name; for a purpose that only an onward way serves, those of it."""
    ways = [way for way in onward() if way.profile.purpose == purpose]
    if ways:
        found = {way.receiver.code: way.receiver for way in ways}
    else:
        found = {receiver.code: receiver for source in _receivers for receiver in source()}
    return sorted(found.values(), key=lambda receiver: receiver.name)


def receiver_name(code: str) -> str:
    """The name of a receiver, or its code when it is not known (any longer)."""
    known = [*receivers(), *(way.receiver for way in onward())]
    return next((r.name for r in known if r.code == code), code)


def profiles(purpose: Purpose | str, language: str = "en") -> list[Profile]:
    """The profiles of one purpose, with their words in `language`."""
    return [profile for profile in _every_profile(language) if profile.purpose == purpose]


def _every_profile(language: str) -> list[Profile]:
    offered = [profile for source in _profiles for profile in source(language)]
    return offered + [way.profile for way in onward(language)]


def field_words(fields: Sequence[str], language: str) -> list[str]:
    """Words for fields as the person reads them: from the consent text, else the profile's."""
    labels = consent_texts.text("sharing", language).labels
    known = {name: words for one in _every_profile(language) for name, words in one.fields}
    return [labels.get(f"field_{name}") or known.get(name, name) for name in fields]
