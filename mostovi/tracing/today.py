# SPDX-License-Identifier: EUPL-1.2
"""What waits in family tracing: possible matches to look at, and clocks of our side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.procedures.models import LIVE, Deadline
from mostovi.procedures.presentation import as_waiting
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.tracing import reach
from mostovi.tracing.models import Side

_MOST = 50


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """By codes, never by names."""
    if not decide(actor, Action.DECIDE, Kind.TRACING).allowed:
        return []
    return [*_possible(actor, now), *_deadlines(actor, now)]


def _possible(actor: Actor, now: datetime) -> Iterator[Waiting]:
    rows = reach.matches(actor).filter(
        Q(ask_again_on=None) | Q(ask_again_on__lte=now.date()),
        side=Side.HOLDER, ended_at=None, procedure__state="proposed",
    )  # fmt: skip
    for match in rows.order_by("created_at")[:_MOST]:
        yield Waiting(
            title=match.code,
            why=_("Somebody may be looking for a person here."),
            url=reverse("tracing:match", args=[match.code]),
            verb=_("Look at it"),
        )


def _deadlines(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """Clocks of our side, with the code of what they belong to, in one statement."""
    mine = reach.matches(actor).filter(ended_at=None).order_by()
    looking = reach.requests(actor).filter(sought__ended_at=None).order_by()
    live = Deadline.objects.filter(
        Q(instance__in=mine.values("procedure"))
        | Q(instance__in=looking.values("sought__procedure")),
        ended_at=None, outcome__in=LIVE, side=F("instance__side"),
    ).annotate(
        match=Subquery(mine.filter(procedure=OuterRef("instance")).values("code")[:1]),
        search=Subquery(looking.filter(sought__procedure=OuterRef("instance")).values("code")[:1]),
    )  # fmt: skip
    for deadline in live.select_related("instance").order_by("due")[:_MOST]:
        name = "tracing:match" if deadline.match else "tracing:request"
        title = deadline.match or deadline.search
        yield as_waiting(deadline, title=title, url=reverse(name, args=[title]), now=now)
