# SPDX-License-Identifier: EUPL-1.2
"""Verbs on sign-offs: record what a lawyer said of the law's text, take it back, ask what holds.

A sign-off speaks for a text as long as that text is what the files say (`signed_text`). What
lawyers have agreed to, and nobody objects to, is what lets a person be told 'closed' (R6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mostovi.pathways import law_files
from mostovi.pathways.law import Review, ReviewStatus
from mostovi.pathways.library import library
from mostovi.pathways.models import SignOff, SignOffWithdrawal, Verdict
from mostovi.pathways.rules import RuleSet, SignOffKey, SignOffs
from mostovi.pathways.signed_text import NotInTheText, digest_of, text_to_sign
from mostovi.rights.access import Action, Actor, Kind, decide, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault


class NotTheirs(Exception):
    """A law is signed at the node of the partner whose law it is."""


class NothingToSign(LookupError):
    """There is no such pack, version or condition."""


class TextChanged(Exception):
    """The text on the form is no longer what the files say; read it again before signing."""


class NeedsNote(ValueError):
    """An objection says what is wrong."""


class AlreadyTakenBack(Exception):
    """Somebody took this sign-off back before."""


class State(StrEnum):
    """Whether a sign-off still speaks for the law's text."""

    CURRENT = "current"
    TEXT_CHANGED = "text_changed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Standing:
    """A sign-off and whether it still counts."""

    sign_off: SignOff
    state: State

    @property
    def agrees(self) -> bool:
        """It counts, and the lawyer agreed."""
        return self.state is State.CURRENT and self.sign_off.verdict == Verdict.AGREED

    @property
    def objects(self) -> bool:
        """It counts, and the lawyer objected."""
        return self.state is State.CURRENT and self.sign_off.verdict == Verdict.OBJECTED


@law_files.kept
def current_text(partner: str, pathway: str, version: str, condition: str = "") -> str:
    """The exact text there is to sign now. Raises `NothingToSign`."""
    pack = law_files.pack(partner, pathway)
    if not pack:
        raise NothingToSign(f"{partner}/{pathway}")
    try:
        return text_to_sign(
            pack, law_files.partner_file(partner), law_files.lists(), version, condition
        )
    except NotInTheText as error:
        raise NothingToSign(f"{partner}/{pathway} {error}") from error


def may_sign(actor: Actor, partner: str) -> bool:
    """Whether `actor` may record sign-offs on the law of `partner`: its own focal point only."""
    return decide(actor, Action.DECIDE, Kind.LAW).allowed and settings.MOSTOVI.partner == partner


def said_of(actor: Actor, partner: str = "", pathway: str = "") -> list[Standing]:
    """Everything lawyers said of one pack, one partner's law or all law, oldest first."""
    require(actor, Action.READ, Kind.LAW)
    return _standing(_rows(partner, pathway))


def _rows(partner: str, pathway: str) -> QuerySet[SignOff]:
    rows = SignOff.objects.select_related("withdrawal").defer("said")
    if partner:
        rows = rows.filter(partner=partner)
    if pathway:
        rows = rows.filter(pathway=pathway)
    return rows


def _standing(rows: Iterable[SignOff]) -> list[Standing]:
    return [Standing(row, state_of(row)) for row in rows]


def state_of(row: SignOff) -> State:
    """Whether the text it was about is still what the files say."""
    if hasattr(row, "withdrawal"):
        return State.WITHDRAWN
    try:
        text = current_text(row.partner, row.pathway, row.version, row.condition)
    except NothingToSign:
        return State.TEXT_CHANGED
    return State.CURRENT if digest_of(text) == row.digest else State.TEXT_CHANGED


def agreed(standing: Iterable[Standing]) -> Mapping[tuple[str, str, str, str], SignOff]:
    """What is signed off, by (partner, pathway, version, condition): the newest agreement.

    A text that a lawyer objects to is not signed off, whoever else agreed. An objection to one
    condition also stands against the whole version that holds it.
    """
    found: dict[tuple[str, str, str, str], SignOff] = {}
    against: set[tuple[str, str, str, str]] = set()
    for one in standing:
        row = one.sign_off
        key = (row.partner, row.pathway, row.version, row.condition)
        if one.agrees:
            found[key] = row
        elif one.objects:
            against |= {key, (*key[:3], "")}
    return {key: row for key, row in found.items() if key not in against}


def recorded(partner: str) -> SignOffs:
    """What is signed off of a partner's law at this node, as the rule set takes it. One query."""
    return _recorded(_standing(_rows(partner, "")), partner)


