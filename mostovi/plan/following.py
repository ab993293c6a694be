# SPDX-License-Identifier: EUPL-1.2
"""Verbs about milestones and support: say, put together, answer; and what comes in about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.services import post
from mostovi.plan import letters
from mostovi.plan.content import plan as plan_of
from mostovi.plan.matching import Need, pairs
from mostovi.plan.models import Milestone, Support, SupportMatch
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.services import SECRETARIAT

PATIENCE = timedelta(days=30)
"""How long delivery is tried."""
_NO_PERSONS = {"none": "support and steps of an action, no data on persons"}
_THREADS = UUID("0c8f3d0a-6f0e-4d3f-9a53-08b8a4a1b2de")
_MATCHES = UUID("9a6c8a2e-5b7e-4a64-8a3e-3f54a6f0c7d1")


class NotTheirs(Exception):
    """A partner speaks for itself, at its own node; the secretariat puts together."""


class NotOpen(Exception):
    """What is to be changed is settled already."""


def may_say(actor: Actor) -> bool:
    """Whether `actor` speaks for the own partner about milestones and support."""
    own = settings.MOSTOVI.partner
    return actor.role is Role.PARTNER_FOCAL_POINT and own in PARTNERS


def may_match(actor: Actor) -> bool:
    """Whether `actor` puts requests and offers together: the secretariat, at its own node."""
    return actor.role is Role.SECRETARIAT and settings.MOSTOVI.partner == SECRETARIAT


def milestones(
    plan: str, action: int | None = None, partner: str = "", *, until: datetime | None = None
) -> list[Milestone]:
    """The milestones as they were last said, by day. `moved_from` is the day they had at first.

    until: only what had been said by then.
    """
    rows = Milestone.objects.filter(plan=plan).order_by("sequence")
    rows = rows.filter(action=action) if action else rows
    rows = rows.filter(partner=partner) if partner else rows
    rows = rows.filter(recorded_at__lt=until) if until else rows
    first: dict[UUID, date] = {}
    newest: dict[UUID, Milestone] = {}
    for row in rows:
        first.setdefault(row.reference, row.due)
        newest[row.reference] = row
    for reference, row in newest.items():
        row.moved_from = first[reference] if first[reference] != row.due else None
    return sorted(newest.values(), key=lambda row: (row.due, row.partner, row.title))


def supports(
    plan: str, action: int | None = None, *, until: datetime | None = None
) -> list[Support]:
    """Requests and offers as they were last said, open ones first.

    until: only what had been said by then.
    """
    rows = Support.objects.filter(plan=plan).order_by("sequence")
    rows = rows.filter(action=action) if action else rows
    rows = rows.filter(recorded_at__lt=until) if until else rows
    newest = {row.reference: row for row in rows}
    return sorted(newest.values(), key=lambda row: (row.state != "open", row.action, row.partner))


@transaction.atomic
def say_milestone(
    actor: Actor, *, action: int, title: str, due: date, state: str = Milestone.State.OPEN,
    reference: UUID | None = None, plan: str = "", now: datetime | None = None,
) -> Milestone:  # fmt: skip
    """Set a milestone of the own partner, or say how it stands now; the secretariat is told.

    Raises `NotTheirs`, `KeyError` for an unknown action, `DoesNotExist` for another's milestone.
    """
    chosen = _allowed(actor, plan, action)
    earlier = None
    if reference:
        own = Milestone.objects.filter(
            partner=settings.MOSTOVI.partner, plan=chosen, action=action, reference=reference
        )
        earlier = own.order_by("-sequence").first()
        if earlier is None:
            raise Milestone.DoesNotExist
        if (earlier.title, earlier.due, earlier.state) == (title, due, state):
            return earlier
    step = letters.Step(
        chosen, settings.MOSTOVI.partner, action, reference or uuid4(),
        earlier.sequence + 1 if earlier else 1, title, due, str(state),
    )  # fmt: skip
    moment = now or timezone.now()
    stored: Milestone = _keep(Milestone, step, moment, actor.account)
    _send(actor, SECRETARIAT, letters.MILESTONE_TYPE, step, moment)
    record(
        actor, AuditTag.PLAN_MILESTONE_SAID,
        detail={"action": action, "sequence": step.sequence, "state": step.state},
    )  # fmt: skip
    return stored


@transaction.atomic
def say_support(
    actor: Actor, *, action: int, side: str, sort: str, text: str, plan: str = "",
    now: datetime | None = None,
) -> Support:  # fmt: skip
    """Ask for support, or offer it; the secretariat is told. Raises `NotTheirs`, `KeyError`."""
    chosen = _allowed(actor, plan, action)
    own = settings.MOSTOVI.partner
    help_ = letters.Help(chosen, own, action, uuid4(), 1, side, sort, text, "open")
    return _say(actor, help_, now or timezone.now())


@transaction.atomic
def close_support(
    actor: Actor, reference: UUID, *, state: str, now: datetime | None = None
) -> Support:
    """Say that it was met, or take it back. Raises `NotTheirs`, `DoesNotExist`, `NotOpen`."""
    if state not in (Support.State.MET, Support.State.WITHDRAWN):
        raise ValueError(state)
    own = Support.objects.filter(partner=settings.MOSTOVI.partner, reference=reference)
    row = own.order_by("-sequence").first()
    if row is None:
        raise Support.DoesNotExist
    _allowed(actor, row.plan, row.action)
    if row.state == state:
        return row
    if row.state != Support.State.OPEN:
        raise NotOpen
    help_ = letters.Help(
        row.plan, row.partner, row.action, reference, row.sequence + 1, row.side, row.sort,
        row.text, state,
    )  # fmt: skip
    return _say(actor, help_, now or timezone.now())


def _allowed(actor: Actor, plan: str, action: int) -> str:
    """The plan's code, when `actor` may speak about the action. Raises `NotTheirs`, `KeyError`."""
    require(actor, Action.CHANGE, Kind.PLAN)
    if not may_say(actor):
        raise NotTheirs
    chosen = plan_of(plan)
    chosen.action(action)
    return chosen.code


