# SPDX-License-Identifier: EUPL-1.2
"""The rule by dimension, the classification, and what must hold for every set of answers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.screening.indicator_files import indicator_set
from mostovi.screening.indicators import Answer, IndicatorSet, Lean, Reach, Weight
from mostovi.screening.scoring import (
    Decides,
    DimensionResult,
    Finding,
    IndicatorResult,
    Outcome,
    flatten,
    reach_of,
    score,
)

TODAY = date(2026, 11, 24)
TRAFFICKING = indicator_set("trafficking")
VULNERABILITY = indicator_set("vulnerability")
AGE = "person/age_certainty"
VALUES = ("yes", "no", "unknown", "prefer_not_to_say", "not_asked")


def published_rule(strong: int, medium: int, weak: int) -> bool:
    """The rule as the brochure words it, written apart from the product's data."""
    return (
        strong >= 2
        or (strong >= 1 and medium + weak >= 1)
        or medium >= 3
        or (medium >= 2 and weak >= 1)
    )


def results(answers: Mapping[Weight, tuple[int, int]]) -> list[IndicatorResult]:
    """For each weight so many yes and so many unknown."""
    made = []
    for weight, (yes, unknown) in answers.items():
        given_answers = [Answer.YES] * yes + [Answer.UNKNOWN] * unknown
        for number, answer in enumerate(given_answers):
            code = f"{weight}{number}"
            made.append(IndicatorResult(code, answer, answer.value, code, weight))
    return made


@pytest.mark.parametrize(("strong", "medium", "weak"), list(product(range(4), repeat=3)))
def test_rule_table(strong: int, medium: int, weak: int) -> None:
    """Every combination of 0 to 3 of each weight, answered yes."""
    counted = {
        Weight.STRONG: (strong, 0), Weight.MEDIUM: (medium, 0), Weight.WEAK: (weak, 0),
    }  # fmt: skip
    reach, alternative = reach_of(TRAFFICKING.rule, results(counted))  # type: ignore[arg-type]
    expected = published_rule(strong, medium, weak)
    assert (reach is Reach.REACHED) == expected
    assert (alternative is not None) == expected
    if not expected:
        assert reach is Reach.CANNOT_BE


@pytest.mark.parametrize(
    ("strong", "medium", "weak", "reach"),
    [
        ((1, 1), (0, 0), (0, 0), Reach.COULD_BE),
        ((1, 0), (0, 0), (0, 0), Reach.CANNOT_BE),
        ((0, 0), (2, 1), (0, 0), Reach.COULD_BE),
        ((0, 0), (2, 0), (0, 0), Reach.CANNOT_BE),
        ((0, 0), (1, 1), (3, 0), Reach.COULD_BE),
        ((0, 0), (1, 0), (3, 3), Reach.CANNOT_BE),
        ((0, 1), (0, 1), (0, 0), Reach.COULD_BE),
        ((2, 9), (0, 9), (0, 9), Reach.REACHED),
    ],
)
def test_unknown_keeps_a_dimension_open(
    strong: tuple[int, int], medium: tuple[int, int], weak: tuple[int, int], reach: Reach
) -> None:
    counted = {Weight.STRONG: strong, Weight.MEDIUM: medium, Weight.WEAK: weak}
    assert reach_of(TRAFFICKING.rule, results(counted))[0] is reach  # type: ignore[arg-type]


# --- classification -------------------------------------------------------------------------


def answers_reaching(reached: set[str], age: str) -> dict[str, str]:
    """All answered no, but for the dimensions in `reached`, answered yes."""
    given_answers = {
        indicator.reading.question.path: "yes" if indicator.dimension in reached else "no"
        for indicator in TRAFFICKING.indicators
    }
    for reading in TRAFFICKING.danger.readings:
        given_answers[reading.question.path] = "no"
    return {**given_answers, AGE: age}


DR, CR, AR = "deceptive_recruitment", "coercive_recruitment", "abuse_of_vulnerability_recruitment"
EX, CD, AD = "exploitation", "coercion_at_destination", "abuse_of_vulnerability_destination"


