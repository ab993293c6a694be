# SPDX-License-Identifier: EUPL-1.2
"""Verbs on findings: make them when a submission is complete, read them, decide on them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mostovi.rights.access import Action, Actor, Kind, covers, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.screening import scoring, submission_services
from mostovi.screening.explaining import Explanation, explain
from mostovi.screening.indicator_files import (
    IndicatorSetInvalid,
    UnknownIndicatorSet,
    indicator_set,
    sets_for_form,
)
from mostovi.screening.indicators import IndicatorSet
from mostovi.screening.models import Finding, FindingDecision, Submission

logger = logging.getLogger(__name__)
SHORTEST_REASON = 10
"""Characters; fewer cannot be a reason that somebody else understands."""


class ReasonsMissing(ValueError):
    """A decision needs reasons in words."""


@dataclass(frozen=True)
class Decided:
    """A decision opened for reading."""

    step: str
    step_label: str
    reasons: str
    officer: str
    officer_role: str
    decided_at: datetime


@dataclass(frozen=True)
class FindingRead:
    """A stored finding opened for reading.

    `result` is the finding, `explanation` its words; None when the version of the set that made it
    is no longer shipped. `altered`: that version was edited since, so its words may not fit.
    """

    finding: Finding
    result: scoring.Finding
    explanation: Explanation | None
    decisions: tuple[Decided, ...]
    altered: bool = False


@dataclass(frozen=True)
class FindingsRead:
    """A submission's findings: the newest of each set, and how many older ones there are."""

    submission: Submission
    newest: tuple[FindingRead, ...]
    older: int


@dataclass(frozen=True)
class NextStep:
    """A step that another package offers below a finding, such as 'Open a case'."""

    label: str
    url: str
    why: str = ""


NextStepOffer = Callable[[Actor, Submission], NextStep | None]
_offers: list[NextStepOffer] = []


def offer_next_step(offer: NextStepOffer) -> NextStepOffer:
    """Let a higher package offer a step on the finding page (called in its AppConfig.ready)."""
    if offer not in _offers:
        _offers.append(offer)
    return offer


def next_steps(actor: Actor, submission: Submission) -> list[NextStep]:
    """The steps other packages offer `actor` for this submission."""
    steps = [offer(actor, submission) for offer in _offers]
    return [step for step in steps if step is not None]


@transaction.atomic
def find(
    actor: Actor,
    submission: Submission,
    *,
    set_name: str | None = None,
    now: datetime | None = None,
) -> list[Finding]:
    """Apply the newest indicator sets made for the submission's form and store what they say.

    With `set_name` only that set. A finding that would repeat the newest one is not stored again;
    the newest is returned instead. Raises `Refused`, `Submission.DoesNotExist` outside the actor's
    scope, `KeyDestroyed` after erasure, `UnknownIndicatorSet`.
    """
    _require(actor, Action.CHANGE, submission)
    form_id = submission.version.form.form_id
    chosen = [indicator_set(set_name)] if set_name else list(sets_for_form(form_id))
    if not chosen:
        return []
    answers = submission_services.open_submission(submission).raw
    moment = now or timezone.now()
    return [_make(actor, submission, each, dict(answers), moment) for each in chosen]


def _make(
    actor: Actor,
    submission: Submission,
    chosen: IndicatorSet,
    answers: dict[str, str],
    now: datetime,
) -> Finding:
    result = scoring.score(chosen, answers, timezone.localdate(now))
    newest = _newest(submission, chosen.name)
    if newest is not None and _same(newest, result):
        return newest
    made = Finding(
        key_id=submission.key_id,
        submission=submission,
        set_name=chosen.name,
        set_version=chosen.version,
        set_digest=chosen.digest,
        created_at=now,
        created_by=actor.account,
    )
    made.seal_values(result.to_json())
    made.save(force_insert=True)
    record(
        actor, AuditTag.FINDING_MADE, handle=submission_services.handle(submission),
        detail={"set": chosen.name, "version": chosen.version},
    )  # fmt: skip
    return made


def _newest(submission: Submission, set_name: str) -> Finding | None:
    return submission.findings.filter(set_name=set_name).order_by("-created_at", "-pk").first()


