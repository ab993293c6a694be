# SPDX-License-Identifier: EUPL-1.2
"""The OpenRosa server as a device meets it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zlib
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from defusedxml import ElementTree
from django.conf import settings
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mostovi.rights.services import verify_chain
from mostovi.screening import blobs, digest, openrosa
from mostovi.screening.device_services import revoke_device
from mostovi.screening.form_services import add_media, offer
from mostovi.screening.models import Device, Submission, SubmissionFile
from mostovi.screening.submission_services import (
    adopt,
    end_submissions,
    on_complete,
    read_file,
    read_submission,
    sweep_blobs,
)
from tests.screening.form_support import (
    FORM,
    NOW,
    Collect,
    administrator,
    device_for,
    filled,
    imported,
    multipart,
    responder,
)

FORMS = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


@pytest.fixture
def collect(db: Any) -> Collect:
    imported()
    return Collect(device_for(responder()))


def stored_blobs() -> list[Path]:
    return list(settings.MOSTOVI.blobs.glob("??/*"))


def test_the_challenge_is_digest_and_nothing_redirects(collect: Collect) -> None:
    answer = collect.challenge()
    assert answer["WWW-Authenticate"].startswith('Digest realm="Mostovi me", qop="auth"')
    assert answer["X-OpenRosa-Version"] == "1.0"
    for uri in ("/openrosa/formList", "/openrosa/submission", "/openrosa/formList/"):
        assert Client().get(uri).status_code in {401, 403, 404}


def test_the_form_list_is_complete_and_leads_to_the_form(collect: Collect) -> None:
    answer = collect.get("/openrosa/formList")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    (entry,) = ElementTree.fromstring(answer.content)
    texts = {child.tag.removeprefix(FORMS): child.text for child in entry}
    assert texts["formID"] == "journey"
    assert texts["name"] == "The journey"
    assert texts["version"] == "1"
    assert "manifestUrl" not in texts
    form = collect.get(texts["downloadUrl"].removeprefix("http://testserver"))
    assert form.status_code == 200
    assert b"Did you pay somebody?" in form.content
    assert texts["hash"] == "md5:" + hashlib.md5(form.content, usedforsecurity=False).hexdigest()


def test_a_form_with_media_has_a_manifest_and_is_hidden_until_its_media_are_there(
    collect: Collect,
) -> None:
    text = FORM.replace("(ar) | relevant |", "(ar) | media::image |")
    text = text.replace("${paid} = 'yes'", "money.png").replace("| journey | The", "| money | The")
    version = imported(text, "money.md")
    listed = ElementTree.fromstring(collect.get("/openrosa/formList").content)
    names = [entry.findtext(f"{FORMS}formID") for entry in listed]
    assert names == ["journey"], "a form that cannot be opened must not be offered"
    add_media(administrator(), version=version, name="money.png", content=b"\x89PNG picture")
    listed = ElementTree.fromstring(collect.get("/openrosa/formList?formID=money").content)
    url = listed[0].findtext(f"{FORMS}manifestUrl") or ""
    manifest = ElementTree.fromstring(collect.get(url.removeprefix("http://testserver")).content)
    file = {child.tag.removeprefix(MANIFEST): child.text or "" for child in manifest[0]}
    assert file["filename"] == "money.png"
    media = collect.get(file["downloadUrl"].removeprefix("http://testserver"))
    assert media.content == b"\x89PNG picture"
    assert media["Content-Type"] == "image/png"


def test_a_withdrawn_form_is_not_offered_but_its_submissions_are_still_taken(
    collect: Collect,
) -> None:
    version = imported(FORM.replace("journey | The journey | 1", "other | Other | 1"), "o.md")
    offer(administrator(), form=version.form, offered=False)
    assert b"<formID>other" not in collect.get("/openrosa/formList").content
    assert collect.get(f"/openrosa/forms/{version.pk}.xml").status_code == 404
    answer = collect.submit({"xml_submission_file": filled(form_id="other")})
    assert answer.status_code == 201


@pytest.mark.parametrize("missing", ["form_id", "name", "hash", "download_url"])
def test_an_incomplete_entry_cannot_be_made(missing: str) -> None:
    values = {"form_id": "a", "name": "b", "version": "", "hash": "md5:c", "download_url": "d"}
    with pytest.raises(openrosa.IncompleteEntry):
        openrosa.FormEntry(**{**values, missing: " "})


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).filter(str.strip))
def test_any_title_makes_well_formed_xml(title: str) -> None:
    entry = openrosa.FormEntry(title, title, title, "md5:0", "http://x/?a=1&b=2")
    (read,) = ElementTree.fromstring(openrosa.form_list([entry]).encode())
    assert read.findtext(f"{FORMS}formID") == title
    ElementTree.fromstring(openrosa.response(title).encode())


def test_head_tells_where_and_how_much(collect: Collect) -> None:
    answer = collect.request("HEAD", "/openrosa/submission?deviceID=collect%3A1")
    assert answer.status_code == 204
    assert answer["Location"] == "http://testserver/openrosa/submission"
    assert int(answer["X-OpenRosa-Accept-Content-Length"]) == openrosa.MAXIMUM_BYTES
    assert answer["X-OpenRosa-Version"] == "1.0"


@pytest.mark.parametrize("path", ["/openrosa/submission", "/openrosa/formList"])
def test_head_has_no_body_on_the_wire(db: Any, path: str) -> None:
    """Test clients take the body of a HEAD answer away; a WSGI server sends it on."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import RequestFactory

    environ = RequestFactory().head(path).environ
    statuses: list[str] = []
    body = WSGIHandler()(environ, lambda status, headers: statuses.append(status))  # type: ignore[arg-type]
    assert statuses == ["401 Unauthorized"]
    assert b"".join(body) == b""


