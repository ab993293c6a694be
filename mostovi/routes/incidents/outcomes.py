# SPDX-License-Identifier: EUPL-1.2
"""Outcomes as numbers, and what of them statistics may read: counts and codes, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.routes.incidents.models import Investigation, Outcome
from mostovi.routes.incidents.store import Unfit, code_of, handle

SEXES: Final = ("female", "male", "other")
AGE_GROUPS: Final = ("0-11", "12-13", "14-15", "16-17", "18-34", "35-59", "60-64", "65-")
"""The finest groups that tables of events know. An age in doubt is a child's (R7)."""
MOST: Final = 10_000


@transaction.atomic
def record_outcome(
    actor: Actor,
    *,
    stage: str,
    crime: str,
    happened_on: date,
    number: int,
    sex: str = "",
    age_group: str = "",
    investigation: Investigation | None = None,
    now: datetime | None = None,
) -> Outcome:
    """Record that `number` proceedings reached a stage, or people were identified as victims.

    Sex and age group are for victims alone; '' is not known. Raises `Unfit`, `Refused`.
    """
    require(actor, Action.CHANGE, Kind.INVESTIGATION)
    moment = now or timezone.now()
    if stage not in Outcome.Stage.values:
        raise Unfit("stage", gettext_noop("Choose one of the list."))
    if happened_on > timezone.localdate(moment):
        raise Unfit("happened_on", gettext_noop("This day is still to come."))
    if not 1 <= number <= MOST:
        raise Unfit("number", gettext_noop("Write a number from 1 to 10 000."))
    of_people = stage == Outcome.Stage.VICTIMS
    for field, value, allowed in (("sex", sex, SEXES), ("age_group", age_group, AGE_GROUPS)):
        if value and (not of_people or value not in allowed):
            raise Unfit(field, gettext_noop("Only for people identified as victims."))
    row = Outcome.objects.create(
        investigation=investigation, stage=stage, crime=code_of("crime", "crimes", crime),
        happened_on=happened_on, number=number, sex=sex, age_group=age_group,
        recorded_by=actor.account, recorded_at=moment,
    )  # fmt: skip
    record(
        actor, AuditTag.OUTCOME_RECORDED, handle=handle(row),
        detail={"stage": stage, "number": number},
    )  # fmt: skip
    return row


@transaction.atomic
def withdraw(actor: Actor, pk: UUID, now: datetime | None = None) -> Outcome:
    """Take a wrong number back: it stays, marked, and counts no longer."""
    row = visible(actor, Action.CHANGE).select_for_update().get(pk=pk)
    if row.withdrawn_at is None:
        row.withdrawn_at = now or timezone.now()
        row.save(update_fields=["withdrawn_at"])
        record(actor, AuditTag.OUTCOME_WITHDRAWN, handle=handle(row))
    return row


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[Outcome]:
    """The numbers within reach. Raises `Refused`."""
    require(actor, action, Kind.INVESTIGATION)
    return Outcome.objects.all()


# --- What statistics read ------------------------------------------------------------------------

_READ: Final = ("id", "stage", "crime", "happened_on", "number", "sex", "age_group")


def _counted(start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    first, last = timezone.localdate(start), timezone.localdate(end)
    rows = Outcome.objects.filter(
        happened_on__gte=first, happened_on__lt=last, withdrawn_at=None
    ).order_by()
    yield from rows.values(*_READ)


def _at(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, 12))


def proceedings(start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """One event for each stage that a proceeding reached (kind `proceeding`)."""
    for row in _counted(start, end):
        if row["stage"] == Outcome.Stage.VICTIMS:
            continue
        for number in range(row["number"]):
            yield {
                "record": f"{row['id']}:{number}", "at": _at(row["happened_on"]),
                "ground": row["crime"], "outcome": row["stage"],
            }  # fmt: skip


def victims(start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """One event for each person formally identified as a victim (kind `victim_identified`).

    From numbers that investigators record: no file of a person is behind any of them here.
    """
    for row in _counted(start, end):
        if row["stage"] != Outcome.Stage.VICTIMS:
            continue
        for number in range(row["number"]):
            yield {
                "record": f"{row['id']}:{number}", "at": _at(row["happened_on"]),
                "sex": row["sex"] or None, "age_group": row["age_group"] or None,
            }  # fmt: skip


SOURCES: Final = {"proceeding": proceedings, "victim_identified": victims}
"""Kinds of statistical events and who answers for them; `statistics.own_events` registers these."""
