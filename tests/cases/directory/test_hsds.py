# SPDX-License-Identifier: EUPL-1.2
"""HSDS 3.1 out and in: what is written is read back as it was, and other tools can read it.

The schemas of HSDS (CC BY-SA, Open Referral) are not part of this repository: with
MOSTOVI_HSDS_SCHEMAS naming the folder `schema` of its specification, exports are held against them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mostovi.cases.directory import hsds
from mostovi.cases.directory.entries import ACCESS, CAPACITY_UNITS, DAYS, check, completed
from mostovi.cases.vocabulary import case_types, needs
from mostovi.content import CONTENT

LINES = yaml.safe_load((CONTENT / "services" / "directory.yaml").read_text("utf-8"))["services"]
CAPACITY = {"unit": "beds", "maximum": 12, "in_use": 13, "waiting": 4,
            "as_of": "2026-11-20T08:00:00+00:00"}  # fmt: skip
ENTRIES = [completed(line) for line in LINES]
ENTRIES[0]["capacity"] = CAPACITY


def ids(entries):
    return [entry["code"] for entry in entries]


@pytest.mark.parametrize("entry", ENTRIES, ids=ids(ENTRIES))
def test_shipped_entries_are_whole(entry):
    assert check(entry, needs=needs(), case_types=list(case_types())) == []


def test_json_comes_back_as_it_was():
    read, troubles = hsds.from_json(hsds.to_json(ENTRIES))
    assert troubles == []
    assert [entry for _, entry in read] == ENTRIES


def test_the_data_package_comes_back_as_it_was():
    read, troubles = hsds.from_package(hsds.to_package(ENTRIES))
    assert troubles == []
    assert [entry for _, entry in read] == ENTRIES


def test_the_same_entries_give_the_same_bytes():
    assert hsds.to_package(ENTRIES) == hsds.to_package(ENTRIES)


WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=30
)


@st.composite
def entry_values(draw):
    shielded = draw(st.booleans())
    point = None if shielded else draw(st.one_of(st.none(), st.tuples(
        st.floats(-90, 90, allow_nan=False), st.floats(-180, 180, allow_nan=False))))  # fmt: skip
    place = draw(WORDS)
    return completed({
        "code": draw(st.from_regex(r"\A[a-z][a-z0-9-]{1,20}\Z")), "node": "ba",
        "name": draw(WORDS), "description": draw(st.one_of(st.just(""), WORDS)),
        "organization": {"name": draw(WORDS)},
        "locations": [{
            "name": draw(WORDS), "place": place,
            "address": "" if shielded else draw(st.one_of(st.just(""), WORDS)),
            "latitude": point[0] if point else None, "longitude": point[1] if point else None,
            "shielded": shielded,
            "accessibility": draw(st.lists(st.sampled_from(ACCESS), unique=True)),
        }],
        "needs": draw(st.lists(st.sampled_from(sorted(needs())), min_size=1, unique=True)),
        "languages": draw(st.lists(st.sampled_from(["sr", "ar", "sq", "ps"]), unique=True)),
        "interpretation": draw(st.booleans()),
        "phones": [{"number": "+382 20 000 000"} | draw(st.one_of(
            st.just({}), st.builds(lambda w: {"description": w}, WORDS)))],
        "schedules": [{"days": draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True)),
                       "opens": "08:00", "closes": "16:30"}],
        "costs": draw(
            st.lists(st.builds(lambda n: {"amount": n}, st.integers(0, 999)), max_size=1)
        ),
        "conditions": draw(st.lists(st.sampled_from([
            {"fact": "child", "is": True}, {"fact": "age", "at_least": 18, "at_most": 25},
            {"any": [{"fact": "sex", "is": ["female"]}]}]), unique_by=str)),
        "takes_referrals": draw(st.booleans()), "public": draw(st.booleans()),
        "answer_days": draw(st.integers(1, 60)),
        "assured_on": draw(st.sampled_from([None, "2026-11-24"])),
        "capacity": draw(st.sampled_from([None, CAPACITY | {"unit": CAPACITY_UNITS[1]}])),
    })  # fmt: skip


@given(entry_values())
def test_any_entry_survives_both_forms(entry):
    for read, troubles in (
        hsds.from_json(hsds.to_json([entry])),
        hsds.from_package(hsds.to_package([entry])),
    ):
        assert troubles == []
        assert [one for _, one in read] == [entry]


@pytest.mark.parametrize("data", [b"PK\x03\x04rubbish", b"PK", b"PK\x05\x06" + b"\0" * 18])
def test_a_broken_package_is_refused_as_a_whole(data):
    with pytest.raises(hsds.Unreadable):
        hsds.from_package(data)


@pytest.mark.parametrize("text", ["", "[1]", "{", '"x"', "[" * 100_000, '{"contents": 7}'])
def test_broken_json_is_refused_as_a_whole(text):
    with pytest.raises(hsds.Unreadable):
        hsds.from_json(text)


def test_every_wrong_row_is_named_with_its_number():
    good = hsds.to_service(ENTRIES[1])
    _, troubles = hsds.from_json(json.dumps([good, {"id": "x"}, good | {"name": None}, {}]))
    assert [(one.row, one.field) for one in troubles] == [(2, "name"), (4, "id")]


def test_a_file_of_another_tool_is_read_as_far_as_it_goes():
    other = {
        "id": "ac148810-d857-441c-9679-408f346de14b", "name": "Soup kitchen", "status": "active",
        "minimum_age": 16, "organization": {"id": "b", "name": "Parish", "description": "-"},
        "capacities": [{"id": "c", "unit": {"id": "u", "name": "places"}, "available": 3,
                        "maximum": 10, "updated": "2026-11-01T00:00:00Z"}],
    }  # fmt: skip
    ((_, entry),), troubles = hsds.from_json(json.dumps([other]), node="me")
    assert troubles == []
    assert entry["conditions"] == [{"fact": "age", "at_least": 16}]
    assert entry["capacity"]["in_use"] == 7
    assert entry["node"] == "me"
    assert not entry["takes_referrals"]


SCHEMAS = os.environ.get("MOSTOVI_HSDS_SCHEMAS", "")


@pytest.mark.skipif(not SCHEMAS, reason="MOSTOVI_HSDS_SCHEMAS names no folder")
@pytest.mark.parametrize("entry", ENTRIES, ids=ids(ENTRIES))
def test_the_export_holds_against_hsds_own_schema(entry):
    schema = json.loads((Path(SCHEMAS) / "compiled" / "service.json").read_text("utf-8"))
    errors = Draft202012Validator(schema).iter_errors(hsds.to_service(entry))
    assert [f"{list(error.path)}: {error.message}" for error in errors] == []


@pytest.mark.skipif(not SCHEMAS, reason="MOSTOVI_HSDS_SCHEMAS names no folder")
@pytest.mark.parametrize("kind", sorted(hsds.TABLES))
def test_our_tables_have_columns_and_files_that_hsds_knows(kind):
    schema = json.loads((Path(SCHEMAS) / f"{kind}.json").read_text("utf-8"))
    assert hsds.TABLES[kind].file == schema["path"]
    assert set(hsds.TABLES[kind].columns) <= set(schema["properties"])
    missing = set(schema.get("required", [])) | set(schema.get("tabular_required") or [])
    assert missing - set(hsds.TABLES[kind].columns) <= {"unit"}
