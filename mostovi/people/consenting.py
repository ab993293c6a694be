# SPDX-License-Identifier: EUPL-1.2
"""Verbs on consents: give, refuse, withdraw, override with a second reviewer, ask permission (R2).

A consent's terms are written once; what happens to it is a chain of events that are only added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from mostovi.people import ages, consent_listeners, consent_texts, reach, sharing
from mostovi.people import consent as rules
from mostovi.people.birth import AgeAnswer, Birth, treated_as_child
from mostovi.people.consent import EventKind, Means, Permission, State
from mostovi.people.models import Consent, ConsentEvent, Person
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault

LONGEST = timedelta(days=2 * 366)
MAX_WORDS = 2000
_OPEN_STATES = frozenset({State.GIVEN, State.OVERRIDE_APPROVED, State.OVERRIDE_WAITING})


class InvalidConsent(ValueError):
    """The consent cannot be recorded; `part` names the input, the message what to do."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


class SecondReviewerNeeded(Exception):
    """Who asked for an override cannot decide on it."""


@dataclass(frozen=True)
class ConsentRecord:
    """A consent, opened: terms, where it stands, its events with their words."""

    consent: Consent
    state: State
    words: Mapping[str, Any]
    events: Sequence[tuple[ConsentEvent, Mapping[str, Any]]]

    @property
    def is_open(self) -> bool:
        """Whether it permits sharing now, so that withdrawing it has an effect."""
        return self.state in {State.GIVEN, State.OVERRIDE_APPROVED}

    @property
    def is_override(self) -> bool:
        """Whether it rests on a legal duty instead of consent."""
        return bool(self.consent.duty)


# --- Give and refuse ---------------------------------------------------------------------------


@transaction.atomic
def give(
    actor: Actor,
    person: Person,
    *,
    purpose: Purpose | str,
    receiver: str,
    fields: Collection[str],
    language: str,
    means: Means | str,
    expires_at: datetime,
    profile: str = "",
    text_code: str = "sharing",
    interpreter_present: bool = False,
    interpreter: str = "",
    guardian_name: str = "",
    guardian_relation: str = "",
    child_view: str = "",
    now: datetime | None = None,
) -> Consent:
    """Record an informed consent.

    For a child, or when age is in doubt, the guardian's name and the child's view are needed.
    Raises `InvalidConsent`, `Person.DoesNotExist`, `Refused`.
    """
    person = reach.again(actor, person, Action.CREATE, kind=Kind.CONSENT, lock=True)
    moment = now or timezone.now()
    _check_terms(person, purpose, receiver, fields, expires_at, moment, profile)
    if means not in set(Means):
        raise InvalidConsent("means", "Say how consent was taken.")
    if means == Means.INTERPRETER and not interpreter_present:
        raise InvalidConsent("interpreter_present", "Say that an interpreter was present.")
    child = is_child(person, moment)
    if child and not guardian_name.strip():
        raise InvalidConsent(
            "guardian_name",
            "For a child, or when age is in doubt, the guardian consents. Write the guardian's "
            "name; without a guardian, ask for one to be appointed first.",
        )
    if child and not child_view.strip():
        raise InvalidConsent("child_view", "Write what the child said about it.")
    text = consent_texts.text(text_code, language)
    consent = Consent(
        person=person, key_id=person.key_id, purpose=str(purpose), receiver=receiver,
        profile=profile, fields=sorted(set(fields)), language=text.language, text_code=text.code,
        text_version=text.version, means=str(means), interpreter_present=interpreter_present,
        guardian=bool(guardian_name.strip()), child_heard=bool(child_view.strip()),
        expires_at=expires_at, created_at=moment,
    )  # fmt: skip
    words = {
        "interpreter": interpreter, "guardian_name": guardian_name,
        "guardian_relation": guardian_relation, "child_view": child_view,
    }  # fmt: skip
    _store(consent, words)
    _add_event(consent, EventKind.GIVEN, by=actor.account, at=moment)
    _log(actor, AuditTag.CONSENT_GIVEN, consent)
    return consent


@transaction.atomic
def refuse(
    actor: Actor,
    person: Person,
    *,
    purpose: Purpose | str,
    receiver: str,
    fields: Collection[str],
    language: str = "",
    words: str = "",
    profile: str = "",
    now: datetime | None = None,
) -> Consent:
    """Record that the person said no. Ends what was permitted before to this receiver."""
    person = reach.again(actor, person, Action.CREATE, kind=Kind.CONSENT, lock=True)
    moment = now or timezone.now()
    _check_terms(person, purpose, receiver, fields, None, moment, profile)
    open_before = _open_toward(person, str(purpose), receiver, moment)
    consent = Consent(
        person=person, key_id=person.key_id, purpose=str(purpose), receiver=receiver,
        profile=profile, fields=sorted(set(fields)), language=language, created_at=moment,
    )  # fmt: skip
    _store(consent, {})
    _add_event(consent, EventKind.REFUSED, by=actor.account, at=moment, words={"reason": words})
    _log(actor, AuditTag.CONSENT_REFUSED, consent)
    for earlier in open_before:
        _withdraw_one(actor, earlier, by=actor.account, at=moment, reason="")
    return consent


