# SPDX-License-Identifier: EUPL-1.2
"""The wall between protection and investigation, with its one small hatch (R1, R2, R3).

Protection side: `shown` says exactly what would be seen, `give` copies exactly that into a
statement under the person's own consent for purpose investigation, and `end` destroys it again
when the consent is withdrawn, runs out, or the person is erased. Investigation side: `readable`,
`find`, `read`. Nothing on that side names a case, a person or another statement, and a statement
that has ended answers like one that never was.

Support never depends on any of this: nothing in the case asks whether a statement was given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.victims import statement_fields
from mostovi.cases.victims.models import GivenStatement, Statement
from mostovi.cases.victims.statement_fields import LONGEST, RECEIVER, WORDS
from mostovi.people import codes, consenting
from mostovi.people import services as people
from mostovi.people import words as people_words
from mostovi.people.consent import EventKind, Permission
from mostovi.people.models import Consent, ConsentEvent, Person
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import destroy_subject, record, record_many
from mostovi.rights.storage import opened
from mostovi.rights.vault import KeyDestroyed, vault

PREFIX = "st"
TOLD_FOR = timedelta(days=60)
"""How long investigators are reminded to destroy what they noted from a withdrawn statement."""


class NotAgreed(Exception):
    """Nothing may be given: consent to investigators does not stand, or not for this."""

    def __init__(self, permission: Permission | None = None) -> None:
        super().__init__(permission.reason.value if permission else "no_officer")
        self.permission = permission


class ChangedSinceSeen(Exception):
    """What would be given differs from what was shown; show it again."""


class InvalidStatement(ValueError):
    """A statement cannot be given so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


Line = tuple[str, str, Sequence[str]]
"""Field, its name, and its values as they are read."""


@dataclass(frozen=True)
class Shown:
    """Exactly what investigators would see, under which consent; `seen` is asked back by `give`."""

    data: Mapping[str, Any]
    lines: Sequence[Line]
    seen: str
    permission: Permission


# --- Protection side ---------------------------------------------------------------------------


def agreed(actor: Actor, case: Case, now: datetime | None = None) -> list[Consent]:
    """The person's consents to investigators that stand now, newest first."""
    case = _again(actor, case)
    moment = now or timezone.now()
    return [
        one.consent
        for one in consenting.records(case.person, moment)
        if one.is_open and _is_for_investigators(one.consent) and not one.is_override
    ]


def _is_for_investigators(consent: Consent) -> bool:
    return (consent.purpose, consent.receiver) == (Purpose.INVESTIGATION.value, RECEIVER)


def _again(actor: Actor, case: Case, *, lock: bool = False) -> Case:
    """The case anew, within reach of somebody who may decide in it."""
    rows = cases.visible(actor, Action.DECIDE).select_related("person")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rows.get(pk=case.pk)


@transaction.atomic
def shown(
    actor: Actor,
    case: Case,
    *,
    consent: UUID,
    fields: Collection[str],
    written: Mapping[str, str],
    now: datetime | None = None,
) -> Shown:
    """What `give` would give now. Stores nothing.

    `fields` are the chosen ones among those the consent names; `written` the person's words.
    Raises `InvalidStatement`, `NotAgreed`.
    """
    case = _again(actor, case)
    moment = now or timezone.now()
    chosen = _checked(case, consent, fields, written)
    if case.person.erased_at is not None:
        raise NotAgreed()
    file = people.read(actor, case.person)
    values = dict(file.single) | {row.field: row.value for row in (*file.names, *file.contacts)}
    data = statement_fields.composed(values, written, fields)
    if not data:
        raise InvalidStatement("fields", gettext_noop("There is nothing to give yet."))
    permission = consenting.permission_for(
        case.person, Purpose.INVESTIGATION, RECEIVER, list(data), moment
    )
    if not permission.allowed or str(chosen.pk) not in permission.sources:
        raise NotAgreed(permission)
    return Shown(data, lines(data), _digest(chosen, data), permission)


