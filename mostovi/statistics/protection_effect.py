# SPDX-License-Identifier: EUPL-1.2
"""What protection does to one table of this node's own records, and what an attacker gets of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mostovi.statistics import attacks, protecting
from mostovi.statistics.cubing import cube_rows
from mostovi.statistics.events import Event
from mostovi.statistics.protecting import Protection, Sums
from mostovi.statistics.specs import Spec

MOST_ATTACKED = 5


@dataclass(frozen=True)
class Effect:
    """`shown` and `hidden`: cells with people in them. `off`, `most_off`: of shown numbers from
    counts. `together`: codes of the tables that count the same events and are protected as one.
    `overlaps`: those of them that group a column otherwise. `secret`: what the attacker wants."""

    events: int
    shown: int
    hidden: int
    off: float
    most_off: int
    sums: Sums
    least_error: float
    together: tuple[str, ...]
    overlaps: tuple[str, ...]
    risk: attacks.Risk | None
    secret: str

    def as_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Effect:
        """What `as_data` gave."""
        return cls(
            **{
                **data,
                "sums": Sums(**data["sums"]),
                "together": tuple(data["together"]),
                "overlaps": tuple(data["overlaps"]),
                "risk": attacks.Risk(**data["risk"]) if data["risk"] else None,
            }
        )


def effect(
    found: Iterable[Event],
    spec: Spec,
    together: list[Spec],
    rule: Protection,
    noise: bytes,
    *,
    attack: bool = False,
) -> Effect:
    """What would happen to the table `spec`. `together`: all tables that count the same events.

    With `attack`, up to `MOST_ATTACKED` people who are alone in the table are attacked with all
    tables of the same events; the secret is the table's last dimension. `noise`: the node's secret.
    """
    events = list(found)
    cells = cube_rows(events, together)
    published = protecting.protect(cells, together, rule, noise)[spec.code]
    before, after = (
        attacks.Holdings([(spec, table)]).answers for table in (cells[spec.code], published.table)
    )
    off = [abs(value - before[question]) for question, value in after.items()]
    risk = None
    if attack and events:
        chance = random.Random(0)  # noqa: S311
        risk = attacks.measure(
            events, together, spec, spec.dimensions[-1].column, rule, noise, chance, MOST_ATTACKED
        )
    return Effect(
        events=len(events), shown=len(after), hidden=len(before) - len(after),
        off=sum(off) / len(off) if off else 0.0, most_off=max(off, default=0),
        sums=protecting.sums(published),
        least_error=protecting.least_error(together, rule.noise.variance),
        together=tuple(one.code for one in together),
        overlaps=tuple(sorted({
            code for left, right, _ in protecting.overlapping(together)
            if spec.code in (left, right) for code in (left, right) if code != spec.code
        })),
        risk=risk, secret=spec.dimensions[-1].code,
    )  # fmt: skip
