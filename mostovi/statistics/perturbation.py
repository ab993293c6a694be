# SPDX-License-Identifier: EUPL-1.2
"""The cell-key method: small noise on counts, the same wherever the same count is asked for.

Every record has a key for ever, every cell the sum of its records' keys (`events`, `cubing`).
Noise is looked up in a table of probabilities by the cell's count and its key, so that whoever
asks again, in whatever table, gets the same number, and averaging tells nothing more. After B.
Fraser and J. Wooton, *A proposed method for confidentialising tabular output to protect against
differencing* (ABS, 2005), G. Thompson, S. Broadfoot and D. Elazar, *Methodology for the automatic
confidentialisation of statistical outputs from remote servers at the ABS* (UNECE, 2013); the
probabilities have the largest entropy for a given variance and largest noise, as in S. Giessing,
*Computational issues in the design of transition probabilities and disclosure risk estimation for
additive noise* (PSD 2016). Cited from knowledge of the works and from the descriptions of the R
packages `ptable` and `cellKey`.

One thing differs on purpose. There, two cells with the same records always get the same noise,
also when they are two questions (all applicants, and those of one age group). Equal numbers then
say that the difference is empty, and unequal ones say for certain that somebody is in it: with one
person known to be the only candidate, her row is read off. Here the noise is drawn from the key
*and* the question (`draws`): the same question has the same answer in every table, another
question has other noise. What averaging over questions can gain is bounded beforehand
(`protecting.least_error`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

_STEPS: Final = 1 << 24
_MASK: Final = (1 << 64) - 1
_ROUNDS: Final = 200
_CLOSE: Final = 1e-10
_ROUNDING: Final = 1e-13


class NoSuchNoise(ValueError):
    """No distribution has these properties; the text says which count and what to change."""


@dataclass(frozen=True)
class Noise:
    """What may be added to a count: nothing on average, at most `largest`, with `variance`.

    `avoided`: the published numbers 1 to `avoided` never occur (0: all may). A count of nobody
    stays.
    """

    largest: int = 5
    variance: float = 4.0
    avoided: int = 0

    def __post_init__(self) -> None:
        if self.largest < 1 or self.variance <= 0 or not 0 <= self.avoided < self.largest:
            raise NoSuchNoise(
                "Noise needs a largest value of 1 or more, a variance above 0, and avoided numbers "
                "below the largest value."
            )

    @property
    def classes(self) -> int:
        """Counts with a row of their own; all larger ones share the last row."""
        return self.largest + 1 + (self.avoided + 1 if self.avoided else 0)

    @cached_property
    def table(self) -> tuple[tuple[float, ...], ...]:
        """Row: a count (the last: that and all larger). Column: the noise from -largest up."""
        return tuple(self._row(count) for count in range(self.classes))

    def _row(self, count: int) -> tuple[float, ...]:
        every = range(-self.largest, self.largest + 1)
        if count == 0:
            return tuple(float(noise == 0) for noise in every)
        allowed = [n for n in every if count + n == 0 or count + n > self.avoided]
        try:
            found = _largest_entropy(allowed, self.variance)
        except ArithmeticError as error:
            raise NoSuchNoise(
                f"No noise up to {self.largest} around the count {count} has mean 0 and variance "
                f"{self.variance:g}. Change the variance or the largest value."
            ) from error
        chances = dict(zip(allowed, found, strict=True))
        return tuple(chances.get(noise, 0.0) for noise in every)

    @cached_property
    def _edges(self) -> np.ndarray:
        """Cumulated probabilities of all rows in one ascending list, row r between r and r + 1."""
        import numpy as np

        cumulated = np.cumsum(np.array(self.table), axis=1)
        cumulated[:, -1] = 1.0
        rows = np.arange(self.classes)[:, None]
        # Just under the next row's start, so that rounding never leads into it.
        return np.asarray(np.minimum(cumulated, 1 - 2.0**-40) + rows).ravel()

    def of(self, counts: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The noise of each count, decided by a number in [0, 1) for each."""
        import numpy as np

        rows = np.minimum(counts, self.classes - 1)
        below = np.minimum(drawn, 1 - 2.0**-39)
        found = np.searchsorted(self._edges, rows + below, side="right")
        width = 2 * self.largest + 1
        return np.asarray(np.minimum(found - rows * width, width - 1) - self.largest)


