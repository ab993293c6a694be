# SPDX-License-Identifier: EUPL-1.2
"""What an officer does with counts of people who are known to two partners: propose, decide, read.

Two officers look, one at each side. What is read of this node's files, and how, is not theirs to
choose: see `tracing.headcount`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostovi.exchange.models import Peer
from mostovi.exchange.reasons import LetterRefused
from mostovi.exchange.services import post
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.vault import vault
from mostovi.statistics import overlap_rounds
from mostovi.statistics.months import Month
from mostovi.statistics.overlap_models import OverlapRound
from mostovi.statistics.overlap_rounds import (
    ANSWER,
    COUNTED,
    NO_PERSONS,
    PROPOSAL,
    Side,
    State,
)
from mostovi.statistics.overlap_rules import Refusal, rules
from mostovi.statistics.overlaps import Estimate
from mostovi.statistics.partners import NAMES
from mostovi.statistics.submitting import WordsMissing
from mostovi.tracing import one_text
from mostovi.tracing.headcount import Population

REASONS: dict[str, str | Promise] = {
    Refusal.MONTHS_WRONG: gettext_lazy("The last month lies before the first one."),
    Refusal.MONTHS_NOT_OVER: gettext_lazy("The last month is not over yet."),
    Refusal.MONTHS_TOO_MANY: gettext_lazy("A round is about at most twelve months together."),
    Refusal.MONTHS_TOO_OLD: gettext_lazy("The first month lies too far back."),
    Refusal.MONTHS_USED: gettext_lazy(
        "One of these months has been counted with this partner already, or its elements have "
        "left. It is not counted again: if one person came to a list or left it in between, two "
        "sizes would tell whether the other partner knows this person. Choose other months."
    ),
    Refusal.UNDER_WAY: gettext_lazy(
        "A round with this partner is under way. Wait until it has ended."
    ),
    Refusal.NOT_A_PARTNER: gettext_lazy("People are counted with another of the six partners."),
    Refusal.OTHER_IDENTITY: gettext_lazy(
        "The two nodes make identities in different ways. Both need the same version of Mostovi."
    ),
    Refusal.HOLDS_NO_PERSONS: gettext_lazy("This node holds no persons and has nobody to count."),
    "not_as_agreed": gettext_lazy("The other node sent something that is not as agreed."),
    "too_many_people": gettext_lazy("More people than a round may hold. Choose fewer months."),
    "crossed": gettext_lazy(
        "Both partners proposed a round at the same time. The other one goes on."
    ),
    "file_lost": gettext_lazy("A file of the round could not be fetched."),
}
"""Why a round was not begun, or was lost, by its code."""


class RoundRefused(ValueError):
    """The round cannot be proposed, agreed or ended; the message says why."""


def reason_text(code: str) -> str:
    """Why a round was lost, in words."""
    found = REASONS.get(code)
    return str(found) if found else _("A letter of the round did not arrive, or was refused.")


# --- Reading --------------------------------------------------------------------------------------


def rounds(actor: Actor) -> QuerySet[OverlapRound]:
    """All rounds of this node, newest first. Raises `Refused`."""
    require(actor, Action.READ, Kind.OVERLAP)
    return OverlapRound.objects.all()


def to_decide(actor: Actor, now: datetime) -> QuerySet[OverlapRound]:
    """Proposals of other partners that wait for an officer here, the first to expire first."""
    waiting = rounds(actor).filter(side=Side.THEIRS, state=State.PROPOSED, expires_at__gt=now)
    return waiting.order_by("expires_at")


def find(actor: Actor, pk: UUID) -> OverlapRound:
    """One round. Raises `Refused`, `OverlapRound.DoesNotExist`."""
    return rounds(actor).get(pk=pk)


def partners() -> list[tuple[str, str | Promise]]:
    """Nodes of other partners with which a round can be run: code and name."""
    found: list[tuple[str, str | Promise]] = []
    for peer in Peer.objects.order_by("code"):
        partner = peer.code.split("-", 1)[0]
        if partner in NAMES and partner != settings.MOSTOVI.partner and peer.node.allows(PROPOSAL):
            name = NAMES[partner] if peer.code == partner else f"{NAMES[partner]}, {peer.code}"
            found.append((peer.code, name))
    return found


def counted(actor: Actor, first: Month) -> list[OverlapRound]:
    """Rounds about months from `first` on that were counted, newest months first."""
    done = rounds(actor).filter(state__in=COUNTED, last__gte=str(first))
    return list(done.order_by("-last", "partner"))


def duplicates(done: Iterable[OverlapRound]) -> dict[str, Estimate | None]:
    """What these rounds counted, for the quality report."""
    return {f"{row.partner} {row.first}/{row.last}": estimate(row) for row in done}


def estimate(row: OverlapRound) -> Estimate | None:
    """What a round counted; None before its end and for too few people."""
    if row.value is None or row.low is None or row.high is None:
        return None
    return Estimate(row.value, row.low, row.high)


# --- Proposing and deciding -----------------------------------------------------------------------


def propose(
    actor: Actor, *, peer: str, first: Month, last: Month, population: Population,
    now: datetime | None = None,
) -> OverlapRound:  # fmt: skip
    """Propose a round to another partner's node. Raises `Refused`, `RoundRefused`."""
    require(actor, Action.CREATE, Kind.OVERLAP)
    now = now or timezone.now()
    partner = peer.split("-", 1)[0]
    if peer not in dict(partners()):
        raise RoundRefused(REASONS[Refusal.NOT_A_PARTNER])
    overlap_rounds.expire(now, partner)
    why = overlap_rounds.refused(partner, first, last, now)
    if why is not None:
        raise RoundRefused(REASONS[why])
    row = OverlapRound(
        key_id=vault().new_key(), side=Side.OURS, partner=partner, peer=peer, first=str(first),
        last=str(last), population=population, thread=uuid4(), proposed_at=now,
        proposed_by=actor.account, expires_at=now + rules().answer_within,
    )  # fmt: skip
    row.seal_values({})
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _post(
                actor, row, PROPOSAL, first=row.first, last=row.last,
                population=population.value, identity=one_text.VERSION,
            )  # fmt: skip
            overlap_rounds.log(actor, AuditTag.OVERLAP_PROPOSED, row)
    except IntegrityError as error:
        raise RoundRefused(REASONS[Refusal.UNDER_WAY]) from error
    return row


