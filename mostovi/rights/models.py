# SPDX-License-Identifier: EUPL-1.2
"""What `rights` stores: the audit chain and the reports of retention runs."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models

from mostovi.rights.audit import Entry
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose

_GOVERNANCE = Governance(purposes=frozenset({Purpose.GOVERNANCE}), retention="audit")


class AppendOnly(models.Model):
    """A row that is written once; changing or deleting it through the product is an error."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row for the first time."""
        if not self._state.adding:
            raise TypeError(f"{self._meta.label} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Never."""
        raise TypeError(f"{self._meta.label} is append-only")


class AuditEntry(AppendOnly):
    """One link of the audit chain; see `audit.Entry` for the meaning of the fields."""

    GOVERNANCE: ClassVar[Governance] = _GOVERNANCE

    sequence = models.BigIntegerField(primary_key=True)
    at = models.CharField(max_length=40)
    tag = models.CharField(max_length=60)
    actor = models.CharField(max_length=36)
    role = models.CharField(max_length=40)
    purpose = models.CharField(max_length=20)
    handle = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=40)
    detail = models.TextField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        indexes = [
            # "Who has seen this record?" on the person's own file and the officer's page.
            models.Index(fields=["handle", "sequence"]),
            models.Index(fields=["actor", "sequence"]),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.tag}"

    def entry(self) -> Entry:
        """The pure value that `audit.verify` reads."""
        return Entry(
            sequence=self.sequence, at=self.at, tag=self.tag, actor=self.actor, role=self.role,
            purpose=self.purpose, handle=self.handle, outcome=self.outcome, detail=self.detail,
            previous=self.previous, digest=self.digest,
        )  # fmt: skip


class RetentionRun(models.Model):
    """The report of one retention run: what each rule ended, and what failed."""

    GOVERNANCE: ClassVar[Governance] = _GOVERNANCE

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"retention run {self.started_at:%Y-%m-%d %H:%M}"


class KeyToDestroy(models.Model):
    """A subject's key whose destruction is decided; the row goes when the key is gone.

    The key file is outside the database, so a crash between the two must leave a trace that the
    worker finishes (`services.destroy_pending`).
    """

    GOVERNANCE: ClassVar[Governance] = _GOVERNANCE

    key_id = models.UUIDField(primary_key=True)
    decided_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return "key to destroy"
