# SPDX-License-Identifier: EUPL-1.2
"""The expression that DuckDB runs gives the same answers on Spark, unchanged.

Needs pyspark and Java, which nothing in the product needs:
`pip install pyspark` into an environment beside, then run this file there with the repository on
the path.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any as Anything

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

ibis = pytest.importorskip("ibis")
pytest.importorskip("pyspark", reason="pyspark is not installed; it is no dependency of a node")

import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from mostovi.pathways import certainty, population, simulation  # noqa: E402
from mostovi.pathways.evaluating import evaluate  # noqa: E402
from mostovi.pathways.expressions import Comparison, Expression, Test  # noqa: E402
from mostovi.pathways.library import library  # noqa: E402
from tests.pathways.making_rules import VALUES, VOCABULARY, expressions  # noqa: E402

pytestmark = pytest.mark.slow
ON = date(2026, 11, 24)
TYPES = {
    "here": pa.bool_(), "insured": pa.bool_(), "relative": pa.string(), "citizenship": pa.string(),
    "age": pa.int32(), "months": pa.float64(), "pay": pa.float64(),
}  # fmt: skip


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anything]:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    yield ibis.pyspark.connect(session)
    session.stop()


def rows_of(count: int) -> list[dict[str, Anything]]:
    chosen = random.Random(7)
    return [
        {fact: chosen.choice(values) for fact, values in VALUES.items() if chosen.random() < 0.6}
        for _ in range(count)
    ]


def table_of(rows: list[dict[str, Anything]]) -> pa.Table:
    columns: dict[str, Anything] = {
        name: pa.array([row.get(name) for row in rows], kind) for name, kind in TYPES.items()
    }
    columns["row"] = pa.array(range(len(rows)))
    return pa.table(columns)


def stored(spark: Anything, table: pa.Table, folder: Path) -> Anything:
    pq.write_table(table, folder / "people.parquet")
    return spark.read_parquet(str(folder / "people.parquet"))


def asked(table: Anything, **columns: Anything) -> dict[str, list[Anything]]:
    """The answers in the order of the rows."""
    found = table.select("row", **columns).to_pyarrow().to_pydict()
    order = sorted(range(len(found["row"])), key=lambda n: found["row"][n])
    return {name: [found[name][n] for n in order] for name in columns}


def test_random_rules_are_answered_as_by_evaluate(spark: Anything, tmp_path: Path) -> None:
    rows = rows_of(300)
    table = stored(spark, table_of(rows), tmp_path)

    @settings(max_examples=4, deadline=None)
    @given(st.lists(expressions(leaves=12), min_size=20, max_size=20))
    def held_against(rules: list[Expression]) -> None:
        rules = [*rules, Test("pay", Comparison.AT_LEAST, 1.2000000000000002)]
        bounds = [certainty.certainty(rule, VOCABULARY).bounds for rule in rules[:6]]
        seen: dict[Anything, Anything] = {}
        columns = {
            f"rule_{n}": population.compile_expression(rule, table, seen)
            for n, rule in enumerate(rules)
        }
        for n, bound in enumerate(bounds):
            least, most = population.compile_bounds(bound, table, seen)
            columns |= {f"least_{n}": least, f"most_{n}": most}
        found = asked(table, **columns)
        for n, rule in enumerate(rules):
            assert found[f"rule_{n}"] == [evaluate(rule, row) for row in rows], rule
        for n, bound in enumerate(bounds):
            assert found[f"least_{n}"] == [certainty.certain(bound, row) for row in rows]
            assert found[f"most_{n}"] == [certainty.possible(bound, row) for row in rows]

    held_against()


def test_the_law_in_force_is_counted_as_by_duckdb(spark: Anything, tmp_path: Path) -> None:
    vocabulary = library().vocabulary
    chosen = random.Random(8)
    columns: dict[str, Anything] = {}
    for fact in vocabulary:
        if fact.choices:
            values: list[Anything] = [*fact.choices, None, "", "unknown", "nonsense"]
        elif fact.code == "citizenship":
            values = ["SY", "no", "XXA", "stateless", "RS", None, "XXX", "Utopia"]
        elif fact.unit or fact.decimals:
            top = int(min(fact.highest, 90))
            values = [float("nan"), None, *map(float, range(0, top, max(1, top // 20)))]
        else:
            values = [True, False, None]
        columns[fact.code] = [chosen.choice(values) for _ in range(400)]
    columns["entered_on"] = [
        chosen.choice([None, date(2024, 2, 29), date(2026, 10, 31), date(2027, 1, 1)])
        for _ in range(400)
    ]
    columns["sex"] = [chosen.choice(["female", "male", "", None]) for _ in range(400)]
    table = pa.table(columns)
    answers = []
    for people in (ibis.memtable(table), stored(spark, table, tmp_path)):
        crowd = population.prepare(people, vocabulary, ON)
        rules = library().in_force("rs", ON)
        change = simulation.change(rules[0], rules[1], vocabulary)
        rows = sorted(simulation._counted(change, crowd, ["sex"]), key=lambda row: row.groups)
        counted = population.compile_rules(rules, crowd.usable)
        sums = {rule.pathway: counted[rule.pathway].cast("int64").sum() for rule in rules}
        totals = counted.aggregate(**sums).to_pyarrow().to_pylist()
        answers.append((crowd.problems(), rows, totals))
    assert answers[0][0], "rows of nonsense are in it on purpose"
    assert answers[0] == answers[1]
