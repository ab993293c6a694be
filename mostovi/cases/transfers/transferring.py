# SPDX-License-Identifier: EUPL-1.2
"""Verbs on transfers of cases: draft, look, send, take over, decline, take back.

Who is responsible is decided by one moment: when the sender's node has stored the acceptance, in
the transaction that stores it. Until then the sender is, from then on the receiver. An acceptance
is binding and a taken-back transfer cannot be accepted, so that at every moment exactly one of the
two is. What the sender has stored, the receiver learns from the signed receipt of its acceptance.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import services as cases
from mostovi.cases import sharing
from mostovi.cases.models import Case, Direction
from mostovi.cases.referring import ChangedSinceSeen, NotPermitted, Outgoing, digest_of
from mostovi.cases.transfers.models import Transfer
from mostovi.cases.vocabulary import Urgency, case_types
from mostovi.exchange.models import Peer
from mostovi.exchange.profiles import preview, profile
from mostovi.exchange.services import erase_thread, post, stop
from mostovi.exchange.wire import format_time
from mostovi.people import codes, consent_texts, consenting, names
from mostovi.people import services as people
from mostovi.people.consent import Permission
from mostovi.people.models import Consent, Person
from mostovi.procedures import services as procedures
from mostovi.procedures.state import Choice, GateAnswer
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.rows import within_scope
from mostovi.rights.services import destroy_subject, record, record_many
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault

logger = logging.getLogger(__name__)
TRANSFER = "mostovi.case.transfer.v1"
ANSWER = "mostovi.case.transfer_answer.v1"
LETTER_LIFE = timedelta(days=7)
"""How long a transfer may be on its way; after that the sender decides what to do."""

FIELDS = (*sharing.SHAREABLE, "plan")
"""The personal fields that a transfer can carry, in the order of its profile."""

_DUTY = "the duty under which the case was handed over"


class InvalidTransfer(ValueError):
    """A transfer cannot be drafted or sent so; `field` names the input."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def reasons() -> Mapping[str, str]:
    """Why a case is handed over, by code, from the letter's profile."""
    words: Mapping[str, str] = profile(TRANSFER).schema["properties"]["reason"]["x-words"]
    return words


def decline_reasons() -> Mapping[str, str]:
    """Why a case is not taken over, by code."""
    return {
        "no_capacity": gettext_noop("no caseworker is free"),
        "not_competent": gettext_noop("another institution is competent"),
        "safety": gettext_noop("not safe here for this person"),
        "other": gettext_noop("another reason"),
    }


def transfer_handle(transfer: Transfer) -> str:
    """The pseudonym by which both ends and the audit chain name the transfer."""
    return vault().handle("transfer", transfer.pk)


def is_responsible(transfer: Transfer) -> bool:
    """Whether this node is responsible for the case, as far as this transfer says."""
    passed = transfer.procedure.state == "passed"
    return passed if transfer.direction == Direction.RECEIVED else not passed


def receivers() -> list[tuple[str, str]]:
    """The nodes that take over cases, as (code, name)."""
    others = Peer.objects.exclude(code=settings.MOSTOVI.code)
    return [(peer.code, peer.node.name) for peer in others if peer.node.allows(TRANSFER)]


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[Transfer]:
    """The transfers on which `actor` may do `action`. Raises `Refused` when on none at all."""
    scope = require(actor, action, Kind.REFERRAL)
    return within_scope(Transfer.objects.all(), actor, scope, own=Q(holder=actor.account))


def find(actor: Actor, code: str, action: Action = Action.READ) -> Transfer:
    """The transfer with `code`. Raises `DoesNotExist` alike for absent and out of reach."""
    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        raise Transfer.DoesNotExist from error
    rows = visible(actor, action).select_related("procedure", "case__person")
    return rows.prefetch_related("procedure__events").get(code=canonical)


def log_listed(actor: Actor, transfers: Sequence[Transfer]) -> None:
    """Write into the log that these were shown in a list."""
    if transfers:
        handles = [transfer_handle(transfer) for transfer in transfers]
        record_many(actor, AuditTag.TRANSFER_LISTED, handles=handles)


