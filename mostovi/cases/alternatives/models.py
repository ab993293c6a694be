# SPDX-License-Identifier: EUPL-1.2
"""What is stored when somebody's liberty is in question. Words about the person lie sealed.

Two kinds of row stand on the path to detention: `Proposal` and `Held`. Whoever writes one, through
whatever door, the row itself asks whether the person counts as a child, and is not written then
(R7). Neither orders anything: the one is an outside authority's wish, the other its act.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mostovi.cases.alternatives import safeguards
from mostovi.cases.models import Case
from mostovi.people import consenting
from mostovi.procedures.models import Instance
from mostovi.rights.governance import Governance
from mostovi.rights.models import AppendOnly
from mostovi.rights.purposes import Purpose
from mostovi.rights.storage import Sealed
from mostovi.rights.vault import KeyDestroyed

_PERSONAL = Governance(
    purposes=frozenset({Purpose.PROTECTION, Purpose.ASYLUM}), retention="case", personal=True
)


class LibertyFile(Sealed):
    """One file a case, from the first question about liberty to its end. Sealed: question.

    review_on: the next review of the measure in force, or of a detention outside. screening_until:
    the day on which the newest screening runs out. breach_at: a breach that nobody has assessed
    yet. release_wanted_at: somebody whom a safeguard protects is held by an authority, and the
    release is asked for.
    """

    GOVERNANCE: ClassVar[Governance] = replace(_PERSONAL, row_purpose=("purpose",))

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="liberty_file")
    purpose = models.CharField(max_length=20)
    unit = models.CharField(max_length=60)
    opened_by = models.UUIDField()
    holder = models.UUIDField()
    procedure = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    review_on = models.DateField(null=True, blank=True)
    screening_until = models.DateField(null=True, blank=True)
    breach_at = models.DateTimeField(null=True, blank=True)
    release_wanted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("file on alternatives to detention")
        ordering = ["-changed_at"]
        indexes = [
            # The list, newest change first.
            models.Index(fields=["purpose", "unit", "-changed_at"]),
            models.Index(fields=["purpose", "-changed_at"]),
            # What waits for a holder.
            models.Index(
                fields=["holder", "review_on"],
                name="liberty_open_of_holder",
                condition=models.Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"file of {self.case_id}"


class OfFile(Sealed):
    """A sealed row of one file; it shares the person's key."""

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True


class Draft(OfFile):
    """What has been typed and is not finished yet. Sealed: answers by group. One of each kind."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=20)
    author = models.UUIDField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("draft of an assessment of liberty")
        constraints = [models.UniqueConstraint(fields=["file", "kind"], name="one_draft_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.file_id}"


class VulnerabilityScreening(OfFile, AppendOnly):
    """A finished screening. Sealed: domains, rating, serious_risk, with_own_child, why, heard."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="screenings")
    author = models.UUIDField()
    at = models.DateTimeField()
    screened_on = models.DateField()
    expires_on = models.DateField()

    class Meta:
        verbose_name = _("vulnerability screening")
        ordering = ["at"]

    def __str__(self) -> str:
        return f"screening of {self.screened_on}"


class Weighing(OfFile, AppendOnly):
    """The test in writing and every step of the ladder that was considered.

    choice: the measure's code, or `detention` for a proposal. Sealed: authority, intention, ground,
    evidence, proportion, view, considered, and what the choice came with.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="weighings")
    author = models.UUIDField()
    at = models.DateTimeField()
    choice = models.CharField(max_length=40)

    class Meta:
        verbose_name = _("assessment of necessity and of alternatives")
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.choice} of {self.file_id}"


class Outcome(models.TextChoices):
    """How a measure ended."""

    RESOLVED = "resolved", _("The case was resolved")
    NOT_NEEDED = "not_needed", _("No measure is needed any more")
    MILDER = "milder", _("A milder measure followed")
    STRICTER = "stricter", _("A stricter measure followed, after a new assessment")
    RENEWED = "renewed", _("The same measure goes on with new conditions")
    ABSCONDED = "absconded", _("The person went away without telling")
    HELD = "held", _("An outside authority holds the person")
    OTHER = "other", _("Another end")


class Kept(models.TextChoices):
    """Whether the conditions were kept while the measure lasted."""

    KEPT = "kept", pgettext_lazy("an agreed time", "Kept")
    MISSED = "missed", _("Not always kept")


class MeasureTaken(OfFile):
    """A measure that a named officer chose. Sealed: conditions, reason, persons, for_family."""

    GOVERNANCE: ClassVar[Governance] = replace(
        _PERSONAL,
        row_purpose=("file__purpose",),
        counted=frozenset({"code", "until", "outcome", "kept"}),
    )

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="measures")
    weighing = models.ForeignKey(Weighing, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=40)
    chosen_by = models.UUIDField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    kept = models.CharField(max_length=8, choices=Kept.choices, blank=True)

    class Meta:
        verbose_name = _("measure instead of detention")
        ordering = ["since"]
        constraints = [
            models.UniqueConstraint(
                fields=["file"],
                name="one_measure_in_force",
                condition=models.Q(until__isnull=True),
            )
        ]
        # Counting the month.
        indexes = [models.Index(fields=["until"])]

    def __str__(self) -> str:
        return self.code


class Appointment(models.Model):
    """One agreed time to report. Empty `kept`: not yet known. An excused time counts as kept."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    measure = models.ForeignKey(MeasureTaken, on_delete=models.CASCADE, related_name="times")
    due_on = models.DateField()
    kept = models.CharField(
        max_length=8,
        choices=[
            ("kept", pgettext_lazy("an agreed time", "Kept")),
            ("excused", _("Excused")),
            ("missed", _("Missed")),
        ],
        blank=True,
    )
    noted_by = models.UUIDField(null=True, blank=True)
    noted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("agreed time to report")
        ordering = ["due_on"]
        constraints = [models.UniqueConstraint(fields=["measure", "due_on"], name="one_a_day")]

    def __str__(self) -> str:
        return f"{self.due_on} {self.kept}"


