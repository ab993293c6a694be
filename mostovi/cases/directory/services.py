# SPDX-License-Identifier: EUPL-1.2
"""Verbs on the directory: find, save, say how full it is, import, export, match.

Saving writes a version and checks everything first; an import saves all rows or none. The directory
holds no persons: what is asked about a person for matching is passed in and not kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import yaml
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.cases import vocabulary
from mostovi.cases.directory import hsds
from mostovi.cases.directory.entries import Entry, Problem, changed_fields, check, completed
from mostovi.cases.directory.hsds import Trouble
from mostovi.cases.directory.matching import (
    STALE_AFTER,
    Candidate,
    Capacity,
    Fit,
    Wanted,
    matched,
)
from mostovi.cases.directory.models import (
    CapacityReport,
    Location,
    Organization,
    Service,
    ServiceAtLocation,
    ServiceVersion,
    Status,
)
from mostovi.cases.vocabulary import case_types, needs
from mostovi.content import CONTENT
from mostovi.rights.access import Action, Actor, Kind, decide, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record

_FRESH_SECONDS = 3.0
_listed: list[tuple[float, Mapping[str, vocabulary.Service]]] = []

_MODEL_FIELDS = (
    "code", "node", "unit", "name", "description", "status", "needs", "languages",
    "interpretation", "email", "phones", "schedules", "costs", "conditions", "eligibility",
    "answer_days", "takes_referrals", "public", "source",
)  # fmt: skip


class InvalidService(ValueError):
    """An entry cannot be saved; `problems` names every field with what to do."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))
        self.problems = list(problems)


class ChangedMeanwhile(Exception):
    """Somebody else saved this entry after it was opened; look at it again."""


class RowsRefused(ValueError):
    """An import is refused as a whole; `troubles` names every row with what to do."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        super().__init__(f"{len(troubles)} problems; nothing was saved")
        self.troubles = list(troubles)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: codes that are new, changed and as before."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]


# --- Find --------------------------------------------------------------------------------------


def visible(actor: Actor) -> QuerySet[Service]:
    """Every service with its places and newest report, in three statements."""
    require(actor, Action.READ, Kind.SERVICE)
    return _with_parts(Service.objects.all())


def _with_parts(rows: QuerySet[Service]) -> QuerySet[Service]:
    # Of each service's reports only the newest is fetched: they grow for years.
    newest = CapacityReport.objects.filter(service=OuterRef("service")).order_by("-as_of", "-pk")
    reports = CapacityReport.objects.filter(pk=Subquery(newest.values("pk")[:1]))
    return rows.select_related("organization").prefetch_related(
        "locations", Prefetch("reports", reports)
    )


def find(actor: Actor, code: str) -> Service:
    """The service with `code`. Raises `Service.DoesNotExist`."""
    return visible(actor).get(code=code)


@dataclass(frozen=True, slots=True)
class Search:
    """What the list is asked for; empty says anything. `place` is part of a place's name."""

    text: str = ""
    need: str = ""
    node: str = ""
    language: str = ""
    place: str = ""


def search(actor: Actor, wanted: Search) -> list[Service]:
    """Services that fit every word of the search, by node and name.

    A directory holds some hundreds of entries: they are looked through here, so that SQLite and
    PostgreSQL answer alike.
    """
    words = wanted.text.casefold().split()
    return [row for row in visible(actor) if _fits(row, wanted, words)]


def _fits(row: Service, wanted: Search, words: Sequence[str]) -> bool:
    places = [place for at in row.locations.all() for place in (at.place, at.name)]
    said = " ".join((row.code, row.name, row.description, row.organization.name)).casefold()
    return (
        (not wanted.need or wanted.need in row.needs)
        and (not wanted.node or wanted.node == row.node)
        and (not wanted.language or wanted.language in row.languages or row.interpretation)
        and (
            not wanted.place or any(wanted.place.casefold() in place.casefold() for place in places)
        )
        and all(word in said for word in words)
    )


def capacity_of(row: Service) -> Capacity | None:
    """The newest report of how full the service is, or None when it never said."""
    newest = next(iter(row.reports.all()), None)
    if newest is None:
        return None
    return Capacity(newest.unit, newest.maximum, newest.in_use, newest.waiting, newest.as_of)


