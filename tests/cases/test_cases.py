# SPDX-License-Identifier: EUPL-1.2
"""Cases: who reaches them, what the timeline keeps, how they are found again."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from mostovi.cases import services as cases
from mostovi.cases.models import Case, CaseNote
from mostovi.people.models import Person
from mostovi.people.services import Draft, register_many
from mostovi.procedures.models import Deadline
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Actor, Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import ROLE_PURPOSES, Role

pytestmark = pytest.mark.django_db


def test_a_case_opens_in_the_first_step_and_is_logged(case, coordinator):
    found = cases.find(coordinator, case.code.lower())
    assert found.procedure.state == "identification"
    assert cases.read(coordinator, found)["summary"] == "Was made to work without pay."
    handle = cases.case_handle(case)
    assert AuditEntry.objects.filter(handle=handle, tag="cases.case.opened").count() == 1
    assert AuditEntry.objects.filter(handle=handle, tag="cases.case.read").count() == 1


def test_nothing_about_the_person_stands_in_the_tables_in_clear(case, coordinator):
    cases.add_note(coordinator, case, text="Her sister waits in Tuzla.")
    for row in (case, CaseNote.objects.get()):
        stored = b"".join(
            value if isinstance(value, bytes) else str(value).encode()
            for value in type(row).objects.filter(pk=row.pk).values_list().get()
        )
        for word in ("Was made to work", "Tuzla", "Layla", "ليلى"):
            assert word.encode() not in stored


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.SYSTEM, Role.PERSON}])
def test_only_roles_with_a_grant_reach_a_case(case, role):
    for purpose in ROLE_PURPOSES[role]:
        actor = Actor(uuid4(), role, purpose, unit="somewhere else")
        try:
            reached = cases.visible(actor).filter(pk=case.pk).exists()
        except Refused:
            reached = False
        assert reached is (role is Role.ANTI_TRAFFICKING_COORDINATOR)


def test_another_unit_and_an_absent_case_are_the_same_answer(case, acting):
    stranger = acting(Role.SOCIAL_WORKER, unit="centre")
    for code in (case.code, "ME-0000-0000", "nonsense"):
        with pytest.raises(Case.DoesNotExist):
            cases.find(stranger, code)


def test_a_guardian_sees_the_entrusted_child_only(case, acting):
    guardian = acting(Role.GUARDIAN)
    with pytest.raises(Case.DoesNotExist):
        cases.find(guardian, case.code)
    Person.objects.filter(pk=case.person_id).update(guardian_account=guardian.account)
    assert cases.find(guardian, case.code) == case


def test_a_case_held_for_asylum_is_not_there_for_protection(case, coordinator):
    Case.objects.filter(pk=case.pk).update(purpose=Purpose.ASYLUM)
    with pytest.raises(Case.DoesNotExist):
        cases.find(coordinator, case.code)


@pytest.mark.parametrize("text", ["Haddad", "haddad layla", "حداد", "Хаддад", "67000001"])
def test_search_finds_the_case_by_name_in_any_script_or_phone(case, coordinator, text):
    assert list(cases.search(coordinator, text)) == [case]


def test_search_by_code_and_by_nothing(case, coordinator):
    assert list(cases.search(coordinator, case.code)) == [case]
    assert list(cases.search(coordinator, case.person.code)) == [case]
    assert list(cases.search(coordinator, "Petrović")) == []


def test_namesakes_without_a_case_do_not_hide_the_one_with_a_case(case, coordinator):
    name = {"parts": [["given", "Layla"], ["family", "Haddad"]], "script": "Latn"}
    drafts = [Draft({}, [name]) for _ in range(60)]
    register_many(coordinator, drafts)
    assert list(cases.search(coordinator, "Layla Haddad")) == [case]


def test_search_finds_nothing_for_who_may_not_see(case, acting):
    assert list(cases.search(acting(Role.SOCIAL_WORKER, unit="centre"), "Haddad")) == []


def test_notes_are_written_once(case, coordinator):
    note = cases.add_note(coordinator, case, text=" She wants to stay. ")
    assert [line.text for line in cases.notes(case)] == ["She wants to stay."]
    with pytest.raises(TypeError):
        CaseNote.objects.get(pk=note.pk).save()
    for text in ("  ", "x" * 4001):
        with pytest.raises(cases.InvalidCase):
            cases.add_note(coordinator, case, text=text)


def test_a_step_needs_its_document(case, coordinator):
    for verb in ("register", "start_assessment"):
        cases.take_step(coordinator, case, verb=verb)
    with pytest.raises(StepRefused):
        cases.take_step(coordinator, case, verb="make_plan")
    cases.add_note(coordinator, case, text="She is safe here.", document="assessment")
    cases.take_step(coordinator, case, verb="make_plan")
    assert cases.find(coordinator, case.code).procedure.state == "plan"


def test_closing_and_reopening_keep_the_closing_day_true(case, coordinator):
    cases.take_step(coordinator, case, verb="close_early", reason="Moved on.")
    assert Case.objects.get().closed_at is not None
    cases.take_step(coordinator, case, verb="reopen", reason="Came back.")
    assert Case.objects.get().closed_at is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"case_type": "nonsense"}, "case_type"),
        ({"urgency": "yesterday"}, "urgency"),
        ({"summary": "x" * 4001}, "summary"),
    ],
)
def test_bad_input_opens_nothing(adult, coordinator, change, field):
    wish = {"person": adult, "case_type": "family", "urgency": "soon", "summary": ""}
    with pytest.raises(cases.InvalidCase) as refused:
        cases.open_case(coordinator, **(wish | change))
    assert refused.value.field == field
    assert not Case.objects.exists()


def test_home_shows_the_same_clocks_however_many_records_are_held(case, coordinator, monkeypatch):
    from mostovi.cases import today

    now = datetime.now(UTC)
    Deadline.objects.create(
        instance=case.procedure, clock="assessment", side="institution", started_at=now, due=now
    )
    few = today.waiting(coordinator, now)
    monkeypatch.setattr(today, "_FEW", 0)
    assert today.waiting(coordinator, now) == few
    assert case.code in [item.title for item in few]
