# SPDX-License-Identifier: EUPL-1.2
"""The person's own file (R8): the entrance, what is seen, what can be done, what staff answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from mostovi.people import codes, consenting, disclosures, keeping, sharing
from mostovi.people import services as people
from mostovi.people.disclosures import Disclosure
from mostovi.people.models import Consent, Person
from mostovi.portal import entrance, services
from mostovi.portal.deadlines import Period
from mostovi.portal.models import OwnFileRequest
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.models import AuditEntry
from mostovi.rights.roles import Role
from mostovi.rights.vault import vault

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def only_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cases and exchange registered stays out; these tests are about the file alone."""
    monkeypatch.setattr(disclosures, "_sources", [])
    monkeypatch.setattr(keeping, "_sources", [])
    monkeypatch.setattr(keeping, "_erasers", [])
    monkeypatch.setattr(sharing, "_receivers", [lambda: [sharing.Receiver("ba", "Sarajevo")]])
    monkeypatch.setattr(sharing, "_profiles", [])


@pytest.fixture
def worker(acting: Callable[..., Actor]) -> Actor:
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def person(worker: Actor) -> Person:
    return people.register(
        worker,
        single={"birth": {"precision": "year", "year": 1990}, "languages": ["ar"]},
        names=[{"parts": [["given", "ليلى"], ["family", "حداد"]]}],
        contacts=[{"kind": "phone", "value": "+382 67 000 001", "safe": "no"}],
    )


@pytest.fixture
def consent(worker: Actor, person: Person) -> Consent:
    return consenting.give(
        worker, person, purpose="protection", receiver="ba", fields=["names"], language="ar",
        means="oral", expires_at=timezone.now() + timedelta(days=30),
    )  # fmt: skip


@pytest.fixture
def inside(worker: Actor, person: Person) -> Client:
    """A browser in which the person has opened their file."""
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.cookies["mostovi_me_language"] = "en"
    code = people.issue_printed_code(worker, person)
    answer = client.post("/my-file/", {"code": code.lower().replace("-", " ")})
    assert answer["Location"] == "/my-file/file/", answer.content.decode()
    return client


# --- The entrance ------------------------------------------------------------------------------


def test_wrong_stopped_and_absent_codes_get_the_same_answer(person: Person, worker: Actor) -> None:
    stopped = people.issue_printed_code(worker, person)
    people.revoke_printed_code(worker, person)
    mistyped = stopped[:-1] + ("0" if stopped[-1] != "0" else "1")
    answers = []
    for typed in (stopped, mistyped, codes.new_printed_code(), "nonsense"):
        answer = Client().post("/my-file/", {"code": typed})
        assert answer.status_code == 422
        page = answer.content.decode().replace(typed, "")
        answers.append(re.sub(r'(nonce|value)="[^"]*"', "", page))
    assert len(set(answers)) == 1
    refused = AuditEntry.objects.filter(tag=AuditTag.OWN_FILE_REFUSED)
    assert refused.count() == 4 and {entry.handle for entry in refused} == {""}


def test_many_wrong_codes_close_the_entrance_also_to_the_right_one(
    person: Person, worker: Actor
) -> None:
    code = people.issue_printed_code(worker, person)
    for _ in range(entrance.TRIES):
        assert Client().post("/my-file/", {"code": codes.new_printed_code()}).status_code == 422
    locked = Client().post("/my-file/", {"code": code})
    assert locked.status_code == 429
    elsewhere = Client(REMOTE_ADDR="10.1.2.3").post("/my-file/", {"code": code})
    assert elsewhere.status_code == 302


def test_without_a_code_every_page_leads_to_the_entrance(consent: Consent) -> None:
    for path in ("file/", f"file/consents/{consent.pk}/withdraw/", "file/ask/complaint/"):
        assert Client().get(f"/my-file/{path}")["Location"] == "/my-file/"
    assert Client().post("/my-file/file/copy.json")["Location"] == "/my-file/"


