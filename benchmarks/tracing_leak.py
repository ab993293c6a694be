# SPDX-License-Identifier: EUPL-1.2
"""What a curious node learns from private matching, beside what plain encodings give away.

    .venv/bin/python benchmarks/tracing_leak.py [--searches 200] [--persons 5000] [--guesses 10000]

Three attackers over one invented population, whose names are drawn with a Zipf frequency as names
are in life (names from content/synthetic/names.yaml, so overlap between the sets is kept):

* a curious SEEKER: everything its node receives in a round, for holders of very different size;
* a curious HOLDER: spends its evaluations on guessed persons instead of its own, most likely ones
  first, and counts the searches whose label opens;
* the comparison, a receiver of plain field Bloom filters (secret hash key, never told), who only
  counts equal filters and aligns them with a public frequency list; and one who knows the key, as
  the partners of a linkage do, and so guesses without any limit.

`--real` carries the guesses through the whole protocol instead of set membership; both give the
same hits (`tests/tracing/test_intersection.py` is the proof), one is a thousand times slower.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import random
import secrets
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from mostovi.content import CONTENT
from mostovi.tracing import intersection, oprf
from mostovi.tracing.intersection import Labelled
from mostovi.tracing.joint_keys import joint_keys
from mostovi.tracing.keys import blocking_keys
from mostovi.tracing.records import Born, Certainty, Identity, WrittenName

BITS, HASHES = 1000, 20


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented person."""

    given: str
    family: str
    year: int

    @property
    def identity(self) -> Identity:
        """As the node compares it."""
        return Identity(
            names=(WrittenName(f"{self.given} {self.family}"),),
            birth=Born(self.year, certainty=Certainty.YEAR),
        )


def name_lists() -> tuple[list[str], list[str]]:
    """Given and family names in Latin letters, in an order that stands for their frequency."""
    document = yaml.safe_load((CONTENT / "synthetic" / "names.yaml").read_text(encoding="utf-8"))
    given: list[str] = []
    family: list[str] = []
    for one in document["sets"].values():
        for kind, found in (("female", given), ("male", given), ("family", family)):
            found.extend(str(name).split("|")[-1].split("/")[0] for name in one.get(kind, ()))
    return list(dict.fromkeys(given)), list(dict.fromkeys(family))


def zipf(names: list[str]) -> list[float]:
    """How often each name is borne: the second half as often as the first, and so on."""
    return [1 / (rank + 1) for rank in range(len(names))]


def population(count: int, chance: random.Random) -> list[Invented]:
    """Persons whose names are drawn as often as they are borne."""
    given, family = name_lists()
    chosen = zip(
        chance.choices(given, zipf(given), k=count),
        chance.choices(family, zipf(family), k=count),
        strict=True,
    )
    return [Invented(g, f, chance.randint(1960, 2018)) for g, f in chosen]


# --- Curious seeker ------------------------------------------------------------------------------


def seeker_sees(sizes: list[int]) -> dict[str, int]:
    """Bytes that come back from holders of these sizes, in keys."""
    seed = secrets.token_bytes(32)
    return {
        str(size): len(intersection.blinded(seed, [f"k{n}" for n in range(size)])) for size in sizes
    }


# --- Curious holder ------------------------------------------------------------------------------


def likely_names(count: int) -> list[Invented]:
    """The likeliest names by the public frequency list."""
    given, family = name_lists()
    chances = [
        (p * q, g, f)
        for g, p in zip(given, zipf(given), strict=True)
        for f, q in zip(family, zipf(family), strict=True)
    ]
    chances.sort(reverse=True)
    return [Invented(g, f, 0) for _, g, f in chances[:count]]


