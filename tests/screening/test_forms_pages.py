# SPDX-License-Identifier: EUPL-1.2
"""Pages of forms, filled forms and devices, as those who use them meet them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mostovi.rights.access import Actor
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.screening.models import Device, Form, FormVersion, Submission
from tests.screening.form_support import (
    FORM,
    filled,
    imported,
    multipart,
    responder,
    signed_in,
)

pytestmark = pytest.mark.django_db


def administrator_client() -> Client:
    return signed_in(Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE, "border"))


def send(client: Client, xml: bytes, **files: bytes) -> Any:
    body, kind = multipart({"xml_submission_file": xml, **files})
    return client.generic("POST", "/screening/forms/journey/submit/", data=body, content_type=kind)


def test_the_list_shows_purpose_languages_source_and_the_unchecked_mark() -> None:
    imported(source="Somebody, https://example.org")
    page = signed_in(responder()).get("/screening/").content.decode()
    for text in ("The journey", "English (en)", "العربية (ar)", "Somebody", "Not yet checked"):
        assert text in page
    assert "/screening/forms/journey/fill/" in page


def test_the_administrator_sees_forms_but_cannot_fill_or_read() -> None:
    imported()
    client = administrator_client()
    page = client.get("/screening/").content.decode()
    assert "The journey" in page
    assert "/fill/" not in page
    for path in (
        "/screening/forms/journey/fill/",
        "/screening/submissions/",
        "/screening/devices/",
    ):
        assert client.get(path).status_code == 403


def test_importing_shows_the_cell_and_then_what_the_repair_changed() -> None:
    client = administrator_client()
    broken = FORM.replace("| | integer | amount |", "| | Integer | amount |")

    def upload(**more: str) -> Any:
        file = SimpleUploadedFile("journey.md", broken.encode())
        return client.post(
            "/screening/import/", {"workbook": file, "purpose": "protection", "source": "x", **more}
        )

    refused = upload()
    assert refused.status_code == 422
    assert "survey!A4" in refused.content.decode()
    assert "Integer" in refused.content.decode()
    assert not Form.objects.exists()
    taken = upload(repairing="on")
    assert taken.status_code == 302
    page = client.get("/screening/forms/journey/").content.decode()
    assert "What the import repaired" in page
    assert "Integer" in page
    assert FormVersion.objects.get().changes[0]["after"] == "integer"


def test_a_file_that_is_no_form_is_explained() -> None:
    client = administrator_client()
    answer = client.post(
        "/screening/import/",
        {"workbook": SimpleUploadedFile("f.xlsx", b"<html>"), "purpose": "protection"},
    )
    assert answer.status_code == 422
    assert "not a workbook" in answer.content.decode()


def test_the_fill_page_keeps_a_strict_policy() -> None:
    imported()
    answer = signed_in(responder()).get("/screening/forms/journey/fill/")
    policy = answer["Content-Security-Policy"]
    directives = dict(
        part.strip().split(" ", 1) for part in policy.split(";") if " " in part.strip()
    )
    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
    assert directives["connect-src"] == "'self' data:"
    assert "no-store" in answer["Cache-Control"]


def test_without_the_engine_the_page_says_what_to_run(settings: Any, tmp_path: Any) -> None:
    imported()
    settings.NODE_MODULES = tmp_path
    page = signed_in(responder()).get("/screening/forms/journey/fill/").content.decode()
    assert "--ignore-scripts" in page
    assert "/screening/forms/journey/paper/" in page


def test_the_browser_and_the_device_share_one_idempotence() -> None:
    imported()
    client = signed_in(responder())
    xml = filled(instance_id="uuid:b", body="<photo>a.jpg</photo>")
    first = send(client, xml, **{"a.jpg": b"picture"})
    assert first.status_code == 201
    assert first.json()["outcome"] == "new"
    assert send(client, xml, **{"a.jpg": b"picture"}).json()["outcome"] == "duplicate"
    held = Submission.objects.get()
    assert (held.channel, held.complete) == ("browser", True)
    file = client.get(f"/screening/submissions/{held.pk}/files/{held.files.get().pk}/")
    assert b"".join(file.streaming_content) == b"picture"  # type: ignore[attr-defined]
    assert file["Content-Disposition"] == 'attachment; filename="a.jpg"'


def test_a_post_without_the_token_is_refused() -> None:
    imported()
    strict = signed_in(responder())
    strict.handler.enforce_csrf_checks = True
    assert send(strict, filled()).status_code == 403
    assert not Submission.objects.exists()


def test_the_page_tells_no_from_unknown_from_not_asked_and_is_audited() -> None:
    imported()
    client = signed_in(responder())
    body = "<journey><paid>unknown</paid><means>foot lorry</means></journey>"
    body += "<children><name>Amir</name><age>7</age></children>"
    send(client, filled(body=body))
    held = Submission.objects.get()
    before = AuditEntry.objects.count()
    page = client.get(f"/screening/submissions/{held.pk}/").content.decode()
    assert AuditEntry.objects.filter(tag="screening.submission.read").count() == 1
    assert AuditEntry.objects.count() == before + 1
    assert "Did you pay somebody?" in page
    assert "Does not know, or does not want to say" in page
    assert "It is asked only if “Did you pay somebody?” is “Yes”" in page
    assert "On foot, In a lorry" in page
    assert "Photograph" in page
    assert "A child, number 1" in page
    assert "Amir" in page
    assert "Amir" not in str(AuditEntry.objects.values_list("detail", flat=True))


def test_answers_are_shown_in_the_readers_language() -> None:
    imported()
    client = signed_in(responder())
    send(client, filled())
    held = Submission.objects.get()
    client.cookies["mostovi_me_language"] = "ar"
    page = client.get(f"/screening/submissions/{held.pk}/")
    assert "هل دفعت لأحد؟" in page.content.decode()


def test_another_units_or_purposes_submission_is_not_there() -> None:
    imported()
    mine = signed_in(responder("border"))
    send(mine, filled())
    held = Submission.objects.get()
    path = f"/screening/submissions/{held.pk}/"
    missing = "/screening/submissions/00000000-0000-4000-8000-000000000000/"
    other = signed_in(responder("centre"))
    assert other.get(path).status_code == other.get(missing).status_code == 404
    assert "The journey" not in other.get("/screening/submissions/").content.decode()


def test_paper_has_every_question_choice_and_condition_in_words() -> None:
    imported()
    page = signed_in(responder()).get("/screening/forms/journey/paper/").content.decode()
    for text in (
        "Did you pay somebody?", "Does not know", "Not asked", "In a lorry", "Mark all that apply",
        "Only if “Did you pay somebody?” is “Yes”", "Copy this part for each one", "Thank you.",
    ):  # fmt: skip
        assert text in page
    arabic = signed_in(responder()).get("/screening/forms/journey/paper/?language=ar")
    assert 'dir="rtl"' in arabic.content.decode()


def test_a_device_is_added_once_shown_once_and_closed() -> None:
    client = signed_in(responder())
    made = client.post("/screening/devices/", {"label": "tablet 3"}).content.decode()
    device = Device.objects.get()
    assert device.username in made
    assert "<svg" in made
    assert "http://testserver/openrosa" in made
    again = client.get("/screening/devices/").content.decode()
    assert "<svg class" in again or "tablet 3" in again
    assert "Set up “tablet 3” now" not in again
    client.post(f"/screening/devices/{device.pk}/revoke/")
    device.refresh_from_db()
    assert device.revoked_at is not None
