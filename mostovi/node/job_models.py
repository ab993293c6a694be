# SPDX-License-Identifier: EUPL-1.2
"""What the worker remembers about its periodic jobs, so that two workers never double one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose


class JobRun(models.Model):
    """One periodic job: who holds it until when, when it is due next, and how it went last.

    `last_error` is the type of the exception and the place it was raised, never its message.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset({Purpose.GOVERNANCE}), retention="technical"
    )

    name = models.CharField(max_length=120, primary_key=True)
    due = models.DateTimeField()
    holder = models.CharField(max_length=200, blank=True, default="")
    held_until = models.DateTimeField(null=True, blank=True)
    last_started = models.DateTimeField(null=True, blank=True)
    last_finished = models.DateTimeField(null=True, blank=True)
    last_count = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=400, blank=True, default="")
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "node"
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name
