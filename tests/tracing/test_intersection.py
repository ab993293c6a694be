# SPDX-License-Identifier: EUPL-1.2
"""Private intersection: exactly the shared keys open exactly their labels, and nothing else."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.tracing import intersection, oprf
from mostovi.tracing.intersection import Labelled, Malformed, TooLarge

words = st.sampled_from([f"key {number}" for number in range(30)])
requests = st.lists(
    st.builds(
        Labelled, st.lists(words, max_size=8).map(tuple), st.fixed_dictionaries({"n": words})
    ),
    max_size=12,
)


def carried_out(published_for, held):
    secret, seed = oprf.new_scalar(), secrets.token_bytes(32)
    published = intersection.offer(secret, published_for)
    hidden = intersection.blinded(seed, held)
    answer = intersection.evaluated(secret, hidden)
    return intersection.opened(seed, held, answer, published), published, hidden


@settings(max_examples=40)
@given(requests, st.lists(words, unique=True, max_size=12))
def test_hits_are_exactly_the_intersection(wanted, held):
    numbered = [Labelled(one.keys, {"n": number}) for number, one in enumerate(wanted)]
    hits, _, _ = carried_out(numbered, held)
    found = {hit.label["n"]: set(hit.keys) for hit in hits}
    expected = {
        number: set(one.keys) & set(held)
        for number, one in enumerate(numbered)
        if set(one.keys) & set(held)
    }
    assert found == expected


@settings(max_examples=10)
@given(requests, requests)
def test_what_is_sent_has_the_same_size_whatever_it_holds(some, others):
    _, one, _ = carried_out(some, ["key 1"])
    _, other, _ = carried_out(others, ["key 2", "key 3"])
    assert len(one) == len(other)


def test_nothing_opens_without_the_key_of_the_round():
    request = Labelled(("aisha",), {"n": 1})
    published = intersection.offer(oprf.new_scalar(), [request])
    seed = secrets.token_bytes(32)
    wrong = intersection.evaluated(oprf.new_scalar(), intersection.blinded(seed, ["aisha"]))
    assert intersection.opened(seed, ["aisha"], wrong, published) == []


def test_two_rounds_of_one_request_cannot_be_linked():
    request = Labelled(tuple(f"k{n}" for n in range(40)), {"n": 1})
    first = intersection.offer(oprf.new_scalar(), [request])
    second = intersection.offer(oprf.new_scalar(), [request])
    size = intersection.ENTRY
    cut = [{o[12 + i * size : 28 + i * size] for i in range(512)} for o in (first, second)]
    assert not cut[0] & cut[1]


def test_the_seeker_sees_as_many_elements_for_one_key_as_for_a_thousand():
    seed = secrets.token_bytes(32)
    few = intersection.blinded(seed, ["one"])
    many = intersection.blinded(seed, [f"key {number}" for number in range(1000)])
    assert len(few) == len(many) == 1024 * oprf.ELEMENT


@pytest.mark.parametrize("wrong", [b"", b"x" * 200, b"MTO1" + bytes(8) + b"x"])
def test_what_is_no_offer_is_refused(wrong):
    seed = secrets.token_bytes(32)
    answer = intersection.evaluated(oprf.new_scalar(), intersection.blinded(seed, ["a"]))
    with pytest.raises(Malformed):
        intersection.opened(seed, ["a"], answer, wrong)


def test_too_few_answers_and_foreign_bytes_are_refused():
    seed, secret = secrets.token_bytes(32), oprf.new_scalar()
    published = intersection.offer(secret, [])
    with pytest.raises(Malformed):
        intersection.opened(seed, ["a", "b"], oprf.random_element(), published)
    with pytest.raises(Malformed):
        intersection.evaluated(secret, b"\xff" * 64)
    with pytest.raises(Malformed):
        intersection.evaluated(secret, b"\x01" * 33)


def test_a_description_that_is_too_long_is_said_to_be():
    with pytest.raises(TooLarge):
        intersection.offer(oprf.new_scalar(), [Labelled(("a",), {"text": "x" * 4000})])
