# SPDX-License-Identifier: EUPL-1.2
"""What the directory stores, after Open Referral's HSDS 3.1: no data on any person of concern.

Contacts are those of the service, never of somebody who works or lives there.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose

_PUBLIC = Governance(purposes=frozenset(Purpose), retention="content")


class Status(models.TextChoices):
    """Whether a service can be asked now, as HSDS names it."""

    ACTIVE = "active", _("open")
    CLOSED_FOR_NOW = "temporarily closed", _("closed for now")
    INACTIVE = "inactive", _("not working")
    DEFUNCT = "defunct", _("ended")


class Organization(models.Model):
    """Who runs services."""

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    email = models.EmailField(blank=True)
    website = models.URLField(blank=True)

    class Meta:
        verbose_name = _("organisation")

    def __str__(self) -> str:
        return self.name


class Location(models.Model):
    """Where a service is. A shielded one (a safe house) holds no address and no point on a map."""

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="locations"
    )
    name = models.CharField(max_length=200)
    place = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=200, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    accessibility = models.JSONField(default=list)
    shielded = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("place of a service")
        constraints = [
            models.CheckConstraint(
                name="shielded_place_has_no_address",
                condition=models.Q(shielded=False)
                | models.Q(address="", latitude=None, longitude=None),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """A service that helps people, at this node or at another partner's.

    needs: codes of the referral's profile. unit: the unit of this node that runs it, empty when
    another institution does. conditions: for whom it is (`eligibility`). public: may be shown to
    anybody; `takes_referrals`: can be chosen for a referral. version counts changes.
    """

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    code = models.CharField(max_length=60, unique=True)
    node = models.CharField(max_length=40, db_index=True)
    unit = models.CharField(max_length=60, blank=True)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="services"
    )
    locations = models.ManyToManyField(Location, through="ServiceAtLocation")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    needs = models.JSONField(default=list)
    languages = models.JSONField(default=list)
    interpretation = models.BooleanField(default=False)
    email = models.EmailField(blank=True)
    phones = models.JSONField(default=list)
    schedules = models.JSONField(default=list)
    costs = models.JSONField(default=list)
    conditions = models.JSONField(default=list)
    eligibility = models.TextField(blank=True)
    answer_days = models.PositiveSmallIntegerField(default=5)
    takes_referrals = models.BooleanField(default=True)
    public = models.BooleanField(default=False)
    source = models.CharField(max_length=200, blank=True)
    assured_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("service")
        ordering = ["node", "name"]

    def __str__(self) -> str:
        return self.code


class ServiceAtLocation(models.Model):
    """A service given at a place."""

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("service at a place")
        constraints = [
            models.UniqueConstraint(fields=["service", "location"], name="service_at_place_once")
        ]

    def __str__(self) -> str:
        return f"{self.service_id} at {self.location_id}"


class CapacityReport(AppendOnly):
    """How full a service said it was at one moment; the newest counts."""

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="reports")
    unit = models.CharField(max_length=40)
    maximum = models.PositiveIntegerField()
    in_use = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField()
    by = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("report of free places")
        ordering = ["-as_of", "-id"]
        get_latest_by = ["as_of", "id"]

    def __str__(self) -> str:
        return f"{self.service_id} {self.as_of:%Y-%m-%d}"


class ServiceVersion(AppendOnly):
    """What a service's entry said after a change, and who changed it (nobody: an import)."""

    GOVERNANCE: ClassVar[Governance] = _PUBLIC

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.UUIDField(null=True, blank=True)
    changed = models.JSONField(default=list)
    entry = models.JSONField()

    class Meta:
        verbose_name = _("version of a service's entry")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["service", "version"], name="service_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.service_id} version {self.version}"
