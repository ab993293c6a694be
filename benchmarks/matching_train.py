# SPDX-License-Identifier: EUPL-1.2
"""Trains the weights of matching and writes them into mostovi/content/matching/model.yaml.

    python -m benchmarks.matching_train [--write]

Persons of the synthetic world are registered twice (`matching_data`). m is counted over pairs of
records of one person. u is counted over pairs of different persons: for names over pairs drawn
from all, for the rest over pairs that share two words of their names (brothers, sisters,
namesakes), whom a worker must not take for one person. The prior is the share of true pairs among
all pairs of these records.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

from benchmarks import matching_data
from mostovi.tracing import comparing, dates, keys, names
from mostovi.tracing.model import current
from mostovi.tracing.records import Identity, Relative, Sex, WrittenName

MODEL = Path(__file__).parent.parent / "mostovi" / "content" / "matching" / "model.yaml"
PERSONS = 12_000
SEED = 41
LARGEST_BLOCK = 60
SMOOTHING = 2.0
FEWEST = 20
"""Levels seen less often keep the weights that the file assumes."""
RANDOM_PAIRS = 600_000


def identity(record: matching_data.Record) -> Identity:
    """A record as the matching reads it."""
    relations = [
        Relative(kind, Identity((WrittenName(name),)))
        for kind, name in (("mother", record.mother), ("father", record.father))
        if name
    ]
    return Identity(
        (WrittenName(record.name),),
        Sex(record.sex),
        dates.read_birth(record.birth),
        (record.place,) if record.place else (),
        tuple(relations),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the weights into model.yaml")
    parser.add_argument("--persons", type=int, default=PERSONS)
    options = parser.parse_args()
    persons = list(
        matching_data.families(
            matching_data.synthetic() + matching_data.wikidata("train"), options.persons, SEED
        )
    )
    records = list(matching_data.registered(persons, SEED + 1, twice=0.7))
    same, different = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    people = {record.identifier: identity(record) for record in records}
    owner = {record.identifier: record.person for record in records}
    blocks: dict[str, list[str]] = defaultdict(list)
    for identifier, person in people.items():
        for key in keys.blocking_keys(person):
            # Keys of place and relatives would make those alike among the pairs that are counted.
            if not key.startswith(("n:", "y:")):
                continue
            blocks[key].append(identifier)
    random_ = random.Random(SEED + 2)
    pairs: set[tuple[str, str]] = set()
    namesakes: set[tuple[str, str]] = set()
    for key, block in blocks.items():
        if len(block) > LARGEST_BLOCK:
            block = random_.sample(block, LARGEST_BLOCK)
        made = {(min(a, b), max(a, b)) for a, b in combinations(block, 2)}
        pairs |= made
        if key.startswith("n:"):
            namesakes |= made
    true = {
        (f"a{person.number}", f"b{person.number}")
        for person in persons
        if f"b{person.number}" in people
    }
    found = len(true & pairs)
    print(f"{len(pairs):,} pairs share a key, {found:,} of {len(true):,} true pairs among them")
    for left, right in pairs | true:
        match = comparing.compare(people[left], people[right])
        counts = same if owner[left] == owner[right] else different
        for part in match.parts[1:]:
            # Keys of a year would make years alike among the pairs that are counted, and any key
            # makes names alike; those are counted over pairs drawn from all.
            if counts is different and (part.field == "names" or (left, right) not in namesakes):
                continue
            counts[(part.field, part.level)] += 1
    every = list(people)
    read = {name: names.read_name(person.names[0].text) for name, person in people.items()}
    for _ in range(RANDOM_PAIRS):
        left, right = random_.choice(every), random_.choice(every)
        if owner[left] != owner[right]:
            different[("names", names.level_of(read[left], read[right]))] += 1
    _count_words(persons, people, random_, same, different)
    _report(same, different, len(true) / (len(people) ** 2 / 2), write=options.write)


def _count_words(
    persons: list[matching_data.Person],
    people: dict[str, Identity],
    random_: random.Random,
    same: Counter[tuple[str, str]],
    different: Counter[tuple[str, str]],
) -> None:
    """Words of names set side by side: of one person, and of two persons of one origin."""
    origins: dict[str, list[int]] = defaultdict(list)
    for person in persons:
        origins[person.origin.origin].append(person.number)
    for person in persons:
        if f"b{person.number}" not in people:
            continue
        left = people[f"a{person.number}"]
        other = random_.choice(origins[person.origin.origin])
        for right, counts in ((f"b{person.number}", same), (f"a{other}", different)):
            if counts is different and other == person.number:
                continue
            one = names.read_name(left.names[0].text)
            two = names.read_name(people[right].names[0].text)
            for pairing in names.side_by_side(one, two):
                counts[("word", names.word_level(pairing))] += 1


def _report(
    same: Counter[tuple[str, str]],
    different: Counter[tuple[str, str]],
    prior: float,
    *,
    write: bool,
) -> None:
    text = MODEL.read_text(encoding="utf-8")
    for code, comparison in current().comparisons.items():
        of_same = sum(same[(code, level)] for level in comparison.levels)
        of_different = sum(different[(code, level)] for level in comparison.levels)
        source = code if of_same and of_different else "mother"
        of_same = sum(same[(source, level)] for level in comparison.levels)
        of_different = sum(different[(source, level)] for level in comparison.levels)
        spread = SMOOTHING * len(comparison.levels)
        for level in comparison.levels:
            if same[(source, level)] + different[(source, level)] < FEWEST:
                continue
            m = (same[(source, level)] + SMOOTHING) / (of_same + spread)
            u = (different[(source, level)] + SMOOTHING) / (of_different + spread)
            print(f"{code:10} {level:14} m {m:.5f}  u {u:.5f}")
            text = _replaced(text, code, level, m, u)
    print(f"prior {prior:.6f}")
    text = re.sub(r"(?m)(?<=^prior: \{value: )[0-9.e-]+", f"{prior:.6f}", text)
    if write:
        MODEL.write_text(text, encoding="utf-8")


def _replaced(text: str, code: str, level: str, m: float, u: float) -> str:
    start = re.search(rf"^  - code: {code}$", text, re.MULTILINE)
    assert start is not None, code
    head, tail = text[: start.end()], text[start.end() :]
    pattern = rf"(code: {level}, m: )[0-9.e-]+(, u: )[0-9.e-]+"
    return head + re.sub(pattern, rf"\g<1>{m:.6f}\g<2>{u:.6f}", tail, count=1)


if __name__ == "__main__":
    main()
