# SPDX-License-Identifier: EUPL-1.2
"""Work in a few invented cases for the demo: danger, a plan, tasks, records, a group session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from mostovi.cases import groups, plans, recording
from mostovi.cases import services as cases
from mostovi.cases.groups import Participant
from mostovi.cases.models import Case
from mostovi.people.models import Person
from mostovi.procedures import tasks
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role

ActorOf = Callable[[Role], Actor]
NEEDED = 3
GOALS = (
    ("Synthetic: a door I can lock, and to sleep", "A safe room of her own", "Look for a room"),
    ("Synthetic: my papers, so that I can work", "A document of identity", "Ask the register"),
    ("Synthetic: to hear my brother's voice", "News of the family", "Prepare a tracing request"),
)


def load(actor_of: ActorOf, people: Sequence[Person], now: datetime, random: Random) -> int:
    """Open cases for the first `NEEDED` of `people` and work in them; how many were opened."""
    worker, supervisor = actor_of(Role.SOCIAL_WORKER), actor_of(Role.CASE_SUPERVISOR)
    living = [one for one in people if one.erased_at is None and one.unit == worker.unit]
    opened = [
        _worked_on(worker, person, number, now) for number, person in enumerate(living[:NEEDED])
    ]
    if len(opened) < NEEDED:
        return len(opened)
    recording.write(
        worker, opened[0], kind="closing_request", final=True,
        answers={
            "ground": "goals_reached", "persons_view": "Synthetic: I can go on alone now.",
            "open_risks": "Synthetic: none known; the shelter's number is with her.",
            "knows_way_back": "yes",
        },
    )  # fmt: skip
    recording.write(
        supervisor, opened[1], kind="quality_checklist", final=True,
        answers={
            "consent": "yes", "safe_contact": "yes", "risk_set": "yes", "own_words": "yes",
            "plan_followed": "unknown", "feedback": "not_asked", "child_heard": "not_asked",
            "next": "Synthetic: ask the shelter how the first week went.",
        },
    )  # fmt: skip
    groups.hold(
        worker, topic="Synthetic: your rights at the first interview",
        held_on=timezone.localdate(now) - timedelta(days=3),
        participants=[Participant(case, True, "Synthetic: asked about work.") for case in opened],
    )  # fmt: skip
    return len(opened)


def _worked_on(worker: Actor, person: Person, number: int, now: datetime) -> Case:
    case = cases.open_case(
        worker, person=person, case_type="other_vulnerable_adult", urgency="soon",
        summary="Synthetic: came to the office alone and asked for help.",
    )  # fmt: skip
    for verb in ("register", "start_assessment"):
        cases.take_step(worker, case, verb=verb)
    risk = ("medium", "high", "low")[number]
    cases.set_risk(worker, case, risk=risk, reason="Synthetic: what was told and what was seen.")
    own_words, text, what = GOALS[number]
    goal = plans.set_goal(worker, case, text=text, own_words=own_words)
    plans.set_action(
        worker, case, goal, what=what, who=None, who_words="Synthetic: the caseworker",
        until=timezone.localdate(now) + timedelta(days=7 * number - 3),
        cost={"amount": "120", "currency": "EUR"} if number == 0 else None,
    )  # fmt: skip
    plans.measure(worker, case, goal, officer="better", person=("much_better", "unchanged",
                  "not_asked")[number])  # fmt: skip
    tasks.add(
        worker, case.procedure, title="Synthetic: call and ask how the night was",
        due=now + timedelta(days=number - 1),
    )  # fmt: skip
    return case
