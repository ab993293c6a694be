# SPDX-License-Identifier: EUPL-1.2
"""Golden cases: people whom a lawyer describes, and what the law must say of them.

One file for each pathway, `content/law/<partner>/golden/<pathway>.yaml`, readable and extendable
without any program: a title, a day, the facts, what the person is told, what the rule says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import yaml

from mostovi.pathways.answers import Answer, check
from mostovi.pathways.explaining import deciding_codes
from mostovi.pathways.facts import BadFacts, Facts, Vocabulary, read_facts
from mostovi.pathways.reading import LawReading, scalar, top_table
from mostovi.pathways.rules import RuleSet
from mostovi.procedures.tables import Table

LOGIC: Mapping[str, bool | None] = {"true": True, "false": False, "unknown": None}


@dataclass(frozen=True)
class GoldenCase:
    """One person and what is expected. asks, fails: codes that must be among those found."""

    title: str
    partner: str
    pathway: str
    on: date
    facts: Facts
    expect: Answer
    logic: bool | None
    asks: tuple[str, ...]
    fails: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out of a case; no problems: as the lawyer said."""

    case: GoldenCase
    problems: tuple[str, ...]


def load_golden(text: str, file: str, vocabulary: Vocabulary) -> tuple[GoldenCase, ...]:
    """The cases of a file. Raises `BadLaw` with everything wrong, contradictory facts too."""
    reading = LawReading(file)
    top = top_table(reading, text, "golden cases")
    for key in ("note", "source", "review"):
        top.node(key, required=False)
    pathway, partner = top.code("pathway"), top.code("partner")
    cases = [
        _case(table, reading, vocabulary, partner, pathway) for table in top.items("cases", "case")
    ]
    top.done()
    reading.stop()
    return tuple(cases)


def _case(
    table: Table, reading: LawReading, vocabulary: Vocabulary, partner: str, pathway: str
) -> GoldenCase:
    title = table.text("title")
    table.where = f"case '{title.replace(': ', ', ')}'"
    on = table.day("on")
    if on is None:
        table.problem("on", "'on' is missing: the day asked about")
    table.node("note", required=False)
    said = table.text("logic").lower()
    if said and said not in LOGIC:
        table.problem("logic", f"'logic' must be true, false or unknown, not '{said}'")
    case = GoldenCase(
        title=title,
        partner=partner,
        pathway=pathway,
        on=on or date.min,
        facts=_facts(table, reading, vocabulary, on),
        expect=table.choice("expect", Answer),
        logic=LOGIC.get(said),
        asks=table.codes("asks"),
        fails=table.codes("fails"),
        file=table.line[0],
        line=table.line[1],
    )
    table.done()
    return case


def _facts(table: Table, reading: LawReading, vocabulary: Vocabulary, on: date | None) -> Facts:
    node = table.node("facts", required=False)
    if node is None or on is None:
        return {}
    inner = Table(reading, node, table.where)
    raw = {}
    for name in inner.names:
        value = inner.node(name, required=False)
        raw[name] = scalar(value) if isinstance(value, yaml.ScalarNode) else None
        if isinstance(value, yaml.CollectionNode):
            inner.problem(name, f"'{name}' must be one value")
    try:
        return read_facts(vocabulary, raw, on)
    except BadFacts as error:
        for problem in error.problems:
            inner.problem(problem.fact, problem.text)
        return {}


def run(case: GoldenCase, rule_set: Callable[[str, date], RuleSet]) -> Verdict:
    """Ask the law about the case; rule_set gives the rules of a partner on a day."""
    rules = rule_set(case.partner, case.on)
    found = [a for a in check(rules, case.facts).answers if a.pathway == case.pathway]
    if not found:
        text = f"{case.partner} has no rule for '{case.pathway}' in force on {case.on}"
        return Verdict(case, (text,))
    answer = found[0]
    problems = []
    if answer.answer is not case.expect:
        problems.append(
            f"expected to be told '{case.expect}', and is told '{answer.answer}' ({answer.because})"
        )
    if answer.logic is not case.logic:
        problems.append(
            f"expected the rule to say {_word(case.logic)}, and it says {_word(answer.logic)}; "
            f"because of {', '.join(sorted(deciding_codes(answer.reason))) or 'nothing'}"
        )
    if missing := [fact for fact in case.asks if fact not in answer.questions]:
        asked = ", ".join(answer.questions) or "nothing"
        problems.append(f"expected to be asked {', '.join(missing)}, and is asked {asked}")
    why = deciding_codes(answer.reason)
    if answer.logic is False and (missing := [code for code in case.fails if code not in why]):
        problems.append(
            f"expected to fail at {', '.join(missing)}, and fails at {', '.join(sorted(why))}"
        )
    return Verdict(case, tuple(problems))


def _word(logic: bool | None) -> str:
    return next(word for word, value in LOGIC.items() if value is logic)
