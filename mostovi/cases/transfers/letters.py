# SPDX-License-Identifier: EUPL-1.2
"""What comes in about transfers of cases: the case, its answer, receipts, a withdrawn consent.

Each handler runs inside the inbox's transaction. The one that takes in an acceptance decides who is
responsible: storing it and passing the responsibility are one transaction at the sender's node.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings

from mostovi.cases import letters as case_letters
from mostovi.cases.models import Direction, WithdrawnConsent
from mostovi.cases.transfers import transferring
from mostovi.cases.transfers.models import Transfer
from mostovi.cases.transfers.transferring import ANSWER, TRANSFER, note_end, transfer_handle
from mostovi.cases.vocabulary import WITHDRAWN
from mostovi.exchange import handlers
from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter, Reject
from mostovi.exchange.receipts import Verdict
from mostovi.exchange.services import post
from mostovi.people import codes
from mostovi.people.models import Consent, ConsentEvent
from mostovi.procedures import services as procedures
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import SYSTEM_ACCOUNT, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import destroy_subject, record
from mostovi.rights.vault import vault

TAKEN_BACK = "taken_back"


def register() -> None:
    """Tell the exchange what transfers want to hear of."""
    handlers.register(TRANSFER, receive_transfer)
    handlers.register(ANSWER, receive_answer)
    handlers.register_receipt(TRANSFER, see_transfer_receipt)
    handlers.register_receipt(ANSWER, see_answer_receipt)
    case_letters.on_withdrawal(withdrawn_there)


def receive_transfer(letter: ReceivedLetter) -> None:
    """Keep a transfer under a key of its own and confirm it; the sender stays responsible."""
    if not settings.MOSTOVI.holds_persons:
        raise Reject("holds_no_persons", "This node holds no personal data.")
    data, actor = letter.data, letter.actor
    _refuse_twice(letter)
    handle = data["basis"].get("consent", "")
    _refuse_without_basis(letter, handle)
    identifier, key_id = uuid4(), vault().new_key()
    instance = procedures.start(
        actor, code="transfer", side="receiver", subject=identifier, at=letter.time,
        partners={"sender": letter.source.split("-", 1)[0]}, key_id=key_id,
    )  # fmt: skip
    procedures.hear(actor, instance=instance, verb="send", at=letter.time)
    procedures.apply(actor, instance=instance, verb="acknowledge", at=letter.received_at)
    transfer = Transfer(
        id=identifier, key_id=key_id, code=codes.new_record_code(settings.MOSTOVI.partner),
        direction=Direction.RECEIVED, peer=letter.source, peer_reference=data["transfer"],
        peer_case=data["case"], case_type=data["case_type"], urgency=data["urgency"],
        reason=data["reason"], purpose=letter.purpose.value, unit=settings.MOSTOVI.units[0],
        created_by=SYSTEM_ACCOUNT, role=Role.SYSTEM.value, holder=SYSTEM_ACCOUNT,
        created_at=letter.received_at, thread=letter.thread, letter_id=letter.id,
        previous=UUID(data["previous"]) if "previous" in data else None,
        consent_handle=handle, fields=sorted(data.keys()), procedure=instance,
        delivered_at=letter.received_at,
    )  # fmt: skip
    transfer.seal_values({"data": dict(data)})
    transfer.save()
    record(
        actor, AuditTag.TRANSFER_RECEIVED, handle=transfer_handle(transfer),
        detail={"from": letter.source},
    )  # fmt: skip


def _refuse_twice(letter: ReceivedLetter) -> None:
    """A case is asked for once at a time, and not while it is on its way the other way."""
    if Transfer.objects.filter(thread=letter.thread).exists():
        raise Reject("thread_in_use", "A transfer with this thread exists already.")
    same = Transfer.objects.filter(
        direction=Direction.RECEIVED, peer=letter.source, peer_case=letter.data["case"]
    )
    if same.filter(ended_at=None).exists():
        raise Reject("duplicate_transfer", "This case is being handed over already.")
    if "previous" in letter.data:
        sent = Transfer.objects.filter(thread=letter.data["previous"], direction=Direction.SENT)
        ours = sent.filter(peer=letter.source).first()
        if ours is not None and ours.passed_at is None:
            raise Reject("crossing_transfer", "This node is still responsible for the case.")


def _refuse_without_basis(letter: ReceivedLetter, handle: str) -> None:
    basis = letter.data["basis"]
    if basis["kind"] != "consent":
        return
    if (basis["receiver"], basis["purpose"]) != (settings.MOSTOVI.code, letter.purpose.value):
        raise Reject("no_basis", "The consent is for another receiver or purpose.")
    if WithdrawnConsent.objects.filter(peer=letter.source, consent_handle=handle).exists():
        raise Reject("consent_withdrawn", "The consent for this transfer has been withdrawn.")


def receive_answer(letter: ReceivedLetter) -> None:
    """Hear what the other end decided."""
    rows = Transfer.objects.select_related("procedure", "case__person")
    transfer = (
        rows.select_for_update(of=("self",))
        .filter(thread=letter.thread, peer=letter.source, purpose=letter.purpose.value)
        .first()
    )
    event = letter.data["event"]
    if transfer is None:
        if event == TAKEN_BACK:
            return  # Its letter was stopped on the way.
        raise Reject("unknown_transfer", "No transfer of yours has this thread here.")
    if event == TAKEN_BACK:
        if transfer.direction != Direction.RECEIVED:
            raise Reject("not_your_step", "This step is not the sender's to take.")
        taken_back_there(letter.actor, transfer, letter.received_at)
        return
    if transfer.direction != Direction.SENT:
        raise Reject("not_your_step", "This step is not the sender's to take.")
    if transfer.procedure.state == TAKEN_BACK:
        # The two crossed. Ours came first here, so the acceptance does not count.
        raise Reject(TAKEN_BACK, "The case was taken back before this came.")
    _hear_of_arrival(letter.actor, transfer, min(letter.time, letter.received_at))
    verb = {"accepted": "accept", "declined": "decline"}[event]
    try:
        procedures.hear(
            letter.actor, instance=transfer.procedure, verb=verb, at=letter.received_at,
            reason=str(letter.data.get("text", "")),
        )  # fmt: skip
    except StepRefused as refused:
        raise Reject("not_your_step", "This step is not the sender's to take.") from refused
    if verb == "accept" and transfer.procedure.state == "accepted":
        procedures.apply(
            letter.actor, instance=transfer.procedure, verb="pass_on", at=letter.received_at
        )
        transfer.passed_at = letter.received_at
        transfer.save(update_fields=["passed_at"])
        transferring.leave(transfer, letter.received_at)
    transfer.undeliverable = ""
    transfer.save(update_fields=["undeliverable"])
    note_end(transfer, letter.received_at)


def see_transfer_receipt(receipt: ReceiptSeen) -> None:
    """Our transfer arrived, or it did not; who is responsible does not change by that."""
    transfer = _sent(receipt)
    if transfer is None or transfer.letter_id != receipt.letter:
        return
    if receipt.verdict is Verdict.STORED and receipt.received_at is not None:
        transfer.delivered_at, transfer.undeliverable = receipt.received_at, ""
        actor = Actor.system(Purpose(transfer.purpose))
        if transfer.procedure.over_at is None:
            _hear_of_arrival(actor, transfer, receipt.received_at)
    elif receipt.verdict in {None, Verdict.REJECTED} and transfer.ended_at is None:
        transfer.undeliverable = receipt.reason[:60]
    transfer.save(update_fields=["delivered_at", "undeliverable"])


def see_answer_receipt(receipt: ReceiptSeen) -> None:
    """The sender's signed receipt of our acceptance says from when we are responsible."""
    rows = Transfer.objects.select_related("procedure").select_for_update(of=("self",))
    transfer = rows.filter(thread=receipt.thread, peer=receipt.to).first()
    if transfer is None:
        return
    actor = Actor.system(Purpose(transfer.purpose))
    accepting = (
        transfer.direction == Direction.RECEIVED
        and transfer.answer_id == receipt.letter
        and transfer.procedure.state == "accepted"
    )
    if receipt.verdict is Verdict.STORED:
        transfer.undeliverable = ""
        transfer.save(update_fields=["undeliverable"])
        if accepting:
            at = receipt.received_at or receipt.seen_at
            procedures.hear(actor, instance=transfer.procedure, verb="pass_on", at=at)
            transfer.passed_at = at
            transfer.save(update_fields=["passed_at"])
            note_end(transfer, at)
            transferring.arrive(transfer, at)
    elif receipt.verdict is Verdict.REJECTED and receipt.reason == TAKEN_BACK:
        taken_back_there(actor, transfer, receipt.seen_at)
    elif receipt.verdict in {None, Verdict.REJECTED}:
        transfer.undeliverable = receipt.reason[:60]
        transfer.save(update_fields=["undeliverable"])


