# SPDX-License-Identifier: EUPL-1.2
"""Flows balanced from incomplete counts, with intervals.

Counts on some ways, made for part of the time, are brought into agreement with what must hold: as
many people leave an area as come into it, but for some who stay. Generalised least squares with
constraints, each number weighted by how sure it is: R. Stone, D. Champernowne, J. Meade, The
precision of national income estimates, Review of Economic Studies 9 (1942); in engineering
"data reconciliation", D. R. Kuehn, H. Davidson, Chemical Engineering Progress 57 (1961). No flow is
negative: C. Lawson, R. Hanson, Solving Least Squares Problems (1974). Intervals by parametric
bootstrap: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993).

A way that neither counts nor conservation tie down is said to be open: it gets a least value and
no upper one, never a guess.

Pure: numpy and scipy are loaded when a balance is made, not with the module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

_SEED = 20220311


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one area to another, by codes."""

    code: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted on a way in a period.

    count: people counted, or None when it is hidden and only known to lie between 1 and
    `hidden_below` - 1. coverage: which share of the time was observed, over 0 up to 1.
    rounded_to: the count is a multiple of this.
    """

    count: int | None
    coverage: float = 1.0
    rounded_to: int = 1
    hidden_below: int = 10

    def estimate(self) -> float:
        """People who passed, as this count alone says."""
        count = self.hidden_below / 2 if self.count is None else self.count
        return count / self.coverage

    def variance(self, dispersion: float, coverage_error: float) -> float:
        """How unsure that is: chance of the count, rounding, and the error of the coverage."""
        if self.count is None:
            count, spread = self.hidden_below / 2, (self.hidden_below - 1) ** 2 / 12
        else:
            count, spread = float(self.count), (self.rounded_to**2 - 1) / 12
        # A zero is not certain either: one group more would have passed unseen.
        chance = dispersion * max(count, 1.0) + spread
        # Where all of the time was observed, the share has no error.
        share = coverage_error * (1 - self.coverage)
        return chance / self.coverage**2 + (share * self.estimate()) ** 2


@dataclass(frozen=True, slots=True)
class Flow:
    """The balanced flow on a way.

    low, high: the interval at the level asked for; high is None where the way is open: neither
    counts nor conservation tie it down. counted: whether anything was counted on it.
    """

    code: str
    value: float
    low: float
    high: float | None
    counted: bool


@dataclass(frozen=True, slots=True)
class Balance:
    """The flows of one period, and how far the counts contradict each other.

    strain: the weighted squared residual over its degrees of freedom. About 1 when counts agree as
    well as their stated errors say, far over 1 when they cannot all be right; None when there is
    nothing to hold against anything.
    """

    flows: tuple[Flow, ...]
    strain: float | None


def balance(
    edges: Sequence[Edge],
    counted: Mapping[str, Counted],
    transit: Sequence[str],
    *,
    dispersion: float = 4.0,
    coverage_error: float = 0.2,
    stay: float = 0.1,
    level: float = 0.9,
    draws: int = 200,
    seed: int = _SEED,
) -> Balance:
    """Balance the flows on `edges`. transit: the areas where what comes in goes out again.

    stay: the standard error of conservation, as a share of what passes an area. Raises
    `ValueError` for a count on a way that is not there and for a coverage outside (0, 1].
    """
    _checked(edges, counted)
    if not counted:
        return Balance(tuple(Flow(e.code, 0.0, 0.0, None, False) for e in edges), None)
    import numpy as np

    lines, values, errors = _measured(edges, counted, dispersion, coverage_error)
    balances, slack = _conserved(edges, transit, lines, values, stay)
    design = np.vstack([lines, balances]) if len(balances) else lines
    aim = np.concatenate([values, np.zeros(len(balances))])
    weight = 1 / np.concatenate([errors, slack])
    best, residual = _fit(design, aim, weight)
    tied = _tied(design * weight[:, None])
    freedom = len(aim) - int(np.linalg.matrix_rank(design))
    samples = _bootstrap(design, design @ best, weight, draws, seed)
    lows, highs = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    flows = tuple(
        Flow(
            edge.code,
            float(best[index]),
            float(min(lows[index], best[index])) if tied[index] else 0.0,
            float(max(highs[index], best[index])) if tied[index] else None,
            edge.code in counted,
        )
        for index, edge in enumerate(edges)
    )
    return Balance(flows, residual / freedom if freedom > 0 else None)


def _checked(edges: Sequence[Edge], counted: Mapping[str, Counted]) -> None:
    there = {edge.code for edge in edges}
    for code, count in counted.items():
        if code not in there:
            raise ValueError(f"There is a count on '{code}', which is no way.")
        if not 0 < count.coverage <= 1:
            raise ValueError(f"The coverage of '{code}' is {count.coverage}: over 0, at most 1.")
        if count.count is not None and count.count < 0:
            raise ValueError(f"The count on '{code}' is negative.")


def _measured(
    edges: Sequence[Edge],
    counted: Mapping[str, Counted],
    dispersion: float,
    coverage_error: float,
) -> tuple[Numbers, Numbers, Numbers]:
    """One line for each count: which way it is on, what it says, its standard error."""
    import numpy as np

    rows = [(i, counted[e.code]) for i, e in enumerate(edges) if e.code in counted]
    lines = np.zeros((len(rows), len(edges)))
    for number, (index, _count) in enumerate(rows):
        lines[number, index] = 1
    values = np.array([count.estimate() for _i, count in rows])
    errors = np.sqrt([count.variance(dispersion, coverage_error) for _i, count in rows])
    return lines, values, errors


def _conserved(
    edges: Sequence[Edge], transit: Sequence[str], lines: Numbers, values: Numbers, stay: float
) -> tuple[Numbers, Numbers]:
    """One line for each area that people pass: in less out is zero, give or take those who stay.

    An area that people only come into, or only leave, ties nothing down.
    """
    import numpy as np

    rows: list[Numbers] = []
    slack: list[float] = []
    for area in transit:
        row = np.array([float(e.end == area) - float(e.start == area) for e in edges])
        if not (row > 0).any() or not (row < 0).any():
            continue
        known = [
            float(values[(lines[:, side] > 0).any(axis=1)].sum()) for side in (row > 0, row < 0)
        ]
        rows.append(row)
        slack.append(max(10.0, stay * max(known)))
    return np.array(rows).reshape(len(rows), len(edges)), np.array(slack)


def _fit(design: Numbers, aim: Numbers, weight: Numbers) -> tuple[Numbers, float]:
    """The flows, none negative, that are nearest to all; and the weighted squared residual.

    A hair of a ridge chooses the smallest flows where nothing is tied down.
    """
    import numpy as np
    from scipy.optimize import nnls

    count = design.shape[1]
    scaled = design * weight[:, None]
    ridge = 1e-6 * np.abs(scaled).max() * np.eye(count)
    best, _norm = nnls(
        np.vstack([scaled, ridge]), np.concatenate([aim * weight, np.zeros(count)]),
        maxiter=50 * count,
    )  # fmt: skip
    rest = scaled @ best - aim * weight
    return best, float(rest @ rest)


def _tied(design: Numbers) -> list[bool]:
    """Which flows the lines determine: those without a part in the null space."""
    import numpy as np

    _u, singular, right = np.linalg.svd(design, full_matrices=True)
    rank = int((singular > singular.max() * 1e-9).sum()) if singular.size else 0
    free: Any = right[rank:]
    return [bool(np.abs(free[:, i]).max(initial=0.0) < 1e-7) for i in range(design.shape[1])]


def _bootstrap(design: Numbers, fitted: Numbers, weight: Numbers, draws: int, seed: int) -> Numbers:
    """Balances of counts as they might have come out, had the fitted flows been the true ones."""
    import numpy as np

    chance = np.random.default_rng(seed)
    noise = chance.standard_normal((draws, len(weight))) / weight
    return np.array([_fit(design, fitted + one, weight)[0] for one in noise])


def wilson(part: int, whole: int, level: float = 0.95) -> tuple[float, float]:
    """The interval of a share: E. B. Wilson, Probable inference, JASA 22 (1927).

    Raises `ValueError` when part is over whole or whole is not over 0.
    """
    if not 0 <= part <= whole or whole == 0:
        raise ValueError(f"{part} of {whole} is no share.")
    z = {0.9: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004}[level]
    share, square = part / whole, z * z
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    reach = (
        z * math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
        / (1 + square / whole)
    )  # fmt: skip
    return max(0.0, middle - reach), min(1.0, middle + reach)
