# SPDX-License-Identifier: EUPL-1.2
"""Why a rule says what it says: the tree of its conditions with the value of each (R5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any as Anything
from typing import TypeAlias
from weakref import WeakKeyDictionary

from mostovi.pathways.evaluating import COMPARE, enough, every, some
from mostovi.pathways.expressions import OtherFact, Test, facts_of
from mostovi.pathways.facts import Facts, FactValue
from mostovi.pathways.law import Citation, Combination, Condition
from mostovi.pathways.rules import Rule


class Reason:
    """A condition and what it is for this person: True, False, or None for unknown.

    condition None: the rule as a whole. parts: the reasons of its parts, all of them, also those
    that no longer matter.
    """

    __slots__ = ("condition", "facts", "parts", "value")

    def __init__(
        self,
        condition: Condition | None,
        value: bool | None,
        parts: tuple[Reason, ...],
        facts: Facts,
    ) -> None:
        self.condition, self.value, self.parts, self.facts = condition, value, parts, facts

    @property
    def code(self) -> str:
        """Code of the condition, "" for the rule as a whole."""
        return self.condition.code if self.condition else ""

    @property
    def citation(self) -> Citation | None:
        """Where in the law the condition stands."""
        return self.condition.citation if self.condition else None

    @property
    def used(self) -> Mapping[str, FactValue | None]:
        """The facts it tests, with what is known of each (None: unknown)."""
        if self.condition is None:
            return {}
        return {fact: self.facts.get(fact) for fact in facts_of(self.condition.expression)}

    def walk(self) -> Iterator[Reason]:
        """This reason and every one in it, from the top."""
        yield self
        for part in self.parts:
            yield from part.walk()


Explainer: TypeAlias = Callable[[Facts], Reason]

_explainers: WeakKeyDictionary[Rule, Explainer] = WeakKeyDictionary()


def explain(rule: Rule, facts: Facts) -> Reason:
    """The tree of reasons; its root has the value that `evaluate` gives."""
    return explainer(rule)(facts)


def explainer(rule: Rule) -> Explainer:
    """`explain` of one rule, prepared once (a closure for each condition)."""
    made = _explainers.get(rule)
    if made is None:
        made = _explainers[rule] = _joined(None, every, [_prepared(c) for c in rule.conditions])
    return made


def _prepared(condition: Condition) -> Explainer:
    if condition.combination is Combination.TEST and condition.test is not None:
        return _tested(condition, condition.test)
    if condition.combination is Combination.UNKNOWN:
        return lambda facts: Reason(condition, None, (), facts)
    parts = [_prepared(part) for part in condition.parts]
    if condition.combination is Combination.NOT:
        return _turned(condition, parts[0])
    if condition.combination is Combination.ALL:
        return _joined(condition, every, parts)
    if condition.combination is Combination.ANY:
        return _joined(condition, some, parts)
    count = condition.count
    return _joined(condition, lambda values: enough(count, values), parts)


def _tested(condition: Condition, test: Test) -> Explainer:
    fact, value, compare = test.fact, test.value, COMPARE[test.comparison]
    if isinstance(value, OtherFact):
        other = value.fact

        def compared(facts: Facts) -> Reason:
            first, second = facts.get(fact), facts.get(other)
            known = first is not None and second is not None
            return Reason(condition, compare(first, second) if known else None, (), facts)

        return compared

    def tested(facts: Facts) -> Reason:
        known = facts.get(fact)
        return Reason(condition, None if known is None else compare(known, value), (), facts)

    return tested


def _turned(condition: Condition, part: Explainer) -> Explainer:
    def turned(facts: Facts) -> Reason:
        reason = part(facts)
        value = None if reason.value is None else not reason.value
        return Reason(condition, value, (reason,), facts)

    return turned


def _joined(
    condition: Condition | None,
    join: Callable[[list[Anything]], bool | None],
    parts: list[Explainer],
) -> Explainer:
    def joined(facts: Facts) -> Reason:
        reasons = [part(facts) for part in parts]
        return Reason(condition, join([reason.value for reason in reasons]), tuple(reasons), facts)

    return joined


def decisive(reason: Reason) -> tuple[Reason, ...]:
    """The reasons beneath that make it what it is: of a no the false ones, of an unknown the open.

    Groups are followed down to the conditions that carry the value; a "not" stands for itself.
    """
    if reason.condition is not None and not reason.parts:
        return (reason,)
    if reason.condition is not None and reason.condition.combination is Combination.NOT:
        return (reason,)
    return tuple(
        found for part in reason.parts if part.value is reason.value for found in decisive(part)
    )


def deciding_codes(reason: Reason) -> frozenset[str]:
    """Codes of the conditions that make it what it is, with the groups on the way to them."""
    codes = {reason.code} if reason.condition else set()
    if reason.condition is None or reason.condition.combination is not Combination.NOT:
        for part in reason.parts:
            if part.value is reason.value:
                codes |= deciding_codes(part)
    else:
        for part in reason.parts:
            codes |= deciding_codes(part)
    return frozenset(codes)


def rests_on_review(reason: Reason, value: bool) -> bool:
    """True when signed-off conditions alone show that the reason has this value.

    A no of "all" needs one false part that is signed off itself, a no of "any" needs all its parts;
    the group's own sign-off is needed too. Learning more facts can only add such proofs.
    """
    if reason.value is not value:
        return False
    condition = reason.condition
    if condition is not None and not condition.review.is_reviewed:
        return False
    combination = Combination.ALL if condition is None else condition.combination
    if combination is Combination.TEST:
        return True
    if combination is Combination.NOT:
        return rests_on_review(reason.parts[0], not value)
    shown = [rests_on_review(part, value) for part in reason.parts]
    if combination is Combination.AT_LEAST and condition is not None:
        return sum(shown) >= (condition.count if value else len(shown) - condition.count + 1)
    return all(shown) if (combination is Combination.ALL) is value else any(shown)
