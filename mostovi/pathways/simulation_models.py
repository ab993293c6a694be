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

from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose


class RunState(models.TextChoices):
    """How far a simulation is."""

    WAITING = "waiting", _("waits for its turn")
    RUNNING = "running", _("is being worked on")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class SimulationRun(models.Model):
    """One simulation of one version of a draft, as somebody asked for it.

    law_digest is the digest of the law's file that was in force when it was asked for. step is
    how many of `steps` are done. holder names the process that works on it and beat when that
    process last said so: a run whose holder fell silent is taken up again, at most `attempts`
    times. failure is a code of `simulation_words.FAILURES`, failure_detail what it names.
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
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.WAITING)
    step = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    holder = models.CharField(max_length=40, blank=True)
    beat = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=40, blank=True)
    failure_detail = models.CharField(max_length=500, blank=True)
    result = models.JSONField(null=True, blank=True)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

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

    @property
    def finished(self) -> bool:
        """Nothing more will happen to it."""
        return self.state in (RunState.DONE, RunState.FAILED)

    @property
    def percent(self) -> int:
        """How much of the work is done."""
        return round(100 * self.step / self.steps) if self.steps else 0
