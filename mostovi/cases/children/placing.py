# SPDX-License-Identifier: EUPL-1.2
"""Verbs on care: places with room and licence, placing a child, ending it, visits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import services as cases
from mostovi.cases.children import care, rules, visits
from mostovi.cases.children.care import Against, Sexes
from mostovi.cases.children.models import CarePlace, CarePlacement, PlannedVisit
from mostovi.cases.models import Case, CaseRecord
from mostovi.people.birth import Birth
from mostovi.people.consenting import is_child
from mostovi.people.models import FamilyLink, Person
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record as log
from mostovi.rights.storage import opened

LONGEST_WORDS = 2000


class InvalidCare(ValueError):
    """Something cannot be written down so; `field` names the input, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PlaceRefused(Exception):
    """The place does not take the child; `against` says why."""

    def __init__(self, against: Collection[Against]) -> None:
        super().__init__(", ".join(care.most_pressing(against)))
        self.against = care.most_pressing(against)


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A place in a list: how many children live there and how many more could."""

    row: CarePlace
    living: int
    free: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A place as offered to one child, with the reasons against it."""

    line: PlaceLine
    against: Sequence[Against]


@dataclass(frozen=True, slots=True)
class Placement:
    """A placement as read: its row and its words (empty after erasure)."""

    row: CarePlacement
    words: Mapping[str, Any]


# --- Places ------------------------------------------------------------------------------------


def places(actor: Actor, *, closed: bool = False) -> list[PlaceLine]:
    """The places of this node with the number of children there now; family care first."""
    require(actor, Action.READ, Kind.CASE)
    rows = CarePlace.objects.annotate(
        living=Count("placements", filter=Q(placements__until_day=None))
    )
    if not closed:
        rows = rows.filter(closed_on=None)
    order = list(rules.place_kinds())
    lines = [PlaceLine(row, row.living, care.free(_place(row), row.living)) for row in rows]
    return sorted(
        lines, key=lambda line: (order.index(line.row.kind), line.row.name)
        if line.row.kind in order else (len(order), line.row.name),
    )  # fmt: skip


def _place(row: CarePlace) -> care.Place:
    kind = rules.place_kinds().get(row.kind)
    return care.Place(
        capacity=row.capacity, youngest=row.youngest, oldest=row.oldest, sexes=Sexes(row.sexes),
        licence=row.licence, licensed_until=row.licensed_until, adults_too=row.adults_too,
        closed_on=row.closed_on, family=bool(kind and kind.family),
    )  # fmt: skip


@transaction.atomic
def save_place(
    actor: Actor,
    *,
    place: CarePlace | None = None,
    code: str,
    name: str,
    kind: str,
    capacity: int,
    youngest: int,
    oldest: int,
    sexes: str,
    licence: str,
    licensed_until: date | None = None,
    adults_too: bool = False,
    closed_on: date | None = None,
    synthetic: bool = False,
    now: datetime | None = None,
) -> CarePlace:
    """Write down a place of care or change it; who lives there stays. Raises `InvalidCare`."""
    require(actor, Action.CONFIGURE, Kind.SERVICE)
    if kind not in rules.place_kinds():
        raise InvalidCare("kind", gettext_noop("Choose what kind of place it is."))
    if sexes not in set(Sexes):
        raise InvalidCare("sexes", gettext_noop("Choose for whom it is."))
    if not 1 <= capacity <= 500:
        raise InvalidCare("capacity", gettext_noop("Write how many children, from 1 to 500."))
    if not 0 <= youngest <= oldest <= 17:
        raise InvalidCare("oldest", gettext_noop("Ages go from 0 to 17, the younger first."))
    taken = CarePlace.objects.filter(code=code).first()
    if taken is not None and (place is None or taken.pk != place.pk):
        raise InvalidCare("code", gettext_noop("This code is taken. Choose another."))
    row = place or CarePlace(synthetic=synthetic)
    row.code, row.name, row.kind, row.capacity = code, name.strip(), kind, capacity
    row.youngest, row.oldest, row.sexes = youngest, oldest, sexes
    row.licence, row.licensed_until = licence.strip(), licensed_until
    row.adults_too, row.closed_on = adults_too, closed_on
    row.changed_by, row.changed_at = actor.account, now or timezone.now()
    row.save()
    log(actor, AuditTag.CARE_PLACE_CHANGED, detail={"place": row.code})
    return row


