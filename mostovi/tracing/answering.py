# SPDX-License-Identifier: EUPL-1.2
"""At the sought person's institution: look at a possible match, speak with the person, answer.

'No' is a full answer. Nothing is sent then, no consent is recorded or refused toward the other
institution (that would be told), what was opened of the search is erased, and the pair is never
proposed again. What may be said of it stays here, in a safety note.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.people import consenting
from mostovi.people import services as people
from mostovi.people.file import Glance
from mostovi.people.models import Person
from mostovi.procedures import services as procedures
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import destroy_subject, record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.tracing import identities, indexing, proposing, reach
from mostovi.tracing.comparing import Match, compare
from mostovi.tracing.models import (
    MatchWords,
    SafetyNote,
    SealedAnswers,
    Side,
    TracingMatch,
)
from mostovi.tracing.names import UnreadableName, compare_names
from mostovi.tracing.telling import tell, written
from mostovi.tracing.vocabulary import MATCH, MATCH_FIELDS

LONGEST_TEXT = 2000
LONGEST_MESSAGE = 1000
CONSENT_LASTS = timedelta(days=365)
ALIKE = 0.5
"""As likely as not: from then on a guardian's name is taken for that of somebody in the search."""

Conflict = Callable[[Person, Mapping[str, Any]], str]
_conflicts: list[Conflict] = []


class InvalidAnswer(ValueError):
    """An answer cannot be recorded so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def register_conflict(rule: Conflict) -> None:
    """Have `rule(child, label)` say why the child's guardian cannot answer; '' when none."""
    if rule not in _conflicts:
        _conflicts.append(rule)


# --- Read ----------------------------------------------------------------------------------------


@transaction.atomic
def read(actor: Actor, match: TracingMatch) -> Mapping[str, Any]:
    """What the match holds, logged; empty once it was erased."""
    match = reach.matches(actor).get(pk=match.pk)
    record(actor, AuditTag.TRACING_MATCH_READ, handle=reach.match_handle(match))
    ((_, values),) = opened([match])
    return values or {}


@transaction.atomic
def read_with_person(
    actor: Actor, match: TracingMatch, person: Person
) -> tuple[Mapping[str, Any], Glance | None]:
    """What a match holds that was found through `reach`, with our person's short form, logged
    as one reading; no short form after erasure."""
    seen = [(AuditTag.TRACING_MATCH_READ, reach.match_handle(match))]
    ((_, values),) = opened([match])
    found = people.glances(actor, [] if person.erased_at else [person], also=seen)
    return values or {}, found.get(person.pk)


def waterfall(match: TracingMatch, values: Mapping[str, Any]) -> Match | None:
    """The comparison, made anew from what is recorded now; None when one side is gone."""
    if match.person is None or "label" not in values:
        return None
    found = indexing.identities_of([match.person]).get(match.person.pk)
    if found is None:
        return None
    return compare(identities.from_description(values["label"]["sought"]), found)


def safety_notes(person: Person) -> list[tuple[SafetyNote, str]]:
    """What the person wants to be respected; stays at this node."""
    rows = SafetyNote.objects.filter(person=person)
    return [(row, (values or {}).get("text", "")) for row, values in opened(rows)]


def needs_guardian(person: Person, now: datetime) -> bool:
    """Whether the guardian answers, with the child's view (R7: a doubted age is a child's)."""
    return consenting.is_child(person, now)


def conflict(person: Person, label: Mapping[str, Any], guardian_name: str = "") -> str:
    """Why the guardian cannot answer for this child; '' when nothing stands against it."""
    for rule in _conflicts:
        reason = rule(person, label)
        if reason:
            return reason
    return "guardian_in_search" if named(label, guardian_name) else ""


def named(label: Mapping[str, Any], name: str) -> bool:
    """Whether somebody of that name is in the search: who searches, or a relative they named."""
    relatives = label.get("sought", {}).get("relatives", ())
    told = [one["text"] for relative in relatives for one in relative.get("names", ())]
    return bool(name.strip()) and any(_alike(name, text) for text in told)


