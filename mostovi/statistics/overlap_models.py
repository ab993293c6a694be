# SPDX-License-Identifier: EUPL-1.2
"""What is kept of a count with another partner: its steps and what was told, nobody's identity."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed


class OverlapRound(Sealed):
    """One count with another partner of the people whom both have counted (`overlaps`).

    `id` is the round's number at both sides, `peer` the other node, `partner` whose it is. Sealed,
    under a key that is destroyed when the round ends: the secret of this side. Of the elements
    only the padded numbers are here. `value`, `low` and `high` are what both sides are told.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset({Purpose.STATISTICS, Purpose.GOVERNANCE}), retention="aggregate"
    )

    class Side(models.TextChoices):
        """Who proposed it."""

        OURS = "ours", _("Proposed by us")
        THEIRS = "theirs", _("Proposed by the partner")

    class State(models.TextChoices):
        """Where it stands."""

        PROPOSED = "proposed", _("Proposed, not yet answered")
        AGREED = "agreed", _("Agreed, being counted")
        COUNTED = "counted", _("Counted")
        TOO_FEW = "too_few", _("Too few people for a number")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")
        LOST = "lost", _("Not carried out")

    side = models.CharField(max_length=10, choices=Side.choices)
    partner = models.CharField(max_length=20)
    peer = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    first = models.CharField(max_length=7)
    last = models.CharField(max_length=7)
    population = models.CharField(max_length=10)
    thread = models.UUIDField()
    proposed_at = models.DateTimeField()
    proposed_by = models.UUIDField(null=True, blank=True)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.UUIDField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.UUIDField(null=True, blank=True)
    words = models.TextField(max_length=500, blank=True)
    reason = models.CharField(max_length=60, blank=True)
    here = models.PositiveIntegerField(default=0)
    there = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    their_inbox = models.BigIntegerField(null=True, blank=True)
    back_inbox = models.BigIntegerField(null=True, blank=True)
    tidied = models.BooleanField(default=False)
    value = models.PositiveIntegerField(null=True, blank=True)
    low = models.PositiveIntegerField(null=True, blank=True)
    high = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("count with another partner")
        ordering = ["-proposed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner"], condition=models.Q(ended_at__isnull=True),
                name="overlap_one_under_way",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.partner} {self.first}/{self.last} {self.state}"
