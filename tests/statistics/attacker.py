# SPDX-License-Identifier: EUPL-1.2
"""An attacker with every published number, every sum and patience; shares no code with the product.

Tries whole numbers for the hidden cells, sum by sum, and keeps what fits.
"""

from collections.abc import Collection, Mapping

from mostovi.statistics.cubes import Cell, Relation


def possible_counts(
    published: Mapping[Cell, int | None],
    relations: Collection[Relation],
    target: Cell,
    *,
    least: int,
    most: int,
) -> list[int]:
    """The counts from `least` to `most` that `target` can have, each proved by a full table."""
    return [
        value
        for value in range(least, most + 1)
        if _fits({**published, target: value}, relations, least, most)
    ]


def _fits(
    table: dict[Cell, int | None], relations: Collection[Relation], least: int, most: int
) -> bool:
    bounds = {c: (least, most) if v is None else (v, v) for c, v in table.items()}
    return _search(bounds, relations)


def _search(bounds: dict[Cell, tuple[int, int]], relations: Collection[Relation]) -> bool:
    bounds = dict(bounds)
    changed = True
    while changed:
        changed = False
        for relation in relations:
            for cell in relation.cells:
                low, high = bounds[cell]
                new_low, new_high = _narrowed(cell, relation, bounds)
                new_low, new_high = max(low, new_low), min(high, new_high)
                if new_low > new_high:
                    return False
                if (new_low, new_high) != (low, high):
                    bounds[cell] = (new_low, new_high)
                    changed = True
    undecided = [(high - low, cell) for cell, (low, high) in bounds.items() if low < high]
    if not undecided:
        return True
    _, cell = min(undecided)
    low, high = bounds[cell]
    return any(
        _search({**bounds, cell: (value, value)}, relations) for value in range(low, high + 1)
    )


def _narrowed(
    cell: Cell, relation: Relation, bounds: Mapping[Cell, tuple[int, int]]
) -> tuple[int, int]:
    others = [bounds[part] for part in relation.parts if part != cell]
    low, high = sum(b[0] for b in others), sum(b[1] for b in others)
    if cell == relation.total:
        return low, high
    total_low, total_high = bounds[relation.total]
    return total_low - high, total_high - low
