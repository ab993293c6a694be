# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: E501 - lines of law files stand as they are written
"""Law files: everything wrong is named at once with file, line and rule, and nothing loads half."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
import yaml
from hypothesis import given, settings

from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import (
    All,
    Any,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Test,
)
from mostovi.pathways.law import Combination, PartnerLaw, Review, ReviewStatus
from mostovi.pathways.library import library
from mostovi.pathways.loader import load_partner, load_pathway
from mostovi.pathways.reading import BadLaw, LawProblem
from mostovi.pathways.rules import rule_of
from tests.pathways.random_rules import VOCABULARY, expressions

CATALOGUE = library().catalogue
DAY = date(2026, 11, 24)

PARTNER = """partner: rs
name: {en: Serbia}
languages: [sr]
currency: RSD
acts:
  law: {title: {en: Foreigners Act}, gazette: ["24/2018"], from: 2018-10-03, to: null, evidence: text}
authorities:
  police: {name: {en: Police}}
parameters:
  stay:
    title: {en: Months of stay}
    unit: months
    values:
      - {from: 2020-01-01, to: 2024-12-31, amount: 12, cite: {act: law, article: "9"}, evidence: text}
      - {from: 2025-01-01, to: null, amount: 20, cite: {act: law, article: "9"}, evidence: text}
definitions:
  clean_and_insured:
    title: {en: Clean and insured}
    topic: record
    cite: {act: law, article: "5"}
    evidence: secondary
    confidence: low
    all:
      - {code: no_record, title: {en: No record}, fact: clean_record, is: true}
      - {code: insured, title: {en: Insured}, topic: insurance, fact: health_insurance, is: true}
"""

PACK = """pathway: study
partner: rs
availability: in_law
versions:
  - version: "1"
    from: 2020-01-01
    to: null
    complete: true
    review: {status: not_yet, by: null, on: null}
    conditions:
      - code: place
        title: {en: A place to study}
        topic: study_place
        cite: {act: law, article: "40", paragraph: "1", point: null}
        evidence: text
        confidence: high
        fact: accepted_to_study
        is: true
      - code: means
        title: {en: Money}
        topic: income
        cite: {act: law, article: "41"}
        evidence: text
        confidence: high
        any:
          - {code: own, title: {en: Own}, fact: enough_money, is: true}
          - {code: long, title: {en: Long}, fact: months_here, at_least: {parameter: stay, times: 1.5}}
      - {code: clean, definition: clean_and_insured}
