# SPDX-License-Identifier: EUPL-1.2
"""Two laws beside each other: the relation and the smallest example, held against brute force."""

from __future__ import annotations

from datetime import date
from itertools import combinations, product
from typing import Any as Anything

from hypothesis import assume, given, settings

from mostovi.pathways.comparing import Example, Relation, by_topic, compare
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import (
    All,
    Any,
    Comparison,
    Constant,
    Expression,
    Test,
    facts_of,
)
from mostovi.pathways.library import library
from mostovi.pathways.rules import rule_of as rule_in_force
from tests.pathways.random_rules import (
    DOMAIN,
    VOCABULARY,
    completions,
    expressions,
    rule_of,
    size_of_brute_force,
)

DAY = date(2026, 11, 24)
OFFER = Test("offer", Comparison.IS, True)
CLEAN = Test("clean", Comparison.IS, True)
CHILD = Test("age", Comparison.LESS_THAN, 3)


def compared(first: Expression, second: Expression) -> tuple[Relation, Anything, Anything]:
    found = compare(rule_of(first), rule_of(second), VOCABULARY)
    return found.relation, found.first_alone, found.second_alone


def people(first: Expression, second: Expression) -> list[dict[str, Anything]]:
    """Everybody who could exist, but for citizens of the partner whose law the rules are."""
    everybody = completions(All((first, second)), {})
    return [facts for facts in everybody if facts.get("citizenship") != "RS"]


@settings(max_examples=250, deadline=None)
@given(expressions(unknown=False), expressions(unknown=False))
def test_the_relation_is_that_of_everybody_who_could_exist(
    first: Expression, second: Expression
) -> None:
    assume(size_of_brute_force(All((first, second)), {}) <= 3_000)
    seen = {(evaluate(first, facts), evaluate(second, facts)) for facts in people(first, second)}
    relation, alone, other = compared(first, second)
    assert bool(alone) is ((True, False) in seen)
    assert bool(other) is ((False, True) in seen)
    expected = {
        (False, False): Relation.SAME,
        (False, True): Relation.STRICTER,
        (True, False): Relation.WIDER,
        (True, True): Relation.NEITHER,
    }[bool(alone), bool(other)]
    assert relation is expected


@settings(max_examples=150, deadline=None)
@given(expressions(), expressions())
def test_nothing_is_called_the_same_or_stricter_that_unknown_law_could_change(
    first: Expression, second: Expression
) -> None:
    assume(size_of_brute_force(All((first, second)), {}) <= 3_000)
    seen = {(evaluate(first, facts), evaluate(second, facts)) for facts in people(first, second)}
    relation, alone, other = compared(first, second)
    may_alone = any(one is not False and two is not True for one, two in seen)
    may_other = any(one is not True and two is not False for one, two in seen)
    if relation in {Relation.SAME, Relation.STRICTER}:
        assert not may_alone
    if relation in {Relation.SAME, Relation.WIDER}:
        assert not may_other
    assert bool(alone) is ((True, False) in seen)
    assert bool(other) is ((False, True) in seen)


@settings(max_examples=120, deadline=None)
@given(expressions(pairs=False), expressions(pairs=False))
def test_the_example_is_true_whatever_else_is_and_no_smaller_one_exists(
    first: Expression, second: Expression
) -> None:
    assume(size_of_brute_force(All((first, second)), {}) <= 400)
    for example, opens, refuses in zip(
        compared(first, second)[1:], (first, second), (second, first), strict=True
    ):
        if example is None:
            continue
        _holds(example, opens, refuses)
        names = facts_of(All((first, second)))
        for size in range(len(example.facts)):
            for some in combinations(names, size):
                for values in product(*(DOMAIN[name] for name in some)):
                    facts = dict(zip(some, values, strict=True))
                    assert facts.get("citizenship") == "RS" or not _shows(facts, opens, refuses)


def _holds(example: Example, opens: Expression, refuses: Expression) -> None:
    assert _shows(dict(example.facts), opens, refuses)
    assert example.facts.get("citizenship") != "RS"


