# SPDX-License-Identifier: EUPL-1.2
"""What waits for somebody in cases and referrals: deadlines of our side, and what is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.cases import referring, services
from mostovi.cases.models import Direction
from mostovi.procedures.models import LIVE, Deadline
from mostovi.procedures.presentation import as_waiting
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

_MOST = 50
_FEW = 500


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Deadlines of the actor's cases and referrals, and drafts not yet sent; codes, never names."""
    items: list[Waiting] = []
    if decide(actor, Action.CHANGE, Kind.CASE).allowed:
        items += _case_deadlines(actor, now)
    if decide(actor, Action.DECIDE, Kind.REFERRAL).allowed:
        items += _referral_deadlines(actor, now)
        items += _unfinished(actor)
    return items


def _case_deadlines(actor: Actor, now: datetime) -> Iterator[Waiting]:
    mine = services.visible(actor).filter(holder=actor.account, closed_at=None)
    rows = _live(mine)
    codes = _codes(mine, rows)
    for deadline in rows:
        code = codes[deadline.instance_id]
        yield as_waiting(deadline, title=code, url=reverse("cases:case", args=[code]), now=now)


def _referral_deadlines(actor: Actor, now: datetime) -> Iterator[Waiting]:
    unfinished = referring.visible(actor).filter(ended_at=None)
    rows = [d for d in _live(unfinished) if d.side == d.instance.side]
    codes = _codes(unfinished, rows)
    for deadline in rows:
        code = codes[deadline.instance_id]
        yield as_waiting(deadline, title=code, url=reverse("cases:referral", args=[code]), now=now)


def _live(records: QuerySet[Any]) -> list[Deadline]:
    """The most pressing live clocks of these cases or referrals.

    Few records are asked for their clocks. With very many, the clocks are asked in order of their
    end whether they belong to one of them, and enough are soon found.
    """
    live = Deadline.objects.filter(ended_at=None, outcome__in=LIVE)
    few = list(records.order_by().values_list("procedure", flat=True)[: _FEW + 1])
    if len(few) <= _FEW:
        live = live.filter(instance__in=few)
    else:
        live = live.filter(Exists(records.filter(procedure=OuterRef("instance"))))
    return list(live.select_related("instance").order_by("due")[:_MOST])


def _codes(rows: QuerySet[Any], deadlines: Sequence[Deadline]) -> dict[UUID, str]:
    wanted = rows.filter(procedure__in=[deadline.instance_id for deadline in deadlines])
    return dict(wanted.values_list("procedure", "code"))


def _unfinished(actor: Actor) -> Iterator[Waiting]:
    """Drafts of my own, letters that could not be delivered, emergencies for a second reviewer."""
    rows = referring.visible(actor).filter(direction=Direction.SENT, ended_at=None)
    drafts = rows.filter(holder=actor.account, letter_id=None)
    for referral in drafts.select_related("procedure")[:_MOST]:
        if referral.procedure.state != "emergency_review":
            yield _plain(referral.code, _("Referral not sent yet"), _("Finish"))
    for referral in rows.exclude(undeliverable="")[:_MOST]:
        yield _plain(referral.code, _("The receiver did not take the referral"), _("See why"))
    for referral in referring.visible(actor).filter(untold_at__isnull=False)[:_MOST]:
        yield _plain(
            referral.code, _("The other institution does not know of your last step"), _("See why")
        )
    emergencies = rows.filter(procedure__state="emergency_review")
    for referral in emergencies.exclude(created_by=actor.account)[:_MOST]:
        yield _plain(referral.code, _("Emergency referral needs a second reviewer"), _("Review"))


def _plain(code: str, why: str, verb: str) -> Waiting:
    return Waiting(title=code, why=why, url=reverse("cases:referral", args=[code]), verb=verb)
