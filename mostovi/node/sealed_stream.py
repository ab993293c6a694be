# SPDX-License-Identifier: EUPL-1.2
"""An encrypted stream in which any change, cut, swap or addition is found out.

Layout: `MAGIC`, four bytes of header length (big-endian), the header as JSON, then chunks. A chunk
is AES-256-GCM over up to `CHUNK` bytes; its nonce holds a counter and says whether it is the last
one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so chunks cannot be
reordered and the stream cannot be cut short unnoticed. The key is bound to the header.

The key comes from a passphrase (scrypt) or is agreed with a recovery public key (X25519), so that
a nightly backup needs no secret on the node.
"""

from __future__ import annotations

import io
import json
import secrets
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC: Final = b"MOSTOVI-SEALED-1\n"
CHUNK: Final = 1024 * 1024
TAG: Final = 16
# 128 MiB and about half a second: RFC 7914 advises raising N with the years.
SCRYPT: Final[Mapping[str, int]] = {"n": 2**17, "r": 8, "p": 1}
LARGEST_HEADER: Final = 64 * 1024
SHORTEST_PASSPHRASE: Final = 12


class StreamRefused(Exception):
    """The stream is not ours, was cut or altered, or the passphrase or key is wrong."""


class Passphrase:
    """A key from a passphrase."""

    def __init__(self, text: str) -> None:
        if len(text) < SHORTEST_PASSPHRASE:
            raise StreamRefused(
                f"The passphrase must have at least {SHORTEST_PASSPHRASE} characters."
            )
        self._text = text

    def lock(self) -> tuple[dict[str, Any], bytes]:
        """(what the header must say, the secret) for a new stream."""
        described = {"kind": "scrypt", "salt": secrets.token_hex(16), **SCRYPT}
        return described, self.unlock(described)

    def unlock(self, described: Mapping[str, Any]) -> bytes:
        """The secret of a stream whose header says `described`."""
        if described.get("kind") != "scrypt":
            raise StreamRefused("It was made for a recovery key: name that key with --key.")
        n, r, p = (int(described[name]) for name in ("n", "r", "p"))
        if not (n <= 2**20 and r <= 32 and p <= 16):
            raise StreamRefused("It asks for more memory than this reader gives.")
        kdf = Scrypt(salt=bytes.fromhex(described["salt"]), length=32, n=n, r=r, p=p)
        return kdf.derive(self._text.encode())


class Recipient:
    """A recovery public key: whoever holds its private half can read the stream."""

    def __init__(self, public_pem: bytes) -> None:
        key = serialization.load_pem_public_key(public_pem)
        if not isinstance(key, X25519PublicKey):
            raise StreamRefused("The recovery key must be an X25519 public key.")
        self._public = key

    def lock(self) -> tuple[dict[str, Any], bytes]:
        """(what the header must say, the secret) for a new stream."""
        own = X25519PrivateKey.generate()
        described = {"kind": "x25519", "public": own.public_key().public_bytes_raw().hex()}
        return described, own.exchange(self._public)


class RecoveryKey:
    """A recovery private key, itself locked with a passphrase."""

    def __init__(self, private_pem: bytes, passphrase: str) -> None:
        try:
            key = serialization.load_pem_private_key(private_pem, passphrase.encode())
        except (ValueError, TypeError) as error:
            raise StreamRefused("The recovery key does not open with this passphrase.") from error
        if not isinstance(key, X25519PrivateKey):
            raise StreamRefused("The recovery key must be an X25519 private key.")
        self._private = key

    def unlock(self, described: Mapping[str, Any]) -> bytes:
        """The secret of a stream whose header says `described`."""
        if described.get("kind") != "x25519":
            raise StreamRefused("It was made with a passphrase, not for a recovery key.")
        peer = X25519PublicKey.from_public_bytes(bytes.fromhex(described["public"]))
        return self._private.exchange(peer)


def new_recovery_key(passphrase: str) -> tuple[bytes, bytes]:
    """(private PEM locked with `passphrase`, public PEM) of a new recovery key."""
    Passphrase(passphrase)
    key = X25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def _cipher(secret: bytes, header: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=header[-32:], info=MAGIC + header).derive(secret))


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">QxxxB", number, last)


class SealingWriter(io.RawIOBase):
    """Writes to `target`; `close` writes the last chunk, without which nothing can be read."""

    def __init__(
        self, target: BinaryIO, lock: Passphrase | Recipient, about: Mapping[str, Any]
    ) -> None:
        described, secret = lock.lock()
        header = json.dumps({**about, "lock": described}, sort_keys=True).encode()
        self._target = target
        self._cipher = _cipher(secret, header)
        self._held = bytearray()
        self._number = 0
        target.write(MAGIC + struct.pack(">I", len(header)) + header)

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes; full chunks go out as soon as more follows."""
        self._held += data
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write what is left, marked as the end."""
        if not self.closed:
            self._put(bytes(self._held), last=True)
        super().close()

    def abandon(self) -> None:
        """Close without the last chunk: the stream stays unreadable."""
        super().close()

    def _put(self, data: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), data, None))
        self._number += 1


def read_header(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """(header, its bytes). Raises `StreamRefused` for a file that is not one of ours."""
    if source.read(len(MAGIC)) != MAGIC:
        raise StreamRefused("This is not a Mostovi backup.")
    length = source.read(4)
    size = struct.unpack(">I", length)[0] if len(length) == 4 else LARGEST_HEADER + 1
    raw = source.read(size) if size <= LARGEST_HEADER else b""
    try:
        header = json.loads(raw)
    except ValueError as error:
        raise StreamRefused("The backup's header is damaged.") from error
    if len(raw) != size or not isinstance(header, dict) or not isinstance(header.get("lock"), dict):
        raise StreamRefused("The backup's header is damaged.")
    return header, raw


class SealedReader(io.RawIOBase):
    """Reads what `SealingWriter` wrote. Any read raises `StreamRefused` at the first fault."""

    def __init__(self, source: BinaryIO, key: Passphrase | RecoveryKey) -> None:
        self.header, raw = read_header(source)
        try:
            secret = key.unlock(self.header["lock"])
        except (KeyError, ValueError, TypeError) as error:
            raise StreamRefused("The backup's header is damaged.") from error
        self._source = source
        self._cipher = _cipher(secret, raw)
        self._ahead = source.read(CHUNK + TAG)
        self._plain = memoryview(b"")
        self._number = 0
        self._ended = False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with checked plain bytes; 0 at the checked end."""
        while not self._plain and not self._ended:
            self._next()
        taken = self._plain[: len(buffer)]
        buffer[: len(taken)] = taken
        self._plain = self._plain[len(taken) :]
        return len(taken)

    def _next(self) -> None:
        sealed, self._ahead = self._ahead, self._source.read(CHUNK + TAG)
        last = not self._ahead
        try:
            nonce = _nonce(self._number, last=last)
            self._plain = memoryview(self._cipher.decrypt(nonce, sealed, None))
        except InvalidTag as error:
            raise StreamRefused(
                "The passphrase or key is wrong, or the file was altered."
                if self._number == 0
                else "The file was cut short or altered; nothing of it is used."
            ) from error
        self._number += 1
        self._ended = last
