# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of child protection: free places, and how a child stands, as JSON.

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
from mostovi.cases.children import guardians, placing
from mostovi.cases.models import Case
from mostovi.people import consenting
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.doors import door

router = Router()


class PlaceOut(Schema):
    """A place of care; `free` is never below zero."""

    code: str
    name: str
    kind: str
    capacity: int
    free: int
    youngest: int
    oldest: int
    sexes: str
    licensed_until: date | None


class ChildOut(Schema):
    """How a child stands: counted as a child and why, guardian, place, next visit.

    `treated_as_child` and `because` are empty after erasure; `speaks` is guardian, another or
    authority.
    """

    case: str
    treated_as_child: bool | None
    because: str
    source: str
    guardian: str
    guardian_kind: str
    guardian_missing_since: date | None
    speaks: str
    lives_at: str
    next_visit: date | None


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.get("/places", response=list[PlaceOut], summary="Places of care with room")
@door(Action.READ, Kind.CASE)
def places(request: HttpRequest) -> Any:
    """Every open place and how many children could still live there."""
    return [
        {
            "code": line.row.code, "name": line.row.name, "kind": line.row.kind,
            "capacity": line.row.capacity, "free": line.free, "youngest": line.row.youngest,
            "oldest": line.row.oldest, "sexes": line.row.sexes,
            "licensed_until": line.row.licensed_until,
        }
        for line in placing.places(_actor(request))
    ]  # fmt: skip


@router.get("/{code}", response=ChildOut, summary="How a child stands")
@door(Action.READ, Kind.CASE)
def child(request: HttpRequest, code: str) -> Any:
    """Guardian, age, care of the child of a case."""
    actor, now = _actor(request), timezone.now()
    try:
        case = cases.find(actor, code)
    except Case.DoesNotExist as error:
        raise HttpError(404, "There is nothing here.") from error
    held = guardians.read(actor, case, timezone.localdate(now))
    lives = next((one for one in placing.read(actor, case) if one.row.until_day is None), None)
    visit = placing.open_visits(case).first()
    erased = case.person.erased_at is not None
    age = None if erased else consenting.age_answer(case.person, now)
    return {
        "case": case.code,
        "treated_as_child": age.is_child if age else None,
        "because": age.because.value if age else "",
        "source": age.source if age else "",
        "guardian": held.now.words.get("name", "") if held.now else "",
        "guardian_kind": held.now.row.kind if held.now else "",
        "guardian_missing_since": held.missing_since,
        "speaks": guardians.who_consents_for(case.person).value,
        "lives_at": lives.row.place.name if lives else "",
        "next_visit": visit.due_on if visit else None,
    }
