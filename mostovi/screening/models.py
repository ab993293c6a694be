# SPDX-License-Identifier: EUPL-1.2
"""What `screening` stores: forms and their versions, submissions, findings, field devices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, NoReturn
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Actor
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.storage import Sealed

_PERSONAL = frozenset({Purpose.PROTECTION, Purpose.ASYLUM})
_CONTENT = Governance(
    purposes=_PERSONAL | {Purpose.STATISTICS, Purpose.GOVERNANCE}, retention="content"
)
_SUBMISSION = Governance(purposes=_PERSONAL, retention="submission", personal=True)
# A count opens findings for their outcome alone; who made them and why stays closed to it.
_FINDING = replace(
    _SUBMISSION, counted=frozenset({"key_id", "sealed", "set_name", "created_at", "submission"})
)
_DEVICE = Governance(purposes=_PERSONAL, retention="technical")

PURPOSES = [(purpose.value, purpose.value) for purpose in (Purpose.PROTECTION, Purpose.ASYLUM)]
ROLES = [(role.value, role.value) for role in Role]


class Form(models.Model):
    """A form by its `form_id`; what is asked lies in its versions, the newest of which is filled.

    `purpose` is what its answers may be used for; only actors under that purpose fill or read it.
    """

    GOVERNANCE: ClassVar[Governance] = _CONTENT

    form_id = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=300)
    purpose = models.CharField(max_length=20, choices=PURPOSES, default=Purpose.PROTECTION.value)
    offered = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.form_id

    @property
    def current(self) -> FormVersion:
        """The version that is filled now."""
        versions = list(self.versions.all())
        return max(versions, key=lambda version: (version.imported_at, version.pk))


class FormVersion(models.Model):
    """One version of a form, never changed: a submission is read with the version it was made on.

    `changes` lists what a repair changed in the workbook (`xlsform.Change` as dictionaries),
    `notices` what was noticed and left as it was. Review fields may be set once somebody checked.
    """

    GOVERNANCE: ClassVar[Governance] = _CONTENT
    REVIEW_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"review_status", "reviewed_by", "reviewed_on"}
    )

    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    xform = models.TextField()
    md5 = models.CharField(max_length=32)
    workbook = models.BinaryField()
    workbook_name = models.CharField(max_length=255)
    workbook_sha256 = models.CharField(max_length=64)
    languages = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    notices = models.JSONField(default=list)
    source = models.CharField(max_length=500, blank=True)
    review_status = models.CharField(
        max_length=20,
        choices=[("unreviewed", "unreviewed"), ("reviewed", "reviewed")],
        default="unreviewed",
    )
    reviewed_by = models.CharField(max_length=200, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    imported_at = models.DateTimeField()
    imported_by = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["form", "version"], name="one_row_a_form_version")
        ]

    def __str__(self) -> str:
        return f"{self.form_id} {self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the version once; afterwards only its review can be set."""
        if not self._state.adding and not set(kwargs.get("update_fields") or ()) <= (
            self.REVIEW_FIELDS
        ):
            raise TypeError("a form version is never changed; import a new version")
        if not self._state.adding and not kwargs.get("update_fields"):
            raise TypeError("a form version is never changed; import a new version")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Never: submissions could no longer be read."""
        raise TypeError("a form version is never deleted")

    @property
    def hash(self) -> str:
        """The hash as OpenRosa writes it."""
        return f"md5:{self.md5}"


class FormMedia(models.Model):
    """A file that a form version shows or looks up in: picture, recording, list of choices."""

    GOVERNANCE: ClassVar[Governance] = _CONTENT

    version = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="media")
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    content_type = models.CharField(max_length=100)
    md5 = models.CharField(max_length=32)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="one_file_a_name_in_a_form")
        ]

    def __str__(self) -> str:
        return self.name


class Submission(Sealed):
    """One filled form. The instance XML lies in `sealed` as `{"xml": text}`.

    `root` is the first submission of a chain of edits (itself for the first), `replaces` the one
    that this edits. `complete` turns true when every file the answers name has arrived.
    """

    GOVERNANCE: ClassVar[Governance] = replace(
        _SUBMISSION,
        row_purpose=("purpose",),
        counted=frozenset({"current", "complete", "received_at"}),
    )

    version = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="submissions")
    purpose = models.CharField(max_length=20, choices=PURPOSES)
    unit = models.CharField(max_length=100)
    owner = models.UUIDField()
    instance_id = models.CharField(max_length=200, unique=True)
    # What this edits, kept because an edit may arrive before the submission it edits.
    deprecated_id = models.CharField(max_length=200, blank=True, db_index=True)
    root = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="edits")
    replaces = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="replaced_by"
    )
    current = models.BooleanField(default=True)
    complete = models.BooleanField(default=False)
    channel = models.CharField(
        max_length=10, choices=[("browser", "browser"), ("device", "device"), ("file", "file")]
    )
    device = models.ForeignKey(
        "Device", on_delete=models.SET_NULL, null=True, related_name="submissions"
    )
    received_at = models.DateTimeField()
    # Set when a case was opened from it; from then on it ends with the case (R10).
    led_to_case = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # "Submissions of my unit under my purpose", newest first.
            models.Index(fields=["purpose", "unit", "-received_at"]),
            models.Index(fields=["owner", "-received_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=[value for value, _ in PURPOSES]),
                name="submission_has_a_personal_purpose",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SubmissionFile(Sealed):
    """A picture, recording or document that came with a submission.

    `sealed` holds its name, type, size, SHA-256 and the key of the encrypted file `blob` in the
    node's `blobs` folder: destroying the subject's key makes the file unreadable too.
    """

    GOVERNANCE: ClassVar[Governance] = _SUBMISSION

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="files")
    name_token = models.BinaryField(max_length=16)
    blob = models.UUIDField(default=uuid4, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "name_token"], name="one_file_a_name_in_a_submission"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Device(models.Model):
    """A phone or tablet that fetches forms and sends submissions for one account.

    It acts as the role, purpose and unit its owner had when adding it. Its password is shown once;
    `sealed_ha1` is the sealed digest HA1 that RFC 7616 needs.
    """

    GOVERNANCE: ClassVar[Governance] = _DEVICE

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    username = models.CharField(max_length=40, unique=True)
    account = models.UUIDField(db_index=True)
    role = models.CharField(max_length=40, choices=ROLES)
    purpose = models.CharField(max_length=20, choices=PURPOSES)
    unit = models.CharField(max_length=100)
    language = models.CharField(max_length=10, default="en")
    label = models.CharField(max_length=100)
    key_id = models.UUIDField()
    sealed_ha1 = models.BinaryField()
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.username

    def actor(self) -> Actor:
        """Who this device acts as."""
        return Actor(
            account=UUID(str(self.account)),
            role=Role(self.role),
            purpose=Purpose(self.purpose),
            unit=self.unit,
            language=self.language,
        )


class DigestNonce(models.Model):
    """A nonce given to a device and the request counts seen with it, against replay (RFC 7616).

    `highest` is the highest count seen, `seen` a bit for each of the 64 counts below it, because
    Collect may send requests side by side and they arrive in any order.
    """

    GOVERNANCE: ClassVar[Governance] = _DEVICE

    nonce = models.CharField(max_length=64, primary_key=True)
    issued_at = models.DateTimeField(db_index=True)
    highest = models.BigIntegerField(default=0)
    seen = models.DecimalField(max_digits=20, decimal_places=0, default=0)

    def __str__(self) -> str:
        return self.nonce


class Finding(Sealed):
    """What one indicator set says about one submission: a recommendation, never a status (R4).

    `sealed` holds the whole finding (`scoring.Finding.to_json`). A finding is never changed; a new
    version of the set, or a corrected submission, gets a finding of its own.
    """

    GOVERNANCE: ClassVar[Governance] = _FINDING
    RESEALED: ClassVar[frozenset[str]] = frozenset({"key_id", "sealed"})

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="findings")
    set_name = models.CharField(max_length=60)
    set_version = models.CharField(max_length=40)
    set_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.UUIDField()

    class Meta:
        indexes = [
            # "The newest finding of each set on this submission".
            models.Index(fields=["submission", "set_name", "-created_at"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once; afterwards only seal anew under another key (`adopt`)."""
        _once(self, self.RESEALED, kwargs)
        super().save(*args, **kwargs)