def _check_terms(
    person: Person,
    purpose: Purpose | str,
    receiver: str,
    fields: Collection[str],
    expires_at: datetime | None,
    now: datetime,
    profile: str,
) -> None:
    if not _opens(person, purpose, receiver):
        raise InvalidConsent("purpose", "Data can only be shared for the purpose it is held for.")
    if not receiver:
        raise InvalidConsent("receiver", "Choose who will receive the data.")
    if receiver == settings.MOSTOVI.code:
        raise InvalidConsent("receiver", "This is your own node; choose another receiver.")
    if not fields:
        raise InvalidConsent("fields", "Choose at least one thing that may be shared.")
    offered = sharing.profiles(purpose)
    if offered:
        named = {name for p in offered if profile in {"", p.code} for name, _ in p.fields}
        unknown = sorted(set(fields) - named)
        if unknown:
            raise InvalidConsent("fields", f"No letter for this purpose carries '{unknown[0]}'.")
    if expires_at is not None and expires_at <= now:
        raise InvalidConsent("expires", "Choose a day after today.")
    if expires_at is not None and expires_at > now + LONGEST:
        raise InvalidConsent("expires", "A consent lasts two years at most; it can be renewed.")


def _opens(person: Person, purpose: Purpose | str, receiver: str) -> bool:
    """Whether a consent can be about this purpose: the file's own, or a registered way onward."""
    return str(purpose) == person.purpose or sharing.leads_onward(purpose, receiver)


# --- Withdraw ----------------------------------------------------------------------------------


@transaction.atomic
def withdraw(
    who: Actor | Person, consent: Consent, *, reason: str = "", now: datetime | None = None
) -> list[Consent]:
    """Withdraw a consent, and with it every other permission toward the same receiver and purpose.

    `who` is a staff actor, or the person from their own file. Takes effect at once; registered
    listeners tell the receivers in the same transaction. Returns what was ended; empty when it
    was ended before.
    """
    moment = now or timezone.now()
    if isinstance(who, Person):
        if consent.person_id != who.pk:
            raise Consent.DoesNotExist
        person = Person.objects.select_for_update().get(pk=who.pk, erased_at=None)
        actor, by = person_actor(person), None
    else:
        person = reach.again(who, consent.person, Action.CHANGE, kind=Kind.CONSENT, lock=True)
        actor, by = who, who.account
    ended = _open_toward(person, consent.purpose, consent.receiver, moment)
    for one in ended:
        _withdraw_one(actor, one, by=by, at=moment, reason=reason)
    return ended


def _withdraw_one(
    actor: Actor, consent: Consent, *, by: UUID | None, at: datetime, reason: str
) -> None:
    event = _add_event(consent, EventKind.WITHDRAWN, by=by, at=at, words={"reason": reason})
    _log(actor, AuditTag.CONSENT_WITHDRAWN, consent)
    consent_listeners.tell(consent, event)


def _open_toward(person: Person, purpose: str, receiver: str, now: datetime) -> list[Consent]:
    consents = {str(consent.pk): consent for consent in person.consents.all()}
    states = rules.states(events_of(person), now, child=is_child(person, now))
    # A consent that needs a guardian is not valid, yet the person who ends it must be believed.
    # Data that went under a consent since expired is still with the receiver, who must be told.
    ending = _OPEN_STATES | {State.NOT_VALID, State.EXPIRED}
    return [
        consent
        for key, consent in consents.items()
        if (consent.purpose, consent.receiver) == (purpose, receiver) and states.get(key) in ending
    ]


def person_actor(person: Person) -> Actor:
    """The person acting on their own file; the account is a pseudonym, not a staff account."""
    account = UUID(hex=vault().handle("person", person.pk))
    return Actor(account, Role.PERSON, Purpose(person.purpose), person.unit)


# --- Override ----------------------------------------------------------------------------------


