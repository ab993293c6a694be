# SPDX-License-Identifier: EUPL-1.2
"""Encrypted files in the node's `blobs` folder, written and read in pieces.

Each file has a random key of its own, which its row keeps sealed under the subject's key. Pieces
are AES-256-GCM with their number and whether they are the last bound in, so that pieces cannot be
swapped, dropped or cut off unnoticed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MAGIC = b"MSTV1"
_PIECE = 256 * 1024
_TAG = 16


class BlobError(Exception):
    """The file is missing or was changed."""


@dataclass(frozen=True)
class Stored:
    """A written file: its key, size in bytes and SHA-256 (both of the clear content)."""

    key: bytes
    size: int
    sha256: str


def path_of(folder: Path, blob: UUID) -> Path:
    """Where the file of `blob` lies; spread over 256 folders."""
    return folder / blob.hex[:2] / blob.hex


def write(folder: Path, blob: UUID, source: IO[bytes]) -> Stored:
    """Encrypt everything `source` gives into a new file, flushed to the disk."""
    path = path_of(folder, blob)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_bytes(32)
    cipher, digest, size = AESGCM(key), hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC)
            number, piece = 0, source.read(_PIECE)
            while True:
                following = source.read(_PIECE) if piece else b""
                digest.update(piece)
                size += len(piece)
                file.write(
                    cipher.encrypt(_nonce(number), piece, _bound(blob, number, not following))
                )
                if not following:
                    break
                number, piece = number + 1, following
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Stored(key, size, digest.hexdigest())


def read(folder: Path, blob: UUID, key: bytes) -> Iterator[bytes]:
    """The clear content in pieces. Raises `BlobError` when missing or changed."""
    try:
        file = path_of(folder, blob).open("rb")
    except FileNotFoundError as error:
        raise BlobError("the file is not there") from error
    with file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise BlobError("the file has an unknown format")
        cipher, number = AESGCM(key), 0
        piece = file.read(_PIECE + _TAG)
        while piece:
            following = file.read(_PIECE + _TAG)
            try:
                yield cipher.decrypt(_nonce(number), piece, _bound(blob, number, not following))
            except InvalidTag as error:
                raise BlobError("the file was changed") from error
            number, piece = number + 1, following
        if number == 0:
            raise BlobError("the file was cut off")


def delete(folder: Path, blob: UUID) -> None:
    """Remove the file if it is there."""
    path_of(folder, blob).unlink(missing_ok=True)


def stored(folder: Path) -> Iterator[tuple[UUID, float]]:
    """Every file's number and the time it was written (seconds since the epoch)."""
    for path in folder.glob("??/*"):
        try:
            yield UUID(hex=path.name), path.stat().st_mtime
        except (ValueError, FileNotFoundError):
            continue


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bound(blob: UUID, number: int, last: bool) -> bytes:
    return blob.bytes + number.to_bytes(8, "big") + (b"\x01" if last else b"\x00")
