# SPDX-License-Identifier: EUPL-1.2
"""An attacker with all published tables tries to learn one planted person.

    python -m benchmarks.attack [--worlds 100] [--seed 1] [--processes 2] [--json FILE]

Three stories. In each world other people are drawn anew, one person is planted whose secret is
drawn, and the tables are made twice: as counted, and as published. The attacker
(`mostovi.statistics.attacks`) names the secret from either. Beside him the same attacker gets
published tables in which the person was never recorded: what he names then he cannot have from
her. Exit status 1 when protected tables told more than chance (two standard errors) beyond that,
or when the unprotected ones did not give her away.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from pathlib import Path

import yaml

from mostovi.content import CONTENT
from mostovi.statistics import cubing, protecting
from mostovi.statistics.attacks import Holdings, Target, guess
from mostovi.statistics.catalogue import specs
from mostovi.statistics.events import KEY_STEPS
from mostovi.statistics.made_up_events import pieces
from mostovi.statistics.months import Month
from mostovi.statistics.specs import Spec

MONTH = Month(2026, 9)


@dataclass(frozen=True)
class Story:
    """A person who is known by `known`, alone by `alone_by`; the attacker wants `secret`."""

    name: str
    tells: str
    tables: tuple[str, ...]
    event: str
    known: dict[str, str]
    alone_by: frozenset[str]
    secret: str
    values: tuple[str, ...]
    people: int = 400
    others: dict[str, str] = field(default_factory=dict)

    @property
    def specs(self) -> list[Spec]:
        return [spec for spec in specs() if spec.code in self.tables]


STORIES = (
    Story(
        "singling out",
        "the only child under 12 with a permit at me this month: is it as a trafficking victim?",
        ("reg_permits", "reg_permits_victims"),
        "permit_first",
        {"partner": "me", "sex": "female", "age_group": "0-11"},
        frozenset({"partner", "age_group"}),
        "permit_reason",
        ("family", "education", "work", "trafficking_victim"),
    ),
    Story(
        "differencing",
        "the only one at me who applied again: where is she from? All applicants less first ones.",
        ("eu_asylum_applicants", "eu_asylum_first", "eu_asylum_subsequent", "reg_asylum"),
        "asylum_application",
        {"partner": "me", "sex": "female", "age_group": "35-59", "unaccompanied": "no",
         "outcome": "subsequent"},
        frozenset({"partner", "outcome"}),
        "citizenship",
        ("AF", "SY", "MA", "PK"),
        3000,
        {"outcome": "first"},
    ),
    Story(
        "many tables",
        "the only person from TV in the quarter: what did the first decision give?",
        ("eu_first_rejections", "eu_first_refugee", "eu_first_subsidiary", "eu_first_temporary",
         "eu_first_humanitarian"),
        "asylum_first_decision",
        {"partner": "me", "sex": "female", "citizenship": "TV", "unaccompanied": "no"},
        frozenset({"citizenship"}),
        "status",
        ("none", "refugee", "subsidiary", "humanitarian"),
    ),
)  # fmt: skip


def protection() -> protecting.Protection:
    content = yaml.safe_load((CONTENT / "statistics" / "protection.yaml").read_text())
    return protecting.parse_protection(content)


def world(story: Story, seed: int) -> tuple[list[dict], dict, str]:
    """Other people, the planted person and her secret."""
    chance = random.Random(seed)
    made = next(
        pieces(
            story.people * 2, story.specs, seed=seed, first=MONTH, months=1, partners=("me", "rs")
        )
    )
    others = [
        row
        for row in made.to_pylist()
        if row["event"] == story.event
        and all(row[column] == value for column, value in story.others.items())
        and any(row[column] != story.known[column] for column in story.alone_by)
    ][: story.people]
    secret = chance.choice(story.values)
    person = {
        **dict.fromkeys(others[0]), "event": story.event, "month": str(MONTH), **story.known,
        story.secret: secret, "record_key": chance.randrange(KEY_STEPS) / KEY_STEPS,
    }  # fmt: skip
    person.setdefault("age_group", "18-34")
    person["age_group"] = person["age_group"] or "18-34"
    if "status" in (story.secret,):
        person["decision"] = "unfounded" if secret == "none" else "granted"
    if story.event == "permit_first":
        person["permit_length"] = "12-"
    return others, person, secret


@dataclass(frozen=True)
class Found:
    """Whether she was named rightly: from counts; from published tables, taking a hidden cell for
    nobody or for unknown; and both from tables published without her. Who finds nothing draws, and
    is right as often as chance."""

    counts: float
    published: tuple[float, float]
    without: tuple[float, float]


def attack(story: Story, seed: int) -> Found:
    """One world."""
    others, person, truth = world(story, seed)
    chosen = story.specs
    target = Target(story.event, chosen[0].period.of(str(MONTH)), story.known, story.alone_by,
                    story.others)  # fmt: skip
    rule, key = protection(), random.Random(seed).randbytes(32)
    counted = cubing.cube_rows([*others, person], chosen)
    without = cubing.cube_rows(others, chosen)
    found = []
    for cells, protected in ((counted, False), (counted, True), (without, True)):
        if protected:
            published = protecting.protect(cells, chosen, rule, key)
            held = Holdings(
                ((spec, published[spec.code].table) for spec in chosen), target, story.secret
            )
        else:
            held = Holdings(((spec, cells[spec.code]) for spec in chosen), target, story.secret)
        for hidden in (0, None):
            named = guess(held, target, story.secret, story.values, hidden=hidden)
            found.append(1 / len(story.values) if named is None else float(named == truth))
    return Found(found[0], (found[2], found[3]), (found[4], found[5]))


def play(story: Story, worlds: int, seed: int, processes: int) -> dict[str, object]:
    """The story in many worlds, with a verdict."""
    seeds = [seed * 1000 + number for number in range(worlds)]
    with ProcessPoolExecutor(processes) as pool:
        found = list(pool.map(partial(attack, story), seeds))
    unprotected = sum(one.counts for one in found) / worlds
    # The reading of hidden cells that serves the attacker best, with its own control.
    protected, control = max(
        (
            (
                sum(one.published[reading] for one in found) / worlds,
                sum(one.without[reading] for one in found) / worlds,
            )
            for reading in (0, 1)
        ),
        key=lambda pair: pair[0] - pair[1],
    )
    error = sqrt(max(control * (1 - control), protected * (1 - protected), 0.04) * 2 / worlds)
    return {
        "story": story.name, "worlds": worlds, "unprotected": unprotected,
        "protected": protected, "without_her": control,
        "by_chance": 1 / len(story.values), "error": error,
        "safe": unprotected >= 0.95 and protected - control <= 2 * error,
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    results = []
    print("Shares of worlds in which the planted person's secret was named rightly:")
    for story in STORIES:
        result = play(story, options.worlds, options.seed, options.processes)
        results.append(result)
        print(f"\n{story.name}: {story.tells}", flush=True)
        print(f"  tables: {', '.join(story.tables)}")
        print(
            f"  from counts {result['unprotected']:.2f}, from published tables "
            f"{result['protected']:.2f}, from published tables without her "
            f"{result['without_her']:.2f}"
            f"  ->  {'not learned' if result['safe'] else 'LEARNED'}"
        )
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    return 0 if all(result["safe"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
