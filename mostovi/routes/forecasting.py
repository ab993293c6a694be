# SPDX-License-Identifier: EUPL-1.2
"""A short forecast of a count series, with intervals made of its own past errors. Pure.

The middle: the logarithm of the count without its season is smoothed exponentially, goes back
toward its mean of five years with a half-life, and gets its season again. Which half-life (or none)
is chosen for each forecast by the errors made before it. The intervals: the errors that the same
procedure made at the same distance at earlier origins, as far as they were known by then (split
conformal prediction for rolling origins; adaptive as Gibbs and Candès 2021: where past intervals
held too seldom they become wider). Scores after Hyndman and Koehler 2006 (MASE), Gneiting and
Raftery 2007 (interval score), Bracher et al. 2021 (weighted interval score).

A forecast says what happens when nothing changes that has not changed before. It foresaw neither
2015 nor 2020, and no interval made of the past does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
LEAST_YEARS = 3
HALF_LIVES = (1.0, 3.0, None)
"""In years; None: the level stays where it is."""
SMOOTHING = 0.8
_LEAST_ERRORS = 12
_STEP = 0.02


@dataclass(frozen=True)
class Forecast:
    """Quantiles (`LEVELS`, rows: periods ahead) of the next counts.

    errors: how many earlier errors the intervals of the first period rest on.
    """

    quantiles: Array
    errors: int

    def interval(self, share: float) -> tuple[Array, Array]:
        """Lower and upper bounds of the middle `share`: 0.5, 0.8 or 0.95."""
        low = LEVELS.index(round((1 - share) / 2, 3))
        return self.quantiles[:, low], self.quantiles[:, -1 - low]

    @property
    def median(self) -> Array:
        """The middle of each period ahead."""
        return self.quantiles[:, LEVELS.index(0.5)]


@dataclass(frozen=True)
class Score:
    """How a way of forecasting did over all origins.

    mase: mean absolute error as a multiple of the seasonal-naive error before each origin.
    interval, weighted: mean interval score (95 %) and weighted interval score of counts; log_*: of
    logarithms, where one great year does not decide alone. covered80, covered95: shares inside.
    """

    name: str
    origins: int
    mase: float
    log_error: float
    interval: float
    weighted: float
    log_interval: float
    log_weighted: float
    covered80: float
    covered95: float


def season(logs: Array, length: int) -> Array:
    """By how much the logarithm of each part of the year lies above the year's mean; shrunk.

    As if two further years had shown no season at all.
    """
    halves = np.ones(length + 1 - length % 2)
    if length % 2 == 0:
        halves[0] = halves[-1] = 0.5
    centre = np.convolve(logs, halves / halves.sum(), "valid")
    first = len(halves) // 2
    away = logs[first : first + len(centre)] - centre
    places = (first + np.arange(len(centre))) % length
    total = np.bincount(places, weights=away, minlength=length)
    seen = np.bincount(places, minlength=length)
    found = total / (seen + 2.0)
    if length > 12:  # weeks: the neighbours say nearly the same
        found = np.convolve(np.r_[found[-2:], found, found[:2]], np.ones(5) / 5, "valid")
    centred: Array = found - found.mean()
    return centred


def _middles(logs: Array, length: int, ahead: int) -> dict[str, Array]:
    """The candidates' middle forecasts of logarithms."""
    by_part = season(logs, length)
    bare = logs - by_part[np.arange(len(logs)) % length]
    level = bare[0]
    for value in bare[1:]:
        level += SMOOTHING * (value - level)
    mean = bare[-5 * length :].mean()
    steps = np.arange(1, ahead + 1)
    seasonal = by_part[(len(logs) + steps - 1) % length]
    found = {}
    for half in HALF_LIVES:
        kept = np.ones(ahead) if half is None else 0.5 ** (steps / (half * length))
        found[f"half-life {half}"] = mean + (level - mean) * kept + seasonal
    return found


def seasonal_naive(logs: Array, length: int, ahead: int) -> Array:
    """The same as a year ago."""
    repeated = np.resize(logs[-length:], ahead)
    return repeated


@dataclass(frozen=True)
class _Run:
    """Forecasts of logarithms made at each origin with what was known then."""

    origins: tuple[int, ...]
    middles: Array
    errors: Array
    """Signed error by origin and distance; NaN where the future is not known."""


