# SPDX-License-Identifier: EUPL-1.2
"""Pages of persons and consents, as staff use them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from mostovi.people import consenting, services
from mostovi.people.models import Conflict, Consent, Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]
NEW = {
    "name-TOTAL_FORMS": "2", "name-INITIAL_FORMS": "0",
    "name-0-given": "محمد", "name-0-family": "الحاج", "name-0-usage": "own",
    "name-0-order": "given_first",
    "name-1-given": "Muhamed", "name-1-family": "Hadžić", "name-1-usage": "document",
    "name-1-order": "family_first",
    "contact-TOTAL_FORMS": "1", "contact-INITIAL_FORMS": "0", "contact-0-kind": "phone",
    "contact-0-value": "+382 67 123 456", "contact-0-safe": "ask_first",
    "birth_precision": "estimated", "birth_year": "2001", "sex": "male", "language_1": "ar",
    "interpreter": "yes", "reading": "not_asked",
}  # fmt: skip


@pytest.fixture
def worker(browser: SignIn) -> Client:
    return browser(Role.SOCIAL_WORKER)


@pytest.fixture
def person(worker: Client) -> Person:
    answer = worker.post("/people/new/", NEW)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return Person.objects.get()


def hidden_of(page: str) -> dict[str, str]:
    """Every input of a page with its value, as a browser would send it back."""
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        kind = re.search(r'type="(\w+)"', tag)
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if not name or (kind and kind[1] in {"radio", "checkbox"} and "checked" not in tag):
            continue
        sent[name[1]] = value[1] if value else ""
    for name, inner in re.findall(r'<select name="([^"]*)".*?>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        sent[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(r'<textarea name="([^"]*)"[^>]*>(.*?)</textarea>', page, re.S):
        sent[name] = inner.strip()
    return sent


def test_registering_keeps_names_in_their_scripts(person: Person, worker: Client) -> None:
    page = worker.get(f"/people/{person.code}/").content.decode()
    assert '<bdi dir="rtl">محمد الحاج</bdi>' in page
    assert "Hadžić Muhamed" in page
    assert "Ask the person first" in page
    assert "tel:" not in page  # a number that may not be called is no link


def test_what_was_typed_survives_an_error(worker: Client) -> None:
    answer = worker.post("/people/new/", {**NEW, "birth_year": "94", "contact-0-value": "12"})
    page = answer.content.decode()
    assert answer.status_code == 422 and not Person.objects.exists()
    for typed in ("محمد", "Hadžić", 'value="94"', 'value="12"'):
        assert typed in page
    assert "four digits" in page and "at least five digits" in page
    assert 'href="#id_birth_year"' in page and 'href="#id_contact-0-value"' in page


def test_asking_for_another_row_stores_nothing_and_blames_nobody(worker: Client) -> None:
    answer = worker.post("/people/new/", {**NEW, "birth_year": "94", "more": "name"})
    page = answer.content.decode()
    assert answer.status_code == 200 and not Person.objects.exists()
    assert 'name="name-2-given"' in page and "error-summary" not in page


def test_after_registering_the_calling_page_goes_on(worker: Client) -> None:
    answer = worker.post("/people/new/", {**NEW, "next": "/cases/new/?submission=1"})
    code = Person.objects.get().code
    assert answer["Location"] == f"/cases/new/?submission=1&person={code}"
    answer = worker.post("/people/new/", {**NEW, "next": "https://elsewhere.example/"})
    assert answer["Location"].startswith("/people/")


def test_another_units_person_and_no_person_look_the_same(person: Person, browser: SignIn) -> None:
    stranger = browser(Role.SOCIAL_WORKER, "centre")
    absent = "ME-0000-0000"
    for path in ("", "edit/", "family/", "conflicts/", "history/sex/", "printed-code/",
                 "consents/", "consents/new/", f"consents/{uuid4()}/"):  # fmt: skip
        theirs = stranger.get(f"/people/{person.code}/{path}")
        nobodys = stranger.get(f"/people/{absent}/{path}")
        assert theirs.status_code == nobodys.status_code == 404
        strip = re.compile(rb'(nonce|csrf\w*|value)="[^"]*"|ME-[0-9A-Z-]+|:root\{[^}]*\}')
        assert strip.sub(b"", theirs.content) == strip.sub(b"", nobodys.content)


def test_editing_two_pages_of_the_same_state_shows_a_conflict(
    person: Person, worker: Client, browser: SignIn
) -> None:
    colleague = browser(Role.SOCIAL_WORKER)
    address = f"/people/{person.code}/edit/"
    mine = hidden_of(worker.get(address).content.decode())
    theirs = hidden_of(colleague.get(address).content.decode())
    answer = worker.post(address, {**mine, "notes": "needs insulin"})
    assert answer["Location"] == f"/people/{person.code}/"
    answer = colleague.post(address, {**theirs, "notes": "diabetes", "sex": "other"})
    assert answer["Location"] == f"/people/{person.code}/conflicts/"
    page = colleague.get(answer["Location"]).content.decode()
    for shown in ("needs insulin", "diabetes", "Test account"):
        assert shown in page
    conflict = Conflict.objects.get()
    settle = f"/people/{person.code}/conflicts/{conflict.pk}/"
    refused = colleague.post(settle, {"choice": "other", f"{conflict.pk}-reason": " "})
    assert refused.status_code == 422
    colleague.post(settle, {"choice": "other", f"{conflict.pk}-reason": "asked the person"})
    actor = colleague.actor  # type: ignore[attr-defined]
    held = services.read(actor, person)
    assert held.single["notes"] == "diabetes" and held.single["sex"] == "other"
    assert held.conflicts == []
    page = worker.get(f"/people/{person.code}/history/notes/").content.decode()
    assert "needs insulin" in page and "asked the person" in page


def test_sending_an_edit_twice_changes_once(person: Person, worker: Client) -> None:
    address = f"/people/{person.code}/edit/"
    form = hidden_of(worker.get(address).content.decode())
    form |= {"notes": "tall", "contact-TOTAL_FORMS": "2", "contact-1-kind": "email",
             "contact-1-value": "a@example.org", "contact-1-safe": "no"}  # fmt: skip
    worker.post(address, form)
    worker.post(address, form)
    held = services.read(worker.actor, person)  # type: ignore[attr-defined]
    assert held.version("notes") == 1
    assert [row.value["value"] for row in held.contacts] == ["+382 67 123 456", "a@example.org"]
    assert held.conflicts == []


def test_an_untouched_edit_changes_nothing(person: Person, worker: Client) -> None:
    address = f"/people/{person.code}/edit/"
    before = services.read(worker.actor, person)  # type: ignore[attr-defined]
    worker.post(address, hidden_of(worker.get(address).content.decode()))
    after = services.read(worker.actor, person)  # type: ignore[attr-defined]
    assert after.versions == before.versions and after.single == before.single


def test_family_is_added_and_taken_away(person: Person, worker: Client) -> None:
    address = f"/people/{person.code}/family/"
    form = hidden_of(worker.get(address).content.decode())
    form |= {
        "family-0-relation": "sibling", "family-0-name": "Amina",
        "family-0-travelling_together": "no", "family-0-whereabouts_known": "unknown",
    }  # fmt: skip
    worker.post(address, form)
    page = worker.get(f"/people/{person.code}/").content.decode()
    assert "Amina" in page and "Brother or sister" in page
    form = hidden_of(worker.get(address).content.decode())
    worker.post(address, {**form, "family-0-remove": "on"})
    assert "Amina" not in worker.get(f"/people/{person.code}/").content.decode()


def test_search_finds_by_script_and_says_so_when_nobody_is_found(
    person: Person, worker: Client
) -> None:
    for query in ("Хаџић", "mohammed", "067123456", person.code.lower()):
        assert person.code in worker.get("/people/", {"q": query}).content.decode()
    page = worker.get("/people/", {"q": "Nobody"}).content.decode()
    assert person.code not in page and "Try another spelling" in page


# --- Consent -----------------------------------------------------------------------------------


def terms(**more: Any) -> dict[str, Any]:
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    return {"receiver": "ba", "fields_chosen": ["names", "birth"], "language": "ar",
            "expires": day, **more}  # fmt: skip


def test_consent_is_read_in_the_persons_language_and_recorded(
    person: Person, worker: Client, neighbours: None
) -> None:
    base = f"/people/{person.code}/consents"
    page = worker.get(f"{base}/new/?receiver=ba&fields=names").content.decode()
    assert 'value="ba" selected' in page and "Centre in Sarajevo" in page
    page = worker.post(f"{base}/read/", terms()).content.decode()
    assert 'lang="ar" dir="rtl"' in page and "هل توافق؟" in page and "أسماؤك" in page
    assert not Consent.objects.exists()
    answer = worker.post(f"{base}/read/", terms(answer="yes", means="oral", next="/cases/"))
    assert answer["Location"] == "/cases/"
    consent = Consent.objects.get()
    found = consenting.permission_for(
        person, "protection", "ba", {"names", "birth"}, timezone.now()
    )
    assert found.allowed and found.source == str(consent.pk)
    page = worker.get(f"{base}/{consent.pk}/").content.decode()
    assert "In force" in page and "Withdraw now" in page
    assert "أسماؤك" in worker.get(f"{base}/{consent.pk}/sheet/").content.decode()
    worker.post(f"{base}/{consent.pk}/withdraw/", {"reason": ""})
    found = consenting.permission_for(person, "protection", "ba", {"names"}, timezone.now())
    assert not found.allowed


def test_a_childs_consent_asks_for_guardian_and_view(
    person: Person, worker: Client, neighbours: None
) -> None:
    actor: Actor = worker.actor  # type: ignore[attr-defined]
    doubt = {"precision": "estimated", "year": 2001, "doubted": True}
    services.change(actor, person, changes=[services.FieldChange("birth", 1, doubt, uuid4())])
    read = f"/people/{person.code}/consents/read/"
    answer = worker.post(read, terms(answer="yes", means="oral"))
    assert answer.status_code == 422
    assert 'href="#id_guardian_name"' in answer.content.decode()
    sent = terms(answer="yes", means="oral", guardian_name="Ana", child_view="I want to go")
    assert worker.post(read, sent).status_code == 302
    assert (
        b"I want to go"
        in worker.get(f"/people/{person.code}/consents/{Consent.objects.get().pk}/").content
    )


def test_an_override_needs_a_second_person(
    person: Person, worker: Client, browser: SignIn, neighbours: None
) -> None:
    base = f"/people/{person.code}/consents"
    sent = terms(duty="vital_interests", reason="Threatened with death by the people he fled from.")
    answer = worker.post(f"{base}/override/", sent)
    assert answer.status_code == 302, answer.content.decode()
    consent = Consent.objects.get()
    page = worker.get(f"{base}/{consent.pk}/").content.decode()
    assert "Somebody else must decide" in page and "Approve" not in page
    decision = {"decision": "approve", "reason": "The danger is real."}
    worker.post(f"{base}/{consent.pk}/decide/", decision)
    now = timezone.now()
    assert not consenting.permission_for(person, "protection", "ba", {"names"}, now).allowed
    second = browser(Role.ANTI_TRAFFICKING_COORDINATOR)
    assert person.code in second.get("/people/overrides/").content.decode()
    second.post(f"{base}/{consent.pk}/decide/", decision)
    found = consenting.permission_for(person, "protection", "ba", {"names"}, timezone.now())
    assert found.allowed and found.reason == "override"


def test_children_of_one_person_are_not_reached_through_another(
    person: Person, worker: Client, neighbours: None
) -> None:
    worker.post(f"/people/{person.code}/consents/read/", terms(answer="yes", means="oral"))
    consent = Consent.objects.get()
    other = services.register(worker.actor)  # type: ignore[attr-defined]
    for path, method in (("", "get"), ("sheet/", "get"), ("withdraw/", "post")):
        address = f"/people/{other.code}/consents/{consent.pk}/{path}"
        assert getattr(worker, method)(address).status_code == 404
    assert consenting.permission_for(person, "protection", "ba", {"names"}, timezone.now()).allowed


def test_the_printed_code_is_shown_once_and_stored_nowhere(person: Person, worker: Client) -> None:
    address = f"/people/{person.code}/printed-code/"
    assert worker.get(address).status_code == 200
    page = worker.post(address)
    code = re.search(r'<bdi dir="ltr">([0-9A-Z-]{19})</bdi>', page.content.decode())
    assert code and "<svg" in page.content.decode() and page["Cache-Control"] == "no-store"
    assert services.person_of_printed_code(code[1]) == person
    assert code[1] not in worker.get(f"/people/{person.code}/").content.decode()


def test_the_copy_is_a_file_to_take_along(person: Person, worker: Client) -> None:
    assert worker.get(f"/people/{person.code}/copy.json").status_code == 405
    answer = worker.post(f"/people/{person.code}/copy.json")
    assert json.loads(answer.content)["code"] == person.code


# --- The interface for offline edits -----------------------------------------------------------


def test_offline_changes_are_sent_once_and_clashes_kept(person: Person, worker: Client) -> None:
    address = f"/api/v1/people/{person.code}"
    held = worker.get(address).json()
    assert {"field": "sex", "version": 1, "value": "male"} in held["fields"]
    change = {"id": str(uuid4()), "field": "notes", "base": 0, "value": "limps",
              "claimed_at": "1970-01-01T00:00:00Z"}  # fmt: skip
    sent = {"device": "tablet-3", "changes": [change]}

    def post(body: Any) -> Any:
        return worker.post(f"{address}/changes", body, content_type="application/json")

    first = post(sent)
    assert first.status_code == 200, first.content
    assert first.json()["results"][0] | {"id": ""} == {
        "id": "", "field": "notes", "outcome": "applied", "version": 1,
    }  # fmt: skip
    assert post(sent).json() == first.json()
    rival = {**change, "id": str(uuid4()), "value": "walks well"}
    assert post({"changes": [rival]}).json()["results"][0]["outcome"] == "conflict"
    assert worker.get(address).json()["conflicts"] == ["notes"]
    assert post({"changes": [{**change, "value": "else"}]}).status_code == 409
    wrong = {"id": str(uuid4()), "field": "shoe", "base": 0, "value": 1}
    answer = post({"changes": [wrong]})
    assert answer.status_code == 422 and answer.json()["field"] == "shoe"
    stale = {**change, "id": str(uuid4()), "base": 9}
    assert post({"changes": [stale]}).status_code == 409


def test_the_interface_answers_to_the_same_doors(person: Person, browser: SignIn) -> None:
    stranger = browser(Role.SOCIAL_WORKER, "centre")
    theirs = stranger.get(f"/api/v1/people/{person.code}")
    nobodys = stranger.get("/api/v1/people/ME-0000-0000")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content
    administrator = browser(Role.ADMINISTRATOR)
    assert administrator.get(f"/api/v1/people/{person.code}").status_code == 403
    assert Client().get(f"/api/v1/people/{person.code}").status_code in {302, 401, 403}


def test_pages_need_few_queries(
    person: Person, worker: Client, neighbours: None, statements: Any
) -> None:
    actor: Actor = worker.actor  # type: ignore[attr-defined]
    for number in range(30):
        services.register(actor, names=[{"parts": [["given", f"Amir{number}"]]}])
    own = f"/people/{person.code}/"
    for address in ("/people/", "/people/?q=Amir", own, f"{own}edit/", f"{own}consents/"):
        answer = worker.get(address)
        assert answer.status_code == 200 and len(answer.content) < 150_000, address
        assert len(statements(lambda address=address: worker.get(address))) <= 20, address
