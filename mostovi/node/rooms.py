# SPDX-License-Identifier: EUPL-1.2
"""The left rail: the rooms of all packages that the acting role may enter."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Actor, Kind, decide

log = logging.getLogger(__name__)

PACKAGES = (
    "cases", "cases.children", "cases.victims", "cases.alternatives", "cases.transfers",
    "cases.directory", "tracing", "people",
    "screening", "exchange", "procedures", "portal", "statistics", "plan",
    "rights", "node",
)  # fmt: skip
"""In the order of the rail: a person's way first, then counts, then the house itself."""

RoomEntry = tuple[str, str | Promise, str, Action, Kind, str]

ROOMS: list[RoomEntry] = [
    ("accounts", _("Accounts"), "node:accounts", Action.READ, Kind.ACCOUNT, "person-gear"),
]


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the rail, ready to draw."""

    code: str
    label: str
    url: str
    icon: str
    current: bool = False


def offered(module: str) -> dict[str, ModuleType]:
    """The module of that name of every package that has one."""
    return {
        package: import_module(f"mostovi.{package}.{module}")
        for package in PACKAGES
        if find_spec(f"mostovi.{package}.{module}")
    }


@cache
def entries() -> tuple[RoomEntry, ...]:
    """All rooms of all packages; an address that does not exist is reported once and left out."""
    found: list[RoomEntry] = []
    for module in offered("rooms").values():
        for entry in module.ROOMS:
            try:
                reverse(entry[2])
            except NoReverseMatch:
                log.warning("room without an address", extra={"room": entry[0]})
                continue
            found.append(entry)
    return tuple(found)


def rooms_of(actor: Actor, path: str) -> list[Room]:
    """The rooms `actor` may enter; the one that `path` lies in is marked."""
    allowed = [e for e in entries() if decide(actor, e[3], e[4]).allowed]
    here = _nearest(path, (reverse(entry[2]) for entry in allowed))
    return [
        Room(code, str(label), reverse(name), icon, current=reverse(name) == here)
        for code, label, name, _action, _kind, icon in allowed
    ]


def _nearest(path: str, urls: Iterable[str]) -> str:
    """The longest of `urls` that `path` starts with."""
    return max((url for url in urls if path.startswith(url)), key=len, default="")
