# SPDX-License-Identifier: EUPL-1.2
"""The oblivious function against the test vectors of RFC 9497, appendix A.1.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.tracing import oprf

KEY = bytes.fromhex("5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e")
BLIND = bytes.fromhex("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706")
VECTORS = [
    (
        "00",
        "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c",
        "7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e",
        "527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3"
        "ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6",
    ),
    (
        "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
        "da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418",
        "b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25",
        "f4a74c9c592497375e796aa837e907b1a045d34306a749db9f34221f7e750cb4"
        "f2a6413a6bf6fa5e19ba6348eb673934a722a7ede2e7621306d18951e7cf2c73",
    ),
]


@pytest.mark.parametrize(("text", "blinded", "evaluated", "output"), VECTORS)
def test_it_is_the_function_of_the_rfc(text, blinded, evaluated, output):
    given_text = bytes.fromhex(text)
    hidden = oprf.blind(given_text, BLIND)
    assert hidden.hex() == blinded
    answer = oprf.evaluate_blinded(KEY, hidden)
    assert answer.hex() == evaluated
    assert oprf.finish(given_text, BLIND, answer).hex() == output
    assert oprf.evaluate(KEY, given_text).hex() == output


@given(st.binary(max_size=60), st.binary(min_size=32, max_size=32), st.integers(0, 10**6))
def test_client_and_server_agree_on_every_input(text, seed, number):
    key, blind = oprf.new_scalar(), oprf.derived_scalar(seed, number)
    answer = oprf.evaluate_blinded(key, oprf.blind(text, blind))
    assert oprf.finish(text, blind, answer) == oprf.evaluate(key, text)


def test_the_same_input_looks_different_each_time():
    seen = {oprf.blind(b"mother", oprf.new_scalar()) for _ in range(50)}
    assert len(seen) == 50


@pytest.mark.parametrize("wrong", [b"", bytes(31), b"\xff" * 32, bytes(32)])
def test_what_is_no_element_is_refused(wrong):
    with pytest.raises(oprf.InvalidElement):
        oprf.evaluate_blinded(KEY, wrong)
