# SPDX-License-Identifier: EUPL-1.2
"""Verbs on cases: open, read, list, search, note, step, hand on.

Every verb takes the actor first, asks `rights` once, works on rows within the actor's scope and
purpose only, and is written into the audit chain. A case that may not be seen and one that does
not exist raise the same `Case.DoesNotExist`. Notes, referrals and consents are reached only
through a case that was found this way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases.models import Case, CaseHandover, CaseNote
from mostovi.cases.planning import PLAN, Happens
from mostovi.cases.vocabulary import Risk, Urgency, case_types, procedure_of_type
from mostovi.people import codes
from mostovi.people import services as people
from mostovi.people.file import Glance, PersonFile
from mostovi.people.models import Person
from mostovi.procedures import library, tasks
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Deadline, Event, Outcome, Task
from mostovi.rights.access import Action, Actor, Kind, Scope, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.bulk import in_chunks
from mostovi.rights.purposes import Purpose
from mostovi.rights.rows import within_scope
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.screening import submission_services as submissions
from mostovi.screening.models import Submission

LONGEST_TEXT = 4000


class InvalidCase(ValueError):
    """A case cannot be opened or changed so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Listed:
    """A case in a list, with the short form of its person (None when out of reach or erased)."""

    case: Case
    who: Glance | None


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read: its row and its text (empty after erasure)."""

    row: CaseNote
    text: str


def case_handle(case: Case) -> str:
    """The pseudonym of a case in the audit chain."""
    return vault().handle("case", case.pk)


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[Case]:
    """The cases on which `actor` may do `action`. Raises `Refused` when on none at all."""
    scope = require(actor, action, Kind.CASE)
    own = Q(holder=actor.account) | Q(person__guardian_account=actor.account)
    return within_scope(Case.objects.all(), actor, scope, own=own)


def within(actor: Actor, case: Case, action: Action = Action.READ) -> bool:
    """Whether `visible` holds this row, which was just taken from the database."""
    scope = require(actor, action, Kind.CASE)
    if case.purpose != actor.purpose.value:
        return False
    if scope is Scope.UNIT:
        return case.unit == actor.unit
    return scope is Scope.ALL or actor.account in {case.holder, case.person.guardian_account}


def find(actor: Actor, code: str, action: Action = Action.READ) -> Case:
    """The case with `code`. Raises `Case.DoesNotExist` alike for absent and out of reach."""
    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        raise Case.DoesNotExist from error
    rows = visible(actor, action).select_related("person", "procedure").annotate(**_read_along)
    return rows.prefetch_related("procedure__events").get(code=canonical)


_read_along: dict[str, Any] = {}


def read_along(**expressions: Any) -> None:
    """Let `find` bring a package's own values of a case in the same statement, as attributes."""
    _read_along.update(expressions)


@transaction.atomic
def open_case(
    actor: Actor,
    *,
    person: Person,
    case_type: str,
    urgency: str,
    summary: str = "",
    submission: Submission | None = None,
    now: datetime | None = None,
) -> Case:
    """Open a case for `person` in the actor's unit; it begins in the procedure's first step.

    Raises `InvalidCase`, `Refused`, `Person.DoesNotExist` (a person out of reach).
    """
    require(actor, Action.CREATE, Kind.CASE)
    person = people.find(actor, person.code)
    _check(case_type, urgency, summary)
    moment = now or timezone.now()
    identifier = uuid4()
    instance = procedures.start(
        actor, code=procedure_code(case_type), side="institution", subject=identifier, at=moment,
        key_id=person.key_id,
    )  # fmt: skip
    case = Case(
        id=identifier, key_id=person.key_id, code=codes.new_record_code(settings.MOSTOVI.partner),
        person=person, case_type=case_type, urgency=urgency, purpose=actor.purpose.value,
        unit=actor.unit, opened_by=actor.account, holder=actor.account,
        submission_id=submission.pk if submission else None, procedure=instance,
        opened_at=moment, changed_at=moment,
    )  # fmt: skip
    case.seal_values({"summary": summary.strip()})
    case.save()
    if submission is not None:
        # From now on the screening belongs to the person: erasing the person erases it too.
        submissions.adopt(actor, submission=submission, key_id=person.key_id)
    record(actor, AuditTag.CASE_OPENED, handle=case_handle(case), detail={"type": case_type})
    return case


def procedure_code(case_type: str) -> str:
    """The code of the procedure that a new case of this type runs on."""
    named = procedure_of_type(case_type)
    return named if named in library.shipped() else "case"


def _check(case_type: str, urgency: str, summary: str) -> None:
    if case_type not in case_types():
        raise InvalidCase("case_type", gettext_noop("Choose the kind of case."))
    if urgency not in set(Urgency):
        raise InvalidCase("urgency", gettext_noop("Say how soon somebody must act."))
    if len(summary) > LONGEST_TEXT:
        raise InvalidCase("summary", gettext_noop("Shorten this to 4000 characters."))


