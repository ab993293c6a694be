# SPDX-License-Identifier: EUPL-1.2
"""What was to be expected of a count, after Farrington's method in its flexible form. Pure.

For each period a quasi-Poisson regression is fitted to earlier years of the same series: a level
for each part of the year and a trend, periods of past changes weighted down, the last periods left
out so that a change that has begun does not hide itself. It says what was to be expected, and how
improbable the count is.

Sources: Farrington, Andrews, Beale, Catchpole 1996 (J. R. Statist. Soc. A 159, 547-563); Noufaily,
Enki, Farrington et al. 2013 (Statistics in Medicine 32, 1206-1222); Salmon, Schumacher, Höhle 2016
(J. Stat. Software 70, 10), which describes the R package surveillance, against whose recorded
results this module is tested.

All series of one calendar share their design, so a period is fitted for all of them at once: with
levels and one trend the normal equations are sums by level, and no matrix is inverted. A test holds
the fit equal to the regression of statsmodels.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Method = Literal["predictive", "plug-in", "delta"]

LEAST_MEAN = 1e-6
"""No fitted mean is smaller: a level without any count would else be minus infinity."""
_MOST_STEPS = 25
_CLOSE = 1e-5
"""Newton's last step; what is left after it is its square."""
_TOGETHER = 192
"""Series fitted at once: few enough that their numbers stay in the processor's cache."""
_BLOCK = 32
"""Rows multiplied at once: so few that the library for it uses one thread. With more it wakes one
for each core, which wait for each other: on a machine that has other work, four times as long."""


@dataclass(frozen=True)
class Settings:
    """How the expectation is formed.

    years: most years looked back; least_years: fewest with which a period is judged. half_window:
    periods at either side of the same period of earlier years. parts: into how many parts the year
    is divided (1: only the windows are used). left_out: last periods that are not learnt from.
    weigh_down_from: standardised Anscombe residual above which a past count is weighted down.
    trend_significance: a trend is kept when its p-value is below (1: always). least_recent: with
    fewer than so many counted in the last `recent` periods there is no alarm. method: 'predictive'
    takes the uncertainty of the expectation into a negative binomial, 'plug-in' leaves it out
    (Noufaily 2013), 'delta' is the 2/3 power of Farrington 1996. as_surveillance: estimate the
    uncertainty exactly as surveillance 1.26 does, for comparison (see `_scale`).
    """

    years: int = 5
    least_years: int = 3
    half_window: int = 3
    parts: int = 10
    left_out: int = 26
    weigh_down_from: float = 2.58
    trend_significance: float = 1.0
    least_recent: int = 5
    recent: int = 4
    method: Method = "predictive"
    as_surveillance: bool = False


WEEKS = Settings()
MONTHS = Settings(half_window=1, parts=4, left_out=1, trend_significance=0.0, recent=1)


@dataclass(frozen=True)
class Expectation:
    """Of each series (row) in each judged period (column); NaN where nothing can be said.

    expected: mean; dispersion: variance as a multiple of the mean; error: standard error of the
    logarithm of the mean; probability: of at least the observed count without a change; trend:
    growth of the logarithm by period, 0 where none was kept; periods: index of each column.
    """

    periods: tuple[int, ...]
    expected: Array
    dispersion: Array
    error: Array
    probability: Array
    trend: Array


