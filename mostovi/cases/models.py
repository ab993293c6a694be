# SPDX-License-Identifier: EUPL-1.2
"""What `cases` stores. Everything about a person lies sealed under that person's key."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models

from mostovi.cases.records import RecordState
from mostovi.cases.vocabulary import Risk, Urgency
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
    under which it can be read. `risk` is an officer's judgement with a reason (a note), never a
    count of anything; legal times can depend on it. Sealed: summary, needs.
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
    risk = models.CharField(
        max_length=10, choices=[(r.value, r.value) for r in Risk], default=Risk.UNKNOWN.value
    )
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
            # The list of closed cases.
            models.Index(
                fields=["purpose", "unit", "-changed_at"],
                name="case_closed_of_unit",
                condition=models.Q(closed_at__isnull=False),
            ),
            # The retention job.
            models.Index(
                fields=["closed_at"],
                name="case_closed",
                condition=models.Q(closed_at__isnull=False),
            ),
            # The list's filters by danger and by kind of case.
            models.Index(fields=["purpose", "unit", "risk", "-changed_at"], name="case_by_risk"),
            models.Index(
                fields=["purpose", "unit", "case_type", "-changed_at"], name="case_by_type"
            ),
            # From a submission to the case it led to.
            models.Index(fields=["submission_id"]),
        ]

    def __str__(self) -> str:
        return self.code


class CaseNote(Sealed, AppendOnly):
    """A note in a case's timeline, written once. Sealed: text.

    `document` is the code of the procedure's document that this note is (an assessment, a plan),
    empty for a plain note. `topic` is a code of `NOTE_TOPICS` for a note that a verb wrote (the
    risk was set, the case was handed over), empty otherwise.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", personal=True
    )

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    document = models.CharField(max_length=40, blank=True)
    topic = models.CharField(max_length=40, blank=True)
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


class CaseRecord(models.Model):
    """A structured record of a case (an assessment, a decision), whatever its versions.

    `state` is that of the newest version `number`. `counted` is the version that counts, 0 while
    none does; it keeps counting while a newer version is a draft or waits for approval.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", personal=True
    )

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="records")
    kind = models.CharField(max_length=40)
    document = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in RecordState])
    number = models.PositiveIntegerField(default=0)
    counted = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField(null=True, blank=True)
    author = models.UUIDField()
    begun_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "record of a case"
        ordering = ["begun_at"]
        indexes = [
            # What waits for approval; drafts and returned ones on home pages.
            models.Index(fields=["state", "kind", "changed_at"], name="record_by_state"),
            models.Index(fields=["author", "state"], name="record_of_author"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class CaseRecordVersion(Sealed, AppendOnly):
    """One version of a record, as it was written. Sealed: answers."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", personal=True
    )

    record = models.ForeignKey(CaseRecord, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    kind_version = models.PositiveIntegerField()
    final = models.BooleanField()
    author = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "version of a record of a case"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["record", "number"], name="record_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.record_id} version {self.number}"


class CaseRecordDecision(Sealed, AppendOnly):
    """An approval or return of one version. Sealed: reason."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", personal=True
    )

    record = models.ForeignKey(CaseRecord, on_delete=models.CASCADE, related_name="decisions")
    number = models.PositiveIntegerField()
    approved = models.BooleanField()
    by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = "decision on a record of a case"
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["record", "number"], name="record_decided_once")
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {'approved' if self.approved else 'returned'}"


class PlanEvent(Sealed, AppendOnly):
    """One thing that happened to a case's plan; the plan is what all of them lead to (`plans`).

    `goal` and `action` are ids within the plan. Sealed: words, amounts, answers.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", personal=True
    )

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="plan_events")
    kind = models.CharField(max_length=20)
    goal = models.UUIDField()
    action = models.UUIDField(null=True, blank=True)
    author = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = "event of a plan"
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.goal}"


class CaseHandover(Sealed, AppendOnly):
    """A case given from one colleague to another. Sealed: reason."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", personal=True
    )

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="passed_on")
    from_account = models.UUIDField()
    to_account = models.UUIDField()
    by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = "handover of a case"
        ordering = ["at"]
        indexes = [
            # Both are told on their home pages.
            models.Index(fields=["to_account", "at"]),
            models.Index(fields=["from_account", "at"]),
        ]

    def __str__(self) -> str:
        return f"handover of {self.case_id}"


class GroupSession(models.Model):
    """A meeting of several people with one topic. `topic` is about the meeting, never a person."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", row_purpose=("purpose",)
    )

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    topic = models.CharField(max_length=200)
    held_on = models.DateField()
    purpose = models.CharField(max_length=20)
    unit = models.CharField(max_length=60)
    led_by = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "group session"
        ordering = ["-held_on"]
        indexes = [models.Index(fields=["purpose", "unit", "-held_on"])]

    def __str__(self) -> str:
        return f"group session {self.held_on}"


class GroupParticipation(Sealed, AppendOnly):
    """That the person of a case took part, under that person's key. Sealed: note."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="case", personal=True
    )

    session = models.ForeignKey(
        GroupSession, on_delete=models.CASCADE, related_name="participations"
    )
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="group_sessions")
    attended = models.BooleanField()
    author = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "part in a group session"
        ordering = ["written_at"]

    def __str__(self) -> str:
        return f"{self.case_id} in {self.session_id}"
