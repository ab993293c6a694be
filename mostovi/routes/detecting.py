# SPDX-License-Identifier: EUPL-1.2
"""Finds changes in count series at a false-alarm rate that the user sets. Pure.

Each period is judged by `farrington` from what came before it. What counts as an alarm is set so
that the stated share of periods *without* change alarms: series are made up that have the season,
spread and persistence of the first years of this one and no change, and are judged the same way;
the cut is the quantile of their probabilities. (The nominal probability alone alarms up to five
times too often, because ordinary months resemble the month before.) The first years end before the
first judged period: nothing looks ahead, and a back-test is the same run.

Alarms close together are one episode. When it began is said by change points of the level (Killick,
Fearnhead, Eckley 2012, PELT, in the library ruptures), again of nothing later.

Nothing here decides anything: an episode becomes an alert that a person reviews (R4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, Protocol

import numpy as np

from mostovi.routes import farrington

Array = farrington.Array
METHOD = "farrington-flexible"
DEFAULT_RATE = 0.01
RATES = (0.001, 0.1)
"""Smallest and largest false-alarm rate that can be asked for."""
MADE_UP = 500
"""Series without change that one cut rests on, at least."""
_QUIET = {"month": 3, "week": 8}
"""So many periods without alarm end an episode."""
IN_YEAR = {"month": 12, "week": 52}
_UNKNOWN = float("nan")
_SETTINGS = {"month": farrington.MONTHS, "week": farrington.WEEKS}


class CountSeries(Protocol):
    """Counts of consecutive periods; None where nothing is known."""

    @property
    def code(self) -> str: ...
    @property
    def period(self) -> Literal["week", "month"]: ...
    @property
    def start(self) -> date: ...
    @property
    def counts(self) -> tuple[int | None, ...]: ...


@dataclass(frozen=True)
class Ordinary:
    """How a series behaves without change: its season, spread and persistence.

    season: coefficients of the logarithm (mean, two pairs of waves a year). noise: standard
    deviation of the logarithm around it beyond Poisson. persistence: correlation with the period
    before.
    """

    season: tuple[float, ...]
    noise: float
    persistence: float


@dataclass(frozen=True)
class Cut:
    """Below which probability a period alarms.

    rate: the share of periods without change that shall alarm. made_up: how many made-up series it
    rests on, 0: too little was known, the nominal probability is taken. nominal: the share that
    would alarm if the probability were taken at its word.
    """

    probability: float
    rate: float
    nominal: float
    made_up: int


@dataclass(frozen=True)
class Judged:
    """One period. bound: the highest count that is no alarm, worked out for episodes only."""

    period: str
    observed: int | None
    expected: float
    bound: float
    probability: float
    alarm: bool
    dispersion: float
    error: float


@dataclass(frozen=True)
class Episode:
    """Alarms close together: opened in the first, last alarmed in `last`, highest in `peak`.

    ratio: the highest count as a multiple of what was expected. since: the period in which the
    level changed, as it was seen when the episode opened; '' when no change point was found.
    """

    opened: Judged
    last: str
    peak: Judged
    alarms: int
    since: str
    over: bool

    @property
    def ratio(self) -> float:
        """How many times what was expected."""
        return (self.peak.observed or 0) / max(self.peak.expected, 1e-9)


@dataclass(frozen=True)
class Result:
    """What was found in a series. back-tested: every period was judged from the ones before it."""

    code: str
    period: str
    cut: Cut
    judged: tuple[Judged, ...]
    episodes: tuple[Episode, ...]

    @property
    def alarms(self) -> int:
        """How many periods alarmed."""
        return sum(one.alarm for one in self.judged)

    def apart_from(self, changed: Sequence[tuple[str, str]]) -> tuple[int, int]:
        """Alarms in, and number of, judged periods outside of the named changes."""
        outside = [
            one for one in self.judged
            if not any(first <= one.period <= last for first, last in changed)
        ]  # fmt: skip
        return sum(one.alarm for one in outside), len(outside)


class WrongRate(ValueError):
    """The false-alarm rate lies outside of `RATES`."""


def detect(series: CountSeries, *, rate: float = DEFAULT_RATE, seed: int = 1) -> Result:
    """Judge every period of a series from what came before. Raises `WrongRate`."""
    return detect_all([series], rate=rate, seed=seed)[0]


def detect_all(
    series: Sequence[CountSeries], *, rate: float = DEFAULT_RATE, seed: int = 1
) -> list[Result]:
    """Judge many series. Each has its own cut; with more than `MADE_UP` of the same calendar one
    common cut holds the rate over all of them together.

    Raises `WrongRate`.
    """
    if not RATES[0] <= rate <= RATES[1]:
        raise WrongRate
    found: dict[int, Result] = {}
    groups: dict[tuple[str, date, int], list[int]] = {}
    for place, one in enumerate(series):
        groups.setdefault((one.period, one.start, len(one.counts)), []).append(place)
    for (period, start, length), places in groups.items():
        days = farrington.calendar(period, start, length)
        counts = np.array([_as_numbers(series[place]) for place in places])
        made = farrington.expect(counts, days, period, _SETTINGS[period])
        names = [_name(day, period) for day in days]
        common = len(places) > MADE_UP
        cut = _cut(counts, days, period, rate, seed) if common else None
        for row, place in enumerate(places):
            own = cut or _cut(counts[row : row + 1], days, period, rate, seed)
            found[place] = _result(series[place], names, made, row, own)
    return [found[place] for place in range(len(series))]


def _as_numbers(series: CountSeries) -> list[float]:
    return [np.nan if count is None else float(count) for count in series.counts]


# --- What is ordinary -----------------------------------------------------------------------------


def _waves(places: Array, length: int) -> Array:
    angle = 2 * np.pi * places / length
    waves = [wave(step * angle) for step in (1, 2) for wave in (np.cos, np.sin)]
    return np.column_stack([np.ones(len(places)), *waves])


def ordinary(counts: Array, length: int) -> Ordinary | None:
    """Of one series' first years; None when under three quarters of two years are known."""
    places = np.flatnonzero(~np.isnan(counts))
    if len(places) < 1.5 * length:
        return None
    values = counts[places]
    design = _waves(places.astype(float), length)
    logs = np.log(values + 0.5)
    season = np.linalg.lstsq(design, logs, rcond=None)[0]
    rest = logs - design @ season
    free = max(len(rest) - design.shape[1], 1)
    mean = np.exp(design @ season)
    noise = max(float(rest @ rest) / free - float(np.mean(1 / np.maximum(mean, 1.0))), 0.0)
    spread = float(np.sum(rest**2))
    lag = float(np.sum(rest[1:] * rest[:-1])) / spread if spread > 0 else 0.0
    # A short series shows less persistence than it has (Kendall 1954).
    persistence = float(np.clip(lag + (1 + 4 * lag) / len(rest), 0.0, 0.95))
    return Ordinary(tuple(float(x) for x in season), noise**0.5, persistence)


