# SPDX-License-Identifier: EUPL-1.2
"""Verbs on referrals, at both ends: draft, look, send, accept, ask, answer, decline, withdraw.

Order at the sender: `draft` (nothing leaves), `outgoing` (exactly what would leave, and under
what), `send` (what was seen, and only while the consent stands). At the receiver a referral comes
in through `letters`; both ends then take the steps the procedure gives them with `step`, and each
step that the other end must know goes as a letter in the same transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import services as cases
from mostovi.cases import sharing, step_forms, within
from mostovi.cases.models import Case, Direction, Referral, ReferralMessage
from mostovi.cases.vocabulary import (
    REQUEST,
    UPDATE,
    Service,
    Urgency,
    needs,
    services,
    step_codes,
)
from mostovi.exchange.profiles import preview
from mostovi.exchange.services import erase_thread, post, stop
from mostovi.exchange.wire import format_time
from mostovi.people import codes, consent_texts, consenting, names
from mostovi.people import services as people
from mostovi.people.consent import Permission
from mostovi.people.models import Consent
from mostovi.procedures import services as procedures
from mostovi.procedures.state import Choice, GateAnswer
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.rows import within_scope
from mostovi.rights.services import record, record_many
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault

LETTER_LIFE = timedelta(days=14)
"""How long a referral may be on its way; after that it is a dead letter a person decides on."""

EVENT_OF_VERB: Mapping[str, str] = {
    "arrange_meeting": "meeting_proposed", "confirm_meeting": "meeting_confirmed",
    "accept": "accepted", "ask": "asked", "answer": "answered", "decline": "declined",
    "hand_over": "handed_over", "report_not_arrived": "not_arrived",
    "call_for_feedback": "feedback_called", "give_feedback": "feedback",
    "close": "closed", "close_unfinished": "closed", "mark_expired": "expired",
    "withdraw": "withdrawn",
}  # fmt: skip
"""Steps that the other end is told, as `mostovi.referral.update.v1` names them."""

RISK_FIRST = gettext_noop(
    "Look at the risk with the person first and write it down. Only urgent help goes without."
)
_TEXT_PLACE = {"ask": "question", "answer": "answer"}


class InvalidReferral(ValueError):
    """A referral cannot be drafted or sent so; `field` names the input."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotPermitted(Exception):
    """Nothing may leave: there is no consent in force, and no reviewed override, that covers it."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(permission.reason.value)
        self.permission = permission


class ChangedSinceSeen(Exception):
    """What would be sent differs from what the sender was shown; show it again."""


@dataclass(frozen=True)
class Outgoing:
    """Exactly what would be sent now.

    `lines` are (place, label, value); `seen` is the digest of them that `send` asks back, so that
    nothing leaves that was not shown. `permission` says under what, or why nothing may leave.
    """

    data: Mapping[str, Any]
    lines: Sequence[tuple[str, str, str]]
    seen: str
    permission: Permission
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as read: its row, its text and the answers of its step's form.

    Both are empty after erasure.
    """

    row: ReferralMessage
    text: str
    answers: Mapping[str, Any] = field(default_factory=dict)


def referral_handle(referral: Referral) -> str:
    """The pseudonym by which both ends and the audit chain name the referral."""
    return vault().handle("referral", referral.pk)


def pairwise_subject(case: Case, peer: str) -> str:
    """The person's handle between this node and `peer`; it means nothing to a third node."""
    return vault().handle(f"subject-at-{peer}", case.person_id)


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[Referral]:
    """The referrals on which `actor` may do `action`. Raises `Refused` when on none at all."""
    scope = require(actor, action, Kind.REFERRAL)
    return within_scope(Referral.objects.all(), actor, scope, own=Q(holder=actor.account))


def find(actor: Actor, code: str, action: Action = Action.READ) -> Referral:
    """The referral with `code`. Raises `DoesNotExist` alike for absent and out of reach."""
    try:
        canonical = codes.parse_record_code(code)
    except codes.CodeError as error:
        raise Referral.DoesNotExist from error
    rows = visible(actor, action).select_related("procedure", "case__person")
    return rows.prefetch_related("procedure__events").get(code=canonical)


