# SPDX-License-Identifier: EUPL-1.2
"""Verbs on structured records of a case: write, approve or return, read.

A record is written in versions that are only added. A draft counts for nothing. A final version
counts when it is written or, where its kind asks for approval, when a second person approves it;
then it is the procedure's document that its kind names. What counted before goes on counting until
then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import records, services
from mostovi.cases.models import Case, CaseRecord, CaseRecordDecision, CaseRecordVersion
from mostovi.cases.records import Problem, RecordKind, RecordState
from mostovi.content import CONTENT
from mostovi.rights.access import Action, Actor, Kind, Refusal, Refused
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record as log
from mostovi.rights.storage import opened

FOLDER = CONTENT / "cases" / "records"

Check = Callable[[Case, Mapping[str, Any], Actor, datetime], Iterable[Problem]]
OnFinal = Callable[[Actor, Case, CaseRecord, Mapping[str, Any], datetime], None]

_checks: dict[str, list[Check]] = {}
_on_final: dict[str, list[OnFinal]] = {}


class InvalidRecord(ValueError):
    """The answers cannot be kept so; `problems` are (path of the question, what to do)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{path}: {words}" for path, words in problems))
        self.problems = list(problems)


class UnknownKind(LookupError):
    """There is no such kind of record, or not for this type of case."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record, opened: its kind, the newest version's answers (empty after erasure), its state.

    `versions` and `decisions` are filled by `read` only, newest first.
    """

    row: CaseRecord
    kind: RecordKind
    answers: Mapping[str, Any]
    version: int
    state: RecordState
    versions: Sequence[tuple[CaseRecordVersion, Mapping[str, Any]]] = ()
    decisions: Sequence[tuple[CaseRecordDecision, str]] = ()

    @property
    def counts(self) -> bool:
        """Whether the newest version is the one that counts."""
        return bool(self.version) and self.row.counted == self.version


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, RecordKind]:
    """Every kind of record, by code. Raises `records.BadRecords`."""
    return records.read_folder(FOLDER)


def kinds_for(actor: Actor, case: Case) -> list[RecordKind]:
    """The kinds of record that cases of this type have and that `actor` may write or read."""
    return [
        kind
        for kind in kinds().values()
        if kind.fits(case.case_type) and (may_read(actor, kind) or actor.role.value in kind.roles)
    ]


def may_read(actor: Actor, kind: RecordKind) -> bool:
    """Whether the role reads this kind, given that it reads the case."""
    return not kind.readers or actor.role.value in {*kind.readers, *kind.roles}


def may_write(actor: Actor, kind: RecordKind) -> bool:
    """Whether the role writes this kind, given that it may change the case."""
    return actor.role.value in kind.roles


def check(kind: str, rule: Check) -> None:
    """Let `rule(case, answers, actor, now)` look at answers before a final version is kept."""
    _checks.setdefault(kind, []).append(rule)


def on_final(kind: str, then: OnFinal) -> None:
    """Call `then(actor, case, record, answers, now)` when a version counts, in its transaction."""
    _on_final.setdefault(kind, []).append(then)


@transaction.atomic
def write(
    actor: Actor,
    case: Case,
    *,
    kind: str,
    answers: Mapping[str, Any],
    record: CaseRecord | None = None,
    final: bool = False,
    now: datetime | None = None,
) -> CaseRecord:
    """Write a new record, or the next version of `record`.

    A kind that does not repeat has one record a case: writing "new" continues it. Raises
    `InvalidRecord`, `UnknownKind`, `Refused` (role), `Case.DoesNotExist`.
    """
    case = _changeable(actor, case)
    definition = _kind_of(case, kind)
    if not may_write(actor, definition):
        raise Refused(Action.CHANGE, Kind.CASE, Refusal.NOT_GRANTED)
    moment = now or timezone.now()
    tidy, problems = records.check(definition, answers, final=final)
    if final and not problems:
        for rule in _checks.get(kind, []):
            problems += rule(case, tidy, actor, moment)
    if problems:
        raise InvalidRecord(problems)
    row = _row(actor, case, definition, record, moment)
    version = CaseRecordVersion(
        key_id=case.key_id, record=row, number=row.number + 1, kind_version=definition.version,
        final=final, author=actor.account, written_at=moment,
    )  # fmt: skip
    version.seal_values({"answers": tidy})
    version.save()
    row.number, row.changed_at = version.number, moment
    row.state = RecordState.FINAL.value if final else RecordState.DRAFT.value
    row.author = actor.account
    row.save()
    services.touch(case, moment)
    tag = AuditTag.CASE_RECORD_FINAL if final else AuditTag.CASE_RECORD_WRITTEN
    log(actor, tag, handle=services.case_handle(case), detail={"kind": kind})
    if final and definition.approval is None:
        _count(actor, case, row, tidy, moment)
    return row