def find_place(actor: Actor, code: str) -> CarePlace:
    """The open place with `code`. Raises `CarePlace.DoesNotExist`."""
    require(actor, Action.READ, Kind.CASE)
    return CarePlace.objects.get(code=code, closed_on=None)


def place_to_change(actor: Actor, code: str) -> CarePlace:
    """The place with `code`, for whoever keeps the list. Raises `CarePlace.DoesNotExist`."""
    require(actor, Action.CONFIGURE, Kind.SERVICE)
    return CarePlace.objects.get(code=code)


# --- Placing a child ---------------------------------------------------------------------------


def offers(actor: Actor, case: Case, today: date, now: datetime) -> list[Offer]:
    """Every open place with the reasons against placing this child there; fitting ones first."""
    child = _child(case.person, now)
    siblings = _places_of_siblings(case.person)
    found = []
    for line in places(actor):
        against = care.reasons_against(
            _place(line.row), child, living_there=line.living, on=today,
            siblings_there=line.row.pk in siblings,
        )  # fmt: skip
        found.append(Offer(line, care.most_pressing(against)))
    return sorted(found, key=lambda offer: bool(offer.against))


def _child(person: Person, now: datetime) -> care.Child:
    birth = Birth.from_json(person.values()["single"].get("birth"))
    return care.Child(birth.age(timezone.localdate(now)), person.sex, is_child(person, now))


def _places_of_siblings(person: Person) -> set[Any]:
    links = FamilyLink.objects.filter(person=person, other__isnull=False)
    others = [
        row.other_id for row, words in opened(links) if (words or {}).get("relation") == "sibling"
    ]
    if not others:
        return set()
    rows = CarePlacement.objects.filter(person__in=others, until_day=None)
    return set(rows.values_list("place", flat=True))


@transaction.atomic
def place_child(
    actor: Actor,
    case: Case,
    *,
    place: CarePlace,
    from_day: date,
    urgent: bool = False,
    reason: str,
    child_view: str,
    now: datetime | None = None,
) -> CarePlacement:
    """A child begins to live at a place; the visits are planned. An earlier placement ends.

    Raises `PlaceRefused` with every reason (never beyond capacity, urgent or not), `InvalidCare`.
    """
    case = _case(actor, case)
    moment = now or timezone.now()
    today = timezone.localdate(moment)
    if not reason.strip():
        raise InvalidCare("reason", gettext_noop("Write why this place is right for the child."))
    if not child_view.strip():
        raise InvalidCare("child_view", gettext_noop("Write what the child says about it."))
    _short(reason, "reason")
    _short(child_view, "child_view")
    if from_day > today:
        raise InvalidCare("from_day", gettext_noop("Choose today or a day before."))
    # The row of the place is the queue: two children never get the last bed at once.
    locked = CarePlace.objects.select_for_update().get(pk=place.pk)
    standing = case.person.care_placements.filter(until_day=None).first()
    if standing is not None and standing.place_id == locked.pk and standing.urgent == urgent:
        raise InvalidCare("place", gettext_noop("The child lives there already."))
    if standing is not None and from_day < standing.from_day:
        raise InvalidCare("from_day", gettext_noop("The present placement began later than that."))
    others = locked.placements.filter(until_day=None).exclude(person=case.person_id)
    against = care.reasons_against(
        _place(locked), _child(case.person, moment), living_there=others.count(), on=from_day,
        siblings_there=locked.pk in _places_of_siblings(case.person),
    )  # fmt: skip
    if against:
        raise PlaceRefused(against)
    if standing is not None:
        _end_row(standing, from_day, "moved", "")
    row = CarePlacement(
        key_id=case.key_id, person=case.person, case=case, place=locked, urgent=urgent,
        from_day=from_day, written_by=actor.account, written_at=moment,
    )  # fmt: skip
    row.seal_values({"reason": reason.strip(), "child_view": child_view.strip()})
    row.save(force_insert=True)
    plan_visits(
        case, schedule="urgent_placement" if urgent else "placement", begins=from_day,
        placement=row,
    )  # fmt: skip
    log(
        actor, AuditTag.CHILD_PLACED, handle=cases.case_handle(case),
        detail={"kind": locked.kind, "urgent": urgent},
    )  # fmt: skip
    return row