def _locked(actor: Actor, transfer: Transfer, action: Action) -> Transfer:
    rows = visible(actor, action).select_related("procedure", "case__person")
    return rows.select_for_update(of=("self",)).get(pk=transfer.pk)


# --- Sender ------------------------------------------------------------------------------------


@transaction.atomic
def draft(
    actor: Actor,
    case: Case,
    *,
    to: str,
    reason: str,
    fields: Collection[str],
    summary: str,
    plan: str = "",
    safety: str = "",
    now: datetime | None = None,
) -> Transfer:
    """Prepare to hand a case to node `to`. Nothing leaves, and nothing changes.

    Raises `InvalidTransfer`, `Refused`, `Case.DoesNotExist`.
    """
    require(actor, Action.CREATE, Kind.REFERRAL)
    case = cases.find(actor, case.code, Action.CHANGE)
    texts = {"summary": summary.strip(), "plan": plan.strip(), "safety": safety.strip()}
    _check_draft(case, to, reason, fields, texts)
    moment, identifier = now or timezone.now(), uuid4()
    instance = procedures.start(
        actor, code="transfer", side="sender", subject=identifier, at=moment,
        partners={"receiver": to.split("-", 1)[0]}, key_id=case.key_id,
    )  # fmt: skip
    came = _brought(case)
    transfer = Transfer(
        id=identifier, key_id=case.key_id, code=codes.new_record_code(settings.MOSTOVI.partner),
        direction=Direction.SENT, case=case, peer=to, case_type=case.case_type,
        urgency=case.urgency, reason=reason, purpose=actor.purpose.value, unit=case.unit,
        created_by=actor.account, role=actor.role.value, holder=actor.account,
        created_at=moment, previous=came.thread if came else None, procedure=instance,
        fields=[name for name in FIELDS if name in fields],
    )  # fmt: skip
    transfer.seal_values({"draft": texts})
    transfer.save()
    record(actor, AuditTag.TRANSFER_DRAFTED, handle=transfer_handle(transfer))
    return transfer


def _check_draft(
    case: Case, to: str, reason: str, fields: Collection[str], texts: Mapping[str, str]
) -> None:
    if case.closed_at is not None or case.person.erased_at is not None:
        raise InvalidTransfer("to", gettext_noop("The case is closed. Open it again first."))
    if Transfer.objects.filter(case=case, direction=Direction.SENT, ended_at=None).exists():
        raise InvalidTransfer(
            "to", gettext_noop("The case is being handed over already. Take that back first.")
        )
    if to not in {code for code, _ in receivers()}:
        raise InvalidTransfer("to", gettext_noop("Choose an institution that takes over cases."))
    if reason not in reasons():
        raise InvalidTransfer("reason", gettext_noop("Say why the case is handed over."))
    if not set(fields) & set(FIELDS):
        raise InvalidTransfer("fields", gettext_noop("Tick what the institution needs to know."))
    for name in ("summary", "plan", "safety"):
        if name in fields and not texts[name]:
            raise InvalidTransfer(name, gettext_noop("Write this, or untick it."))


def _brought(case: Case) -> Transfer | None:
    """The transfer that brought the case to this node, if one did."""
    rows = Transfer.objects.filter(case=case, direction=Direction.RECEIVED, passed_at__isnull=False)
    return rows.order_by("-passed_at").first()


def outgoing(actor: Actor, transfer: Transfer, *, now: datetime | None = None) -> Outgoing:
    """Exactly what would be sent now, and under which consent or duty (R3)."""
    moment = now or timezone.now()
    case = case_of(transfer)
    written = transfer.values()["draft"]
    file = people.read(actor, case.person)
    values = dict(file.single) | {row.field: row.value for row in (*file.names, *file.contacts)}
    personal = sharing.composed(
        values, transfer.fields, subject=vault().handle(f"subject-at-{transfer.peer}",
                                                        case.person_id),
        summary=written["summary"], safety=written["safety"], romanise=names.romanise,
    )  # fmt: skip
    if "plan" in transfer.fields and written["plan"]:
        personal["plan"] = written["plan"]
    permission, consent, basis = _basis(transfer, moment)
    data = {
        "transfer": transfer_handle(transfer),
        "case": cases.case_handle(case),
        "case_type": transfer.case_type,
        "urgency": transfer.urgency,
        "reason": transfer.reason,
        "basis": basis,
        **({"previous": str(transfer.previous)} if transfer.previous else {}),
        **personal,
    }
    return Outgoing(
        data, preview(TRANSFER, transfer.purpose, data), digest_of(data), permission, consent
    )


