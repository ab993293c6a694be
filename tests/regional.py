# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of `statistics` and `plan`: the secretariat's node, letters, signed-in staff."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from mostovi.exchange import keystore
from mostovi.exchange.directory import NodeEntry
from mostovi.exchange.handlers import ReceivedLetter
from mostovi.exchange.keys import Use, new_pair
from mostovi.exchange.profiles import letter_types, profile
from mostovi.exchange.services import add_peer
from mostovi.node import accounts
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

PASSWORD = "four quiet bridges stand"


def peer(code: str, *, letters: Iterable[str] | None = None) -> Any:
    """A node in the directory that takes `letters`, or every type without personal data."""
    now = datetime.now(UTC)
    keystore.ensure_keys(keystore.key_store(), now)
    keys = [new_pair(use, now - timedelta(days=1)).public for use in Use]
    impersonal = [t for t in letter_types() if not profile(t).personal]
    entry = NodeEntry(
        code=code, name=code.title(), country="ba", endpoint="http://127.0.0.1:9",
        polling=False, letters=frozenset(impersonal if letters is None else letters), batch=1,
        keys=tuple(keys),
    )  # fmt: skip
    administrator = Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE)
    return add_peer(administrator, entry=entry.as_dict())


@pytest.fixture
def secretariat_peer(db: None) -> Any:
    """The secretariat's node stands in the directory."""
    return peer("secretariat")


@pytest.fixture
def at_secretariat(settings: Any) -> None:
    """This node is the secretariat's and holds no persons."""
    settings.MOSTOVI = replace(settings.MOSTOVI, code="secretariat", holds_persons=False)


@pytest.fixture
def letter() -> Callable[..., ReceivedLetter]:
    """A letter as the inbox hands it on: within its profile, signature checked."""

    def make(source: str, letter_type: str, data: dict[str, Any]) -> ReceivedLetter:
        purpose = sorted(profile(letter_type).purposes)[0]
        now = datetime.now(UTC)
        profile(letter_type).check(str(purpose), {"none": "no persons"}, data, now)
        return ReceivedLetter(
            id=uuid4(), type=letter_type, source=source, thread=uuid4(), seq=1, time=now,
            expires=now + timedelta(days=3), received_at=now, purpose=purpose,
            basis={"none": "no persons"}, data=data, subject="", in_reply_to=None,
            attachments=(), inbox=1, digest="", actor=Actor.system(purpose),
        )  # fmt: skip

    return make


@pytest.fixture
def browser(db: None) -> Callable[..., Client]:
    """Sign in through the real entrance: `browser(Role.STATISTICIAN)`."""

    def make(role: Role, **options: Any) -> Client:
        cache.clear()
        node = Actor.system(Purpose.GOVERNANCE)
        name = f"{role.value}-{uuid4().hex[:6]}"
        account = accounts.create_account(node, username=name, display_name=role.value.title())
        account.set_password(PASSWORD)
        account.save()
        accounts.grant_role(node, account, role=role, unit="border")
        client = Client(**options)
        answer = client.post("/accounts/login/", {"login": name, "password": PASSWORD})
        assert answer.status_code == 302
        return client

    return make