def _same(newest: Finding, result: scoring.Finding) -> bool:
    """Whether the stored finding says the same, but for its dates."""
    dates = {"scored_on": None, "rescreen_on": None}
    return {**newest.values(), **dates} == {**_stored(result), **dates}


def _stored(result: scoring.Finding) -> dict[str, object]:
    """`result` as it comes back out of the vault (tuples are lists there)."""
    stored: dict[str, object] = json.loads(json.dumps(result.to_json()))
    return stored


def find_when_complete(submission: Submission) -> None:
    """Make the findings of a submission that has just become complete (see `on_complete`).

    A set that cannot be read or applied must not cost the sender the submission: it is logged, and
    the findings can be made later from the page.
    """
    try:
        with transaction.atomic():
            find(Actor.system(Purpose(submission.purpose)), submission)
    except (IndicatorSetInvalid, LookupError, ValueError) as error:
        logger.error(
            "findings were not made: %s", type(error).__name__,
            extra={"handle": submission_services.handle(submission)},
        )  # fmt: skip


@transaction.atomic
def read_findings(actor: Actor, submission_id: UUID) -> FindingsRead:
    """Open a submission's findings with their decisions; the reading goes into the audit chain.

    Raises `Refused`, `Submission.DoesNotExist` (not there, or not within the actor's scope).
    """
    scope = require(actor, Action.READ, Kind.SUBMISSION)
    submission = submission_services.visible(actor, scope).get(pk=submission_id)
    rows = list(submission.findings.order_by("set_name", "-created_at", "-pk"))
    newest = {row.set_name: row for row in reversed(rows)}
    read = [
        _read(row, values, actor.language)
        for row, values in opened(newest[name] for name in sorted(newest))
        if values is not None
    ]
    record(actor, AuditTag.FINDING_READ, handle=submission_services.handle(submission))
    return FindingsRead(submission, tuple(read), len(rows) - len(newest))


def _read(row: Finding, values: dict[str, object], language: str) -> FindingRead:
    result = scoring.Finding.from_json(values)
    explanation, altered = None, False
    try:
        chosen = indicator_set(row.set_name, row.set_version)
        altered = chosen.digest != row.set_digest
        explanation = explain(chosen, result, language)
    except UnknownIndicatorSet:
        pass
    except KeyError:
        # The edited set no longer holds an indicator of this finding.
        altered = True
    decisions = tuple(
        Decided(
            step=decision.step,
            step_label=decision.get_step_display(),
            reasons=said["reasons"],
            officer=said["officer"],
            officer_role=decision.officer_role,
            decided_at=decision.decided_at,
        )
        for decision, said in opened(row.decisions.order_by("decided_at", "pk"))
        if said is not None
    )
    return FindingRead(row, result, explanation, decisions, altered)


@transaction.atomic
def decide(
    actor: Actor,
    finding: Finding,
    *,
    step: FindingDecision.Step,
    reasons: str,
    officer: str,
    now: datetime | None = None,
) -> FindingDecision:
    """Record what the officer named `officer` decided on `finding`, and why.

    Nothing follows from a finding without it (R4). Raises `ReasonsMissing` when `reasons` has
    fewer than `SHORTEST_REASON` characters, `Refused`, `Submission.DoesNotExist`.
    """
    _require(actor, Action.DECIDE, finding.submission)
    if len(reasons.strip()) < SHORTEST_REASON:
        raise ReasonsMissing("write the reasons in a sentence that a colleague understands")
    decision = FindingDecision(
        key_id=finding.key_id,
        finding=finding,
        step=step.value,
        officer=actor.account,
        officer_role=actor.role.value,
        decided_at=now or timezone.now(),
    )
    decision.seal_values({"reasons": reasons.strip(), "officer": officer})
    decision.save(force_insert=True)
    record(
        actor, AuditTag.FINDING_DECIDED,
        handle=submission_services.handle(finding.submission), detail={"step": step.value},
    )  # fmt: skip
    return decision


def _require(actor: Actor, action: Action, submission: Submission) -> None:
    scope = require(actor, action, Kind.SUBMISSION)
    within = covers(
        actor, scope, purpose=Purpose(submission.purpose), unit=submission.unit,
        owner=submission.owner,
    )  # fmt: skip
    if not within:
        raise Submission.DoesNotExist
