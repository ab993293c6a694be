# SPDX-License-Identifier: EUPL-1.2
"""A search that was opened here, compared with the persons it may mean: possible matches.

A possible match is a task for a person (R4). It is seen at this node only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from mostovi.cases.models import Case
from mostovi.people import codes
from mostovi.people.models import Person
from mostovi.procedures import services as procedures
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.tracing import identities, reach, searching
from mostovi.tracing.models import NotAgain, Side, TracingMatch
from mostovi.tracing.searching import Candidate


def propose(
    actor: Actor,
    peer: str,
    label: Mapping[str, Any],
    keys: Collection[str],
    now: datetime,
    *,
    leave_out: Collection[UUID] = (),
) -> int:
    """Open a task for each person here whom the search may mean; how many are new."""
    if NotAgain.objects.filter(token=withdrawn_token(peer, label["reference"])).exists():
        return 0
    wanted = identities.from_description(label["sought"])
    made = 0
    for candidate in searching.candidates(wanted, shared=keys, leave_out=leave_out):
        if not _known(peer, label, candidate.person):
            _open(actor, peer, label, candidate, now)
            made += 1
    return made


def _known(peer: str, label: Mapping[str, Any], person: Person) -> bool:
    token = pair_token(peer, label["enquirer"]["handle"], person)
    if NotAgain.objects.filter(token=token).exists():
        return True
    live = TracingMatch.objects.filter(
        side=Side.HOLDER, peer=peer, reference=label["reference"], person=person
    )
    return live.exists()


def pair_token(peer: str, enquirer: str, person: Person) -> bytes:
    """The keyed token under which a pair is remembered."""
    return vault().blind(f"pair:{peer}:{enquirer}:{person.pk}")


def withdrawn_token(peer: str, reference: str) -> bytes:
    """The keyed token of a search that was withdrawn; what still opens of it is not looked at."""
    return vault().blind(f"withdrawn:{peer}:{reference}")


def not_again(match: TracingMatch, label: Mapping[str, Any], now: datetime) -> None:
    """Remember that this person and this searching person are never put together again."""
    assert match.person is not None  # noqa: S101 - only the holder's matches come here
    token = pair_token(match.peer, label["enquirer"]["handle"], match.person)
    NotAgain.objects.get_or_create(token=token, defaults={"person": match.person, "at": now})


def _open(
    actor: Actor, peer: str, label: Mapping[str, Any], candidate: Candidate, now: datetime
) -> None:
    person = candidate.person
    identifier, key_id = uuid4(), vault().new_key()
    instance = procedures.start(
        actor, code="tracing_match", side="holder", subject=identifier, at=now, key_id=key_id,
        partners={"seeker": peer.split("-", 1)[0]},
    )  # fmt: skip
    match = TracingMatch(
        id=identifier, key_id=key_id, side=Side.HOLDER, peer=peer, reference=label["reference"],
        person=person, code=codes.new_record_code(settings.MOSTOVI.partner),
        purpose=person.purpose, unit=_unit(person), procedure=instance, created_at=now,
        changed_at=now, other_is_child=bool(label["enquirer"].get("child")),
    )  # fmt: skip
    match.seal_values(
        {
            "label": dict(label),
            "score": candidate.match.score,
            "weight": candidate.match.weight,
            "version": candidate.match.version,
        }
    )
    match.save()
    record(actor, AuditTag.TRACING_MATCH_PROPOSED, handle=reach.match_handle(match))


def _unit(person: Person) -> str:
    case = Case.objects.filter(person=person, purpose=person.purpose).order_by("opened_at").last()
    return case.unit if case is not None else person.unit
