# SPDX-License-Identifier: EUPL-1.2
"""Searches on the searching person's side: make, read, begin, step, withdraw.

Whom a search was asked of is kept (`Asked`), so that a withdrawal reaches every institution,
whether or not anybody was found there: the seeker's node does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases.models import Case
from mostovi.exchange.models import Peer
from mostovi.exchange.reasons import LetterRefused
from mostovi.exchange.services import post
from mostovi.people import codes, consenting
from mostovi.people.consent import Permission
from mostovi.people.fields import Relation
from mostovi.people.models import Consent, Person
from mostovi.procedures import services as procedures
from mostovi.procedures.state import Choice, StepRefused
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.tracing import identities, indexing, reach
from mostovi.tracing.models import (
    Asked,
    Side,
    Sought,
    TracingMatch,
    TracingRequest,
    TracingRound,
)
from mostovi.tracing.records import Identity
from mostovi.tracing.vocabulary import OFFER, SEARCH_FIELDS, WITHDRAWN

LONGEST_TEXT = 4000
MOST_SOUGHT = 8
WITHDRAWAL_DUTY = "GDPR articles 7(3) and 19: withdrawal of consent reaches every receiver"
_SEXES = {"female", "male", "other", "unknown"}


class InvalidRequest(ValueError):
    """A search cannot be made so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Opened:
    """A sought person as read: the row and what was said (empty after erasure)."""

    row: Sought
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Institution:
    """How a search stands with one institution. Says nothing on whether anybody was found.

    state: compared | waiting | no_consent | unreachable. `at` is the last completed round.
    """

    code: str
    name: str
    state: str
    at: datetime | None = None
    reason: str = ""


@transaction.atomic
def make(
    actor: Actor,
    case: Case,
    *,
    sought: Sequence[Mapping[str, Any]],
    side: str,
    circumstances: str = "",
    agreed_here: bool = False,
    now: datetime | None = None,
) -> TracingRequest:
    """Write down whom the person of `case` looks for; nothing is compared yet.

    sought: `clean_sought` values, one for each person. side: "child" or "adult", who searches.
    agreed_here: the person asked for the search and agrees that it is compared within this node.
    Raises `InvalidRequest`, `Refused`, `Case.DoesNotExist`.
    """
    from mostovi.cases import services as cases

    require(actor, Action.CREATE, Kind.TRACING)
    case = cases.find(actor, case.code)
    if case.person.erased_at is not None:
        raise InvalidRequest("person", gettext_noop("This person's data has been erased."))
    if not 1 <= len(sought) <= MOST_SOUGHT:
        raise InvalidRequest("sought", gettext_noop("Write down at least one person."))
    if side not in {"child", "adult"}:
        raise InvalidRequest("side", gettext_noop("Say who searches."))
    if len(circumstances) > LONGEST_TEXT:
        raise InvalidRequest("circumstances", gettext_noop("Shorten this to 4000 characters."))
    moment = now or timezone.now()
    person = case.person
    request = TracingRequest(
        key_id=person.key_id, code=codes.new_record_code(settings.MOSTOVI.partner), case=case,
        person=person, side=side, purpose=actor.purpose.value, unit=case.unit,
        created_by=actor.account, created_at=moment, changed_at=moment,
    )  # fmt: skip
    request.seal_values({"circumstances": circumstances.strip(), "agreed_here": agreed_here})
    request.save()
    for position, described in enumerate(sought):
        values = clean_sought(described, timezone.localdate(moment).year)
        _add(actor, request, position, values, moment)
    indexing.touch(person.pk)
    record(
        actor, AuditTag.TRACING_REQUESTED, handle=reach.request_handle(request),
        detail={"side": side, "sought": len(sought)},
    )  # fmt: skip
    return request


