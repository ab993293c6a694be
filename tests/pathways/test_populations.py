# SPDX-License-Identifier: EUPL-1.2
"""Real people's counts are shown only through a protection (R11); synthetic people need none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from mostovi.pathways import law_sources, populations
from mostovi.pathways.library import library
from mostovi.pathways.population import Prepared, prepare
from mostovi.pathways.simulation import Range, Simulation

ON = date(2026, 11, 24)


@contextlib.contextmanager
def own_cases(partner: str, on: date) -> Iterator[Prepared]:
    table = pa.table({"sex": ["female", "male"], "age": [3, 40]})
    yield prepare(ibis.memtable(table), library().vocabulary, on)


def hidden(found: Simulation) -> Simulation:
    rows = tuple(replace(row, people=None, open_after=Range(None, None)) for row in found.rows)
    return replace(found, rows=rows)


def law() -> law_sources.Law:
    return law_sources.in_force(library(), "rs/study", ON)


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As before packages above have registered theirs."""
    monkeypatch.setattr(populations, "_offered", {})


def test_only_the_synthetic_population_is_offered_by_itself() -> None:
    assert [(p.code, p.real) for p in populations.offered()] == [("synthetic", False)]


def test_real_people_without_protection_are_refused() -> None:
    with pytest.raises(populations.Unprotected):
        populations.register("cases", own_cases, None)  # type: ignore[arg-type]
    assert len(populations.offered()) == 1


def test_results_about_real_people_come_through_their_protection() -> None:
    populations.register("cases", own_cases, hidden)
    found = populations.try_on("cases", law(), law(), ["sex"], partner="rs", on=ON)
    assert [row.people for row in found.rows] == [None, None]
    assert found.rows[0].uncertain_share is None


@pytest.mark.parametrize("answer", [None, {}, "a table"])
def test_a_protection_that_gives_back_something_else_shows_nothing(answer: Any) -> None:
    populations.register("cases", own_cases, lambda found: answer)
    with pytest.raises(populations.Unprotected):
        populations.try_on("cases", law(), law(), ["sex"], partner="rs", on=ON)


def test_the_synthetic_population_is_made_once_and_kept(tmp_path: Path) -> None:
    first = populations.kept("xk", 500, 7, tmp_path)
    made = first.stat().st_mtime_ns
    assert populations.kept("xk", 500, 7, tmp_path) == first
    assert first.stat().st_mtime_ns == made
    with populations.synthetic("xk", ON, people=500, folder=tmp_path) as people:
        assert people.usable.count().to_pyarrow().as_py() == 500


def test_what_is_not_offered_is_said() -> None:
    with pytest.raises(populations.NoSuchPopulation):
        populations.try_on("cases", law(), law(), [], partner="rs", on=ON)
