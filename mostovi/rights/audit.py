# SPDX-License-Identifier: EUPL-1.2
"""The audit chain (R9): what an entry says, how entries are chained, how a break is found.

Entries are chained by SHA-256: each hash covers the entry's fields and the hash before it. Anyone
can recheck an export offline. Whoever could rewrite the whole table could rewrite all hashes, so
heads of the chain are also kept outside the database (`services.anchor`) and travel to other
nodes in signed receipts; `verify` holds the chain against them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class AuditTag(StrEnum):
    """What happened, as `source.subject.action`."""

    LIBERTY_FILE_OPENED = "alternatives.file.opened"
    LIBERTY_FILE_READ = "alternatives.file.read"
    LIBERTY_FILE_LISTED = "alternatives.file.listed"
    LIBERTY_FILE_ENDED = "alternatives.file.ended"
    VULNERABILITY_SCREENED = "alternatives.screening.made"
    LIBERTY_WEIGHED = "alternatives.weighing.made"
    MEASURE_CHOSEN = "alternatives.measure.chosen"
    MEASURE_HAPPENING = "alternatives.measure.happening"
    MEASURE_REVIEWED = "alternatives.measure.reviewed"
    MEASURE_ENDED = "alternatives.measure.ended"
    DETENTION_REFUSED = "alternatives.detention.refused"
    DETENTION_PROPOSED = "alternatives.detention.proposed"
    DETENTION_ANSWERED = "alternatives.detention.answered"
    DETENTION_LAPSED = "alternatives.detention.lapsed"
    DETENTION_NOTED = "alternatives.detention.noted"
    DETENTION_REVIEWED = "alternatives.detention.reviewed"
    DETENTION_ENDED = "alternatives.detention.ended"
    PLACE_CHANGED = "alternatives.place.changed"
    STAY_BEGUN = "alternatives.stay.begun"
    STAY_ENDED = "alternatives.stay.ended"
    CASE_OPENED = "cases.case.opened"
    CASE_READ = "cases.case.read"
    CASE_LISTED = "cases.case.listed"
    CASE_NOTED = "cases.case.noted"
    CASE_STEP = "cases.case.step"
    CASE_HANDED_ON = "cases.case.handed_on"
    CASES_ENDED = "cases.case.ended"
    CASES_TRANSFERRED = "cases.cases.transferred"
    GROUP_SESSION_HELD = "cases.group_session.held"
    CASE_PLAN_CHANGED = "cases.plan.changed"
    CASE_RECORD_APPROVED = "cases.record.approved"
    CASE_RECORD_FINAL = "cases.record.final"
    CASE_RECORD_READ = "cases.record.read"
    CASE_RECORD_RETURNED = "cases.record.returned"
    CASE_RECORD_WRITTEN = "cases.record.written"
    CASE_RISK_SET = "cases.risk.set"
    REFERRAL_DRAFTED = "cases.referral.drafted"
    REFERRAL_READ = "cases.referral.read"
    REFERRAL_LISTED = "cases.referral.listed"
    REFERRAL_SENT = "cases.referral.sent"
    REFERRAL_RECEIVED = "cases.referral.received"
    REFERRAL_STEP = "cases.referral.step"
    REFERRAL_CONSENT_WITHDRAWN = "cases.referral.consent_withdrawn"
    REFERRAL_TAKEN_UP = "cases.referral.taken_up"
    REFERRALS_ENDED = "cases.referral.ended"
    SERVICE_SAVED = "directory.service.saved"
    SERVICE_CAPACITY_REPORTED = "directory.capacity.reported"
    SERVICES_EXPORTED = "directory.services.exported"
    TRANSFER_DRAFTED = "transfers.transfer.drafted"
    TRANSFER_READ = "transfers.transfer.read"
    TRANSFER_SENT = "transfers.transfer.sent"
    TRANSFER_RECEIVED = "transfers.transfer.received"
    TRANSFER_STEP = "transfers.transfer.step"
    TRANSFER_LISTED = "transfers.transfer.listed"
    TRANSFERS_ENDED = "transfers.transfer.ended"
    IDENTIFICATION_DECIDED = "victims.identification.decided"
    REFLECTION_LENGTHENED = "victims.reflection.lengthened"
    REFLECTION_STOPPED = "victims.reflection.stopped"
    REFLECTION_RESUMED = "victims.reflection.resumed"
    PROTECTION_READ = "victims.protection.read"
    STATEMENT_GIVEN = "victims.statement.given"
    STATEMENT_ENDED = "victims.statement.ended"
    STATEMENT_LISTED = "victims.statement.listed"
    STATEMENT_READ = "victims.statement.read"
    STATEMENTS_ENDED = "victims.statements.ended"
    INCIDENT_RECORDED = "incidents.incident.recorded"
    INCIDENT_READ = "incidents.incident.read"
    INCIDENT_LISTED = "incidents.incident.listed"
    INCIDENT_NOTED = "incidents.identifier.noted"
    INCIDENTS_ENDED = "incidents.incidents.ended"
    ADVERT_REVIEWED = "incidents.advert.reviewed"
    LINKS_READ = "incidents.links.read"
    LINK_DECIDED = "incidents.link.decided"
    INVESTIGATION_OPENED = "incidents.investigation.opened"
    INVESTIGATION_READ = "incidents.investigation.read"
    INVESTIGATION_LISTED = "incidents.investigation.listed"
    INVESTIGATION_CHANGED = "incidents.investigation.changed"
    JOINT_READ = "incidents.joint.read"
    JOINT_STEP = "incidents.joint.step"
    JOINT_SHARED = "incidents.joint.shared"
    JOINT_RECEIVED = "incidents.joint.received"
    ASSISTANCE_DRAFTED = "incidents.assistance.drafted"
    ASSISTANCE_READ = "incidents.assistance.read"
    ASSISTANCE_STEP = "incidents.assistance.step"
    ASSISTANCE_RECEIVED = "incidents.assistance.received"
    OUTCOME_RECORDED = "incidents.outcome.recorded"
    OUTCOME_WITHDRAWN = "incidents.outcome.withdrawn"
    GUARDIAN_APPOINTED = "children.guardian.appointed"
    GUARDIAN_ENDED = "children.guardian.ended"
    GUARDIAN_READ = "children.guardian.read"
    AGE_ASSESSMENT_BEGUN = "children.age_assessment.begun"
    AGE_ASSESSMENT_CHANGED = "children.age_assessment.changed"
    AGE_ASSESSMENT_READ = "children.age_assessment.read"
    CARE_PLACE_CHANGED = "children.care_place.changed"
    CHILD_PLACED = "children.care.placed"
    CHILD_MOVED = "children.care.ended"
    CARE_READ = "children.care.read"
    VISITS_PLANNED = "children.visits.planned"
    VISIT_MADE = "children.visit.made"
    NODE_BACKED_UP = "node.backup.made"
    NODE_RESTORED = "node.backup.restored"
    ACCESS_REFUSED = "rights.access.refused"
    AUDIT_READ = "rights.audit.read"
    AUDIT_VERIFIED = "rights.audit.verified"
    AUDIT_EXPORTED = "rights.audit.exported"
    KEY_DESTROYED = "rights.key.destroyed"
    RETENTION_RUN = "rights.retention.run"
    RETENTION_READ = "rights.retention.read"
    ATTACHMENT_FETCHED = "exchange.attachment.fetched"
    ATTACHMENT_READ = "exchange.attachment.read"
    DIRECTORY_IMPORTED = "exchange.directory.imported"
    DIRECTORY_SIGNED = "exchange.directory.signed"
    EXCHANGE_KEY_RETIRED = "exchange.key.retired"
    EXCHANGE_KEYS_ROTATED = "exchange.keys.rotated"
    LETTER_ALARM = "exchange.letter.alarm"
    LETTER_DEAD = "exchange.letter.dead"
    LETTER_DELIVERED = "exchange.letter.delivered"
    LETTER_PARKED = "exchange.letter.parked"
    LETTER_POSTED = "exchange.letter.posted"
    LETTER_RECEIVED = "exchange.letter.received"
    LETTER_REFUSED = "exchange.letter.refused"
    LETTER_REJECTED = "exchange.letter.rejected"
    LETTER_RETRIED = "exchange.letter.retried"
    LETTER_WITHDRAWN = "exchange.letter.withdrawn"
    PEER_CHANGED = "exchange.peer.changed"
    PEER_PINNED = "exchange.peer.pinned"
    THREAD_ERASED = "exchange.thread.erased"
    ACCOUNT_CHANGE_REFUSED = "node.account.change_refused"
    ACCOUNT_CREATED = "node.account.created"
    ACCOUNT_DEACTIVATED = "node.account.deactivated"
    ACCOUNT_REACTIVATED = "node.account.reactivated"
    ACTING_SWITCHED = "node.acting.switched"
    LOCKED_OUT = "node.account.locked_out"
    PASSWORD_CHANGED = "node.password.changed"  # noqa: S105
    ROLE_ENDED = "node.role.ended"
    ROLE_GRANTED = "node.role.granted"
    SECOND_FACTOR_CHANGED = "node.second_factor.changed"
    SESSION_ENDED = "node.session.ended"
    SIGNED_IN = "node.account.signed_in"
    SIGNED_OUT = "node.account.signed_out"
    SIGN_IN_FAILED = "node.account.sign_in_failed"
    START_LINK_GIVEN = "node.account.start_link_given"
    SYNTHETIC_LOADED = "node.synthetic.loaded"
    PERSON_READ = "people.person.read"
    PERSON_LISTED = "people.person.listed"
    PERSON_SEARCHED = "people.person.searched"
    PERSON_REGISTERED = "people.person.registered"
    PERSON_CHANGED = "people.person.changed"
    PERSON_HISTORY_READ = "people.person.history_read"
    PERSON_EXPORTED = "people.person.exported"
    PERSON_ERASED = "people.person.erased"
    PERSON_ENTRUSTED = "people.person.entrusted"
    CONFLICT_FOUND = "people.conflict.found"
    CONFLICT_SETTLED = "people.conflict.settled"
    CONSENT_READ = "people.consent.read"
    CONSENT_GIVEN = "people.consent.given"
    CONSENT_REFUSED = "people.consent.refused"
    CONSENT_WITHDRAWN = "people.consent.withdrawn"
    CONSENT_EXPIRED = "people.consent.expired"
    OVERRIDE_REQUESTED = "people.override.requested"
    OVERRIDE_APPROVED = "people.override.approved"
    OVERRIDE_REFUSED = "people.override.refused"
    PRINTED_CODE_ISSUED = "people.printed_code.issued"
    PRINTED_CODE_REVOKED = "people.printed_code.revoked"
    PERSONS_JOINED = "people.persons.joined"
    PERSONS_PARTED = "people.persons.parted"
    PROCEDURE_STARTED = "procedures.instance.started"
    PROCEDURE_STEP_TAKEN = "procedures.step.taken"
    PROCEDURE_STEP_HEARD = "procedures.step.heard"
    PROCEDURE_ERASED = "procedures.instance.erased"
    DEADLINE_SUSPENDED = "procedures.deadline.suspended"
    DEADLINE_RESUMED = "procedures.deadline.resumed"
    DEADLINE_EXTENDED = "procedures.deadline.extended"
    DEADLINES_FLAGGED = "procedures.deadlines.flagged"
    TASK_ENDED = "procedures.task.ended"
    TASK_MADE = "procedures.task.made"
    TASKS_ESCALATED = "procedures.tasks.escalated"
    DEADLINES_RECOUNTED = "procedures.deadlines.recounted"
    PROCEDURES_TAKEN_IN = "procedures.instances.taken_in"
    OWN_FILE_OPENED = "portal.own_file.opened"
    OWN_FILE_REFUSED = "portal.own_file.refused"
    OWN_FILE_COPIED = "portal.own_file.copied"
    OWN_FILE_REQUEST_MADE = "portal.own_file_request.made"
    OWN_FILE_REQUEST_READ = "portal.own_file_request.read"
    OWN_FILE_REQUEST_SETTLED = "portal.own_file_request.settled"
    FINE_FLOW_OPENED = "routes.fine_counts.opened"
    FINE_FLOW_READ = "routes.fine_counts.read"
    FINE_FLOW_EXPORTED = "routes.fine_counts.exported"
    FLOW_OBSERVED = "routes.observation.recorded"
    FLOW_WITHDRAWN = "routes.observation.withdrawn"
    FLOW_PREVIEWED = "routes.counts.previewed"
    FLOW_PUBLISHED = "routes.counts.published"
    FLOW_IMPORTED = "routes.public_figures.imported"
    FLOW_POINT_CHANGED = "routes.point.changed"
    FLOW_OBSERVATIONS_ENDED = "routes.observations.ended"
    FLOW_CHECKED = "routes.series.checked"
    FLOW_ALERT_REVIEWED = "routes.alert.reviewed"
    THREAT_WRITTEN = "routes.threat_assessment.written"
    THREAT_PUBLISHED = "routes.threat_assessment.published"
    THREAT_DISSENTED = "routes.threat_assessment.dissented"
    DEVICE_ADDED = "screening.device.added"
    DEVICE_REFUSED = "screening.device.refused"
    DEVICE_REVOKED = "screening.device.revoked"
    FINDING_DECIDED = "screening.finding.decided"
    FINDING_MADE = "screening.finding.made"
    FINDING_READ = "screening.finding.read"
    FORM_CHANGED = "screening.form.changed"
    FORM_IMPORTED = "screening.form.imported"
    SUBMISSION_ADOPTED = "screening.submission.adopted"
    SUBMISSION_FILE_READ = "screening.submission.file_read"
    SUBMISSION_LISTED = "screening.submission.listed"
    SUBMISSION_READ = "screening.submission.read"
    SUBMISSION_RECEIVED = "screening.submission.received"
    STATISTICS_PREVIEWED = "statistics.month.previewed"
    STATISTICS_RELEASED = "statistics.month.released"
    STATISTICS_RECEIVED = "statistics.month.received"
    STATISTICS_EXPORTED = "statistics.month.exported"
    STATISTICS_PREPARED = "statistics.month.prepared"
    STATISTICS_RETURNED = "statistics.month.returned"
    STATISTICS_TAKEN_BACK = "statistics.month.taken_back"
    STATISTICS_UPLOADED = "statistics.workbook.uploaded"
    STATISTICS_EDITION = "statistics.edition.published"
    OVERLAP_PROPOSED = "statistics.overlap.proposed"
    OVERLAP_ASKED = "statistics.overlap.asked"
    OVERLAP_AGREED = "statistics.overlap.agreed"
    OVERLAP_COUNTED = "statistics.overlap.counted"
    OVERLAP_ENDED = "statistics.overlap.ended"
    STATISTICS_REMINDED = "statistics.month.reminded"
    STATISTICS_FIGURES = "statistics.figures.switched"
    PLAN_PROGRESS_REPORTED = "plan.progress.reported"
    PLAN_PROGRESS_RECEIVED = "plan.progress.received"
    PLAN_STOCK_IMPORTED = "plan.stock.imported"
    PLAN_ASYLUM_IMPORTED = "plan.asylum.imported"
    PLAN_DETECTIONS_IMPORTED = "plan.detections.imported"
    PLAN_MILESTONE_SAID = "plan.milestone.said"
    PLAN_MILESTONE_RECEIVED = "plan.milestone.received"
    PLAN_SUPPORT_SAID = "plan.support.said"
    PLAN_SUPPORT_RECEIVED = "plan.support.received"
    PLAN_SUPPORT_MATCHED = "plan.support.matched"
    PLAN_SUPPORT_ANSWERED = "plan.support.answered"
    TRACING_REQUESTED = "tracing.request.made"
    TRACING_READ = "tracing.request.read"
    TRACING_LISTED = "tracing.request.listed"
    TRACING_STEP = "tracing.request.step"
    TRACING_INDEXED = "tracing.index.built"
    TRACING_PEOPLE_RAISED = "tracing.people.raised"
    TRACING_ROUND_BEGUN = "tracing.round.begun"
    TRACING_ROUND_STEP = "tracing.round.step"
    TRACING_ROUND_LOST = "tracing.round.lost"
    TRACING_MATCH_PROPOSED = "tracing.match.proposed"
    TRACING_MATCH_READ = "tracing.match.read"
    TRACING_MATCH_LISTED = "tracing.match.listed"
    TRACING_MATCH_STEP = "tracing.match.step"
    TRACING_MATCH_TOLD = "tracing.match.told"
    TRACING_MATCH_ERASED = "tracing.match.erased"
    TRACING_ANSWERS = "tracing.answers.sealed"
    TRACING_SAFETY_NOTED = "tracing.safety_note.written"
    LAW_SIGNED = "pathways.law.signed"
    LAW_SIGN_OFF_WITHDRAWN = "pathways.sign_off.withdrawn"
    REFORM_BEGUN = "pathways.reform.begun"
    REFORM_SAVED = "pathways.reform.saved"
    REFORM_PUT_ASIDE = "pathways.reform.put_aside"
    REFORM_TAKEN_UP = "pathways.reform.taken_up"
    SIMULATION_ASKED = "pathways.simulation.asked"
    SIMULATION_EXPORTED = "pathways.simulation.exported"
    PATHWAY_CHECK_SAVED = "pathways.check.saved"
    PATHWAY_CHECK_READ = "pathways.check.read"
    PATHWAY_CHECK_LISTED = "pathways.check.listed"
    PATHWAY_CHECK_PRINTED = "pathways.check.printed"


GENESIS = "0" * 64
_CODE = re.compile(r"[A-Za-z0-9_.:/+-]{0,80}\Z")

DetailValue = str | int | bool | None
Detail = Mapping[str, DetailValue]


class PersonalDetail(ValueError):
    """A detail was free text; the log holds codes and counts only."""


def checked_detail(detail: Detail) -> dict[str, DetailValue]:
    """`detail` if it holds only codes, numbers and flags; `PersonalDetail` otherwise."""
    for key, value in detail.items():
        if isinstance(value, str) and not _CODE.match(value):
            raise PersonalDetail(f"audit detail '{key}' is not a code")
    return dict(detail)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `handle` and `actor` are keyed pseudonyms, `at` an ISO 8601 UTC time."""

    sequence: int
    at: str
    tag: str
    actor: str
    role: str
    purpose: str
    handle: str
    outcome: str
    detail: str
    previous: str
    digest: str

    def computed_digest(self) -> str:
        """The hash this entry must carry."""
        return chained_digest(
            self.previous,
            (self.sequence, self.at, self.tag, self.actor, self.role, self.purpose,
             self.handle, self.outcome, self.detail),
        )  # fmt: skip


