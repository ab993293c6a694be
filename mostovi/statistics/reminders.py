# SPDX-License-Identifier: EUPL-1.2
"""The secretariat reminds a partner's node of a month that has not come.

One letter for each month and due day, written by the daily job or by the secretariat, and never
more than one a week to a partner. At the partner's node it waits on the home page of who prepares
months until the month is released; nothing else happens there (R4).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.models import Peer
from mostovi.exchange.reasons import LetterRefused
from mostovi.exchange.services import post
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.statistics import consolidating
from mostovi.statistics.catalogue import template
from mostovi.statistics.exchange_rules import Sent
from mostovi.statistics.models import MonthlyTable, Reminder
from mostovi.statistics.months import Month
from mostovi.statistics.services import SECRETARIAT

LETTER_TYPE: Final = "mostovi.statistics.reminder.v1"
WEEK: Final = timedelta(days=7)
LOOK_BACK: Final = 3
"""Months further back stand on the page of the exchange; nobody is reminded of a year."""
_THREADS: Final = UUID("5d9d8c2c-7b0e-4a5e-9d0f-2f1c6f0f4a21")
_NO_PERSONS: Final = {"none": "a due day, no data on persons"}
log = logging.getLogger(__name__)


class NotReminded(Exception):
    """No reminder was written; the text says why."""


@dataclass(frozen=True)
class Owed:
    """A month that a partner with a node owes. `since`: when it was reminded, if it was."""

    partner: str
    month: Month
    due: date
    since: datetime | None = None


def owed(today: date) -> list[Owed]:
    """What partners with a node owe of the last months, the oldest first."""
    nodes = set(Peer.objects.values_list("code", flat=True))
    written = {(one.partner, one.period, one.due): one.written_at
               for one in Reminder.objects.all()[:500]}  # fmt: skip
    return [
        Owed(one.partner, of.month, of.due, written.get((one.partner, str(of.month), of.due)))
        for one in consolidating.standings(today)
        if one.partner in nodes
        for of in reversed(one.months[:LOOK_BACK])
        if of.sent is Sent.OVERDUE
    ]


def may_remind(partner: str, found: Iterable[Owed], now: datetime) -> Owed | None:
    """The month to remind `partner` of: the oldest of which it was not; None within a week."""
    if Reminder.objects.filter(partner=partner, written_at__gt=now - WEEK).exists():
        return None
    return next((one for one in found if one.partner == partner and one.since is None), None)


@transaction.atomic
def write(actor: Actor, partner: str, *, now: datetime | None = None) -> Reminder:
    """Remind one partner's node. Raises `NotReminded`, `LetterRefused`."""
    require(actor, Action.SEND, Kind.REGIONAL_STATISTIC)
    now = now or timezone.now()
    if settings.MOSTOVI.partner != SECRETARIAT:
        raise NotReminded(_("Reminders are written at the secretariat's node."))
    return _remind(actor, partner, now)


def _remind(actor: Actor, partner: str, now: datetime) -> Reminder:
    # The job and an officer at once wait for each other here, so that the week holds.
    if not Peer.objects.select_for_update().filter(code=partner).exists():
        raise NotReminded(_("This partner has no node that a letter could go to."))
    one = may_remind(partner, owed(timezone.localdate(now)), now)
    if one is None:
        raise NotReminded(
            _("This partner owes no month that it was not reminded of, or was reminded this week.")
        )
    return _write(actor, one, now)


def _write(actor: Actor, one: Owed, now: datetime) -> Reminder:
    rule = template().due_source[:300]
    letter = post(
        Actor(actor.account, actor.role, Purpose.STATISTICS, actor.unit, actor.language),
        to=one.partner, letter_type=LETTER_TYPE, purpose=Purpose.STATISTICS, basis=_NO_PERSONS,
        data={"month": str(one.month), "due": one.due.isoformat(), "rule": rule}, now=now,
        expires=now + WEEK, thread=uuid5(_THREADS, f"{one.partner}:{one.month}"),
    )  # fmt: skip
    try:
        with transaction.atomic():
            reminder = Reminder.objects.create(
                partner=one.partner, period=str(one.month), due=one.due, rule=rule,
                written_at=now, letter_id=letter.pk,
            )  # fmt: skip
    except IntegrityError as error:
        raise NotReminded(_("A colleague has just reminded this partner.")) from error
    record(
        actor, AuditTag.STATISTICS_REMINDED,
        detail={"partner": one.partner, "month": str(one.month)},
    )  # fmt: skip
    return reminder


def write_due(now: datetime) -> int:
    """The daily job at the secretariat's node: remind who owes a month; how many were."""
    if settings.MOSTOVI.partner != SECRETARIAT:
        return 0
    found, made = owed(timezone.localdate(now)), 0
    for partner in dict.fromkeys(one.partner for one in found):
        if may_remind(partner, found, now) is None:
            continue
        try:
            with transaction.atomic():
                _remind(Actor.system(Purpose.STATISTICS), partner, now)
                made += 1
        except (LetterRefused, NotReminded) as refused:
            log.warning(
                "a reminder could not be written",
                extra={"peer": partner, "reason": str(getattr(refused, "reason", "raced"))},
            )
    return made


def receive(letter: ReceivedLetter) -> None:
    """At a partner's node: keep the reminder until the month is released. Raises `Reject`."""
    if letter.source != SECRETARIAT:
        raise Reject("not_the_secretariat", "Only the secretariat's node reminds of a month.")
    if not settings.MOSTOVI.holds_persons:
        raise Reject("not_for_us", "This node has no monthly counts of its own.")
    try:
        month, due = Month.parse(letter.data["month"]), date.fromisoformat(letter.data["due"])
    except ValueError as error:
        raise Reject("statistics_unacceptable", "The due day is no day.") from error
    _row, made = Reminder.objects.get_or_create(
        partner=settings.MOSTOVI.partner, period=str(month), due=due,
        defaults={
            "rule": letter.data["rule"], "written_at": letter.time, "letter_id": letter.id,
        },
    )  # fmt: skip
    if made:
        record(letter.actor, AuditTag.STATISTICS_REMINDED, detail={"month": str(month)})


def unanswered(*, months: int = 24) -> list[Reminder]:
    """At a partner's node: reminders of months that it has not released, the oldest first."""
    own = settings.MOSTOVI.partner
    released = MonthlyTable.objects.filter(partner=own).values("period")
    rows = Reminder.objects.filter(partner=own).exclude(period__in=released)
    return list(rows.order_by("period", "due")[:months])
