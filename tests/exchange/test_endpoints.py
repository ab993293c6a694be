# SPDX-License-Identifier: EUPL-1.2
"""The door for other nodes: every refusal has a status, a reason code and a sentence."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory

from mostovi.exchange import endpoints, outbox
from mostovi.exchange.attachments import (
    CLAIM,
    OutgoingAttachment,
    accept_attachments,
    fetch_wanted,
    read_attachment,
    take_in,
)
from mostovi.exchange.handlers import ReceivedLetter
from mostovi.exchange.keys import KeyPair, Use
from mostovi.exchange.letters import MAXIMUM_TOKEN, AttachmentNote, encrypt
from mostovi.exchange.models import Attachment, AttachmentState, InboxLetter, OutboxLetter
from mostovi.exchange.reasons import Reason
from mostovi.exchange.requests import request_token
from mostovi.exchange.services import add_peer, post, receive
from mostovi.exchange.transport import Reply
from mostovi.exchange.wire import sha256
from mostovi.rights.access import Actor, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose

from .conftest import CONSENT, NOW, REQUEST, Node, referral

pytestmark = pytest.mark.urls("tests.exchange.urls")
MESSAGES = "/exchange/v1/messages"


@pytest.fixture(autouse=True)
def clock() -> Any:
    """The node's clock stands at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield


def send(client: Client, body: bytes, path: str = MESSAGES, **more: Any) -> Any:
    """POST one body as another node does."""
    return client.post(
        path, body, content_type=more.pop("content_type", "application/jose"), **more
    )


def ask(
    client: Client, node: Node, method: str, path: str, body: bytes = b"", /, **claims: Any
) -> Any:
    """A signed request of `node`; `claims` falsify the token."""
    values: dict[str, Any] = {
        "us": node.code, "to": "me", "method": method, "path": path, "body": body,
        "key": node.sign, "now": NOW, **claims,
    }  # fmt: skip
    return client.generic(
        method,
        path,
        body,
        content_type="application/jose" if method == "PUT" else "application/json",
        headers={"Authorization": request_token(**values)},
    )


def test_a_letter_is_accepted_with_202_and_a_receipt(
    client: Client, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    token = to_us()
    answer = send(client, token)
    assert answer.status_code == 202
    assert answer.json()["receipt"].count(".") == 2
    again = send(client, token)
    assert (again.status_code, again.json()["repeat"]) == (202, True)
    assert again.json()["receipt"] == answer.json()["receipt"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "reason"),
    [
        (b" ", "application/jose", 400, Reason.MALFORMED),
        (b"noise", "application/jose", 400, Reason.MALFORMED),
        (b"a.b.c.d.e", "application/jose", 400, Reason.MALFORMED),
        (b"{}", "application/json", 415, Reason.WRONG_MEDIA_TYPE),
        (b"x" * (MAXIMUM_TOKEN + 1), "application/jose", 413, Reason.TOO_LARGE),
        (b"x\n" * 65, "application/jose", 413, Reason.TOO_LARGE),
    ],
)
def test_bad_input_gets_a_problem(
    client: Client, known: Node, body: bytes, content_type: str, status: int, reason: str
) -> None:
    answer = send(client, body, content_type=content_type)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    value = answer.json()
    assert (value["reason"], value["status"]) == (reason, status)
    assert value["detail"].endswith(".")
    assert not InboxLetter.objects.exists()


def test_a_rejected_letter_gets_a_problem_with_its_receipt(
    client: Client, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    answer = send(client, to_us(data=referral(nationality="xx")))
    assert answer.status_code == 422
    assert answer.json()["reason"] == Reason.OUTSIDE_PROFILE
    assert "/nationality" in answer.json()["detail"]
    assert answer.json()["receipt"]


def test_a_body_of_200_megabytes_is_refused_before_it_is_read(known: Node) -> None:
    class NeverRead(BytesIO):
        def read(self, *args: Any) -> bytes:
            raise AssertionError("the body was read")

    for view, path in ((endpoints.messages, MESSAGES), (endpoints.receipts, "/x")):
        request = RequestFactory().post(path, content_type="application/jose")
        request.META["CONTENT_LENGTH"] = str(200 * 1024 * 1024)
        request._stream = NeverRead()  # type: ignore[attr-defined]
        answer = view(request)
        assert (answer.status_code, json.loads(answer.content)["reason"]) == (413, "too_large")


def test_a_body_longer_than_announced_is_read_only_to_its_limit(known: Node) -> None:
    request = RequestFactory().post("/x", b"", content_type="application/jose")
    request.META["CONTENT_LENGTH"] = "10"
    stream = BytesIO(b"x" * 1000)
    request._stream = stream  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="At most 100 bytes"):
        endpoints.limited_body(request, 100)
    assert stream.tell() == 101


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_named(client: Client, db: None, method: str) -> None:
    answer = client.generic(method, MESSAGES)
    assert (answer.status_code, answer["Allow"]) == (405, "POST, GET")