@transaction.atomic
def end_placement(
    actor: Actor,
    case: Case,
    *,
    until_day: date,
    reason: str,
    now: datetime | None = None,
) -> CarePlacement:
    """The child does not live there any more; planned visits are dropped. Raises `InvalidCare`."""
    case = _case(actor, case)
    today = timezone.localdate(now or timezone.now())
    row = case.person.care_placements.filter(until_day=None).first()
    if row is None:
        raise InvalidCare("until_day", gettext_noop("There is no placement at present."))
    if not row.from_day <= until_day <= today:
        raise InvalidCare(
            "until_day", gettext_noop("Choose a day since it began, today at the latest.")
        )
    if not reason.strip():
        raise InvalidCare("ended_reason", gettext_noop("Write why it ends and where the child is."))
    _short(reason, "ended_reason")
    _end_row(row, until_day, "ended", reason)
    log(actor, AuditTag.CHILD_MOVED, handle=cases.case_handle(case))
    return row


def _end_row(row: CarePlacement, day: date, because: str, words: str) -> None:
    row.until_day = day
    row.seal_values({**row.values(), "ended": because, "ended_words": words.strip()})
    row.save(update_fields=["until_day", "sealed"])
    row.visits.filter(made_on=None, dropped_on=None).update(dropped_on=day)


def _short(text: str, field: str) -> None:
    if len(text) > LONGEST_WORDS:
        raise InvalidCare(field, gettext_noop("Shorten this to 2000 characters."))


def _case(actor: Actor, case: Case) -> Case:
    rows = cases.visible(actor, Action.CHANGE).select_for_update(of=("self",))
    return rows.select_related("person").get(pk=case.pk)


@transaction.atomic
def read(actor: Actor, case: Case) -> list[Placement]:
    """`placements`, logged as read."""
    case = cases.visible(actor).select_related("person").get(pk=case.pk)
    log(actor, AuditTag.CARE_READ, handle=cases.case_handle(case))
    return placements(case)


def placements(case: Case) -> list[Placement]:
    """The placements of the child of a case that was found by `find`, newest first."""
    rows = case.person.care_placements.select_related("place")
    return [Placement(row, words or {}) for row, words in reversed(opened(rows))]


# --- Visits ------------------------------------------------------------------------------------


def plan_visits(
    case: Case, *, schedule: str, begins: date, placement: CarePlacement | None = None
) -> list[PlannedVisit]:
    """Plan the visits that a schedule asks for; once for each beginning."""
    rule = rules.schedules()[schedule]
    same = case.planned_visits.filter(schedule=schedule, placement=placement, dropped_on=None)
    if same.exists():
        return list(same)
    return PlannedVisit.objects.bulk_create(
        PlannedVisit(
            case=case, placement=placement, schedule=schedule, number=due.number, due_on=due.on
        )
        for due in visits.planned(rule, begins)
    )


def visit_made(actor: Actor, case: Case, *, record: CaseRecord, on: date) -> PlannedVisit | None:
    """A record says that a visit was made: the earliest open one of its schedule is done.

    A corrected record corrects the day of its own visit. While the placement lasts a next one is
    planned after the last. None where no visit was open.
    """
    told = case.planned_visits.filter(record_id=record.pk).first()
    if told is not None:
        told.made_on = on
        told.save(update_fields=["made_on"])
        return told
    codes = [rule.code for rule in rules.schedules().values() if rule.record == record.kind]
    open_ones = case.planned_visits.filter(schedule__in=codes, made_on=None, dropped_on=None)
    visit = open_ones.select_for_update().order_by("due_on").first()
    if visit is None:
        return None
    visit.made_on, visit.record_id = on, record.pk
    visit.save(update_fields=["made_on", "record_id"])
    rule = rules.schedules()[visit.schedule]
    last = case.planned_visits.filter(schedule=visit.schedule, placement=visit.placement)
    number = last.order_by("-number").values_list("number", flat=True)[0]
    if number == visit.number and visit.placement_id and visit.placement.until_day is None:  # type: ignore[union-attr]
        due = visits.next_due(rule, number, on)
        PlannedVisit.objects.create(
            case=case, placement=visit.placement, schedule=visit.schedule, number=due.number,
            due_on=due.on,
        )  # fmt: skip
    log(actor, AuditTag.VISIT_MADE, handle=cases.case_handle(case))
    return visit


def open_visits(case: Case) -> QuerySet[PlannedVisit]:
    """Visits of a case that are still to be made, next first."""
    return case.planned_visits.filter(made_on=None, dropped_on=None).order_by("due_on")