@transaction.atomic
def agree(actor: Actor, pk: UUID, *, now: datetime | None = None) -> OverlapRound:
    """Agree to what another partner proposed; the worker does the rest. Raises `RoundRefused`."""
    now = now or timezone.now()
    row = _asked(actor, pk, now)
    row.decided_at, row.decided_by = now, actor.account
    overlap_rounds.begin(row, now)
    row.save()
    _post(actor, row, ANSWER, answer="agreed")
    overlap_rounds.log(actor, AuditTag.OVERLAP_AGREED, row)
    return row


@transaction.atomic
def decline(actor: Actor, pk: UUID, *, words: str, now: datetime | None = None) -> OverlapRound:
    """Decline what another partner proposed. Raises `WordsMissing`, `RoundRefused`."""
    now = now or timezone.now()
    row = _asked(actor, pk, now)
    if not words.strip():
        raise WordsMissing(_("Say why, so that the partner can propose something better."))
    row.decided_at, row.decided_by = now, actor.account
    overlap_rounds.end(actor, row, State.DECLINED, now, words=words.strip())
    _post(actor, row, ANSWER, answer="declined", words=row.words)
    return row


@transaction.atomic
def withdraw(actor: Actor, pk: UUID, *, now: datetime | None = None) -> OverlapRound:
    """End a round that we proposed, or that both agreed to. Raises `RoundRefused`."""
    require(actor, Action.DECIDE, Kind.OVERLAP)
    now = now or timezone.now()
    row = OverlapRound.objects.select_for_update().get(pk=pk)
    if row.ended_at is not None:
        raise RoundRefused(_("The round has ended already."))
    if (row.side, row.state) == (Side.THEIRS, State.PROPOSED):
        raise RoundRefused(_("The partner proposed it. You can decline it."))
    row.ended_by = actor.account
    overlap_rounds.end(actor, row, State.WITHDRAWN, now)
    _post(actor, row, ANSWER, answer="withdrawn")
    return row


def _asked(actor: Actor, pk: UUID, now: datetime) -> OverlapRound:
    """The round that waits for our decision, locked. Raises `RoundRefused`."""
    require(actor, Action.DECIDE, Kind.OVERLAP)
    row = OverlapRound.objects.select_for_update().get(pk=pk)
    if (row.side, row.state) != (Side.THEIRS, State.PROPOSED):
        raise RoundRefused(_("It has been decided already."))
    if row.expires_at <= now:
        raise RoundRefused(_("The proposal has expired. The partner can propose it again."))
    return row


def _post(actor: Actor, row: OverlapRound, letter_type: str, **data: str) -> None:
    try:
        post(
            actor, to=row.peer, letter_type=letter_type, purpose=Purpose.STATISTICS,
            basis=NO_PERSONS, thread=row.thread, data={"round": str(row.pk), **data},
        )  # fmt: skip
    except LetterRefused as error:
        raise RoundRefused(
            _(
                "The letter to the partner could not be written, so nothing was changed. Ask the "
                "administrator whether the partner's node is among the peers."
            )
        ) from error