def _checked(
    case: Case, consent: UUID, fields: Collection[str], written: Mapping[str, str]
) -> Consent:
    found = case.person.consents.filter(pk=consent, duty="").first()
    if found is None or not _is_for_investigators(found):
        raise InvalidStatement("consent", gettext_noop("Choose the consent it rests on."))
    if not fields or set(fields) - set(found.fields):
        raise InvalidStatement("fields", gettext_noop("Choose among what the person agreed to."))
    for field in WORDS:
        if len(written.get(field, "")) > LONGEST:
            raise InvalidStatement(field, gettext_noop("Shorten this to 8000 characters."))
        if leads_back(case, written.get(field, "")):
            raise InvalidStatement(
                field, gettext_noop("Take out the code of the case or of the person.")
            )
    return found


def leads_back(case: Case, text: str) -> bool:
    """Whether `text` names the case or the person by a code, however it is typed."""
    bare = "".join(sign for sign in text.upper() if sign.isalnum())
    return any(code.replace("-", "") in bare for code in (case.code, case.person.code))


def _digest(consent: Consent, data: Mapping[str, Any]) -> str:
    """Recognises what was shown; keyed, since it travels through a form."""
    text = json.dumps([str(consent.pk), data], sort_keys=True, ensure_ascii=False)
    return vault().blind("statement:" + hashlib.sha256(text.encode()).hexdigest()).hex()


@transaction.atomic
def give(
    actor: Actor,
    case: Case,
    *,
    consent: UUID,
    fields: Collection[str],
    written: Mapping[str, str],
    seen: str,
    now: datetime | None = None,
) -> GivenStatement:
    """Give investigators exactly what was shown, under a key of its own.

    Raises `ChangedSinceSeen` when it would differ from what `seen` recognises, `NotAgreed` when
    the consent does not stand or nobody answers for it, `InvalidStatement`.
    """
    if actor.role is Role.SYSTEM:
        raise NotAgreed()
    case = _again(actor, case, lock=True)
    moment = now or timezone.now()
    # A withdrawal that runs at the same time waits here, and then finds the statement to end.
    Person.objects.select_for_update().get(pk=case.person_id)
    ready = shown(actor, case, consent=consent, fields=fields, written=written, now=moment)
    if ready.seen != seen:
        raise ChangedSinceSeen
    under = case.person.consents.get(pk=consent)
    assert under.expires_at is not None  # noqa: S101 - every consent that is given has an end
    statement = Statement(
        key_id=vault().new_key(), reference=codes.new_record_code(PREFIX),
        given_on=timezone.localdate(moment), ends_at=under.expires_at,
    )  # fmt: skip
    statement.seal_values(dict(ready.data))
    statement.save(force_insert=True)
    given = GivenStatement.objects.create(
        case=case, consent=under, statement=statement.pk, reference=statement.reference,
        fields=sorted(ready.data), given_by=actor.account, given_at=moment,
    )  # fmt: skip
    record(
        actor, AuditTag.STATEMENT_GIVEN, handle=cases.case_handle(case),
        detail={"statement": statement_handle(statement.pk), "consent": _consent_handle(under)},
    )  # fmt: skip
    return given


def _consent_handle(consent: Consent) -> str:
    return vault().handle("consent", consent.pk)


def of_case(case: Case) -> list[GivenStatement]:
    """The statements given from a case that was found by `cases.find`, newest first."""
    return list(case.given_statements.select_related("consent"))


def end_withdrawn(consent: Consent, event: ConsentEvent) -> None:
    """Listener: a withdrawn consent ends every statement that rests on it, at once (R2)."""
    if event.kind == EventKind.WITHDRAWN.value and _is_for_investigators(consent):
        _end_all(GivenStatement.objects.filter(consent=consent), event.at, "withdrawn")


def end_of_person(person: Person) -> None:
    """An erased person's statements are erased too (R8)."""
    _end_all(GivenStatement.objects.filter(case__person=person), timezone.now(), "erased")


@transaction.atomic
def end_expired(now: datetime) -> int:
    """End the statements whose consent has run out; they cannot be read since that moment."""
    due = Statement.objects.filter(ended_on=None, ends_at__lte=now).values_list("pk", flat=True)
    return _end_all(GivenStatement.objects.filter(statement__in=list(due[:500])), now, "expired")


