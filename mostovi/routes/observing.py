# SPDX-License-Identifier: EUPL-1.2
"""Verbs on fine rows: points, observations by page, sheet and form, and reading them for a reason.

An observation is a count at a place and a day. Who may see it is a decision about purpose: it is
opened under a stated reason for an hour, every reading is in the log, and nobody acting for
return, investigation or labour can open it at all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from mostovi.rights import bulk
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.retention import RetentionRule, cutoff
from mostovi.rights.services import record
from mostovi.rights.vault import KeyDestroyed, vault
from mostovi.routes import sheets
from mostovi.routes.catalogue import network
from mostovi.routes.measures import Nature
from mostovi.routes.models import FineReading, Observation, Point
from mostovi.routes.public_files import FileRefused
from mostovi.routes.sheets import Seen
from mostovi.screening.models import Submission
from mostovi.screening.submission_services import open_submission

logger = logging.getLogger(__name__)
HOUR = timedelta(hours=1)
"""How long a stated reason opens the fine rows."""
FORMS: Mapping[str, Nature] = {
    "flow_observation": Nature.COUNT,
    "flow_survey": Nature.SURVEY,
}
"""The forms whose answers become observations, by form_id."""


class NotNow(Exception):
    """The reading has ended, or is another's; state the reason anew."""