def calendar(period: str, start: date, length: int) -> list[date]:
    """First days of `length` consecutive periods, 'week' or 'month'."""
    if period == "week":
        return [start + timedelta(weeks=n) for n in range(length)]
    months = [start.year * 12 + start.month - 1 + n for n in range(length)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def year_before(days: Sequence[date], at: int, years: int, period: str) -> int:
    """The index of the same period `years` years earlier; negative when before the series.

    The same weekday nearest to the same date, as the reference takes it.
    """
    if period == "month":
        return at - 12 * years
    day = days[at]
    last_of_month = day.month == 2 and day.day == 29
    same = date(day.year - years, 3, 1) if last_of_month else day.replace(year=day.year - years)
    return at - round((day - same).days / 7)


@dataclass(frozen=True)
class _Design:
    """Rows that a period is judged by: their indices and part of the year; the last part is now."""

    rows: np.ndarray[Any, np.dtype[np.int64]]
    parts: np.ndarray[Any, np.dtype[np.int64]]
    count: int


def _design(
    days: Sequence[date], at: int, period: str, years: int, settings: Settings
) -> _Design | None:
    """None when the series is too young."""
    width, parts = settings.half_window, settings.parts
    same = [year_before(days, at, n, period) for n in range(years + 1)]
    if same[-1] - width < 0:
        return None
    part_of = np.full(at + 1, -1)
    part_of[at - width : at + 1] = parts - 1
    for later, earlier in zip(same, same[1:], strict=False):
        part_of[earlier - width : earlier + width + 1] = parts - 1
        if parts > 1:
            between = later - earlier - 2 * width - 1
            length, rest = divmod(between, parts - 1)
            first = earlier + width + 1
            for part in range(parts - 1):
                end = first + length + (part < rest)
                part_of[first:end] = part
                first = end
    part_of[max(0, at - settings.left_out) :] = -1
    rows = np.flatnonzero(part_of >= 0)
    return _Design(rows, part_of[rows], parts)


def expect(
    counts: Array,
    days: Sequence[date],
    period: str,
    settings: Settings,
    judged: Sequence[int] | None = None,
) -> Expectation:
    """Judge each period from what came before it.

    counts: one row a series, NaN where nothing is known. judged: indices of the periods, default
    all. Nothing at or after a period is looked at for it but its own count.
    """
    wanted = range(counts.shape[1]) if judged is None else judged
    plan = [one for at in wanted if (one := _planned(days, at, period, settings))]
    if not plan:
        empty = np.empty((counts.shape[0], 0))
        return Expectation((), empty, empty, empty, empty, empty)
    groups = [counts[row : row + _TOGETHER] for row in range(0, counts.shape[0], _TOGETHER)]
    if len(groups) == 1:
        judged_groups = [_judge_all(groups[0], plan, settings)]
    else:
        # Threads, for the numbers are worked out outside of the interpreter's lock.
        with ThreadPoolExecutor(min(os.cpu_count() or 1, len(groups))) as threads:
            judged_groups = list(threads.map(lambda one: _judge_all(one, plan, settings), groups))
    parts = [np.concatenate(part) for part in zip(*judged_groups, strict=True)]
    return Expectation(tuple(one.at for one in plan), *parts)


@dataclass(frozen=True)
class _Planned:
    """One period with the rows that it is judged by and how many years they reach back."""

    at: int
    design: _Design
    years: int


def _planned(days: Sequence[date], at: int, period: str, settings: Settings) -> _Planned | None:
    """None when the series are too young in this period."""
    for years in range(settings.years, settings.least_years - 1, -1):
        design = _design(days, at, period, years, settings)
        if design is not None:
            return _Planned(at, design, years)
    return None


def _judge_all(counts: Array, plan: Sequence[_Planned], settings: Settings) -> tuple[Array, ...]:
    """`_judge` for one period after the other, each fit begun from the trend of the one before."""
    columns = []
    begun: Array | None = None
    for one in plan:
        column = _judge(counts, one.at, one.design, one.years, settings, begun)
        begun = column[4]
        columns.append(column)
    return tuple(np.stack([column[n] for column in columns], axis=1) for n in range(5))


def _judge(
    counts: Array, at: int, design: _Design, years: int, settings: Settings, begun: Array | None
) -> tuple[Array, ...]:
    """Expected, dispersion, error, probability, trend of all series in one period."""
    y = counts[:, design.rows]
    known = (~np.isnan(y)).astype(float)
    y = np.where(known > 0, y, 0.0)
    time = design.rows.astype(float) - at
    rows = y.shape[0]
    mean, error, phi, slope = (np.zeros(rows) for _n in range(4))
    kept = np.zeros(rows, dtype=bool)
    if years >= 3 and settings.trend_significance > 0:
        steep = _reweighted(y, known, design, time, True, settings, begun)
        mean, error, phi, slope = steep.at_now()
        kept = np.isfinite(mean) & np.isfinite(error) & (mean <= y.max(axis=1))
        if settings.trend_significance < 1:
            kept &= steep.significance() < settings.trend_significance
    level = ~kept
    if level.any():
        flat = _reweighted(y[level], known[level], design, time, False, settings)
        mean[level], error[level], phi[level], slope[level] = flat.at_now()
    if not settings.as_surveillance:
        now = known[:, design.parts == design.count - 1].sum(axis=1)
        mean = np.maximum(mean, 0.5 / np.maximum(now, 1))
    enough = known.sum(axis=1) > design.count + 1
    observed = counts[:, at]
    probability = exceedance(observed, mean, phi, error, settings.method)
    recent = counts[:, max(0, at - settings.recent + 1) : at + 1]
    quiet = np.nansum(recent, axis=1) < settings.least_recent
    probability = np.where(quiet & ~np.isnan(observed), 1.0, probability)
    nothing = np.where(enough, 0.0, np.nan)
    return (
        mean + nothing, phi + nothing, error + nothing, probability + nothing, slope + nothing,
    )  # fmt: skip


@dataclass(frozen=True)
class _Fit:
    """A fitted regression of all series: level of each part of the year, and one trend."""

    design: _Design
    time: Array
    y: Array
    prior: Array
    mean: Array
    level: Array
    slope: Array
    sums: Array
    centre: Array
    spread: Array
    has_trend: bool
    as_surveillance: bool

    def _freedom(self) -> Array:
        levels = (self.sums > 0).sum(axis=1)
        found: Array = np.maximum((self.prior > 0).sum(axis=1) - levels - self.has_trend, 1)
        return found

    def dispersion(self) -> Array:
        """Variance as a multiple of the mean, at least 1: Pearson's estimate."""
        pearson = self.prior * (self.y - self.mean) ** 2 / self.mean
        found: Array = np.maximum(pearson.sum(axis=1) / self._freedom(), 1.0)
        return found

    def _scale(self) -> Array:
        """The dispersion under standard errors.

        surveillance 1.26 overwrites the weights of its model before it asks R for standard errors,
        so R takes squared working residuals where Pearson's belong; kept for comparison only.
        """
        if not self.as_surveillance:
            return self.dispersion()
        working = self.prior * ((self.y - self.mean) / self.mean) ** 2
        found: Array = working.sum(axis=1) / self._freedom()
        return found

    def leverage(self) -> Array:
        """Each row's weight on its own fitted value."""
        weight = self.prior * self.mean
        part = self.design.parts
        share = 1 / np.maximum(self.sums[:, part], 1e-300)
        if self.has_trend:
            share = share + (self.time - self.centre[:, part]) ** 2 / self.spread[:, None]
        return np.clip(weight * share, 0.0, 0.999)

    def significance(self) -> Array:
        """Two-sided p-value of the trend."""
        from scipy.special import stdtr

        ratio = np.abs(self.slope) / np.sqrt(self._scale() / self.spread)
        found: Array = 2 * (1 - stdtr(self._freedom(), ratio))
        return found

    def at_now(self) -> tuple[Array, Array, Array, Array]:
        """Mean, standard error of its logarithm, dispersion and slope in the judged period."""
        now = self.design.count - 1
        mean = np.exp(np.clip(self.level[:, now], -30, 30))
        variance = 1 / np.maximum(self.sums[:, now], 1e-300)
        if self.has_trend:
            variance = variance + self.centre[:, now] ** 2 / self.spread
        return mean, np.sqrt(self._scale() * variance), self.dispersion(), self.slope


def _reweighted(
    y: Array, known: Array, design: _Design, time: Array, trend: bool, settings: Settings,
    begun: Array | None = None,
) -> _Fit:  # fmt: skip
    """Fit, weigh down what stands out above the fit, and fit again."""
    surveillance = settings.as_surveillance
    first = _fit(y, known, design, time, trend, surveillance, begun)
    root = np.sqrt(first.mean)
    raw = 1.5 * (np.cbrt(y) ** 2 / np.cbrt(root) - root)
    standard = raw / np.sqrt(first.dispersion()[:, None] * (1 - first.leverage()))
    high = standard > settings.weigh_down_from
    weight = np.where(high, 1 / np.where(high, standard, 1.0) ** 2, 1.0) * known
    weight *= (known.sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300))[:, None]
    return _fit(y, weight, design, time, trend, surveillance, first.slope)


