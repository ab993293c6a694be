# SPDX-License-Identifier: EUPL-1.2
"""Known spellings of names, particles and honorifics: `content/names/spellings.yaml`, read once."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib import resources
from typing import Any, Final

import yaml

from mostovi.tracing import scripts, sounds
from mostovi.tracing.scripts import Word


class Commonness(IntEnum):
    """How many people bear a name. Only lists say so; a name on no list counts as rare."""

    RARE = 0
    COMMON = 1
    VERY = 2


class BadNameFile(ValueError):
    """The file of spellings is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name whose spellings are listed."""

    name: str
    token: str
    vowels: int


@dataclass(frozen=True, eq=False)
class Spellings:
    """The file as it is used. Keys are words as `key` writes them."""

    version: str
    known: Mapping[str, KnownName]
    common: Mapping[str, tuple[tuple[int, Commonness], ...]]
    titles: frozenset[str]
    articles: frozenset[str]
    descent: frozenset[str]
    servants: frozenset[str]
    endings: frozenset[str]
    honorifics: frozenset[str]

    def key(self, word: Word) -> str:
        """The word as it is looked up: Latin without marks, others as cleaned."""
        return key_of(word)

    def commonness_of(self, token: str, vowels: int) -> Commonness:
        """How common names of this sound are: Ahmad is, Ahmadi is not."""
        return max(
            (
                common
                for known, common in self.common.get(token, ())
                if sounds.vowels_disagree(known, vowels, len(token)) == 0
            ),
            default=Commonness.RARE,
        )


@functools.lru_cache(maxsize=262_144)
def key_of(word: Word) -> str:
    """See `Spellings.key`."""
    if word.script == "Latn":
        return sounds.plain_latin(word.text)
    return sounds.unified(word.text) if word.script == "Arab" else word.text


_COMMON: Final = {"very": Commonness.VERY, "often": Commonness.COMMON, "no": Commonness.RARE}


@functools.lru_cache(maxsize=1)
def shipped() -> Spellings:
    """The spellings that Mostovi ships."""
    file = resources.files("mostovi.content") / "names" / "spellings.yaml"
    return load(file.read_text(encoding="utf-8"), "spellings.yaml")


def load(text: str, name: str) -> Spellings:
    """The spellings in `text`. Raises `BadNameFile`."""
    root = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    known: dict[str, KnownName] = {}
    common: dict[str, tuple[tuple[int, Commonness], ...]] = {}
    for entry in root["names"]:
        _add(entry, known, common, name)
    lists = root.get("words") or {}
    return Spellings(
        version=str(root["version"]),
        known=known,
        common=common,
        **{
            kind: frozenset(_keys(lists.get(kind) or []))
            for kind in ("titles", "articles", "descent", "servants", "endings", "honorifics")
        },
    )


def _add(
    entry: Mapping[str, Any],
    known: dict[str, KnownName],
    common: dict[str, tuple[tuple[int, Commonness], ...]],
    file: str,
) -> None:
    lead = _word(str(entry["name"]))
    sound = sounds.sound(lead)
    token = str(entry.get("token") or sound.token)
    vowels = sound.vowels if token == sound.token else sounds.ALL_OPEN
    name = KnownName(str(entry["name"]), token, vowels)
    how = _COMMON[str(entry.get("common", "no"))]
    common[token] = (*common.get(token, ()), (vowels, how))
    for spelling in [entry["name"], *entry.get("spellings", ())]:
        key = key_of(_word(str(spelling)))
        if key in known and known[key].name != name.name:
            raise BadNameFile(
                f"{file}: “{spelling}” stands under {known[key].name} and {name.name}."
            )
        known[key] = name


def _keys(words: list[str]) -> list[str]:
    return [key_of(_word(str(word))) for word in words]


def _word(text: str) -> Word:
    cleaned = scripts.clean(text)
    return Word("".join(word.text for word in cleaned.words), cleaned.script)
