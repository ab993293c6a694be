# SPDX-License-Identifier: EUPL-1.2
"""What is kept of a calculation over this node's own records, for the page that asked for it.

Counts before protection are in it. So the result lies sealed under a key of its own, and row and
key end after an hour at most (`calculations.end_old`).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.procedures.batches import Batch, RunState
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed


class Calculation(Sealed, Batch):
    """One result over own records. made_of: digest of what it is made of besides the records.

    table is '' and month the last one for the quality report. failure is a code of
    `calculation_words.FAILURES`.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset({Purpose.STATISTICS}), retention="technical"
    )

    class Kind(models.TextChoices):
        """What is calculated."""

        CELLS = "cells", _("counts before and after protection")
        PROTECTION = "protection", _("what protection does")
        ATTACK = "attack", _("what protection does, with an attacker")
        QUALITY = "quality", _("quality of this node's records")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    table = models.CharField(max_length=80, blank=True)
    month = models.CharField(max_length=7)
    made_of = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("calculation over own records")
        ordering = ["-asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["made_of"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="calculation_unfinished_once",
            ),
        ]
        indexes = [
            # A page asks for the newest one made of the same.
            models.Index(fields=["made_of", "-asked_at"], name="calculation_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.table} {self.month}: {self.state}"

    @property
    def done(self) -> bool:
        """Whether there is a result."""
        return self.state == RunState.DONE
