# SPDX-License-Identifier: EUPL-1.2
"""A node under test (`me`) and a peer (`ba`) that is played with the pure modules alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import uuid_utils.compat

from mostovi.exchange import handlers
from mostovi.exchange.directory import NodeEntry
from mostovi.exchange.keys import KeyPair, PublicKey, Use, new_pair
from mostovi.exchange.keystore import KeyStore, ensure_keys, key_store
from mostovi.exchange.letters import Letter, Opened, digest, open_token, seal, sign
from mostovi.exchange.profiles import profile
from mostovi.exchange.receipts import Receipt, Verdict, issue
from mostovi.exchange.transport import Reply, Unreachable
from mostovi.exchange.wire import canonical
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose

REQUEST = "mostovi.referral.request.v1"
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
CONSENT = {"consent": "c0ffee00c0ffee00"}


def referral(**more: Any) -> dict[str, Any]:
    """The smallest referral request, with `more` fields."""
    return {
        "referral": "0123456789abcdef",
        "service": "shelter",
        "needs": ["shelter"],
        "urgency": "urgent",
        "basis": {
            "kind": "consent",
            "consent": CONSENT["consent"],
            "purpose": "protection",
            "receiver": "me",
            "fields": ["names", "summary"],
            "given_on": "2026-11-01",
            "expires": "2027-05-01",
            "language": "ar",
        },
        **more,
    }


@dataclass
class Node:
    """A node that exists only as keys."""

    code: str
    sign: KeyPair
    encrypt: KeyPair
    endpoint: str = "http://ba.test"
    threads: dict[UUID, list[str]] = field(default_factory=dict)

    @classmethod
    def fresh(cls, code: str, since: datetime = NOW - timedelta(days=10)) -> Node:
        return cls(code, new_pair(Use.SIGN, since), new_pair(Use.ENCRYPT, since))

    def entry(self, **more: Any) -> dict[str, Any]:
        """As it stands in the directory."""
        entry = NodeEntry(
            code=self.code,
            name=f"Node {self.code}",
            country=self.code[:2],
            endpoint=self.endpoint,
            keys=(self.sign.public, self.encrypt.public),
            batch=64,
        ).as_dict()
        return {**entry, **more}

    def letter(self, to: str = "me", *, thread: UUID | None = None, **more: Any) -> Letter:
        """Its next letter of a thread; `more` overrides any member."""
        thread = thread or uuid4()
        sent = self.threads.setdefault(thread, [])
        values: dict[str, Any] = {
            "id": uuid_utils.compat.uuid7(),
            "type": REQUEST,
            "source": self.code,
            "to": to,
            "time": NOW,
            "expires": NOW + timedelta(days=3),
            "thread": thread,
            "seq": len(sent) + 1,
            "prev": sent[-1] if sent else "",
            "purpose": "protection",
            "basis": CONSENT,
            "schema": profile(REQUEST).digest,
            "data": referral(),
        }
        letter = Letter(**{**values, **more})
        sent.append(digest(letter.envelope()))
        return letter

    def token(self, letter: Letter, receiver: PublicKey) -> bytes:
        """The letter as it is posted."""
        return seal(letter, self.sign, receiver).encode()

    def read(self, token: str, sender: KeyPair, source: str = "me", now: datetime = NOW) -> Opened:
        """Open a letter that was written to it."""
        return open_token(
            token.encode(),
            us=self.code,
            our_key=lambda kid: self.encrypt if kid == self.encrypt.kid else None,
            their_key=lambda kid: (source, sender.public) if kid == sender.kid else None,
            now=now,
        )

    def receipt(self, item: Opened, verdict: Verdict = Verdict.STORED, **more: Any) -> str:
        """Its signed receipt for a letter it read."""
        values: dict[str, Any] = {
            "letter": item.letter.id,
            "source": item.letter.source,
            "node": self.code,
            "sha256": item.token_sha256,
            "digest": item.digest,
            "received_at": NOW,
            "verdict": verdict,
        }
        return issue(Receipt(**{**values, **more}), self.sign)


@pytest.fixture
def store(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> KeyStore:
    """The key store of the node under test, with one pair of each use valid at NOW."""
    from mostovi.exchange import keystore
    from mostovi.rights.vault import create_master_key

    create_master_key(tmp_path / "keys")
    settings.MOSTOVI = replace(settings.MOSTOVI, home=tmp_path)
    found = keystore.key_store()
    ensure_keys(found, NOW - timedelta(days=10))
    return found


@pytest.fixture
def ba() -> Node:
    """A peer."""
    return Node.fresh("ba")


@pytest.fixture
def rs() -> Node:
    """Another peer."""
    return Node.fresh("rs")


@pytest.fixture
def known(db: None, store: KeyStore, ba: Node) -> Node:
    """`ba`, pinned by the node under test."""
    from mostovi.exchange.services import add_peer

    add_peer(Actor.system(Purpose.GOVERNANCE), entry=ba.entry())
    return ba


@pytest.fixture
def ours(store: KeyStore) -> Callable[[Use], KeyPair]:
    """The node's own pair of a use."""

    def find(use: Use) -> KeyPair:
        return next(pair for pair in key_store().pairs() if pair.public.use is use)

    return find


