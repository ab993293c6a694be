# SPDX-License-Identifier: EUPL-1.2
"""R7 with real rows: an age assessment from its grounds to its challenge."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mostovi.cases.children import age, assessing, guardians, rules
from mostovi.cases.children.age import Answer, Course, Done, Lack
from mostovi.people import consenting
from mostovi.people import services as people
from mostovi.people.birth import AgeReason, AgeState
from mostovi.procedures.models import Deadline
from mostovi.procedures.state import StepRefused
from tests.cases.children.conftest import TODAY, a_child

NOW = datetime.now(UTC)
METHODS = rules.methods()


@pytest.fixture
def boy(db, worker):
    """Nobody knows when he was born."""
    return a_child(worker, birth=None)


def answer(person):
    person.refresh_from_db()
    return consenting.age_answer(person, datetime.now(UTC))


def done(code="interview", on=TODAY, youngest=18 * 12, oldest=22 * 12) -> Done:
    return Done(code, on, youngest, oldest)


# --- The rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ([], {Lack.NO_METHOD}),
        ([done()], {Lack.ONE_PROFESSION}),
        ([done(), done("psychosocial")], set()),
        ([done(), done("imaging_with_radiation")], {Lack.NOT_LEAST_INVASIVE}),
        ([done("sexual_maturity"), done(), done("psychosocial")], {Lack.UNKNOWN_METHOD}),
        ([done(oldest=18 * 12), done("psychosocial")], {Lack.MARGIN_TOO_SMALL}),
        # Written down in time, carried out too late.
        ([done(on=TODAY), done("psychosocial", on=TODAY - timedelta(days=1))],
         {Lack.NOT_LEAST_INVASIVE}),
    ],
)  # fmt: skip
def test_what_an_assessment_lacks(methods, expected):
    found = {lack for lack, _ in age.lacks(methods, METHODS, rules.least_professions())}
    assert found == expected


any_done = st.builds(
    Done, st.sampled_from([*METHODS, "sexual_maturity"]),
    st.dates(date(2026, 1, 1), date(2026, 11, 1)), st.integers(0, 400), st.integers(0, 400),
)  # fmt: skip
courses = st.builds(
    Course, st.sampled_from([*age.STATES, "a_state_nobody_knows"]),
    st.dates(date(2026, 1, 1), date(2026, 11, 1)),
    st.lists(st.sampled_from(list(rules.grounds())), max_size=2), st.sampled_from(Answer),
    st.sampled_from(Answer), st.lists(any_done, max_size=4),
    st.none() | st.dates(date(2026, 1, 1), date(2026, 11, 1)), st.none() | st.integers(0, 3),
)  # fmt: skip


@given(courses, st.integers(0, 3))
def test_r7_no_course_makes_an_adult_without_grounds_consent_care_and_an_end(course, version):
    from mostovi.people.birth import Birth, treated_as_child

    found = age.finding(course, METHODS, rules.least_professions(), version)
    if treated_as_child(Birth(), [found], date(2026, 11, 24)).is_child:
        return
    assert course.state == "final"
    assert course.grounds
    assert course.child is Answer.GIVEN
    assert course.guardian is Answer.GIVEN
    assert course.decided_on
    assert not age.lacks(course.done, METHODS, rules.least_professions())
    elapsed = (date(2026, 11, 24) - course.decided_on).days // 28
    assert all(one.youngest + elapsed >= 18 * 12 for one in course.done)


@given(st.lists(any_done, min_size=1, max_size=5), any_done)
def test_another_method_never_makes_the_result_narrower(methods, more):
    before, after = age.combined(methods), age.combined([*methods, more])
    assert after[0] <= before[0]
    assert after[1] >= before[1]


# --- The course --------------------------------------------------------------------------------


def test_an_assessment_needs_grounds(case, worker):
    for grounds in ([], ["looks_older"]):
        with pytest.raises(assessing.InvalidAssessment) as refused:
            assessing.begin(worker, case, grounds=grounds, words="He looks like 20.")
        assert refused.value.field == "grounds"


def test_from_the_first_doubt_on_the_person_is_a_child(db, worker, appoint):
    from mostovi.cases import services as cases

    adult = a_child(worker, birth={"precision": "day", "year": 2000, "month": 1, "day": 1})
    case = cases.open_case(worker, person=adult, case_type="other_vulnerable_adult", urgency="soon")
    assert not answer(adult).is_child
    assessing.begin(worker, case, grounds=["person_says_child"], words="He says he is 16.")
    said = answer(adult)
    assert said.is_child
    assert said.because is AgeReason.UNDER_ASSESSMENT


def _decided(case, row, worker, supervisor, youngest=18 * 12 + 6):
    assessing.step(worker, case, row, verb="begin")
    for method in ("interview", "psychosocial"):
        assessing.note_method(
            worker, case, row, method=method, on=TODAY, youngest=youngest, oldest=youngest + 60,
            by="A. B., psychologist",
        )  # fmt: skip
    return assessing.step(supervisor, case, row, verb="decide", reason="Both say so.")


def test_only_when_it_is_final_does_the_result_count(case, worker, supervisor, doubted):
    row = _decided(case, doubted(), worker, supervisor)
    assert answer(case.person).is_child
    with pytest.raises(StepRefused):
        assessing.step(supervisor, case, row, verb="make_final")
    Deadline.objects.filter(instance=row.procedure, clock="challenge").update(
        due=timezone.now() - timedelta(days=1)
    )
    assessing.step(supervisor, case, row, verb="make_final")
    said = answer(case.person)
    assert not said.is_child
    assert said.because is AgeReason.ASSESSED


def test_within_the_margin_it_stays_a_child_for_ever_so_final(case, worker, supervisor, doubted):
    row = _decided(case, doubted(), worker, supervisor, youngest=17 * 12)
    Deadline.objects.filter(instance=row.procedure).update(due=timezone.now() - timedelta(days=1))
    assessing.step(supervisor, case, row, verb="make_final")
    assert answer(case.person).because is AgeReason.WITHIN_MARGIN


def test_a_challenge_is_decided_by_somebody_else(
    case, worker, supervisor, second_supervisor, doubted
):
    row = _decided(case, doubted(), worker, supervisor)
    assessing.step(worker, case, row, verb="challenge", reason="The boy says he is 16.")
    assert answer(case.person).because is AgeReason.CHALLENGED
    with pytest.raises(StepRefused):
        assessing.step(supervisor, case, row, verb="uphold", reason="I was right.")
    assessing.step(second_supervisor, case, row, verb="overturn", reason="A paper was found.")
    assert answer(case.person).because is AgeReason.OVERTURNED


def test_a_refusal_stops_it_and_makes_nobody_an_adult(case, worker, doubted):
    row = doubted()
    assessing.step(worker, case, row, verb="begin")
    assessing.note_consent(
        worker, case, row, who="child", answer="withdrawn", words="He does not want to go on."
    )
    row.procedure.refresh_from_db()
    assert row.procedure.state == "refused"
    assert answer(case.person).because is AgeReason.REFUSED
    with pytest.raises(assessing.InvalidAssessment):
        assessing.note_method(
            worker, case, row, method="interview", on=TODAY, youngest=230, oldest=300, by="C. D."
        )


def test_without_a_guardian_or_consent_nothing_begins(case, worker, appoint):
    row = assessing.begin(worker, case, grounds=["person_says_child"], words="Says 16.")
    assessing.note_consent(worker, case, row, who="child", answer="given", words="In Dari.")
    with pytest.raises(StepRefused) as refused:
        assessing.step(worker, case, row, verb="begin")
    assert {reason.about for reason in refused.value.reasons} == {
        "guardian_appointed", "consents_given",
    }  # fmt: skip


def test_who_carries_it_out_does_not_decide(case, supervisor, doubted):
    row = doubted()
    assessing.step(supervisor, case, row, verb="begin")
    for method in ("interview", "psychosocial"):
        assessing.note_method(
            supervisor, case, row, method=method, on=TODAY, youngest=220, oldest=280, by="E."
        )
    with pytest.raises(StepRefused):
        assessing.step(supervisor, case, row, verb="decide", reason="Clear.")


def test_an_xray_is_refused_before_and_after_it_could_be_needed(case, worker, doubted):
    row = doubted()
    assessing.step(worker, case, row, verb="begin")

    def take(method, youngest=17 * 12, oldest=22 * 12):
        assessing.note_method(
            worker, case, row, method=method, on=TODAY, youngest=youngest, oldest=oldest, by="F."
        )
        row.refresh_from_db()

    with pytest.raises(assessing.InvalidAssessment, match="Less invasive"):
        take("imaging_with_radiation")
    take("interview", 12 * 12, 15 * 12)
    take("psychosocial", 12 * 12, 15 * 12)
    with pytest.raises(assessing.InvalidAssessment, match="gone already"):
        take("imaging_without_radiation")
    with pytest.raises(assessing.InvalidAssessment, match="so exact"):
        take("interview", 216, 217)


def test_a_doubt_raised_after_a_final_result_counts_anew(case, worker, supervisor, doubted):
    row = _decided(case, doubted(), worker, supervisor)
    Deadline.objects.filter(instance=row.procedure).update(due=timezone.now() - timedelta(days=1))
    assessing.step(supervisor, case, row, verb="make_final")
    from uuid import uuid4

    people.change(
        worker, case.person,
        changes=[
            people.FieldChange(
                "birth", 0, {"precision": "year", "year": 2005, "doubted": True}, uuid4()
            )
        ],
    )  # fmt: skip
    assert answer(case.person).because is AgeReason.DOUBTED


def test_one_assessment_at_a_time(case, worker):
    assessing.begin(worker, case, grounds=["person_says_child"], words="Says 16.")
    with pytest.raises(assessing.InvalidAssessment):
        assessing.begin(worker, case, grounds=["person_says_child"], words="Says 15.")


def test_a_guardian_with_a_conflict_does_not_consent_to_it(case, worker, doubted, monkeypatch):
    row = doubted()
    held = case.person.guardian_appointments.get()
    monkeypatch.setattr(guardians, "_seekers", [lambda child: [held.relative_id, held.pk]])
    assessing.step(worker, case, row, verb="begin")
    aunt = a_child(worker, birth={"precision": "year", "year": 1980})
    case.person.guardian_appointments.update(relative=aunt)
    monkeypatch.setattr(guardians, "_seekers", [lambda child: [aunt.pk]])
    with pytest.raises(StepRefused) as refused:
        assessing.step(worker, case, row, verb="decide", reason="x")
    assert "guardian_appointed" in {reason.about for reason in refused.value.reasons}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(verbs=st.lists(
    st.sampled_from([
        "begin", "decide", "make_final", "challenge", "overturn", "uphold", "refuse", "cancel",
        "time", "method", "adult_method", "child_no", "guardian_no", "child_yes", "guardian_yes",
    ]), max_size=14,
))  # fmt: skip
def test_r7_no_order_of_events_makes_a_doubtful_age_an_adults(
    verbs, case, worker, supervisor, second_supervisor, appoint
):
    """Random sequences; an adult only at the end of a final, agreed, careful assessment."""
    from django.db import transaction

    with transaction.atomic():
        appoint(case)
        row = assessing.begin(worker, case, grounds=["contradicting_documents"], words="x")
        for verb in verbs:
            try:
                with transaction.atomic():
                    _try(verb, case, row, worker, supervisor, second_supervisor)
            except (StepRefused, assessing.InvalidAssessment):
                pass
            row.refresh_from_db()
            course = assessing.course_of(row, row.values())
            if not answer(case.person).is_child:
                assert age.STATES[course.state] is AgeState.FINAL
                assert course.consented
                assert not age.lacks(course.done, METHODS, 2)
        transaction.set_rollback(True)


def _try(verb, case, row, worker, supervisor, second_supervisor):
    if verb == "time":
        Deadline.objects.filter(instance=row.procedure).update(
            due=timezone.now() - timedelta(days=1)
        )
    elif verb.endswith("method"):
        youngest = 230 if verb.startswith("adult") else 150
        for method in ("interview", "psychosocial"):
            assessing.note_method(
                worker, case, row, method=method, on=TODAY, youngest=youngest,
                oldest=youngest + 60, by="G.",
            )  # fmt: skip
    elif "_" in verb and verb.split("_")[1] in {"yes", "no"}:
        who, said = verb.split("_")
        given_ = "given" if said == "yes" else "refused"
        assessing.note_consent(worker, case, row, who=who, answer=given_, words="Told.")
    else:
        actor = {"begin": worker, "uphold": second_supervisor}.get(verb, supervisor)
        assessing.step(actor, case, row, verb=verb, reason="Because.")
