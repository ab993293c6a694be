# SPDX-License-Identifier: EUPL-1.2
"""Envelope encryption of identity fields with one key per subject (R12).

A record's values are sealed with AES-256-GCM under its subject's own key. Subject keys live in a
small key file of their own (`keys/records.sqlite3`), wrapped by the node's master key
(`keys/vault.master`); neither is in the database. Destroying a subject's key makes every value
sealed under it unreadable for good, also in backups of the database (crypto-erasure). The ledger
`keys/erasures.jsonl` remembers destroyed keys so that a restored backup forgets them again.

`blind` gives keyed tokens for exact search over sealed text, `handle` keyed pseudonyms for logs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_T = TypeVar("_T")
_PLAIN, _DEFLATED = b"\x01", b"\x02"
"""The first byte of a sealed value: JSON as it is, or made smaller before it was encrypted."""
_WORTH_DEFLATING = 300
"""Bytes from which a value is made smaller. Nobody outside chooses part of a value and watches the
length of the rest, which is what would make compression before encryption unsafe."""
_NONCE_BYTES = 12
_KEY_BYTES = 32


class VaultError(Exception):
    """The vault cannot do what was asked."""


class KeyDestroyed(VaultError):
    """The subject's key is gone: erased, or never held here."""


class Altered(VaultError):
    """A sealed value was changed, or belongs to another record."""


class VaultMissing(VaultError):
    """The node has no master key yet; `mostovi init` makes one."""


