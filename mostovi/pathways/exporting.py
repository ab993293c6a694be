# SPDX-License-Identifier: EUPL-1.2
"""The rules of a partner on a day as JSON: all that the offline self-check needs, and no code.

Shape of `to_json` (keys without a value are left out)::

    {"format": 1, "partner": "rs", "on": "2026-11-24", "currency": "RSD",
     "facts": {"age": {"kind": "number", "group": "you", "unit": "years", "lowest": 0,
                       "highest": 120, "decimals": true, "from_date": "birth_date",
                       "choices": [...], "danger": "trafficking", "sensitive": true}, ...},
     "conflicts": [{"code": "...", "tests": [["age", "at_least", 18], ...]},
                   {"code": "...", "order": ["total_absence_months", "at_least", "longest..."]}],
     "acts": {"foreigners_2018": {"title": {...}, "gazette": [...], "url": "..."}},
     "authorities": {"foreigners_department": {"name": {...}, "url": "..."}},
     "pathways": [{
        "pathway": "family_reunification", "group": "family", "icon": "people",
        "first": "trafficking",
        "version": "2024.1", "digest": "...", "from": "2024-02-01", "to": null,
        "complete": false, "signed_off": false,
        "rule": TREE, "diagram": DIAGRAM,
        "bring":     [{"code": "passport", "evidence": "text", "cite": CITE, "note": {...}}],
        "deadlines": [{"code": "decision", "amount": 30, "unit": "days", "from": "...", ...}],
        "fees":      [{"code": "administrative_fee", "amount": null, "currency": "RSD", ...}],
        "rights":    [{"code": "work", "when": "after", ...}],
        "authority": "foreigners_department",
        "appeal": {"to": "...", "amount": 15, "unit": "days", "suspends": null, ...},
        "next": ["long_term_residence"]}],
     "without_rule": [{"pathway": "...", "availability": "none_found", "note": {...}}]}

An ``amount`` that is null is not known; 0 is none. CITE: ``[act, article, paragraph, point]``.

TREE: what the reasons are told with. Each entry has ``code``, ``kind`` (test, all, any, not,
at_least, unknown), ``title``, ``topic``, ``evidence``, ``cite``, ``signed`` (true when a lawyer
signed it off), and: a test ``fact``, ``how`` (is, is_not, in, not_in, at_least, at_most, more_than,
less_than) and ``value`` (a value, a list, or ``{"fact": other}``); the others ``parts``
(at_least also ``count``). The rule itself is ``{"kind": "all", "parts": [...]}``.

DIAGRAM: what answers and questions are found with, exactly as `answers.check` does::

    {"variables": [VARIABLE, ...], "nodes": [[variable, child, child, ...], ...], "root": 7}

A child, and the root, is the number of a place: 0 false, 1 unknown (the law is), 2 true, and from 3
on ``nodes[place - 3]``; children stand before their parents. A variable is a fact
``{"fact": "age", "cells": n}`` whose cell for a value is: yes_no, 1 for true and 0 for false; with
``starts``, the number of starts that are not above the value; with ``groups``, ``groups[value]``,
or 0 for a value that is not named there. Or it is the order of two facts,
``{"order": ["a", "b"]}``, with children less, equal, more; nodes of it matter only where both
facts lie in one cell (see `diagrams.Diagram._possible` for one of them known).

To answer: put in the known facts (follow the child of the cell; for an open fact build the node
anew from its answered children; when all its children are the same place, it is that place).
What remains is the answer when it is 0, 1 or 2; otherwise the facts of the nodes that remain are
the questions. ``decides`` of a fact in one rule: the share of its cells that, put in too, leave
only 0, 1 or 2; over all rules: the sum of it over the undecided rules, divided by their number;
equal ones in the order of ``facts``.

Answer: 2 → open. 0 → closed when ``signed_off`` and signed conditions of the TREE alone show the
no (`explaining.rests_on_review`), else maybe ("unreviewed_no"). 1 → maybe ("unknown_law").
Undecided → maybe ("unknown_fact").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any as Anything

from mostovi.pathways.diagrams import Cells, Diagram, Node
from mostovi.pathways.expressions import OtherFact, facts_of
from mostovi.pathways.facts import Conflict, Fact, FactKind
from mostovi.pathways.law import Appeal, Citation, Combination, Condition, PartnerLaw, Sourced
from mostovi.pathways.questions import diagram_of
from mostovi.pathways.rules import Rule, RuleSet

FORMAT = 1


def to_json(rules: RuleSet) -> dict[str, Anything]:
    """The rule set as plain data, in the shape told above. Raises `ValueError` without its law."""
    law = rules.law
    if law is None:
        raise ValueError("the rule set does not carry the law it was made from")
    pathways = [_pathway(rule, law, rules) for rule in rules.rules]
    used = {fact for rule in rules.rules for fact in facts_of(rule.expression)}
    conflicts = [c for c in rules.vocabulary.conflicts if used.issuperset(c.facts)]
    acts = dict.fromkeys(sorted(_acts(rules)))
    authorities = {rule.version.authority for rule in rules.rules} | {
        rule.version.appeal.to for rule in rules.rules if rule.version.appeal
    }
    return {
        "format": FORMAT,
        "partner": rules.partner,
        "on": rules.on.isoformat(),
        "currency": law.currency,
        "facts": {fact.code: _fact(fact) for fact in rules.vocabulary if fact.code in used},
        "conflicts": [_conflict(conflict) for conflict in conflicts],
        "acts": {
            code: _without_empty(title=dict(act.title), gazette=list(act.gazette), url=act.url)
            for code in acts
            if (act := law.acts.get(code)) is not None
        },
        "authorities": {
            code: _without_empty(name=dict(who.name), url=who.url)
            for code, who in law.authorities.items()
            if code in authorities
        },
        "pathways": pathways,
        "without_rule": [
            {
                "pathway": none.pathway,
                "availability": none.availability.value,
                "note": dict(none.note),
            }
            for none in rules.without_rule
        ],
    }


def _without_empty(**values: Anything) -> dict[str, Anything]:
    return {key: value for key, value in values.items() if value not in (None, "", [], {}, False)}


def _fact(fact: Fact) -> dict[str, Anything]:
    number = fact.kind is FactKind.NUMBER
    data = _without_empty(
        kind=fact.kind.value,
        group=fact.group,
        unit=fact.unit,
        choices=list(fact.choices),
        decimals=fact.decimals,
        from_date=fact.from_date,
        danger=fact.danger,
        sensitive=fact.sensitive,
    )
    return data | ({"lowest": fact.lowest, "highest": fact.highest} if number else {})


def _conflict(conflict: Conflict) -> dict[str, Anything]:
    if conflict.order:
        first, how, second = conflict.order
        return {"code": conflict.code, "order": [first, how.value, second]}
    tests = [[fact, how.value, _plain(value)] for fact, how, value in conflict.tests]
    return {"code": conflict.code, "tests": tests}


def _plain(value: Anything) -> Anything:
    if isinstance(value, OtherFact):
        return {"fact": value.fact}
    return list(value) if isinstance(value, tuple) else value


def _acts(rules: RuleSet) -> Iterable[str]:
    for rule in rules.rules:
        version = rule.version
        listed = (*version.documents, *version.deadlines, *version.fees, *version.rights)
        sources = [c.citation for top in rule.conditions for c in top.walk()]
        sources += [entry.citation for entry in listed]
        sources += [version.appeal.citation] if version.appeal else []
        yield from {citation.act for citation in sources if citation is not None}


def _pathway(rule: Rule, law: PartnerLaw, rules: RuleSet) -> dict[str, Anything]:
    version = rule.version
    kind = law.catalogue.pathways[rule.pathway]
    data = {
        "pathway": rule.pathway,
        "group": kind.group,
        "icon": kind.icon,
        "version": version.version,
        "digest": version.digest,
        "from": version.valid_from.isoformat(),
        "to": version.valid_to.isoformat() if version.valid_to else None,
        "complete": version.complete,
        "signed_off": rule.signed_off,
        "rule": {"kind": "all", "parts": [_tree(condition) for condition in rule.conditions]},
        "diagram": diagram_data(diagram_of(rule, rules.vocabulary)),
        "bring": [_sourced(document) for document in version.documents],
        "deadlines": [
            _sourced(each) | _without_empty(unit=each.unit, **{"from": each.start})
            | {"amount": each.amount}
            for each in version.deadlines
        ],
        "fees": [
            _sourced(fee) | {"amount": fee.amount, "currency": fee.currency}
            for fee in version.fees
        ],
        "rights": [_sourced(right) | {"when": right.when} for right in version.rights],
        "next": list(version.next),
    }  # fmt: skip
    extra = _without_empty(first=kind.first, authority=version.authority)
    appeal = {"appeal": _appeal(version.appeal)} if version.appeal else {}
    return data | extra | appeal


def _sourced(entry: Sourced) -> dict[str, Anything]:
    return {"code": entry.code, "evidence": entry.evidence.value} | _without_empty(
        cite=_cite(entry.citation), note=dict(entry.note)
    )


def _appeal(appeal: Appeal) -> dict[str, Anything]:
    return {
        "amount": appeal.amount,
        "suspends": appeal.suspends,
        "evidence": appeal.evidence.value,
    } | _without_empty(
        to=appeal.to, unit=appeal.unit, cite=_cite(appeal.citation), note=dict(appeal.note)
    )


def _cite(citation: Citation | None) -> list[str] | None:
    if citation is None:
        return None
    return [citation.act, citation.article, citation.paragraph, citation.point]


def _tree(condition: Condition) -> dict[str, Anything]:
    data = {
        "code": condition.code,
        "kind": condition.combination.value,
        "title": dict(condition.title),
        "topic": condition.topic,
        "evidence": condition.evidence.value,
    } | _without_empty(cite=_cite(condition.citation), signed=condition.review.is_reviewed)
    if condition.test is not None:
        test = condition.test
        data |= {"fact": test.fact, "how": test.comparison.value, "value": _plain(test.value)}
    if condition.parts:
        data["parts"] = [_tree(part) for part in condition.parts]
    if condition.combination is Combination.AT_LEAST:
        data["count"] = condition.count
    return data


def diagram_data(diagram: Diagram, root: int = 0) -> dict[str, Anything]:
    """A diagram as variables, nodes and root."""
    places: dict[Node, int] = {node: number for number, node in enumerate(diagram.results)}
    nodes: list[list[int]] = []

    def place(node: Node) -> int:
        if node not in places:
            row = [node.variable, *[place(child) for child in node.children]]
            places[node] = len(nodes) + len(diagram.results)
            nodes.append(row)
        return places[node]

    top = place(diagram.roots[root])
    variables = [
        {"order": list(name)} if isinstance(name, tuple) else _cells(name, diagram.cells[name])
        for name in diagram.names
    ]
    return {"variables": variables, "nodes": nodes, "root": top}


def _cells(fact: str, cells: Cells) -> dict[str, Anything]:
    data: dict[str, Anything] = {"fact": fact, "cells": cells.count}
    if cells.fact.kind is FactKind.NUMBER:
        data["starts"] = list(cells.starts)
    elif cells.fact.kind is not FactKind.YES_NO:
        named: Mapping[str, int] = cells.groups
        data["groups"] = {value: group for value, group in named.items() if group}
    return data