def log_listed(actor: Actor, referrals: Sequence[Referral]) -> None:
    """Write into the log that these were shown in a list."""
    if referrals:
        handles = [referral_handle(referral) for referral in referrals]
        record_many(actor, AuditTag.REFERRAL_LISTED, handles=handles)


@transaction.atomic
def draft(
    actor: Actor,
    case: Case,
    *,
    service: str,
    need_codes: Sequence[str],
    urgency: str,
    fields: Collection[str],
    summary: str,
    safety: str = "",
    risk: Mapping[str, Any] | None = None,
    access: str = "data",
    now: datetime | None = None,
) -> Referral:
    """Prepare a referral of the case's person to a service. Nothing leaves the node.

    `risk` are answers of the form `assess_risk`, if they are known already. `access` says what a
    unit of this institution gets when it accepts: `data`, only what was ticked, or `case`.
    Raises `InvalidReferral`, `InvalidAnswers`, `Refused`, `Case.DoesNotExist`.
    """
    require(actor, Action.CREATE, Kind.REFERRAL)
    case = cases.find(actor, case.code, Action.CHANGE)
    _check_draft(service, need_codes, urgency, fields, summary, case.unit)
    moment = now or timezone.now()
    asked = service_of(service)
    ours = asked.node == settings.MOSTOVI.code
    identifier, peer = uuid4(), within.peer_of(asked.unit) if ours else asked.node
    partner = settings.MOSTOVI.partner if ours else peer.split("-", 1)[0]
    instance = procedures.start(
        actor, code="referral", side="sender", subject=identifier, at=moment,
        partners={"receiver": partner}, key_id=case.key_id,
    )  # fmt: skip
    referral = Referral(
        id=identifier, key_id=case.key_id, case=case, direction=Direction.SENT, peer=peer,
        code=codes.new_record_code(settings.MOSTOVI.partner), service=service, urgency=urgency,
        purpose=actor.purpose.value, unit=case.unit, created_by=actor.account,
        holder=actor.account, created_at=moment, procedure=instance,
        fields=[field for field in sharing.SHAREABLE if field in fields],
    )  # fmt: skip
    wanted = {"needs": list(need_codes), "summary": summary.strip(), "safety": safety.strip()}
    decided = {"access": "case"} if ours and access == "case" else {}
    referral.seal_values({"draft": wanted, **decided})
    referral.save()
    record(actor, AuditTag.REFERRAL_DRAFTED, handle=referral_handle(referral))
    if risk is not None:
        assess_risk(actor, referral, answers=risk, now=moment)
    return referral


def service_of(code: str) -> Service:
    """A service of the directory, or a unit of this institution. Raises `KeyError`."""
    found = services().get(code)
    return found if found is not None else within.unit_services()[code]


def _takes_referrals(code: str, unit: str) -> bool:
    """Whether a case of `unit` can be referred there: elsewhere, or to another unit of ours."""
    try:
        found = service_of(code)
    except KeyError:
        return False
    if not found.takes_referrals:
        return False
    if found.node != settings.MOSTOVI.code:
        return True
    return found.unit in within.units() and found.unit != unit


def _check_draft(
    service: str,
    need_codes: Sequence[str],
    urgency: str,
    fields: Collection[str],
    summary: str,
    unit: str,
) -> None:
    if not _takes_referrals(service, unit):
        raise InvalidReferral(
            "service", gettext_noop("Choose a service at another node, or another unit of yours.")
        )
    if not need_codes or not set(need_codes) <= set(needs()):
        raise InvalidReferral("needs", gettext_noop("Choose at least one need."))
    if urgency not in set(Urgency):
        raise InvalidReferral("urgency", gettext_noop("Say how soon somebody must act."))
    if not set(fields) & set(sharing.SHAREABLE):
        raise InvalidReferral("fields", gettext_noop("Tick what the service needs to know."))
    if "summary" in fields and not summary.strip():
        raise InvalidReferral(
            "summary", gettext_noop("Write what the service must know, or untick it.")
        )