class Happening(models.TextChoices):
    """What an officer notes while a measure lasts. None of them changes the measure by itself."""

    KEPT = "kept", _("A condition was kept")
    BREACH = "breach", _("A condition was not kept")
    ABSCONDED = "absconded", _("The person cannot be found")
    BACK = "back", _("The person is in touch again")


class ComplianceEvent(OfFile, AppendOnly):
    """Something that happened under a measure. Sealed: words (also the person's side of it)."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="happenings")
    measure = models.ForeignKey(MeasureTaken, on_delete=models.CASCADE, related_name="happenings")
    kind = models.CharField(max_length=12, choices=Happening.choices)
    author = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("event under a measure")
        ordering = ["at"]

    def __str__(self) -> str:
        return self.kind


class Review(OfFile, AppendOnly):
    """A review of a measure or of a detention outside. Sealed: reason, view."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="reviews")
    decision = models.CharField(max_length=12)
    author = models.UUIDField()
    at = models.DateTimeField()
    next_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("review of a measure")
        ordering = ["at"]

    def __str__(self) -> str:
        return self.decision


class ChildrenKeptOff(models.QuerySet[Any]):
    """Rows on the path to detention are written one by one, each asking who the person is."""

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise safeguards.Stopped([safeguards.CHILD])


class OnThePath(OfFile):
    """A row on the path to detention. It cannot be written for a child or an age in doubt (R7)."""

    objects = ChildrenKeptOff.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row. Raises `safeguards.Stopped` for whoever counts as a child now."""
        if self._state.adding and counts_as_child(self.file, timezone.now()):
            raise safeguards.Stopped([safeguards.CHILD])
        super().save(*args, **kwargs)


def counts_as_child(file: LibertyFile, now: datetime) -> bool:
    """Whether the file's person counts as a child; whoever cannot be known any more does."""
    try:
        return consenting.is_child(file.case.person, now)
    except KeyDestroyed:
        return True


class Proposal(OnThePath):
    """An outside authority's wish to detain an adult, with what was considered instead.

    It ends by itself on `review_on`. Sealed: legal_aid, interpreter, needs (what the second officer
    must answer), answer. second: "object" or "not_object".
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="proposals")
    weighing = models.ForeignKey(Weighing, on_delete=models.CASCADE, related_name="+")
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    review_on = models.DateField()
    second = models.CharField(max_length=12, blank=True)
    second_by = models.UUIDField(null=True, blank=True)
    second_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = _("proposal of detention by an outside authority")
        ordering = ["proposed_at"]
        indexes = [
            # The job that lets proposals lapse.
            models.Index(
                fields=["review_on"],
                name="proposal_standing",
                condition=models.Q(ended_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"proposal of {self.file_id}"


class Held(OnThePath):
    """An outside authority's decision to detain an adult, noted so that nobody is forgotten.

    review_on: when a review must be asked for next. expires_on: when the act ends at the latest.
    against_since: since when a safeguard is known to stand against it (a child, or may be; others),
    as last looked up. Sealed: authority, act (with its citation), where.
    """

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    file = models.ForeignKey(LibertyFile, on_delete=models.CASCADE, related_name="held")
    noted_by = models.UUIDField()
    noted_at = models.DateTimeField()
    decided_on = models.DateField()
    review_on = models.DateField()
    expires_on = models.DateField()
    released_on = models.DateField(null=True, blank=True)
    against_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("detention decided by an outside authority")
        ordering = ["noted_at"]
        indexes = [
            # Who is held and must be looked after.
            models.Index(
                fields=["review_on"],
                name="held_now",
                condition=models.Q(released_on__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"held, {self.file_id}"

    def is_overdue(self, today: date) -> bool:
        """Whether a review is due, or the act has run out, and nobody noted a release."""
        return self.released_on is None and today >= min(self.review_on, self.expires_on)


class Place(models.Model):
    """A place where people live instead of being detained. Its doors are open."""

    GOVERNANCE: ClassVar[Governance] = Governance(
        purposes=frozenset({Purpose.PROTECTION, Purpose.ASYLUM}), retention="content"
    )

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    capacity = models.PositiveIntegerField()
    families = models.BooleanField(default=True)
    children = models.BooleanField(default=True)
    women_only = models.BooleanField(default=False)
    open = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("place to live instead of detention")
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name


class Stay(models.Model):
    """A measure's wish for a place, and the time there. `since` empty: waiting for room."""

    GOVERNANCE: ClassVar[Governance] = _PERSONAL

    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="stays")
    measure = models.ForeignKey(MeasureTaken, on_delete=models.CASCADE, related_name="stays")
    persons = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("stay at a place")
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure"],
                name="one_stay_a_measure",
                condition=models.Q(until__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"stay at {self.place_id}"
