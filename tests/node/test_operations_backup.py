# SPDX-License-Identifier: EUPL-1.2
"""A backup brings everything back or changes nothing; erasures stay erased."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.node import backup, sealed_stream
from mostovi.node.config import ConfigurationError, NodeConfig, load
from mostovi.node.initialise import write_node
from mostovi.node.sealed_stream import (
    CHUNK,
    Passphrase,
    Recipient,
    RecoveryKey,
    SealedReader,
    SealingWriter,
    StreamRefused,
    new_recovery_key,
)
from mostovi.rights.vault import KeyDestroyed, Vault

PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrypt as weak as it goes: these tests are not about its strength."""
    monkeypatch.setattr(sealed_stream, "SCRYPT", {"n": 2, "r": 8, "p": 1})


@pytest.fixture
def node(tmp_path: Path) -> NodeConfig:
    """A node with a database, a key file, an attachment and things that are left out."""
    home = tmp_path / "me"
    write_node(home, {"code": "me", "name": "Centre"})
    # Closed at once: a connection closed later would write its log into the file during a test.
    with closing(sqlite3.connect(home / "db.sqlite3")) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE people (sealed BLOB)")
        connection.executemany("INSERT INTO people VALUES (?)", [(b"%d" % n,) for n in range(500)])
    (home / "blobs/out").mkdir()
    (home / "blobs/out/a").write_bytes(os.urandom(3 * 1024))
    (home / "cache/c").write_bytes(b"cache")
    (home / "logs").mkdir()
    (home / "logs/serve.log").write_bytes(b"log")
    return load({"MOSTOVI_HOME": str(home)})


def make(node: NodeConfig, target: Path) -> backup.Summary:
    key = Passphrase(PASSPHRASE)
    return backup.make(node, target, key, key, lambda step: None)


def rows(home: Path) -> int:
    with closing(sqlite3.connect(home / "db.sqlite3")) as connection:
        return int(connection.execute("SELECT count(*) FROM people").fetchone()[0])


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_everything_comes_back_on_another_machine(node: NodeConfig, tmp_path: Path) -> None:
    summary = make(node, tmp_path / "b")
    done = backup.restore(tmp_path / "b", tmp_path / "elsewhere", Passphrase(PASSPHRASE))
    home = tmp_path / "elsewhere"
    assert rows(home) == 500
    assert (home / "blobs/out/a").read_bytes() == (node.home / "blobs/out/a").read_bytes()
    assert (home / "keys/vault.master").read_bytes() == (node.keys / "vault.master").read_bytes()
    assert not (home / "logs/serve.log").exists()
    assert not list((home / "cache").iterdir())
    assert done.summary == summary
    assert done.kept is None
    assert {path.stat().st_mode & 0o077 for path in home.rglob("*")} == {0}


def test_a_backup_made_while_rows_are_written_is_one_moment(
    node: NodeConfig, tmp_path: Path
) -> None:
    writer = sqlite3.connect(node.home / "db.sqlite3")
    writer.execute("INSERT INTO people VALUES (x'00')")  # not committed
    make(node, tmp_path / "b")
    writer.commit()
    backup.restore(tmp_path / "b", tmp_path / "elsewhere", Passphrase(PASSPHRASE))
    assert rows(tmp_path / "elsewhere") == 500


def test_no_part_of_the_data_can_be_read_in_the_file(node: NodeConfig, tmp_path: Path) -> None:
    make(node, tmp_path / "b")
    content = (tmp_path / "b").read_bytes()
    assert b"Centre" not in content
    assert b"people" not in content
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0


def test_erasures_since_the_backup_are_carried_out_again(node: NodeConfig, tmp_path: Path) -> None:
    vault = Vault(node.keys)
    erased, erased_elsewhere, kept = vault.new_keys(3)
    sealed = {k: vault.seal(k, "t:1", {"name": "Amina"}) for k in (erased, erased_elsewhere, kept)}
    make(node, tmp_path / "b")
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text(json.dumps({"key": str(erased_elsewhere), "at": "2026-11-24"}) + "\n")
    vault.destroy(erased)
    done = backup.restore(
        tmp_path / "b", node.home, Passphrase(PASSPHRASE), replace=True, ledgers=(ledger,)
    )
    restored = Vault(node.keys)
    assert done.erasures == 2
    assert restored.unseal(kept, "t:1", sealed[kept]) == {"name": "Amina"}
    for gone in (erased, erased_elsewhere):
        with pytest.raises(KeyDestroyed):
            restored.unseal(gone, "t:1", sealed[gone])
    assert done.kept is not None
    assert rows(done.kept) == 500


@pytest.mark.parametrize("fault", ["cut", "bit", "added", "empty", "other file", "header"])
def test_a_damaged_file_changes_nothing(node: NodeConfig, tmp_path: Path, fault: str) -> None:
    make(node, tmp_path / "b")
    whole = (tmp_path / "b").read_bytes()
    half = len(whole) // 2
    damaged = {
        "cut": whole[:-20],
        "bit": whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :],
        "added": whole + b"x",
        "empty": b"",
        "other file": b"PK\x03\x04" + whole,
        "header": whole.replace(b'"node": "me"', b'"node": "ba"', 1),
    }[fault]
    (tmp_path / "b").write_bytes(damaged)
    before = everything(node.home)
    with pytest.raises(StreamRefused):
        backup.restore(tmp_path / "b", node.home, Passphrase(PASSPHRASE), replace=True)
    after = everything(node.home)
    after.pop("node.lock", None)
    assert after == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".restore")] == []