@pytest.mark.parametrize(
    ("reached", "age", "classification", "outcome"),
    [
        (set(), "adult", "", Outcome.NOTHING_FOUND),
        ({EX}, "adult", "exploited", Outcome.SIGNS_BELOW_RULE),
        ({DR, EX}, "adult", "deception_and_exploitation", Outcome.REFER),
        ({CR, EX}, "adult", "exploited", Outcome.REFER),
        ({EX, CD}, "adult", "exploited", Outcome.REFER),
        ({AR, EX}, "adult", "exploited", Outcome.REFER),
        ({EX, AD}, "adult", "exploited", Outcome.REFER),
        ({DR, EX, CD}, "adult", "trafficking_forced_labour", Outcome.REFER),
        ({CR, EX, CD}, "adult", "trafficking_forced_labour", Outcome.REFER),
        ({DR, CR, AR, EX, CD, AD}, "adult", "trafficking_forced_labour", Outcome.REFER),
        ({DR, CR, CD}, "adult", "", Outcome.SIGNS_BELOW_RULE),
        ({EX}, "child", "child_exploitation", Outcome.REFER),
        ({EX}, "not_certain", "child_exploitation", Outcome.REFER),
        ({EX}, "", "child_exploitation", Outcome.REFER),
        ({DR, EX, CD}, "child", "trafficking_forced_labour", Outcome.REFER),
        ({DR, CR}, "child", "", Outcome.SIGNS_BELOW_RULE),
        (set(), "child", "", Outcome.NOTHING_FOUND),
    ],
)
def test_classification_table(
    reached: set[str], age: str, classification: str, outcome: Outcome
) -> None:
    finding = score(TRAFFICKING, answers_reaching(reached, age), TODAY)
    assert {result.code for result in finding.dimensions if result.reach is Reach.REACHED} == (
        reached
    )
    assert finding.classification == classification
    assert finding.outcome is outcome


def test_nothing_asked_is_not_nothing_found() -> None:
    finding = score(TRAFFICKING, {}, TODAY)
    assert finding.outcome is Outcome.NOT_ENOUGH_KNOWN
    assert all(result.reach is Reach.COULD_BE for result in finding.dimensions)
    assert finding.child_rule
    assert finding.profile == "age_not_certain"
    assert [question.decides for question in finding.ask_next[:4]] == [
        Decides.DANGER, Decides.DANGER, Decides.DANGER, Decides.PROFILE,
    ]  # fmt: skip


def test_no_outcome_says_that_somebody_is_not_a_victim() -> None:
    assert {outcome.value for outcome in Outcome} == {
        "refer", "not_enough_known", "signs_below_rule", "nothing_found",
    }  # fmt: skip


def test_danger_comes_first_and_is_not_settled_by_silence() -> None:
    path = "danger/controller_near"
    assert score(TRAFFICKING, {path: "yes"}, TODAY).danger.reach is Reach.REACHED
    assert score(TRAFFICKING, {path: "no"}, TODAY).danger.reach is Reach.COULD_BE
    every = {reading.question.path: "no" for reading in TRAFFICKING.danger.readings}
    assert score(TRAFFICKING, every, TODAY).danger.reach is Reach.CANNOT_BE


def test_ask_next_names_the_smallest_set_that_could_decide() -> None:
    given_answers = answers_reaching(set(), "adult")
    long_hours = "exploitation/excessive_working_days_or_hours_work"
    low_pay = "exploitation/low_or_no_salary_work"
    given_answers |= {long_hours: "yes", low_pay: "unknown", "exploitation/hazardous_work_work": ""}
    finding = score(TRAFFICKING, given_answers, TODAY)
    assert [(question.path, question.needs) for question in finding.ask_next] == [
        (low_pay, 1), ("exploitation/hazardous_work_work", 1),
    ]  # fmt: skip
    assert finding.dimension("exploitation").needs == 1