def test_a_submission_is_new_once_and_the_same_ever_after(collect: Collect) -> None:
    xml = filled(instance_id="uuid:one")
    first = collect.submit({"xml_submission_file": xml})
    assert first.status_code == 201
    assert b"OpenRosaResponse" in first.content
    again = collect.submit({"xml_submission_file": xml})
    assert again.status_code == 202
    assert Submission.objects.count() == 1
    held = Submission.objects.get()
    assert held.channel == "device"
    assert held.device is not None
    assert b"900" not in bytes(held.sealed)


def test_other_answers_under_the_same_id_change_nothing(collect: Collect) -> None:
    collect.submit({"xml_submission_file": filled(instance_id="uuid:one")})
    sealed = bytes(Submission.objects.get().sealed)
    answer = collect.submit(
        {"xml_submission_file": filled(instance_id="uuid:one", body="<photo/>")}
    )
    assert answer.status_code == 409
    assert bytes(Submission.objects.get().sealed) == sealed


def test_whitespace_that_xml_ignores_is_the_same_submission(collect: Collect) -> None:
    xml = filled(instance_id="uuid:one")
    collect.submit({"xml_submission_file": xml})
    respelt = b'<?xml version="1.0"?>\n' + xml.replace(b'id="journey"', b"id='journey'")
    assert collect.submit({"xml_submission_file": respelt}).status_code == 202


def test_somebody_else_cannot_add_to_a_submission(collect: Collect) -> None:
    xml = filled(instance_id="uuid:one", body="<photo>a.jpg</photo>")
    collect.submit({"xml_submission_file": xml})
    other = Collect(device_for(responder()))
    answer = other.submit({"xml_submission_file": xml, "a.jpg": b"forged"})
    assert answer.status_code == 409
    assert not SubmissionFile.objects.exists()


