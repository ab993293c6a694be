# SPDX-License-Identifier: EUPL-1.2
"""What waits in transfers: deadlines of our side, what did not arrive, what nobody answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.cases.models import Direction
from mostovi.cases.transfers import transferring
from mostovi.cases.transfers.models import Transfer
from mostovi.procedures.models import LIVE, Deadline
from mostovi.procedures.presentation import as_waiting
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

_MOST = 50


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Transfers that need somebody here; codes, never names."""
    if not decide(actor, Action.DECIDE, Kind.REFERRAL).allowed:
        return []
    rows = transferring.visible(actor)
    # One statement decides whether there is anything at all: for most there is not.
    under_way = Q(ended_at=None) | Q(
        direction=Direction.RECEIVED, case__isnull=True, passed_at__isnull=False
    )
    open_rows = list(rows.filter(under_way).select_related("procedure")[:_MOST])
    if not open_rows:
        return []
    return [*_deadlines(open_rows, now), *_plain(open_rows, actor)]


def _deadlines(rows: list[Transfer], now: datetime) -> Iterator[Waiting]:
    """Ours to meet; and those of the other end that have passed, which are ours to act on."""
    of = {row.procedure_id: row for row in rows}
    live = Deadline.objects.filter(ended_at=None, outcome__in=LIVE, instance__in=of)
    for deadline in live.select_related("instance").order_by("due"):
        row = of[deadline.instance_id]
        ours = deadline.side == row.procedure.side
        if ours or (row.direction == Direction.SENT and deadline.is_overdue(now)):
            url = reverse("transfers:transfer", args=[row.code])
            yield as_waiting(deadline, title=row.code, url=url, now=now)


def _plain(rows: list[Transfer], actor: Actor) -> Iterator[Waiting]:
    for row in rows:
        if row.direction == Direction.SENT and row.letter_id is None:
            if row.holder == actor.account:
                yield _line(row, _("Transfer not sent yet"), _("Finish"))
        elif row.undeliverable and row.direction == Direction.SENT:
            yield _line(
                row, _("The other institution did not get the case; you are responsible"),
                _("Take it back or try elsewhere"),
            )  # fmt: skip
        elif row.undeliverable:
            yield _line(row, _("Your answer did not arrive; call them"), _("See why"))
        elif row.passed_at is not None and row.case_id is None:
            yield _line(row, _("You are responsible: open the case"), _("Open it"))


def _line(row: Transfer, why: str, verb: str) -> Waiting:
    url = reverse("transfers:transfer", args=[row.code])
    return Waiting(title=row.code, why=why, url=url, verb=verb)
