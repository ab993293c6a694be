# SPDX-License-Identifier: EUPL-1.2
"""How one side of a match tells the other: by letter, or at once when both sides are this node."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from mostovi.exchange.handlers import ReceivedLetter
from mostovi.exchange.profiles import profile
from mostovi.exchange.services import post
from mostovi.people import consenting
from mostovi.people.consent import Permission
from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault
from mostovi.tracing import reach
from mostovi.tracing.models import Side, TracingMatch
from mostovi.tracing.vocabulary import MATCH_FIELDS, SEARCH_FIELDS

LETTER_LIFE = timedelta(days=30)
WITHIN = "within this institution, as the person agreed"
DUTY = "the end of a match is told to the other side: GDPR articles 7(3) and 19"


class NotPermitted(Exception):
    """The consent this needs is missing; `permission` says why."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(permission.reason.value)
        self.permission = permission


def person_of(match: TracingMatch) -> Person:
    """Our side's person: the sought one at the holder, the searching one at the seeker."""
    if match.side == Side.HOLDER:
        assert match.person is not None  # noqa: S101 - a holder's match always has one
        return match.person
    assert match.sought is not None  # noqa: S101 - a seeker's match always has one
    return match.sought.request.person


def fields_of(match: TracingMatch) -> tuple[str, ...]:
    """What our person's consent must name for letters of this match."""
    return MATCH_FIELDS if match.side == Side.HOLDER else SEARCH_FIELDS


def permission_of(match: TracingMatch, now: datetime) -> Permission:
    """Whether our person's consent to the other institution stands now (R2)."""
    return consenting.permission_for(
        person_of(match), Purpose.PROTECTION, match.peer, fields_of(match), now
    )


def tell(
    actor: Actor,
    match: TracingMatch,
    letter_type: str,
    data: Mapping[str, Any],
    now: datetime,
    *,
    ends: bool = False,
) -> None:
    """Tell the other side. `ends` is told under the duty to say so, whatever the consent.

    Raises `NotPermitted` when our person's consent no longer stands.
    """
    whole = {"match": str(match.thread), **data}
    if match.peer == reach.us():
        _hand_over(actor, match, letter_type, whole, now)
        return
    if ends:
        basis: dict[str, Any] = {"duty": DUTY}
    else:
        permission = permission_of(match, now)
        if not permission.allowed:
            raise NotPermitted(permission)
        match.consent_handle = vault().handle("consent", permission.source)
        basis = {"consent": match.consent_handle, "fields": list(fields_of(match))}
    post(
        actor, to=match.peer, letter_type=letter_type, purpose=Purpose.PROTECTION, basis=basis,
        data=whole, thread=match.thread, expires=now + LETTER_LIFE,
        # What tells of an end must leave although the match's own key is destroyed with it.
        key_id=None if ends else match.key_id,
    )  # fmt: skip


def _hand_over(
    actor: Actor, match: TracingMatch, letter_type: str, data: Mapping[str, Any], now: datetime
) -> None:
    """Within this node the same handler runs at once; the profile is checked all the same (R3)."""
    from mostovi.tracing import letters

    profile(letter_type).check("protection", {"consent": WITHIN}, data, now)
    letter = ReceivedLetter(
        id=uuid4(), type=letter_type, source=reach.us(), thread=match.thread, seq=1, time=now,
        expires=now, received_at=now, purpose=Purpose.PROTECTION, basis={"consent": WITHIN},
        data=data, subject="", in_reply_to=None, attachments=(), inbox=0, digest="",
        actor=Actor.system(Purpose.PROTECTION),
    )  # fmt: skip
    letters.RECEIVERS[letter_type](letter, from_side=Side(match.side))


def written(at: datetime) -> str:
    """A time as letters write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
