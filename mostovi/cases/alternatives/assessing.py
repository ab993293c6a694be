# SPDX-License-Identifier: EUPL-1.2
"""Screen, weigh, and choose the least restrictive measure that is enough (R4: by a named officer).

What is typed is kept as a draft until it is whole. Finishing checks everything at once and says
all that is missing. A proposal of detention goes the same way and is refused, whoever asks and by
whatever door, when a safeguard stands against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases.alternatives import (
    catalogue,
    files,
    housing,
    ladder,
    measures,
    necessity,
    safeguards,
)
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.ladder import DETENTION, Considered
from mostovi.cases.alternatives.models import (
    Appointment,
    Draft,
    LibertyFile,
    MeasureTaken,
    Outcome,
    Proposal,
    VulnerabilityScreening,
    Weighing,
    counts_as_child,
)
from mostovi.cases.alternatives.vulnerability import Answer, Rating, least_rating, too_low
from mostovi.procedures import services as procedures
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened

SCREENING, ASSESSMENT = "screening", "assessment"
LONGEST = 4000
MOST_TIMES = 120
"""Agreed times to report that one choice can set."""

_WORDS = {
    "missing": gettext_noop("Answer this."),
    "too_short": gettext_noop("Write what holds for this person, in a sentence or two."),
}


# --- Drafts ------------------------------------------------------------------------------------


def draft_of(actor: Actor, file: LibertyFile, kind: str) -> dict[str, dict[str, Any]]:
    """The answers typed so far, by group; empty when there is no draft."""
    files.visible(actor, Action.CHANGE).get(pk=file.pk)
    for _row, values in opened(file.drafts.filter(kind=kind)):
        return dict((values or {}).get("groups", {}))
    return {}


@transaction.atomic
def keep_draft(
    actor: Actor,
    file: LibertyFile,
    kind: str,
    group: str,
    answers: Mapping[str, Any],
    *,
    now: datetime | None = None,
) -> None:
    """Keep what was typed in one group, whether or not it is right yet."""
    file = files.again(actor, file, Action.CHANGE)
    groups = draft_of(actor, file, kind) | {group: dict(answers)}
    row = file.drafts.filter(kind=kind).first()
    if row is None:
        row = Draft(file=file, kind=kind, key_id=file.key_id)
    row.author, row.changed_at = actor.account, now or timezone.now()
    row.seal_values({"groups": groups})
    row.save()


@transaction.atomic
def drop_draft(actor: Actor, file: LibertyFile, kind: str) -> None:
    """Throw a draft away."""
    files.again(actor, file, Action.CHANGE).drafts.filter(kind=kind).delete()


# --- Screening ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Screened:
    """What a screening found. domains: code → {present, met, signs, note}."""

    domains: Mapping[str, Mapping[str, Any]]
    serious_risk: str = Answer.NOT_ASKED
    with_own_child: str = Answer.NOT_ASKED
    rating: str = ""
    why: str = ""
    interpreter: str = ""
    no_interpreter_needed: bool = False


@transaction.atomic
def screen(
    actor: Actor, file: LibertyFile, given: Screened, *, now: datetime | None = None
) -> VulnerabilityScreening:
    """Finish a screening; it counts until the day it runs out. Raises `Incomplete`."""
    file = files.again(actor, file, Action.CHANGE)
    moment = now or timezone.now()
    problems = screening_problems(given)
    if problems:
        raise Incomplete(problems)
    today = timezone.localdate(moment)
    expires = catalogue.screening_period(given.rating, files.partner(), today).end(today)
    row = VulnerabilityScreening(
        file=file, key_id=file.key_id, author=actor.account, at=moment, screened_on=today,
        expires_on=expires,
    )  # fmt: skip
    row.seal_values(
        {
            "domains": {code: _domain(entry) for code, entry in given.domains.items()},
            "serious_risk": str(given.serious_risk),
            "with_own_child": str(given.with_own_child),
            "rating": given.rating,
            "why": given.why.strip(),
            "interpreter": given.interpreter.strip(),
        }
    )
    row.save()
    file.drafts.filter(kind=SCREENING).delete()
    file.screening_until = expires
    if file.procedure.state == "presumption":
        files.step(actor, file, "screen", now=moment)
    else:
        files.touch(file, moment)
    # Somebody who needs more support is looked at sooner (`content/deadlines`).
    procedures.set_risk(actor, instance=file.procedure, risk=given.rating)
    record(actor, AuditTag.VULNERABILITY_SCREENED, handle=files.handle(file))
    return row


def _domain(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "present": str(entry.get("present") or "not_asked"),
        "met": str(entry.get("met") or "not_asked"),
        "signs": sorted(entry.get("signs", ())),
        "note": str(entry.get("note", "")).strip()[:LONGEST],
    }


def screening_problems(given: Screened) -> list[tuple[str, str]]:
    """(field, what to do) for everything that keeps a screening from being finished."""
    found: list[tuple[str, str]] = []
    for domain in catalogue.domains():
        entry = given.domains.get(domain.code, {})
        if entry.get("present") not in set(Answer):
            found.append((f"{domain.code}.present", _WORDS["missing"]))
        if entry.get("met") not in {*Answer, "", None}:
            found.append((f"{domain.code}.met", _WORDS["missing"]))
        if set(entry.get("signs", ())) - set(domain.signs):
            found.append((f"{domain.code}.signs", gettext_noop("Choose from the list.")))
    if set(given.domains) - {domain.code for domain in catalogue.domains()}:
        found.append(("domains", gettext_noop("Choose from the list.")))
    for name in ("serious_risk", "with_own_child"):
        if getattr(given, name) not in set(Answer):
            found.append((name, _WORDS["missing"]))
    if not given.interpreter.strip() and not given.no_interpreter_needed:
        found.append(("interpreter", gettext_noop("Write who interpreted, or that nobody had to.")))
    if given.rating not in set(Rating):
        found.append(("rating", _WORDS["missing"]))
    if not found and _rated_too_low(given):
        found.append(
            ("rating", gettext_noop("What was answered needs a higher rating. Unknown is no 'no'."))
        )
    if len(given.why.strip()) < necessity.SHORTEST:
        found.append(("why", _WORDS["too_short"]))
    return found


def _rated_too_low(given: Screened) -> bool:
    domains = {code: files.seen(entry) for code, entry in given.domains.items()}
    return too_low(Rating(given.rating), domains, Answer(given.serious_risk))


def least_rating_of(given: Screened) -> Rating:
    """The lowest rating that what was answered so far allows."""
    domains = {code: files.seen(entry) for code, entry in given.domains.items()}
    risk = Answer(given.serious_risk) if given.serious_risk in set(Answer) else Answer.NOT_ASKED
    return least_rating(domains, risk)


# --- Weighing and choosing ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer wants to choose, with everything that must be written for it.

    choice: a measure's code, or `ladder.DETENTION` for recording that detention is proposed.
    considered: measure → why it is not enough. place: code, for measures that need one; wait: take
    the measure and wait when the place is full. report_every: days between agreed times.
    """

    choice: str = ""
    considered: Mapping[str, Considered] = field(default_factory=dict)
    test: necessity.Test = necessity.Test()
    authority: str = ""
    intention: str = ""
    conditions: str = ""
    for_family: bool = False
    persons: int = 1
    place: str = ""
    wait: bool = False
    report_every: int = 0
    report_from: date | None = None
    review_on: date | None = None
    legal_aid: str = ""
    interpreter: str = ""
    no_interpreter_needed: bool = False


