# SPDX-License-Identifier: EUPL-1.2
"""10,000,000 events to 50 protected tables, beside unprotected DuckDB group-bys and pandas.

    python -m benchmarks.publication [--events 10000000] [--tables 50] [--keep DIR] [--json FILE]

Ours: `cubing.opened` on the Parquet file, `cube`, `protect`: counts, keys, margins, noise, hiding.
DuckDB: for each table one GROUP BY CUBE-free aggregate over the innermost cells with `GROUPING
SETS` of all margins (`CUBE`), by hand on the same file, result fetched as Arrow; no keys, no
protection. pandas: the file read once with the columns needed, as categories; for each table the
same margins by groupby of every subset of dimensions. Each runs in a process of its own; peak
memory is that process's. Made-up events: `made_up_events`, seed 7, 12 months.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

from benchmarks.attack import protection
from mostovi.statistics import cubing, protecting
from mostovi.statistics.catalogue import specs
from mostovi.statistics.made_up_events import write
from mostovi.statistics.months import Month
from mostovi.statistics.specs import Spec


def chosen(count: int) -> list[Spec]:
    return specs()[:count]


def conditions(spec: Spec) -> str:
    """The WHERE clause of a table, by hand."""

    def listed(values: object) -> str:
        return ", ".join(f"'{value}'" for value in values)  # type: ignore[attr-defined]

    parts = [f"event IN ({listed(spec.events)})"]
    parts += [f"{column} IN ({listed(values)})" for column, values in spec.where.items()]
    if spec.stock and spec.period.months > 1:
        ends = [f"{n:02}" for n in range(spec.period.months, 13, spec.period.months)]
        parts.append(f"month[6:7] IN ({listed(ends)})")
    return " AND ".join(parts)


def period_sql(spec: Spec) -> str:
    return {
        1: "month",
        3: "month[1:4] || '-Q' || ((CAST(month[6:7] AS INT) + 2) // 3)",
        12: "month[1:4]",
    }[spec.period.months]


def ours(path: Path, count: int) -> dict[str, object]:
    rows = shown = 0
    with cubing.opened(path) as events:
        cells = cubing.cube(events, chosen(count))
        counted = time.perf_counter() - STARTED
        published = protecting.protect(cells, chosen(count), protection(), b"benchmark")
        for spec in chosen(count):
            rows += cells[spec.code].num_rows
            shown += published[spec.code].table.num_rows
    return {"cells": rows, "shown": shown, "counted": counted}


def duck(path: Path, count: int) -> dict[str, object]:
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "1GB"})
    rows = 0
    for spec in chosen(count):
        columns = [dimension.column for dimension in spec.dimensions]
        sql = (
            f"SELECT {period_sql(spec)} AS period, {', '.join(columns)}, count(*) AS count "
            f"FROM '{path}' WHERE {conditions(spec)} "
            f"GROUP BY period, CUBE ({', '.join(columns)})"
        )
        rows += connection.sql(sql).to_arrow_table().num_rows
    return {"cells": rows}


def plain(path: Path, count: int) -> dict[str, object]:
    """DuckDB without margins: the least that any table needs."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "1GB"})
    rows = 0
    for spec in chosen(count):
        columns = ", ".join(dimension.column for dimension in spec.dimensions)
        sql = (
            f"SELECT {period_sql(spec)} AS period, {columns}, count(*) AS count "
            f"FROM '{path}' WHERE {conditions(spec)} GROUP BY ALL"
        )
        rows += connection.sql(sql).to_arrow_table().num_rows
    return {"cells": rows}


def pandas(path: Path, count: int) -> dict[str, object]:
    import pandas as pd
    import pyarrow.parquet as pq

    needed = {column for spec in chosen(count) for column in spec.columns} | {"event", "month"}
    table = pq.read_table(path, columns=sorted(needed), read_dictionary=sorted(needed))
    frame = table.to_pandas(self_destruct=True, split_blocks=True)
    del table
    rows = 0
    for spec in chosen(count):
        mask = frame["event"].isin(spec.events)
        for column, values in spec.where.items():
            mask &= frame[column].isin(values)
        part = frame[mask]
        if spec.stock and spec.period.months > 1:
            part = part[part["month"].astype(str).map(spec.period.closes)]
        period = part["month"].map({m: spec.period.of(m) for m in part["month"].cat.categories})
        columns = [dimension.column for dimension in spec.dimensions]
        part = part[columns].assign(period=period)
        for size in range(len(columns) + 1):
            for subset in combinations(columns, size):
                found = part.groupby(["period", *subset], observed=True, dropna=False).size()
                rows += len(found)
    assert isinstance(frame, pd.DataFrame)
    return {"cells": rows}


PEERS = {"ours": ours, "duckdb_cube": duck, "duckdb_inner": plain, "pandas": pandas}
STARTED = 0.0


def one(name: str, path: Path, count: int) -> None:
    global STARTED
    import ibis  # noqa: F401
    import numpy  # noqa: F401
    import pandas as pd  # noqa: F401

    specs()
    STARTED = time.perf_counter()
    cpu = time.process_time()
    found = PEERS[name](path, count)
    found["seconds"] = time.perf_counter() - STARTED
    found["cpu"] = time.process_time() - cpu
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--tables", type=int, default=50)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events-{options.events}.parquet"
    if options.one:
        one(options.one, path, options.tables)
        return 0
    if not path.exists():
        started = time.perf_counter()
        write(path, options.events, specs(), seed=7, first=Month(2025, 1), months=12)
        print(f"made {options.events:,} events in {time.perf_counter() - started:.0f} s, "
              f"{path.stat().st_size / 1e6:.0f} MB")  # fmt: skip
    results: dict[str, dict[str, float]] = {}
    for name in options.peers.split(","):
        load = os.getloadavg()[0]
        command = [sys.executable, "-m", "benchmarks.publication", "--one", name,
                   "--events", str(options.events), "--tables", str(options.tables),
                   "--keep", str(folder)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        results[name] = {**json.loads(done.stdout.splitlines()[-1]), "load": load}
        print(name, {k: round(v, 1) for k, v in results[name].items()}, flush=True)
    mine = results.get("ours")
    for name, found in results.items() if mine else ():
        print(f"ours / {name}: {mine['seconds'] / found['seconds']:.2f} of the time, "
              f"{mine['cpu'] / found['cpu']:.2f} of the processor")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
