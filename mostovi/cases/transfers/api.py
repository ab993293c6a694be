# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of transfers: who is responsible, and what was sent or received.

Annotations are evaluated here (no postponed evaluation): the interface's description is made from
them.
"""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError

from mostovi.cases.transfers import transferring
from mostovi.cases.transfers.models import Transfer
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.doors import door

router = Router()
_PAGE = 50
_LAST_PAGE = 100_000


class TransferLine(Schema):
    """A transfer in a list. `responsible` says whether this node is responsible for the case."""

    code: str
    direction: str
    peer: str
    case_type: str
    step: str
    responsible: bool
    created_at: datetime
    delivered_at: datetime | None
    passed_at: datetime | None
    undeliverable: str


class TransferOut(TransferLine):
    """A transfer with what was sent or received; `data` is null when it is shown no longer."""

    data: dict[str, Any] | None


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _line(row: Transfer) -> dict[str, Any]:
    return {
        "code": row.code, "direction": row.direction, "peer": row.peer,
        "case_type": row.case_type, "step": row.procedure.state,
        "responsible": transferring.is_responsible(row), "created_at": row.created_at,
        "delivered_at": row.delivered_at, "passed_at": row.passed_at,
        "undeliverable": row.undeliverable,
    }  # fmt: skip


@router.get("", response=list[TransferLine], summary="Transfers sent and received")
@door(Action.READ, Kind.REFERRAL)
def list_transfers(request: HttpRequest, page: int = 1) -> list[dict[str, Any]]:
    """Newest first, fifty a page."""
    rows = transferring.visible(_actor(request)).select_related("procedure")
    ordered = rows.order_by("-created_at")
    shown = list(Paginator(ordered, _PAGE).get_page(min(max(page, 1), _LAST_PAGE)).object_list)
    transferring.log_listed(_actor(request), shown)
    return [_line(row) for row in shown]


@router.get("/{code}", response=TransferOut, summary="One transfer")
@door(Action.READ, Kind.REFERRAL)
def read_transfer(request: HttpRequest, code: str) -> dict[str, Any]:
    """With exactly what was sent or received; 404 alike for absent and out of reach."""
    try:
        transfer = transferring.find(_actor(request), code)
    except Transfer.DoesNotExist as error:
        raise HttpError(404, "Not found") from error
    data = transferring.read(_actor(request), transfer)
    return _line(transfer) | {"data": None if data is None else dict(data)}