def _say(actor: Actor, help_: letters.Help, moment: datetime) -> Support:
    stored: Support = _keep(Support, help_, moment, actor.account)
    _send(actor, SECRETARIAT, letters.SUPPORT_TYPE, help_, moment)
    record(
        actor, AuditTag.PLAN_SUPPORT_SAID,
        detail={
            "action": help_.action, "side": help_.side, "sort": help_.sort, "state": help_.state,
        },
    )  # fmt: skip
    return stored


def _keep(
    model: Any, said: letters.Step | letters.Help, at: datetime, officer: UUID | None,
    node: str = "",
) -> Any:  # fmt: skip
    values = {name: getattr(said, name) for name in said.__slots__}
    return model.objects.create(**values, node=node, recorded_at=at, officer=officer)


def _send(
    actor: Actor, to: str, letter_type: str, said: letters.Step | letters.Help | letters.Match,
    now: datetime,
) -> None:  # fmt: skip
    # What was recorded for an earlier day leaves today: its letter must not be born expired.
    leaves = max(now, timezone.now())
    post(
        actor, to=to, letter_type=letter_type, purpose=actor.purpose, basis=_NO_PERSONS,
        data=letters.compose_said(said), now=leaves, expires=leaves + PATIENCE,
        # One thread a thing and receiver, so that what is said of it arrives in its order.
        thread=uuid5(_THREADS, f"{settings.MOSTOVI.code}:{to}:{said.reference}"),
    )  # fmt: skip


# --- put together ------------------------------------------------------------------------------


def suggestions(plan: str) -> list[tuple[Support, Support]]:
    """Open requests and offers that could fit; somebody at the secretariat decides."""
    rows = {row.reference: row for row in supports(plan) if row.state == Support.State.OPEN}
    sides: dict[str, list[Need]] = {"request": [], "offer": []}
    for row in rows.values():
        sides[row.side].append(Need(row.reference, row.partner, row.action, row.sort))
    tried = SupportMatch.objects.values_list("request", "offer")
    found = pairs(sides["request"], sides["offer"], tried)
    return [(rows[need.reference], rows[offer.reference]) for need, offer in found]


