# SPDX-License-Identifier: EUPL-1.2
"""What a supervisor sees and does: caseload, what is late, quiet cases, approvals, handing over.

Everything lies within the actor's reach for supervision (the unit, or all), under the actor's
purpose. Names are not read here: lists hold codes, the case itself is opened to see who it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import yaml
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import recording, services, staff
from mostovi.cases.models import Case, CaseRecord
from mostovi.cases.vocabulary import Risk
from mostovi.content import CONTENT
from mostovi.procedures.models import Deadline, Outcome, Task
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.rows import within_scope
from mostovi.rights.services import record

_MOST = 50


class InvalidTransfer(ValueError):
    """The cases cannot be given on so; `field` names the input, the message what to do."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


@dataclass
class Load:
    """What one colleague holds: open cases by danger, and their weight together."""

    account: UUID
    by_risk: dict[str, int] = field(default_factory=dict)
    weight: int = 0
    is_former: bool = False

    @property
    def cases(self) -> int:
        """How many open cases."""
        return sum(self.by_risk.values())

    @property
    def is_heavy(self) -> bool:
        """Whether the weight is above the value of the settings file."""
        return self.weight > int(settings()["heavy_load"])


@cache
def settings() -> Mapping[str, Any]:
    """The weights and days of `content/cases/supervision.yaml`."""
    path = CONTENT / "cases" / "supervision.yaml"
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def supervised(actor: Actor, action: Action = Action.READ) -> QuerySet[Case]:
    """The open cases that `actor` supervises. Raises `Refused`."""
    scope = require(actor, action, Kind.SUPERVISION)
    return within_scope(Case.objects.filter(closed_at=None), actor, scope)


def caseload(actor: Actor) -> list[Load]:
    """Who holds how much, the heaviest first; a former colleague's cases are marked."""
    weights = settings()["weights"]
    loads: dict[UUID, Load] = {}
    counted = supervised(actor).order_by().values_list("holder", "risk").annotate(n=Count("pk"))
    for holder, risk, count in counted:
        load = loads.setdefault(holder, Load(holder))
        load.by_risk[risk] = count
        load.weight += weights.get(risk, 1) * count
    present = {one.account for one in staff.colleagues(actor)}
    for load in loads.values():
        load.is_former = load.account not in present
    return sorted(loads.values(), key=lambda load: (-load.is_former, -load.weight))


def late_deadlines(actor: Actor, now: datetime) -> list[tuple[Deadline, str, UUID]]:
    """Deadlines that have passed: (deadline, code of the case, holder), longest ago first."""
    late = Deadline.objects.filter(ended_at=None, outcome=Outcome.RUNNING, due__lt=now)
    reach = Exists(supervised(actor).filter(procedure=OuterRef("instance")))
    rows = list(late.filter(reach).select_related("instance").order_by("due")[:_MOST])
    return _with_cases(actor, rows)


def late_tasks(actor: Actor, now: datetime) -> list[tuple[Task, str, UUID]]:
    """Tasks that have passed, as `late_deadlines`."""
    late = Task.objects.filter(ended_at=None, due__lt=now)
    reach = Exists(supervised(actor).filter(procedure=OuterRef("instance")))
    rows = list(late.filter(reach).select_related("instance").order_by("due")[:_MOST])
    return _with_cases(actor, rows)


def _with_cases(actor: Actor, rows: Sequence[Any]) -> list[Any]:
    if not rows:
        return []
    cases = supervised(actor).filter(procedure__in={row.instance_id for row in rows})
    known = {
        procedure: (code, holder)
        for procedure, code, holder in cases.values_list("procedure", "code", "holder")
    }
    return [(row, *known[row.instance_id]) for row in rows if row.instance_id in known]


def quiet(actor: Actor, now: datetime) -> list[Case]:
    """Cases in which nothing was written for the days of the settings file, quietest first."""
    since = now - timedelta(days=int(settings()["quiet_days"]))
    return list(supervised(actor).filter(changed_at__lt=since).order_by("changed_at")[:_MOST])


def approvals(actor: Actor) -> list[CaseRecord]:
    """Records that wait for the approval of the actor's role, oldest first."""
    kinds = [
        kind.code
        for kind in recording.kinds().values()
        if kind.approval is not None and actor.role.value in kind.approval.roles
    ]
    waiting = CaseRecord.objects.filter(state="final", kind__in=kinds)
    reach = Exists(supervised(actor).filter(pk=OuterRef("case")))
    rows = waiting.filter(reach).select_related("case").order_by("changed_at")
    return [row for row in rows[:_MOST] if recording.may_decide(actor, row)]


def unlooked(actor: Actor) -> list[Case]:
    """Open cases that no quality checklist counts for yet, the most dangerous and oldest first."""
    looked = CaseRecord.objects.filter(case=OuterRef("pk"), kind="quality_checklist", counted__gt=0)
    rows = supervised(actor).filter(~Exists(looked))
    high = list(rows.filter(risk=Risk.HIGH).order_by("opened_at")[:10])
    return high or list(rows.order_by("opened_at")[:10])


def held_by(actor: Actor, account: UUID) -> list[Case]:
    """The supervised cases that a colleague holds, last changed first."""
    return list(supervised(actor).filter(holder=account).order_by("-changed_at")[:500])


@transaction.atomic
def transfer(
    actor: Actor,
    *,
    from_account: UUID,
    to_account: UUID,
    reason: str,
    codes: Sequence[str] | None = None,
    now: datetime | None = None,
) -> int:
    """Give all cases of a colleague, or those in `codes`, to another one; returns how many.

    Everything in them goes along; both are told on their home pages. Raises `InvalidTransfer`.
    """
    rows = supervised(actor, Action.DECIDE).filter(holder=from_account)
    if codes is not None:
        rows = rows.filter(code__in=codes)
    if from_account == to_account:
        raise InvalidTransfer("to", gettext_noop("Choose another colleague."))
    if not reason.strip():
        raise InvalidTransfer("reason", gettext_noop("Write why the cases are handed over."))
    receivers = {one.account: one for one in staff.colleagues(actor)}
    if to_account not in receivers:
        raise InvalidTransfer("to", gettext_noop("Choose a colleague who works on cases."))
    cases = list(rows.select_for_update(of=("self",)))
    if not cases or (codes is not None and len(cases) != len(set(codes))):
        raise InvalidTransfer("cases", gettext_noop("Choose the cases again; some have changed."))
    units = {case.unit for case in cases}
    if any(not _reaches(actor, to_account, unit) for unit in units):
        raise InvalidTransfer("to", gettext_noop("This colleague does not work in that unit."))
    moment = now or timezone.now()
    for case in cases:
        services.hand_on(actor, case, holder=to_account, reason=reason, now=moment)
    record(actor, AuditTag.CASES_TRANSFERRED, detail={"count": len(cases)})
    return len(cases)


def _reaches(actor: Actor, account: UUID, unit: str) -> bool:
    return any(one.account == account for one in staff.colleagues(actor, unit=unit))