def test_a_wrong_passphrase_changes_nothing(node: NodeConfig, tmp_path: Path) -> None:
    make(node, tmp_path / "b")
    with pytest.raises(StreamRefused, match="wrong"):
        backup.restore(tmp_path / "b", tmp_path / "new", Passphrase("another passphrase"))
    assert not (tmp_path / "new").exists()


def test_a_node_is_replaced_only_when_asked_stopped_and_the_same(
    node: NodeConfig, tmp_path: Path
) -> None:
    make(node, tmp_path / "b")
    key = Passphrase(PASSPHRASE)
    with pytest.raises(ConfigurationError, match="--replace"):
        backup.restore(tmp_path / "b", node.home, key)
    with backup.node_running(node.home), pytest.raises(ConfigurationError, match="running"):
        backup.restore(tmp_path / "b", node.home, key, replace=True)
    write_node(tmp_path / "ba", {"code": "ba", "name": "Other"})
    with pytest.raises(ConfigurationError, match="node 'ba'"):
        backup.restore(tmp_path / "b", tmp_path / "ba", key, replace=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("x")
    with pytest.raises(ConfigurationError, match="not empty"):
        backup.restore(tmp_path / "b", tmp_path / "full", key, replace=True)


def test_a_backup_never_overwrites_and_leaves_no_half_file(
    node: NodeConfig, tmp_path: Path
) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(ConfigurationError, match="exists"):
        make(node, tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"
    shutil.rmtree(node.home / "keys")
    (node.home / "db.sqlite3").unlink()
    with pytest.raises(ConfigurationError, match="no database"):
        make(node, tmp_path / "c")
    assert not list(tmp_path.glob("c*"))


def test_a_recovery_key_opens_what_the_node_itself_cannot(node: NodeConfig, tmp_path: Path) -> None:
    private, public = new_recovery_key(PASSPHRASE)
    backup.make(node, tmp_path / "b", Recipient(public), None, lambda step: None)
    with pytest.raises(StreamRefused, match="--key"):
        backup.inspect(tmp_path / "b", Passphrase(PASSPHRASE))
    with pytest.raises(StreamRefused, match="does not open"):
        RecoveryKey(private, "another passphrase")
    assert backup.inspect(tmp_path / "b", RecoveryKey(private, PASSPHRASE)).node == "me"


@pytest.mark.parametrize("name", ["../escape", "/etc/escape", "a/../../escape"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with (tmp_path / "b").open("wb") as raw:
        sealing = SealingWriter(raw, Passphrase(PASSPHRASE), {"format": 1, "node": "me"})
        import gzip

        with (
            gzip.GzipFile(fileobj=sealing, mode="wb") as packed,
            tarfile.open(fileobj=packed, mode="w|") as archive,
        ):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
        sealing.close()
    with pytest.raises(StreamRefused, match="outside"):
        backup.restore(tmp_path / "b", tmp_path / "home", Passphrase(PASSPHRASE))
    assert not list(tmp_path.rglob("escape"))


def sealed(data: bytes) -> bytes:
    raw = io.BytesIO()
    writer = SealingWriter(raw, Passphrase(PASSPHRASE), {"format": 1})
    for start in range(0, len(data), 70_000):
        writer.write(data[start : start + 70_000])
    writer.close()
    return raw.getvalue()


def opened(stream: bytes) -> bytes:
    return io.BufferedReader(SealedReader(io.BytesIO(stream), Passphrase(PASSPHRASE))).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_stream_of_any_length_comes_back(size: int) -> None:
    data = os.urandom(size)
    assert opened(sealed(data)) == data


def test_chunks_cannot_be_left_out_swapped_or_taken_from_another_stream() -> None:
    data = os.urandom(3 * CHUNK)
    stream = sealed(data)
    step = CHUNK + sealed_stream.TAG
    start = len(stream) - 3 * step
    head, chunks = (
        stream[:start],
        [stream[start + n * step : start + (n + 1) * step] for n in range(3)],
    )
    foreign = sealed(data)[-step:]
    for order in (
        [chunks[0], chunks[2]],
        [chunks[1], chunks[0], chunks[2]],
        [chunks[0], chunks[1]],
        [chunks[0], chunks[1], foreign],
        [*chunks, chunks[2]],
    ):
        with pytest.raises(StreamRefused):
            opened(head + b"".join(order))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_changed_byte_is_found(data: st.DataObject) -> None:
    stream = STREAM
    place = data.draw(st.integers(0, len(stream) - 1))
    change = data.draw(st.integers(1, 255))
    altered = stream[:place] + bytes([stream[place] ^ change]) + stream[place + 1 :]
    with pytest.raises(StreamRefused):
        opened(altered)


def _small_stream() -> bytes:
    held = sealed_stream.SCRYPT
    sealed_stream.SCRYPT = {"n": 2, "r": 8, "p": 1}  # type: ignore[misc]
    try:
        return sealed(b"some rows of a table")
    finally:
        sealed_stream.SCRYPT = held  # type: ignore[misc]


STREAM = _small_stream()