@transaction.atomic
def decide(
    actor: Actor,
    case: Case,
    record: CaseRecord,
    *,
    approve: bool,
    reason: str = "",
    now: datetime | None = None,
) -> CaseRecord:
    """Approve the final version of `record`, or return it with a reason.

    Raises `InvalidRecord` (nothing waits, no reason), `Refused` (the role does not approve, or the
    author may not).
    """
    case = _changeable(actor, case, Action.DECIDE)
    row = case.records.select_for_update().get(pk=record.pk)
    approval = kinds()[row.kind].approval
    if approval is None or row.state != RecordState.FINAL:
        raise InvalidRecord([("", gettext_noop("Nothing waits for approval here."))])
    if not may_decide(actor, row):
        raise Refused(Action.DECIDE, Kind.CASE, Refusal.NOT_GRANTED)
    if not reason.strip():
        raise InvalidRecord([("reason", gettext_noop("Write the reason for your decision."))])
    if len(reason) > records.LONGEST_TEXT:
        raise InvalidRecord([("reason", gettext_noop("Shorten this text."))])
    moment = now or timezone.now()
    decision = CaseRecordDecision(
        key_id=case.key_id, record=row, number=row.number, approved=approve, by=actor.account,
        at=moment,
    )  # fmt: skip
    decision.seal_values({"reason": reason.strip()})
    decision.save()
    row.state = RecordState.APPROVED.value if approve else RecordState.RETURNED.value
    row.changed_at = moment
    row.save(update_fields=["state", "changed_at"])
    services.touch(case, moment)
    tag = AuditTag.CASE_RECORD_APPROVED if approve else AuditTag.CASE_RECORD_RETURNED
    log(actor, tag, handle=services.case_handle(case), detail={"kind": row.kind})
    if approve:
        _count(actor, case, row, _answers(row), moment)
    return row


def may_decide(actor: Actor, row: CaseRecord) -> bool:
    """Whether `actor` may approve or return this record as it stands."""
    approval = kinds()[row.kind].approval
    if approval is None or row.state != RecordState.FINAL:
        return False
    own = approval.other_than_author and row.author == actor.account
    return actor.role.value in approval.roles and not own


def of_case(case: Case, kind: str | None = None) -> list[Recorded]:
    """The records of a case that was found by `services.find`, newest first, newest version."""
    rows = case.records.filter(kind=kind) if kind else case.records.all()
    return _recorded([row for row in rows.order_by("-begun_at") if row.kind in kinds()])


@transaction.atomic
def read(actor: Actor, case: Case, record_id: Any) -> Recorded:
    """One record with its history, logged. Raises `CaseRecord.DoesNotExist`."""
    case = services.visible(actor).get(pk=case.pk)
    row = case.records.get(pk=record_id)
    kind = kinds().get(row.kind)
    if kind is None or not may_read(actor, kind):
        raise CaseRecord.DoesNotExist
    versions = [
        (version, (values or {}).get("answers", {}))
        for version, values in opened(row.versions.order_by("-number"))
    ]
    decisions = [
        (decision, (values or {}).get("reason", ""))
        for decision, values in opened(row.decisions.order_by("-at"))
    ]
    log(
        actor, AuditTag.CASE_RECORD_READ, handle=services.case_handle(case),
        detail={"kind": row.kind},
    )  # fmt: skip
    state = RecordState(row.state)
    return Recorded(row, kind, versions[0][1], row.number, state, versions, decisions)


def latest(case: Case, kind: str, *, counted: bool = True) -> Mapping[str, Any] | None:
    """The answers of the newest record of `kind` that counts; internal, not logged.

    With counted=False those of the newest version of the newest record, also of a draft.
    """
    rows = case.records.filter(kind=kind)
    if counted:
        row = rows.exclude(counted=0).order_by("-counted_at", "-begun_at").first()
        return _answers(row, row.counted) if row else None
    row = rows.order_by("-begun_at").first()
    return _answers(row) if row else None


def counted_at(case: Case, kind: str) -> datetime | None:
    """When the newest record of `kind` began to count; None when none does."""
    rows = case.records.filter(kind=kind).exclude(counted=0)
    return rows.order_by("-counted_at").values_list("counted_at", flat=True).first()


def _changeable(actor: Actor, case: Case, action: Action = Action.CHANGE) -> Case:
    rows = services.visible(actor, action).select_for_update(of=("self",))
    return rows.select_related("person", "procedure").get(pk=case.pk)


def _kind_of(case: Case, kind: str) -> RecordKind:
    definition = kinds().get(kind)
    if definition is None or not definition.fits(case.case_type):
        raise UnknownKind(kind)
    return definition


def _row(
    actor: Actor, case: Case, kind: RecordKind, given: CaseRecord | None, now: datetime
) -> CaseRecord:
    """The row to write the next version of, locked; a new one where there is none."""
    if given is not None:
        return case.records.select_for_update().get(pk=given.pk, kind=kind.code)
    if not kind.repeats:
        held = case.records.select_for_update().filter(kind=kind.code).first()
        if held is not None:
            return held
    return CaseRecord(
        case=case, kind=kind.code, document=kind.document, author=actor.account, begun_at=now,
        changed_at=now, state=RecordState.DRAFT.value,
    )  # fmt: skip


def _count(
    actor: Actor, case: Case, row: CaseRecord, answers: Mapping[str, Any], now: datetime
) -> None:
    row.counted, row.counted_at = row.number, now
    row.save(update_fields=["counted", "counted_at"])
    for then in _on_final.get(row.kind, []):
        then(actor, case, row, answers, now)


def _answers(row: CaseRecord, number: int | None = None) -> dict[str, Any]:
    version = row.versions.filter(number=number or row.number)
    ((_, values),) = opened(version)
    answers: dict[str, Any] = (values or {}).get("answers", {})
    return answers


def _recorded(rows: Sequence[CaseRecord]) -> list[Recorded]:
    newest = {(row.pk, row.number) for row in rows}
    versions = CaseRecordVersion.objects.filter(record__in=rows) if rows else ()
    current = [version for version in versions if (version.record_id, version.number) in newest]
    answers = {
        version.record_id: (values or {}).get("answers", {}) for version, values in opened(current)
    }
    return [
        Recorded(
            row, kinds()[row.kind], answers.get(row.pk, {}), row.number, RecordState(row.state)
        )
        for row in rows
    ]