def decide(
    actor: Actor, file: LibertyFile, wish: Wish, *, now: datetime | None = None
) -> MeasureTaken | Proposal:
    """Weigh and choose: the measure in force, or a proposal of detention that waits for a second
    officer.

    Raises `Incomplete` (all that is missing), `safeguards.Stopped` (a step toward detention is
    refused; the refusal is logged), `housing.Full`, `LibertyFile.DoesNotExist`.
    """
    moment = now or timezone.now()
    try:
        return _decide(actor, file, wish, moment)
    except safeguards.Stopped as stopped:
        note_refused(actor, file, stopped)
        raise


def note_refused(actor: Actor, file: LibertyFile, stopped: safeguards.Stopped) -> None:
    """Write a refused step toward detention into the log; codes only."""
    record(
        actor, AuditTag.DETENTION_REFUSED, handle=files.handle(file), outcome="refused",
        detail={"why": stopped.codes[0], "all": len(stopped.codes)},
    )  # fmt: skip


@transaction.atomic
def _decide(actor: Actor, file: LibertyFile, wish: Wish, now: datetime) -> MeasureTaken | Proposal:
    file = files.again(actor, file, Action.DECIDE)
    if wish.choice == DETENTION and counts_as_child(file, now):
        # Before anything else is asked or looked at.
        raise safeguards.Stopped([safeguards.CHILD])
    problems = wish_problems(file, wish, now)
    if problems:
        raise Incomplete(problems)
    if wish.choice == DETENTION:
        _refuse_unsafe(file, wish, now)
    weighing = _weigh(actor, file, wish, now)
    file.drafts.filter(kind=ASSESSMENT).delete()
    if wish.choice == DETENTION:
        return _propose(actor, file, weighing, wish, now)
    return _take(actor, file, weighing, wish, now)


