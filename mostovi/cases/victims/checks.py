# SPDX-License-Identifier: EUPL-1.2
"""What `mostovi check` says about victims: a period by partner that is shorter than 30 days."""

from __future__ import annotations

from mostovi.cases.victims.identification import PROCEDURE
from mostovi.cases.victims.protection import REFLECTION
from mostovi.cases.victims.recovery import LEAST_DAYS
from mostovi.procedures import deadlines
from mostovi.procedures.definition import Unit
from mostovi.rights.problems import Problem

_DAYS = {Unit.CALENDAR_DAYS: 1.0, Unit.WORKING_DAYS: 1.4, Unit.MONTHS: 30.0, Unit.HOURS: 1 / 24}


def check() -> list[Problem]:
    """Every row of the table of deadlines that gives a victim less than the Convention."""
    table = deadlines.shipped().get(PROCEDURE)
    return [
        Problem(
            "victims.reflection",
            f"content/deadlines/{PROCEDURE}.yaml gives '{row.partner}' {row.amount} "
            f"{row.unit.value} to recover and reflect, less than {LEAST_DAYS} days.",
            "Write at least 30 days (CETS 197, article 13). Protection lasts that long anyway.",
        )
        for row in (table.rows if table else ())
        if row.name == REFLECTION and row.amount * _DAYS[row.unit] < LEAST_DAYS
    ]
