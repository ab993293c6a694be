# SPDX-License-Identifier: EUPL-1.2
"""What to ask next: exactly the facts that can still change an answer, the most deciding first.

**Which.** A fact is asked when some rule still depends on it: there are two ways to fill in all
facts that are open, different in this fact alone, for which the rule has different results
(true, false, or "the law is not known"). Such a fact is called essential. The decision diagram of
the rule (`diagrams`) has exactly these facts in it, so nothing is asked in vain and nothing that
matters is left out; `tests/pathways` proves it by trying every completion.

**In which order.** `decides` is the share of the undecided rules that the answer to this one
question can be expected to settle, when every cell of the fact (every range of answers that the
rule tells apart) is equally likely: the mean, over the undecided rules, of the share of cells
after which the rule depends on nothing more. It is a greedy one-step measure of our own, with no
assumption about people: which answers are frequent is not known, and must not steer whom we ask
what. Among equals the order of the vocabulary holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from mostovi.pathways.diagrams import Diagram, Node
from mostovi.pathways.facts import Facts, Vocabulary
from mostovi.pathways.rules import Rule, RuleSet


class Question(NamedTuple):
    """A fact to ask for; decides: 0 to 1; pathways: those that depend on it."""

    fact: str
    decides: float
    pathways: tuple[str, ...]


_diagrams: WeakKeyDictionary[Rule, Diagram] = WeakKeyDictionary()


def diagram_of(rule: Rule, vocabulary: Vocabulary) -> Diagram:
    """The diagram of a rule, built once. Raises `diagrams.TooLarge`."""
    made = _diagrams.get(rule)
    if made is None:
        made = _diagrams[rule] = Diagram([rule.expression], vocabulary)
    return made


def open_questions(
    left: Sequence[tuple[str, Diagram, Node]], order: dict[str, int], facts: Facts
) -> tuple[tuple[Question, ...], list[tuple[str, ...]]]:
    """Questions over all undecided rules, and for each rule its own, strongest first.

    left: pathway, diagram, and what is left of it, for each undecided rule. order: the position of
    each fact in the vocabulary, which decides among equals.
    """
    total: dict[str, float] = {}
    asked_by: dict[str, list[str]] = {}
    each = []
    for pathway, diagram, node in left:
        names = diagram.facts
        own = []
        for index, share in diagram.shares(node):
            fact = names[index]
            if fact in facts:
                continue
            if fact in total:
                total[fact] += share
                asked_by[fact].append(pathway)
            else:
                total[fact] = share
                asked_by[fact] = [pathway]
            own.append((-share, order[fact], fact))
        own.sort()
        each.append(tuple([fact for _, _, fact in own]))
    count = len(left) or 1
    ranked = sorted([(-share, order[fact], fact) for fact, share in total.items()])
    questions = tuple(
        [Question(fact, -share / count, tuple(asked_by[fact])) for share, _, fact in ranked]
    )
    return questions, each


def next_questions(rules: RuleSet, facts: Facts) -> tuple[Question, ...]:
    """The questions that can still change the answer of some rule, strongest first."""
    left = []
    for rule in rules.rules:
        diagram = diagram_of(rule, rules.vocabulary)
        node = diagram.left(facts)
        if node.result is None:
            left.append((rule.pathway, diagram, node))
    return open_questions(left, order_of(rules.vocabulary), facts)[0]


def order_of(vocabulary: Vocabulary) -> dict[str, int]:
    """The position of each fact in the vocabulary."""
    return {fact.code: index for index, fact in enumerate(vocabulary)}
