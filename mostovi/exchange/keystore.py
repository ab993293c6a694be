# SPDX-License-Identifier: EUPL-1.2
"""Where private keys live: files of mode 0600 in the node's key folder, never the database.

`KeyStore` is the boundary for a hardware module. joserfc asks a key only for
`get_op_key("sign").sign(...)` and `exchange_derive_key(...)`; a PKCS#11 store returns `KeyPair`s
whose `private` is an `OKPKey` subclass that passes these two calls on to the token.
"""

from __future__ import annotations

import json
import os
import threading
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from joserfc.jwk import OKPKey

from mostovi.exchange.keys import CURVES, KeyPair, Use, current, new_pair, read_public
from mostovi.exchange.reasons import ExchangeError, Reason

STEWARD = "steward.json"


class KeyStore(Protocol):
    """Holds this node's key pairs."""

    def pairs(self) -> list[KeyPair]:
        """All pairs held, ended ones included."""

    def pair(self, kid: str) -> KeyPair | None:
        """The pair named `kid`, or None."""

    def keep(self, pair: KeyPair) -> None:
        """Store a new pair, or the changed end of a pair that is held."""

    def forget(self, kid: str) -> None:
        """Destroy a pair; letters encrypted to it can never be read again."""

    def steward(self) -> KeyPair | None:
        """The pair with which this node signs the node directory, or None."""

    def keep_steward(self, pair: KeyPair) -> None:
        """Store the steward pair. Raises `FileExistsError` when there is one."""


class FileKeyStore:
    """A `KeyStore` in a folder: one JSON file a pair, named by its thumbprint."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._stamp = -1
        self._pairs: dict[str, KeyPair] = {}

    def pairs(self) -> list[KeyPair]:
        """All pairs; read again only when the folder changed (another process rotated)."""
        return list(self._loaded().values())

    def pair(self, kid: str) -> KeyPair | None:
        """The pair named `kid`, or None."""
        return self._loaded().get(kid)

    def keep(self, pair: KeyPair) -> None:
        """Write the pair beside its old state and swap: a crash leaves one or the other."""
        self._write(self._folder / f"{pair.kid}.json", pair)

    def forget(self, kid: str) -> None:
        """Overwrite and remove the file."""
        path = self._folder / f"{kid}.json"
        if path.exists():
            with path.open("r+b") as file:
                file.write(b"\0" * path.stat().st_size)
                file.flush()
                os.fsync(file.fileno())
            path.unlink()

    def steward(self) -> KeyPair | None:
        """The steward pair, or None."""
        path = self._folder / STEWARD
        return _read(path) if path.exists() else None

    def keep_steward(self, pair: KeyPair) -> None:
        """Write the steward pair once."""
        path = self._folder / STEWARD
        if path.exists():
            raise FileExistsError(path)
        self._write(path, pair)

    def _loaded(self) -> dict[str, KeyPair]:
        try:
            stamp = self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        with self._lock:
            if stamp != self._stamp:
                paths = [path for path in self._folder.glob("*.json") if path.name != STEWARD]
                self._pairs = {path.stem: _read(path) for path in sorted(paths)}
                self._stamp = stamp
            return self._pairs

    def _write(self, path: Path, pair: KeyPair) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        value: dict[str, Any] = {**pair.public.as_entry(), "d": pair.private.as_dict(True)["d"]}
        temporary = path.with_suffix(".part")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def _read(path: Path) -> KeyPair:
    value = json.loads(path.read_text(encoding="ascii"))
    public = read_public(value)
    private = OKPKey.import_key(
        {"kty": "OKP", "crv": CURVES[public.use], "x": public.x, "d": value["d"]}
    )
    return KeyPair(public, private)


@lru_cache(maxsize=8)
def _store_of(folder: Path) -> FileKeyStore:
    return FileKeyStore(folder)


def key_store() -> KeyStore:
    """The key store of this node."""
    from django.conf import settings

    return _store_of(settings.MOSTOVI.keys / "exchange")


def ensure_keys(store: KeyStore, now: datetime) -> int:
    """Make the first signing and encryption pair where none is held; returns how many."""
    missing = [use for use in Use if not any(pair.public.use is use for pair in store.pairs())]
    for use in missing:
        store.keep(new_pair(use, now))
    return len(missing)


def signing_pair(now: datetime) -> KeyPair:
    """The pair that signs now; raises `ExchangeError(no_signing_key)`."""
    pair = current(key_store().pairs(), Use.SIGN, now)
    if pair is None:
        raise ExchangeError(
            Reason.NO_SIGNING_KEY,
            "This node has no valid signing key; run 'mostovi exchange keys rotate --now'.",
            status=503,
        )
    return pair