def test_what_the_person_declined_is_not_asked_again() -> None:
    given_answers = answers_reaching(set(), "child") | {
        "exploitation/excessive_working_days_or_hours_work": "yes",
        "exploitation/low_or_no_salary_work": "prefer_not_to_say",
    }
    finding = score(TRAFFICKING, given_answers, TODAY)
    assert finding.outcome is Outcome.NOT_ENOUGH_KNOWN
    assert finding.ask_next == ()


def test_how_it_is_known_is_kept() -> None:
    path = "exploitation/how_known_exploitation"
    finding = score(TRAFFICKING, {path: ["stated", "document"]}, TODAY)
    assert finding.dimension("exploitation").how_known == ("stated", "document")


def test_an_answer_of_an_unnamed_value_is_unknown_not_no() -> None:
    path = "exploitation/excessive_working_days_or_hours_work"
    finding = score(TRAFFICKING, {path: "sometimes"}, TODAY)
    assert finding.dimension("exploitation").indicators[0].answer is Answer.UNKNOWN


# --- what holds for every set of answers ----------------------------------------------------

PATHS = sorted(indicator.reading.question.path for indicator in TRAFFICKING.indicators)
maybe = st.sampled_from(("", *VALUES))
ages = st.sampled_from(("adult", "child", "not_certain", ""))
some_answers = st.fixed_dictionaries({}, optional={**dict.fromkeys(PATHS, maybe), AGE: ages})
LOWER = {"no": 0, "unknown": 1, "prefer_not_to_say": 1, "not_asked": 1, "": 1, "yes": 2}


@settings(max_examples=60, deadline=None)
@given(some_answers, st.data())
def test_answering_what_was_open_never_unreaches(
    given_answers: dict[str, str], data: st.DataObject
) -> None:
    before = score(TRAFFICKING, given_answers, TODAY)
    open_paths = [path for path in PATHS if given_answers.get(path, "") not in ("yes", "no")]
    more = data.draw(
        st.dictionaries(st.sampled_from(open_paths), st.sampled_from(VALUES), max_size=20)
        if open_paths
        else st.just({})
    )
    after = score(TRAFFICKING, {**given_answers, **more}, TODAY)
    for old, new in zip(before.dimensions, after.dimensions, strict=True):
        if old.reach is not Reach.COULD_BE:
            assert new.reach is old.reach
    if before.outcome is Outcome.REFER:
        assert after.outcome is Outcome.REFER


@settings(max_examples=60, deadline=None)
@given(some_answers, st.data())
def test_monotone_more_harm_never_counts_for_less(
    given_answers: dict[str, str], data: st.DataObject
) -> None:
    raised = dict(given_answers)
    for path in data.draw(st.lists(st.sampled_from(PATHS), max_size=20)):
        higher = [value for value in LOWER if LOWER[value] >= LOWER[raised.get(path, "")]]
        raised[path] = data.draw(st.sampled_from(higher))
    before = score(TRAFFICKING, given_answers, TODAY)
    after = score(TRAFFICKING, raised, TODAY)
    for old, new in zip(before.dimensions, after.dimensions, strict=True):
        assert new.reach.rank >= old.reach.rank
    assert after.outcome.rank >= before.outcome.rank


@settings(max_examples=60, deadline=None)
@given(some_answers)
def test_unknown_and_not_asked_are_never_no(given_answers: dict[str, str]) -> None:
    """Leaving an open answer out, or calling it unknown, changes nothing; 'no' would."""
    dropped = {
        path: value
        for path, value in given_answers.items()
        if value in ("yes", "no") or path == AGE
    }
    first, second = (score(TRAFFICKING, each, TODAY) for each in (given_answers, dropped))
    assert [result.reach for result in first.dimensions] == [
        result.reach for result in second.dimensions
    ]
    assert first.outcome is second.outcome
    if not any(value == "no" for value in given_answers.values()):
        assert all(result.reach is not Reach.CANNOT_BE for result in first.dimensions)
        assert first.outcome in (Outcome.REFER, Outcome.NOT_ENOUGH_KNOWN)


