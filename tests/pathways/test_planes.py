# SPDX-License-Identifier: EUPL-1.2
"""People held as bits are answered as one by one, and as by a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any as Anything

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.pathways import certainty, making, planes, population, simulation
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import Comparison, Expression, Test
from mostovi.pathways.library import library
from tests.pathways.making_rules import VOCABULARY, expressions, people
from tests.pathways.test_population import ON, prepared, table_of


def members(held: planes.Planes, plane: Anything) -> list[bool]:
    bits = np.unpackbits(plane.view(np.uint8), bitorder="little")
    return [bool(bit) for bit in bits[: held.people]]


@settings(max_examples=10, deadline=None)
@given(
    st.lists(expressions(leaves=14), min_size=4, max_size=8),
    st.lists(people(), min_size=1, max_size=140),
)
def test_bits_answer_what_one_by_one_is_answered(
    rules: list[Expression], rows: list[dict[str, Anything]]
) -> None:
    held = planes.load(prepared(table_of(rows)), VOCABULARY)
    for _ in range(2):
        assert held.counts_of(rules) == [held.counts(rule) for rule in rules]
        held.forget()
    for rule in rules:
        answers = [evaluate(rule, row) for row in rows]
        found = held.answer(rule)
        assert members(held, found.sure) == [answer is True for answer in answers]
        assert members(held, found.possible) == [answer is not False for answer in answers]
        assert held.counts(rule) == tuple(answers.count(v) for v in (True, None, False))
        bounds = certainty.certainty(rule, VOCABULARY).bounds
        ends = held.certain(bounds)
        assert members(held, ends.sure) == [certainty.certain(bounds, row) for row in rows]
        assert members(held, ends.possible) == [certainty.possible(bounds, row) for row in rows]


def test_whole_numbers_are_compared_with_fractions_to_the_last_bit() -> None:
    held = planes.load(prepared(pa.table({"age": [2, 3], "months": [2.0, 3.0]})), VOCABULARY)
    for fact in ("age", "months"):
        rule = Test(fact, Comparison.AT_LEAST, 2.0000001)
        assert held.counts(rule) == (1, 0, 1)


def test_a_simulation_in_memory_is_the_one_of_the_database(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    vocabulary = library().vocabulary
    making.write("me", 3001, 7, path, vocabulary)
    rules = library().in_force("rs", ON)
    with population.on_duckdb(path) as table:
        crowd = population.prepare(table, vocabulary, ON)
        held = planes.load(crowd, vocabulary)
        for before, after in zip(rules, rules[1:], strict=False):
            found = simulation.change(before, after, vocabulary)
            for by in ((), ("sex", "age_group")):
                slow = sorted(simulation._counted(found, crowd, by), key=lambda row: row.groups)
                fast = sorted(simulation._counted(found, held, by), key=lambda row: row.groups)
                assert fast == slow


def test_whoever_is_left_out_is_not_held_and_weights_are_refused() -> None:
    held = planes.load(prepared(pa.table({"age": [3, 9, None]})), VOCABULARY)
    assert held.people == 2 and held.problems() == {"out_of_range:age": 1}
    weighted = population.prepare(
        ibis.memtable(pa.table({"age": [3], "weight": [2.0]})), VOCABULARY, ON
    )
    with pytest.raises(ValueError, match="weights"):
        planes.load(weighted, VOCABULARY)