def permission_of(transfer: Transfer, now: datetime) -> Permission:
    """Whether everything that was ticked may go to the receiver now (R2)."""
    return consenting.permission_for(
        case_of(transfer).person, transfer.purpose, transfer.peer, transfer.fields, now
    )


def _basis(
    transfer: Transfer, now: datetime
) -> tuple[Permission, Consent | None, Mapping[str, Any]]:
    permission = permission_of(transfer, now)
    found = case_of(transfer).person.consents.filter(pk__in=permission.sources)
    consent = next((one for one in found if set(transfer.fields) <= set(one.fields)), None)
    if permission.allowed and consent is None:
        permission = replace(permission, allowed=False)
    return permission, consent, _basis_told(consent)


def _basis_told(consent: Consent | None) -> Mapping[str, Any]:
    if consent is None:
        return {"kind": "duty", "citation": "-"}
    if consent.duty:
        return {"kind": "duty", "citation": consent_texts.duties()[consent.duty].citation}
    return {
        "kind": "consent",
        "consent": vault().handle("consent", consent.pk),
        "purpose": consent.purpose,
        "receiver": consent.receiver,
        "fields": [field for field in FIELDS if field in consent.fields],
        "given_on": timezone.localdate(consent.created_at).isoformat(),
        "expires": timezone.localdate(consent.expires_at or consent.created_at).isoformat(),
        "language": consent.language or "en",
        "given_by": "guardian" if consent.guardian else "person",
    }


def case_of(transfer: Transfer) -> Case:
    """The case of a transfer that has one here."""
    if transfer.case is None:
        raise Transfer.DoesNotExist("this transfer has no case here")
    return transfer.case


@transaction.atomic
def send(actor: Actor, transfer: Transfer, *, seen: str, now: datetime | None = None) -> Transfer:
    """Send what was seen; pressed twice, it goes once.

    Raises `NotPermitted`, `ChangedSinceSeen`, `procedures.state.StepRefused`, `InvalidTransfer`.
    """
    transfer = _locked(actor, transfer, Action.SEND)
    if transfer.letter_id is not None:
        return transfer
    moment = now or timezone.now()
    case = case_of(transfer)
    if case.closed_at is not None:
        raise InvalidTransfer("to", gettext_noop("The case is closed. Open it again first."))
    going = outgoing(actor, transfer, now=moment)
    if not going.permission.allowed or going.consent is None:
        raise NotPermitted(going.permission)
    if going.seen != seen:
        raise ChangedSinceSeen
    procedures.apply(actor, instance=transfer.procedure, verb="send", at=moment)
    consent = going.consent
    transfer.consent_id = consent.pk
    transfer.consent_handle = vault().handle("consent", consent.pk)
    letter = post(
        actor, to=transfer.peer, letter_type=TRANSFER, purpose=Purpose(transfer.purpose),
        basis=_letter_basis(transfer, consent), data=going.data, thread=transfer.thread,
        expires=moment + LETTER_LIFE, key_id=transfer.key_id,
    )  # fmt: skip
    transfer.letter_id = letter.pk
    # Whose decision closes the case when it passes.
    transfer.created_by, transfer.role = actor.account, actor.role.value
    transfer.seal_values({"data": going.data})
    transfer.save()
    record(
        actor, AuditTag.TRANSFER_SENT, handle=transfer_handle(transfer),
        detail={"to": transfer.peer, "fields": len(transfer.fields)},
    )  # fmt: skip
    return transfer


