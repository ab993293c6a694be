# SPDX-License-Identifier: EUPL-1.2
"""Duties to keep a person's data: packages with such a duty register a function that names it.

Erasure, by the person's wish or at the end of retention, waits while any duty stands (R8, R10).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mostovi.people.models import Person


@dataclass(frozen=True, slots=True)
class Duty:
    """Why data must be kept: words for the person, the legal source, and until when if known."""

    code: str
    text: str
    source: str
    until: date | None = None


Source = Callable[["Person"], Sequence[Duty]]
_sources: list[Source] = []
Eraser = Callable[["Person"], None]
_erasers: list[Eraser] = []
Copier = Callable[["Person"], tuple[str, object]]
_copiers: list[Copier] = []


def register(source: Source) -> Source:
    """Have `source(person)` asked for duties; usable as a decorator."""
    if source not in _sources:
        _sources.append(source)
    return source


def unregister(source: Source) -> None:
    """The counterpart of `register`."""
    _sources.remove(source)


def duties(person: Person) -> list[Duty]:
    """Every duty that stands against erasure now."""
    return [duty for source in _sources for duty in source(person)]


Use = Callable[["Person"], bool]
_uses: list[Use] = []


def register_use(use: Use) -> Use:
    """Have `use(person)` say whether another package still works with the person.

    It keeps the retention job away, and never stands against a person's own wish to be erased.
    """
    if use not in _uses:
        _uses.append(use)
    return use


def in_use(person: Person) -> bool:
    """Whether any package still works with the person."""
    return any(use(person) for use in _uses)


def register_eraser(eraser: Eraser) -> Eraser:
    """Have `eraser(person)` erase what another package holds on the person, when it is erased."""
    if eraser not in _erasers:
        _erasers.append(eraser)
    return eraser


def erase_elsewhere(person: Person) -> None:
    """Call every eraser, inside the erasure's transaction."""
    for eraser in list(_erasers):
        eraser(person)


def register_copier(copier: Copier) -> Copier:
    """Have `copier(person) -> (heading, JSON-ready value)` add to the copy of a person's file."""
    if copier not in _copiers:
        _copiers.append(copier)
    return copier


def copies(person: Person) -> dict[str, object]:
    """What other packages hold on the person, by heading."""
    return dict(copier(person) for copier in _copiers)
