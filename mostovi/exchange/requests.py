# SPDX-License-Identifier: EUPL-1.2
"""Signed request tokens: how a node proves who it is when it fetches mail or a file.

Letters and receipts carry their own signature. Fetching has no letter to sign, so the request
brings a JWS (typ `mg+request`) over who asks whom, for what, with which body; it lasts minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from mostovi.exchange.keys import KeyPair, PublicKey
from mostovi.exchange.letters import SKEW, sign, verify
from mostovi.exchange.reasons import LetterRefused, Reason, RequestRefused
from mostovi.exchange.wire import (
    canonical,
    format_time,
    node_code,
    node_urn,
    only,
    parse_object,
    parse_time,
    sha256,
)

TYP: Final = "mg+request"
SCHEME: Final = "Mostovi "
LIFETIME: Final = timedelta(minutes=2)
_LONGEST: Final = 2_000


def request_token(
    *, us: str, to: str, method: str, path: str, body: bytes, key: KeyPair, now: datetime
) -> str:
    """The Authorization header of one request; `path` begins at `/exchange/` and has its query."""
    claims = {
        "source": node_urn(us),
        "to": node_urn(to),
        "method": method,
        "path": path,
        "body": sha256(body),
        "time": format_time(now),
        "expires": format_time(now + LIFETIME),
    }
    return SCHEME + sign(canonical(claims), key, TYP)


def read_request(
    authorization: str,
    *,
    us: str,
    method: str,
    path: str,
    body: bytes,
    their_key: Callable[[str], tuple[str, PublicKey] | None],
    now: datetime,
) -> str:
    """The code of the node that asks; raises `RequestRefused` when that is not proven."""
    if not authorization.startswith(SCHEME) or len(authorization) > _LONGEST:
        raise RequestRefused(
            Reason.REQUEST_NOT_SIGNED, "This needs a signed request; see docs/exchange.md."
        )
    owners: dict[str, str] = {}

    def pinned(kid: str) -> PublicKey | None:
        found = their_key(kid)
        if found is not None:
            owners[kid] = found[0]
        return found[1] if found else None

    try:
        payload, key = verify(authorization.removeprefix(SCHEME).encode(), pinned, now, TYP)
        claims = parse_object(payload)
        only(
            claims,
            {"source", "to", "method", "path", "body", "time", "expires"},
            set(),
            "The request token",
        )
        source = node_code(claims["source"])
        begins = parse_time(claims["time"]) - SKEW
        ends = parse_time(claims["expires"], "expires") + SKEW
    except LetterRefused as error:
        raise RequestRefused(error.reason, error.sentence) from error
    expected = {"to": node_urn(us), "method": method, "path": path, "body": sha256(body)}
    differing = [name for name, value in expected.items() if claims[name] != value]
    if owners[key.kid] != source:
        differing.append("source")
    if differing:
        raise RequestRefused(
            Reason.REQUEST_NOT_SIGNED, f"The request token is for another '{differing[0]}'."
        )
    if not begins <= now < ends or ends - begins > LIFETIME + 2 * SKEW:
        raise RequestRefused(
            Reason.EXPIRED, "The request token is not valid now; check the clocks."
        )
    return source
