# SPDX-License-Identifier: EUPL-1.2
"""What comes in: referrals from other nodes, their steps, withdrawn consents, and receipts.

Each handler runs inside the inbox's transaction, so a letter is taken in wholly or not at all. A
letter about a referral is matched by thread and by the node it came from.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from mostovi.cases import within
from mostovi.cases.models import Direction, Referral, WithdrawnConsent
from mostovi.cases.referring import (
    EVENT_OF_VERB,
    LETTER_LIFE,
    keep_message,
    note_end,
    pairwise_subject,
    referral_handle,
    stop_letters,
)
from mostovi.cases.vocabulary import REQUEST, UPDATE, WITHDRAWN, services
from mostovi.exchange import handlers
from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter, Reject
from mostovi.exchange.receipts import Verdict
from mostovi.exchange.services import erase_thread, has_undelivered, post
from mostovi.people import codes, consent_listeners
from mostovi.people.models import Consent, ConsentEvent
from mostovi.procedures import services as procedures
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import SYSTEM_ACCOUNT, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import destroy_subject, record
from mostovi.rights.vault import vault

VERB_OF_EVENT = {event: verb for verb, event in EVENT_OF_VERB.items()} | {"closed": "close"}
WITHDRAWAL_DUTY = "GDPR articles 7(3) and 19: withdrawal of consent reaches every receiver"


def register() -> None:
    """Tell the exchange and `people` what `cases` wants to hear of."""
    handlers.register(REQUEST, receive_request)
    handlers.register(UPDATE, receive_update)
    handlers.register(WITHDRAWN, receive_withdrawal)
    handlers.register_receipt(REQUEST, see_request_receipt)
    handlers.register_receipt(UPDATE, see_step_receipt)
    handlers.register_receipt(WITHDRAWN, see_step_receipt)
    handlers.register_receipt(WITHDRAWN, see_withdrawal_receipt)
    consent_listeners.register(tell_receivers)


def receive_request(letter: ReceivedLetter) -> None:
    """Keep a referral under a key of its own and confirm it; the time to answer begins."""
    if not settings.MOSTOVI.holds_persons:
        raise Reject("holds_no_persons", "This node holds no personal data.")
    if Referral.objects.filter(thread=letter.thread).exists():
        raise Reject("thread_in_use", "A referral with this thread exists already.")
    data, actor = letter.data, letter.actor
    unit = _unit_asked(data["service"])
    _check_basis(letter, unit)
    handle = data["basis"].get("consent", "")
    if WithdrawnConsent.objects.filter(peer=letter.source, consent_handle=handle).exists():
        raise Reject("consent_withdrawn", "The consent for this referral has been withdrawn.")
    identifier, key_id = uuid4(), vault().new_key()
    ours = within.is_within(letter.source)
    partner = settings.MOSTOVI.partner if ours else letter.source.split("-", 1)[0]
    instance = procedures.start(
        actor, code="referral", side="receiver", subject=identifier, at=letter.time,
        partners={"sender": partner}, key_id=key_id,
    )  # fmt: skip
    emergency = data["basis"]["kind"] == "duty"
    before = ("invoke_vital_interest", "send_in_emergency") if emergency else (
        "record_consent", "send"
    )  # fmt: skip
    for verb in before:
        procedures.hear(actor, instance=instance, verb=verb, at=letter.time)
    procedures.apply(actor, instance=instance, verb="acknowledge", at=letter.received_at)
    referral = Referral(
        id=identifier, key_id=key_id, direction=Direction.RECEIVED, peer=letter.source,
        code=codes.new_record_code(settings.MOSTOVI.partner), service=data["service"],
        peer_reference=data["referral"], urgency=data["urgency"], purpose=letter.purpose.value,
        unit=unit, created_by=SYSTEM_ACCOUNT, holder=SYSTEM_ACCOUNT,
        created_at=letter.received_at, thread=letter.thread, letter_id=letter.id,
        consent_handle=handle, procedure=instance,
        fields=sorted(data.keys()), delivered_at=letter.received_at,
    )  # fmt: skip
    referral.seal_values({"data": dict(data)})
    referral.save()
    record(
        actor, AuditTag.REFERRAL_RECEIVED, handle=referral_handle(referral),
        detail={"from": letter.source},
    )  # fmt: skip


def _unit_asked(service: str) -> str:
    """The unit that runs the service asked for; the first one where no unit does."""
    found = services().get(service) or within.unit_services().get(service)
    known = settings.MOSTOVI.units
    return found.unit if found is not None and found.unit in known else known[0]


def _check_basis(letter: ReceivedLetter, unit: str) -> None:
    """A consent given for another receiver or purpose does not cover what came (R2)."""
    basis = letter.data["basis"]
    if basis["kind"] != "consent":
        return
    here = within.peer_of(unit) if within.is_within(letter.source) else settings.MOSTOVI.code
    if (basis["receiver"], basis["purpose"]) != (here, letter.purpose.value):
        raise Reject("no_basis", "The consent is for another receiver or purpose.")


def receive_update(letter: ReceivedLetter) -> None:
    """Hear of a step the other end took.

    The end of a referral that never came needs nothing: its letter was stopped on the way.
    """
    never_came = not Referral.objects.filter(thread=letter.thread).exists()
    if letter.data["event"] == "withdrawn" and never_came:
        return
    referral = _referral_of(letter)
    verb = VERB_OF_EVENT[letter.data["event"]]
    if letter.data["event"] == "closed" and referral.procedure.state != "feedback_received":
        verb = "close_unfinished"
    words = next(
        (letter.data[key] for key in ("question", "answer", "text") if key in letter.data), ""
    )
    if referral.direction == Direction.SENT and referral.procedure.over_at is None:
        _hear_of_arrival(letter.actor, referral, min(letter.time, letter.received_at))
    # An end that began on an earlier version of the procedure keeps what it is told all the same.
    if verb in procedures.procedure_of(referral.procedure).verbs:
        try:
            _hear(letter.actor, referral, verb, letter.received_at)
        except StepRefused as refused:
            raise Reject("not_your_step", "This step is not the sender's to take.") from refused
    keep_message(
        referral, verb, _other_side(referral), SYSTEM_ACCOUNT, words, letter.received_at,
        answers=letter.data.get("meeting"),
    )  # fmt: skip
    if verb == "withdraw":
        stop_showing(letter.actor, referral, letter.received_at)


def receive_withdrawal(letter: ReceivedLetter) -> None:
    """The person took consent back: from now on nothing of what was sent under it is shown."""
    WithdrawnConsent.objects.get_or_create(
        peer=letter.source, consent_handle=letter.data["consent"],
        defaults={"withdrawn_at": letter.received_at},
    )  # fmt: skip
    # Also when the referral itself still waits for its turn and is not known here yet.
    erase_thread(letter.actor, thread=letter.thread, peer=letter.source)
    rows = Referral.objects.filter(
        direction=Direction.RECEIVED, peer=letter.source, consent_handle=letter.data["consent"],
        consent_withdrawn_at=None,
    )  # fmt: skip
    for referral in rows.select_related("procedure").select_for_update(of=("self",)):
        if referral.procedure.over_at is None:
            _hear(letter.actor, referral, "withdraw", letter.received_at)
        stop_showing(letter.actor, referral, letter.received_at)
    for see in _withdrawal_listeners:
        see(letter)


_withdrawal_listeners: list[Callable[[ReceivedLetter], None]] = []


def on_withdrawal(see: Callable[[ReceivedLetter], None]) -> None:
    """Have `see(letter)` told, in the inbox's transaction, that another node's consent ended."""
    if see not in _withdrawal_listeners:
        _withdrawal_listeners.append(see)


def stop_showing(actor: Actor, referral: Referral, at: datetime) -> None:
    """Destroy the key of a received referral: nobody can read it any more."""
    referral.consent_withdrawn_at = at
    referral.ended_at = referral.ended_at or at
    referral.save(update_fields=["consent_withdrawn_at", "ended_at"])
    stop_letters(actor, referral, at)
    destroy_subject(actor, referral.key_id, reason="consent_withdrawn")
    record(actor, AuditTag.REFERRAL_CONSENT_WITHDRAWN, handle=referral_handle(referral))


def tell_receivers(consent: Consent, event: ConsentEvent) -> None:
    """A consent was withdrawn here: tell everyone who received data under it (R2)."""
    rows = Referral.objects.filter(
        direction=Direction.SENT, consent_id=consent.pk, consent_withdrawn_at=None
    ).exclude(letter_id=None)
    actor = Actor.system(Purpose(consent.purpose))
    for referral in rows.select_related("procedure", "case").select_for_update(of=("self",)):
        # First what waits is stopped, so that the withdrawal comes next in the thread.
        stop_letters(actor, referral, event.at)
        _tell_withdrawal(actor, referral, event.at)
        if referral.procedure.over_at is None:
            choices = procedures.choices(actor, instance=referral.procedure)
            if any(c.transition.verb == "withdraw" and c.is_allowed for c in choices):
                procedures.apply(
                    actor, instance=referral.procedure, verb="withdraw", at=event.at,
                    reason="consent withdrawn",
                )  # fmt: skip
        referral.consent_withdrawn_at = event.at
        note_end(referral, event.at)
        referral.save(update_fields=["consent_withdrawn_at"])
        record(actor, AuditTag.REFERRAL_CONSENT_WITHDRAWN, handle=referral_handle(referral))


def _tell_withdrawal(actor: Actor, referral: Referral, at: datetime) -> None:
    data = {
        "consent": referral.consent_handle,
        "referrals": [referral_handle(referral)],
        "withdrawn_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "scope": "use",
    }
    if "subject" in referral.fields and referral.case is not None:
        data["subject"] = pairwise_subject(referral.case, referral.peer)
    if within.is_within(referral.peer):
        basis = {"duty": WITHDRAWAL_DUTY}
        within.deliver(referral, letter_type=WITHDRAWN, basis=basis, data=data, now=at)
        within.confirm(referral, letter_type=WITHDRAWN, now=at)
        return
    post(
        actor, to=referral.peer, letter_type=WITHDRAWN, purpose=Purpose(referral.purpose),
        basis={"duty": WITHDRAWAL_DUTY}, data=data, thread=referral.thread,
        expires=timezone.now() + LETTER_LIFE,
    )  # fmt: skip


def see_request_receipt(receipt: ReceiptSeen) -> None:
    """Our referral arrived, and the receiver's clock runs from its own time; or it did not."""
    referral = Referral.objects.select_related("procedure").filter(thread=receipt.thread).first()
    if referral is None or referral.direction != Direction.SENT:
        return
    if receipt.verdict is Verdict.STORED:
        referral.undeliverable = ""
    if receipt.verdict is Verdict.STORED and receipt.received_at is not None:
        referral.delivered_at = receipt.received_at
        actor = Actor.system(Purpose(referral.purpose))
        _hear_of_arrival(actor, referral, receipt.received_at)
    elif receipt.verdict in {None, Verdict.REJECTED}:
        referral.undeliverable = receipt.reason[:60]
    referral.save(update_fields=["delivered_at", "undeliverable"])


