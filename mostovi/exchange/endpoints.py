# SPDX-License-Identifier: EUPL-1.2
"""The HTTP door for other nodes; what each address takes and answers is in `docs/exchange.md`.

A body is never read beyond its limit, and one that announces more is refused before it is read.
Every refusal is a JSON problem (RFC 9457) with a reason code and one sentence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from mostovi.exchange import attachments as files
from mostovi.exchange import outbox
from mostovi.exchange.attachments import LARGEST_SEALED
from mostovi.exchange.directory import MAXIMUM_BATCH
from mostovi.exchange.inbox import Answer, receive_many
from mostovi.exchange.letters import MAXIMUM_TOKEN
from mostovi.exchange.models import Attachment, AttachmentState
from mostovi.exchange.peers import known_peers, newest_directory, note_contact, signed_entry, us
from mostovi.exchange.polling import answer_as_dict
from mostovi.exchange.reasons import ExchangeError, LetterRefused, Reason, RequestRefused
from mostovi.exchange.requests import read_request
from mostovi.exchange.wire import parse_object
from mostovi.exchange.xroad import read_headers
from mostovi.rights.doors import peer_door

logger = logging.getLogger(__name__)
PROBLEM: Final = "application/problem+json"
JOSE: Final = "application/jose"
LARGEST_BATCH: Final = MAXIMUM_BATCH * (MAXIMUM_TOKEN + 1)
LARGEST_RECEIPTS: Final = MAXIMUM_BATCH * 8_000
View = Callable[..., HttpResponseBase]


def problem(status: int, reason: str, sentence: str, **more: Any) -> JsonResponse:
    """A refusal as RFC 9457 says it, with our reason code."""
    value = {
        "type": f"urn:mostovi:problem:{reason}",
        "title": reason.replace("_", " "),
        "status": status,
        "reason": str(reason),
        "detail": sentence,
        **more,
    }
    return JsonResponse(value, status=status, content_type=PROBLEM)


def peer_view(*methods: str) -> Callable[[View], View]:
    """A view for other nodes: only these methods, every `ExchangeError` as a problem."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                answer = problem(
                    405, Reason.MALFORMED, f"This address takes {' and '.join(methods)} only."
                )
                answer["Allow"] = ", ".join(methods)
                return answer
            try:
                return view(request, *args, **kwargs)
            except ExchangeError as error:
                return problem(error.status, error.reason, error.sentence)

        guarded: View = csrf_exempt(never_cache(peer_door(answering)))
        return guarded

    return decorate


