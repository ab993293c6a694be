# SPDX-License-Identifier: EUPL-1.2
"""Takes in procedures that already ran: from an older system, or the synthetic world.

Many at once, with the same result as taking each step when it happened, except that gates are not
asked (their moment has passed) and one log entry stands for the whole batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from mostovi.procedures import library, services, tasks
from mostovi.procedures.definition import Procedure, Transition
from mostovi.procedures.holidays import holidays_of
from mostovi.procedures.models import Deadline, Event, Instance, Outcome, Suspension, Task
from mostovi.procedures.runs import Run, runs
from mostovi.procedures.state import Happened, NotInFile
from mostovi.rights.access import Action, Actor, Kind, Refusal, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.bulk import insert, new_id
from mostovi.rights.services import record
from mostovi.rights.vault import vault


@dataclass(frozen=True, slots=True)
class PastStep:
    """One step that was taken."""

    verb: str
    at: datetime
    role: str
    account: UUID | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """One procedure that ran, seen from `side`; `key_id` seals the reasons."""

    code: str
    side: str
    subject: UUID
    key_id: UUID
    started_at: datetime
    steps: Sequence[PastStep] = ()
    partners: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def take_in(actor: Actor, pasts: Sequence[Past], *, now: datetime) -> list[Instance]:
    """Store the procedures with their events and clocks; returns them in the same order.

    Raises `NotInFile` when a step is no transition of the file, `Refused`, `UnknownProcedure`;
    then nothing is stored.
    """
    instances: list[Instance] = []
    events: list[Event] = []
    deadlines: list[Deadline] = []
    stops: list[Suspension] = []
    waiting: list[Task] = []
    to_seal: list[tuple[Event, str]] = []
    for code in {past.code for past in pasts}:
        _require_purpose(actor, library.current(code).procedure)
        services.remember(library.current(code), now)
    for past in pasts:
        procedure = library.current(past.code).procedure
        instance, taken = _followed(actor, procedure, past)
        instances.append(instance)
        for number, (step, done, here) in enumerate(taken, start=1):
            event = _event(instance, number, step, done, here, now)
            events.append(event)
            if done.reason:
                to_seal.append((event, done.reason))
        for run in _runs(procedure, instance, events[len(events) - len(taken) :]):
            deadline = _deadline(instance, run)
            deadlines.append(deadline)
            stops += _stops(deadline, run)
        if procedure.tasks and instance.over_at is None:
            ours = events[len(events) - len(taken) :]
            waiting += tasks.left_open(instance, procedure, ours)
    _seal(to_seal)
    for rows in (instances, events, deadlines, stops, waiting):
        insert(rows)
    record(actor, AuditTag.PROCEDURES_TAKEN_IN, detail={"count": len(instances)})
    return instances


_Taken = list[tuple[Transition, PastStep, str]]


def _require_purpose(actor: Actor, procedure: Procedure) -> None:
    if actor.purpose not in procedure.purposes:
        raise Refused(Action.CREATE, Kind.PROCEDURE, Refusal.CLOSED_TO_PURPOSE)


def _followed(actor: Actor, procedure: Procedure, past: Past) -> tuple[Instance, _Taken]:
    """The instance as it stands after all steps, and each step with the state it met."""
    state, taken, changed_at = procedure.start.code, [], past.started_at
    for done in past.steps:
        step = procedure.transition(done.verb, state)
        if step is None:
            raise NotInFile(f"{procedure.code}: '{done.verb}' does not start in '{state}'")
        taken.append((step, done, state))
        state, changed_at = step.to, done.at
    partners = dict.fromkeys(procedure.sides, settings.MOSTOVI.partner) | dict(past.partners)
    instance = Instance(
        id=new_id(),
        code=procedure.code,
        version=procedure.version,
        side=past.side,
        purpose=actor.purpose.value,
        subject=past.subject,
        key_id=past.key_id,
        partners=partners,
        state=state,
        started_at=past.started_at,
        changed_at=changed_at,
        over_at=changed_at if procedure.is_over(state) else None,
    )
    return instance, taken


def _event(
    instance: Instance, number: int, step: Transition, done: PastStep, here: str, now: datetime
) -> Event:
    return Event(
        id=new_id(),
        instance=instance,
        sequence=number,
        verb=step.verb,
        from_state=here,
        to_state=step.to,
        side=step.side,
        role=done.role,
        account=done.account if step.side == instance.side else None,
        at=done.at,
        recorded_at=now,
        key_id=instance.key_id,
        documents=list(step.documents),
    )


def _runs(procedure: Procedure, instance: Instance, events: Sequence[Event]) -> list[Run]:
    happened = [Happened(event.verb, event.at, event.side, event.account) for event in events]
    return runs(
        procedure,
        happened,
        lambda side: holidays_of(instance.partners[side]).calendar,
        lambda clock, at: services.clock_of(instance, procedure, clock, at),
    )


def _deadline(instance: Instance, run: Run) -> Deadline:
    return Deadline(
        id=new_id(),
        instance=instance,
        clock=run.clock.code,
        side=run.clock.side,
        started_at=run.started_at,
        due=run.due,
        outcome=Outcome(run.outcome),
        ended_at=run.ended_at,
    )


def _stops(deadline: Deadline, run: Run) -> list[Suspension]:
    cause = run.clock.suspended_by[0] if run.clock.suspended_by else ""
    return [
        Suspension(deadline=deadline, started_at=stop.start, ended_at=stop.end, cause=cause)
        for stop in run.stops
    ]


def _seal(reasons: Sequence[tuple[Event, str]]) -> None:
    items = [(e.key_id, e.seal_context, {"reason": reason}) for e, reason in reasons]
    for (event, _), sealed in zip(reasons, vault().seal_many(items), strict=True):
        event.sealed = sealed
