# SPDX-License-Identifier: EUPL-1.2
"""What is certain and what is possible is what all completions, and some, of a person say."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mostovi.pathways import certainty as c
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import All, Any, Comparison, Constant, Expression, Not, Test
from mostovi.pathways.expressions import facts_of as asked_of
from tests.pathways.making_rules import VOCABULARY, completions, expressions, people

HERE = Test("here", Comparison.IS, True)
INSURED = Test("insured", Comparison.IS, True)


def months(least: float) -> Test:
    return Test("months", Comparison.AT_LEAST, least)


def bounds_of(expression: Expression, facts: dict[str, object]) -> tuple[bool, bool]:
    found = c.certainty(expression, VOCABULARY)
    return c.certain(found.bounds, facts), c.possible(found.bounds, facts)


@settings(max_examples=1000, deadline=None)
@given(expressions(compare=False, unknown=False), people())
def test_bounds_are_what_every_and_some_completion_say(
    expression: Expression, facts: dict[str, object]
) -> None:
    asked = asked_of(expression)
    results = [evaluate(expression, person) for person in completions(facts, asked)]
    found = c.certainty(expression, VOCABULARY)
    assert found.exact
    assert c.certain(found.bounds, facts) is all(results)
    assert c.possible(found.bounds, facts) is any(results)


@settings(max_examples=500, deadline=None)
@given(expressions(leaves=6), expressions(leaves=6), expressions(leaves=4), people())
def test_no_completion_lies_outside_the_bounds_of_a_change(
    before: Expression, after: Expression, common: Expression, facts: dict[str, object]
) -> None:
    before, after = All((common, before)), All((common, Any((after, before))))
    change = c.newly(before, after)
    asked = asked_of(change)
    assume(len([fact for fact in asked if fact not in facts]) <= 5)
    least, most = bounds_of(change, facts)
    for person in completions(facts, asked):
        if (result := evaluate(change, person)) is not None:
            assert least <= result <= most


def test_a_lower_threshold_takes_nothing_from_anybody_whatever_is_unknown() -> None:
    assert bounds_of(c.newly(months(1), months(3)), {}) == (False, False)
    assert bounds_of(c.newly(months(3), months(1)), {}) == (False, True)
    assert bounds_of(c.newly(months(3), months(1)), {"months": 2}) == (True, True)
    assert bounds_of(c.newly(months(3), months(1)), {"months": 4}) == (False, False)


def test_an_unchanged_unknown_is_no_uncertainty_about_who_cannot_be_affected() -> None:
    before, after = All((HERE, months(3))), All((HERE, months(1)))
    assert bounds_of(c.newly(before, after), {"months": 4}) == (False, False)
    assert bounds_of(c.newly(before, after), {"months": 2}) == (False, True)
    assert bounds_of(c.newly(after, before), {}) == (False, False)


def test_the_same_unconfirmed_part_before_and_after_cancels_out() -> None:
    other_terms = c.unconfirmed("other_terms")
    before, after = All((other_terms, HERE)), All((other_terms, HERE, INSURED))
    assert bounds_of(c.newly(before, after), {}) == (False, False)
    assert bounds_of(c.newly(after, before), {"here": True, "insured": True}) == (False, False)
    assert bounds_of(c.newly(after, before), {"here": True, "insured": False}) == (False, True)


def test_unconfirmed_parts_without_a_name_are_never_taken_for_the_same() -> None:
    assert bounds_of(c.newly(Constant(None), Constant(None)), {}) == (False, True)


def test_what_the_vocabulary_rules_out_is_not_possible() -> None:
    assert bounds_of(months(5), {}) == (False, False)
    assert bounds_of(months(0), {}) == (True, True)
    all_choices = Test("relative", Comparison.IN, ("none", "spouse", "other"))
    assert bounds_of(all_choices, {}) == (True, True)


def test_a_rule_and_its_negation_cancel_out() -> None:
    assert bounds_of(Any((HERE, Not(HERE))), {}) == (True, True)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 12))
def test_large_rules_are_answered_too(size: int) -> None:
    parts = [
        Any(
            (
                Test(f"f{n}", Comparison.IS, True),
                Test(f"f{(n * 5 + 3) % size}", Comparison.IS, False),
            )
        )
        for n in range(size)
    ]
    rule = All(tuple(parts))
    found = c.certainty(All((rule, Not(Any(tuple(parts[::2]))))))
    assert not c.certain(found.bounds, {})
