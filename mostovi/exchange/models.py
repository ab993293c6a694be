# SPDX-License-Identifier: EUPL-1.2
"""What the exchange stores: peers, letters on their way out, letters that came in, attachments.

What a letter says is stored only while it is needed: in the outbox until the receiver confirms
it, in the inbox while it waits for an earlier letter. Afterwards the digest and the signed receipt
remain, which prove what was sent without holding it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.exchange.directory import NodeEntry, read_entry
from mostovi.exchange.xroad import XRoadRoute
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed

_TECHNICAL = Governance(purposes=frozenset({Purpose.GOVERNANCE}), retention="letter")
# Administrators act under governance: the sealed content is closed to exactly that purpose.
_LETTER = Governance(
    purposes=frozenset(Purpose),
    retention="letter",
    personal=True,
    fields={
        "sealed": frozenset(Purpose) - {Purpose.GOVERNANCE},
        "key_id": frozenset(Purpose) - {Purpose.GOVERNANCE},
    },
)


class DirectoryVersion(models.Model):
    """A node directory that enough stewards signed; the one with the highest serial counts."""

    GOVERNANCE: ClassVar[Governance] = _TECHNICAL

    serial = models.PositiveBigIntegerField(unique=True)
    document = models.TextField()
    stewards = models.JSONField(default=list)
    issued = models.DateTimeField()
    not_after = models.DateTimeField()
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["-serial"]

    def __str__(self) -> str:
        return f"directory {self.serial}"


class Peer(models.Model):
    """Another node, as the directory or an administrator pins it.

    `endpoint` overrides the directory's (a test network); `xroad_client` and `xroad_service` send
    through our Security Server at that endpoint. `revision` changes with the entry, so that other
    processes read it again.
    """

    GOVERNANCE: ClassVar[Governance] = _TECHNICAL

    code = models.CharField(max_length=60, unique=True)
    entry = models.JSONField()
    pinned = models.BooleanField(default=False)
    revision = models.UUIDField()
    endpoint = models.CharField(max_length=300, blank=True)
    xroad_client = models.CharField(max_length=200, blank=True)
    xroad_service = models.CharField(max_length=200, blank=True)
    last_contact = models.DateTimeField(null=True)
    last_failure = models.DateTimeField(null=True)
    last_failure_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    @property
    def node(self) -> NodeEntry:
        """The entry as a value."""
        return read_entry(self.entry)

    @property
    def route(self) -> XRoadRoute | None:
        """The X-Road route, when letters go through a Security Server."""
        if not (self.xroad_client and self.xroad_service):
            return None
        return XRoadRoute(self.xroad_client, self.xroad_service)


class OutboxThread(models.Model):
    """Our numbering of letters to one node in one thread; also the lock that keeps it gapless."""

    GOVERNANCE: ClassVar[Governance] = _TECHNICAL

    to = models.CharField(max_length=60)
    thread = models.UUIDField()
    next_seq = models.PositiveBigIntegerField(default=1)
    last_digest = models.CharField(max_length=64, blank=True)
    key_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["to", "thread"], name="exchange_outbox_thread")
        ]

    def __str__(self) -> str:
        return f"{self.to} {self.thread}"


class OutboxState(models.TextChoices):
    """Where a letter on its way out stands."""

    WAITING = "waiting", _("waiting to be sent")
    PARKED = "parked", _("received, waits there for an earlier letter")
    DELIVERED = "delivered", _("delivered")
    DEAD = "dead", _("not delivered")
    WITHDRAWN = "withdrawn", _("withdrawn")
    REPLACED = "replaced", _("sent anew")


class OutboxLetter(Sealed):
    """A letter of ours; its id is the letter's id. `values()["envelope"]` is what is signed.

    `owner` is the account that posted it and is asked when it cannot be delivered.
    """

    GOVERNANCE: ClassVar[Governance] = replace(_LETTER, row_purpose=("purpose",))

    to = models.CharField(max_length=60)
    letter_type = models.CharField(max_length=120)
    purpose = models.CharField(max_length=20)
    thread = models.UUIDField()
    seq = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    owner = models.UUIDField()
    unit = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    expires = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=OutboxState.choices, default=OutboxState.WAITING
    )
    next_attempt = models.DateTimeField()
    first_attempt = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=60, blank=True)
    reason_text = models.CharField(max_length=500, blank=True)
    receipt = models.TextField(blank=True)
    received_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    replaces = models.OneToOneField(
        "self", null=True, on_delete=models.SET_NULL, related_name="replaced_by"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["to", "thread", "seq"],
                condition=~models.Q(state="withdrawn"),
                name="exchange_outbox_sequence",
            )
        ]
        indexes = [
            # The relay's question every half second: what is due?
            models.Index(
                fields=["next_attempt"],
                condition=models.Q(state__in=["waiting", "parked"]),
                name="exchange_outbox_due",
            ),
            models.Index(fields=["state", "created_at"], name="exchange_outbox_state"),
            models.Index(fields=["thread"], name="exchange_outbox_by_thread"),
        ]

    def __str__(self) -> str:
        return f"{self.letter_type} to {self.to}"


class Delivery(models.Model):
    """One attempt to deliver a letter."""

    GOVERNANCE: ClassVar[Governance] = _TECHNICAL

    letter = models.ForeignKey(OutboxLetter, on_delete=models.CASCADE, related_name="deliveries")
    at = models.DateTimeField()
    token_sha256 = models.CharField(max_length=64)
    outcome = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.letter_id} {self.outcome}"


class InboxThread(models.Model):
    """What has arrived of one sender's letters in one thread; also the lock that orders them."""

    GOVERNANCE: ClassVar[Governance] = _TECHNICAL

    source = models.CharField(max_length=60)
    thread = models.UUIDField()
    expected = models.PositiveBigIntegerField(default=1)
    waiting = models.JSONField(default=list)
    last_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "thread"], name="exchange_inbox_thread")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.thread}"