@transaction.atomic
def request_override(
    actor: Actor,
    person: Person,
    *,
    purpose: Purpose | str,
    receiver: str,
    fields: Collection[str],
    duty: str,
    reason: str,
    expires_at: datetime,
    profile: str = "",
    now: datetime | None = None,
) -> Consent:
    """Ask to share without consent under a named legal duty; a second reviewer decides.

    Raises `InvalidConsent` when the duty does not hold for the purpose or no reason is given.
    """
    person = reach.again(actor, person, Action.CREATE, kind=Kind.OVERRIDE, lock=True)
    moment = now or timezone.now()
    _check_terms(person, purpose, receiver, fields, expires_at, moment, profile)
    if str(purpose) != person.purpose:
        raise InvalidConsent("purpose", "Only the person's own consent opens another purpose.")
    known = consent_texts.duties().get(duty)
    if known is None or str(purpose) not in known.purposes:
        raise InvalidConsent("duty", "Choose a legal duty that holds for this purpose.")
    if len(reason.strip()) < 20:
        raise InvalidConsent("reason", "Write in a sentence or two why this cannot wait.")
    consent = Consent(
        person=person, key_id=person.key_id, purpose=str(purpose), receiver=receiver,
        profile=profile, fields=sorted(set(fields)), duty=duty, expires_at=expires_at,
        created_at=moment,
    )  # fmt: skip
    _store(consent, {})
    _add_event(
        consent, EventKind.OVERRIDE_REQUESTED, by=actor.account, at=moment,
        words={"reason": reason},
    )  # fmt: skip
    _log(actor, AuditTag.OVERRIDE_REQUESTED, consent)
    return consent


@transaction.atomic
def decide_override(
    actor: Actor, consent: Consent, *, approve: bool, reason: str, now: datetime | None = None
) -> None:
    """The second reviewer's decision. Raises `SecondReviewerNeeded` for who asked for it."""
    person = reach.again(actor, consent.person, Action.DECIDE, kind=Kind.OVERRIDE, lock=True)
    moment = now or timezone.now()
    states = rules.states(events_of(person), moment)
    if states.get(str(consent.pk)) is not State.OVERRIDE_WAITING:
        raise InvalidConsent("decision", "This request is decided or ended already.")
    asked = consent.events.get(kind=EventKind.OVERRIDE_REQUESTED.value)
    if asked.by == actor.account:
        raise SecondReviewerNeeded("Who asked for an override cannot decide on it.")
    if not reason.strip():
        raise InvalidConsent("reason", "Write the reason for your decision.")
    kind = EventKind.OVERRIDE_APPROVED if approve else EventKind.OVERRIDE_REFUSED
    _add_event(consent, kind, by=actor.account, at=moment, words={"reason": reason})
    tag = AuditTag.OVERRIDE_APPROVED if approve else AuditTag.OVERRIDE_REFUSED
    _log(actor, tag, consent)


# --- Ask ---------------------------------------------------------------------------------------


def permission_for(
    person: Person,
    purpose: Purpose | str,
    receiver: str,
    fields: Collection[str],
    now: datetime,
) -> Permission:
    """May `fields` of this person go to `receiver` for `purpose`? Ask in the sending transaction.

    Refuses everything for an erased person, and for a purpose that the person's file is not held
    for unless a registered way leads there (`sharing.Onward`).
    """
    if person.erased_at is not None or not _opens(person, purpose, receiver):
        return Permission(False, frozenset(), rules.Reason.NOTHING_RECORDED)
    return rules.permits(
        events_of(person), str(purpose), receiver, fields, now, child=is_child(person, now)
    )


def is_child(person: Person, now: datetime) -> bool:
    """Whether the person counts as a child now; unknown, doubted and disputed ages do (R7)."""
    return age_answer(person, now).is_child


def age_answer(person: Person, now: datetime) -> AgeAnswer:
    """Whether the person counts as a child now, with the reason and its source (R7)."""
    birth = Birth.from_json(person.values()["single"].get("birth"))
    return treated_as_child(birth, ages.findings_of(person), timezone.localdate(now))


def events_of(person: Person) -> list[rules.Event]:
    """The pure events of one person, in two queries."""
    return _events(person.consents.all(), person.consent_events.all())


def _events(found: Iterable[Consent], rows: Iterable[ConsentEvent]) -> list[rules.Event]:
    consents = {consent.pk: consent for consent in found}
    return [
        rules.Event(
            consent=str(row.consent_id), kind=EventKind(row.kind), at=row.at,
            purpose=consents[row.consent_id].purpose, receiver=consents[row.consent_id].receiver,
            fields=frozenset(consents[row.consent_id].fields),
            expires=consents[row.consent_id].expires_at, by=str(row.by or ""),
            guardian=consents[row.consent_id].guardian,
            child_heard=consents[row.consent_id].child_heard,
            legal_basis=consents[row.consent_id].duty,
        )
        for row in rows
    ]  # fmt: skip


