# SPDX-License-Identifier: EUPL-1.2
"""One person: all pathways of a partner answered, with all reasons and next questions.

    python -m benchmarks.pathways_person [--people 2000]

Every person is new (nothing is answered from memory of the same answers), with no, some or all
facts known. Prints milliseconds a person: median, 95th percentile, worst; and how long the first
check of a partner takes, which builds the diagrams.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

from mostovi.pathways.answers import check, prepare
from mostovi.pathways.facts import FactKind, Vocabulary
from mostovi.pathways.library import library
from mostovi.pathways.questions import diagram_of

DAY = date(2026, 11, 24)
KNOWN = (0.0, 0.1, 0.3, 0.6, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=2000)
    options = parser.parse_args()
    print("partner  rules  nodes  prepare ms | known: median / p95 / worst ms a person")
    for partner in library().codes:
        rules = library().rule_set(partner, DAY)
        start = time.perf_counter()
        prepare(rules)
        prepared = (time.perf_counter() - start) * 1000
        nodes = sum(diagram_of(rule, rules.vocabulary).size() for rule in rules.rules)
        told = []
        for known in KNOWN:
            each = sorted(_measure(rules, rules.vocabulary, known, options.people))
            middle, high = each[len(each) // 2], each[int(len(each) * 0.95)]
            told.append(f"{known:.0%}: {middle:.2f} / {high:.2f} / {each[-1]:.2f}")
        print(
            f"{partner:<8} {len(rules.rules):>5} {nodes:>6} {prepared:>11.1f} | {'; '.join(told)}"
        )


def _measure(rules: Any, vocabulary: Vocabulary, known: float, people: int) -> list[float]:
    randomness = random.Random(20261124)
    milliseconds = []
    for _ in range(people):
        facts = _person(randomness, vocabulary, known)
        start = time.perf_counter()
        check(rules, facts)
        milliseconds.append((time.perf_counter() - start) * 1000)
    return milliseconds


def _person(randomness: random.Random, vocabulary: Vocabulary, known: float) -> Mapping[str, Any]:
    facts: dict[str, Any] = {}
    for fact in vocabulary:
        if randomness.random() >= known:
            continue
        if fact.kind is FactKind.YES_NO:
            facts[fact.code] = randomness.random() < 0.5
        elif fact.kind is FactKind.CHOICE:
            facts[fact.code] = randomness.choice(fact.choices)
        elif fact.kind is FactKind.NUMBER:
            facts[fact.code] = randomness.randint(int(fact.lowest), int(fact.highest))
        else:
            facts[fact.code] = randomness.choice(["SY", "AF", "BA", "RS", "stateless"])
    return facts


if __name__ == "__main__":
    main()
