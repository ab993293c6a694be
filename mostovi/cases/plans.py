# SPDX-License-Identifier: EUPL-1.2
"""Verbs on a case's plan: set goals and actions, move them on, measure what came of them.

Every verb adds one event. An action that a colleague does until a day is also that colleague's
task, so that it stands on the home page and is done there or here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import records, services, staff
from mostovi.cases.models import Case, PlanEvent
from mostovi.cases.planning import (
    OVER,
    ActionState,
    Answer,
    Ending,
    Goal,
    Happening,
    Happens,
    Plan,
    replay,
)
from mostovi.cases.vocabulary import services as directory
from mostovi.procedures import tasks
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened

LONGEST = 2000


class InvalidPlan(ValueError):
    """The plan cannot take this; `problems` are (name of the input, what to do)."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {words}" for name, words in problems.items()))
        self.problems = dict(problems)


def of_case(case: Case) -> Plan:
    """The plan of a case that was found by `services.find` (one statement)."""
    rows = sorted(case.plan_events.all(), key=lambda row: row.at)
    return replay(
        Happening(Happens(row.kind), row.goal, row.action, row.author, row.at, values or {})
        for row, values in opened(rows)
    )


@transaction.atomic
def set_goal(
    actor: Actor,
    case: Case,
    *,
    text: str,
    own_words: str,
    until: date | None = None,
    goal: UUID | None = None,
    now: datetime | None = None,
) -> UUID:
    """A new goal, or another wording of `goal`; returns its id.

    own_words: what the person said, as they said it; a goal without it is not the person's.
    Raises `InvalidPlan`.
    """
    case, plan = _changeable(actor, case)
    problems = {}
    if not text.strip():
        problems["text"] = gettext_noop("Write what is to be reached.")
    if not own_words.strip():
        problems["own_words"] = gettext_noop("Write what the person wants, in their own words.")
    _check_lengths(problems, text=text, own_words=own_words)
    if goal is not None:
        _open_goal(plan, goal)
    if problems:
        raise InvalidPlan(problems)
    values = {"text": text.strip(), "own_words": own_words.strip(), "until": _iso(until)}
    kind = Happens.GOAL_CHANGED if goal else Happens.GOAL_SET
    ident = goal or uuid4()
    _add(actor, case, kind, ident, values=values, now=now)
    return ident


@transaction.atomic
def end_goal(
    actor: Actor,
    case: Case,
    goal: UUID,
    *,
    ending: str,
    words: str = "",
    now: datetime | None = None,
) -> None:
    """Say how a goal ended; open actions of it stay until somebody ends them."""
    case, plan = _changeable(actor, case)
    _open_goal(plan, goal)
    problems: dict[str, str] = {}
    if ending not in set(Ending):
        problems["ending"] = gettext_noop("Choose how the goal ended.")
    _check_lengths(problems, words=words)
    if problems:
        raise InvalidPlan(problems)
    values = {"ending": ending, "words": words.strip()}
    _add(actor, case, Happens.GOAL_ENDED, goal, values=values, now=now)


@transaction.atomic
def set_action(
    actor: Actor,
    case: Case,
    goal: UUID,
    *,
    what: str,
    provider: str = "",
    provider_words: str = "",
    who: UUID | None = None,
    who_words: str = "",
    until: date | None = None,
    cost: Mapping[str, str] | None = None,
    action: UUID | None = None,
    now: datetime | None = None,
) -> UUID:
    """A new action or service toward a goal, or new terms of `action`; returns its id.

    provider: a service of the directory, or provider_words a free name. who: a colleague, or
    who_words anybody else. cost: {"amount": "12.50", "currency": "EUR"}. Raises `InvalidPlan`.
    """
    case, plan = _changeable(actor, case)
    _open_goal(plan, goal)
    problems: dict[str, str] = {}
    if not what.strip():
        problems["what"] = gettext_noop("Write what will be done.")
    if provider and provider not in directory():
        problems["provider"] = gettext_noop("Choose a service of the directory.")
    if who is not None and not any(one.account == who for one in _colleagues(actor, case)):
        problems["who"] = gettext_noop("Choose a colleague.")
    if who is None and not who_words.strip():
        problems["who"] = gettext_noop("Say who does it.")
    money = _money(problems, cost)
    _check_lengths(problems, what=what, provider_words=provider_words, who_words=who_words)
    if action is not None and plan.action(action) is None:
        raise PlanEvent.DoesNotExist
    if problems:
        raise InvalidPlan(problems)
    values = {
        "what": what.strip(), "provider": provider, "provider_words": provider_words.strip(),
        "who": str(who) if who else "", "who_words": who_words.strip(), "until": _iso(until),
        **money,
    }  # fmt: skip
    kind = Happens.ACTION_CHANGED if action else Happens.ACTION_SET
    ident = action or uuid4()
    moment = _add(actor, case, kind, goal, ident, values=values, now=now)
    _follow_with_task(actor, case, ident, what, who, until, moment)
    return ident


