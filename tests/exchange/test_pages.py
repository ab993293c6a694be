# SPDX-License-Identifier: EUPL-1.2
"""The administrator's pages and commands: everything about a letter but what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from mostovi.exchange import commands, views
from mostovi.exchange.handlers import ReceivedLetter
from mostovi.exchange.keys import Use, new_pair
from mostovi.exchange.keystore import KeyStore, key_store
from mostovi.exchange.models import Alarm, OutboxLetter, OutboxState
from mostovi.exchange.overview import overview
from mostovi.exchange.polling import poll
from mostovi.exchange.reasons import Reason
from mostovi.exchange.services import add_peer, post, receive, relay_due, withdraw
from mostovi.exchange.today import waiting
from mostovi.exchange.transport import Reply
from mostovi.exchange.wording import in_words
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose

from .conftest import CONSENT, NOW, REQUEST, FakePeer, Node, problem, referral

SECRET = "Amina Begić"


@pytest.fixture
def dead(
    known: Node, carrier: FakePeer, coordinator: Actor, handled: list[ReceivedLetter]
) -> OutboxLetter:
    """A letter that the peer refused."""
    row = post(
        coordinator, to="ba", letter_type=REQUEST, purpose=Purpose.PROTECTION, basis=CONSENT,
        data=referral(summary=SECRET), now=NOW,
    )  # fmt: skip
    carrier.fails = [problem(403, "unknown_signing_key")]
    relay_due(NOW + timedelta(seconds=1), carrier)
    row.refresh_from_db()
    return row


@pytest.fixture
def visit(administrator: Actor, monkeypatch: pytest.MonkeyPatch) -> Callable[..., HttpResponse]:
    """Call a page as an actor."""
    monkeypatch.setattr("mostovi.exchange.views.timezone.now", lambda: NOW)

    def call(
        view: Callable[..., HttpResponse], *args: Any, actor: Actor = administrator,
        method: str = "get", data: Any = None, **kwargs: Any,
    ) -> HttpResponse:  # fmt: skip
        request: Any = getattr(RequestFactory(), method)("/exchange/", data or {})
        request.actor = actor
        request.session = {}
        request._messages = FallbackStorage(request)
        request.csp_nonce = "x"
        return view(request, *args, **kwargs)

    return call


def text(answer: HttpResponse) -> str:
    """What is on the page."""
    return answer.content.decode()


def test_the_status_page_says_what_needs_a_look_and_nothing_of_the_content(
    visit: Callable[..., HttpResponse], dead: OutboxLetter
) -> None:
    Alarm.objects.create(source="ba", reason=Reason.ID_REUSED, at=NOW)
    page = text(visit(views.status))
    assert "1 letter was not delivered" in page
    assert "Node ba" in page
    assert str(in_words(Reason.ID_REUSED)) in page
    assert SECRET not in page
    for view, args in ((views.letters, ()), (views.letter, (dead.pk,)), (views.keys, ())):
        page = text(visit(view, *args))
        assert SECRET not in page
    assert "Try again" in text(visit(views.letter, dead.pk))
    assert "does not know this node" in text(visit(views.letter, dead.pk))


@pytest.mark.parametrize("show", ["open", "dead", "sent", "parked", "received", "nonsense"])
def test_every_list_of_letters_opens(
    visit: Callable[..., HttpResponse], dead: OutboxLetter, to_us: Callable[..., bytes], show: str
) -> None:
    receive(to_us(), NOW)
    page = text(visit(views.letters, data={"show": show}))
    if show == "dead":
        assert reverse("exchange:letter", args=[dead.pk]) in page
    if show == "received":
        assert "ba" in page


def test_buttons_retry_withdraw_and_close(
    visit: Callable[..., HttpResponse], dead: OutboxLetter
) -> None:
    visit(views.retry, dead.pk, method="post")
    dead.refresh_from_db()
    assert dead.state == OutboxState.WAITING
    visit(views.withdraw, dead.pk, method="post")
    dead.refresh_from_db()
    assert dead.state == OutboxState.WITHDRAWN
    alarm = Alarm.objects.create(source="ba", reason=Reason.ID_REUSED, at=NOW)
    visit(views.close_alarm, alarm.pk, method="post")
    alarm.refresh_from_db()
    assert alarm.closed_at == NOW


def test_keys_are_rotated_from_the_page(visit: Callable[..., HttpResponse], known: Node) -> None:
    before = len(key_store().pairs())
    assert "begin" in text(visit(views.rotate, method="post", data={"begin": "nonsense"}))
    visit(views.rotate, method="post", data={"begin": "now"})
    assert len(key_store().pairs()) == before + 2


def test_nobody_else_comes_in(
    visit: Callable[..., HttpResponse], dead: OutboxLetter, coordinator: Actor
) -> None:
    from django.core.exceptions import PermissionDenied

    for view, args, method in (
        (views.status, (), "get"), (views.letters, (), "get"), (views.letter, (dead.pk,), "get"),
        (views.retry, (dead.pk,), "post"), (views.withdraw, (dead.pk,), "post"),
        (views.keys, (), "get"), (views.rotate, (), "post"), (views.publish, (), "post"),
    ):  # fmt: skip
        with pytest.raises(PermissionDenied):
            visit(view, *args, actor=coordinator, method=method)


def test_home_shows_what_waits_for_the_administrator_only(
    dead: OutboxLetter, administrator: Actor, coordinator: Actor, known: Node,
    to_us: Callable[..., bytes], handled: list[ReceivedLetter],
) -> None:  # fmt: skip
    thread = uuid4()
    known.letter(thread=thread)
    receive(to_us(thread=thread), NOW)
    titles = [str(item.title) for item in waiting(administrator, NOW + timedelta(minutes=16))]
    assert titles == ["1 letter was not delivered", "1 letter waits for an earlier one"]
    late = [str(item.title) for item in waiting(administrator, NOW + timedelta(days=340))]
    assert "This node's keys end soon" in late
    over = [str(item.title) for item in waiting(administrator, NOW + timedelta(days=400))]
    assert "This node has no valid keys" in over
    assert waiting(coordinator, NOW + timedelta(days=400)) == []


def test_every_reason_a_letter_can_stop_for_has_words() -> None:
    wordless = [
        str(reason)
        for reason in Reason
        if in_words(reason) == str(reason).replace("_", " ")
        and reason
        not in {
            # These stop a request, a directory or a file, not a letter of ours.
            Reason.WRONG_MEDIA_TYPE, Reason.MALFORMED, Reason.ALGORITHM_REFUSED,
            Reason.SOURCE_MISMATCH, 
            Reason.UNKNOWN_BLOB, Reason.WRONG_DIGEST, Reason.REQUEST_NOT_SIGNED,
            Reason.TOO_FEW_STEWARDS, Reason.OLD_DIRECTORY, Reason.BAD_DIRECTORY,
            Reason.NO_STEWARDS,
        }
    ]  # fmt: skip
    assert wordless == []


def run(*words: str) -> int:
    """`mostovi exchange WORDS`."""
    import argparse

    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers())
    options = parser.parse_args(["exchange", *words])
    status: int = options.handler(options)
    return status


def test_commands_print_json_and_answer_with_a_status(
    dead: OutboxLetter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("status", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["outbox"]["dead"], found["sound"]) == (1, False)
    assert found["peers"][0]["code"] == "ba"
    assert run("status") == 1
    assert "1 not delivered" in capsys.readouterr().out
    assert run("retry", str(dead.pk), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"letters": [str(dead.pk)]}
    assert run("retry", str(uuid4())) == 2
    assert "no letter with this number" in capsys.readouterr().err
    assert run("retry") == 2
    assert run("peers", "list", "--json") == 0
    assert SECRET not in capsys.readouterr().out


def test_keys_are_shown_without_their_private_part_and_rotated(
    known: Node, store: KeyStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("keys", "show", "--json") == 0
    shown = capsys.readouterr().out
    assert not re.search(r'"d"\s*:', shown)
    assert {key["use"] for key in json.loads(shown)["keys"]} == {"sig", "enc"}
    assert run("keys", "rotate", "--now", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["keys"]) == 2
    entry = tmp_path / "rs.json"
    entry.write_text(json.dumps(Node.fresh("rs").entry()), encoding="utf-8")
    assert run("peers", "add", str(entry)) == 0
    entry.write_text("{}", encoding="utf-8")
    assert run("peers", "add", str(entry)) == 2
    assert "lacks 'code'" in capsys.readouterr().err
    assert run("peers", "add", str(tmp_path / "none.json")) == 2


def test_a_directory_is_signed_and_imported(
    known: Node, settings: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    entry, out = tmp_path / "rs.json", tmp_path / "directory.json"
    entry.write_text(json.dumps(Node.fresh("rs").entry()), encoding="utf-8")
    assert run("directory", "sign", str(entry)) == 2  # this node is no steward
    settings.MOSTOVI = replace(settings.MOSTOVI, steward=True)
    assert run("directory", "sign", str(entry), "--out", str(out)) == 0
    capsys.readouterr()
    assert run("directory", "import", str(out), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"serial": 1}
    out.write_text('{"payload":"","signatures":[]}', encoding="utf-8")
    assert run("directory", "import", str(out)) == 2


class Post:
    """A peer's `messages` and `receipts`, as a polling node sees them."""

    def __init__(self, tokens: list[tuple[str, bytes]]) -> None:
        self.tokens = tokens
        self.results: list[Any] = []
        self.receipts_lost = 0

    def request(self, method: str, url: str, *, body: Any = None, **more: Any) -> Reply:
        assert more["headers"]["Authorization"].startswith("Mostovi ")
        if method == "GET":
            items = [{"letter": name, "token": token.decode()} for name, token in self.tokens]
            return Reply(200, json.dumps({"messages": items, "wanted": []}).encode(), {})
        if self.receipts_lost:
            self.receipts_lost -= 1
            return Reply(503, b"", {})
        self.results += json.loads(body)["results"]
        return Reply(200, b"{}", {})


