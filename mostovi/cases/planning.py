# SPDX-License-Identifier: EUPL-1.2
"""A case's plan: goals in the person's own words, what is done for them, and what came of it.

The plan is what its events lead to (`replay`); nothing is ever changed or taken out, so that it can
be seen what was promised when, by whom, and what the person said about it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

PLAN = "case_plan"
"""The procedure's document that a plan with at least one action is."""


class Happens(StrEnum):
    """What can happen to a plan."""

    GOAL_SET = "goal_set"
    GOAL_CHANGED = "goal_changed"
    GOAL_ENDED = "goal_ended"
    ACTION_SET = "action_set"
    ACTION_CHANGED = "action_changed"
    ACTION_MOVED = "action_moved"
    OUTCOME = "outcome"


class ActionState(StrEnum):
    """Where an action stands."""

    PLANNED = "planned"
    UNDER_WAY = "under_way"
    DONE = "done"
    NOT_DONE = "not_done"
    NOT_NEEDED = "not_needed"


OVER = frozenset({ActionState.DONE, ActionState.NOT_DONE, ActionState.NOT_NEEDED})


class Ending(StrEnum):
    """How a goal ended."""

    REACHED = "reached"
    PARTLY = "partly"
    NOT_REACHED = "not_reached"
    NO_LONGER_WANTED = "no_longer_wanted"


class Answer(StrEnum):
    """How near a goal is. Five steps and two answers that say that nobody knows.

    The officer and the person answer apart; neither answer stands for the other.
    """

    WORSE = "worse"
    UNCHANGED = "unchanged"
    BETTER = "better"
    MUCH_BETTER = "much_better"
    REACHED = "reached"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"


