# SPDX-License-Identifier: EUPL-1.2
"""What transfers of cases store, at either end."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models

from mostovi.cases.models import Case, Direction
from mostovi.cases.vocabulary import Urgency
from mostovi.procedures.models import Instance
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed

_PERSONAL = frozenset({Purpose.PROTECTION, Purpose.ASYLUM})


class Transfer(Sealed):
    """A case on its way from one node's responsibility to another's.

    Sealed `data`: exactly what was sent or received; in a draft `draft`. A received transfer has a
    key of its own until it has become a case here. `peer_reference` and `peer_case` are the other
    end's handles. `previous` is the thread in which the case changed hands before. `passed_at` is
    the one moment, by the sender's clock, from which the receiver is responsible. `role` is the
    role of `created_by`, whose decision closes the case when it passes. `answer_id` is our letter
    with the answer; `undeliverable` says why our letter did not arrive.
    """

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=_PERSONAL, retention="received_transfer", personal=True
    )

    code = models.CharField(max_length=20, unique=True)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    peer = models.CharField(max_length=40)
    peer_reference = models.CharField(max_length=64, blank=True)
    peer_case = models.CharField(max_length=64, blank=True)
    case_type = models.CharField(max_length=40)
    urgency = models.CharField(max_length=12, choices=[(u.value, u.value) for u in Urgency])
    reason = models.CharField(max_length=20)
    purpose = models.CharField(max_length=20)
    unit = models.CharField(max_length=60)
    created_by = models.UUIDField()
    role = models.CharField(max_length=40)
    holder = models.UUIDField()
    created_at = models.DateTimeField()
    thread = models.UUIDField(default=uuid4, unique=True)
    previous = models.UUIDField(null=True, blank=True)
    letter_id = models.UUIDField(null=True, blank=True)
    answer_id = models.UUIDField(null=True, blank=True)
    consent_id = models.UUIDField(null=True, blank=True)
    consent_handle = models.CharField(max_length=64, blank=True)
    fields = models.JSONField(default=list)
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(null=True, blank=True)
    undeliverable = models.CharField(max_length=60, blank=True)
    passed_at = models.DateTimeField(null=True, blank=True)
    consent_withdrawn_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "transfer of a case"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["purpose", "direction", "-created_at"], name="transfer_listed"),
            models.Index(fields=["consent_id"], name="transfer_consent"),
            models.Index(fields=["case"], name="transfer_of_case"),
        ]
        constraints = [
            # One institution is asked at a time.
            models.UniqueConstraint(
                fields=["case"],
                name="transfer_one_at_a_time",
                condition=models.Q(direction="sent", ended_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.code