def outgoing(actor: Actor, referral: Referral, *, now: datetime | None = None) -> Outgoing:
    """Exactly what would be sent now, and under which consent or duty."""
    moment = now or timezone.now()
    case = case_of(referral)
    written = referral.values()["draft"]
    file = people.read(actor, case.person)
    values = dict(file.single) | {row.field: row.value for row in (*file.names, *file.contacts)}
    personal = sharing.composed(
        values, referral.fields, subject=pairwise_subject(case, referral.peer),
        summary=written["summary"], safety=written["safety"], romanise=names.romanise,
    )  # fmt: skip
    permission, consent, basis = _basis(referral, moment)
    data = {
        "referral": referral_handle(referral),
        "service": referral.service,
        "needs": written["needs"],
        "urgency": referral.urgency,
        "basis": basis,
        "deadline_days": service_of(referral.service).answer_days,
        **personal,
    }
    lines = preview(REQUEST, referral.purpose, data)
    return Outgoing(data, lines, digest_of(data), permission, consent)


def digest_of(data: Mapping[str, Any]) -> str:
    """Recognises the data a sender has seen; keyed, since it travels through a form."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return vault().blind("seen:" + hashlib.sha256(text.encode()).hexdigest()).hex()


def permission_of(referral: Referral, now: datetime) -> Permission:
    """Whether everything that was ticked may go to the receiver now."""
    return consenting.permission_for(
        case_of(referral).person, referral.purpose, referral.peer, referral.fields, now
    )


def _basis(
    referral: Referral, now: datetime
) -> tuple[Permission, Consent | None, Mapping[str, Any]]:
    """The permission, the consent or override it rests on, and what the receiver is told of it.

    The letter names one consent, so one must cover everything that was ticked.
    """
    permission = permission_of(referral, now)
    consents = case_of(referral).person.consents
    found = consents.filter(pk__in=permission.sources)
    whole = next((one for one in found if set(referral.fields) <= set(one.fields)), None)
    consent = whole or named_consent(referral)
    if permission.allowed and whole is None:
        permission = replace(permission, allowed=False)
    return permission, consent, _basis_told(consent)


def named_consent(referral: Referral) -> Consent | None:
    """The consent or override that the referral already names, if any."""
    if referral.consent_id is None:
        return None
    return case_of(referral).person.consents.filter(pk=referral.consent_id).first()


def _basis_told(consent: Consent | None) -> Mapping[str, Any]:
    if consent is None:
        return {"kind": "duty", "citation": "-"}
    if consent.duty:
        return {"kind": "duty", "citation": consent_texts.duties()[consent.duty].citation}
    expires = consent.expires_at or consent.created_at
    return {
        "kind": "consent",
        "consent": vault().handle("consent", consent.pk),
        "purpose": consent.purpose,
        "receiver": consent.receiver,
        "fields": [field for field in sharing.SHAREABLE if field in consent.fields],
        "given_on": timezone.localdate(consent.created_at).isoformat(),
        "expires": timezone.localdate(expires).isoformat(),
        "language": consent.language or "en",
        "given_by": "guardian" if consent.guardian else "person",
    }


def case_of(referral: Referral) -> Case:
    if referral.case is None:
        raise Referral.DoesNotExist("a received referral is not sent")
    return referral.case


@transaction.atomic
def assess_risk(
    actor: Actor, referral: Referral, *, answers: Mapping[str, Any], now: datetime | None = None
) -> None:
    """Write down the risk as looked at with the person; again at every contact, before sending.

    A danger to life goes into the referral, since the service must know of it (Bulgarian NRM,
    1.4); the consent must cover it. Raises `InvalidAnswers`, `InvalidReferral` once it was sent.
    """
    referral = _locked(actor, referral, Action.SEND)
    if referral.letter_id is not None or referral.procedure.over_at is not None:
        raise InvalidReferral("risk", gettext_noop("The referral has been sent already."))
    moment = now or timezone.now()
    tidy = step_forms.checked("assess_risk", _version(referral), answers)
    side = referral.procedure.side
    keep_message(referral, "assess_risk", side, actor.account, "", moment, answers=tidy)
    if tidy.get("danger_to_life") == "yes":
        values = referral.values()
        values["draft"]["safety"] = str(tidy["must_know"])[:1000]
        referral.seal_values(values)
        if "safety" not in referral.fields:
            named = {*referral.fields, "safety"}
            referral.fields = [name for name in sharing.SHAREABLE if name in named]
        referral.save(update_fields=["sealed", "fields"])
    if referral.procedure.state == "consent_recorded":
        procedures.apply(actor, instance=referral.procedure, verb="assess_risk", at=moment)
    _log_step(actor, referral, "assess_risk")


def _version(referral: Referral) -> int:
    return referral.procedure.version


def risk_of(referral: Referral) -> Mapping[str, Any] | None:
    """The newest answers about the risk at the sender's end; None when nobody has looked."""
    rows = referral.messages.filter(verb="assess_risk").order_by("-written_at")[:1]
    return next((dict((values or {}).get("answers", {})) for _, values in opened(rows)), None)


