# SPDX-License-Identifier: EUPL-1.2
"""Events to the cells of many tables in few passes: Ibis counts, numpy adds the margins.

The format that others build on:

    cells: Cells = cube(events, specs)     # Mapping[spec code -> pyarrow.Table]

Each Arrow table has the columns, in this order

    period      string   2026-10, 2026-Q4 or 2026 (`Spec.period`); never summed over
    <dimension> string   one column for each of `spec.names`: a code of the list, `UNK` for a
                         value that is not known, `_T` for the total (both kinds of column are
                         dictionary-encoded: `.indices`, `.dictionary`)
    count       int64    events in the cell, before any protection
    key         double   the cell's key in [0, 1): the sum of its record keys modulo 1, a multiple
                         of 2**-24. Same records, same key, in whatever table.

All margins are there: every combination of codes and totals. Only cells with count > 0 have a
row; a cell without a row is zero and has key 0. Rows are sorted by period and codes in list
order, totals last. Counts and keys are exact and the same on every backend (tests compare DuckDB
and Spark).

Counts before protection: nothing here may be published (`protecting`).

How: the events' kinds that need the same columns are grouped by those columns in one pass over
the file; what results is much smaller than the events. Each table is then a projection of it with
margins. Memory is bounded by the groups, not by the events.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.events import KEY, KEY_STEPS, NAMES, BadEvents, Event
from mostovi.statistics.specs import Dimension, Spec

if TYPE_CHECKING:
    import ibis
    import numpy as np
    import pyarrow as pa

Cells = Mapping[str, "pa.Table"]
_DENSE = 1 << 24
"""Up to so many places a cube is laid out densely; above that only what occurs is kept."""
_COUNT, _KEYS, _KEYED = "count_", "keys_", "keyed_"


def cube(events: ibis.Table, specs: Sequence[Spec]) -> dict[str, pa.Table]:
    """The cells of every specification, by its code. Raises `BadEvents` naming column and value."""
    _check_columns(events, specs)
    cells: dict[str, pa.Table] = {}
    for columns, together in _families(specs):
        grouped = _grouped(events, columns, {event for spec in together for event in spec.events})
        for spec in together:
            cells[spec.code] = _cells(grouped, spec)
    return {spec.code: cells[spec.code] for spec in specs}


def cube_rows(rows: Iterable[Event], specs: Sequence[Spec]) -> dict[str, pa.Table]:
    """The same for events in memory, a node's own month, without a database. Raises `BadEvents`.

    A column that a row does not name is not known.
    """
    import numpy as np

    listed = list(rows)
    values: dict[str, list[str | None]] = {}
    codes: dict[str, np.ndarray] = {}
    for name in NAMES:
        if name != KEY:
            place: dict[str | None, int] = {}
            found = [place.setdefault(_text(row.get(name)), len(place)) for row in listed]
            values[name], codes[name] = list(place), np.array(found, dtype=np.int64)
    keys = np.array([float(row[KEY] or 0) for row in listed])
    grouped = _Grouped(values, codes, np.ones(len(listed)), np.floor(keys * KEY_STEPS))
    return {spec.code: _cells(grouped, spec) for spec in specs}


def cube_counts(
    spec: Spec, period: str, counts: Mapping[tuple[str, ...], int],
    keys: Mapping[tuple[str, ...], int],
) -> pa.Table:  # fmt: skip
    """The same from innermost counts that somebody else made, one code for each of `spec.names`.

    keys: for each count the cell's key in steps of 1 / KEY_STEPS. Raises `BadEvents` for a code
    that is in no list.
    """
    import numpy as np

    listed = [codes for codes, count in counts.items() if count]
    labels, places = [[period]], [np.zeros(len(listed), dtype=np.int64)]
    for at, dimension in enumerate(spec.dimensions):
        own = [code.code for code in dimension.codes]
        occurring = {codes[at] for codes in listed}
        others = sorted(occurring - set(own))
        if others and not dimension.open:
            raise BadEvents(f"{dimension.code}: {others[0]!r} is no code of table {spec.code}.")
        axis = [*others, *(c for c in own if not dimension.open or c in occurring), TOTAL]
        index = {code: place for place, code in enumerate(axis)}
        labels.append(axis)
        places.append(np.array([index[codes[at]] for codes in listed], dtype=np.int64))
    shape = tuple(len(each) for each in labels)
    size = 1
    for length in shape:
        size *= length
    number = np.array([float(counts[codes]) for codes in listed])
    step = np.array([float(keys[codes]) for codes in listed])
    summed = _dense if size <= _DENSE else _sparse
    return _as_table(spec, shape, labels, *summed(shape, places, number, step))


def _text(value: str | float | None) -> str | None:
    return None if value is None or value == "" else str(value)


@contextlib.contextmanager
def opened(path: Path, *, memory: str = "1GB") -> Iterator[ibis.Table]:
    """The events of a Parquet or CSV file on a DuckDB of its own. Raises `BadEvents`."""
    import ibis

    connection = ibis.duckdb.connect(memory_limit=memory)
    try:
        if not path.is_file():
            raise BadEvents(f"{path} is not there.")
        try:
            if path.suffix == ".csv":
                yield connection.read_csv(str(path), all_varchar=True)
            else:
                yield connection.read_parquet(str(path))
        except (ibis.common.exceptions.IbisError, OSError) as error:
            raise BadEvents(f"{path} cannot be read as events: {error}") from error
    finally:
        connection.disconnect()


@dataclass(frozen=True)
class _Grouped:
    """One pass: for each column the values that occur and where, with counts and sums of keys."""

    values: Mapping[str, list[str | None]]
    codes: Mapping[str, np.ndarray]
    count: np.ndarray
    keys: np.ndarray


def _check_columns(events: ibis.Table, specs: Sequence[Spec]) -> None:
    needed = {"event", "month", KEY} | {name for spec in specs for name in spec.columns}
    missing = [name for name in NAMES if name in needed and name not in events.columns]
    if missing:
        raise BadEvents(
            f"The events have no column {', '.join(missing)}. See `mostovi publish --help`."
        )


def _families(specs: Sequence[Spec]) -> list[tuple[tuple[str, ...], list[Spec]]]:
    """Specifications by the columns that their kinds of event need, all together.

    Every kind of event is scanned for the columns of all tables that count it, once.
    """
    parts: list[tuple[set[str], set[str], list[Spec]]] = []
    for spec in specs:
        kinds, columns, together = set(spec.events), set(spec.columns), [spec]
        kept = []
        for part in parts:
            if part[0] & kinds:
                kinds, columns, together = kinds | part[0], columns | part[1], part[2] + together
            else:
                kept.append(part)
        parts = [*kept, (kinds, columns, together)]
    joined: dict[tuple[str, ...], list[Spec]] = {}
    for _kinds, columns, together in parts:
        joined.setdefault(tuple(sorted(columns)), []).extend(together)
    return list(joined.items())


def _grouped(events: ibis.Table, columns: Sequence[str], kinds: set[str]) -> _Grouped:
    import numpy as np

    names = ["event", "month", *columns]
    kept = events.filter(events.event.isin(sorted(kinds)))
    key = kept[KEY].cast("float64")
    grouped = kept.group_by(names)
    result = grouped.agg(
        **{_COUNT: kept.count(), _KEYS: key.sum(), _KEYED: key.count()}
    ).to_pyarrow()
    if not result.column(_KEYED).equals(result.column(_COUNT)):
        raise BadEvents("Some events have no record_key. Give every record its own, for good.")
    keys = result.column(_KEYS).to_numpy() * KEY_STEPS
    if not np.array_equal(keys, np.floor(keys)):
        # Keys of others, finer than ours: cut each, so that no sum depends on the order.
        steps = (key * KEY_STEPS).floor().cast("float64")
        result = grouped.agg(**{_COUNT: kept.count(), _KEYS: steps.sum()}).to_pyarrow()
        keys = result.column(_KEYS).to_numpy()
    values, codes = {}, {}
    for name in names:
        encoded = result.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
        values[name] = encoded.dictionary.to_pylist()
        codes[name] = encoded.indices.to_numpy(zero_copy_only=False)
    return _Grouped(values, codes, result.column(_COUNT).to_numpy(), keys)


def _cells(grouped: _Grouped, spec: Spec) -> pa.Table:
    """One table of the grouped events, margins and all."""
    import numpy as np

    chosen = _chosen(grouped, spec)
    months = [str(month) for month in grouped.values["month"]]
    periods = sorted({spec.period.of(month) for month in months})
    axes = [_Axis(periods, np.array([periods.index(spec.period.of(m)) for m in months]))]
    for dimension in spec.dimensions:
        axes.append(_axis(dimension, grouped, chosen, spec))
    names = ["month", *(dimension.column for dimension in spec.dimensions)]
    places = [
        axis.place[grouped.codes[name][chosen]] for axis, name in zip(axes, names, strict=True)
    ]
    labels = [axes[0].labels, *([*axis.labels, TOTAL] for axis in axes[1:])]
    count, keys = grouped.count[chosen], grouped.keys[chosen]
    shape = tuple(len(each) for each in labels)
    size = 1
    for length in shape:
        size *= length
    summed = _dense if size <= _DENSE else _sparse
    where, counts, sums = summed(shape, places, count, keys)
    return _as_table(spec, shape, labels, where, counts, sums)


def _chosen(grouped: _Grouped, spec: Spec) -> np.ndarray:
    """Which groups are counted: the right events, the last month of a stock's period, `where`."""
    import numpy as np

    def among(name: str, wanted: Sequence[bool]) -> np.ndarray:
        chosen: np.ndarray = np.array(wanted, dtype=bool)[grouped.codes[name]]
        return chosen

    for month in grouped.values["month"]:
        if month is None or len(month) != 7 or not "01" <= month[5:] <= "12":
            raise BadEvents(f"month: {month!r} is not a month; write it as 2026-10.")
    chosen = among("event", [value in spec.events for value in grouped.values["event"]])
    if spec.stock:
        chosen &= among("month", [spec.period.closes(str(m)) for m in grouped.values["month"]])
    for column, wanted in spec.where.items():
        chosen &= among(column, [value in wanted for value in grouped.values[column]])
    return np.flatnonzero(chosen)