def unsaid(actor: Actor, now: datetime) -> QuerySet[Service, tuple[str, str]]:
    """Code and name of services that the actor's unit runs and whose last report is old or missing.

    One statement: nothing else of them is wanted where this is asked.
    """
    require(actor, Action.READ, Kind.SERVICE)
    said = CapacityReport.objects.filter(service=OuterRef("pk"), as_of__gte=now - STALE_AFTER)
    rows = Service.objects.filter(~Exists(said), node=settings.MOSTOVI.code, unit=actor.unit)
    return rows.values_list("code", "name")


def may_configure(actor: Actor) -> bool:
    """Whether `actor` may change entries."""
    return decide(actor, Action.CONFIGURE, Kind.SERVICE).allowed


def may_report(actor: Actor, row: Service) -> bool:
    """Whether `actor` may say how full it is: the unit that runs it, or whoever keeps entries."""
    own = bool(row.unit) and row.unit == actor.unit and row.node == settings.MOSTOVI.code
    return own or may_configure(actor)


# --- Save --------------------------------------------------------------------------------------


def entry_of(row: Service) -> Entry:
    """A stored service as an entry."""
    capacity = capacity_of(row)
    return completed(
        {name: getattr(row, name) for name in _MODEL_FIELDS}
        | {
            "id": str(row.pk),
            "assured_on": row.assured_on.isoformat() if row.assured_on else None,
            "organization": {
                "id": str(row.organization_id), "name": row.organization.name,
                "description": row.organization.description, "email": row.organization.email,
                "website": row.organization.website,
            },
            "locations": [
                {
                    "id": str(at.pk), "name": at.name, "place": at.place, "address": at.address,
                    "latitude": at.latitude, "longitude": at.longitude,
                    "accessibility": at.accessibility, "shielded": at.shielded,
                }
                for at in sorted(row.locations.all(), key=lambda one: (one.name, str(one.pk)))
            ],
            "capacity": {
                "unit": capacity.unit, "maximum": capacity.maximum, "in_use": capacity.in_use,
                "waiting": capacity.waiting, "as_of": capacity.as_of.isoformat(),
            } if capacity else None,
        }
    )  # fmt: skip


@transaction.atomic
def save_entry(
    actor: Actor, entry: Mapping[str, Any], *, seen: int | None = None, now: datetime | None = None
) -> Service:
    """Store an entry as a new version of its service; an entry that changes nothing adds none.

    `seen` is the version that was open; None takes the newest. Raises `InvalidService`,
    `ChangedMeanwhile`, `Refused`.
    """
    require(actor, Action.CONFIGURE, Kind.SERVICE)
    whole = completed(entry)
    problems = check_entry(whole)
    if problems:
        raise InvalidService(problems)
    row = Service.objects.select_for_update().filter(code=whole["code"]).first()
    if seen is not None and (row.version if row else 0) != seen:
        raise ChangedMeanwhile
    saved, _ = _store(actor, row, whole, now or timezone.now())
    return saved


def check_entry(entry: Entry) -> list[Problem]:
    """Everything wrong with a completed entry at this node."""
    ours = entry["node"] == settings.MOSTOVI.code
    return check(
        entry, needs=needs(), case_types=list(case_types()),
        units=settings.MOSTOVI.units if ours else (),
    )  # fmt: skip


def _store(actor: Actor, row: Service | None, entry: Entry, now: datetime) -> tuple[Service, str]:
    """Write the entry; says whether it was `added`, `changed` or the `same`."""
    before: Mapping[str, Any] = {}
    if row is not None:
        row = _with_parts(Service.objects.filter(pk=row.pk)).get()
        before = entry_of(row)
        entry = entry | {"id": str(row.pk)}
    changed = changed_fields(before, entry)
    if row is not None and not changed:
        _take_in_capacity(row, before, entry, actor)
        return row, "same"
    organization, _ = Organization.objects.update_or_create(
        pk=entry["organization"]["id"],
        defaults={key: entry["organization"][key] for key in _ORGANIZATION},
    )
    saved = row or Service(pk=UUID(entry["id"]), version=0)
    for name in _MODEL_FIELDS:
        setattr(saved, name, entry[name])
    saved.organization = organization
    assured = entry["assured_on"]
    saved.assured_on = date.fromisoformat(assured) if assured else None
    saved.version += 1
    saved.changed_at = now
    saved.save()
    _place(saved, entry["locations"])
    by = None if actor.role.value == "system" else actor.account
    ServiceVersion.objects.create(
        service=saved, version=saved.version, at=now, by=by, changed=changed,
        entry=entry | {"capacity": None},
    )  # fmt: skip
    _take_in_capacity(saved, before, entry, actor)
    forget_listed()
    record(
        actor, AuditTag.SERVICE_SAVED,
        detail={"service": saved.code, "version": saved.version},
    )  # fmt: skip
    return saved, "changed" if row is not None else "added"


