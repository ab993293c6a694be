# SPDX-License-Identifier: EUPL-1.2
"""R7: who counts as a child, from a date of birth and age assessments. Tries to break it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.people.birth import (
    AgeFinding,
    AgeReason,
    AgeState,
    Birth,
    Precision,
    treated_as_child,
)

TODAY = date(2026, 11, 24)
DAYS = st.dates(date(2020, 1, 1), TODAY)


def final(youngest: int, oldest: int, **more) -> AgeFinding:
    return AgeFinding(
        **{
            "state": AgeState.FINAL, "begun_on": date(2026, 6, 1), "result_on": date(2026, 9, 1),
            "youngest": youngest, "oldest": oldest, "consented": True, "careful": True, **more,
        }
    )  # fmt: skip


UNKNOWN = Birth()
ADULT = Birth(Precision.DAY, 1990, 5, 1)
CHILD = Birth(Precision.DAY, 2012, 5, 1)
DOUBTED = Birth(Precision.YEAR, 2000, doubted=True)


@pytest.mark.parametrize(
    ("birth", "findings", "child", "because"),
    [
        (UNKNOWN, [], True, AgeReason.BIRTH_UNKNOWN),
        (ADULT, [], False, AgeReason.BORN),
        (CHILD, [], True, AgeReason.BORN),
        (DOUBTED, [], True, AgeReason.DOUBTED),
        (Birth(Precision.YEAR, 2008), [], True, AgeReason.BIRTH_UNSURE),
        # A final assessment whose whole margin is 18 or above settles what was open.
        (UNKNOWN, [final(18 * 12, 21 * 12)], False, AgeReason.ASSESSED),
        (DOUBTED, [final(18 * 12, 28 * 12)], False, AgeReason.ASSESSED),
        # Within the margin: a child. So is who is found to be a child.
        (UNKNOWN, [final(17 * 12, 21 * 12)], True, AgeReason.WITHIN_MARGIN),
        (UNKNOWN, [final(14 * 12, 16 * 12)], True, AgeReason.ASSESSED),
        # Two months have passed since the result.
        (UNKNOWN, [final(18 * 12 - 2, 21 * 12)], False, AgeReason.ASSESSED),
        (UNKNOWN, [final(18 * 12 - 3, 21 * 12)], True, AgeReason.WITHIN_MARGIN),
        # Without consent, or done in haste, it proves nothing.
        (UNKNOWN, [final(240, 300, consented=False)], True, AgeReason.NO_CONSENT),
        (UNKNOWN, [final(240, 300, careful=False)], True, AgeReason.NOT_CAREFUL),
        (UNKNOWN, [final(240, 300, state=AgeState.CHALLENGED)], True, AgeReason.CHALLENGED),
        (UNKNOWN, [final(240, 300, state=AgeState.OVERTURNED)], True, AgeReason.OVERTURNED),
        (ADULT, [final(240, 300, state=AgeState.REFUSED)], True, AgeReason.REFUSED),
        (ADULT, [final(240, 300, state=AgeState.CANCELLED)], False, AgeReason.BORN),
        # A doubt raised after the assessment counts anew.
        (DOUBTED, [final(240, 300, covers_birth=False)], True, AgeReason.DOUBTED),
        # Papers nobody doubts say 17, the assessment says 20: both cannot be, so a child.
        (Birth(Precision.DAY, 2009, 3, 1), [final(240, 300)], True, AgeReason.BORN),
        (
            Birth(Precision.ESTIMATED, 2012, margin=6), [final(264, 300)], True,
            AgeReason.CONTRADICTION,
        ),
        (Birth(Precision.YEAR, 2008), [final(218, 240)], False, AgeReason.ASSESSED),
    ],
)  # fmt: skip
def test_who_counts_as_a_child(birth, findings, child, because):
    answer = treated_as_child(birth, findings, TODAY)
    assert (answer.is_child, answer.because) == (child, because)
    assert answer.source


births = st.one_of(
    st.just(Birth()),
    st.builds(
        Birth, st.just(Precision.YEAR), st.integers(1940, 2026), doubted=st.booleans()
    ),
    st.builds(
        Birth, st.just(Precision.ESTIMATED), st.integers(1940, 2026),
        margin=st.integers(0, 20), doubted=st.booleans(),
    ),
    st.dates(date(1940, 1, 1), TODAY).map(
        lambda day: Birth(Precision.DAY, day.year, day.month, day.day)
    ),
)  # fmt: skip
assessments = st.builds(
    AgeFinding, st.sampled_from(AgeState), DAYS, st.none() | DAYS,
    st.none() | st.integers(0, 600), st.none() | st.integers(0, 600), st.booleans(),
    st.booleans(), st.booleans(),
)  # fmt: skip


@given(births, st.lists(assessments, max_size=5))
def test_nobody_becomes_an_adult_but_by_birth_or_by_a_final_careful_agreed_assessment(
    birth, findings
):
    if treated_as_child(birth, findings, TODAY).is_child:
        return
    standing = [f for f in findings if f.state is not AgeState.CANCELLED]
    if not standing:
        assert not birth.is_child(TODAY)
        return
    newest = max(enumerate(standing), key=lambda pair: (pair[1].begun_on, pair[0]))[1]
    assert newest.state is AgeState.FINAL
    assert newest.consented
    assert newest.careful
    assert newest.span(TODAY)[0] >= 18 * 12
    assert newest.span(TODAY)[1] >= 18 * 12
    if not birth.doubted:
        ages = birth.age(TODAY)
        assert ages is None or ages[1] >= 18


@given(births, st.lists(assessments, max_size=4), assessments, st.integers(0, 4))
def test_a_refusal_a_challenge_or_an_open_assessment_never_makes_an_adult(
    birth, findings, one, place
):
    from dataclasses import replace

    before = treated_as_child(birth, findings, TODAY).is_child
    for state in (AgeState.CHALLENGED, AgeState.UNDER_WAY, AgeState.OVERTURNED, AgeState.REFUSED):
        # The newest, so that it is the one that counts.
        added = [*findings, replace(one, state=state, begun_on=TODAY)]
        assert treated_as_child(birth, added, TODAY).is_child
    cancelled = [*findings[:place], replace(one, state=AgeState.CANCELLED), *findings[place:]]
    assert treated_as_child(birth, cancelled, TODAY).is_child == before


@given(births, st.lists(assessments, max_size=4))
def test_a_challenge_anywhere_in_the_history_makes_a_child(birth, findings):
    from dataclasses import replace

    for place, one in enumerate(findings):
        disputed = [*findings]
        disputed[place] = replace(one, state=AgeState.CHALLENGED)
        assert treated_as_child(birth, disputed, TODAY).is_child


@given(births, st.lists(assessments, max_size=4))
def test_a_date_of_birth_that_nobody_doubts_and_that_says_child_always_wins(birth, findings):
    ages = birth.age(TODAY)
    if ages is not None and ages[1] < 18 and not birth.doubted:
        assert treated_as_child(birth, findings, TODAY).is_child


@given(births)
def test_without_assessments_it_is_the_rule_of_the_date_of_birth(birth):
    answer = treated_as_child(birth, [], TODAY)
    assert answer.is_child == birth.is_child(TODAY)
    assert answer.in_doubt == birth.is_in_doubt(TODAY)