def test_a_visit_ends_after_a_quarter_of_an_hour(
    inside: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert inside.get("/my-file/file/").status_code == 200
    later = timezone.now() + timedelta(minutes=16)
    monkeypatch.setattr(entrance.timezone, "now", lambda: later)
    assert inside.get("/my-file/file/")["Location"] == "/my-file/"


def test_a_stopped_code_ends_the_visit_at_once(
    inside: Client, worker: Actor, person: Person
) -> None:
    people.revoke_printed_code(worker, person)
    assert inside.get("/my-file/file/")["Location"] == "/my-file/"


def test_the_quick_exit_closes_the_file_and_leads_away(inside: Client) -> None:
    answer = inside.get("/my-file/exit/")
    assert answer.status_code == 302 and not answer["Location"].startswith("/")
    assert inside.get("/my-file/file/")["Location"] == "/my-file/"


def test_pages_are_light_and_ask_nobody_else(inside: Client) -> None:
    for address in ("/my-file/", "/my-file/file/", "/my-file/file/ask/erasure/"):
        answer = inside.get(address)
        page = answer.content.decode()
        assert len(answer.content) < 40_000
        assert "no-store" in answer["Cache-Control"]
        assert not re.search(r'(src|href)="(https?:)?//', page)


# --- What is seen ------------------------------------------------------------------------------


def test_the_file_shows_what_is_held_and_to_whom_it_went(
    inside: Client, consent: Consent, person: Person, worker: Actor, monkeypatch: Any
) -> None:
    sent = Disclosure("ba", timezone.now(), "protection", ["names"], "consent")
    monkeypatch.setattr(disclosures, "_sources", [lambda subject: [sent]])
    people.read(worker, person)
    page = inside.get("/my-file/file/").content.decode()
    for shown in ("ليلى حداد", "+382 67 000 001", "Sarajevo", "Your names", "Social worker"):
        assert shown in page
    assert AuditEntry.objects.filter(tag=AuditTag.OWN_FILE_OPENED, handle=person.handle).exists()


def test_the_pages_speak_the_persons_language(worker: Actor, person: Person) -> None:
    client = Client()
    client.post("/my-file/", {"code": people.issue_printed_code(worker, person)})
    page = client.get("/my-file/file/").content.decode()
    assert '<html lang="ar" dir="rtl"' in page


def test_nobody_elses_file_is_reached(inside: Client, worker: Actor, consent: Consent) -> None:
    other = people.register(worker)
    theirs = consenting.refuse(worker, other, purpose="protection", receiver="ba", fields=["names"])
    answer = inside.post(f"/my-file/file/consents/{theirs.pk}/withdraw/")
    assert answer.status_code == 404
    assert inside.get(f"/people/{other.code}/").status_code == 302


def test_the_copy_holds_everything(inside: Client, person: Person, consent: Consent) -> None:
    services.ask(person, kind="complaint", words="rude")
    copy = json.loads(inside.post("/my-file/file/copy.json").content)
    assert copy["held"]["contacts"][0]["value"] == "+382 67 000 001"
    assert copy["consents"][0]["receiver"] == "ba"
    assert copy["elsewhere"]["own_file_requests"][0]["words"] == "rude"


# --- What can be done --------------------------------------------------------------------------


def test_withdrawing_takes_effect_at_once(
    inside: Client, consent: Consent, person: Person, monkeypatch: Any
) -> None:
    told: list[Consent] = []
    from mostovi.people import consent_listeners

    monkeypatch.setattr(consent_listeners, "_listeners", [lambda row, event: told.append(row)])
    address = f"/my-file/file/consents/{consent.pk}/withdraw/"
    assert "nothing more about you is shared" in inside.get(address).content.decode()
    inside.post(address)
    found = consenting.permission_for(person, "protection", "ba", ["names"], timezone.now())
    assert not found.allowed and told == [consent]
    assert "Withdrawn" in inside.get("/my-file/file/").content.decode()
    inside.post(address)
    assert told == [consent]


def test_a_correction_reaches_those_who_may_change_the_file(
    inside: Client, person: Person, signed_in: Callable[..., Client], acting: Any
) -> None:
    answer = inside.post("/my-file/file/ask/correction/", {"words": " "})
    assert answer.status_code == 422
    inside.post("/my-file/file/ask/correction/", {"words": "My name is Leila."})
    row = OwnFileRequest.objects.get()
    assert b"Leila" not in bytes(row.sealed)
    assert row.due_at.date() > timezone.localdate() + timedelta(days=27)
    stranger = signed_in(acting(Role.SOCIAL_WORKER, unit="centre"))
    assert stranger.get(f"/my-file/corrections/{row.pk}/").status_code == 404
    staff = signed_in(acting(Role.SOCIAL_WORKER))
    page = staff.get(f"/my-file/corrections/{row.pk}/").content.decode()
    assert "My name is Leila." in page
    sent = {"outcome": "done", "words": "We changed it."}
    assert staff.post(f"/my-file/corrections/{row.pk}/", sent).status_code == 302
    assert "We changed it." in inside.get("/my-file/file/").content.decode()


def test_a_complaint_is_not_read_by_the_staff_it_is_about(
    inside: Client, person: Person, signed_in: Callable[..., Client], acting: Any
) -> None:
    inside.post("/my-file/file/ask/complaint/", {"words": "They shouted at me."})
    row = OwnFileRequest.objects.get()
    staff = signed_in(acting(Role.SOCIAL_WORKER))
    assert staff.get(f"/my-file/corrections/{row.pk}/").status_code == 404
    assert staff.get(f"/my-file/requests/{row.pk}/").status_code == 403
    officer = signed_in(acting(Role.DATA_PROTECTION_OFFICER))
    assert "They shouted at me." in officer.get(f"/my-file/requests/{row.pk}/").content.decode()
    assert officer.get(f"/people/{person.code}/").status_code == 403


def test_erasure_waits_while_a_duty_stands_then_erases(
    inside: Client,
    person: Person,
    signed_in: Callable[..., Client],
    acting: Any,
    monkeypatch: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    duties = [keeping.Duty("open_case", "Your case is open.", "law on social protection")]
    monkeypatch.setattr(keeping, "_sources", [lambda subject: duties])
    assert "Your case is open." in inside.get("/my-file/file/ask/erasure/").content.decode()
    inside.post("/my-file/file/ask/erasure/", {"words": ""})
    row = OwnFileRequest.objects.get()
    officer = signed_in(acting(Role.DATA_PROTECTION_OFFICER))
    address = f"/my-file/requests/{row.pk}/"
    sent = {"outcome": "done", "words": "Your file is erased."}
    assert officer.post(address, sent).status_code == 422
    row.refresh_from_db()
    assert row.settled_at is None and vault().holds(person.key_id)
    duties.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert officer.post(address, sent).status_code == 302
    assert not vault().holds(person.key_id)
    assert inside.get("/my-file/file/")["Location"] == "/my-file/"
    assert "cannot be read any more" in officer.get(address).content.decode()


def test_open_requests_wait_on_the_home_page(
    person: Person, signed_in: Callable[..., Client], acting: Any
) -> None:
    from mostovi.portal.today import waiting

    services.ask(person, kind="erasure", words="")
    services.ask(person, kind="correction", words="wrong")
    officer = acting(Role.DATA_PROTECTION_OFFICER)
    assert len(waiting(officer, timezone.now())) == 2
    staff = acting(Role.SOCIAL_WORKER)
    (line,) = waiting(staff, timezone.now())
    assert person.code in str(line.title) and line.due is not None
    assert waiting(acting(Role.SOCIAL_WORKER, unit="centre"), timezone.now()) == []


def test_too_many_open_requests_are_stopped_kindly(person: Person, inside: Client) -> None:
    for _ in range(services.MOST_OPEN):
        services.ask(person, kind="complaint", words="x")
    answer = inside.post("/my-file/file/ask/complaint/", {"words": "again"})
    assert answer.status_code == 422 and b"wait for the answers" in answer.content


@pytest.mark.parametrize(
    ("made", "months", "due"),
    [((2026, 1, 31), 1, (2026, 2, 28)), ((2026, 11, 24), 1, (2026, 12, 24)),
     ((2026, 12, 31), 2, (2027, 2, 28)), ((2027, 11, 30), 3, (2028, 2, 29))],
)  # fmt: skip
def test_a_period_of_months_ends_on_the_same_day_or_the_last(
    made: tuple[int, int, int], months: int, due: tuple[int, int, int]
) -> None:
    period = Period(months, "", False)
    assert period.end(datetime(*made, tzinfo=UTC)) == datetime(*due, tzinfo=UTC)