class FindingDecision(Sealed):
    """What a named officer decided on a finding, with reasons. Only ever added to.

    `sealed` holds `{"reasons": text, "officer": name}`.
    """

    GOVERNANCE: ClassVar[Governance] = _SUBMISSION
    RESEALED: ClassVar[frozenset[str]] = frozenset({"key_id", "sealed"})

    class Step(models.TextChoices):
        """What happens next."""

        REFER = "refer", _("Refer")
        KEEP_OBSERVING = "keep_observing", _("Keep observing")
        NO_FURTHER_STEP = "no_further_step", _("No further step")

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="decisions")
    step = models.CharField(max_length=20, choices=Step.choices)
    officer = models.UUIDField()
    officer_role = models.CharField(max_length=40, choices=ROLES)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["decided_at", "pk"]

    def __str__(self) -> str:
        return str(self.pk)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once; afterwards only seal anew under another key (`adopt`)."""
        _once(self, self.RESEALED, kwargs)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Never by itself: a decision goes only with the erased submission."""
        raise TypeError("a decision is never deleted; record a new one")


def _once(row: models.Model, changeable: frozenset[str], options: dict[str, Any]) -> None:
    """Refuse to write `row` again, but for its `changeable` fields."""
    if row._state.adding:
        return
    changed = set(options.get("update_fields") or ())
    if not changed or not changed <= changeable:
        raise TypeError("a finding or decision is never changed; make a new one")
