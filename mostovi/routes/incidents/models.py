# SPDX-License-Identifier: EUPL-1.2
"""What the investigators' store holds. Everything that names anybody lies sealed.

No row here points at a person, a case or a screening, and none can: what investigators may know
of a person who is protected is the statement that the person agreed to give, and it lies apart.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from mostovi.procedures.models import Instance
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed

_ONLY = frozenset({Purpose.INVESTIGATION})
_STORE = Governance(purposes=_ONLY, retention="incident", personal=True)
_COUNTED = Governance(
    purposes=_ONLY, retention="aggregate",
    counted=frozenset(
        {"id", "stage", "crime", "happened_on", "number", "sex", "age_group", "withdrawn_at"}
    ),
)  # fmt: skip


class Incident(Sealed):
    """Something that happened and may be smuggling or trafficking. Sealed: summary, place, source.

    `means` and `methods` are codes of `content/incidents/words.yaml`.
    """

    GOVERNANCE: ClassVar[Governance] = _STORE

    code = models.CharField(max_length=20, unique=True)
    crime = models.CharField(max_length=20)
    happened_on = models.DateField()
    place_kind = models.CharField(max_length=20)
    means = models.JSONField(default=list)
    methods = models.JSONField(default=list)
    created_by = models.UUIDField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("incident")
        ordering = ["-happened_on", "-created_at"]
        indexes = [models.Index(fields=["-happened_on", "-created_at"])]

    def __str__(self) -> str:
        return self.code


class Identifier(Sealed):
    """A phone, vehicle, account, address or online name noted at an incident. Sealed: as written.

    `token` is a blind key of its one form, made for this store alone: no other store of the node
    has keys that could be compared to it.
    """

    GOVERNANCE: ClassVar[Governance] = _STORE

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=10)
    token = models.BinaryField(max_length=16)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("phone, vehicle, account or address")
        ordering = ["kind", "created_at"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "kind", "token"], name="identifier_once")
        ]
        indexes = [models.Index(fields=["kind", "token"], name="identifier_token")]

    def __str__(self) -> str:
        return f"identifier {self.pk}"


class Advert(Sealed):
    """An online advert that was reviewed. Sealed: address, text, answers, reasons.

    `conclusion` is an officer's, never the sum of answers (R4).
    """

    GOVERNANCE: ClassVar[Governance] = _STORE

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="adverts")
    set_version = models.CharField(max_length=20)
    found_on = models.DateField()
    conclusion = models.CharField(max_length=20)
    reviewed_by = models.UUIDField()
    reviewed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reviewed advert")
        ordering = ["-reviewed_at"]

    def __str__(self) -> str:
        return f"advert {self.pk}"


class LinkDecision(Sealed):
    """What a person decided about two incidents that share something. Sealed: the reasons.

    The newest one of a pair counts; `one` is the incident whose code comes first.
    """

    GOVERNANCE: ClassVar[Governance] = _STORE

    class Ruling(models.TextChoices):
        """What it means that they share something."""

        CONNECTED = "connected", _("They belong together")
        NOT_CONNECTED = "not_connected", _("They do not belong together")
        UNSURE = "unsure", _("Not known yet")

    one = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    ruling = models.CharField(max_length=20, choices=Ruling.choices)
    kinds = models.JSONField(default=list)
    decided_by = models.UUIDField()
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = _("decision on a link")
        ordering = ["-decided_at"]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class LinkedPair(models.Model):
    """Two incidents that share something telling: worked out from what is noted at them.

    Kept so that a page reads the neighbours of one incident and not the store (`linking.refresh`
    keeps it in step). `one` is the incident whose code comes first; `kinds` what the two share,
    `ruling` the newest decision's; `undecided`: nobody has looked at all of `kinds` yet.
    """

    GOVERNANCE: ClassVar[Governance] = _STORE

    one = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    kinds = models.JSONField(default=list)
    things = models.PositiveSmallIntegerField()
    ruling = models.CharField(max_length=20, blank=True)
    undecided = models.BooleanField(default=True)
    since = models.DateTimeField()

    class Meta:
        verbose_name = _("link between two incidents")
        ordering = ["-undecided", "-since", "-pk"]
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="linked_pair_once")]
        # A page of links, those that wait first; the ends are found by the indexes of the keys.
        indexes = [models.Index(fields=["-undecided", "-since", "-id"], name="linked_pair_page")]

    def __str__(self) -> str:
        return f"link {self.pk}"

    @property
    def parted(self) -> bool:
        """Whether a person said that the two do not belong together."""
        return self.ruling == LinkDecision.Ruling.NOT_CONNECTED

    @property
    def said_ruling(self) -> str:
        """The newest decision in words; '' without one."""
        return str(LinkDecision.Ruling(self.ruling).label) if self.ruling else ""


class Investigation(Sealed):
    """An investigation. Sealed: title and summary. `checklist` holds codes only."""

    GOVERNANCE: ClassVar[Governance] = _STORE

    code = models.CharField(max_length=20, unique=True)
    crime = models.CharField(max_length=20)
    incidents = models.ManyToManyField(Incident, related_name="investigations", blank=True)
    checklist = models.JSONField(default=dict)
    checklist_version = models.CharField(max_length=20)
    created_by = models.UUIDField()
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("investigation")
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return self.code


class JointWork(Sealed):
    """A workspace that two nodes share for one investigation. Sealed: title, basis, purpose.

    Each node has its own; what is in both came by letter.
    """

    GOVERNANCE: ClassVar[Governance] = _STORE

    code = models.CharField(max_length=20, unique=True)
    thread = models.UUIDField(unique=True)
    peer = models.CharField(max_length=60)
    began_here = models.BooleanField()
    crime = models.CharField(max_length=20)
    investigation = models.ForeignKey(
        Investigation, on_delete=models.CASCADE, related_name="joint_works", null=True, blank=True
    )
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    letter_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    undeliverable = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("joint investigation")
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return self.code


class JointEntry(Sealed):
    """One thing put into a joint workspace, by us or by the other node. Sealed: what it says.

    `delivered_at` is the moment in the other node's signed receipt; `token` the blind key of an
    identifier, with which it is compared to our own incidents.
    """

    GOVERNANCE: ClassVar[Governance] = _STORE

    work = models.ForeignKey(JointWork, on_delete=models.CASCADE, related_name="entries")
    reference = models.UUIDField()
    ours = models.BooleanField()
    sort = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, blank=True)
    token = models.BinaryField(max_length=16, blank=True)
    at = models.DateTimeField()
    account = models.UUIDField(null=True, blank=True)
    letter_id = models.UUIDField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    undeliverable = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("entry of a joint investigation")
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["work", "reference"], name="joint_entry_once")
        ]

    def __str__(self) -> str:
        return f"entry {self.pk}"


class Assistance(Sealed):
    """A request for mutual legal assistance, ours or another node's. Sealed: facts, what is asked.

    Its state and deadlines are those of the procedure `mutual_assistance`.
    """

    GOVERNANCE: ClassVar[Governance] = _STORE

    code = models.CharField(max_length=20, unique=True)
    thread = models.UUIDField(unique=True)
    peer = models.CharField(max_length=60)
    ours = models.BooleanField()
    measure = models.CharField(max_length=20)
    crime = models.CharField(max_length=20)
    urgency = models.CharField(max_length=20)
    reply_by = models.DateField(null=True, blank=True)
    investigation = models.ForeignKey(
        Investigation, on_delete=models.SET_NULL, related_name="assistance", null=True, blank=True
    )
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    letter_id = models.UUIDField(null=True, blank=True)
    created_by = models.UUIDField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    undeliverable = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("request for legal assistance")
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return self.code


class Outcome(models.Model):
    """A number of proceedings that reached a stage, or of people identified as victims.

    Counts and codes only: the one thing of this store that statistics read. A wrong one is
    withdrawn and stays.
    """

    GOVERNANCE: ClassVar[Governance] = _COUNTED

    class Stage(models.TextChoices):
        """What was reached."""

        INVESTIGATION = "investigation", _("Investigations opened")
        INDICTMENT = "indictment", _("Indictments")
        CONVICTION = "conviction", _("Convictions")
        ACQUITTAL = "acquittal", _("Acquittals")
        VICTIMS = "victims", _("People formally identified as victims")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    investigation = models.ForeignKey(
        Investigation, on_delete=models.SET_NULL, related_name="outcomes", null=True, blank=True
    )
    stage = models.CharField(max_length=20, choices=Stage.choices)
    crime = models.CharField(max_length=20)
    happened_on = models.DateField()
    number = models.PositiveIntegerField()
    sex = models.CharField(max_length=10, blank=True)
    age_group = models.CharField(max_length=10, blank=True)
    recorded_by = models.UUIDField()
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("outcome in numbers")
        ordering = ["-happened_on", "-recorded_at"]
        indexes = [models.Index(fields=["stage", "happened_on"])]

    def __str__(self) -> str:
        return f"{self.stage} {self.happened_on}"
