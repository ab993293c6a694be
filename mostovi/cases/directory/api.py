# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of the directory: services as HSDS 3.1, and how full they are.

Annotations are evaluated here (no postponed evaluation): the interface's description is made from
them.
"""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from mostovi.cases.directory import hsds, services
from mostovi.cases.directory.models import Service
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.doors import door

router = Router()
_PAGE = 50


class ServicePage(Schema):
    """One page of full HSDS services; the members are those of HSDS's interface."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool
    contents: list[dict[str, Any]]


class CapacityIn(Schema):
    """How full a service is now."""

    unit: str = Field(max_length=40)
    maximum: int = Field(ge=0, le=100_000)
    in_use: int = Field(ge=0, le=100_000)
    waiting: int = Field(0, ge=0, le=100_000)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.get("/services", response=ServicePage, summary="Services, as HSDS 3.1")
@door(Action.READ, Kind.SERVICE)
def list_services(
    request: HttpRequest, need: str = "", node: str = "", language: str = "", page: int = 1
) -> dict[str, Any]:
    """By need, partner's node and language; fifty a page."""
    rows = services.search(
        _actor(request),
        services.Search(need=need[:60], node=node[:40], language=language[:20]),
    )
    pages = max(1, -(-len(rows) // _PAGE))
    number = min(max(page, 1), pages)
    shown = rows[(number - 1) * _PAGE : number * _PAGE]
    return {
        "total_items": len(rows), "total_pages": pages, "page_number": number,
        "size": len(shown), "first_page": number == 1, "last_page": number == pages,
        "empty": not shown,
        "contents": [hsds.to_service(services.entry_of(row)) for row in shown],
    }  # fmt: skip


@router.get("/services/{code}", response=dict[str, Any], summary="One service, as HSDS 3.1")
@door(Action.READ, Kind.SERVICE)
def read_service(request: HttpRequest, code: str) -> dict[str, Any]:
    """A full HSDS service."""
    return hsds.to_service(services.entry_of(_found(request, code)))


@router.post("/services/{code}/capacity", response={201: CapacityIn}, summary="Say how full it is")
@door(Action.READ, Kind.SERVICE)
def report_capacity(
    request: HttpRequest, code: str, payload: CapacityIn
) -> tuple[int, dict[str, Any]]:
    """As of now; for the unit that runs the service and whoever keeps the directory."""
    try:
        services.report_capacity(_actor(request), _found(request, code), **payload.dict())
    except services.InvalidService as error:
        raise HttpError(422, str(error)) from error
    return 201, payload.dict()


def _found(request: HttpRequest, code: str) -> Service:
    try:
        return services.find(_actor(request), code)
    except Service.DoesNotExist as error:
        raise HttpError(404, "Not found") from error