def chained(previous: str, **fields: Any) -> Entry:
    """The entry with these fields, chained to the hash `previous`."""
    unsealed = Entry(**fields, previous=previous, digest="")
    return replace(unsealed, digest=unsealed.computed_digest())


def chained_digest(previous: str, fields: Sequence[str | int]) -> str:
    """SHA-256 over the previous hash and the fields as canonical JSON, in hexadecimal."""
    material = json.dumps([previous, *fields], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(material.encode()).hexdigest()


def timestamp(moment: datetime) -> str:
    """`moment` (aware) as the fixed-width UTC text that is hashed."""
    if moment.utcoffset() is None:
        raise ValueError("audit times carry a zone")
    return moment.isoformat(timespec="microseconds")


class BreakKind(StrEnum):
    """How a chain is broken."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    CUT_SHORT = "cut_short"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Break:
    """Where and how the chain does not hold."""

    kind: BreakKind
    sequence: int


@dataclass(frozen=True, slots=True)
class Head:
    """A sequence number and its hash, as remembered outside the table."""

    sequence: int
    digest: str


def verify(entries: Iterable[Entry], heads: Iterable[Head] = ()) -> list[Break]:
    """Every place where `entries` (in stored order) break the chain; empty when it holds.

    `heads` are remembered heads of the same chain; one that the chain does not contain means that
    it was cut short or written anew.
    """
    breaks: list[Break] = []
    remembered = {head.sequence: head.digest for head in heads}
    expected, previous, last = 1, GENESIS, 0
    for entry in entries:
        if entry.sequence < expected:
            breaks.append(Break(BreakKind.REORDERED, entry.sequence))
        elif entry.sequence > expected:
            breaks.extend(
                Break(BreakKind.MISSING, number) for number in range(expected, entry.sequence)
            )
        if entry.computed_digest() != entry.digest or (
            entry.sequence == expected and entry.previous != previous
        ):
            breaks.append(Break(BreakKind.CHANGED, entry.sequence))
        anchored = remembered.pop(entry.sequence, entry.digest)
        if anchored != entry.digest:
            breaks.append(Break(BreakKind.REWRITTEN, entry.sequence))
        previous, last = entry.digest, max(last, entry.sequence)
        expected = entry.sequence + 1
    breaks.extend(Break(BreakKind.CUT_SHORT, number) for number in remembered if number > last)
    return breaks
