# SPDX-License-Identifier: EUPL-1.2
"""What detection stores: what a series' check found, alerts and their reviews, assessments.

All of it is made of published counts and of words about routes; no person is anywhere in it.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose

_OPEN = Governance(purposes=frozenset(Purpose), retention="aggregate")


class SeriesCheck(models.Model):
    """The newest check of a series: `found` is the result of detection and forecast, as data."""

    GOVERNANCE: ClassVar[Governance] = _OPEN

    code = models.CharField(max_length=80, unique=True)
    rate = models.FloatField()
    until = models.CharField(max_length=10)
    found = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("check of a series")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class FlowAlert(models.Model):
    """A series counted more than was to be expected, from the period `opened` on.

    explanation: expected, bound, dispersion, earlier counts, cut, method: all that is needed to
    unfold it (R5). It changes nothing by itself: a person reviews it (R4).
    """

    GOVERNANCE: ClassVar[Governance] = _OPEN

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    code = models.CharField(max_length=80)
    opened = models.CharField(max_length=10)
    last = models.CharField(max_length=10)
    alarms = models.PositiveSmallIntegerField()
    rate = models.FloatField()
    explanation = models.JSONField()
    raised_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("alert of a flow")
        ordering = ["-opened", "code"]
        constraints = [models.UniqueConstraint(fields=["code", "opened"], name="flow_alert_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.opened}"


class AlertReview(AppendOnly):
    """What a person found about an alert. A later review stands beside it, never over it."""

    GOVERNANCE: ClassVar[Governance] = _OPEN

    class Verdict(models.TextChoices):
        """What it was."""

        CHANGE = "change", _("A change on the route")
        COUNTING = "counting", _("A change in how is counted")
        NOTHING = "nothing", _("No change: a false alarm")
        UNCLEAR = "unclear", _("Not clear yet")

    alert = models.ForeignKey(FlowAlert, on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    words = models.CharField(max_length=1000)
    help_needed = models.CharField(max_length=500, blank=True)
    reviewed_by = models.UUIDField()
    reviewed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("review of an alert")
        ordering = ["reviewed_at", "pk"]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.verdict}"


class ThreatAssessment(models.Model):
    """A structured judgement on a route: question, judgements with sources, confidence, dissent.

    A published one does not change: a new edition replaces it and both can be read.
    """

    GOVERNANCE: ClassVar[Governance] = _OPEN

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        REPLACED = "replaced", _("Replaced by a newer edition")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    title = models.CharField(max_length=150)
    question = models.CharField(max_length=500)
    scope = models.CharField(max_length=200)
    covers_from = models.DateField()
    covers_until = models.DateField()
    unknown = models.TextField(max_length=2000)
    asked = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    edition = models.PositiveSmallIntegerField(default=1)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    written_by = models.UUIDField()
    written_at = models.DateTimeField()
    published_by = models.UUIDField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("threat assessment")
        ordering = ["-written_at"]

    def __str__(self) -> str:
        return str(self.pk)


class ThreatJudgement(models.Model):
    """One judgement: how likely, how sure, on which sources, and what would change it.

    sources: list of {grade, title, address}; grade is reliability A to F and credibility 1 to 6.
    """

    GOVERNANCE: ClassVar[Governance] = _OPEN

    class Likelihood(models.TextChoices):
        """In words that mean a range of probability."""

        REMOTE = "remote", _("Remote chance (up to 5 %)")
        UNLIKELY = "unlikely", _("Unlikely (about 20 %)")
        EVEN = "even", _("About as likely as not (about 50 %)")
        LIKELY = "likely", _("Likely (about 80 %)")
        CERTAIN = "certain", _("Almost certain (95 % and over)")
        FACT = "fact", _("No estimate: something that was observed")

    class Confidence(models.TextChoices):
        """How good the ground is on which it stands, whatever the likelihood."""

        LOW = "low", _("Low: few or weak sources")
        MODERATE = "moderate", _("Moderate: plausible, sources not independent or incomplete")
        HIGH = "high", _("High: good sources that agree independently")

    assessment = models.ForeignKey(
        ThreatAssessment, on_delete=models.CASCADE, related_name="judgements"
    )
    place = models.PositiveSmallIntegerField()
    statement = models.CharField(max_length=600)
    likelihood = models.CharField(max_length=10, choices=Likelihood.choices)
    confidence = models.CharField(max_length=10, choices=Confidence.choices)
    basis = models.CharField(max_length=1000)
    sources = models.JSONField()
    would_change = models.CharField(max_length=500)

    class Meta:
        verbose_name = _("judgement of an assessment")
        ordering = ["place", "pk"]

    def __str__(self) -> str:
        return str(self.pk)


class Dissent(AppendOnly):
    """That somebody judges otherwise, and why; it stays and is shown beside the judgement."""

    GOVERNANCE: ClassVar[Governance] = _OPEN

    judgement = models.ForeignKey(
        ThreatJudgement, on_delete=models.PROTECT, related_name="dissents"
    )
    words = models.CharField(max_length=1000)
    by = models.UUIDField()
    role = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("dissent from a judgement")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return str(self.pk)