MEASURED = (
    Answer.WORSE, Answer.UNCHANGED, Answer.BETTER, Answer.MUCH_BETTER, Answer.REACHED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as the plan sees it. `values` are the unsealed words (empty after erasure)."""

    kind: Happens
    goal: UUID
    action: UUID | None
    author: UUID
    at: datetime
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both said about a goal at one time."""

    at: datetime
    author: UUID
    officer: Answer
    person: Answer
    officer_words: str = ""
    person_words: str = ""


@dataclass(frozen=True, slots=True)
class PlanAction:
    """What is done toward a goal: by whom, through which service, until when, at what cost.

    `provider` is the code of a service of the directory, `provider_words` a free name. `who` is a
    colleague's account, `who_words` anybody else ("her brother", "the person").
    """

    ident: UUID
    what: str
    set_at: datetime
    provider: str = ""
    provider_words: str = ""
    who: UUID | None = None
    who_words: str = ""
    until: date | None = None
    amount: str = ""
    currency: str = ""
    state: ActionState = ActionState.PLANNED
    moved_at: datetime | None = None
    words: str = ""

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed and it is neither done nor given up."""
        return self.state not in OVER and self.until is not None and self.until < today


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached, first in the person's own words."""

    ident: UUID
    text: str
    own_words: str
    set_at: datetime
    until: date | None = None
    ending: Ending | None = None
    ended_at: datetime | None = None
    ending_words: str = ""
    actions: tuple[PlanAction, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @property
    def latest(self) -> Outcome | None:
        """The newest measurement."""
        return self.outcomes[-1] if self.outcomes else None


@dataclass(frozen=True)
class Plan:
    """Goals in the order in which they were set; `history` is everything that happened."""

    goals: tuple[Goal, ...] = ()
    history: tuple[Happening, ...] = field(default=())

    @property
    def open_goals(self) -> tuple[Goal, ...]:
        """Goals that have not ended."""
        return tuple(goal for goal in self.goals if goal.ending is None)

    @property
    def is_agreed(self) -> bool:
        """Whether it counts as the case's plan: somebody does something toward a goal."""
        return any(goal.actions for goal in self.goals)

    def goal(self, ident: UUID) -> Goal | None:
        """The goal with this id."""
        return next((goal for goal in self.goals if goal.ident == ident), None)

    def action(self, ident: UUID) -> tuple[Goal, PlanAction] | None:
        """The action with this id, with its goal."""
        for goal in self.goals:
            for action in goal.actions:
                if action.ident == ident:
                    return goal, action
        return None

    def costs(self) -> Mapping[str, str]:
        """What the actions cost together, for each currency; those given up count for nothing."""
        from decimal import Decimal

        sums: dict[str, Decimal] = {}
        for goal in self.goals:
            for action in goal.actions:
                if action.amount and action.state not in {
                    ActionState.NOT_DONE,
                    ActionState.NOT_NEEDED,
                }:
                    so_far = sums.get(action.currency, Decimal(0))
                    sums[action.currency] = so_far + Decimal(action.amount)
        return {currency: str(amount) for currency, amount in sums.items()}


def replay(events: Iterable[Happening]) -> Plan:
    """The plan that the events, in order, lead to. An event about nothing known changes nothing."""
    goals: dict[UUID, Goal] = {}
    history = tuple(events)
    for event in history:
        goal = goals.get(event.goal)
        if event.kind is Happens.GOAL_SET:
            goals.setdefault(event.goal, _goal(event))
        elif goal is not None:
            goals[event.goal] = _after(goal, event)
    return Plan(tuple(goals.values()), history)


def _goal(event: Happening) -> Goal:
    values = event.values
    return Goal(
        event.goal, str(values.get("text", "")), str(values.get("own_words", "")), event.at,
        _day(values.get("until")),
    )  # fmt: skip


def _after(goal: Goal, event: Happening) -> Goal:
    values = event.values
    if event.kind is Happens.GOAL_CHANGED:
        newer = _goal(event)
        return replace(goal, text=newer.text, own_words=newer.own_words, until=newer.until)
    if event.kind is Happens.GOAL_ENDED:
        return replace(
            goal, ending=Ending(values.get("ending", Ending.NO_LONGER_WANTED)), ended_at=event.at,
            ending_words=str(values.get("words", "")),
        )  # fmt: skip
    if event.kind is Happens.OUTCOME:
        return replace(goal, outcomes=(*goal.outcomes, _outcome(event)))
    if event.action is None:
        return goal
    if event.kind is Happens.ACTION_SET:
        return replace(goal, actions=(*goal.actions, _action(event)))
    changed = (
        _moved(action, event) if action.ident == event.action else action for action in goal.actions
    )
    return replace(goal, actions=tuple(changed))


def _action(event: Happening) -> PlanAction:
    values = event.values
    who = values.get("who")
    assert event.action is not None  # noqa: S101 - the caller has looked
    return PlanAction(
        event.action, str(values.get("what", "")), event.at,
        provider=str(values.get("provider", "")),
        provider_words=str(values.get("provider_words", "")), who=UUID(who) if who else None,
        who_words=str(values.get("who_words", "")), until=_day(values.get("until")),
        amount=str(values.get("amount", "")), currency=str(values.get("currency", "")),
    )  # fmt: skip


def _moved(action: PlanAction, event: Happening) -> PlanAction:
    if event.kind is Happens.ACTION_CHANGED:
        newer = _action(event)
        return replace(
            newer, set_at=action.set_at, state=action.state, moved_at=action.moved_at,
            words=action.words,
        )  # fmt: skip
    state = ActionState(event.values.get("state", action.state))
    words = str(event.values.get("words", ""))
    return replace(action, state=state, moved_at=event.at, words=words)


def _outcome(event: Happening) -> Outcome:
    values = event.values
    return Outcome(
        event.at, event.author, Answer(values.get("officer", Answer.UNKNOWN)),
        Answer(values.get("person", Answer.NOT_ASKED)), str(values.get("officer_words", "")),
        str(values.get("person_words", "")),
    )  # fmt: skip


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None
