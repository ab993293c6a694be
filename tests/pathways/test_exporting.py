# SPDX-License-Identifier: EUPL-1.2
"""What the offline self-check is given is enough to answer and to ask exactly as the server does.

`OnPaper` reads nothing but the exported JSON, and follows the steps told in `exporting`.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.pathways.answers import check
from mostovi.pathways.diagrams import LOGIC
from mostovi.pathways.explaining import explain
from mostovi.pathways.exporting import diagram_data, to_json
from mostovi.pathways.expressions import Expression
from mostovi.pathways.facts import FactKind
from mostovi.pathways.library import library
from mostovi.pathways.questions import diagram_of, next_questions
from mostovi.pathways.rules import RuleSet
from tests.pathways.random_rules import (
    VOCABULARY,
    expressions,
    rule_of,
    rule_set_of,
    some_facts,
)

DAY = date(2026, 11, 24)


class OnPaper:
    """One exported diagram, answered from its JSON alone."""

    def __init__(self, diagram: dict[str, Any], facts: dict[str, Any]) -> None:
        self.diagram, self.facts = diagram, facts
        self.made: dict[tuple[int, ...], int] = {}
        self.rows: list[tuple[int, ...]] = []

    def cell(self, variable: dict[str, Any], facts: dict[str, Any]) -> int | None:
        if "order" in variable:
            first, second = (facts.get(fact) for fact in variable["order"])
            if first is None or second is None:
                return None
            return 1 if first == second else 0 if first < second else 2
        value = facts.get(variable["fact"])
        if value is None:
            return None
        if "starts" in variable:
            return sum(start <= value for start in variable["starts"])
        if "groups" in variable:
            return int(variable["groups"].get(value, 0))
        return int(value)

    def left(self, place: int, facts: dict[str, Any], done: dict[int, int]) -> int:
        if place < 3:
            return place
        if place not in done:
            number, *children = (
                self.diagram["nodes"][place - 3] if place < 10_000 else self.rows[place - 10_000]
            )
            cell = self.cell(self.diagram["variables"][number], facts)
            if cell is not None:
                done[place] = self.left(children[cell], facts, done)
            else:
                done[place] = self.node(number, [self.left(c, facts, done) for c in children])
        return done[place]

    def node(self, variable: int, children: list[int]) -> int:
        if len(set(children)) == 1:
            return children[0]
        row = (variable, *children)
        if row not in self.made:
            self.made[row] = 10_000 + len(self.rows)
            self.rows.append(row)
        return self.made[row]

    def answer(self) -> int:
        return self.left(self.diagram["root"], self.facts, {})

    def asked(self, place: int) -> set[str]:
        found: set[str] = set()
        waiting = [place]
        while waiting:
            at = waiting.pop()
            if at >= 10_000:
                variable, *children = self.rows[at - 10_000]
                found.add(self.diagram["variables"][variable]["fact"])
                waiting += children
        return found

    def decides(self, fact: str, place: int) -> float:
        (variable,) = (v for v in self.diagram["variables"] if v.get("fact") == fact)
        settled = 0
        for cell in range(variable["cells"]):
            fixed = _Fixed(self, fact, cell)
            settled += fixed.left(place, {}, {}) < 3
        return settled / variable["cells"]


class _Fixed(OnPaper):
    """The same with one more fact put in, by its cell."""

    def __init__(self, paper: OnPaper, fact: str, chosen: int) -> None:
        super().__init__(paper.diagram, paper.facts)
        self.made, self.rows = dict(paper.made), list(paper.rows)
        self.fact, self.chosen = fact, chosen

    def cell(self, variable: dict[str, Any], facts: dict[str, Any]) -> int | None:
        return self.chosen if variable.get("fact") == self.fact else None


@settings(max_examples=300, deadline=None)
@given(expressions(pairs=False), some_facts())
def test_the_exported_diagram_answers_and_asks_as_the_rule_does(
    expression: Expression, facts: dict[str, Any]
) -> None:
    rule = rule_of(expression)
    told = check(rule_set_of(rule), facts).answers[0]
    data = json.loads(json.dumps(diagram_data(diagram_of(rule, VOCABULARY))))
    paper = OnPaper(data, facts)
    left = paper.answer()
    assert (LOGIC[left] if left < 3 else None) is told.logic
    assert paper.asked(left) == set(told.questions)
    for question in next_questions(rule_set_of(rule), facts):
        assert paper.decides(question.fact, left) == pytest.approx(question.decides)


def _rules(partner: str) -> RuleSet:
    return library().rule_set(partner, DAY)


@pytest.mark.parametrize("partner", library().codes)
def test_a_partner_exported_is_plain_json_and_small(partner: str) -> None:
    rules = _rules(partner)
    data = to_json(rules)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    assert json.loads(text) == data
    assert len(text.encode()) < 400_000
    assert [way["pathway"] for way in data["pathways"]] == [r.pathway for r in rules.rules]
    for way, rule in zip(data["pathways"], rules.rules, strict=True):
        assert way["digest"] == rule.digest
        named = {v["fact"] for v in way["diagram"]["variables"] if "fact" in v}
        assert named <= set(data["facts"])
        for document in way["bring"]:
            assert document.get("cite") is None or document["cite"][0] in data["acts"]
        assert way.get("authority") is None or way["authority"] in data["authorities"]


def _value(tree: dict[str, Any], facts: dict[str, Any]) -> bool | None:
    """The exported tree after Kleene."""
    kind = tree["kind"]
    if kind == "unknown":
        return None
    if kind == "test":
        known, value = facts.get(tree["fact"]), tree["value"]
        if isinstance(value, dict):
            value = facts.get(value["fact"])
        if known is None or value is None:
            return None
        return {
            "is": lambda: known == value, "is_not": lambda: known != value,
            "in": lambda: known in value, "not_in": lambda: known not in value,
            "at_least": lambda: known >= value, "at_most": lambda: known <= value,
            "more_than": lambda: known > value, "less_than": lambda: known < value,
        }[tree["how"]]()  # fmt: skip
    values = [_value(part, facts) for part in tree["parts"]]
    if kind == "not":
        return None if values[0] is None else not values[0]
    need = {"all": len(values), "any": 1}.get(kind, tree.get("count", 0))
    if values.count(True) >= need:
        return True
    return None if values.count(True) + values.count(None) >= need else False


def _people() -> st.SearchStrategy[dict[str, Any]]:
    def values(fact: Any) -> st.SearchStrategy[Any]:
        if fact.kind is FactKind.YES_NO:
            return st.booleans()
        if fact.kind is FactKind.CHOICE:
            return st.sampled_from(fact.choices)
        if fact.kind is FactKind.NUMBER:
            return st.integers(int(fact.lowest), int(fact.highest))
        return st.sampled_from(["SY", "AF", "BA", "RS", "DE", "stateless"])

    every = {fact.code: values(fact) for fact in library().vocabulary}
    return st.fixed_dictionaries({}, optional=every)


@pytest.mark.parametrize("partner", library().codes)
@settings(max_examples=25, deadline=None)
@given(facts=_people())
def test_every_shipped_rule_says_offline_what_it_says_here(
    partner: str, facts: dict[str, Any]
) -> None:
    rules = _rules(partner)
    told = check(rules, facts)
    for way, rule, answer in zip(_exported(partner), rules.rules, told.answers, strict=True):
        assert _value(way["rule"], facts) is explain(rule, facts).value
        paper = OnPaper(way["diagram"], facts)
        left = paper.answer()
        assert (LOGIC[left] if left < 3 else None) is answer.logic
        orders = [v for v in way["diagram"]["variables"] if "order" in v]
        if not orders:
            assert paper.asked(left) == set(answer.questions)


_made: dict[str, Any] = {}


def _exported(partner: str) -> list[dict[str, Any]]:
    if partner not in _made:
        _made[partner] = to_json(_rules(partner))["pathways"]
    found: list[dict[str, Any]] = _made[partner]
    return found
