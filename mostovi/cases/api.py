# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of cases and referrals: the same services as the pages, as JSON.

Annotations are evaluated here (no postponed evaluation): the interface's description is made from
them.
"""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from mostovi.cases import referring, services
from mostovi.cases.models import Case, Referral
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.doors import door

router = Router()
_PAGE = 50
_LAST_PAGE = 100_000


class CaseLine(Schema):
    """A case in a list. `name` is the person's main name, in its own script."""

    code: str
    person: str
    name: str | None
    case_type: str
    urgency: str
    step: str
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None


class CasePage(Schema):
    """One page of cases; `count` is of all pages."""

    count: int
    page: int
    pages: int
    cases: list[CaseLine]


class NoteOut(Schema):
    """A note of the timeline."""

    written_at: datetime
    document: str
    text: str


class CaseOut(CaseLine):
    """A case with its own words and notes."""

    summary: str
    notes: list[NoteOut]


class NoteIn(Schema):
    """A note to be written; `document` is a code of the case procedure's documents, or empty."""

    text: str = Field(min_length=1, max_length=services.LONGEST_TEXT)
    document: str = Field("", max_length=40)


class ReferralLine(Schema):
    """A referral in a list."""

    code: str
    direction: str
    peer: str
    service: str
    urgency: str
    step: str
    created_at: datetime
    delivered_at: datetime | None
    undeliverable: str
    consent_withdrawn_at: datetime | None


class ReferralOut(ReferralLine):
    """A referral with what was sent or received; `data` is null once consent is withdrawn."""

    data: dict[str, Any] | None


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _line(line: services.Listed) -> dict[str, Any]:
    case, who = line.case, line.who
    return {
        "code": case.code,
        "person": case.person.code,
        "name": who.name.written if who and who.name else None,
        "case_type": case.case_type,
        "urgency": case.urgency,
        "step": case.procedure.state,
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "closed_at": case.closed_at,
    }


@router.get("/cases", response=CasePage, summary="Cases the acting role may see")
@door(Action.READ, Kind.CASE)
def list_cases(request: HttpRequest, q: str = "", page: int = 1) -> dict[str, Any]:
    """Newest change first; `q` is a name in any script, a code, or a phone number."""
    with transaction.atomic():
        rows = services.search(_actor(request), q[:200]).select_related("person", "procedure")
        paginator = Paginator(rows.order_by("-changed_at"), _PAGE)
        shown = paginator.get_page(min(max(page, 1), _LAST_PAGE))
        lines = services.listed(_actor(request), list(shown.object_list))
    return {
        "count": paginator.count,
        "page": shown.number,
        "pages": paginator.num_pages,
        "cases": [_line(line) for line in lines],
    }


@router.get("/cases/{code}", response=CaseOut, summary="One case")
@door(Action.READ, Kind.CASE)
def read_case(request: HttpRequest, code: str) -> dict[str, Any]:
    """The case with its notes; 404 alike for absent and out of reach."""
    case = _case(request, code, Action.READ)
    (line,) = services.listed(_actor(request), [case])
    return _line(line) | {
        "summary": services.read(_actor(request), case).get("summary", ""),
        "notes": [
            {
                "written_at": note.row.written_at,
                "document": note.row.document,
                "text": note.text,
            }
            for note in services.notes(case)
        ],
    }


@router.post("/cases/{code}/notes", response={201: NoteOut}, summary="Write a note")
@door(Action.CHANGE, Kind.CASE)
def write_note(request: HttpRequest, code: str, payload: NoteIn) -> tuple[int, dict[str, Any]]:
    """Add a note to the timeline; it cannot be changed afterwards."""
    case = _case(request, code, Action.CHANGE)
    try:
        note = services.add_note(
            _actor(request), case, text=payload.text, document=payload.document
        )
    except services.InvalidCase as error:
        raise HttpError(422, f"{error.field}: {error}") from error
    return 201, {"written_at": note.written_at, "document": note.document, "text": payload.text}


@router.get("/referrals", response=list[ReferralLine], summary="Referrals sent and received")
@door(Action.READ, Kind.REFERRAL)
def list_referrals(request: HttpRequest, page: int = 1) -> list[dict[str, Any]]:
    """Newest first, fifty a page."""
    rows = referring.visible(_actor(request)).select_related("procedure").order_by("-created_at")
    shown = list(Paginator(rows, _PAGE).get_page(min(max(page, 1), _LAST_PAGE)).object_list)
    referring.log_listed(_actor(request), shown)
    return [_referral(row) for row in shown]


@router.get("/referrals/{code}", response=ReferralOut, summary="One referral")
@door(Action.READ, Kind.REFERRAL)
def read_referral(request: HttpRequest, code: str) -> dict[str, Any]:
    """With exactly what was sent or received; 404 alike for absent and out of reach."""
    try:
        referral = referring.find(_actor(request), code)
    except Referral.DoesNotExist as error:
        raise HttpError(404, "Not found") from error
    data = referring.read(_actor(request), referral)
    return _referral(referral) | {"data": None if data is None else dict(data)}


def _case(request: HttpRequest, code: str, action: Action) -> Case:
    try:
        return services.find(_actor(request), code, action)
    except Case.DoesNotExist as error:
        raise HttpError(404, "Not found") from error


def _referral(row: Referral) -> dict[str, Any]:
    return {
        "code": row.code,
        "direction": row.direction,
        "peer": row.peer,
        "service": row.service,
        "urgency": row.urgency,
        "step": row.procedure.state,
        "created_at": row.created_at,
        "delivered_at": row.delivered_at,
        "undeliverable": row.undeliverable,
        "consent_withdrawn_at": row.consent_withdrawn_at,
    }
