# SPDX-License-Identifier: EUPL-1.2
"""What is asked next: exactly what can still change an answer, by trying every completion."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any as Anything

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mostovi.pathways.diagrams import LOGIC, Diagram
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import (
    All,
    Any,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Test,
)
from mostovi.pathways.questions import next_questions
from tests.pathways.random_rules import (
    VOCABULARY,
    completions,
    essential,
    expressions,
    rule_of,
    rule_set_of,
    size_of_brute_force,
    some_facts,
)

LARGEST_BRUTE_FORCE = 4_000

CHILD = Test("age", Comparison.LESS_THAN, 3)
ADULT = Test("age", Comparison.AT_LEAST, 3)
OFFER = Test("offer", Comparison.IS, True)
CLEAN = Test("clean", Comparison.IS, True)


def asked(expression: Expression, facts: dict[str, Anything]) -> dict[str, float]:
    questions = next_questions(rule_set_of(rule_of(expression)), facts)
    return {question.fact: question.decides for question in questions}


@settings(max_examples=400, deadline=None)
@given(expressions(), some_facts())
def test_exactly_the_essential_facts_are_asked(
    expression: Expression, facts: dict[str, Anything]
) -> None:
    assume(size_of_brute_force(expression, facts) <= LARGEST_BRUTE_FORCE)
    assert set(asked(expression, facts)) == essential(expression, facts)


@settings(max_examples=400, deadline=None)
@given(expressions(), some_facts())
def test_a_rule_is_decided_exactly_when_every_completion_gives_the_same(
    expression: Expression, facts: dict[str, Anything]
) -> None:
    assume(size_of_brute_force(expression, facts) <= LARGEST_BRUTE_FORCE)
    results = {evaluate(expression, whole) for whole in completions(expression, facts)}
    left = Diagram([expression], VOCABULARY).left(facts)
    if len(results) == 1:
        assert left.result is not None
        assert LOGIC[left.result] is results.pop()
    else:
        assert left.result is None


@settings(max_examples=150, deadline=None)
@given(expressions(pairs=False), some_facts())
def test_decides_is_the_share_of_cells_that_leave_nothing_open(
    expression: Expression, facts: dict[str, Anything]
) -> None:
    assume(size_of_brute_force(expression, facts) <= LARGEST_BRUTE_FORCE)
    diagram = Diagram([expression], VOCABULARY)
    for fact, decides in asked(expression, facts).items():
        cells = diagram.cells[fact]
        settled = 0
        for cell in range(cells.count):
            known = {**facts, fact: cells.example(cell)}
            assert cells.of(known[fact]) == cell
            results = {evaluate(expression, whole) for whole in completions(expression, known)}
            settled += len(results) == 1
        assert decides == pytest.approx(settled / cells.count)


@settings(max_examples=100, deadline=None)
@given(st.lists(expressions(), min_size=2, max_size=3), some_facts())
def test_questions_over_several_rules_are_those_of_each(
    several: list[Expression], facts: dict[str, Anything]
) -> None:
    rules = [
        rule_of(expression, pathway=f"way_{number}") for number, expression in enumerate(several)
    ]
    together = next_questions(rule_set_of(*rules), facts)
    for rule in rules:
        alone = {question.fact for question in next_questions(rule_set_of(rule), facts)}
        assert alone == {q.fact for q in together if rule.pathway in q.pathways}
    shares = [question.decides for question in together]
    assert shares == sorted(shares, reverse=True)


def test_what_no_longer_matters_is_not_asked() -> None:
    rule = All((CHILD, OFFER, CLEAN))
    assert set(asked(rule, {})) == {"age", "offer", "clean"}
    assert asked(rule, {"offer": False}) == {}
    assert set(asked(rule, {"offer": True, "age": 1})) == {"clean"}


def test_an_alternative_that_is_met_ends_the_questions_about_the_others() -> None:
    rule = All((Any((OFFER, CLEAN)), CHILD))
    assert set(asked(rule, {"offer": True})) == {"age"}


def test_age_is_not_asked_when_child_and_adult_both_may() -> None:
    rule = Any((CHILD, All((ADULT, OFFER))))
    assert set(asked(rule, {"offer": True})) == set()
    assert set(asked(rule, {"offer": False})) == {"age"}


def test_a_fact_that_settles_more_is_asked_first() -> None:
    gate = Test("status", Comparison.IN, ("long",))
    rules = rule_set_of(
        rule_of(All((OFFER, gate)), pathway="one"),
        rule_of(All((CLEAN, gate)), pathway="two"),
    )
    first = next_questions(rules, {})[0]
    assert (first.fact, first.decides, first.pathways) == ("status", 0.5, ("one", "two"))


def test_the_law_that_is_not_known_leaves_questions_that_can_still_say_no() -> None:
    assert set(asked(All((OFFER, Constant(None))), {})) == {"offer"}
    assert asked(All((OFFER, Constant(None))), {"offer": True}) == {}


def test_two_facts_compared_with_each_other() -> None:
    rule = Test("months", Comparison.AT_LEAST, OtherFact("away"))
    assert set(asked(rule, {})) == {"months", "away"}
    assert set(asked(rule, {"months": 3})) == {"away"}
    # Nobody can be away for longer than 4 months here, so 4 months are enough for any absence.
    assert asked(rule, {"months": 4}) == {}
    assert asked(Not(rule), {"away": 0}) == {}


def test_the_diagram_of_a_rule_of_law_is_small() -> None:
    rule = All(tuple(Any((Test(f, Comparison.IS, True), CHILD)) for f in ("alone", "offer")))
    assert Diagram([rule], VOCABULARY).size() <= 4


def test_threads_that_answer_from_one_diagram_get_what_one_alone_gets() -> None:
    pairs = tuple(All((Test(f, Comparison.IS, True), CHILD)) for f in ("alone", "offer", "clean"))
    rules = rule_set_of(rule_of(Any((*pairs, Test("months", Comparison.AT_LEAST, 3)))))
    names = ("alone", "offer", "months")
    people = [
        {fact: value for fact, value in zip(names, values, strict=True) if value is not None}
        for values in product((None, False, True), (None, False, True), (None, 1, 5))
    ] * 20
    expected = [next_questions(rules, facts) for facts in people]
    fresh = rule_set_of(rule_of(rules.rules[0].expression))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda facts: next_questions(fresh, facts), people))
    finally:
        sys.setswitchinterval(interval)
    assert [[(q.fact, q.decides) for q in one] for one in found] == [
        [(q.fact, q.decides) for q in one] for one in expected
    ]