@settings(max_examples=30, deadline=None)
@given(some_answers, st.integers())
def test_order_of_answers_is_irrelevant(given_answers: dict[str, str], seed: int) -> None:
    items = list(given_answers.items())
    random.Random(seed).shuffle(items)
    assert score(TRAFFICKING, dict(items), TODAY) == score(TRAFFICKING, given_answers, TODAY)


FORBIDDEN = ("nationality", "religion", "ethnicity", "citizenship", "language", "country_of_origin")


@pytest.mark.parametrize("chosen", [TRAFFICKING, VULNERABILITY], ids=lambda chosen: chosen.name)
@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*FORBIDDEN, *(f"person/{name}" for name in FORBIDDEN),
                         "session/speaks_best", "nationality/yes"]),
        st.text(max_size=20) | st.sampled_from(VALUES),
    ),
    st.data(),
)  # fmt: skip
def test_forbidden_variables_never_influence(
    chosen: IndicatorSet, other: dict[str, str], data: st.DataObject
) -> None:
    paths = sorted(indicator.reading.question.path for indicator in chosen.indicators)
    given_answers = data.draw(st.dictionaries(st.sampled_from(paths), maybe))
    assert score(chosen, given_answers, TODAY) == score(chosen, {**given_answers, **other}, TODAY)


@settings(max_examples=40, deadline=None)
@given(some_answers, st.sampled_from(["child", "not_certain", "", "nonsense"]))
def test_a_child_with_exploitation_and_no_means_is_flagged(
    given_answers: dict[str, str], age: str
) -> None:
    exploited = {path: "yes" for path in PATHS if path.startswith("exploitation/")}
    no_means = {path: "no" for path in PATHS if not path.startswith("exploitation/")}
    finding = score(TRAFFICKING, {**given_answers, **no_means, **exploited, AGE: age}, TODAY)
    assert finding.outcome is Outcome.REFER
    assert finding.classification == "child_exploitation"


@settings(max_examples=40, deadline=None)
@given(some_answers)
def test_an_uncertain_age_is_never_less_than_a_childs_or_an_adults(
    given_answers: dict[str, str],
) -> None:
    by_age = {
        age: score(TRAFFICKING, {**given_answers, AGE: age}, TODAY)
        for age in ("adult", "child", "not_certain")
    }
    for known in ("adult", "child"):
        pairs = zip(by_age["not_certain"].dimensions, by_age[known].dimensions, strict=True)
        for uncertain, certain in pairs:
            if certain.reach is Reach.REACHED:
                assert uncertain.reach is Reach.REACHED
    assert by_age["not_certain"].outcome is not Outcome.NOTHING_FOUND or all(
        result.reach is Reach.CANNOT_BE for result in by_age["child"].dimensions
    )


@settings(max_examples=40, deadline=None)
@given(some_answers)
def test_next_questions_can_really_decide(given_answers: dict[str, str]) -> None:
    """`needs` yeses, this question's among them, reach its dimension; fewer do not."""
    finding = score(TRAFFICKING, given_answers, TODAY)
    for question in finding.ask_next:
        if question.decides in (Decides.DANGER, Decides.PROFILE):
            continue
        dimension = finding.dimension(question.dimension)
        assert dimension.reach is Reach.COULD_BE
        assert dimension.needs is not None
        assert dimension.needs <= question.needs <= 3
        if question.needs == 1:
            after = score(TRAFFICKING, {**given_answers, question.path: "yes"}, TODAY)
            assert after.dimension(question.dimension).reach is Reach.REACHED


@settings(max_examples=40, deadline=None)
@given(some_answers)
def test_a_finding_survives_storage(given_answers: dict[str, str]) -> None:
    import json

    finding = score(TRAFFICKING, given_answers, TODAY)
    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding


