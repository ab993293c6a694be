# SPDX-License-Identifier: EUPL-1.2
"""What `children` answers to the packages beneath it: gates, ages, checks of records, erasure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases import recording, sections
from mostovi.cases.children import (
    assessing,
    best_interests,
    case_sections,
    facts,
    placing,
    record_rules,
    rules,
)
from mostovi.cases.children.models import (
    AgeAssessment,
    CarePlacement,
    GuardianAppointment,
    PlannedVisit,
)
from mostovi.cases.models import Case, CaseRecord
from mostovi.people import ages, barriers, keeping
from mostovi.people.birth import Birth, treated_as_child
from mostovi.people.models import Person
from mostovi.procedures import gates
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer
from mostovi.rights.access import Actor
from mostovi.rights.storage import opened

CHILD_PROCEDURES = ("case_unaccompanied_child", "case_separated_child")
FOLLOWED_PROCEDURES = (*CHILD_PROCEDURES, "case_family")


def register() -> None:
    """Called once when the node starts."""
    for code in CHILD_PROCEDURES:
        gates.register(code, "guardian_appointed", guardian_appointed)
        gates.register(code, "in_care", in_care)
        gates.register(code, "determined_where_required", determined_where_required)
        gates.register(code, "solution_safeguards", solution_safeguards)
    for code in FOLLOWED_PROCEDURES:
        gates.register(code, "visits_made", visits_made)
    gates.register("case_separated_child", "carer_looked_at", carer_looked_at)
    gates.register(assessing.PROCEDURE, "guardian_appointed", assessing.guardian_speaks)
    gates.register(assessing.PROCEDURE, "consents_given", assessing.consents_given)
    gates.register(assessing.PROCEDURE, "done_with_care", assessing.done_with_care)
    gates.register(assessing.PROCEDURE, "time_to_challenge_over", assessing.time_to_challenge_over)
    ages.register(assessing.findings)
    barriers.register(child_stays)
    record_rules.register()
    for kind in {schedule.record for schedule in rules.schedules().values()}:
        recording.on_final(kind, visit_recorded)
    recording.on_final("family_reunification", reunited)
    keeping.register_copier(copied)
    keeping.register_eraser(erase_of_person)
    sections.register(20, case_sections.guardian)
    sections.register(21, case_sections.care)
    sections.register(22, case_sections.age)


def guardian_appointed(instance: Instance, now: datetime) -> GateAnswer:
    """The child has a guardian now."""
    held = facts.of(instance).guardian is not None
    return GateAnswer(held, "" if held else _("Write down who is guardian, under 'Guardian'."))


def in_care(instance: Instance, now: datetime) -> GateAnswer:
    """It is written down where and with whom the child lives."""
    known = facts.of(instance)
    held = known.lives_at is not None or bool(known.answers("care_arrangement"))
    why = _("Place the child, under 'Care', or fill the record of the care arrangement.")
    return GateAnswer(held, "" if held else why)


def determined_where_required(instance: Instance, now: datetime) -> GateAnswer:
    """A determination that recommends the chosen solution is there, where one is needed."""
    known = facts.of(instance)
    chosen = known.answers("durable_solution").get("solution", "")
    if not chosen:
        return GateAnswer(False, _("The lasting solution is not chosen yet."))
    if not best_interests.needed(chosen, known.case.case_type, rules.determinations_needed()):
        return GateAnswer(True)
    recommended = known.answers("best_interests_determination").get("recommendation")
    if recommended is None:
        return GateAnswer(False, _("The panel has not decided yet."))
    if recommended != chosen:
        return GateAnswer(False, _("The panel recommended something else."))
    return GateAnswer(True)


def solution_safeguards(instance: Instance, now: datetime) -> GateAnswer:
    """Return only with every safeguard closed; reunification only with both sides' consent (R7)."""
    known = facts.of(instance)
    return record_rules.solution_open(
        known.answers("durable_solution"), known.answers("family_reunification")
    )