def _run(logs: Array, length: int, ahead: int, make: Callable[[Array, int], Array]) -> _Run:
    first = LEAST_YEARS * length
    origins = tuple(range(first, len(logs) + 1))
    middles = np.stack([make(logs[:origin], origin) for origin in origins])
    future = np.full((len(origins), ahead), np.nan)
    for row, origin in enumerate(origins):
        known = logs[origin : origin + ahead]
        future[row, : len(known)] = known
    return _Run(origins, middles, future - middles)


def _chosen(logs: Array, length: int, ahead: int) -> _Run:
    """At each origin the candidate with the smallest error known by then."""
    first = LEAST_YEARS * length
    candidates: dict[str, list[Array]] = {}
    for origin in range(first, len(logs) + 1):
        for name, middle in _middles(logs[:origin], length, ahead).items():
            candidates.setdefault(name, []).append(middle)
    runs = {
        name: _run(logs, length, ahead, lambda _known, origin, made=made: made[origin - first])  # type: ignore[misc]
        for name, made in candidates.items()
    }
    names = list(runs)
    rows = len(next(iter(runs.values())).origins)
    middles = np.empty((rows, ahead))
    for row in range(rows):
        losses = [np.nanmean(np.r_[0.0, _known(runs[name].errors, row)]) for name in names]
        middles[row] = runs[names[int(np.argmin(losses))]].middles[row]
    return _run(logs, length, ahead, lambda _logs, origin: middles[origin - first])


def _known(errors: Array, row: int) -> Array:
    """Absolute errors at all distances that were known at the origin of `row`."""
    rows, steps = np.nonzero(
        np.arange(errors.shape[0])[:, None] + np.arange(1, errors.shape[1] + 1)[None, :] <= row
    )
    found: Array = np.abs(errors[rows, steps])
    return found


def _quantiles(run: _Run, row: int, wider: Array) -> tuple[Array, int]:
    """Quantiles of logarithms at one origin, and how many errors the first distance rests on.

    wider: for each pair of levels, what is taken off the tail because past intervals failed.
    """
    ahead = run.middles.shape[1]
    found = np.empty((ahead, len(LEVELS)))
    count = 0
    spread = 0.5
    for step in range(ahead):
        known = run.errors[: max(0, row - step), step]
        known = known[~np.isnan(known)]
        count = len(known) if step == 0 else count
        if len(known) >= _LEAST_ERRORS:
            tails = np.array([_tail(level, wider) for level in LEVELS])
            spread = max(float(np.std(known)), 0.05)
            found[step] = run.middles[row, step] + _stretched(known, tails)
        else:
            grown = spread * np.sqrt(1 + step / 6)
            normal = np.array([-1.96, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.96])
            found[step] = run.middles[row, step] + grown * normal * 1.3
    found[:, LEVELS.index(0.5)] = run.middles[row]
    return np.sort(found, axis=1), count


def _tail(level: float, wider: Array) -> float:
    if level == 0.5:
        return 0.5
    outer = round(min(level, 1 - level), 3)
    pair = (0.025, 0.1, 0.25).index(outer)
    moved = float(np.clip(outer - wider[pair] / 2, 0.0005, 0.45))
    return moved if level < 0.5 else 1 - moved


def _stretched(errors: Array, tails: Array) -> Array:
    """Quantiles of past errors; beyond the largest one the tail goes on as a normal one."""
    count = len(errors)
    ranks = np.clip(tails * (count + 1) - 1, 0, count - 1)
    ordered = np.sort(errors)
    found = np.interp(ranks, np.arange(count), ordered)
    beyond = np.maximum(1 / ((count + 1) * np.minimum(tails, 1 - tails)), 1.0)
    found = found * (1 + 0.25 * np.log(beyond))
    result: Array = found
    return result


def _forecasts(run: _Run) -> tuple[list[Array], int]:
    """Quantiles of logarithms at every origin; each adapts to how the ones before it held."""
    pairs = np.array([0.05, 0.2, 0.5])
    wider = np.zeros(3)
    made: list[Array] = []
    count = 0
    for row in range(len(run.origins)):
        quantiles, count = _quantiles(run, row, wider)
        made.append(quantiles)
        # Of each distance the newest forecast whose outcome is known at the next origin.
        misses = []
        for step in range(run.middles.shape[1]):
            before = row - step
            if before < 0 or np.isnan(run.errors[before, step]):
                continue
            actual = run.middles[before, step] + run.errors[before, step]
            bounds = made[before][step]
            misses.append([not bounds[n] <= actual <= bounds[-1 - n] for n in range(3)])
        if misses:
            wider = np.clip(wider + _STEP * (np.mean(misses, axis=0) - pairs), -0.1, pairs)
    return made, count