def wish_problems(file: LibertyFile, wish: Wish, now: datetime) -> list[tuple[str, str]]:
    """(field, what to do) for everything missing, whatever is chosen."""
    today = timezone.localdate(now)
    if file.procedure.state not in {"presumption", "screened"}:
        return [("choice", gettext_noop("Assess anew first: the file is at another step."))]
    screening = files.screening_of(file)
    if screening is None or not screening.in_force(today):
        return [("choice", gettext_noop("Screen the person first; the screening has run out."))]
    steps = files.ladder_of(file, now, with_adult=wish.for_family)
    if wish.choice != DETENTION and wish.choice not in {step.code for step in steps}:
        return [("choice", gettext_noop("Choose a measure that is meant for this person."))]
    found = [
        (f"considered.{one.measure}", gettext_noop("Say why this milder measure is not enough."))
        for one in ladder.skipped(steps, wish.choice, wish.considered)
    ]
    first = steps[0].code
    for name, problem in necessity.missing(
        wish.test, catalogue.grounds(), limits_liberty=wish.choice != first
    ):
        found.append((name, _WORDS[problem]))
    if wish.choice != DETENTION:
        found += _measure_problems(catalogue.measure(wish.choice), wish, today)
    return found


def _measure_problems(measure: catalogue.Measure, wish: Wish, today: date) -> list[tuple[str, str]]:
    found = []
    latest = latest_review(measure, today)
    if wish.review_on is not None and not today < wish.review_on <= latest:
        found.append(
            ("review_on", gettext_noop("Choose a day after today and within the time allowed."))
        )
    if measure.needs_place and not wish.place:
        found.append(("place", gettext_noop("Choose a place.")))
    if measure.reporting and not 1 <= wish.report_every <= 365:
        found.append(("report_every", gettext_noop("Write a number of days from 1 to 365.")))
    if measure.reporting and wish.report_from is not None and wish.report_from < today:
        found.append(("report_from", gettext_noop("Choose today or a later day.")))
    if not 1 <= wish.persons <= 30:
        found.append(("persons", gettext_noop("Write a number from 1 to 30.")))
    return found


def latest_review(measure: catalogue.Measure, today: date) -> date:
    """The last day on which the measure must be reviewed when it is chosen today."""
    return catalogue.in_force(measure.review, files.partner(), today).end(today)


def proposal_until(today: date) -> date:
    """The last day until which a proposal of detention may stand when it is recorded today."""
    return catalogue.proposal_period(files.partner(), today).end(today)


def facts_of(file: LibertyFile, wish: Wish, now: datetime) -> safeguards.Facts:
    """Everything the safeguards ask, from the records and from what was written."""
    today = timezone.localdate(now)
    return safeguards.Facts(
        today=today,
        is_child=counts_as_child(file, now),
        barriers=[one.code for one in files.barriers_of(file, today)],
        screening=files.screening_of(file),
        considered=wish.considered,
        test=wish.test,
        legal_aid=wish.legal_aid,
        interpreter=wish.interpreter,
        no_interpreter_needed=wish.no_interpreter_needed,
        review_on=wish.review_on,
        latest_review=proposal_until(today),
    )


