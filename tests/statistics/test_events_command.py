# SPDX-License-Identifier: EUPL-1.2
"""`mostovi events` and `mostovi quality` as a statistician at a terminal sees them."""

import argparse
import json

import pytest

from mostovi.statistics import events_command

pytest.importorskip("ibis")


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    events_command.register(parser.add_subparsers())
    options = parser.parse_args([str(one) for one in arguments])
    return options.handler(options)


def test_made_up_events_are_written_and_judged(tmp_path, capsys):
    path = tmp_path / "events.parquet"
    assert run("events", "--out", path, "--count", "3000", "--months", "3", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"written": str(path), "events": 3000}
    status = run("quality", path, "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["events"] == 3000 and found["first"] == "2025-01"
    assert status == (0 if found["holds"] else 1)
    assert run("quality", path) == status
    assert "recorded within a month after" in capsys.readouterr().out


def test_a_file_of_something_else_is_refused(tmp_path, capsys):
    path = tmp_path / "other.csv"
    assert run("quality", path) == 2
    assert "is not there" in capsys.readouterr().err
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert run("quality", path) == 2
    assert "no column event, month, partner, record_key" in capsys.readouterr().err
    assert run("events", "--out", path, "--first", "2025-13") == 2


def test_a_csv_with_faults_has_status_1_and_names_them(tmp_path, capsys):
    path = tmp_path / "events.csv"
    path.write_text(
        "event,month,partner,recorded_month,sex,age_group,citizenship,unaccompanied,record_key\n"
        "asylum_application,2025-01,ba,2025-01,female,18-34,Syria,yes,0.5\n",
        encoding="utf-8",
    )
    assert run("quality", path) == 1
    shown = capsys.readouterr().out
    assert "wrong_code, 1: asylum_application, citizenship: Syria" in shown
    assert "adult_child_alone, 1" in shown
