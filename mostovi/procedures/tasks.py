# SPDX-License-Identifier: EUPL-1.2
"""Tasks of a running procedure: made by its steps or by a person, owned, done, escalated.

A step makes the tasks that the file names for it and ends those it does. A person may add one in
free words. When a task's time has passed by what the file allows, the role it names is told; that
is all that happens by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.procedures import clock as clocks
from mostovi.procedures.deadlines import task_in_force
from mostovi.procedures.definition import Procedure, TaskRule, Transition
from mostovi.procedures.holidays import holidays_of
from mostovi.procedures.models import Event, Instance, Task
from mostovi.rights.access import Action, Actor, Kind, Refusal, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose, open_for
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault

LONGEST_TITLE = 400


class InvalidTask(ValueError):
    """A task cannot be made so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class TaskRead:
    """A task with its rule in force (None for free words) and its own words."""

    row: Task
    rule: TaskRule | None
    words: str


def follow(instance: Instance, procedure: Procedure, step: Transition, event: Event) -> None:
    """What one step does to the tasks of its instance. Costs nothing where the file has none."""
    if procedure.is_over(step.to):
        Task.objects.filter(instance=instance, ended_at=None).update(ended_at=event.at)
        return
    if not procedure.tasks:
        return
    done = [task.code for task in procedure.tasks.values() if step.verb in task.done_by]
    if done:
        Task.objects.filter(instance=instance, code__in=done, ended_at=None).update(
            ended_at=event.at, ended_by=event.account, done=True
        )
    made = [task for task in procedure.tasks.values() if step.verb in task.on]
    if not made:
        return
    standing = set(
        Task.objects.filter(instance=instance, ended_at=None).values_list("code", flat=True)
    )
    Task.objects.bulk_create(
        _of_rule(instance, procedure, rule, event.at) for rule in made if rule.code not in standing
    )


def left_open(instance: Instance, procedure: Procedure, events: Iterable[Event]) -> list[Task]:
    """The tasks (not stored) that stand open after these events."""
    standing: dict[str, datetime] = {}
    for event in events:
        if procedure.is_over(event.to_state):
            standing.clear()
            continue
        for rule in procedure.tasks.values():
            if event.verb in rule.done_by:
                standing.pop(rule.code, None)
            if event.verb in rule.on:
                standing.setdefault(rule.code, event.at)
    rules = procedure.tasks
    return [_of_rule(instance, procedure, rules[code], at) for code, at in standing.items()]


def _of_rule(instance: Instance, procedure: Procedure, rule: TaskRule, at: datetime) -> Task:
    task = Task(
        instance=instance, key_id=instance.key_id, code=rule.code, made_at=at,
        owner_role=_role(rule.owner), escalate_to=rule.escalate_to or "",
    )  # fmt: skip
    _set_times(task, instance, procedure, rule)
    return task


def _role(owner: str) -> str:
    """Whose task it is: "" for the holder of the case, else a role."""
    if owner == "holder":
        return ""
    return Role.CASE_SUPERVISOR.value if owner == "supervisor" else owner


def _set_times(task: Task, instance: Instance, procedure: Procedure, rule: TaskRule) -> None:
    current = rule_in_force(instance, rule, task.made_at)
    calendar = holidays_of(instance.partners[instance.side]).calendar
    task.due = task.escalate_at = None
    if current.amount and current.unit:
        period = clocks.Period(current.amount, current.unit)
        task.due = clocks.deadline(period, task.made_at, calendar=calendar)
    if rule.escalate_to and rule.escalate_amount and rule.escalate_unit:
        later = clocks.Period(rule.escalate_amount, rule.escalate_unit)
        task.escalate_at = clocks.deadline(later, task.due or task.made_at, calendar=calendar)


def rule_in_force(instance: Instance, rule: TaskRule, made_at: datetime) -> TaskRule:
    """The rule with the time that counts for the instance's partner and risk."""
    partner = instance.partners[instance.side]
    day = holidays_of(partner).calendar.day_of(made_at)
    return task_in_force(instance.code, rule, partner=partner, risk=instance.risk, on=day)