def test_several_letters_in_one_request(
    client: Client, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    answer = send(client, b"\n".join([to_us(), b"noise", to_us()]))
    assert answer.status_code == 202
    assert [item["status"] for item in answer.json()["results"]] == [202, 400, 202]


def test_a_letter_through_a_security_server(
    client: Client, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    answer = send(
        client,
        to_us(),
        "/r1/ME/GOV/1234/mostovi/letters/exchange/v1/messages",
        headers={"X-Road-Client": "BA/GOV/1/x", "X-Road-Request-Hash": "abc"},
    )
    assert answer.status_code == 202
    assert InboxLetter.objects.get().request_hash == "abc"


@pytest.fixture
def polling(known: Node) -> Node:
    """`ba`, which cannot be reached and fetches its mail."""
    known.endpoint = ""
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=known.entry(polling=True))
    return known


def test_a_polling_node_fetches_and_confirms(
    client: Client, polling: Node, coordinator: Actor, handled: list[ReceivedLetter],
    ours: Callable[[Use], KeyPair],
) -> None:  # fmt: skip
    rows = [
        post(coordinator, to="ba", letter_type=REQUEST, purpose=Purpose.PROTECTION,
             basis=CONSENT, data=referral(), now=NOW)
        for _ in range(3)
    ]  # fmt: skip
    assert outbox.relay_due(NOW, None) == 0  # it is not the relay's to carry
    answer = ask(client, polling, "GET", MESSAGES)
    assert answer.status_code == 200
    fetched = [polling.read(item["token"], ours(Use.SIGN)) for item in answer.json()["messages"]]
    assert [item.letter.id for item in fetched] == [row.pk for row in rows]
    more = ask(client, polling, "GET", f"{MESSAGES}?after={rows[1].pk}")
    assert [item["letter"] for item in more.json()["messages"]] == [str(rows[2].pk)]
    results = [
        {"letter": str(item.letter.id), "status": 202, "receipt": polling.receipt(item)}
        for item in fetched[:2]
    ]
    body = json.dumps({"results": results}).encode()
    done = ask(client, polling, "POST", "/exchange/v1/receipts", body)
    assert (done.status_code, done.json()) == (200, {"settled": 2})
    left = ask(client, polling, "GET", MESSAGES)
    assert [item["letter"] for item in left.json()["messages"]] == [str(rows[2].pk)]
    assert {row.state for row in OutboxLetter.objects.all()} == {"delivered", "waiting"}


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"to": "rs"}, Reason.REQUEST_NOT_SIGNED),
        ({"method": "POST"}, Reason.REQUEST_NOT_SIGNED),
        ({"path": "/exchange/v1/receipts"}, Reason.REQUEST_NOT_SIGNED),
        ({"body": b"other"}, Reason.REQUEST_NOT_SIGNED),
        ({"us": "rs"}, Reason.REQUEST_NOT_SIGNED),
        ({"now": NOW - timedelta(minutes=8)}, Reason.EXPIRED),
        ({"now": NOW + timedelta(minutes=8)}, Reason.EXPIRED),
        ({"key": Node.fresh("rs").sign}, Reason.UNKNOWN_SIGNING_KEY),
    ],
)
def test_mail_is_handed_only_to_whoever_proves_who_they_are(
    client: Client, known: Node, claims: dict[str, Any], reason: str
) -> None:
    answer = ask(client, known, "GET", MESSAGES, **claims)
    assert (answer.status_code, answer.json()["reason"]) == (401, reason)
    assert client.get(MESSAGES).status_code == 401


