# SPDX-License-Identifier: EUPL-1.2
"""The verbs on investigations: open, gather incidents, keep the checklist, end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record, record_many
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.routes.incidents import outcomes, record_codes, store
from mostovi.routes.incidents.catalogue import MARKS, checklist
from mostovi.routes.incidents.models import Incident, Investigation, Outcome
from mostovi.routes.incidents.store import Unfit, code_of, fit, handle


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[Investigation]:
    """The investigations within reach. Raises `Refused` for everybody but investigators."""
    require(actor, action, Kind.INVESTIGATION)
    return Investigation.objects.all()


def find(actor: Actor, code: str, action: Action = Action.READ) -> Investigation:
    """One investigation. Raises `Investigation.DoesNotExist`, absent or out of reach alike."""
    return visible(actor, action).get(code=code)


@transaction.atomic
def open_investigation(
    actor: Actor, *, crime: str, title: str, summary: str = "",
    incidents: Sequence[Incident] = (), now: datetime | None = None,
) -> Investigation:  # fmt: skip
    """Open an investigation and count it (an outcome of one)."""
    require(actor, Action.CREATE, Kind.INVESTIGATION)
    moment = now or timezone.now()
    row = Investigation(
        key_id=vault().new_key(),
        code=record_codes.new_code(
            "investigation", lambda code: Investigation.objects.filter(code=code).exists()
        ),
        crime=code_of("crime", "crimes", crime), checklist={},
        checklist_version=checklist().version, created_by=actor.account, opened_at=moment,
        changed_at=moment,
    )  # fmt: skip
    row.seal_values(
        {"title": fit("title", title, needed=True, longest=200), "summary": fit("summary", summary)}
    )
    row.save(force_insert=True)
    row.incidents.set(store.visible(actor).filter(pk__in=[one.pk for one in incidents]))
    outcomes.record_outcome(
        actor, stage=Outcome.Stage.INVESTIGATION, crime=crime, number=1, investigation=row,
        happened_on=timezone.localdate(moment), now=moment,
    )  # fmt: skip
    record(actor, AuditTag.INVESTIGATION_OPENED, handle=handle(row), detail={"crime": crime})
    return row


@transaction.atomic
def read(actor: Actor, row: Investigation) -> Mapping[str, Any]:
    """Its sealed values; the reading is logged."""
    row = visible(actor).get(pk=row.pk)
    record(actor, AuditTag.INVESTIGATION_READ, handle=handle(row))
    return row.values()


@transaction.atomic
def listed(
    actor: Actor, rows: Sequence[Investigation]
) -> Sequence[tuple[Investigation, Mapping[str, Any] | None]]:
    """Investigations of a page with their titles; each reading is logged."""
    require(actor, Action.READ, Kind.INVESTIGATION)
    if rows:
        record_many(actor, AuditTag.INVESTIGATION_LISTED, handles=[handle(row) for row in rows])
    return opened(rows)


def _changed(actor: Actor, row: Investigation, what: str, moment: datetime) -> None:
    row.changed_at = moment
    row.save()
    record(actor, AuditTag.INVESTIGATION_CHANGED, handle=handle(row), detail={"what": what})


def _open(actor: Actor, row: Investigation) -> Investigation:
    found = visible(actor, Action.CHANGE).select_for_update().get(pk=row.pk)
    if found.ended_at is not None:
        raise Unfit("", gettext_noop("This investigation has ended."))
    return found


@transaction.atomic
def add_incident(
    actor: Actor, row: Investigation, code: str, now: datetime | None = None
) -> Investigation:
    """Gather an incident by its code. Raises `Unfit`."""
    row = _open(actor, row)
    incident = store.visible(actor).filter(code=code.strip().upper()).first()
    if incident is None:
        raise Unfit("code", gettext_noop("No incident has this code."))
    row.incidents.add(incident)
    _changed(actor, row, "incident", now or timezone.now())
    return row


@transaction.atomic
def mark(
    actor: Actor, row: Investigation, marks: Mapping[str, str], now: datetime | None = None
) -> Investigation:
    """Say how far each line of the checklist is. Raises `Unfit`."""
    row = _open(actor, row)
    known = {item.code for item in checklist().items}
    for code, value in marks.items():
        if code not in known or value not in MARKS:
            raise Unfit(code, gettext_noop("Choose one of the list."))
    row.checklist = row.checklist | dict(marks)
    row.checklist_version = checklist().version
    _changed(actor, row, "checklist", now or timezone.now())
    return row


def not_yet(row: Investigation) -> list[str]:
    """Lines of the checklist that are open; a line nobody has answered is open (R6)."""
    return [
        item.code
        for item in checklist().items
        if row.checklist.get(item.code, "not_yet") == "not_yet"
    ]


@transaction.atomic
def end(actor: Actor, row: Investigation, now: datetime | None = None) -> Investigation:
    """End the investigation here; its numbers stay. Raises `Unfit` while joint work runs."""
    row = _open(actor, row)
    if row.joint_works.filter(procedure__over_at=None).exists():
        raise Unfit("", gettext_noop("End the joint work first: the other authority must know."))
    row.ended_at = now or timezone.now()
    _changed(actor, row, "ended", row.ended_at)
    return row
