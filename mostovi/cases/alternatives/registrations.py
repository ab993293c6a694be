# SPDX-License-Identifier: EUPL-1.2
"""What alternatives to detention answer to the packages beneath: gates, the copy of a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mostovi.cases.alternatives import files
from mostovi.cases.alternatives.models import LibertyFile
from mostovi.people import keeping
from mostovi.people.models import Person
from mostovi.procedures import gates
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer

_GATES = (
    "screening_in_force", "least_restrictive_first", "adult_beyond_doubt", "no_safeguard_against",
)  # fmt: skip


def register() -> None:
    """Called once when the node starts."""
    for gate in _GATES:
        gates.register(files.PROCEDURE, gate, _answer(gate))
    keeping.register_copier(copied)


def _answer(gate: str) -> Callable[[Instance, datetime], GateAnswer]:
    def ask(instance: Instance, now: datetime) -> GateAnswer:
        file = LibertyFile.objects.select_related("case__person").get(pk=instance.subject)
        return files.gate_answers(file, now)[gate]

    return ask


def copied(person: Person) -> tuple[str, object]:
    """Everything written about the person's liberty, for a copy of the file (R8)."""
    found = []
    for file in LibertyFile.objects.filter(case__person=person).select_related("case", "procedure"):
        lines: dict[str, object] = {
            "case": file.case.code,
            "step": file.procedure.state,
            "opened_at": file.opened_at.isoformat(),
        }
        for name in (
            "screenings", "weighings", "measures", "happenings", "reviews", "proposals", "held",
        ):  # fmt: skip
            rows = getattr(file, name).all()
            lines[name] = [values for _row, values in files.read_values(rows)]
        found.append(lines)
    return "alternatives_to_detention", found
