# SPDX-License-Identifier: EUPL-1.2
"""Codes: written, typed badly, and mistyped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.people import codes

symbols = st.text(alphabet=codes.ALPHABET, min_size=7, max_size=7)


@pytest.mark.parametrize(
    "typed",
    ["ME-7K3F-92Q9", "me 7k3f 92q9", "me7k3f92q9", "ME–7K3F–92Q9", " ME - 7K3F - 92Q9 "],
)
def test_a_record_code_typed_in_other_ways(typed: str) -> None:
    assert codes.parse_record_code(typed) == "ME-7K3F-92Q9"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("ME-7K3F-92Q8", "add up"),
        ("ME-7K3F-92", "starts with"),
        ("ME-7K3U-92Q9", "never use"),
        ("7K3F-92Q9", "starts with"),
        ("", "starts with"),
    ],
)
def test_a_wrong_code_says_what_is_wrong(typed: str, says: str) -> None:
    with pytest.raises(codes.CodeError, match=says):
        codes.parse_record_code(typed)


@given(symbols)
def test_look_alikes_are_the_same_code(body: str) -> None:
    code = codes.record_code("me", body)
    assert codes.parse_record_code(code.replace("0", "O").replace("1", "I").lower()) == code
    assert codes.parse_record_code(code.replace("1", "l")) == code


@given(symbols, st.integers(0, 7), st.sampled_from(codes.ALPHABET))
def test_every_single_wrong_symbol_is_noticed(body: str, place: int, wrong: str) -> None:
    whole = body + codes.check_symbol(body)
    if whole[place] == wrong:
        return
    changed = whole[:place] + wrong + whole[place + 1 :]
    with pytest.raises(codes.CodeError):
        codes.parse_record_code(f"ME{changed}")


@given(symbols, st.integers(0, 7), st.integers(0, 7))
def test_every_exchange_of_two_symbols_is_noticed(body: str, one: int, two: int) -> None:
    whole = list(body + codes.check_symbol(body))
    if whole[one] == whole[two]:
        return
    whole[one], whole[two] = whole[two], whole[one]
    with pytest.raises(codes.CodeError):
        codes.parse_record_code("ME" + "".join(whole))


def test_printed_codes_hold_75_bits_and_differ() -> None:
    assert codes.PRINTED_BITS >= 75
    drawn = {codes.new_printed_code() for _ in range(200)}
    assert len(drawn) == 200
    assert all(codes.parse_printed_code(code.lower()) == code for code in drawn)
