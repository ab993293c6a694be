# SPDX-License-Identifier: EUPL-1.2
"""Changes are found at the stated rate, never by looking ahead, and as the reference finds them."""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.routes import detecting, farrington, forecasting
from mostovi.routes.series_files import FileSeries

FRONTEX = Path(
    os.environ.get("MOSTOVI_TEST_DATA", Path(__file__).resolve().parents[3] / "shared/data")
) / "migration/frontex_detections_2009_2022.csv"  # fmt: skip


def monthly(counts: list[int | None], start: date = date(2010, 1, 1)) -> FileSeries:
    return FileSeries("made up", "month", start, tuple(counts))


def steady(months: int, seed: int = 3, level: float = 200.0) -> list[int | None]:
    generator = np.random.default_rng(seed)
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(months) / 12)
    noise = generator.gamma(20, 1 / 20, months)
    return [int(x) for x in generator.poisson(level * season * noise)]


@pytest.mark.parametrize(
    ("mean", "error", "phi", "count", "method", "expected"),
    [
        (5.0, 0.2 / 5.0, 1.0, 8.0, "delta", 0.1094727),
        (5.0, 0.0, 1.5, 11.0, "plug-in", 0.03763657),
        (5.0, 0.0, 1.0, 11.0, "plug-in", 0.01369527),
    ],
)
def test_probabilities_are_those_that_the_r_package_surveillance_publishes(
    mean: float, error: float, phi: float, count: float, method: farrington.Method, expected: float
) -> None:
    """Figures of its test-farringtonFlexible.R (1.26.0)."""
    arrays = [np.array([x]) for x in (count, mean, phi, error)]
    one = farrington.exceedance(arrays[0], arrays[1], arrays[2], arrays[3], method)
    assert one[0] == pytest.approx(expected, abs=1e-6)


def test_bounds_are_those_that_the_r_package_surveillance_publishes() -> None:
    """Figures of its test-farringtonFlexible.R (1.26.0); its delta bound is at 5 %."""
    assert farrington.bound(5, 1, 0.2 / 5, 0.05, "delta") == pytest.approx(9.1154825, abs=1e-6)
    assert farrington.bound(5, 1.5, 0, 0.05, "plug-in") == 10
    assert farrington.bound(5, 1, 0, 0.05, "plug-in") == 9


@pytest.mark.parametrize("trend", [True, False])
def test_the_fit_is_the_regression_of_statsmodels(trend: bool) -> None:
    import statsmodels.api as sm

    generator = np.random.default_rng(5)
    parts = np.repeat([0, 1, 2], 14)
    rows = np.arange(42)
    y = generator.poisson(np.exp(2 + 0.4 * parts + 0.02 * rows))[None, :].astype(float)
    prior = generator.uniform(0.3, 1.2, (1, 42))
    design = farrington._Design(rows, parts, 3)
    time = rows.astype(float) - 45
    ours = farrington._fit(y, prior, design, time, trend, False)
    columns = np.eye(3)[parts]
    matrix = np.column_stack([columns, time]) if trend else columns
    theirs = sm.GLM(y[0], matrix, family=sm.families.Poisson(), var_weights=prior[0]).fit(
        scale="X2", tol=1e-12
    )
    now = np.array([[0, 0, 1, 0.0]] if trend else [[0, 0, 1]])
    mean, error, phi, _slope = ours.at_now()
    expected = theirs.get_prediction(now)
    assert mean[0] == pytest.approx(expected.predicted_mean[0], rel=1e-6)
    assert phi[0] == pytest.approx(max(theirs.scale, 1.0), rel=1e-6)
    linear = np.sqrt(now @ theirs.cov_params() @ now.T)[0, 0] / np.sqrt(theirs.scale)
    assert error[0] == pytest.approx(linear * np.sqrt(max(theirs.scale, 1.0)), rel=1e-5)


@given(st.integers(40, 71), st.integers(0, 100_000))
@settings(max_examples=8, deadline=None)
def test_what_comes_later_changes_no_judgement(at: int, later: int) -> None:
    counts: list[int | None] = steady(72)
    days = farrington.calendar("month", date(2010, 1, 1), 72)
    changed = counts[:at] + [later] * (72 - at)
    one, other = (
        farrington.expect(np.array([row], dtype=float), days, "month", farrington.MONTHS)
        for row in (counts, changed)
    )
    before = [place for place, period in enumerate(one.periods) if period < at]
    assert np.array_equal(one.probability[:, before], other.probability[:, before])


def test_how_series_are_grouped_and_where_a_search_begins_changes_nothing() -> None:
    """Many at once, in threads and blocks, each begun from the one before; and one at a time."""
    generator = np.random.default_rng(8)
    level = generator.uniform(0.05, 60, (205, 1))
    counts = generator.poisson(level * np.exp(0.004 * np.arange(230))).astype(float)
    counts[generator.random(counts.shape) < 0.02] = np.nan
    days = farrington.calendar("week", date(2020, 1, 6), 230)
    judged = range(200, 230, 3)
    together = farrington.expect(counts, days, "week", farrington.WEEKS, judged)
    assert together.expected.shape == (205, 10)
    for row in (0, 100, 191, 192, 204):
        for column, at in enumerate(judged):
            alone = farrington.expect(counts[row : row + 1], days, "week", farrington.WEEKS, [at])
            for name in ("expected", "dispersion", "error", "probability"):
                assert getattr(alone, name)[0, 0] == pytest.approx(
                    getattr(together, name)[row, column], rel=1e-8, nan_ok=True
                )