def create_master_key(folder: Path) -> None:
    """Write a new master key into `folder`, readable by its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "vault.master"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))


class Vault:
    """The vault of the node whose key folder is given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            master = (folder / "vault.master").read_bytes()
        except FileNotFoundError as error:
            raise VaultMissing("no master key; run 'mostovi init'") from error
        self._wrapping = AESGCM(_derived(master, b"wrap"))
        self._blinding = _derived(master, b"blind")
        self._handling = _derived(master, b"handle")
        self._anchoring = _derived(master, b"anchor")
        self._local = threading.local()

    def new_key(self) -> UUID:
        """Make a key for a new subject and return its number."""
        return self.new_keys(1)[0]

    def new_keys(self, count: int) -> list[UUID]:
        """Make `count` keys at once (bulk loading)."""
        made = [uuid_utils.compat.uuid7() for _ in range(count)]
        rows = [(key_id.bytes, self._wrapped(key_id, secrets.token_bytes(32))) for key_id in made]
        with self._keys() as connection:
            connection.executemany("INSERT INTO record_key (id, wrapped) VALUES (?, ?)", rows)
        return made

    def seal(self, key_id: UUID, context: str, values: Any) -> bytes:
        """Encrypt JSON-ready `values` for the record named by `context` (label and id).

        Raises `KeyDestroyed` when the subject has been erased.
        """
        cipher = AESGCM(self._unwrapped([key_id])[key_id])
        return _encrypt(cipher, context, values)

    def seal_many(self, items: Sequence[tuple[UUID, str, Any]]) -> list[bytes]:
        """`seal` for many (key, context, values) with one look into the key file."""
        keys = self._unwrapped([key_id for key_id, _, _ in items])
        ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        return [_encrypt(_held(ciphers, key_id), ctx, values) for key_id, ctx, values in items]

    def unseal(self, key_id: UUID, context: str, sealed: bytes) -> Any:
        """Decrypt what `seal` made. Raises `KeyDestroyed` or `Altered`."""
        return _decrypt(AESGCM(self._unwrapped([key_id])[key_id]), context, bytes(sealed))

    def unseal_many(self, items: Sequence[tuple[UUID, str, bytes]]) -> list[Any]:
        """`unseal` for many; `None` in the place of a value whose key was destroyed."""
        keys = self._found([key_id for key_id, _, _ in items])
        ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        return [
            _decrypt(ciphers[key_id], context, bytes(sealed)) if key_id in ciphers else None
            for key_id, context, sealed in items
        ]

    def holds(self, key_id: UUID) -> bool:
        """Whether the subject's key is still here."""
        return bool(self._found([key_id]))

    def destroy(self, key_id: UUID, now: datetime | None = None) -> None:
        """Destroy a subject's key for good and write it into the erasure ledger.

        The ledger comes first: a crash in between leaves a key that the next start destroys.
        """
        line = {"key": str(key_id), "at": (now or datetime.now(UTC)).isoformat()}
        path = self._folder / "erasures.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._delete([key_id])

    def apply_erasures(self) -> int:
        """Destroy again every key in the ledger (after a restore); returns how many were there."""
        path = self._folder / "erasures.jsonl"
        if not path.exists():
            return 0
        lines = path.read_text(encoding="utf-8").splitlines()
        return self._delete([UUID(json.loads(line)["key"]) for line in lines if line.strip()])

    def blind(self, text: str) -> bytes:
        """A keyed 16-byte token of `text`; equal texts give equal tokens."""
        return hmac.new(self._blinding, text.encode(), hashlib.sha256).digest()[:16]

    def handle(self, kind: str, identifier: object) -> str:
        """The keyed pseudonym of a record for logs and the exchange (32 hexadecimal digits)."""
        material = f"{kind}:{identifier}".encode()
        return hmac.new(self._handling, material, hashlib.sha256).hexdigest()[:32]

    def anchor(self, text: str) -> str:
        """A keyed check value over `text` for what is remembered in the key folder."""
        return hmac.new(self._anchoring, text.encode(), hashlib.sha256).hexdigest()

    @property
    def folder(self) -> Path:
        """The key folder."""
        return self._folder

    def _wrapped(self, key_id: UUID, key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, key_id.bytes)

    def _unwrapped(self, key_ids: Sequence[UUID]) -> dict[UUID, bytes]:
        found = self._found(key_ids)
        for key_id in key_ids:
            _held(found, key_id)
        return found

    def _found(self, key_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        wanted = list({key_id.bytes for key_id in key_ids})
        found: dict[UUID, bytes] = {}
        with self._keys() as connection:
            for start in range(0, len(wanted), 500):
                chunk = wanted[start : start + 500]
                marks = ",".join("?" * len(chunk))
                rows = connection.execute(
                    f"SELECT id, wrapped FROM record_key WHERE id IN ({marks})",  # noqa: S608
                    chunk,
                )
                for raw, wrapped in rows:
                    key_id = UUID(bytes=raw)
                    nonce, body = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
                    found[key_id] = self._wrapping.decrypt(nonce, body, raw)
        return found

    def _delete(self, key_ids: Sequence[UUID]) -> int:
        with self._keys() as connection:
            removed = sum(
                connection.execute("DELETE FROM record_key WHERE id = ?", (key.bytes,)).rowcount
                for key in key_ids
            )
        # Old pages of the write-ahead log would still hold the wrapped key.
        self._keys().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return removed

    def _keys(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None or getattr(self._local, "process", None) != os.getpid():
            path = self._folder / "records.sqlite3"
            if not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            connection = sqlite3.connect(path, timeout=20)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS record_key"
                " (id BLOB PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID"
            )
            self._local.connection, self._local.process = connection, os.getpid()
        return connection


def _derived(master: bytes, use: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"mostovi vault " + use).derive(master)


def _held(found: dict[UUID, _T], key_id: UUID) -> _T:
    try:
        return found[key_id]
    except KeyError as error:
        raise KeyDestroyed("this record's key has been destroyed") from error


def _encrypt(cipher: AESGCM, context: str, values: Any) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    plain = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    if len(plain) < _WORTH_DEFLATING:
        return _PLAIN + nonce + cipher.encrypt(nonce, plain, context.encode())
    # The first byte decides how the rest is read, so it is vouched for with it.
    bound = _DEFLATED + context.encode()
    return _DEFLATED + nonce + cipher.encrypt(nonce, zlib.compress(plain, 1), bound)


def _decrypt(cipher: AESGCM, context: str, sealed: bytes) -> Any:
    form, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        if form == _PLAIN:
            return json.loads(cipher.decrypt(nonce, body, context.encode()))
        if form == _DEFLATED:
            return json.loads(zlib.decompress(cipher.decrypt(nonce, body, form + context.encode())))
        raise Altered("this sealed value has an unknown format")
    except InvalidTag as error:
        raise Altered("this sealed value was changed or belongs to another record") from error


@lru_cache(maxsize=4)
def _vault_of(folder: Path) -> Vault:
    return Vault(folder)


def vault() -> Vault:
    """The vault of this node."""
    from django.conf import settings

    return _vault_of(settings.MOSTOVI.keys)
