# SPDX-License-Identifier: EUPL-1.2
"""What waits in family tracing: possible matches to look at, and clocks of our side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
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
    mine = reach.matches(actor).filter(ended_at=None).order_by("-changed_at")
    matches = dict(mine.values_list("procedure", "code")[:500])
    looking = reach.requests(actor).filter(sought__ended_at=None).order_by("-changed_at")
    searches = dict(looking.values_list("sought__procedure", "code")[:500])
    live = Deadline.objects.filter(
        ended_at=None, outcome__in=LIVE, instance__in=[*matches, *searches]
    )
    for deadline in live.select_related("instance").order_by("due")[:_MOST]:
        if deadline.side != deadline.instance.side:
            continue
        code = matches.get(deadline.instance_id)
        name = "tracing:match" if code else "tracing:request"
        title = code or searches[deadline.instance_id]
        yield as_waiting(deadline, title=title, url=reverse(name, args=[title]), now=now)
