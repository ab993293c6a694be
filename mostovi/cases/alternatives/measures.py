# SPDX-License-Identifier: EUPL-1.2
"""A measure while it lasts: what was kept or missed, reviews, a new assessment, its end.

A breach changes nothing by itself (`ladder.after_breach`): it is noted, the holder is told, and
whatever follows is a new assessment that begins from liberty.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases.alternatives import catalogue, files, housing
from mostovi.cases.alternatives.files import LONGEST, Incomplete
from mostovi.cases.alternatives.models import (
    Appointment,
    ComplianceEvent,
    Happening,
    Kept,
    LibertyFile,
    MeasureTaken,
    Outcome,
    Review,
)
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record

ENDS = (Outcome.RESOLVED, Outcome.NOT_NEEDED, Outcome.ABSCONDED, Outcome.OTHER)
"""How an officer can end the measure for good; the others follow from another step."""

_REASON = gettext_noop("Write the reason.")


@transaction.atomic
def happened(
    actor: Actor,
    file: LibertyFile,
    *,
    kind: str,
    words: str = "",
    now: datetime | None = None,
) -> ComplianceEvent:
    """Note what happened under the measure in force; the measure stays as it is.

    Raises `Incomplete` (no measure in force, unknown kind, a breach without words).
    """
    file = files.again(actor, file, Action.CHANGE)
    moment = now or timezone.now()
    measure = files.measure_in_force(file)
    if measure is None:
        raise Incomplete([("kind", gettext_noop("No measure is in force."))])
    if kind not in set(Happening):
        raise Incomplete([("kind", gettext_noop("Choose what happened."))])
    is_breach = kind in {Happening.BREACH, Happening.ABSCONDED}
    if is_breach and not words.strip():
        raise Incomplete(
            [("words", gettext_noop("Write what happened and what the person says about it."))]
        )
    row = ComplianceEvent(
        file=file, measure=measure, key_id=file.key_id, kind=kind, author=actor.account, at=moment
    )
    row.seal_values({"words": words.strip()[:LONGEST]})
    row.save()
    if is_breach:
        file.breach_at = moment
    files.touch(file, moment)
    record(actor, AuditTag.MEASURE_HAPPENING, handle=files.handle(file), detail={"kind": str(kind)})
    return row


@transaction.atomic
def keep_time(
    actor: Actor, file: LibertyFile, *, due_on: date, kept: str, now: datetime | None = None
) -> Appointment:
    """Note whether an agreed time was kept, excused or missed. Raises `Incomplete`."""
    file = files.again(actor, file, Action.CHANGE)
    moment = now or timezone.now()
    measure = files.measure_in_force(file)
    row = measure.times.filter(due_on=due_on).first() if measure else None
    if row is None:
        raise Incomplete([("due_on", gettext_noop("No time was agreed for that day."))])
    if kept not in {"kept", "excused", "missed"}:
        raise Incomplete([("kept", gettext_noop("Say whether the time was kept."))])
    row.kept, row.noted_by, row.noted_at = kept, actor.account, moment
    row.save(update_fields=["kept", "noted_by", "noted_at"])
    if kept == "missed":
        file.breach_at = moment
    files.touch(file, moment)
    record(
        actor,
        AuditTag.MEASURE_HAPPENING,
        handle=files.handle(file),
        detail={"kind": f"time_{kept}"},
    )
    return row


@transaction.atomic
def review(
    actor: Actor,
    file: LibertyFile,
    *,
    decision: str,
    reason: str,
    view: str,
    outcome: str = "",
    next_on: date | None = None,
    now: datetime | None = None,
) -> Review:
    """Review the measure with the person: `keep`, `reassess` or `end` it.

    keep: until `next_on`, at the latest the measure's own period. reassess: it begins again from
    liberty; the measure goes on meanwhile. end: with an `outcome` of `ENDS`. Raises `Incomplete`,
    `procedures.state.StepRefused`.
    """
    file = files.again(actor, file, Action.DECIDE)
    moment = now or timezone.now()
    today = timezone.localdate(moment)
    measure = files.measure_in_force(file)
    next_day = _next_day(measure, next_on, today) if decision == "keep" else None
    problems = _review_problems(decision, reason, view, outcome, measure, next_day, today)
    if problems:
        raise Incomplete(problems)
    if decision == "keep":
        files.step(actor, file, "start_review", now=moment)
        files.step(actor, file, "keep", now=moment, reason=reason)
        file.review_on = next_day
    elif decision == "reassess":
        files.step(actor, file, "reassess", now=moment, reason=reason)
    else:
        files.step(actor, file, "end", now=moment, reason=reason)
        file.review_on = None
        if measure is not None:
            finish(actor, measure, Outcome(outcome), moment)
        record(actor, AuditTag.LIBERTY_FILE_ENDED, handle=files.handle(file))
    row = Review(
        file=file, key_id=file.key_id, decision=decision, author=actor.account, at=moment,
        next_on=next_day,
    )  # fmt: skip
    row.seal_values({"reason": reason.strip()[:LONGEST], "view": view.strip()[:LONGEST]})
    row.save()
    # The breach was looked at, or is looked at in the assessment that begins now.
    file.breach_at = None
    files.touch(file, moment)
    record(
        actor, AuditTag.MEASURE_REVIEWED, handle=files.handle(file), detail={"decision": decision}
    )
    return row


def _next_day(measure: MeasureTaken | None, next_on: date | None, today: date) -> date | None:
    if measure is None:
        return None
    periods = catalogue.measure(measure.code).review
    return next_on or catalogue.in_force(periods, files.partner(), today).end(today)


def _review_problems(
    decision: str,
    reason: str,
    view: str,
    outcome: str,
    measure: MeasureTaken | None,
    next_day: date | None,
    today: date,
) -> list[tuple[str, str]]:
    found = []
    if decision not in {"keep", "reassess", "end"}:
        found.append(("decision", gettext_noop("Choose what follows from the review.")))
    if not reason.strip():
        found.append(("reason", _REASON))
    if not view.strip():
        found.append(("view", gettext_noop("Write what the person says, also when it is nothing.")))
    if decision == "end" and outcome not in set(ENDS):
        found.append(("outcome", gettext_noop("Say how the measure ends.")))
    if decision == "keep":
        if measure is None or next_day is None:
            found.append(("decision", gettext_noop("No measure is in force.")))
        elif not today < next_day <= _required(measure, today):
            found.append(
                ("next_on", gettext_noop("Choose a day after today and within the time allowed."))
            )
    return found


def _required(measure: MeasureTaken, today: date) -> date:
    periods = catalogue.measure(measure.code).review
    return catalogue.in_force(periods, files.partner(), today).end(today)


def finish(actor: Actor, measure: MeasureTaken, outcome: Outcome, now: datetime) -> None:
    """End a measure with its outcome, and the stay that belongs to it.

    Whether the conditions were kept is read from what was noted; excused times count as kept.
    """
    measure.until, measure.outcome = now, outcome
    missed = measure.times.filter(kept="missed").exists()
    broken = measure.happenings.filter(kind__in=[Happening.BREACH, Happening.ABSCONDED]).exists()
    gone = outcome is Outcome.ABSCONDED
    measure.kept = Kept.MISSED if missed or broken or gone else Kept.KEPT
    measure.save(update_fields=["until", "outcome", "kept"])
    housing.leave(actor, measure, now)
    record(
        actor, AuditTag.MEASURE_ENDED, handle=files.handle(measure.file),
        detail={"measure": measure.code, "outcome": outcome.value},
    )  # fmt: skip


@transaction.atomic
def open_again(
    actor: Actor, file: LibertyFile, *, reason: str, now: datetime | None = None
) -> None:
    """Open an ended file: it begins again from liberty. Raises `StepRefused`, `Incomplete`."""
    if not reason.strip():
        raise Incomplete([("reason", _REASON)])
    file = files.again(actor, file, Action.DECIDE)
    files.step(actor, file, "open_again", now=now or timezone.now(), reason=reason)
    record(actor, AuditTag.LIBERTY_FILE_OPENED, handle=files.handle(file))