def test_a_suspended_node_fetches_nothing(client: Client, known: Node) -> None:
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=known.entry(status="suspended"))
    answer = ask(client, known, "GET", MESSAGES)
    assert (answer.status_code, answer.json()["reason"]) == (403, Reason.PEER_SUSPENDED)


def test_mail_for_one_node_is_never_handed_to_another(
    client: Client, known: Node, rs: Node, coordinator: Actor, handled: list[ReceivedLetter]
) -> None:
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=rs.entry(endpoint="http://rs.test"))
    row = post(
        coordinator, to="ba", letter_type=REQUEST, purpose=Purpose.PROTECTION, basis=CONSENT,
        data=referral(), attachments=[OutgoingAttachment(b"%PDF", "application/pdf", "report")],
        now=NOW,
    )  # fmt: skip
    assert ask(client, rs, "GET", MESSAGES).json()["messages"] == []
    digest = row.attachments.get().sha256
    assert ask(client, rs, "GET", f"/exchange/v1/blobs/{digest}").status_code == 404
    assert ask(client, known, "GET", f"/exchange/v1/blobs/{digest}").status_code == 200


@pytest.fixture
def offered(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter],
    ours: Callable[[Use], KeyPair],
) -> tuple[bytes, int]:  # fmt: skip
    """A file that `ba` offers in a letter, encrypted, and the letter's number in the inbox."""
    import uuid_utils.compat

    content = b"best interests report"
    token = encrypt(content, ours(Use.ENCRYPT).public, "mg+blob", blob=True).encode()
    note = AttachmentNote(
        uuid_utils.compat.uuid7(), sha256(token), len(content), "application/pdf", "report"
    )
    receive(to_us(attachments=(note,)), NOW)
    return token, handled[0].inbox


class Files:
    """A transport that gives one file."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.reply = Reply(status, body, {})
        self.asked: list[str] = []

    def request(self, method: str, url: str, **more: Any) -> Reply:
        self.asked.append(url)
        return self.reply


def test_a_file_is_fetched_only_after_acceptance_and_read_for_its_purpose(
    offered: tuple[bytes, int], coordinator: Actor, acting: Callable[..., Actor]
) -> None:
    token, inbox = offered
    files = Files(token)
    assert fetch_wanted(NOW, files) == 0
    assert files.asked == []
    assert accept_attachments(coordinator, inbox=inbox, now=NOW) == 1
    assert fetch_wanted(NOW, files) == 1
    attachment = Attachment.objects.get()
    assert files.asked == [f"http://ba.test/exchange/v1/blobs/{attachment.sha256}"]
    stored = attachment.path.read_bytes()
    assert b"best interests" not in stored
    assert attachment.path.stat().st_mode & 0o777 == 0o600
    content = read_attachment(coordinator, attachment_id=attachment.pk, inbox=inbox)
    assert content == b"best interests report"
    with pytest.raises(Refused):
        read_attachment(Actor.system(Purpose.RETURN), attachment_id=attachment.pk, inbox=inbox)


@pytest.mark.parametrize("body", [b"", b"other", b"x" * 100])
def test_another_file_than_the_letter_names_is_not_kept(
    offered: tuple[bytes, int], coordinator: Actor, body: bytes
) -> None:
    accept_attachments(coordinator, inbox=offered[1], now=NOW)
    assert fetch_wanted(NOW, Files(body)) == 0
    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.path.exists()) == (AttachmentState.FAILED, False)


def test_a_file_fetched_while_another_process_fetches_it_stays_whole(
    offered: tuple[bytes, int], coordinator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process is wholly done between our writing of the file and our taking of it."""
    token, inbox = offered
    accept_attachments(coordinator, inbox=inbox, now=NOW)
    sync, taken = os.fsync, list[int]()

    def interrupted(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        sync(descriptor)
        taken.append(fetch_wanted(NOW + CLAIM, Files(token)))

    monkeypatch.setattr(os, "fsync", interrupted)
    taken.append(fetch_wanted(NOW, Files(token)))
    assert taken == [1, 0]
    attachment = Attachment.objects.get()
    content = read_attachment(coordinator, attachment_id=attachment.pk, inbox=inbox)
    assert content == b"best interests report"
    assert list(attachment.path.parent.iterdir()) == [attachment.path]
    assert AuditEntry.objects.filter(tag=AuditTag.ATTACHMENT_FETCHED).count() == 1


@pytest.mark.parametrize(("status", "body"), [(404, b""), (503, b""), (200, b"other")])
def test_a_failure_does_not_undo_what_another_process_fetched(
    offered: tuple[bytes, int], coordinator: Actor, status: int, body: bytes
) -> None:
    token, inbox = offered
    accept_attachments(coordinator, inbox=inbox, now=NOW)

    class Slower(Files):
        def request(self, method: str, url: str, **more: Any) -> Reply:
            assert fetch_wanted(NOW + CLAIM, Files(token)) == 1
            return super().request(method, url, **more)

    assert fetch_wanted(NOW, Slower(body, status)) == 0
    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.failures) == (AttachmentState.HELD, 0)


