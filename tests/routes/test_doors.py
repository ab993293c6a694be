# SPDX-License-Identifier: EUPL-1.2
"""The other doors: filled forms of flow monitoring, the command, the demo's counts, a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.test import Client

from mostovi.node.main import main
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.routes import reading, series
from mostovi.routes.catalogue import network
from mostovi.routes.models import FlowCount, Observation, Point, PublicCount
from mostovi.screening.initialise import shipped
from mostovi.screening.submission_services import Channel, receive
from tests.screening.form_support import filled

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
COUNT = (
    "<day>2026-09-03</day><area>rs-south</area><point>{point}</point><way>bg-rs</way>"
    "<hours>6</hours><people>{people}</people><children_alone>2</children_alone>"
)
SURVEY = (
    "<consent_to_ask>{asked}</consent_to_ask><day>2026-09-03</day><area>rs-south</area>"
    "<point></point><way>bg-rs</way><violence>{told}</violence>"
)


def send(actor: Actor, form: str, body: str, instance: str, deprecated: str = "") -> None:
    version = shipped(f"{form}.md").version
    xml = filled(
        instance_id=instance, deprecated=deprecated, form_id=form, version=version.version,
        body=body,
    )  # fmt: skip
    receive(actor, xml=xml, channel=Channel.DEVICE, now=NOW)


def test_a_filled_form_is_an_observation_once_and_its_edit_replaces_it(
    responder: Actor, point: Point
) -> None:
    first = COUNT.format(point="centre", people=20)
    send(responder, "flow_observation", first, "uuid:1")
    send(responder, "flow_observation", first, "uuid:1")
    row = Observation.objects.get()
    assert (row.point, row.people, row.children_alone, row.hours) == (point, 20, 2, 6.0)
    assert (row.way, row.day, row.unit) == ("bg-rs", date(2026, 9, 3), "border")
    send(responder, "flow_observation", COUNT.format(point="centre", people=25), "uuid:2", "uuid:1")
    standing = Observation.objects.filter(withdrawn_at=None)
    assert [row.people for row in standing] == [25] and Observation.objects.count() == 2


def test_a_form_from_an_unknown_point_is_not_lost(responder: Actor) -> None:
    send(responder, "flow_observation", COUNT.format(point="typo", people=20), "uuid:1")
    assert Observation.objects.get().point.code == "rs-south-unplaced"


def test_a_form_that_arrives_after_its_edit_is_not_counted(responder: Actor) -> None:
    edit, first = (COUNT.format(point="centre", people=n) for n in (25, 20))
    send(responder, "flow_observation", edit, "uuid:2", "uuid:1")
    send(responder, "flow_observation", first, "uuid:1")
    assert [row.people for row in Observation.objects.filter(withdrawn_at=None)] == [25]


def test_a_survey_is_added_up_and_no_row_stands_for_one_respondent(responder: Actor) -> None:
    answers = [("yes", "yes"), ("yes", "no"), ("yes", "not_said"), ("no", ""), ("yes", "yes")]
    for number, (asked, told) in enumerate(answers):
        send(responder, "flow_survey", SURVEY.format(asked=asked, told=told), f"uuid:{number}")
    row = Observation.objects.get(nature="survey")
    assert (row.people, row.violence, row.way) == (3, 2, "bg-rs")
    send(responder, "flow_survey", SURVEY.format(asked="yes", told="no"), "uuid:9", "uuid:0")
    row.refresh_from_db()
    assert (row.people, row.violence) == (3, 1), "an edit takes back what it edits"


def test_the_command_takes_files_in_and_prints_what_is_published(
    counted: Callable[..., Any], published: Callable[[str], int], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(["routes", "report"]) == 1
    file = tmp_path / "frontex.csv"
    file.write_text(
        "route,type,nationality,month,detections\nWestern Balkan Route,Land,SYR,2022-01,50\n"
        "Western Balkan Route,Land,SYR,2022-03,4\n", encoding="utf-8",
    )  # fmt: skip
    capsys.readouterr()
    for _again in range(2):
        assert main(["routes", "import", str(file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["rows"] == 2
    assert series.of("frontex:western-balkan").counts == (50, 0, 4)
    assert series.of("frontex:western-balkan:SYR").counts == (50, 0, 4)
    file.write_text(file.read_text() + "Western Balkan Route,Land,SYR,March,4\n")
    assert main(["routes", "import", str(file)]) == 2
    assert "row 4, month" in capsys.readouterr().err
    assert main(["routes", "import", str(tmp_path / "none.csv")]) == 2
    counted("2026-09-03", {"bg-rs": 200, "mk-rs": 4})
    published("2026-09")
    capsys.readouterr()
    assert main(["routes", "report", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    by_way = {line["way"]: line for line in report["ways"]}
    assert by_way["bg-rs"]["counted"] == 200
    assert by_way["mk-rs"]["counted"] is None and by_way["mk-rs"]["state"] == "hidden"
    assert main(["routes", "report", "--language", "sq"]) == 0
    assert "200" in capsys.readouterr().out
    assert main(["routes", "report", "--month", "2020-01"]) == 1


def test_the_command_takes_a_sheet_of_observations(
    point: Point, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "counts.csv"
    heading = "reference;point;day;way;people;hours\n"
    file.write_text(heading + "1;centre;3.9.2026;bg-rs;20;6\n2;centre;2026-09-04;;0;\n")
    assert main(["routes", "import", str(file), "--unit", "border", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"observations": 2, "known": 0}
    file.write_text(heading + "3;centre;3.9.2026;nowhere;20;25\n")
    assert main(["routes", "import", str(file)]) == 2
    said = capsys.readouterr().err
    assert "row 2, way" in said and "row 2, hours" in said
    file.write_text("number;place\n1;centre\n")
    assert main(["routes", "import", str(file)]) == 2
    assert "observations: reference, point, day, people" in capsys.readouterr().err
    assert Observation.objects.count() == 2


def test_the_interface_shows_what_the_pages_show_and_no_more(
    counted: Callable[..., Any], published: Callable[[str], int],
    acting: Callable[..., Actor], signed_in: Callable[..., Client],
) -> None:  # fmt: skip
    counted("2026-09-03", {"bg-rs": 200, "mk-rs": 4})
    published("2026-09")
    PublicCount.objects.create(
        publisher="iom", way="ba-hr", measure="deaths", period="2025-01", count=3
    )
    browser = signed_in(acting(Role.RETURN_OFFICER))
    assert browser.get("/api/v1/routes/months").json() == ["2026-09"]
    ways = browser.get("/api/v1/routes/months/2026-09").json()["ways"]
    by_way = {line["way"]: line for line in ways}
    assert by_way["bg-rs"]["counted"] == 200 and by_way["mk-rs"]["counted"] is None
    assert "iom:way:ba-hr" in browser.get("/api/v1/routes/series").json()
    one = browser.get("/api/v1/routes/series/one", {"code": "iom:way:ba-hr"}).json()
    assert one["counts"] == [None]
    for path in ("months/2026-10", "series/one?code=own:x", "series/one?code=observed:bg-rs"):
        assert browser.get(f"/api/v1/routes/{path}").status_code == 404, path
    assert Client().get("/api/v1/routes/months").status_code == 401


@pytest.mark.slow
def test_the_report_on_paper(
    counted: Callable[..., Any], published: Callable[[str], int], tmp_path: Path
) -> None:
    counted("2026-09-03", {"bg-rs": 200, "mk-rs": 4})
    published("2026-09")
    paper = tmp_path / "flows.pdf"
    assert main(["routes", "report", "--format", "pdf", "--out", str(paper)]) == 0
    assert paper.read_bytes().startswith(b"%PDF")
    assert main(["routes", "report", "--format", "pdf"]) == 2


def test_the_demo_shows_months_and_dangers(analyst: Actor) -> None:
    from mostovi.node.synthetic import routes

    made = routes.load(lambda _role: analyst, [], NOW, Random(7))
    assert made > 1000
    months = reading.periods(analyst)
    assert len(months) >= 12
    years = reading.dangers(analyst, network().ways)
    assert any(line.violence.per_cent for lines in years.values() for line in lines)
    assert not FlowCount.objects.filter(value__gt=0, value__lt=10).exists()


def test_a_node_without_an_analyst_has_no_flows_in_its_demo(db: None) -> None:
    from mostovi.node.synthetic import routes

    def nobody(_role: Role) -> Actor:
        raise LookupError

    assert routes.load(nobody, [], NOW, Random(7)) == 0


@pytest.mark.once
def test_no_address_of_flows_is_open_to_the_public(db: None) -> None:
    for path in ("/routes/", "/routes/flows.csv", "/routes/ways/bg-rs/", "/routes/fine/"):
        assert Client().get(path).status_code == 302, path
