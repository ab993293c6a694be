# SPDX-License-Identifier: EUPL-1.2
"""Keys under which a record is filed, so that few pairs need comparing.

Two records that share no key are never compared. Keys are made of sounds, years and places, so
they are the same in every script, and they are plain text: a node files them only through its
keyed blinding, and between nodes they travel only inside private set intersection.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

from mostovi.tracing import dates, places
from mostovi.tracing.comparing import readable
from mostovi.tracing.names import ReadName
from mostovi.tracing.records import Identity
from mostovi.tracing.sounds import coarse

VERSION: Final = "1"
"""Changes whenever the same record would get other keys; indexes are then built anew."""
MOST_WORDS: Final = 4
WIDEST_SPAN: Final = 7
"""Years; a wider estimate tells too little to file by."""


def blocking_keys(person: Identity) -> tuple[str, ...]:
    """The keys of a record, sorted, each once; none for a record without a readable name.

    Kinds: `n` two words of the name, `y` a word and a year of birth, `p` a word and a place,
    `r` a word and a word of a relative's name.
    """
    found: set[str] = set()
    for _, name in readable(person):
        words = _words(name)
        found.update("n:" + "+".join(sorted(pair)) for pair in combinations(words, 2))
        years = list(dates.years_of(person.birth))
        if len(years) <= WIDEST_SPAN:
            found.update(f"y:{word}+{year}" for word in words for year in years)
        for place in filter(None, map(places.read_place, person.places)):
            if "/" in place.path or place.path.startswith("?"):
                found.update(f"p:{word}+{place.path}" for word in words)
        for relative in person.relations:
            for _, other in readable(relative.person):
                found.update(f"r:{word}+{coarse(other.first.token)}" for word in words)
    return tuple(sorted(found))


def _words(name: ReadName) -> list[str]:
    return [coarse(word.token) for word in name.words if not word.initial][:MOST_WORDS]
