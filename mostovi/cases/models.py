# SPDX-License-Identifier: EUPL-1.2
"""What `cases` stores. Everything about a person lies sealed under that person's key."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models

from mostovi.cases.vocabulary import Urgency
from mostovi.people.models import Person
from mostovi.procedures.models import Instance
from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed

_PERSONAL = frozenset({Purpose.PROTECTION, Purpose.ASYLUM})
_COUNTED = _PERSONAL | {Purpose.STATISTICS}


class Case(Sealed):
    """A person's case at this node.

    `holder` is the account that works on it; `purpose` the one it was opened for and the only one
    under which it can be read. Sealed: summary, needs.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_COUNTED,
        retention="case",
        personal=True,
        fields={
            "sealed": _PERSONAL, "code": _PERSONAL, "person": _PERSONAL, "holder": _PERSONAL,
            "opened_by": _PERSONAL, "submission_id": _PERSONAL, "key_id": _PERSONAL,
        },
    )  # fmt: skip

    code = models.CharField(max_length=20, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="cases")
    case_type = models.CharField(max_length=40)
    urgency = models.CharField(max_length=12, choices=[(u.value, u.value) for u in Urgency])
    purpose = models.CharField(max_length=20)
    unit = models.CharField(max_length=60)
    opened_by = models.UUIDField()
    holder = models.UUIDField()
    submission_id = models.UUIDField(null=True, blank=True)
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "case"
        ordering = ["-opened_at"]
        indexes = [
            # The case list of a unit, newest change first, and of one holder.
            models.Index(fields=["purpose", "unit", "-changed_at"]),
            models.Index(fields=["purpose", "-changed_at"]),
            models.Index(fields=["holder", "-changed_at"]),
            # Counting the month.
            models.Index(fields=["opened_at"]),
            # The list of open cases, and what waits in the cases somebody holds. Conditions keep
            # a planner from taking "not closed" for a rare thing.
            models.Index(
                fields=["purpose", "unit", "-changed_at"],
                name="case_open_of_unit",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["holder", "procedure"],
                name="case_open_of_holder",
                condition=models.Q(closed_at__isnull=True),
            ),
            # The retention job, and the list of closed cases.
            models.Index(
                fields=["closed_at"],
                name="case_closed",
                condition=models.Q(closed_at__isnull=False),
            ),
            # From a submission to the case it led to.
            models.Index(fields=["submission_id"]),
        ]

    def __str__(self) -> str:
        return self.code


class CaseNote(Sealed, AppendOnly):
    """A note in a case's timeline, written once. Sealed: text.

    `document` is the code of the procedure's document that this note is (an assessment, a plan),
    empty for a plain note.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", personal=True
    )

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    document = models.CharField(max_length=40, blank=True)
    author = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "case note"
        ordering = ["written_at"]

    def __str__(self) -> str:
        return f"note in {self.case_id}"


class Direction(models.TextChoices):
    """Whether this node sent the referral or received it."""

    SENT = "sent"
    RECEIVED = "received"


class Referral(Sealed):
    """A referral between this node and a service at another one.

    Sealed `data`: exactly what was sent or received; in a draft `needs`, `summary` and `safety`.
    A received referral has a key of its own, destroyed when the person withdraws the consent, so
    that the data can no longer be shown. `thread` is the conversation, the same at both ends.
    `peer_reference` is the sender's handle of it. `fields` are the ticked fields. `undeliverable`
    says why the referral itself did not arrive, `untold` why a later step or withdrawal of ours
    did not (reason codes of the exchange).
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_COUNTED,
        retention="received_referral",
        personal=True,
        fields={
            "sealed": _PERSONAL, "code": _PERSONAL, "case": _PERSONAL, "created_by": _PERSONAL,
            "holder": _PERSONAL, "thread": _PERSONAL, "consent_id": _PERSONAL,
            "consent_handle": _PERSONAL, "fields": _PERSONAL, "letter_id": _PERSONAL,
            "key_id": _PERSONAL, "peer_reference": _PERSONAL,
        },
    )  # fmt: skip

    code = models.CharField(max_length=20, unique=True)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="referrals"
    )
    peer_reference = models.CharField(max_length=64, blank=True)
    peer = models.CharField(max_length=40)
    service = models.CharField(max_length=60)
    urgency = models.CharField(max_length=12, choices=[(u.value, u.value) for u in Urgency])
    purpose = models.CharField(max_length=20)
    unit = models.CharField(max_length=60)
    created_by = models.UUIDField()
    holder = models.UUIDField()
    created_at = models.DateTimeField()
    thread = models.UUIDField(default=uuid4, unique=True)
    letter_id = models.UUIDField(null=True, blank=True)
    consent_id = models.UUIDField(null=True, blank=True)
    consent_handle = models.CharField(max_length=64, blank=True)
    fields = models.JSONField(default=list)
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(null=True, blank=True)
    undeliverable = models.CharField(max_length=60, blank=True)
    untold = models.CharField(max_length=60, blank=True)
    untold_at = models.DateTimeField(null=True, blank=True)
    consent_withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "referral"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["direction", "purpose", "-created_at"]),
            # Everything sent under one consent, when it is withdrawn.
            models.Index(fields=["consent_id"]),
            models.Index(fields=["peer", "consent_handle"]),
            # What is still open at this end: home pages.
            models.Index(
                fields=["purpose", "direction", "-created_at"],
                name="referral_open",
                condition=models.Q(ended_at__isnull=True),
            ),
            # The retention job.
            models.Index(
                fields=["ended_at"],
                name="referral_ended",
                condition=models.Q(ended_at__isnull=False),
            ),
            # Steps that the other end does not know of: few among very many.
            models.Index(
                fields=["purpose", "untold_at"],
                name="referral_untold",
                condition=models.Q(untold_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ReferralMessage(Sealed, AppendOnly):
    """A question, an answer, a reason or feedback in a referral. Sealed: text."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="received_referral", personal=True
    )

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="messages")
    verb = models.CharField(max_length=40)
    side = models.CharField(max_length=10)
    author = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "referral message"
        ordering = ["written_at"]

    def __str__(self) -> str:
        return f"{self.verb} in {self.referral_id}"


class WithdrawnConsent(models.Model):
    """A consent another node told us was withdrawn, by its handle there.

    The withdrawal overtakes a referral that is still on its way; when that arrives it is refused.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="received_referral", personal=True
    )

    peer = models.CharField(max_length=40)
    consent_handle = models.CharField(max_length=64)
    withdrawn_at = models.DateTimeField()

    class Meta:
        verbose_name = "withdrawn consent"
        constraints = [
            models.UniqueConstraint(fields=["peer", "consent_handle"], name="withdrawn_once"),
        ]

    def __str__(self) -> str:
        return f"withdrawn at {self.peer}"