def _shows(facts: dict[str, Anything], opens: Expression, refuses: Expression) -> bool:
    whole = completions(All((opens, refuses)), facts)
    return all(evaluate(opens, one) is True and evaluate(refuses, one) is False for one in whole)


def test_more_conditions_are_stricter_and_more_alternatives_wider() -> None:
    relation, alone, other = compared(All((OFFER, CLEAN)), OFFER)
    assert (relation, alone) == (Relation.STRICTER, None)
    assert dict(other.facts) == {"offer": True, "clean": False}
    assert other.fails == ("c1",)
    assert compared(Any((OFFER, CHILD)), OFFER)[0] is Relation.WIDER


def test_the_same_said_in_other_words_is_the_same() -> None:
    one = All((OFFER, Any((CHILD, CLEAN))))
    two = Any((All((OFFER, CHILD)), All((CLEAN, OFFER))))
    assert compared(one, two) == (Relation.SAME, None, None)


def test_law_that_could_not_be_confirmed_is_unclear_and_told_as_far_as_it_could_be() -> None:
    assert compared(All((OFFER, Constant(None))), OFFER)[0] is Relation.UNCLEAR
    pairs: dict[Relation, tuple[Expression, Expression]] = {
        Relation.SAME: (All((OFFER, Constant(None))), OFFER),
        Relation.STRICTER: (All((OFFER, CLEAN, Constant(None))), OFFER),
        Relation.WIDER: (OFFER, All((OFFER, CLEAN, Constant(None)))),
    }
    for relation, (first, second) in pairs.items():
        found = compare(rule_of(first), rule_of(second), VOCABULARY)
        assert found.as_far_as_confirmed is relation


@settings(max_examples=150, deadline=None)
@given(expressions(), expressions())
def test_as_far_as_confirmed_takes_what_is_not_known_as_met(
    first: Expression, second: Expression
) -> None:
    assume(size_of_brute_force(All((first, second)), {}) <= 3_000)
    seen = {(evaluate(first, facts), evaluate(second, facts)) for facts in people(first, second)}
    alone = any(one is not False and two is False for one, two in seen)
    other = any(one is False and two is not False for one, two in seen)
    expected = {
        (False, False): Relation.SAME,
        (False, True): Relation.STRICTER,
        (True, False): Relation.WIDER,
        (True, True): Relation.NEITHER,
    }[alone, other]
    found = compare(rule_of(first), rule_of(second), VOCABULARY)
    assert found.as_far_as_confirmed is expected


def test_an_example_is_never_somebody_who_cannot_exist() -> None:
    store = library()
    for partner in store.codes:
        for pathway in ("family_reunification", "victim_of_trafficking", "long_term_residence"):
            ways = [store.partner(code).pathways.get(pathway) for code in (partner, "eu")]
            rules = [rule_in_force(store.partner(way.partner), way, DAY) for way in ways if way]
            first, second = (*rules, None, None)[:2]
            if first is None or second is None:
                continue
            found = compare(first, second, store.vocabulary)
            for example, opens, refuses in (
                (found.first_alone, first, second),
                (found.second_alone, second, first),
            ):
                if example is not None:
                    assert evaluate(opens.expression, example.facts) is not False
                    assert evaluate(refuses.expression, example.facts) is not True
                    assert example.fails
                    broken = [
                        conflict.code
                        for conflict in store.vocabulary.conflicts
                        if conflict.broken_by(example.facts)
                    ]
                    assert broken == []


def test_the_table_names_each_condition_under_its_topic_with_its_citation() -> None:
    store = library()
    laws = [store.partner(code) for code in ("rs", "eu")]
    columns = [
        (law, rule_in_force(law, law.pathways["victim_of_trafficking"], DAY)) for law in laws
    ]
    rows = by_topic(columns, store.catalogue.topics)
    order = [row.topic for row in rows]
    assert order == [topic for topic in store.catalogue.topics if topic in order]
    for number, (law, rule) in enumerate(columns):
        assert rule is not None
        shown = {c.code for row in rows for c in row.cells[number].conditions}
        assert {condition.code for condition in rule.conditions} <= shown
        for row in rows:
            cell = row.cells[number]
            assert cell.cited == tuple(law.cited(c.citation) for c in cell.conditions)
