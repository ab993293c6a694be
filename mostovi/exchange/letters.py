# SPDX-License-Identifier: EUPL-1.2
"""One letter between two nodes: signed for one receiver, then encrypted to it.

The payload carries CloudEvents 1.0 names. It is a JWS (Ed25519, typ `mg+jws`) inside a JWE
(ECDH-ES+A256KW with A256GCM, typ `mg+jwe`), both compact. Algorithms are constants of this
module: neither header chooses one. The signature covers the receiver (`to`), because a receiver
could otherwise encrypt a letter it got to a third node, and the signature would still verify.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from joserfc import jwe, jws
from joserfc.errors import (
    BadSignatureError,
    ConflictAlgorithmError,
    ExceededSizeError,
    JoseError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import OKPKey
from joserfc.util import json_b64decode

from mostovi.exchange.keys import KeyPair, PublicKey
from mostovi.exchange.reasons import LetterRefused, Reason
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

SIGNATURE: Final = "Ed25519"
KEY_AGREEMENT: Final = "ECDH-ES+A256KW"
CONTENT_ENCRYPTION: Final = "A256GCM"
MAXIMUM_TOKEN: Final = 60_000
SKEW: Final = timedelta(minutes=5)
_JWS_HEADER: Final = {"alg", "kid", "typ"}
_JWE_HEADER: Final = {"alg", "enc", "kid", "typ", "cty", "epk"}
_TEXT_LIMIT: Final = 300


class BlobRegistry(jwe.JWERegistry):
    """As the letters' registry, for one attachment of up to about 18 MB."""

    max_ciphertext_length = 26_000_000


_SIGNATURES: Final = jws.JWSRegistry(algorithms=[SIGNATURE])
_ENCRYPTIONS: Final = jwe.JWERegistry(algorithms=[KEY_AGREEMENT, CONTENT_ENCRYPTION])
_BLOBS: Final = BlobRegistry(algorithms=[KEY_AGREEMENT, CONTENT_ENCRYPTION])


@dataclass(frozen=True)
class AttachmentNote:
    """What a letter says of an attachment that travels apart from it.

    `sha256` is of the encrypted file: the digest of the plain file could be guessed. `bytes` is
    the size of the plain file. `kind` is a code such as `best_interests_report`; a file name is
    not sent, because names of files name people.
    """

    id: UUID
    sha256: str
    bytes: int
    media_type: str
    kind: str

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the envelope."""
        return {
            "id": str(self.id),
            "sha256": self.sha256,
            "bytes": self.bytes,
            "media_type": self.media_type,
            "kind": self.kind,
        }


@dataclass(frozen=True)
class Letter:
    """The envelope: who to whom, under which purpose and basis, in which place of a thread."""

    id: UUID
    type: str
    source: str
    to: str
    time: datetime
    expires: datetime
    thread: UUID
    seq: int
    purpose: str
    basis: Mapping[str, Any]
    schema: str
    data: Mapping[str, Any]
    subject: str = ""
    prev: str = ""
    in_reply_to: UUID | None = None
    attachments: tuple[AttachmentNote, ...] = ()

    def envelope(self) -> dict[str, Any]:
        """The JSON object that is signed; empty members are left out."""
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": str(self.id),
            "type": self.type,
            "source": node_urn(self.source),
            "to": node_urn(self.to),
            "time": format_time(self.time),
            "expires": format_time(self.expires),
            "thread": str(self.thread),
            "seq": self.seq,
            "purpose": self.purpose,
            "basis": dict(self.basis),
            "schema": self.schema,
            "data": dict(self.data),
        }
        if self.subject:
            envelope["subject"] = self.subject
        if self.prev:
            envelope["prev"] = self.prev
        if self.in_reply_to is not None:
            envelope["in_reply_to"] = str(self.in_reply_to)
        if self.attachments:
            envelope["attachments"] = [note.as_dict() for note in self.attachments]
        return envelope


def digest(envelope: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical envelope without `expires`.

    It names the content: `prev` chains it and the receipt repeats it. `expires` is left out so
    that a sender may give an undelivered letter more time without it becoming another letter.
    """
    return sha256(canonical({key: value for key, value in envelope.items() if key != "expires"}))


