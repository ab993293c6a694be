# SPDX-License-Identifier: EUPL-1.2
"""Links between incidents: what two of them share, and how telling that is.

Works on blind keys alone. A shared thing is a fact; what it means is for a person to decide. What
many incidents share (a bus company's number, a money-transfer office) says little about any two of
them: such things are shown as widely shared and join nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

WIDE: Final = 8
"""Incidents from which a shared thing joins nobody any longer (a working value, ours)."""


@dataclass(frozen=True)
class Held:
    """One thing noted at one incident: its kind and blind key."""

    incident: str
    kind: str
    token: bytes


@dataclass(frozen=True)
class Shared:
    """One thing and the incidents it was noted at, in their order."""

    kind: str
    token: bytes
    incidents: tuple[str, ...]
    widely: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether so many share it that it joins nobody; `widely` when not all are here."""
        return self.widely or len(self.incidents) >= WIDE


@dataclass(frozen=True)
class Link:
    """Two incidents and what they share that is not widely shared."""

    one: str
    other: str
    shared: tuple[Shared, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of things shared, each once."""
        return tuple(dict.fromkeys(item.kind for item in self.shared))


def shared_things(held: Iterable[Held], wide: Collection[tuple[str, bytes]] = ()) -> list[Shared]:
    """Everything noted at two incidents or more, most widely shared last.

    `wide`: things known to be widely shared among more incidents than `held` speaks of.
    """
    places: dict[tuple[str, bytes], dict[str, None]] = defaultdict(dict)
    for item in held:
        places[item.kind, item.token][item.incident] = None
    found = [
        Shared(kind, token, tuple(sorted(incidents)), (kind, token) in wide)
        for (kind, token), incidents in places.items()
        if len(incidents) > 1
    ]
    return sorted(
        found, key=lambda item: (item.is_wide, len(item.incidents), item.kind, item.token)
    )


def links(shared: Iterable[Shared]) -> list[Link]:
    """Every pair that shares something telling; pairs with most in common first."""
    pairs: dict[tuple[str, str], list[Shared]] = defaultdict(list)
    for item in shared:
        if not item.is_wide:
            for pair in combinations(item.incidents, 2):
                pairs[pair].append(item)
    made = [Link(one, other, tuple(items)) for (one, other), items in pairs.items()]
    return sorted(made, key=lambda link: (-len(link.shared), link.one, link.other))
