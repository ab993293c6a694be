# SPDX-License-Identifier: EUPL-1.2
"""What a person is told: open, maybe, closed; never wrongly 'closed', never another certainty."""

from __future__ import annotations

from datetime import date
from itertools import cycle
from typing import Any as Anything

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mostovi.pathways.answers import Answer, Because, PathwayAnswer, check
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.explaining import explain
from mostovi.pathways.expressions import All, Any, Comparison, Constant, Expression, Test
from mostovi.pathways.law import Review
from mostovi.pathways.library import library
from mostovi.pathways.questions import diagram_of, next_questions
from tests.pathways.random_rules import (
    DOMAIN,
    SIGNED,
    completions,
    expressions,
    rule_of,
    rule_set_of,
    size_of_brute_force,
    some_facts,
)

OFFER = Test("offer", Comparison.IS, True)
CLEAN = Test("clean", Comparison.IS, True)
CERTAIN = {Answer.OPEN, Answer.CLOSED}


def answer(
    expression: Expression,
    facts: dict[str, Anything],
    *,
    signed: bool = False,
    reviews: tuple[Review, ...] = (Review(),),
) -> PathwayAnswer:
    rule = rule_of(expression, signed=signed, reviews=cycle(reviews))
    return check(rule_set_of(rule), facts).answers[0]


REVIEWS = st.lists(st.sampled_from([SIGNED, Review()]), min_size=1, max_size=6).map(tuple)


@settings(max_examples=400, deadline=None)
@given(expressions(), some_facts(), st.booleans(), REVIEWS)
def test_closed_is_said_only_of_a_signed_off_no_whatever_else_is_true(
    expression: Expression,
    facts: dict[str, Anything],
    signed: bool,
    reviews: tuple[Review, ...],
) -> None:
    assume(size_of_brute_force(expression, facts) <= 2_000)
    told = answer(expression, facts, signed=signed, reviews=reviews)
    results = {evaluate(expression, whole) for whole in completions(expression, facts)}
    if told.answer is Answer.CLOSED:
        assert signed
        assert results == {False}, "an unknown fact could still make it something else"
    if told.answer is Answer.OPEN:
        assert results == {True}
    if not signed or all(not review.is_reviewed for review in reviews):
        assert told.answer is not Answer.CLOSED


@settings(max_examples=400, deadline=None)
@given(expressions(), some_facts(), st.booleans(), REVIEWS, st.data())
def test_learning_a_fact_never_turns_an_answer_into_another_certainty(
    expression: Expression,
    facts: dict[str, Anything],
    signed: bool,
    reviews: tuple[Review, ...],
    data: st.DataObject,
) -> None:
    before = answer(expression, facts, signed=signed, reviews=reviews)
    unknown = sorted(set(DOMAIN) - set(facts))
    assume(unknown)
    fact = data.draw(st.sampled_from(unknown))
    learnt = {**facts, fact: data.draw(st.sampled_from(DOMAIN[fact]))}
    after = answer(expression, learnt, signed=signed, reviews=reviews)
    if before.answer in CERTAIN:
        assert after.answer is before.answer
    if before.logic is not None:
        assert after.logic is before.logic


@settings(max_examples=300, deadline=None)
@given(expressions(), some_facts())
def test_where_kleene_decides_the_answer_agrees(
    expression: Expression, facts: dict[str, Anything]
) -> None:
    told = answer(expression, facts)
    value = evaluate(expression, facts)
    if value is not None:
        assert told.logic is value


@settings(max_examples=300, deadline=None)
@given(expressions(), some_facts())
def test_an_open_answer_has_a_question_or_says_that_the_law_is_not_known(
    expression: Expression, facts: dict[str, Anything]
) -> None:
    told = answer(expression, facts)
    assert bool(told.questions) is (told.because is Because.UNKNOWN_FACT)
    assert not set(told.questions) & set(facts)
    if told.because is Because.UNKNOWN_LAW:
        assert evaluate(expression, facts) is None
    assert list(told.questions) == [
        question.fact for question in next_questions(rule_set_of(rule_of(expression)), facts)
    ]


