# SPDX-License-Identifier: EUPL-1.2
"""What `plan` stores: what partners say about their progress, with evidence, and figures."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose

FIRST_PLAN = "wb-2023-2025"
"""Reports that name no plan are about this one: it was the only one."""
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

    plan = models.CharField(max_length=40, default=FIRST_PLAN)
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
                fields=["plan", "partner", "action", "sequence"], name="progress_report_once"
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


class _Said(AppendOnly):
    """What a partner says about a thing of its own; the newest of a reference is in force."""

    plan = models.CharField(max_length=40, default=FIRST_PLAN)
    partner = models.CharField(max_length=20)
    action = models.PositiveSmallIntegerField()
    reference = models.UUIDField()
    sequence = models.PositiveIntegerField()
    node = models.CharField(max_length=40, blank=True)
    recorded_at = models.DateTimeField()
    officer = models.UUIDField(null=True, blank=True)

    class Meta:
        abstract = True


class Milestone(_Said):
    """A step toward an action, with its day. A day that is moved stays visible in the history."""

    class State(models.TextChoices):
        """How it stands; 'given up' is said, not hidden."""

        OPEN = "open", _("Ahead")
        REACHED = "reached", _("Reached")
        GIVEN_UP = "given_up", _("Given up")

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    title = models.CharField(max_length=200)
    due = models.DateField()
    state = models.CharField(max_length=20, choices=State.choices)
    moved_from: date | None = None
    """The day it had at first, where that was another; set by `following.milestones`."""

    class Meta:
        verbose_name = _("milestone")
        ordering = ["due", "reference", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["reference", "sequence"], name="milestone_said_once"),
        ]

    def __str__(self) -> str:
        return self.title


class Support(_Said):
    """Support that a partner asks for or offers for an action."""

    class Side(models.TextChoices):
        """Who needs it."""

        REQUEST = "request", _("Asked for")
        OFFER = "offer", _("Offered")

    class Sort(models.TextChoices):
        """What kind of support it is; only the same kinds are put together."""

        TRAINING = "training", _("Training")
        EXPERTISE = "expertise", _("Expertise, exchange of officers")
        EQUIPMENT = "equipment", _("Equipment")
        SOFTWARE = "software", _("Software and data")
        LANGUAGE = "language", _("Interpretation and translation")
        FUNDS = "funds", _("Funds")
        OTHER = "other", _("Other")

    class State(models.TextChoices):
        """How it stands."""

        OPEN = "open", pgettext_lazy("request or offer of support", "Open")
        MET = "met", _("Met")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    side = models.CharField(max_length=20, choices=Side.choices)
    sort = models.CharField(max_length=20, choices=Sort.choices)
    text = models.CharField(max_length=1000)
    state = models.CharField(max_length=20, choices=State.choices)

    class Meta:
        verbose_name = _("support asked for or offered")
        ordering = ["action", "partner", "reference", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["reference", "sequence"], name="support_said_once"),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.side} {self.reference}"


class SupportMatch(AppendOnly):
    """One word on a request and an offer that were put together: proposed, agreed or declined.

    The secretariat proposes; each of the two partners answers for itself.
    """

    class Word(models.TextChoices):
        """What was said."""

        PROPOSED = "proposed", _("Proposed")
        AGREED = "agreed", _("Agreed")
        DECLINED = "declined", _("Declined")

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    reference = models.UUIDField()
    said_by = models.CharField(max_length=20)
    word = models.CharField(max_length=20, choices=Word.choices)
    plan = models.CharField(max_length=40, default=FIRST_PLAN)
    action = models.PositiveSmallIntegerField()
    sort = models.CharField(max_length=20, choices=Support.Sort.choices)
    request = models.UUIDField()
    request_partner = models.CharField(max_length=20)
    request_text = models.CharField(max_length=1000)
    offer = models.UUIDField()
    offer_partner = models.CharField(max_length=20)
    offer_text = models.CharField(max_length=1000)
    recorded_at = models.DateTimeField()
    officer = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("support put together")
        ordering = ["-recorded_at"]
        constraints = [
            models.UniqueConstraint(fields=["reference", "said_by"], name="match_answered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.request_partner} {self.offer_partner} {self.word}"