def overdue(rows: QuerySet[Case], now: datetime) -> QuerySet[Case]:
    """Those of `rows` with a deadline or a task whose time has passed."""
    late = Deadline.objects.filter(
        instance=OuterRef("procedure"), ended_at=None, outcome=Outcome.RUNNING, due__lt=now
    )
    undone = Task.objects.filter(instance=OuterRef("procedure"), ended_at=None, due__lt=now)
    return rows.filter(Q(Exists(late)) | Q(Exists(undone)))


def of_person(actor: Actor, person: Person) -> list[Case]:
    """The cases of a person that the actor may see, newest first."""
    rows = visible(actor).filter(person=person).select_related("procedure")
    return list(rows.order_by("-opened_at")[:20])


@transaction.atomic
def listed(actor: Actor, cases: Sequence[Case]) -> list[Listed]:
    """Cases of one page of a list with their persons' short forms; each is logged as read."""
    shown = [(AuditTag.CASE_LISTED, case_handle(case)) for case in cases]
    short = people.glances_of(actor, {case.person_id for case in cases}, also=shown)
    return [Listed(case, short.get(case.person_id)) for case in cases]


def search(actor: Actor, text: str) -> QuerySet[Case]:
    """Cases by their code, or by their person's code, phone number or name in any script."""
    rows = visible(actor)
    if not text.strip():
        return rows
    if codes.looks_like_record_code(text):
        code = codes.parse_record_code(text)
        # Two steps, for an OR across two tables would look at every case.
        person = Person.objects.filter(code=code).values_list("pk", flat=True).first()
        return rows.filter(Q(code=code) | Q(person=person) if person else Q(code=code))
    with_case = Exists(rows.filter(person=OuterRef("pk")))
    return rows.filter(person__in=people.matching(actor, text, among=with_case))


@transaction.atomic
def read_with_file(actor: Actor, case: Case) -> tuple[Mapping[str, Any], PersonFile | None]:
    """What `read` gives and the person's file, logged as one reading; no file after erasure.

    `case` was taken from the database with its person in this very transaction: its purpose, unit
    and holders are asked again, the database is not.
    """
    if case.person.erased_at is not None:
        return read(actor, case), None
    if not within(actor, case):
        raise Case.DoesNotExist
    seen = [(AuditTag.CASE_READ, case_handle(case))]
    file = people.read_found(actor, case.person, also=seen)
    ((_, values),) = opened([case])
    return values or {}, file


@transaction.atomic
def read(actor: Actor, case: Case) -> Mapping[str, Any]:
    """The case's own sealed values (`summary`), logged; empty after erasure."""
    case = visible(actor).get(pk=case.pk)
    record(actor, AuditTag.CASE_READ, handle=case_handle(case))
    ((_, values),) = opened([case])
    return values or {}


@transaction.atomic
def add_note(
    actor: Actor, case: Case, *, text: str, document: str = "", now: datetime | None = None
) -> CaseNote:
    """Write a note, or one of the procedure's documents, into the timeline; it stays as it is."""
    case = visible(actor, Action.CHANGE).select_for_update(of=("self",)).get(pk=case.pk)
    if not text.strip():
        raise InvalidCase("text", gettext_noop("Write the note."))
    if len(text) > LONGEST_TEXT:
        raise InvalidCase("text", gettext_noop("Shorten this to 4000 characters."))
    if document and document not in procedures.procedure_of(case.procedure).documents:
        raise InvalidCase("document", gettext_noop("Choose what this is."))
    moment = now or timezone.now()
    note = CaseNote(
        key_id=case.key_id, case=case, document=document, author=actor.account, written_at=moment
    )
    note.seal_values({"text": text.strip()})
    note.save()
    touch(case, moment)
    record(actor, AuditTag.CASE_NOTED, handle=case_handle(case))
    return note


def notes(case: Case) -> list[Note]:
    """The notes of a case that was found by `find`, oldest first."""
    rows = case.notes.all()
    return [Note(row, (values or {}).get("text", "")) for row, values in opened(rows)]


def documents(case: Case, written: Sequence[Note] | None = None) -> set[str]:
    """Codes of the procedure's documents that the case holds: notes, records that count, the plan.

    `written` are the case's notes where the caller has read them already.
    """
    if written is None:
        found = set(case.notes.exclude(document="").values_list("document", flat=True))
    else:
        found = {note.row.document for note in written if note.row.document}
    found |= {row.document for row in case.records.all() if row.counted and row.document}
    if any(event.kind == Happens.ACTION_SET for event in case.plan_events.all()):
        found.add(PLAN)
    return found


