# SPDX-License-Identifier: EUPL-1.2
"""A small vocabulary, random rules and facts over it, and what brute force says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any as Anything

from hypothesis import strategies as st

from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import (
    All,
    Any,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Test,
    facts_of,
)
from mostovi.pathways.facts import Vocabulary, read_vocabulary
from mostovi.pathways.law import (
    Combination,
    Condition,
    Confidence,
    Evidence,
    PathwayVersion,
    Review,
    ReviewStatus,
)
from mostovi.pathways.rules import Rule, RuleSet

TEXT = """
groups: [you]
facts:
  alone: {kind: yes_no, group: you}
  offer: {kind: yes_no, group: you}
  clean: {kind: yes_no, group: you}
  insured: {kind: yes_no, group: you}
  status: {kind: choice, choices: [none, short, long, refugee], group: you}
  citizenship: {kind: country, group: you}
  age: {kind: number, unit: years, lowest: 0, highest: 5, group: you}
  months: {kind: number, unit: months, lowest: 0, highest: 6, group: you}
  away: {kind: number, unit: months, lowest: 0, highest: 4, group: you}
  pay: {kind: number, unit: times_average_pay, lowest: 0, highest: 2, decimals: true, group: you}
"""
VOCABULARY: Vocabulary = read_vocabulary(TEXT, "facts.yaml")
COUNTRIES = ("SY", "AF", "RS", "stateless")
DOMAIN: Mapping[str, tuple[Anything, ...]] = {
    "alone": (False, True),
    "offer": (False, True),
    "clean": (False, True),
    "insured": (False, True),
    "status": ("none", "short", "long", "refugee"),
    # DE is in no test: it stands for every country that a rule does not name.
    "citizenship": (*COUNTRIES, "DE"),
    "age": tuple(range(6)),
    "months": tuple(range(7)),
    "away": tuple(range(5)),
    # Tests of pay name halves only; the quarters stand for all that lies between them.
    "pay": tuple(quarter / 4 for quarter in range(9)),
}
YES_NO = ("alone", "offer", "clean", "insured")
NUMBERS = ("age", "months", "away")
ORDERINGS = (
    Comparison.AT_LEAST,
    Comparison.AT_MOST,
    Comparison.MORE_THAN,
    Comparison.LESS_THAN,
)
EQUALITIES = (Comparison.IS, Comparison.IS_NOT)


def _tests(*, pairs: bool) -> st.SearchStrategy[Expression]:
    yes_no = st.builds(Test, st.sampled_from(YES_NO), st.sampled_from(EQUALITIES), st.booleans())
    one_of_many = [
        st.builds(
            Test,
            st.just(fact),
            st.sampled_from([Comparison.IN, Comparison.NOT_IN]),
            st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple),
        )
        for fact, values in (("status", DOMAIN["status"]), ("citizenship", COUNTRIES))
    ]
    number = st.sampled_from(NUMBERS).flatmap(
        lambda fact: st.builds(
            Test,
            st.just(fact),
            st.sampled_from([*ORDERINGS, *EQUALITIES]),
            st.sampled_from(DOMAIN[fact]),
        )
    )
    pay = st.builds(
        Test,
        st.just("pay"),
        st.sampled_from([*ORDERINGS, *EQUALITIES]),
        st.sampled_from([0.5, 1.0, 1.5]),
    )
    kinds: list[st.SearchStrategy[Expression]] = [yes_no, *one_of_many, number, pay]
    if pairs:
        # One pair only: for facts in a ring, essential is not exact (told in `diagrams`).
        kinds.append(
            st.sampled_from([("months", "away"), ("away", "months")]).flatmap(
                lambda pair: st.builds(
                    Test,
                    st.just(pair[0]),
                    st.sampled_from([*ORDERINGS, *EQUALITIES]),
                    st.just(OtherFact(pair[1])),
                )
            )
        )
    return st.one_of(kinds)


def expressions(*, pairs: bool = True, unknown: bool = True) -> st.SearchStrategy[Expression]:
    """Random rules, with parts of the law that nobody could confirm when `unknown`."""
    leaves = _tests(pairs=pairs)
    if unknown:
        leaves = st.one_of(leaves, leaves, leaves, st.just(Constant(None)))

    def larger(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(parts, min_size=1, max_size=4).map(tuple)
        return st.one_of(
            st.builds(All, several),
            st.builds(Any, several),
            st.builds(Not, parts),
            several.flatmap(
                lambda found: st.builds(AtLeast, st.integers(1, len(found)), st.just(found))
            ),
        )

    return st.recursive(leaves, larger, max_leaves=9)


def some_facts() -> st.SearchStrategy[dict[str, Anything]]:
    """Facts of a person, some of them not known."""
    return st.fixed_dictionaries(
        {},
        optional={fact: st.sampled_from(values) for fact, values in DOMAIN.items()},
    )


def completions(
    expression: Expression, facts: Mapping[str, Anything]
) -> Iterator[dict[str, Anything]]:
    """Every way to fill in the facts that are open and that the rule names."""
    names = [fact for fact in facts_of(expression) if fact not in facts]
    for values in product(*(DOMAIN[name] for name in names)):
        yield {**facts, **dict(zip(names, values, strict=True))}


def size_of_brute_force(expression: Expression, facts: Mapping[str, Anything]) -> int:
    """How many completions there are."""
    count = 1
    for fact in facts_of(expression):
        count *= 1 if fact in facts else len(DOMAIN[fact])
    return count


def essential(expression: Expression, facts: Mapping[str, Anything]) -> set[str]:
    """Facts for which two completions that differ in it alone give different results."""
    names = [fact for fact in facts_of(expression) if fact not in facts]
    result = {
        tuple(whole[name] for name in names): evaluate(expression, whole)
        for whole in completions(expression, facts)
    }
    found = set()
    for index, name in enumerate(names):
        seen: dict[tuple[Anything, ...], bool | None] = {}
        for values, value in result.items():
            others = values[:index] + values[index + 1 :]
            if seen.setdefault(others, value) is not value:
                found.add(name)
                break
    return found


SIGNED = Review(ReviewStatus.REVIEWED, "A Lawyer", date(2026, 1, 1))


def conditions_of(
    expression: Expression, reviews: Iterator[Review] | None = None, code: str = "c"
) -> Condition:
    """The expression as conditions of a law file; reviews: one for each, in order."""
    kinds = {All: "all", Any: "any", Not: "not", AtLeast: "at_least", Constant: "unknown"}
    kind = Combination(kinds.get(type(expression), "test"))
    review = next(reviews) if reviews else Review()
    inner: tuple[Expression, ...] = getattr(expression, "parts", ())
    if isinstance(expression, Not):
        inner = (expression.part,)
    parts = tuple(
        conditions_of(part, reviews, f"{code}{number}") for number, part in enumerate(inner)
    )
    return Condition(
        code=code, title={"en": code}, topic="other", citation=None,
        evidence=Evidence.UNCONFIRMED, confidence=Confidence.LOW, review=review,
        combination=kind, parts=parts,
        test=expression if isinstance(expression, Test) else None,
        count=expression.count if isinstance(expression, AtLeast) else 0,
    )  # fmt: skip


def rule_of(
    expression: Expression,
    *,
    pathway: str = "study",
    signed: bool = False,
    reviews: Iterator[Review] | None = None,
) -> Rule:
    """A rule with the expression as its one condition."""
    condition = conditions_of(expression, reviews)
    version = PathwayVersion(
        version="1", valid_from=date(2020, 1, 1), valid_to=None, complete=True,
        review=SIGNED if signed else Review(), conditions=(condition,),
    )  # fmt: skip
    return Rule(
        pathway=pathway, partner="rs", version=replace(version, digest=pathway),
        on=date(2026, 11, 24), expression=All((condition.expression,)),
        conditions=(condition,), signed_off=signed,
    )  # fmt: skip


def rule_set_of(*rules: Rule) -> RuleSet:
    """The rules as a rule set over the small vocabulary."""
    return RuleSet("rs", date(2026, 11, 24), rules, VOCABULARY)
