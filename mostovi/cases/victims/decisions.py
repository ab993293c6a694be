# SPDX-License-Identifier: EUPL-1.2
"""Decisions on identification: a named officer writes reasons, then the step is taken (R4).

The procedure's gates are open only while such a decision is being written, so that no other door
(the step on the case page, a job, a finding) moves anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.victims.identification import PROCEDURE, VERB_OF, Ruling, only_a_finding
from mostovi.cases.victims.models import Decision
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.rights.storage import opened

LONGEST = 4000
SHORTEST_REASONS = 20
BASES = ("told", "observed", "document", "institution", "screening")
"""What a decision may rest on; a screening finding is never enough alone."""

_being_taken: ContextVar[tuple[UUID, Ruling] | None] = ContextVar("decision", default=None)


class InvalidDecision(ValueError):
    """The decision cannot be written so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Written:
    """A decision as read: its row and its sealed words (empty after erasure)."""

    row: Decision
    authority: str
    basis: tuple[str, ...]
    reasons: str
    told: str


def concerns(case: Case) -> bool:
    """Whether identification as a victim of trafficking is decided in this case."""
    return case.procedure.code == PROCEDURE


@transaction.atomic
def decide(
    actor: Actor,
    case: Case,
    *,
    ruling: Ruling,
    decided_on: date,
    authority: str,
    basis: Collection[str],
    reasons: str,
    told: str,
    now: datetime | None = None,
) -> Decision:
    """Write the decision and take its step.

    Raises `InvalidDecision`, `procedures.state.StepRefused` (wrong state, role, four eyes),
    `Case.DoesNotExist`, `Refused`.
    """
    rows = cases.visible(actor, Action.DECIDE).select_related("procedure")
    case = rows.select_for_update(of=("self",)).get(pk=case.pk)
    moment = now or timezone.now()
    _check(actor, case, decided_on, authority, basis, reasons, told, moment)
    decision = Decision(
        key_id=case.key_id, case=case, ruling=ruling.value, decided_on=decided_on,
        officer=actor.account, written_at=moment,
    )  # fmt: skip
    decision.seal_values(
        {
            "authority": authority.strip(), "basis": sorted(set(basis)),
            "reasons": reasons.strip(), "told": told.strip(),
        }
    )  # fmt: skip
    decision.save(force_insert=True)
    with _taking(case.pk, ruling):
        cases.take_step(actor, case, verb=VERB_OF[ruling], reason=reasons)
    record(
        actor, AuditTag.IDENTIFICATION_DECIDED, handle=cases.case_handle(case),
        detail={"ruling": ruling.value},
    )  # fmt: skip
    return decision


def _check(
    actor: Actor,
    case: Case,
    decided_on: date,
    authority: str,
    basis: Collection[str],
    reasons: str,
    told: str,
    now: datetime,
) -> None:
    if not concerns(case) or actor.role is Role.SYSTEM:
        raise Case.DoesNotExist
    if decided_on > timezone.localdate(now):
        raise InvalidDecision("decided_on", gettext_noop("This day is still to come."))
    if not authority.strip():
        raise InvalidDecision("authority", gettext_noop("Write which authority decided."))
    if not basis or set(basis) - set(BASES):
        raise InvalidDecision("basis", gettext_noop("Say what the decision rests on."))
    if only_a_finding(list(basis)):
        raise InvalidDecision(
            "basis",
            gettext_noop(
                "A screening finding alone decides nothing. Say what else the decision rests on."
            ),
        )
    if len(reasons.strip()) < SHORTEST_REASONS:
        raise InvalidDecision("reasons", gettext_noop("Write the reasons in a few sentences."))
    if not told.strip():
        raise InvalidDecision(
            "told", gettext_noop("Write how and in which language the person is told.")
        )
    for field, text in (("authority", authority), ("reasons", reasons), ("told", told)):
        if len(text) > LONGEST:
            raise InvalidDecision(field, gettext_noop("Shorten this to 4000 characters."))


@contextmanager
def _taking(case: UUID, ruling: Ruling) -> Iterator[None]:
    token = _being_taken.set((case, ruling))
    try:
        yield
    finally:
        _being_taken.reset(token)


def decided(*rulings: Ruling) -> Callable[[Instance, datetime], GateAnswer]:
    """The answer to a gate that opens while one of `rulings` is being written."""

    def answer(instance: Instance, now: datetime) -> GateAnswer:
        being_taken = _being_taken.get()
        is_open = being_taken is not None and being_taken in {
            (instance.subject, ruling) for ruling in rulings
        }
        return GateAnswer(is_open, "" if is_open else _("Write it under Identification."))

    return answer


def of_case(case: Case) -> list[Written]:
    """The decisions in a case that was found by `cases.find`, oldest first."""
    return [
        Written(
            row, (values or {}).get("authority", ""), tuple((values or {}).get("basis", ())),
            (values or {}).get("reasons", ""), (values or {}).get("told", ""),
        )
        for row, values in opened(case.identifications.all())
    ]  # fmt: skip
