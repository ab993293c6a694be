# SPDX-License-Identifier: EUPL-1.2
"""What `statistics` stores: protected counts only.

The one exception is `Calculation`: what a page of the releasing officer shows of own records is
kept sealed, for an hour at most.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.statistics.calculation_models import Calculation
from mostovi.statistics.overlap_models import OverlapRound

__all__ = [
    "Calculation", "Channel", "Delivery", "Edition", "MonthlyTable", "NoisyMonth", "OverlapRound",
    "OwnFigures", "ProtectedStock", "RegionalCell", "Reminder", "Status", "Submission",
]  # fmt: skip

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


class NoisyMonth(models.Model):
    """One table of the regional set, with noise, of one partner and month: what left or came.

    A revision is new rows. `cells` is a list of [codes, number], shown cells only; what is not
    there is hidden. A large revision comes in several letters, `part` of `parts`, and is in force
    when all are here. `reason` says why a table is not counted there, which then has no cells.
    """

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    partner = models.CharField(max_length=20)
    node = models.CharField(max_length=40)
    table = models.CharField(max_length=80)
    period = models.CharField(max_length=7)
    revision = models.PositiveIntegerField()
    part = models.PositiveSmallIntegerField(default=1)
    parts = models.PositiveSmallIntegerField(default=1)
    set_version = models.CharField(max_length=40)
    status = models.CharField(max_length=12, choices=Status.choices)
    dimensions = models.JSONField(default=list)
    unsplit = models.JSONField(default=list)
    method = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=20, blank=True)
    protection = models.JSONField(default=dict)
    cells = models.JSONField(default=list)
    released_at = models.DateTimeField()
    released_by = models.UUIDField(null=True, blank=True)
    letter_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("monthly table with noise")
        ordering = ["-period", "partner", "table", "-revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "table", "period", "revision", "part"], name="noisy_month_once"
            ),
        ]
        indexes = [
            # The region's page asks for one month of all partners.
            models.Index(fields=["period", "table"], name="noisy_month_of_month"),
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


class Channel(models.TextChoices):
    """How a month comes to the secretariat."""

    NODE = "node", _("from the partner's node")
    WORKBOOK = "workbook", _("by workbook")


class Submission(models.Model):
    """A month that one officer prepared and another looks at before it leaves or counts.

    At a partner's node it is what would be sent; at the secretariat's, a workbook of a partner that
    has no node. `cells` holds, by table, what would leave: after disclosure control, never before;
    `regional` the tables with noise (`regional_tables.Prepared`).
    Nothing is changed but the decision: who prepares anew makes a new row.
    """

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waits for a second officer")
        RETURNED = "returned", _("Returned")
        WITHDRAWN = "withdrawn", _("Taken back")
        RELEASED = "released", _("Released")

    partner = models.CharField(max_length=20)
    period = models.CharField(max_length=7)
    revision = models.PositiveIntegerField()
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    template_version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    cells = models.JSONField()
    regional = models.JSONField(default=dict)
    questions = models.JSONField()
    words = models.TextField(max_length=2000, blank=True)
    file_digest = models.CharField(max_length=64, blank=True)
    prepared_by = models.UUIDField()
    prepared_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_words = models.TextField(max_length=2000, blank=True)

    class Meta:
        verbose_name = _("month prepared for release")
        ordering = ["-prepared_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "period", "revision"],
                condition=models.Q(state__in=["waiting", "released"]),
                name="revision_prepared_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.period} r{self.revision} {self.state}"


class Delivery(models.Model):
    """That a revision of a month came to the secretariat: when, how, and whether two had looked."""

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    partner = models.CharField(max_length=20)
    period = models.CharField(max_length=7)
    revision = models.PositiveIntegerField()
    channel = models.CharField(max_length=10, choices=Channel.choices)
    second_officer = models.BooleanField()
    came_at = models.DateTimeField()

    class Meta:
        verbose_name = _("delivery of a month")
        ordering = ["-period", "partner", "-revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "period", "revision"], name="month_delivered_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.period} r{self.revision}"


class Edition(models.Model):
    """One month of the region as published: which revision of each partner, and what follows.

    A correction is a new edition with the next number; earlier ones stay and can be read.
    `revisions`: partner -> revision; `noisy`: the same of the tables with noise. `indicators`:
    code -> partner or 'region' -> [state, low, high]. `standing`: partner -> [standing, newest
    month that came]. All from published cells.
    """

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    period = models.CharField(max_length=7)
    number = models.PositiveIntegerField()
    revisions = models.JSONField()
    noisy = models.JSONField(default=dict)
    indicators = models.JSONField()
    standing = models.JSONField()
    note = models.TextField(max_length=1000, blank=True)
    published_by = models.UUIDField()
    published_at = models.DateTimeField()

    class Meta:
        verbose_name = _("edition of the region's month")
        ordering = ["-period", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["period", "number"], name="edition_once"),
        ]

    def __str__(self) -> str:
        return f"{self.period} edition {self.number}"


class Reminder(models.Model):
    """That the secretariat reminded a partner's node of a month; kept at both nodes."""

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    partner = models.CharField(max_length=20)
    period = models.CharField(max_length=7)
    due = models.DateField()
    rule = models.CharField(max_length=300)
    written_at = models.DateTimeField()
    letter_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("reminder of a month")
        ordering = ["-written_at"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "period", "due"], name="reminded_once"),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.period} due {self.due}"


class OwnFigures(models.Model):
    """Whether this node publishes its own released months at /figures/; each decision is a row."""

    GOVERNANCE: ClassVar[Governance] = _AGGREGATE

    published = models.BooleanField()
    decided_by = models.UUIDField()
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = _("decision on own public figures")
        ordering = ["-decided_at", "-pk"]

    def __str__(self) -> str:
        return f"{'on' if self.published else 'off'} since {self.decided_at:%Y-%m-%d}"
