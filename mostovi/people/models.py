# SPDX-License-Identifier: EUPL-1.2
"""What is stored about a person: identity sealed under the person's own key, little in clear.

In clear are only codes, times, and what must be counted without opening anybody's file (sex, year
of birth and how sure it is). Destroying the person's key makes everything else unreadable (R12).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mostovi.people import consent as rules
from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed
from mostovi.rights.vault import vault

_PERSONAL = Governance(
    purposes=frozenset({Purpose.PROTECTION, Purpose.ASYLUM}), retention="person", personal=True
)


class Sex(models.TextChoices):
    """As the person says; 'unknown' and 'not asked' are answers of their own."""

    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    OTHER = "other", _("Another answer")
    UNKNOWN = "unknown", _("Unknown")
    NOT_ASKED = "not_asked", _("Not asked")


class AgeCertainty(models.TextChoices):
    """How sure the year of birth is."""

    EXACT = "exact", _("Known")
    ESTIMATED = "estimated", _("Estimated")
    DOUBTED = "doubted", _("In doubt")
    UNKNOWN = "unknown", _("Unknown")


class Person(Sealed):
    """A person of concern.

    `purpose` is what this file is held for; it is readable under no other (R1). `sealed` holds the
    single-valued fields of `fields.FIELDS`. `joined_to` is the file that this one is read as, after
    both turned out to be one person's. `guardian_account` is the account of the person's
    guardian, who holds the file as one of their own.
    """

    GOVERNANCE: ClassVar[Governance] = replace(
        _PERSONAL,
        row_purpose=("purpose",),
        counted=frozenset({"sex", "birth_year", "age_certainty", "purpose", "unit", "created_at"}),
    )

    code = models.CharField(max_length=24, unique=True)
    purpose = models.CharField(max_length=20, choices=[(p.value, p.value) for p in Purpose])
    unit = models.CharField(max_length=60)
    created_by = models.UUIDField()
    guardian_account = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    joined_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    synthetic = models.BooleanField(default=False)
    sex = models.CharField(max_length=12, choices=Sex.choices, default=Sex.NOT_ASKED)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    age_certainty = models.CharField(
        max_length=12, choices=AgeCertainty.choices, default=AgeCertainty.UNKNOWN
    )

    class Meta:
        verbose_name = _("person")
        constraints = [
            models.UniqueConstraint(fields=["key_id"], name="person_one_key_each"),
        ]
        indexes = [
            # A unit's newest persons on its list page.
            models.Index(fields=["purpose", "unit", "-created_at"], name="person_of_unit"),
            models.Index(fields=["purpose", "-created_at"], name="person_newest"),
            # OWN scope.
            models.Index(fields=["created_by"], name="person_created_by"),
            models.Index(
                fields=["guardian_account"],
                name="person_guardian",
                condition=Q(guardian_account__isnull=False),
            ),
            # Retention asks for persons unchanged since a day.
            models.Index(fields=["changed_at"], name="person_changed"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def handle(self) -> str:
        """The pseudonymous handle of this person in the audit chain, logs and the exchange."""
        return vault().handle("person", self.pk)


class OfPerson(Sealed):
    """A sealed row that belongs to one person and shares the person's key."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True


class PersonName(OfPerson):
    """One name in one script: sealed `names.PersonName.as_json()`."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="names")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("name")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"name {self.pk}"


class ContactPoint(OfPerson):
    """A way to reach the person: sealed kind, value, safety, who may answer, best time."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contacts")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("contact")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class FamilyLink(OfPerson):
    """A relative: another person held here, or a sealed name; relation and whereabouts sealed."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="family")
    other = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="family_of"
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("family member")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"family link {self.pk}"


class SearchToken(models.Model):
    """A keyed token of a name or phone number (`names.search_tokens`), useless without the key."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    row = models.UUIDField()
    token = models.BinaryField(max_length=16)

    class Meta:
        verbose_name = _("search token")
        indexes = [
            # Search: all persons with this token, answered from the index alone.
            models.Index(fields=["token", "person"], name="token_person"),
        ]

    def __str__(self) -> str:
        return f"token {self.pk}"


