# SPDX-License-Identifier: EUPL-1.2
"""An oblivious pseudo-random function: RFC 9497, ristretto255-SHA512, base mode (OPRF).

A server with a key `k` lets a client learn F_k(x) without learning x, and the client learns nothing
of k. The group is libsodium's (through `rbcl`); what stands here is the few lines of the RFC around
it, held to the RFC's own test vectors in `tests/tracing/test_oprf.py`.

Base mode is enough here: the server of our protocol receives no output, so a server that evaluates
with a wrong key can only make its own search find less (docs/decisions/0009-private-matching.md).
"""

from __future__ import annotations

import hashlib
from typing import Final, cast

import rbcl  # type: ignore[import-untyped]

CONTEXT: Final = b"OPRFV1-\x00-ristretto255-SHA512"
_TO_GROUP: Final = b"HashToGroup-" + CONTEXT
ELEMENT: Final = 32
SCALAR: Final = 32
_BLOCK: Final = 128


class InvalidElement(ValueError):
    """Bytes that are no element of the group, or the identity."""


def new_scalar() -> bytes:
    """A random non-zero scalar: a server's key, or a blind."""
    return bytes(rbcl.crypto_core_ristretto255_scalar_random())


def derived_scalar(seed: bytes, number: int) -> bytes:
    """The blind with this number, made from a secret seed, so that only the seed is stored."""
    wide = hashlib.sha512(b"mostovi blind" + seed + number.to_bytes(8, "big")).digest()
    return bytes(rbcl.crypto_core_ristretto255_scalar_reduce(wide))


def random_element() -> bytes:
    """An element that nobody knows a preimage of: padding that looks like any blinded input."""
    return bytes(rbcl.crypto_core_ristretto255_random())


def blind(text: bytes, scalar: bytes) -> bytes:
    """Client: the input, hidden by the blind. Raises `InvalidElement`."""
    return _multiplied(scalar, _to_group(text))


def evaluate_blinded(key: bytes, element: bytes) -> bytes:
    """Server: the function on a hidden input. Raises `InvalidElement` for what is no element."""
    if len(element) != ELEMENT or not rbcl.crypto_core_ristretto255_is_valid_point(element):
        raise InvalidElement("not an element of ristretto255")
    return _multiplied(key, element)


def finish(text: bytes, scalar: bytes, evaluated: bytes) -> bytes:
    """Client: F_k(text), 64 bytes. Raises `InvalidElement`."""
    if len(evaluated) != ELEMENT or not rbcl.crypto_core_ristretto255_is_valid_point(evaluated):
        raise InvalidElement("not an element of ristretto255")
    inverse = rbcl.crypto_core_ristretto255_scalar_invert(scalar)
    return _output(text, _multiplied(inverse, evaluated))


def evaluate(key: bytes, text: bytes) -> bytes:
    """Server: F_k(text) on an input of its own; the same as `finish` gives to a client."""
    return _output(text, _multiplied(key, _to_group(text)))


def _output(text: bytes, unblinded: bytes) -> bytes:
    material = _prefixed(text) + _prefixed(unblinded) + b"Finalize"
    return hashlib.sha512(material).digest()


def _prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(2, "big") + part


def _to_group(text: bytes) -> bytes:
    return cast(bytes, rbcl.crypto_core_ristretto255_from_hash(_expanded(text)))


def _expanded(text: bytes) -> bytes:
    """RFC 9380, expand_message_xmd with SHA-512, to 64 bytes: one block."""
    suffix = _TO_GROUP + len(_TO_GROUP).to_bytes(1, "big")
    first = hashlib.sha512(bytes(_BLOCK) + text + (64).to_bytes(2, "big") + b"\0" + suffix).digest()
    return hashlib.sha512(first + b"\x01" + suffix).digest()


def _multiplied(scalar: bytes, element: bytes) -> bytes:
    try:
        return bytes(rbcl.crypto_scalarmult_ristretto255(scalar, element))
    except (RuntimeError, ValueError, TypeError) as error:
        raise InvalidElement("the product is the identity") from error
