# SPDX-License-Identifier: EUPL-1.2
"""One person, one expression: true, false or unknown, after Kleene. The reference semantics.

A test of an unknown fact is unknown; "all" is false as soon as one part is false, "any" is true as
soon as one part is true. Learning a fact can therefore turn unknown into true or false, and never
true into false (monotone). Kleene, Introduction to Metamathematics (1952), section 64: the strong
tables. SQL's NULL follows the same tables, which is why `population` can say the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any as Anything

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

COMPARE: Mapping[Comparison, Callable[[Anything, Anything], bool]] = {
    Comparison.IS: operator.eq,
    Comparison.IS_NOT: operator.ne,
    Comparison.IN: lambda known, values: known in values,
    Comparison.NOT_IN: lambda known, values: known not in values,
    Comparison.AT_LEAST: operator.ge,
    Comparison.AT_MOST: operator.le,
    Comparison.MORE_THAN: operator.gt,
    Comparison.LESS_THAN: operator.lt,
}


def evaluate(expression: Expression, facts: Mapping[str, Anything]) -> bool | None:
    """True, false, or None for unknown; a fact that is not in `facts` is unknown."""
    if isinstance(expression, Test):
        return _test(expression, facts)
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Not):
        value = evaluate(expression.part, facts)
        return None if value is None else not value
    values = [evaluate(part, facts) for part in expression.parts]
    if isinstance(expression, All):
        return every(values)
    if isinstance(expression, Any):
        return some(values)
    return enough(expression.count, values)


def every(values: list[bool | None]) -> bool | None:
    """Kleene's "and" of many."""
    if False in values:
        return False
    return None if None in values else True


def some(values: list[bool | None]) -> bool | None:
    """Kleene's "or" of many."""
    if True in values:
        return True
    return None if None in values else False


def enough(count: int, values: list[bool | None]) -> bool | None:
    """At least `count` true: sure when that many are, hopeless when too few are left open."""
    true = values.count(True)
    if true >= count:
        return True
    return None if true + values.count(None) >= count else False


def _test(test: Test, facts: Mapping[str, Anything]) -> bool | None:
    known = facts.get(test.fact)
    value: Anything = test.value
    if isinstance(value, OtherFact):
        value = facts.get(value.fact)
    if known is None or value is None:
        return None
    return COMPARE[test.comparison](known, value)
