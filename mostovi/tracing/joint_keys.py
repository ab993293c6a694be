# SPDX-License-Identifier: EUPL-1.2
"""The keys of private matching: two facts about a person together, never one alone.

Within a node one shared key is enough to look at a pair. Between nodes a single key (two words of
a name) could be guessed from a list of common names, so there a key joins two: the name with a year
of birth, a place or a relative's name, and so on. A joint key is `<key>&<key>`, both from
`keys.blocking_keys`, and falls back into its two parts.
"""

from __future__ import annotations

from collections.abc import Iterable

_TOGETHER = (("n", "y"), ("n", "p"), ("n", "r"), ("r", "y"), ("p", "y"), ("p", "r"))


def joint_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """The joint keys of a record from its blocking keys, sorted, each once.

    >>> joint_keys(["n:ali+hasan", "y:ali+1990", "y:hasan+1990"])
    ('n:ali+hasan&y:ali+1990',)
    """
    by_kind: dict[str, list[str]] = {}
    for key in keys:
        by_kind.setdefault(key[:1], []).append(key)
    found: set[str] = set()
    for first, second in _TOGETHER:
        for one in by_kind.get(first, ()):
            word = leading(one)
            found.update(
                f"{one}&{other}" for other in by_kind.get(second, ()) if leading(other) == word
            )
    return tuple(sorted(found))


def leading(key: str) -> str:
    """The word of the name that a key begins with.

    Both parts of a joint key tell of the same word; of the two words of a pair it is the first in
    order, so that a pair and a year make one joint key and not two.
    """
    return key[2:].split("+", 1)[0]


def parts(key: str) -> tuple[str, ...]:
    """The blocking keys that a joint key is made of."""
    return tuple(key.split("&"))
