# SPDX-License-Identifier: EUPL-1.2
"""The cases that stand beside the law files: each is run, and a wrong one is told in words."""

from __future__ import annotations

from datetime import date

import pytest

from mostovi.pathways.check_command import golden_cases
from mostovi.pathways.golden import load_golden, run
from mostovi.pathways.law import Availability
from mostovi.pathways.library import library
from mostovi.pathways.reading import BadLaw

STORE = library()


@pytest.mark.parametrize("partner", STORE.codes)
def test_the_law_says_of_every_golden_case_what_was_expected(partner: str) -> None:
    wrong = [
        (verdict.case.file, verdict.case.line, verdict.problems)
        for case in golden_cases(STORE, partner)
        if (verdict := run(case, STORE.rule_set)).problems
    ]
    assert wrong == []


@pytest.mark.parametrize("partner", STORE.codes)
def test_every_pathway_in_law_has_a_case_that_holds_or_cannot_one_that_fails_and_one_that_is_open(
    partner: str,
) -> None:
    cases = golden_cases(STORE, partner)
    for way in STORE.partner(partner).pathways.values():
        if way.availability is Availability.IN_LAW:
            own = [case for case in cases if case.pathway == way.code]
            assert len(own) >= 3, way.code
            assert {False, None} <= {case.logic for case in own}, way.code


CASE = """pathway: study
partner: rs
cases:
  - title: Somebody
    on: 2026-11-24
    facts: {accepted_to_study: false}
    expect: maybe
    logic: false
"""


def test_a_case_that_is_not_so_says_what_was_expected_and_what_is() -> None:
    (case,) = load_golden(CASE.replace("logic: false", "logic: true").replace("maybe", "open"),
                          "study.yaml", STORE.vocabulary)  # fmt: skip
    problems = run(case, STORE.rule_set).problems
    assert any(p.startswith("expected to be told 'open', and is told 'maybe'") for p in problems)
    assert any("expected the rule to say true, and it says false" in p for p in problems)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("accepted_to_study: false", "accepted: false", "not a fact"),
        ("accepted_to_study: false", "accepted_to_study: maybe", "must be true or false"),
        ("accepted_to_study: false", "birth_date: 2027-01-01", "a date after"),
        (
            "accepted_to_study: false",
            "total_absence_months: 1, longest_absence_months: 2",
            "cannot be true together",
        ),
        ("expect: maybe", "expect: no", "must be one of open, maybe, closed"),
        ("logic: false", "logic: perhaps", "'logic' must be true, false or unknown"),
        ("logic: false", "logic: false\n    askes: [x]", "unknown key 'askes'"),
    ],
)
def test_a_mistake_in_a_case_is_named_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(BadLaw) as caught:
        load_golden(CASE.replace(old, new), "golden/study.yaml", STORE.vocabulary)
    (problem,) = caught.value.problems
    assert said in problem.text
    assert problem.rule == "case 'Somebody'"
    assert problem.line > 3


def test_a_case_of_a_day_without_law_says_so() -> None:
    (case,) = load_golden(CASE.replace("2026-11-24", "1950-01-01"), "study.yaml", STORE.vocabulary)
    assert case.on == date(1950, 1, 1)
    assert "no rule for 'study' in force on 1950-01-01" in run(case, STORE.rule_set).problems[0]
