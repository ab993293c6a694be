# SPDX-License-Identifier: EUPL-1.2
"""One text for one person, which two nodes make in the same way: to count who is known to both.

Matching for a search compares many keys and lets an officer judge. To count, each person must have
at most one text, or one person would count several times. It is made of how the first and the last
word of the name sound, in either order, and of the year of birth. How often two records of one
person give the same text, and how often those of two persons do, is measured on labelled pairs
(`content/statistics/overlaps.yaml`).
"""

from __future__ import annotations

from typing import Final

from mostovi.tracing import dates
from mostovi.tracing.comparing import readable
from mostovi.tracing.records import Identity
from mostovi.tracing.sounds import coarse

VERSION: Final = "name-year.1"
"""Changes whenever the same record would get another text; two nodes must have the same."""


def one_text(person: Identity) -> str | None:
    """The person's text; None without a year of birth or a readable name of two words.

    An estimated year is taken in the middle of its span. A placeholder day, as 1 January, does
    not matter: only the year is taken.
    """
    born = dates.comparable(person.birth)
    if born is None:
        return None
    for _, name in readable(person):
        words = sorted(coarse(word.token) for word in name.ends)
        if len(words) == 2:
            return f"{words[0]}+{words[1]}+{(born.first + born.last) // 2}"
    return None
