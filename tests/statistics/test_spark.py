# SPDX-License-Identifier: EUPL-1.2
"""The specifications give the same cells on Spark as on DuckDB, from one file.

Needs pyspark and Java, which nothing in the product needs: `pip install pyspark` beside, in an
environment of its own, then run this file there with the repository on the path.
"""

from pathlib import Path

import pytest

ibis = pytest.importorskip("ibis")
pytest.importorskip("pyspark", reason="pyspark is not installed; it is no dependency of a node")

from mostovi.statistics import cubing  # noqa: E402
from mostovi.statistics.catalogue import specs  # noqa: E402
from mostovi.statistics.made_up_events import write  # noqa: E402
from mostovi.statistics.months import Month  # noqa: E402

pytestmark = pytest.mark.slow


def test_all_tables_are_equal_on_both(tmp_path: Path) -> None:
    from pyspark.sql import SparkSession

    chosen = specs()
    path = tmp_path / "events.parquet"
    write(path, 60_000, chosen, seed=11, first=Month(2024, 1), months=12)
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(tmp_path / "warehouse"))
        .getOrCreate()
    )
    try:
        on_spark = cubing.cube(ibis.pyspark.connect(session).read_parquet(str(path)), chosen)
    finally:
        session.stop()
    with cubing.opened(path) as events:
        on_duckdb = cubing.cube(events, chosen)
    for spec in chosen:
        assert on_spark[spec.code].equals(on_duckdb[spec.code]), spec.code
