# SPDX-License-Identifier: EUPL-1.2
"""What outside authorities want or have done: proposals answered, let lapse; detention noted.

Mostovi never orders detention. A proposal is only recorded (`assessing.decide`), waits for a second
officer's written answer and ends by itself at its review date. A detention that an authority has
decided for an adult is noted with its act and dates, so that nobody is forgotten.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases.alternatives import assessing, files, measures, necessity, safeguards
from mostovi.cases.alternatives.files import LONGEST, Incomplete
from mostovi.cases.alternatives.models import (
    Held,
    LibertyFile,
    Outcome,
    Proposal,
    Review,
    counts_as_child,
)
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.bulk import in_chunks
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.vault import KeyDestroyed

OBJECT, NOT_OBJECT = "object", "not_object"
_REASON = gettext_noop("Write the reason.")
_NEEDS = {
    "unmet_needs": gettext_noop("Say what happens to each need that is not met."),
    "risk_not_known": gettext_noop("Say what was done to find out whether health is at risk."),
    "nothing_offered": gettext_noop(
        "Say why a lack of offers here should count against this person."
    ),
}


class SecondOfficerNeeded(Exception):
    """Who recorded the proposal cannot answer it."""


def proposal_of(file: LibertyFile) -> Proposal | None:
    """The proposal that has not ended."""
    found: Proposal | None = file.proposals.filter(ended_at=None).order_by("-proposed_at").first()
    return found


def stands(proposal: Proposal, now: datetime) -> bool:
    """Whether the proposal still stands: never for a child, never beyond its review date."""
    today = timezone.localdate(now)
    child = counts_as_child(proposal.file, now)
    return safeguards.stands(
        is_child=child,
        barriers=[] if child else [b.code for b in files.barriers_of(proposal.file, today)],
        review_on=proposal.review_on,
        ended=proposal.ended_at is not None,
        today=today,
    )


def answer(
    actor: Actor,
    file: LibertyFile,
    *,
    decision: str,
    reason: str,
    answers: dict[str, str] | None = None,
    now: datetime | None = None,
) -> Proposal:
    """The second officer's written answer: `object` ends the proposal; `not_object` lets it stand
    until its review date. What rated needs ask for must be answered one by one.

    Raises `SecondOfficerNeeded`, `Incomplete`, `safeguards.Stopped` (only when not objecting).
    """
    try:
        return _answer(actor, file, decision, reason, answers or {}, now or timezone.now())
    except safeguards.Stopped as stopped:
        assessing.note_refused(actor, file, stopped)
        raise


@transaction.atomic
def _answer(
    actor: Actor,
    file: LibertyFile,
    decision: str,
    reason: str,
    answers: dict[str, str],
    now: datetime,
) -> Proposal:
    file = files.again(actor, file, Action.DECIDE)
    proposal = proposal_of(file)
    if proposal is None or proposal.second:
        raise Incomplete([("decision", gettext_noop("There is no proposal that waits."))])
    if proposal.proposed_by == actor.account:
        raise SecondOfficerNeeded
    values = proposal.values()
    problems = _answer_problems(decision, reason, answers, values["needs"])
    if problems:
        raise Incomplete(problems)
    if decision == NOT_OBJECT:
        against = files.standing_against(file, now)
        if against:
            raise safeguards.Stopped(against)
    files.step(actor, file, decision, now=now, reason=reason)
    proposal.second, proposal.second_by, proposal.second_at = decision, actor.account, now
    if decision == OBJECT:
        proposal.ended_at, proposal.ended_because = now, "objected"
    kept = {code: text.strip()[:LONGEST] for code, text in answers.items() if code in _NEEDS}
    proposal.seal_values({**values, "answer": {"reason": reason.strip()[:LONGEST], **kept}})
    proposal.save()
    record(
        actor, AuditTag.DETENTION_ANSWERED, handle=files.handle(file), detail={"answer": decision}
    )
    return proposal


def _answer_problems(
    decision: str, reason: str, answers: dict[str, str], needs: list[str]
) -> list[tuple[str, str]]:
    found = []
    if decision not in {OBJECT, NOT_OBJECT}:
        found.append(("decision", gettext_noop("Choose your answer.")))
    if len(reason.strip()) < necessity.SHORTEST:
        found.append(("reason", _REASON))
    if decision == NOT_OBJECT:
        found += [
            (code, _NEEDS[code])
            for code in needs
            if len(answers.get(code, "").strip()) < necessity.SHORTEST
        ]
    return found


@transaction.atomic
def lapse(now: datetime) -> int:
    """End every proposal whose review date has come or that a safeguard stands against by now.

    Run by the worker; returns how many ended. Nobody is detained or refused by it.
    """
    ended = 0
    rows = Proposal.objects.filter(ended_at=None).select_related(
        "file__case__person", "file__procedure"
    )
    for proposal in rows:
        if stands(proposal, now):
            continue
        child_or_barred = timezone.localdate(now) < proposal.review_on
        actor = Actor.system(Purpose(proposal.file.purpose))
        proposal.ended_at = now
        proposal.ended_because = "safeguard" if child_or_barred else "lapsed"
        proposal.save(update_fields=["ended_at", "ended_because"])
        if proposal.file.procedure.state == "proposed":
            files.step(actor, proposal.file, "lapse", now=now)
        record(
            actor, AuditTag.DETENTION_LAPSED, handle=files.handle(proposal.file),
            detail={"because": proposal.ended_because},
        )  # fmt: skip
        ended += 1
    return ended


def note_held(
    actor: Actor,
    file: LibertyFile,
    *,
    authority: str,
    act: str,
    where: str,
    decided_on: date,
    review_on: date,
    expires_on: date,
    now: datetime | None = None,
) -> Held:
    """Note that an outside authority has decided to detain an adult, with its legal act and dates.

    Raises `Incomplete`, `safeguards.Stopped` (a child, an age in doubt, a protection in force).
    """
    moment = now or timezone.now()
    given = {"authority": authority, "act": act, "where": where}
    try:
        return _note_held(actor, file, given, decided_on, review_on, expires_on, moment)
    except safeguards.Stopped as stopped:
        assessing.note_refused(actor, file, stopped)
        raise


@transaction.atomic
def _note_held(
    actor: Actor,
    file: LibertyFile,
    given: dict[str, str],
    decided_on: date,
    review_on: date,
    expires_on: date,
    now: datetime,
) -> Held:
    file = files.again(actor, file, Action.DECIDE)
    if counts_as_child(file, now):
        raise safeguards.Stopped([safeguards.CHILD])
    # What nobody has asked yet is no reason to forget where somebody is; a protection is.
    against = safeguards.known(files.standing_against(file, now))
    if against:
        raise safeguards.Stopped(against)
    problems = [
        (name, gettext_noop("Write this.")) for name, text in given.items() if not text.strip()
    ]
    today = timezone.localdate(now)
    if decided_on > today:
        problems.append(("decided_on", gettext_noop("This day has not come yet.")))
    if not today < review_on <= expires_on:
        problems.append(
            ("review_on", gettext_noop("The review lies after today and not after the end."))
        )
    if problems:
        raise Incomplete(problems)
    files.step(actor, file, "note_held", now=now)
    _end_proposal(file, now, "held")
    measure = files.measure_in_force(file)
    if measure is not None:
        measures.finish(actor, measure, Outcome.HELD, now)
    file.review_on = min(review_on, expires_on)
    row = Held(
        file=file, key_id=file.key_id, noted_by=actor.account, noted_at=now,
        decided_on=decided_on, review_on=review_on, expires_on=expires_on,
    )  # fmt: skip
    row.seal_values({name: text.strip()[:LONGEST] for name, text in given.items()})
    row.against_since = now if must_be_released(row, now) else None
    row.save()
    files.touch(file, now)
    record(actor, AuditTag.DETENTION_NOTED, handle=files.handle(file))
    return row


def _end_proposal(file: LibertyFile, now: datetime, because: str) -> None:
    proposal = proposal_of(file)
    if proposal is not None:
        proposal.ended_at, proposal.ended_because = now, because
        proposal.save(update_fields=["ended_at", "ended_because"])


def held_of(file: LibertyFile) -> Held | None:
    """The detention outside that nobody noted a release from."""
    found: Held | None = file.held.filter(released_on=None).order_by("-noted_at").first()
    return found


def must_be_released(held: Held, now: datetime) -> list[str]:
    """Codes of safeguards that stand against somebody being held: a child, or may be; others."""
    return safeguards.known(files.standing_against(held.file, now))


def look_after(now: datetime) -> int:
    """Write down whom a safeguard protects by now, so that home pages need not look; how many.

    Nothing follows from it by itself. What is decided about one file looks anew.
    """
    changed = 0
    for held in in_chunks(Held.objects.filter(released_on=None), "noted_at"):
        stands = bool(must_be_released(held, now))
        if stands != (held.against_since is not None):
            since = now if stands else None
            changed += Held.objects.filter(pk=held.pk).update(against_since=since)
    return changed


@transaction.atomic
def review_held(
    actor: Actor,
    file: LibertyFile,
    *,
    released: bool,
    reason: str,
    next_on: date | None = None,
    now: datetime | None = None,
) -> Held:
    """Note the outcome of a review of the detention outside: free again, or the next date.

    Raises `Incomplete`. Somebody who counts as a child by now has no next date: only a release can
    be noted, and the file stays overdue until then.
    """
    file = files.again(actor, file, Action.DECIDE)
    moment = now or timezone.now()
    today = timezone.localdate(moment)
    held = held_of(file)
    if held is None:
        raise Incomplete([("released", gettext_noop("Nobody is noted as held."))])
    problems = [] if reason.strip() else [("reason", _REASON)]
    if not released and must_be_released(held, moment):
        raise safeguards.Stopped(must_be_released(held, moment))
    if not released and (next_on is None or not today < next_on <= held.expires_on):
        problems.append(
            ("next_on", gettext_noop("Choose a day after today and before the act runs out."))
        )
    if problems:
        raise Incomplete(problems)
    files.step(
        actor, file, "note_released" if released else "note_reviewed", now=moment, reason=reason
    )
    if released:
        held.released_on = today
    elif next_on is not None:
        held.review_on = next_on
    held.save(update_fields=["released_on", "review_on"])
    file.review_on = None if released else held.review_on
    files.touch(file, moment)
    row = Review(
        file=file, key_id=file.key_id, decision="released" if released else "held",
        author=actor.account, at=moment, next_on=None if released else next_on,
    )  # fmt: skip
    row.seal_values({"reason": reason.strip()[:LONGEST], "view": ""})
    row.save()
    tag = AuditTag.DETENTION_ENDED if released else AuditTag.DETENTION_REVIEWED
    record(actor, tag, handle=files.handle(file))
    return held


@transaction.atomic
def want_release(
    actor: Actor, file: LibertyFile, *, words: str, now: datetime | None = None
) -> Review:
    """Write down that an authority holds somebody whom a safeguard protects (a child, above all).

    This is no detention record: it asks for the release, stays on top of the holder's list until
    the person is free, and says where the person is. Raises `Incomplete`.
    """
    file = files.again(actor, file, Action.CHANGE)
    moment = now or timezone.now()
    if len(words.strip()) < necessity.SHORTEST:
        raise Incomplete(
            [
                (
                    "words",
                    gettext_noop(
                        "Write who holds the person, where, since when, and whom you told."
                    ),
                )
            ]
        )
    row = _written(actor, file, "must_release", words, moment)
    file.release_wanted_at = file.release_wanted_at or moment
    files.touch(file, moment)
    record(actor, AuditTag.DETENTION_REFUSED, handle=files.handle(file), outcome="release_wanted")
    return row


@transaction.atomic
def free_again(
    actor: Actor, file: LibertyFile, *, words: str, now: datetime | None = None
) -> Review:
    """Write down that the person whose release was asked for is free. Raises `Incomplete`."""
    file = files.again(actor, file, Action.CHANGE)
    moment = now or timezone.now()
    if not words.strip():
        raise Incomplete([("words", _REASON)])
    row = _written(actor, file, "released", words, moment)
    file.release_wanted_at = None
    files.touch(file, moment)
    record(actor, AuditTag.DETENTION_ENDED, handle=files.handle(file))
    return row


def _written(actor: Actor, file: LibertyFile, decision: str, words: str, now: datetime) -> Review:
    row = Review(file=file, key_id=file.key_id, decision=decision, author=actor.account, at=now)
    row.seal_values({"reason": words.strip()[:LONGEST], "view": ""})
    row.save()
    return row


def opened_values(row: Proposal | Held) -> dict[str, object]:
    """The row's words; empty after erasure."""
    try:
        return row.values()
    except KeyDestroyed:
        return {}