def test_files_split_over_several_posts_are_merged(collect: Collect) -> None:
    heard: list[Submission] = []
    listener = on_complete(heard.append)
    xml = filled(instance_id="uuid:split", body="<photo>a.jpg</photo>")
    first = collect.submit({"*isIncomplete*": "yes", "xml_submission_file": xml})
    assert first.status_code == 202
    assert not Submission.objects.get().complete
    assert heard == []
    second = collect.submit({"xml_submission_file": xml, "a.jpg": b"picture" * 100_000})
    assert second.status_code == 202
    held = Submission.objects.get()
    assert held.complete
    assert heard == [held]
    third = collect.submit({"xml_submission_file": xml, "a.jpg": b"picture" * 100_000})
    assert third.status_code == 202
    assert held.files.count() == 1
    assert heard == [held]
    actor = Device.objects.get().actor()
    (file,) = read_submission(actor, held.pk).files
    assert (file.name, file.size) == ("a.jpg", 700_000)
    _, content = read_file(actor, held, file.id)
    assert b"".join(content) == b"picture" * 100_000
    assert all(b"picture" not in path.read_bytes() for path in stored_blobs())
    from mostovi.screening import submission_services

    submission_services._listeners.remove(listener)


def test_an_edit_replaces_what_it_edits_and_keeps_the_root(collect: Collect) -> None:
    collect.submit({"xml_submission_file": filled(instance_id="uuid:a")})
    collect.submit({"xml_submission_file": filled(instance_id="uuid:b", deprecated="uuid:a")})
    collect.submit({"xml_submission_file": filled(instance_id="uuid:c", deprecated="uuid:b")})
    by_id = {s.instance_id[-1]: s for s in Submission.objects.all()}
    assert by_id["c"].replaces == by_id["b"]
    assert by_id["b"].replaces == by_id["a"]
    assert {s.root_id for s in by_id.values()} == {by_id["a"].pk}
    assert [s.current for s in by_id.values()].count(True) == 1
    assert by_id["c"].current


def test_an_edit_may_arrive_before_what_it_edits(collect: Collect) -> None:
    collect.submit({"xml_submission_file": filled(instance_id="uuid:b", deprecated="uuid:a")})
    collect.submit({"xml_submission_file": filled(instance_id="uuid:c", deprecated="uuid:b")})
    collect.submit({"xml_submission_file": filled(instance_id="uuid:a")})
    by_id = {s.instance_id[-1]: s for s in Submission.objects.all()}
    assert {s.root_id for s in by_id.values()} == {by_id["a"].pk}
    assert by_id["b"].replaces == by_id["a"]
    assert [key for key, s in sorted(by_id.items()) if s.current] == ["c"]


def test_the_device_clock_is_not_believed(collect: Collect) -> None:
    body, kind = multipart({"xml_submission_file": filled()})
    collect.challenge()
    collect.client.generic(
        "POST", "/openrosa/submission", data=body, content_type=kind,
        headers={
            "Authorization": collect.authorization("POST", "/openrosa/submission"),
            "Date": "Mon, 01 Jan 1990 00:00:00 GMT",
        },
    )  # fmt: skip
    assert Submission.objects.get().received_at.year >= 2026


BAD = [
    ("malformed", b"<data id='journey'", 400, b"not well-formed"),
    ("entity", b'<!DOCTYPE d [<!ENTITY x "y">]><data id="journey"/>', 400, b"document type"),
    ("no form", b"<data><meta><instanceID>uuid:1</instanceID></meta></data>", 400, b"'id'"),
    ("no instance", b'<data id="journey" version="1"/>', 400, b"instanceID"),
    ("unknown form", filled(form_id="nowhere"), 404, b"'nowhere' is not on this server"),
    ("unknown version", filled(version="99"), 404, b"no version '99'"),
]


@pytest.mark.parametrize(("what", "xml", "status", "says"), BAD, ids=[row[0] for row in BAD])
def test_bad_submissions_name_their_cause_and_leave_nothing(
    collect: Collect, what: str, xml: bytes, status: int, says: bytes
) -> None:
    before = stored_blobs()
    answer = collect.submit({"xml_submission_file": xml, "a.jpg": b"picture"})
    assert answer.status_code == status
    assert says in answer.content
    assert b"OpenRosaResponse" in answer.content
    assert not Submission.objects.exists()
    assert stored_blobs() == before


def test_a_body_cut_short_is_refused_and_nothing_is_kept(collect: Collect) -> None:
    parts = {"xml_submission_file": filled(body="<photo>a.jpg</photo>"), "a.jpg": b"x" * 5000}
    answer = collect.submit(parts, cut=2000)
    assert answer.status_code == 400
    assert b"ended before all of it had arrived" in answer.content
    assert not Submission.objects.exists()