@pytest.mark.django_db(transaction=True)
def test_processes_that_bring_a_file_at_once_keep_one_that_is_whole(
    offered: tuple[bytes, int], coordinator: Actor
) -> None:
    token, inbox = offered
    accept_attachments(coordinator, inbox=inbox, now=NOW)
    together = threading.Barrier(3, timeout=20)

    def bring() -> bool:
        try:
            wanted = Attachment.objects.get(state=AttachmentState.WANTED)
            together.wait()
            return take_in(wanted, token, NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        taken = [future.result() for future in [pool.submit(bring) for _ in range(3)]]
    assert sorted(taken) == [False, False, True]
    attachment = Attachment.objects.get()
    content = read_attachment(coordinator, attachment_id=attachment.pk, inbox=inbox)
    assert content == b"best interests report"
    assert list(attachment.path.parent.glob(f"{attachment.pk}*")) == [attachment.path]


def test_a_file_is_carried_by_one_process_at_a_time(
    offered: tuple[bytes, int], coordinator: Actor
) -> None:
    token, inbox = offered
    accept_attachments(coordinator, inbox=inbox, now=NOW)
    second = Files(token)

    class Killed(Files):
        def request(self, method: str, url: str, **more: Any) -> Reply:
            assert fetch_wanted(NOW, second) == 0
            raise SystemExit

    with pytest.raises(SystemExit):
        fetch_wanted(NOW, Killed(token))
    assert second.asked == []
    assert fetch_wanted(NOW + CLAIM, second) == 1


def test_a_polling_node_brings_the_file(
    client: Client, known: Node, offered: tuple[bytes, int], coordinator: Actor
) -> None:
    token, inbox = offered
    path = f"/exchange/v1/blobs/{sha256(token)}"
    assert ask(client, known, "PUT", path, token).status_code == 404
    accept_attachments(coordinator, inbox=inbox, now=NOW)
    assert ask(client, known, "GET", MESSAGES).json()["wanted"] == [sha256(token)]
    assert ask(client, known, "PUT", path, b"other").status_code == 422
    assert ask(client, known, "PUT", path, token).status_code == 204
    assert read_attachment(
        coordinator, attachment_id=Attachment.objects.get().pk, inbox=inbox
    ).startswith(b"best")


def test_an_outgoing_file_is_readable_by_its_receiver_only(
    client: Client, known: Node, coordinator: Actor, handled: list[ReceivedLetter]
) -> None:
    from mostovi.exchange.letters import decrypt

    row = post(
        coordinator, to="ba", letter_type=REQUEST, purpose=Purpose.PROTECTION, basis=CONSENT,
        data=referral(), attachments=[OutgoingAttachment(b"report", "text/plain", "report")],
        now=NOW,
    )  # fmt: skip
    attachment = row.attachments.get()
    answer = ask(client, known, "GET", f"/exchange/v1/blobs/{attachment.sha256}")
    body = b"".join(answer.streaming_content)
    assert sha256(body) == attachment.sha256
    assert decrypt(body, lambda kid: known.encrypt, NOW, cty="mg+blob", blob=True) == b"report"


def test_the_directory_is_public_and_absent_at_first(client: Client, db: None, store: Any) -> None:
    assert client.get("/exchange/v1/directory").status_code == 404
    entry = client.get("/exchange/v1/entry")
    assert (entry.status_code, entry.content.count(b".")) == (200, 2)
