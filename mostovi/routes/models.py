# SPDX-License-Identifier: EUPL-1.2
"""What `routes` stores: counts seen at points, and what is published of them. No person anywhere.

Fine rows (`Observation`) are read only under a stated reason (`FineReading`); everything else here
is for all staff.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose

_COARSE = Governance(purposes=frozenset(Purpose), retention="aggregate")
_FINE = Governance(
    purposes=frozenset({Purpose.PROTECTION, Purpose.STATISTICS}), retention="flow_observation"
)


class Point(models.Model):
    """A place where people are counted. Where exactly is read like an observation.

    `area` is the code of its area in the route graph. A point that ends stays for its counts.
    """

    GOVERNANCE: ClassVar[Governance] = _FINE

    class Sort(models.TextChoices):
        """What kind of place it is."""

        CROSSING = "crossing", _("Border crossing")
        CENTRE = "centre", _("Reception centre")
        TRANSPORT = "transport", _("Bus or railway station")
        STREET = "street", _("Street, park or square")
        OTHER = "other", _("Other place")

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    sort = models.CharField(max_length=12, choices=Sort.choices)
    area = models.CharField(max_length=20)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("point of observation")
        ordering = ["area", "name"]

    def __str__(self) -> str:
        return self.code


class Observation(models.Model):
    """How many people were seen at a point on a day; counts, never who.

    `hours` is how long was counted that day. `way` is the code of the way they were on, '' when it
    is not known. In a survey `people` are those asked and `violence` those who told of violence.
    `origin_key` makes the same row of a file, or the same form, the same observation.
    """

    GOVERNANCE: ClassVar[Governance] = _FINE

    class Nature(models.TextChoices):
        """How it came about."""

        COUNT = "count", _("Count")
        SURVEY = "survey", _("Survey")

    class Origin(models.TextChoices):
        """By which door it came in."""

        PAGE = "page", _("This page")
        FILE = "file", _("File")
        FORM = "form", _("Form")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="observations")
    day = models.DateField(db_index=True)
    nature = models.CharField(max_length=8, choices=Nature.choices, default=Nature.COUNT)
    way = models.CharField(max_length=20, blank=True)
    hours = models.FloatField(null=True, blank=True)
    people = models.PositiveIntegerField()
    children_alone = models.PositiveIntegerField(null=True, blank=True)
    violence = models.PositiveIntegerField(null=True, blank=True)
    deaths = models.PositiveIntegerField(null=True, blank=True)
    missing = models.PositiveIntegerField(null=True, blank=True)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    origin_key = models.CharField(max_length=150, unique=True)
    unit = models.CharField(max_length=100)
    recorded_by = models.UUIDField()
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("flow observation")
        ordering = ["-day", "point_id", "pk"]
        indexes = [models.Index(fields=["way", "day"], name="observations_of_a_way")]

    def __str__(self) -> str:
        return str(self.pk)


class FineReading(models.Model):
    """That somebody opened the observations by place and day: for what reason, until when."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset({Purpose.PROTECTION, Purpose.STATISTICS, Purpose.GOVERNANCE}),
        retention="audit",
    )

    class Reason(models.TextChoices):
        """For what finer data may be needed."""

        QUALITY = "quality", _("Checking and correcting counts")
        ALERT = "alert", _("Reviewing an alert")
        HELP = "help", _("Planning help: shelter, health, guardians")
        DEATH = "death", _("Looking for people missing or dead")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.UUIDField()
    role = models.CharField(max_length=40)
    purpose = models.CharField(max_length=20)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    words = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reading of fine counts")
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return str(self.pk)