@pytest.mark.parametrize("breaks", [lambda left: b"", lambda left: (_ for _ in ()).throw(OSError)])
def test_a_connection_that_breaks_is_refused(collect: Collect, breaks: Any) -> None:
    body, kind = multipart({"xml_submission_file": filled()})

    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size) or breaks(size)

    collect.challenge()
    answer = collect.client.generic(
        "POST", "/openrosa/submission", data=body, content_type=kind,
        headers={"Authorization": collect.authorization("POST", "/openrosa/submission")},
        CONTENT_LENGTH=str(len(body) + 500), **{"wsgi.input": Breaking(body)},
    )  # fmt: skip
    assert answer.status_code == 400
    assert not Submission.objects.exists()


def test_two_hundred_megabytes_are_refused_before_a_byte_is_read(collect: Collect) -> None:
    class Untouchable:
        def read(self, *args: Any) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    collect.challenge()
    answer = collect.client.generic(
        "POST", "/openrosa/submission", data=b"", content_type="multipart/form-data; boundary=x",
        headers={"Authorization": collect.authorization("POST", "/openrosa/submission")},
        CONTENT_LENGTH=str(200 * 1024 * 1024), **{"wsgi.input": Untouchable()},
    )  # fmt: skip
    assert answer.status_code == 413
    assert b"200 MB" in answer.content
    assert b"50 MB" in answer.content


def test_a_request_without_xml_or_length_or_boundary_says_so(collect: Collect) -> None:
    assert b"xml_submission_file" in collect.submit({"a.jpg": b"x"}).content
    answer = collect.request(
        "POST", "/openrosa/submission", data=b"<data/>", content_type="text/xml"
    )
    assert answer.status_code == 400


