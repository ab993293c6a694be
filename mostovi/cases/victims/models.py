# SPDX-License-Identifier: EUPL-1.2
"""What `victims` stores: decisions on identification, and what investigators were given.

Two sides of a wall. `Decision` and `GivenStatement` belong to protection. `Statement` belongs to
investigation: a copy under a key of its own, that names no case, no person and no other row. Only
`GivenStatement`, on the protection side, knows which statement came from which case.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from mostovi.cases.models import Case
from mostovi.cases.victims.identification import Ruling
from mostovi.people.models import Consent
from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed

_PROTECTION = frozenset({Purpose.PROTECTION, Purpose.ASYLUM})


class Decision(Sealed, AppendOnly):
    """A named officer's reasoned decision on whether somebody is a victim of trafficking.

    Sealed: authority (who is competent and decided), basis (codes), reasons, told (how the person
    learned of it).
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PROTECTION, retention="case", personal=True
    )

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="identifications")
    ruling = models.CharField(max_length=24, choices=[(r.value, r.value) for r in Ruling])
    decided_on = models.DateField()
    officer = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "decision on identification"
        ordering = ["written_at"]

    def __str__(self) -> str:
        return f"{self.ruling} {self.decided_on}"


class Statement(Sealed):
    """What a person agreed to give to investigators, for them alone to read.

    Sealed under its own key: the chosen fields as they were shown before. `reference` is drawn at
    random. `ends_at` is when the consent ends by itself; once `ended_on` is set the key is gone and
    nothing but the reference is left, so that investigators can be told to destroy what they noted.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset({Purpose.INVESTIGATION}), retention="statement", personal=True
    )

    reference = models.CharField(max_length=20, unique=True)
    given_on = models.DateField()
    ends_at = models.DateTimeField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "statement for investigators"
        ordering = ["-given_on", "reference"]
        indexes = [
            models.Index(fields=["ended_on", "-given_on"], name="statement_newest"),
            # The job that ends statements whose consent has run out.
            models.Index(fields=["ends_at"], name="statement_ends"),
        ]

    def __str__(self) -> str:
        return self.reference


class GivenStatement(models.Model):
    """That a statement was given from a case: which one, under which consent, by whom.

    Never read for investigation. `ended_why` is a code: withdrawn, expired, erased.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PROTECTION, retention="case", personal=True
    )

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="given_statements")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+")
    statement = models.UUIDField(unique=True)
    reference = models.CharField(max_length=20)
    fields = models.JSONField()
    given_by = models.UUIDField()
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=12, blank=True)

    class Meta:
        verbose_name = "statement given to investigators"
        ordering = ["-given_at"]

    def __str__(self) -> str:
        return self.reference
