# SPDX-License-Identifier: EUPL-1.2
"""Link analysis on the store: what incidents share, explained, and a person's decision on it.

Nothing here reads the whole store. Which two incidents share something is kept in `LinkedPair`,
which `pairing` brings up to date when something is noted or taken out; a page reads the neighbours
of the incident it is about, by indexes, to a limit that it shows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.routes.incidents import links, pairing, store
from mostovi.routes.incidents.identifiers import IdentifierKind
from mostovi.routes.incidents.links import Held, Shared
from mostovi.routes.incidents.models import Identifier, Incident, LinkDecision, LinkedPair
from mostovi.routes.incidents.pairing import Thing
from mostovi.routes.incidents.store import Unfit, fit, handle

STEPS: Final = 2
"""How many links far the network around an incident goes."""
MOST_NEAR: Final = 40
"""Incidents in the network around one; a page says when there are more."""
MOST_COUNTED: Final = 999
"""Links that wait are counted no further."""


@dataclass(frozen=True)
class Noted:
    """A thing at an incident, and who else has it: nobody is named where it is widely shared."""

    identifier: UUID
    wide: bool
    elsewhere: Sequence[str]


@dataclass(frozen=True)
class Network:
    """A part of the store: some incidents, what they share, and the pairs among them.

    `more`: there are further incidents within reach than these.
    """

    incidents: Sequence[str]
    shared: Sequence[Shared]
    pairs: Sequence[LinkedPair]
    more: bool = False

    @property
    def parted(self) -> frozenset[frozenset[str]]:
        """Pairs of codes that a person said do not belong together."""
        return frozenset(
            frozenset((pair.one.code, pair.other.code)) for pair in self.pairs if pair.parted
        )


# --- Read ----------------------------------------------------------------------------------------


def pairs(actor: Actor) -> QuerySet[LinkedPair]:
    """Incidents within reach that share something; those nobody has looked at first, newest first.

    Raises `Refused`.
    """
    require(actor, Action.READ, Kind.INCIDENT)
    return LinkedPair.objects.select_related("one", "other")


def waiting(actor: Actor) -> int:
    """How many links nobody has looked at, counted to `MOST_COUNTED` and one more."""
    return pairs(actor).filter(undecided=True).order_by()[: MOST_COUNTED + 1].count()


def pair(actor: Actor, one: Incident, other: Incident) -> LinkedPair | None:
    """The link of two incidents, in either order; None when they share nothing telling."""
    first, second = sorted((one, other), key=lambda row: row.code)
    return pairs(actor).filter(one=first, other=second).first()


def among(actor: Actor, rows: Sequence[LinkedPair]) -> Network:
    """What the incidents of these pairs share with each other."""
    require(actor, Action.READ, Kind.INCIDENT)
    codes = {row.one.code: row.one_id for row in rows}
    codes |= {row.other.code: row.other_id for row in rows}
    return Network(sorted(codes), pairing.shared(codes.values()), rows)


def around(actor: Actor, centre: Incident, *, steps: int = STEPS, most: int = MOST_NEAR) -> Network:
    """The incidents within `steps` links of one, nearest first, at most `most` of them.

    A pair that a person has parted is shown where both ends are near, and never walked along.
    """
    require(actor, Action.READ, Kind.INCIDENT)
    near: dict[UUID, str] = {centre.pk: centre.code}
    front, more = [centre.pk], False
    for _step in range(steps):
        fresh = _beyond(front, near)
        more = more or len(near) + len(fresh) > most
        taken = dict(list(fresh.items())[: most - len(near)])
        near |= taken
        front = list(taken)
        if not front or more:
            break
    ends = pairs(actor).filter(one__in=near, other__in=near)
    return Network(list(near.values()), pairing.shared(near), list(ends), more)


def _beyond(front: Collection[UUID], near: Collection[UUID]) -> dict[UUID, str]:
    """Incidents one link away from `front` that are not `near`, by their codes.

    What is telling joins fewer than `WIDE`, so these are few for each incident of the front.
    """
    found: dict[UUID, str] = {}
    joined = LinkedPair.objects.exclude(ruling=LinkDecision.Ruling.NOT_CONNECTED)
    for here, there in (("one", "other"), ("other", "one")):
        rows = joined.filter(**{f"{here}__in": front}).order_by()
        found |= dict(rows.values_list(f"{there}_id", f"{there}__code"))
    fresh = [(pk, code) for pk, code in found.items() if pk not in near]
    return dict(sorted(fresh, key=lambda one: one[1]))


def noted(actor: Actor, row: Incident) -> dict[UUID, Noted]:
    """For each thing noted at an incident: whether it is widely shared, else who else has it."""
    require(actor, Action.READ, Kind.INCIDENT)
    held = list(pairing.held([row.pk]).order_by().values_list("pk", "kind", "token", "wide"))
    telling = [(kind, bytes(token)) for _pk, kind, token, wide in held if not wide]
    places: dict[Thing, list[str]] = {}
    for kind, token, code in pairing.holders(telling).values_list(
        "kind", "token", "incident__code"
    ):
        places.setdefault((kind, bytes(token)), []).append(code)
    return {
        pk: Noted(pk, wide, [] if wide else
                  sorted(code for code in places[kind, bytes(token)] if code != row.code))
        for pk, kind, token, wide in held
    }  # fmt: skip


@transaction.atomic
def written(actor: Actor, shared: Sequence[Shared]) -> dict[Thing, str]:
    """Each shared thing as it was written first at these incidents; the reading is logged."""
    require(actor, Action.READ, Kind.INCIDENT)
    if not shared:
        return {}
    record(actor, AuditTag.LINKS_READ, detail={"things": len(shared)})
    rows = Identifier.objects.filter(
        incident__code__in={code for item in shared for code in item.incidents},
        kind__in=IdentifierKind, token__in=[item.token for item in shared],
    )  # fmt: skip
    found: dict[Thing, str] = {}
    for row, values in opened(rows.order_by("created_at")):
        found.setdefault((row.kind, bytes(row.token)), (values or {}).get("value", ""))
    return found


def shared_by(actor: Actor, one: Incident, other: Incident) -> tuple[Shared, ...]:
    """What makes two incidents a link, each thing with every incident that has it."""
    require(actor, Action.READ, Kind.INCIDENT)
    telling = [item for item in pairing.shared([one.pk, other.pk]) if not item.is_wide]
    held = [
        Held(code, kind, bytes(token))
        for kind, token, code in pairing.holders(
            [(item.kind, item.token) for item in telling]
        ).values_list("kind", "token", "incident__code")
    ]
    both = {one.code, other.code}
    return tuple(item for item in links.shared_things(held) if both <= set(item.incidents))


def matches(actor: Actor, kind: str, token: bytes) -> list[str]:
    """Codes of our incidents at which this thing is noted."""
    rows = store.visible(actor).filter(identifiers__kind=kind, identifiers__token=token)
    return sorted(rows.values_list("code", flat=True))


# --- Decide --------------------------------------------------------------------------------------


def newest_ruling(actor: Actor, row: LinkedPair) -> LinkDecision | None:
    """What a person decided last about a pair."""
    require(actor, Action.READ, Kind.INCIDENT)
    decisions = LinkDecision.objects.filter(one=row.one_id, other=row.other_id)
    return decisions.order_by("-decided_at").first()


@transaction.atomic
def decide_link(
    actor: Actor, one: Incident, other: Incident, *, ruling: str, reason: str,
    now: datetime | None = None,
) -> LinkDecision:  # fmt: skip
    """Say what it means that two incidents share something (R4). Raises `Unfit`.

    The decision covers the kinds of things they share now; one more kind asks a person again.
    """
    moment = now or timezone.now()
    both = store.visible(actor, Action.CHANGE).filter(pk__in=[one.pk, other.pk])
    if both.count() != 2:
        raise Incident.DoesNotExist
    if ruling not in LinkDecision.Ruling.values:
        raise Unfit("ruling", gettext_noop("Choose one of the list."))
    reason = fit("reason", reason, needed=True, longest=2000)
    found = pair(actor, one, other)
    if found is None:
        raise Unfit("ruling", gettext_noop("These two share nothing that is noted."))
    row = LinkDecision(
        one=found.one, other=found.other, key_id=found.one.key_id, ruling=ruling,
        kinds=list(found.kinds), decided_by=actor.account, decided_at=moment,
    )  # fmt: skip
    row.seal_values({"reason": reason})
    row.save(force_insert=True)
    record(
        actor, AuditTag.LINK_DECIDED, handle=handle(found.one),
        detail={"other": handle(found.other), "ruling": ruling},
    )  # fmt: skip
    pairing.rewrite({found.one_id, found.other_id}, moment)
    return row