def test_polling_fetches_handles_and_confirms_even_if_a_receipt_was_lost(
    known: Node, to_us: Callable[..., bytes], handled: list[ReceivedLetter]
) -> None:
    letter = known.letter()
    web = Post([(str(letter.id), to_us(letter)), ("broken", b"noise")])
    web.receipts_lost = 1
    assert poll(NOW, web) == 0
    assert len(handled) == 1
    assert poll(NOW, web) == 0  # the letter is no news, but its receipt goes now
    assert len(handled) == 1
    assert [item["status"] for item in web.results] == [202, 400]
    assert web.results[0]["repeat"] is True
    assert web.results[1] == {
        "status": 400, "letter": "broken", "reason": "malformed",
        "detail": web.results[1]["detail"],
    }  # fmt: skip


def test_withdrawing_tells_whoever_is_not_allowed(dead: OutboxLetter, acting: Any) -> None:
    from mostovi.rights.access import Refused
    from mostovi.rights.roles import Role

    with pytest.raises(Refused):
        withdraw(acting(Role.INVESTIGATOR), letter_id=dead.pk)


def test_the_overview_takes_few_queries_however_many_letters(
    dead: OutboxLetter, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        peer = Node.fresh(f"rs-{number}")
        add_peer(Actor.system(Purpose.GOVERNANCE), entry=peer.entry())
    with django_assert_max_num_queries(8):
        overview(NOW)


def test_a_stranger_is_sent_to_sign_in(client: Client, db: None) -> None:
    answer = client.get("/exchange/")
    assert (answer.status_code, "next=/exchange/" in answer["Location"]) == (302, True)


def test_retention_erases_content_and_keeps_receipts(
    dead: OutboxLetter, django_capture_on_commit_callbacks: Any
) -> None:
    from datetime import date

    from mostovi.exchange.models import OutboxThread
    from mostovi.exchange.services import end_letters
    from mostovi.rights.retention import rules
    from mostovi.rights.vault import vault

    rule = rules()["letter"]
    assert end_letters(rule, date(2027, 11, 1)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert end_letters(rule, date(2027, 12, 1)) == 1
    dead.refresh_from_db()
    assert (bytes(dead.sealed), bool(dead.digest)) == (b"", True)
    assert not vault().holds(OutboxThread.objects.get().key_id)


def test_new_pairs_never_repeat() -> None:
    assert len({new_pair(Use.SIGN, timezone.now()).kid for _ in range(20)}) == 20
