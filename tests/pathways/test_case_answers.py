# SPDX-License-Identifier: EUPL-1.2
"""Answers about a person: three kinds of silence, contradictions, ages, what is put next."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.pathways import case_answers
from mostovi.pathways.answers import Answer, check
from mostovi.pathways.case_answers import AgeHeld
from mostovi.pathways.library import library

VOCABULARY = library().vocabulary
ON = date(2026, 11, 24)
CHILD_IN_DOUBT = AgeHeld(is_child=True, in_doubt=True)
CHILD = AgeHeld(is_child=True, in_doubt=False)
ADULT = AgeHeld(is_child=False, in_doubt=False)

answers_of_anybody = st.fixed_dictionaries(
    {},
    optional={
        "age": st.sampled_from(["3", "17", "18", "40", "2008-11-25", "1990-01-01", "unknown"]),
        "age_in_doubt": st.sampled_from(["yes", "no", "unknown", "not_asked"]),
        "without_parents": st.sampled_from(["yes", "no", "unknown", "not_asked"]),
        "fears_persecution": st.sampled_from(["yes", "no", "unknown", "not_asked"]),
        "where": st.sampled_from(["inside", "at_border", "abroad", "unknown"]),
        "forced_or_controlled": st.sampled_from(["yes", "no", "unknown"]),
        "citizenship": st.sampled_from(["SY", "stateless", "unknown"]),
        "months_here": st.sampled_from(["0", "7", "2026-01-01", "not_asked"]),
    },
)


def test_unknown_and_not_asked_are_no_facts() -> None:
    read = case_answers.read(
        {"job_offer": "unknown", "housing": "not_asked", "clean_record": "no"}, VOCABULARY, ON
    )
    assert dict(read.facts) == {"clean_record": False}
    assert not read.problems


def test_a_date_stands_for_a_number_of_months() -> None:
    read = case_answers.read({"months_here": "2026-01-24"}, VOCABULARY, ON)
    assert dict(read.facts) == {"months_here": 10}


def test_contradicting_answers_both_do_not_count_and_are_named() -> None:
    read = case_answers.read(
        {"relative_here": "none", "relative_status": "citizen", "housing": "yes"}, VOCABULARY, ON
    )
    assert dict(read.facts) == {"housing": True}
    assert {"relative_here", "relative_status"} <= set(
        case_answers.about(read.problems[0], VOCABULARY)
    )


@pytest.mark.parametrize("held", [CHILD, CHILD_IN_DOUBT])
def test_a_check_makes_nobody_an_adult(held: AgeHeld) -> None:
    for answer in ("18", "44", "1990-01-01"):
        assert "age" in case_answers.refused_ages({"age": answer}, held, VOCABULARY, ON)
    assert case_answers.refused_ages({"age": "16"}, CHILD, VOCABULARY, ON) == []
    assert case_answers.refused_ages({"age": "44"}, ADULT, VOCABULARY, ON) == []


def test_the_doubt_cannot_be_taken_back_in_a_check() -> None:
    no = {"age_in_doubt": "no"}
    assert case_answers.refused_ages(no, CHILD_IN_DOUBT, VOCABULARY, ON) == ["age_in_doubt"]
    assert case_answers.refused_ages(no, CHILD, VOCABULARY, ON) == []


@given(answers_of_anybody, st.sampled_from([CHILD, CHILD_IN_DOUBT, ADULT]))
def test_no_facts_ever_say_that_a_child_or_a_doubtful_age_is_an_adult(
    answers: dict[str, str], held: AgeHeld
) -> None:
    read = case_answers.read(answers, VOCABULARY, ON)
    facts = case_answers.with_benefit_of_doubt(read.facts, held)
    if held.is_child:
        assert facts.get("age", 0) < 18  # type: ignore[operator]
    if held.in_doubt or facts.get("age_in_doubt") is True:
        assert "age" not in facts
        assert facts["age_in_doubt"] is True


@given(answers_of_anybody, st.sampled_from(["al", "ba", "me", "mk", "rs", "xk"]))
def test_whoever_counts_as_a_child_is_never_told_that_a_childs_way_is_closed(
    answers: dict[str, str], partner: str
) -> None:
    """R7 with R6: whatever else is said of a person whose age is in doubt."""
    rules = library().rule_set(partner, ON)
    facts = case_answers.with_benefit_of_doubt(
        case_answers.read(answers, VOCABULARY, ON).facts, CHILD_IN_DOUBT
    )
    by_age = {
        reason.condition.code
        for answer in check(rules, facts).answers
        if answer.pathway == "unaccompanied_child" and answer.logic is False
        for reason in answer.reason.walk()
        if reason.condition and reason.condition.test and reason.value is False
        and reason.condition.test.fact == "age"
    }  # fmt: skip
    assert not by_age
    for answer in check(rules, facts).answers:
        if not rules.rule(answer.pathway).signed_off:
            assert answer.answer is not Answer.CLOSED


@given(answers_of_anybody)
def test_questions_go_on_until_each_has_an_answer_and_end(answers: dict[str, str]) -> None:
    rules = library().rule_set("me", ON)
    given_now = dict(answers)
    for _step in range(60):
        facts = case_answers.read(given_now, VOCABULARY, ON).facts
        asked = [question.fact for question in check(rules, facts).questions]
        group = case_answers.next_group(asked, given_now, VOCABULARY)
        if group is None:
            break
        assert {VOCABULARY[fact].group for fact in group.facts} == {group.group}
        assert len(group.facts) <= case_answers.GROUP_SIZE
        assert group.facts[0] == next(fact for fact in asked if fact not in given_now)
        given_now |= dict.fromkeys(group.facts, "unknown")
    else:
        raise AssertionError("the questions have no end")


def test_an_answer_is_taken_from_what_was_written_first() -> None:
    age = VOCABULARY["age"]
    assert case_answers.given(age, {"value": "٢٥", "nothing": "not_asked"}) == "25"
    assert case_answers.given(age, {"date": "2001-05-30", "nothing": "unknown"}) == "2001-05-30"
    assert case_answers.given(age, {"nothing": "unknown"}) == "unknown"
    assert case_answers.given(age, {}) == ""


def test_a_number_of_months_grows_and_a_date_is_counted_anew() -> None:
    then, now = date(2026, 3, 1), date(2026, 11, 24)
    answers = {"months_here": "5", "residence_months": "2025-01-01", "contract_months": "12"}
    assert case_answers.grown(answers, VOCABULARY, then, now) == ("months_here",)
    assert case_answers.grown(answers, VOCABULARY, then, date(2026, 3, 20)) == ()
    assert case_answers.grown({"age": "17"}, VOCABULARY, then, now) == ()


def test_no_answer_and_not_asked_are_no_difference() -> None:
    first, second = {"housing": "not_asked", "job_offer": "no"}, {"job_offer": "yes"}
    assert case_answers.differing(first, second) == ["job_offer"]
