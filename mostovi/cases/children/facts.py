# SPDX-License-Identifier: EUPL-1.2
"""What gates and the case page ask about a child, read once for a procedure as it was loaded.

A step is taken on a procedure that was read anew and locked, so it never rests on old facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from mostovi.cases.children.models import CarePlacement, GuardianAppointment, PlannedVisit
from mostovi.cases.models import Case, CaseRecord, CaseRecordVersion
from mostovi.procedures.models import Instance
from mostovi.rights.storage import opened

ASKED = (
    "durable_solution", "best_interests_determination", "family_reunification",
    "care_arrangement", "child_risk_assessment",
)  # fmt: skip
"""Kinds of record that gates look into."""


@dataclass
class ChildFacts:
    """One case's child: guardian, place, visits. `answers` are read when first asked for.

    reunited, visits_after: whether visits after a reunification were planned, and how many made.
    """

    case: Case
    guardian: GuardianAppointment | None
    lives_at: str | None
    lives_since: date | None
    next_visit: date | None
    reunited: bool
    visits_after: int
    _has_answers: bool
    _answers: dict[str, Mapping[str, Any]] | None = field(default=None, repr=False)

    def answers(self, kind: str) -> Mapping[str, Any]:
        """The answers of the newest record of `kind` that counts; empty when none does."""
        if self._answers is None:
            self._answers = counted_answers(self.case) if self._has_answers else {}
        return self._answers.get(kind, {})


def of(instance: Instance) -> ChildFacts:
    """The facts about the child of the case that this procedure is about (one statement)."""
    held: ChildFacts | None = getattr(instance, "_child_facts", None)
    if held is None:
        held = _read(instance)
        instance._child_facts = held  # type: ignore[attr-defined]
    return held


def _read(instance: Instance) -> ChildFacts:
    guardian = GuardianAppointment.objects.filter(person=OuterRef("person"), until_day=None)
    living = CarePlacement.objects.filter(person=OuterRef("person"), until_day=None)
    planned = PlannedVisit.objects.filter(case=OuterRef("pk"), dropped_on=None)
    after = planned.filter(schedule="reunification")
    made = after.exclude(made_on=None).order_by().values("case").annotate(n=Count("pk"))
    counted = CaseRecord.objects.filter(case=OuterRef("pk"), kind__in=ASKED, counted__gt=0)
    case = (
        Case.objects.select_related("person")
        .annotate(
            guardian_id=Subquery(guardian.values("pk")[:1]),
            guardian_sealed=Subquery(guardian.values("sealed")[:1]),
            guardian_from=Subquery(guardian.values("from_day")[:1]),
            lives_at=Subquery(living.values("place__name")[:1]),
            lives_since=Subquery(living.values("from_day")[:1]),
            next_visit=Subquery(
                planned.filter(made_on=None).order_by("due_on").values("due_on")[:1]
            ),
            reunited=Exists(after),
            visits_after=Coalesce(Subquery(made.values("n")[:1]), 0),
            has_answers=Exists(counted),
        )
        .get(pk=instance.subject)
    )
    appointment = None
    if case.guardian_id:
        appointment = GuardianAppointment(
            pk=case.guardian_id, key_id=case.key_id, sealed=case.guardian_sealed,
            from_day=case.guardian_from, person_id=case.person_id,
        )  # fmt: skip
    return ChildFacts(
        case, appointment, case.lives_at, case.lives_since, case.next_visit, case.reunited,
        case.visits_after, case.has_answers,
    )  # fmt: skip


def counted_answers(case: Case) -> dict[str, Mapping[str, Any]]:
    """The answers that count of every kind gates look into, the newest of each (one statement)."""
    versions = CaseRecordVersion.objects.filter(
        record__case=case, record__kind__in=ASKED, record__counted=F("number")
    ).select_related("record")
    return {
        row.record.kind: (values or {}).get("answers", {})
        for row, values in opened(versions.order_by("record__counted_at", "record__begun_at"))
    }
