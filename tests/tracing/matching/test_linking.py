# SPDX-License-Identifier: EUPL-1.2
"""Files matched in bulk: the same scores as pair by pair, and messages that name row and column."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mostovi.node.main import main
from mostovi.tracing import columns, files, linking
from mostovi.tracing.comparing import compare
from mostovi.tracing.model import current
from mostovi.tracing.records import Identity
from tests.tracing.matching.test_records import identities

PEOPLE = ("name", "mother", "father")
ROWS = [
    ["1", "محمد رضا احمدی", "m", "2009-04-12", "کابل", "مریم"],
    ["2", "Мухамед Реза Ахмади", "male", "12.04.2009", "Kabul", "Maryam"],
    ["3", "Ali Karimi", "m", "2009-01-01", "", ""],
    ["4", "Zlata Petrović", "f", "1981", "Niš", ""],
]
HEADERS = ["id", "name", "sex", "birth", "place", "mother"]
HEADINGS = ["id", "full name", "gender", "dob", "birth_place", "mother_name"]


def written(path: Path, rows: list[list[str]], headings: list[str] = HEADINGS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@given(st.lists(identities(), min_size=15, max_size=25))
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_splink_and_python_give_every_pair_the_same_weight(people: list[Identity]) -> None:
    connection = linking.connect(linking.Options(threads=1))
    rows = ((str(n), columns.of(person, PEOPLE)) for n, person in enumerate(people))
    for batch in linking.batches(rows, PEOPLE):
        connection.register("batch", batch)
        connection.execute("CREATE TABLE records AS SELECT * FROM batch")
    every = linking.settings(PEOPLE, link=False)
    every["blocking_rules_to_generate_predictions"] = ["1 = 1"]
    found = linking.predictions(
        connection, ["records"], PEOPLE, linking.Options(threshold=0.0), prepared=every
    )
    scored = connection.execute(
        f"SELECT unique_id_l, unique_id_r, match_weight, match_probability FROM {found}"  # noqa: S608
    ).fetchall()
    assert len(scored) == len(people) * (len(people) - 1) // 2
    for left, right, weight, probability in scored:
        match = compare(people[int(left)], people[int(right)])
        assert weight == pytest.approx(match.weight, abs=1e-6), (people[int(left)], match)
        assert probability == pytest.approx(match.score, abs=1e-6)


def test_records_of_one_person_are_found_across_scripts(tmp_path: Path) -> None:
    left = written(tmp_path / "left.csv", ROWS)
    out = tmp_path / "pairs.csv"
    assert main(["match", str(left), "--out", str(out), "--quiet"]) == 1
    (pair,) = read(out)
    assert {pair["left_id"], pair["right_id"]} == {"1", "2"}
    assert pair["verdict"] == "likely"
    parts = ["names", "rarity", "birth", "sex", "place", "mother"]
    assert float(pair["score"]) == pytest.approx(1 / (1 + 2 ** -float(pair["weight"])), abs=1e-3)
    assert all(float(pair[part]) is not None for part in parts)


def test_two_files_are_linked_to_parquet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = written(tmp_path / "a.csv", ROWS[:1])
    right = written(tmp_path / "b.csv", ROWS[1:])
    out = tmp_path / "pairs.parquet"
    status = main(["match", str(left), str(right), "--out", str(out), "--json", "--quiet"])
    summary = json.loads(capsys.readouterr().out)
    assert (status, summary["rows"], summary["pairs"]) == (1, [1, 3], 1)
    import pyarrow.parquet

    (pair,) = pyarrow.parquet.read_table(out).to_pylist()
    assert (pair["left_id"], pair["right_id"]) == ("1", "2")


def test_the_prior_follows_the_pairs_that_are_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = written(tmp_path / "left.csv", ROWS)
    out = tmp_path / "pairs.csv"
    weights = []
    # Four records make six pairs.
    for expected in ("3", "0.006"):
        arguments = ["match", str(left), "--out", str(out), "--expected-pairs", expected]
        assert main([*arguments, "--quiet", "--threshold", "0.5"]) == 1
        weights.append({(p["left_id"], p["right_id"]): float(p["weight"]) for p in read(out)})
    assert weights[0][("1", "2")] - weights[1][("1", "2")] == pytest.approx(
        math.log2(0.999 / 0.001), abs=0.01
    )
    model = linking.with_prior(current(), [4], 0.006)
    records = [
        files.identity(dict(zip(HEADERS, row, strict=True)), today=date(2026, 1, 1))[0]
        for row in ROWS[:2]
    ]
    assert compare(*records, model=model).weight == pytest.approx(weights[1][("1", "2")], abs=0.001)
    for wrong in ("0", "4"):
        arguments = ["match", str(left), "--out", str(out), "--expected-pairs", wrong]
        assert main([*arguments, "--quiet"]) == 2
        assert "at most 3" in capsys.readouterr().err
    assert linking.with_prior(current(), [2, 6], 3).prior == 0.25


def test_no_pair_is_status_0(tmp_path: Path) -> None:
    left = written(tmp_path / "a.csv", ROWS[2:])
    assert main(["match", str(left), "--out", str(tmp_path / "p.csv"), "--quiet"]) == 0
    assert read(tmp_path / "p.csv") == []


def test_bad_values_are_named_by_row_and_column_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*ROWS, ["5", "", "q", "2009-02-30", "", ""], ["6", "Маркоبن", "f", "", "", ""]]
    left = written(tmp_path / "left.csv", rows)
    out = tmp_path / "pairs.csv"
    assert main(["match", str(left), "--out", str(out), "--quiet"]) == 2
    said = capsys.readouterr().err
    assert "2 of 6 rows" in said
    assert "left.csv, row 6, column full name: The name is empty." in said
    assert "left.csv, row 6, column dob: “2009-02-30”: 2/2009 has 28 days, not 30." in said
    assert "row 6, column gender" in said
    assert "left.csv, row 7, column full name" in said and "mixes" in said
    assert not out.exists()
    assert main(["match", str(left), "--out", str(out), "--quiet", "--skip-bad-rows"]) == 1
    assert "left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("headings", "rows", "says"),
    [
        (["id", "nom"], [["1", "Ali"]], "no column holds a name"),
        (["id", "name", "full_name"], [["1", "Ali", "Ali"]], "both hold name"),
        (["id", "name"], [["1", "Ali"], ["1", "Reza"]], "the id 1 stands in more than one row"),
        (["id", "name"], [], "holds no rows"),
        (["id", "name"], [["1", "Ali", "more"]], "row 2: more values than columns"),
    ],
)
def test_a_file_that_cannot_be_matched_says_why(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    headings: list[str],
    rows: list[list[str]],
    says: str,
) -> None:
    left = written(tmp_path / "left.csv", rows, headings)
    assert main(["match", str(left), "--out", str(tmp_path / "p.csv"), "--quiet"]) == 2
    assert says in capsys.readouterr().err


def test_wrong_options_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = str(written(tmp_path / "left.csv", ROWS))
    for arguments, says in [
        (["--out", left], "overwrite"),
        (["--out", str(tmp_path / "p.xlsx")], "name a .csv or .parquet"),
        (["--out", str(tmp_path / "p.csv"), "--threshold", "2"], "probability"),
        (["--out", str(tmp_path / "nowhere" / "p.csv")], "no folder"),
    ]:
        assert main(["match", left, *arguments, "--quiet"]) == 2
        assert says in capsys.readouterr().err
    assert main(["match", str(tmp_path / "none.csv"), "--out", str(tmp_path / "p.csv")]) == 2


def test_headings_of_other_systems_are_understood(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv", [["Ali", "Karimi", "2009"]], ["First Name", "Surname", "Date of birth"]
    )
    source = files.open_source(path)
    assert set(source.headings) == {"given_name", "family_name", "birth"}
    ((_, values),) = source.rows()
    record, wrong = files.identity(values, today=date(2026, 1, 1))
    assert not wrong and record.names[0].text == "Ali Karimi"


# --- names compare ------------------------------------------------------------------------------


def test_two_names_are_compared_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["names", "compare", "Đorđe Ćirić", "Ђорђе Ћирић", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["level"] == "both_words" and found["score"] > 0.5
    assert [word["right"] for word in found["words"]] == ["ђорђе", "ћирић"]
    assert main(["names", "compare", "Ali", "علي"]) == 0
    assert "bits" in capsys.readouterr().out


def test_a_file_of_pairs_gives_one_result_a_row_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = written(
        tmp_path / "pairs.csv",
        [["Ali", "علی"], ["Маркоبن", "Marko"], ["Reza", "Ризо"]],
        ["left", "right"],
    )
    assert main(["names", "compare", "--pairs", str(pairs)]) == 1
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["left"] for row in rows] == ["Ali", "Маркоبن", "Reza"]
    assert "row 3" in rows[1]["explanation"] and rows[1]["score"] == ""
    assert main(["names", "compare", "--pairs", str(pairs), "--json"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_names_that_cannot_be_compared_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["names", "compare", "Ali"]) == 2
    assert main(["names", "compare", "Ali", "12"]) == 2
    assert "no letters" in capsys.readouterr().err
    wrong = written(tmp_path / "p.csv", [["a", "b"]], ["one", "two"])
    assert main(["names", "compare", "--pairs", str(wrong)]) == 2
    assert "left and right" in capsys.readouterr().err


def test_a_node_that_compares_nothing_loads_neither_icu_nor_splink() -> None:
    code = (
        "import sys\n"
        "from mostovi.tracing import comparing, keys, commands\n"
        "from mostovi.tracing.records import Identity, WrittenName\n"
        "a = Identity((WrittenName('Ђорђе'),)); comparing.compare(a, a); keys.blocking_keys(a)\n"
        "print([m for m in ('icu', 'splink', 'pyarrow', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
