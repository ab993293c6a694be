# SPDX-License-Identifier: EUPL-1.2
"""Which ways are open to a person: open, maybe, closed, with reasons and what to find out.

The one place that applies R6: a no is told ("closed") only when the law's version is signed off by
a lawyer and signed-off conditions alone show the no. Everything else that is not a yes is "maybe".

A rule's `logic` is exact: it is decided as soon as every way of filling in the open facts gives the
same. Where Kleene's tables (`evaluating`) decide, the two agree; here and there this decides
earlier ("under 18, or an adult with a contract" for somebody with a contract, whatever the age).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

from mostovi.pathways.diagrams import FALSE, LOGIC, TRUE, Diagram, Node
from mostovi.pathways.explaining import Explainer, Reason, explainer, rests_on_review
from mostovi.pathways.facts import Facts
from mostovi.pathways.law import PathwayVersion
from mostovi.pathways.questions import Question, diagram_of, open_questions, order_of
from mostovi.pathways.rules import NoRule, Rule, RuleSet


class Answer(enum.StrEnum):
    """What the person is told."""

    OPEN = "open"
    MAYBE = "maybe"
    CLOSED = "closed"


class Because(enum.StrEnum):
    """What the answer is due to."""

    DECIDED = "decided"
    UNKNOWN_FACT = "unknown_fact"
    """Something about the person can still decide it: ask `questions`."""
    UNKNOWN_LAW = "unknown_law"
    """Nothing about the person can decide it: a part of the law could not be confirmed."""
    UNREVIEWED_NO = "unreviewed_no"
    """The rule says no, and no lawyer has signed off what the no rests on (R6)."""


class PathwayAnswer(NamedTuple):
    """The answer of one pathway. law_version: digest of the law text it stands on."""

    pathway: str
    version: PathwayVersion
    answer: Answer
    logic: bool | None
    because: Because
    reason: Reason
    questions: tuple[str, ...]
    law_version: str


class Check(NamedTuple):
    """All answers, in the order of the pathways; questions over all of them; ways without rule."""

    answers: tuple[PathwayAnswer, ...]
    questions: tuple[Question, ...]
    without_rule: tuple[NoRule, ...] = ()

    def answer(self, pathway: str) -> PathwayAnswer:
        """The answer of a pathway. Raises `KeyError`."""
        for answer in self.answers:
            if answer.pathway == pathway:
                return answer
        raise KeyError(pathway)


class _Prepared:
    """A rule set made ready for many persons."""

    def __init__(self, rules: RuleSet) -> None:
        self.order = order_of(rules.vocabulary)
        self.rules: list[tuple[Rule, Diagram, Explainer]] = [
            (rule, diagram_of(rule, rules.vocabulary), explainer(rule)) for rule in rules.rules
        ]


_prepared: WeakKeyDictionary[RuleSet, _Prepared] = WeakKeyDictionary()


def prepare(rules: RuleSet) -> None:
    """Build what `check` needs of the rules; otherwise the first check does (a moment)."""
    _of(rules)


def _of(rules: RuleSet) -> _Prepared:
    made = _prepared.get(rules)
    if made is None:
        made = _prepared[rules] = _Prepared(rules)
    return made


def check(rules: RuleSet, facts: Facts) -> Check:
    """The answer of every pathway of the rule set for one person.

    facts: as `facts.read_facts` gives them; what is not in there is unknown.
    """
    prepared = _of(rules)
    left: list[tuple[str, Diagram, Node]] = []
    found: list[tuple[Rule, Node, Reason]] = []
    for rule, diagram, tell in prepared.rules:
        node = diagram.left(facts)
        if node.result is None:
            left.append((rule.pathway, diagram, node))
        found.append((rule, node, tell(facts)))
    questions, each = open_questions(left, prepared.order, facts)
    own = iter(each)
    answers = [
        _answer(rule, node.result, reason, next(own) if node.result is None else ())
        for rule, node, reason in found
    ]
    return Check(tuple(answers), questions, rules.without_rule)


def _answer(
    rule: Rule, result: int | None, reason: Reason, questions: tuple[str, ...]
) -> PathwayAnswer:
    because = Because.DECIDED
    answer = Answer.MAYBE
    if result == TRUE:
        answer = Answer.OPEN
    elif result == FALSE:
        if is_signed_no(rule, reason):
            answer = Answer.CLOSED
        else:
            because = Because.UNREVIEWED_NO
    elif result is None:
        because = Because.UNKNOWN_FACT
    else:
        because = Because.UNKNOWN_LAW
    return PathwayAnswer(
        rule.pathway,
        rule.version,
        answer,
        None if result is None else LOGIC[result],
        because,
        reason,
        questions,
        rule.version.digest,
    )


def is_signed_no(rule: Rule, reason: Reason) -> bool:
    """R6: whether a no may be told. The version is signed off, and so is all the no rests on."""
    if not rule.signed_off:
        return False
    if rests_on_review(reason, False):
        return True
    # A no that no single condition shows (the open facts cannot help it) rests on all of them.
    return reason.value is None and all(
        part.condition is None or part.condition.review.is_reviewed for part in reason.walk()
    )


def answers_by_pathway(check: Check) -> Mapping[str, PathwayAnswer]:
    """The answers by code of the pathway."""
    return {answer.pathway: answer for answer in check.answers}
