# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of alternatives to detention: the same verbs and the same refusals.

A refused step toward detention answers 422 with `refusals`: what, which safeguard, its source, who
decides, what to do now. Annotations are evaluated here: the description is made from them.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from mostovi.cases.alternatives import (
    assessing,
    catalogue,
    detention,
    explaining,
    files,
    housing,
    ladder,
    measures,
    necessity,
    safeguards,
)
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.forms import say
from mostovi.cases.alternatives.models import LibertyFile, MeasureTaken
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Actor, Kind
from mostovi.rights.doors import door

router = Router()
_PAGE = 50
_LAST_PAGE = 100_000


class MeasureOut(Schema):
    """One step of the ladder, in the reader's language; `rank` 0 is the least restrictive."""

    code: str
    rank: int
    label: str
    conditions: str
    rights: str
    children: str
    source: str
    evidence: str


class FileLine(Schema):
    """A file in a list."""

    case: str
    step: str
    measure: str | None
    review_on: date | None
    opened_at: datetime
    ended_at: datetime | None


class SourceOut(Schema):
    """Where a safeguard comes from."""

    title: str
    evidence: str
    url: str


class RefusalOut(Schema):
    """One safeguard that stands against a step."""

    code: str
    label: str
    because: list[str]
    what: str
    safeguard: str
    who_decides: str
    what_now: str
    sources: list[SourceOut]


class Refused(Schema):
    """Why nothing was recorded: safeguards, or what is missing."""

    refusals: list[RefusalOut] = []
    problems: list[tuple[str, str]] = []


class DomainIn(Schema):
    """One domain: yes, no, unknown or not_asked; signs are codes of the screening's list."""

    present: str = Field(max_length=12)
    met: str = Field("not_asked", pattern="^(yes|no|unknown|not_asked)$")
    signs: list[str] = Field(default=[], max_length=40)
    note: str = Field("", max_length=files.LONGEST)


class ScreeningIn(Schema):
    """A whole screening, each domain by its code."""

    domains: dict[str, DomainIn]
    serious_risk: str = Field(max_length=12)
    with_own_child: str = Field(max_length=12)
    rating: str = Field(max_length=12)
    why: str = Field(max_length=files.LONGEST)
    interpreter: str = Field("", max_length=200)
    no_interpreter_needed: bool = False


class ConsideredIn(Schema):
    """A milder measure that is not enough, and why."""

    measure: str = Field(max_length=40)
    why: str = Field(max_length=40)
    reason: str = Field(max_length=files.LONGEST)


class DecisionIn(Schema):
    """What is chosen: a measure's code, or `detention` to record an authority's proposal."""

    choice: str = Field(max_length=40)
    considered: list[ConsideredIn] = Field(default=[], max_length=40)
    view: str = Field("", max_length=files.LONGEST)
    ground: str = Field("", max_length=40)
    evidence: str = Field("", max_length=files.LONGEST)
    proportion: str = Field("", max_length=files.LONGEST)
    authority: str = Field("", max_length=200)
    intention: str = Field("", max_length=files.LONGEST)
    conditions: str = Field("", max_length=files.LONGEST)
    for_family: bool = False
    persons: int = Field(1, ge=1, le=30)
    place: str = Field("", max_length=40)
    wait: bool = False
    report_every: int = Field(0, ge=0, le=365)
    report_from: date | None = None
    review_on: date | None = None
    legal_aid: str = Field("", max_length=200)
    interpreter: str = Field("", max_length=200)
    no_interpreter_needed: bool = False


class HeldIn(Schema):
    """A detention that an outside authority has decided for an adult."""

    authority: str = Field(max_length=200)
    act: str = Field(max_length=200)
    where: str = Field(max_length=200)
    decided_on: date
    review_on: date
    expires_on: date


class HappenedIn(Schema):
    """Something that happened under the measure: kept, breach, absconded, back."""

    kind: str = Field(max_length=12)
    words: str = Field("", max_length=files.LONGEST)


class PlaceOut(Schema):
    """A place and its room."""

    code: str
    name: str
    kind: str
    capacity: int
    there: int
    free: int
    waiting: int


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _file(request: HttpRequest, code: str, action: Action) -> LibertyFile:
    try:
        return files.find(_actor(request), code, action)
    except LibertyFile.DoesNotExist as error:
        raise HttpError(404, "Not found") from error


def _line(file: LibertyFile, measure: MeasureTaken | None) -> dict[str, Any]:
    return {
        "case": file.case.code,
        "step": file.procedure.state,
        "measure": measure.code if measure else None,
        "review_on": file.review_on,
        "opened_at": file.opened_at,
        "ended_at": file.ended_at,
    }


