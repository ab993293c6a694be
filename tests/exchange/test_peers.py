# SPDX-License-Identifier: EUPL-1.2
"""Whom a node trusts: enough pinned stewards, the newest directory, keys that are valid."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from mostovi.exchange import keys, peers
from mostovi.exchange.directory import (
    Directory,
    NodeEntry,
    countersign,
    open_directory,
    read_entry,
    sign_directory,
)
from mostovi.exchange.handlers import ReceivedLetter
from mostovi.exchange.keys import KeyPair, Use, current, new_pair, rotate
from mostovi.exchange.keystore import FileKeyStore, KeyStore, key_store
from mostovi.exchange.models import DirectoryVersion, Peer
from mostovi.exchange.reasons import DirectoryRefused, Reason
from mostovi.exchange.services import (
    add_peer,
    import_directory,
    publish_directory,
    receive,
    refresh_directory,
    retire_keys,
    revoke_key,
    rotate_keys,
)
from mostovi.exchange.transport import Reply
from mostovi.rights.access import Actor, Refused
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

from .conftest import NOW, Node

STEWARDS = [new_pair(Use.SIGN, NOW - timedelta(days=1)) for _ in range(3)]
PINNED = [pair.public for pair in STEWARDS]


def directory(nodes: Sequence[Node], serial: int = 1, issued: datetime = NOW) -> Directory:
    """A directory of `nodes`."""
    return Directory(
        serial=serial,
        issued=issued,
        not_after=issued + timedelta(days=90),
        nodes=tuple(read_entry(node.entry()) for node in nodes),
    )


def reason(call: Callable[[], object]) -> str:
    """Why the call is refused."""
    with pytest.raises(DirectoryRefused) as caught:
        call()
    return caught.value.reason


def test_a_directory_reads_back_as_it_was_signed(ba: Node, rs: Node) -> None:
    document = sign_directory(directory([ba, rs]), STEWARDS[:1])
    found = open_directory(document, pinned=PINNED, threshold=1, now=NOW)
    assert found == directory([ba, rs])
    assert found.stewards == {STEWARDS[0].kid}


@pytest.mark.parametrize(
    ("signers", "threshold", "accepted"),
    [(1, 1, True), (1, 2, False), (2, 2, True), (3, 2, True), (2, 3, False), (0, 1, False)],
)
def test_enough_stewards_must_sign(ba: Node, signers: int, threshold: int, accepted: bool) -> None:
    document = sign_directory(directory([ba]), STEWARDS[:1])
    for steward in STEWARDS[1:signers]:
        document = countersign(document, steward)
    if signers == 0:
        document = sign_directory(directory([ba]), [new_pair(Use.SIGN, NOW - timedelta(days=1))])

    def call() -> Directory:
        return open_directory(document, pinned=PINNED, threshold=threshold, now=NOW)

    if accepted:
        assert call().serial == 1
    else:
        assert reason(call) == Reason.TOO_FEW_STEWARDS


def test_one_steward_signing_twice_counts_once(ba: Node) -> None:
    outer = json.loads(sign_directory(directory([ba]), STEWARDS[:1]))
    outer["signatures"] *= 2
    assert reason(
        lambda: open_directory(json.dumps(outer), pinned=PINNED, threshold=2, now=NOW)
    ) in {Reason.TOO_FEW_STEWARDS, Reason.BAD_DIRECTORY}


def test_a_changed_directory_is_refused(ba: Node, rs: Node) -> None:
    outer = json.loads(sign_directory(directory([ba]), STEWARDS[:1]))
    other = json.loads(sign_directory(directory([rs]), STEWARDS[1:2]))
    outer["payload"] = other["payload"]
    assert (
        reason(lambda: open_directory(json.dumps(outer), pinned=PINNED, threshold=1, now=NOW))
        == Reason.BAD_SIGNATURE
    )


@pytest.mark.parametrize("document", ["", "{}", "[]", '{"payload":1,"signatures":[]}', "x" * 10])
def test_what_is_no_directory_is_refused(document: str) -> None:
    assert reason(lambda: open_directory(document, pinned=PINNED, threshold=1, now=NOW)) in {
        Reason.BAD_DIRECTORY,
        Reason.TOO_FEW_STEWARDS,
    }


def test_without_pinned_stewards_nothing_is_accepted(ba: Node) -> None:
    document = sign_directory(directory([ba]), STEWARDS[:1])
    assert (
        reason(lambda: open_directory(document, pinned=[], threshold=1, now=NOW))
        == Reason.NO_STEWARDS
    )


@pytest.mark.parametrize(
    "change",
    [
        {"kid": "A" * 43},
        {"crv": "X25519"},
        {"x": "AA"},
        {"x": "!"},
        {"kty": "EC"},
        {"use": "x"},
        {"not_after": "2020-01-01T00:00:00Z"},
        {"not_before": "yesterday"},
        {"revoked": {"at": "never"}},
    ],
)
def test_a_key_that_cannot_be_used_is_refused(ba: Node, change: dict[str, Any]) -> None:
    entry = ba.entry()
    entry["keys"][0] = {**entry["keys"][0], **change}
    assert reason(lambda: read_entry(entry)) == Reason.BAD_DIRECTORY


@pytest.mark.parametrize(
    "change", [{"endpoint": "ftp://x"}, {"status": "odd"}, {"keys": None}, {"letters": 5}]
)
def test_an_entry_that_cannot_be_read_is_refused(ba: Node, change: dict[str, Any]) -> None:
    assert reason(lambda: read_entry(ba.entry(**change))) == Reason.BAD_DIRECTORY


@pytest.fixture
def steward(store: KeyStore, settings: Any, db: None) -> Actor:
    """The node under test is the steward."""
    settings.MOSTOVI = replace(settings.MOSTOVI, steward=True)
    return Actor.system(Purpose.GOVERNANCE)


def test_publishing_and_importing_brings_peers(
    steward: Actor, ba: Node, rs: Node, settings: Any
) -> None:
    document = publish_directory(steward, entries=[ba.entry(), rs.entry()], now=NOW)
    assert sorted(Peer.objects.values_list("code", flat=True)) == ["ba", "rs"]
    assert peers.known_peers().signing_key(ba.sign.kid) == ("ba", ba.sign.public)
    again = import_directory(steward, document=document, now=NOW)
    assert (again.serial, DirectoryVersion.objects.count()) == (1, 1)


def test_an_older_directory_never_comes_back(steward: Actor, ba: Node, rs: Node) -> None:
    first = publish_directory(steward, entries=[ba.entry()], now=NOW)
    publish_directory(steward, entries=[rs.entry()], now=NOW)
    assert (
        reason(lambda: import_directory(steward, document=first, now=NOW)) == Reason.OLD_DIRECTORY
    )


def test_a_revoked_key_is_refused_from_then_on_and_stays_revoked(
    steward: Actor, ba: Node, handled: list[ReceivedLetter], ours: Callable[[Use], KeyPair]
) -> None:
    publish_directory(steward, entries=[ba.entry()], now=NOW)
    to = ours(Use.ENCRYPT).public
    assert receive(ba.token(ba.letter(), to), NOW).status == 202
    revoke_key(steward, code="ba", kid=ba.sign.kid, reason="laptop stolen", now=NOW)
    answer = receive(ba.token(ba.letter(), to), NOW)
    assert (answer.status, answer.reason) == (403, Reason.SIGNING_KEY_REVOKED)
    # The node sends its old entry again, as if nothing had been.
    publish_directory(steward, entries=[ba.entry()], now=NOW + timedelta(minutes=1))
    assert receive(ba.token(ba.letter(), to), NOW).reason == Reason.SIGNING_KEY_REVOKED


def test_a_node_that_is_no_longer_listed_has_left(
    steward: Actor, ba: Node, rs: Node, settings: Any
) -> None:
    publish_directory(steward, entries=[ba.entry(), rs.entry()], now=NOW)
    pair = key_store().steward()
    assert pair is not None
    only_ba = sign_directory(directory([ba], serial=9), [pair])
    import_directory(steward, document=only_ba, now=NOW)
    assert peers.known_peers().nodes["rs"].status == "left"


def test_a_fetched_directory_is_taken_in_when_it_is_newer(
    store: KeyStore, db: None, settings: Any, ba: Node, rs: Node
) -> None:
    settings.MOSTOVI = replace(settings.MOSTOVI, stewards={"ba": STEWARDS[0].public.x})
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=ba.entry())
    document = sign_directory(directory([ba, rs]), STEWARDS[:1])

    class Web:
        def request(self, method: str, url: str, **more: Any) -> Reply:
            assert (method, url) == ("GET", "http://ba.test/exchange/v1/directory")
            return Reply(200, document.encode(), {})

    assert refresh_directory(NOW, Web()) == 1
    assert refresh_directory(NOW, Web()) == 0
    assert peers.known_peers().require("rs").code == "rs"


def test_only_administrators_change_whom_the_node_trusts(
    store: KeyStore, db: None, ba: Node, acting: Callable[..., Actor]
) -> None:
    for role in (Role.SOCIAL_WORKER, Role.INVESTIGATOR, Role.DATA_PROTECTION_OFFICER):
        with pytest.raises(Refused):
            add_peer(acting(role), entry=ba.entry())
        with pytest.raises(Refused):
            rotate_keys(acting(role), now=NOW)
    assert not Peer.objects.exists()


def test_a_rotation_never_leaves_a_gap() -> None:
    pairs = [new_pair(Use.SIGN, NOW - timedelta(days=300))]
    for day in range(0, 900, 100):
        now = NOW + timedelta(days=day)
        fresh, older = rotate(pairs, Use.SIGN, now)
        pairs = [*older, fresh]
        for ahead in range(100):
            moment = now + timedelta(days=ahead)
            found = current(pairs, Use.SIGN, moment)
            if day:
                assert found is not None
        assert fresh.public.not_before == now + keys.PUBLISH_AHEAD
        for pair in older:
            assert pair.public.not_after <= fresh.public.not_before + keys.OVERLAP


def test_rotated_keys_are_used_when_they_begin_and_old_letters_still_open(
    store: KeyStore, known: Node, handled: list[ReceivedLetter], administrator: Actor
) -> None:
    old = {pair.public.use: pair for pair in store.pairs()}
    new = {pair.public.use: pair for pair in rotate_keys(administrator, now=NOW)}
    assert current(store.pairs(), Use.SIGN, NOW).kid == old[Use.SIGN].kid  # type: ignore[union-attr]
    begun = NOW + timedelta(days=31)
    assert current(store.pairs(), Use.SIGN, begun).kid == new[Use.SIGN].kid  # type: ignore[union-attr]
    late = NOW + timedelta(days=80)
    letter = known.letter(time=late, expires=late + timedelta(days=1))
    assert receive(known.token(letter, old[Use.ENCRYPT].public), late).status == 202
    ended = NOW + timedelta(days=92)
    assert retire_keys(ended) == 2
    assert {pair.kid for pair in store.pairs()} == {pair.kid for pair in new.values()}
    letter = known.letter(time=ended, expires=ended + timedelta(days=1))
    answer = receive(known.token(letter, old[Use.ENCRYPT].public), ended)
    assert answer.reason == Reason.UNKNOWN_ENCRYPTION_KEY


def test_private_keys_are_files_for_their_owner_only(tmp_path: Any) -> None:
    store = FileKeyStore(tmp_path / "exchange")
    pair = new_pair(Use.SIGN, NOW)
    store.keep(pair)
    path = tmp_path / "exchange" / f"{pair.kid}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert FileKeyStore(tmp_path / "exchange").pair(pair.kid) == pair
    store.keep(pair.ending(NOW + timedelta(days=2)))
    other = FileKeyStore(tmp_path / "exchange").pair(pair.kid)
    assert other is not None
    assert other.public.not_after == NOW + timedelta(days=2)
    store.forget(pair.kid)
    assert store.pairs() == []


def test_no_private_key_is_in_the_database_or_in_the_entry(
    steward: Actor, ba: Node, store: KeyStore
) -> None:
    document = publish_directory(steward, entries=[ba.entry()], now=NOW)
    secrets = [pair.private.as_dict(True)["d"] for pair in store.pairs()]
    stored = repr(list(DirectoryVersion.objects.values())) + repr(list(Peer.objects.values()))
    text = document + stored + json.dumps(peers.own_entry().as_dict())
    assert not any(str(secret) in text for secret in secrets)


def test_a_steward_collects_new_keys_signed_by_known_ones(
    steward: Actor, ba: Node, rs: Node
) -> None:
    from mostovi.exchange.letters import sign
    from mostovi.exchange.peers import collect_entries
    from mostovi.exchange.wire import canonical

    publish_directory(steward, entries=[ba.entry(), rs.entry(endpoint="http://rs.test")], now=NOW)
    fresh = new_pair(Use.SIGN, NOW)
    entry = ba.entry()
    entry["keys"].append(fresh.public.as_entry())

    class Web:
        def request(self, method: str, url: str, **more: Any) -> Reply:
            # `rs` answers with the entry of `ba`, signed by `rs` itself.
            signer = ba if url.startswith("http://ba.test") else rs
            return Reply(200, sign(canonical(entry), signer.sign, "mg+entry").encode(), {})

    collected: list[NodeEntry] = collect_entries(NOW, Web())
    assert [item.code for item in collected] == ["ba"]
    publish_directory(steward, entries=[item.as_dict() for item in collected], now=NOW)
    assert peers.known_peers().signing_key(fresh.kid) is not None