class Unfit(ValueError):
    """The observation cannot be taken; `column` and the text say why."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


def open_points(actor: Actor, day: date) -> QuerySet[Point]:
    """The points at which `actor` may record on `day`. Raises `Refused`."""
    require(actor, Action.CREATE, Kind.FINE_FLOW)
    return Point.objects.filter(Q(closed_on=None) | Q(closed_on__gte=day), opened_on__lte=day)


@transaction.atomic
def add_point(
    actor: Actor,
    *,
    code: str,
    name: str,
    sort: str,
    area: str,
    opened_on: date,
    latitude: float | None = None,
    longitude: float | None = None,
) -> Point:
    """Add a point of observation; the same code again is the same point.

    Raises `Refused`, `Unfit` for an area that is not in the route graph.
    """
    require(actor, Action.CHANGE, Kind.FINE_FLOW)
    if area not in {one.code for one in network().areas}:
        raise Unfit("area", f"'{area}' is no area of the route graph.")
    point, new = Point.objects.get_or_create(
        code=code,
        defaults={
            "name": name, "sort": sort, "area": area, "opened_on": opened_on,
            "latitude": latitude, "longitude": longitude,
        },
    )  # fmt: skip
    if new:
        _record_point(actor, point, "opened")
    return point


@transaction.atomic
def close_point(actor: Actor, *, code: str, on: date) -> Point:
    """End a point; its counts stay. Raises `Refused`, `Point.DoesNotExist`, `Unfit`."""
    require(actor, Action.CHANGE, Kind.FINE_FLOW)
    point = Point.objects.select_for_update().get(code=code)
    if on < point.opened_on:
        raise Unfit("on", "A point cannot end before it began.")
    if point.closed_on != on:
        point.closed_on = on
        point.save(update_fields=["closed_on"])
        _record_point(actor, point, "closed")
    return point


def _record_point(actor: Actor, point: Point, what: str) -> None:
    record(
        actor, AuditTag.FLOW_POINT_CHANGED, handle=vault().handle("flow_point", point.code),
        detail={"what": what, "area": point.area},
    )  # fmt: skip


@transaction.atomic
def observe(actor: Actor, seen: Seen, *, now: datetime) -> Observation:
    """Record what was seen; the same reference of the same unit again is the same observation.

    Raises `Refused`, `Unfit` for a point that is not open that day.
    """
    point = open_points(actor, seen.day).filter(code=seen.point).first()
    if point is None:
        raise Unfit("point", f"'{seen.point}' is not open on {seen.day}.")
    row, new = _taken(actor, seen, point, Observation.Origin.PAGE, now)
    if new:
        _record_observed(actor, Observation.Origin.PAGE, 1)
    return row


@transaction.atomic
def observe_sheet(
    actor: Actor, rows: Iterable[Mapping[str, object]], *, now: datetime, today: date
) -> tuple[int, int]:
    """Record a sheet whole: how many rows were new, and how many were here already.

    Raises `Refused`, `FileRefused` with every wrong row, and then nothing was taken.
    """
    points = {point.code: point for point in open_points(actor, today)}
    ways = {way.code for way in network().ways}
    found = sheets.read(rows, points=points.keys(), ways=ways, today=today)
    _open_that_day(found, points)
    keyed = {_key(actor, Observation.Origin.FILE, seen): seen for seen in found}
    known = _known(list(keyed))
    new = [
        _row(actor, seen, points[seen.point], Observation.Origin.FILE, now)
        for key, seen in keyed.items()
        if key not in known
    ]
    bulk.insert(new)
    if new:
        _record_observed(actor, Observation.Origin.FILE, len(new))
    return len(new), len(found) - len(new)


def _open_that_day(found: Iterable[Seen], points: Mapping[str, Point]) -> None:
    """Raises `FileRefused` for counts before their point was opened."""
    early = {
        (seen.point, points[seen.point].opened_on)
        for seen in found
        if seen.day < points[seen.point].opened_on
    }
    if early:
        told = "; ".join(f"'{code}' counts since {opened}" for code, opened in sorted(early))
        raise FileRefused(f"Some days lie before their point was opened: {told}.")


def _known(keys: list[str]) -> set[str]:
    known: set[str] = set()
    for at in range(0, len(keys), bulk.ROWS_A_STATEMENT):
        part = Observation.objects.filter(origin_key__in=keys[at : at + bulk.ROWS_A_STATEMENT])
        known.update(part.values_list("origin_key", flat=True))
    return known


def _key(actor: Actor, origin: Observation.Origin, seen: Seen) -> str:
    return f"{origin}:{actor.unit}:{seen.reference}"[:150]


def _taken(
    actor: Actor, seen: Seen, point: Point, origin: Observation.Origin, now: datetime
) -> tuple[Observation, bool]:
    """The observation, and whether it is new: the same form sent twice is one."""
    row = _row(actor, seen, point, origin, now)
    there = Observation.objects.filter(origin_key=row.origin_key).first()
    if there is None:
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            there = Observation.objects.get(origin_key=row.origin_key)
    return there or row, there is None


def _row(
    actor: Actor, seen: Seen, point: Point, origin: Observation.Origin, now: datetime
) -> Observation:
    return Observation(
        pk=bulk.new_id(), point=point, day=seen.day, nature=seen.nature.value, way=seen.way,
        hours=seen.hours, people=seen.people, children_alone=seen.children_alone,
        violence=seen.violence, deaths=seen.deaths, missing=seen.missing, origin=origin,
        origin_key=_key(actor, origin, seen), unit=actor.unit, recorded_by=actor.account,
        recorded_at=now,
    )  # fmt: skip


def _record_observed(actor: Actor, origin: Observation.Origin, rows: int) -> None:
    record(actor, AuditTag.FLOW_OBSERVED, detail={"origin": origin.value, "rows": rows})


def take_form(submission: Submission) -> None:
    """Take a filled form of flow monitoring over, inside its transaction.

    Other forms are left alone. A count becomes an observation; a survey's answers are added to the
    row of that day, point and way, so that nothing here stands for one respondent. An edit takes
    back what was taken of the form before it; a form that arrives after its own edit is not taken.
    A point that is not known becomes the area's own point without a place, and no count is lost.
    """
    nature = FORMS.get(submission.version.form.form_id)
    if nature is None or not submission.current:
        return
    edited = submission.replaces
    if nature is Nature.SURVEY:
        if edited is not None:
            _add_answers(edited, -1)
        _add_answers(submission, 1)
        return
    if edited is not None:
        Observation.objects.filter(origin_key__endswith=f":{edited.pk}", withdrawn_at=None).update(
            withdrawn_at=submission.received_at, withdrawn_by=submission.owner
        )
    answers = _answers(submission)
    seen = _of_form(submission, answers, nature)
    point = _point_of_form(answers, seen)
    actor = replace(Actor.system(Purpose.STATISTICS), unit=submission.unit)
    _row_there, new = _taken(actor, seen, point, Observation.Origin.FORM, submission.received_at)
    if new:
        _record_observed(actor, Observation.Origin.FORM, 1)


def _answers(submission: Submission) -> dict[str, Any]:
    found = open_submission(submission).answers
    return {path.rpartition("/")[2]: value for path, value in found.items()}


def _add_answers(submission: Submission, times: int) -> None:
    """Add (1) or take back (-1) one respondent's answers, if there was consent and an answer."""
    try:
        answers = _answers(submission)
    except KeyDestroyed:
        return
    told = answers.get("violence")
    if answers.get("consent_to_ask") != "yes" or told not in {"yes", "no"}:
        return
    seen = _of_form(submission, answers, Nature.SURVEY)
    point = _point_of_form(answers, seen)
    actor = replace(Actor.system(Purpose.STATISTICS), unit=submission.unit)
    daily = replace(seen, reference=f"survey-{point.code}-{seen.day}-{seen.way}")
    empty = replace(daily, people=0, violence=0)
    row, _new = _taken(actor, empty, point, Observation.Origin.FORM, submission.received_at)
    row = Observation.objects.select_for_update().get(pk=row.pk)
    row.people = max(0, row.people + times)
    row.violence = max(0, (row.violence or 0) + times * int(told == "yes"))
    row.save(update_fields=["people", "violence"])
    _record_observed(actor, Observation.Origin.FORM, times)


