# SPDX-License-Identifier: EUPL-1.2
"""The rules of a day: a version of a pathway with the parameters of that day put in.

Conditions that do not hold on the day are left out, definitions are written in by the loader, and
an amount that nobody knows for the day makes its test unknown for everybody, never false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from mostovi.pathways.expressions import All, Expression, ParameterValue
from mostovi.pathways.facts import Vocabulary
from mostovi.pathways.law import (
    Availability,
    Combination,
    Condition,
    PartnerLaw,
    Pathway,
    PathwayVersion,
    Review,
    holds,
)

SignOffKey: TypeAlias = tuple[str, str, str, str]
"""Partner, pathway, digest of the version, code of the condition ("" is the whole version)."""

SignOffs: TypeAlias = Mapping[SignOffKey, Review]
"""Sign-offs recorded in the product, beside those written into the files."""

_Signed: TypeAlias = Callable[[str, Review], Review]


@dataclass(frozen=True, eq=False)
class Rule:
    """One pathway of one partner on one day; the same expression for a person and a population.

    conditions: as the version has them, resolved for the day, with the reviews that hold for this
    very text. signed_off: a lawyer signed off the version as a whole; R6 asks for that and for the
    conditions that a no rests on.
    """

    pathway: str
    partner: str
    version: PathwayVersion
    on: date
    expression: Expression
    conditions: tuple[Condition, ...]
    signed_off: bool

    @property
    def digest(self) -> str:
        """The law version: what exactly a saved answer stood on."""
        return self.version.digest


@dataclass(frozen=True, slots=True)
class NoRule:
    """A way without a rule on the day, and why: nothing found, not looked, or not in force."""

    pathway: str
    availability: Availability
    note: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class RuleSet:
    """All rules of a partner on a day, in the order of the kinds of pathway."""

    partner: str
    on: date
    rules: tuple[Rule, ...]
    vocabulary: Vocabulary
    without_rule: tuple[NoRule, ...] = ()
    law: PartnerLaw | None = field(default=None, repr=False)

    def rule(self, pathway: str) -> Rule:
        """The rule of a pathway. Raises `KeyError`."""
        for rule in self.rules:
            if rule.pathway == pathway:
                return rule
        raise KeyError(pathway)


def rule_of(
    law: PartnerLaw, pathway: Pathway, on: date, sign_offs: SignOffs | None = None
) -> Rule | None:
    """The rule of a pathway on a day, or None when no version is in force. Also for drafts."""
    version = pathway.on(on)
    return None if version is None else rule_of_version(law, pathway.code, version, on, sign_offs)


def rule_of_version(
    law: PartnerLaw,
    pathway: str,
    version: PathwayVersion,
    on: date,
    sign_offs: SignOffs | None = None,
) -> Rule:
    """The rule of one version, read with the amounts of the day."""

    def signed(code: str, review: Review) -> Review:
        if review.is_reviewed or not sign_offs:
            return review
        return sign_offs.get((law.code, pathway, version.digest, code), review)

    conditions = tuple(
        resolved
        for condition in version.conditions
        if (resolved := _resolved(condition, law, on, signed)) is not None
    )
    return Rule(
        pathway=pathway,
        partner=law.code,
        version=version,
        on=on,
        expression=All(tuple(condition.expression for condition in conditions)),
        conditions=conditions,
        signed_off=signed("", version.review).is_reviewed,
    )


def rule_set_of(law: PartnerLaw, on: date, sign_offs: SignOffs | None = None) -> RuleSet:
    """Every rule of the partner in force on a day."""
    rules, without = [], []
    for pathway in law.pathways.values():
        rule = rule_of(law, pathway, on, sign_offs)
        if rule is not None:
            rules.append(rule)
        else:
            without.append(NoRule(pathway.code, pathway.availability, pathway.availability_note))
    return RuleSet(law.code, on, tuple(rules), law.catalogue.vocabulary, tuple(without), law)


def _resolved(
    condition: Condition, law: PartnerLaw, on: date, signed: _Signed, above: Review | None = None
) -> Condition | None:
    """The condition on a day, or None when it does not hold then (nor any part of a group)."""
    if not holds(condition.valid_from, condition.valid_to, on):
        return None
    review = signed(condition.code, condition.review)
    if not review.is_reviewed and above is not None:
        # A recorded sign-off of a group covers the members that have none of their own.
        review = above
    passed_on = review if review is not condition.review else None
    parts = tuple(
        resolved
        for part in condition.parts
        if (resolved := _resolved(part, law, on, signed, passed_on)) is not None
    )
    if condition.parts and not parts:
        return None
    resolved = replace(condition, parts=parts, review=review)
    if condition.test is None or not isinstance(condition.test.value, ParameterValue):
        return resolved
    wanted = condition.test.value
    known = law.parameters[wanted.parameter].on(on)
    if known is None:
        return replace(resolved, combination=Combination.UNKNOWN, test=None)
    value = known if wanted.times == 1 else known * wanted.times
    return replace(resolved, test=replace(condition.test, value=value))
