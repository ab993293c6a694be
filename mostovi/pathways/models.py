# SPDX-License-Identifier: EUPL-1.2
"""What `pathways` stores of its own: what lawyers said of the law's text, and drafts of reforms.

The law itself is files (`content/law`). A lawyer who signs is named as the holder of an office, as
in a gazette. Only `SavedCheck` is about a person of concern: a check made inside their case.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.cases.models import Case
from mostovi.pathways.simulation_models import SimulationRun
from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed

__all__ = [
    "Reform", "ReformVersion", "SavedCheck", "SignOff", "SignOffWithdrawal", "SimulationRun",
    "Verdict",
]  # fmt: skip

_PUBLIC = Governance(purposes=frozenset(Purpose), retention="content")


class Verdict(models.TextChoices):
    """What a lawyer says of a text."""

    AGREED = "agreed", _("agrees: this is what the law says")
    OBJECTED = "objected", _("objects: this is not what the law says")


class SignOff(AppendOnly):
    """What a lawyer said of the exact text of one version of a pathway, or of one condition in it.

    condition is empty for the whole version. `said` is the text that lay before the lawyer and
    `digest` its SHA-256 (`signed_text`): when the law's files say something else, this no longer
    speaks for them. Taking it back adds a `SignOffWithdrawal`.
    """

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    partner = models.CharField(max_length=8)
    pathway = models.CharField(max_length=60)
    version = models.CharField(max_length=40, blank=True)
    condition = models.CharField(max_length=80, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    lawyer = models.CharField(max_length=120)
    lawyer_role = models.CharField(max_length=160)
    said_on = models.DateField()
    note = models.TextField(blank=True)
    said = models.TextField()
    digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()
    recorded_by = models.UUIDField()

    class Meta:
        verbose_name = _("sign-off of a law's text")
        ordering = ["recorded_at", "id"]
        indexes = [
            # All that was said of a partner's law, for its pages and its rule set.
            models.Index(fields=["partner", "pathway", "recorded_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.partner}/{self.pathway} {self.version} {self.condition} {self.verdict}"


class SignOffWithdrawal(AppendOnly):
    """A sign-off taken back: since then it counts for nothing, and stays readable."""

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    sign_off = models.OneToOneField(SignOff, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.UUIDField()

    class Meta:
        verbose_name = _("sign-off taken back")

    def __str__(self) -> str:
        return f"{self.sign_off_id} taken back"


class Reform(models.Model):
    """A draft of another law: a pack's text that began as a copy of the one in force.

    based_on is the version in force that it began from, based_on_digest the digest of the whole
    file then. What was written stands in `ReformVersion`; the newest is the draft. closed_at: put
    aside, it can no longer be edited.
    """

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    code = models.CharField(max_length=80, unique=True)
    partner = models.CharField(max_length=8)
    pathway = models.CharField(max_length=60)
    title = models.CharField(max_length=160)
    aim = models.TextField(blank=True)
    based_on = models.CharField(max_length=40, blank=True)
    based_on_digest = models.CharField(max_length=64)
    begun_at = models.DateTimeField()
    begun_by = models.UUIDField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("draft of a reform")
        ordering = ["-changed_at", "code"]

    def __str__(self) -> str:
        return self.code


class ReformVersion(AppendOnly):
    """What a draft said after it was saved, who saved it and why. Kept with its faults too.

    problems is how many the check found when it was saved; 0 means that it can be compared.
    """

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    reform = models.ForeignKey(Reform, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64)
    why = models.CharField(max_length=300)
    problems = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    by = models.UUIDField()

    class Meta:
        verbose_name = _("version of a draft")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["reform", "number"], name="reform_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.reform_id} version {self.number}"


class SavedCheck(Sealed, AppendOnly):
    """Which ways looked open to a person, as a caseworker checked it; decides nothing (R4).

    Sealed under the person's key (`case_checking`): the answers with where each came from, and each
    way with its answer and the digest of the law text that the answer stood on. `on` is the day
    whose law was asked, `law_digest` the digest of all law texts of that partner on that day.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset({Purpose.PROTECTION, Purpose.ASYLUM}),
        retention="case",
        personal=True,
        row_purpose=("purpose",),
    )

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="pathway_checks")
    purpose = models.CharField(max_length=20)
    partner = models.CharField(max_length=8)
    on = models.DateField()
    law_digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    made_by = models.UUIDField()

    class Meta:
        verbose_name = _("check of the ways open to a person")
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["case", "-made_at"], name="pathway_check_of_case")]

    def __str__(self) -> str:
        return f"check {self.pk} on {self.on}"
