# SPDX-License-Identifier: EUPL-1.2
"""What waits: periods that end soon, statements withdrawn (on either side of the wall)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery, Value
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
        items += _of_my_cases(actor, now)
    if decide(actor, Action.READ, Kind.STATEMENT).allowed:
        items += _ended(actor, now)
    return items


def _of_my_cases(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """What waits in the actor's own cases, in one statement from the small side.

    Periods that end within a week, and statements that ended within a week: the
    person should know that it is done.
    """
    mine = cases.visible(actor).filter(holder=actor.account, closed_at=None).order_by()
    of_clock = mine.filter(
        procedure=OuterRef("instance"), procedure__code="case_trafficking"
    ).values("code")[:1]
    periods = Deadline.objects.filter(
        due__lte=now + SOON, clock=protection.REFLECTION, ended_at=None
    ).annotate(case_code=Subquery(of_clock))
    of_statement = mine.filter(pk=OuterRef("case")).values("code")[:1]
    withdrawn = GivenStatement.objects.filter(
        ended_why="withdrawn", ended_at__gte=now - SOON
    ).annotate(case_code=Subquery(of_statement))
    rows = (
        periods.order_by()
        .filter(case_code__isnull=False)
        .values_list("case_code", "due", Value("period"))
        .union(
            withdrawn.order_by()
            .filter(case_code__isnull=False)
            .values_list("case_code", "ended_at", Value("withdrawn")),
            all=True,
        )
    )
    for code, due, what in rows[: 2 * _MOST]:
        url = reverse("victims:protection", args=[code])
        if what == "period":
            yield Waiting(
                title=code,
                why=_("The recovery and reflection period ends soon. Talk about what comes next."),
                url=url, due=due, source=recovery.CITATION, verb=_("See what protects the person"),
            )  # fmt: skip
        else:
            yield Waiting(
                title=code,
                why=_("A statement was withdrawn and destroyed. Tell the person that it is done."),
                url=url, verb=_("See"),
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