@transaction.atomic
def consents(actor: Actor, person: Person, *, now: datetime | None = None) -> list[ConsentRecord]:
    """All consents of a person, newest first, for a staff page."""
    person = reach.again(actor, person, Action.READ, kind=Kind.CONSENT)
    found = records(person, now or timezone.now())
    record(actor, AuditTag.CONSENT_READ, handle=person.handle)
    return found


def records(person: Person, now: datetime) -> list[ConsentRecord]:
    """The consents themselves. The caller has decided that they may be read, and logs it."""
    held, rows = list(person.consents.all()), list(person.consent_events.all())
    states = rules.states(_events(held, rows), now, child=is_child(person, now))
    by_consent: dict[UUID, list[tuple[ConsentEvent, Mapping[str, Any]]]] = {}
    for row, words in opened(rows):
        by_consent.setdefault(row.consent_id, []).append((row, words or {}))
    return [
        ConsentRecord(consent, states[str(consent.pk)], words or {}, by_consent[consent.pk])
        for consent, words in opened(held)
        if consent.pk in by_consent
    ]


def consents_as_json(person: Person, now: datetime) -> list[dict[str, Any]]:
    """All consents as plain values, for the copy of a file."""
    return [
        {
            "purpose": one.consent.purpose,
            "receiver": one.consent.receiver,
            "fields": one.consent.fields,
            "state": one.state.value,
            "language": one.consent.language,
            "text": f"{one.consent.text_code} {one.consent.text_version}".strip(),
            "means": one.consent.means,
            "duty": one.consent.duty,
            "expires_at": one.consent.expires_at.isoformat() if one.consent.expires_at else None,
            "words": dict(one.words),
            "events": [
                {"kind": row.kind, "at": row.at.isoformat(), "words": dict(words)}
                for row, words in one.events
            ],
        }
        for one in records(person, now)
    ]


def waiting_overrides(actor: Actor) -> list[Consent]:
    """Override requests that `actor` could decide on (made by somebody else), oldest first."""
    rows = overrides_to_decide(actor)
    return list(rows.select_related("person").order_by("created_at")[:100])


def overrides_to_decide(actor: Actor) -> QuerySet[Consent]:
    """The same as a query."""
    people = reach.visible(actor, Action.DECIDE, Kind.OVERRIDE).filter(erased_at=None)
    decided = (EventKind.OVERRIDE_APPROVED, EventKind.OVERRIDE_REFUSED, EventKind.WITHDRAWN)
    return (
        # Asked override by override: they are few, persons many. `duty` beyond "" uses its index.
        Consent.objects.filter(Exists(people.filter(pk=OuterRef("person"))), duty__gt="")
        .exclude(events__kind__in=[kind.value for kind in decided])
        .exclude(events__kind=EventKind.OVERRIDE_REQUESTED.value, events__by=actor.account)
    )


def expire(now: datetime) -> int:
    """Write down consents whose time has run out; they permit nothing since that time already."""
    ended = (EventKind.EXPIRED, EventKind.WITHDRAWN, EventKind.REFUSED)
    due = (
        Consent.objects.filter(expires_at__lte=now, person__erased_at=None)
        .exclude(events__kind__in=[kind.value for kind in ended])
        .select_related("person")
    )
    count = 0
    for consent in due[:1000]:
        with transaction.atomic():
            assert consent.expires_at is not None  # noqa: S101 - the query asks for it
            _add_event(consent, EventKind.EXPIRED, by=None, at=consent.expires_at)
            _log(Actor.system(Purpose(consent.purpose)), AuditTag.CONSENT_EXPIRED, consent)
        count += 1
    return count


# --- Storing -----------------------------------------------------------------------------------


def _store(consent: Consent, words: Mapping[str, str]) -> None:
    consent.seal_values({key: value.strip()[:MAX_WORDS] for key, value in words.items()})
    consent.save(force_insert=True)


def _add_event(
    consent: Consent,
    kind: EventKind,
    *,
    by: UUID | None,
    at: datetime,
    words: Mapping[str, str] | None = None,
) -> ConsentEvent:
    event = ConsentEvent(
        person_id=consent.person_id, consent=consent, key_id=consent.key_id, kind=kind.value,
        at=at, by=by,
    )  # fmt: skip
    event.seal_values({key: text.strip()[:MAX_WORDS] for key, text in (words or {}).items()})
    event.save(force_insert=True)
    return event


def _log(actor: Actor, tag: AuditTag, consent: Consent) -> None:
    record(
        actor, tag, handle=vault().handle("person", consent.person_id),
        detail={"receiver": consent.receiver, "consent": vault().handle("consent", consent.pk)},
    )  # fmt: skip
