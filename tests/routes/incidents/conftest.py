# SPDX-License-Identifier: EUPL-1.2
"""An investigator, an incident to link, and two nodes that share one test database."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from django.db import transaction

from mostovi.exchange import handlers, keystore
from mostovi.exchange.directory import NodeEntry
from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter, Reject
from mostovi.exchange.keys import Use, new_pair
from mostovi.exchange.models import OutboxLetter
from mostovi.exchange.profiles import profile
from mostovi.exchange.receipts import Verdict
from mostovi.exchange.services import add_peer
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.routes.incidents import store
from mostovi.routes.incidents.models import Assistance, JointWork

OTHER_END = UUID(int=66)


@pytest.fixture
def investigator(acting) -> Actor:
    return acting(Role.INVESTIGATOR)


@pytest.fixture
def incident(db, investigator):
    def make(**more):
        wish = {
            "crime": "smuggling", "happened_on": date(2026, 10, 3), "place_kind": "road",
            "means": ["lorry"], "methods": ["hidden_space"], "summary": "Found at the lay-by.",
        }  # fmt: skip
        return store.record_incident(investigator, **(wish | more))

    return make


class Region:
    """Nodes `me` and `ba`, in process: letters lie in `OutboxLetter` until they are carried."""

    def __init__(self, settings, investigator: Actor, colleague: Actor) -> None:
        self.settings, self.investigator, self.colleague = settings, investigator, colleague
        self.home = settings.MOSTOVI
        self.carried: set[UUID] = set()

    @contextmanager
    def at(self, node: str):
        self.settings.MOSTOVI = replace(self.home, code=node)
        try:
            yield
        finally:
            self.settings.MOSTOVI = self.home

    def carry(self, to: str, **changes) -> str:
        """Carry the next letter to `to` and its receipt back; "" when none waits."""
        rows = OutboxLetter.objects.filter(to=to).exclude(pk__in=self.carried).order_by("seq")
        row = rows.exclude(letter_type__contains="void").first()
        if row is None:
            return ""
        self.carried.add(row.pk)
        envelope, now = json.loads(row.values()["envelope"]), datetime.now(UTC)
        source = "me" if to == "ba" else "ba"
        letter = ReceivedLetter(
            id=row.pk, type=row.letter_type, source=source, thread=_other(row.thread), seq=row.seq,
            time=now, expires=now + timedelta(days=1), received_at=now,
            purpose=Purpose(row.purpose), basis=envelope["basis"], data=envelope["data"],
            subject="", in_reply_to=None, attachments=(), inbox=1, digest="",
            actor=Actor.system(Purpose(row.purpose)),
        )  # fmt: skip
        letter = replace(letter, **changes)
        profile(letter.type).check(str(letter.purpose), letter.basis, letter.data, now)
        verdict, reason = Verdict.STORED, ""
        try:
            with self.at(to), transaction.atomic():
                handlers.receiver(row.letter_type)(letter)
        except Reject as refused:
            verdict, reason = Verdict.REJECTED, refused.reason
        seen = ReceiptSeen(
            letter=row.pk, type=row.letter_type, to=to, thread=row.thread, verdict=verdict,
            reason=reason, text="", received_at=now, head="", seen_at=now,
        )  # fmt: skip
        with self.at(source):
            for see in handlers.receipt_hooks(row.letter_type):
                see(seen)
        return reason or "stored"


def _other(thread: UUID) -> UUID:
    """The same conversation at the other end: both ends share one table here."""
    threads = [
        *JointWork.objects.values_list("thread", flat=True),
        *Assistance.objects.values_list("thread", flat=True),
    ]
    back = {uuid5(OTHER_END, str(one)): one for one in threads}
    return back.get(thread) or uuid5(OTHER_END, str(thread))


@pytest.fixture
def region(db, settings, investigator, acting):
    made = Region(settings, investigator, acting(Role.INVESTIGATOR))
    now = datetime.now(UTC)
    keystore.ensure_keys(keystore.key_store(), now)
    for code in ("ba", "me"):
        keys = [new_pair(use, now - timedelta(days=1)).public for use in Use]
        entry = NodeEntry(
            code=code, name=f"Node {code}", country=code, endpoint="http://127.0.0.1:9",
            polling=False, letters=frozenset(), batch=1, keys=tuple(keys),
        )  # fmt: skip
        with made.at("ba" if code == "me" else "me"):
            add_peer(Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE), entry=entry.as_dict())
    return made
