# SPDX-License-Identifier: EUPL-1.2
"""One rule, one person: Kleene's three values, and learning a fact never turns one into another."""

from __future__ import annotations

from typing import Any as Anything

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.explaining import deciding_codes, decisive, explain
from mostovi.pathways.expressions import (
    All,
    Any,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    Test,
)
from tests.pathways.random_rules import DOMAIN, conditions_of, expressions, rule_of, some_facts

VALUES = {"T": Constant(True), "F": Constant(False), "?": Constant(None)}


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        ("T", "T", True, True),
        ("T", "F", False, True),
        ("T", "?", None, True),
        ("F", "F", False, False),
        ("F", "?", False, None),
        ("?", "?", None, None),
    ],
)
def test_all_and_any_follow_the_strong_tables(
    left: str, right: str, both: bool | None, either: bool | None
) -> None:
    for parts in ((VALUES[left], VALUES[right]), (VALUES[right], VALUES[left])):
        assert evaluate(All(parts), {}) is both
        assert evaluate(Any(parts), {}) is either


@pytest.mark.parametrize(
    ("count", "parts", "value"),
    [
        (2, "TT?", True),
        (2, "T??", None),
        (2, "TF?", None),
        (2, "FF?", False),
        (1, "FF?", None),
        (3, "TTF", False),
    ],
)
def test_at_least_counts_what_is_sure_and_what_can_still_come(
    count: int, parts: str, value: bool | None
) -> None:
    assert evaluate(AtLeast(count, tuple(VALUES[part] for part in parts)), {}) is value


def test_nothing_is_filled_in_for_an_unknown_fact() -> None:
    for comparison in Comparison:
        value: Anything = (1,) if comparison in {Comparison.IN, Comparison.NOT_IN} else 1
        assert evaluate(Test("age", comparison, value), {}) is None


@settings(max_examples=500, deadline=None)
@given(expressions(), some_facts(), st.data())
def test_learning_a_fact_never_turns_true_or_false_into_another(
    expression: Expression, facts: dict[str, Anything], data: st.DataObject
) -> None:
    before = evaluate(expression, facts)
    fact = data.draw(st.sampled_from(sorted(set(DOMAIN) - set(facts)) or ["alone"]))
    if fact not in facts and before is not None:
        learnt = {**facts, fact: data.draw(st.sampled_from(DOMAIN[fact]))}
        assert evaluate(expression, learnt) is before


@settings(max_examples=300, deadline=None)
@given(expressions(), some_facts())
def test_conditions_explain_what_the_expression_says(
    expression: Expression, facts: dict[str, Anything]
) -> None:
    condition = conditions_of(expression)
    assert condition.expression == expression
    reason = explain(rule_of(expression), facts)
    assert reason.value is evaluate(expression, facts)
    for part in reason.walk():
        if part.condition is not None:
            assert part.value is evaluate(part.condition.expression, facts)
            assert all(part.used[fact] == facts.get(fact) for fact in part.used)


@settings(max_examples=300, deadline=None)
@given(expressions(), some_facts())
def test_what_is_named_as_decisive_has_the_value_and_is_on_the_way(
    expression: Expression, facts: dict[str, Anything]
) -> None:
    reason = explain(rule_of(expression), facts)
    found = decisive(reason)
    assert found, "every value has a reason"
    assert {one.value for one in found} == {reason.value}
    assert {one.code for one in found} <= deciding_codes(reason)


def test_a_no_names_the_conditions_that_fail_and_an_unknown_those_that_are_open() -> None:
    offer, clean = (Test(fact, Comparison.IS, True) for fact in ("offer", "clean"))
    rule = rule_of(All((offer, Any((clean, Not(offer))))))
    assert [one.code for one in decisive(explain(rule, {"offer": False}))] == ["c0"]
    assert [one.code for one in decisive(explain(rule, {"offer": True}))] == ["c10"]