@dataclass(frozen=True)
class Opened:
    """A letter that was decrypted and verified, with what a receipt needs."""

    letter: Letter
    envelope: Mapping[str, Any]
    digest: str
    token_sha256: str
    signing_key: PublicKey


def sign(payload: bytes, key: KeyPair, typ: str = "mg+jws") -> str:
    """A compact JWS over `payload`."""
    header = {"alg": SIGNATURE, "kid": key.kid, "typ": typ}
    return jws.serialize_compact(header, payload, key.private, registry=_SIGNATURES)


def encrypt(content: bytes, receiver: PublicKey, cty: str = "mg+jws", *, blob: bool = False) -> str:
    """A compact JWE of `content` that only the holder of `receiver` can read."""
    header = {
        "alg": KEY_AGREEMENT,
        "enc": CONTENT_ENCRYPTION,
        "kid": receiver.kid,
        "typ": "mg+jwe",
        "cty": cty,
    }
    registry = _BLOBS if blob else _ENCRYPTIONS
    return jwe.encrypt_compact(header, content, receiver.jwk, registry=registry)


def seal(letter: Letter, key: KeyPair, receiver: PublicKey) -> str:
    """`letter` signed with `key` and encrypted to `receiver`: the token that is posted.

    Raises `LetterRefused(too_large)`: what does not fit is sent as an attachment.
    """
    return seal_payload(canonical(letter.envelope()), key, receiver)


def seal_payload(payload: bytes, key: KeyPair, receiver: PublicKey) -> str:
    """As `seal`, for an envelope already written as canonical JSON."""
    # 4/9 of the size is the overhead of base64 inside base64.
    if len(payload) * 16 // 9 > MAXIMUM_TOKEN - 1_000:
        raise _too_large(MAXIMUM_TOKEN)
    return encrypt(sign(payload, key).encode(), receiver)


def _too_large(limit: int) -> LetterRefused:
    return LetterRefused(
        Reason.TOO_LARGE,
        f"The letter is larger than {limit} bytes; send large content as an attachment.",
        status=413,
    )


def header(segment: bytes) -> dict[str, Any]:
    """The protected header in the first segment of a compact token, not yet verified."""
    try:
        value = json_b64decode(segment)
    except (ValueError, TypeError, JoseError, RecursionError) as error:
        raise _malformed("The token's header is not readable.") from error
    if not isinstance(value, dict):
        raise _malformed("The token's header is not an object.")
    return value


def _malformed(sentence: str) -> LetterRefused:
    return LetterRefused(Reason.MALFORMED, sentence)


def _check_header(
    value: Mapping[str, Any], names: set[str], constants: Mapping[str, str], what: str
) -> str:
    """Require exactly the fixed header; return its `kid`."""
    for name, expected in constants.items():
        if value.get(name) != expected:
            reason = Reason.ALGORITHM_REFUSED if name in {"alg", "enc"} else Reason.MALFORMED
            raise LetterRefused(reason, f"The {what}'s '{name}' must be {expected}.")
    if value.keys() != names or not isinstance(value["kid"], str):
        raise _malformed(f"The {what}'s header must hold exactly {', '.join(sorted(names))}.")
    return value["kid"]


