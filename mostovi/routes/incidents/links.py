# SPDX-License-Identifier: EUPL-1.2
"""Links between incidents: what two of them share, how telling that is, and how they hang together.

Works on blind keys alone. A shared thing is a fact; what it means is for a person to decide. What
many incidents share (a bus company's number, a money-transfer office) says little about any two of
them: such things are shown as widely shared and join nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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

    @property
    def is_wide(self) -> bool:
        """Whether so many share it that it joins nobody."""
        return len(self.incidents) >= WIDE


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


def shared_things(held: Iterable[Held]) -> list[Shared]:
    """Everything noted at two incidents or more, most widely shared last."""
    places: dict[tuple[str, bytes], dict[str, None]] = defaultdict(dict)
    for item in held:
        places[item.kind, item.token][item.incident] = None
    found = [
        Shared(kind, token, tuple(sorted(incidents)))
        for (kind, token), incidents in places.items()
        if len(incidents) > 1
    ]
    return sorted(found, key=lambda item: (len(item.incidents), item.kind, item.token))


def links(shared: Iterable[Shared]) -> list[Link]:
    """Every pair that shares something telling; pairs with most in common first."""
    pairs: dict[tuple[str, str], list[Shared]] = defaultdict(list)
    for item in shared:
        if not item.is_wide:
            for pair in combinations(item.incidents, 2):
                pairs[pair].append(item)
    made = [Link(one, other, tuple(items)) for (one, other), items in pairs.items()]
    return sorted(made, key=lambda link: (-len(link.shared), link.one, link.other))


def groups(
    pairs: Iterable[tuple[str, str]], refuted: Iterable[tuple[str, str]] = ()
) -> list[tuple[str, ...]]:
    """Incidents that hang together by `pairs`, without those a person has refuted. Largest first.

    >>> groups([("a", "b"), ("b", "c")], refuted=[("c", "b")])
    [('a', 'b')]
    """
    gone = {frozenset(pair) for pair in refuted}
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for one, other in pairs:
        if frozenset((one, other)) not in gone:
            parent[root(other)] = root(one)
    members: dict[str, list[str]] = defaultdict(list)
    for name in parent:
        members[root(name)].append(name)
    return sorted((tuple(sorted(m)) for m in members.values()), key=lambda m: (-len(m), m))


def around(links_: Sequence[Link], centre: str, steps: int = 2) -> Mapping[str, int]:
    """Incidents within `steps` links of `centre`, with how far away each is."""
    near: dict[str, int] = {centre: 0}
    for step in range(1, steps + 1):
        for link in links_:
            for here, there in ((link.one, link.other), (link.other, link.one)):
                if near.get(here) == step - 1 and there not in near:
                    near[there] = step
    return near
