# SPDX-License-Identifier: EUPL-1.2
"""Events to cells: every number is what counting one by one gives, margins and keys too."""

from collections import Counter
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.statistics import cubing
from mostovi.statistics.catalogue import code_lists, specs
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.events import KEY_STEPS, NAMES, BadEvents, record_key
from mostovi.statistics.made_up_events import pieces
from mostovi.statistics.months import Month
from mostovi.statistics.specs import Legal, Period, Spec

ibis = pytest.importorskip("ibis")

LISTS = code_lists()


def spec(*names: str, period: Period = Period.MONTH, **more: object) -> Spec:
    options = {"events": ("e",), "definition": "", **more}
    return Spec(
        code="-".join(("t", *names, period)), set="s", title={"en": "t"}, period=period,
        dimensions=tuple(LISTS[name] for name in names), legal=Legal("", "", "memory"), **options,
    )  # fmt: skip


def one_by_one(rows: list[dict], of: Spec) -> dict[tuple[str, ...], tuple[int, float]]:
    """Counts and keys by brute force: each event added to every cell that it lies in."""
    counts: Counter = Counter()
    keys: Counter = Counter()
    for row in rows:
        if row["event"] not in of.events or (of.stock and not of.period.closes(row["month"])):
            continue
        if any(row.get(column) not in values for column, values in of.where.items()):
            continue
        codes = [d.read(row.get(d.column)) for d in of.dimensions]
        for cell in product(*((code, TOTAL) for code in codes)):
            at = (of.period.of(row["month"]), *cell)
            counts[at] += 1
            keys[at] += round(row["record_key"] * KEY_STEPS)
    return {at: (n, keys[at] % KEY_STEPS / KEY_STEPS) for at, n in counts.items()}


def as_mapping(table: pa.Table) -> dict[tuple[str, ...], tuple[int, float]]:
    *codes, count, key = (column.to_pylist() for column in table.columns)
    return {at: (n, k) for *at, n, k in ((*row,) for row in zip(*codes, count, key, strict=True))
            for at in [tuple(at)]}  # fmt: skip


EVENT = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["e", "f"]),
        "month": st.sampled_from(["2026-01", "2026-03", "2026-12", "2027-01"]),
        "sex": st.sampled_from(["female", "male", "other", None]),
        "age_group": st.sampled_from(["0-11", "12-13", "18-34", None]),
        "citizenship": st.sampled_from(["SY", "AF", "XS", None]),
        "record_key": st.integers(0, KEY_STEPS - 1).map(lambda step: step / KEY_STEPS),
    }
)
TABLES = [
    spec("sex", "age_eu", "citizen"),
    spec("age_region", period=Period.QUARTER),
    spec("sex", period=Period.YEAR, stock=True),
    spec("citizen", where={"sex": ("female",)}),
    spec(),
]


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(EVENT, max_size=30))
def test_every_cell_is_what_counting_one_by_one_gives(rows):
    cells = cubing.cube_rows(rows, TABLES)
    for table in TABLES:
        assert as_mapping(cells[table.code]) == one_by_one(rows, table)


@settings(max_examples=4, deadline=None)
@given(rows=st.lists(EVENT, min_size=1, max_size=30))
def test_duckdb_and_the_sparse_way_give_the_same_tables(rows):
    expected = cubing.cube_rows(rows, TABLES)
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    events = ibis.memtable(pa.table(columns, schema=pa.schema(
        [(name, pa.float64() if name == "record_key" else pa.string()) for name in columns]
    )))  # fmt: skip
    found = cubing.cube(events, TABLES)
    try:
        cubing._DENSE, dense = 0, cubing._DENSE
        sparse = cubing.cube(events, TABLES)
    finally:
        cubing._DENSE = dense
    for table in TABLES:
        assert as_mapping(found[table.code]) == as_mapping(expected[table.code])
        assert sparse[table.code].equals(found[table.code])


def test_the_same_people_have_the_same_key_in_every_table():
    rows = [
        {"event": "e", "month": "2026-01", "sex": "female", "record_key": record_key(b"s", "e", n)}
        for n in "abc"
    ]
    cells = cubing.cube_rows(rows, [spec("sex", "citizen"), spec()])
    keys = {key for table in cells.values() for key in table.column("key").to_pylist()}
    assert len(keys) == 1


def test_keys_of_others_that_are_finer_do_not_depend_on_the_order():
    rows = [
        {"event": "e", "month": "2026-01", "record_key": (n * 0.618033988749895) % 1}
        for n in range(200)
    ]
    tables = [
        cubing.cube(ibis.memtable(pa.Table.from_pylist(order)), [spec()])["t-month"]
        for order in (rows, rows[::-1])
    ]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(cubing.cube_rows(rows, [spec()])["t-month"])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"sex": "femal"}, "sex: 'femal' is not in the list 'sex' of table"),
        ({"citizenship": "Syria"}, "citizenship: 'Syria' is not in the list"),
        ({"month": "2026-13"}, "'2026-13' is not a month"),
    ],
)
def test_a_wrong_code_is_refused_with_column_and_value(row, says):
    good = {"event": "e", "month": "2026-01", "record_key": 0.5}
    with pytest.raises(BadEvents, match=says):
        cubing.cube_rows([good, {**good, **row}], [spec("sex", "citizen")])


def test_events_without_a_key_or_a_column_are_refused():
    table = pa.table({"event": ["e"], "month": ["2026-01"], "record_key": pa.array([None], "f8")})
    with pytest.raises(BadEvents, match="no record_key"):
        cubing.cube(ibis.memtable(table), [spec()])
    with pytest.raises(BadEvents, match="no column citizenship, record_key"):
        cubing.cube(ibis.memtable(table.drop_columns("record_key")), [spec("citizen")])


def test_all_tables_of_all_sets_are_counted_from_made_up_events():
    chosen = specs()
    events = pa.concat_tables(pieces(4000, chosen, seed=3, first=Month(2024, 1), months=12))
    assert events.column_names == list(NAMES)
    cells = cubing.cube(ibis.memtable(events), chosen)
    assert len(cells) == len(chosen) >= 50
    assert all(table.num_rows for table in cells.values())
    rows = events.to_pylist()
    for table in chosen[::9]:
        assert as_mapping(cells[table.code]) == one_by_one(rows, table)


def test_made_up_events_are_the_same_for_a_seed_and_are_written_whole_or_not_at_all(tmp_path):
    import pyarrow.parquet as pq

    from mostovi.statistics.made_up_events import write

    options = {"seed": 5, "first": Month(2024, 1), "months": 3}
    path = tmp_path / "events.parquet"
    write(path, 50, specs("region"), **options)
    made = pa.concat_tables(pieces(50, specs("region"), **options))
    assert pq.read_table(path).to_pylist() == made.to_pylist()
    with pytest.raises(ValueError, match="at least one"):
        write(tmp_path / "none.parquet", 0, specs("region"), **options)
    assert [found.name for found in tmp_path.iterdir()] == ["events.parquet"]