_ORGANIZATION = ("name", "description", "email", "website")


def _place(row: Service, places: Iterable[Mapping[str, Any]]) -> None:
    kept = []
    for place in places:
        location, _ = Location.objects.update_or_create(
            pk=place["id"],
            defaults={key: place[key] for key in place if key != "id"}
            | {"organization": row.organization},
        )
        ServiceAtLocation.objects.get_or_create(service=row, location=location)
        kept.append(location.pk)
    gone = ServiceAtLocation.objects.filter(service=row).exclude(location__in=kept)
    left = list(gone.values_list("location", flat=True))
    gone.delete()
    Location.objects.filter(pk__in=left, service__isnull=True).delete()


def _take_in_capacity(row: Service, before: Mapping[str, Any], entry: Entry, actor: Actor) -> None:
    """An import brings the report that the service made, if it is newer than ours."""
    told, known = entry["capacity"], before.get("capacity")
    if told is None:
        return
    as_of = datetime.fromisoformat(told["as_of"])
    if known is not None and datetime.fromisoformat(known["as_of"]) >= as_of:
        return
    CapacityReport.objects.create(
        service=row, unit=told["unit"], maximum=told["maximum"], in_use=told["in_use"],
        waiting=told["waiting"], as_of=as_of,
    )  # fmt: skip


@transaction.atomic
def report_capacity(
    actor: Actor,
    row: Service,
    *,
    unit: str,
    maximum: int,
    in_use: int,
    waiting: int = 0,
    now: datetime | None = None,
) -> CapacityReport:
    """The service says how full it is, as of now. Raises `InvalidService`, `Refused`."""
    require(actor, Action.READ, Kind.SERVICE)
    if not may_report(actor, row):
        require(actor, Action.CONFIGURE, Kind.SERVICE)
    told = {"unit": unit, "maximum": maximum, "in_use": in_use, "waiting": waiting}
    problems = [
        problem for problem in check_entry(entry_of(row) | {"capacity": told})
        if problem[0] == "capacity"
    ]  # fmt: skip
    if problems:
        raise InvalidService(problems)
    report = CapacityReport.objects.create(
        service=row, by=actor.account, as_of=now or timezone.now(), **told
    )
    record(actor, AuditTag.SERVICE_CAPACITY_REPORTED, detail={"service": row.code})
    return report


def history(actor: Actor, row: Service) -> list[ServiceVersion]:
    """Every version of an entry, newest first."""
    require(actor, Action.READ, Kind.SERVICE)
    return list(row.versions.all()[:200])


# --- Import and export -------------------------------------------------------------------------


def exported(actor: Actor, *, form: str) -> bytes:
    """All services as HSDS: `form` is `json` or `csv` (a zip data package)."""
    entries = [entry_of(row) for row in visible(actor)]
    record(actor, AuditTag.SERVICES_EXPORTED, detail={"count": len(entries)})
    return hsds.to_json(entries).encode() if form == "json" else hsds.to_package(entries)


def import_file(
    actor: Actor, data: bytes, *, node: str = "", now: datetime | None = None
) -> ImportReport:
    """Take in an HSDS file, JSON or data package. All rows or none.

    `node` stands in for services that name none. Raises `hsds.Unreadable`, `RowsRefused`,
    `Refused`.
    """
    require(actor, Action.CONFIGURE, Kind.SERVICE)
    if len(data) > hsds.LARGEST:
        raise hsds.Unreadable("The file is larger than 20 MB; split it.")
    if data[:2] == b"PK":
        read, troubles = hsds.from_package(data, node=node)
        where = "services.csv"
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise hsds.Unreadable("The file is not UTF-8 text.") from error
        read, troubles = hsds.from_json(text, node=node)
        where = "contents"
    troubles += _troubles(read, where)
    if troubles:
        raise RowsRefused(sorted(troubles, key=lambda one: one.row))
    return take_in(actor, [entry for _, entry in read], now=now)


