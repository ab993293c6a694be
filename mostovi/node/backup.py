# SPDX-License-Identifier: EUPL-1.2
"""Backup and restore of a whole node: database, keys, attachments, settings, in one sealed file.

A backup is taken while the node runs. The database is copied first, keys and attachments after
it, so that whatever a row refers to is in the file. It is read back and checked before it gets its
name. A restore checks everything in a folder beside the node's before anything is replaced; what
was there is kept aside, and every erasure recorded since the backup is carried out again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

import mostovi
from mostovi.node import config
from mostovi.node.config import ConfigurationError, NodeConfig
from mostovi.node.initialise import to_toml
from mostovi.node.sealed_stream import (
    Passphrase,
    Recipient,
    RecoveryKey,
    SealedReader,
    SealingWriter,
    StreamRefused,
)

MANIFEST: Final = "MANIFEST.json"
FORMAT: Final = 1
DATABASE: Final = "db.sqlite3"
TABLES: Final = "tables"
LEDGER: Final = "erasures.jsonl"
BUFFER: Final = 1024 * 1024
# Made anew by the node, or meaningless elsewhere.
LEFT_OUT: Final = frozenset({"cache", "fonts", "static", "node.lock", "logs"})
_SQLITE_SIDE_FILES: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Summary:
    """What a backup holds."""

    node: str
    version: str
    made: str
    files: int
    bytes: int


Progress = Callable[[str], None]


def make(
    node: NodeConfig,
    target: Path,
    lock: Passphrase | Recipient,
    check: Passphrase | None,
    say: Progress,
) -> Summary:
    """Write a backup of `node` to `target` and read it back.

    `check` opens it again for the verification; without it (a backup for a recovery key, whose
    private half is elsewhere) the written bytes are compared by hash instead. Raises
    `ConfigurationError` when `target` exists.
    """
    if target.exists():
        raise ConfigurationError(f"{target} exists already; a backup never overwrites a file.")
    part = target.with_name(target.name + ".part")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=node.home) as folder:
        say("database")
        members = list(_snapshot(node, Path(folder)))
        say("keys, attachments, settings")
        members += list(_files(node, Path(folder)))
        try:
            written = _write(node, members, part, lock)
            say("verification")
            _verify_written(part, written, check)
            part.chmod(0o600)
            _flush_to_disk(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return written.summary


@dataclass(frozen=True)
class _Member:
    name: str
    path: Path


@dataclass(frozen=True)
class _Written:
    summary: Summary
    digest: str


def _snapshot(node: NodeConfig, folder: Path) -> Iterator[_Member]:
    """A consistent copy of the database."""
    if node.database == "sqlite":
        yield _Member(DATABASE, _copy_sqlite(node.home / DATABASE, folder / DATABASE))
        return
    from mostovi.node.postgresql_copy import copy_out

    for path in copy_out(node.database, folder / TABLES):
        yield _Member(f"{TABLES}/{path.name}", path)


def _copy_sqlite(source: Path, target: Path) -> Path:
    """Copy through SQLite's own online backup, which sees one moment of a database in use."""
    if not source.exists():
        raise ConfigurationError("The node has no database yet. Run 'mostovi init' first.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as here,
        contextlib.closing(sqlite3.connect(target)) as there,
    ):
        here.backup(there, pages=4096)
    target.chmod(0o600)
    return target


def _files(node: NodeConfig, folder: Path) -> Iterator[_Member]:
    """Everything else in the node's folder; SQLite files again through an online copy."""
    for path in sorted(node.home.rglob("*")):
        name = path.relative_to(node.home).as_posix()
        first = name.split("/", 1)[0]
        if first in LEFT_OUT or first.startswith(".") or name.startswith(DATABASE):
            continue
        if not path.is_file() or path.is_symlink() or name.endswith(_SQLITE_SIDE_FILES):
            continue
        if path.suffix == ".sqlite3":
            path = _copy_sqlite(path, folder / "copies" / name)
        yield _Member(name, path)


