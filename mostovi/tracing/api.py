# SPDX-License-Identifier: EUPL-1.2
"""The HTTP API of family tracing: searches and possible matches, by code."""

from datetime import datetime
from typing import Any, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.errors import HttpError

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.people.fields import Relation
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import door
from mostovi.rights.services import record_many
from mostovi.tracing import answering, reach, requesting
from mostovi.tracing.models import Side, TracingMatch, TracingRequest

router = Router()
_PAGE = 50
_LAST_PAGE = 100_000


class NameIn(Schema):
    """A name as written, in any script."""

    text: str = Field(min_length=1, max_length=200)
    language: str = Field("", max_length=12)


class SoughtIn(Schema):
    """A person who is sought."""

    relation: Relation
    names: list[NameIn] = Field(min_length=1, max_length=6)
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    first_year: int | None = Field(None, ge=1900, le=2200)
    last_year: int | None = Field(None, ge=1900, le=2200)
    places: list[str] = Field(default_factory=list, max_length=8)
    last_contact: str = Field("", max_length=4000)
    circumstances: str = Field("", max_length=4000)


class SearchIn(Schema):
    """A new search; `agreed_here`: the person asked for it and agrees to it here."""

    case: str = Field(max_length=24)
    side: Literal["child", "adult"]
    agreed_here: bool
    sought: list[SoughtIn] = Field(min_length=1, max_length=8)


class SoughtOut(Schema):
    """Where the search for one person stands."""

    relation: str
    step: str


class SearchOut(Schema):
    """A search; whether somebody was found elsewhere is said only once that person agreed."""

    code: str
    case: str
    side: str
    made_at: datetime
    sought: list[SoughtOut]


class PartOut(Schema):
    """One bar of the waterfall."""

    field: str
    level: str
    bits: float
    words: str


class MatchOut(Schema):
    """A possible match with a person here."""

    code: str
    node: str
    step: str
    since: datetime
    score: float | None = None
    parts: list[PartOut] = []


@router.get("/searches", response=list[SearchOut], summary="Searches made here")
@door(Action.READ, Kind.TRACING)
def list_searches(request: HttpRequest, page: int = 1) -> list[dict[str, Any]]:
    """Newest change first, fifty a page."""
    rows = reach.requests(_actor(request)).prefetch_related("sought__procedure")
    ordered = rows.order_by("-changed_at")
    shown = list(Paginator(ordered, _PAGE).get_page(min(max(page, 1), _LAST_PAGE)).object_list)
    record_many(
        _actor(request), AuditTag.TRACING_LISTED, handles=[reach.request_handle(r) for r in shown]
    )
    return [_search(row) for row in shown]


@router.post("/searches/new", response={201: SearchOut}, summary="Write a search down")
@door(Action.CREATE, Kind.TRACING)
def make_search(request: HttpRequest, payload: SearchIn) -> tuple[int, dict[str, Any]]:
    """Nothing is compared before it begins; 404 for a case out of reach."""
    actor = _actor(request)
    try:
        case = cases.find(actor, payload.case)
        made = requesting.make(
            actor, case, side=payload.side, agreed_here=payload.agreed_here,
            sought=[one.model_dump(mode="json") for one in payload.sought],
        )  # fmt: skip
    except Case.DoesNotExist as error:
        raise HttpError(404, "Not found") from error
    except requesting.InvalidRequest as error:
        raise HttpError(422, f"{error.field}: {error}") from error
    return 201, _search(made)


@router.get("/matches", response=list[MatchOut], summary="Possible matches with persons here")
@door(Action.DECIDE, Kind.TRACING)
def list_matches(request: HttpRequest, page: int = 1) -> list[dict[str, Any]]:
    """Open ones, newest change first, fifty a page."""
    rows = reach.matches(_actor(request)).filter(side=Side.HOLDER, ended_at=None)
    ordered = rows.order_by("-changed_at")
    shown = list(Paginator(ordered, _PAGE).get_page(min(max(page, 1), _LAST_PAGE)).object_list)
    record_many(
        _actor(request), AuditTag.TRACING_MATCH_LISTED,
        handles=[reach.match_handle(r) for r in shown],
    )  # fmt: skip
    return [_match(row) for row in shown]


@router.get("/matches/{code}", response=MatchOut, summary="One possible match, explained")
@door(Action.DECIDE, Kind.TRACING)
def read_match(request: HttpRequest, code: str) -> dict[str, Any]:
    """With its waterfall; 404 alike for absent and out of reach."""
    try:
        match = reach.find_match(_actor(request), code)
    except TracingMatch.DoesNotExist as error:
        raise HttpError(404, "Not found") from error
    values = answering.read(_actor(request), match)
    compared = answering.waterfall(match, values)
    if compared is None:
        return _match(match)
    return _match(match) | {
        "score": compared.score,
        "parts": [
            {"field": p.field, "level": p.level, "bits": p.bits, "words": p.words}
            for p in compared.parts
        ],
    }


@router.get("/searches/{code}", response=SearchOut, summary="One search")
@door(Action.READ, Kind.TRACING)
def read_search(request: HttpRequest, code: str) -> dict[str, Any]:
    """404 alike for absent and out of reach."""
    try:
        row = reach.find_request(_actor(request), code)
    except TracingRequest.DoesNotExist as error:
        raise HttpError(404, "Not found") from error
    requesting.read(_actor(request), row)
    return _search(row)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _search(row: TracingRequest) -> dict[str, Any]:
    return {
        "code": row.code,
        "case": row.case.code,
        "side": row.side,
        "made_at": row.created_at,
        "sought": [
            {"relation": one.relation, "step": one.procedure.state} for one in row.sought.all()
        ],
    }


def _match(row: TracingMatch) -> dict[str, Any]:
    return {
        "code": row.code, "node": row.peer, "step": row.procedure.state, "since": row.created_at
    }  # fmt: skip
