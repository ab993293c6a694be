# SPDX-License-Identifier: EUPL-1.2
"""What is stored of a simulation: what was asked, how far it is, and what came out.

A result holds counts of groups only. Where it is about real people it is what the population's
protection let through (`populations`); a count before that is never stored.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.procedures.batches import Batch, RunState
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose

__all__ = ["RunState", "SimulationRun"]


class SimulationRun(Batch):
    """One simulation of one version of a draft, as somebody asked for it.

    law_digest is the digest of the law's file that was in force when it was asked for. failure is a
    code of `simulation_words.FAILURES`.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset(Purpose), retention="aggregate"
    )

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    reform = models.ForeignKey(
        "pathways.Reform", on_delete=models.CASCADE, related_name="simulations"
    )
    version = models.PositiveIntegerField()
    draft_digest = models.CharField(max_length=64)
    law_digest = models.CharField(max_length=64, blank=True)
    on = models.DateField()
    population = models.CharField(max_length=40)
    partner = models.CharField(max_length=8)
    people = models.PositiveIntegerField(default=0)
    seed = models.PositiveIntegerField(default=0)
    by = models.JSONField(default=list)
    result = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = _("simulation of a reform")
        ordering = ["-asked_at", "id"]
        indexes = [
            # The worker asks every two seconds what waits and what fell silent.
            models.Index(
                fields=["asked_at"],
                name="simulation_unfinished",
                condition=models.Q(state__in=["waiting", "running"]),
            ),
            models.Index(fields=["reform", "-asked_at"], name="simulation_of_reform"),
        ]

    def __str__(self) -> str:
        return f"{self.reform_id} version {self.version} on {self.on}: {self.state}"