def likely_persons(count: int) -> list[Invented]:
    """The likeliest persons: the likeliest names, each with every year of birth."""
    years = range(1960, 2019)
    names = likely_names(count // len(years) + 1)
    return [Invented(one.given, one.family, year) for one in names for year in years][:count]


def guessed(
    searches: list[Invented], guesses: list[Invented], *, joint: bool, real: bool
) -> dict[str, float]:
    """Labels opened by guessing, and the evaluations that it cost.

    joint: as the product does it, two facts to a key; else as if one key (a name) were enough.
    """
    wanted = [keys_of(one.identity, joint=joint) for one in searches]
    keys: dict[str, None] = {}
    for one in guesses:
        named = Identity(names=(WrittenName(f"{one.given} {one.family}"),))
        keys.update(dict.fromkeys(keys_of(one.identity if joint else named, joint=joint)))
    tried = list(keys)
    began = time.monotonic()
    if real:
        secret, seed = oprf.new_scalar(), secrets.token_bytes(32)
        labelled = [Labelled(keys, {"n": n}) for n, keys in enumerate(wanted)]
        published = intersection.offer(secret, labelled)
        answer = intersection.evaluated(secret, intersection.blinded(seed, tried))
        opened = len(intersection.opened(seed, tried, answer, published))
    else:
        held = set(tried)
        opened = sum(1 for keys in wanted if held & set(keys))
    return {
        "guesses": len(guesses),
        "evaluations": len(tried),
        "labels_opened": opened,
        "of_searches": len(searches),
        "per_10000_evaluations": round(opened / max(len(tried), 1) * 10_000, 1),
        "seconds": round(time.monotonic() - began, 2),
    }


def keys_of(person: Identity, *, joint: bool) -> tuple[str, ...]:
    """The keys under which a person is looked for."""
    found = blocking_keys(person)
    return joint_keys(found) if joint else found


# --- The comparison: plain Bloom filters ---------------------------------------------------------


def bloom(text: str, key: bytes) -> bytes:
    """A field as a Bloom filter of its letter pairs under a secret key (Schnell and others)."""
    filled = 0
    padded = f" {text.casefold()} "
    for start in range(len(padded) - 1):
        pair = padded[start : start + 2].encode()
        first = int.from_bytes(hmac.new(key, b"1" + pair, hashlib.sha256).digest()[:8], "big")
        second = int.from_bytes(hmac.new(key, b"2" + pair, hashlib.sha256).digest()[:8], "big")
        for number in range(HASHES):
            filled |= 1 << ((first + number * second) % BITS)
    return filled.to_bytes(BITS // 8, "big")


def aligned(people: list[Invented]) -> dict[str, float]:
    """Frequency alignment without the key: the nth commonest filter is the nth commonest name."""
    key = secrets.token_bytes(32)
    given, family = name_lists()
    right = {"given": 0, "family": 0}
    both = [True] * len(people)
    for field, public in (("given", given), ("family", family)):
        values = [getattr(one, field) for one in people]
        encoded = [bloom(value, key) for value in values]
        ranked = [code for code, _ in Counter(encoded).most_common()]
        guess = dict(zip(ranked, public, strict=False))
        for number, (code, value) in enumerate(zip(encoded, values, strict=True)):
            hit = guess.get(code) == value
            right[field] += hit
            both[number] &= hit
    count = len(people)
    return {
        "records": count,
        "given_names_read_percent": round(100 * right["given"] / count, 1),
        "family_names_read_percent": round(100 * right["family"] / count, 1),
        "whole_names_read_percent": round(100 * sum(both) / count, 1),
    }


def dictionary(people: list[Invented]) -> dict[str, float]:
    """Whoever knows the key reads every filter whose name stands in a list, at leisure."""
    key = secrets.token_bytes(32)
    given, family = name_lists()
    began = time.monotonic()
    books = [{bloom(name, key): name for name in names} for names in (given, family)]
    read = sum(
        books[0].get(bloom(one.given, key)) == one.given
        and books[1].get(bloom(one.family, key)) == one.family
        for one in people
    )
    return {
        "whole_names_read_percent": round(100 * read / len(people), 1),
        "hashes_of_the_attacker": len(given) + len(family),
        "seconds": round(time.monotonic() - began, 2),
    }


def main() -> int:
    """Print everything as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--searches", type=int, default=200)
    parser.add_argument("--persons", type=int, default=5_000)
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    chance = random.Random(6)
    searches = population(options.searches, chance)
    people = population(options.persons, chance)
    report = {
        "curious_seeker": {"bytes_received_for_keys": seeker_sees([1, 50, 1_000, 1_500, 3_000])},
        "curious_holder": [
            guessed(searches, likely_persons(count), joint=True, real=options.real)
            for count in (100, 1_000, options.guesses, 10 * options.guesses)
        ],
        "curious_holder_if_one_key_were_enough": [
            guessed(searches, likely_names(count), joint=False, real=options.real)
            for count in (100, 1_000, options.guesses)
        ],
        "plain_bloom_filters_key_unknown": aligned(people),
        "plain_bloom_filters_key_known": dictionary(people),
    }
    text = json.dumps(report, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
