# SPDX-License-Identifier: EUPL-1.2
"""What `cases` answers to the packages beneath it: gates, receivers, disclosures, duties, ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from mostovi.cases import case_sections, letters, referring, services, sharing, taking_up, within
from mostovi.cases.models import Case, CaseRecord, Direction, Referral, WithdrawnConsent
from mostovi.cases.vocabulary import REQUEST, case_types, procedure_of_type
from mostovi.exchange.models import Peer
from mostovi.exchange.profiles import profile
from mostovi.people import disclosures, keeping
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
from mostovi.screening.finding_services import NextStep, offer_next_step
from mostovi.screening.models import Submission


def register() -> None:
    """Called once when the node starts."""
    letters.register()
    case_sections.register()
    gates.register("referral", "consent_in_force", consent_in_force)
    gates.register("referral", "legal_basis_named", legal_basis_named)
    for code in ["case", *(procedure_of_type(code) for code in case_types())]:
        gates.register(code, "closing_approved", closing_approved)
    people_sharing.register_receivers(receivers)
    people_sharing.register_profiles(profiles)
    disclosures.register(disclosed)
    keeping.register_copier(copied)
    keeping.register_eraser(erase_of_person)
    keeping.register_use(in_use)
    offer_next_step(case_step)
    retention.register("case", _end_cases)
    retention.register("received_referral", _end_received)


def consent_in_force(instance: Instance, now: datetime) -> GateAnswer:
    """The person's consent to this receiver, purpose and these fields stands now (R2)."""
    referral = Referral.objects.select_related("case__person").get(pk=instance.subject)
    permission = referring.permission_of(referral, now)
    return GateAnswer(is_open=permission.allowed, why=permission.reason.value)


def legal_basis_named(instance: Instance, now: datetime) -> GateAnswer:
    """A legal duty is written down for this referral."""
    referral = Referral.objects.select_related("case__person").get(pk=instance.subject)
    named = referring.named_consent(referral)
    return GateAnswer(is_open=bool(named and named.duty))


def closing_approved(instance: Instance, now: datetime) -> GateAnswer:
    """A request to close this case was approved since it was opened, or opened again."""
    rows = CaseRecord.objects.filter(case=instance.subject, kind="closing_request", counted__gt=0)
    approved = rows.order_by("-counted_at").values_list("counted_at", flat=True).first()
    reopened = [event.at for event in instance.events.all() if event.verb == taking_up.REOPEN]
    if approved is None or (reopened and approved < max(reopened)):
        return GateAnswer(
            is_open=False, why=_("Write a request to close the case; a supervisor approves it.")
        )
    return GateAnswer(is_open=True)


def receivers() -> Sequence[people_sharing.Receiver]:
    """The nodes, and the units of this institution, that a consent can name."""
    return [
        people_sharing.Receiver(peer.code, peer.node.name)
        for peer in Peer.objects.all()
        if peer.node.allows(REQUEST)
    ] + [
        people_sharing.Receiver(within.peer_of(unit), within.unit_name(unit))
        for unit in within.units()
    ]


def profiles(language: str) -> Sequence[people_sharing.Profile]:
    """The fields that a consent for a referral can name, with their words in `language`."""
    return consent_profiles(REQUEST, sharing.SHAREABLE, language)


def consent_profiles(
    letter_type: str, names: Sequence[str], language: str
) -> Sequence[people_sharing.Profile]:
    """For each purpose of a letter, the named fields with their words in `language`."""
    found = profile(letter_type)
    properties = found.schema["properties"]
    with override(language):
        fields = [(name, _(properties[name]["title"])) for name in names]
        title = _(found.schema["title"])
    return [
        people_sharing.Profile(letter_type, title, purpose, fields)
        for purpose in sorted(found.purposes)
    ]


def disclosed(person: Person) -> Sequence[disclosures.Disclosure]:
    """What went out about a person (R8)."""
    return disclosures_of(Referral.objects.filter(case__person=person))


def disclosures_of(rows: QuerySet[Any]) -> Sequence[disclosures.Disclosure]:
    """What left this node with referrals or transfers: those of `rows` whose letter was sent."""
    sent = rows.filter(direction=Direction.SENT).exclude(letter_id=None)
    return [
        disclosures.Disclosure(
            receiver=row.peer, at=row.created_at, purpose=row.purpose, fields=row.fields,
            basis="consent" if row.consent_handle else "duty", state=row.procedure.state,
            withdrawn=row.consent_withdrawn_at is not None,
        )
        for row in sent.select_related("procedure")
    ]  # fmt: skip


def copied(person: Person) -> tuple[str, object]:
    """The person's cases, notes and referrals, for a copy of the file (R8)."""
    cases = Case.objects.filter(person=person).select_related("procedure")
    return "cases", [
        {
            "code": case.code,
            "type": case.case_type,
            "opened_at": case.opened_at.isoformat(),
            "step": case.procedure.state,
            "summary": (values or {}).get("summary", ""),
            "notes": [
                {"at": note.row.written_at.isoformat(), "text": note.text}
                for note in services.notes(case)
            ],
            "referrals": [
                {"code": row.code, "to": row.peer, "service": row.service, **(sent or {})}
                for row, sent in opened(case.referrals.all())
            ],
        }
        for case, values in opened(cases)
    ]


def erase_of_person(person: Person) -> None:
    """Tell every receiver before the person's key is destroyed; notes go with it (R8)."""
    for consent in person.consents.all():
        event = consent.events.order_by("-at").first()
        if event is not None:
            letters.tell_receivers(consent, event)


def in_use(person: Person) -> bool:
    """Whether a case still refers to the person, so that retention leaves the person alone."""
    return Case.objects.filter(person=person).exists()


def case_step(actor: Actor, submission: Submission) -> NextStep | None:
    """What a finding's page offers: the case it led to, or opening one."""
    if not decide(actor, Action.READ, Kind.CASE).allowed:
        return None
    case = services.of_submission(actor, submission.pk)
    if case is not None:
        return NextStep(_("Go to the case"), reverse("cases:case", args=[case.code]))
    if not decide(actor, Action.CREATE, Kind.CASE).allowed:
        return None
    query = urlencode({"submission": submission.pk})
    return NextStep(_("Open a case"), f"{reverse('cases:new')}?{query}")


def _end_cases(rule: RetentionRule, today: date) -> int:
    cutoff = retention.cutoff(rule, today)
    return services.end_closed_before(cutoff) if cutoff else 0


def _end_received(rule: RetentionRule, today: date) -> int:
    """Erase received referrals whose final answer lies before the cutoff."""
    cutoff = retention.cutoff(rule, today)
    actor = Actor.system(Purpose.GOVERNANCE)
    rows = Referral.objects.filter(
        direction=Direction.RECEIVED, ended_at__date__lt=cutoff, case=None
    ).select_related("procedure")
    ended = 0
    for referral in rows[:1000]:
        destroy_subject(actor, referral.key_id, reason="retention")
        instance = referral.procedure
        referral.messages.all()._raw_delete(referral.messages.db)
        referral.delete()
        procedures.erase(Actor.system(Purpose(instance.purpose)), instance=instance)
        ended += 1
    WithdrawnConsent.objects.filter(withdrawn_at__date__lt=cutoff).delete()
    if ended:
        record(actor, AuditTag.REFERRALS_ENDED, detail={"count": ended})
    return ended