@transaction.atomic
def propose_match(
    actor: Actor, *, request: UUID, offer: UUID, now: datetime | None = None
) -> SupportMatch:
    """Put a request and an offer together and tell both partners. Doing it twice does it once.

    Raises `NotTheirs` for anybody but the secretariat, `DoesNotExist`, `NotOpen`.
    """
    require(actor, Action.CHANGE, Kind.PLAN)
    if not may_match(actor):
        raise NotTheirs
    sides = {}
    for reference, side in ((request, "request"), (offer, "offer")):
        rows = Support.objects.filter(reference=reference, side=side)
        row = rows.order_by("-sequence").first()
        if row is None:
            raise Support.DoesNotExist
        sides[side] = row
    need, given = sides["request"], sides["offer"]
    reference = uuid5(_MATCHES, f"{request}:{offer}")
    if there := SupportMatch.objects.filter(reference=reference, said_by=SECRETARIAT).first():
        return there
    if not need.state == given.state == Support.State.OPEN or need.partner == given.partner:
        raise NotOpen
    match = letters.Match(
        need.plan, need.action, reference, SECRETARIAT, "proposed", need.sort, request,
        need.partner, need.text, offer, given.partner, given.text,
    )  # fmt: skip
    moment = now or timezone.now()
    stored = _keep_match(match, moment, actor.account)
    for row in (need, given):
        _send(actor, row.node or row.partner, letters.MATCH_TYPE, match, moment)
    record(
        actor, AuditTag.PLAN_SUPPORT_MATCHED,
        detail={"action": need.action, "request": need.partner, "offer": given.partner},
    )  # fmt: skip
    return stored


@transaction.atomic
def answer_match(
    actor: Actor, reference: UUID, *, agree: bool, now: datetime | None = None
) -> SupportMatch:
    """Agree or decline for the own partner; the secretariat is told and tells the other one."""
    require(actor, Action.CHANGE, Kind.PLAN)
    if not may_say(actor):
        raise NotTheirs
    own = settings.MOSTOVI.partner
    proposed = SupportMatch.objects.get(reference=reference, said_by=SECRETARIAT)
    if own not in (proposed.request_partner, proposed.offer_partner):
        raise SupportMatch.DoesNotExist
    word = "agreed" if agree else "declined"
    if there := SupportMatch.objects.filter(reference=reference, said_by=own).first():
        if there.word != word:
            raise NotOpen
        return there
    match = _match_of(proposed, own, word)
    moment = now or timezone.now()
    stored = _keep_match(match, moment, actor.account)
    _send(actor, SECRETARIAT, letters.MATCH_TYPE, match, moment)
    record(
        actor, AuditTag.PLAN_SUPPORT_ANSWERED, outcome="done",
        detail={"action": match.action, "word": word},
    )  # fmt: skip
    return stored


def matches(plan: str) -> list[tuple[SupportMatch, dict[str, str]]]:
    """Every match with the word of each partner that answered, newest first."""
    rows = SupportMatch.objects.filter(plan=plan).order_by("recorded_at")
    proposed: dict[UUID, SupportMatch] = {}
    answers: dict[UUID, dict[str, str]] = {}
    for row in rows:
        if row.said_by == SECRETARIAT:
            proposed[row.reference] = row
        else:
            answers.setdefault(row.reference, {})[row.said_by] = row.word
    return [(row, answers.get(ref, {})) for ref, row in reversed(proposed.items())]


def _match_of(row: SupportMatch, said_by: str, word: str) -> letters.Match:
    values = {name: getattr(row, name) for name in letters.Match.__slots__}
    return letters.Match(**{**values, "said_by": said_by, "word": word})


def _keep_match(match: letters.Match, at: datetime, officer: UUID | None) -> SupportMatch:
    values = {name: getattr(match, name) for name in match.__slots__}
    return SupportMatch.objects.create(**values, recorded_at=at, officer=officer)


