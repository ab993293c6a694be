# SPDX-License-Identifier: EUPL-1.2
"""What transfers answer to the packages beneath them: the gate, disclosures, copies, ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.cases import sections
from mostovi.cases.models import Case, Direction
from mostovi.cases.registrations import consent_profiles, disclosures_of
from mostovi.cases.transfers import letters, transferring
from mostovi.cases.transfers.models import Transfer
from mostovi.people import consent_listeners, disclosures, keeping
from mostovi.people import sharing as people_sharing
from mostovi.people.models import Person
from mostovi.procedures import gates
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer
from mostovi.rights import retention
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.retention import RetentionRule
from mostovi.rights.services import destroy_subject, record
from mostovi.rights.storage import opened


def register() -> None:
    """Called once when the node starts."""
    letters.register()
    gates.register("transfer", "consent_in_force", consent_in_force)
    people_sharing.register_receivers(receivers)
    people_sharing.register_profiles(profiles)
    disclosures.register(disclosed)
    keeping.register_copier(copied)
    consent_listeners.register(letters.withdrawn)
    retention.register("received_transfer", end_received)
    sections.register(60, section)


def consent_in_force(instance: Instance, now: datetime) -> GateAnswer:
    """The person's consent to this receiver, purpose and these fields stands now (R2)."""
    transfer = Transfer.objects.select_related("case__person").get(pk=instance.subject)
    permission = transferring.permission_of(transfer, now)
    return GateAnswer(is_open=permission.allowed, why=permission.reason.value)


def receivers() -> Sequence[people_sharing.Receiver]:
    """The nodes that take over cases, as a consent can name them."""
    return [people_sharing.Receiver(code, name) for code, name in transferring.receivers()]


def profiles(language: str) -> Sequence[people_sharing.Profile]:
    """The fields that a consent for a transfer can name, with their words in `language`."""
    return consent_profiles(transferring.TRANSFER, transferring.FIELDS, language)


def disclosed(person: Person) -> Sequence[disclosures.Disclosure]:
    """What went out about a person with a case (R8)."""
    return disclosures_of(Transfer.objects.filter(case__person=person))


def copied(person: Person) -> tuple[str, object]:
    """The transfers of a person's cases, for a copy of the file (R8)."""
    rows = Transfer.objects.filter(case__person=person)
    return "transfers", [
        {"code": row.code, "peer": row.peer, "direction": row.direction, **(values or {})}
        for row, values in opened(rows)
    ]


def end_received(rule: RetentionRule, today: date) -> int:
    """Erase received transfers that did not become a case here and ended before the cutoff."""
    cutoff = retention.cutoff(rule, today)
    rows = Transfer.objects.filter(
        direction=Direction.RECEIVED, ended_at__date__lt=cutoff, case=None, passed_at=None
    ).select_related("procedure")
    actor, ended = Actor.system(Purpose.GOVERNANCE), 0
    for transfer in rows[:1000]:
        destroy_subject(actor, transfer.key_id, reason="retention")
        instance = transfer.procedure
        transfer.delete()
        procedures.erase(Actor.system(Purpose(instance.purpose)), instance=instance)
        ended += 1
    if ended:
        record(actor, AuditTag.TRANSFERS_ENDED, detail={"count": ended})
    return ended


def section(actor: Actor, case: Case, now: datetime) -> sections.Section | None:
    """On the case's page: who is responsible, while or after it is handed over."""
    if not decide(actor, Action.READ, Kind.REFERRAL).allowed:
        return None
    rows = Transfer.objects.filter(case=case).select_related("procedure")
    newest = rows.order_by("-created_at").first()
    open_case = case.closed_at is None
    if newest is None or (newest.ended_at is not None and newest.procedure.state != "passed"):
        if not open_case or not decide(actor, Action.CREATE, Kind.REFERRAL).allowed:
            return None
        return sections.Section(
            "transfer", _("Responsibility"),
            url=reverse("transfers:new", args=[case.code]),
            verb=_("Hand the case to another institution"),
        )  # fmt: skip
    here = transferring.is_responsible(newest)
    who = _("this institution") if here else newest.peer.upper()
    warning = ""
    if newest.undeliverable:
        warning = _("The other institution did not get it. You are responsible.")
    elif open_case and not here:
        warning = _("The responsibility has passed. Close the case here.")
    return sections.Section(
        "transfer", _("Responsibility"), lines=[(_("Responsible"), who)],
        url=reverse("transfers:transfer", args=[newest.code]), verb=_("See the transfer"),
        warning=warning,
    )  # fmt: skip
