# SPDX-License-Identifier: EUPL-1.2
"""Detection: how fast for many series, how sensitive beside the reference, and on real figures.

    python -m benchmarks.detection speed [--series 1000]
    python -m benchmarks.detection reference FOLDER     published data and alarms of the R package
    python -m benchmarks.detection simulated [--series 400]
    python -m benchmarks.detection real FILE.csv        monthly detections of Frontex

The reference is farringtonFlexible of the R package surveillance. FOLDER holds
salmonella_train.csv, salmonella_test.csv and FarringtonFlexible_pred.csv of
https://github.com/JarnoRFB/epysurv (MIT),
which calls that package and keeps the alarms that it raised. R itself is not needed. `simulated`
runs the reference's algorithm as it is written in surveillance 1.26 by the settings of `farrington`
that are held equal to the kept alarms by `reference`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from mostovi.routes import detecting, farrington, forecasting
from mostovi.routes.series_files import FileSeries

SURVEILLANCE = farrington.Settings(
    years=3, parts=1, trend_significance=0.05, method="delta", as_surveillance=True
)
"""What epysurv asked of surveillance: its defaults with three years and alpha 0.01."""
NOUFAILY = farrington.Settings(method="plug-in", as_surveillance=True)
"""Noufaily 2013 with ten parts, a trend always and 26 weeks left out, as surveillance does it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("speed").add_argument("--series", type=int, default=1000)
    verbs.add_parser("reference").add_argument("folder", type=Path)
    verbs.add_parser("simulated").add_argument("--series", type=int, default=400)
    verbs.add_parser("real").add_argument("file", type=Path)
    options = parser.parse_args()
    before = os.getloadavg()[0]
    found = {
        "speed": lambda: speed(options.series),
        "reference": lambda: reference(options.folder),
        "simulated": lambda: simulated(options.series),
        "real": lambda: real(options.file),
    }[options.verb]()
    print(json.dumps({"load_before": round(before, 2), **found}, indent=1))


def speed(count: int) -> dict[str, Any]:
    """Ten years of weeks: every week from the fourth year on is judged, the cut included."""
    counts, _changed = _made(count, seed=1, changes=False)
    series = [
        FileSeries(f"s{row}", "week", date(2014, 1, 6), tuple(int(x) for x in counts[row]))
        for row in range(count)
    ]
    wall, used = time.perf_counter(), time.process_time()
    results = detecting.detect_all(series, rate=0.01)
    return {
        "series": count,
        "weeks": counts.shape[1],
        "judged": sum(len(one.judged) for one in results),
        "seconds": round(time.perf_counter() - wall, 1),
        "processor_seconds": round(time.process_time() - used, 1),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "alarms_share": round(
            sum(one.alarms for one in results) / sum(len(one.judged) for one in results), 4
        ),
    }


def _made(count: int, *, seed: int, changes: bool) -> tuple[Any, Any]:
    """Weekly series after Noufaily 2013, section 4: levels, seasons, trends, overdispersion.

    With changes: one in the last year, counts that follow a log-normal curve, of 2 to 8 standard
    deviations of the count, as there.
    """
    generator = np.random.default_rng(seed)
    weeks = 520
    at = np.arange(weeks)
    level = generator.uniform(0.1, 4.5, count)[:, None]
    wave = generator.uniform(0, 0.6, count)[:, None]
    phase = generator.uniform(0, 2 * np.pi, count)[:, None]
    trend = generator.choice([0.0, 0.0005, 0.001], count)[:, None]
    mean = np.exp(level + trend * at + wave * np.cos(2 * np.pi * at / 52 + phase))
    phi = generator.uniform(1.05, 4.0, count)[:, None]
    counts = generator.negative_binomial(mean / (phi - 1), 1 / phi).astype(float)
    changed = np.zeros((count, weeks), dtype=bool)
    if changes:
        for row in range(count):
            first = int(generator.integers(weeks - 49, weeks - 8))
            size = generator.uniform(2, 8) * np.sqrt(mean[row, first] * phi[row, 0])
            total = generator.poisson(size * 2)
            spread = np.floor(generator.lognormal(0, 0.5, total)).astype(int)
            for week in spread[spread < 8]:
                counts[row, first + week] += 1
                changed[row, first + week] = True
    return counts, changed