@transaction.atomic
def add(
    actor: Actor,
    request: TracingRequest,
    described: Mapping[str, Any],
    *,
    now: datetime | None = None,
) -> Sought:
    """Another person who is sought in the same search. Raises `InvalidRequest`."""
    rows = reach.requests(actor, Action.CHANGE).select_for_update(of=("self",))
    request = rows.get(pk=request.pk)
    moment = now or timezone.now()
    if request.sought.count() >= MOST_SOUGHT:
        raise InvalidRequest("sought", gettext_noop("A search holds at most eight persons."))
    values = clean_sought(described, timezone.localdate(moment).year)
    row = _add(actor, request, request.sought.count(), values, moment)
    _touch(request, moment)
    indexing.touch(request.person_id)
    record(
        actor, AuditTag.TRACING_STEP, handle=reach.request_handle(request), detail={"verb": "add"}
    )
    return row


def _add(
    actor: Actor, request: TracingRequest, position: int, values: Mapping[str, Any], at: datetime
) -> Sought:
    identifier = uuid4()
    instance = procedures.start(
        actor, code="tracing", side="seeker", subject=identifier, at=at,
        key_id=request.key_id,
    )  # fmt: skip
    row = Sought(
        id=identifier, key_id=request.key_id, request=request, position=position,
        relation=values["relation"], procedure=instance,
    )  # fmt: skip
    row.seal_values({key: value for key, value in values.items() if key != "relation"})
    row.save()
    return row


def clean_sought(values: Mapping[str, Any], this_year: int) -> dict[str, Any]:
    """Tidy values of one sought person. Raises `InvalidRequest` naming the input.

    names: [{text, script?, language?}]; relation: what they are to the searching person;
    first_year, last_year: span of birth; sex; places: as written; last_contact, circumstances.
    """
    relation = values.get("relation")
    if relation not in set(Relation):
        raise InvalidRequest("relation", gettext_noop("Say who this is to the person."))
    names = [name for name in map(_name, values.get("names", ())) if name]
    if not names:
        raise InvalidRequest("names", gettext_noop("Write at least one name, in any script."))
    first, last = values.get("first_year"), values.get("last_year")
    first, last = first or last, last or first
    if first and last and not 1900 <= int(first) <= int(last) <= this_year:
        raise InvalidRequest(
            "first_year",
            gettext_noop("Years of birth lie between 1900 and now, the earlier one first."),
        )
    sex = values.get("sex") or "unknown"
    if sex not in _SEXES:
        raise InvalidRequest("sex", gettext_noop("Choose what fits."))
    places = [str(place).strip()[:80] for place in values.get("places", ()) if str(place).strip()]
    texts = {
        name: str(values.get(name) or "").strip() for name in ("last_contact", "circumstances")
    }
    for name, text in texts.items():
        if len(text) > LONGEST_TEXT:
            raise InvalidRequest(name, gettext_noop("Shorten this to 4000 characters."))
    return {
        "relation": str(relation), "names": names, "sex": sex, "places": places[:8],
        "first_year": int(first) if first else None, "last_year": int(last) if last else None,
        **texts,
    }  # fmt: skip


def _name(value: Mapping[str, Any]) -> dict[str, str] | None:
    text = " ".join(str(value.get("text") or "").split())
    if not text:
        return None
    if len(text) > 200:
        raise InvalidRequest("names", gettext_noop("The name is longer than 200 characters."))
    if not any(character.isalpha() for character in text):
        raise InvalidRequest("names", gettext_noop("Write the name with letters."))
    extra = {key: str(value[key]) for key in ("script", "language") if value.get(key)}
    return {"text": text, **extra}


# --- Read ----------------------------------------------------------------------------------------


@transaction.atomic
def read(actor: Actor, request: TracingRequest) -> tuple[Mapping[str, Any], list[Opened]]:
    """The search's own words and everybody who is sought, logged."""
    request = reach.requests(actor).get(pk=request.pk)
    record(actor, AuditTag.TRACING_READ, handle=reach.request_handle(request))
    ((_, own),) = opened([request])
    return own or {}, sought_of(request)


def sought_of(request: TracingRequest) -> list[Opened]:
    """Everybody who is sought in a search that was found through `reach`."""
    rows = request.sought.select_related("procedure").prefetch_related("procedure__events")
    return [Opened(row, values or {}) for row, values in opened(rows)]