_CANNOT_WAIT = frozenset({Urgency.EMERGENCY, Urgency.URGENT})


@transaction.atomic
def send(actor: Actor, referral: Referral, *, seen: str, now: datetime | None = None) -> Referral:
    """Send what was seen, under the person's consent, signed, encrypted and exactly once.

    Urgent help does not wait for the assessment of risk; everything else does. Raises
    `NotPermitted`, `ChangedSinceSeen`, `InvalidReferral`, `procedures.state.StepRefused`. A
    referral that was sent already is returned as it is (the button pressed twice).
    """
    referral = _locked(actor, referral, Action.SEND)
    if referral.letter_id is not None:
        return referral
    moment = now or timezone.now()
    going = _permitted(actor, referral, seen, moment)
    looked_at = _version(referral) < step_forms.FIRST_VERSION or risk_of(referral) is not None
    if not looked_at and referral.urgency not in _CANNOT_WAIT:
        raise InvalidReferral("risk", RISK_FIRST)
    if referral.procedure.state == "draft":
        procedures.apply(actor, instance=referral.procedure, verb="record_consent", at=moment)
    if referral.procedure.state == "consent_recorded" and risk_of(referral) is not None:
        procedures.apply(actor, instance=referral.procedure, verb="assess_risk", at=moment)
    procedures.apply(actor, instance=referral.procedure, verb="send", at=moment)
    return _post_request(actor, referral, going, moment)


@transaction.atomic
def ask_for_emergency(
    actor: Actor,
    referral: Referral,
    *,
    duty: str,
    reason: str,
    now: datetime | None = None,
) -> None:
    """Ask a second reviewer to let the referral go without consent, under a named legal duty."""
    referral = _locked(actor, referral, Action.SEND)
    moment = now or timezone.now()
    consent = consenting.request_override(
        actor, case_of(referral).person, purpose=referral.purpose, receiver=referral.peer,
        fields=referral.fields, duty=duty, reason=reason, profile=REQUEST,
        expires_at=moment + LETTER_LIFE, now=moment,
    )  # fmt: skip
    referral.consent_id = consent.pk
    referral.save(update_fields=["consent_id"])
    procedures.apply(
        actor, instance=referral.procedure, verb="invoke_vital_interest", at=moment, reason=reason
    )
    _log_step(actor, referral, "invoke_vital_interest")


@transaction.atomic
def decide_emergency(
    actor: Actor,
    referral: Referral,
    *,
    approve: bool,
    reason: str,
    seen: str = "",
    now: datetime | None = None,
) -> Referral:
    """The second reviewer lets an emergency referral go, or sends it back to draft.

    Raises `consenting.SecondReviewerNeeded` for who asked, `ChangedSinceSeen`, `StepRefused`.
    """
    referral = _locked(actor, referral, Action.SEND)
    if referral.letter_id is not None:
        return referral
    moment = now or timezone.now()
    consent = named_consent(referral)
    if consent is None:
        raise InvalidReferral(
            "decision", gettext_noop("Nobody has asked for an emergency referral.")
        )
    consenting.decide_override(actor, consent, approve=approve, reason=reason, now=moment)
    verb = "send_in_emergency" if approve else "refuse_emergency"
    going = _permitted(actor, referral, seen, moment) if approve else None
    procedures.apply(actor, instance=referral.procedure, verb=verb, at=moment, reason=reason)
    if going is None:
        _log_step(actor, referral, verb)
        return referral
    return _post_request(actor, referral, going, moment)


def _permitted(actor: Actor, referral: Referral, seen: str, now: datetime) -> Outgoing:
    going = outgoing(actor, referral, now=now)
    if not going.permission.allowed or going.consent is None:
        raise NotPermitted(going.permission)
    if going.seen != seen:
        raise ChangedSinceSeen
    return going


