# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface of flows: what is published, by month and as series. Read only.

The same rules of display as on the pages: what is hidden there is null here. Annotations are
evaluated here (no postponed evaluation): the interface's description is made from them.
"""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.doors import door
from mostovi.routes import reading, reporting, series
from mostovi.routes.catalogue import display

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