def wanted_identity(row: Sought, values: Mapping[str, Any]) -> Identity:
    """The sought person with the family that the searching person's record tells of."""
    request = row.request
    others = [
        (other.relation, identities.of_sought(said))
        for other, said in opened(request.sought.exclude(pk=row.pk))
        if said is not None
    ]
    # The index's view of the person holds the sought ones as relatives; here they are told apart.
    plain = indexing.plain_identity(request.person)
    return identities.looked_for(plain, row.relation, identities.of_sought(values), others)


# --- Consent and institutions --------------------------------------------------------------------


def possible_peers() -> list[tuple[str, str]]:
    """Codes and names of the institutions that take part in rounds."""
    return [
        (peer.code, peer.node.name)
        for peer in Peer.objects.order_by("code")
        if peer.code != reach.us() and peer.node.allows(OFFER)
    ]


def permission(person: Person, peer: str, now: datetime) -> Permission:
    """May the search be compared with what `peer` holds? (R2)"""
    return consenting.permission_for(person, Purpose.PROTECTION, peer, SEARCH_FIELDS, now)


def may_begin(row: Sought, now: datetime) -> bool:
    """The searching person agreed to at least one comparison, here or elsewhere."""
    ((_, own),) = opened([row.request])
    if (own or {}).get("agreed_here"):
        return True
    person = row.request.person
    return any(permission(person, code, now).allowed for code, _ in possible_peers())


def institutions(request: TracingRequest, now: datetime) -> list[Institution]:
    """How the search stands with each institution; the same whether or not somebody was found."""
    asked = {one.peer: one for one in Asked.objects.filter(sought__request=request)}
    rounds = TracingRound.objects.filter(side=Side.SEEKER).order_by("peer", "-started_at")
    newest: dict[str, TracingRound] = {}
    for row in rounds.filter(started_at__gte=request.created_at)[:500]:
        newest.setdefault(row.peer, row)
    events = consenting.events_of(request.person)
    found = []
    for code, name in possible_peers():
        found.append(_institution(request, code, name, asked.get(code), newest.get(code), now,
                                  events))  # fmt: skip
    return found


def _institution(
    request: TracingRequest,
    code: str,
    name: str,
    asked: Asked | None,
    newest: TracingRound | None,
    now: datetime,
    events: Sequence[Any],
) -> Institution:
    from mostovi.people import consent as rules

    child = consenting.is_child(request.person, now)
    allowed = rules.permits(
        events, Purpose.PROTECTION.value, code, SEARCH_FIELDS, now, child=child
    ).allowed
    if not allowed:
        return Institution(code, name, "no_consent")
    if newest is not None and newest.reason:
        return Institution(code, name, "unreachable", asked.last_at if asked else None,
                           newest.reason)  # fmt: skip
    if asked is not None and newest is not None and newest.ended_at:
        return Institution(code, name, "compared", newest.ended_at)
    return Institution(code, name, "waiting")


# --- Steps ---------------------------------------------------------------------------------------


@transaction.atomic
def begin(actor: Actor, request: TracingRequest, *, now: datetime | None = None) -> int:
    """Let everybody who is sought take part in the rounds; how many began.

    Raises `StepRefused` when the searching person has agreed to nothing yet.
    """
    request = (
        reach.requests(actor, Action.CHANGE).select_for_update(of=("self",)).get(pk=request.pk)
    )
    moment = now or timezone.now()
    begun = 0
    for row in request.sought.select_related("procedure", "request__person"):
        if row.procedure.state == "requested":
            procedures.apply(actor, instance=row.procedure, verb="record_consent", at=moment)
        if row.procedure.state == "consented":
            procedures.apply(actor, instance=row.procedure, verb="begin_search", at=moment)
            begun += 1
    _touch(request, moment)
    record(
        actor, AuditTag.TRACING_STEP, handle=reach.request_handle(request),
        detail={"verb": "begin_search"},
    )  # fmt: skip
    return begun