def test_a_cut_rests_on_nothing_that_was_judged() -> None:
    counts = steady(96)
    late = counts[:60] + [5000] * 36
    one, other = (detecting.detect(monthly(row), rate=0.02) for row in (counts, late))
    assert one.cut == other.cut
    assert [x.probability for x in one.judged[:20]] == [x.probability for x in other.judged[:20]]


def test_the_stated_share_of_unchanged_months_alarms_and_a_threefold_count_is_found() -> None:
    model = detecting.ordinary(np.array(steady(36), dtype=float), 12)
    assert model is not None
    made = detecting.without_change([model] * 150, 12, 96, np.random.default_rng(9))
    days = farrington.calendar("month", date(2010, 1, 1), 96)
    cut = detecting.detect(monthly(steady(36) + steady(60, 4)), rate=0.02).cut
    share = farrington.expect(made, days, "month", farrington.MONTHS).probability < cut.probability
    assert 0.01 < share.mean() < 0.03
    counts = steady(96)
    tripled = [c if n < 80 else 3 * (c or 0) for n, c in enumerate(counts)]
    found = detecting.detect(monthly(tripled), rate=0.01).episodes
    assert [one.opened.period for one in found][-1] in ("2016-09", "2016-10")
    assert detecting.changed_at(tripled[:83], 12) == 80


def test_an_unknown_month_is_passed_over_and_is_not_zero() -> None:
    counts = steady(72)
    with_gaps = [None if n % 9 == 4 else c for n, c in enumerate(counts)]
    found = detecting.detect(monthly(with_gaps))
    assert all(not one.alarm for one in found.judged if one.observed is None)
    full = detecting.detect(monthly(counts))
    expected = {one.period: one.expected for one in full.judged}
    for one in found.judged:
        assert one.expected == pytest.approx(expected[one.period], rel=0.3)


def test_a_young_or_an_empty_series_says_nothing() -> None:
    for counts in ([], [3] * 20, [None] * 80, [0] * 80):
        found = detecting.detect(monthly(list(counts)))
        assert found.episodes == ()


@pytest.mark.parametrize("rate", [0.0, 0.5, -1.0, float("nan")])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(detecting.WrongRate):
        detecting.detect(monthly(steady(72)), rate=rate)


def test_weeks_meet_the_same_weekday_of_earlier_years() -> None:
    """As surveillance's own test: 6 June 2013 meets 7 June 2012, 9 June 2011, 3 June 2010."""
    days = farrington.calendar("week", date(2009, 6, 4), 300)
    at = days.index(date(2013, 6, 6))
    assert [days[farrington.year_before(days, at, n, "week")] for n in (1, 2, 3)] == [
        date(2012, 6, 7), date(2011, 6, 9), date(2010, 6, 3),
    ]  # fmt: skip


def test_a_forecast_knows_nothing_later_and_its_intervals_hold() -> None:
    counts = steady(120)
    made = forecasting.forecast(counts[:100], length=12, ahead=12)
    again = forecasting.forecast(list(counts[:100]), length=12, ahead=12)
    assert np.array_equal(made.quantiles, again.quantiles)
    assert (np.diff(made.quantiles, axis=1) >= 0).all()
    ours, naive = forecasting.scores(counts, length=12, ahead=12)
    assert ours.weighted < naive.weighted
    assert 0.7 < ours.covered80 <= 0.95
    assert 0.88 < ours.covered95 <= 1.0


def test_a_forecast_of_a_short_series_is_refused() -> None:
    with pytest.raises(forecasting.TooShort):
        forecasting.forecast(steady(30), length=12, ahead=12)


@pytest.fixture(scope="module")
def balkan() -> FileSeries:
    if not FRONTEX.is_file():
        pytest.skip("the public file of monthly detections is not on this machine")
    months: Counter[str] = Counter()
    with FRONTEX.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["route"] == "Western Balkan Route":
                months[row["month"]] += int(row["detections"])
    return monthly([months[name] for name in sorted(months)], date(2009, 1, 1))


def test_the_changes_of_2015_and_2021_to_2022_are_found_as_they_happened(
    balkan: FileSeries,
) -> None:
    found = detecting.detect(balkan, rate=0.01)
    opened = [one.opened.period for one in found.episodes]
    assert "2015-07" in opened
    assert "2021-09" in opened
    for month in ("2015-07", "2021-09"):
        place = [one.period for one in found.judged].index(month)
        known = replace(balkan, counts=balkan.counts[: 168 - len(found.judged) + place + 1])
        then = detecting.detect(known, rate=0.01)
        assert then.judged[-1].alarm, "the alarm did not need any later month"
        assert then.judged[-1].probability == found.judged[place].probability
        assert then.cut == found.cut
    assert not any(one.alarm for one in found.judged if "2016-06" <= one.period <= "2019-10")


def test_the_forecast_is_better_than_the_same_as_a_year_ago(balkan: FileSeries) -> None:
    ours, naive = forecasting.scores(balkan.counts, length=12, ahead=12)
    assert ours.origins == naive.origins == 120
    assert ours.mase < naive.mase
    assert ours.log_weighted < naive.log_weighted
    assert ours.weighted < naive.weighted
    assert 0.75 < ours.covered80 < 0.87
    assert 0.88 < ours.covered95 <= 1
