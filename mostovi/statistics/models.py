# SPDX-License-Identifier: EUPL-1.2
"""What `statistics` stores: protected counts only. A count before protection is never stored."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose

_AGGREGATE = Governance(purposes=frozenset(Purpose), retention="aggregate")


class Status(models.TextChoices):
    """Whether this node released the table itself or received it."""

    RELEASED = "released", _("Released")
    RECEIVED = "received", _("Received")


class MonthlyTable(models.Model):
    """One protected table of one partner and month; a revision is a new row, never a change.

    `cells` is a list of [codes, count or null], one code for each dimension in order. `node` is
    the node that released it. `released_by` is the account of the named officer, known only at
    the node itself.
    """

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    partner = models.CharField(max_length=20)
    node = models.CharField(max_length=40)
    table = models.CharField(max_length=80)
    period = models.CharField(max_length=7)
    revision = models.PositiveIntegerField()
    template = models.CharField(max_length=80)
    template_version = models.CharField(max_length=40)
    threshold = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=Status.choices)
    cells = models.JSONField()
    released_at = models.DateTimeField()
    released_by = models.UUIDField(null=True, blank=True)
    letter_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("monthly table")
        ordering = ["-period", "partner", "table", "-revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "table", "period", "revision"], name="monthly_table_once"
            ),
        ]
        indexes = [
            # The region's page asks for one month of all partners.
            models.Index(fields=["period", "table"], name="monthly_table_of_month"),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.period} {self.table} r{self.revision}"


class RegionalCell(models.Model):
    """One published cell in force, for trends: the newest revision only.

    `cell` is the cell's codes as text (`services.cell_text`), '' for the grand total.
    """

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    partner = models.CharField(max_length=20)
    table = models.CharField(max_length=80)
    period = models.CharField(max_length=7)
    cell = models.CharField(max_length=300, blank=True)
    value = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("regional cell")
        constraints = [
            models.UniqueConstraint(
                fields=["table", "cell", "period", "partner"], name="regional_cell_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.period} {self.table} {self.cell}"


class ProtectedStock(models.Model):
    """How many people have an open case, by sex and age, as published for one month (`own_cases`).

    `cells` is a list of [sex, age, value]; a value is a multiple of `rounded_to` and stands for a
    range. What was counted is not stored.
    """

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    period = models.CharField(max_length=7, unique=True)
    counted_on = models.DateField()
    rounded_to = models.PositiveSmallIntegerField()
    cells = models.JSONField()

    class Meta:
        verbose_name = _("protected counts of open cases")
        ordering = ["-period"]

    def __str__(self) -> str:
        return self.period
