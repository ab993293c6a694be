# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of flows: published months, series and assessments. Read only.

The same rules of display as on the pages: what is hidden there is null here. Annotations are
evaluated here (no postponed evaluation): the interface's description is made from them.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.doors import door
from mostovi.routes import assessing, reading, reporting, series
from mostovi.routes.catalogue import display
from mostovi.routes.detection_models import ThreatAssessment

router = Router()


class WayLine(Schema):
    """A way in a month. state: shown, hidden (under the threshold) or missing (not counted).

    balanced, low, high: the balanced flow and its interval, null where hidden or open.
    """

    way: str
    counted: int | None
    state: str
    coverage: float | None
    balanced: int | None
    low: int | None
    high: int | None
    open: bool


class MonthOut(Schema):
    """A published month."""

    month: str
    threshold: int
    rounded_to: int
    source: str
    ways: list[WayLine]


class SeriesOut(Schema):
    """Consecutive months; null is hidden or not known, never nought."""

    code: str
    periods: list[str]
    counts: list[int | None]


class AssessmentLine(Schema):
    """An assessment in the list. state: draft (for those who write them), published, replaced."""

    id: str
    title: str
    edition: int
    state: str
    covers: list[str]
    published_at: str | None


class SourceOut(Schema):
    """A source. grade: reliability A to F and credibility 1 to 6."""

    grade: str
    title: str
    address: str


class DissentOut(Schema):
    """That somebody judges otherwise, with their role and not their name."""

    role: str
    words: str
    at: str


class JudgementOut(Schema):
    """One judgement: likelihood and confidence are two different things."""

    statement: str
    likelihood: str
    confidence: str
    basis: str
    sources: list[SourceOut]
    would_change: str
    dissent: list[DissentOut]


class AssessmentOut(AssessmentLine):
    """A whole assessment."""

    question: str
    scope: str
    not_known: str
    asked_for_dissent: str
    judgements: list[JudgementOut]


MOST_ASSESSMENTS = 200


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.get("/months", response=list[str], summary="Published months, newest first")
@door(Action.READ, Kind.FLOW)
def months(request: HttpRequest) -> Any:
    """The months that are published."""
    return reading.periods(_actor(request))


@router.get("/months/{month}", response=MonthOut, summary="The ways in one month")
@door(Action.READ, Kind.FLOW)
def month(request: HttpRequest, month: str) -> Any:
    """Counted and balanced flows of a published month; 404 for any other."""
    if month not in reading.periods(_actor(request)):
        raise HttpError(404, "This month is not published.")
    found = reporting.gather(month)
    if found is None:
        raise HttpError(404, "This month is not published.")
    return reporting.as_json(found)


@router.get("/series", response=list[str], summary="Codes of all series")
@door(Action.READ, Kind.FLOW)
def codes(request: HttpRequest) -> Any:
    """The codes that `series/one` answers to."""
    require(_actor(request), Action.READ, Kind.FLOW)
    return series.codes()


@router.get("/series/one", response=SeriesOut, summary="One series")
@door(Action.READ, Kind.FLOW)
def one(request: HttpRequest, code: str) -> Any:
    """A series by its code, with what lies under the threshold left out; 404 for an unknown one."""
    require(_actor(request), Action.READ, Kind.FLOW)
    try:
        found = series.of(code)
    except series.NoSuchSeries:
        raise HttpError(404, "There is no series with this code.") from None
    least = display().threshold
    shown = [None if count is None or 0 < count < least else count for count in found.counts]
    return {"code": code, "periods": list(found.periods()), "counts": shown}


@router.get("/assessments", response=list[AssessmentLine], summary="Threat assessments")
@door(Action.READ, Kind.FLOW)
def assessments(request: HttpRequest) -> Any:
    """The newest assessments: published and replaced ones; drafts for those who write them."""
    rows = assessing.readable(_actor(request))[:MOST_ASSESSMENTS]
    return [assessing.as_line(row) for row in rows]


@router.get(
    "/assessments/{assessment}", response=AssessmentOut, summary="One threat assessment"
)  # fmt: skip
@door(Action.READ, Kind.FLOW)
def assessment(request: HttpRequest, assessment: UUID) -> Any:
    """Judgements with sources, confidence and dissent; 404 for one that is out of reach."""
    try:
        return assessing.as_data(assessing.readable(_actor(request)).get(pk=assessment))
    except ThreatAssessment.DoesNotExist:
        raise HttpError(404, "There is no such assessment.") from None