def decrypt(
    token: bytes,
    our_key: Callable[[str], KeyPair | None],
    now: datetime,
    *,
    cty: str = "mg+jws",
    blob: bool = False,
) -> bytes:
    """The content of a compact JWE written to one of our keys.

    `our_key(kid)` returns our pair or None. Raises `LetterRefused`.
    """
    kid = _check_header(
        header(token.split(b".", 1)[0]),
        _JWE_HEADER,
        {"alg": KEY_AGREEMENT, "enc": CONTENT_ENCRYPTION, "typ": "mg+jwe", "cty": cty},
        "encryption",
    )
    pair = our_key(kid)
    if pair is None:
        raise LetterRefused(
            Reason.UNKNOWN_ENCRYPTION_KEY,
            "The letter is encrypted to a key this node does not hold; fetch the node directory.",
        )
    if now >= pair.public.not_after:
        raise LetterRefused(
            Reason.ENCRYPTION_KEY_EXPIRED,
            f"The letter is encrypted to key {kid[:8]}, which ended at "
            f"{format_time(pair.public.not_after)}; fetch the node directory.",
        )
    try:
        opened = jwe.decrypt_compact(token, pair.private, registry=_BLOBS if blob else _ENCRYPTIONS)
    except ExceededSizeError as error:
        raise _too_large(MAXIMUM_TOKEN) from error
    except (UnsupportedAlgorithmError, ConflictAlgorithmError) as error:
        raise LetterRefused(
            Reason.ALGORITHM_REFUSED, "The encryption's algorithm is refused."
        ) from error
    except Exception as error:
        # joserfc, cryptography and their key unwrapping each raise kinds of their own; whatever
        # they cannot read was damaged or altered.
        raise LetterRefused(
            Reason.NOT_DECRYPTABLE, "The letter cannot be decrypted; it was damaged or altered."
        ) from error
    return opened.plaintext or b""


def verify(
    token: bytes, their_key: Callable[[str], PublicKey | None], now: datetime, typ: str = "mg+jws"
) -> tuple[bytes, PublicKey]:
    """The payload of a compact JWS and the pinned key that signed it.

    The key must be valid at `now`, the time of receipt. Raises `LetterRefused`.
    """
    kid = _check_header(
        header(token.split(b".", 1)[0]),
        _JWS_HEADER,
        {"alg": SIGNATURE, "typ": typ},
        "signature",
    )
    key = their_key(kid)
    if key is None:
        raise LetterRefused(
            Reason.UNKNOWN_SIGNING_KEY,
            f"Key {kid[:8]} is not in this node's directory; ask the stewards to publish it.",
            status=403,
        )
    key.require_valid(now)
    return _verified(token, key.jwk), key


def _verified(token: bytes, key: OKPKey) -> bytes:
    try:
        return jws.deserialize_compact(token, key, registry=_SIGNATURES).payload
    except ExceededSizeError as error:
        raise _too_large(MAXIMUM_TOKEN) from error
    except (UnsupportedAlgorithmError, ConflictAlgorithmError) as error:
        raise LetterRefused(
            Reason.ALGORITHM_REFUSED, "The signature's algorithm is refused."
        ) from error
    except (BadSignatureError, JoseError, ValueError, TypeError, KeyError) as error:
        raise LetterRefused(
            Reason.BAD_SIGNATURE, "The signature does not fit the content; it was altered."
        ) from error


def open_token(
    token: bytes,
    *,
    us: str,
    our_key: Callable[[str], KeyPair | None],
    their_key: Callable[[str], tuple[str, PublicKey] | None],
    now: datetime,
) -> Opened:
    """Decrypt, verify and read one token.

    `us` is our node code; `their_key(kid)` returns (node code, key) of a pinned signing key.
    The size is checked before anything is parsed. Raises `LetterRefused` with its reason.
    """
    if len(token) > MAXIMUM_TOKEN:
        raise _too_large(MAXIMUM_TOKEN)
    owners: dict[str, str] = {}

    def pinned(kid: str) -> PublicKey | None:
        found = their_key(kid)
        if found is None:
            return None
        owners[kid] = found[0]
        return found[1]

    payload, key = verify(decrypt(token, our_key, now), pinned, now)
    envelope = parse_object(payload)
    letter = read(envelope)
    if letter.source != owners[key.kid]:
        raise LetterRefused(
            Reason.SOURCE_MISMATCH,
            f"The letter says it is from '{letter.source}', but another node signed it.",
            status=403,
        )
    _check_addressee(letter, us)
    _check_window(letter, now)
    return Opened(letter, envelope, digest(envelope), sha256(token), key)


