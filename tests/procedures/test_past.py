# SPDX-License-Identifier: EUPL-1.2
"""Taking in what already ran gives what living through it gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.procedures import library, past, services
from mostovi.procedures.models import Deadline, Event, Instance, Suspension, Task
from mostovi.procedures.past import Past, PastStep
from mostovi.procedures.state import GateAnswer, NotInFile
from mostovi.rights.access import Actor, Refused
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.vault import vault

START = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
PARTNERS = {"sender": "me", "receiver": "rs"}
PEOPLE = [UUID(int=number) for number in range(1, 9)]


@st.composite
def walks(draw: st.DrawFn) -> tuple[str, str, list[PastStep]]:
    """A possible life of a procedure."""
    code = draw(st.sampled_from(sorted(library.shipped())))
    procedure = library.current(code).procedure
    side = draw(st.sampled_from(sorted(procedure.sides)))
    state, at, steps = procedure.start.code, START, []
    for _ in range(draw(st.integers(0, 12))):
        options = list(procedure.leaving(state))
        if not options:
            break
        step = draw(st.sampled_from(options))
        at += timedelta(hours=draw(st.integers(0, 24 * 12)))
        # Four eyes: somebody else for whatever needs one.
        did = {done.account for done in steps if done.verb == step.other_than}
        account = next(one for one in PEOPLE if one not in did)
        steps.append(PastStep(step.verb, at, step.roles[0], account, "because"))
        state = step.to
    return code, side, steps


def purpose_of(code: str) -> Purpose:
    """Protection where the procedure is open to it, else the purpose that it has."""
    purposes = library.current(code).procedure.purposes
    return Purpose.PROTECTION if Purpose.PROTECTION in purposes else Purpose(purposes[0])


def live(code: str, side: str, steps: list[PastStep]) -> Instance:
    """The same, step by step as it happens."""
    procedure = library.current(code).procedure
    purpose = purpose_of(code)
    instance = services.start(
        Actor.system(purpose), code=code, side=side, subject=uuid4(), at=START,
        partners=PARTNERS,
    )  # fmt: skip
    gates = {gate: GateAnswer(True) for gate in procedure.gates}
    for step in steps:
        if procedure.side_of(step.verb) == side:
            actor = Actor(step.account or PEOPLE[0], Role(step.role), purpose)
            services.apply(
                actor, instance=instance, verb=step.verb, at=step.at, reason=step.reason,
                documents=procedure.documents, gates=gates,
            )  # fmt: skip
        else:
            services.hear(
                Actor.system(purpose), instance=instance, verb=step.verb, at=step.at,
                reason=step.reason,
            )  # fmt: skip
    return instance


def picture(instance: Instance) -> dict[str, object]:
    """Everything that matters of an instance, without identifiers."""
    deadlines = Deadline.objects.filter(instance=instance).order_by("started_at", "clock")
    return {
        "state": (instance.state, instance.over_at, instance.changed_at),
        "events": [
            (e.sequence, e.verb, e.from_state, e.to_state, e.side, e.at, e.account, e.reason)
            for e in Event.objects.filter(instance=instance).order_by("sequence")
        ],
        "deadlines": [
            (d.clock, d.side, d.started_at, d.due, d.outcome, d.ended_at) for d in deadlines
        ],
        "stops": sorted(
            (s.started_at, s.ended_at, s.cause)
            for s in Suspension.objects.filter(deadline__instance=instance)
            if s.ended_at
        ),
        "tasks": sorted(
            (t.code, t.made_at, t.due, t.escalate_at, t.owner_role)
            for t in Task.objects.filter(instance=instance, ended_at=None)
        ),
        "open_stops": Suspension.objects.filter(deadline__instance=instance, ended_at=None).count(),
    }


@pytest.mark.django_db
@given(walks())
@settings(max_examples=60, deadline=None)
def test_the_same_whether_lived_or_taken_in(walk: tuple[str, str, list[PastStep]]) -> None:
    code, side, steps = walk
    lived = live(code, side, steps)
    (taken,) = past.take_in(
        Actor.system(purpose_of(code)),
        [Past(code, side, uuid4(), vault().new_key(), START, steps, PARTNERS)],
        now=START,
    )
    lived.refresh_from_db()
    taken.refresh_from_db()
    assert picture(taken) == picture(lived)
    assert services.replayed_state(taken) == taken.state


@pytest.mark.django_db
def test_a_step_that_the_file_does_not_have_stores_nothing() -> None:
    wrong = Past(
        "referral", "sender", uuid4(), vault().new_key(), START,
        [PastStep("accept", START, "social_worker")],
    )  # fmt: skip
    right = Past("referral", "sender", uuid4(), vault().new_key(), START)
    with pytest.raises(NotInFile, match="accept"):
        past.take_in(Actor.system(Purpose.PROTECTION), [right, wrong], now=START)
    assert not Instance.objects.exists()


@pytest.mark.django_db
def test_only_for_the_purposes_of_the_file() -> None:
    with pytest.raises(Refused):
        past.take_in(
            Actor.system(Purpose.RETURN),
            [Past("case", "institution", uuid4(), vault().new_key(), START)],
            now=START,
        )
