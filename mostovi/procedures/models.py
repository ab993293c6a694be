# SPDX-License-Identifier: EUPL-1.2
"""What a node stores of a running procedure: its events, its deadlines, and when those stood still.

The events are the truth; `Instance.state` is a copy for lists. Events are append-only: the code
refuses to change or delete one, except when the whole instance reaches the end of its retention.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NoReturn
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.procedures.definition import Unit
from mostovi.procedures.state import Happened
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed
from mostovi.rights.vault import KeyDestroyed

EVERY_CASE_PURPOSE = frozenset(set(Purpose) - {Purpose.STATISTICS, Purpose.LEARNING})
"""Procedures run for any of these; each instance is open to its own purpose only."""


class AppendOnly(Exception):
    """Somebody tried to change or delete an event. Add a new event instead."""


class Definition(models.Model):
    """The text of a version that has been used here, kept for the instances that run on it."""

    GOVERNANCE = Governance(purposes=frozenset(Purpose), retention="content")

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64)
    first_used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="procedure_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class Instance(models.Model):
    """One running procedure about one thing (a case, a referral), seen from one side.

    subject: id of the thing, known to the package that runs the procedure. partners: for each side
    the partner whose calendar counts for its deadlines. risk: the degree of danger by which
    `content/deadlines/` may set other times; "unknown" until an officer says so.
    """

    GOVERNANCE = Governance(
        purposes=EVERY_CASE_PURPOSE, retention="case", personal=True, row_purpose=("purpose",),
        counted=frozenset({"state"}),
    )  # fmt: skip

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    side = models.CharField(max_length=40)
    purpose = models.CharField(max_length=20, choices=[(p.value, p.value) for p in Purpose])
    subject = models.UUIDField()
    key_id = models.UUIDField()
    partners = models.JSONField()
    state = models.CharField(max_length=40)
    risk = models.CharField(max_length=10, default="unknown")
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "code"], name="procedure_once_a_subject")
        ]
        # Home pages ask for what stands in a state, newest first.
        indexes = [models.Index(fields=["code", "state", "changed_at"])]

    def __str__(self) -> str:
        return f"{self.code} {self.id}"

    def happened(self) -> list[Happened]:
        """The events as the engine sees them, in order (one query, none when prefetched)."""
        return [event.happened() for event in self.events.all()]


class EventQuerySet(models.QuerySet["Event"]):
    """Reads and appends; everything else is refused."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("events are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnly("events are never deleted")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("events are never changed")

    def end_retention(self) -> int:
        """Delete the rows at the end of their retention; only `services.erase` calls this."""
        return int(self._raw_delete(self.db) or 0)


class Event(Sealed):
    """One step that was taken, here or on the other side. The reason is sealed.

    at: when it happened (for a letter, when it was received); recorded_at: when it was stored.
    account: None when the other side did it. crossed: it arrived after this side had ended.
    gates: codes of the gates that were open, as the step relied on them.
    """

    GOVERNANCE = Governance(
        purposes=EVERY_CASE_PURPOSE, retention="case", personal=True,
        row_purpose=("instance__purpose",), counted=frozenset({"to_state"}),
    )  # fmt: skip

    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    verb = models.CharField(max_length=40)
    from_state = models.CharField(max_length=40)
    to_state = models.CharField(max_length=40)
    side = models.CharField(max_length=40)
    role = models.CharField(max_length=40)
    account = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    crossed = models.BooleanField(default=False)
    gates = models.JSONField(default=list)
    documents = models.JSONField(default=list)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "sequence"], name="event_in_order")
        ]
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.sequence} {self.verb}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append the event. Raises `AppendOnly` for one that is stored already."""
        if not self._state.adding:
            raise AppendOnly("events are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises `AppendOnly`."""
        raise AppendOnly("events are never deleted")

    def happened(self) -> Happened:
        """The event as the engine sees it."""
        return Happened(self.verb, self.at, self.side, self.account, self.crossed)

    @property
    def reason(self) -> str:
        """The reason that was given, "" when none was or when it has been erased."""
        if not self.sealed:
            return ""
        try:
            return str(self.values()["reason"])
        except KeyDestroyed:
            return ""


class Outcome(models.TextChoices):
    """How a deadline stands."""

    RUNNING = "running", _("running")
    SUSPENDED = "suspended", _("stopped")
    MET = "met", _("met")
    MET_LATE = "met_late", _("met late")
    LAPSED = "lapsed", _("not answered in time")
    ENDED = "ended", _("no longer needed")