class FieldVersion(OfPerson):
    """A value that stood in a field from version `number` on (`merging.Version`)."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="versions")
    field = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    author = models.UUIDField()
    at = models.DateTimeField()
    device = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("field version")
        constraints = [
            models.UniqueConstraint(fields=["person", "field", "number"], name="version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.field} {self.number}"


class Conflict(OfPerson):
    """A value that met a newer one (`merging.Rival`); sealed `value`, later `reason`.

    `number` is the version that stood when it came, `base` the version its author had seen.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="conflicts")
    field = models.CharField(max_length=60)
    base = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    author = models.UUIDField()
    at = models.DateTimeField()
    device = models.CharField(max_length=60, blank=True)
    settled_by = models.UUIDField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("conflict")
        ordering = ["at", "id"]
        indexes = [
            models.Index(
                fields=["person"], name="conflict_open", condition=Q(settled_by__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"conflict on {self.field}"


class ReceivedChange(models.Model):
    """A change that was taken in once; the same `change_id` again changes nothing."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="received_changes")
    change_id = models.UUIDField()
    field = models.CharField(max_length=60)
    outcome = models.CharField(max_length=12)
    number = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=16)

    class Meta:
        verbose_name = _("received change")
        constraints = [
            models.UniqueConstraint(fields=["person", "change_id"], name="change_once"),
        ]

    def __str__(self) -> str:
        return f"change {self.change_id}"


class Consent(OfPerson):
    """What a consent, a refusal or an override names. Never changed; its events follow it.

    `receiver` is a node code. `fields` are the profile's field paths. `duty` is a code of
    content/consent/duties.yaml and set for an override only. Sealed: guardian's name and relation,
    interpreter's number, the words of a reason.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20)
    receiver = models.CharField(max_length=60)
    profile = models.CharField(max_length=80, blank=True)
    fields = models.JSONField()
    language = models.CharField(max_length=12, blank=True)
    text_code = models.CharField(max_length=40, blank=True)
    text_version = models.CharField(max_length=20, blank=True)
    means = models.CharField(
        max_length=12, blank=True, choices=[(m.value, m.value) for m in rules.Means]
    )
    interpreter_present = models.BooleanField(default=False)
    guardian = models.BooleanField(default=False)
    child_heard = models.BooleanField(default=False)
    duty = models.CharField(max_length=40, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("consent")
        ordering = ["-created_at", "id"]
        indexes = [
            # The job that writes down expiries.
            models.Index(fields=["expires_at"], name="consent_expires"),
            # The few that rest on a duty and wait for a second reviewer.
            models.Index(fields=["duty"], name="consent_by_duty"),
        ]

    def __str__(self) -> str:
        return f"consent {self.pk}"


class ConsentEvent(AppendOnly, OfPerson):
    """One event of a consent (`consent.Event`); sealed: the words said and written with it.

    `by` is the account that recorded it; empty when the person did it from their own file.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consent_events")
    consent = models.ForeignKey(Consent, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in rules.EventKind])
    at = models.DateTimeField()
    by = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("consent event")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["person", "at"], name="consent_event_of_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"


class PersonCode(models.Model):
    """The printed code that opens the person's own file; only its keyed token is kept."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="printed_codes")
    token = models.BinaryField(max_length=16, unique=True)
    issued_at = models.DateTimeField()
    issued_by = models.UUIDField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("printed code")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(revoked_at__isnull=True), name="one_valid_code_each"
            ),
        ]

    def __str__(self) -> str:
        return f"printed code of {self.issued_at:%Y-%m-%d}"


class PersonJoin(Sealed):
    """That two files were joined, which rows moved, and that they were parted again.

    `moved` are ids by model and field, "cases.case.person". Sealed: both reasons.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    kept = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    joined = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    by = models.UUIDField()
    at = models.DateTimeField()
    moved = models.JSONField(default=dict)
    parted_by = models.UUIDField(null=True, blank=True)
    parted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("joining of two files")
        ordering = ["at"]

    def __str__(self) -> str:
        return f"joining {self.pk}"