def _of_form(submission: Submission, answers: Mapping[str, Any], nature: Nature) -> Seen:
    day = sheets.day_of(str(answers.get("day") or ""))
    way = str(answers.get("way") or "")
    hours = answers.get("hours")
    return Seen(
        reference=str(submission.pk),
        point="",
        day=day or submission.received_at.date(),
        way=way if way in {one.code for one in network().ways} else "",
        nature=nature,
        hours=float(hours) if hours is not None and 0 < float(hours) <= 24 else None,
        people=_number(answers, "people") or 0,
        children_alone=_number(answers, "children_alone"),
        deaths=_number(answers, "deaths"),
        missing=_number(answers, "missing"),
    )


def _number(answers: Mapping[str, Any], name: str) -> int | None:
    value = answers.get(name)
    return None if value is None else int(value)


def _point_of_form(answers: Mapping[str, Any], seen: Seen) -> Point:
    code, area = str(answers.get("point") or ""), str(answers.get("area") or "")
    point = Point.objects.filter(code=code).first() if code else None
    if point is not None:
        return point
    way = next((one for one in network().ways if one.code == seen.way), None)
    known = {one.code: one for one in network().areas}
    found = known.get(area) or (way.end if way else network().areas[0])
    return Point.objects.get_or_create(
        code=f"{found.code}-unplaced",
        defaults={
            "name": f"{found.name}, place not given", "sort": Point.Sort.OTHER,
            "area": found.code, "opened_on": seen.day,
        },
    )[0]  # fmt: skip


@transaction.atomic
def open_fine(actor: Actor, *, reason: str, words: str, now: datetime) -> FineReading:
    """Open the fine rows for an hour, for a stated reason; the log has it. Raises `Refused`."""
    require(actor, Action.READ, Kind.FINE_FLOW)
    reading = FineReading.objects.create(
        account=actor.account, role=actor.role.value, purpose=actor.purpose.value,
        reason=FineReading.Reason(reason), words=words[:500], opened_at=now, ends_at=now + HOUR,
    )  # fmt: skip
    record(
        actor, AuditTag.FINE_FLOW_OPENED, handle=_handle(reading), detail={"reason": reading.reason}
    )
    return reading


@transaction.atomic
def fine(
    actor: Actor, reading_id: UUID, *, now: datetime, exported: bool = False
) -> tuple[FineReading, QuerySet[Observation]]:
    """The fine rows under an open reading of one's own; written into the log each time.

    Raises `Refused`, `NotNow` when the reading has ended, is another's or under another purpose.
    """
    require(actor, Action.READ, Kind.FINE_FLOW)
    reading = FineReading.objects.filter(
        pk=reading_id, account=actor.account, purpose=actor.purpose.value, ends_at__gt=now
    ).first()
    if reading is None:
        raise NotNow
    tag = AuditTag.FINE_FLOW_EXPORTED if exported else AuditTag.FINE_FLOW_READ
    record(actor, tag, handle=_handle(reading), detail={"reason": reading.reason})
    return reading, Observation.objects.select_related("point")


def _handle(reading: FineReading) -> str:
    return vault().handle("fine_reading", reading.pk)


@transaction.atomic
def withdraw(actor: Actor, reading_id: UUID, observation_id: UUID, *, now: datetime) -> None:
    """Take an observation back that was wrong; it stays, marked, and counts no longer.

    Raises `Refused`, `NotNow`, `Observation.DoesNotExist`.
    """
    require(actor, Action.CHANGE, Kind.FINE_FLOW)
    _reading, rows = fine(actor, reading_id, now=now)
    row = rows.select_for_update(of=("self",)).get(pk=observation_id)
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by = now, actor.account
        row.save(update_fields=["withdrawn_at", "withdrawn_by"])
        record(actor, AuditTag.FLOW_WITHDRAWN, handle=vault().handle("flow_observation", row.pk))


@transaction.atomic
def end_observations(rule: RetentionRule, today: date) -> int:
    """Delete the fine rows that have reached their end; what was published of them stays."""
    before = cutoff(rule, today)
    if before is None:
        return 0
    ended, _by_model = Observation.objects.filter(day__lt=before).delete()
    if ended:
        record(
            Actor.system(Purpose.GOVERNANCE), AuditTag.FLOW_OBSERVATIONS_ENDED,
            detail={"rows": ended},
        )  # fmt: skip
    return ended
