# SPDX-License-Identifier: EUPL-1.2
"""Both sides of a match after the sought person agreed: verify, agree on contact, come together.

Either institution takes its own steps; the other hears of them by letter. A step that both take at
once counts for both (`_VERBS`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.procedures import services as procedures
from mostovi.procedures.state import Choice, StepRefused
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.tracing import answering, proposing, reach, requesting, vocabulary
from mostovi.tracing.answering import InvalidAnswer
from mostovi.tracing.models import MatchWords, SealedAnswers, Side, TracingMatch
from mostovi.tracing.telling import person_of, tell, written
from mostovi.tracing.verification import commitment, is_opened_by, new_nonce
from mostovi.tracing.vocabulary import STEP, VERIFICATION, Question

LONGEST_TEXT = 2000
LONGEST_ANSWER = 600
_VERBS: Mapping[str, Sequence[str]] = {
    "confirm": ("confirm_at_{}", "complete_at_{}"),
    "refute": ("refute_at_{}",),
    "agree_contact": ("agree_at_{}", "join_at_{}"),
    "assess": ("assess_at_{}",),
    "reunite": ("reunite_at_{}",),
    "visit": ("visit_at_{}",),
    "close": ("close_at_{}",),
    "withdraw": ("withdraw_at_{}",),
}
"""What a side does, as the verbs of the procedure; which one depends on what the other has done."""
_ENDS_WITH_ERASURE = frozenset({"refute", "withdraw"})
# A match's state, and the step of the search that follows from it.
_FOLLOWS: Mapping[str, str] = {
    "candidate": "agreed", "verified": "verified", "contact_agreed": "contact",
    "assessed": "assessed", "reunited": "reunited", "follow_up": "visited", "closed": "close",
}  # fmt: skip


def verb_of(match: TracingMatch, event: str, side: str) -> str:
    """The procedure's verb for `event` by `side` from where the match stands."""
    procedure = procedures.procedure_of(match.procedure)
    named = [pattern.format(side) for pattern in _VERBS[event]]
    here = match.procedure.state
    return next((verb for verb in named if procedure.transition(verb, here)), named[0])


def event_of(verb: str) -> str:
    """The counterpart of `verb_of`: `complete_at_holder` is a `confirm`."""
    for event, patterns in _VERBS.items():
        if any(verb == pattern.format(side) for pattern in patterns for side in Side.values):
            return event
    return ""


# --- Steps ---------------------------------------------------------------------------------------


@transaction.atomic
def step(
    actor: Actor, match: TracingMatch, *, event: str, text: str = "", now: datetime | None = None
) -> None:
    """Take a step on our side and tell the other. `event` is a key of `_VERBS`.

    Raises `StepRefused` with every reason, `NotPermitted` when our person's consent has ended,
    `InvalidAnswer` for words that are too long.
    """
    match = _locked(actor, match)
    moment = now or timezone.now()
    if event not in _VERBS:
        raise InvalidAnswer("event", gettext_noop("Choose what happened."))
    if len(text) > LONGEST_TEXT:
        raise InvalidAnswer("text", gettext_noop("Shorten this to 2000 characters."))
    verb = verb_of(match, event, match.side)
    procedures.apply(actor, instance=match.procedure, verb=verb, at=moment, reason=text)
    ends = event in _ENDS_WITH_ERASURE
    data: dict[str, Any] = {"event": event, "at": written(moment)}
    if text.strip() and not ends:
        keep_words(match, verb, match.side, actor, text, moment)
        data["text"] = text.strip()
    tell(actor, match, STEP, data, moment, ends=ends)
    after(actor, match, event, moment)


@transaction.atomic
def prepare(
    actor: Actor, match: TracingMatch, *, done: Collection[str], now: datetime | None = None
) -> None:
    """Tick the preparations that are done at our side, and tell the other."""
    match = _locked(actor, match)
    moment = now or timezone.now()
    if match.procedure.state not in {"contact_agreed", "assessed"}:
        raise InvalidAnswer("done", gettext_noop("The preparations come after contact is agreed."))
    known = {one.code for one in vocabulary.preparations() if match.side in one.sides}
    match.done_here = sorted(known & set(done))
    match.changed_at = moment
    match.save(update_fields=["done_here", "changed_at"])
    data = {"event": "prepare", "at": written(moment), "steps": match.done_here}
    tell(actor, match, STEP, data, moment)
    _log(actor, match, "prepare")


