# SPDX-License-Identifier: EUPL-1.2
"""For whom a service is: what is not known never excludes (R6), doubt counts as a child (R7)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases.directory.eligibility import (
    Answer,
    BadCondition,
    Facts,
    check,
    evaluate,
    holds,
)

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


@pytest.mark.parametrize(
    ("condition", "facts", "answer"),
    [
        ({"fact": "sex", "is": ["female"]}, Facts(sex="female"), YES),
        ({"fact": "sex", "is": ["female"]}, Facts(sex="male"), NO),
        ({"fact": "sex", "is": ["female"]}, Facts(sex="not_asked"), UNKNOWN),
        ({"fact": "sex", "is": ["female"]}, Facts(), UNKNOWN),
        ({"fact": "age", "at_least": 18}, Facts(ages=(17, 18)), UNKNOWN),
        ({"fact": "age", "at_least": 18}, Facts(ages=(18, 18)), YES),
        ({"fact": "age", "at_most": 17}, Facts(ages=(20, 24)), NO),
        ({"fact": "age", "at_most": 17}, Facts(ages=(20, 24), age_doubted=True), UNKNOWN),
        ({"fact": "child", "is": True}, Facts(counts_as_child=True), YES),
        ({"fact": "child", "is": True}, Facts(ages=(30, 30), counts_as_child=False), NO),
        ({"fact": "child", "is": False}, Facts(ages=(17, 18), counts_as_child=True), UNKNOWN),
        ({"fact": "child", "is": False}, Facts(ages=(9, 9), counts_as_child=True), NO),
        ({"any": [{"fact": "sex", "is": ["female"]}, {"fact": "child", "is": True}]},
         Facts(sex="male", counts_as_child=True), YES),
        ({"any": [{"fact": "sex", "is": ["female"]}, {"fact": "child", "is": True}]},
         Facts(sex="male"), UNKNOWN),
    ],
)  # fmt: skip
def test_a_condition_has_three_answers(condition, facts, answer):
    assert holds(condition, facts) is answer


CONDITIONS = st.recursive(
    st.one_of(
        st.builds(lambda low, more: {"fact": "age", "at_least": low, "at_most": low + more},
                  st.integers(0, 60), st.integers(0, 40)),
        st.builds(lambda is_child: {"fact": "child", "is": is_child}, st.booleans()),
        st.builds(lambda sexes: {"fact": "sex", "is": sorted(sexes)},
                  st.sets(st.sampled_from(["female", "male", "other"]), min_size=1)),
        st.builds(lambda kind: {"fact": "case_type", "is": [kind]},
                  st.sampled_from(["family", "unaccompanied_child"])),
    ),
    lambda inner: st.builds(lambda some: {"any": some}, st.lists(inner, min_size=1, max_size=3)),
    max_leaves=5,
)  # fmt: skip


@st.composite
def known(draw):
    low = draw(st.integers(0, 80))
    ages = (low, low + draw(st.integers(0, 6)))
    return Facts(
        ages=ages, counts_as_child=ages[0] < 18, case_type=draw(st.sampled_from(["family", "x"])),
        sex=draw(st.sampled_from(["female", "male"])),
    )  # fmt: skip


@given(st.lists(CONDITIONS, max_size=4), known(), st.sets(st.sampled_from("asct")))
def test_forgetting_a_fact_never_excludes(conditions, facts, forgotten):
    """Whoever is excluded while something is unknown would be excluded when it is known."""
    less = facts
    if "a" in forgotten:
        less = replace(less, ages=None, counts_as_child=None)
    if "s" in forgotten:
        less = replace(less, sex="unknown")
    if "c" in forgotten:
        less = replace(less, case_type="")
    if evaluate(conditions, less)[0] is NO:
        assert evaluate(conditions, facts)[0] is NO
    if evaluate(conditions, less)[0] is YES:
        assert evaluate(conditions, facts)[0] is YES


@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_of_nobody_known_nobody_is_excluded(conditions):
    assert evaluate(conditions, Facts())[0] is not NO


@pytest.mark.parametrize(
    "condition",
    [
        "women", {"fact": "nationality", "is": ["SY"]}, {"fact": "religion", "is": ["x"]},
        {"fact": "age"}, {"fact": "age", "at_least": 30, "at_most": 20},
        {"fact": "age", "at_least": True}, {"fact": "child", "is": "yes"}, {"any": []},
        {"fact": "sex", "is": ["girls"]}, {"fact": "sex", "is": []},
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_asked_is_refused(condition):
    with pytest.raises(BadCondition):
        check(condition, ["family"])
