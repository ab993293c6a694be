# SPDX-License-Identifier: EUPL-1.2
"""The noise on counts has the properties that are stated, and says nothing by being equal."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.statistics.perturbation import (
    Noise,
    NoSuchNoise,
    draws,
    question,
    value_word,
)

NOISE = Noise(largest=5, variance=4.0)


@pytest.mark.parametrize("noise", [NOISE, Noise(4, 3.0), Noise(5, 3.0, avoided=2), Noise(2, 1.0)])
def test_every_row_has_mean_zero_the_stated_variance_and_no_impossible_count(noise):
    spread = range(-noise.largest, noise.largest + 1)
    assert noise.table[0][noise.largest] == 1
    for count, row in enumerate(noise.table[1:], 1):
        assert math.isclose(sum(row), 1)
        assert abs(sum(p * n for p, n in zip(row, spread, strict=True))) < 1e-6
        variance = sum(p * n * n for p, n in zip(row, spread, strict=True))
        assert math.isclose(variance, noise.variance, rel_tol=1e-5)
        for p, n in zip(row, spread, strict=True):
            if count + n < 0 or 1 <= count + n <= noise.avoided:
                assert p == 0


def test_the_last_row_is_symmetric_and_falls_away_from_zero():
    row = NOISE.table[-1]
    assert np.allclose(row, row[::-1])
    assert all(a > b for a, b in pairwise(row[5:]))


def test_avoided_numbers_as_in_the_published_example_of_the_method():
    # With js = 2, D = 5, V = 3 a count of 1 becomes 0 or at least 3 (ptable's own constraint set).
    noise = Noise(5, 3.0, avoided=2)
    drawn = np.linspace(0, 1, 5001)[:-1]
    for count in range(1, 12):
        published = count + noise.of(np.full(5000, count), drawn)
        assert not set(published.tolist()) & {1, 2}


@pytest.mark.parametrize(("largest", "variance", "avoided"), [(2, 9.0, 0), (5, 1.0, 2), (1, 0, 0)])
def test_properties_that_no_noise_has_are_refused(largest, variance, avoided):
    with pytest.raises(NoSuchNoise):
        _ = Noise(largest, variance, avoided).table


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.floats(0, 1, exclude_max=True))
def test_published_counts_are_never_negative_nor_farther_than_stated(count, drawn):
    noise = int(NOISE.of(np.array([count]), np.array([drawn]))[0])
    assert -NOISE.largest <= noise <= NOISE.largest
    assert count + noise >= 0


def test_what_is_drawn_has_the_variance_of_the_table_and_is_independent_of_the_question():
    keys = np.random.default_rng(1).integers(0, 1 << 24, 40_000) / (1 << 24)
    one, two = (
        NOISE.of(np.full(len(keys), 50), draws(np.full(len(keys), q, dtype=np.uint64), keys))
        for q in (question(b"s", ["e"], {}), question(b"s", ["e"], {"sex": ["female"]}))
    )
    assert abs(one.mean()) < 0.05
    assert abs(one.var() - NOISE.variance) < 0.1
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.02


def test_the_same_question_is_the_same_word_whatever_a_list_calls_it():
    total = question(b"s", ["b", "a"], {})
    narrowed = question(b"s", ["a", "b"], {"sex": ["female"]})
    assert narrowed == (total + value_word(b"s", "sex", ["female"])) % 2**64
    assert value_word(b"s", "age", ["x", "y"]) == value_word(b"s", "age", ["y", "x"])
    assert value_word(b"s", "age", ["x"]) != value_word(b"t", "age", ["x"])
