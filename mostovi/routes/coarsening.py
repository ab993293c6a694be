# SPDX-License-Identifier: EUPL-1.2
"""What may be shown of flows: how coarse, how late, and nothing under the threshold (R11).

Pure. A published count is a multiple of `rounded_to` and at least the threshold, or hidden. Totals
are sums of published counts and never published apart, so no total gives a hidden part away. A
count once published is revised only when it has changed by the threshold or more: two revisions
subtracted never tell of a smaller group than one revision may show.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mostovi.routes.measures import Measure

LEAST_THRESHOLD = 10
LEAST_DELAY = 14
PERIODS = ("month", "year")


class TooFine(ValueError):
    """The rules of display would show more than anybody may; the text says which and why."""


@dataclass(frozen=True)
class Balancing:
    """How flows are balanced; see `balancing`."""

    dispersion: float
    coverage_error: float
    stay: float
    level: float
    draws: int
    shift_hours: float


@dataclass(frozen=True)
class Display:
    """The rules of display in force."""

    threshold: int
    rounded_to: int
    delay_days: int
    periods: Mapping[Measure, str]
    balancing: Balancing
    version: str
    source: str
    reviewed: bool

    def period_of(self, measure: Measure, day: date) -> str:
        """The period, '2026-03' or '2026', in which a day counts for a measure."""
        return f"{day:%Y-%m}" if self.periods[measure] == "month" else f"{day:%Y}"

    def shown(self, count: int) -> int | None:
        """The count as it may be shown; None when it is hidden.

        Zero is shown as zero: that nobody was counted tells of nobody.
        """
        if count == 0:
            return 0
        if count < self.threshold:
            return None
        return max(self.threshold, self.rounded(count))

    def rounded(self, count: int) -> int:
        """To the nearest multiple, halves up."""
        return (2 * count + self.rounded_to) // (2 * self.rounded_to) * self.rounded_to

    def revised(self, count: int, before: int | None) -> int | None:
        """What stands after a revision of a period that was published as `before`.

        A hidden count stays hidden until it is twice the threshold: one that just crossed would
        tell how few were added. The same for one that was zero.
        """
        now = self.shown(count)
        if before is None:
            return now if now is not None and count >= 2 * self.threshold else None
        return now if abs(count - before) >= self.threshold else before

    def may_show(self, period: str, today: date) -> bool:
        """Whether the delay after the end of a period is over."""
        return today >= end_of(period) + timedelta(days=self.delay_days)


def end_of(period: str) -> date:
    """The first day after a period '2026-03' or '2026'. Raises `ValueError`."""
    year, _dash, month = period.partition("-")
    if not month:
        return date(int(year) + 1, 1, 1)
    last = monthrange(int(year), int(month))[1]
    return date(int(year), int(month), last) + timedelta(days=1)


def start_of(period: str) -> date:
    """The first day of a period. Raises `ValueError`."""
    year, _dash, month = period.partition("-")
    return date(int(year), int(month or 1), 1)


def hours_of(period: str) -> int:
    """How many hours a period has."""
    return (end_of(period) - start_of(period)).days * 24


def coverage(hours: float, period: str, points: int = 1) -> float:
    """Which share of the time was observed, in tenths, at least 0.1 and at most 1."""
    share = hours / (hours_of(period) * max(1, points))
    return max(0.1, min(1.0, round(share * 10) / 10))


def parse(document: Mapping[str, Any]) -> Display:
    """The rules of a parsed file. Raises `TooFine`."""
    threshold, delay = int(document["threshold"]), int(document["delay_days"])
    if threshold < LEAST_THRESHOLD:
        raise TooFine(f"A threshold of {threshold} is too low: at least {LEAST_THRESHOLD}.")
    if delay < LEAST_DELAY:
        raise TooFine(f"A delay of {delay} days is too short: at least {LEAST_DELAY}.")
    if int(document["rounded_to"]) < 2:
        raise TooFine("Counts that are not rounded can be subtracted: round to 2 at least.")
    periods = {Measure(line["code"]): str(line["period"]) for line in document["measures"]}
    for measure, period in periods.items():
        if period not in PERIODS:
            raise TooFine(f"'{measure}' by {period} is too fine: month or year.")
    if missing := set(Measure) - set(periods):
        raise TooFine(f"No period for {', '.join(sorted(missing))}.")
    given = document["balancing"]
    review = document.get("review") or {}
    return Display(
        threshold, int(document["rounded_to"]), delay, periods,
        Balancing(
            float(given["dispersion"]), float(given["coverage_error"]), float(given["stay"]),
            float(given["level"]), int(given["draws"]), float(given["shift_hours"]),
        ),
        str(document["version"]), str(document["source"]), review.get("status") == "reviewed",
    )  # fmt: skip