def _end_all(rows: QuerySet[GivenStatement], at: datetime, why: str) -> int:
    running = list(rows.filter(ended_at=None))
    for given in running:
        given.ended_at, given.ended_why = at, why
        given.save(update_fields=["ended_at", "ended_why"])
        _destroy(given.statement, timezone.localdate(at), why)
    return len(running)


def _destroy(pk: UUID, on: date, why: str) -> None:
    """Destroy the key; the reference stays, to say that what was noted must be destroyed."""
    statement = Statement.objects.filter(pk=pk, ended_on=None).first()
    if statement is None:
        return
    system = Actor.system(Purpose.INVESTIGATION)
    statement.sealed, statement.ended_on = b"", on
    statement.save(update_fields=["sealed", "ended_on"])
    record(system, AuditTag.STATEMENT_ENDED, handle=statement_handle(pk), detail={"why": why})
    destroy_subject(system, statement.key_id, reason=why)


def end_given_before(cutoff: date, *, limit: int = 1000) -> int:
    """Retention: erase statements given before `cutoff`."""
    due = Statement.objects.filter(given_on__lt=cutoff)[:limit]
    ended = 0
    for statement in due:
        with transaction.atomic():
            GivenStatement.objects.filter(statement=statement.pk, ended_at=None).update(
                ended_at=timezone.now(), ended_why="expired"
            )
            _destroy(statement.pk, cutoff, "retention")
            statement.delete()
        ended += 1
    if ended:
        system = Actor.system(Purpose.INVESTIGATION)
        record(system, AuditTag.STATEMENTS_ENDED, detail={"count": ended})
    return ended


# --- Investigation side ------------------------------------------------------------------------


def statement_handle(pk: UUID) -> str:
    """The pseudonym of a statement in the audit chain."""
    return vault().handle("statement", pk)


def readable(actor: Actor, now: datetime | None = None) -> QuerySet[Statement]:
    """The statements `actor` may read now. Raises `Refused` for everybody but investigators."""
    require(actor, Action.READ, Kind.STATEMENT)
    return Statement.objects.filter(ended_on=None, ends_at__gt=now or timezone.now())


def find(actor: Actor, reference: str, now: datetime | None = None) -> Statement:
    """The statement with `reference`; absent, ended and out of reach raise the same."""
    rows = readable(actor, now)
    try:
        canonical = codes.parse_record_code(reference)
    except codes.CodeError as error:
        raise Statement.DoesNotExist from error
    return rows.get(reference=canonical)


@transaction.atomic
def read(actor: Actor, reference: str, now: datetime | None = None) -> tuple[Statement, list[Line]]:
    """Open a statement; logged. Raises `Statement.DoesNotExist` also when its key is gone."""
    statement = find(actor, reference, now)
    try:
        data = statement.values()
    except KeyDestroyed as error:
        # A restored backup brings back the row, never the key.
        raise Statement.DoesNotExist from error
    record(actor, AuditTag.STATEMENT_READ, handle=statement_handle(statement.pk))
    return statement, lines(data)


@transaction.atomic
def listed(actor: Actor, statements: Sequence[Statement]) -> list[Statement]:
    """Those of one page that can still be opened; each is logged as listed."""
    found = [row for row, values in opened(statements) if values is not None]
    if found:
        handles = [statement_handle(row.pk) for row in found]
        record_many(actor, AuditTag.STATEMENT_LISTED, handles=handles)
    return [row for row in statements if row in found]


def ended_lately(actor: Actor, now: datetime) -> list[Statement]:
    """Statements that ended within `TOLD_FOR`: whoever noted something must destroy it (R2)."""
    require(actor, Action.READ, Kind.STATEMENT)
    since = timezone.localdate(now) - TOLD_FOR
    return list(Statement.objects.filter(ended_on__gte=since).order_by("-ended_on")[:50])


# --- Words, the same on both sides ---------------------------------------------------------------


def lines(data: Mapping[str, Any]) -> list[Line]:
    """A statement as it is read: what the officer and the person saw is what investigators see."""
    return [
        (code, name, _values(code, data[code]))
        for code, name in statement_fields.fields(get_language() or "en")
        if code in data
    ]


def _values(code: str, value: Any) -> list[str]:
    if code == "names":
        return [str(name) for name in value]
    if code in WORDS:
        return [str(value)]
    return [people_words.value_words(code, value)]
