# SPDX-License-Identifier: EUPL-1.2
"""What investigators' letters have in common, and who takes them in.

Only letters for the purpose of investigation are taken in, and only at a node that holds records
on people; a letter that names a record of protection is refused like one from nowhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_noop

from mostovi.exchange import handlers
from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.models import OutboxLetter
from mostovi.exchange.peers import known_peers
from mostovi.exchange.profiles import ProfileViolation, letter_types, preview, profile
from mostovi.exchange.services import post
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault
from mostovi.routes.incidents.store import Unfit

JOINT: Final = "mostovi.investigation.joint.v1"
ENTRY: Final = "mostovi.investigation.entry.v1"
REQUEST: Final = "mostovi.assistance.request.v1"
UPDATE: Final = "mostovi.assistance.update.v1"
LIFE: Final = timedelta(days=30)


class ChangedSinceSeen(Exception):
    """What would leave is not what was shown; look again."""


@dataclass(frozen=True)
class Going:
    """Exactly what would leave: the data, its lines, and what recognises it."""

    data: Mapping[str, Any]
    lines: list[tuple[str, str, str]]
    seen: str


def register() -> None:
    """Tell the exchange what investigators want to hear of; called once at start-up."""
    from mostovi.routes.incidents import assisting, joint

    handlers.register(JOINT, joint.receive)
    handlers.register(ENTRY, joint.receive_entry)
    handlers.register(REQUEST, assisting.receive)
    handlers.register(UPDATE, assisting.receive_update)
    handlers.register_receipt(JOINT, joint.see_receipt)
    handlers.register_receipt(ENTRY, joint.see_entry_receipt)
    handlers.register_receipt(REQUEST, assisting.see_receipt)
    handlers.register_receipt(UPDATE, assisting.see_receipt)


def going(letter_type: str, data: Mapping[str, Any], *, about: object) -> Going:
    """What would leave, as the sender sees it. Raises `Unfit` outside the profile (R3)."""
    try:
        lines = preview(letter_type, Purpose.INVESTIGATION.value, data)
    except ProfileViolation as error:
        first = error.errors[0]
        field = first.path.strip("/").rsplit("/", 1)[-1]
        raise Unfit(field, gettext_noop("This is missing or too long.")) from error
    text = json.dumps([str(about), letter_type, data], sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Going(data, lines, vault().blind(f"incidents-seen:{digest}").hex())


def send(
    actor: Actor,
    letter_type: str,
    data: Mapping[str, Any],
    *,
    to: str,
    duty: str,
    thread: UUID,
    key_id: UUID,
    now: datetime,
) -> OutboxLetter:
    """Post a letter of an investigation, in the caller's transaction."""
    return post(
        actor, to=to, letter_type=letter_type, purpose=Purpose.INVESTIGATION,
        basis={"duty": duty[:300]}, data=data, thread=thread, key_id=key_id, expires=now + LIFE,
    )  # fmt: skip


def check_incoming(letter: ReceivedLetter) -> None:
    """Refuse what is not for investigators (R1). Raises `Reject`."""
    if letter.purpose is not Purpose.INVESTIGATION:
        raise Reject("wrong_purpose", "This letter is taken in for investigations only.")
    if not settings.MOSTOVI.holds_persons:
        raise Reject("holds_no_persons", "This node holds no records on people.")


def country_of(peer: str) -> str:
    """The partner whose calendar counts at `peer`."""
    return peer.split("-", 1)[0]


def receivers() -> list[tuple[str, str]]:
    """Nodes that take letters of investigations: (code, name), without this one.

    A node that takes no letters on people (the secretariat's) is none of them.
    """
    nodes, on_people = known_peers().nodes, [t for t in letter_types() if profile(t).personal]
    return sorted(
        (code, node.name)
        for code, node in nodes.items()
        if code != settings.MOSTOVI.code
        and node.allows(JOINT)
        and node.allows(REQUEST)
        and any(node.allows(letter_type) for letter_type in on_people)
    )
