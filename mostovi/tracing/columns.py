# SPDX-License-Identifier: EUPL-1.2
"""One record as the columns that the bulk comparison reads. Everything slow happens here, once.

`linking` compares these columns in SQL and `comparing` compares the records in Python; both must
say the same of every pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
NAME_TYPES: Final[Mapping[str, str]] = {
    "first": "string", "first_other": "string", "first_vowels": "int64", "first_need": "int64",
    "first_coarse": "string", "first_edit": "string", "first_letter": "string",
    "first_initial": "string", "first_rare": "string", "first_common": "string",
    "last": "string", "last_other": "string", "last_vowels": "int64", "last_need": "int64",
    "last_coarse": "string", "last_edit": "string", "last_letter": "string",
    "last_initial": "string", "last_rare": "string", "last_common": "string",
    "line": "string", "words": "int64", "tokens": "list",
}  # fmt: skip
OTHER_TYPES: Final[Mapping[str, str]] = {
    "birth_first": "int64", "birth_last": "int64", "birth_year": "int64", "birth_month": "int64",
    "birth_day": "int64", "sex": "string",
    "place_paths": "list", "place_exact": "list", "place_above": "list", "place_countries": "list",
    "key_pairs": "list", "key_first_year": "string", "key_last_year": "string",
    "key_day": "string", "key_first_place": "string", "key_last_place": "string",
    "key_start": "string",
}  # fmt: skip


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


def _named(prefix: str, name: ReadName | None) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(f"{prefix}_{column}" for column in NAME_TYPES)
    if name is None:
        return row
    row |= {f"{prefix}_first{part}": value for part, value in _word(name.first).items()}
    if name.last is not None:
        row |= {f"{prefix}_last{part}": value for part, value in _word(name.last).items()}
        if name.last.token == name.first.token:
            # One name written twice is rare once.
            row |= {f"{prefix}_last_rare": None, f"{prefix}_last_common": None}
    row[f"{prefix}_line"] = name.line if len(name.line) >= 4 else None
    row[f"{prefix}_words"] = len(name.words)
    row[f"{prefix}_tokens"] = list(name.tokens)
    return row


def _word(word: NameWord) -> dict[str, Any]:
    letter = word.token[:1]
    if word.initial:
        return {"_letter": letter, "_initial": letter}
    length = min(len(word.token), SLOTS)
    long_enough = len(word.token) >= 3
    return {
        "": word.token,
        "_other": word.other or None,
        "_vowels": word.vowels,
        "_need": length - (len(word.token) > 4),
        "_coarse": coarse(word.token) if long_enough else None,
        "_edit": word.token if long_enough else None,
        "_letter": letter,
        "_rare": word.token if word.commonness is Commonness.RARE else None,
        "_common": word.token if word.commonness is Commonness.COMMON else None,
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
    found = [place for place in map(places.read_place, person.places) if place]
    if not found:
        return dict.fromkeys(["place_paths", "place_exact", "place_above", "place_countries"])
    paths = sorted({place.path for place in found})
    return {
        "place_paths": paths,
        "place_exact": [path for path in paths if "/" in path or path.startswith("?")],
        "place_above": sorted({above for p in found for above in p.above if "/" in above}),
        "place_countries": sorted({place.country for place in found} - {""}),
    }


def _keys(name: ReadName | None, row: Mapping[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "key_pairs": [], "key_first_year": None, "key_last_year": None, "key_day": None,
        "key_first_place": None, "key_last_place": None, "key_start": None,
    }  # fmt: skip
    if name is None:
        return keys
    tokens = [coarse(word.token) for word in name.words if not word.initial][:4]
    keys["key_pairs"] = sorted({"+".join(sorted(pair)) for pair in combinations(tokens, 2)})
    ends = [coarse(word.token) for word in name.ends]
    year = row["birth_year"]
    if year is not None and ends:
        keys["key_first_year"] = f"{ends[0]}{year}"
        keys["key_last_year"] = f"{ends[-1]}{year}"
        if row["birth_day"] is not None:
            keys["key_day"] = f"{year}-{row['birth_month']}-{row['birth_day']}"
    if row["place_exact"] and ends:
        keys["key_first_place"] = f"{ends[0]}{row['place_exact'][0]}"
        keys["key_last_place"] = f"{ends[-1]}{row['place_exact'][0]}"
    if len(ends) > 1:
        keys["key_start"] = f"{ends[0][:2]}+{ends[1][:3]}"
    return keys