def after(actor: Actor, match: TracingMatch, event: str, now: datetime) -> None:
    """What follows from a step at this side: the search moves, an end erases."""
    match.changed_at = now
    if match.procedure.over_at is not None and match.ended_at is None:
        match.ended_at = now
    if event in _ENDS_WITH_ERASURE:
        if match.side == Side.HOLDER:
            ((_, values),) = opened([match])
            if values and "label" in values:
                proposing.not_again(match, values["label"], now)
        answering.erase(actor, match)
    match.save()
    _log(actor, match, event)
    if match.side == Side.SEEKER:
        _follow(actor, match, now)


def _follow(actor: Actor, match: TracingMatch, now: datetime) -> None:
    """The search of which this is a match goes where its match went."""
    sought = match.sought
    if sought is None or sought.ended_at is not None:
        return
    system = Actor.system(actor.purpose)
    verb = _FOLLOWS.get(match.procedure.state)
    if verb is not None:
        requesting.follow(system, sought, verb, now, reason="closed with its match")
        return
    if match.ended_at is None or match.procedure.state == "safe_word":
        return
    others = sought.matches.filter(ended_at=None).exclude(pk=match.pk)
    if not others.exists():
        requesting.follow(system, sought, "search_on", now)


def end_here(
    actor: Actor, match: TracingMatch, verb: str, now: datetime, *, own: bool = False
) -> None:
    """End a match at this side without a letter of its own: another letter has told of it."""
    if match.procedure.over_at is not None:
        return
    try:
        if own:
            procedures.apply(Actor.system(actor.purpose), instance=match.procedure, verb=verb,
                             at=now)  # fmt: skip
        else:
            procedures.hear(Actor.system(actor.purpose), instance=match.procedure, verb=verb,
                            at=now)  # fmt: skip
    except StepRefused:
        return
    match.ended_at = match.changed_at = now
    match.save()
    answering.erase(Actor.system(actor.purpose), match)


def end_for_erasure(actor: Actor, match: TracingMatch, now: datetime) -> None:
    """The sought person is erased: the other side hears of an end only if it knew of the match."""
    if match.procedure.state in {"proposed", "speaking"}:
        end_here(actor, match, "stay_silent", now, own=True)
        return
    verb = verb_of(match, "withdraw", match.side)
    try:
        procedures.apply(actor, instance=match.procedure, verb=verb, at=now)
    except StepRefused:
        answering.erase(actor, match)
        return
    tell(actor, match, STEP, {"event": "withdraw", "at": written(now)}, now, ends=True)
    after(actor, match, "withdraw", now)


def consent_ended(peer: str, person_id: Any, at: datetime) -> None:
    """Our person took the consent toward `peer` back: everything stops, the other side is told."""
    live = TracingMatch.objects.filter(peer=peer, ended_at=None).select_related(
        "procedure", "person", "sought__request__person"
    )
    for match in live.filter(person=person_id, side=Side.HOLDER) | live.filter(
        sought__request__person=person_id, side=Side.SEEKER
    ):
        if match.procedure.state in {"proposed", "speaking"}:
            continue
        actor = Actor.system(_purpose(match))
        verb = verb_of(match, "withdraw", match.side)
        try:
            procedures.apply(actor, instance=match.procedure, verb=verb, at=at)
        except StepRefused:
            continue
        tell(actor, match, STEP, {"event": "withdraw", "at": written(at)}, at, ends=True)
        after(actor, match, "withdraw", at)


def _purpose(match: TracingMatch) -> Any:
    from mostovi.rights.purposes import Purpose

    return Purpose(match.purpose)


# --- Verification --------------------------------------------------------------------------------


def questions(match: TracingMatch) -> list[Question]:
    """The same questions at both nodes; simple ones when a child is one of the two."""
    from mostovi.people import consenting

    child = match.other_is_child or consenting.is_child(person_of(match), match.created_at)
    return vocabulary.questions_for(str(match.thread), child=child)