def _letter_basis(transfer: Transfer, consent: Consent) -> dict[str, Any]:
    if consent.duty:
        return {"duty": consent_texts.duties()[consent.duty].citation}
    basis = {"consent": transfer.consent_handle, "fields": list(consent.fields)}
    return basis | ({"expires": format_time(consent.expires_at)} if consent.expires_at else {})


@transaction.atomic
def discard(actor: Actor, transfer: Transfer, *, now: datetime | None = None) -> None:
    """Throw a draft away."""
    transfer = _locked(actor, transfer, Action.DECIDE)
    procedures.apply(actor, instance=transfer.procedure, verb="discard", at=now or timezone.now())
    transfer.seal_values({})
    transfer.save(update_fields=["sealed"])
    note_end(transfer, now or timezone.now())
    _log(actor, transfer, "discard")


@transaction.atomic
def take_back(
    actor: Actor, transfer: Transfer, *, reason: str, now: datetime | None = None
) -> Transfer:
    """Stay responsible: stop what is under way, tell the other end, be free to ask elsewhere.

    After this an acceptance no longer counts; one that was stored before makes it impossible.
    Raises `StepRefused`.
    """
    transfer = _locked(actor, transfer, Action.DECIDE)
    moment = now or timezone.now()
    procedures.apply(actor, instance=transfer.procedure, verb="take_back", at=moment, reason=reason)
    end_letters(actor, transfer, moment)
    answer(actor, transfer, event="taken_back", now=moment)
    note_end(transfer, moment)
    _log(actor, transfer, "take_back")
    return transfer


def end_letters(actor: Actor, transfer: Transfer, now: datetime) -> None:
    """Nothing about this transfer leaves the node any more, and nothing waits to be opened."""
    stop(actor, thread=transfer.thread, now=now)
    erase_thread(actor, thread=transfer.thread, peer=transfer.peer)


# --- Receiver ----------------------------------------------------------------------------------


@transaction.atomic
def accept(
    actor: Actor, transfer: Transfer, *, text: str = "", now: datetime | None = None
) -> None:
    """Bind this institution to take the case over; it is responsible once the sender knows.

    Raises `StepRefused`, `InvalidTransfer`.
    """
    transfer = _locked(actor, transfer, Action.DECIDE)
    _check_consent_stands(transfer)
    moment = now or timezone.now()
    procedures.apply(actor, instance=transfer.procedure, verb="accept", at=moment, reason=text)
    transfer.holder, transfer.created_by, transfer.role = (
        actor.account, actor.account, actor.role.value,
    )  # fmt: skip
    transfer.unit = actor.unit or transfer.unit
    letter = answer(actor, transfer, event="accepted", text=text, now=moment)
    transfer.answer_id = letter
    transfer.save()
    _log(actor, transfer, "accept")


@transaction.atomic
def decline(
    actor: Actor, transfer: Transfer, *, code: str, text: str, now: datetime | None = None
) -> None:
    """Say no with a reason; the sender stays responsible and our copy of the data is destroyed."""
    transfer = _locked(actor, transfer, Action.DECIDE)
    _check_consent_stands(transfer)
    moment = now or timezone.now()
    procedures.apply(actor, instance=transfer.procedure, verb="decline", at=moment, reason=text)
    if code not in decline_reasons():
        raise InvalidTransfer("code", gettext_noop("Choose what fits best."))
    transfer.answer_id = answer(actor, transfer, event="declined", code=code, text=text, now=moment)
    transfer.save(update_fields=["answer_id"])
    note_end(transfer, moment)
    _log(actor, transfer, "decline")
    destroy_subject(actor, transfer.key_id, reason="transfer_declined")


def _check_consent_stands(transfer: Transfer) -> None:
    if transfer.consent_withdrawn_at is not None:
        raise InvalidTransfer(
            "consent",
            gettext_noop("The person has withdrawn the consent; the case is being taken back."),
        )


