# SPDX-License-Identifier: EUPL-1.2
"""Places to live: how many fit, who is there, who waits. Nobody is put where there is no room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases.alternatives import catalogue, files, places
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.models import (
    LibertyFile,
    MeasureTaken,
    Place,
    Stay,
    counts_as_child,
)
from mostovi.cases.alternatives.places import Guest, Room
from mostovi.people.models import Sex
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault


class Full(Exception):
    """The place has no room, or is not meant for the person; `others` fit, best first."""

    def __init__(self, place: Place, others: Sequence[Room], *, suits: bool) -> None:
        super().__init__(place.code)
        self.place, self.others, self.suits = place, list(others), suits


def kinds() -> list[str]:
    """Kinds of place, in the order of the ladder."""
    return [measure.place for measure in catalogue.ladder() if measure.needs_place]


def standing(rows: QuerySet[Place] | None = None) -> list[tuple[Place, Room, int]]:
    """Places as they stand: (row, room, how many persons wait), in one query."""
    there = Sum("stays__persons", filter=Q(stays__since__isnull=False, stays__until=None))
    waiting = Sum("stays__persons", filter=Q(stays__since=None, stays__until=None))
    query = (Place.objects.all() if rows is None else rows).annotate(there=there, waiting=waiting)
    return [(row, _room(row, row.there or 0), row.waiting or 0) for row in query]


def _room(row: Place, there: int) -> Room:
    return Room(
        row.code, row.kind, row.capacity, there, row.families, row.children, row.women_only,
        row.open,
    )  # fmt: skip


def guest_of(file: LibertyFile, measure: MeasureTaken, now: datetime) -> Guest:
    """What the person, or the family, needs of a place."""
    values = measure.values()
    return Guest(
        persons=int(values.get("persons", 1)),
        child=counts_as_child(file, now),
        family=bool(values.get("for_family")),
        female=file.case.person.sex == Sex.FEMALE,
    )


def ask(
    actor: Actor, file: LibertyFile, measure: MeasureTaken, code: str, *, wait: bool, now: datetime
) -> Stay:
    """Give the measure a place, or put it on the place's waiting list when `wait` is set.

    Called in the transaction of the choice. Raises `Full` with the next best places; `Incomplete`
    for an unknown place or one that is of another kind than the measure needs.
    """
    kind = catalogue.measure(measure.code).place
    place = Place.objects.select_for_update().filter(code=code, kind=kind).first()
    if place is None:
        raise Incomplete([("place", gettext_noop("Choose a place."))])
    guest = guest_of(file, measure, now)
    rooms = {row.pk: room for row, room, _waiting in standing()}
    room = rooms[place.pk]
    fits = places.fits(room, guest)
    if not fits and not (wait and places.suits(room, guest)):
        others = places.next_best(
            [other for other in rooms.values() if other.code != code], guest, kind=kind,
            kinds=kinds(),
        )  # fmt: skip
        raise Full(place, others, suits=places.suits(room, guest))
    stay = Stay.objects.create(
        place=place, measure=measure, persons=guest.persons, asked_at=now,
        since=now if fits else None,
    )  # fmt: skip
    record(
        actor, AuditTag.STAY_BEGUN, handle=files.handle(file),
        detail={"place": place.code, "waits": not fits},
    )  # fmt: skip
    return stay


def leave(actor: Actor, measure: MeasureTaken, now: datetime) -> None:
    """End the stay of a measure that ends."""
    for stay in measure.stays.filter(until=None):
        stay.until = now
        stay.save(update_fields=["until"])
        record(actor, AuditTag.STAY_ENDED, handle=files.handle(measure.file))


@transaction.atomic
def arrive(actor: Actor, file: LibertyFile, *, now: datetime | None = None) -> Stay:
    """Take somebody in who has waited, now that there is room. Raises `Full`, `Incomplete`."""
    file = files.again(actor, file, Action.CHANGE)
    moment = now or timezone.now()
    measure = files.measure_in_force(file)
    stay = measure.stays.filter(until=None, since=None).first() if measure else None
    if measure is None or stay is None:
        raise Incomplete([("place", gettext_noop("Nobody waits for a place here."))])
    place = Place.objects.select_for_update().get(pk=stay.place_id)
    guest = guest_of(file, measure, moment)
    rooms = {row.pk: room for row, room, _waiting in standing()}
    if not places.fits(rooms[place.pk], guest):
        others = places.next_best(rooms.values(), guest, kind=place.kind, kinds=kinds())
        raise Full(place, others, suits=places.suits(rooms[place.pk], guest))
    stay.since = moment
    stay.save(update_fields=["since"])
    record(actor, AuditTag.STAY_BEGUN, handle=files.handle(file), detail={"place": place.code})
    return stay


def stays_at(actor: Actor, place: Place) -> QuerySet[Stay]:
    """Stays that have not ended, of files the actor may see; those there before those waiting."""
    rows = place.stays.filter(until=None, measure__file__in=files.visible(actor))
    return rows.select_related("measure__file__case__person", "measure__file__procedure").order_by(
        "-since", "asked_at"
    )


@transaction.atomic
def save_place(
    actor: Actor,
    *,
    code: str,
    name: str,
    kind: str,
    capacity: int,
    families: bool = True,
    children: bool = True,
    women_only: bool = False,
    is_open: bool = True,
    now: datetime | None = None,
) -> Place:
    """Enter a place or change it. A capacity under the number of guests moves nobody; it only
    keeps new ones away. Raises `Incomplete`, `Refused`."""
    require(actor, Action.CONFIGURE, Kind.ALTERNATIVE)
    problems = []
    if not name.strip():
        problems.append(("name", gettext_noop("Write the name of the place.")))
    if kind not in kinds():
        problems.append(("kind", gettext_noop("Choose the kind of place.")))
    if not 0 <= capacity <= 10_000:
        problems.append(("capacity", gettext_noop("Write a number from 0 to 10000.")))
    if problems:
        raise Incomplete(problems)
    place = Place.objects.select_for_update().filter(code=code).first() or Place(code=code)
    place.name, place.kind, place.capacity = name.strip()[:120], kind, capacity
    place.families, place.children, place.women_only = families, children, women_only
    place.open, place.changed_at = is_open, now or timezone.now()
    place.save()
    record(actor, AuditTag.PLACE_CHANGED, handle=vault().handle("place", place.pk))
    return place
