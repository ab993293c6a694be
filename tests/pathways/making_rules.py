# SPDX-License-Identifier: EUPL-1.2
"""Random rules and people for properties: a small vocabulary with every kind of fact."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any as Anything

from hypothesis import strategies as st

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
)
from mostovi.pathways.facts import Fact, FactKind, Vocabulary

COUNTRIES = ("AL", "BA", "NO", "SY", "stateless")
CHOICES = ("none", "spouse", "other")
VOCABULARY = Vocabulary(
    facts={
        fact.code: fact
        for fact in (
            Fact("here", FactKind.YES_NO, "you"),
            Fact("insured", FactKind.YES_NO, "you"),
            Fact("relative", FactKind.CHOICE, "you", choices=CHOICES),
            Fact("citizenship", FactKind.COUNTRY, "you"),
            Fact("age", FactKind.NUMBER, "you", "years", lowest=0, highest=4, from_date="born"),
            Fact("months", FactKind.NUMBER, "you", "months", lowest=0, highest=4),
            Fact("pay", FactKind.NUMBER, "you", lowest=0, highest=4, decimals=True),
        )
    }
)
VALUES: Mapping[str, tuple[Anything, ...]] = {
    "here": (True, False),
    "insured": (True, False),
    "relative": CHOICES,
    "citizenship": COUNTRIES,
    "age": (0, 1, 2, 3, 4),
    "months": (0, 1, 2, 3, 4),
    "pay": (0, 0.5, 1, 1.5, 2, 2.5, 3, 4),
}
"""Values that fill every cell that `tests` can make."""


@st.composite
def tests(draw: st.DrawFn, compare: bool = True) -> Test:
    """One test that the loader would let pass."""
    fact = VOCABULARY[draw(st.sampled_from(sorted(VALUES)))]
    kind = fact.kind
    if kind is FactKind.YES_NO:
        how = draw(st.sampled_from([Comparison.IS, Comparison.IS_NOT]))
        return Test(fact.code, how, draw(st.booleans()))
    if kind is FactKind.NUMBER:
        how = draw(
            st.sampled_from([c for c in Comparison if c.is_ordering or c.value in ("is", "is_not")])
        )
        if compare and draw(st.integers(0, 5)) == 0:
            other = draw(st.sampled_from(["age", "months", "pay"]))
            return Test(fact.code, how, OtherFact(other))
        amounts = st.sampled_from([0, 1, 2, 3, 4, 2.0, 1.5])
        return Test(fact.code, how, draw(amounts))
    values = CHOICES if kind is FactKind.CHOICE else COUNTRIES[:3]
    how = draw(st.sampled_from([c for c in Comparison if not c.is_ordering]))
    if how in (Comparison.IN, Comparison.NOT_IN):
        chosen = draw(st.lists(st.sampled_from(values), max_size=3, unique=True))
        return Test(fact.code, how, tuple(chosen))
    return Test(fact.code, how, draw(st.sampled_from(values)))


def expressions(
    compare: bool = True, unknown: bool = True, leaves: int = 10
) -> st.SearchStrategy[Expression]:
    """Rules of any shape. unknown: with parts of the law that nobody could confirm."""
    constants = st.sampled_from([True, False, None] if unknown else [True, False])
    return st.recursive(
        st.one_of(tests(compare), tests(compare), tests(compare), constants.map(Constant)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(lambda parts: All(tuple(parts))),
            st.lists(inner, max_size=4).map(lambda parts: Any(tuple(parts))),
            inner.map(Not),
            st.tuples(st.integers(0, 4), st.lists(inner, max_size=4)).map(
                lambda made: AtLeast(made[0], tuple(made[1]))
            ),
        ),
        max_leaves=leaves,
    )


@st.composite
def people(draw: st.DrawFn) -> dict[str, Anything]:
    """A person of whom some facts are known."""
    return {
        fact: draw(st.sampled_from(values))
        for fact, values in VALUES.items()
        if draw(st.integers(0, 9)) > 3
    }


def completions(
    facts: Mapping[str, Anything], asked: tuple[str, ...]
) -> Iterator[dict[str, Anything]]:
    """Every person that this one may turn out to be, as far as the facts asked go."""
    unknown = [fact for fact in asked if fact not in facts]
    for values in itertools.product(*(VALUES.get(fact, (True, False)) for fact in unknown)):
        yield {**facts, **dict(zip(unknown, values, strict=True))}
