# SPDX-License-Identifier: EUPL-1.2
"""A letter carries what its profile names, and nothing else can be put into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.exchange.profiles import (
    PROFILES,
    ProfileViolation,
    letter_types,
    pointer,
    preview,
    profile,
    words,
)
from mostovi.exchange.reasons import LetterRefused, Reason
from mostovi.rights.purposes import KEPT_OUT, SHIELDED, Purpose

from .conftest import CONSENT, NOW, REQUEST, referral

CONTRACT = {
    "mostovi.referral.request.v1",
    "mostovi.referral.update.v1",
    "mostovi.consent.withdrawn.v1",
    "mostovi.statistics.month.v1",
    "mostovi.exchange.void.v1",
}
FORBIDDEN = ("nationality", "ethnic", "religio", "citizenship", "race", "tribe_origin", "risk")


def parts(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every schema within a schema."""
    yield path, schema
    for keyword in ("properties", "$defs"):
        for name, part in schema.get(keyword, {}).items():
            yield from parts(part, (*path, name))
    for keyword in ("oneOf", "anyOf"):
        for index, part in enumerate(schema.get(keyword, ())):
            yield from parts(part, (*path, str(index)))
    if isinstance(schema.get("items"), dict):
        yield from parts(schema["items"], (*path, "*"))


def test_every_letter_type_has_a_profile() -> None:
    assert set(letter_types()) >= CONTRACT


@pytest.mark.parametrize("letter_type", letter_types())
def test_a_profile_is_closed_bounded_sourced_and_labelled(letter_type: str) -> None:
    schema = profile(letter_type).schema
    assert schema["$id"] == f"urn:mostovi:profile:{letter_type}"
    assert schema["x-source"]
    assert schema["x-version"]
    assert schema["x-review"]["status"] in {"unreviewed", "reviewed"}
    assert profile(letter_type).purposes
    for path, part in parts(schema):
        where = "/".join(path)
        if part.get("type") == "object" and "oneOf" not in part:
            assert part.get("additionalProperties") is False, where
        if part.get("type") == "string":
            assert {"maxLength", "enum", "pattern", "const"} & part.keys(), f"{where} has no end"
        if part.get("type") == "array":
            assert "maxItems" in part, f"{where} has no end"
        assert part.get("type") != "number", f"{where}: only whole numbers are canonical"
        for name in part.get("properties", {}):
            assert not any(word in name for word in FORBIDDEN), f"{where}/{name}"
            assert name.isascii()
    for name, part in schema["properties"].items():
        assert part.get("title"), name


@pytest.mark.parametrize("letter_type", letter_types())
def test_protection_data_has_no_profile_for_other_purposes(letter_type: str) -> None:
    form = profile(letter_type)
    if form.personal:
        assert form.purposes <= SHIELDED
        assert not form.purposes & KEPT_OUT
        assert "none" not in form.bases


def test_only_ticked_fields_are_sent() -> None:
    required = set(profile(REQUEST).schema["required"])
    assert required == {"referral", "service", "needs", "urgency", "basis"}
    assert not required & profile(REQUEST).personal_fields
    profile(REQUEST).check("protection", CONSENT, referral(), NOW)


def test_the_preview_shows_every_value_that_is_sent() -> None:
    data = referral(
        names=[{"script": "Arab", "parts": [{"kind": "given", "text": "أمينة"}]}],
        contact={"allowed": True, "how": "call", "value": "+382 20 000 000"},
        sex="female",
        birth={"precision": "year", "date": "1999"},
    )

    def leaves(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            for part in value.values():
                yield from leaves(part)
        elif isinstance(value, list):
            for part in value:
                yield from leaves(part)
        else:
            yield value

    shown = preview(REQUEST, "protection", data)
    assert len(shown) == len(list(leaves(data)))
    assert ("/names/0/parts/0/text", "Name", "أمينة") in shown
    assert ("/needs/0", "Need", "safe accommodation") in shown
    assert ("/contact/allowed", "The person allows contact", "yes") in shown
    assert all(label and not label.startswith("/") for _, label, _ in shown)


def test_the_preview_refuses_what_would_not_be_sent() -> None:
    with pytest.raises(ProfileViolation):
        preview(REQUEST, "protection", referral(religion="x"))
    with pytest.raises(ProfileViolation):
        preview(REQUEST, "return", referral())


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"nationality": "xx"}, "/nationality"),
        ({"contact": {"allowed": False, "how": "call"}}, "/contact/allowed"),
        ({"contact": {"how": "call"}}, "/contact/allowed"),
        ({"names": [{"script": "Arab", "parts": []}]}, "/names/0/parts"),
        ({"names": [{"script": "Arab", "parts": [{"kind": "x", "text": "y"}]}]},
         "/names/0/parts/0/kind"),
        ({"needs": []}, "/needs"),
        ({"needs": ["shelter", "shelter"]}, "/needs"),
        ({"deadline_days": 0}, "/deadline_days"),
        ({"deadline_days": 1.5}, "/deadline_days"),
        ({"birth": {"precision": "exact", "date": "24.11.1999"}}, "/birth/date"),
        ({"basis": {"kind": "consent"}}, "/basis"),
        ({"basis": {"kind": "duty", "citation": ""}}, "/basis"),
    ],
)  # fmt: skip
def test_a_violation_names_its_place_and_never_the_value(change: dict[str, Any], path: str) -> None:
    found = profile(REQUEST).violations(referral(**change))
    assert path in [violation.path for violation in found]
    for violation in found:
        assert violation.message
        assert "24.11.1999" not in violation.message


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
@settings(max_examples=60, deadline=None)
def test_no_unknown_name_passes(name: str, value: str) -> None:
    if name in profile(REQUEST).schema["properties"]:
        return
    found = profile(REQUEST).violations(referral(**{name: value}))
    assert [violation.path for violation in found] == [pointer([name])]


