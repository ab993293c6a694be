# SPDX-License-Identifier: EUPL-1.2
"""What is stored about a child beyond the case: guardians, age assessments, places of care, visits.

A place of care is not about a person. Everything else lies sealed under the child's key; in clear
are codes and dates that lists and the home page need.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mostovi.cases.children.guardianship import Ending, Kind
from mostovi.cases.models import Case
from mostovi.people.models import Person
from mostovi.procedures.models import Instance
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed

_PURPOSES = frozenset({Purpose.PROTECTION, Purpose.ASYLUM})
_PERSONAL = Governance(purposes=_PURPOSES, retention="case", personal=True)


class GuardianAppointment(Sealed):
    """Who is, or was, the guardian of a child, from when to when and by which act.

    `account` is the guardian's account at this node, `relative` the guardian's own file here (an
    aunt who is registered herself); both are empty for anybody else. Sealed: the guardian's name,
    organisation and contact, the legal act and its authority, what was declared about a conflict
    of interest, the words why it ended.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="guardian_appointments"
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    account = models.UUIDField(null=True, blank=True)
    relative = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="guardian_of"
    )
    kind = models.CharField(max_length=12, choices=[(k.value, k.value) for k in Kind])
    from_day = models.DateField()
    until_day = models.DateField(null=True, blank=True)
    ended = models.CharField(
        max_length=20, blank=True, choices=[(e.value, e.value) for e in Ending]
    )
    written_by = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = _("guardian's appointment")
        ordering = ["from_day", "written_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(until_day__isnull=True), name="one_guardian_at_once"
            ),
        ]
        indexes = [
            # How many children a guardian has now.
            models.Index(
                fields=["account"], name="guardian_load", condition=Q(until_day__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"guardian from {self.from_day}"


class AgeAssessment(Sealed):
    """An age assessment: a procedure of its own, with consent, methods, result and challenge (R7).

    Sealed: grounds, both consents, methods with their results, the result with its margin and
    reasons, the challenge. `birth_version` is the version of the recorded date of birth that the
    decision was made on.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="age_assessments")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="age_assessments")
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    begun_on = models.DateField()
    begun_by = models.UUIDField()
    birth_version = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("age assessment")
        ordering = ["begun_on", "id"]

    def __str__(self) -> str:
        return f"age assessment of {self.begun_on}"


class CarePlace(models.Model):
    """A place where children can live: a foster family, a small home, a centre.

    Foster families are listed by a number of the register, never by name; where the place is, staff
    learn from the register.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset(Purpose) - {Purpose.RETURN, Purpose.INVESTIGATION, Purpose.LABOUR},
        retention="content",
    )

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=30)
    capacity = models.PositiveSmallIntegerField()
    youngest = models.PositiveSmallIntegerField(default=0)
    oldest = models.PositiveSmallIntegerField(default=17)
    sexes = models.CharField(max_length=12)
    licence = models.CharField(max_length=60, blank=True)
    licensed_until = models.DateField(null=True, blank=True)
    adults_too = models.BooleanField(default=False)
    closed_on = models.DateField(null=True, blank=True)
    changed_by = models.UUIDField()
    changed_at = models.DateTimeField()
    synthetic = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("place of care")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.code


class CarePlacement(Sealed):
    """A child lives at a place of care, from when to when. Sealed: reason, the child's view, end.

    `urgent` placements are short and are replaced by a considered one.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="care_placements")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="care_placements")
    place = models.ForeignKey(CarePlace, on_delete=models.PROTECT, related_name="placements")
    urgent = models.BooleanField(default=False)
    from_day = models.DateField()
    until_day = models.DateField(null=True, blank=True)
    written_by = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = _("placement in care")
        ordering = ["from_day", "written_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(until_day__isnull=True), name="one_placement_at_once"
            ),
        ]
        indexes = [
            # Who lives at a place now.
            models.Index(
                fields=["place"], name="placements_now", condition=Q(until_day__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"placement from {self.from_day}"


class PlannedVisit(models.Model):
    """A visit that the schedule asks for; `record_id` is the record that says it was made."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="planned_visits")
    placement = models.ForeignKey(
        CarePlacement, null=True, blank=True, on_delete=models.CASCADE, related_name="visits"
    )
    schedule = models.CharField(max_length=40)
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    made_on = models.DateField(null=True, blank=True)
    dropped_on = models.DateField(null=True, blank=True)
    record_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("planned visit")
        ordering = ["due_on", "number"]
        indexes = [
            models.Index(
                fields=["due_on"],
                name="visits_open",
                condition=Q(made_on__isnull=True, dropped_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"visit due {self.due_on}"