def count_again(instance: Instance, procedure: Procedure) -> None:
    """Set the times of open tasks anew, after the risk has changed."""
    for task in Task.objects.filter(instance=instance, ended_at=None).exclude(code=""):
        rule = procedure.tasks.get(task.code)
        if rule is not None:
            _set_times(task, instance, procedure, rule)
            task.save(update_fields=["due", "escalate_at"])


@transaction.atomic
def add(
    actor: Actor,
    instance: Instance,
    *,
    title: str,
    owner: UUID | None = None,
    owner_role: str = "",
    due: datetime | None = None,
    about: UUID | None = None,
    now: datetime | None = None,
) -> Task:
    """Write a task in free words, sealed under the person's key. The caller has found `instance`
    within the actor's reach. Without an owner it is the holder's.

    Raises `InvalidTask`, `Refused`.
    """
    _require_purpose(actor, instance)
    if not title.strip():
        raise InvalidTask("title", gettext_noop("Write what is to be done."))
    if len(title) > LONGEST_TITLE:
        raise InvalidTask("title", gettext_noop("Shorten this to 400 characters."))
    if owner_role and owner_role not in set(Role):
        raise InvalidTask("owner", gettext_noop("Choose who does it."))
    task = Task(
        instance=instance, key_id=instance.key_id, about=about, owner=owner,
        owner_role=owner_role, made_by=actor.account, made_at=now or timezone.now(), due=due,
    )  # fmt: skip
    task.seal_values({"title": title.strip()})
    task.save()
    _log(actor, AuditTag.TASK_MADE, task)
    return task


@transaction.atomic
def end(actor: Actor, task: Task, *, done: bool = True, now: datetime | None = None) -> None:
    """Say that a task is done, or no longer needed. Twice is once."""
    _require_purpose(actor, task.instance)
    changed = Task.objects.filter(pk=task.pk, ended_at=None).update(
        ended_at=now or timezone.now(), ended_by=actor.account, done=done
    )
    if changed:
        _log(actor, AuditTag.TASK_ENDED, task)


def end_about(actor: Actor, instance: Instance, about: UUID, *, done: bool, now: datetime) -> None:
    """End the open tasks about one thing (an action of a plan)."""
    for task in Task.objects.filter(instance=instance, about=about, ended_at=None):
        task.instance = instance
        end(actor, task, done=done, now=now)


def open_ones(instance: Instance) -> QuerySet[Task]:
    """The open tasks of an instance that was found within reach, most pressing first."""
    return instance.tasks.filter(ended_at=None).order_by("due", "made_at")


def read(rows: Iterable[Task], procedure_of: Callable[[Instance], Procedure]) -> list[TaskRead]:
    """Tasks with their rules and words; `procedure_of(instance)` gives the procedure."""
    found: list[TaskRead] = []
    listed = list(rows)
    written = [task for task in listed if not task.code]
    words = {task.pk: (values or {}).get("title", "") for task, values in opened(written)}
    for task in listed:
        rule = procedure_of(task.instance).tasks.get(task.code)
        if rule is not None:
            rule = rule_in_force(task.instance, rule, task.made_at)
        found.append(TaskRead(task, rule, words.get(task.pk, "")))
    return found


@transaction.atomic
def escalate(now: datetime) -> int:
    """Note that the roles named are told from now on; nothing else happens. Returns how many."""
    due = Task.objects.filter(ended_at=None, escalated_at=None, escalate_at__lt=now)
    count = due.update(escalated_at=now)
    if count:
        record(Actor.system(Purpose.GOVERNANCE), AuditTag.TASKS_ESCALATED, detail={"count": count})
    return count


def hand_on(instance: Instance, *, before: UUID, after: UUID) -> None:
    """Open tasks that a colleague owned by name go to the new one with the case."""
    Task.objects.filter(instance=instance, ended_at=None, owner=before).update(owner=after)


def _require_purpose(actor: Actor, instance: Instance) -> None:
    if not open_for(Purpose(instance.purpose), actor.purpose):
        raise Refused(Action.CHANGE, Kind.PROCEDURE, Refusal.CLOSED_TO_PURPOSE)


def _log(actor: Actor, tag: AuditTag, task: Task) -> None:
    record(
        actor, tag, handle=vault().handle("procedure", task.instance_id),
        detail={"procedure": task.instance.code, "task": task.code or "free"},
    )  # fmt: skip
