# SPDX-License-Identifier: EUPL-1.2
"""One record as the columns that the bulk comparison reads. Everything slow happens here, once.

`linking` compares these columns in SQL and `comparing` compares the records in Python; both must
say the same of every pair.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from itertools import combinations
from typing import Any, Final

from mostovi.tracing import dates, places, relations
from mostovi.tracing.comparing import readable
from mostovi.tracing.names import NameWord, ReadName
from mostovi.tracing.records import Identity, Sex
from mostovi.tracing.sounds import SLOTS, coarse
from mostovi.tracing.spellings import Commonness

PEOPLE: Final[Mapping[str, str]] = {"name": "n", "mother": "mo", "father": "fa"}
"""Whose name: the person's own, the mother's, the father's; and the prefix of its columns."""
_WORD_TYPES: Final[Mapping[str, str]] = {
    "": "int64", "_other": "int64", "_vowels": "int64", "_need": "int64", "_coarse": "int64",
    "_edit": "string", "_ending": "string", "_length": "int64", "_letter": "string",
    "_initial": "string", "_rare": "int64", "_common": "int64",
}  # fmt: skip
NAME_TYPES: Final[Mapping[str, str]] = {
    **{f"{end}{part}": kind for end in ("first", "last") for part, kind in _WORD_TYPES.items()},
    "line": "int64", "words": "int64", "tokens": "list",
}  # fmt: skip
OTHER_TYPES: Final[Mapping[str, str]] = {
    "birth_first": "int64", "birth_last": "int64", "birth_year": "int64", "birth_month": "int64",
    "birth_day": "int64", "sex": "string",
    "place": "int64", "place_exact": "int64", "place_above": "int64", "place_country": "int64",
    "other_exact": "int64", "other_above": "int64", "other_country": "int64",
    "key_pairs": "list", "key_first_year": "int64", "key_last_year": "int64", "key_day": "int64",
    "key_first_place": "int64", "key_last_place": "int64", "key_start": "int64",
    "wide_first_place": "int64", "wide_last_place": "int64", "wide_start": "int64",
}  # fmt: skip
"""Lists hold whole numbers."""


@functools.lru_cache(maxsize=262_144)
def number(text: str) -> int:
    """A whole number that stands for `text`: databases compare and join numbers faster than text.

    The same in every run. Two texts of some millions meet in one number less often than once in
    a million runs.
    """
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)


def types(people: Iterable[str] = ("name",)) -> dict[str, str]:
    """Every column and its kind, for records that name these people."""
    named = {
        f"{PEOPLE[person]}_{column}": kind
        for person in people
        for column, kind in NAME_TYPES.items()
    }
    return {**named, **OTHER_TYPES}


def of(person: Identity, people: Iterable[str] = ("name",)) -> dict[str, Any]:
    """The columns of one record. Only the first readable name of each person named is used."""
    found = readable(person)
    name = found[0][1] if found else None
    row: dict[str, Any] = {}
    for which in people:
        row |= _named(PEOPLE[which], name if which == "name" else _relative(person, which))
    row |= _birth(person)
    row["sex"] = person.sex.value if person.sex in {Sex.FEMALE, Sex.MALE} else None
    row |= _places(person)
    return row | _keys(name, row)


def _relative(person: Identity, relation: str) -> ReadName | None:
    for relative in person.relations:
        if relations.kind(relative.relation) == relation:
            for _, name in readable(relative.person):
                return name
    return None


@functools.cache
def _nobody(prefix: str) -> Mapping[str, Any]:
    return dict.fromkeys(f"{prefix}_{column}" for column in NAME_TYPES)


def _named(prefix: str, name: ReadName | None) -> dict[str, Any]:
    row: dict[str, Any] = {**_nobody(prefix)}
    if name is None:
        return row
    row |= _word(f"{prefix}_first", name.first)
    if name.last is not None:
        row |= _word(f"{prefix}_last", name.last)
        if name.last.token == name.first.token:
            # One name written twice is rare once.
            row |= {f"{prefix}_last_rare": None, f"{prefix}_last_common": None}
    line = name.line
    row[f"{prefix}_line"] = number(line) if len(line) >= 4 else None
    row[f"{prefix}_words"] = len(name.words)
    row[f"{prefix}_tokens"] = [number(token) for token in name.tokens]
    return row