@transaction.atomic
def move_action(
    actor: Actor,
    case: Case,
    action: UUID,
    *,
    state: str,
    words: str = "",
    now: datetime | None = None,
) -> None:
    """Say where an action stands. One that was not done needs the reason. Raises `InvalidPlan`."""
    case, plan = _changeable(actor, case)
    found = plan.action(action)
    if found is None:
        raise PlanEvent.DoesNotExist
    problems: dict[str, str] = {}
    if state not in set(ActionState):
        problems["state"] = gettext_noop("Choose where it stands.")
    if state == ActionState.NOT_DONE and not words.strip():
        problems["words"] = gettext_noop("Write why it was not done.")
    _check_lengths(problems, words=words)
    if problems:
        raise InvalidPlan(problems)
    values = {"state": state, "words": words.strip()}
    moment = _add(actor, case, Happens.ACTION_MOVED, found[0].ident, action, values=values, now=now)
    if ActionState(state) in OVER:
        done = state == ActionState.DONE
        tasks.end_about(actor, case.procedure, action, done=done, now=moment)


@transaction.atomic
def measure(
    actor: Actor,
    case: Case,
    goal: UUID,
    *,
    officer: str,
    person: str,
    officer_words: str = "",
    person_words: str = "",
    now: datetime | None = None,
) -> None:
    """What the officer and the person each say about how near the goal is. Raises `InvalidPlan`."""
    case, plan = _changeable(actor, case)
    if plan.goal(goal) is None:
        raise PlanEvent.DoesNotExist
    problems = {}
    if officer not in set(Answer) - {Answer.NOT_ASKED}:
        problems["officer"] = gettext_noop("Choose one answer.")
    if person not in set(Answer):
        problems["person"] = gettext_noop("Choose one answer; 'not asked' is one too.")
    _check_lengths(problems, officer_words=officer_words, person_words=person_words)
    if problems:
        raise InvalidPlan(problems)
    values = {
        "officer": officer, "person": person, "officer_words": officer_words.strip(),
        "person_words": person_words.strip(),
    }  # fmt: skip
    _add(actor, case, Happens.OUTCOME, goal, values=values, now=now)


def _changeable(actor: Actor, case: Case) -> tuple[Case, Plan]:
    rows = services.visible(actor, Action.CHANGE).select_for_update(of=("self",))
    case = rows.select_related("procedure").get(pk=case.pk)
    return case, of_case(case)


def _open_goal(plan: Plan, goal: UUID) -> Goal:
    found = plan.goal(goal)
    if found is None:
        raise PlanEvent.DoesNotExist
    if found.ending is not None:
        raise InvalidPlan({"": gettext_noop("This goal has ended. Set a new one.")})
    return found


def _colleagues(actor: Actor, case: Case) -> list[staff.Colleague]:
    return staff.colleagues(actor, unit=case.unit)


def _money(problems: dict[str, str], cost: Mapping[str, str] | None) -> dict[str, str]:
    if not cost or not str(cost.get("amount") or "").strip():
        return {}
    try:
        return records.money(cost)
    except ValueError as error:
        problems["cost"] = str(error)
        return {}


def _check_lengths(problems: dict[str, str], **texts: str) -> None:
    for name, text in texts.items():
        if len(text) > LONGEST:
            problems[name] = gettext_noop("Shorten this to 2000 characters.")


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _add(
    actor: Actor,
    case: Case,
    kind: Happens,
    goal: UUID,
    action: UUID | None = None,
    *,
    values: dict[str, Any],
    now: datetime | None,
) -> datetime:
    moment = now or timezone.now()
    newest = case.plan_events.order_by("-at").values_list("at", flat=True).first()
    # The order is the order of time; two entries never share one moment.
    if newest is not None and moment <= newest:
        moment = newest + timedelta(microseconds=1)
    event = PlanEvent(
        key_id=case.key_id, case=case, kind=kind.value, goal=goal, action=action,
        author=actor.account, at=moment,
    )  # fmt: skip
    event.seal_values(values)
    event.save()
    services.touch(case, moment)
    record(
        actor, AuditTag.CASE_PLAN_CHANGED, handle=services.case_handle(case),
        detail={"what": kind.value},
    )  # fmt: skip
    return moment


def _follow_with_task(
    actor: Actor,
    case: Case,
    action: UUID,
    what: str,
    who: UUID | None,
    until: date | None,
    now: datetime,
) -> None:
    tasks.end_about(actor, case.procedure, action, done=False, now=now)
    if who is None:
        return
    due = None
    if until is not None:
        due = timezone.make_aware(datetime.combine(until, time(23, 59, 59)))
    title = what.strip()[: tasks.LONGEST_TITLE]
    tasks.add(actor, case.procedure, title=title, owner=who, due=due, about=action, now=now)