def limited_body(request: HttpRequest, limit: int) -> bytes:
    """The body, at most `limit` bytes; raises `LetterRefused(too_large)` before reading more."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > limit:
        raise _too_large(limit)
    body = request.read(limit + 1)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> LetterRefused:
    return LetterRefused(
        Reason.TOO_LARGE,
        f"At most {limit} bytes are taken here. A letter is at most {MAXIMUM_TOKEN} bytes; "
        "larger content travels as an attachment.",
        status=413,
    )


def _require_jose(request: HttpRequest) -> None:
    if request.content_type != JOSE:
        raise LetterRefused(Reason.WRONG_MEDIA_TYPE, f"Send the letter as {JOSE}.", status=415)


def _asking_node(request: HttpRequest, body: bytes) -> str:
    """Who asks, by the signed request token; raises `RequestRefused`."""
    path = request.get_full_path()
    known = known_peers()
    now = timezone.now()
    code = read_request(
        request.headers.get("Authorization", ""),
        us=us(),
        method=str(request.method),
        path=path[path.find("/exchange/v1/") :],
        body=body,
        their_key=known.signing_key,
        now=now,
    )
    try:
        known.require(code)
    except LetterRefused as error:
        raise RequestRefused(error.reason, error.sentence, status=403) from error
    note_contact(code, now)
    return code


@peer_view("POST", "GET")
def messages(request: HttpRequest, service: str = "") -> HttpResponseBase:
    """POST: take in letters. GET: hand over letters that wait for the node that asks."""
    return _take_in(request) if request.method == "POST" else _hand_over(request)


def _take_in(request: HttpRequest) -> HttpResponseBase:
    """One compact token, or several with a line end between them (at most 64)."""
    _require_jose(request)
    # One letter may not be larger than one letter, however many are allowed in a batch.
    tokens = limited_body(request, LARGEST_BATCH).strip().split(b"\n")
    if len(tokens) > MAXIMUM_BATCH:
        raise LetterRefused(
            Reason.TOO_LARGE, f"At most {MAXIMUM_BATCH} letters go in one request.", status=413
        )
    answers = receive_many(
        [token.strip() for token in tokens], timezone.now(), read_headers(request.headers)
    )
    if len(answers) > 1:
        return JsonResponse({"results": [answer_as_dict(item) for item in answers]}, status=202)
    return _single(answers[0])


def _single(answer: Answer) -> HttpResponseBase:
    value = answer_as_dict(answer)
    value.pop("status")
    if answer.status == 202:
        return JsonResponse(value, status=202)
    reply = problem(answer.status, value.pop("reason"), value.pop("detail"), **value)
    if answer.status == 503:
        reply["Retry-After"] = "60"
    return reply


def _hand_over(request: HttpRequest) -> HttpResponseBase:
    code = _asking_node(request, b"")
    after = request.GET.get("after", "")
    waiting = outbox.pending_for(code, timezone.now(), MAXIMUM_BATCH, after)
    return JsonResponse(
        {
            "messages": [{"letter": str(item.row.pk), "token": item.token} for item in waiting],
            "wanted": [attachment.sha256 for attachment in files.wanted_from(code)],
        }
    )


@peer_view("POST")
def receipts(request: HttpRequest, service: str = "") -> HttpResponseBase:
    """Take the receipts of letters that a polling node fetched."""
    body = limited_body(request, LARGEST_RECEIPTS)
    code = _asking_node(request, body)
    results = parse_object(body).get("results")
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        raise LetterRefused(Reason.MALFORMED, "'results' must be a list of objects.")
    return JsonResponse({"settled": outbox.settle_fetched(code, results, timezone.now())})


@peer_view("GET", "PUT")
def blobs(request: HttpRequest, sha256: str, service: str = "") -> HttpResponseBase:
    """GET: the encrypted file of a letter of ours. PUT: a file that we asked this node for."""
    if request.method == "PUT":
        return _take_file(request, sha256)
    code = _asking_node(request, b"")
    attachment = files.outgoing(code, sha256)
    if attachment is None or not attachment.path.exists():
        raise _no_such_file()
    Attachment.objects.filter(pk=attachment.pk).update(state=AttachmentState.SERVED)
    return FileResponse(attachment.path.open("rb"), content_type=JOSE)


def _take_file(request: HttpRequest, sha256: str) -> HttpResponseBase:
    _require_jose(request)
    body = limited_body(request, LARGEST_SEALED)
    code = _asking_node(request, body)
    wanted = next((item for item in files.wanted_from(code) if item.sha256 == sha256), None)
    if wanted is None:
        raise _no_such_file()
    files.take_in(wanted, body, timezone.now())
    return HttpResponse(status=204)


def _no_such_file() -> LetterRefused:
    return LetterRefused(
        Reason.UNKNOWN_BLOB, "No file with this digest is exchanged with your node.", status=404
    )


@peer_view("GET")
def directory(request: HttpRequest, service: str = "") -> HttpResponseBase:
    """The signed node directory in use; it is public and holds keys and addresses only."""
    held = newest_directory()
    if held is None:
        raise LetterRefused(Reason.BAD_DIRECTORY, "This node has no directory yet.", status=404)
    return HttpResponse(held.document, content_type="application/json")


@peer_view("GET")
def entry(request: HttpRequest, service: str = "") -> HttpResponseBase:
    """This node's own entry, signed by its current key, for the stewards to collect."""
    return HttpResponse(signed_entry(timezone.now()), content_type=JOSE)
