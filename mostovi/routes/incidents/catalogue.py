# SPDX-License-Identifier: EUPL-1.2
"""The store's lists as data: codes, signs in adverts, the checklist (`content/incidents/`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from mostovi.content import CONTENT

FOLDER: Final = CONTENT / "incidents"
ANSWERS: Final = ("yes", "no", "unknown")
"""To a sign in an advert. Unknown is not no (R6)."""
MARKS: Final = ("done", "not_yet", "does_not_apply")
"""To a line of the checklist; the first answer of all is 'not_yet'."""
EVIDENCE: Final = ("verified", "memory", "proposal", "unconfirmed")


class BadList(ValueError):
    """A file of lists cannot be used; the message names file, place and what is wrong."""


@dataclass(frozen=True)
class Sign:
    """One sign an officer looks for in an advert."""

    code: str
    group: str
    asks: str


@dataclass(frozen=True)
class SignSet:
    """The signs of one version."""

    version: str
    title: str
    source: str
    evidence: str
    reviewed: bool
    groups: Mapping[str, str]
    signs: Sequence[Sign]
    conclusions: Mapping[str, str]


@dataclass(frozen=True)
class Item:
    """One line of the checklist, with where it comes from and how sure that is."""

    code: str
    asks: str
    how: str
    source: str
    evidence: str


@dataclass(frozen=True)
class Checklist:
    """What an investigation owes to people."""

    version: str
    title: str
    reviewed: bool
    items: Sequence[Item]


def _document(path: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadList(f"{path.name}: {error}") from error
    if not isinstance(read, dict):
        raise BadList(f"{path.name}: the file must be a mapping of names to values")
    return read


def _need(read: Mapping[str, Any], name: str, where: str) -> Any:
    if not read.get(name):
        raise BadList(f"{where}: '{name}' is missing")
    return read[name]


@cache
def words(path: Path = FOLDER / "words.yaml") -> Mapping[str, Mapping[str, str]]:
    """Lists of codes with their English words, by the list's name. Raises `BadList`."""
    read = _document(path)
    names = ("crimes", "means", "place_kinds", "methods", "identifier_kinds")
    return {name: dict(_need(read, name, path.name)) for name in names}


@cache
def sign_set(path: Path = FOLDER / "adverts.yaml") -> SignSet:
    """The signs in adverts. Raises `BadList`."""
    read = _document(path)
    groups = dict(_need(read, "groups", path.name))
    signs: list[Sign] = []
    for number, line in enumerate(_need(read, "signs", path.name), start=1):
        where = f"{path.name}, sign {number}"
        sign = Sign(*(str(_need(line, name, where)) for name in ("code", "group", "asks")))
        if sign.group not in groups:
            raise BadList(f"{where}: there is no group '{sign.group}'")
        if any(sign.code == known.code for known in signs):
            raise BadList(f"{where}: '{sign.code}' stands twice")
        signs.append(sign)
    return SignSet(
        version=str(_need(read, "version", path.name)), title=_need(read, "title", path.name),
        source=_need(read, "source", path.name), evidence=_evidence(read, path.name),
        reviewed=read["review"]["status"] == "reviewed", groups=groups, signs=tuple(signs),
        conclusions=dict(_need(read, "conclusions", path.name)),
    )  # fmt: skip


@cache
def checklist(path: Path = FOLDER / "checklist.yaml") -> Checklist:
    """The checklist of an investigation. Raises `BadList`."""
    read = _document(path)
    items = []
    for number, line in enumerate(_need(read, "items", path.name), start=1):
        where = f"{path.name}, item {number}"
        code, asks, how, source = (
            str(_need(line, name, where)) for name in ("code", "asks", "how", "source")
        )
        items.append(Item(code, asks, how, source, _evidence(line, where)))
    return Checklist(
        version=str(_need(read, "version", path.name)), title=_need(read, "title", path.name),
        reviewed=read["review"]["status"] == "reviewed", items=tuple(items),
    )  # fmt: skip


def _evidence(read: Mapping[str, Any], where: str) -> str:
    evidence = str(_need(read, "evidence", where))
    if evidence not in EVIDENCE:
        raise BadList(f"{where}: 'evidence' must be one of {', '.join(EVIDENCE)}")
    return evidence


def every_word() -> list[str]:
    """All English words of these lists, for translators."""
    found = [word for group in words().values() for word in group.values()]
    signs, listed = sign_set(), checklist()
    found += [signs.title, listed.title, *signs.groups.values(), *signs.conclusions.values()]
    found += [sign.asks for sign in signs.signs]
    for item in listed.items:
        found += [item.asks, item.how]
    return list(dict.fromkeys(found))