@transaction.atomic
def seal_answers(
    actor: Actor, match: TracingMatch, answers: Mapping[str, str], *, now: datetime | None = None
) -> None:
    """Seal our person's answers: the other side gets a commitment, and the answers only once its
    own are sealed too. Cannot be changed afterwards. Raises `InvalidAnswer`.
    """
    match = _locked(actor, match)
    moment = now or timezone.now()
    asked = questions(match)
    if match.procedure.state != "candidate" and not match.procedure.state.startswith("verified_by"):
        raise InvalidAnswer("answers", gettext_noop("Verification is not open."))
    if SealedAnswers.objects.filter(match=match, side=match.side).exists():
        raise InvalidAnswer("answers", gettext_noop("The answers are sealed already."))
    listed = [
        {"question": one.code, "answer": str(answers.get(one.code, "")).strip()} for one in asked
    ]
    for one in listed:
        if not one["answer"]:
            raise InvalidAnswer(
                one["question"],
                gettext_noop("Write the answer in the person's words, or that they do not know."),
            )
        if len(one["answer"]) > LONGEST_ANSWER:
            raise InvalidAnswer(one["question"], gettext_noop("Shorten this to 600 characters."))
    nonce = new_nonce()
    row = SealedAnswers(
        key_id=match.key_id, match=match, side=match.side, committed_at=moment,
        commitment=commitment(str(match.thread), match.side, nonce, listed), author=actor.account,
    )  # fmt: skip
    row.seal_values({"answers": listed, "nonce": nonce})
    row.save()
    tell(actor, match, VERIFICATION, {"event": "commitment", "commitment": row.commitment}, moment)
    record(actor, AuditTag.TRACING_ANSWERS, handle=reach.match_handle(match))
    reveal(actor, match, moment)


def reveal(actor: Actor, match: TracingMatch, now: datetime) -> None:
    """Show our answers to the other side as soon as both sides are bound to theirs."""
    rows = {row.side: row for row in SealedAnswers.objects.filter(match=match)}
    ours = rows.get(match.side)
    if ours is None or len(rows) < 2 or ours.revealed_at is not None:
        return
    values = ours.values()
    ours.revealed_at = now
    ours.save(update_fields=["revealed_at"])
    tell(
        actor, match, VERIFICATION,
        {"event": "answers", "answers": values["answers"], "nonce": values["nonce"]}, now,
    )  # fmt: skip


def take_commitment(match: TracingMatch, side: str, committed: str, now: datetime) -> None:
    """The other side is bound to its answers."""
    row, made = SealedAnswers.objects.get_or_create(
        match=match, side=side,
        defaults={
            "key_id": match.key_id, "commitment": committed, "committed_at": now, "sealed": b"",
        },
    )  # fmt: skip
    if made:
        row.seal_values({})
        row.save(update_fields=["sealed"])


def take_answers(
    match: TracingMatch, side: str, nonce: str, answers: Sequence[Mapping[str, str]], now: datetime
) -> bool:
    """The other side's answers; False when they are not those it was bound to."""
    row = SealedAnswers.objects.filter(match=match, side=side).first()
    if row is None:
        return False
    if not is_opened_by(row.commitment, str(match.thread), side, nonce, answers):
        return False
    if row.revealed_at is None:
        row.seal_values({"answers": [dict(one) for one in answers], "nonce": nonce})
        row.revealed_at = now
        row.save()
    return True


def revealed(match: TracingMatch) -> dict[str, Mapping[str, str]]:
    """Both sides' answers by side and question, once both are open; our own as soon as sealed."""
    found: dict[str, Mapping[str, str]] = {}
    for row, values in opened(SealedAnswers.objects.filter(match=match)):
        if values and "answers" in values and (row.side == match.side or both_revealed(match)):
            found[row.side] = {one["question"]: one["answer"] for one in values["answers"]}
    return found


def both_revealed(match: TracingMatch) -> bool:
    """Whether the answers of both sides are here."""
    return SealedAnswers.objects.filter(match=match).exclude(revealed_at=None).count() == 2


# --- Read ----------------------------------------------------------------------------------------


def choices(actor: Actor, match: TracingMatch) -> list[Choice]:
    """The verbs of our side for `actor`; those with a form of their own are left to it."""
    own = {"ask_person", "set_aside", "tell_match", "stay_silent", "wait", "send_safe_word"}
    return [
        one
        for one in procedures.choices(actor, instance=match.procedure)
        if one.transition.verb not in own and one.transition.side == match.side
    ]


def keep_words(
    match: TracingMatch, verb: str, side: str, author: Actor | None, text: str, at: datetime
) -> None:
    """Keep what was said with a step, under the match's key."""
    if not text.strip() or not vault().holds(match.key_id):
        return
    row = MatchWords(
        key_id=match.key_id, match=match, verb=verb, side=side,
        author=author.account if author else None, at=at,
    )  # fmt: skip
    row.seal_values({"text": text.strip()[:LONGEST_TEXT]})
    row.save()


def _locked(actor: Actor, match: TracingMatch) -> TracingMatch:
    rows = reach.matches(actor, Action.DECIDE)
    return rows.select_for_update(of=("self",)).get(pk=match.pk)


def _log(actor: Actor, match: TracingMatch, verb: str) -> None:
    record(
        actor, AuditTag.TRACING_MATCH_STEP, handle=reach.match_handle(match), detail={"verb": verb}
    )