@transaction.atomic
def take_step(actor: Actor, case: Case, *, verb: str, reason: str = "") -> Event:
    """Take a step of the case's procedure. Raises `procedures.state.StepRefused`."""
    case = visible(actor, Action.CHANGE).select_for_update(of=("self",)).get(pk=case.pk)
    event = procedures.apply(
        actor, instance=case.procedure, verb=verb, reason=reason, documents=documents(case)
    )
    case.closed_at = case.procedure.over_at
    case.save(update_fields=["closed_at"])
    touch(case, event.at)
    record(actor, AuditTag.CASE_STEP, handle=case_handle(case), detail={"verb": verb})
    return event


@transaction.atomic
def set_risk(
    actor: Actor, case: Case, *, risk: str, reason: str, now: datetime | None = None
) -> int:
    """Say how great the danger to the person is, with the reason; live deadlines are counted anew.

    Returns how many deadlines moved. Raises `InvalidCase`.
    """
    case = visible(actor, Action.CHANGE).select_for_update(of=("self",)).get(pk=case.pk)
    if risk not in set(Risk):
        raise InvalidCase("risk", gettext_noop("Choose how great the danger is."))
    if not reason.strip():
        raise InvalidCase("reason", gettext_noop("Write why you see it so."))
    if len(reason) > LONGEST_TEXT:
        raise InvalidCase("reason", gettext_noop("Shorten this to 4000 characters."))
    moment = now or timezone.now()
    case.risk = risk
    case.save(update_fields=["risk"])
    moved = procedures.set_risk(actor, instance=case.procedure, risk=risk)
    note_of_verb(actor, case, topic=f"risk_{risk}", text=reason, now=moment)
    record(actor, AuditTag.CASE_RISK_SET, handle=case_handle(case), detail={"risk": risk})
    return moved


def note_of_verb(actor: Actor, case: Case, *, topic: str, text: str, now: datetime) -> None:
    """A note in the timeline that a verb writes; the caller has found and locked the case."""
    note = CaseNote(
        key_id=case.key_id, case=case, topic=topic, author=actor.account, written_at=now
    )
    note.seal_values({"text": text.strip()})
    note.save()
    touch(case, now)


@transaction.atomic
def hand_on(
    actor: Actor, case: Case, *, holder: UUID, reason: str = "", now: datetime | None = None
) -> None:
    """Give a case to another account of this node (somebody leaves, a specialist takes over).

    Both colleagues are told on their home pages; open tasks that were the old holder's go along.
    """
    case = visible(actor, Action.CHANGE).select_for_update(of=("self",)).get(pk=case.pk)
    before = case.holder
    if before == holder:
        return
    moment = now or timezone.now()
    case.holder = holder
    case.save(update_fields=["holder"])
    handover = CaseHandover(
        key_id=case.key_id, case=case, from_account=before, to_account=holder, by=actor.account,
        at=moment,
    )  # fmt: skip
    handover.seal_values({"reason": reason.strip()[:LONGEST_TEXT]})
    handover.save()
    tasks.hand_on(case.procedure, before=before, after=holder)
    touch(case, moment)
    record(actor, AuditTag.CASE_HANDED_ON, handle=case_handle(case))


def handovers(case: Case) -> list[tuple[CaseHandover, str]]:
    """Who gave the case to whom, with the reasons; the case was found by `find`."""
    rows = case.passed_on.all()
    return [(row, (values or {}).get("reason", "")) for row, values in opened(rows)]


def touch(case: Case, moment: datetime) -> None:
    """Note when something in the case last changed."""
    case.changed_at = moment
    case.save(update_fields=["changed_at"])


def closed_cases_of(person: Person) -> list[Case]:
    """The person's closed cases, newest first: who comes again is not opened a second case.

    Internal: the caller has decided that the person's cases may be known.
    """
    rows = Case.objects.filter(person=person, closed_at__isnull=False)
    return list(rows.select_related("person", "procedure").order_by("-closed_at"))


def of_submission(actor: Actor, submission_id: UUID) -> Case | None:
    """The case that was opened from a submission, if the actor may see it."""
    return visible(actor).filter(submission_id=submission_id).first()


def end_closed_before(cutoff: date, *, limit: int = 1000) -> int:
    """Retention: erase the persons of cases closed before `cutoff` that nothing else keeps.

    Whoever must be kept, or has a case that is open or ended later, holds up nobody else.
    """
    actor = Actor.system(Purpose.GOVERNANCE)
    later = Case.objects.filter(person=OuterRef("person")).exclude(closed_at__date__lt=cutoff)
    due = Case.objects.filter(
        ~Exists(later), closed_at__date__lt=cutoff, person__erased_at=None
    ).select_related("person")
    ended = 0
    erased: set[UUID] = set()
    for case in in_chunks(due, "closed_at"):
        if ended == limit:
            break
        if case.person_id in erased:
            continue
        try:
            people.erase(actor, case.person, reason="retention")
        except people.MustBeKept:
            continue
        erased.add(case.person_id)
        ended += 1
    if ended:
        record(actor, AuditTag.CASES_ENDED, detail={"count": ended})
    return ended
