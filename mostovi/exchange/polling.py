# SPDX-License-Identifier: EUPL-1.2
"""Fetching mail: for a node that can reach others but cannot be reached."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from mostovi.exchange import attachments as files
from mostovi.exchange.directory import MAXIMUM_BATCH, Status
from mostovi.exchange.inbox import Answer, receive_many
from mostovi.exchange.keystore import signing_pair
from mostovi.exchange.models import Attachment, AttachmentState, Peer
from mostovi.exchange.peers import endpoint_of, note_contact, note_failure, us
from mostovi.exchange.reasons import LetterRefused
from mostovi.exchange.requests import request_token
from mostovi.exchange.transport import Reply, Transport, Unreachable
from mostovi.exchange.wire import parse_object

logger = logging.getLogger(__name__)
ROUNDS: Final = 20


def poll(now: datetime, transport: Transport) -> int:
    """Fetch waiting letters from every peer that can be reached; returns how many came."""
    came = 0
    for peer in Peer.objects.all():
        if peer.entry.get("status") != Status.ACTIVE or not endpoint_of(peer):
            continue
        try:
            came += _fetch_all(peer, transport, now)
        except (Unreachable, LetterRefused) as error:
            note_failure(peer.code, str(error), now)
    return came


def _fetch_all(peer: Peer, transport: Transport, now: datetime) -> int:
    came, after = 0, ""
    for _ in range(ROUNDS):
        path = "/exchange/v1/messages" + (f"?after={after}" if after else "")
        reply = signed_request(peer, "GET", path, b"", transport, now)
        if reply.status != 200:
            raise Unreachable(f"HTTP {reply.status}")
        value = parse_object(reply.body)
        note_contact(peer.code, now)
        _bring_files(peer, value.get("wanted", ()), transport, now)
        letters = [item for item in value.get("messages", ()) if isinstance(item, dict)]
        if not letters:
            break
        answers = receive_many([str(item.get("token", "")).encode() for item in letters], now)
        _send_receipts(peer, letters, answers, transport, now)
        came += sum(1 for answer in answers if answer.receipt and not answer.repeat)
        after = str(letters[-1].get("letter", ""))
        if len(letters) < MAXIMUM_BATCH:
            break
    return came


def answer_as_dict(answer: Answer, letter: str = "") -> dict[str, Any]:
    """An answer as it travels: in the HTTP response, or in the receipts of a polling node."""
    value: dict[str, Any] = {"status": answer.status}
    if letter or answer.letter:
        value["letter"] = letter or str(answer.letter)
    if answer.receipt:
        value["receipt"] = answer.receipt
    if answer.repeat:
        value["repeat"] = True
    if answer.reason:
        value["reason"] = answer.reason
        value["detail"] = answer.sentence
    return value


def _send_receipts(
    peer: Peer,
    letters: list[dict[str, Any]],
    answers: list[Answer],
    transport: Transport,
    now: datetime,
) -> None:
    results = [
        answer_as_dict(answer, str(item.get("letter", "")))
        for item, answer in zip(letters, answers, strict=True)
    ]
    body = json.dumps({"results": results}).encode()
    reply = signed_request(peer, "POST", "/exchange/v1/receipts", body, transport, now)
    if reply.status != 200:
        # The letters are here; their receipts go again with the next poll.
        raise Unreachable(f"HTTP {reply.status}")


def _bring_files(peer: Peer, wanted: Any, transport: Transport, now: datetime) -> None:
    """Put the files that the peer asked for and cannot fetch from us."""
    for digest in list(wanted)[:20] if isinstance(wanted, list) else []:
        attachment = files.outgoing(peer.code, str(digest))
        if attachment is None or not attachment.path.exists():
            continue
        reply = signed_request(
            peer,
            "PUT",
            f"/exchange/v1/blobs/{attachment.sha256}",
            attachment.path.read_bytes(),
            transport,
            now,
        )
        if reply.status in {200, 201, 204}:
            Attachment.objects.filter(pk=attachment.pk).update(state=AttachmentState.SERVED)


def signed_request(
    peer: Peer, method: str, path: str, body: bytes, transport: Transport, now: datetime
) -> Reply:
    """A request that proves who asks; raises `Unreachable`."""
    authorization = request_token(
        us=us(), to=peer.code, method=method, path=path, body=body, key=signing_pair(now), now=now
    )
    headers: Mapping[str, str] = {
        "Authorization": authorization,
        "Content-Type": "application/json" if method == "POST" else "application/jose",
    }
    base = endpoint_of(peer)
    if urlsplit(base).scheme not in {"http", "https"}:
        raise Unreachable("no address")
    return transport.request(
        method, base + path, body=body if method != "GET" else None, headers=headers,
        limit=MAXIMUM_BATCH * 61_000,
    )  # fmt: skip
