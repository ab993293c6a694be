# SPDX-License-Identifier: EUPL-1.2
"""`mostovi publish`: months and files of events in every format, and nothing unprotected."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mostovi.node.main import main
from mostovi.statistics import made_up_events, reading
from mostovi.statistics.catalogue import read_set, template
from mostovi.statistics.cubing import cube, opened
from mostovi.statistics.models import MonthlyTable
from mostovi.statistics.months import Month
from mostovi.statistics.open_data import publications_of_rows
from mostovi.statistics.table_services import protection
from mostovi.statistics.uploading import forms
from mostovi.statistics.writing import write

TABLES = """
set: test
version: "1"
title: {en: Test}
source: {text: "made up"}
review: {status: unreviewed, by: null, on: null}
events:
  asylum_application: {counts: "A person who applied."}
dimensions: [partner]
tables:
  - code: applicants
    title: {en: "Applicants"}
    events: [asylum_application]
    dimensions: [sex, child]
    period: month
    definition: "One unit is one person."
    legal: {citation: "A test.", evidence: proposal}
    footnotes: ["A footnote."]
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("publish")
    tables, events = folder / "tables.yaml", folder / "events.parquet"
    tables.write_text(TABLES, "utf-8")
    specs = read_set(tables).specs
    made_up_events.write(events, 3000, specs, seed=7, first=Month(2026, 9), months=2)
    return tables, events


def _publish(files, out: Path, *more: str) -> int:
    tables, events = files
    return main(["publish", str(tables), "--events", str(events), "--out", str(out), *more])


@pytest.mark.parametrize(
    ("format", "ending"),
    [
        ("csv", ".csv"), ("sdmx-csv", ".sdmx.csv"), ("sdmx-json", ".sdmx.json"),
        ("sdmx-ml", ".sdmx.xml"), ("hxl", ".hxl.csv"), ("xlsx", ".xlsx"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a_file_of_events_becomes_protected_tables(files, tmp_path, capsys, format, ending):
    assert _publish(files, tmp_path, "--format", format, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (tmp_path / f"applicants{ending}").stat().st_size > 200
    assert str(tmp_path / f"applicants{ending}") in [one["file"] for one in said["written"]]


@pytest.mark.django_db
def test_what_is_written_is_noisy_and_never_a_small_count(files, tmp_path):
    assert _publish(files, tmp_path) == 0
    rows = list(csv.DictReader((tmp_path / "applicants.csv").open(encoding="utf-8")))
    with opened(files[1]) as events:
        cells = cube(events, read_set(files[0]).specs)["applicants"].to_pylist()
    names = ("period", "partner", "sex", "child")
    counts = {tuple(cell[name] for name in names): cell["count"] for cell in cells}
    differences = [
        int(row["value"]) - counts[tuple(row[name] for name in names)]
        for row in rows
        if row["value"]
    ]
    rule = protection()
    assert any(differences)
    assert max(map(abs, differences)) <= rule.most_off
    assert min(int(row["value"]) for row in rows if row["value"]) >= rule.shown_from


@pytest.mark.django_db
def test_a_second_time_gives_the_same_numbers_and_earlier_ones_stand(files, tmp_path):
    assert _publish(files, tmp_path / "a") == 0
    assert _publish(files, tmp_path / "b", "--earlier", str(tmp_path / "a")) == 0
    first, second = ((tmp_path / one / "applicants.csv").read_text("utf-8") for one in "ab")
    assert first == second


@pytest.mark.django_db
def test_tables_that_would_disclose_are_refused_and_nothing_is_written(
    files, tmp_path, capsys, monkeypatch
):
    from dataclasses import replace

    from mostovi.statistics import table_services

    strict = replace(protection(), least_error=1000.0)
    monkeypatch.setattr(table_services, "protection", lambda: strict)
    assert _publish(files, tmp_path / "out") == 2
    assert "applicants" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("events.csv", "event,month\nasylum_application,2026-10\n", "no column"),
        ("events.parquet", "no parquet", "cannot be read"),
    ],
)
@pytest.mark.django_db
def test_events_that_cannot_be_used_are_named(files, tmp_path, capsys, name, content, said):
    bad = tmp_path / name
    bad.write_text(content, "utf-8")
    assert _publish((files[0], bad), tmp_path / "out") == 2
    assert said in capsys.readouterr().err


@pytest.mark.django_db
def test_tables_without_events_and_months_without_release_are_told(files, tmp_path, capsys):
    assert main(["publish", str(files[0]), "--out", str(tmp_path)]) == 2
    assert "--events" in capsys.readouterr().err
    assert main(["publish", "2020-01", "--out", str(tmp_path)]) == 1
    assert main(["publish", "2020-13", "--out", str(tmp_path)]) == 2


@pytest.mark.django_db
def test_a_workbook_is_made_and_checked_on_the_command_line(tmp_path, capsys):
    book = tmp_path / "ba.xlsx"
    make = ["workbook", "blank", "--partner", "ba", "--month", "2026-10", "--out", str(book)]
    assert main([*make, "--language", "sr"]) == 0
    capsys.readouterr()
    assert main(["workbook", "check", str(book), "--month", "2026-09", "--json"]) == 1
    wrong = json.loads(capsys.readouterr().out)["wrong"]
    assert {one["kind"] for one in wrong} >= {"other_period", "no_number"}
    assert main(["workbook", "check", str(tmp_path / "none.xlsx")]) == 2


def _released(period: str, partner: str) -> list[MonthlyTable]:
    """A month in which every second cell is hidden and the rest are zero: it adds up."""
    return [
        MonthlyTable(
            partner=partner, period=period, table=table.code, revision=1,
            released_at=datetime(2026, 11, 1, tzinfo=UTC),
            cells=[
                [list(cell.keys(table.names).values()), None if at % 2 else 0]
                for at, cell in enumerate(table.cells)
            ],
        )
        for table in template().tables
    ]  # fmt: skip


@pytest.mark.parametrize("format", ["csv", "sdmx-csv", "hxl"])
@pytest.mark.django_db
def test_what_a_statistical_system_writes_becomes_a_workbook(tmp_path, capsys, format):
    rows = [
        row
        for period in ("2026-09", "2026-10")
        for partner in ("ba", "rs")
        for row in _released(period, partner)
    ]
    write(publications_of_rows(rows), format, tmp_path)
    book = tmp_path / "ba.xlsx"
    fill = ["workbook", "fill", "--partner", "ba", "--tables", str(tmp_path), "--out", str(book)]
    assert main([*fill, "--month", "2026-08"]) == 1
    assert "2026-09, 2026-10" in capsys.readouterr().err and not book.exists()
    assert main([*fill, "--month", "2026-10"]) == 0
    assert main(["workbook", "check", str(book), "--partner", "ba", "--month", "2026-10"]) == 0
    found = reading.read(book.read_bytes(), forms()).cells
    assert {
        code: [value for _codes, value in sorted(cells.items())] for code, cells in found.items()
    } == {
        row.table: [value for _codes, value in sorted((tuple(c), v) for c, v in row.cells)]
        for row in _released("2026-10", "ba")
    }
