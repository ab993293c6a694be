# SPDX-License-Identifier: EUPL-1.2
"""`mostovi pathways simulate` and `population` as a drafter types them."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mostovi.pathways import law_files, population_command, simulate_command

ON = ["--on", "2026-11-24"]
PACK = "rs/long_term_residence"
THRESHOLD = "at_least: {parameter: permanent_residence_months}"


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(required=True)
    simulate_command.register(verbs)
    population_command.register(verbs)
    options = parser.parse_args(arguments)
    status: int = options.handler(options)
    return status


@pytest.fixture
def reform(tmp_path: Path) -> Path:
    text = law_files.text_of("rs", "long_term_residence")
    assert THRESHOLD in text
    folder = tmp_path / "reform"
    folder.mkdir()
    path = folder / "long_term_residence.yaml"
    path.write_text(text.replace(THRESHOLD, "at_least: 24"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "people.parquet"
    assert run("population", "--partner", "rs", "--people", "3000", "--out", str(path)) == 0
    return path


def test_a_reform_is_shown_by_sex_and_age_group(
    reform: Path, people: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    status = run(
        "simulate", "--pack", PACK, "--reform", str(reform), "--population", str(people),
        "--by", "sex,age_group", "--csv", str(table), *ON,
    )  # fmt: skip
    shown = capsys.readouterr().out
    assert status == 1
    assert "long_term_residence" in shown and "no lawyer has signed off" in shown
    assert "female   18-59" in shown and "uncertain" in shown
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert rows[-1]["sex"] == "total" and int(rows[-1]["people"]) == 3000
    assert int(rows[-1]["newly_qualify_most"]) > 0 and rows[-1]["lose_most"] == "0"


def test_json_says_ranges_what_is_unknown_and_what_was_left_out(
    reform: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "few.parquet"
    rows = {
        "partner": ["rs", "rs", "me", "rs"],
        "residence_months": [30, None, 30, 30],
        "longest_absence_months": [1, 1, 1, 3],
        "total_absence_months": [2, 2, 2, 3],
        "note": ["a", "b", "c", "d"],
    }
    pq.write_table(pa.table(rows), path)
    arguments = ["simulate", "--pack", PACK, "--reform", str(reform), "--population", str(path)]
    assert run(*arguments, "--json", *ON) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["people_of_other_partners_left_out"] == 1
    (result,) = found["results"]
    assert result["columns_not_read"] == ["note"]
    assert "status_here" in result["facts_without_column"]
    assert result["total"]["people"] == 3
    assert result["total"]["lose"] == [0, 0]
    assert result["ranges_exact"] is True


def test_contradictory_rows_are_counted_on_the_output(
    reform: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "few.parquet"
    table = {"longest_absence_months": [5, 1], "total_absence_months": [1, 5]}
    pq.write_table(pa.table(table), path)
    run("simulate", "--pack", PACK, "--reform", str(reform), "--population", str(path), *ON)
    assert "1 rows left out: contradiction:absences" in capsys.readouterr().out


def test_a_whole_law_shows_each_changed_way(
    reform: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--reform", str(reform.parent), "--population", str(people), "--json", *ON]
    assert run("simulate", "--partner", "rs", *arguments) == 1
    found = json.loads(capsys.readouterr().out)
    assert [result["pathway"] for result in found["results"]] == ["long_term_residence"]


def test_the_law_as_it_is_changes_nothing(people: Path, tmp_path: Path) -> None:
    same = tmp_path / "long_term_residence.yaml"
    same.write_text(law_files.text_of("rs", "long_term_residence"), encoding="utf-8")
    arguments = ["--reform", str(same), "--population", str(people), *ON]
    assert run("simulate", "--pack", PACK, *arguments) == 0
    assert run("simulate", "--pack", str(same), *arguments) == 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (["--pack", "rs/no_such_way"], "no pathway 'no_such_way'"),
        (["--pack", "zz/study"], "no law files for the partner 'zz'"),
        (["--pack", "rs/study"], "are different pathways"),
        (["--pack", "me/long_term_residence"], "the law of me, the reform of rs"),
        (["--by", "colour"], "cannot be shown by 'colour'"),
        (["--on", "1950-01-01"], "no version in force on 1950-01-01"),
    ],
)
def test_what_is_wrong_is_said_and_the_status_is_2(
    reform: Path,
    people: Path,
    change: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = {"--pack": PACK, "--on": "2026-11-24", "--by": "sex", change[0]: change[1]}
    arguments = [word for pair in options.items() for word in pair]
    status = run("simulate", "--reform", str(reform), "--population", str(people), *arguments)
    assert status == 2
    assert complaint in capsys.readouterr().err


def test_faults_of_a_reform_are_named_with_file_and_line(
    reform: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reform.write_text(
        reform.read_text(encoding="utf-8").replace("fact: residence_months", "fact: shoe_size"),
        encoding="utf-8",
    )
    arguments = ["--reform", str(reform), "--population", str(people), *ON]
    assert run("simulate", "--pack", PACK, *arguments) == 2
    complaint = capsys.readouterr().err
    assert "long_term_residence.yaml:" in complaint and "shoe_size" in complaint


def test_a_population_of_chosen_situations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "people.parquet"
    arguments = ["--people", "50", "--out", str(out), "--situations", "stateless,refugee"]
    assert run("population", "--partner", "me", *arguments, "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["by_situation"]) == {"stateless", "refugee"}
    assert run("population", "--partner", "zz", *arguments) == 2
    assert "no margins for 'zz'" in capsys.readouterr().err
