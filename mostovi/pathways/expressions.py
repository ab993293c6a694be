# SPDX-License-Identifier: EUPL-1.2
"""What a rule of law says, as a frozen tree: tests of facts, joined by all, any, not, at least.

The tree is the one thing that both evaluators read: `evaluating` for a person, `population` for a
table. A part of the law whose content could not be confirmed is `Constant(None)`: unknown for all.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


class Comparison(enum.StrEnum):
    """How a fact is compared; the words are those of the law files."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"

    @property
    def is_ordering(self) -> bool:
        """True for the comparisons that only numbers know."""
        return self in ORDERINGS


ORDERINGS = frozenset(
    {Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.MORE_THAN, Comparison.LESS_THAN}
)


@dataclass(frozen=True, slots=True)
class OtherFact:
    """The fact is compared with another fact of the same person."""

    fact: str


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """The fact is compared with an amount of the partner that changes in time.

    Only in a `Condition` as read; in the expression of a `Rule` the amount of the day stands.
    """

    parameter: str
    times: float = 1


Scalar: TypeAlias = bool | int | float | str
Value: TypeAlias = Scalar | tuple[Scalar, ...] | OtherFact | ParameterValue


@dataclass(frozen=True, slots=True)
class Test:
    """One fact compared with a value; unknown when the fact is."""

    __test__ = False  # not a test case of pytest

    fact: str
    comparison: Comparison
    value: Value


@dataclass(frozen=True, slots=True)
class Constant:
    """True, false, or unknown for everybody."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is; of no parts, true."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True when one part is; of no parts, false."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is false."""

    part: Expression


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True when `count` of the parts are."""

    count: int
    parts: tuple[Expression, ...]


Expression: TypeAlias = Test | Constant | All | Any | Not | AtLeast


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """The parts directly beneath."""
    if isinstance(expression, All | Any | AtLeast):
        return expression.parts
    return (expression.part,) if isinstance(expression, Not) else ()


def tests_of(expression: Expression) -> Iterator[Test]:
    """Every test in the tree, from left to right."""
    if isinstance(expression, Test):
        yield expression
    for part in parts_of(expression):
        yield from tests_of(part)


def facts_of(expression: Expression) -> tuple[str, ...]:
    """The facts that the expression tests, each once, in the order of first use."""
    found: dict[str, None] = {}
    for test in tests_of(expression):
        found[test.fact] = None
        if isinstance(test.value, OtherFact):
            found[test.value.fact] = None
    return tuple(found)