def test_nested_and_flat_answers_are_the_same() -> None:
    nested = {"person": {"age_certainty": "adult"}, "family": [{"relation": "child"}], "x": None}
    flat = {AGE: "adult", "family[1]/relation": "child", "x": "unknown"}
    assert flatten(nested) == flat == flatten(flat)


# --- vulnerability --------------------------------------------------------------------------


def lean(finding: Finding, code: str) -> Lean | None:
    found = [r for level in finding.dimensions for r in level.indicators if r.code == code]
    return found[0].lean


@pytest.mark.parametrize(
    ("given_answers", "expected"),
    [
        ({}, Lean.OPEN),
        ({"journey/travels_with": "unknown"}, Lean.OPEN),
        ({"journey/travels_with": "alone"}, Lean.DEPENDS),
        ({"journey/travels_with": "alone", AGE: "not_certain"}, Lean.RISK),
        ({"journey/travels_with": "alone", AGE: "adult"}, Lean.NEITHER),
        ({"journey/travels_with": "family"}, Lean.DEPENDS),
        ({"journey/travels_with": "family", "journey/afraid_of_company": "no"}, Lean.PROTECTIVE),
        ({"journey/travels_with": "family", "journey/afraid_of_company": "yes"}, Lean.RISK),
    ],
)
def test_the_same_factor_is_risk_or_protection_by_context(
    given_answers: dict[str, str], expected: Lean
) -> None:
    assert lean(score(VULNERABILITY, given_answers, TODAY), "travels_alone") is expected


def test_factors_together_say_more_than_each_alone() -> None:
    one = score(VULNERABILITY, {"support/safe_place_tonight": "no"}, TODAY)
    both = score(
        VULNERABILITY,
        {"support/safe_place_tonight": "no", "support/trusted_person": "no"},
        TODAY,
    )
    assert one.interactions == ()
    assert "nowhere_safe" in one.could_be
    assert one.outcome is Outcome.NOT_ENOUGH_KNOWN
    assert both.interactions == ("nowhere_safe",)
    assert both.outcome is Outcome.REFER


def test_context_is_asked_first() -> None:
    danger = {reading.question.path: "no" for reading in VULNERABILITY.danger.readings}
    finding = score(VULNERABILITY, {**danger, "journey/travels_with": "family"}, TODAY)
    assert finding.ask_next[0].path == "journey/afraid_of_company"
    assert finding.ask_next[0].decides is Decides.CONTEXT


def test_vulnerability_is_screened_again_and_has_no_number() -> None:
    finding = score(VULNERABILITY, {}, TODAY)
    assert finding.rescreen_on == date(2026, 12, 24)
    assert all(result.weight is None for level in finding.dimensions for result in level.indicators)
    assert not {"score", "total", "sum", "points"} & set(finding.to_json())


def test_all_protective_is_nothing_found() -> None:
    protective = {
        "person/age_certainty": "adult", "journey/travels_with": "family",
        "health/health_need": "no", "health/pregnancy_or_infant": "no",
        "health/needs_daily_support": "no", "health/can_read": "yes", "health/own_means": "yes",
        "journey/harm_on_journey": "no", "journey/afraid_of_company": "no",
        "journey/family_contact": "yes", "journey/cares_alone": "no",
        "journey/owes_for_journey": "no", "support/trusted_person": "yes",
        "support/safe_place_tonight": "yes", "support/treated_badly_here": "no",
        "support/knows_options": "yes", "support/may_stay_for_now": "yes",
        "support/reaches_services": "yes",
    }  # fmt: skip
    assert score(VULNERABILITY, protective, TODAY).outcome is Outcome.NOTHING_FOUND
    del protective["support/trusted_person"]
    assert score(VULNERABILITY, protective, TODAY).outcome is Outcome.NOT_ENOUGH_KNOWN


def test_a_dimension_result_lists_by_answer() -> None:
    found = DimensionResult("d", Reach.COULD_BE, tuple(results({Weight.STRONG: (1, 2)})))
    assert len(found.having(Answer.UNKNOWN)) == 2