"""


def load(pack: str = PACK, partner: str = PARTNER, **more: str) -> PartnerLaw:
    files = {"partner.yaml": partner, "study.yaml": pack, **more}
    return load_partner(files, CATALOGUE, code="rs", folder="law/rs")


def problems(pack: str = PACK, partner: str = PARTNER, **more: str) -> list[LawProblem]:
    with pytest.raises(BadLaw) as caught:
        load(pack, partner, **more)
    return list(caught.value.problems)


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_pack_in_order_becomes_a_rule() -> None:
    law = load()
    rule = rule_of(law, law.pathways["study"], DAY)
    assert rule is not None
    clean = All(
        (Test("clean_record", Comparison.IS, True), Test("health_insurance", Comparison.IS, True))
    )
    assert rule.expression == All(
        (
            Test("accepted_to_study", Comparison.IS, True),
            Any((Test("enough_money", Comparison.IS, True), Test("months_here", Comparison.AT_LEAST, 30))),
            clean,
        )
    )  # fmt: skip
    own = rule.conditions[1].parts[0]
    assert (own.citation, own.topic) == (rule.conditions[1].citation, "income")
    insured = rule.conditions[2].parts[1]
    assert (insured.topic, insured.evidence) == ("insurance", "secondary")
    assert law.cited(own.citation) == "Foreigners Act, article 41 (24/2018)"


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ('        cite: {act: law, article: "40", paragraph: "1", point: null}\n', "",
         "condition 'place'", "the citation is missing"),
        ("act: law, article: \"41\"", "act: lew, article: \"41\"",
         "condition 'means'", "unknown act 'lew'"),
        ("fact: accepted_to_study", "fact: accepted",
         "condition 'place'", "unknown fact 'accepted'"),
        ("topic: income", "topic: incomes", "condition 'means'", "unknown topic 'incomes'"),
        ("        is: true\n", "        is: perhaps\n", "condition 'place'", "type error"),
        ("        is: true\n", "        at_least: 3\n", "condition 'place'", "type error"),
        ("        is: true\n", "        in_list: open_balkan\n", "condition 'place'", "type error"),
        ("        is: true\n", "        is: true\n        is_not: false\n",
         "condition 'place'", "exactly one comparison; found is, is_not"),
        ("        is: true\n", "        is: true\n        suspendable: true\n",
         "condition 'place'", "unknown key 'suspendable'"),
        ("        is: true\n", "        is: true\n        any: []\n",
         "condition 'place'", "unknown key 'any'"),
        ("fact: enough_money, is: true", "fact: enough_money, is: {fact: age}",
         "condition 'own'", "type error"),
        ("at_least: {parameter: stay, times: 1.5}", "at_least: {parameter: stoy}",
         "condition 'long'", "unknown parameter 'stoy'"),
        ("at_least: {parameter: stay, times: 1.5}", "at_least: {fact: where}",
         "condition 'long'", "type error"),
        ("at_least: {parameter: stay, times: 1.5}", "at_least: 99999",
         "condition 'long'", "type error"),
        ("at_least: {parameter: stay, times: 1.5}", "at_least: 1.5",
         "condition 'long'", "a whole number"),
        ("definition: clean_and_insured", "definition: clean",
         "condition 'clean'", "unknown definition 'clean'"),
        ("code: own,", "code: place,", "condition 'place'", "is also used in line 11"),
        ("    complete: true\n", "", "version '1'", "'complete' is missing"),
        ("    from: 2020-01-01\n", "", "version '1'", "'from' is missing"),
        ("    from: 2020-01-01\n", "    from: 2020-13-01\n", "version '1'", "must be a date"),
        ("    to: null\n", "    to: 2019-01-01\n", "version '1'", "ends on 2019-01-01, before"),
        ("status: not_yet, by: null", "status: reviewed, by: null",
         "version '1'", "needs the lawyer"),
        ("evidence: text\n        confidence: high\n        fact", "evidence: seen\n        confidence: high\n        fact",
         "condition 'place'", "'evidence' must be one of"),
        ("pathway: study", "pathway: studies", "pathway 'studies'", "unknown pathway"),
        ("partner: rs", "partner: ba", "pathway 'study'", "this is the law of rs"),
        ("availability: in_law", "availability: none_found",
         "pathway 'study'", "needs an 'availability_note'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_and_rule(
    old: str, new: str, rule: str, said: str
) -> None:
    assert old in PACK
    changed = PACK.replace(old, new, 1)
    found = [p for p in problems(changed) if said in p.text]
    assert found, [str(p) for p in problems(changed)]
    assert found[0].rule == rule
    assert found[0].file == "law/rs/study.yaml"
    line = changed.splitlines()[found[0].line - 1]
    code = rule.split("'")[1]
    near = changed.splitlines()[max(0, found[0].line - 10) : found[0].line]
    assert line and any(code in one for one in near)
    assert str(found[0]).startswith(f"law/rs/study.yaml:{found[0].line}: {rule}: ")


def test_all_problems_of_all_files_come_at_once() -> None:
    bad = PACK.replace("fact: accepted_to_study", "fact: accepted").replace(
        "topic: income", "topic: x"
    )
    other = PACK.replace("pathway: study", "pathway: research").replace("act: law,", "act: lost,")
    found = problems(bad, **{"research.yaml": other})
    assert {p.file for p in found} == {"law/rs/study.yaml", "law/rs/research.yaml"}
    assert len(found) == 4


def test_a_cycle_of_definitions_is_told_with_its_way_round() -> None:
    cycle = (
        PARTNER
        + """  first: {title: {en: A}, topic: other, cite: null, evidence: unconfirmed, confidence: low, definition: second}
  second: {title: {en: B}, topic: other, cite: null, evidence: unconfirmed, confidence: low, any: [{code: x, title: {en: X}, definition: first}]}