def _fit(
    y: Array, prior: Array, design: _Design, time: Array, trend: bool, as_surveillance: bool,
    begun: Array | None = None,
) -> _Fit:  # fmt: skip
    """Maximum quasi-likelihood of a Poisson regression with logarithmic link.

    begun: a trend to begin the search from; what is found does not depend on it.
    """
    member = np.zeros((len(design.parts), design.count))
    member[np.arange(len(design.parts)), design.parts] = 1.0
    zero = np.zeros(y.shape[0])
    if not trend:
        total = _summed(prior, member)
        by_part = _summed(prior * y, member) / np.maximum(total, 1e-300)
        by_part = np.maximum(by_part, LEAST_MEAN)
        mean = by_part[:, design.parts]
        sums = _summed(prior * mean, member)
        return _Fit(
            design, time, y, prior, mean, np.log(by_part), zero, sums,
            np.zeros_like(sums), zero + 1, False, as_surveillance,
        )  # fmt: skip
    return _steep(y, prior, design, time, member, as_surveillance, begun)


def _summed(table: Array, columns: Array) -> Array:
    """`table @ columns`, a block of rows at a time (see `_BLOCK`)."""
    whole = table.shape[0] // _BLOCK * _BLOCK
    blocks = table[:whole].reshape(-1, _BLOCK, table.shape[1]) @ columns
    found: Array = blocks.reshape(whole, columns.shape[1])
    if whole == table.shape[0]:
        return found
    return np.concatenate([found, table[whole:] @ columns])