@functools.lru_cache(maxsize=262_144)
def _word(end: str, word: NameWord) -> Mapping[str, Any]:
    return {f"{end}{part}": value for part, value in _parts(word).items()}


def _parts(word: NameWord) -> dict[str, Any]:
    letter = word.token[:1]
    if word.initial:
        return {"_letter": letter, "_initial": letter}
    length = len(word.token)
    long_enough = length >= 3
    token = number(word.token)
    return {
        "": token,
        "_other": number(word.other) if word.other else None,
        "_vowels": word.vowels,
        "_need": min(length, SLOTS) - (length > 4),
        "_coarse": number(coarse(word.token)) if long_enough else None,
        "_edit": word.token if long_enough else None,
        "_ending": word.token[-1] if long_enough else None,
        "_length": length,
        "_letter": letter,
        "_rare": token if word.commonness is Commonness.RARE else None,
        "_common": token if word.commonness is Commonness.COMMON else None,
    }


def _birth(person: Identity) -> dict[str, Any]:
    known = dates.comparable(person.birth)
    if known is None:
        return dict.fromkeys(
            ["birth_first", "birth_last", "birth_year", "birth_month", "birth_day"]
        )
    return {
        "birth_first": known.first,
        "birth_last": known.last,
        "birth_year": known.first if known.first == known.last else None,
        "birth_month": known.month,
        "birth_day": known.day,
    }


def _places(person: Identity) -> dict[str, Any]:
    """At most two places, as files hold them; `place` says whether any is known."""
    found = dict.fromkeys(place for place in map(places.read_place, person.places) if place)
    row: dict[str, Any] = {"place": len(found) or None}
    for which, place in itertools.zip_longest(("place", "other"), list(found)[:2]):
        exact = above = country = None
        if place is not None:
            exact = place.path if "/" in place.path or place.path.startswith("?") else None
            above = next((path for path in reversed(place.above) if "/" in path), None)
            country = place.country or None
        row |= {
            f"{which}_exact": number(exact) if exact else None,
            f"{which}_above": number(above) if above else None,
            f"{which}_country": number(country) if country else None,
        }
    return row


def _keys(name: ReadName | None, row: Mapping[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "key_pairs": [], "key_first_year": None, "key_last_year": None, "key_day": None,
        "key_first_place": None, "key_last_place": None, "key_start": None,
        "wide_first_place": None, "wide_last_place": None, "wide_start": None,
    }  # fmt: skip
    if name is None:
        return keys
    tokens = sorted([coarse(word.token) for word in name.words if not word.initial][:4])
    keys["key_pairs"] = sorted({number(f"{a}+{b}") for a, b in combinations(tokens, 2)})
    ends = [coarse(word.token) for word in name.ends]
    year, place = row["birth_year"], row["place_exact"]
    if year is not None and ends:
        keys["key_first_year"] = number(f"{ends[0]}{year}")
        keys["key_last_year"] = number(f"{ends[-1]}{year}")
        if row["birth_day"] is not None:
            keys["key_day"] = 10_000 * year + 100 * row["birth_month"] + row["birth_day"]
    if place is not None and ends:
        keys["wide_first_place"] = number(f"{ends[0]}{place}")
        keys["wide_last_place"] = number(f"{ends[-1]}{place}")
        # The other word's letter, or a city's Muhammads would all be compared with each other.
        keys["key_first_place"] = number(f"{ends[0]}+{ends[-1][:1]}{place}")
        keys["key_last_place"] = number(f"{ends[-1]}+{ends[0][:1]}{place}")
    if len(ends) > 1:
        start = f"{ends[0][:2]}+{ends[1][:3]}"
        keys["wide_start"] = number(start)
        if row["birth_first"] is not None:
            keys["key_start"] = number(f"{start}{row['birth_first'] // 10}")
    return keys