def visits_made(instance: Instance, now: datetime) -> GateAnswer:
    """As many visits were made after a reunification as its schedule asks for; none is overdue."""
    known = facts.of(instance)
    enough = rules.schedules()["reunification"].at_least
    if known.reunited and known.visits_after < enough:
        return GateAnswer(False, _("Visits after the reunification are still to be made."))
    if known.next_visit is not None and known.next_visit < timezone.localdate(now):
        return GateAnswer(False, _("A visit is overdue."))
    return GateAnswer(True)


def carer_looked_at(instance: Instance, now: datetime) -> GateAnswer:
    """Child and accompanying adult were talked to separately."""
    answers = facts.of(instance).answers("child_risk_assessment")
    held = answers.get("talked_alone") == "yes"
    return GateAnswer(held, "" if held else _("The risk assessment says so when it was done."))


def visit_recorded(
    actor: Actor, case: Case, record: CaseRecord, answers: Mapping[str, Any], now: datetime
) -> None:
    """A visit was made: the earliest open one of its schedule is done."""
    on = answers.get("visited_on")
    day = date.fromisoformat(on) if on else timezone.localdate(now)
    placing.visit_made(actor, case, record=record, on=day)


def reunited(
    actor: Actor, case: Case, record: CaseRecord, answers: Mapping[str, Any], now: datetime
) -> None:
    """The family is together again: the visits after it are planned."""
    on = answers.get("reunited_on")
    if on:
        placing.plan_visits(case, schedule="reunification", begins=date.fromisoformat(on))


def child_stays(person: Person, today: date) -> Sequence[barriers.Barrier]:
    """No child is removed unless return was chosen as its solution with every safeguard closed."""
    if person.erased_at is not None:
        return []
    birth = Birth.from_json(person.values()["single"].get("birth"))
    answer = treated_as_child(birth, ages.findings_of(person), today)
    if not answer.is_child:
        return []
    for case in person.cases.all():
        solution = facts.counted_answers(case).get("durable_solution", {})
        if (
            solution.get("solution") == "return"
            and record_rules.solution_open(solution, {}).is_open
        ):
            return []
    return [
        barriers.Barrier(
            code="child",
            measures=frozenset({barriers.Measure.REMOVAL}),
            because=_("A child returns only when that is best and every safeguard is closed."),
            source="UNHCR, Best Interests Procedure Guidelines (2021)",
            evidence="verified",
        )
    ]


def erase_of_person(person: Person) -> None:
    """An erased child takes up no guardian and no bed; what was written goes with the key (R8)."""
    today = timezone.localdate()
    person.guardian_appointments.filter(until_day=None).update(until_day=today)
    person.guardian_appointments.update(account=None, relative=None)
    person.guardian_of.update(relative=None)
    person.care_placements.filter(until_day=None).update(until_day=today)
    PlannedVisit.objects.filter(case__person=person, made_on=None).update(dropped_on=today)


def copied(person: Person) -> tuple[str, object]:
    """Guardians, age assessments and placements, for a copy of the file (R8)."""
    appointments = GuardianAppointment.objects.filter(person=person)
    placements = CarePlacement.objects.filter(person=person).select_related("place")
    assessments = AgeAssessment.objects.filter(person=person).select_related("procedure")
    return "children", {
        "guardians": [
            {
                "kind": row.kind, "from": row.from_day.isoformat(),
                "until": row.until_day.isoformat() if row.until_day else None,
                "ended": row.ended, **(words or {}),
            }
            for row, words in opened(appointments)
        ],
        "care": [
            {
                "place": row.place.name, "from": row.from_day.isoformat(),
                "until": row.until_day.isoformat() if row.until_day else None, **(words or {}),
            }
            for row, words in opened(placements)
        ],
        "age_assessments": [
            {"begun": row.begun_on.isoformat(), "state": row.procedure.state, **(words or {})}
            for row, words in opened(assessments)
        ],
    }  # fmt: skip
