# SPDX-License-Identifier: EUPL-1.2
"""Letters a second through one node, beside the bare crypto and insert in the same run.

    python benchmarks/exchange_throughput.py [--letters 2000] [--json FILE]

Three numbers on one throw-away node (SQLite, WAL, every commit flushed to the disk):

* bare: sign, encrypt, decrypt, verify, sign a receipt and verify it, and one committed INSERT:
  what no implementation can do without;
* receiving: tokens go through `receive_many` as they come from HTTP (profile, place in the thread,
  handler, audit chain, receipt), in batches and one by one;
* the whole way: `relay_due` seals what waits in the outbox, the other side receives, the receipts
  settle the outbox; sender and receiver share this one process.

Targets (DESIGN section 7): at least 500 letters a second, within 3 times the bare work.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

REQUEST = "mostovi.referral.request.v1"
DATA = {
    "referral": "0123456789abcdef",
    "service": "shelter",
    "needs": ["shelter", "interpretation"],
    "urgency": "urgent",
    "basis": {
        "kind": "consent", "consent": "c0ffee00c0ffee00", "purpose": "protection",
        "receiver": "me", "fields": ["names", "summary", "languages"], "given_on": "2026-11-01",
        "expires": "2027-05-01", "language": "ar",
    },
    "names": [
        {"script": "Arab", "parts": [{"kind": "given", "text": "اسم"}], "transliteration": "Ism"}
    ],
    "languages": ["ar", "en"],
    "summary": "Synthetic. " + "x" * 600,
}  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """Letters a second by the clock, and a second of one processor (other work left aside)."""

    wall: float
    cpu: float


def main() -> int:
    """Run, print, and exit 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--letters", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mostovi-bench-") as folder:
        _start(Path(folder))
        found = _measure(options.letters, Path(folder))
    for name, value in found.items():
        print(f"{name:32} {value:>10}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    missed = found["receive_batch_per_s"] < 500 or found["receive_batch_vs_bare"] > 3
    return 1 if missed else 0


def _start(home: Path) -> None:
    from mostovi.rights.vault import create_master_key

    (home / "node.toml").write_text('code = "me"\nname = "Benchmark"\n', encoding="utf-8")
    create_master_key(home / "keys")
    os.environ["MOSTOVI_HOME"] = str(home)
    os.environ["MOSTOVI_LOG_LEVEL"] = "ERROR"
    os.environ["DJANGO_SETTINGS_MODULE"] = "mostovi.node.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _measure(count: int, home: Path) -> dict[str, Any]:
    from django.utils import timezone

    from mostovi.exchange import handlers
    from mostovi.exchange.keys import Use, new_pair
    from mostovi.exchange.keystore import ensure_keys, key_store
    from mostovi.exchange.letters import Letter, digest, seal
    from mostovi.exchange.profiles import profile
    from mostovi.exchange.services import add_peer, receive, receive_many
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    now = timezone.now()
    ensure_keys(key_store(), now - timedelta(days=1))
    handlers.register(REQUEST, lambda letter: None)
    own = {pair.public.use: pair for pair in key_store().pairs()}
    sign, encrypt = (new_pair(use, now - timedelta(days=1)) for use in (Use.SIGN, Use.ENCRYPT))
    entry = {
        "code": "ba", "name": "Peer", "country": "ba", "endpoint": "http://ba.test", "batch": 64,
        "status": "active", "keys": [sign.public.as_entry(), encrypt.public.as_entry()],
    }  # fmt: skip
    add_peer(Actor.system(Purpose.GOVERNANCE), entry=entry)

    def letters(number: int) -> list[Letter]:
        made: list[Letter] = []
        while len(made) < number:
            thread, prev = uuid4(), ""
            for seq in range(1, 5):  # a referral is four letters or so
                letter = Letter(
                    id=uuid4(), type=REQUEST, source="ba", to="me", time=now,
                    expires=now + timedelta(days=3), thread=thread, seq=seq, prev=prev,
                    purpose="protection", basis={"consent": "c0ffee00c0ffee00"},
                    schema=profile(REQUEST).digest, data=DATA,
                )  # fmt: skip
                prev = digest(letter.envelope())
                made.append(letter)
        return made[:number]

    bare = _rate(count, lambda: _bare(letters(count), sign, own, home, now))
    started = time.perf_counter()
    tokens = [seal(letter, sign, own[Use.ENCRYPT].public).encode() for letter in letters(count)]
    sealing = count / (time.perf_counter() - started)

    def in_batches() -> None:
        for start in range(0, count, 64):
            answers = receive_many(tokens[start : start + 64], now)
            if any(answer.status != 202 for answer in answers):
                raise SystemExit("a letter was not stored")

    batch = _rate(count, in_batches)
    singles = [
        seal(letter, sign, own[Use.ENCRYPT].public).encode() for letter in letters(count // 4)
    ]

    def one_by_one() -> None:
        for token in singles:
            if receive(token, now).status != 202:
                raise SystemExit("a letter was not stored")

    single = _rate(len(singles), one_by_one)
    relay = _relay(count, sign, encrypt, own, now)
    rates = {"bare": bare, "receive_batch": batch, "receive_single": single, "relay": relay}
    found: dict[str, Any] = {
        "letters": count,
        "bytes_of_one_token": len(tokens[0]),
        "seal_per_s": round(sealing),
        "load_average": round(os.getloadavg()[0], 1),
    }
    for name, rate in rates.items():
        found[f"{name}_per_s"] = round(rate.wall)
        found[f"{name}_per_cpu_s"] = round(rate.cpu)
        if name != "bare":
            found[f"{name}_vs_bare"] = round(bare.wall / rate.wall, 2)
            found[f"{name}_vs_bare_cpu"] = round(bare.cpu / rate.cpu, 2)
    return found


def _rate(count: int, work: Callable[[], object]) -> Rate:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Rate(count / (time.perf_counter() - wall), count / (time.process_time() - cpu))


def _bare(letters: list[Any], sign: Any, own: dict[Any, Any], home: Path, now: Any) -> None:
    """What cannot be left out: the crypto of a letter and of its receipt, and one row."""
    from mostovi.exchange.keys import Use
    from mostovi.exchange.letters import decrypt, seal, verify
    from mostovi.exchange.letters import sign as signed

    connection = sqlite3.connect(home / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE row (id TEXT PRIMARY KEY, token BLOB, receipt TEXT)")
    for letter in letters:
        token = seal(letter, sign, own[Use.ENCRYPT].public).encode()
        inner = decrypt(token, lambda kid: own[Use.ENCRYPT], now)
        payload, _ = verify(inner, lambda kid: sign.public, now)
        receipt = signed(payload[:400], own[Use.SIGN])
        verify(receipt.encode(), lambda kid: own[Use.SIGN].public, now)
        connection.execute("INSERT INTO row VALUES (?, ?, ?)", (str(letter.id), token, receipt))
    connection.close()


def _relay(count: int, sign: Any, encrypt: Any, own: dict[Any, Any], now: Any) -> Rate:
    """Outbox to receipt, with a receiver that only opens and signs (no network)."""
    from mostovi.exchange.keys import Use
    from mostovi.exchange.letters import open_token
    from mostovi.exchange.receipts import Receipt, Verdict, issue
    from mostovi.exchange.services import post, relay_due
    from mostovi.exchange.transport import Reply
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    class Receiver:
        """The other node, without its storage."""

        def request(
            self, method: str, url: str, *, body: bytes | None = None, **more: Any
        ) -> Reply:
            results = [self._answer(token) for token in (body or b"").split(b"\n")]
            if len(results) == 1:
                return Reply(202, json.dumps(results[0]).encode(), {})
            return Reply(202, json.dumps({"results": results}).encode(), {})

        def _answer(self, token: bytes) -> dict[str, Any]:
            item = open_token(
                token, us="ba", our_key=lambda kid: encrypt, now=now + timedelta(seconds=1),
                their_key=lambda kid: ("me", own[Use.SIGN].public),
            )  # fmt: skip
            receipt = Receipt(
                letter=item.letter.id, source="me", node="ba", sha256=item.token_sha256,
                digest=item.digest, received_at=now, verdict=Verdict.STORED,
            )  # fmt: skip
            return {"status": 202, "receipt": issue(receipt, sign)}

    actor = replace(Actor.system(Purpose.PROTECTION), unit="main")
    thread = uuid4()
    for number in range(count):
        thread = thread if number % 4 else uuid4()
        post(
            actor, to="ba", letter_type=REQUEST, purpose=Purpose.PROTECTION,
            basis={"consent": "c0ffee00c0ffee00"}, data=DATA, thread=thread, now=now,
        )  # fmt: skip

    def carry() -> None:
        settled = 0
        while settled < count:
            settled += relay_due(now + timedelta(seconds=1), Receiver())

    return _rate(count, carry)


if __name__ == "__main__":
    sys.exit(main())
