# SPDX-License-Identifier: EUPL-1.2
"""State from events: nothing outside the file can happen, and replaying gives the same state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.procedures import library
from mostovi.procedures.definition import Procedure
from mostovi.procedures.state import (
    Asker,
    GateAnswer,
    Happened,
    NotInFile,
    StepRefused,
    Why,
    check,
    choices,
    current_state,
    visits,
)

CODES = sorted(library.shipped())
START = datetime(2026, 11, 24, tzinfo=UTC)
PEOPLE = [UUID(int=n) for n in (1, 2, 3)]


@st.composite
def attempts(draw: st.DrawFn) -> tuple[Procedure, list[tuple[str, str, str, UUID, bool, str]]]:
    """Anybody trying anything, in any order, on any shipped procedure."""
    procedure = library.current(draw(st.sampled_from(CODES))).procedure
    roles = sorted({role for step in procedure.transitions for role in step.roles})
    one = st.tuples(
        st.sampled_from([*procedure.verbs, "steal"]),
        st.sampled_from(roles),
        st.sampled_from(sorted(procedure.sides)),
        st.sampled_from(PEOPLE),
        st.booleans(),
        st.sampled_from(["", "because"]),
    )
    return procedure, draw(st.lists(one, max_size=60))


@given(attempts())
def test_only_transitions_of_the_file_ever_happen(
    tried: tuple[Procedure, list[tuple[str, str, str, UUID, bool, str]]],
) -> None:
    procedure, steps = tried
    events: list[Happened] = []
    state = procedure.start.code
    for verb, role, side, account, is_open, reason in steps:
        gates = {code: GateAnswer(is_open) for code in procedure.gates}
        asker = Asker(role, side, account)
        try:
            step = check(
                procedure, events, verb, asker,
                gates=gates, documents=procedure.documents, reason=reason,
            )  # fmt: skip
        except StepRefused as refused:
            assert refused.reasons
            assert current_state(procedure, events) == state
            continue
        assert state in step.from_states and role in step.roles and side == step.side
        assert not step.gates or is_open
        assert reason or not step.reason_required
        events.append(Happened(verb, START + timedelta(hours=len(events)), side, account))
        state = step.to
        offered = choices(procedure, events, asker, gates=gates, documents=procedure.documents)
        assert [c.transition for c in offered] == list(procedure.leaving(state))
    assert current_state(procedure, events) == state
    assert current_state(procedure, list(events)) == state
    held = visits(procedure, events)
    assert len(held) == len(events) + 1
    assert [v.left for v in held[:-1]] == [v.entered for v in held[1:]]


@given(attempts())
def test_what_is_offered_is_what_is_allowed(
    tried: tuple[Procedure, list[tuple[str, str, str, UUID, bool, str]]],
) -> None:
    procedure, steps = tried
    events: list[Happened] = []
    for verb, role, side, account, is_open, _ in steps:
        gates = {code: GateAnswer(is_open) for code in procedure.gates}
        asker = Asker(role, side, account)
        offered = {
            choice.transition.verb
            for choice in choices(procedure, events, asker, gates=gates)
            if choice.is_allowed
        }
        try:
            check(procedure, events, verb, asker, gates=gates, reason="because")
        except StepRefused:
            assert verb not in offered
        else:
            assert verb in offered
            events.append(Happened(verb, START, side, account))


def test_a_forged_event_is_found() -> None:
    procedure = library.current("referral").procedure
    forged = [Happened("accept", START, "receiver")]
    with pytest.raises(NotInFile, match="accept"):
        current_state(procedure, forged)
    wrong_side = [Happened("record_consent", START, "receiver")]
    with pytest.raises(NotInFile):
        current_state(procedure, wrong_side)


def test_crossed_events_change_nothing() -> None:
    procedure = library.current("referral").procedure
    events = [
        Happened("withdraw", START, "sender"),
        Happened("accept", START, "receiver", crossed=True),
    ]
    assert current_state(procedure, events) == "withdrawn"


def test_four_eyes_fail_shut_for_an_unknown_account() -> None:
    procedure = library.current("referral").procedure
    gates = {"legal_basis_named": GateAnswer(True)}
    events = [Happened("invoke_vital_interest", START, "sender", PEOPLE[0])]
    asker = Asker("social_worker", "sender", None)
    with pytest.raises(StepRefused) as refused:
        check(procedure, events, "send_in_emergency", asker, gates=gates, reason="yes")
    assert [r.why for r in refused.value.reasons] == [Why.SAME_PERSON]


def test_every_reason_is_given_at_once() -> None:
    procedure = library.current("referral").procedure
    with pytest.raises(StepRefused) as refused:
        check(procedure, [], "invoke_vital_interest", Asker("guardian", "sender"), gates={})
    assert [r.why for r in refused.value.reasons] == [
        Why.ROLE,
        Why.GATE_CLOSED,
        Why.REASON_MISSING,
    ]
