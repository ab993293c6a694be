# SPDX-License-Identifier: EUPL-1.2
"""Keeps `LinkedPair` in step with what is noted: which incidents share something telling.

Each change reads the few incidents that a telling thing can join (fewer than `links.WIDE`), by
indexes; how large the store is makes no difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from mostovi.routes.incidents import links
from mostovi.routes.incidents.links import WIDE, Held, Link, Shared
from mostovi.routes.incidents.models import Identifier, Incident, LinkDecision, LinkedPair

Thing = tuple[str, bytes]
"""The kind and blind key of something noted."""


def _is_wide() -> Exists:
    """Whether as many incidents as make a thing widely shared have it: the last of them is asked
    for, so that a thing at a hundred thousand costs no more than one at eight."""
    holders = Identifier.objects.filter(kind=OuterRef("kind"), token=OuterRef("token")).order_by()
    return Exists(holders.values("pk")[WIDE - 1 : WIDE])


def held(incidents: Iterable[UUID]) -> QuerySet[Any]:
    """What is noted at these incidents; `wide` says of each whether it is widely shared."""
    return Identifier.objects.filter(incident__in=list(incidents)).annotate(wide=_is_wide())


def shared(incidents: Iterable[UUID]) -> list[Shared]:
    """What two or more of these incidents share; what is widely shared is marked so."""
    wide: set[Thing] = set()
    here = []
    rows = held(incidents).order_by()
    for code, kind, token, is_wide in rows.values_list("incident__code", "kind", "token", "wide"):
        here.append(Held(code, kind, bytes(token)))
        if is_wide:
            wide.add((kind, bytes(token)))
    return links.shared_things(here, wide)


def holders(things: Collection[Thing]) -> QuerySet[Identifier]:
    """Rows of these things. Both columns of the index are named: half of it is no index."""
    wanted = Q(pk__in=[])
    for kind in {kind for kind, _token in things}:
        wanted |= Q(kind=kind, token__in=[token for k, token in things if k == kind])
    return Identifier.objects.filter(wanted).order_by()


def refresh(things: Iterable[Thing], now: datetime, *, taken_from: Collection[UUID] = ()) -> None:
    """Bring the pairs of the incidents that have these things up to date.

    To be called in the transaction that noted them or took them out (of `taken_from`), after its
    line in the log: the log's writers queue, so of two who note the same thing at once the second
    sees what the first has noted.
    """
    for kind, token in things:
        rows = holders([(kind, token)]).values_list("incident_id", flat=True)
        having = list(rows[: WIDE + 1])
        # With more it was widely shared before, and joins nobody after.
        if len(having) <= WIDE:
            rewrite({*having, *taken_from}, now)


def rewrite(incidents: Collection[UUID], now: datetime) -> None:
    """Write the pairs among these incidents as they are now; pairs with others stay."""
    codes = dict(Incident.objects.filter(pk__in=incidents).order_by().values_list("code", "pk"))
    wanted = {
        (codes[link.one], codes[link.other]): link
        for link in links.links(item for item in shared(codes.values()) if not item.is_wide)
    }
    rulings = _rulings(codes.values())
    for row in LinkedPair.objects.filter(one__in=incidents, other__in=incidents).order_by():
        link = wanted.pop((row.one_id, row.other_id), None)
        if link is None:
            row.delete()
        elif _brought(row, link, rulings.get((row.one_id, row.other_id)), now):
            row.save()
    for (one, other), link in wanted.items():
        made = LinkedPair(one_id=one, other_id=other, undecided=False, since=now)
        _brought(made, link, rulings.get((one, other)), now)
        made.save(force_insert=True)


def _rulings(incidents: Iterable[UUID]) -> dict[tuple[UUID, UUID], LinkDecision]:
    ids = list(incidents)
    rows = LinkDecision.objects.filter(one__in=ids, other__in=ids).order_by("decided_at")
    return {(row.one_id, row.other_id): row for row in rows.defer("sealed")}


def _brought(row: LinkedPair, link: Link, ruling: LinkDecision | None, now: datetime) -> bool:
    """Bring a row up to date; whether anything of it has changed."""
    before: tuple[Any, ...] = (row.kinds, row.things, row.ruling, row.undecided)
    was_undecided = row.undecided
    row.kinds, row.things = sorted(link.kinds), len(link.shared)
    row.ruling = ruling.ruling if ruling else ""
    row.undecided = ruling is None or not set(link.kinds) <= set(ruling.kinds)
    if row.undecided and not was_undecided:
        row.since = now
    return before != (row.kinds, row.things, row.ruling, row.undecided)
