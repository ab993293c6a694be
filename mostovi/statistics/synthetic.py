# SPDX-License-Identifier: EUPL-1.2
"""Synthetic microdata: made-up events that have the counts of the real ones, nearly, and no person.

Method: `pac-synth` (differentially private marginals up to combinations of `length` values, from
which records are drawn; R. Edge and others, the method of the public data set on trafficking
victims). The guarantee is for one event: whoever has several events in the file has the sum of
their epsilons.

A part of the events is held back from the synthesizer (`control`). The attacks of `measure` are
run against those that it saw and against those that it did not: what works better against the
first was learned from the file about them. Attacks and figures follow M. Giomi and others, *A
unified framework for quantifying privacy risk in synthetic data* (PETS 2023) and its library
anonymeter, for coded data:

- singling out: a combination of values that occurs once in the file also occurs once in the events;
- linkability: two halves of a person's columns have the same nearest record in the file;
- inference: the nearest record in the file to what is known of a person tells the secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

from mostovi.statistics.events import KEY, KEY_STEPS, NAMES, BadEvents

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

DEFAULT_COLUMNS: Final = (
    "event", "month", "partner", "sex", "age_group", "citizenship", "unaccompanied",
    "vulnerability", "route", "permit_reason", "status", "decision",
)  # fmt: skip
FEWEST: Final = 500
"""Fewer events than this are not synthesized: noise would be all there is."""
_CONTROL: Final = 0.2
_MOST_CONTROL: Final = 5000
_ATTACKS: Final = 500
_CONFIDENCE: Final = 0.95
_BLOCK: Final = 1 << 24
_UNKNOWN: Final = "not known"


@dataclass(frozen=True)
class Settings:
    """How a file is made. `epsilon`: the privacy lost by one event at most; less protects more."""

    columns: tuple[str, ...] = DEFAULT_COLUMNS
    epsilon: float = 4.0
    length: int = 2
    seed: int = 1


@dataclass(frozen=True)
class Risk:
    """One attack: rates with 95 % Wilson bounds, and the risk beyond the control, 0 to 1."""

    attack: str
    attempts: int
    success: float
    success_error: float
    control: float
    control_error: float
    risk: float
    low: float
    high: float


@dataclass(frozen=True)
class Utility:
    """Counts of combinations of `length` values: how far the file's are from the events'.

    `mean_off`: |differences| together as a share of the counts, over combinations of `least` or
    more. `kept`: the share of those combinations that the file has. `invented`: of the file's
    records, those with a combination that no event has.
    """

    length: int
    combinations: int
    mean_off: float
    kept: float
    invented: float


@dataclass(frozen=True)
class Report:
    """What was made, what attackers get out of it, and what it is good for."""

    events: int
    held_back: int
    records: int
    columns: tuple[str, ...]
    epsilon: float
    delta: str
    length: int
    risks: tuple[Risk, ...]
    copies: float
    copies_control: float
    utility: tuple[Utility, ...]

    @property
    def highest(self) -> float:
        """The highest upper bound of any attack's risk."""
        return max(risk.high for risk in self.risks)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a file beside the data."""
        return {**asdict(self), "highest": self.highest}


def synthesize(events: pa.Table, settings: Settings) -> tuple[pa.Table, Report]:
    """Synthetic events with the columns of `events`, and the report on them. Raises `BadEvents`."""
    import numpy as np

    columns = _columns(events, settings)
    if events.num_rows < FEWEST:
        raise BadEvents(
            f"{events.num_rows} events are too few to be synthesized; {FEWEST} are needed. "
            "Take a longer time or more kinds of event."
        )
    random = np.random.default_rng(settings.seed)
    order = random.permutation(events.num_rows)
    held = min(int(events.num_rows * _CONTROL), _MOST_CONTROL)
    coded, labels = _coded(events, columns)
    control, used = coded[order[:held]], coded[order[held:]]
    made = _made(used, labels, columns, settings, events.num_rows)
    risks = measure(used, made, control, random)
    report = Report(
        events=events.num_rows, held_back=held, records=len(made), columns=columns,
        epsilon=settings.epsilon, delta="1 / (n ln n)", length=settings.length, risks=risks,
        copies=_copied(made, used, used), copies_control=_copied(made, control, used),
        utility=tuple(
            utility(used, made, length) for length in range(1, min(3, len(columns)) + 1)
        ),
    )  # fmt: skip
    return _as_events(made, labels, columns, random), report


def _columns(events: pa.Table, settings: Settings) -> tuple[str, ...]:
    unknown = [name for name in settings.columns if name not in NAMES or name == KEY]
    if unknown:
        raise BadEvents(f"{', '.join(unknown)}: events have no such column to synthesize.")
    chosen = tuple(
        name
        for name in settings.columns
        if name in events.column_names and len(events.column(name).unique()) > 1
    )
    if len(chosen) < 3:
        raise BadEvents("Fewer than three columns have more than one value; name others.")
    return chosen


def _coded(events: pa.Table, columns: Sequence[str]) -> tuple[np.ndarray, list[list[str]]]:
    """Records as small whole numbers; 0 is not known."""
    import numpy as np
    import pyarrow as pa

    places, labels = [], []
    for name in columns:
        text = events.column(name).cast(pa.string()).combine_chunks().dictionary_encode()
        own = [value or "" for value in text.dictionary.to_pylist()]
        ordered = ["", *sorted({*own} - {""})]
        index = np.array([*(ordered.index(value) for value in own), 0], dtype=np.int32)
        # A missing value has no place in the dictionary: the last entry, 0.
        places.append(index[text.indices.fill_null(len(own)).to_numpy(zero_copy_only=False)])
        labels.append(ordered)
    return np.stack(places, axis=1), labels


def _made(
    used: np.ndarray,
    labels: Sequence[Sequence[str]],
    columns: Sequence[str],
    settings: Settings,
    records: int,
) -> np.ndarray:
    """Records drawn by pac-synth."""
    import numpy as np
    from pacsynth import (  # type: ignore[import-untyped]
        Dataset,
        DpAggregateSeededParametersBuilder,
        DpAggregateSeededSynthesizer,
    )

    raw = [list(columns)]
    # A value that is not known is a value to be kept: empty, the synthesizer would not count it.
    texts = [np.array([_UNKNOWN, *own[1:]], object)[used[:, n]] for n, own in enumerate(labels)]
    raw += [list(row) for row in zip(*texts, strict=True)]
    length = min(settings.length, len(columns))
    parameters = (
        DpAggregateSeededParametersBuilder()
        .reporting_length(length)
        .epsilon(settings.epsilon)
        .build()
    )
    synthesizer = DpAggregateSeededSynthesizer(parameters)
    synthesizer.fit(Dataset(raw))
    drawn = synthesizer.sample(records)
    header, rows = drawn[0], drawn[1:]
    # A record that ends before it has all columns is noise; to leave it out costs no privacy.
    if sum(all(row) for row in rows) < FEWEST // 10:
        raise BadEvents("With this epsilon nothing is left of the events; raise it, or add events.")
    index = [{value: place for place, value in enumerate(own)} for own in labels]
    order = [header.index(name) for name in columns]
    return np.array(
        [
            [index[n].get(row[place], 0) for n, place in enumerate(order)]
            for row in rows
            if all(row)
        ],
        dtype=np.int32,
    )


def _as_events(
    made: np.ndarray, labels: Sequence[list[str]], columns: Sequence[str], random: Any
) -> pa.Table:
    import pyarrow as pa

    rows = len(made)
    found: dict[str, Any] = {}
    for name in NAMES:
        if name == KEY:
            found[name] = pa.array(random.integers(0, KEY_STEPS, rows) / KEY_STEPS)
        elif name in columns:
            place = made[:, columns.index(name)]
            indices = pa.array(place, mask=place == 0)
            own = pa.array(labels[columns.index(name)], pa.string())
            found[name] = pa.DictionaryArray.from_arrays(indices, own)
        else:
            found[name] = pa.nulls(rows, pa.string())
    return pa.table(found)


# Attacks


def measure(
    used: np.ndarray, made: np.ndarray, control: np.ndarray, random: Any, attempts: int = _ATTACKS
) -> tuple[Risk, ...]:
    """All attacks against records that the synthesizer saw and against those it did not."""
    width = used.shape[1]
    most = min(attempts, len(control), len(used))
    seen = used[random.choice(len(used), len(control), replace=False)]
    found = [
        singling_out(seen, made, control, random, attempts, size)
        for size in range(min(2, width), min(4, width) + 1)
    ]
    targets = (seen[:most], control[:most])
    halves = list(range(0, width, 2)), list(range(1, width, 2))
    found.append(_risk("linkability", *(linked(group, made, *halves) for group in targets)))
    for secret in range(width):
        others = [column for column in range(width) if column != secret]
        rights = [inferred(group, made, others, secret) for group in targets]
        found.append(_risk(f"inference of column {secret + 1}", *rights))
    return tuple(found)


def singling_out(
    seen: np.ndarray,
    made: np.ndarray,
    control: np.ndarray,
    random: Any,
    attempts: int,
    size: int,
) -> Risk:
    """Combinations of `size` columns that occur once in the file: do they occur once in the events?

    `seen` has as many records as `control`, so that both are as easy to single out in.
    """
    import numpy as np

    asked: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
    width = made.shape[1]
    for chosen in random.permutation(list(combinations(range(width), size))):
        keys, counts = np.unique(made[:, chosen], axis=0, return_counts=True)
        asked |= {(tuple(chosen), tuple(key)) for key in keys[counts == 1]}
        if len(asked) >= 4 * attempts:
            break
    ordered = sorted(asked)
    picked = [ordered[n] for n in random.permutation(len(ordered))[:attempts]]
    results = []
    for records in (seen, control):
        results.append(
            [
                int((records[:, list(columns)] == np.array(values)).all(axis=1).sum()) == 1
                for columns, values in picked
            ]
        )
    return _risk(f"singling out by {size} columns", *results)


def nearest(targets: np.ndarray, made: np.ndarray) -> np.ndarray:
    """For each target the first of the records that differ from it in the fewest columns."""
    import numpy as np

    found = np.zeros(len(targets), dtype=np.int64)
    block = max(1, _BLOCK // max(1, len(made)))
    for start in range(0, len(targets), block):
        part = targets[start : start + block]
        off = np.zeros((len(part), len(made)), dtype=np.int8)
        for column in range(made.shape[1]):
            off += part[:, column, None] != made[None, :, column]
        found[start : start + block] = off.argmin(axis=1)
    return found


def linked(
    targets: np.ndarray, made: np.ndarray, left: Sequence[int], right: Sequence[int]
) -> list[bool]:
    """Whether both halves of each target lead to the same record."""
    first, second = (nearest(targets[:, list(half)], made[:, list(half)]) for half in (left, right))
    return [bool(same) for same in first == second]


def inferred(
    targets: np.ndarray, made: np.ndarray, others: Sequence[int], secret: int
) -> list[bool]:
    """Whether the nearest record by the other columns has the target's secret."""
    place = nearest(targets[:, list(others)], made[:, list(others)])
    return [bool(same) for same in made[place, secret] == targets[:, secret]]


