# SPDX-License-Identifier: EUPL-1.2
"""HTTP Digest (RFC 7616, and RFC 2617 for older clients): MD5 with qop=auth.

ODK Collect sends Basic over HTTPS only, and Digest with MD5 otherwise; it knows no other hash.
The passwords are random and long, so that what is known against MD5 does not help here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

WINDOW = 64
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class DigestError(ValueError):
    """The Authorization header is not a complete Digest answer."""


@dataclass(frozen=True)
class Answer:
    """What a client answered to a challenge; `count` is its request count (nc)."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    count: int
    client_nonce: str


def parse(header: str) -> Answer:
    """Read `Authorization: Digest ...`. Raises `DigestError`."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest":
        raise DigestError("not a Digest answer")
    fields = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted or not bare else bare
        for name, quoted, bare in _FIELD.findall(rest)
    }
    if fields.get("algorithm", "MD5").upper() != "MD5" or fields.get("qop", "") != "auth":
        raise DigestError("only MD5 with qop=auth")
    try:
        count = int(fields["nc"], 16)
        answer = Answer(
            username=fields["username"], realm=fields["realm"], nonce=fields["nonce"],
            uri=fields["uri"], response=fields["response"].lower(), count=count,
            client_nonce=fields["cnonce"],
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise DigestError("a field is missing") from error
    if count < 1 or len(fields["nc"]) != 8 or not answer.client_nonce:
        raise DigestError("nc or cnonce is wrong")
    return answer


def ha1(username: str, realm: str, password: str) -> str:
    """What the server keeps (sealed) instead of the password."""
    return _md5(f"{username}:{realm}:{password}")


def verified(answer: Answer, stored_ha1: str, method: str) -> bool:
    """Whether the answer proves the password for this request."""
    ha2 = _md5(f"{method}:{answer.uri}")
    expected = _md5(
        f"{stored_ha1}:{answer.nonce}:{answer.count:08x}:{answer.client_nonce}:auth:{ha2}"
    )
    return hmac.compare_digest(expected.encode(), answer.response.encode())


def challenge(realm: str, nonce: str, *, stale: bool = False) -> str:
    """The value of `WWW-Authenticate`."""
    extra = ", stale=true" if stale else ""
    return f'Digest realm="{realm}", qop="auth", algorithm=MD5, nonce="{nonce}"{extra}'


def counted(highest: int, seen: int, count: int) -> tuple[int, int] | None:
    """The window after request `count`, or None when that count was used before (a replay).

    `seen` has a bit for each of the `WINDOW` counts up to `highest`; bit 0 is `highest` itself.
    A count that has fallen out of the window counts as used.

    >>> counted(0, 0, 1)
    (1, 1)
    >>> counted(1, 1, 1) is None
    True
    >>> counted(1, 1, 3)
    (3, 5)
    >>> counted(3, 5, 2)
    (3, 7)
    """
    if count > highest:
        shifted = (seen << (count - highest)) if count - highest < WINDOW else 0
        return count, (shifted | 1) & ((1 << WINDOW) - 1)
    back = highest - count
    if back >= WINDOW or seen & (1 << back):
        return None
    return highest, seen | (1 << back)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