@settings(max_examples=200, deadline=None)
@given(expressions(), some_facts())
def test_a_fact_of_no_use_changes_nothing(
    expression: Expression, facts: dict[str, Anything]
) -> None:
    assume(size_of_brute_force(expression, facts) <= 2_000)
    told = answer(expression, facts)
    for fact in set(DOMAIN) - set(facts) - set(told.questions):
        for value in DOMAIN[fact][:2]:
            again = answer(expression, {**facts, fact: value})
            assert (again.answer, again.logic) == (told.answer, told.logic)


def test_a_no_that_nobody_signed_off_is_told_as_maybe() -> None:
    told = answer(OFFER, {"offer": False})
    assert (told.answer, told.because) == (Answer.MAYBE, Because.UNREVIEWED_NO)
    assert told.logic is False


def test_a_no_rests_only_on_conditions_that_are_signed_off() -> None:
    # Reviews in the order: the group, then each part.
    rule = All((OFFER, CLEAN))
    only_offer = (SIGNED, SIGNED, Review())
    no_offer, not_clean = {"offer": False}, {"clean": False}
    assert answer(rule, no_offer, signed=True, reviews=only_offer).answer is Answer.CLOSED
    assert answer(rule, not_clean, signed=True, reviews=only_offer).answer is Answer.MAYBE
    both = {**no_offer, **not_clean}
    assert answer(rule, both, signed=True, reviews=only_offer).answer is Answer.CLOSED
    assert answer(rule, no_offer, signed=False, reviews=only_offer).answer is Answer.MAYBE
    # A no of alternatives rests on all of them.
    either = Any((OFFER, CLEAN))
    assert answer(either, both, signed=True, reviews=only_offer).answer is Answer.MAYBE
    assert answer(either, both, signed=True, reviews=(SIGNED,)).answer is Answer.CLOSED


def test_law_that_is_not_known_never_opens_and_never_closes() -> None:
    rule = All((OFFER, Constant(None)))
    told = answer(rule, {"offer": True}, signed=True, reviews=(SIGNED,))
    assert (told.answer, told.because) == (Answer.MAYBE, Because.UNKNOWN_LAW)


@pytest.mark.parametrize("partner", library().codes)
def test_no_shipped_pack_can_say_closed_before_a_lawyer_signed_it(partner: str) -> None:
    rules = library().rule_set(partner, date(2026, 11, 24))
    unsigned = {
        rule.pathway
        for rule in rules.rules
        if not rule.signed_off
        or not any(c.review.is_reviewed for top in rule.conditions for c in top.walk())
    }
    nobody: dict[str, Anything] = {
        "serious_crime": True,
        "job_offer": False,
        "relative_here": "none",
        "where": "abroad",
    }
    for facts in ({}, nobody):
        for told in check(rules, facts).answers:
            if told.pathway in unsigned:
                assert told.answer is not Answer.CLOSED


@pytest.mark.parametrize("partner", library().codes)
def test_a_doubtful_age_is_a_childs_in_every_law(partner: str) -> None:
    """R7: whatever a file asks, nobody whose age is not certain fails for being too old."""
    rules = library().rule_set(partner, date(2026, 11, 24))
    seen = 0
    for rule in rules.rules:
        diagram = diagram_of(rule, rules.vocabulary)
        if "age" not in diagram.facts:
            continue
        doubtful = {"age_in_doubt": True}
        for reason in explain(rule, {**doubtful, "age": 30}).walk():
            test = reason.condition.test if reason.condition else None
            if test is None or test.fact != "age" or evaluate(test, {"age": 18}) is not False:
                continue
            if evaluate(test, {"age": 17}) is True:
                seen += 1
                groups = [
                    group
                    for group in explain(rule, {**doubtful, "age": 30}).walk()
                    if any(part.condition == reason.condition for part in group.parts)
                ]
                assert all(group.value is True for group in groups), (rule.pathway, reason.code)
    assert seen, "no law of this partner asks for a child; then this test says nothing"