def answer(
    actor: Actor,
    transfer: Transfer,
    *,
    event: str,
    now: datetime,
    code: str = "",
    text: str = "",
) -> UUID:
    """Post an answer to the other end; returns the letter's id."""
    data: dict[str, Any] = {
        "transfer": transfer.peer_reference or transfer_handle(transfer),
        "event": event,
        "at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if code:
        data["reason"] = code
    if text.strip():
        data["text"] = text.strip()[:2000]
    if event == "accepted" and transfer.unit:
        data["unit"] = transfer.unit
    # An answer always arrives, whatever became of the consent: it carries no data of the file.
    basis = {"consent": transfer.consent_handle} if transfer.consent_handle else {"duty": _DUTY}
    letter = post(
        actor, to=transfer.peer, letter_type=ANSWER, purpose=Purpose(transfer.purpose),
        basis=basis, data=data, thread=transfer.thread, in_reply_to=transfer.letter_id,
        expires=now + timedelta(days=30),
    )  # fmt: skip
    return letter.pk


# --- When it passes ----------------------------------------------------------------------------


def leave(transfer: Transfer, now: datetime) -> bool:
    """Close the old institution's case, as its officer decided when sending; False if it cannot.

    A case that a safeguard keeps open stays open and is shown to its officer.
    """
    case = case_of(transfer)
    officer = Actor(transfer.created_by, Role(transfer.role), Purpose(transfer.purpose), case.unit)
    words = f"Responsibility passed to {transfer.peer.upper()} ({transfer.code})."
    for verb in ("close_early", "close"):
        try:
            with transaction.atomic():
                cases.take_step(officer, case, verb=verb, reason=words)
            return True
        except Exception:  # noqa: BLE001 - a case that cannot be closed must not undo the passing
            logger.info(
                "case not closed by this step",
                extra={"instance": str(transfer.procedure_id), "action": verb},
            )
    logger.warning(
        "case left open after its transfer", extra={"instance": str(transfer.procedure_id)}
    )
    return False


def arrive(transfer: Transfer, now: datetime) -> bool:
    """Open the case here, or open the own earlier one again; False leaves it to the officer."""
    try:
        with transaction.atomic():
            open_here(_officer(transfer), transfer, now=now)
        return True
    except Exception:
        logger.exception(
            "case not opened by itself", extra={"instance": str(transfer.procedure_id)}
        )
        return False


def _officer(transfer: Transfer) -> Actor:
    return Actor(transfer.holder, Role(transfer.role), Purpose(transfer.purpose), transfer.unit)


@transaction.atomic
def open_here(
    actor: Actor,
    transfer: Transfer,
    *,
    person: Person | None = None,
    now: datetime | None = None,
) -> Case:
    """Make the transferred case a case of this node, once.

    One that comes back opens the earlier case again. `person` is a file that is here already; a
    closed case of that person within the actor's reach is opened again too.
    """
    transfer = Transfer.objects.select_for_update().select_related("procedure").get(pk=transfer.pk)
    if transfer.case is not None:
        return transfer.case
    if transfer.procedure.state != "passed":
        raise InvalidTransfer("person", gettext_noop("The responsibility has not passed yet."))
    moment = now or timezone.now()
    data = transfer.values()["data"]
    earlier = _returned(transfer) if person is None else _closed_here(actor, person)
    if earlier is not None:
        case = _opened_again(actor, earlier, transfer)
    else:
        person = person or _registered(actor, data, moment)
        known = data["case_type"] if data["case_type"] in case_types() else "other_vulnerable_adult"
        summary = "\n\n".join(data[key] for key in ("summary", "plan", "safety") if key in data)
        case = cases.open_case(
            actor, person=person, case_type=known, urgency=data["urgency"],
            summary=summary[: cases.LONGEST_TEXT], now=moment,
        )  # fmt: skip
    transfer.case = case
    transfer.save(update_fields=["case"])
    return case


def _returned(transfer: Transfer) -> Case | None:
    """The case of ours that comes back with this transfer."""
    if transfer.previous is None:
        return None
    rows = Transfer.objects.filter(thread=transfer.previous, direction=Direction.SENT)
    sent = rows.select_related("case__person", "case__procedure").first()
    if sent is None or sent.case is None or sent.case.person.erased_at is not None:
        return None
    return sent.case


def _closed_here(actor: Actor, person: Person) -> Case | None:
    reached = set(
        cases.visible(actor, Action.CHANGE).filter(person=person).values_list("pk", flat=True)
    )
    return next((case for case in cases.closed_cases_of(person) if case.pk in reached), None)


def _opened_again(actor: Actor, case: Case, transfer: Transfer) -> Case:
    inside = replace(actor, unit=case.unit)
    if case.closed_at is not None:
        words = f"Came back from {transfer.peer.upper()} ({transfer.code})."
        cases.take_step(inside, case, verb="reopen", reason=words)
    cases.hand_on(inside, case, holder=actor.account)
    return Case.objects.get(pk=case.pk)


_PART = {"given": "given", "family": "family", "father": "patronymic", "clan": "tribe"}
_CONTACT = {"call": "phone", "message": "messaging"}


def _registered(actor: Actor, data: Mapping[str, Any], now: datetime) -> Person:
    """A file on the person with what the letter told; what it did not tell stays unknown."""
    single: dict[str, Any] = {key: data[key] for key in ("sex", "languages") if data.get(key)}
    if "interpreter" in data:
        single["interpreter"] = "yes" if data["interpreter"] else "no"
    if birth := _birth(data.get("birth")):
        single["birth"] = birth
    named = [
        {
            "script": name["script"],
            "parts": [[_PART.get(p["kind"], "other"), p["text"]] for p in name["parts"]],
            "usage": "document" if name.get("use") == "document" else "own",
        }
        for name in data.get("names", [])
    ]
    contact = data.get("contact") or {}
    contacts = []
    if contact.get("how") in _CONTACT and contact.get("value"):
        contacts.append(
            {"kind": _CONTACT[contact["how"]], "value": contact["value"], "safe": "yes"}
        )
    return people.register(actor, single=single, names=named, contacts=contacts, now=now)


def _birth(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not told:
        return None
    precision = {"exact": "day"}.get(told["precision"], told["precision"])
    parts = [int(part) for part in told.get("date", "").split("-") if part]
    keys = ("year", "month", "day")
    birth = {"precision": precision, "doubted": bool(told.get("doubtful_age"))}
    return birth | dict(zip(keys, parts, strict=False))


# --- Read --------------------------------------------------------------------------------------


def note_end(transfer: Transfer, now: datetime) -> None:
    """Write down when the transfer ended, once."""
    if transfer.procedure.over_at and transfer.ended_at is None:
        transfer.ended_at = now
        transfer.save(update_fields=["ended_at"])


@transaction.atomic
def read(actor: Actor, transfer: Transfer) -> Mapping[str, Any] | None:
    """What was sent or received; None when it was taken back, declined or withdrawn."""
    transfer = visible(actor).get(pk=transfer.pk)
    record(actor, AuditTag.TRANSFER_READ, handle=transfer_handle(transfer))
    ((_row, values),) = opened([transfer])
    return dict((values or {}).get("data", {})) or None


def choices(actor: Actor, transfer: Transfer, *, going: Outgoing | None = None) -> list[Choice]:
    """The verbs of the present state for `actor`, refused ones with reasons."""
    require(actor, Action.READ, Kind.REFERRAL)
    gates = {} if going is None else {"consent_in_force": GateAnswer(going.permission.allowed)}
    return procedures.choices(actor, instance=transfer.procedure, gates=gates)


def live_of(case: Case) -> Transfer | None:
    """The transfer of a case that is under way, if one is."""
    rows = Transfer.objects.filter(case=case, direction=Direction.SENT, ended_at=None)
    return rows.select_related("procedure").first()


def _log(actor: Actor, transfer: Transfer, verb: str) -> None:
    record(actor, AuditTag.TRANSFER_STEP, handle=transfer_handle(transfer), detail={"verb": verb})


URGENCIES: Collection[str] = frozenset(Urgency)
