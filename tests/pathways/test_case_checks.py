# SPDX-License-Identifier: EUPL-1.2
"""Checks inside a case: what is known, saving, reading, who may, what a law's change does."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mostovi.cases import sections
from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.pathways import case_checking, case_knowing, registrations
from mostovi.pathways.case_checking import InvalidCheck
from mostovi.pathways.library import library
from mostovi.pathways.models import SavedCheck
from mostovi.people import keeping
from mostovi.people import services as people
from mostovi.rights.access import Actor, Refused
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import ROLE_PURPOSES, Role
from tests.pathways.small_law import STUDY, reread, small_law

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@pytest.fixture
def worker(acting) -> Actor:
    return acting(Role.SOCIAL_WORKER)


def case_of(actor: Actor, case_type: str = "other_vulnerable_adult", **single) -> Case:
    person = people.register(actor, single=single, names=[])
    return cases.open_case(actor, person=person, case_type=case_type, urgency="soon")


BORN_1990 = {"precision": "day", "year": 1990, "month": 5, "day": 30}


@pytest.fixture
def case(worker) -> Case:
    return case_of(worker, birth=BORN_1990, citizenships=["SY"], languages=["prs"])


def work(actor: Actor, case: Case, **options):
    with transaction.atomic():
        found = case_checking.find_case(actor, case.code)
        return case_checking.work(actor, found, now=NOW, **options)


# --- What is known -------------------------------------------------------------------------------


def test_what_the_file_holds_is_there_with_its_source(worker, case):
    working = work(worker, case)
    assert working.answers["age"] == "1990-05-30" and working.facts["age"] == 36
    assert working.answers["citizenship"] == "SY"
    assert working.answers["age_in_doubt"] == "no"
    assert working.sources["age"] == "birth" and working.sources["citizenship"] == "file"
    assert all(one.words and one.url for one in working.known.values())


def test_what_is_known_can_be_corrected_and_says_so(worker, case):
    working = work(worker, case, given={"citizenship": "IQ"}, told={"citizenship"})
    assert working.facts["citizenship"] == "IQ"
    assert working.sources["citizenship"] == "corrected"
    working = work(worker, case, given={"citizenship": "unknown"}, told={"citizenship"})
    assert "citizenship" not in working.facts


@pytest.mark.parametrize(
    ("listed", "expected"), [(["XXA"], "stateless"), (["XXX"], None), (["SY", "IQ"], None)]
)
def test_of_two_citizenships_neither_is_taken_silently(worker, listed, expected):
    working = work(worker, case_of(worker, birth=BORN_1990, citizenships=listed))
    assert working.answers.get("citizenship") == expected


@pytest.mark.parametrize(
    "birth",
    [
        {"precision": "unknown"},
        {"precision": "year", "year": 2008},
        {"precision": "day", "year": 1990, "month": 1, "day": 1, "doubted": True},
        {"precision": "estimated", "year": 2009, "margin": 3},
    ],
)
def test_a_doubtful_age_is_a_childs_and_no_check_overrules_it(worker, birth):
    case = case_of(worker, birth=birth)
    working = work(worker, case)
    assert working.facts["age_in_doubt"] is True and "age" not in working.facts
    assert working.known["age_in_doubt"].held
    for given_, told in (({"age": "30"}, {"age"}), ({"age_in_doubt": "no"}, {"age_in_doubt"})):
        with pytest.raises(InvalidCheck):
            case_checking.save(worker, case, given=given_, told=told, now=NOW)
    # Carried along as an answer of an earlier page, it is not believed either.
    assert work(worker, case, given={"age_in_doubt": "no"}).facts["age_in_doubt"] is True
    assert not SavedCheck.objects.exists()


def test_a_year_of_birth_is_an_age_only_where_no_rule_tells_the_two_ages_apart(worker):
    working = work(worker, case_of(worker, birth={"precision": "year", "year": 1990}))
    same = case_knowing.told_alike(working.rules, "age", 35, 36)
    assert ("age" in working.facts) is same
    assert not case_knowing.told_alike(working.rules, "age", 17, 18)


def test_an_unaccompanied_child_is_known_to_be_alone_and_in_danger(worker):
    case = case_of(
        worker, "unaccompanied_child",
        birth={"precision": "day", "year": 2012, "month": 2, "day": 1},
    )  # fmt: skip
    working = work(worker, case)
    assert working.facts["without_parents"] is True and working.facts["age"] == 14
    assert "guardian_appointed" not in working.facts  # none recorded is not none


def test_another_package_can_say_what_it_knows(worker, case):
    def source(inside):
        yield case_knowing.Known("housing", "no", "file", "A register of beds")
        yield case_knowing.Known("not_a_fact", "yes", "file", "Nothing")

    case_knowing.register(source)
    try:
        assert work(worker, case).facts["housing"] is False
    finally:
        case_knowing.unregister(source)


# --- Saving --------------------------------------------------------------------------------------


def test_a_saved_check_holds_what_it_stood_on(worker, case):
    row = case_checking.save(
        worker, case, given={"fears_persecution": "yes", "housing": "unknown"},
        told={"fears_persecution", "housing"}, now=NOW,
    )  # fmt: skip
    saved = case_checking.find(worker, case, row.pk)
    assert (saved.row.partner, saved.row.on) == ("me", TODAY)
    assert saved.answers["housing"] == "unknown" and "housing" not in saved.facts
    assert saved.sources["fears_persecution"] == "asked"
    rules = library().rule_set("me", TODAY)
    assert {way.pathway: way.digest for way in saved.ways} == {
        rule.pathway: rule.digest for rule in rules.rules
    }
    assert saved.row.law_digest == case_checking.law_digest(rules)
    assert sum(saved.counts.values()) == len(saved.ways)


def test_nothing_about_the_person_lies_in_clear_and_nothing_of_the_case_changes(worker, case):
    before = (case.procedure.state, case.risk, case.case_type)
    row = case_checking.save(
        worker, case, given={"forced_or_controlled": "yes"}, told={"forced_or_controlled"}
    )
    columns = {f.name: str(getattr(row, f.attname)) for f in row._meta.concrete_fields}
    assert "forced" not in json.dumps({k: v for k, v in columns.items() if k != "sealed"})
    assert b"forced" not in bytes(row.sealed)
    fresh = cases.find(worker, case.code)
    assert (fresh.procedure.state, fresh.risk, fresh.case_type) == before
    assert not any("forced" in entry.detail for entry in AuditEntry.objects.all())


def test_the_same_check_sent_twice_is_saved_once_and_cannot_be_changed(worker, case):
    first = case_checking.save(worker, case, given={}, now=NOW)
    again = case_checking.save(worker, case, given={}, ident=first.pk, now=NOW)
    assert again.pk == first.pk and SavedCheck.objects.count() == 1
    with pytest.raises(TypeError):
        first.save()
    with pytest.raises(TypeError):
        first.delete()


def test_the_number_of_another_cases_check_opens_nothing(worker, case):
    other = case_of(worker, birth=BORN_1990)
    first = case_checking.save(worker, case, given={}, now=NOW)
    second = case_checking.save(worker, other, given={}, ident=first.pk, now=NOW)
    assert second.pk != first.pk and second.case_id == other.pk
    with pytest.raises(SavedCheck.DoesNotExist):
        case_checking.find(worker, other, first.pk)


def test_contradictions_are_not_saved(worker, case):
    with pytest.raises(InvalidCheck) as refused:
        case_checking.save(
            worker, case, given={"relative_here": "none", "relative_status": "citizen"}
        )
    assert refused.value.problems[0].conflict == "no_relative_status"
    assert not SavedCheck.objects.exists()


# --- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(Role))
def test_no_other_purpose_ever_reads_or_makes_a_check(worker, case, acting, role):
    row = case_checking.save(worker, case, given={}, now=NOW)
    for purpose in Purpose:
        actor = Actor(acting(Role.SOCIAL_WORKER).account, role, purpose, worker.unit)
        if purpose in {Purpose.PROTECTION, Purpose.ASYLUM} and purpose in ROLE_PURPOSES[role]:
            continue
        with pytest.raises((Refused, Case.DoesNotExist)):
            found = case_checking.find_case(actor, case.code)
            case_checking.find(actor, found, row.pk)
        with pytest.raises((Refused, Case.DoesNotExist)):
            case_checking.save(actor, case, given={})
    assert SavedCheck.objects.count() == 1


def test_another_unit_finds_no_case(case, acting):
    with pytest.raises(Case.DoesNotExist):
        case_checking.find_case(acting(Role.SOCIAL_WORKER, unit="elsewhere"), case.code)
    with pytest.raises(Case.DoesNotExist):
        case_checking.save(acting(Role.SOCIAL_WORKER, unit="elsewhere"), case, given={})


def test_an_asylum_officer_does_not_find_what_is_held_for_protection(case, acting):
    with pytest.raises(Case.DoesNotExist):
        case_checking.find_case(acting(Role.ASYLUM_OFFICER), case.code)


def test_a_guardian_checks_for_the_own_child_and_no_other(worker, acting):
    guardian = acting(Role.GUARDIAN)
    child = case_of(worker, "unaccompanied_child", birth={"precision": "year", "year": 2012})
    other = case_of(worker, "unaccompanied_child", birth={"precision": "year", "year": 2012})
    type(child.person).objects.filter(pk=child.person_id).update(guardian_account=guardian.account)
    found = case_checking.find_case(guardian, child.code)
    row = case_checking.save(guardian, found, given={}, now=NOW)
    assert case_checking.find(guardian, found, row.pk).answers["guardian_appointed"] == "yes"
    with pytest.raises(Case.DoesNotExist):
        case_checking.find_case(guardian, other.code)
    with pytest.raises(Case.DoesNotExist):
        case_checking.save(guardian, other, given={})


# --- The person's rights -------------------------------------------------------------------------


def test_the_copy_of_a_persons_file_has_every_check(worker, case):
    case_checking.save(worker, case, given={"fears_persecution": "yes"}, now=NOW)
    copy = keeping.copies(case.person)["pathway_checks"]
    assert copy[0]["answers"]["fears_persecution"] == "yes"
    assert copy[0]["ways"] and copy[0]["law_digest"]
    json.dumps(copy)


def test_erasure_of_the_person_erases_the_checks(worker, case, django_capture_on_commit_callbacks):
    row = case_checking.save(worker, case, given={"fears_persecution": "yes"}, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        people.erase(Actor.system(Purpose.GOVERNANCE), case.person, reason="wish")
    (saved,) = case_checking.of_case(worker, case)
    assert saved.erased and saved.row.pk == row.pk and not saved.answers
    with pytest.raises((case_checking.Erased, Case.DoesNotExist)):
        case_checking.save(worker, cases.find(worker, case.code), given={})


def test_every_reading_and_saving_is_in_the_log(worker, case):
    row = case_checking.save(worker, case, given={}, now=NOW)
    case_checking.find(worker, case, row.pk)
    case_checking.of_case(worker, case)
    tags = list(AuditEntry.objects.order_by("sequence").values_list("tag", flat=True))[-5:]
    assert tags[-3:] == ["pathways.check.saved", "pathways.check.read", "pathways.check.listed"]
    assert "people.person.read" in tags or "person.read" in " ".join(tags)


# --- In time -------------------------------------------------------------------------------------


def test_a_change_of_the_law_is_said_and_the_old_answer_stays(worker, case, tmp_path):
    answers = {"accepted_to_study": "yes", "enough_money": "yes", "clean_record": "yes"}
    with small_law(tmp_path) as folder:
        row = case_checking.save(worker, case, given=answers, told=set(answers), now=NOW)
        saved = case_checking.find(worker, case, row.pk)
        assert saved.way("study").answer == "open"
        assert case_checking.changed_law(saved, TODAY) == ()
        assert registrations.case_section(worker, case, NOW).warning == ""
        harder = STUDY.replace("        any:\n", "        all:\n")
        (folder / "me/study.yaml").write_text(harder, encoding="utf-8")
        reread()
        saved = case_checking.find(worker, case, row.pk)
        assert saved.way("study").answer == "open"
        assert case_checking.changed_law(saved, TODAY) == ("study",)
        assert registrations.case_section(worker, case, NOW).warning
        given_, old = case_checking.given_again(saved, library().vocabulary, TODAY)
        assert given_ == answers and not old
        second = case_checking.save(worker, case, given=given_, now=NOW + timedelta(hours=1))
        later = case_checking.find(worker, case, second.pk)
        assert later.way("study").answer == "maybe"
        assert later.sources["enough_money"] == "earlier"
        lines, facts = case_checking.compare(saved, later)
        assert [(line.before, line.after, line.law_changed) for line in lines] == [
            ("open", "maybe", True)
        ]
        assert facts == []


def test_an_older_day_asks_the_older_law(worker, case, tmp_path):
    with small_law(tmp_path):
        row = case_checking.save(
            worker, case, given={"accepted_to_study": "yes"}, on=date(2023, 6, 1), now=NOW
        )
        saved = case_checking.find(worker, case, row.pk)
        assert (saved.way("study").version, saved.way("study").answer) == ("2018.1", "open")
        assert case_checking.changed_law(saved, TODAY) == ("study",)


def test_an_unreviewed_no_is_never_closed(worker, case, tmp_path):
    answers = {"accepted_to_study": "no", "enough_money": "no", "housing": "no"}
    with small_law(tmp_path):
        row = case_checking.save(worker, case, given=answers, now=NOW)
        way = case_checking.find(worker, case, row.pk).way("study")
        assert (way.answer, way.because) == ("maybe", "unreviewed_no")
        assert {one["code"] for one in way.deciding} >= {"place"}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(sorted(library().vocabulary.facts)),
        st.sampled_from(["yes", "no", "unknown", "not_asked", "3", "SY", "none", "x" * 50, ""]),
        max_size=25,
    )
)
def test_whatever_is_answered_no_unsigned_law_closes_a_way(worker, case, answers):
    """R6, through the service: broken answers are refused, the others never close anything."""
    try:
        with transaction.atomic():
            row = case_checking.save(worker, case, given=answers, told=set(answers), now=NOW)
    except InvalidCheck as refused:
        assert refused.problems or refused.refused
        return
    saved = case_checking.find(worker, case, row.pk)
    assert all(way.signed for way in saved.ways if way.answer == "closed")


# --- The case's page -----------------------------------------------------------------------------


def test_the_block_on_the_case_page_says_the_last_result(worker, case):
    found = cases.find(worker, case.code)
    codes = [one.code for one in sections.of_case(worker, found, NOW)]
    assert codes.count("pathways") == 1
    first = registrations.case_section(worker, found, NOW)
    assert first.url.endswith("/check/")
    case_checking.save(worker, case, given={}, now=NOW)
    second = registrations.case_section(worker, cases.find(worker, case.code), NOW)
    assert second.url.endswith(f"/cases/{case.code}/") and len(second.lines) == 3


def test_the_block_takes_no_statement_of_its_own(worker, case, statements):
    case_checking.save(worker, case, given={}, now=NOW)
    found = cases.find(worker, case.code)
    registrations.case_section(worker, found, NOW)
    sent = statements(lambda: registrations.case_section(worker, found, NOW))
    assert sent == []
