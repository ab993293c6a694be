# SPDX-License-Identifier: EUPL-1.2
"""The rules of a day: a version of a pathway with the parameters of that day put in.

Conditions that do not hold on the day are left out, definitions are written in by the loader, and
an amount that nobody knows for the day makes its test unknown for everybody, never false.

And every law is read with R7, a doubtful age is a child's: where a condition asks for somebody
under 18, a person whose age is not certain meets it (`child_or_doubtful`), whatever the file says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from mostovi.pathways.evaluating import COMPARE
from mostovi.pathways.expressions import (
    All,
    Comparison,
    Expression,
    OtherFact,
    ParameterValue,
    Test,
)
from mostovi.pathways.facts import Vocabulary
from mostovi.pathways.law import (
    Availability,
    Combination,
    Condition,
    Evidence,
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
    """The rule of a pathway on a day, or None when no version is in force. Also for drafts.

    A version none of whose conditions holds on the day is no rule either: it would open for all.
    """
    version = pathway.on(on)
    if version is None:
        return None
    rule = rule_of_version(law, pathway.code, version, on, sign_offs)
    return rule if rule.conditions else None


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
        child_or_doubtful(resolved, law.catalogue.vocabulary)
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
    if condition.combination is not Combination.ANY or not any(map(_says_doubtful, parts)):
        parts = tuple(child_or_doubtful(part, law.catalogue.vocabulary) for part in parts)
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


AGE, DOUBT, ADULT = "age", "age_in_doubt", 18
_DOUBTFUL = {"en": "Your age is not certain: then you are treated as a child"}
_DOUBTFUL_NOTE = {"en": "Added by Mostovi to every such condition; the act cited may not say it."}


def child_or_doubtful(condition: Condition, vocabulary: Vocabulary) -> Condition:
    """The condition, met also by a doubtful age when it asks for somebody under 18 (R7).

    Source of the rule: Council of Europe Convention on Action against Trafficking (CETS 197),
    article 10(3), kept for everything here.
    """
    if not _asks_for_a_child(condition) or DOUBT not in vocabulary:
        return condition
    doubtful = replace(
        condition,
        code=f"{condition.code}_in_doubt",
        title=_DOUBTFUL,
        citation=None,
        evidence=Evidence.UNCONFIRMED,
        note=_DOUBTFUL_NOTE,
        test=Test(DOUBT, Comparison.IS, True),
    )
    return replace(
        condition,
        combination=Combination.ANY,
        test=None,
        parts=(replace(condition, code=f"{condition.code}_by_age"), doubtful),
    )


def _asks_for_a_child(condition: Condition) -> bool:
    """True when 17 meets the condition and 18 does not."""
    test = condition.test
    if test is None or test.fact != AGE or isinstance(test.value, OtherFact | ParameterValue):
        return False
    compare = COMPARE[test.comparison]
    return compare(ADULT - 1, test.value) and not compare(ADULT, test.value)


def _says_doubtful(condition: Condition) -> bool:
    test = condition.test
    return test is not None and test == Test(DOUBT, Comparison.IS, True)