def taken_back_there(actor: Actor, transfer: Transfer, at: datetime) -> None:
    """The sender stays responsible: end it here and destroy what was received."""
    if transfer.procedure.over_at is None:
        procedures.hear(actor, instance=transfer.procedure, verb="take_back", at=at)
    if transfer.procedure.state != TAKEN_BACK:
        return  # It has passed, or we had declined.
    note_end(transfer, at)
    transferring.end_letters(actor, transfer, at)
    destroy_subject(actor, transfer.key_id, reason="transfer_taken_back")


def withdrawn(consent: Consent, event: ConsentEvent) -> None:
    """A consent was withdrawn here: what has not passed is taken back at once (R2).

    Whoever is responsible already is told, and asks the person how to go on.
    """
    rows = Transfer.objects.filter(
        direction=Direction.SENT, consent_id=consent.pk, consent_withdrawn_at=None
    ).exclude(letter_id=None)
    actor = Actor.system(Purpose(consent.purpose))
    for transfer in rows.select_related("procedure").select_for_update(of=("self",)):
        transfer.consent_withdrawn_at = event.at
        transfer.save(update_fields=["consent_withdrawn_at"])
        if transfer.ended_at is not None:
            if transfer.passed_at is not None:
                _tell_withdrawal(actor, transfer, event.at)
            continue
        procedures.apply(
            actor, instance=transfer.procedure, verb="take_back", at=event.at,
            reason="consent withdrawn",
        )  # fmt: skip
        transferring.end_letters(actor, transfer, event.at)
        transferring.answer(actor, transfer, event=TAKEN_BACK, now=event.at)
        note_end(transfer, event.at)