def _tried(
    request: HttpRequest, code: str, action: Action, verb: Callable[[LibertyFile], Any]
) -> tuple[int, dict[str, Any]]:
    """The file's line after `verb`, or 422 with every safeguard or problem against it."""
    file = _file(request, code, action)
    try:
        verb(file)
    except safeguards.Stopped as stopped:
        found = explaining.explained(file, stopped.codes, timezone.now())
        return 422, {"refusals": explaining.as_json(found)}
    except Incomplete as incomplete:
        return 422, {"problems": [(field, _(text)) for field, text in incomplete.problems]}
    except housing.Full as full:
        best = ", ".join(room.code for room in full.others)
        return 422, {"problems": [("place", _("No room. Next best: %(best)s") % {"best": best})]}
    except StepRefused:
        return 422, {"problems": [("choice", _("This is not possible at the file's step."))]}
    fresh = _file(request, code, Action.READ)
    return 200, _line(fresh, files.measure_in_force(fresh))


@router.get("/measures", response=list[MeasureOut], summary="The ladder of measures")
@door(Action.READ, Kind.ALTERNATIVE)
def list_measures(request: HttpRequest) -> list[dict[str, Any]]:
    """Least restrictive first."""
    return [
        {
            "code": step.code, "rank": step.rank, "label": say(step.label),
            "conditions": say(step.conditions), "rights": say(step.rights),
            "children": step.children, "source": step.source.title,
            "evidence": step.source.evidence,
        }
        for step in catalogue.ladder()
    ]  # fmt: skip


@router.get("/files", response=list[FileLine], summary="Files on somebody's liberty")
@door(Action.READ, Kind.ALTERNATIVE)
def list_files(request: HttpRequest, page: int = 1) -> list[dict[str, Any]]:
    """Newest change first, fifty a page."""
    with transaction.atomic():
        rows = files.visible(_actor(request)).select_related("case__person", "procedure")
        pages = Paginator(rows.order_by("-changed_at"), _PAGE)
        shown = list(pages.get_page(min(max(page, 1), _LAST_PAGE)).object_list)
        return [_line(line.file, line.measure) for line in files.listed(_actor(request), shown)]


@router.get("/files/{code}/against", response=list[RefusalOut], summary="What stands against")
@door(Action.READ, Kind.ALTERNATIVE)
def read_against(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """Every safeguard that stands against a step toward detention now."""
    file, now = _file(request, code, Action.READ), timezone.now()
    return explaining.as_json(explaining.explained(file, files.standing_against(file, now), now))


@router.post("/files/{code}/screenings", response={200: FileLine, 422: Refused}, summary="Screen")
@door(Action.CHANGE, Kind.ALTERNATIVE)
def write_screening(
    request: HttpRequest, code: str, payload: ScreeningIn
) -> tuple[int, dict[str, Any]]:
    """Record a vulnerability screening; it counts until it runs out."""
    given = assessing.Screened(**payload.dict())
    return _tried(
        request, code, Action.CHANGE, lambda file: assessing.screen(_actor(request), file, given)
    )


@router.post(
    "/files/{code}/decisions", response={200: FileLine, 422: Refused}, summary="Weigh and choose"
)
@door(Action.DECIDE, Kind.ALTERNATIVE)
def write_decision(
    request: HttpRequest, code: str, payload: DecisionIn
) -> tuple[int, dict[str, Any]]:
    """Choose the least restrictive measure that is enough, or record a proposal of detention."""
    values = payload.dict()
    test = necessity.Test(
        **{name: values.pop(name) for name in ("ground", "evidence", "proportion", "view")}
    )
    considered = {
        entry["measure"]: ladder.Considered(**entry) for entry in values.pop("considered")
    }
    wish = assessing.Wish(test=test, considered=considered, **values)
    return _tried(
        request, code, Action.DECIDE, lambda file: assessing.decide(_actor(request), file, wish)
    )


@router.post(
    "/files/{code}/happenings", response={200: FileLine, 422: Refused}, summary="Note an event"
)
@door(Action.CHANGE, Kind.ALTERNATIVE)
def write_happening(
    request: HttpRequest, code: str, payload: HappenedIn
) -> tuple[int, dict[str, Any]]:
    """Note what happened under the measure; nothing becomes stricter by it."""
    return _tried(
        request, code, Action.CHANGE,
        lambda file: measures.happened(_actor(request), file, **payload.dict()),
    )  # fmt: skip


@router.post(
    "/files/{code}/held", response={200: FileLine, 422: Refused}, summary="Note a detention outside"
)
@door(Action.DECIDE, Kind.ALTERNATIVE)
def write_held(request: HttpRequest, code: str, payload: HeldIn) -> tuple[int, dict[str, Any]]:
    """Note that an outside authority holds an adult; refused for whoever counts as a child."""
    return _tried(
        request, code, Action.DECIDE,
        lambda file: detention.note_held(_actor(request), file, **payload.dict()),
    )  # fmt: skip


@router.get("/places", response=list[PlaceOut], summary="Places and their room")
@door(Action.READ, Kind.ALTERNATIVE)
def list_places(request: HttpRequest) -> list[dict[str, Any]]:
    """Counts only; who lives there is on the place's page."""
    return [
        {
            "code": row.code, "name": row.name, "kind": row.kind, "capacity": row.capacity,
            "there": room.there, "free": room.free, "waiting": waiting,
        }
        for row, room, waiting in housing.standing()
    ]  # fmt: skip
