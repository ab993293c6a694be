# SPDX-License-Identifier: EUPL-1.2
"""The weights of matching, as data: `content/matching/model.yaml`.

Fellegi and Sunter's model: for each level of each comparison, how often it is found among pairs
that are the same person (m) and among pairs that are not (u). log2(m/u) is what the level weighs,
in bits. Bits add up; together with the prior they give a probability that depends on the two
records alone, never on what else was found.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import yaml

LIMIT: Final = 500.0
"""Bits; more does not change a probability in a double."""


class BadModel(ValueError):
    """The model's file is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Level:
    """How alike two values are, and how often that is found (m: same person, u: different)."""

    code: str
    m: float
    u: float
    words: str

    @property
    def bits(self) -> float:
        """What the level weighs; negative speaks against."""
        return math.log2(self.m / self.u)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that is compared; its levels from most alike to least."""

    code: str
    words: str
    levels: Mapping[str, Level]


@dataclass(frozen=True, slots=True)
class Model:
    """All comparisons, the prior and the named thresholds."""

    version: str
    prior: float
    prior_words: str
    thresholds: Mapping[str, float]
    comparisons: Mapping[str, Comparison]
    names_prior: float
    source: str = ""

    def level(self, comparison: str, code: str) -> Level:
        """One level of one comparison."""
        return self.comparisons[comparison].levels[code]

    def bits(self, comparison: str, code: str) -> float:
        """What that level weighs."""
        return self.level(comparison, code).bits

    def probability(self, bits: float, *, prior: float | None = None) -> float:
        """The probability after `bits` of evidence.

        >>> round(current().probability(0.0, prior=0.5), 2)
        0.5
        """
        before = self.prior if prior is None else prior
        odds = math.log2(before / (1 - before)) + bits
        return 1 / (1 + math.exp2(-max(-LIMIT, min(LIMIT, odds))))

    def verdict(self, probability: float) -> str:
        """The highest named threshold that is reached; `unlikely` when none is."""
        reached = [name for name, least in self.thresholds.items() if probability >= least]
        return max(reached, key=lambda name: self.thresholds[name], default="unlikely")


@functools.lru_cache(maxsize=1)
def current() -> Model:
    """The model that Mostovi ships."""
    file = resources.files("mostovi.content") / "matching" / "model.yaml"
    return load(file.read_text(encoding="utf-8"), "model.yaml")


def load(text: str, file: str) -> Model:
    """The model in `text`; `file` is the name used in messages. Raises `BadModel`."""
    root: Any = yaml.safe_load(text)
    try:
        comparisons = {
            str(item["code"]): Comparison(
                str(item["code"]),
                str(item["words"]),
                {str(level["code"]): _level(level, item["code"], file) for level in item["levels"]},
            )
            for item in root["comparisons"]
        }
        return Model(
            version=str(root["version"]),
            prior=float(root["prior"]["value"]),
            prior_words=str(root["prior"]["words"]),
            thresholds={str(k): float(v) for k, v in root["thresholds"].items()},
            comparisons=comparisons,
            names_prior=float(root["names_prior"]["value"]),
            source=str(root["source"]),
        )
    except (KeyError, TypeError) as error:
        raise BadModel(f"{file}: {error} is missing or not of the right kind.") from error


def _level(values: Mapping[str, Any], comparison: str, file: str) -> Level:
    m, u = float(values["m"]), float(values["u"])
    if not (0 < m <= 1 and 0 < u <= 1):
        raise BadModel(f"{file}: {comparison}/{values['code']}: m and u lie between 0 and 1.")
    return Level(str(values["code"]), m, u, str(values["words"]))