@lru_cache(maxsize=256)
def _cached(allowed: tuple[int, ...], variance: float) -> tuple[float, ...]:
    """Maximum entropy with mean 0 and a variance: weights exp(a x + b x²), a and b by Newton's way.

    The dual is convex in (a, b), so a damped Newton step always goes down.
    """
    from math import exp, log

    largest = max(abs(n) for n in allowed)
    points = [(n / largest, (n / largest) ** 2) for n in allowed]
    wanted = variance / largest**2

    def weights(a: float, b: float) -> tuple[list[float], float]:
        powers = [a * x + b * y for x, y in points]
        top = max(powers)
        raw = [exp(power - top) for power in powers]
        return [value / sum(raw) for value in raw], top + log(sum(raw))

    a = b = 0.0
    for _ in range(_ROUNDS):
        chances, height = weights(a, b)
        goal = height - b * wanted
        x, y = (sum(p * at[i] for p, at in zip(chances, points, strict=True)) for i in (0, 1))
        if abs(x) < _CLOSE and abs(y - wanted) < _CLOSE:
            return tuple(chances)
        xx, yy, xy = (
            sum(p * at[i] * at[j] for p, at in zip(chances, points, strict=True)) - m
            for i, j, m in ((0, 0, x * x), (1, 1, y * y), (0, 1, x * y))
        )
        determinant = xx * yy - xy * xy
        if determinant <= 0:
            break
        down = (-(yy * x - xy * (y - wanted)) / determinant,
                -(xx * (y - wanted) - xy * x) / determinant)  # fmt: skip
        step = 1.0
        while step > _CLOSE:
            _, at = weights(a + step * down[0], b + step * down[1])
            if at - (b + step * down[1]) * wanted < goal + _ROUNDING:
                break
            step /= 2
        a, b = a + step * down[0], b + step * down[1]
    raise ArithmeticError("no such distribution")


def _largest_entropy(allowed: list[int], variance: float) -> tuple[float, ...]:
    if len(allowed) == 2:
        low, high = allowed
        if low < 0 < high and abs(-low * high - variance) < _CLOSE:
            return high / (high - low), -low / (high - low)
        raise ArithmeticError("two points have one variance")
    return _cached(tuple(allowed), variance)


def word(secret: bytes, text: str) -> int:
    """A number of 64 bits for a part of a question, known to nobody without the `secret`."""
    digest = hashlib.blake2b(text.encode(), key=secret[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big")


def value_word(secret: bytes, column: str, values: Iterable[str]) -> int:
    """The word of 'this column has one of these values', whatever a code list calls it."""
    return word(secret, f"{column}\x1f" + "\x1e".join(sorted(values)))


def question(secret: bytes, events: Iterable[str], where: Mapping[str, Iterable[str]]) -> int:
    """The word of a table before its codes: which events, narrowed how."""
    found = word(secret, "events\x1f" + "\x1e".join(sorted(events)))
    for column, values in where.items():
        found = (found + value_word(secret, column, values)) & _MASK
    return found


def draws(questions: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """A number in [0, 1) for each cell, from its question and its key; uniform and independent.

    `questions`: sums of words (uint64, wrapping). `keys`: cell keys in [0, 1), multiples of 2**-24.
    """
    import numpy as np

    steps = np.floor(np.asarray(keys) * _STEPS).astype(np.uint64)
    mixed = _scrambled(np.asarray(questions, dtype=np.uint64) + _scrambled(steps))
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def _scrambled(values: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser (Steele, Lea and Flood 2014): every bit depends on every bit."""
    import numpy as np

    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
