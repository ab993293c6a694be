# SPDX-License-Identifier: EUPL-1.2
"""Field versions: no silent overwrite, nothing lost, order does not matter."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.people import merging
from mostovi.people.merging import Change, FieldState, Outcome, UnknownBase

AT = datetime(2026, 11, 24, tzinfo=UTC)


def change(base: int, value: Any, author: str = "a", number: int = 0) -> Change:
    return Change(f"{author}{number}", "notes", base, value, author, AT)


def everything(state: FieldState) -> set[str]:
    kept = [v.value for v in state.versions] + [r.change.value for r in state.rivals]
    return {json.dumps(value) for value in kept}


@pytest.mark.parametrize(
    ("base", "value", "outcome", "standing"),
    [
        (2, "new", Outcome.APPLIED, "new"),
        (2, "second", Outcome.SAME, "second"),
        # Made on an old version, but the author left the field as it was.
        (1, "first", Outcome.SAME, "second"),
        (1, "other", Outcome.CONFLICT, "second"),
        # Made on an old version, with the value that stands by now.
        (1, "second", Outcome.SAME, "second"),
        (0, "other", Outcome.CONFLICT, "second"),
        (1, None, Outcome.CONFLICT, "second"),
        (2, None, Outcome.APPLIED, None),
    ],
)
def test_what_becomes_of_a_change(base: int, value: Any, outcome: Outcome, standing: Any) -> None:
    state = FieldState("notes")
    for number, text in enumerate(["first", "second"]):
        _, state = merging.apply(state, change(number, text))
    found, after = merging.apply(state, change(base, value, "b"))
    assert (found, after.value) == (outcome, standing)


def test_a_version_that_never_was_is_refused() -> None:
    with pytest.raises(UnknownBase):
        merging.apply(FieldState("notes"), change(3, "x"))


def test_settling_needs_a_person_and_a_reason_and_keeps_both_values() -> None:
    _, state = merging.apply(FieldState("notes"), change(0, "x"))
    _, state = merging.apply(state, change(0, "y", "b"))
    (rival,) = state.open_rivals
    for by, reason in (("", "why"), ("c", " ")):
        with pytest.raises(ValueError, match="named person"):
            merging.settle(state, rival, value="y", by=by, at=AT, reason=reason)
    settled = merging.settle(state, rival, value="y", by="c", at=AT, reason="asked again")
    assert settled.value == "y" and not settled.open_rivals
    assert everything(settled) == {'"x"', '"y"'}
    with pytest.raises(ValueError, match="already"):
        merging.settle(settled, rival, value="x", by="c", at=AT, reason="again")


values = st.sampled_from(["x", "y", "z", "w"])


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | values), max_size=12))
def test_nothing_typed_is_lost_and_nothing_is_overwritten_unseen(
    edits: list[tuple[int, Any]],
) -> None:
    state = FieldState("notes")
    for number, (base, value) in enumerate(edits):
        wish = change(base, value, f"author{number}", number)
        try:
            outcome, after = merging.apply(state, wish)
        except UnknownBase:
            assert base > state.number
            continue
        if outcome is Outcome.APPLIED:
            assert base == state.number
        if outcome is not Outcome.APPLIED:
            assert after.value == state.value
        if outcome is Outcome.CONFLICT:
            assert after.open_rivals and value in after.in_play()
        if outcome is not Outcome.SAME:
            assert json.dumps(value) in everything(after)
        assert everything(state) <= everything(after)
        state = after


@given(
    before=st.lists(values, max_size=3),
    rivals=st.lists(st.none() | values, min_size=1, max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_changes_on_one_version_end_alike_in_any_order(
    before: list[str], rivals: list[Any], order: Any
) -> None:
    start = FieldState("notes")
    for text in before:
        _, start = merging.apply(start, change(start.number, text))
    wishes = [change(start.number, value, f"a{n}", n) for n, value in enumerate(rivals)]
    shuffled = list(wishes)
    order.shuffle(shuffled)

    def outcome(sequence: list[Change]) -> tuple[set[str], bool]:
        state = start
        for wish in sequence:
            _, state = merging.apply(state, wish)
        return {json.dumps(value) for value in state.in_play()}, bool(state.open_rivals)

    assert outcome(wishes) == outcome(shuffled)
