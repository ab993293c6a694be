# SPDX-License-Identifier: EUPL-1.2
"""What a reader meets: pages, tags, the home-page line, the command, the check."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import translation
from django.utils.html import escape

from mostovi.procedures import checks, commands, gates, library, presentation, services, views
from mostovi.procedures.models import Definition, Instance
from mostovi.procedures.state import GateAnswer, Reason, Why
from mostovi.procedures.waiting import Urgency, Waiting, in_order
from mostovi.rights.access import Actor
from mostovi.rights.doors import door_of
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def running(db: None) -> Instance:
    """A referral that the sender has sent."""
    actor = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION)
    open_gate = {"consent_in_force": GateAnswer(True)}
    instance = services.start(actor, code="referral", side="sender", subject=uuid4(), at=NOW)
    services.apply(actor, instance=instance, verb="record_consent", at=NOW, gates=open_gate)
    services.apply(actor, instance=instance, verb="send", at=NOW, gates=open_gate)
    return instance


def page(view: Any, **arguments: str) -> Any:
    request = RequestFactory().get("/procedures/")
    request.actor = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION)  # type: ignore[attr-defined]
    return view(request, **arguments)


def render(text: str, **values: Any) -> str:
    return Template("{% load procedures %}" + text).render(Context(values))


def test_the_tag_draws_the_running_referral_and_says_it_in_words(running: Instance) -> None:
    shown = render("{% procedure_drawing instance %}", instance=running)
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in shown
    assert 'aria-current="step"' in shown
    assert "Now here" in shown and "Still to come" in shown


def test_the_tag_is_mirrored_in_arabic(running: Instance) -> None:
    with translation.override("ar"):
        shown = render("{% procedure_drawing instance %}", instance=running)
    assert 'direction="rtl"' in shown and "أُرسلت" in shown


def test_deadlines_are_shown_with_their_source(running: Instance) -> None:
    shown = render("{% procedure_deadlines instance %}", instance=running)
    assert "Confirm receipt" in shown
    assert "working value, not from a law" in shown


def test_a_text_in_another_language_says_so() -> None:
    with translation.override("sq"):
        shown = render("{% in_my_language texts %}", texts={"en": "Only <English>"})
    assert shown == '<span lang="en" dir="auto">Only &lt;English&gt;</span>'


def test_the_drawing_needs_one_query(running: Instance, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        presentation.drawing_of_instance(running)


def test_a_deadline_on_the_home_page(running: Instance) -> None:
    deadline = services.live_deadlines(Purpose.PROTECTION).get()
    line = presentation.as_waiting(deadline, title="ME-1234", url="/x/", now=NOW)
    assert line.urgency(NOW) is Urgency.SOON
    late = presentation.as_waiting(
        deadline, title="ME-1234", url="/x/", now=NOW + timedelta(days=3)
    )
    assert "has passed" in str(late.why) and line.due == deadline.due


def test_home_lines_are_in_order_of_urgency() -> None:
    def line(title: str, due: datetime | None) -> Waiting:
        return Waiting(title, "", "/", due)

    lines = [
        line("new", None),
        line("later", NOW + timedelta(days=9)),
        line("overdue", NOW - timedelta(days=1)),
        line("soon", NOW + timedelta(days=1)),
        line("long overdue", NOW - timedelta(days=8)),
        line("newer", None),
    ]
    assert [w.title for w in in_order(lines, NOW)] == [
        "long overdue", "overdue", "soon", "later", "new", "newer",
    ]  # fmt: skip


@pytest.mark.parametrize("why", list(Why))
def test_every_reason_has_words(why: Why) -> None:
    about = {
        Why.GATE_CLOSED: "consent_in_force",
        Why.OTHER_SIDE: "receiver",
        Why.ROLE: "social_worker, guardian",
        Why.WRONG_STATE: "draft",
        Why.DOCUMENT_MISSING: "assessment",
    }.get(why, "")
    code = "case" if why is Why.DOCUMENT_MISSING else "referral"
    said = presentation.reason_words(library.current(code).procedure, Reason(why, about, "Why."))
    assert len(said) > 10 and about not in said.split()


@pytest.mark.django_db
def test_downloads() -> None:
    svg = page(views.procedure_svg, code="referral")
    assert svg["Content-Type"].startswith("image/svg+xml")
    assert b"<svg" in svg.content
    bpmn = page(views.procedure_bpmn, code="referral")
    assert 'filename="referral.bpmn"' in bpmn["Content-Disposition"]
    assert b"<bpmn:definitions" in bpmn.content


@pytest.mark.django_db
def test_an_unknown_procedure_is_not_found() -> None:
    from django.http import Http404

    with pytest.raises(Http404):
        page(views.procedure_detail, code="nothing")


def test_every_page_has_a_door() -> None:
    from django.urls import resolve

    for address in ("", "referral/", "referral/drawing.svg", "referral/procedure.bpmn"):
        door = door_of(resolve(f"/procedures/{address}"))
        assert door is not None and door.opens_to == "staff"


@pytest.mark.django_db
def test_nobody_comes_in_without_signing_in() -> None:
    answer = Client().get("/procedures/")
    assert answer.status_code == 302 and "login" in answer["Location"]


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers())
    options = parser.parse_args(["procedures", *arguments])
    return int(options.handler(options))


def test_the_command_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json") == 0
    rows = {row["code"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["referral"]["review"] == "unreviewed"
    assert {"case", "referral"} <= set(rows)


@pytest.mark.parametrize("form", ["svg", "bpmn"])
def test_the_command_exports(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"referral.{form}"
    assert run("export", "referral", "--format", form, "--out", str(out)) == 0
    assert out.read_text(encoding="utf-8").lstrip().startswith("<")
    assert run("export", "nothing", "--format", form) == 2
    assert "there is no procedure 'nothing'" in capsys.readouterr().err


def test_the_command_checks_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "referral.yaml"
    good.write_text(library.current("referral").text, encoding="utf-8")
    assert run("check", str(good)) == 0
    bad = tmp_path / "bad.yaml"
    bad.write_text("code: bad\n", encoding="utf-8")
    assert run("check", str(bad)) == 1
    assert "bad.yaml:1: procedure: 'states' is missing" in capsys.readouterr().err
    assert run("check", str(tmp_path / "none.yaml")) == 2


@pytest.mark.django_db
def test_the_check_names_gates_and_edited_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "_predicates", {})
    version = library.current("case").procedure.version
    Definition.objects.create(
        code="case", version=version, text="x", digest="0" * 64, first_used_at=NOW
    )
    codes = [problem.code for problem in checks.check()]
    assert "procedures.gate" in codes and "procedures.version" in codes
    for file in library.shipped().values():
        for gate in file.procedure.gates:
            gates.register(file.procedure.code, gate, lambda instance, now: GateAnswer(True))
    assert [problem.code for problem in checks.check()] == ["procedures.version"]


@pytest.fixture
def reader(signed_in: Any) -> Client:
    """A social worker who has signed in."""
    return signed_in(Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION, "border"))


@pytest.mark.parametrize("language", ["en", "sq", "bs", "sr", "mk", "ar"])
def test_the_pages_in_every_language(reader: Client, language: str) -> None:
    reader.cookies["django_language"] = language
    listed = reader.get("/procedures/", headers={"accept-language": language})
    assert listed.status_code == 200
    for code in library.shipped():
        shown = reader.get(f"/procedures/{code}/", headers={"accept-language": language})
        assert shown.status_code == 200
        assert b"<svg" in shown.content and b"style=" not in shown.content
        assert len(shown.content) < 150_000
        for clock in library.current(code).procedure.clocks.values():
            assert escape(clock.citation) in shown.content.decode()


def test_the_page_says_what_nobody_has_checked(reader: Client) -> None:
    shown = reader.get("/procedures/referral/").content.decode()
    assert "Not yet checked" in shown
    assert "not yet checked against the text" in shown
    assert "working value, not from a law" in shown


def test_the_downloads_through_the_door(reader: Client) -> None:
    for name, kind in (("drawing.svg", "image/svg+xml"), ("procedure.bpmn", "application/xml")):
        answer = reader.get(f"/procedures/case/{name}")
        assert answer.status_code == 200 and answer["Content-Type"].startswith(kind)
    assert reader.get("/procedures/nothing/").status_code == 404
    assert reader.post("/procedures/").status_code in {403, 405}


def test_the_list_and_a_file_need_few_statements(
    reader: Client, django_assert_max_num_queries: Any
) -> None:
    for address in ("/procedures/", "/procedures/referral/"):
        with django_assert_max_num_queries(12):
            reader.get(address)