def see_step_receipt(receipt: ReceiptSeen) -> None:
    """A step or withdrawal of ours did not reach the other end; or now everything has."""
    rows = Referral.objects.filter(thread=receipt.thread, peer=receipt.to)
    if receipt.verdict in {None, Verdict.REJECTED}:
        rows.update(untold=receipt.reason[:60], untold_at=receipt.seen_at)
    elif receipt.verdict is Verdict.STORED and not has_undelivered(receipt.thread):
        rows.update(untold="", untold_at=None)


def see_withdrawal_receipt(receipt: ReceiptSeen) -> None:
    """The receiver has confirmed that it stopped showing the data."""
    if receipt.verdict is Verdict.STORED:
        Referral.objects.filter(thread=receipt.thread, direction=Direction.SENT).update(
            withdrawal_confirmed_at=receipt.received_at
        )


def _hear_of_arrival(actor: Actor, referral: Referral, at: datetime) -> None:
    """The receiver has our referral: its receipt says so, or an answer that came before it."""
    if not referral.procedure.events.filter(verb="acknowledge").exists():
        _hear(actor, referral, "acknowledge", at)


def _hear(actor: Actor, referral: Referral, verb: str, at: datetime) -> None:
    procedures.hear(actor, instance=referral.procedure, verb=verb, at=at)
    note_end(referral, at)


def _referral_of(letter: ReceivedLetter) -> Referral:
    rows = Referral.objects.select_related("procedure").select_for_update(of=("self",))
    referral = rows.filter(
        thread=letter.thread, peer=letter.source, purpose=letter.purpose.value
    ).first()
    if referral is None:
        raise Reject("unknown_referral", "No referral of yours has this thread here.")
    return referral


def _other_side(referral: Referral) -> str:
    return "receiver" if referral.procedure.side == "sender" else "sender"