class FlowCount(models.Model):
    """One published count in force: of a measure, on a way, in a period ('2026-03' or '2026').

    `value` None is hidden: from 1 to `threshold` - 1. What was counted is not stored. `coverage`
    is the share of the time that was observed, in tenths.
    """

    GOVERNANCE: ClassVar[Governance] = _COARSE

    way = models.CharField(max_length=20)
    measure = models.CharField(max_length=20)
    period = models.CharField(max_length=7)
    value = models.PositiveIntegerField(null=True)
    coverage = models.FloatField(default=1.0)
    threshold = models.PositiveSmallIntegerField()
    rounded_to = models.PositiveSmallIntegerField()
    revision = models.PositiveSmallIntegerField(default=1)
    published_at = models.DateTimeField()
    published_by = models.UUIDField()

    class Meta:
        verbose_name = _("published count of a way")
        ordering = ["period", "way", "measure"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "way", "period"], name="flow_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.measure} {self.period}"


class FlowBalance(models.Model):
    """The balanced flow of a way in a month, made from published counts alone (`balancing`).

    `high` None: the way is open, no count and no conservation ties it down.
    """

    GOVERNANCE: ClassVar[Governance] = _COARSE

    way = models.CharField(max_length=20)
    period = models.CharField(max_length=7)
    value = models.PositiveIntegerField()
    low = models.PositiveIntegerField()
    high = models.PositiveIntegerField(null=True)
    counted = models.BooleanField()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("balanced flow")
        ordering = ["period", "way"]
        constraints = [models.UniqueConstraint(fields=["period", "way"], name="flow_balance_once")]

    def __str__(self) -> str:
        return f"{self.way} {self.period}"

    def shown(self, threshold: int) -> tuple[int | None, int, int] | None:
        """Value, low and high as a page may show them; None when there is nothing to show.

        The value is None where it is under the threshold, and a low end under it is 0: an estimate
        of few people is no more to be shown than a count of few.
        """
        if self.high is None or self.high < threshold:
            return None
        value = self.value if self.value >= threshold else None
        return value, self.low if self.low >= threshold else 0, self.high


class PublicImport(models.Model):
    """One import of a publisher's file; `first` and `last` are the months it covers."""

    GOVERNANCE: ClassVar[Governance] = _COARSE

    class Publisher(models.TextChoices):
        """Whose figures they are."""

        FRONTEX = "frontex", _("Frontex, monthly detections")
        IOM = "iom", _("IOM Missing Migrants Project")

    publisher = models.CharField(max_length=12, choices=Publisher.choices)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    first = models.CharField(max_length=7)
    last = models.CharField(max_length=7)
    imported_at = models.DateTimeField()
    imported_by = models.UUIDField()

    class Meta:
        verbose_name = _("import of public figures")
        ordering = ["-imported_at"]

    def __str__(self) -> str:
        return f"{self.publisher} {self.first}-{self.last}"


class PublicCount(models.Model):
    """A count that its publisher released: on a route, or on a way of the route graph.

    `group` is a country of citizenship (alpha-3), '' for all. The newest import replaces the rows
    of the one before. A page still hides what lies under the threshold.
    """

    GOVERNANCE: ClassVar[Governance] = _COARSE

    publisher = models.CharField(max_length=12, choices=PublicImport.Publisher.choices)
    route = models.CharField(max_length=60, blank=True)
    way = models.CharField(max_length=20, blank=True)
    measure = models.CharField(max_length=20)
    group = models.CharField(max_length=3, blank=True)
    period = models.CharField(max_length=7)
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("public count")
        constraints = [
            models.UniqueConstraint(
                fields=["publisher", "route", "way", "measure", "group", "period"],
                name="public_count_once",
            ),
            models.CheckConstraint(
                condition=Q(route="") ^ Q(way=""), name="public_count_on_route_or_way"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publisher} {self.route or self.way} {self.period}"


from mostovi.routes.detection_models import (  # noqa: E402 - Django looks for models here
    AlertReview,
    Dissent,
    FlowAlert,
    SeriesCheck,
    ThreatAssessment,
    ThreatJudgement,
)

__all__ = [
    "AlertReview", "Dissent", "FineReading", "FlowAlert", "FlowBalance", "FlowCount",
    "Observation", "Point", "PublicCount", "PublicImport", "SeriesCheck", "ThreatAssessment",
    "ThreatJudgement",
]  # fmt: skip