@pytest.mark.parametrize(
    ("event", "needed"),
    [("asked", "question"), ("answered", "answer"), ("declined", "reason"),
     ("handed_over", "unit"), ("feedback", "outcome"), ("withdrawn", "reason"),
     ("closed", "reason")],
)  # fmt: skip
def test_an_update_says_what_its_event_needs(event: str, needed: str) -> None:
    form = profile("mostovi.referral.update.v1")
    data = {"referral": "0123456789abcdef", "event": event, "at": "2026-11-24T06:00:00Z"}
    assert [violation.path for violation in form.violations(data)] == [f"/{needed}"]
    accepted = {**data, "event": "accepted"}
    assert form.violations(accepted) == []


@pytest.mark.parametrize(
    ("cell", "fits"),
    [
        ({"codes": ["f"], "status": "shown", "value": 12}, True),
        ({"codes": ["f"], "status": "hidden"}, True),
        ({"codes": ["f"], "status": "missing"}, True),
        ({"codes": ["f"], "status": "hidden", "value": 2}, False),
        ({"codes": ["f"], "status": "missing", "value": 20}, False),
        ({"codes": ["f"], "status": "shown"}, False),
        ({"codes": ["f"], "status": "shown", "value": -1}, False),
    ],
)
def test_a_hidden_count_cannot_carry_its_value(cell: dict[str, Any], fits: bool) -> None:
    data = {
        "partner": "me", "month": "2026-10", "template": "regional",
        "protection": {"method": "suppression", "threshold": 5},
        "tables": [{"table": "identified", "measure": "persons", "dimensions": ["sex"],
                    "cells": [cell]}],
    }  # fmt: skip
    assert (profile("mostovi.statistics.month.v1").violations(data) == []) is fits


def test_words_change_without_a_new_version_and_constraints_do_not(tmp_path: Path) -> None:
    from mostovi.exchange.profiles import Profile

    schema = json.loads((PROFILES / f"{REQUEST}.json").read_text(encoding="utf-8"))
    before = profile(REQUEST).digest
    schema["properties"]["sex"]["title"] = "Sex or gender"
    schema["x-review"]["status"] = "reviewed"
    assert Profile(REQUEST, schema).digest == before
    schema["properties"]["summary"]["maxLength"] = 5
    assert Profile(REQUEST, schema).digest != before
    step = json.loads((PROFILES / "mostovi.referral.update.v1.json").read_text(encoding="utf-8"))
    del step["properties"]["text"]
    assert Profile("x", step).digest != profile("mostovi.referral.update.v1").digest


def test_unknown_types_are_refused_and_never_read_as_files() -> None:
    for letter_type in ("mostovi.nothing.v1", "../plan/x", "", "/etc/passwd"):
        with pytest.raises(LetterRefused) as caught:
            profile(letter_type)
        assert caught.value.reason == Reason.UNKNOWN_LETTER_TYPE


def test_translators_get_every_word() -> None:
    found = words(REQUEST)
    assert {"Names", "Need", "safe accommodation", "emergency: now"} <= set(found)
    assert len(found) == len(set(found))


def test_purposes_are_known() -> None:
    for letter_type in letter_types():
        assert profile(letter_type).purposes <= set(Purpose)
