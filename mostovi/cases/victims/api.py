# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of victims: what protects a person, and the investigators' own side.

Annotations are evaluated here (no postponed evaluation): the interface's description is made from
them.
"""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.errors import HttpError

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.victims import decisions, protection, statements
from mostovi.cases.victims.models import Statement
from mostovi.people import barriers
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import door
from mostovi.rights.paging import LongList
from mostovi.rights.services import record

router = Router()
_PAGE = 50


class BarrierOut(Schema):
    """A safeguard in force. `measures`: removal, detention; `evidence`: how sure of the source."""

    code: str
    measures: list[str]
    because: str
    source: str
    evidence: str
    until: date | None


class ProtectionOut(Schema):
    """What stands against removal and detention. `identification` is null in other cases."""

    identification: str | None
    period_until: date | None
    barriers: list[BarrierOut]


class StatementLine(Schema):
    """A statement in a list, by its own reference alone."""

    reference: str
    given_on: date


class FieldOut(Schema):
    """One field of a statement as it was shown before it was given."""

    field: str
    name: str
    values: list[str]


class StatementOut(StatementLine):
    """A statement with everything that was given."""

    fields: list[FieldOut]


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.get(
    "/cases/{code}/protection", response=ProtectionOut,
    summary="What stands against removal and detention",
)  # fmt: skip
@door(Action.READ, Kind.CASE)
def read_protection(request: HttpRequest, code: str) -> dict[str, Any]:
    """With reasons, sources and last days; 404 alike for a case absent and out of reach."""
    try:
        case = cases.find(_actor(request), code)
    except Case.DoesNotExist as error:
        raise HttpError(404, "Not found") from error
    record(_actor(request), AuditTag.PROTECTION_READ, handle=cases.case_handle(case))
    today = timezone.localdate()
    facts = protection.facts(case, today) if decisions.concerns(case) else None
    return {
        "identification": facts.standing.status.value if facts else None,
        "period_until": facts.until if facts else None,
        "barriers": [
            {
                "code": one.code,
                "measures": sorted(measure.value for measure in one.measures),
                "because": one.because,
                "source": one.source,
                "evidence": one.evidence,
                "until": one.until,
            }
            for one in barriers.barriers(case.person, today)
        ],
    }


@router.get("/statements", response=list[StatementLine], summary="Statements for investigators")
@door(Action.READ, Kind.STATEMENT)
def list_statements(request: HttpRequest, page: int = 1) -> list[dict[str, Any]]:
    """Newest day first, fifty a page; no count of all there are."""
    rows = LongList(statements.readable(_actor(request)), _PAGE).get_page(max(page, 1))
    shown = statements.listed(_actor(request), list(rows.object_list))
    return [{"reference": row.reference, "given_on": row.given_on} for row in shown]


@router.get("/statements/{reference}", response=StatementOut, summary="One statement")
@door(Action.READ, Kind.STATEMENT)
def read_statement(request: HttpRequest, reference: str) -> dict[str, Any]:
    """Exactly what was given; 404 alike for absent, withdrawn and run out."""
    try:
        row, lines = statements.read(_actor(request), reference)
    except Statement.DoesNotExist as error:
        raise HttpError(404, "Not found") from error
    return {
        "reference": row.reference,
        "given_on": row.given_on,
        "fields": [
            {"field": field, "name": name, "values": list(values)} for field, name, values in lines
        ],
    }