def _post_request(actor: Actor, referral: Referral, going: Outgoing, now: datetime) -> Referral:
    consent = going.consent
    assert consent is not None  # noqa: S101 - `_permitted` refuses without one
    referral.consent_id = consent.pk
    referral.consent_handle = vault().handle("consent", consent.pk)
    basis = _letter_basis(referral, consent)
    if within.is_within(referral.peer):
        referral.letter_id = within.deliver(
            referral, letter_type=REQUEST, basis=basis, data=going.data, now=now
        )
    else:
        letter = post(
            actor, to=referral.peer, letter_type=REQUEST, purpose=Purpose(referral.purpose),
            basis=basis, data=going.data, thread=referral.thread,
            expires=now + LETTER_LIFE, key_id=referral.key_id,
        )  # fmt: skip
        referral.letter_id = letter.pk
    kept = {key: value for key, value in referral.values().items() if key == "access"}
    referral.seal_values({"data": going.data, **kept})
    referral.save()
    if within.is_within(referral.peer):
        within.confirm(referral, letter_type=REQUEST, now=now)
        referral.refresh_from_db()
    record(
        actor, AuditTag.REFERRAL_SENT, handle=referral_handle(referral),
        detail={"to": referral.peer, "fields": len(referral.fields)},
    )  # fmt: skip
    return referral


def _letter_basis(referral: Referral, consent: Consent) -> dict[str, Any]:
    if consent.duty:
        return {"duty": consent_texts.duties()[consent.duty].citation}
    basis = {"consent": referral.consent_handle, "fields": list(consent.fields)}
    # A letter that waits longer than the consent lasts does not leave.
    return basis | ({"expires": format_time(consent.expires_at)} if consent.expires_at else {})