# --- what comes in -----------------------------------------------------------------------------


def receive_milestone(letter: ReceivedLetter) -> None:
    """Take a partner's milestone at the secretariat's node. Raises `Reject`."""
    _receive(letter, Milestone, letters.read_step, AuditTag.PLAN_MILESTONE_RECEIVED)


def receive_support(letter: ReceivedLetter) -> None:
    """Take a partner's request or offer at the secretariat's node. Raises `Reject`."""
    _receive(letter, Support, letters.read_help, AuditTag.PLAN_SUPPORT_RECEIVED)


def _receive(letter: ReceivedLetter, model: Any, read: Any, tag: AuditTag) -> None:
    if settings.MOSTOVI.partner != SECRETARIAT:
        raise Reject("not_for_us", "What partners say about the plan goes to the secretariat.")
    said = _read(letter, read)
    if said.partner not in PARTNERS or _partner(letter) != said.partner:
        raise Reject("not_the_partner", "A node speaks for its own partner only.")
    earlier = model.objects.filter(reference=said.reference).order_by("-sequence").first()
    if earlier and (earlier.partner, earlier.plan, earlier.action) != (
        said.partner, said.plan, said.action,
    ):  # fmt: skip
        raise Reject("not_the_partner", "This reference belongs to something else.")
    if earlier and said.sequence <= earlier.sequence:
        raise Reject("old_report", f"Statement {earlier.sequence} is already here.")
    _keep(model, said, letter.received_at, None, node=letter.source)
    record(letter.actor, tag, detail={"partner": said.partner, "action": said.action})


def receive_match(letter: ReceivedLetter) -> None:
    """Take a proposal at a partner's node, or an answer at the secretariat's. Raises `Reject`.

    The secretariat passes an answer on to the other partner, so that both know the same.
    """
    match = _read(letter, letters.read_match)
    own, source = settings.MOSTOVI.partner, _partner(letter)
    both = (match.request_partner, match.offer_partner)
    if own == SECRETARIAT:
        if match.said_by != source or source not in both or match.word == "proposed":
            raise Reject("not_the_partner", "A partner answers for itself.")
    elif source != SECRETARIAT or own not in both or match.said_by == own:
        raise Reject("not_for_us", "Matches come from the secretariat, to their two partners.")
    if own == SECRETARIAT or match.said_by != SECRETARIAT:
        proposed = SupportMatch.objects.filter(reference=match.reference, said_by=SECRETARIAT)
        row = proposed.first()
        if row is None or _match_of(row, match.said_by, match.word) != match:
            raise Reject("unknown_match", "No such match was proposed.")
    try:
        with transaction.atomic():
            _keep_match(match, letter.received_at, None)
    except IntegrityError:
        raise Reject("old_report", "This was said before.") from None
    record(letter.actor, AuditTag.PLAN_SUPPORT_ANSWERED, detail={"action": match.action})
    if own == SECRETARIAT:
        _pass_on(letter, match)


def _pass_on(letter: ReceivedLetter, match: letters.Match) -> None:
    other = match.offer_partner if match.said_by == match.request_partner else match.request_partner
    reference = match.offer if other == match.offer_partner else match.request
    row = Support.objects.filter(reference=reference).order_by("-sequence").first()
    to = row.node if row and row.node else other
    _send(letter.actor, to, letters.MATCH_TYPE, match, letter.received_at)


def _read(letter: ReceivedLetter, read: Any) -> Any:
    try:
        said = read(letter.data)
        plan_of(said.plan).action(said.action)
    except (KeyError, ValueError) as error:
        raise Reject("unknown_action", f"The letter cannot be read: {error}.") from error
    return said


def _partner(letter: ReceivedLetter) -> str:
    return letter.source.split("-", 1)[0]


__all__: Sequence[str] = (
    "NotOpen", "NotTheirs", "answer_match", "close_support", "matches", "may_match", "may_say",
    "milestones", "propose_match", "receive_match", "receive_milestone", "receive_support",
    "say_milestone", "say_support", "suggestions", "supports",
)  # fmt: skip