def _logs(counts: Sequence[int | None]) -> Array:
    """Logarithms of counts; a gap is filled from its neighbours, so that the season keeps."""
    values = np.array([np.nan if count is None else float(count) for count in counts])
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < len(values):
        values = np.interp(np.arange(len(values)), known, values[known])
    logs: Array = np.log(values + 0.5)
    return logs


class TooShort(ValueError):
    """The series has fewer than three years; there is nothing to judge a forecast by."""


def forecast(counts: Sequence[int | None], *, length: int, ahead: int) -> Forecast:
    """The next `ahead` counts. length: periods in a year. Raises `TooShort`."""
    known = sum(count is not None for count in counts)
    if known < LEAST_YEARS * length:
        raise TooShort
    logs = _logs(counts)
    made, count = _forecasts(_chosen(logs, length, ahead))
    return Forecast(_counts(made[-1]), count)


def _counts(logs: Array) -> Array:
    found: Array = np.maximum(np.exp(np.minimum(logs, 25.0)) - 0.5, 0.0)
    return found


def scores(
    counts: Sequence[int | None], *, length: int, ahead: int, from_origin: int | None = None
) -> tuple[Score, Score]:
    """This forecast and seasonal-naive, both with intervals made the same way, at every origin.

    At each origin both know only what came before. from_origin: the first origin that is scored,
    default one year after forecasts begin, so that both have errors to learn from. Raises
    `TooShort`.
    """
    if sum(count is not None for count in counts) < (LEAST_YEARS + 2) * length:
        raise TooShort
    logs = _logs(counts)
    first = from_origin if from_origin is not None else (LEAST_YEARS + 1) * length
    ours = _chosen(logs, length, ahead)
    naive = _run(logs, length, ahead, lambda known, _origin: seasonal_naive(known, length, ahead))
    return (
        _score("forecast", logs, length, ours, first),
        _score("seasonal-naive", logs, length, naive, first),
    )


def _score(name: str, logs: Array, length: int, run: _Run, first: int) -> Score:
    made, _count = _forecasts(run)
    scaled, log_errors, rows = [], [], []
    covered80, covered95 = [], []
    counts = np.exp(logs) - 0.5
    origins = 0
    for row, origin in enumerate(run.origins):
        if origin < first or origin >= len(logs):
            continue
        origins += 1
        before = counts[:origin]
        scale = max(float(np.abs(before[length:] - before[:-length]).mean()), 1e-9)
        for step in range(min(run.middles.shape[1], len(logs) - origin)):
            bounds, actual = made[row][step], logs[origin + step]
            as_counts, seen = _counts(bounds), counts[origin + step]
            scaled.append(abs(as_counts[3] - seen) / scale)
            log_errors.append(abs(bounds[3] - actual))
            covered80.append(bounds[1] <= actual <= bounds[-2])
            covered95.append(bounds[0] <= actual <= bounds[-1])
            rows.append(
                (
                    _interval_score(as_counts[0], as_counts[-1], seen, 0.05),
                    _weighted(as_counts, seen),
                    _interval_score(bounds[0], bounds[-1], actual, 0.05),
                    _weighted(bounds, actual),
                )
            )
    interval, weighted, log_interval, log_weighted = np.mean(rows, axis=0)
    return Score(
        name, origins, float(np.mean(scaled)), float(np.mean(log_errors)), float(interval),
        float(weighted), float(log_interval), float(log_weighted), float(np.mean(covered80)),
        float(np.mean(covered95)),
    )  # fmt: skip


def _interval_score(low: float, high: float, seen: float, outside: float) -> float:
    """Width, and what lies outside times 2 / `outside`. Smaller is better."""
    return float(high - low + 2 / outside * (max(0.0, low - seen) + max(0.0, seen - high)))


def _weighted(quantiles: Array, seen: float) -> float:
    """Weighted interval score: twice the mean quantile loss; about the CRPS."""
    losses = [
        2 * max(level * (seen - value), (level - 1) * (seen - value))
        for level, value in zip(LEVELS, quantiles, strict=True)
    ]
    return float(np.mean(losses))
