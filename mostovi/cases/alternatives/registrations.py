# SPDX-License-Identifier: EUPL-1.2
"""What alternatives to detention answer to the packages beneath: gates, copies, the case's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mostovi.cases import sections
from mostovi.cases.alternatives import catalogue, files
from mostovi.cases.alternatives.forms import say
from mostovi.cases.alternatives.models import LibertyFile
from mostovi.cases.models import Case
from mostovi.people import keeping
from mostovi.people.models import Person
from mostovi.procedures import gates, presentation
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer
from mostovi.rights.access import Action, Actor, Kind, decide

_GATES = (
    "screening_in_force", "least_restrictive_first", "adult_beyond_doubt", "no_safeguard_against",
)  # fmt: skip


def register() -> None:
    """Called once when the node starts."""
    for gate in _GATES:
        gates.register(files.PROCEDURE, gate, _answer(gate))
    keeping.register_copier(copied)
    sections.register(60, section)


def section(actor: Actor, case: Case, now: datetime) -> sections.Section | None:
    """The block on the case's page, for those who may see such files."""
    if not decide(actor, Action.READ, Kind.ALTERNATIVE).allowed:
        return None
    rows = LibertyFile.objects.filter(case=case, purpose=actor.purpose.value)
    file = rows.select_related("procedure").first()
    title = str(_("Liberty"))
    url = reverse("alternatives:file", args=[case.code])
    if file is None:
        if not decide(actor, Action.CREATE, Kind.ALTERNATIVE).allowed:
            return None
        return sections.Section(
            "alternatives", title, url=url, verb=str(_("Liberty is in question"))
        )
    procedure = procedures.procedure_of(file.procedure)
    step = presentation.in_language(procedure.states[file.procedure.state].label).text
    measure = files.measure_in_force(file)
    lines: list[tuple[str, object]] = [(str(_("Step")), step)]
    if measure is not None:
        label = pgettext("instead of detention", "Measure")
        lines.append((label, say(catalogue.measure(measure.code).label)))
    if file.review_on is not None:
        lines.append((str(_("Next review")), file.review_on))
    warning = ""
    if file.release_wanted_at is not None:
        warning = str(_("Held although a safeguard protects this person: ask for the release."))
    elif file.breach_at is not None:
        warning = str(_("A condition was not kept: look at it with the person."))
    return sections.Section(
        "alternatives", title, lines, url=url, verb=str(_("Open the file")), warning=warning
    )


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