def _copied(made: np.ndarray, records: np.ndarray, population: np.ndarray) -> float:
    """The share of `records` that are unique, also in the population, and whole in the file."""
    rows, counts = _counted(population)
    alone = {row for row, count in zip(rows, counts, strict=True) if count == 1}
    mine, times = _counted(records)
    if records is population:
        unique = {row for row, count in zip(mine, times, strict=True) if count == 1}
    else:
        unique = {
            row
            for row, count in zip(mine, times, strict=True)
            if count == 1 and row not in set(rows)
        }
    there = set(_counted(made)[0])
    chosen = unique & alone if records is population else unique
    return len(chosen & there) / len(chosen) if chosen else 0.0


def _counted(records: np.ndarray) -> tuple[list[tuple[int, ...]], list[int]]:
    import numpy as np

    rows, counts = np.unique(records, axis=0, return_counts=True)
    return [tuple(row) for row in rows.tolist()], counts.tolist()


def wilson(successes: int, total: int, confidence: float = _CONFIDENCE) -> tuple[float, float]:
    """Rate and half-width of Wilson's score interval (Wilson 1927).

    >>> [round(value, 3) for value in wilson(5, 100)]
    [0.067, 0.045]
    """
    z = NormalDist().inv_cdf(0.5 * (1 + confidence))
    spread = successes * (total - successes) / total
    width = total + z * z
    return (successes + 0.5 * z * z) / width, z / width * sqrt(spread + 0.25 * z * z)


