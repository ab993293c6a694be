# SPDX-License-Identifier: EUPL-1.2
"""R12: sealed values open only for their own record and key; a destroyed key erases for good."""

import json
import subprocess
import sys
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mostovi.rights import vault as vaults
from mostovi.rights.vault import Altered, KeyDestroyed, Vault, VaultMissing, create_master_key

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)


@pytest.fixture
def folder(tmp_path):
    create_master_key(tmp_path)
    return tmp_path


@pytest.fixture
def safe(folder):
    return Vault(folder)


@relaxed
@given(value=json_values, context=st.text(max_size=20))
def test_what_is_sealed_opens_again(safe, value, context):
    key = safe.new_key()
    assert safe.unseal(key, context, safe.seal(key, context, value)) == value


@relaxed
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_changed_bit_is_refused(safe, place, bit):
    key = safe.new_key()
    sealed = bytearray(safe.seal(key, "people.person:1", {"family": "Hadžić"}))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(Altered):
        safe.unseal(key, "people.person:1", bytes(sealed))


def test_a_value_moved_to_another_record_or_key_is_refused(safe):
    key, other = safe.new_keys(2)
    sealed = safe.seal(key, "people.person:1", "x")
    with pytest.raises(Altered):
        safe.unseal(key, "people.person:2", sealed)
    with pytest.raises(Altered):
        safe.unseal(other, "people.person:1", sealed)


def test_a_destroyed_key_opens_nothing_and_stays_destroyed(folder, safe):
    key, kept = safe.new_keys(2)
    sealed = safe.seal(key, "r:1", {"phone": "+382 67 000 000"})
    restored = (folder / "records.sqlite3").read_bytes()
    safe.destroy(key)
    for attempt in (safe.unseal, safe.seal):
        with pytest.raises(KeyDestroyed):
            attempt(key, "r:1", sealed)
    assert safe.unseal_many([(key, "r:1", sealed), (kept, "r:2", safe.seal(kept, "r:2", 1))]) == [
        None,
        1,
    ]
    # A backup of the key file comes back: the ledger destroys the key again.
    for extra in ("", "-wal", "-shm"):
        (folder / f"records.sqlite3{extra}").unlink(missing_ok=True)
    (folder / "records.sqlite3").write_bytes(restored)
    assert Vault(folder).apply_erasures() <= 1
    with pytest.raises(KeyDestroyed):
        Vault(folder).unseal(key, "r:1", sealed)


def test_a_destroyed_key_leaves_no_trace_in_the_key_files(folder, safe):
    key = safe.new_key()
    wrapped = safe._keys().execute("SELECT wrapped FROM record_key").fetchone()[0]
    safe.destroy(key)
    for path in folder.glob("records.sqlite3*"):
        assert wrapped not in path.read_bytes()


def test_nothing_readable_lies_in_the_files(folder, safe):
    key = safe.new_key()
    sealed = safe.seal(key, "r:1", {"family": "Петровић"})
    assert "Петровић".encode() not in sealed
    assert json.dumps("Петровић").encode() not in sealed


def test_key_files_are_for_the_owner_only(folder, safe):
    safe.destroy(safe.new_key())
    for name in ("vault.master", "records.sqlite3", "erasures.jsonl"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name


def test_another_node_cannot_open_what_this_one_sealed(safe, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    create_master_key(elsewhere)
    key = safe.new_key()
    with pytest.raises(KeyDestroyed):
        Vault(elsewhere).unseal(key, "r:1", safe.seal(key, "r:1", 1))
    assert Vault(elsewhere).blind("amina") != safe.blind("amina")
    assert Vault(elsewhere).handle("case", 1) != safe.handle("case", 1)


def test_without_a_master_key_the_vault_says_what_to_do(tmp_path):
    with pytest.raises(VaultMissing, match="mostovi init"):
        Vault(tmp_path)


def test_a_key_that_was_never_here_is_refused(safe):
    with pytest.raises(KeyDestroyed):
        safe.seal(uuid4(), "r:1", 1)


def test_a_long_value_takes_little_room_and_opens_again(safe):
    key = safe.new_key()
    value = {"answers": [{"question": f"q{n % 9}", "answer": "not_asked"} for n in range(300)]}
    sealed = safe.seal(key, "screening.finding:1", value)
    assert len(sealed) < len(json.dumps(value)) / 5
    assert safe.unseal(key, "screening.finding:1", sealed) == value


@relaxed
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_changed_bit_of_a_long_value_is_refused(safe, place, bit):
    key = safe.new_key()
    sealed = bytearray(safe.seal(key, "cases.case:1", {"summary": "very long " * 80}))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(Altered):
        safe.unseal(key, "cases.case:1", bytes(sealed))


def test_a_long_value_sealed_before_values_were_made_smaller_still_opens(safe, monkeypatch):
    key, value = safe.new_key(), {"summary": "as it was stored a year ago " * 40}
    with monkeypatch.context() as then:
        then.setattr(vaults, "_WORTH_DEFLATING", 10**9)
        old = safe.seal(key, "cases.case:1", value)
    assert old[:1] == b"\x01"
    assert safe.unseal(key, "cases.case:1", old) == value


def test_what_one_process_destroys_no_other_opens_again(folder, safe):
    """R12: no process keeps a key it has used, so none has to be told of a destruction."""
    keys = safe.new_keys(3)
    sealed = [(key, f"people.person:{n}", safe.seal(key, f"people.person:{n}", {"n": n}))
              for n, key in enumerate(keys)]  # fmt: skip
    assert safe.unseal_many(sealed) == [{"n": 0}, {"n": 1}, {"n": 2}]
    subprocess.run(
        [sys.executable, "-c", "import sys; from pathlib import Path; from uuid import UUID\n"
         "from mostovi.rights.vault import Vault\n"
         "Vault(Path(sys.argv[1])).destroy(UUID(sys.argv[2]))", str(folder), str(keys[1])],
        check=True,
    )  # fmt: skip
    assert safe.unseal_many(sealed) == [{"n": 0}, None, {"n": 2}]
    with pytest.raises(KeyDestroyed):
        safe.unseal(*sealed[1])