def _troubles(read: Sequence[tuple[int, Entry]], where: str) -> list[Trouble]:
    found = []
    codes: dict[str, int] = {}
    for number, entry in read:
        found += [Trouble(where, number, *problem) for problem in check_entry(entry)]
        first = codes.setdefault(str(entry["code"]), number)
        if first != number:
            found.append(Trouble(where, number, "code", f"is that of row {first} as well"))
    taken = dict(Service.objects.filter(code__in=codes).values_list("code", "pk"))
    ids = {str(pk): code for code, pk in Service.objects.values_list("code", "pk")}
    for number, entry in read:
        other = ids.get(str(entry["id"]))
        if other and other != entry["code"] and entry["code"] not in taken:
            found.append(Trouble(where, number, "id", f"is that of the service {other} here"))
    return found


@transaction.atomic
def take_in(actor: Actor, entries: Sequence[Entry], *, now: datetime | None = None) -> ImportReport:
    """Save checked entries, all in one transaction."""
    moment = now or timezone.now()
    done: dict[str, list[str]] = {"added": [], "changed": [], "same": []}
    for entry in entries:
        row = Service.objects.select_for_update().filter(code=entry["code"]).first()
        _, what = _store(actor, row, entry, moment)
        done[what].append(str(entry["code"]))
    return ImportReport(tuple(done["added"]), tuple(done["changed"]), tuple(done["same"]))


def load_shipped(now: datetime | None = None) -> int:
    """Take in the entries that Mostovi ships and this node has not; returns how many."""
    path = CONTENT / "services" / "directory.yaml"
    lines = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
    here = set(Service.objects.values_list("code", flat=True))
    entries = [completed(line) for line in lines if line["code"] not in here]
    for entry in entries:
        # A unit that this node has not cannot run a service here.
        if entry["node"] != settings.MOSTOVI.code or entry["unit"] not in settings.MOSTOVI.units:
            entry["unit"] = ""
        problems = check_entry(entry)
        if problems:
            raise InvalidService(problems)
    take_in(Actor.system(Purpose.GOVERNANCE), entries, now=now)
    return len(entries)


# --- For referrals -----------------------------------------------------------------------------


def listed() -> Mapping[str, vocabulary.Service]:
    """Services by code as `vocabulary.services` gives them; kept for a few seconds."""
    if not _listed or time.monotonic() - _listed[0][0] > _FRESH_SECONDS:
        rows = Service.objects.order_by("node", "name")
        found = {
            row.code: vocabulary.Service(
                row.node, row.code, row.name, tuple(row.needs), row.answer_days, unit=row.unit,
                takes_referrals=row.takes_referrals and row.status == Status.ACTIVE,
            )
            for row in rows
        }  # fmt: skip
        _listed[:] = [(time.monotonic(), found)]
    return _listed[0][1]


def forget_listed() -> None:
    """Ask the database again next time."""
    _listed.clear()


def candidate(row: Service) -> Candidate:
    """What matching needs to know of a stored service."""
    places = row.locations.all()
    return Candidate(
        code=row.code, name=row.name, node=row.node, needs=tuple(row.needs),
        languages=tuple(row.languages), interpretation=row.interpretation,
        conditions=row.conditions, capacity=capacity_of(row),
        points=tuple(
            (at.latitude, at.longitude)
            for at in places
            if at.latitude is not None and at.longitude is not None
        ),
    )  # fmt: skip


def fits(actor: Actor, wanted: Wanted, now: datetime) -> list[Fit]:
    """Services that take referrals and meet the needs, best first, with reasons."""
    rows = visible(actor).filter(takes_referrals=True, status=Status.ACTIVE)
    return matched((candidate(row) for row in rows), wanted, now)


NOTHING_SAVED = gettext_noop("Nothing was saved. Correct these rows and import the file again.")
