# SPDX-License-Identifier: EUPL-1.2
"""To whom a person's data went: packages that send register a function that answers it (R8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mostovi.people.models import Person


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One sending. `receiver` is a node code, `fields` what was sent, `basis` consent or duty.

    `withdrawn` says that the receiver was told to stop using it.
    """

    receiver: str
    at: datetime
    purpose: str
    fields: Sequence[str]
    basis: str
    state: str = ""
    withdrawn: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain values for a copy of the file."""
        return {
            "receiver": self.receiver,
            "at": self.at.isoformat(),
            "purpose": self.purpose,
            "fields": list(self.fields),
            "basis": self.basis,
            "state": self.state,
            "withdrawn": self.withdrawn,
        }


Source = Callable[["Person"], Sequence[Disclosure]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Have `source(person)` asked for its sendings; usable as a decorator."""
    if source not in _sources:
        _sources.append(source)
    return source


def unregister(source: Source) -> None:
    """The counterpart of `register`."""
    _sources.remove(source)


def of(person: Person) -> list[Disclosure]:
    """All sendings of this person's data, newest first."""
    found = [disclosure for source in _sources for disclosure in source(person)]
    return sorted(found, key=lambda disclosure: disclosure.at, reverse=True)