@pytest.fixture
def to_us(known: Node, ours: Callable[[Use], KeyPair]) -> Callable[..., bytes]:
    """A letter from `ba` to the node under test, as bytes."""

    def make(letter: Letter | None = None, **more: Any) -> bytes:
        return known.token(letter or known.letter(**more), ours(Use.ENCRYPT).public)

    return make


@pytest.fixture
def handled() -> Iterator[list[handlers.ReceivedLetter]]:
    """What the handler of referral requests was given."""
    seen: list[handlers.ReceivedLetter] = []
    before = dict(handlers._receivers)
    hooks = {key: list(value) for key, value in handlers._receipt_hooks.items()}
    handlers._receipt_hooks.clear()
    for letter_type in (REQUEST, "mostovi.referral.update.v1", "mostovi.consent.withdrawn.v1"):
        handlers.register(letter_type, seen.append)
    yield seen
    handlers._receivers.clear()
    handlers._receivers.update(before)
    handlers._receipt_hooks.clear()
    handlers._receipt_hooks.update(hooks)


@pytest.fixture
def coordinator() -> Actor:
    """Somebody who may act for protection."""
    from mostovi.rights.roles import Role

    return Actor(uuid4(), Role.ANTI_TRAFFICKING_COORDINATOR, Purpose.PROTECTION, "border")


@pytest.fixture
def administrator() -> Actor:
    """The administrator, who reads no personal data."""
    from mostovi.rights.roles import Role

    return Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE, "border")


@dataclass
class FakePeer:
    """A transport that plays one peer: it opens, remembers and answers as told."""

    node: Node
    sender: Callable[[], KeyPair]
    now: datetime = NOW
    opened: list[Opened] = field(default_factory=list)
    fails: list[Any] = field(default_factory=list)
    verdict: Verdict = Verdict.STORED
    requests: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = 0,
    ) -> Reply:
        self.requests.append((method, url, dict(headers or {})))
        if self.fails:
            failure = self.fails.pop(0)
            if isinstance(failure, Exception):
                raise failure
            if failure is not None:
                return failure  # type: ignore[no-any-return]
        results = [self._take(token) for token in (body or b"").decode().split("\n")]
        if len(results) == 1:
            status = results[0].pop("status")
            return Reply(status, json.dumps(results[0]).encode(), {})
        return Reply(202, json.dumps({"results": results}).encode(), {})

    def _take(self, token: str) -> dict[str, Any]:
        item = self.node.read(token, self.sender(), now=self.now)
        self.opened.append(item)
        status = 422 if self.verdict is Verdict.REJECTED else 202
        more = {"reason": "refused_by_receiver"} if status == 422 else {}
        return {"status": status, "receipt": self.node.receipt(item, self.verdict, **more)}


def problem(status: int, reason: str) -> Reply:
    """A peer's refusal without a receipt."""
    body = json.dumps({"status": status, "reason": reason, "detail": "because"}).encode()
    return Reply(status, body, {})


@pytest.fixture
def carrier(known: Node, ours: Callable[[Use], KeyPair]) -> FakePeer:
    """The way to `ba`."""
    return FakePeer(known, lambda: ours(Use.SIGN))


UNREACHABLE = Unreachable("gone")


def resign(letter_envelope: Mapping[str, Any], key: KeyPair) -> str:
    """Any envelope, signed."""
    return sign(canonical(dict(letter_envelope)), key)


__all__ = ["NOW", "REQUEST", "UNREACHABLE", "FakePeer", "Node", "problem", "referral", "resign"]