def reference(folder: Path) -> dict[str, Any]:
    """Equal to the alarms that R raised; and sensitivity of this detector at its false alarms."""
    train, test, kept = (
        list(csv.DictReader((folder / name).open(encoding="utf-8")))
        for name in ("salmonella_train.csv", "salmonella_test.csv", "FarringtonFlexible_pred.csv")
    )
    counts = [float(row["n_cases"]) - float(row["n_outbreak_cases"]) for row in train]
    counts += [float(row["n_cases"]) for row in test]
    days = farrington.calendar("week", date.fromisoformat(train[0][""]), len(counts))
    judged = range(len(train), len(counts))
    table = np.array([counts])
    alarms = np.array([float(row["alarm"]) > 0 for row in kept])
    outbreak = np.array([row["outbreak"] == "True" for row in kept])
    same = farrington.expect(table, days, "week", SURVEILLANCE, judged).probability[0] < 0.01
    ours = farrington.expect(table, days, "week", farrington.WEEKS, judged).probability[0]
    false = int((alarms & ~outbreak).sum())
    quiet = np.sort(ours[~outbreak])
    at_equal = ours < quiet[false]
    return {
        "weeks": len(kept),
        "outbreak_weeks": int(outbreak.sum()),
        "reference_alarms_equal_to_r": f"{int((same == alarms).sum())} of {len(kept)}",
        "reference": {"false_alarms": false, "found": int((alarms & outbreak).sum())},
        "ours_at_equal_false_alarms": {
            "false_alarms": int((at_equal & ~outbreak).sum()),
            "found": int((at_equal & outbreak).sum()),
        },
        "ours_false_alarms_when_all_are_found": int(
            (ours[~outbreak] <= ours[outbreak].max()).sum()
        ),
    }


def simulated(count: int) -> dict[str, Any]:
    """Share of changes found in their weeks, each method cut at the same measured share of alarms
    in series without change."""
    quiet, _none = _made(count, seed=11, changes=False)
    loud, changed = _made(count, seed=11, changes=True)
    days = farrington.calendar("week", date(2014, 1, 6), quiet.shape[1])
    last = range(quiet.shape[1] - 49, quiet.shape[1])
    methods = {
        "ours": farrington.WEEKS,
        "surveillance, plug-in": NOUFAILY,
        "surveillance, delta": replace(NOUFAILY, method="delta"),
        "surveillance, defaults": replace(SURVEILLANCE, years=5),
    }
    found: dict[str, Any] = {"series": count}
    for name, settings in methods.items():
        without = farrington.expect(quiet, days, "week", settings, last).probability
        with_change = farrington.expect(loud, days, "week", settings, last).probability
        said = {"nominal_1_percent_gives": round(float((without < 0.01).mean()), 4)}
        for rate in (0.005, 0.01, 0.025):
            cut = np.quantile(without, rate)
            hit = ((with_change < cut) & changed[:, last[0] :]).any(axis=1)
            said[f"found_at_{rate}"] = round(float(hit[changed.any(axis=1)].mean()), 4)
        found[name] = said
    return found


def real(file: Path) -> dict[str, Any]:
    """The Western Balkan route: what was found, when, and the forecast beside seasonal-naive."""
    months: Counter[str] = Counter()
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["route"] == "Western Balkan Route":
                months[row["month"]] += int(row["detections"])
    names = sorted(months)
    series = FileSeries(
        "frontex:western-balkan", "month", date.fromisoformat(names[0] + "-01"),
        tuple(months[name] for name in names),
    )  # fmt: skip
    found: dict[str, Any] = {"months": len(names)}
    for rate in (0.005, 0.01, 0.02):
        result = detecting.detect(series, rate=rate)
        found[f"at_{rate}"] = {
            "cut": asdict(result.cut),
            "judged": len(result.judged),
            "alarms": result.alarms,
            "episodes": _told(result.episodes),
            "one_month_at_a_time": _equal_one_by_one(series, result, rate),
        }
    scores = forecasting.scores(series.counts, length=12, ahead=12)
    found["forecast"] = [
        {key: round(value, 3) if isinstance(value, float) else value
         for key, value in asdict(score).items()}
        for score in scores
    ]  # fmt: skip
    return found


def _told(episodes: Sequence[detecting.Episode]) -> list[str]:
    return [
        f"{one.opened.period} to {one.last}: {one.opened.observed} for"
        f" {one.opened.expected:.0f} expected, {one.ratio:.1f} times at most, since {one.since}"
        for one in episodes
    ]


def _equal_one_by_one(series: FileSeries, result: detecting.Result, rate: float) -> bool:
    """Whether cutting the series after each month gives the same alarms: nothing looked ahead."""
    first = len(series.counts) - len(result.judged)
    for place in range(0, len(result.judged), 6):
        known = replace(series, counts=series.counts[: first + place + 1])
        last = detecting.detect(known, rate=rate).judged[-1]
        if place > 12 and last.alarm != result.judged[place].alarm:
            return False
    return True


if __name__ == "__main__":
    main()