class _Hashing(io.RawIOBase):
    """Passes bytes on and keeps their SHA-256."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        return self._target.write(data)


def _write(
    node: NodeConfig, members: list[_Member], part: Path, lock: Passphrase | Recipient
) -> _Written:
    made = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    about = {"format": FORMAT, "node": node.code, "made": made, "mostovi": mostovi.__version__}
    listed: list[dict[str, Any]] = []
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        hashing = _Hashing(raw)
        sealing = SealingWriter(hashing, lock, about)  # type: ignore[arg-type]
        try:
            with (
                gzip.GzipFile(fileobj=sealing, mode="wb", compresslevel=1, mtime=0) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                for member in members:
                    listed.append(_add(archive, member))
                manifest = {**about, "database": _database_kind(node), "files": listed}
                _add_bytes(archive, MANIFEST, json.dumps(manifest, indent=1).encode())
        except BaseException:
            sealing.abandon()
            raise
        sealing.close()
    total = sum(entry["size"] for entry in listed)
    summary = Summary(node.code, mostovi.__version__, made, len(listed), total)
    return _Written(summary, hashing.sha256.hexdigest())


def _database_kind(node: NodeConfig) -> str:
    return "sqlite" if node.database == "sqlite" else "postgresql"


def _add(archive: tarfile.TarFile, member: _Member) -> dict[str, Any]:
    """Add a file; a file that grows meanwhile (an append-only list) is cut at its first size."""
    size = member.path.stat().st_size
    info = tarfile.TarInfo(member.name)
    info.size, info.mode = size, 0o600
    sha256 = hashlib.sha256()
    with member.path.open("rb") as file:
        archive.addfile(info, _Watched(file, sha256, size))  # type: ignore[arg-type]
    return {"name": member.name, "size": size, "sha256": sha256.hexdigest()}


class _Watched:
    """A reader that hashes what is read, up to `limit` bytes."""

    def __init__(self, file: BinaryIO, sha256: Any, limit: int) -> None:
        self._file, self._sha256, self._left = file, sha256, limit

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        self._sha256.update(data)
        return data


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    archive.addfile(info, io.BytesIO(content))


def _verify_written(part: Path, written: _Written, check: Passphrase | None) -> None:
    with part.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != written.digest:
            raise StreamRefused("What was written cannot be read back: is the disk failing?")
    if check is not None:
        _unpack(part, check, None)


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def inspect(source: Path, key: Passphrase | RecoveryKey) -> Summary:
    """Read and check a whole backup without restoring it. Raises `StreamRefused`."""
    return _unpack(source, key, None)


def _unpack(source: Path, key: Passphrase | RecoveryKey, folder: Path | None) -> Summary:
    """Check every byte of the backup; with `folder`, lay its files there."""
    seen: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] | None = None
    with source.open("rb") as raw:
        reader = SealedReader(raw, key)
        if reader.header.get("format") != FORMAT:
            raise StreamRefused(
                f"The backup has format {reader.header.get('format')}; this version reads {FORMAT}."
            )
        try:
            with (
                gzip.GzipFile(fileobj=io.BufferedReader(reader, BUFFER), mode="rb") as packed,
                tarfile.open(fileobj=packed, mode="r|") as archive,
            ):
                for info in archive:
                    content = archive.extractfile(info)
                    if content is None or manifest is not None:
                        raise StreamRefused("The backup holds something that is not a file.")
                    if info.name == MANIFEST:
                        manifest = json.loads(content.read())
                    else:
                        seen[info.name] = _take(info.name, content, folder)
                # tarfile stops at its end mark; the rest must be read for the last chunk's check.
                while packed.read(BUFFER):
                    pass
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, ValueError) as error:
            raise StreamRefused("The backup is damaged; nothing of it is used.") from error
    if manifest is None:
        raise StreamRefused("The backup has no list of its files.")
    promised = {entry["name"]: (entry["size"], entry["sha256"]) for entry in manifest["files"]}
    if promised != seen:
        wrong = sorted(name for name in promised | seen if promised.get(name) != seen.get(name))
        raise StreamRefused(f"The backup's file {wrong[0]} is missing or not as it was.")
    return Summary(
        node=manifest["node"],
        version=manifest["mostovi"],
        made=manifest["made"],
        files=len(seen),
        bytes=sum(size for size, _ in seen.values()),
    )


def _take(name: str, content: Any, folder: Path | None) -> tuple[int, str]:
    """Hash a member and lay it into `folder`. Raises `StreamRefused` for a name that leads out."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or not parts:
        raise StreamRefused("The backup names a file outside the node's folder.")
    sha256 = hashlib.sha256()
    size = 0
    with contextlib.ExitStack() as stack:
        out: BinaryIO | None = None
        if folder is not None:
            path = folder.joinpath(*parts)
            _make_private_folders(folder, path.parent)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            out = stack.enter_context(os.fdopen(descriptor, "wb"))
        while data := content.read(BUFFER):
            sha256.update(data)
            size += len(data)
            if out:
                out.write(data)
        if out:
            out.flush()
            os.fsync(out.fileno())
    return size, sha256.hexdigest()


def _make_private_folders(root: Path, folder: Path) -> None:
    """`mkdir(parents=True)` would leave the folders between open to others."""
    for name in folder.relative_to(root).parts:
        root = root / name
        root.mkdir(mode=0o700, exist_ok=True)


@dataclass(frozen=True)
class Restored:
    """What a restore did. `kept` is where the data that was there before lies."""

    summary: Summary
    erasures: int
    kept: Path | None