def _recorded(standing: Iterable[Standing], partner: str) -> SignOffs:
    law = library().partner(partner)
    found: dict[SignOffKey, Review] = {}
    for (_partner, pathway, version, condition), row in agreed(standing).items():
        for one in law.pathways[pathway].versions:
            if one.version != version:
                continue
            review = Review(ReviewStatus.REVIEWED, row.lawyer, row.said_on)
            # Whoever agreed to the whole text read every condition in it.
            codes = [condition] if condition else ["", *(part.code for part in one.walk())]
            for code in codes:
                found[partner, pathway, one.digest, code] = review
    return found


def rules_in_force(partner: str, on: date) -> RuleSet:
    """The rules of a partner on a day, with what lawyers signed off at this node. One query.

    A rule that a lawyer objects to is not signed off, whatever its file says. Raises
    `UnknownPartner`, `BadLaw`.
    """
    standing = _standing(_rows(partner, ""))
    signed = _recorded(standing, partner)
    against = {
        (one.sign_off.pathway, one.sign_off.version) for one in standing if one.objects
    }  # fmt: skip
    return _rule_set(partner, on, tuple(sorted(signed.items(), key=str)), frozenset(against))


@law_files.kept_few
def _rule_set(
    partner: str,
    on: date,
    signed: tuple[tuple[SignOffKey, Review], ...],
    against: frozenset[tuple[str, str]],
) -> RuleSet:
    rules = library().rule_set(partner, on, dict(signed))
    if not against:
        return rules
    return replace(
        rules,
        rules=tuple(
            replace(rule, signed_off=False)
            if (rule.pathway, rule.version.version) in against
            else rule
            for rule in rules.rules
        ),
    )


def find(actor: Actor, sign_off: UUID) -> SignOff:
    """One sign-off. Raises `SignOff.DoesNotExist`."""
    require(actor, Action.READ, Kind.LAW)
    return SignOff.objects.select_related("withdrawal").get(pk=sign_off)


@transaction.atomic
def sign(
    actor: Actor,
    *,
    partner: str,
    pathway: str,
    version: str,
    condition: str = "",
    digest: str,
    verdict: str,
    lawyer: str,
    lawyer_role: str,
    said_on: date,
    note: str = "",
    now: datetime | None = None,
) -> SignOff:
    """Record what a named lawyer said of the text whose digest is `digest`.

    The same said twice is recorded once. Raises `Refused`, `NotTheirs`, `NothingToSign`,
    `TextChanged` when the files no longer say what the form showed, `NeedsNote`.
    """
    require(actor, Action.DECIDE, Kind.LAW)
    if not may_sign(actor, partner):
        raise NotTheirs
    said = current_text(partner, pathway, version, condition)
    if digest_of(said) != digest:
        raise TextChanged
    chosen = Verdict(verdict)
    if chosen is Verdict.OBJECTED and not note.strip():
        raise NeedsNote
    same = SignOff.objects.select_for_update(of=("self",)).filter(
        partner=partner, pathway=pathway, version=version, condition=condition, digest=digest,
        verdict=chosen, lawyer=lawyer, lawyer_role=lawyer_role, said_on=said_on, note=note,
        withdrawal=None,
    )  # fmt: skip
    if (before := same.first()) is not None:
        return before
    row = SignOff.objects.create(
        partner=partner, pathway=pathway, version=version, condition=condition, verdict=chosen,
        lawyer=lawyer, lawyer_role=lawyer_role, said_on=said_on, note=note, said=said,
        digest=digest, recorded_at=now or timezone.now(), recorded_by=actor.account,
    )  # fmt: skip
    _log(actor, AuditTag.LAW_SIGNED, row)
    return row


@transaction.atomic
def take_back(
    actor: Actor, sign_off: UUID, *, reason: str, now: datetime | None = None
) -> SignOffWithdrawal:
    """From now on the sign-off counts for nothing; what was said stays readable.

    Raises `Refused`, `SignOff.DoesNotExist`, `NotTheirs`, `AlreadyTakenBack`.
    """
    require(actor, Action.DECIDE, Kind.LAW)
    row = SignOff.objects.select_for_update().get(pk=sign_off)
    if not may_sign(actor, row.partner):
        raise NotTheirs
    if SignOffWithdrawal.objects.filter(sign_off=row).exists():
        raise AlreadyTakenBack
    withdrawal = SignOffWithdrawal.objects.create(
        sign_off=row, reason=reason, at=now or timezone.now(), by=actor.account
    )
    _log(actor, AuditTag.LAW_SIGN_OFF_WITHDRAWN, row)
    return withdrawal


def _log(actor: Actor, tag: AuditTag, row: SignOff) -> None:
    record(
        actor, tag, handle=vault().handle("sign_off", str(row.pk)),
        detail={
            "partner": row.partner, "pathway": row.pathway, "version": row.version,
            "condition": row.condition, "verdict": str(row.verdict), "digest": row.digest[:16],
        },
    )  # fmt: skip
