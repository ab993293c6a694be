# SPDX-License-Identifier: EUPL-1.2
"""Findings as officers meet them: made on arrival, explained, decided on, on the command line."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

import pytest
from django.core.cache import cache
from django.test import Client

from mostovi.node import accounts
from mostovi.node.models import Account
from mostovi.rights.access import Actor, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.vault import vault
from mostovi.screening import finding_commands, finding_services
from mostovi.screening.finding_services import (
    FindingsRead,
    NextStep,
    ReasonsMissing,
    decide,
    find,
    read_findings,
)
from mostovi.screening.indicator_files import IndicatorSetInvalid, Problem, indicator_set
from mostovi.screening.indicators import Reach
from mostovi.screening.initialise import initialise
from mostovi.screening.models import Finding, FindingDecision, FormVersion, Submission
from mostovi.screening.scoring import Outcome, score
from mostovi.screening.submission_services import Channel, adopt, receive

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
EXPLOITED = {
    "session/consent_to_ask": "yes",
    "person/age_certainty": "child",
    "danger/controller_near": "yes",
    "parts": "",
    "exploitation/excessive_working_days_or_hours_work": "yes",
    "exploitation/low_or_no_salary_work": "yes",
    "exploitation/hazardous_work_work": "prefer_not_to_say",
    "exploitation/how_known_exploitation": "stated document",
}
Step = FindingDecision.Step
PASSWORD = "four quiet bridges stand"


@pytest.fixture
def forms(db: None) -> None:
    initialise()


@pytest.fixture
def responder(acting: Callable[..., Actor]) -> Actor:
    return acting(Role.FIRST_RESPONDER)


def instance(form_id: str, answers: dict[str, str]) -> bytes:
    """A filled form as the browser or Collect sends it."""
    version = FormVersion.objects.get(form__form_id=form_id).version
    tree: dict[str, Any] = {}
    for path, value in answers.items():
        *groups, name = path.split("/")
        inside = tree
        for group in groups:
            inside = inside.setdefault(group, {})
        inside[name] = value
    return (
        f'<data id="{form_id}" version="{version}">{_xml(tree)}'
        f"<meta><instanceID>uuid:{uuid4()}</instanceID></meta></data>"
    ).encode()


def _xml(tree: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{_xml(value) if isinstance(value, dict) else escape(value)}</{name}>"
        for name, value in tree.items()
    )


def sent(
    actor: Actor, answers: dict[str, str], form_id: str = "screening_trafficking"
) -> Submission:
    return receive(
        actor, xml=instance(form_id, answers), channel=Channel.BROWSER, now=NOW
    ).submission


def only(read: FindingsRead) -> finding_services.FindingRead:
    (found,) = read.newest
    return found


# --- services -------------------------------------------------------------------------------


def test_loading_the_shipped_forms_twice_changes_nothing(forms: None) -> None:
    before = list(FormVersion.objects.values_list("form__form_id", "version", "md5"))
    initialise()
    assert list(FormVersion.objects.values_list("form__form_id", "version", "md5")) == before
    assert {form for form, _, _ in before} == {
        "flow_observation", "flow_survey", "screening_first_contact", "screening_trafficking",
    }  # fmt: skip
    assert all(version.changes == [] for version in FormVersion.objects.all())


def test_a_complete_submission_has_its_finding_at_once(forms: None, responder: Actor) -> None:
    found = only(read_findings(responder, sent(responder, EXPLOITED).pk))
    assert found.result.outcome is Outcome.REFER
    assert found.result.danger.reach is Reach.REACHED
    assert found.result.classification == "child_exploitation"
    assert found.result.dimension("exploitation").how_known == ("stated", "document")
    assert found.explanation is not None


def test_what_was_declined_stays_declined_all_the_way(forms: None, responder: Actor) -> None:
    found = only(read_findings(responder, sent(responder, EXPLOITED).pk))
    answers = {item.path: item.answer for item in found.result.dimension("exploitation").indicators}
    assert answers["exploitation/hazardous_work_work"] == "declined"
    assert answers["exploitation/bad_living_conditions_work"] == "not_asked"


def test_first_contact_gets_the_vulnerability_set(forms: None, responder: Actor) -> None:
    answers = {
        "session/consent_to_ask": "yes", "session/speaks_best": "ps",
        "person/age_certainty": "not_certain", "journey/travels_with": "alone",
    }  # fmt: skip
    submission = sent(responder, answers, "screening_first_contact")
    found = only(read_findings(responder, submission.pk))
    assert found.finding.set_name == "vulnerability"
    assert found.result.interactions == ("child_alone",)
    again = sent(responder, {**answers, "session/speaks_best": "sq"}, "screening_first_contact")
    other = only(read_findings(responder, again.pk))
    assert other.result.to_json() == found.result.to_json()


def test_finding_again_repeats_nothing(forms: None, responder: Actor) -> None:
    submission = sent(responder, EXPLOITED)
    first = Finding.objects.get()
    assert find(responder, submission, now=NOW + timedelta(days=3)) == [first]
    assert Finding.objects.count() == 1


def test_a_broken_indicator_set_never_costs_a_submission(
    forms: None, responder: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(form: str) -> tuple[()]:
        raise IndicatorSetInvalid([Problem("trafficking.yaml", 3, "broken")])

    with monkeypatch.context() as patched:
        patched.setattr(finding_services, "sets_for_form", broken)
        submission = sent(responder, EXPLOITED)
    assert submission.complete
    assert read_findings(responder, submission.pk).newest == ()
    assert len(find(responder, submission)) == 1


def test_the_finding_lies_encrypted_and_the_log_holds_no_answers(
    forms: None, responder: Actor
) -> None:
    sent(responder, EXPLOITED)
    row = Finding.objects.get()
    assert b"child_exploitation" not in bytes(row.sealed)
    assert row.values()["classification"] == "child_exploitation"
    entry = AuditEntry.objects.get(tag=AuditTag.FINDING_MADE.value)
    assert "exploitation" not in entry.detail
    assert json.loads(entry.detail) == {"set": "trafficking", "version": "2026.11"}


def test_erasing_the_submission_erases_the_finding(forms: None, responder: Actor) -> None:
    submission = sent(responder, EXPLOITED)
    vault().destroy(submission.key_id)
    assert read_findings(responder, submission.pk).newest == ()


def test_a_finding_moves_to_the_persons_key_with_its_submission(
    forms: None, responder: Actor
) -> None:
    submission = sent(responder, EXPLOITED)
    decide(
        responder, Finding.objects.get(), step=Step.REFER, reasons="The child works at night.",
        officer="Mira", now=NOW,
    )  # fmt: skip
    submission.refresh_from_db()
    key = vault().new_key()
    adopt(responder, submission=submission, key_id=key)
    found = only(read_findings(responder, submission.pk))
    assert found.finding.key_id == key
    assert found.decisions[0].reasons == "The child works at night."
    vault().destroy(key)
    assert read_findings(responder, submission.pk).newest == ()


def test_a_decision_needs_reasons_and_is_only_added_to(forms: None, responder: Actor) -> None:
    sent(responder, EXPLOITED)
    finding = Finding.objects.get()
    with pytest.raises(ReasonsMissing):
        decide(responder, finding, step=Step.REFER, reasons="  ok  ", officer="Mira", now=NOW)
    assert not FindingDecision.objects.exists()
    first = decide(
        responder, finding, step=Step.KEEP_OBSERVING, reasons="We will speak again tomorrow.",
        officer="Mira", now=NOW,
    )  # fmt: skip
    decide(
        responder, finding, step=Step.REFER, reasons="She asked for a doctor and a lawyer.",
        officer="Mira", now=NOW + timedelta(days=1),
    )  # fmt: skip
    steps = [d.step for d in only(read_findings(responder, finding.submission_id)).decisions]
    assert steps == [Step.KEEP_OBSERVING, Step.REFER]
    with pytest.raises(TypeError):
        first.save()
    with pytest.raises(TypeError):
        first.delete()
    with pytest.raises(TypeError):
        finding.save(update_fields=["set_version"])


def test_nothing_follows_from_a_finding_by_itself(forms: None, responder: Actor) -> None:
    submission = sent(responder, EXPLOITED)
    before = Submission.objects.values().get(pk=submission.pk)
    find(responder, submission)
    assert Submission.objects.values().get(pk=submission.pk) == before
    assert not FindingDecision.objects.exists()


@pytest.mark.parametrize(
    "role",
    [Role.ADMINISTRATOR, Role.RETURN_OFFICER, Role.INVESTIGATOR, Role.ANALYST, Role.STATISTICIAN],
)
def test_other_roles_are_refused(
    forms: None, responder: Actor, acting: Callable[..., Actor], role: Role
) -> None:
    submission = sent(responder, EXPLOITED)
    outsider = acting(role)
    with pytest.raises(Refused):
        read_findings(outsider, submission.pk)
    with pytest.raises(Refused):
        find(outsider, submission)
    with pytest.raises(Refused):
        decide(
            outsider, Finding.objects.get(), step=Step.REFER, reasons="Because I say so.",
            officer="X", now=NOW,
        )  # fmt: skip


def test_another_units_submission_is_as_if_not_there(
    forms: None, responder: Actor, acting: Callable[..., Actor]
) -> None:
    submission = sent(responder, EXPLOITED)
    elsewhere = acting(Role.FIRST_RESPONDER, unit="centre")
    for attempt in (
        lambda: read_findings(elsewhere, submission.pk),
        lambda: find(elsewhere, submission),
        lambda: read_findings(elsewhere, uuid4()),
    ):
        with pytest.raises(Submission.DoesNotExist):
            attempt()


# --- pages ----------------------------------------------------------------------------------


@pytest.fixture
def browser(forms: None) -> tuple[Client, Account]:
    node = Actor.system(Purpose.GOVERNANCE)
    account = accounts.create_account(node, username="mira", display_name="Mira Marić")
    accounts.grant_role(node, account, role=Role.FIRST_RESPONDER, unit="border")
    account.set_password(PASSWORD)
    account.save()
    cache.clear()
    client = Client()
    answer = client.post("/accounts/login/", {"login": "mira", "password": PASSWORD})
    assert answer.status_code == 302
    return client, account


def finding_url(account: Account, answers: dict[str, str] = EXPLOITED, **options: str) -> str:
    actor = Actor(account.pk, Role.FIRST_RESPONDER, Purpose.PROTECTION, "border")
    return f"/screening/submissions/{sent(actor, answers, **options).pk}/finding/"


def test_the_page_says_danger_first_then_the_sentence_then_the_rest(
    browser: tuple[Client, Account],
) -> None:
    client, account = browser
    text = client.get(finding_url(account)).content.decode()
    order = [
        "In danger now",
        "There are reasonable grounds to refer this person",
        "Children, labour exploitation",
        "Ask next",
        "By dimension",
        "1 yes, 0 open",
        "Low or no salary",
        "Left out on purpose",
        "ILO and European Commission",
        "Record the decision",
    ]
    places = [text.find(words) for words in order]
    assert -1 not in places, dict(zip(order, places, strict=True))
    assert places == sorted(places)
    assert "Mira Marić" in text
    assert "Not yet checked" in text
    assert "not yet checked in the source" in text


def test_the_page_never_scores_or_clears_a_person(browser: tuple[Client, Account]) -> None:
    client, account = browser
    asked = (item.reading.question.path for item in indicator_set("trafficking").indicators)
    all_no = {**dict.fromkeys(asked, "no"), "person/age_certainty": "adult"}
    text = client.get(finding_url(account, all_no)).content.decode().lower()
    assert "nothing was found in what was asked" in text
    assert "this does not mean that nothing happened" in text
    for words in ("not a victim", "score", "risk level", "points", "percent"):
        assert words not in text


def test_the_page_works_without_scripts_and_is_light(browser: tuple[Client, Account]) -> None:
    client, account = browser
    answer = client.get(finding_url(account))
    text = answer.content.decode()
    assert len(answer.content) < 150_000
    assert text.count("<details") >= 7
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\sstyle=", text)
    assert text.count("<h1>") == 1


@pytest.mark.parametrize(("language", "words"), [("ar", "استغلال"), ("sr", "Експлоатација")])
def test_the_page_speaks_the_readers_language_and_marks_it(
    browser: tuple[Client, Account], language: str, words: str
) -> None:
    client, account = browser
    client.post("/language/", {"language": language})
    text = client.get(finding_url(account)).content.decode()
    assert words in text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in text
    assert 'class="unreviewed"' in text


def test_a_decision_is_recorded_by_the_named_officer(browser: tuple[Client, Account]) -> None:
    client, account = browser
    url = finding_url(account)
    finding = Finding.objects.get()
    target = f"{url}{finding.pk}/decide/"
    answer = client.post(
        target, {"trafficking-step": "refer", "trafficking-reasons": "Works at night, no pay."}
    )
    assert answer.status_code == 302
    text = client.get(url).content.decode()
    assert "Works at night, no pay." in text
    assert FindingDecision.objects.get().officer == account.pk


def test_a_decision_without_reasons_keeps_what_was_typed_and_says_what_to_do(
    browser: tuple[Client, Account],
) -> None:
    client, account = browser
    url = finding_url(account)
    target = f"{url}{Finding.objects.get().pk}/decide/"
    answer = client.post(target, {"trafficking-step": "refer", "trafficking-reasons": "short"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Write why in a sentence that a colleague understands." in text
    assert ">\nshort</textarea>" in text
    assert re.search(r'value="refer"[^>]*checked', text)
    assert not FindingDecision.objects.exists()


def test_a_decision_on_another_submissions_finding_is_not_found(
    browser: tuple[Client, Account],
) -> None:
    client, account = browser
    first, second = finding_url(account), finding_url(account)
    of_second = Finding.objects.order_by("created_at").last()
    assert of_second is not None
    assert str(of_second.submission_id) in second
    answer = client.post(
        f"{first}{of_second.pk}/decide/",
        {"trafficking-step": "refer", "trafficking-reasons": "Works at night, no pay."},
    )
    assert answer.status_code == 404


def test_not_there_and_not_allowed_look_the_same(
    browser: tuple[Client, Account], acting: Callable[..., Actor]
) -> None:
    client, _ = browser
    theirs = sent(acting(Role.FIRST_RESPONDER, unit="centre"), EXPLOITED)
    hidden = client.get(f"/screening/submissions/{theirs.pk}/finding/")
    missing = client.get(f"/screening/submissions/{uuid4()}/finding/")
    assert hidden.status_code == missing.status_code == 404
    blank = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|nonce=\"[^\"]*\"|value=\"[^\"]{64}\"")
    assert blank.sub("", hidden.content.decode()) == blank.sub("", missing.content.decode())


def test_other_packages_offer_the_next_step(
    browser: tuple[Client, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, account = browser
    monkeypatch.setattr(
        finding_services,
        "_offers",
        [lambda actor, submission: NextStep("Open a case", "/cases/new/"), lambda *_: None],
    )
    text = client.get(finding_url(account)).content.decode()
    assert '<a class="btn btn-primary" href="/cases/new/">Open a case</a>' in text


# --- command line ---------------------------------------------------------------------------


def run(*arguments: str) -> int:
    parser = ArgumentParser()
    finding_commands.register(parser.add_subparsers())
    options = parser.parse_args(["screen", *arguments])
    status: int = options.handler(options)
    return status


def test_the_command_explains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(EXPLOITED), encoding="utf-8")
    assert run(str(file), "--set", "trafficking", "--on", "2026-11-24") == 1
    out = capsys.readouterr().out
    assert out.startswith("!! IN DANGER NOW")
    assert "Yes: Low or no salary, Medium  [exploitation/low_or_no_salary_work]" in out
    assert "reasonable grounds to refer" in out


def test_the_command_gives_json_and_the_same_finding_as_the_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answers.json"
    nested = {"person": {"age_certainty": "adult"}, "exploitation": {"hazardous_work_work": None}}
    file.write_text(json.dumps({"answers": nested}), encoding="utf-8")
    assert run(str(file), "--set", "trafficking", "--json", "--language", "mk") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["outcome"] == score(indicator_set("trafficking"), nested, NOW.date()).outcome
    assert [d["reach"] for d in said["dimensions"]] == ["could_be"] * 6
    assert said["language_reviewed"] is False
    assert said["ask_next"][0]["decides"] == "danger"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "answers.json:1: not JSON"),
        (b"[1]", "must be one JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_bad_input_is_named_and_status_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    file = tmp_path / "answers.json"
    file.write_bytes(content)
    assert run(str(file), "--set", "trafficking") == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.out == ""


def test_an_unknown_set_and_a_missing_file_are_bad_input(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("nowhere.json", "--set", "trafficking") == 2
    assert run("nowhere.json", "--set", "wealth") == 2
    err = capsys.readouterr().err
    assert "nowhere.json: cannot be read" in err
    assert "there are: trafficking, vulnerability" in err


def test_answers_to_no_question_are_named_never_their_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"person/nationality": "secret"}), encoding="utf-8")
    assert run(str(file), "--set", "trafficking") == 0
    captured = capsys.readouterr()
    assert "person/nationality" in captured.err
    assert "secret" not in captured.err + captured.out


# --- versions -------------------------------------------------------------------------------


def test_an_edited_or_missing_set_is_reported_and_shown(
    browser: tuple[Client, Account],
) -> None:
    from mostovi.screening.checks import check

    client, account = browser
    url = finding_url(account)
    assert check() == []
    Finding.objects.update(set_digest="0" * 64)
    assert "edited" in check()[0].what
    assert "edited after this finding" in client.get(url).content.decode()
    Finding.objects.update(set_version="2001.1")
    assert "version 2001.1, which is not here" in check()[0].what
    text = client.get(url).content.decode()
    assert "no longer holds" in text
