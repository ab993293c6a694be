# SPDX-License-Identifier: EUPL-1.2
"""Guardians: gaps, conflicts of interest, who speaks for the child."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases import services as cases
from mostovi.cases.children import guardians, rules
from mostovi.cases.children.guardianship import (
    AGAINST_CONSENT,
    Conflict,
    Consenter,
    Declared,
    current,
    gaps,
    guardian_conflicts,
    overlaps,
    who_consents,
)
from mostovi.cases.models import Case
from mostovi.people.models import Person
from mostovi.rights.access import Refused
from mostovi.rights.roles import Role
from tests.cases.children.conftest import TODAY, a_child

# --- The rules ---------------------------------------------------------------------------------


@dataclass
class Held:
    from_day: date
    until_day: date | None = None


def d(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], [(d(0), None)]),
        ([Held(d(0))], []),
        ([Held(d(3))], [(d(0), d(2))]),
        ([Held(d(0), d(5)), Held(d(5))], []),
        ([Held(d(0), d(5)), Held(d(9))], [(d(6), d(8))]),
        ([Held(d(0), d(5))], [(d(6), None)]),
        ([Held(d(50))], [(d(0), None)]),
    ],
)
def test_days_without_a_guardian(terms, expected):
    assert [(gap.first, gap.last) for gap in gaps(terms, d(0), d(20))] == expected


terms = st.lists(
    st.tuples(st.integers(-5, 40), st.none() | st.integers(0, 20)).map(
        lambda pair: Held(d(pair[0]), None if pair[1] is None else d(pair[0] + pair[1]))
    ),
    max_size=5,
)


@given(terms, st.integers(0, 30))
def test_every_day_is_either_in_a_gap_or_has_a_guardian(held, today):
    found = gaps(held, d(0), d(today))
    for number in range(today + 1):
        in_gap = any(g.first <= d(number) <= (g.last or d(today)) for g in found)
        assert in_gap == (current(held, d(number)) is None)


ids = st.sampled_from([UUID(int=n) for n in range(1, 6)])


@given(st.sets(ids, max_size=2), st.sets(ids), st.none() | ids, st.sampled_from(Declared))
def test_a_guardian_who_seeks_the_child_never_consents_in_that_matter(
    guardian, seekers, holder, declared
):
    found = guardian_conflicts(guardian, seekers=seekers, holder=holder, declared=declared)
    assert (Conflict.SEEKER in found) == bool(guardian & seekers)
    if guardian & seekers:
        assert who_consents(True, found) is Consenter.ANOTHER
    if who_consents(True, found) is Consenter.GUARDIAN:
        assert not found & AGAINST_CONSENT
    assert who_consents(False, found) is Consenter.AUTHORITY


@given(st.integers(0, 100), st.integers(1, 40), st.integers(0, 40))
def test_nobody_is_guardian_of_more_children_than_the_most(children, usual, more):
    found = guardian_conflicts({uuid4()}, children=children, usual=usual, most=usual + more)
    if children >= usual + more:
        assert Conflict.CASELOAD_FULL in found
    elif children >= usual:
        assert Conflict.CASELOAD in found
    else:
        assert not found


def test_unknown_is_never_no_conflict():
    for declared in (Declared.UNKNOWN, Declared.NOT_ASKED):
        assert guardian_conflicts({uuid4()}, declared=declared) == {Conflict.NOT_DECLARED}


# --- With real rows ----------------------------------------------------------------------------


def test_a_guardian_with_an_account_reads_the_case_until_the_end(
    case, worker, acting, appoint, guardian_account
):
    account = guardian_account()
    appoint(case, account=account)
    reader = acting(Role.GUARDIAN, account=account)
    assert cases.find(reader, case.code) == case
    assert Person.objects.get(pk=case.person_id).guardian_account == account
    guardians.end(worker, case, until_day=TODAY, because="resigned")
    with pytest.raises(Case.DoesNotExist):
        cases.find(reader, case.code)


def test_there_is_one_guardian_at_a_time_and_the_former_one_is_kept(case, appoint):
    appoint(case)
    with pytest.raises(guardians.InvalidGuardian) as refused:
        appoint(case, name="Second")
    assert refused.value.field == "ends_because"
    appoint(case, name="Second", kind="permanent", ends_because="replaced")
    held = guardians.of_case(case, TODAY)
    assert held.now.words["name"] == "Second"
    assert [one.words["name"] for one in held.before] == ["Vera Petrović"]
    assert not overlaps(case.person.guardian_appointments.all())
    assert held.missing_since is None


def test_without_a_guardian_the_days_are_counted(case, worker, appoint):
    assert guardians.of_case(case, TODAY).missing_since == TODAY
    appoint(case)
    guardians.end(worker, case, until_day=TODAY, because="died")
    later = TODAY + timedelta(days=5)
    assert guardians.of_case(case, later).missing_since == TODAY + timedelta(days=1)


def test_whoever_works_on_the_case_cannot_be_the_guardian(case, worker, appoint, acting):
    from mostovi.node.models import Account, Membership

    Account.objects.create(pk=worker.account, username="caseworker", display_name="C")
    Membership.objects.create(
        account_id=worker.account, role=Role.GUARDIAN.value, unit="border", granted_by=UUID(int=0)
    )
    with pytest.raises(guardians.GuardianConflict) as refused:
        appoint(case, account=worker.account)
    assert Conflict.HOLDS_CASE in refused.value.conflicts


@pytest.mark.parametrize("declared", ["conflict", "unknown", "not_asked"])
def test_a_conflict_of_interest_or_not_knowing_stops_the_appointment(case, appoint, declared):
    with pytest.raises(guardians.GuardianConflict):
        appoint(case, declared=declared)
    assert not case.person.guardian_appointments.exists()


def test_a_guardian_of_too_many_children(
    case, worker, supervisor, appoint, guardian_account, monkeypatch
):
    account = guardian_account()
    source = rules.caseload("*").source
    monkeypatch.setattr(rules, "caseload", lambda partner: rules.Caseload(1, 2, source))
    appoint(case, account=account)
    second, third = (
        cases.open_case(worker, person=a_child(worker), case_type="separated_child", urgency="soon")
        for _ in range(2)
    )
    with pytest.raises(guardians.GuardianConflict) as refused:
        appoint(second, account=account, over_limit_reason="Nobody else speaks Dari.")
    assert refused.value.conflicts == {Conflict.CASELOAD}
    appoint(second, actor=supervisor, account=account, over_limit_reason="Nobody speaks Dari.")
    with pytest.raises(guardians.GuardianConflict) as refused:
        appoint(third, actor=supervisor, account=account, over_limit_reason="Nobody speaks Dari.")
    assert refused.value.conflicts == {Conflict.CASELOAD_FULL}


def test_an_aunt_who_is_guardian_and_seeks_the_child_does_not_consent_there(
    case, worker, appoint, monkeypatch
):
    aunt = a_child(worker, birth={"precision": "year", "year": 1985}, sex="female")
    appoint(case, relative=aunt.code)
    assert guardians.is_guardian_of(aunt, case.person)
    assert guardians.is_guardian_of(aunt.pk, case.person)
    assert guardians.who_consents_for(case.person) is Consenter.GUARDIAN
    assert guardians.who_consents_for(case.person, seekers=[aunt.pk]) is Consenter.ANOTHER
    monkeypatch.setattr(guardians, "_seekers", [lambda child: [aunt.pk]])
    assert guardians.who_consents_for(case.person) is Consenter.ANOTHER
    assert guardians.conflicts_in_matter(case.person) == {Conflict.SEEKER}


def test_is_guardian_of_knows_the_past(case, worker, appoint, guardian_account):
    account = guardian_account()
    appoint(case, account=account)
    guardians.end(worker, case, until_day=TODAY, because="moved")
    assert not guardians.is_guardian_of(account, case.person)
    assert guardians.is_guardian_of(account, case.person, on=TODAY)
    assert guardians.who_consents_for(case.person) is Consenter.AUTHORITY


def test_an_account_that_is_no_guardian_is_not_offered_nor_taken(case, appoint):
    with pytest.raises(guardians.InvalidGuardian) as refused:
        appoint(case, account=uuid4())
    assert refused.value.field == "account"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": ""}, "name"),
        ({"act": " "}, "act"),
        ({"authority": ""}, "authority"),
        ({"kind": "eternal"}, "kind"),
        ({"from_day": TODAY + timedelta(days=1)}, "from_day"),
        ({"relative": "ME-0000-0000"}, "relative"),
    ],
)
def test_what_is_missing_is_named(case, appoint, wish, field):
    with pytest.raises(guardians.InvalidGuardian) as refused:
        appoint(case, **wish)
    assert refused.value.field == field


def test_another_unit_reaches_no_guardian(case, acting, appoint):
    stranger = acting(Role.SOCIAL_WORKER, unit="elsewhere")
    with pytest.raises(Case.DoesNotExist):
        appoint(case, actor=stranger)
    with pytest.raises(Refused):
        appoint(case, actor=acting(Role.GUARDIAN))