def _refuse_unsafe(file: LibertyFile, wish: Wish, now: datetime) -> None:
    against = safeguards.against(facts_of(file, wish, now), catalogue.ladder(), catalogue.grounds())
    if against:
        raise safeguards.Stopped(against)


def _weigh(actor: Actor, file: LibertyFile, wish: Wish, now: datetime) -> Weighing:
    row = Weighing(file=file, key_id=file.key_id, author=actor.account, at=now, choice=wish.choice)
    row.seal_values(
        {
            **asdict(wish.test),
            "authority": wish.authority.strip()[:LONGEST],
            "intention": wish.intention.strip()[:LONGEST],
            "considered": [asdict(entry) for entry in wish.considered.values()],
            "for_family": wish.for_family,
        }
    )
    row.save()
    if file.procedure.state == "presumption":
        files.step(actor, file, "screen", now=now)
    files.step(actor, file, "weigh", now=now)
    record(actor, AuditTag.LIBERTY_WEIGHED, handle=files.handle(file))
    return row


def _take(
    actor: Actor, file: LibertyFile, weighing: Weighing, wish: Wish, now: datetime
) -> MeasureTaken:
    today = timezone.localdate(now)
    measure = catalogue.measure(wish.choice)
    files.step(actor, file, "choose", now=now)
    _follow(actor, file, measure, now)
    row = MeasureTaken(
        file=file, key_id=file.key_id, weighing=weighing, code=measure.code,
        chosen_by=actor.account, since=now,
    )  # fmt: skip
    row.seal_values(
        {
            "conditions": wish.conditions.strip()[:LONGEST],
            "for_family": wish.for_family,
            "persons": wish.persons,
        }
    )
    row.save()
    if measure.needs_place:
        housing.ask(actor, file, row, wish.place, wait=wish.wait, now=now)
    file.review_on = wish.review_on or latest_review(measure, today)
    if measure.reporting:
        _agree_times(row, wish, today, file.review_on)
    file.breach_at = None
    files.touch(file, now)
    record(
        actor, AuditTag.MEASURE_CHOSEN, handle=files.handle(file), detail={"measure": measure.code}
    )
    return row


def _follow(actor: Actor, file: LibertyFile, measure: catalogue.Measure, now: datetime) -> None:
    """End the measure that held until now, when there was one."""
    before = files.measure_in_force(file)
    if before is None:
        return
    rank = catalogue.measure(before.code).rank
    if rank == measure.rank:
        outcome = Outcome.RENEWED
    else:
        outcome = Outcome.MILDER if measure.rank < rank else Outcome.STRICTER
    measures.finish(actor, before, outcome, now)


def _agree_times(row: MeasureTaken, wish: Wish, today: date, until: date) -> None:
    day = wish.report_from or today + timedelta(days=wish.report_every)
    times: list[Appointment] = []
    while day <= until and len(times) < MOST_TIMES:
        times.append(Appointment(measure=row, due_on=day))
        day += timedelta(days=wish.report_every)
    Appointment.objects.bulk_create(times)


def _propose(
    actor: Actor, file: LibertyFile, weighing: Weighing, wish: Wish, now: datetime
) -> Proposal:
    screening = files.screening_of(file)
    if screening is None or wish.review_on is None:  # pragma: no cover - refused before
        raise safeguards.Stopped(["not_screened"])
    files.step(actor, file, "propose", now=now, reason=wish.intention or wish.test.evidence)
    row = Proposal(
        file=file, key_id=file.key_id, weighing=weighing, proposed_by=actor.account,
        proposed_at=now, review_on=wish.review_on,
    )  # fmt: skip
    row.seal_values(
        {
            "legal_aid": wish.legal_aid.strip(),
            "interpreter": wish.interpreter.strip(),
            "needs": safeguards.answer_needed(screening, catalogue.ladder(), wish.considered),
            "answer": {},
        }
    )
    row.save()
    record(actor, AuditTag.DETENTION_PROPOSED, handle=files.handle(file))
    return row
