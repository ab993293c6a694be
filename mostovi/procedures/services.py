# SPDX-License-Identifier: EUPL-1.2
"""The verbs of a running procedure: start it, take a step, hear of one, stop and extend clocks.

Order of use: `start` once; then `apply` for a step taken here and `hear` for one that a letter
reports from the other side; `choices` says what may be done now. Clocks start, stop, go on and
end by themselves as the file says; `suspend`, `resume` and `extend` are for what happens outside
the steps. `flag_overdue` only flags: nobody is refused by a job.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mostovi.procedures import clock as clocks
from mostovi.procedures import gates as gate_registry
from mostovi.procedures import library, state, tasks
from mostovi.procedures.deadlines import RISKS, clock_in_force
from mostovi.procedures.definition import Clock, Procedure, Transition, Unit
from mostovi.procedures.holidays import holidays_of
from mostovi.procedures.loader import load
from mostovi.procedures.models import (
    LIVE,
    Deadline,
    Definition,
    Event,
    Extension,
    Instance,
    Outcome,
    Suspension,
)
from mostovi.procedures.state import Asker, Choice, GateAnswer, Happened, Reason, StepRefused, Why
from mostovi.rights.access import Action, Actor, Kind, Refusal, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose, open_for
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.rights.vault import vault

logger = logging.getLogger(__name__)


class ChangedWithoutVersion(Exception):
    """A procedure file was edited and kept its version: raise the version in the file."""


class NotExtendable(Exception):
    """The file allows no extension of this deadline, or no further one."""


class NotLive(Exception):
    """The deadline has ended, is stopped twice, or is to go on while it runs."""


def definition(code: str, version: int) -> Procedure:
    """The procedure that instances of `version` run on. Raises `UnknownProcedure`."""
    shipped = library.shipped().get(code)
    if shipped is not None and shipped.procedure.version == version:
        return shipped.procedure
    return _stored(code, version)


@lru_cache(maxsize=64)
def _stored(code: str, version: int) -> Procedure:
    row = Definition.objects.filter(code=code, version=version).first()
    if row is None:
        raise library.UnknownProcedure(f"there is no version {version} of procedure '{code}'")
    return load(row.text, f"{code}.yaml, version {version}")


def procedure_of(instance: Instance) -> Procedure:
    """The version of the procedure that `instance` runs on."""
    return definition(instance.code, instance.version)


@transaction.atomic
def start(
    actor: Actor,
    *,
    code: str,
    side: str,
    subject: UUID,
    at: datetime | None = None,
    partners: Mapping[str, str] | None = None,
    key_id: UUID | None = None,
) -> Instance:
    """Begin procedure `code` about `subject` in its start state; it finishes on this version.

    side: ours. partners: side → partner code whose holidays count for it (default: this node's).
    key_id: the key of the person concerned, so that erasing the person erases the reasons given.
    Raises `UnknownProcedure`, `ChangedWithoutVersion`, `Refused`, `ValueError` (unknown side).
    """
    file = library.current(code)
    procedure = file.procedure
    if actor.purpose not in procedure.purposes:
        raise Refused(Action.CREATE, Kind.PROCEDURE, Refusal.CLOSED_TO_PURPOSE)
    if side not in procedure.sides:
        raise ValueError(f"procedure '{code}' has no side '{side}'")
    now = at or timezone.now()
    remember(file, now)
    instance = Instance.objects.create(
        code=code,
        version=procedure.version,
        side=side,
        purpose=actor.purpose.value,
        subject=subject,
        key_id=key_id or vault().new_key(),
        partners=dict.fromkeys(procedure.sides, settings.MOSTOVI.partner) | dict(partners or {}),
        state=procedure.start.code,
        started_at=now,
        changed_at=now,
    )
    _log(actor, AuditTag.PROCEDURE_STARTED, instance, code)
    return instance


def remember(file: library.ProcedureFile, now: datetime) -> None:
    """Keep the text of a version that is used. Raises `ChangedWithoutVersion`."""
    procedure = file.procedure
    row, _ = Definition.objects.get_or_create(
        code=procedure.code,
        version=procedure.version,
        defaults={"text": file.text, "digest": file.digest, "first_used_at": now},
    )
    if row.digest != file.digest:
        raise ChangedWithoutVersion(
            f"content/procedures/{procedure.code}.yaml differs from the version "
            f"{procedure.version} that is in use; give the changed file version "
            f"{procedure.version + 1}"
        )


@transaction.atomic
def apply(
    actor: Actor,
    *,
    instance: Instance,
    verb: str,
    at: datetime | None = None,
    reason: str = "",
    documents: Collection[str] = (),
    gates: Mapping[str, GateAnswer] | None = None,
) -> Event:
    """Take step `verb` on our side, at `at` (default now). Raises `StepRefused` with all reasons.

    documents: codes of the documents that exist. gates: answers the caller already has; the rest
    is asked of the packages that registered them.
    """
    _require_purpose(actor, instance)
    now = timezone.now()
    locked = _locked(instance)
    procedure, events = procedure_of(locked), locked.happened()
    here = state.current_state(procedure, events)
    known = gate_registry.answers(procedure, locked, here, now, gates)
    asker = Asker(actor.role.value, locked.side, actor.account)
    step = state.check(
        procedure, events, verb, asker, gates=known, documents=documents, reason=reason
    )
    event = _append(
        locked, events, step.verb, here, step.to,
        side=step.side, actor=actor, at=at or now, now=now, reason=reason,
        gates=step.gates, documents=step.documents,
    )  # fmt: skip
    _move(instance, locked, procedure, step, event)
    _log(actor, AuditTag.PROCEDURE_STEP_TAKEN, locked, verb)
    return event


@transaction.atomic
def hear(
    actor: Actor,
    *,
    instance: Instance,
    verb: str,
    at: datetime,
    reason: str = "",
    role: str = Role.SYSTEM.value,
) -> Event:
    """Record a step that the other side took (its letter or receipt); its gates were its own.

    A step that crossed ours, so that it cannot follow from our state any more, is kept as
    `crossed` and changes nothing; the caller shows it to a person. Raises `StepRefused` for a
    verb that the file does not give to the other side.
    """
    _require_purpose(actor, instance)
    now = timezone.now()
    locked = _locked(instance)
    procedure, events = procedure_of(locked), locked.happened()
    side = procedure.side_of(verb)
    if side in {None, locked.side}:
        raise StepRefused(verb, [Reason(Why.OTHER_SIDE, locked.side)])
    here = state.current_state(procedure, events)
    step = procedure.transition(verb, here)
    event = _append(
        locked, events, verb, here, step.to if step else here,
        side=str(side), actor=None, role=role, at=at, now=now, reason=reason, crossed=step is None,
    )  # fmt: skip
    if step is not None:
        _move(instance, locked, procedure, step, event)
    _log(actor, AuditTag.PROCEDURE_STEP_HEARD, locked, verb)
    return event


def choices(
    actor: Actor,
    *,
    instance: Instance,
    documents: Collection[str] = (),
    gates: Mapping[str, GateAnswer] | None = None,
    now: datetime | None = None,
) -> list[Choice]:
    """Every verb of the current state for `actor`, the refused ones with reasons. Reads only."""
    _require_purpose(actor, instance)
    procedure, events = procedure_of(instance), instance.happened()
    here = state.current_state(procedure, events)
    known = gate_registry.answers(procedure, instance, here, now or timezone.now(), gates)
    asker = Asker(actor.role.value, instance.side, actor.account)
    return state.choices(procedure, events, asker, gates=known, documents=documents)


@transaction.atomic
def suspend(actor: Actor, *, deadline: Deadline, at: datetime, cause: str) -> Suspension:
    """Stop a running clock at `at`; `cause` is a code. Raises `NotLive`."""
    _require_purpose(actor, deadline.instance)
    suspension = _suspend(deadline, at, cause)
    _log(actor, AuditTag.DEADLINE_SUSPENDED, deadline.instance, deadline.clock)
    return suspension


@transaction.atomic
def resume(actor: Actor, *, deadline: Deadline, at: datetime) -> datetime:
    """Let a stopped clock go on at `at`; returns the new deadline. Raises `NotLive`."""
    _require_purpose(actor, deadline.instance)
    due = _resume(deadline, at)
    _log(actor, AuditTag.DEADLINE_RESUMED, deadline.instance, deadline.clock)
    return due


@transaction.atomic
def extend(actor: Actor, *, deadline: Deadline, at: datetime) -> Extension:
    """Make a live deadline longer by what its file allows. Raises `NotExtendable`, `NotLive`."""
    _require_purpose(actor, deadline.instance)
    if not deadline.is_live:
        raise NotLive("this deadline has ended")
    rule = rule_of(deadline).extension
    if rule is None or deadline.extensions.count() >= rule.at_most:
        raise NotExtendable("the procedure allows no further extension of this deadline")
    extension = Extension.objects.create(
        deadline=deadline,
        amount=rule.amount,
        unit=rule.unit.value,
        granted_at=at,
        account=actor.account,
    )
    deadline.due = _due(deadline)
    deadline.flagged_at = None
    deadline.save(update_fields=["due", "flagged_at"])
    _log(actor, AuditTag.DEADLINE_EXTENDED, deadline.instance, deadline.clock)
    return extension


@transaction.atomic
def set_risk(actor: Actor, *, instance: Instance, risk: str) -> int:
    """Say how great the danger is; live deadlines and tasks are counted anew from their start.

    Returns how many deadlines moved. Raises `ValueError` for a word that is no risk.
    """
    _require_purpose(actor, instance)
    if risk not in {*RISKS, "unknown"}:
        raise ValueError(f"'{risk}' is no degree of risk")
    locked = _locked(instance)
    locked.risk = instance.risk = risk
    locked.save(update_fields=["risk"])
    moved = 0
    for deadline in locked.deadlines.filter(outcome=Outcome.RUNNING):
        deadline.instance = locked
        due = _due(deadline)
        if due != deadline.due:
            deadline.due, deadline.flagged_at = due, None
            deadline.save(update_fields=["due", "flagged_at"])
            moved += 1
    tasks.count_again(locked, procedure_of(locked))
    record(
        actor, AuditTag.DEADLINES_RECOUNTED, handle=vault().handle("procedure", locked.pk),
        detail={"procedure": locked.code, "risk": risk, "moved": moved},
    )  # fmt: skip
    return moved


def live_deadlines(purpose: Purpose, *, side: str | None = None) -> QuerySet[Deadline]:
    """Deadlines that run or stand still, nearest first, of instances held for `purpose`."""
    rows = Deadline.objects.filter(outcome__in=LIVE, instance__purpose=purpose.value)
    if side is not None:
        rows = rows.filter(side=side)
    return rows.select_related("instance").order_by("due")


@transaction.atomic
def flag_overdue(now: datetime) -> int:
    """Flag running deadlines that have passed; changes no state. Returns how many are new."""
    live = Deadline.objects.filter(ended_at=None, outcome=Outcome.RUNNING)
    over = live.filter(due__lt=now, flagged_at=None)
    count = over.update(flagged_at=now)
    if count:
        record(
            Actor.system(Purpose.GOVERNANCE), AuditTag.DEADLINES_FLAGGED, detail={"count": count}
        )
    return count


@transaction.atomic
def erase(actor: Actor, *, instance: Instance) -> None:
    """Delete an instance with everything under it, at the end of its retention."""
    _require_purpose(actor, instance)
    _log(actor, AuditTag.PROCEDURE_ERASED, instance, instance.code)
    Event.objects.filter(instance=instance).end_retention()
    instance.delete()


def replayed_state(instance: Instance) -> str:
    """The state the events lead to; differs from `instance.state` only after tampering."""
    return state.current_state(procedure_of(instance), instance.happened())


def _require_purpose(actor: Actor, instance: Instance) -> None:
    if not open_for(Purpose(instance.purpose), actor.purpose):
        raise Refused(Action.CHANGE, Kind.PROCEDURE, Refusal.CLOSED_TO_PURPOSE)


def _locked(instance: Instance) -> Instance:
    """The row as it is now; two steps at once queue here."""
    return Instance.objects.select_for_update().get(pk=instance.pk)


def _append(
    instance: Instance,
    events: Sequence[Happened],
    verb: str,
    from_state: str,
    to_state: str,
    *,
    side: str,
    actor: Actor | None,
    at: datetime,
    now: datetime,
    reason: str,
    role: str = "",
    crossed: bool = False,
    gates: Sequence[str] = (),
    documents: Sequence[str] = (),
) -> Event:
    event = Event(
        instance=instance,
        sequence=len(events) + 1,
        verb=verb,
        from_state=from_state,
        to_state=to_state,
        side=side,
        role=actor.role.value if actor else role,
        account=actor.account if actor else None,
        at=at,
        recorded_at=now,
        crossed=crossed,
        gates=list(gates),
        documents=list(documents),
        key_id=instance.key_id,
    )
    if reason.strip():
        event.seal_values({"reason": reason.strip()})
    event.save()
    return event


def _move(
    given: Instance, locked: Instance, procedure: Procedure, step: Transition, event: Event
) -> None:
    """Follow the step: state, then clocks. `given` is the caller's copy, kept in step."""
    locked.state, locked.changed_at = step.to, event.at
    locked.over_at = event.at if procedure.is_over(step.to) else None
    locked.save(update_fields=["state", "changed_at", "over_at"])
    given.state, given.changed_at, given.over_at = step.to, event.at, locked.over_at
    tasks.follow(locked, procedure, step, event)
    live = {d.clock: d for d in locked.deadlines.filter(outcome__in=LIVE)}
    for clock in procedure.clocks.values():
        _tick(locked, procedure, clock, live.get(clock.code), step, event)


def _tick(
    instance: Instance,
    procedure: Procedure,
    clock: Clock,
    live: Deadline | None,
    step: Transition,
    event: Event,
) -> None:
    """What `event` does to one clock."""
    if live is not None:
        if step.verb in clock.met_by:
            late = live.is_overdue(event.at)
            _end(live, Outcome.MET_LATE if late else Outcome.MET, event.at)
        elif step.verb == clock.silence_verb:
            _end(live, Outcome.LAPSED, event.at)
        elif procedure.is_over(step.to) or step.verb in clock.starts_on:
            _end(live, Outcome.ENDED, event.at)
        elif step.verb in clock.suspended_by and live.outcome == Outcome.RUNNING:
            _suspend(live, event.at, step.verb)
        elif step.verb in clock.resumed_by and live.outcome == Outcome.SUSPENDED:
            _resume(live, event.at)
    if step.verb in clock.starts_on and not procedure.is_over(step.to):
        deadline = Deadline(
            instance=instance, clock=clock.code, side=clock.side, started_at=event.at
        )
        rule = clock_of(instance, procedure, clock, event.at)
        deadline.due = clocks.deadline(
            clocks.Period(rule.amount, rule.unit), event.at, calendar=_calendar(deadline)
        )
        deadline.save()


def _end(deadline: Deadline, outcome: Outcome, at: datetime) -> None:
    deadline.suspensions.filter(ended_at=None).update(ended_at=at)
    deadline.outcome, deadline.ended_at = outcome, at
    deadline.save(update_fields=["outcome", "ended_at"])


def _suspend(deadline: Deadline, at: datetime, cause: str) -> Suspension:
    if deadline.outcome != Outcome.RUNNING:
        raise NotLive("only a running clock can be stopped")
    start_at = max(at, deadline.started_at)
    suspension = Suspension.objects.create(deadline=deadline, started_at=start_at, cause=cause)
    deadline.outcome, deadline.due = Outcome.SUSPENDED, None
    deadline.save(update_fields=["outcome", "due"])
    return suspension


def _resume(deadline: Deadline, at: datetime) -> datetime:
    open_one = deadline.suspensions.filter(ended_at=None).first()
    if deadline.outcome != Outcome.SUSPENDED or open_one is None:
        raise NotLive("only a stopped clock can go on")
    # Two nodes' clocks differ by seconds; a stop never ends before it began.
    open_one.ended_at = max(at, open_one.started_at)
    open_one.save(update_fields=["ended_at"])
    due = _due(deadline)
    if due is None:  # pragma: no cover - the only open suspension was just closed
        raise AssertionError("a resumed clock has a deadline")
    deadline.outcome, deadline.due, deadline.flagged_at = Outcome.RUNNING, due, None
    deadline.save(update_fields=["outcome", "due", "flagged_at"])
    return due


def clock_of(instance: Instance, procedure: Procedure, clock: Clock, started: datetime) -> Clock:
    """`clock` with the period in force for this instance's partner and risk (`deadlines`)."""
    calendar = holidays_of(instance.partners[clock.side]).calendar
    return clock_in_force(
        procedure.code, clock, partner=instance.partners[clock.side], risk=instance.risk,
        on=calendar.day_of(started),
    )  # fmt: skip


def rule_of(deadline: Deadline) -> Clock:
    """The clock of a deadline with the period and citation that count for it."""
    procedure = procedure_of(deadline.instance)
    clock = procedure.clocks[deadline.clock]
    return clock_of(deadline.instance, procedure, clock, deadline.started_at)


def _calendar(deadline: Deadline) -> clocks.Calendar:
    return holidays_of(deadline.instance.partners[deadline.side]).calendar


def _due(deadline: Deadline) -> datetime | None:
    """The deadline counted again from its start, its stops and its extensions."""
    rule = rule_of(deadline)
    return clocks.deadline(
        clocks.Period(rule.amount, rule.unit),
        deadline.started_at,
        calendar=_calendar(deadline),
        suspensions=[clocks.Interval(s.started_at, s.ended_at) for s in deadline.suspensions.all()],
        extensions=[clocks.Period(e.amount, Unit(e.unit)) for e in deadline.extensions.all()],
    )


def _log(actor: Actor, tag: AuditTag, instance: Instance, step: str) -> None:
    record(
        actor,
        tag,
        handle=vault().handle("procedure", instance.pk),
        detail={"procedure": instance.code, "step": step},
    )