@dataclass(frozen=True)
class _Axis:
    """The labels along one axis, and for each value of the column its place among them."""

    labels: list[str]
    place: np.ndarray


def _axis(dimension: Dimension, grouped: _Grouped, chosen: np.ndarray, spec: Spec) -> _Axis:
    import numpy as np

    values = grouped.values[dimension.column]
    codes = [dimension.read(value) for value in values]
    used = np.zeros(len(values), dtype=bool)
    used[grouped.codes[dimension.column][chosen]] = True
    wrong = sorted(str(v) for v, c, u in zip(values, codes, used, strict=True) if u and c is None)
    if wrong:
        raise BadEvents(
            f"{dimension.column}: {', '.join(map(repr, wrong[:5]))} is not in the list "
            f"'{dimension.code}' of table {spec.code}. Correct the events, or leave it empty for "
            "'not known'."
        )
    own = [code.code for code in dimension.codes]
    occurring = {c for c, u in zip(codes, used, strict=True) if u and c is not None}
    labels = [
        *sorted(occurring - set(own)),
        *(c for c in own if not dimension.open or c in occurring),
    ]
    index = {label: place for place, label in enumerate(labels)}
    return _Axis(labels, np.array([index.get(code or "", 0) for code in codes], dtype=np.int64))


_Summed = tuple["np.ndarray", "np.ndarray", "np.ndarray"]