def _alike(one: str, other: str) -> bool:
    try:
        return compare_names(one, other).score >= ALIKE
    except UnreadableName:
        return False


# --- Look and speak ------------------------------------------------------------------------------


@transaction.atomic
def ask_person(
    actor: Actor, match: TracingMatch, *, reason: str, now: datetime | None = None
) -> None:
    """Decide to speak with the person, with the reason. Nothing is sent. Raises `StepRefused`."""
    match = _locked(actor, match)
    moment = now or timezone.now()
    procedures.apply(actor, instance=match.procedure, verb="ask_person", at=moment, reason=reason)
    _moved(actor, match, "ask_person", moment)


@transaction.atomic
def set_aside(
    actor: Actor, match: TracingMatch, *, reason: str, now: datetime | None = None
) -> None:
    """It is another person: the search is erased here, the pair never proposed again."""
    match = _locked(actor, match)
    moment = now or timezone.now()
    procedures.apply(actor, instance=match.procedure, verb="set_aside", at=moment, reason=reason)
    _forget(actor, match, moment)
    _moved(actor, match, "set_aside", moment)


@transaction.atomic
def answer_no(
    actor: Actor,
    match: TracingMatch,
    *,
    fled_from: bool = False,
    not_at_all: bool = False,
    note: str = "",
    now: datetime | None = None,
) -> None:
    """The person (or the guardian, or the child) does not want to be found.

    Nothing is sent, now or later. `fled_from`: this is somebody the person fled from.
    `not_at_all`: take the person out of every match. `note` stays in the person's safety notes.
    """
    match = _locked(actor, match)
    moment = now or timezone.now()
    if len(note) > LONGEST_TEXT:
        raise InvalidAnswer("note", gettext_noop("Shorten this to 2000 characters."))
    procedures.apply(actor, instance=match.procedure, verb="stay_silent", at=moment)
    match.answer = "no"
    if match.person is not None and (note.strip() or fled_from or not_at_all):
        _write_note(actor, match.person, note, moment, fled_from=fled_from, not_at_all=not_at_all)
    _forget(actor, match, moment)
    _moved(actor, match, "stay_silent", moment)


def _write_note(
    actor: Actor, person: Person, text: str, now: datetime, *, fled_from: bool, not_at_all: bool
) -> None:
    row = SafetyNote(
        key_id=person.key_id, person=person, author=actor.account, at=now, fled_from=fled_from,
        not_at_all=not_at_all,
    )  # fmt: skip
    row.seal_values({"text": text.strip()})
    row.save()
    record(actor, AuditTag.TRACING_SAFETY_NOTED, handle=person.handle)


@transaction.atomic
def answer_not_now(
    actor: Actor, match: TracingMatch, *, ask_again_on: date | None, now: datetime | None = None
) -> None:
    """The person wants to think about it; nothing is sent."""
    match = _locked(actor, match)
    moment = now or timezone.now()
    procedures.apply(actor, instance=match.procedure, verb="wait", at=moment)
    match.answer, match.ask_again_on = "not_now", ask_again_on
    _moved(actor, match, "wait", moment)


