# SPDX-License-Identifier: EUPL-1.2
"""Reading answers: what is not known stays unknown, nonsense and contradictions name the fact."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.pathways.facts import (
    BadFacts,
    FactKind,
    ProblemCode,
    read_facts,
    read_vocabulary,
    whole_months,
)
from mostovi.pathways.library import library
from mostovi.pathways.reading import BadLaw

DAY = date(2026, 11, 24)
VOCABULARY = library().vocabulary


def read(raw: dict[str, Any]) -> dict[str, Any]:
    return dict(read_facts(VOCABULARY, raw, DAY))


def problems(raw: dict[str, Any]) -> list[tuple[str, ProblemCode]]:
    with pytest.raises(BadFacts) as caught:
        read(raw)
    return [(problem.fact, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize("nothing", [None, "", " ", "unknown", "not_asked"])
def test_what_is_not_known_is_absent(nothing: str | None) -> None:
    assert read({"age": nothing, "job_offer": nothing, "birth_date": nothing}) == {}


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"job_offer": "yes", "housing": "no"}, {"job_offer": True, "housing": False}),
        ({"age": "17"}, {"age": 17}),
        ({"pay_to_average": "1,5"}, {"pay_to_average": 1.5}),
        ({"citizenship": "sy"}, {"citizenship": "SY"}),
        ({"citizenship": "XXA"}, {"citizenship": "stateless"}),
        ({"citizenship": "XXX"}, {}),
        ({"birth_date": "2008-11-24"}, {"age": 18}),
        ({"birth_date": "2008-11-25"}, {"age": 17}),
        ({"birth_date": "2008-11-24", "age": 18}, {"age": 18}),
        ({"entered_on": "2026-10-25"}, {"months_here": 0}),
        ({"entered_on": "2026-10-24"}, {"months_here": 1}),
    ],
)
def test_answers_are_read_as_forms_and_files_write_them(
    given_: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert read(given_) == expected


@pytest.mark.parametrize(
    ("raw", "fact", "code"),
    [
        ({"job": True}, "job", ProblemCode.UNKNOWN_FACT),
        ({"job": None}, "job", ProblemCode.UNKNOWN_FACT),
        ({"job_offer": "perhaps"}, "job_offer", ProblemCode.WRONG_TYPE),
        ({"job_offer": 1}, "job_offer", ProblemCode.WRONG_TYPE),
        ({"age": True}, "age", ProblemCode.WRONG_TYPE),
        ({"age": 17.5}, "age", ProblemCode.WRONG_TYPE),
        ({"age": "seventeen"}, "age", ProblemCode.WRONG_TYPE),
        ({"age": float("nan")}, "age", ProblemCode.WRONG_TYPE),
        ({"age": [17]}, "age", ProblemCode.WRONG_TYPE),
        ({"age": -1}, "age", ProblemCode.OUT_OF_RANGE),
        ({"age": 121}, "age", ProblemCode.OUT_OF_RANGE),
        ({"where": "moon"}, "where", ProblemCode.WRONG_TYPE),
        ({"where": 3}, "where", ProblemCode.WRONG_TYPE),
        ({"citizenship": "ZZ"}, "citizenship", ProblemCode.WRONG_TYPE),
        ({"birth_date": "2026-11-25"}, "birth_date", ProblemCode.FUTURE_DATE),
        ({"birth_date": "24.11.2008"}, "birth_date", ProblemCode.BAD_DATE),
        ({"birth_date": "1850-01-01"}, "birth_date", ProblemCode.OUT_OF_RANGE),
        ({"birth_date": "2008-11-25", "age": 18}, "age", ProblemCode.DISAGREES),
    ],
)
def test_nonsense_is_refused_and_the_fact_is_named(
    raw: dict[str, Any], fact: str, code: ProblemCode
) -> None:
    assert problems(raw) == [(fact, code)]
    with pytest.raises(BadFacts, match=fact):
        read(raw)


def test_the_whole_list_of_problems_comes_at_once() -> None:
    raw = {"job": True, "age": 200, "where": "moon", "birth_date": "2030-01-01"}
    assert [fact for fact, _ in problems(raw)] == list(raw)


def test_a_contradiction_names_every_fact_of_it() -> None:
    raw = {"age": 30, "age_in_doubt": False, "without_parents": True}
    with pytest.raises(BadFacts) as caught:
        read(raw)
    (problem,) = caught.value.problems
    assert problem.code is ProblemCode.CONTRADICTION
    assert set(problem.facts) == set(raw)
    assert problem.conflict == "adult_alone_child"
    assert all(f"'{fact}'" in problem.text for fact in raw)
    # A doubtful age is a child's, so there is nothing to contradict.
    assert read({**raw, "age_in_doubt": True})


def test_an_order_that_cannot_be_is_a_contradiction() -> None:
    assert problems({"total_absence_months": 2, "longest_absence_months": 3}) == [
        ("total_absence_months", ProblemCode.CONTRADICTION)
    ]
    assert read({"total_absence_months": 3, "longest_absence_months": 3})


def test_unknown_facts_never_contradict() -> None:
    for conflict in VOCABULARY.conflicts:
        assert not conflict.broken_by({})


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*VOCABULARY.facts, *VOCABULARY.by_date, "nonsense", ""]),
        _ANYTHING,
        max_size=6,
    )
)
def test_whatever_is_sent_is_either_taken_or_refused_with_a_sentence(raw: dict[str, Any]) -> None:
    try:
        facts = read(raw)
    except BadFacts as error:
        assert error.problems
        assert all(problem.text and problem.facts for problem in error.problems)
    else:
        # What was taken is taken the same way again.
        assert read(facts) == facts
        for code, value in facts.items():
            kind = VOCABULARY[code].kind
            assert isinstance(value, bool) is (kind is FactKind.YES_NO)


@given(st.dates(date(1900, 1, 1), DAY), st.integers(0, 4000))
def test_whole_months_grow_by_twelve_a_year_and_never_fall(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    months = whole_months(start, end)
    assert months >= 0
    assert months <= whole_months(start, end + timedelta(days=1)) <= months + 1


def test_a_vocabulary_that_is_wrong_names_line_and_fact() -> None:
    text = """groups: [you]
lists: {near: [RS, QQ]}
facts:
  age: {kind: number, group: you, unit: years, lowest: 9, highest: 3}
  job: {kind: yes_no, group: them, dangr: violence}
  way: {kind: choice, group: you}
conflicts:
  - {code: odd, facts: {jab: {is: true}}}
"""
    with pytest.raises(BadLaw) as caught:
        read_vocabulary(text, "facts.yaml")
    said = [(p.line, p.rule, p.text) for p in caught.value.problems]
    assert (2, "the file", "list 'near' names 'QQ', which is not a country code") in said
    assert (4, "fact 'age'", "'highest' must be above 'lowest'") in said
    assert (5, "fact 'job'", "unknown group 'them'") in said
    assert (5, "fact 'job'", "unknown key 'dangr'") in said
    assert (6, "fact 'way'", "'choices' is missing") in said
    assert (8, "conflict 'odd'", "unknown fact 'jab'") in said


def test_every_danger_is_a_yes_or_no_and_every_text_a_known_kind() -> None:
    dangers = {fact.danger for fact in VOCABULARY if fact.danger}
    assert dangers == {"trafficking", "violence", "child_alone"}
    assert {kind.first for kind in library().catalogue.pathways.values() if kind.first} <= dangers