def _growth(slope: Array, places: Array) -> Array:
    """exp(slope * place) for each series and place.

    Where places are evenly spaced it is a product of every sixteenth power and the fifteen between:
    a sixteenth of the exponentials, which are most of a fit's time.
    """
    count = len(places)
    step = (places[-1] - places[0]) / max(count - 1, 1)
    if count < 33 or np.abs(np.diff(places) - step).max() > 1e-9 * step:
        grown: Array = np.exp(slope[:, None] * places)
        return grown
    coarse = np.exp(slope[:, None] * (places[0] + step * np.arange(0, count, 16)))
    fine = np.exp(slope[:, None] * (step * np.arange(16)))
    product = coarse[:, :, None] * fine[:, None, :]
    whole: Array = product.reshape(len(slope), -1)[:, :count]
    return whole


def _steep(
    y: Array, prior: Array, design: _Design, time: Array, member: Array, as_surveillance: bool,
    begun: Array | None,
) -> _Fit:  # fmt: skip
    """With a trend: given its slope each level has a closed form, so Newton seeks the slope alone.

    Numbers are those of iteratively reweighted least squares, in a third of the steps.
    """
    unit = float(np.abs(time).max())
    short = time / unit
    moments = np.hstack([member, member * short[:, None], member * (short**2)[:, None]])
    counted = _summed(prior * y, np.column_stack([member, short]))
    count = design.count
    by_part, seen = np.maximum(counted[:, :count], LEAST_MEAN), counted[:, count]
    slope = np.zeros(y.shape[0]) if begun is None else np.clip(np.nan_to_num(begun) * unit, -20, 20)

    def at(slope: Array) -> tuple[Array, Array, Array, Array, Array]:
        growth = _growth(slope, short)
        sums = _summed(prior * growth, moments)
        total = np.maximum(sums[:, :count], 1e-300)
        centre = sums[:, count : 2 * count] / total
        spread = np.maximum(sums[:, 2 * count :] / total - centre**2, 0.0)
        around = np.maximum((by_part * spread).sum(axis=1), 1e-12)
        return growth, total, centre, around, seen - (by_part * centre).sum(axis=1)

    for _step in range(_MOST_STEPS):
        _grown, _total, _centre, around, missing = at(slope)
        change = missing / around
        slope = np.clip(slope + np.clip(change, -2, 2), -20, 20)
        if np.abs(change).max() < _CLOSE:
            break
    growth, total, centre, around, _missing = at(slope)
    by_total = by_part / total
    mean = by_total[:, design.parts] * growth
    np.maximum(mean, LEAST_MEAN, out=mean)
    return _Fit(
        design, time, y, prior, mean, np.log(by_total), slope / unit, by_part, centre * unit,
        around * unit**2, True, as_surveillance,
    )  # fmt: skip


def exceedance(observed: Array, mean: Array, phi: Array, error: Array, method: Method) -> Array:
    """The probability of a count of at least `observed`; NaN where it is not known.

    'delta': normal for the 2/3 power. Else negative binomial of this mean and of variance
    mean * phi ('plug-in') or mean * (phi + mean * error²) ('predictive').
    """
    from scipy.special import betainc, gammainc, ndtr

    with np.errstate(all="ignore"):
        if method == "delta":
            tau = phi + mean * error**2
            deviation = np.sqrt(4 / 9 * mean ** (1 / 3) * tau)
            found = 1 - ndtr((observed ** (2 / 3) - mean ** (2 / 3)) / deviation)
        else:
            spread = phi + (mean * error**2 if method == "predictive" else 0.0)
            size = mean / np.maximum(spread - 1, 1e-12)
            binomial = betainc(np.maximum(observed, 1e-300), size, 1 - 1 / spread)
            poisson = gammainc(np.maximum(observed, 1e-300), mean)
            found = np.where(spread > 1 + 1e-9, binomial, poisson)
            found = np.where(observed <= 0, 1.0, found)
    result: Array = np.where(np.isnan(observed), np.nan, found)
    return result


def bound(mean: float, phi: float, error: float, rate: float, method: Method) -> float:
    """The highest count that is no alarm at a rate. See `exceedance`."""
    from scipy.special import ndtri
    from scipy.stats import nbinom, poisson

    if method == "delta":
        tau = phi + mean * error**2
        deviation = float(np.sqrt(4 / 9 * mean ** (1 / 3) * tau))
        return float(max(0.0, mean ** (2 / 3) + float(ndtri(1 - rate)) * deviation) ** 1.5)
    spread = phi + (mean * error**2 if method == "predictive" else 0.0)
    if spread <= 1 + 1e-9:
        return float(poisson.ppf(1 - rate, mean))
    return float(nbinom.ppf(1 - rate, mean / (spread - 1), 1 / spread))