def _check_addressee(letter: Letter, us: str) -> None:
    if letter.to != us:
        raise LetterRefused(
            Reason.WRONG_RECEIVER,
            f"The letter was signed for another node, not for '{us}'; it was not kept.",
            status=403,
        )


def _check_window(letter: Letter, now: datetime) -> None:
    if letter.time > now + SKEW:
        raise LetterRefused(
            Reason.NOT_YET_VALID,
            f"The letter's time {format_time(letter.time)} is ahead of this node's clock "
            f"({format_time(now)}); check the clocks.",
        )
    if letter.expires <= now - SKEW:
        raise LetterRefused(
            Reason.EXPIRED, f"The letter expired at {format_time(letter.expires)}; send it anew."
        )


_REQUIRED = {
    "specversion", "id", "type", "source", "to", "time", "expires", "thread", "seq", "purpose",
    "basis", "schema", "data",
}  # fmt: skip
_OPTIONAL = {"subject", "prev", "in_reply_to", "attachments"}


def _uuid(value: object, name: str) -> UUID:
    try:
        found = UUID(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or str(found) != value:
        raise _malformed(f"'{name}' must be a UUID in lower case.")
    return found


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_LIMIT:
        raise _malformed(f"'{name}' must be a text of 1 to {_TEXT_LIMIT} characters.")
    return value


def _hex(value: object, name: str) -> str:
    text = _text(value, name)
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise _malformed(f"'{name}' must be a SHA-256 digest in lower-case hexadecimal.")
    return text


def _count(value: object, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**53:
        raise _malformed(f"'{name}' must be a whole number from {least}.")
    return value


def _mapping(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed(f"'{name}' must be an object.")
    return value


def _attachments(value: object) -> tuple[AttachmentNote, ...]:
    if not isinstance(value, list) or len(value) > 20:
        raise _malformed("'attachments' must be a list of at most 20.")
    notes = []
    for item in value:
        item = _mapping(item, "attachments")
        only(item, {"id", "sha256", "bytes", "media_type", "kind"}, set(), "An attachment")
        notes.append(
            AttachmentNote(
                id=_uuid(item["id"], "attachments.id"),
                sha256=_hex(item["sha256"], "attachments.sha256"),
                bytes=_count(item["bytes"], "attachments.bytes", 0),
                media_type=_text(item["media_type"], "attachments.media_type"),
                kind=_text(item["kind"], "attachments.kind"),
            )
        )
    return tuple(notes)


def read(envelope: Mapping[str, Any]) -> Letter:
    """The letter in a verified envelope; raises `LetterRefused(malformed)` naming the member."""
    only(envelope, _REQUIRED, _OPTIONAL, "The envelope")
    if envelope["specversion"] != "1.0":
        raise _malformed("'specversion' must be 1.0.")
    letter = Letter(
        id=_uuid(envelope["id"], "id"),
        type=_text(envelope["type"], "type"),
        source=node_code(envelope["source"], "source"),
        to=node_code(envelope["to"], "to"),
        time=parse_time(envelope["time"], "time"),
        expires=parse_time(envelope["expires"], "expires"),
        thread=_uuid(envelope["thread"], "thread"),
        seq=_count(envelope["seq"], "seq", 1),
        purpose=_text(envelope["purpose"], "purpose"),
        basis=_mapping(envelope["basis"], "basis"),
        schema=_hex(envelope["schema"], "schema"),
        data=_mapping(envelope["data"], "data"),
        subject=_text(envelope["subject"], "subject") if "subject" in envelope else "",
        prev=_hex(envelope["prev"], "prev") if "prev" in envelope else "",
        in_reply_to=(
            _uuid(envelope["in_reply_to"], "in_reply_to") if "in_reply_to" in envelope else None
        ),
        attachments=_attachments(envelope.get("attachments", [])),
    )
    if bool(letter.prev) != (letter.seq > 1):
        raise _malformed("'prev' belongs to every letter of a thread but the first.")
    return letter
