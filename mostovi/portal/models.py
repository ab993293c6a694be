# SPDX-License-Identifier: EUPL-1.2
"""What a person asks for from their own file (correct, complain, erase), each with a deadline."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mostovi.people.models import Person
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed


class OwnFileRequest(Sealed):
    """One wish of a person about their own file. Sealed: the person's words and the answer."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset({Purpose.GOVERNANCE, Purpose.PROTECTION, Purpose.ASYLUM}),
        retention="own_file",
        personal=True,
    )

    class Kind(models.TextChoices):
        """What is asked for."""

        CORRECTION = "correction", _("Correct something")
        COMPLAINT = "complaint", _("Complaint")
        ERASURE = "erasure", _("Erase my file")

    class Outcome(models.TextChoices):
        """How it was settled."""

        DONE = "done", _("Done")
        PARTLY = "partly", _("Done in part")
        REFUSED = "refused", _("Not possible")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="own_file_requests")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    language = models.CharField(max_length=12, blank=True)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.UUIDField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)

    class Meta:
        verbose_name = _("request from a person's own file")
        ordering = ["due_at", "id"]
        indexes = [
            # What waits for the data-protection officer.
            models.Index(
                fields=["due_at"], name="own_request_open", condition=Q(settled_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.made_at:%Y-%m-%d}"
