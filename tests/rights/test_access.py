# SPDX-License-Identifier: EUPL-1.2
"""R1 and default deny: what the access table lets through, and what nothing may let through."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.rights.access import Action, Actor, Kind, Refused, Scope, covers, decide, require
from mostovi.rights.policy import (
    GRANTS,
    OPEN_TO,
    PERSONAL_KINDS,
    SHIELDED_KINDS,
    reads_personal_data,
)
from mostovi.rights.purposes import KEPT_OUT, SHIELDED, Purpose
from mostovi.rights.roles import GRANTABLE, ROLE_PURPOSES, Role

actors = st.builds(
    Actor,
    account=st.uuids(),
    role=st.sampled_from([role for role in Role if role is not Role.SYSTEM]),
    purpose=st.sampled_from(Purpose),
    unit=st.sampled_from(["border", "centre"]),
)


@pytest.mark.parametrize(
    ("role", "purpose", "action", "kind", "scope"),
    [
        (Role.FIRST_RESPONDER, Purpose.PROTECTION, Action.CREATE, Kind.SUBMISSION, Scope.UNIT),
        (Role.GUARDIAN, Purpose.PROTECTION, Action.READ, Kind.CASE, Scope.OWN),
        (Role.ASYLUM_OFFICER, Purpose.ASYLUM, Action.SEND, Kind.REFERRAL, Scope.ALL),
        (Role.FIRST_RESPONDER, Purpose.PROTECTION, Action.SEND, Kind.REFERRAL, None),
        (Role.ADMINISTRATOR, Purpose.GOVERNANCE, Action.READ, Kind.CASE, None),
        (Role.DATA_PROTECTION_OFFICER, Purpose.GOVERNANCE, Action.READ, Kind.PERSON, None),
        (Role.RETURN_OFFICER, Purpose.RETURN, Action.READ, Kind.CASE, None),
        (Role.INVESTIGATOR, Purpose.INVESTIGATION, Action.READ, Kind.SUBMISSION, None),
        (Role.EMPLOYER, Purpose.LABOUR, Action.READ, Kind.PERSON, None),
        (Role.STATISTICIAN, Purpose.STATISTICS, Action.READ, Kind.PERSON, None),
    ],
)  # fmt: skip
def test_decisions(role, purpose, action, kind, scope):
    assert decide(Actor(uuid4(), role, purpose), action, kind).scope == scope


@given(actors, st.sampled_from(Action), st.sampled_from(Kind))
def test_nothing_is_allowed_that_the_table_does_not_grant(actor, action, kind):
    decision = decide(actor, action, kind)
    if decision.allowed:
        assert decision.scope is GRANTS[kind][action][actor.role]
        assert actor.purpose in ROLE_PURPOSES[actor.role]
        assert actor.purpose in OPEN_TO[kind]
    else:
        with pytest.raises(Refused):
            require(actor, action, kind)


@given(actors, st.sampled_from(Action), st.sampled_from(sorted(SHIELDED_KINDS)))
def test_return_investigation_and_labour_never_reach_protection_records(actor, action, kind):
    if actor.purpose in KEPT_OUT or set(ROLE_PURPOSES[actor.role]) & KEPT_OUT:
        assert not decide(actor, action, kind).allowed


@given(
    actors,
    st.sampled_from(Scope),
    st.sampled_from(Purpose),
    st.sampled_from(["border", "centre"]),
    st.uuids(),
)
def test_a_row_opens_only_under_its_own_purpose(actor, scope, held, unit, owner):
    if covers(actor, scope, purpose=held, unit=unit, owner=owner):
        assert held == actor.purpose
        assert not (held in SHIELDED and actor.purpose in KEPT_OUT)
        assert scope is not Scope.UNIT or unit == actor.unit
        assert scope is not Scope.OWN or owner == actor.account


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_open_to_some_purpose_and_has_grants(kind):
    assert OPEN_TO[kind]
    assert GRANTS[kind]


@pytest.mark.parametrize("kind", Kind)
def test_every_grant_can_be_used_under_a_purpose_of_its_role(kind):
    for action, roles in GRANTS[kind].items():
        for role in roles:
            if (
                kind in {Kind.FORM, Kind.INDICATOR_SET, *PERSONAL_KINDS}
                or action is not Action.READ
            ):
                assert set(ROLE_PURPOSES[role]) & OPEN_TO[kind], (kind, action, role)


def test_administrators_and_protection_officers_read_no_personal_data():
    for role in (Role.ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER, Role.SECRETARIAT):
        assert not reads_personal_data(role)


def test_roles_nobody_can_be_given():
    assert Role.SYSTEM not in GRANTABLE
    assert Role.PERSON not in GRANTABLE


def test_the_node_itself_is_bound_by_purpose():
    node = Actor.system(Purpose.RETURN)
    assert node.account == UUID(int=0)
    assert not decide(node, Action.READ, Kind.CASE).allowed
    assert decide(Actor.system(Purpose.PROTECTION), Action.READ, Kind.CASE).allowed