def without_change(
    models: Sequence[Ordinary], length: int, periods: int, generator: np.random.Generator
) -> Array:
    """One made-up series for each model."""
    design = _waves(np.arange(periods, dtype=float), length)
    level = np.stack([model.season for model in models]) @ design.T
    noise = np.array([model.noise for model in models])
    kept = np.array([model.persistence for model in models])
    fresh = generator.normal(size=(len(models), periods)) * noise[:, None]
    around = np.empty_like(fresh)
    around[:, 0] = fresh[:, 0]
    for place in range(1, periods):
        around[:, place] = kept * around[:, place - 1] + np.sqrt(1 - kept**2) * fresh[:, place]
    counts: Array = generator.poisson(np.exp(np.minimum(level + around, 20.0))).astype(float)
    return counts


def _cut(counts: Array, days: Sequence[date], period: str, rate: float, seed: int) -> Cut:
    """The cut of one series, or of many together."""
    length, settings = IN_YEAR[period], _SETTINGS[period]
    first = settings.least_years * length
    known = [ordinary(row[:first], length) for row in counts]
    models = [model for model in known if model is not None]
    if not models or counts.shape[1] <= first + 1:
        return Cut(rate, rate, rate, 0)
    if len(models) < MADE_UP:
        models = models * -(-MADE_UP // len(models))
    # Always equally long: the cut must not depend on how much of the series is known by now.
    periods = (settings.years + 4) * length
    made_up = without_change(models, length, periods, np.random.default_rng(seed))
    judged = range(first, periods) if period == "month" else range(first, periods, 4)
    probabilities = farrington.expect(
        made_up, farrington.calendar(period, days[0], periods), period, settings, list(judged)
    ).probability
    usable = probabilities[~np.isnan(probabilities)]
    if not len(usable):
        return Cut(rate, rate, rate, 0)
    cut = min(float(np.quantile(usable, rate)), rate)
    return Cut(cut, rate, float(np.mean(usable < rate)), len(models))


# --- What is found --------------------------------------------------------------------------------


def _result(
    series: CountSeries, names: Sequence[str], made: farrington.Expectation, row: int, cut: Cut
) -> Result:
    judged = []
    columns = zip(
        made.periods, made.expected[row].tolist(), made.probability[row].tolist(),
        made.dispersion[row].tolist(), made.error[row].tolist(), strict=True,
    )  # fmt: skip
    for at, expected, probability, phi, error in columns:
        if expected != expected:  # nothing can be said of this period
            continue
        judged.append(
            Judged(
                names[at], series.counts[at], expected, _UNKNOWN, probability,
                probability < cut.probability, phi, error,
            )
        )  # fmt: skip
    return Result(
        series.code, series.period, cut, tuple(judged), _episodes(series, judged, cut, names)
    )


def _name(day: date, period: str) -> str:
    return day.isoformat() if period == "week" else day.isoformat()[:7]


def bound(judged: Judged, cut: Cut) -> float:
    """The highest count of a period that would have been no alarm."""
    return farrington.bound(
        judged.expected, judged.dispersion, judged.error, cut.probability, "predictive"
    )


def _episodes(
    series: CountSeries, judged: Sequence[Judged], cut: Cut, names: Sequence[str]
) -> tuple[Episode, ...]:
    alarms = [one for one in judged if one.alarm]
    if not alarms:
        return ()
    place = {name: at for at, name in enumerate(names)}
    quiet = _QUIET[series.period]
    groups: list[list[Judged]] = []
    for one in alarms:
        if groups and place[one.period] - place[groups[-1][-1].period] <= quiet:
            groups[-1].append(one)
        else:
            groups.append([one])
    found = []
    for group in groups:
        opened, last = group[0], group[-1]
        peak = max(group, key=lambda one: (one.observed or 0) / max(one.expected, 1e-9))
        known = series.counts[: place[opened.period] + 1]
        since = changed_at(known, IN_YEAR[series.period])
        over = len(names) - 1 - place[last.period] > quiet
        found.append(
            Episode(
                replace(opened, bound=bound(opened, cut)), last.period,
                replace(peak, bound=bound(peak, cut)), len(group),
                "" if since is None else names[since], over,
            )
        )  # fmt: skip
    return tuple(found)


def changed_at(counts: Sequence[int | None], length: int) -> int | None:
    """The index at which the level last changed, by change points of the logarithm; or None.

    Looks at the last four years at most. Penalty: three times the variance times the logarithm of
    the length, the variance from differences of neighbours (robust).
    """
    import ruptures

    values = np.array([np.nan if count is None else float(count) for count in counts])
    first = max(0, len(values) - 4 * length)
    values = values[first:]
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < length:
        return None
    logs = np.log(np.interp(np.arange(len(values)), known, values[known]) + 0.5)
    steps = np.abs(np.diff(logs))
    variance = max(float(np.median(steps) / 0.6745) ** 2 / 2, 1e-3)
    search: Any = ruptures.KernelCPD(kernel="linear", min_size=2).fit(logs)
    breaks = search.predict(pen=3 * variance * np.log(len(logs)))[:-1]
    return first + int(breaks[-1]) if breaks else None
