# SPDX-License-Identifier: EUPL-1.2
"""A letter is read by its receiver, exactly as written, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe, jws
from joserfc.jwk import OctKey

from mostovi.exchange.keys import KeyPair, PublicKey, Use, new_pair
from mostovi.exchange.letters import (
    MAXIMUM_TOKEN,
    SKEW,
    AttachmentNote,
    Letter,
    digest,
    encrypt,
    open_token,
    read,
    seal,
    sign,
)
from mostovi.exchange.reasons import LetterRefused, Reason
from mostovi.exchange.wire import canonical, parse_object

from .conftest import NOW, Node, referral

BA, RS = Node.fresh("ba"), Node.fresh("rs")
ME = Node.fresh("me")


def opened(
    token: bytes | str,
    *,
    reader: Node = ME,
    signer: Node = BA,
    now: Any = NOW,
    key: PublicKey | None = None,
) -> Any:
    """`token` read by `reader`, who pins the key of `signer`."""
    return open_token(
        token.encode() if isinstance(token, str) else token,
        us=reader.code,
        our_key=lambda kid: reader.encrypt if kid == reader.encrypt.kid else None,
        their_key=lambda kid: (
            (signer.code, key or signer.sign.public) if kid == signer.sign.kid else None
        ),
        now=now,
    )


def refused(token: bytes | str, **more: Any) -> str:
    """The reason why `token` is refused."""
    with pytest.raises(LetterRefused) as caught:
        opened(token, **more)
    return caught.value.reason


text = st.text(st.characters(codec="utf-8"), max_size=60)


@given(
    summary=text,
    name=text,
    seq=st.integers(1, 2**40),
    thread=st.uuids(),
    minutes=st.integers(0, 60 * 24 * 60),
)
@settings(max_examples=60, deadline=None)
def test_what_is_sealed_is_read(
    summary: str, name: str, seq: int, thread: UUID, minutes: int
) -> None:
    letter = replace(
        BA.letter(thread=thread),
        seq=seq,
        prev="" if seq == 1 else "a" * 64,
        data=referral(summary=summary, names=[name]),
        expires=NOW + timedelta(minutes=minutes + 1),
        in_reply_to=thread,
        subject="abcd1234",
        attachments=(AttachmentNote(thread, "b" * 64, 12, "application/pdf", "report"),),
    )
    found = opened(BA.token(letter, ME.encrypt.public))
    assert found.letter == letter
    assert found.digest == digest(letter.envelope())
    assert found.signing_key == BA.sign.public


TOKEN = BA.token(BA.letter(), ME.encrypt.public)


@given(st.integers(0, len(TOKEN) - 1), st.integers(0, 7))
@settings(max_examples=400, deadline=None)
def test_any_flipped_bit_is_refused(position: int, bit: int) -> None:
    altered = bytearray(TOKEN)
    altered[position] ^= 1 << bit
    refused(bytes(altered))


@given(st.integers(0, len(TOKEN) - 1), st.binary(max_size=3))
@settings(max_examples=200, deadline=None)
def test_any_spliced_byte_is_refused(position: int, inserted: bytes) -> None:
    altered = TOKEN[:position] + inserted + TOKEN[position + 1 :]
    if altered != TOKEN:
        refused(altered)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_noise_is_refused(noise: bytes) -> None:
    refused(noise)


@pytest.mark.parametrize("segment", range(5))
def test_every_non_canonical_base64_is_refused(segment: int) -> None:
    parts = TOKEN.split(b".")
    last = parts[segment][-1:]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    unused = {0: 0, 2: 4, 3: 2}[len(parts[segment]) % 4]
    variants = [parts[segment] + b"=", parts[segment] + b"\n", b" " + parts[segment]]
    if unused:
        # Another character that decodes to the same bytes.
        index = alphabet.index(last)
        variants.append(parts[segment][:-1] + alphabet[index ^ 1 : (index ^ 1) + 1])
    for variant in variants:
        changed = [*parts]
        changed[segment] = variant
        refused(b".".join(changed))


def test_a_letter_re_encrypted_to_a_third_node_is_refused() -> None:
    inner = sign(canonical(BA.letter(to="me").envelope()), BA.sign)
    stolen = encrypt(inner.encode(), RS.encrypt.public)
    assert refused(stolen, reader=RS) == Reason.WRONG_RECEIVER


def test_a_letter_signed_by_another_known_node_is_refused() -> None:
    forged = seal(RS.letter(source="ba"), RS.sign, ME.encrypt.public)
    assert refused(forged, signer=RS) == Reason.SOURCE_MISMATCH


def test_an_unknown_signer_is_refused() -> None:
    assert refused(RS.token(RS.letter(), ME.encrypt.public)) == Reason.UNKNOWN_SIGNING_KEY


def test_a_signature_by_another_key_under_a_pinned_name_is_refused() -> None:
    impostor = KeyPair(BA.sign.public, new_pair(Use.SIGN, NOW).private)
    assert refused(seal(BA.letter(), impostor, ME.encrypt.public)) == Reason.BAD_SIGNATURE


def test_a_letter_to_a_key_we_do_not_hold_is_refused() -> None:
    assert refused(BA.token(BA.letter(), RS.encrypt.public)) == Reason.UNKNOWN_ENCRYPTION_KEY


def test_our_ended_key_is_refused() -> None:
    late = NOW + timedelta(days=400)
    reader = replace(ME)
    letter = BA.letter(time=late, expires=late + timedelta(days=1))
    token = BA.token(letter, reader.encrypt.public)
    assert refused(token, reader=reader, now=late) == Reason.ENCRYPTION_KEY_EXPIRED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"not_before": NOW + timedelta(seconds=1)}, Reason.SIGNING_KEY_NOT_YET_VALID),
        ({"not_after": NOW}, Reason.SIGNING_KEY_EXPIRED),
        ({"revoked_at": NOW, "revoked_reason": "lost"}, Reason.SIGNING_KEY_REVOKED),
        ({"revoked_at": NOW - timedelta(days=1)}, Reason.SIGNING_KEY_REVOKED),
    ],
)
def test_the_key_must_be_valid_when_the_letter_arrives(
    change: dict[str, Any], reason: Reason
) -> None:
    assert refused(TOKEN, key=replace(BA.sign.public, **change)) == reason


def test_a_key_revoked_later_was_valid() -> None:
    key = replace(BA.sign.public, revoked_at=NOW + timedelta(seconds=1))
    assert opened(TOKEN, key=key).letter.source == "ba"


@pytest.mark.parametrize(
    ("offset", "accepted"),
    [(SKEW, True), (SKEW + timedelta(seconds=1), False), (timedelta(0), True)],
)
def test_a_clock_ahead_is_tolerated_for_five_minutes(offset: timedelta, accepted: bool) -> None:
    token = BA.token(BA.letter(time=NOW + offset), ME.encrypt.public)
    if accepted:
        assert opened(token).letter.time == NOW + offset
    else:
        assert refused(token) == Reason.NOT_YET_VALID


@pytest.mark.parametrize(("ago", "accepted"), [(SKEW - timedelta(seconds=1), True), (SKEW, False)])
def test_an_expired_letter_is_tolerated_for_five_minutes(ago: timedelta, accepted: bool) -> None:
    token = BA.token(BA.letter(time=NOW - timedelta(days=1), expires=NOW - ago), ME.encrypt.public)
    if accepted:
        assert opened(token).letter.expires == NOW - ago
    else:
        assert refused(token) == Reason.EXPIRED


def test_the_size_is_checked_before_anything_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mostovi.exchange.letters.decrypt", None)
    assert refused(b"x" * (MAXIMUM_TOKEN + 1)) == Reason.TOO_LARGE


@given(st.integers(0, 40_000))
@settings(max_examples=25, deadline=None)
def test_what_can_be_sealed_fits_and_what_is_too_large_says_so(size: int) -> None:
    letter = BA.letter(data=referral(summary="x" * size))
    try:
        token = BA.token(letter, ME.encrypt.public)
    except LetterRefused as error:
        assert error.reason == Reason.TOO_LARGE
        assert size > 30_000
    else:
        assert len(token) <= MAXIMUM_TOKEN
        assert opened(token).letter == letter


def jws_with(header: dict[str, Any], payload: bytes, key: Any, algorithms: list[str]) -> str:
    """A JWS that our own code would not make."""
    return jws.serialize_compact(header, payload, key, algorithms=algorithms)


PAYLOAD = canonical(BA.letter().envelope())


def test_the_public_key_is_never_a_mac_key() -> None:
    shared = OctKey.import_key({"kty": "oct", "k": BA.sign.public.x})
    inner = jws_with(
        {"alg": "HS256", "kid": BA.sign.kid, "typ": "mg+jws"}, PAYLOAD, shared, ["HS256"]
    )
    assert refused(encrypt(inner.encode(), ME.encrypt.public)) == Reason.ALGORITHM_REFUSED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"alg": "none"}, Reason.ALGORITHM_REFUSED),
        ({"alg": "EdDSA"}, Reason.ALGORITHM_REFUSED),
        ({"typ": "JWT"}, Reason.MALFORMED),
        ({"kid": None}, Reason.MALFORMED),
        ({"jwk": {"kty": "OKP"}}, Reason.MALFORMED),
        ({"crit": ["b64"], "b64": False}, Reason.MALFORMED),
        ({"x": "1"}, Reason.MALFORMED),
    ],
)
def test_a_signature_header_must_be_exactly_ours(change: dict[str, Any], reason: Reason) -> None:
    import base64
    import json

    header = {"alg": "Ed25519", "kid": BA.sign.kid, "typ": "mg+jws", **change}
    protected = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    body = sign(PAYLOAD, BA.sign).split(".")[1]
    signed = BA.sign.private.private_key.sign(f"{protected}.{body}".encode())  # type: ignore[union-attr]
    signature = base64.urlsafe_b64encode(signed).rstrip(b"=").decode()
    token = encrypt(f"{protected}.{body}.{signature}".encode(), ME.encrypt.public)
    assert refused(token) == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"alg": "ECDH-ES", "enc": "A256GCM"}, Reason.ALGORITHM_REFUSED),
        ({"enc": "A128CBC-HS256"}, Reason.ALGORITHM_REFUSED),
        ({"zip": "DEF"}, Reason.MALFORMED),
        ({"cty": "JWT"}, Reason.MALFORMED),
        ({"typ": "JOSE"}, Reason.MALFORMED),
    ],
)
def test_an_encryption_header_must_be_exactly_ours(change: dict[str, Any], reason: Reason) -> None:
    header = {
        "alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": ME.encrypt.kid,
        "typ": "mg+jwe", "cty": "mg+jws", **change,
    }  # fmt: skip
    token = jwe.encrypt_compact(
        header,
        sign(PAYLOAD, BA.sign).encode(),
        ME.encrypt.public.jwk,
        algorithms=[header["alg"], header["enc"], "DEF"],
    )
    assert refused(token) == reason


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"id": None},
        {"id": "NOT-A-UUID"},
        {"source": "ba"},
        {"to": "urn:mostovi:node:../me"},
        {"time": "2026-11-24 06:00"},
        {"time": "2026-11-24T06:00:00+01:00"},
        {"seq": 0},
        {"seq": True},
        {"seq": 1.5},
        {"seq": 2},
        {"prev": "a" * 64},
        {"thread": "0123"},
        {"data": []},
        {"basis": "consent"},
        {"schema": "A" * 64},
        {"attachments": [{}]},
        {"attachments": [None]},
        {"specversion": "0.3"},
        {"purpose": ""},
        {"subject": "x" * 301},
        {"type": 5},
    ],
)
def test_a_wrong_member_is_refused_and_named(change: dict[str, Any]) -> None:
    envelope = {**BA.letter().envelope(), **change}
    with pytest.raises(LetterRefused) as caught:
        read(envelope)
    assert caught.value.reason == Reason.MALFORMED
    named = next(iter(change)).removesuffix("s")
    assert named in str(caught.value) or "'prev'" in str(caught.value)


@pytest.mark.parametrize(
    "member", ["id", "type", "source", "to", "time", "expires", "thread", "seq", "data", "basis"]
)
def test_a_missing_member_is_named(member: str) -> None:
    envelope = BA.letter().envelope()
    del envelope[member]
    with pytest.raises(LetterRefused, match=f"'{member}'"):
        read(envelope)


@pytest.mark.parametrize(
    "content",
    [b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":Infinity}', b"[]", b'"x"', b"\xff", b"{", b"[" * 9999],
)
def test_ambiguous_json_is_refused(content: bytes) -> None:
    with pytest.raises(LetterRefused) as caught:
        parse_object(content)
    assert caught.value.reason == Reason.MALFORMED


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_canonical_json_reads_back_and_ignores_order(value: Any) -> None:
    wrapped = {"v": value}
    assert parse_object(canonical(wrapped)) == wrapped
    if isinstance(value, dict):
        assert canonical(dict(reversed(list(value.items())))) == canonical(value)


def test_more_time_does_not_make_another_letter() -> None:
    letter = BA.letter()
    longer = replace(letter, expires=letter.expires + timedelta(days=3))
    assert digest(longer.envelope()) == digest(letter.envelope())
    assert digest(replace(letter, subject="x").envelope()) != digest(letter.envelope())


def test_refusals_never_repeat_what_a_letter_says() -> None:
    secret = "Amina Begić"
    letter: Callable[..., Letter] = BA.letter
    for change in ({"to": "rs"}, {"time": NOW + timedelta(days=1)}, {"subject": "x" * 400}):
        token = encrypt(
            sign(
                canonical({
                    **letter(data=referral(summary=secret)).envelope(),
                    **{k: v for k, v in change.items() if isinstance(v, str) and k != "to"},
                }),
                BA.sign,
            ).encode(),
            ME.encrypt.public,
        )  # fmt: skip
        try:
            opened(token, reader=RS if "to" in change else ME)
        except LetterRefused as error:
            assert secret not in str(error)
