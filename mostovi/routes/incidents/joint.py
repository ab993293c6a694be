# SPDX-License-Identifier: EUPL-1.2
"""The verbs of joint work: propose, answer, share an entry, end; and the same from the other node.

Both nodes hold their own copy. What one puts in goes by letter; the other's signed receipt says
when it was stored there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.exchange.handlers import ReceiptSeen, ReceivedLetter, Reject
from mostovi.exchange.receipts import Verdict
from mostovi.procedures import services as procedures
from mostovi.procedures.state import Choice, StepRefused
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.rights.vault import vault
from mostovi.routes.incidents import letters, record_codes, store
from mostovi.routes.incidents.letters import ENTRY, JOINT, ChangedSinceSeen, Going
from mostovi.routes.incidents.models import Investigation, JointEntry, JointWork
from mostovi.routes.incidents.store import Unfit, code_of, fit, handle

PROCEDURE: Final = "joint_investigation"
SORTS: Final = ("finding", "question", "answer", "task", "identifier")
WORKING: Final = "working"


def visible(actor: Actor, action: Action = Action.READ) -> QuerySet[JointWork]:
    """The workspaces within reach. Raises `Refused` for everybody but investigators."""
    require(actor, action, Kind.INVESTIGATION)
    return JointWork.objects.select_related("procedure", "investigation")


def find(actor: Actor, code: str, action: Action = Action.READ) -> JointWork:
    """One workspace. Raises `JointWork.DoesNotExist`."""
    return visible(actor, action).get(code=code)


def _locked(actor: Actor, row: JointWork, action: Action) -> JointWork:
    return visible(actor, action).select_for_update(of=("self",)).get(pk=row.pk)


def _new(**values: Any) -> JointWork:
    code = record_codes.new_code("joint", lambda code: JointWork.objects.filter(code=code).exists())
    return JointWork(code=code, **values)


@transaction.atomic
def draft(
    actor: Actor, investigation: Investigation, *, to: str, title: str, legal_basis: str,
    text: str, until: date | None = None, now: datetime | None = None,
) -> JointWork:  # fmt: skip
    """Write a proposal for `to`; nothing leaves yet. Raises `Unfit`."""
    require(actor, Action.CREATE, Kind.INVESTIGATION)
    moment = now or timezone.now()
    if to not in {code for code, _name in letters.receivers()}:
        raise Unfit("to", gettext_noop("This node is not known here, or takes no such letters."))
    if investigation.ended_at is not None:
        raise Unfit("", gettext_noop("This investigation has ended."))
    if until is not None and until < timezone.localdate(moment):
        raise Unfit("until", gettext_noop("This day is over."))
    identifier, key_id = uuid4(), vault().new_key()
    instance = procedures.start(
        actor, code=PROCEDURE, side="proposing", subject=identifier, at=moment, key_id=key_id,
        partners={"invited": letters.country_of(to)},
    )  # fmt: skip
    row = _new(
        id=identifier, key_id=key_id, thread=uuid4(), peer=to, began_here=True,
        crime=investigation.crime, investigation=investigation, procedure=instance,
        created_at=moment, changed_at=moment,
    )  # fmt: skip
    row.seal_values(
        {
            "title": fit("title", title, needed=True, longest=200),
            "legal_basis": fit("legal_basis", legal_basis, needed=True, longest=300),
            "text": fit("text", text, needed=True, longest=2000),
            **({"until": until.isoformat()} if until else {}),
        }
    )
    row.save(force_insert=True)
    return row


def outgoing(row: JointWork) -> Going:
    """The proposal exactly as it would leave."""
    return letters.going(
        JOINT, {"event": "propose", "crime": row.crime, **row.values()}, about=row.pk
    )


@transaction.atomic
def propose(actor: Actor, row: JointWork, *, seen: str, now: datetime | None = None) -> JointWork:
    """Send the proposal that was shown; pressed twice, it goes once. Raises `ChangedSinceSeen`."""
    row = _locked(actor, row, Action.SEND)
    if row.letter_id is not None:
        return row
    shown = outgoing(row)
    if shown.seen != seen:
        raise ChangedSinceSeen
    return _step(actor, row, "propose", shown.data, now or timezone.now())


@transaction.atomic
def step(
    actor: Actor, row: JointWork, *, verb: str, text: str = "", now: datetime | None = None
) -> JointWork:
    """Agree, decline, take back or end, and tell the other node. Raises `StepRefused`, `Unfit`."""
    row = _locked(actor, row, Action.DECIDE)
    if verb == "propose":
        raise Unfit("", gettext_noop("A proposal is sent from its own page."))
    tidy = fit("text", text, longest=2000)
    data = {"event": _event(verb), **({"text": tidy} if tidy else {})}
    return _step(actor, row, verb, data, now or timezone.now(), reason=tidy)


def _event(verb: str) -> str:
    return "end" if verb.startswith("end_") else verb


def _step(
    actor: Actor, row: JointWork, verb: str, data: Mapping[str, Any], moment: datetime,
    reason: str = "",
) -> JointWork:  # fmt: skip
    procedures.apply(actor, instance=row.procedure, verb=verb, at=moment, reason=reason)
    letter = letters.send(
        actor, JOINT, data, to=row.peer, duty=row.values()["legal_basis"], thread=row.thread,
        key_id=row.key_id, now=moment,
    )  # fmt: skip
    row.letter_id, row.changed_at, row.undeliverable = letter.pk, moment, ""
    row.save(update_fields=["letter_id", "changed_at", "undeliverable"])
    record(actor, AuditTag.JOINT_STEP, handle=handle(row), detail={"verb": verb, "with": row.peer})
    return row


def choices(actor: Actor, row: JointWork) -> list[Choice]:
    """What may be done now on our side, without sending the proposal."""
    found = procedures.choices(actor, instance=row.procedure)
    return [
        one
        for one in found
        if one.transition.side == row.procedure.side and one.transition.verb != "propose"
    ]


@transaction.atomic
def attach(actor: Actor, row: JointWork, investigation: Investigation) -> JointWork:
    """Say which of our investigations a workspace that came from outside belongs to."""
    row = _locked(actor, row, Action.CHANGE)
    row.investigation = investigation
    row.save(update_fields=["investigation"])
    record(actor, AuditTag.JOINT_STEP, handle=handle(row), detail={"verb": "attach"})
    return row


# --- Entries -------------------------------------------------------------------------------------


def entry_data(
    row: JointWork, *, entry: UUID, sort: str, text: str = "", kind: str = "", value: str = "",
    answers: UUID | None = None,
) -> Going:  # fmt: skip
    """An entry exactly as it would leave; stores nothing. Raises `Unfit`."""
    if sort not in SORTS:
        raise Unfit("sort", gettext_noop("Choose one of the list."))
    data: dict[str, Any] = {"entry": str(entry), "sort": sort}
    tidy = fit("text", text, needed=sort != "identifier", longest=4000)
    if tidy:
        data["text"] = tidy
    if sort == "identifier":
        code_of("kind", "identifier_kinds", kind)
        written = fit("value", value, needed=True, longest=200)
        store.token_of(kind, written)
        data["identifier"] = {"kind": kind, "value": written}
    if sort == "answer":
        asked = row.entries.filter(reference=answers).exists() if answers else False
        if not asked:
            raise Unfit("answers", gettext_noop("Choose the question or task it answers."))
        data["answers"] = str(answers)
    return letters.going(ENTRY, data, about=row.pk)


@transaction.atomic
def share(
    actor: Actor, row: JointWork, *, data: Going, seen: str, now: datetime | None = None
) -> JointEntry:
    """Put an entry that was shown into the workspace; pressed twice, it goes once.

    Raises `ChangedSinceSeen`, `Unfit` (nobody has agreed yet, or it has ended).
    """
    row = _locked(actor, row, Action.SEND)
    if data.seen != seen:
        raise ChangedSinceSeen
    reference = UUID(data.data["entry"])
    known = row.entries.filter(reference=reference).first()
    if known is not None:
        return known
    if row.procedure.state != WORKING:
        raise Unfit("", gettext_noop("Both authorities must have agreed, and not ended it."))
    moment = now or timezone.now()
    letter = letters.send(
        actor, ENTRY, data.data, to=row.peer, duty=row.values()["legal_basis"],
        thread=row.thread, key_id=row.key_id, now=moment,
    )  # fmt: skip
    made = _kept(row, data.data, reference, moment, ours=True, account=actor.account)
    made.letter_id = letter.pk
    made.save(force_insert=True)
    _touch(row, moment)
    record(
        actor, AuditTag.JOINT_SHARED, handle=handle(row),
        detail={"sort": made.sort, "with": row.peer},
    )  # fmt: skip
    return made


def _kept(
    row: JointWork, data: Mapping[str, Any], reference: UUID, at: datetime, *, ours: bool,
    account: UUID | None = None,
) -> JointEntry:  # fmt: skip
    made = JointEntry(
        work=row, key_id=row.key_id, reference=reference, ours=ours, sort=data["sort"], at=at,
        account=account, token=b"",
    )  # fmt: skip
    named = data.get("identifier")
    if named:
        made.kind = named["kind"]
        try:
            made.token = store.token_of(named["kind"], named["value"])
        except Unfit:
            made.token = b""  # Theirs, written in a way that we cannot compare: kept, not compared.
    made.seal_values(dict(data))
    return made


def _touch(row: JointWork, moment: datetime) -> None:
    row.changed_at = moment
    row.save(update_fields=["changed_at"])


@transaction.atomic
def read(
    actor: Actor, row: JointWork
) -> tuple[Mapping[str, Any], Sequence[tuple[JointEntry, Mapping[str, Any] | None, list[str]]]]:
    """The workspace's sealed values and its entries, oldest first, each with codes of our incidents
    at which the same thing is noted. The reading is logged."""
    row = visible(actor).get(pk=row.pk)
    record(actor, AuditTag.JOINT_READ, handle=handle(row))
    entries = list(row.entries.all())
    tokens = [bytes(one.token) for one in entries if one.token]
    ours = _at_our_incidents(actor, tokens) if tokens else {}
    return row.values(), [
        (one, values, ours.get((one.kind, bytes(one.token)), [])) for one, values in opened(entries)
    ]


def _at_our_incidents(actor: Actor, tokens: Sequence[bytes]) -> dict[tuple[str, bytes], list[str]]:
    found: dict[tuple[str, bytes], list[str]] = {}
    rows = store.visible(actor).filter(identifiers__token__in=tokens)
    for code, kind, token in rows.values_list("code", "identifiers__kind", "identifiers__token"):
        found.setdefault((kind, bytes(token)), []).append(code)
    return {key: sorted(set(codes)) for key, codes in found.items()}


# --- What comes in -------------------------------------------------------------------------------


def receive(letter: ReceivedLetter) -> None:
    """A proposal opens a workspace of our own; the rest are steps of one."""
    letters.check_incoming(letter)
    if letter.data["event"] == "propose":
        _receive_proposal(letter)
        return
    row = _of_letter(letter)
    verb = letter.data["event"]
    if verb == "end":
        verb = f"end_{'invited' if row.began_here else 'proposing'}"
    _hear(letter, row, verb)
    _touch(row, letter.received_at)
    _log_received(letter, row, letter.data["event"])


def _receive_proposal(letter: ReceivedLetter) -> None:
    if JointWork.objects.filter(thread=letter.thread).exists():
        raise Reject("thread_in_use", "Joint work with this thread exists already.")
    identifier, key_id = uuid4(), vault().new_key()
    instance = procedures.start(
        letter.actor, code=PROCEDURE, side="invited", subject=identifier, at=letter.time,
        key_id=key_id, partners={"proposing": letters.country_of(letter.source)},
    )  # fmt: skip
    procedures.hear(letter.actor, instance=instance, verb="propose", at=letter.received_at)
    row = _new(
        id=identifier, key_id=key_id, thread=letter.thread, peer=letter.source, began_here=False,
        crime=letter.data["crime"], procedure=instance, created_at=letter.received_at,
        changed_at=letter.received_at,
    )  # fmt: skip
    row.seal_values({k: v for k, v in letter.data.items() if k not in {"event", "crime"}})
    row.save(force_insert=True)
    _log_received(letter, row, "propose")


def receive_entry(letter: ReceivedLetter) -> None:
    """Keep what the other node put into the workspace; the same entry twice is one."""
    letters.check_incoming(letter)
    row = _of_letter(letter)
    if row.procedure.state != WORKING:
        # It may have crossed the end that we sent: nothing is kept, its sender is told.
        raise Reject("not_working", "The joint work has not begun here, or has ended.")
    reference = UUID(letter.data["entry"])
    if row.entries.filter(reference=reference).exists():
        return
    _kept(row, letter.data, reference, letter.received_at, ours=False).save(force_insert=True)
    _touch(row, letter.received_at)
    _log_received(letter, row, letter.data["sort"])


def _of_letter(letter: ReceivedLetter) -> JointWork:
    rows = JointWork.objects.select_related("procedure").select_for_update(of=("self",))
    row = rows.filter(thread=letter.thread, peer=letter.source).first()
    if row is None:
        raise Reject("unknown_work", "No joint work of yours has this thread here.")
    return row


def _hear(letter: ReceivedLetter, row: JointWork, verb: str) -> None:
    try:
        procedures.hear(
            letter.actor, instance=row.procedure, verb=verb, at=letter.received_at,
            reason=str(letter.data.get("text", "")),
        )  # fmt: skip
    except StepRefused as refused:
        raise Reject("not_your_step", "This step is not yours to take.") from refused


def _log_received(letter: ReceivedLetter, row: JointWork, what: str) -> None:
    record(
        letter.actor, AuditTag.JOINT_RECEIVED, handle=handle(row),
        detail={"from": letter.source, "what": what},
    )  # fmt: skip


def see_receipt(receipt: ReceiptSeen) -> None:
    """Our newest step arrived, or it did not."""
    row = JointWork.objects.filter(letter_id=receipt.letter).first()
    if row is not None:
        row.undeliverable = not_delivered(receipt)
        row.save(update_fields=["undeliverable"])


def see_entry_receipt(receipt: ReceiptSeen) -> None:
    """Our entry is stored at the other node since the moment its receipt names, or it is not."""
    row = JointEntry.objects.filter(letter_id=receipt.letter).first()
    if row is None:
        return
    if receipt.verdict is Verdict.STORED:
        row.delivered_at = receipt.received_at
    row.undeliverable = not_delivered(receipt)
    row.save(update_fields=["delivered_at", "undeliverable"])


def not_delivered(receipt: ReceiptSeen) -> str:
    """The code of why a letter was not taken in; '' when it was, or still may be."""
    return receipt.reason[:60] if receipt.verdict in {None, Verdict.REJECTED} else ""
