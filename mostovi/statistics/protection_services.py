# SPDX-License-Identifier: EUPL-1.2
"""What protection does to one table of this node's own records, and what an attacker gets of it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from django.db import transaction

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.statistics import attacks, own_events, protecting
from mostovi.statistics.catalogue import specs
from mostovi.statistics.cubing import cube_rows
from mostovi.statistics.months import Month
from mostovi.statistics.protecting import Sums
from mostovi.statistics.specs import Spec
from mostovi.statistics.table_services import first_month, noise_secret, protection

MOST_ATTACKED = 5


@dataclass(frozen=True)
class Effect:
    """`shown` and `hidden`: cells with people in them. `off`, `most_off`: of shown numbers from
    counts. `together`: tables that count the same events and are protected as one."""

    events: int
    shown: int
    hidden: int
    off: float
    most_off: int
    sums: Sums
    least_error: float
    together: tuple[Spec, ...]
    overlaps: tuple[str, ...]
    risk: attacks.Risk | None
    secret: str


@transaction.atomic
def effect(actor: Actor, spec: Spec, month: Month, *, attack: bool = False) -> Effect:
    """What would happen to the table of the period that `month` ends or lies in.

    With `attack`, up to `MOST_ATTACKED` people who are alone in the table are attacked with all
    tables of the same events; the secret is the table's last dimension.
    """
    require(actor, Action.PUBLISH, Kind.STATISTIC)
    record(
        actor, AuditTag.STATISTICS_PREVIEWED,
        detail={"month": str(month), "table": spec.code, "protection": True},
    )  # fmt: skip
    rule = protection()
    together = [other for other in specs() if set(other.events) & set(spec.events)]
    kinds = {event for other in together for event in other.events}
    events = list(own_events.events(first_month(spec, month), month, kinds))
    cells = cube_rows(events, together)
    published = protecting.protect(cells, together, rule, noise_secret())[spec.code]
    before, after = (
        attacks.Holdings([(spec, table)]).answers for table in (cells[spec.code], published.table)
    )
    off = [abs(value - before[question]) for question, value in after.items()]
    secret = spec.dimensions[-1].column
    risk = None
    if attack and events:
        chance = random.Random(0)  # noqa: S311
        risk = attacks.measure(
            events, together, spec, secret, rule, noise_secret(), chance, MOST_ATTACKED
        )
    return Effect(
        events=len(events), shown=len(after), hidden=len(before) - len(after),
        off=sum(off) / len(off) if off else 0.0, most_off=max(off, default=0),
        sums=protecting.sums(published),
        least_error=protecting.least_error(together, rule.noise.variance),
        together=tuple(together),
        overlaps=tuple(sorted({
            code for left, right, _ in protecting.overlapping(together)
            if spec.code in (left, right) for code in (left, right) if code != spec.code
        })),
        risk=risk, secret=spec.dimensions[-1].code,
    )  # fmt: skip