"""
    )
    found = [p for p in problems(partner=cycle) if "cycle" in p.text]
    assert [p.text for p in found] == ["cycle of definitions, first → second → first"]
    assert found[0].file == "law/rs/partner.yaml"
    assert found[0].line == line_of(cycle, "  second:")


def test_two_versions_may_not_hold_on_one_day() -> None:
    second = PACK.split("versions:\n")[1].replace('version: "1"', 'version: "2"')
    second = second.replace("from: 2020-01-01", "from: 2024-01-01")
    overlapping = PACK + second
    found = [p for p in problems(overlapping) if "overlap" in p.text]
    assert found[0].line == line_of(overlapping, "versions:")
    assert "let '1' end on 2023-12-31" in found[0].text
    apart = load(
        (PACK + second).replace("to: null\n    complete", "to: 2023-12-31\n    complete", 1)
    )
    way = apart.pathways["study"]
    assert [way.on(day).version for day in (date(2023, 12, 31), date(2024, 1, 1))] == ["1", "2"]  # type: ignore[union-attr]
    assert way.on(date(2019, 12, 31)) is None


def test_a_key_written_twice_is_a_problem_and_so_is_text_that_is_no_yaml() -> None:
    assert (
        "written twice"
        in problems(PACK.replace("    to: null\n", "    to: null\n    to: null\n"))[0].text
    )
    (broken,) = problems(PACK + "\n  - [")
    assert "not valid YAML" in broken.text
    assert "the file is empty" in problems("")[0].text


def test_a_condition_that_nobody_could_confirm_needs_no_citation_and_is_unknown() -> None:
    text = (
        PACK
        + "      - {code: more, title: {en: More}, topic: other, cite: null, evidence: unconfirmed, confidence: low, unknown: true}\n"
    )
    law = load(text)
    rule = rule_of(law, law.pathways["study"], DAY)
    assert rule is not None
    assert rule.conditions[-1].expression == Constant(None)
    everything = {
        "accepted_to_study": True,
        "enough_money": True,
        "clean_record": True,
        "health_insurance": True,
    }
    assert evaluate(rule.expression, everything) is None


def test_the_amount_of_the_day_is_put_in_and_an_unknown_one_is_unknown() -> None:
    law = load()
    amounts = {}
    for day in (date(2024, 12, 31), date(2025, 1, 1)):
        rule = rule_of(law, law.pathways["study"], day)
        assert rule is not None
        amounts[day.year] = rule.conditions[1].parts[1].test.value  # type: ignore[union-attr]
    assert amounts == {2024: 18, 2025: 30}
    later = load(
        partner=PARTNER.replace("from: 2020-01-01, to: 2024", "from: 2024-01-01, to: 2024")
    )
    rule = rule_of(later, later.pathways["study"], date(2021, 1, 1))
    assert rule is not None
    assert rule.conditions[1].parts[1].combination is Combination.UNKNOWN


def test_a_condition_is_left_out_on_days_on_which_it_does_not_hold() -> None:
    text = PACK.replace(
        "        fact: accepted_to_study",
        "        from: 2026-01-01\n        to: 2026-06-30\n        fact: accepted_to_study",
    )
    law = load(text)
    held = {
        day: [c.code for c in rule.conditions]
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
        if (rule := rule_of(law, law.pathways["study"], day))
    }
    assert ["place" in codes for codes in held.values()] == [False, True, True, False]


def test_a_version_without_a_condition_on_the_day_opens_for_nobody() -> None:
    head, conditions = PACK.split("      - code: place\n")
    only = (
        head
        + "      - code: place\n        from: 2026-01-01\n"
        + conditions.split("      - code: means")[0]
    )
    law = load(only)
    assert rule_of(law, law.pathways["study"], date(2025, 12, 31)) is None
    assert rule_of(law, law.pathways["study"], date(2026, 1, 1)) is not None


def test_a_sign_off_holds_for_exactly_this_text() -> None:
    law = load()
    way = law.pathways["study"]
    digest = way.versions[0].digest
    review = Review(ReviewStatus.REVIEWED, "A Lawyer", DAY)
    signed = {("rs", "study", digest, ""): review, ("rs", "study", digest, "means"): review}
    rule = rule_of(law, way, DAY, signed)
    assert rule is not None
    assert rule.signed_off
    by_code = {c.code: c.review.is_reviewed for top in rule.conditions for c in top.walk()}
    assert by_code == {
        "place": False, "means": True, "own": True, "long": True,
        "clean": False, "no_record": False, "insured": False,
    }  # fmt: skip
    changed = {
        "a test": load(PACK.replace("enough_money, is: true", "enough_money, is: false")),
        "a word": load(PACK.replace("A place to study", "A place at a school")),
        "a definition": load(partner=PARTNER.replace("health_insurance, is: true", "health_insurance, is: false")),
        "an amount": load(partner=PARTNER.replace("amount: 20", "amount: 21")),
        "a source": load(PACK.replace('article: "41"', 'article: "42"')),
    }  # fmt: skip
    for what, other in changed.items():
        again = rule_of(other, other.pathways["study"], DAY, signed)
        assert again is not None
        assert not again.signed_off, what


def test_layout_and_reviews_are_not_what_is_signed() -> None:
    digest = load().pathways["study"].versions[0].digest
    spaced = PACK.replace("      - code: means", "\n      # a note\n      - code: means")
    reviewed = PACK.replace(
        "status: not_yet, by: null, on: null", "status: reviewed, by: L, on: 2026-01-01"
    )
    for text in (spaced, reviewed):
        assert load(text).pathways["study"].versions[0].digest == digest


def _as_yaml(expression: Expression, numbers: list[int]) -> dict[str, object]:
    numbers.append(len(numbers))
    entry: dict[str, object] = {"code": f"c{len(numbers)}", "title": {"en": "x"}}
    if isinstance(expression, Constant):
        return entry | {"unknown": True}
    if isinstance(expression, Test):
        value: object = expression.value
        if isinstance(value, OtherFact):
            value = {"fact": value.fact}
        plain = list(value) if isinstance(value, tuple) else value
        return entry | {"fact": expression.fact, expression.comparison.value: plain}
    if isinstance(expression, Not):
        return entry | {"not": _as_yaml(expression.part, numbers)}
    parts = [_as_yaml(part, numbers) for part in expression.parts]
    if isinstance(expression, AtLeast):
        return entry | {"at_least": {"count": expression.count, "of": parts}}
    return entry | {"all" if isinstance(expression, All) else "any": parts}


SMALL = replace(load(), catalogue=replace(CATALOGUE, vocabulary=VOCABULARY), definitions={})


@settings(max_examples=200, deadline=None)
@given(expressions())
def test_every_rule_that_can_be_written_is_read_as_it_was_meant(expression: Expression) -> None:
    top = _as_yaml(expression, []) | {
        "topic": "other", "cite": None, "evidence": "unconfirmed", "confidence": "low",
    }  # fmt: skip
    version = {
        "version": "1",
        "from": date(2020, 1, 1),
        "to": None,
        "complete": False,
        "conditions": [top],
    }
    pack = {"pathway": "study", "partner": "rs", "availability": "in_law", "versions": [version]}
    way = load_pathway(yaml.safe_dump(pack), "study.yaml", SMALL)
    rule = rule_of(SMALL, way, DAY)
    assert rule is not None
    assert rule.expression == All((expression,))


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_is_law_or_a_list_of_problems_never_a_crash(seed: int) -> None:
    randomness = random.Random(seed)
    lines = PACK.splitlines()
    for _ in range(randomness.randint(1, 4)):
        at = randomness.randrange(len(lines))
        kind = randomness.randrange(4)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines[at] = lines[at].replace(":", "", 1)
        elif kind == 2:
            lines.insert(at, lines[randomness.randrange(len(lines))])
        else:
            cut = randomness.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:cut] + randomness.choice("[]{}'\":-#é\t") + lines[at][cut:]
    try:
        law = load("\n".join(lines))
    except BadLaw as error:
        assert all(problem.line >= 1 and problem.text for problem in error.problems)
    else:
        assert law.pathways["study"].versions


def _codes(law: PartnerLaw) -> Mapping[str, int]:
    return {code: len(way.versions) for code, way in law.pathways.items()}


@pytest.mark.parametrize("partner", library().codes)
def test_the_shipped_law_has_a_file_for_every_kind_of_pathway(partner: str) -> None:
    law = library().partner(partner)
    assert set(law.pathways) == set(CATALOGUE.pathways)
    assert any(_codes(law).values())


def test_a_rule_too_tangled_to_decide_is_refused_in_good_time() -> None:
    yes_no = [fact.code for fact in CATALOGUE.vocabulary if fact.kind == "yes_no"][:40]
    # Pairs of facts that stand far apart: a diagram in the order of the facts has 2^20 nodes.
    pairs = list(zip(yes_no[:20], yes_no[20:], strict=True))
    first = [
        {"code": f"a{n}", "title": {"en": "x"}, "fact": fact, "is": True}
        for n, fact in enumerate(yes_no)
    ]
    tangle = [
        {"code": f"p{n}", "title": {"en": "x"}, "all": [
            {"code": f"p{n}a", "title": {"en": "x"}, "fact": one, "is": True},
            {"code": f"p{n}b", "title": {"en": "x"}, "fact": two, "is": True}]}
        for n, (one, two) in enumerate(pairs)
    ]  # fmt: skip
    top = {"code": "top", "title": {"en": "x"}, "topic": "other", "cite": None, "evidence": "unconfirmed",
           "confidence": "low", "any": [{"code": "every", "title": {"en": "x"}, "all": first}, *tangle]}  # fmt: skip
    version = {
        "version": "1",
        "from": date(2020, 1, 1),
        "to": None,
        "complete": False,
        "conditions": [top],
    }
    pack = {"pathway": "study", "partner": "rs", "availability": "in_law", "versions": [version]}
    with pytest.raises(BadLaw, match="too many facts at once"):
        load_pathway(yaml.safe_dump(pack, sort_keys=False), "study.yaml", load())
