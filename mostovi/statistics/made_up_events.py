# SPDX-License-Identifier: EUPL-1.2
"""Made-up events of any size for benchmarks, tests and the demo: no person is behind any of them.

Columns follow the specifications: an event of a kind has the columns that some table of that kind
reads, with values of the lists, unevenly distributed as in life (a few citizenships are most, men
more than women, children alone are children). Written in pieces, so that size is bounded by the
disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mostovi.statistics.events import KEY, KEY_STEPS, NAMES
from mostovi.statistics.months import Month
from mostovi.statistics.specs import Spec

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PIECE: Final = 250_000
CITIZENSHIPS: Final = (
    "AF", "SY", "MA", "PK", "TR", "BD", "IQ", "IR", "IN", "EG", "NP", "CU", "TN", "DZ", "SO", "PS",
    "LY", "CN", "RU", "UA", "BI", "CD", "CM", "ER", "ET", "GH", "GM", "GN", "CI", "ML", "NG", "SN",
    "SD", "SL", "LB", "JO", "YE", "LK", "MM", "VN", "PH", "AL", "BA", "ME", "MK", "RS", "XK", "XS",
)  # fmt: skip
_AGES: Final = {
    "0-11": 0.12, "12-13": 0.03, "14-15": 0.06, "16-17": 0.09, "18-34": 0.46, "35-59": 0.19,
    "60-64": 0.02, "65-": 0.02, None: 0.01,
}  # fmt: skip
_SEXES: Final = {"male": 0.69, "female": 0.29, "other": 0.005, None: 0.015}
_CHILDREN: Final = ("0-11", "12-13", "14-15", "16-17")
_MISSING: Final = 0.02
"""The share of values that are not known, in columns without a distribution of their own."""
_REJECTIONS: Final = ("unfounded", "inadmissible", "manifestly_unfounded")
_OTHERWISE: Final = ("granted", "revoked", "ended", "not_renewed")


def pieces(
    count: int,
    specs: Sequence[Spec],
    *,
    seed: int,
    first: Month,
    months: int,
    partners: Sequence[str] = ("al", "ba", "xk", "me", "mk", "rs"),
) -> Iterator[pa.Table]:
    """`count` events in Arrow tables of at most `PIECE` rows, always the same for a seed."""
    import numpy as np

    random = np.random.default_rng(seed)
    plan = _Plan(specs, [str(first.back(-n)) for n in range(months)], partners)
    for start in range(0, count, PIECE):
        yield plan.piece(random, min(PIECE, count - start))


def write(path: Path, count: int, specs: Sequence[Spec], **options: Any) -> None:
    """Write `pieces` as one Parquet file; nothing is left when it fails."""
    import pyarrow.parquet as pq

    unfinished = path.with_suffix(path.suffix + ".part")
    writer = None
    try:
        for piece in pieces(count, specs, **options):
            writer = writer or pq.ParquetWriter(unfinished, piece.schema)
            writer.write_table(piece)
        if writer is None:
            raise ValueError("Write at least one event.")
        writer.close()
        unfinished.replace(path)
    finally:
        if writer is not None:
            writer.close()
        unfinished.unlink(missing_ok=True)


class _Plan:
    """What the events of each kind look like."""

    def __init__(self, specs: Sequence[Spec], months: list[str], partners: Sequence[str]) -> None:
        self.months, self.partners = months, list(partners)
        self.kinds = sorted({event for spec in specs for event in spec.events})
        self.columns: dict[str, set[str]] = {kind: set() for kind in self.kinds}
        self.values: dict[str, dict[str, list[str]]] = {kind: {} for kind in self.kinds}
        for spec in specs:
            read = {d.column: [v for code in d.codes for v in code.joins] for d in spec.dimensions}
            asked = {column: list(values) for column, values in spec.where.items()}
            for kind in spec.events:
                self.columns[kind] |= set(read) | set(asked)
                for found in (read, asked):
                    for column, values in found.items():
                        known = self.values[kind].setdefault(column, [])
                        known.extend(value for value in values if value not in known)

    def piece(self, random: np.random.Generator, rows: int) -> pa.Table:
        import numpy as np
        import pyarrow as pa

        kind = _uneven(random, len(self.kinds), rows, 0.6)
        month = random.integers(0, len(self.months), rows)
        late = np.minimum(random.geometric(0.75, rows) - 1, 4)
        recorded = [
            *self.months,
            *(str(Month.parse(self.months[-1]).back(-n)) for n in range(1, 5)),
        ]
        made: dict[str, Any] = {
            "event": _coded(kind, self.kinds),
            "month": _coded(month, self.months),
            "partner": _coded(_uneven(random, len(self.partners), rows, 0.5), self.partners),
            "recorded_month": _coded(month + late, recorded),
            KEY: pa.array(random.integers(0, KEY_STEPS, rows) / KEY_STEPS),
        }
        ages = _weighted(random, _AGES, rows)
        refused = random.random(rows) < 0.55
        for name in NAMES:
            if name in made:
                continue
            values: list[str] = []
            index = np.full(rows, -1)
            for number, one in enumerate(self.kinds):
                if name in self.columns[one]:
                    at = np.flatnonzero(kind == number)
                    index[at] = self._drawn(random, name, one, ages[at], refused[at], values)
            made[name] = _coded(index, values)
        return pa.table({name: made[name] for name in NAMES}).cast(_schema())

    def _drawn(
        self,
        random: np.random.Generator,
        name: str,
        kind: str,
        ages: np.ndarray,
        refused: np.ndarray,
        values: list[str],
    ) -> np.ndarray:
        """Places in `values` (which is extended) for some events of one kind; -1 is not known."""
        import numpy as np

        rows = len(ages)
        if name == "age_group":
            return _placed(ages, list(_AGES), values)
        if name == "sex":
            return _placed(_weighted(random, _SEXES, rows), list(_SEXES), values)
        if name == "unaccompanied":
            child = np.isin(ages, [list(_AGES).index(age) for age in _CHILDREN])
            return _placed((child & (random.random(rows) < 0.3)).astype(int), ["no", "yes"], values)
        own = self.values[kind].get(name, [])
        if name in {"citizenship", "destination"}:
            own = list(CITIZENSHIPS)
        elif "status" in self.columns[kind] and name in {"status", "decision"}:
            return self._decided(random, name, own, refused, values)
        drawn = _uneven(random, len(own), rows, 1.0)
        drawn[random.random(rows) < _MISSING] = -1
        return _placed(drawn, own, values)

    def _decided(
        self,
        random: np.random.Generator,
        name: str,
        own: list[str],
        refused: np.ndarray,
        values: list[str],
    ) -> np.ndarray:
        """A decision that refuses gives no status; every other one is about a status."""
        import numpy as np

        if name == "status":
            pair = (["none"], [value for value in own if value != "none"])
        else:
            pair = (list(_REJECTIONS), list(_OTHERWISE))
        drawn = [
            _placed(_uneven(random, len(part), len(refused), 1.5), part, values) for part in pair
        ]
        return np.where(refused, *drawn)


def _uneven(random: np.random.Generator, codes: int, rows: int, bend: float) -> np.ndarray:
    """Places 0 to codes - 1, the first ones most often (Zipf's law)."""
    import numpy as np

    weights = 1 / np.arange(1, codes + 1) ** bend
    return np.searchsorted(np.cumsum(weights / weights.sum())[:-1], random.random(rows))


def _weighted(random: np.random.Generator, weights: Any, rows: int) -> np.ndarray:
    import numpy as np

    cumulated = np.cumsum(list(weights.values()))
    return np.searchsorted(cumulated[:-1], random.random(rows))


def _placed(drawn: np.ndarray, own: Sequence[str | None], values: list[str]) -> np.ndarray:
    import numpy as np

    for value in own:
        if value is not None and value not in values:
            values.append(value)
    place = np.array([*(-1 if v is None else values.index(v) for v in own), -1])
    placed: np.ndarray = place[drawn]
    return placed


def _coded(index: np.ndarray, values: list[str]) -> pa.DictionaryArray:
    import numpy as np
    import pyarrow as pa

    indices = pa.array(index.astype(np.int32), mask=index < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string()))


def _schema() -> pa.Schema:
    import pyarrow as pa

    coded = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([(name, pa.float64() if name == KEY else coded) for name in NAMES])