def _dense(
    shape: tuple[int, ...], places: list[np.ndarray], count: np.ndarray, keys: np.ndarray
) -> _Summed:
    """Margins as sums along the axes of a full array."""
    import numpy as np

    size = int(np.prod(shape))
    at = np.ravel_multi_index(places, shape) if len(count) else np.zeros(0, dtype=np.int64)
    sums = []
    for weights in (count, keys):
        array = np.bincount(at, weights=weights, minlength=size).reshape(shape)
        for axis in range(1, len(shape)):
            total = [slice(None)] * len(shape)
            total[axis] = slice(-1, None)
            array[tuple(total)] = array.sum(axis=axis, keepdims=True)
        sums.append(array.ravel())
    where = np.flatnonzero(sums[0])
    return where, sums[0][where], sums[1][where]


def _sparse(
    shape: tuple[int, ...], places: list[np.ndarray], count: np.ndarray, keys: np.ndarray
) -> _Summed:
    """Margins by summing away one axis after the other, only of what occurs."""
    import numpy as np

    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    at = sum((p.astype(np.int64) * s for p, s in zip(places, strides, strict=True)), np.int64(0))
    where, counts, sums = _added(np.asarray(at), count.astype(float), keys)
    for axis in range(1, len(shape)):
        place = where // strides[axis] % shape[axis]
        total = where + (shape[axis] - 1 - place) * strides[axis]
        added = _added(total, counts, sums)
        where, counts, sums = (
            np.concatenate(pair) for pair in zip((where, counts, sums), added, strict=True)
        )
    order = np.argsort(where)
    return where[order], counts[order], sums[order]


def _added(at: np.ndarray, count: np.ndarray, keys: np.ndarray) -> _Summed:
    import numpy as np

    where, inverse = np.unique(at, return_inverse=True)
    return (
        where,
        np.bincount(inverse, weights=count, minlength=len(where)),
        np.bincount(inverse, weights=keys, minlength=len(where)),
    )


def _as_table(
    spec: Spec,
    shape: tuple[int, ...],
    labels: list[list[str]],
    where: np.ndarray,
    counts: np.ndarray,
    sums: np.ndarray,
) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, place, codes in zip(
        ("period", *spec.names), np.unravel_index(where, shape), labels, strict=True
    ):
        indices = pa.array(place.astype(np.int32))
        columns[name] = pa.DictionaryArray.from_arrays(indices, pa.array(codes, pa.string()))
    columns["count"] = pa.array(counts.astype(np.int64))
    columns["key"] = pa.array(np.mod(sums, KEY_STEPS) / KEY_STEPS)
    return pa.table(columns)