@transaction.atomic
def step(
    actor: Actor, row: Sought, *, verb: str, reason: str = "", now: datetime | None = None
) -> None:
    """A step of one search by an officer: close it, search on, withdraw. Raises `StepRefused`."""
    request = reach.requests(actor, Action.CHANGE).get(pk=row.request_id)
    row = request.sought.select_for_update(of=("self",)).select_related(
        "procedure", "request__person"
    ).get(pk=row.pk)  # fmt: skip
    moment = now or timezone.now()
    procedures.apply(actor, instance=row.procedure, verb=verb, at=moment, reason=reason)
    note_end(actor, row, moment)
    _touch(request, moment)
    record(
        actor, AuditTag.TRACING_STEP, handle=reach.request_handle(request), detail={"verb": verb}
    )


def note_end(actor: Actor, row: Sought, at: datetime) -> None:
    """A search that is over leaves every round, and its live matches end at both sides."""
    if row.procedure.over_at is None or row.ended_at is not None:
        return
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    indexing.touch(row.request.person_id)
    if row.procedure.state != "closed":
        stop(actor, row, at)


def stop(actor: Actor, row: Sought, at: datetime, *, peers: Sequence[str] | None = None) -> None:
    """Tell every institution that was asked (or only `peers`) that the search has ended for it.

    Rounds under way are ended with their key, so that nothing can be opened in them any more. The
    letter is the same whether or not anybody was found there.
    """
    from mostovi.tracing import joining, letters, rounds

    asked = row.asked.all() if peers is None else row.asked.filter(peer__in=peers)
    for one in asked:
        rounds.give_up_with(one.peer, at)
        data = {"references": [one.reference], "at": _written(at)}
        if one.peer == reach.us():
            letters.withdraw_references(actor, one.peer, data["references"], at)
        else:
            _post_quietly(actor, one.peer, data)
        for match in TracingMatch.objects.filter(
            sought=row, peer=one.peer, ended_at=None
        ).select_related("procedure"):
            joining.end_here(actor, match, "withdraw_at_seeker", at, own=True)
    asked.delete()


def _post_quietly(actor: Actor, peer: str, data: Mapping[str, Any]) -> None:
    """A peer that is suspended or left the directory cannot be told, and must not hold us up."""
    try:
        post(
            actor, to=peer, letter_type=WITHDRAWN, purpose=Purpose.PROTECTION,
            basis={"duty": WITHDRAWAL_DUTY}, data=data,
        )  # fmt: skip
    except LetterRefused:
        record(actor, AuditTag.TRACING_ROUND_LOST, outcome="refused", detail={"peer": peer})


def consent_ended(consent: Consent, at: datetime) -> None:
    """The searching person took a consent back: the search ends with that institution (R2)."""
    live = Sought.objects.filter(request__person=consent.person_id, ended_at=None)
    actor = Actor.system(Purpose.PROTECTION)
    for row in live.filter(asked__peer=consent.receiver).select_related(
        "procedure", "request__person"
    ):
        stop(actor, row, at, peers=[consent.receiver])


def choices(actor: Actor, row: Sought) -> list[Choice]:
    """The verbs of one search for `actor` that have no form of their own."""
    quiet = {"record_consent", "begin_search"}
    made = procedures.choices(actor, instance=row.procedure)
    mine = [one for one in made if one.transition.verb not in quiet]
    # Steps that only follow from a match are taken by the node.
    return [one for one in mine if actor.role.value in one.transition.roles]


def _touch(request: TracingRequest, at: datetime) -> None:
    request.changed_at = at
    request.save(update_fields=["changed_at"])


def reference(sought: UUID, peer: str) -> str:
    """How the node `peer` calls a search of ours; another node calls it otherwise."""
    return vault().handle(f"sought:{peer}", sought)


def enquirer_handle(person: UUID, peer: str) -> str:
    """How the node `peer` calls the searching person."""
    return vault().handle(f"enquirer:{peer}", person)


def follow(actor: Actor, row: Sought, verb: str, at: datetime, reason: str = "") -> bool:
    """The node's own step after one of a match; one that does not fit any more is left out."""
    try:
        procedures.apply(actor, instance=row.procedure, verb=verb, at=at, reason=reason)
    except StepRefused:
        return False
    note_end(actor, row, at)
    return True


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