@transaction.atomic
def step(
    actor: Actor,
    referral: Referral,
    *,
    verb: str,
    text: str = "",
    code: str = "",
    answers: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Referral:
    """Take a step of the procedure on our side and tell the other end in the same transaction.

    `text` is the question, answer, reason or feedback; `code` one of `vocabulary.step_codes`
    where the step has such; `answers` those of the step's form (`step_forms`). Raises
    `StepRefused` with every reason, `InvalidReferral`, `InvalidAnswers`.
    """
    referral = _locked(actor, referral, Action.DECIDE)
    moment = now or timezone.now()
    if verb == "assess_risk":
        assess_risk(actor, referral, answers=answers or {}, now=moment)
        return referral
    procedures.apply(actor, instance=referral.procedure, verb=verb, at=moment, reason=text)
    if step_codes(verb) and code not in step_codes(verb):
        raise InvalidReferral("code", gettext_noop("Choose what fits best."))
    filled = step_forms.checked(verb, _version(referral), answers)
    side = referral.procedure.side
    keep_message(referral, verb, side, actor.account, text, moment, answers=filled)
    if verb == "withdraw":
        stop_letters(actor, referral, moment)
    if verb in EVENT_OF_VERB and referral.letter_id is not None:
        _tell(actor, referral, verb, text, code, moment, step_forms.told(verb, filled))
    note_end(referral, moment)
    if verb == "withdraw":
        forget_draft(referral)
    if verb == "accept" and within.is_within(referral.peer):
        within.after_acceptance(actor, referral)
    _log_step(actor, referral, verb)
    return referral


def stop_letters(actor: Actor, referral: Referral, now: datetime) -> None:
    """Nothing about this referral leaves the node any more, and nothing waits to be opened (R2)."""
    stop(actor, thread=referral.thread, now=now)
    erase_thread(actor, thread=referral.thread, peer=referral.peer)
    referral.untold, referral.untold_at = "", None
    referral.save(update_fields=["untold", "untold_at"])


def forget_draft(referral: Referral) -> None:
    """A withdrawn draft keeps nothing of what it would have said."""
    if referral.letter_id is None:
        referral.seal_values({})
        referral.save(update_fields=["sealed"])


def _tell(
    actor: Actor,
    referral: Referral,
    verb: str,
    text: str,
    code: str,
    now: datetime,
    meeting: Mapping[str, str],
) -> None:
    data: dict[str, Any] = {
        "referral": referral.peer_reference or referral_handle(referral),
        "event": EVENT_OF_VERB[verb],
        "at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if code:
        data["outcome" if verb == "give_feedback" else "reason"] = code
    if verb == "hand_over":
        data["unit"] = referral.unit
    if text.strip():
        data[_TEXT_PLACE.get(verb, "text")] = text.strip()[:2000]
    if meeting:
        data["meeting"] = dict(meeting)
    basis: dict[str, Any] = {"consent": referral.consent_handle}
    if not referral.consent_handle or _rests_on_duty(referral):
        basis = {"duty": "the duty under which the referral was sent"}
    elif verb == "answer" and (consent := named_consent(referral)) and consent.expires_at:
        # What is told of the person goes while the consent lasts; other steps always arrive.
        basis["expires"] = format_time(consent.expires_at)
    if within.is_within(referral.peer):
        within.deliver(referral, letter_type=UPDATE, basis=basis, data=data, now=now)
        return
    post(
        actor, to=referral.peer, letter_type=UPDATE, purpose=Purpose(referral.purpose),
        basis=basis, data=data, thread=referral.thread, in_reply_to=referral.letter_id,
        expires=now + LETTER_LIFE, key_id=referral.key_id,
    )  # fmt: skip


def _rests_on_duty(referral: Referral) -> bool:
    ((_, values),) = opened([referral])
    basis: Mapping[str, str] = (values or {}).get("data", {}).get("basis", {})
    return basis.get("kind") == "duty"


def keep_message(
    referral: Referral,
    verb: str,
    side: str,
    author: UUID,
    text: str,
    at: datetime,
    *,
    answers: Mapping[str, Any] | None = None,
) -> None:
    """Keep the words and answers of a step, sealed; nothing when there are none."""
    if not (text.strip() or answers) or not vault().holds(referral.key_id):
        return
    message = ReferralMessage(
        key_id=referral.key_id, referral=referral, verb=verb, side=side, author=author,
        written_at=at,
    )  # fmt: skip
    filled = {"answers": dict(answers)} if answers else {}
    message.seal_values({"text": text.strip(), **filled})
    message.save()


def note_end(referral: Referral, now: datetime) -> None:
    if referral.procedure.over_at and referral.ended_at is None:
        referral.ended_at = now
        referral.save(update_fields=["ended_at"])


def _locked(actor: Actor, referral: Referral, action: Action) -> Referral:
    rows = visible(actor, action).select_related("procedure", "case__person")
    return rows.select_for_update(of=("self",)).get(pk=referral.pk)


def _log_step(actor: Actor, referral: Referral, verb: str) -> None:
    record(actor, AuditTag.REFERRAL_STEP, handle=referral_handle(referral), detail={"verb": verb})


@transaction.atomic
def read(actor: Actor, referral: Referral) -> Mapping[str, Any] | None:
    """What was sent or received; None when the person's consent ended it (its key is destroyed)."""
    referral = visible(actor).get(pk=referral.pk)
    record(actor, AuditTag.REFERRAL_READ, handle=referral_handle(referral))
    ((_, values),) = opened([referral])
    if values is None or referral.consent_withdrawn_at and referral.direction == "received":
        return None
    return dict(values.get("data", {}))


def messages(referral: Referral) -> list[Message]:
    """The words that went to and fro in a referral that was found by `find`, oldest first."""
    return [
        Message(row, (values or {}).get("text", ""), (values or {}).get("answers", {}))
        for row, values in opened(referral.messages.all())
    ]


def choices(actor: Actor, referral: Referral, *, going: Outgoing | None = None) -> list[Choice]:
    """The verbs of the present state for `actor`, refused ones with reasons.

    `going` is what `outgoing` answered just now; consent and basis are then not looked up again.
    """
    require(actor, Action.READ, Kind.REFERRAL)
    gates: dict[str, GateAnswer] = {}
    if going is not None:
        named = going.consent is not None and bool(going.consent.duty)
        gates["consent_in_force"] = GateAnswer(going.permission.allowed)
        gates["legal_basis_named"] = GateAnswer(named)
    return procedures.choices(actor, instance=referral.procedure, gates=gates)