def beyond(rate: tuple[float, float], control: tuple[float, float]) -> tuple[float, float, float]:
    """The risk beyond the control with its bounds, each between 0 and 1."""
    (seen, seen_error), (other, other_error) = rate, control
    left = 1 - other
    risk = (seen - other) / left
    error = sqrt((seen_error / left) ** 2 + ((seen - 1) / left**2 * other_error) ** 2)
    low, value, high = (min(max(x, 0.0), 1.0) for x in (risk - error, risk, risk + error))
    return value, low, high


def _risk(attack: str, seen: Sequence[bool], control: Sequence[bool]) -> Risk:
    if not seen or not control:
        return Risk(attack, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    rate, other = wilson(sum(seen), len(seen)), wilson(sum(control), len(control))
    return Risk(attack, len(seen), *rate, *other, *beyond(rate, other))


def utility(used: np.ndarray, made: np.ndarray, length: int, least: int = 20) -> Utility:
    """How well the file keeps the counts of combinations of `length` values."""
    import numpy as np

    scale = len(used) / len(made)
    kept = compared = off = total = 0
    invented = np.zeros(len(made), dtype=bool)
    for chosen in combinations(range(used.shape[1]), length):
        radix = np.cumprod([1, *(int(used[:, c].max()) + 2 for c in chosen)])[:-1]
        true, place = (records[:, list(chosen)] @ radix for records in (used, made))
        values, counts = np.unique(true, return_counts=True)
        known = dict(zip(*(part.tolist() for part in np.unique(place, return_counts=True)),
                         strict=True))  # fmt: skip
        invented |= ~np.isin(place, values)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            if count >= least:
                compared += 1
                kept += value in known
                off += abs(known.get(value, 0) * scale - count)
                total += count
    return Utility(
        length,
        compared,
        off / total if total else 0.0,
        kept / compared if compared else 0.0,
        float(invented.mean()),
    )


def in_words(report: Report) -> list[str]:
    """The report in plain lines; columns of the attacks by name."""
    named: Mapping[str, str] = {
        f"inference of column {n}": f"inference of {name}"
        for n, name in enumerate(report.columns, 1)
    }
    lines = [
        f"{report.records} made-up events from {report.events - report.held_back} real ones; "
        f"{report.held_back} more were held back to measure the risk.",
        f"Columns: {', '.join(report.columns)}. One record stands for "
        f"{report.events / report.records:.2f} events.",
        f"Differential privacy for one event: epsilon {report.epsilon:g}, delta {report.delta}; "
        f"combinations of up to {report.length} values.",
        "",
        "Risk: what attacks gain against events in the file over events that were held back",
        "(0 nothing, 1 everything; in brackets the 95 % bounds; success against both).",
    ]
    lines += [
        f"  {named.get(r.attack, r.attack):34} {r.risk:.3f} ({r.low:.3f} to {r.high:.3f})"
        f"   {r.success:.3f} / {r.control:.3f}   {r.attempts} attempts"
        for r in report.risks
    ]
    lines += [
        f"  unique events that the file repeats: {report.copies:.3f}; of those held back, "
        f"{report.copies_control:.3f}",
        "",
        "Use: counts of combinations of values, 20 or more events each",
    ]
    lines += [
        f"  {u.length} values: {u.combinations} combinations, {u.kept:.1%} kept, "
        f"off by {u.mean_off:.1%} on average; {u.invented:.1%} of records have an invented one"
        for u in report.utility
    ]
    return lines