@transaction.atomic
def answer_yes(
    actor: Actor,
    match: TracingMatch,
    *,
    language: str,
    means: str,
    message: str = "",
    safe_word_only: bool = False,
    guardian_name: str = "",
    guardian_relation: str = "",
    child_view: str = "",
    interpreter_present: bool = False,
    now: datetime | None = None,
) -> None:
    """The person agrees: the consent is recorded for this institution, and it is told.

    `safe_word_only`: only a word that the person is safe, no contact. Raises `InvalidAnswer`
    (also when the guardian is part of the search), `consenting.InvalidConsent`, `StepRefused`.
    """
    match = _locked(actor, match)
    moment = now or timezone.now()
    ((_, values),) = opened([match])
    label = (values or {}).get("label", {})
    person = match.person
    assert person is not None  # noqa: S101 - the holder's match has its person
    child = needs_guardian(person, moment)
    if child and conflict(person, label, guardian_name):
        raise InvalidAnswer(
            "guardian_name",
            gettext_noop(
                "Who searches, or is part of the search, cannot answer for the child. Ask for "
                "another guardian, or for the guardianship authority."
            ),
        )
    if len(message) > LONGEST_MESSAGE:
        raise InvalidAnswer("message", gettext_noop("Shorten this to 1000 characters."))
    if match.peer != reach.us():
        consent = consenting.give(
            actor, person, purpose=Purpose.PROTECTION, receiver=match.peer, fields=MATCH_FIELDS,
            language=language, means=means, expires_at=moment + CONSENT_LASTS, profile=MATCH,
            guardian_name=guardian_name, guardian_relation=guardian_relation,
            child_view=child_view, interpreter_present=interpreter_present, now=moment,
        )  # fmt: skip
        match.consent_id = consent.pk
        match.consent_handle = vault().handle("consent", consent.pk)
    elif child and not (guardian_name.strip() and child_view.strip()):
        raise InvalidAnswer(
            "child_view", gettext_noop("Write the guardian's name and what the child said.")
        )
    match.answer = "safe_word" if safe_word_only else "yes"
    match.save()
    said = {"guardian_name": guardian_name, "child_view": child_view, "message": message}
    match.seal_values({**(values or {}), "answered": said})
    verb = "send_safe_word" if safe_word_only else "tell_match"
    procedures.apply(actor, instance=match.procedure, verb=verb, at=moment)
    _tell_match(actor, match, person, message, child, moment)
    if safe_word_only:
        # The word has gone; the search itself is kept no longer than needed to send it.
        proposing.not_again(match, label, moment)
        match.seal_values({})
    _moved(actor, match, verb, moment)


def _tell_match(
    actor: Actor, match: TracingMatch, person: Person, message: str, child: bool, now: datetime
) -> None:
    data: dict[str, Any] = {
        "reference": match.reference,
        "event": "safe_word" if match.answer == "safe_word" else "agrees",
        "at": written(now),
    }
    if match.answer == "yes":
        names = identities.described(indexing.plain_identity(person))["names"]
        data["found"] = {"names": names, "child": child}
    if message.strip():
        data["message"] = message.strip()
    tell(actor, match, MATCH, data, now)
    record(
        actor, AuditTag.TRACING_MATCH_TOLD, handle=reach.match_handle(match),
        detail={"to": match.peer},
    )  # fmt: skip


# --- Erase ---------------------------------------------------------------------------------------


def _forget(actor: Actor, match: TracingMatch, now: datetime) -> None:
    """Nothing of the search can be read here any more; only that this pair is not to come again."""
    ((_, values),) = opened([match])
    if values and "label" in values and match.person is not None:
        proposing.not_again(match, values["label"], now)
    erase(actor, match)


def erase(actor: Actor, match: TracingMatch) -> None:
    """Destroy a match's key: label, words, answers and reasons go with it."""
    SealedAnswers.objects.filter(match=match).update(sealed=b"")
    if vault().holds(match.key_id):
        destroy_subject(actor, match.key_id, reason="match_ended")
    record(actor, AuditTag.TRACING_MATCH_ERASED, handle=reach.match_handle(match))


def _locked(actor: Actor, match: TracingMatch) -> TracingMatch:
    rows = reach.matches(actor, Action.DECIDE).filter(side=Side.HOLDER)
    return rows.select_for_update(of=("self",)).get(pk=match.pk)


def _moved(actor: Actor, match: TracingMatch, verb: str, now: datetime) -> None:
    match.changed_at = now
    if match.procedure.over_at is not None:
        match.ended_at = now
    match.save()
    record(
        actor, AuditTag.TRACING_MATCH_STEP, handle=reach.match_handle(match), detail={"verb": verb}
    )


def words_of(match: TracingMatch) -> Sequence[tuple[MatchWords, str]]:
    """The words with a match that was found through `reach`, oldest first."""
    return [(row, (values or {}).get("text", "")) for row, values in opened(match.words.all())]


def message_of(match: TracingMatch) -> str:
    """The sought person's message in a match that was found through its search."""
    ((_, values),) = opened([match])
    return str((values or {}).get("message", ""))
