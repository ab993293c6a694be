# SPDX-License-Identifier: EUPL-1.2
"""The synthetic population: the sources' margins to one person, unknown stays unknown."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.pathways import making, population
from mostovi.pathways.library import library

ON = date(2026, 11, 24)


def made(tmp_path: Path, partner: str, people: int, seed: int = 7) -> Path:
    path = tmp_path / f"{partner}-{people}-{seed}.parquet"
    making.write(partner, people, seed, path, library().vocabulary)
    return path


@pytest.mark.parametrize("partner", making.partners())
def test_margins_of_sources_are_met_to_one_person(tmp_path: Path, partner: str) -> None:
    people = 20_000
    found = pq.read_table(made(tmp_path, partner, people)).to_pydict()
    counts = making.margins(partner).counts
    total = sum(counts.values())
    for names in (("situation",), ("situation", "sex")):
        expected: Counter[tuple[str | None, ...]] = Counter()
        for cell, count in counts.items():
            expected[tuple(getattr(cell, name) for name in names)] += count  # type: ignore[assignment]
        got = Counter(zip(*(found[name] for name in names), strict=True))
        for key in expected | got:
            assert abs(got[key] - expected[key] * people / total) <= 1, (names, key)


def test_what_a_source_does_not_say_stays_unknown(tmp_path: Path) -> None:
    table = pq.read_table(made(tmp_path, "rs", 20_000)).to_pylist()
    refugees = [row for row in table if row["situation"] == "refugee"]
    assert refugees and all(row["age"] is None and row["sex"] is None for row in refugees)


@pytest.mark.parametrize("partner", making.partners())
def test_nobody_contradicts_himself_and_every_value_is_allowed(
    tmp_path: Path, partner: str
) -> None:
    with population.on_duckdb(made(tmp_path, partner, 30_000)) as table:
        people = population.prepare(table, library().vocabulary, ON)
        assert people.problems() == {}
        assert people.ignored == ()
        assert set(population.GROUPINGS) == set(people.groupings)
        assert people.facts == set(library().vocabulary.facts)


def test_the_same_seed_makes_the_same_people_and_another_seed_others(tmp_path: Path) -> None:
    one = pq.read_table(made(tmp_path, "me", 3000))
    (tmp_path / "again").mkdir()
    assert one.equals(pq.read_table(made(tmp_path / "again", "me", 3000)))
    assert not one.equals(pq.read_table(made(tmp_path, "me", 3000, seed=8)))


def test_more_people_than_a_chunk_are_everybody_once(tmp_path: Path) -> None:
    table = pq.read_table(made(tmp_path, "xk", making.CHUNK + 500), columns=["situation"])
    counts = making.allotted(making.margins("xk").counts, making.CHUNK + 500)
    expected: Counter[str] = Counter()
    for cell, count in counts.items():
        expected[cell.situation] += count
    assert Counter(table.to_pydict()["situation"]) == expected


@given(
    st.lists(st.integers(0, 10_000), min_size=1, max_size=30).filter(any), st.integers(1, 100_000)
)
def test_whole_persons_add_up_and_are_at_most_one_off(counts: list[int], people: int) -> None:
    cells = {making.Cell(str(n), None, None, None): Fraction(c) for n, c in enumerate(counts)}
    found = making.allotted(cells, people)
    assert sum(found.values()) == people
    for cell, count in cells.items():
        assert abs(found.get(cell, 0) - count * people / sum(counts)) <= 1


def test_what_cannot_be_made_is_said_and_nothing_is_left_behind(tmp_path: Path) -> None:
    out = tmp_path / "people.parquet"
    vocabulary = library().vocabulary
    with pytest.raises(making.CannotMake, match="no margins for 'zz'"):
        making.write("zz", 10, 1, out, vocabulary)
    with pytest.raises(making.CannotMake, match="between 1 and"):
        making.write("rs", 0, 1, out, vocabulary)
    with pytest.raises(making.CannotMake, match="no source counts 'tourist'"):
        making.write("rs", 10, 1, out, vocabulary, chosen=["tourist"])
    assert list(tmp_path.iterdir()) == []


def test_every_proposal_is_about_a_fact_and_every_margin_has_a_source() -> None:
    plan = making.plan()
    facts = library().vocabulary
    assert set(plan["proposals"]) == set(facts.facts) - {"age", "citizenship"}
    for fact, clauses in plan["proposals"].items():
        choices = facts[fact].choices or (True, False)
        for clause in clauses:
            assert set(clause.get("shares", {})) <= {*choices, "unknown"}, fact
    for entries in plan["partners"].values():
        for entry in entries.values():
            assert entry["source"] in plan["sources"]
            known = sum(sum(entry[sex].values()) for sex in making.SEXES)
            assert known + entry["sex_and_age_unknown"] == entry["persons"]
