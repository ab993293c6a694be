# SPDX-License-Identifier: EUPL-1.2
"""The rules of display, the route graph, and files: what is refused and what is never shown."""

from __future__ import annotations

import copy
import io
import zipfile
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.routes import coarsening, files, public_files, sheets
from mostovi.routes import network as graph
from mostovi.routes.catalogue import FOLDER, display, network
from mostovi.routes.public_files import FileRefused, Publisher

RULES = display()


def document(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


@given(st.integers(0, 5000))
@settings(max_examples=60)
def test_a_shown_count_is_nought_or_at_least_the_threshold(count: int):
    shown = RULES.shown(count)
    assert (shown is None) == (0 < count < RULES.threshold)
    if shown is not None:
        assert shown % RULES.rounded_to == 0 and abs(shown - count) < RULES.rounded_to
        assert shown == 0 or shown >= RULES.threshold


@given(st.integers(0, 300), st.integers(-9, 9))
@settings(max_examples=120)
def test_two_revisions_never_tell_of_fewer_people_than_the_threshold(first: int, change: int):
    """Whoever subtracts two revisions learns nothing about a group under the threshold."""
    before = RULES.shown(first)
    after = max(0, first + change)
    revised = RULES.revised(after, before)
    if before is None:
        # From hidden to shown only when at least the threshold must have been added.
        assert revised is None or after - first >= RULES.threshold
    else:
        assert revised == before or abs(after - before) >= RULES.threshold


def test_nothing_is_shown_before_the_delay():
    assert not RULES.may_show("2026-10", date(2026, 11, 30))
    assert RULES.may_show("2026-10", date(2026, 12, 1))
    assert not RULES.may_show("2026", date(2027, 1, 30))
    assert RULES.may_show("2026", date(2027, 1, 31))


@pytest.mark.parametrize(
    ("change", "told"),
    [({"threshold": 9}, "too low"), ({"delay_days": 13}, "too short"), ({"rounded_to": 1}, "round"),
     ({"measures": [{"code": "people", "period": "week"}]}, "too fine")],
)  # fmt: skip
def test_finer_rules_are_refused(change: dict[str, Any], told: str):
    with pytest.raises(coarsening.TooFine, match=told):
        coarsening.parse({**document("display.yaml"), **change})


def test_the_graph_changes_over_time():
    then = {way.code for way in network().in_use(2014)}
    now = {way.code for way in network().in_use(2026)}
    assert "ba-hr" not in then and "ba-hr" in now and "mk-rs" in then


@pytest.mark.parametrize(
    ("where", "change", "told"),
    [("ways", {"to": "nowhere"}, "nowhere"), ("ways", {"to": "gr"}, "itself"),
     ("ways", {"until": 1999}, "before it begins"), ("areas", {"place": [99, 20]}, "latitude"),
     ("areas", {"role": "hub"}, "hub")],
)  # fmt: skip
def test_a_wrong_graph_names_the_entry(where: str, change: dict[str, Any], told: str):
    wrong = copy.deepcopy(document("network.yaml"))
    wrong[where][1 if where == "areas" else 0].update(change)
    with pytest.raises(graph.NetworkError, match=told):
        graph.parse(wrong)


def test_an_incident_lies_on_the_nearest_way_that_touches_its_country():
    near = network().nearest(44.95, 15.85, "BIH")
    assert near is not None and near.code == "ba-hr"
    assert network().nearest(44.95, 15.85, "USA") is None
    assert network().nearest(35.0, 25.0, "GRC") is None, "Crete is on no way of the graph"


def test_a_public_file_with_a_wrong_row_names_row_and_column():
    rows = [
        {"route": "R", "nationality": "SYR", "month": "2022-01", "detections": "5"},
        {"route": "", "nationality": "Syria", "month": "01/2022", "detections": "-5"},
    ]
    with pytest.raises(FileRefused) as refused:
        public_files.read(Publisher.FRONTEX, rows, network())
    found = {(problem.row, problem.column) for problem in refused.value.problems}
    assert found == {(3, "route"), (3, "nationality"), (3, "month"), (3, "detections")}


def test_all_citizenships_of_a_month_are_one_count():
    rows = [
        {"route": "Western Balkan Route", "nationality": code, "month": "2022-01", "detections": n}
        for code, n in (("SYR", "5"), ("AFG", "7"), ("SYR", "1.0"))
    ]
    read = public_files.read(Publisher.FRONTEX, rows, network())
    cell = public_files.PublicCell("western-balkan", "", "people", "", "2022-01")
    assert read.counts[cell] == 13 and read.rows == 3


def test_a_sheet_of_a_spreadsheet_is_read_like_csv():
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["Reference", "point", "day", "people", "hours"])
    book.active.append([1, "centre", date(2026, 9, 1), 12, 7.5])
    data = io.BytesIO()
    book.save(data)
    columns, rows = files.table(data.getvalue(), "counts.xlsx")
    assert not sheets.missing_columns(columns)
    seen = sheets.read(rows, points=["centre"], ways=[], today=date(2026, 9, 2))
    assert (seen[0].people, seen[0].hours, seen[0].day) == (12, 7.5, date(2026, 9, 1))


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [(b"", "a.csv", "empty"), (b"a,a\n", "a.csv", "twice"), (b"\xff\xfea", "a.csv", "UTF-8"),
     (b"PK", "a.xlsx", "no Excel"), (b"a", "a.ods", "neither"),
     (b'a,b\n"1,2\n', "a.csv", "proper")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(data: bytes, name: str, told: str):
    with pytest.raises(FileRefused, match=told):
        list(files.table(data, name)[1])


def test_a_swollen_workbook_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "MOST_UNPACKED", 1000)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * 1001)
    with pytest.raises(FileRefused, match="unpacks"):
        list(files.table(data.getvalue(), "a.xlsx")[1])


@given(st.lists(st.dictionaries(st.sampled_from(sheets.COLUMNS), st.text(max_size=12)), max_size=4))
@settings(max_examples=60)
def test_whatever_a_sheet_holds_it_is_taken_whole_or_refused(rows: list[dict[str, str]]):
    try:
        seen = sheets.read(rows, points=["p"], ways=["w"], today=date(2026, 9, 1))
    except FileRefused as refused:
        assert str(refused)
    else:
        assert all(0 <= one.people <= sheets.MOST_PEOPLE for one in seen)
