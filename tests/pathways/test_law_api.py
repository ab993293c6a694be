# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of the law, and what `mostovi check` says of it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from mostovi.pathways import checks, signing
from mostovi.pathways.signed_text import digest_of
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from tests.pathways.small_law import STUDY, reread, small_law

API = "/api/v1/pathways"


@pytest.fixture
def law(tmp_path):
    with small_law(tmp_path) as folder:
        yield folder


@pytest.fixture
def reader(signed_in, acting):
    client = signed_in(acting(Role.SOCIAL_WORKER))
    client.get("/")
    return client


def asked(client, **payload):
    return client.post(f"{API}/check", json.dumps(payload), content_type="application/json")


def test_packs_with_versions_and_digests(reader, law):
    rows = reader.get(f"{API}/law").json()
    study = next(r for r in rows if (r["partner"], r["pathway"]) == ("me", "study"))
    assert study["file_digest"] == digest_of(STUDY)
    assert [v["version"] for v in study["versions"]] == ["2018.1", "2024.1"]
    assert not any(v["signed_off"] for v in study["versions"])
    assert {r["partner"] for r in reader.get(f"{API}/law?partner=rs").json()} == {"rs"}
    assert reader.get(f"{API}/law?partner=xx").status_code == 404


def test_one_pack_with_everything_it_says(reader, law):
    pack = reader.get(f"{API}/law/me/study").json()
    newest = pack["versions"][-1]
    means = newest["conditions"][1]
    assert means["kind"] == "any" and means["citation"]["article"] == "51"
    assert means["parts"][0]["test"] == {
        "fact": "enough_money", "comparison": "is", "value": True,
    }  # fmt: skip
    assert newest["fees"][0]["amount"] is None and newest["appeal"]["suspends"] is None
    assert reader.get(f"{API}/law/me/nothing").status_code == 404
    assert reader.get(f"{API}/law/al/study").status_code == 404


def test_a_check_answers_as_the_command_does_and_keeps_nothing(reader, law, capsys, tmp_path):
    from mostovi.node import main

    facts = {"accepted_to_study": True, "enough_money": False, "housing": False}
    before = AuditEntry.objects.count()
    answer = asked(reader, partner="me", on="2026-11-24", facts=facts)
    assert answer.status_code == 200
    assert AuditEntry.objects.count() == before
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(facts))
    parser = main.build_parser()
    options = parser.parse_args(
        ["pathways", "check", str(file), "--partner", "me", "--on", "2026-11-24", "--json"]
    )
    capsys.readouterr()
    assert options.handler(options) == 0
    assert json.loads(capsys.readouterr().out) == answer.json()


def test_a_recorded_sign_off_counts(reader, law, acting):
    facts = {"accepted_to_study": False}
    first = asked(reader, partner="me", on="2026-11-24", facts=facts).json()
    assert first["answers"][0]["answer"] == "maybe"
    signing.sign(
        acting(Role.PARTNER_FOCAL_POINT), partner="me", pathway="study", version="2024.1",
        digest=digest_of(signing.current_text("me", "study", "2024.1")), verdict="agreed",
        lawyer="Ana", lawyer_role="Adviser", said_on=date(2026, 11, 24),
    )  # fmt: skip
    second = asked(reader, partner="me", on="2026-11-24", facts=facts).json()
    assert second["answers"][0]["answer"] == "closed"
    pack = reader.get(f"{API}/law/me/study").json()
    assert pack["versions"][-1]["signed_off"] and pack["sign_offs"][0]["state"] == "current"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"age": 17, "birth_date": "1990-01-01"}, "disagrees"),
        ({"nothing": 1}, "unknown_fact"),
        ({"age": "old"}, "wrong_type"),
        ({"birth_date": "2030-01-01"}, "future_date"),
    ],
)
def test_facts_that_cannot_be_are_named(reader, law, facts, code):
    answer = asked(reader, partner="me", on="2026-11-24", facts=facts)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["code"] == code


def test_a_partner_without_law(reader, law):
    assert asked(reader, partner="al", facts={}).status_code == 404


def test_nobody_without_a_session(client, db, law):
    assert client.get(f"{API}/law").status_code == 401


@pytest.mark.django_db
def test_the_check_of_the_node_names_what_is_wrong(law, acting):
    codes = {problem.code for problem in checks.check()}
    assert "pathways.law" in codes and "pathways.missing" in codes  # the small law is small
    path = law / "me/golden/study.yaml"
    path.write_text(path.read_text().replace("expect: open", "expect: closed"))
    reread()
    assert any("A student with money" in str(problem) for problem in checks.check())
    signing.sign(
        acting(Role.PARTNER_FOCAL_POINT), partner="me", pathway="study", version="2024.1",
        digest=digest_of(signing.current_text("me", "study", "2024.1")), verdict="agreed",
        lawyer="Ana", lawyer_role="Adviser", said_on=date(2026, 11, 24),
    )  # fmt: skip
    assert "pathways.sign_off" not in {problem.code for problem in checks.check()}
    (law / "me/study.yaml").write_text(STUDY.replace("A home", "A room"))
    reread()
    assert "pathways.sign_off" in {problem.code for problem in checks.check()}


@pytest.mark.django_db
def test_the_law_of_this_installation_is_in_order():
    assert checks.check() == []
