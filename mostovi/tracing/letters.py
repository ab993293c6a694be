# SPDX-License-Identifier: EUPL-1.2
"""What comes in about searches and matches from the other side.

Each handler runs in the inbox's transaction. When both sides of a match are at this node the same
handlers run at once (`telling`); `from_side` then says whose step it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings

from mostovi.exchange import handlers
from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.people import codes
from mostovi.procedures import services as procedures
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.tracing import joining, proposing, reach, rounds
from mostovi.tracing.models import Asked, NotAgain, Side, TracingMatch
from mostovi.tracing.vocabulary import (
    BLINDED,
    EVALUATED,
    MATCH,
    OFFER,
    STEP,
    VERIFICATION,
    WITHDRAWN,
)


def register() -> None:
    """Tell the exchange what `tracing` wants to hear of."""
    handlers.register(OFFER, rounds.receive_offer)
    handlers.register(BLINDED, rounds.receive_blinded)
    handlers.register(EVALUATED, rounds.receive_evaluated)
    handlers.register(MATCH, receive_match)
    handlers.register(VERIFICATION, receive_verification)
    handlers.register(STEP, receive_step)
    handlers.register(WITHDRAWN, receive_withdrawn)
    for letter_type in (OFFER, BLINDED, EVALUATED):
        handlers.register_receipt(letter_type, rounds.see_receipt)


def receive_match(letter: ReceivedLetter, from_side: Side | None = None) -> None:
    """The sought person agreed, or sends a word of safety: the search learns of it now."""
    data = letter.data
    if data["match"] != str(letter.thread):
        raise Reject("wrong_thread", "The match is not the one of this thread.")
    asked = (
        Asked.objects.filter(peer=letter.source, reference=data["reference"])
        .select_related("sought__request__person", "sought__procedure")
        .first()
    )
    if asked is None or asked.sought.ended_at is not None:
        raise Reject("unknown_search", "This search has ended, or was never asked of you.")
    sought, actor = asked.sought, letter.actor
    if TracingMatch.objects.filter(thread=letter.thread, side=Side.SEEKER).exists():
        return
    identifier, key_id = uuid4(), vault().new_key()
    instance = procedures.start(
        actor, code="tracing_match", side="seeker", subject=identifier, at=letter.time,
        key_id=key_id, partners={"holder": letter.source.split("-", 1)[0]},
    )  # fmt: skip
    procedures.hear(actor, instance=instance, verb="ask_person", at=letter.time)
    agrees = data["event"] == "agrees"
    verb = "tell_match" if agrees else "send_safe_word"
    procedures.hear(actor, instance=instance, verb=verb, at=letter.received_at)
    match = TracingMatch(
        id=identifier, key_id=key_id, thread=letter.thread, side=Side.SEEKER, peer=letter.source,
        reference=data["reference"], sought=sought, purpose=letter.purpose.value,
        code=codes.new_record_code(settings.MOSTOVI.partner), unit=sought.request.unit,
        procedure=instance, created_at=letter.received_at, changed_at=letter.received_at,
        answer="yes" if agrees else "safe_word",
        other_is_child=bool(data.get("found", {}).get("child")),
        consent_handle=str(letter.basis.get("consent", ""))[:64],
    )  # fmt: skip
    match.seal_values({"found": data.get("found", {}), "message": data.get("message", "")})
    match.save()
    joining.after(actor, match, verb, letter.received_at)
    if not agrees:
        record(actor, AuditTag.TRACING_MATCH_STEP, handle=reach.match_handle(match),
               detail={"verb": verb})  # fmt: skip


def receive_verification(letter: ReceivedLetter, from_side: Side | None = None) -> None:
    """A commitment binds the other side; its answers must be those it was bound to."""
    match = _match_of(letter, from_side)
    other = _other(match)
    if letter.data["event"] == "commitment":
        joining.take_commitment(match, other, letter.data.get("commitment", ""), letter.received_at)
        joining.reveal(letter.actor, match, letter.received_at)
        return
    listed: Sequence[Any] = letter.data.get("answers", [])
    if not joining.take_answers(
        match, other, letter.data.get("nonce", ""), listed, letter.received_at
    ):
        raise Reject("not_committed", "These are not the answers that were committed to.")


def receive_step(letter: ReceivedLetter, from_side: Side | None = None) -> None:
    """A step of the other side. One that can no longer follow changes nothing."""
    match = _match_of(letter, from_side)
    event, other = letter.data["event"], _other(match)
    if event == "prepare":
        match.done_there = list(letter.data.get("steps", []))
        match.save(update_fields=["done_there"])
        return
    verb = joining.verb_of(match, event, other)
    try:
        heard = procedures.hear(
            letter.actor, instance=match.procedure, verb=verb, at=letter.received_at
        )
    except StepRefused as refused:
        raise Reject("not_your_step", "This step is not yours to take.") from refused
    if heard.crossed:
        return
    joining.keep_words(match, verb, other, None, letter.data.get("text", ""), letter.received_at)
    joining.after(letter.actor, match, event, letter.received_at)


def receive_withdrawn(letter: ReceivedLetter, from_side: Side | None = None) -> None:
    """Searches ended: what was opened of them is erased here, if anything was."""
    withdraw_references(letter.actor, letter.source, letter.data["references"], letter.received_at)


def withdraw_references(actor: Actor, peer: str, references: Sequence[str], now: datetime) -> None:
    """End every match at this node with these searches of `peer`, and look at them no more."""
    for reference in references:
        token = proposing.withdrawn_token(peer, reference)
        NotAgain.objects.get_or_create(token=token, defaults={"at": now})
    live = TracingMatch.objects.filter(
        side=Side.HOLDER, peer=peer, reference__in=list(references), ended_at=None
    )
    for match in live.select_related("procedure", "person").select_for_update(of=("self",)):
        joining.end_here(actor, match, "withdraw_at_seeker", now)


def _match_of(letter: ReceivedLetter, from_side: Side | None) -> TracingMatch:
    """The match of the letter's thread at our side."""
    rows = TracingMatch.objects.select_related(
        "procedure", "person", "sought__request__person", "sought__procedure"
    ).filter(thread=letter.thread, peer=letter.source, purpose=letter.purpose.value)
    if from_side is not None:
        rows = rows.exclude(side=from_side)
    match = rows.select_for_update(of=("self",)).first()
    if match is None or letter.data["match"] != str(letter.thread):
        raise Reject("unknown_match", "No match of yours has this thread here.")
    return match


def _other(match: TracingMatch) -> Side:
    return Side.SEEKER if match.side == Side.HOLDER else Side.HOLDER


RECEIVERS: dict[str, Callable[..., None]] = {
    MATCH: receive_match,
    VERIFICATION: receive_verification,
    STEP: receive_step,
    WITHDRAWN: receive_withdrawn,
}
"""What `telling` calls when both sides are this node."""
