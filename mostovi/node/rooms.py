# SPDX-License-Identifier: EUPL-1.2
"""The left rail: the rooms of all packages that the acting role may enter."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import SYSTEM_ACCOUNT, Action, Actor, Kind, decide
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

log = logging.getLogger(__name__)

PACKAGES = (
    "cases", "cases.children", "cases.victims", "cases.alternatives", "cases.transfers",
    "cases.directory", "tracing", "pathways", "people",
    "screening", "routes", "routes.incidents", "exchange", "procedures", "portal",
    "statistics", "plan",
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


@lru_cache(maxsize=256)
def _open_to(role: Role, purpose: Purpose) -> tuple[tuple[RoomEntry, str], ...]:
    """The rooms with their addresses; they depend on role and purpose alone."""
    actor = Actor(SYSTEM_ACCOUNT, role, purpose)
    return tuple(
        (entry, reverse(entry[2])) for entry in entries() if decide(actor, *entry[3:5]).allowed
    )


def rooms_of(actor: Actor, path: str) -> list[Room]:
    """The rooms `actor` may enter; the one that `path` lies in is marked."""
    allowed = _open_to(actor.role, actor.purpose)
    here = room_of(actor, path)
    return [
        Room(entry[0], str(entry[1]), url, entry[5], current=url == here) for entry, url in allowed
    ]


def room_of(actor: Actor, path: str) -> str:
    """The address of the room that `path` lies in, or an empty text."""
    return _nearest(path, (url for _entry, url in _open_to(actor.role, actor.purpose)))


def _nearest(path: str, urls: Iterable[str]) -> str:
    """The longest of `urls` that `path` starts with."""
    return max((url for url in urls if path.startswith(url)), key=len, default="")
