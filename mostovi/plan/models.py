# SPDX-License-Identifier: EUPL-1.2
"""What `plan` stores: what partners say about their progress, with evidence, and figures."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose

_PUBLIC = Governance(purposes=frozenset(Purpose), retention="aggregate")


class Status(models.TextChoices):
    """How far a partner says it is; 'not known' is an answer of its own."""

    NOT_STARTED = "not_started", _("Not started")
    PLANNED = "planned", _("Planned")
    UNDER_WAY = "under_way", _("Under way")
    DONE = "done", _("Done")
    UNKNOWN = "unknown", _("Not known")


class PartnerProgress(AppendOnly):
    """What one partner reported about one action on one day. The newest one is in force.

    `sequence` counts the reports of the partner on the action. `office` is the authority that
    reports; `officer` is the account of the person, known only at the partner's own node.
    """

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    partner = models.CharField(max_length=20)
    action = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=Status.choices)
    note = models.TextField(blank=True)
    office = models.CharField(max_length=200, blank=True)
    reported_on = models.DateField()
    recorded_at = models.DateTimeField()
    officer = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("progress report")
        ordering = ["action", "partner", "-sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "action", "sequence"], name="progress_report_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} action {self.action} report {self.sequence}"


class Evidence(AppendOnly):
    """A document or page that shows what a report says; a link, or a reference in words."""

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    report = models.ForeignKey(PartnerProgress, on_delete=models.CASCADE, related_name="evidence")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    url = models.URLField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("evidence")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class IndicatorValue(AppendOnly):
    """A value of an indicator from an imported file. The newest one stands beside the baseline.

    Numbers of the monthly statistics are not copied here: pages read them where they are released.

    `indicator` is a code of the baseline. `parts` are the numbers it was computed from,
    `fingerprint` the SHA-256 of the file they came from.
    """

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    indicator = models.CharField(max_length=80)
    year = models.PositiveSmallIntegerField()
    value = models.DecimalField(max_digits=20, decimal_places=3)
    parts = models.JSONField(default=dict)
    source = models.CharField(max_length=300)
    file_name = models.CharField(max_length=200, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()
    officer = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("indicator value")
        ordering = ["indicator", "-recorded_at"]
        indexes = [
            # A figure's page asks for its newest value.
            models.Index(fields=["indicator", "-recorded_at"], name="indicator_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.year}: {self.value}"