LIVE: Collection[Outcome] = (Outcome.RUNNING, Outcome.SUSPENDED)


class Deadline(models.Model):
    """One clock of one instance: from when, until when, and how it ended."""

    GOVERNANCE = Governance(
        purposes=EVERY_CASE_PURPOSE, retention="case", personal=True,
        row_purpose=("instance__purpose",),
    )  # fmt: skip

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="deadlines")
    clock = models.CharField(max_length=40)
    side = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    due = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    ended_at = models.DateTimeField(null=True, blank=True)
    flagged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # The flagging job and home pages ask for live deadlines by date. The condition is one that
        # SQLite recognises in a statement; it does not look into the values of parameters.
        indexes = [
            models.Index(
                fields=["due"], name="live_deadlines", condition=models.Q(ended_at__isnull=True)
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "clock"],
                name="one_live_deadline_a_clock",
                condition=models.Q(outcome__in=["running", "suspended"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.clock} {self.outcome}"

    @property
    def is_live(self) -> bool:
        """Whether the clock runs or stands still; False once it has ended."""
        return self.outcome in LIVE

    def is_overdue(self, now: datetime) -> bool:
        """Whether the clock has run out and nothing met it yet."""
        return self.outcome == Outcome.RUNNING and self.due is not None and self.due < now


class Suspension(models.Model):
    """A time during which a deadline's clock stood still; `ended_at` is None while it does."""

    GOVERNANCE = Governance(
        purposes=EVERY_CASE_PURPOSE, retention="case", personal=True,
        row_purpose=("deadline__instance__purpose",),
    )  # fmt: skip

    deadline = models.ForeignKey(Deadline, on_delete=models.CASCADE, related_name="suspensions")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=40)

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["deadline"],
                name="one_open_suspension",
                condition=models.Q(ended_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.started_at}"


class Extension(models.Model):
    """One extension of a deadline, by the amount and on the ground its file names."""

    GOVERNANCE = Governance(
        purposes=EVERY_CASE_PURPOSE, retention="case", personal=True,
        row_purpose=("deadline__instance__purpose",),
    )  # fmt: skip

    deadline = models.ForeignKey(Deadline, on_delete=models.CASCADE, related_name="extensions")
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=20, choices=[(u.value, u.value) for u in Unit])
    granted_at = models.DateTimeField()
    account = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering = ["granted_at", "id"]

    def __str__(self) -> str:
        return f"+{self.amount} {self.unit}"


class Task(Sealed):
    """Something that somebody must do about an instance, from its file or written by a person.

    `code` names the file's task; for one that a person wrote it is "" and the title is sealed.
    `about` is what it concerns within the subject (an action of a plan). Owned by an account, or
    by whoever holds `owner_role` in the unit. `escalate_at` is when `escalate_to` is told; telling
    is all that happens.
    """

    GOVERNANCE = Governance(
        purposes=EVERY_CASE_PURPOSE, retention="case", personal=True,
        row_purpose=("instance__purpose",),
    )  # fmt: skip

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="tasks")
    code = models.CharField(max_length=40, blank=True)
    about = models.UUIDField(null=True, blank=True)
    owner = models.UUIDField(null=True, blank=True)
    owner_role = models.CharField(max_length=40, blank=True)
    made_by = models.UUIDField(null=True, blank=True)
    made_at = models.DateTimeField()
    due = models.DateTimeField(null=True, blank=True)
    escalate_to = models.CharField(max_length=40, blank=True)
    escalate_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.UUIDField(null=True, blank=True)
    done = models.BooleanField(default=False)

    class Meta:
        ordering = ["made_at", "id"]
        # Home pages and the escalation job ask for open tasks only.
        indexes = [
            models.Index(
                fields=["owner", "due"], name="open_tasks_of",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(
                fields=["escalate_at"], name="tasks_to_escalate",
                condition=models.Q(ended_at__isnull=True, escalated_at__isnull=True),
            ),
            models.Index(
                fields=["owner_role", "due"], name="open_tasks_of_role",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(
                fields=["escalate_to", "escalated_at"], name="open_tasks_told",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(
                fields=["instance"], name="open_tasks_of_instance",
                condition=models.Q(ended_at__isnull=True),
            ),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "code"],
                name="one_open_task_a_code",
                condition=models.Q(ended_at__isnull=True) & ~models.Q(code=""),
            )
        ]

    def __str__(self) -> str:
        return f"task {self.code or self.pk}"

    def is_overdue(self, now: datetime) -> bool:
        """Whether its time has passed and nobody has done it."""
        return self.ended_at is None and self.due is not None and self.due < now
