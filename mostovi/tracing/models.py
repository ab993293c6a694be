# SPDX-License-Identifier: EUPL-1.2
"""What `tracing` stores. Whoever seeks and whoever is sought lies sealed.

A search of another node that was opened here has a key of its own, destroyed when the person says
no, when it was somebody else, or when the search is withdrawn.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q

from mostovi.cases.models import Case
from mostovi.people.models import Person
from mostovi.procedures.models import Instance
from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed

_PROTECTION = frozenset({Purpose.PROTECTION})
_PERSONAL = Governance(purposes=_PROTECTION, retention="case", personal=True)
_PASSING = Governance(purposes=_PROTECTION, retention="technical", personal=True)


class Side(models.TextChoices):
    """Whose institution this node is in a round or a match."""

    SEEKER = "seeker"
    HOLDER = "holder"


class IndexedPerson(Sealed):
    """A person of this node with a case, as far as needed for matching.

    Sealed under the person's key: `keys`, so that a round needs no file opened. `version` is that
    of the keys; `changed_at` the person's when they were made.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="+")
    version = models.CharField(max_length=20)
    changed_at = models.DateTimeField()
    # Sealed values change when relatives named in a search change; see `indexing`.
    indexed_at = models.DateTimeField()

    class Meta:
        verbose_name = "person in the matching index"
        indexes = [models.Index(fields=["-changed_at"], name="indexed_newest")]

    def __str__(self) -> str:
        return f"indexed {self.pk}"


class PersonToken(models.Model):
    """A search key of a person, blinded with the node's key: meaningless without it."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_index=False)
    token = models.BinaryField(max_length=16)

    class Meta:
        verbose_name = "blinded key of a person"
        indexes = [
            models.Index(fields=["token", "person"], name="tracing_token_person"),
            models.Index(fields=["person"], name="tracing_person_tokens"),
        ]

    def __str__(self) -> str:
        return f"token {self.pk}"


class TracingRequest(Sealed):
    """One person's search for family members. Sealed: circumstances, wishes.

    `side` says whether a child looks for adults or an adult for somebody.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    code = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tracing_requests")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10)
    purpose = models.CharField(max_length=20)
    unit = models.CharField(max_length=60)
    created_by = models.UUIDField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "family search"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["purpose", "unit", "-changed_at"])]

    def __str__(self) -> str:
        return self.code


class Sought(Sealed):
    """One person who is sought. Sealed: names, sex, birth, places, last contact, circumstances.

    `reference` is how other nodes call this search; each node gets another one (`labels`).
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    request = models.ForeignKey(TracingRequest, on_delete=models.CASCADE, related_name="sought")
    position = models.PositiveSmallIntegerField()
    relation = models.CharField(max_length=20)
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "person who is sought"
        ordering = ["position"]
        indexes = [
            models.Index(
                fields=["request"], name="sought_live", condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"sought {self.pk}"


class Asked(models.Model):
    """That a search took part in a round with another node, so that a withdrawal reaches it."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    sought = models.ForeignKey(Sought, on_delete=models.CASCADE, related_name="asked")
    peer = models.CharField(max_length=60)
    reference = models.CharField(max_length=64)
    consent_handle = models.CharField(max_length=64, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = "institution that was asked"
        constraints = [models.UniqueConstraint(fields=["sought", "peer"], name="asked_once")]
        indexes = [models.Index(fields=["peer", "reference"], name="asked_by_reference")]

    def __str__(self) -> str:
        return f"asked {self.peer}"


class TracingRound(Sealed):
    """One round of private matching with another node, of whose searches or of ours.

    Sealed: at the seeker the round's key; at the holder the seed of the blinds and the keys. The
    row's own key is destroyed at its end. Nothing here says whether anybody was found.
    """

    GOVERNANCE: ClassVar[Governance] = _PASSING

    peer = models.CharField(max_length=60)
    side = models.CharField(max_length=10, choices=Side.choices)
    state = models.CharField(max_length=12)
    elements = models.PositiveIntegerField(default=0)
    inbox = models.BigIntegerField(null=True, blank=True)
    offered = models.BigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = "round of private matching"
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["peer", "side", "-started_at"], name="round_of_peer"),
            models.Index(fields=["state"], name="round_open", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"round with {self.peer}"


class TracingMatch(Sealed):
    """A possible match, at the holder from the first look, at the seeker once the person agreed.

    `thread` is the same at both ends. Sealed under a key of its own: at the holder `label`, the
    search as it was opened, and the words with it; at the seeker what the person agreed to tell.
    `person` is the sought person at the holder; `sought` the search at the seeker. `answer` is the
    sought person's.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    thread = models.UUIDField(default=uuid4)
    side = models.CharField(max_length=10, choices=Side.choices)
    peer = models.CharField(max_length=60)
    reference = models.CharField(max_length=64)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sought = models.ForeignKey(
        Sought, null=True, blank=True, on_delete=models.CASCADE, related_name="matches"
    )
    code = models.CharField(max_length=20, unique=True)
    purpose = models.CharField(max_length=20)
    unit = models.CharField(max_length=60)
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=12, blank=True)
    ask_again_on = models.DateField(null=True, blank=True)
    other_is_child = models.BooleanField(default=False)
    consent_id = models.UUIDField(null=True, blank=True)
    consent_handle = models.CharField(max_length=64, blank=True)
    done_here = models.JSONField(default=list)
    done_there = models.JSONField(default=list)

    class Meta:
        verbose_name = "possible match"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["thread", "side"], name="match_once_a_side"),
        ]
        indexes = [
            models.Index(fields=["side", "purpose", "unit", "-changed_at"], name="match_of_unit"),
            models.Index(fields=["peer", "reference"], name="match_of_search"),
        ]

    def __str__(self) -> str:
        return self.code


class MatchWords(Sealed, AppendOnly):
    """A reason, message or note in a match, written once. Sealed: text."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    match = models.ForeignKey(TracingMatch, on_delete=models.CASCADE, related_name="words")
    verb = models.CharField(max_length=30)
    side = models.CharField(max_length=10)
    author = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "words in a match"
        ordering = ["at"]

    def __str__(self) -> str:
        return f"words in {self.match_id}"


class SealedAnswers(Sealed):
    """One side's answers for verification. Sealed: answers, nonce; the commitment came first."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    match = models.ForeignKey(TracingMatch, on_delete=models.CASCADE, related_name="answers")
    side = models.CharField(max_length=10, choices=Side.choices)
    commitment = models.CharField(max_length=64)
    committed_at = models.DateTimeField()
    revealed_at = models.DateTimeField(null=True, blank=True)
    author = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = "answers for verification"
        constraints = [models.UniqueConstraint(fields=["match", "side"], name="answers_once")]

    def __str__(self) -> str:
        return f"answers of {self.side}"


class NotAgain(models.Model):
    """A pair that is never proposed again, or a search that was withdrawn: only a keyed token."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    token = models.BinaryField(max_length=16, unique=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "pair that is not proposed again"

    def __str__(self) -> str:
        return f"not again {self.pk}"


class SafetyNote(Sealed):
    """What somebody who may be sought wants to be respected. Sealed: text. Stays at this node.

    `not_at_all` takes the person out of every match, also within this node.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    author = models.UUIDField()
    at = models.DateTimeField()
    fled_from = models.BooleanField(default=False)
    not_at_all = models.BooleanField(default=False)

    class Meta:
        verbose_name = "safety note on being sought"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"safety note {self.pk}"
