# SPDX-License-Identifier: EUPL-1.2
"""What waits: periods that end soon, statements withdrawn (on either side of the wall)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mostovi.cases import services as cases
from mostovi.cases.victims import protection, recovery, statements
from mostovi.cases.victims.models import GivenStatement
from mostovi.procedures.models import Deadline
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

SOON = timedelta(days=7)
_MOST = 50


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """For protection: codes of cases. For investigators: references of statements, never more."""
    items: list[Waiting] = []
    if decide(actor, Action.DECIDE, Kind.CASE).allowed:
        items += _periods(actor, now)
        items += _withdrawn(actor, now)
    if decide(actor, Action.READ, Kind.STATEMENT).allowed:
        items += _ended(actor, now)
    return items


def _periods(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """Periods of the actor's own cases that end within a week or stand still."""
    mine = cases.visible(actor).filter(holder=actor.account, closed_at=None)
    rows = Deadline.objects.filter(
        instance__in=mine.filter(procedure__code="case_trafficking").values("procedure"),
        clock=protection.REFLECTION, ended_at=None,
    )  # fmt: skip
    due_soon = rows.filter(due__lte=now + SOON).select_related("instance").order_by("due")
    found = list(due_soon[:_MOST])
    codes = dict(
        mine.filter(procedure__in=[row.instance_id for row in found]).values_list(
            "procedure", "code"
        )
    )
    for row in found:
        code = codes[row.instance_id]
        yield Waiting(
            title=code,
            why=_("The recovery and reflection period ends soon. Talk about what comes next."),
            url=reverse("victims:protection", args=[code]),
            due=row.due, source=recovery.CITATION, verb=_("See what protects the person"),
        )  # fmt: skip


def _withdrawn(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """Statements that ended within a week: the person should know that it is done."""
    mine = cases.visible(actor).filter(holder=actor.account, closed_at=None)
    rows = GivenStatement.objects.filter(case__in=mine, ended_why="withdrawn")
    for row in rows.filter(ended_at__gte=now - SOON).select_related("case")[:_MOST]:
        yield Waiting(
            title=row.case.code,
            why=_("A statement was withdrawn and destroyed. Tell the person that it is done."),
            url=reverse("victims:protection", args=[row.case.code]), verb=_("See"),
        )  # fmt: skip


def _ended(actor: Actor, now: datetime) -> Iterator[Waiting]:
    for row in statements.ended_lately(actor, now):
        if row.ended_on is not None and row.ended_on >= timezone.localdate(now) - SOON:
            yield Waiting(
                title=row.reference,
                why=_(
                    "Not available since %(day)s. Destroy every copy and note, and stop using it."
                )
                % {"day": date_format(row.ended_on, "SHORT_DATE_FORMAT")},
                url=reverse("victims:statements"), verb=_("Statements"),
            )  # fmt: skip