def test_a_failing_write_leaves_no_file_and_no_row(
    collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored_blobs()

    def fail(self: SubmissionFile, *args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(SubmissionFile, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        collect.submit({"xml_submission_file": filled(), "a.jpg": b"picture"})
    assert not Submission.objects.exists()
    assert stored_blobs() == before


@pytest.mark.django_db(transaction=True)
def test_two_sendings_at_once_make_one_submission() -> None:
    imported()
    device = device_for(responder())
    xml = filled(instance_id="uuid:race", body="<photo>a.jpg</photo>")
    codes: list[int] = []
    together = threading.Barrier(2)

    def send() -> None:
        collect = Collect(device, Client())
        collect.challenge()
        together.wait()
        codes.append(
            collect.submit({"xml_submission_file": xml, "a.jpg": b"x" * 300_000}).status_code
        )
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201, 202]
    held = Submission.objects.get()
    assert held.complete
    assert held.files.count() == 1


class TestSigningIn:
    def test_a_wrong_password_is_refused(self, collect: Collect) -> None:
        collect.password = "wrong"
        assert collect.get("/openrosa/formList").status_code == 401

    def test_a_replayed_request_is_refused_as_stale(self, collect: Collect) -> None:
        collect.challenge()
        header = {"Authorization": collect.authorization("GET", "/openrosa/formList")}
        assert collect.client.get("/openrosa/formList", headers=header).status_code == 200
        again = collect.client.get("/openrosa/formList", headers=header)
        assert again.status_code == 401
        assert "stale=true" in again["WWW-Authenticate"]

    def test_an_answer_for_another_address_or_method_does_not_open(self, collect: Collect) -> None:
        collect.challenge()
        header = {"Authorization": collect.authorization("GET", "/openrosa/formList")}
        assert collect.client.head("/openrosa/submission", headers=header).status_code == 401
        header = {"Authorization": collect.authorization("GET", "/openrosa/formList")}
        assert collect.client.head("/openrosa/formList", headers=header).status_code == 401

    def test_a_nonce_of_ones_own_making_does_not_open(self, collect: Collect) -> None:
        collect.nonce = "5f5e100.aaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbb"
        assert collect.get("/openrosa/formList").status_code == 401

    def test_requests_out_of_order_are_let_in_once_each(self, collect: Collect) -> None:
        collect.challenge()
        for count, status in [(3, 200), (1, 200), (2, 200), (1, 401), (3, 401)]:
            header = {
                "Authorization": collect.authorization("GET", "/openrosa/formList", count=count)
            }
            assert collect.client.get("/openrosa/formList", headers=header).status_code == status

    def test_basic_opens_over_https_only(self, collect: Collect) -> None:
        pair = base64.b64encode(f"{collect.name}:{collect.password}".encode()).decode()
        header = {"Authorization": f"Basic {pair}"}
        assert Client().get("/openrosa/formList", headers=header).status_code == 401
        assert Client().get("/openrosa/formList", headers=header, secure=True).status_code == 200

    def test_a_revoked_device_is_shut_out(self, collect: Collect) -> None:
        device = Device.objects.get()
        assert collect.get("/openrosa/formList").status_code == 200
        revoke_device(device.actor(), device_id=device.pk, now=NOW)
        assert collect.get("/openrosa/formList").status_code == 401

    def test_a_device_of_a_closed_account_or_ended_role_is_shut_out(self, collect: Collect) -> None:
        from mostovi.node.models import Account, Membership

        assert collect.get("/openrosa/formList").status_code == 200
        Membership.objects.get().end(by=UUID(int=0), at=NOW)
        assert collect.get("/openrosa/formList").status_code == 401
        Account.objects.update(is_active=False)
        assert collect.get("/openrosa/formList").status_code == 401

    def test_many_wrong_passwords_lock_the_name_for_a_while(self, collect: Collect) -> None:
        from django.core.cache import cache

        cache.clear()
        right = collect.password
        collect.password = "wrong"
        for _ in range(20):
            assert collect.get("/openrosa/formList").status_code == 401
        collect.password = right
        assert collect.get("/openrosa/formList").status_code == 429
        cache.clear()

    @given(st.lists(st.integers(1, 200), max_size=80))
    def test_no_count_is_ever_taken_twice(self, counts: list[int]) -> None:
        highest, seen, taken = 0, 0, set()
        for count in counts:
            window = digest.counted(highest, seen, count)
            if window is None:
                continue
            assert count not in taken
            taken.add(count)
            highest, seen = window
        assert taken <= set(counts)

    def test_the_rfc_example(self) -> None:
        """RFC 2617, section 3.5."""
        answer = digest.parse(
            'Digest username="Mufasa", realm="testrealm@host.com", '
            'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, '
            'nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", '
            'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
        )
        known = digest.ha1("Mufasa", "testrealm@host.com", "Circle Of Life")
        assert digest.verified(answer, known, "GET")
        assert not digest.verified(answer, known, "POST")


def test_the_settings_code_opens_as_collect_opens_it() -> None:
    code = openrosa.collect_settings(
        server_url="https://me.example/openrosa", username="device-1", password="pw",
        project="Mostovi me", colour="#1f4e79",
    )  # fmt: skip
    read = json.loads(zlib.decompress(base64.b64decode(code)))
    assert read["general"]["server_url"] == "https://me.example/openrosa"
    assert read["general"]["delete_send"] is True
    assert set(read) == {"general", "admin", "project"}


def test_adopting_seals_under_the_persons_key_and_erasing_it_erases_all(collect: Collect) -> None:
    from mostovi.rights.vault import KeyDestroyed, vault

    xml = filled(instance_id="uuid:one", body="<photo>a.jpg</photo>")
    collect.submit({"xml_submission_file": xml, "a.jpg": b"picture"})
    held = Submission.objects.get()
    actor = held.device.actor()  # type: ignore[union-attr]
    person_key = vault().new_key()
    adopt(actor, submission=held, key_id=person_key)
    reading = read_submission(actor, held.pk)
    assert reading.answers["photo"] == "a.jpg"
    vault().destroy(person_key)
    with pytest.raises(KeyDestroyed):
        read_submission(actor, held.pk)
    assert verify_chain()[1] == []


def test_earlier_and_later_edits_go_with_the_person_too(
    collect: Collect, django_capture_on_commit_callbacks: Any
) -> None:
    from mostovi.rights.vault import vault

    collect.submit({"xml_submission_file": filled(instance_id="uuid:a")})
    collect.submit({"xml_submission_file": filled(instance_id="uuid:b", deprecated="uuid:a")})
    newest = Submission.objects.get(current=True)
    old_keys = set(Submission.objects.values_list("key_id", flat=True))
    person_key = vault().new_key()
    actor = newest.device.actor()  # type: ignore[union-attr]
    with django_capture_on_commit_callbacks(execute=True):
        adopt(actor, submission=newest, key_id=person_key)
    collect.submit({"xml_submission_file": filled(instance_id="uuid:c", deprecated="uuid:b")})
    assert set(Submission.objects.values_list("key_id", "led_to_case")) == {(person_key, True)}
    assert not any(vault().holds(key) for key in old_keys)


def test_a_submission_that_led_to_no_case_ends_and_one_that_did_stays(collect: Collect) -> None:
    from datetime import date

    from mostovi.rights.retention import rules
    from mostovi.rights.vault import vault

    for name in ("one", "two"):
        xml = filled(instance_id=f"uuid:{name}", body=f"<photo>{name}.jpg</photo>")
        collect.submit({"xml_submission_file": xml, f"{name}.jpg": b"picture"})
    one, two = Submission.objects.order_by("instance_id")
    adopt(one.device.actor(), submission=one, key_id=vault().new_key())  # type: ignore[union-attr]
    blob = two.files.get().blob
    today = two.received_at.date()
    assert end_submissions(rules()["submission"], today) == 0
    assert end_submissions(rules()["submission"], date(today.year + 1, today.month, 1)) == 1
    assert list(Submission.objects.all()) == [one]
    assert SubmissionFile.objects.get().submission == one
    assert not SubmissionFile.objects.filter(blob=blob).exists()


def test_retention_never_destroys_a_persons_key(collect: Collect) -> None:
    """Whatever a row says of itself: a key that a person's file rests on stays."""
    from datetime import date

    from mostovi.people import services as people
    from mostovi.rights.retention import rules
    from mostovi.rights.vault import vault

    collect.submit({"xml_submission_file": filled()})
    submission = Submission.objects.get()
    person = people.register(responder(), single={"sex": "female"})
    adopt(responder(), submission=submission, key_id=person.key_id)
    Submission.objects.update(led_to_case=False)
    end_submissions(rules()["submission"], date(submission.received_at.year + 2, 1, 1))
    assert not Submission.objects.exists()
    assert vault().holds(person.key_id)


def test_orphaned_files_are_swept_and_known_ones_stay(collect: Collect) -> None:
    from datetime import timedelta

    from django.utils import timezone

    collect.submit({"xml_submission_file": filled(body="<photo>a.jpg</photo>"), "a.jpg": b"x"})
    known = SubmissionFile.objects.get().blob
    orphan = uuid4()
    blobs.write(settings.MOSTOVI.blobs, orphan, io.BytesIO(b"left over"))
    assert sweep_blobs(timezone.now()) == 0
    assert sweep_blobs(timezone.now() + timedelta(days=2)) >= 1
    assert blobs.path_of(settings.MOSTOVI.blobs, known).exists()
    assert not blobs.path_of(settings.MOSTOVI.blobs, orphan).exists()


@given(st.binary(max_size=2000), st.integers(0, 3))
def test_blobs_come_back_as_they_were_and_changes_are_found(data: bytes, cut: int) -> None:
    blob = uuid4()
    stored = blobs.write(settings.MOSTOVI.blobs, blob, io.BytesIO(data))
    assert b"".join(blobs.read(settings.MOSTOVI.blobs, blob, stored.key)) == data
    path = blobs.path_of(settings.MOSTOVI.blobs, blob)
    content = bytearray(path.read_bytes())
    if cut:
        content = content[:-cut]
    else:
        content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(blobs.BlobError):
        list(blobs.read(settings.MOSTOVI.blobs, blob, stored.key))
    path.unlink()