def _tell_withdrawal(actor: Actor, transfer: Transfer, at: datetime) -> None:
    data = {
        "consent": transfer.consent_handle,
        "withdrawn_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "scope": "use",
    }
    post(
        actor, to=transfer.peer, letter_type=WITHDRAWN, purpose=Purpose(transfer.purpose),
        basis={"duty": case_letters.WITHDRAWAL_DUTY}, data=data, thread=transfer.thread,
        expires=at + timedelta(days=30),
    )  # fmt: skip


def withdrawn_there(letter: ReceivedLetter) -> None:
    """The person took back the consent that a case came under: what came is shown no longer.

    A case that is open here already is ours; its officer is told and asks the person.
    """
    rows = Transfer.objects.filter(
        direction=Direction.RECEIVED, peer=letter.source, consent_withdrawn_at=None,
        consent_handle=letter.data["consent"],
    )  # fmt: skip
    for transfer in rows.select_related("procedure").select_for_update(of=("self",)):
        transfer.consent_withdrawn_at = letter.received_at
        transfer.save(update_fields=["consent_withdrawn_at"])
        # It is not taken back by this: the sender may have stored our acceptance already, and
        # only its own word says who is responsible.
        destroy_subject(letter.actor, transfer.key_id, reason="consent_withdrawn")


def _hear_of_arrival(actor: Actor, transfer: Transfer, at: datetime) -> None:
    if not transfer.procedure.events.filter(verb="acknowledge").exists():
        procedures.hear(actor, instance=transfer.procedure, verb="acknowledge", at=at)


def _sent(receipt: ReceiptSeen) -> Transfer | None:
    rows = Transfer.objects.select_related("procedure")
    return rows.filter(thread=receipt.thread, direction=Direction.SENT, peer=receipt.to).first()
