# SPDX-License-Identifier: EUPL-1.2
"""`mostovi pathways check`, `validate`, `golden`, `show`, `compare` as a lawyer types them."""

from __future__ import annotations

import argparse
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mostovi.pathways import commands
from mostovi.pathways.library import FOLDER, library

ON = ["--on", "2026-11-24"]


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers(required=True))
    options = parser.parse_args(["pathways", *arguments])
    status: int = options.handler(options)
    return status


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    return write(
        tmp_path, {"birth_date": "2009-05-01", "where": "inside", "fears_persecution": True}
    )


def write(folder: Path, facts: Any) -> Path:
    path = folder / "facts.json"
    path.write_text(facts if isinstance(facts, str) else json.dumps(facts), encoding="utf-8")
    return path


def test_check_tells_answers_reasons_sources_and_questions(
    facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", str(facts), "--partner", "ba", *ON, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["partner"], told["on"], told["facts"]["age"]) == ("ba", "2026-11-24", 17)
    assert {answer["answer"] for answer in told["answers"]} <= {"open", "maybe", "closed"}
    every = set(library().catalogue.pathways)
    ways = {answer["pathway"] for answer in told["answers"]}
    assert ways | {none["pathway"] for none in told["without_rule"]} == every
    assert set(told["law_versions"]) == ways
    asylum = next(a for a in told["answers"] if a["pathway"] == "asylum_refugee")
    assert asylum["title"] == "Asylum, as a refugee"
    leaf = asylum["reasons"][0]
    while "parts" in leaf:
        leaf = leaf["parts"][0]
    for key in ("condition", "title", "value", "facts", "evidence", "confidence", "review"):
        assert key in leaf, key
    assert len(asylum["law_version"]["digest"]) == 64
    assert asylum["next_questions"]
    shares = [question["decides"] for question in told["next_questions"]]
    assert shares == sorted(shares, reverse=True)
    assert all(question["question"] for question in told["next_questions"])
    assert set(told["facts"]).isdisjoint(q["fact"] for q in told["next_questions"])


def test_check_in_words_and_for_one_pathway(
    facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = ["--pathway", "asylum_refugee", "--reasons"]
    assert run("check", str(facts), "--partner", "rs", *ON, *only) == 0
    said = capsys.readouterr().out
    assert "Asylum, as a refugee" in said
    assert "find out:" in said
    assert "not signed off" in said
    assert "Research" not in said


def test_facts_can_be_piped_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"facts": {"age": 30}}'))
    assert run("check", "-", "--partner", "rs", *ON, "--json") == 0
    assert json.loads(capsys.readouterr().out)["facts"] == {"age": 30}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"age": 30, "age_in_doubt": False, "without_parents": True}, "'without_parents' is yes"),
        ({"birth_date": "2030-01-01"}, "'birth_date' is 2030-01-01: a date after 2026-11-24"),
        ({"job": True}, "'job' is not a fact"),
        ({"age": "old"}, "'age' must be a whole number"),
        ('{"age": 1, "age": 2}', "'age' is written twice"),
        ('{"age": ', "not JSON"),
        ("[1]", "must hold one table of facts"),
        ("[" * 100_000, "facts.json"),
    ],
)
def test_bad_facts_are_refused_by_name_with_status_2(
    tmp_path: Path, content: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", str(write(tmp_path, content)), "--partner", "rs", *ON) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_an_unknown_partner_or_pathway_names_those_that_there_are(
    facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", str(facts), "--partner", "zz", *ON) == 2
    assert "no law files for the partner 'zz'; there are al, ba, me, mk, rs, xk, eu" in (
        capsys.readouterr().err
    )
    assert run("check", str(facts), "--partner", "rs", *ON, "--pathway", "asylum") == 2
    assert "no pathway 'asylum'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        run("check", str(facts), "--partner", "rs", "--on", "24.11.2026")
    assert stopped.value.code == 2


def test_the_shipped_law_validates(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("validate") == 0
    assert "0 problems" in capsys.readouterr().out


def test_a_draft_elsewhere_stands_on_the_law_of_its_partner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = tmp_path / "study.yaml"
    text = (FOLDER / "rs" / "study.yaml").read_text(encoding="utf-8")
    draft.write_text(text, encoding="utf-8")
    assert run("validate", str(draft)) == 0
    draft.write_text(text.replace("topic: study_place", "topic: places", 1), encoding="utf-8")
    assert run("validate", str(draft), "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out.split("\n", 1)[1])["problems"]
    assert problem["file"] == str(draft)
    assert text.splitlines()[problem["line"] - 1].strip().startswith("topic: study_place") or (
        "study_place" in text.splitlines()[problem["line"] - 1]
    )
    assert problem["problem"] == "unknown topic 'places'"


def test_validating_a_folder_names_all_that_is_wrong_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(FOLDER / "rs", tmp_path / "rs")
    for name in ("study.yaml", "research.yaml"):
        path = tmp_path / "rs" / name
        path.write_text(path.read_text(encoding="utf-8") + "odd: key\n", encoding="utf-8")
    files = [
        str(tmp_path / "rs" / name) for name in ("partner.yaml", "study.yaml", "research.yaml")
    ]
    assert run("validate", *files) == 1
    said = capsys.readouterr()
    assert said.err.count("unknown key 'odd'") == 2
    assert "1 files in order, 2 problems" in said.out


def test_golden_runs_the_cases_of_one_partner(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("golden", "--partner", "rs", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cases"] == len(told["verdicts"]) > 20
    assert told["wrong"] == 0
    assert run("golden", "--partner", "zz") == 2


def test_show_lists_partners_ways_and_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--json") == 0
    assert [row["partner"] for row in json.loads(capsys.readouterr().out)] == list(library().codes)
    assert run("show", "rs") == 0
    assert "family_reunification" in capsys.readouterr().out
    assert run("show", "rs", "family_reunification", *ON) == 0
    said = capsys.readouterr().out
    assert "digest " in said
    assert "sign-off: not_yet" in said
    assert run("show", "rs", "nothing") == 2


def test_compare_tells_the_relation_an_example_and_the_topics(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("compare", "family_reunification", "--partner", "rs", *ON, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    (serbia,) = told["partners"]
    assert serbia["relation"] in {"same", "stricter", "wider", "neither", "unclear"}
    assert {tuple(row["laws"]) for row in told["topics"]} == {("rs", "eu")}
    cited = [c["citation"] for row in told["topics"] for c in row["laws"]["eu"] if c["citation"]]
    assert cited
    assert run("compare", "family_reunification", *ON) == 0
    assert "rs: " in capsys.readouterr().out
    assert run("compare", "marriage", *ON) == 2
    assert run("compare", "study", "--with", "zz", *ON) == 2