def restore(
    source: Path,
    home: Path,
    key: Passphrase | RecoveryKey,
    *,
    replace: bool = False,
    database: str | None = None,
    ledgers: tuple[Path, ...] = (),
    say: Progress = lambda step: None,
) -> Restored:
    """Put the node in `source` into `home`. Nothing changes unless everything is in order.

    `database` is the address of PostgreSQL when it is no longer the one in the backup; `ledgers`
    are erasure ledgers kept elsewhere, in addition to the one in `home`. Raises
    `StreamRefused` for a bad backup, `ConfigurationError` when `home` may not be replaced.
    """
    _refuse_other_node(home, replace=replace)
    home.parent.mkdir(parents=True, exist_ok=True)
    with (
        node_stopped(home),
        tempfile.TemporaryDirectory(prefix=".restore-", dir=home.parent) as temporary,
    ):
        staged = Path(temporary) / "node"
        staged.mkdir(mode=0o700)
        say("checking the backup")
        summary = _unpack(source, key, staged)
        if database:
            _move_database(staged / "node.toml", database)
        node = _check_staged(staged, home, summary)
        say("carrying out erasures again")
        erasures = _erase_again(staged / "keys", (home / "keys" / LEDGER, *ledgers))
        say("replacing")
        with _database_replaced(node, staged):
            kept = _swap(staged, home)
    return Restored(summary, erasures, kept)


@contextlib.contextmanager
def node_stopped(home: Path) -> Iterator[None]:
    """Hold the node's lock. Raises `ConfigurationError` while a server or worker holds it."""
    import fcntl

    if not (home / "node.toml").exists():
        yield
        return
    with (home / "node.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(f"The node in {home} is running; stop it first.") from error
        yield


@contextlib.contextmanager
def node_running(home: Path) -> Iterator[None]:
    """Say that a server or worker uses the node; several may. Raises during a restore."""
    import fcntl

    with (home / "node.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(f"The node in {home} is being restored.") from error
        yield


def _refuse_other_node(home: Path, *, replace: bool) -> None:
    if not home.exists() or not any(home.iterdir()):
        return
    if not (home / "node.toml").exists():
        raise ConfigurationError(f"{home} is not empty and holds no node; name another folder.")
    if not replace:
        raise ConfigurationError(
            f"{home} holds a node. Add --replace to put the backup in its place; what is there "
            "now is kept beside it."
        )


def _move_database(path: Path, database: str) -> None:
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    if values.get("database", "sqlite") == "sqlite" or database == "sqlite":
        raise ConfigurationError("--database: a backup goes back to the kind of database it is of.")
    config.database_from_url(database)
    path.write_text(to_toml({**values, "database": database}), encoding="utf-8")


def _check_staged(staged: Path, home: Path, summary: Summary) -> NodeConfig:
    """The settings in the backup, after making sure that its database and keys open."""
    from mostovi.rights.vault import Vault, VaultError

    try:
        node = config.load({"MOSTOVI_HOME": str(staged)})
    except ConfigurationError as error:
        raise StreamRefused(f"The backup's settings are wrong: {error}") from error
    if node.code != summary.node:
        raise StreamRefused("The backup's settings belong to another node.")
    if (home / "node.toml").exists():
        held = config.load({"MOSTOVI_HOME": str(home)}).code
        if held != node.code:
            raise ConfigurationError(f"{home} holds node '{held}', the backup is of '{node.code}'.")
    try:
        Vault(staged / "keys")
    except VaultError as error:
        raise StreamRefused("The backup holds no master key.") from error
    for path in [staged / DATABASE] if node.database == "sqlite" else []:
        _check_sqlite(path)
    _check_sqlite(staged / "keys/records.sqlite3", may_be_missing=True)
    return node


def _check_sqlite(path: Path, *, may_be_missing: bool = False) -> None:
    if not path.exists():
        if may_be_missing:
            return
        raise StreamRefused(f"The backup holds no {path.name}.")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            found = connection.execute("PRAGMA quick_check").fetchone()
        except sqlite3.DatabaseError as error:
            raise StreamRefused(f"{path.name} in the backup is damaged.") from error
    if found != ("ok",):
        raise StreamRefused(f"{path.name} in the backup is damaged.")


def _erase_again(keys: Path, ledgers: tuple[Path, ...]) -> int:
    """Join the ledgers into the restored one and destroy every key named there."""
    from mostovi.rights.vault import Vault

    own = keys / LEDGER
    lines: dict[str, None] = {}
    for path in (own, *ledgers):
        if path.exists():
            lines |= dict.fromkeys(
                line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
            )
    if lines:
        own.write_text("\n".join(lines) + "\n", encoding="utf-8")
        own.chmod(0o600)
    return Vault(keys).apply_erasures()


@contextlib.contextmanager
def _database_replaced(node: NodeConfig, staged: Path) -> Iterator[None]:
    """For PostgreSQL, put the tables back in one transaction that commits after the folder."""
    if node.database == "sqlite":
        yield
        return
    from mostovi.node.postgresql_copy import copied_in

    with copied_in(node.database, staged / TABLES, staged):
        shutil.rmtree(staged / TABLES)
        yield


def _swap(staged: Path, home: Path) -> Path | None:
    """Put the staged folder in the place of `home`; returns where the former one went."""
    for name in ("blobs", "cache"):
        (staged / name).mkdir(mode=0o700, exist_ok=True)
    kept: Path | None = None
    if home.exists() and any(home.iterdir()):
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        kept = home.with_name(f"{home.name}.before-restore-{stamp}")
        home.rename(kept)
    elif home.exists():
        home.rmdir()
    try:
        staged.rename(home)
    except OSError:
        if kept:
            kept.rename(home)
        raise
    return kept
