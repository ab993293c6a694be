# SPDX-License-Identifier: EUPL-1.2
"""What the region's page shows, computed from published cells alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mostovi.statistics.cubes import Cell
from mostovi.statistics.suppression import Published, ranges
from mostovi.statistics.tables import Indicator, Template

PARTNERS: tuple[str, ...] = ("al", "ba", "xk", "me", "mk", "rs")
"""In the order of the partners' names in English."""


@dataclass(frozen=True)
class Figure:
    """One number as shown: exact, hidden (then `low` to `high`), or missing (then no bounds).

    `high` is None where no upper bound follows from what is published.
    """

    state: str
    low: int = 0
    high: int | None = None

    @property
    def exact(self) -> bool:
        """Whether the number is known."""
        return self.state == "shown"


MISSING = Figure("missing")


@dataclass(frozen=True)
class Line:
    """One indicator over the partners, with the region's sum."""

    indicator: Indicator
    figures: tuple[Figure, ...]
    region: Figure
    missing: tuple[str, ...]


def figures(template: Template, published: Published) -> dict[Cell, Figure]:
    """Every cell of one partner's month as a figure."""
    bounds = ranges(published, template.relations, 0)
    return {
        cell: Figure("shown", value, value)
        if value is not None
        else Figure("hidden", *bounds[cell])
        for cell, value in published.items()
    }


def summed(parts: Sequence[Figure]) -> Figure:
    """The region's figure: exact only if all parts are, else a range; missing parts add nothing.

    The range uses nothing but what was published, so it tells nothing new about a hidden part.
    """
    known = [part for part in parts if part.state != "missing"]
    if not known:
        return MISSING
    low = sum(part.low for part in known)
    if all(part.exact for part in known):
        return Figure("shown", low, low)
    high: int | None = 0
    for part in known:
        high = None if high is None or part.high is None else high + part.high
    return Figure("hidden", low, high)


def lines(template: Template, by_partner: Mapping[str, Mapping[Cell, Figure]]) -> list[Line]:
    """One line an indicator; a partner without a release is missing, not zero."""
    found = []
    for indicator in template.indicators:
        parts = tuple(
            by_partner.get(partner, {}).get(indicator.cell, MISSING) for partner in PARTNERS
        )
        missing = tuple(p for p, part in zip(PARTNERS, parts, strict=True) if part == MISSING)
        found.append(Line(indicator, parts, summed(parts), missing))
    return found