class InboxState(models.TextChoices):
    """What became of a letter that came in."""

    HANDLED = "handled", _("taken in")
    PARKED = "parked", _("waits for an earlier letter")
    REJECTED = "rejected", _("rejected")


class InboxLetter(models.Model):
    """A letter that came in from a verified sender, with the receipt that was given for it.

    Its content is with the package that handled it. (source, letter) is unique for ever: a repeat
    gets the same receipt, however late.
    """

    GOVERNANCE: ClassVar[Governance] = _TECHNICAL

    source = models.CharField(max_length=60)
    letter = models.UUIDField()
    letter_type = models.CharField(max_length=120)
    purpose = models.CharField(max_length=20)
    thread = models.UUIDField()
    seq = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    token_sha256 = models.CharField(max_length=64)
    signing_key = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=InboxState.choices)
    reason = models.CharField(max_length=60, blank=True)
    reason_text = models.CharField(max_length=500, blank=True)
    receipt = models.TextField()
    request_hash = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "letter"], name="exchange_inbox_once")
        ]
        indexes = [
            models.Index(fields=["source", "thread", "seq"], name="exchange_inbox_order"),
            models.Index(
                fields=["received_at"],
                condition=models.Q(state="parked"),
                name="exchange_inbox_parked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter_type} from {self.source}"


class ParkedLetter(Sealed):
    """The content of a letter that waits for an earlier one; gone as soon as it has run."""

    GOVERNANCE: ClassVar[Governance] = replace(_LETTER, row_purpose=("inbox__purpose",))

    inbox = models.OneToOneField(InboxLetter, on_delete=models.CASCADE, related_name="parked")

    def __str__(self) -> str:
        return str(self.inbox)


class Alarm(models.Model):
    """Something that a correct peer never does; an administrator looks at it and closes it."""

    GOVERNANCE: ClassVar[Governance] = _TECHNICAL

    source = models.CharField(max_length=60)
    reason = models.CharField(max_length=60)
    letter = models.UUIDField(null=True)
    at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.reason} from {self.source}"


class AttachmentState(models.TextChoices):
    """Where an attachment stands."""

    OFFERED = "offered", _("offered")
    WANTED = "wanted", _("being fetched")
    HELD = "held", _("here")
    SERVED = "served", _("fetched by the receiver")
    FAILED = "failed", _("could not be fetched")
    ERASED = "erased", _("erased")


class Attachment(Sealed):
    """A file that belongs to a letter; exactly one of `inbox` and `outbox` is set.

    On disk it is always encrypted: ours to send as the JWE for its receiver, theirs under a key of
    its own, which is `values()["key"]`.
    """

    GOVERNANCE: ClassVar[Governance] = replace(
        _LETTER, row_purpose=("inbox__purpose", "outbox__purpose")
    )

    inbox = models.ForeignKey(
        InboxLetter, null=True, on_delete=models.CASCADE, related_name="attachments"
    )
    outbox = models.ForeignKey(
        OutboxLetter, null=True, on_delete=models.CASCADE, related_name="attachments"
    )
    peer = models.CharField(max_length=60)
    note = models.UUIDField()
    sha256 = models.CharField(max_length=64, db_index=True)
    bytes = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=300)
    kind = models.CharField(max_length=300)
    state = models.CharField(
        max_length=10, choices=AttachmentState.choices, default=AttachmentState.OFFERED
    )
    failures = models.PositiveIntegerField(default=0)
    next_attempt = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(inbox__isnull=True) ^ models.Q(outbox__isnull=True),
                name="exchange_attachment_of_one_letter",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:8]}"

    @property
    def path(self) -> Path:
        """The encrypted file."""
        side = "in" if self.inbox_id else "out"
        folder: Path = settings.MOSTOVI.blobs / "exchange" / side
        return folder / f"{self.pk}"
