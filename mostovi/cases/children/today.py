# SPDX-License-Identifier: EUPL-1.2
"""What waits for somebody in child protection: no guardian, visits, challenged ages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases import services as cases
from mostovi.cases.children import words
from mostovi.cases.children.case_sections import CHILD_TYPES
from mostovi.cases.children.models import AgeAssessment, GuardianAppointment, PlannedVisit
from mostovi.procedures.models import LIVE, Deadline
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

_MOST = 50
_AHEAD = timedelta(days=7)


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Children of mine without a guardian, visits due, challenges for a second person."""
    items: list[Waiting] = []
    if decide(actor, Action.CHANGE, Kind.CASE).allowed:
        items += _of_my_cases(actor, now)
    if decide(actor, Action.DECIDE, Kind.CASE).allowed:
        items += _ages(actor, now)
    return items


def _of_my_cases(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """Missing guardians and each case's next visit, in one statement."""
    until = timezone.localdate(now) + _AHEAD
    held = GuardianAppointment.objects.filter(person=OuterRef("person"), until_day=None)
    visits = PlannedVisit.objects.filter(
        case=OuterRef("pk"), made_on=None, dropped_on=None, due_on__lte=until
    ).order_by("due_on")
    rows = (
        cases.visible(actor)
        .filter(holder=actor.account, closed_at=None, person__erased_at=None)
        .annotate(
            guarded=Exists(held),
            visit_on=Subquery(visits.values("due_on")[:1]),
            visit_of=Subquery(visits.values("schedule")[:1]),
        )
        .filter(Q(guarded=False, case_type__in=CHILD_TYPES) | Q(visit_on__isnull=False))
    )
    # Put in order later: who holds thousands would wait, and only so is the index of holders taken.
    for case in sorted(rows.order_by("procedure")[:_MOST], key=lambda case: case.opened_at):
        if case.case_type in CHILD_TYPES and not case.guarded:
            yield Waiting(
                title=case.code, why=_("The child has no guardian."),
                url=reverse("children:guardian", args=[case.code]), verb=_("Ask for a guardian"),
            )  # fmt: skip
        if case.visit_on:
            yield Waiting(
                title=case.code, why=words.SCHEDULES.get(case.visit_of, case.visit_of),
                url=reverse("children:care", args=[case.code]),
                due=timezone.make_aware(datetime.combine(case.visit_on, time.max)),
                verb=_("Visit and write it down"),
            )  # fmt: skip


def _ages(actor: Actor, now: datetime) -> Iterator[Waiting]:
    reach = cases.visible(actor, Action.DECIDE).filter(pk=OuterRef("case"))
    live = Deadline.objects.filter(instance=OuterRef("procedure"), outcome__in=LIVE)
    rows = AgeAssessment.objects.filter(
        Exists(reach), procedure__over_at=None, procedure__state__in=("challenged", "decided")
    ).annotate(until=Subquery(live.filter(due__isnull=False).order_by("due").values("due")[:1]))
    for row in rows.select_related("case", "procedure")[:_MOST]:
        due = row.until
        if row.procedure.state == "challenged":
            why, verb = _("An age assessment is challenged."), _("Decide on the challenge")
        elif due is not None and due < now:
            why, verb = _("The time to challenge an age assessment is over."), _("Look at it")
        else:
            continue
        yield Waiting(
            title=row.case.code, why=why, url=reverse("children:age", args=[row.case.code]),
            due=due, verb=verb,
        )  # fmt: skip
