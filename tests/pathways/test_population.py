# SPDX-License-Identifier: EUPL-1.2
"""The same rule for one person and for many: DuckDB answers what `evaluate` answers, row by row."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any as Anything

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.pathways import certainty, making, population
from mostovi.pathways.answers import check
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import (
    All,
    Any,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Test,
)
from mostovi.pathways.facts import BadFacts, Conflict, Vocabulary, read_facts
from mostovi.pathways.law import Condition, Review, ReviewStatus
from mostovi.pathways.library import library
from mostovi.pathways.rules import RuleSet
from tests.pathways.making_rules import VOCABULARY, expressions, people

ON = date(2026, 11, 24)
SIGNED = Review(ReviewStatus.REVIEWED, "a lawyer", date(2026, 11, 1))
TYPES = {
    "here": pa.bool_(),
    "insured": pa.bool_(),
    "relative": pa.string(),
    "citizenship": pa.string(),
    "age": pa.int32(),
    "months": pa.float64(),
    "pay": pa.float64(),
}
RULES = Vocabulary(
    facts=VOCABULARY.facts,
    conflicts=(
        Conflict(
            "alone_here",
            (("here", Comparison.IS, False), ("relative", Comparison.IN, ("spouse", "other"))),
        ),
        Conflict("older", order=("age", Comparison.AT_LEAST, "months")),
    ),
)


def table_of(rows: list[dict[str, Anything]], types: dict[str, pa.DataType] = TYPES) -> pa.Table:
    return pa.table({name: pa.array([r.get(name) for r in rows], t) for name, t in types.items()})


def prepared(table: pa.Table, vocabulary: Vocabulary = VOCABULARY) -> population.Prepared:
    return population.prepare(ibis.memtable(table), vocabulary, ON)


def answers(expression: Expression, rows: list[dict[str, Anything]]) -> list[bool | None]:
    people = prepared(table_of(rows)).table
    compiled = population.compile_expression(expression, people)
    return [row["x"] for row in people.select(x=compiled).to_pyarrow().to_pylist()]


RULES_AND_PEOPLE = (
    st.lists(expressions(leaves=14), min_size=4, max_size=8),
    st.lists(people(), min_size=6, max_size=12),
)


def one_by_one_and_together(rules: list[Expression], rows: list[dict[str, Anything]]) -> None:
    """Rules and their bounds, by a database and by `evaluate`."""
    people = prepared(table_of(rows)).table
    seen: dict[Expression, Anything] = {}
    columns = {}
    bounds = [certainty.certainty(rule, VOCABULARY).bounds for rule in rules[:2]]
    for n, rule in enumerate(rules):
        columns[f"rule_{n}"] = population.compile_expression(rule, people, seen)
    for n, bound in enumerate(bounds):
        least, most = population.compile_bounds(bound, people, seen)
        columns |= {f"least_{n}": least, f"most_{n}": most}
    found = people.select(**columns).to_pyarrow().to_pydict()
    for n, rule in enumerate(rules):
        assert found[f"rule_{n}"] == [evaluate(rule, row) for row in rows]
    for n, bound in enumerate(bounds):
        assert found[f"least_{n}"] == [certainty.certain(bound, row) for row in rows]
        assert found[f"most_{n}"] == [certainty.possible(bound, row) for row in rows]


@settings(max_examples=25, deadline=None)
@given(*RULES_AND_PEOPLE)
def test_a_database_answers_what_one_by_one_is_answered(
    rules: list[Expression], rows: list[dict[str, Anything]]
) -> None:
    one_by_one_and_together(rules, rows)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(*RULES_AND_PEOPLE)
def test_a_database_answers_what_many_one_by_one_are_answered(
    rules: list[Expression], rows: list[dict[str, Anything]]
) -> None:
    one_by_one_and_together(rules, rows)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(0, 4, allow_nan=False), min_size=10, max_size=10))
def test_decimals_are_compared_to_the_last_bit(numbers: list[float]) -> None:
    rows = [{"pay": number} for number in numbers]
    rules: list[Expression] = [
        Test("pay", how, limit)
        for limit in numbers
        for how in (Comparison.AT_LEAST, Comparison.MORE_THAN, Comparison.IS)
    ]
    one_by_one_and_together(rules, rows)


@pytest.mark.parametrize(
    ("expression", "row"),
    [
        (Test("pay", Comparison.AT_LEAST, 1), {"pay": float("nan")}),
        (Test("months", Comparison.LESS_THAN, 4), {"months": float("nan")}),
        (Test("citizenship", Comparison.IN, ("NO", "SY")), {"citizenship": ""}),
        (Test("citizenship", Comparison.NOT_IN, ("NO", "SY")), {"citizenship": "unknown"}),
        (Test("relative", Comparison.IS_NOT, "none"), {"relative": "  not_asked "}),
        (Test("relative", Comparison.IN, ()), {}),
        (Test("nobody_has_this", Comparison.IS, True), {"here": True}),
        (Test("age", Comparison.AT_LEAST, OtherFact("months")), {"age": 3}),
        (Test("age", Comparison.AT_LEAST, OtherFact("not_there")), {"age": 3}),
        (AtLeast(1, (Test("here", Comparison.IS, True), Constant(False))), {}),
    ],
)
def test_what_is_not_known_is_unknown_and_never_no(
    expression: Expression, row: dict[str, Anything]
) -> None:
    assert answers(expression, [row]) == [None]
    assert answers(Not(expression), [row]) == [None]


def test_empty_groups_are_what_evaluate_says() -> None:
    for rule in (All(()), Any(()), AtLeast(0, ()), AtLeast(1, ())):
        assert answers(rule, [{}]) == [evaluate(rule, {})]


RAW: dict[str, st.SearchStrategy[Anything]] = {
    "here": st.sampled_from([None, True, False]),
    "insured": st.sampled_from([None, "", "yes", "no", "TRUE", "false", "perhaps", " unknown"]),
    "relative": st.sampled_from([None, "", "none", " spouse", "Spouse", "other", "not_asked"]),
    "citizenship": st.sampled_from([None, "sy", "NO", "XXA", "XXX", "Syria", "ZZ", "stateless"]),
    "months": st.sampled_from([None, 0.0, 1.0, 2.5, 4.0, 5.0, -1.0]),
    "pay": st.sampled_from([None, "1,5", "0.25", "4", "9", "much", "unknown", "-1"]),
    "age": st.sampled_from([None, 0, 3, 4, 5, -1]),
    "born": st.one_of(
        st.none(),
        st.dates(date(2020, 1, 1), ON + timedelta(days=3)),
        st.sampled_from([ON, date(2022, 11, 24), date(2022, 11, 25), date(2024, 2, 29)]),
    ),
}
RAW_TYPES = {
    "here": pa.bool_(),
    "insured": pa.string(),
    "relative": pa.string(),
    "citizenship": pa.string(),
    "months": pa.float64(),
    "pay": pa.string(),
    "age": pa.int16(),
    "born": pa.date32(),
}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries(RAW), min_size=10, max_size=30))
def test_a_row_is_read_or_refused_as_one_person_is(rows: list[dict[str, Anything]]) -> None:
    people = prepared(table_of(rows, RAW_TYPES), RULES)
    found = people.table.to_pyarrow().to_pylist()
    for row, read in zip(rows, found, strict=True):
        try:
            expected = read_facts(RULES, {name: row[name] for name in RAW}, ON)
        except BadFacts as error:
            assert read["problem"] in {
                f"{problem.code}:{problem.conflict or problem.fact}" for problem in error.problems
            }
        else:
            assert read["problem"] is None
            assert {code: read[code] for code in people.facts if read[code] is not None} == expected


@settings(max_examples=20, deadline=None)
@given(st.lists(st.dates(date(2020, 1, 1), ON), min_size=10), st.dates(date(2026, 1, 1)))
def test_months_are_counted_as_for_one_person(days: list[date], on: date) -> None:
    from mostovi.pathways.facts import whole_months

    table = ibis.memtable(pa.table({"day": pa.array(days, pa.date32())}))
    counted = table.select(n=population._whole_months(table.day, on)).to_pyarrow().to_pydict()
    assert counted["n"] == [whole_months(day, on) for day in days]


def test_rows_that_contradict_themselves_are_counted_and_left_out() -> None:
    rows: list[dict[str, Anything]] = [
        {"age": 1, "months": 3},
        {"age": 3, "months": 1},
        {"here": False, "relative": "spouse"},
        {"relative": "cousin"},
    ]
    people = prepared(table_of(rows), RULES)
    assert people.problems() == {
        "contradiction:alone_here": 1,
        "contradiction:older": 1,
        "wrong_type:relative": 1,
    }
    assert people.usable.count().to_pyarrow().as_py() == 1


def test_groups_and_what_is_not_read_are_said() -> None:
    table = pa.table({"age": [3, None], "sex": ["female", ""], "name": ["a", "b"]})
    people = prepared(table)
    assert people.ignored == ("name",)
    assert people.groupings == ("sex", "age_group")
    rows = people.table.to_pyarrow().to_pylist()
    assert [(row["sex"], row["age_group"]) for row in rows] == [
        ("female", "0-4"),
        ("unknown", "unknown"),
    ]
    assert people.missing([Test("here", Comparison.IS, True), certainty.unconfirmed("a")]) == (
        "here",
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [("here", [1, 0]), ("pay", [True, False]), ("relative", [1, 2]), ("born", [3, 4])],
)
def test_a_column_of_the_wrong_kind_is_refused_by_name(name: str, values: list[Anything]) -> None:
    with pytest.raises(population.BadPopulation, match=f"column '{name}' must be"):
        prepared(pa.table({name: values}))


def test_weights_must_be_numbers_above_nothing() -> None:
    people = prepared(pa.table({"here": [True, True, True], "weight": [2.5, 0, None]}))
    assert people.problems() == {"out_of_range:weight": 2}


def reviewed(condition: Condition, chosen: random.Random) -> Condition:
    """The condition with about every other part signed off by a lawyer."""
    parts = tuple(reviewed(part, chosen) for part in condition.parts)
    review = SIGNED if chosen.random() < 0.7 else Review()
    return replace(condition, parts=parts, review=review)


def test_answers_for_many_are_those_for_one_and_never_an_unsigned_no(tmp_path: Path) -> None:
    chosen = random.Random(3)
    law = library().rule_set("rs", ON)
    rules = tuple(
        replace(
            rule,
            conditions=tuple(reviewed(condition, chosen) for condition in rule.conditions),
            signed_off=number % 3 > 0,
        )
        for number, rule in enumerate(law.rules)
    )
    changed = RuleSet("rs", ON, rules, law.vocabulary, law=law.law)
    path = tmp_path / "it's people.parquet"
    making.write("rs", 300, 7, path, law.vocabulary)
    with population.on_duckdb(path) as table:
        people = population.prepare(table, law.vocabulary, ON)
        told = population.compile_rules(
            rules, people.table, answers=True, vocabulary=law.vocabulary
        )
        rows = told.to_pyarrow().to_pylist()
    closed = 0
    for row in rows:
        facts = read_facts(law.vocabulary, {code: row[code] for code in law.vocabulary.facts}, ON)
        for answer in check(changed, facts).answers:
            found = row[f"{answer.pathway}_answer"]
            closed += found == "closed"
            if found != answer.answer:
                # A no that no single condition shows.
                assert (found, answer.answer, answer.reason.value) == ("maybe", "closed", None)
    assert closed > 100


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    path.write_text("age,sex\n3,female\n")
    with (
        pytest.raises(population.BadPopulation, match="cannot be read"),
        population.on_duckdb(path),
    ):
        pass
    with pytest.raises(FileNotFoundError), population.on_duckdb(tmp_path / "none.parquet"):
        pass
