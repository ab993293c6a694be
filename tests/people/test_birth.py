# SPDX-License-Identifier: EUPL-1.2
"""Dates of birth: what may be said, ages, and that doubt makes a child."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.people.birth import Birth, BirthError, Precision

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("values", "ages", "child", "doubt"),
    [
        ({"precision": "unknown"}, None, True, True),
        ({"precision": "day", "year": 2008, "month": 11, "day": 24}, (18, 18), False, False),
        ({"precision": "day", "year": 2008, "month": 11, "day": 25}, (17, 17), True, False),
        ({"precision": "month", "year": 2008, "month": 11}, (17, 18), True, True),
        ({"precision": "month", "year": 2008, "month": 10}, (18, 18), False, False),
        ({"precision": "year", "year": 2008}, (17, 18), True, True),
        ({"precision": "year", "year": 1990}, (35, 36), False, False),
        ({"precision": "estimated", "year": 2006}, (17, 22), True, True),
        ({"precision": "estimated", "year": 2000}, (23, 28), False, False),
        ({"precision": "year", "year": 1990, "doubted": True}, (35, 36), True, True),
        ({"precision": "day", "year": 2008, "month": 2, "day": 29}, (18, 18), False, False),
    ],
)
def test_ages(values: dict[str, Any], ages: Any, child: bool, doubt: bool) -> None:
    birth = Birth.from_json(values)
    assert birth.age(TODAY) == ages
    assert birth.is_child(TODAY) is child
    assert birth.is_in_doubt(TODAY) is doubt
    assert Birth.from_json(birth.as_json()) == birth


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"precision": "day", "year": 2001, "month": 2, "day": 29}, "day"),
        ({"precision": "day", "year": 2001, "month": 13, "day": 1}, "month"),
        ({"precision": "month", "year": 2001}, "month"),
        ({"precision": "year"}, "year"),
        ({"precision": "year", "year": 94}, "year"),
        ({"precision": "year", "year": "long ago"}, "year"),
        ({"precision": "unknown", "year": 1990}, "year"),
        ({"precision": "estimated", "year": 1990, "margin": 50}, "margin"),
        ({"precision": "guess"}, "precision"),
    ],
)
def test_a_wrong_date_names_its_part(values: dict[str, Any], part: str) -> None:
    with pytest.raises(BirthError) as caught:
        Birth.from_json(values)
    assert caught.value.part == part


@pytest.mark.parametrize("year", [2027, 1895])
def test_dates_that_cannot_be(year: int) -> None:
    with pytest.raises(BirthError):
        Birth(Precision.YEAR, year).check(TODAY)


@given(
    born=st.dates(date(1920, 1, 1), TODAY),
    precision=st.sampled_from([Precision.DAY, Precision.MONTH, Precision.YEAR]),
)
def test_a_child_is_never_taken_for_an_adult(born: date, precision: Precision) -> None:
    """Whatever is left out of the true date, the answer stays on the child's side."""
    known = Birth(
        precision,
        born.year,
        None if precision is Precision.YEAR else born.month,
        born.day if precision is Precision.DAY else None,
    )
    truly = Birth(Precision.DAY, born.year, born.month, born.day)
    if truly.is_child(TODAY):
        assert known.is_child(TODAY)
    first, last = known.earliest(), known.latest()
    assert first is not None and last is not None and first <= born <= last


@given(st.dates(date(1930, 1, 1), TODAY), st.integers(0, 3000))
def test_nobody_grows_younger(born: date, days: int) -> None:
    birth = Birth(Precision.DAY, born.year, born.month, born.day)
    now, later = birth.age(TODAY), birth.age(TODAY + timedelta(days=days))
    assert now is not None and later is not None and later >= now
