# SPDX-License-Identifier: EUPL-1.2
"""Link analysis on the store: what incidents share, explained, and a person's decision on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.storage import opened
from mostovi.routes.incidents import links, store
from mostovi.routes.incidents.links import Held, Link, Shared
from mostovi.routes.incidents.models import Identifier, Incident, LinkDecision
from mostovi.routes.incidents.store import Unfit, fit, handle

Pair = tuple[str, str]


@dataclass(frozen=True)
class Network:
    """Everything that is shared in the store, and what people decided about it."""

    shared: Sequence[Shared]
    links: Sequence[Link]
    rulings: Mapping[Pair, LinkDecision]

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """Incidents that hang together, without pairs that a person has parted."""
        parted = [
            pair
            for pair, row in self.rulings.items()
            if row.ruling == LinkDecision.Ruling.NOT_CONNECTED
        ]
        return links.groups([(link.one, link.other) for link in self.links], parted)

    @property
    def undecided(self) -> list[Link]:
        """Links on which nobody has ruled since they share what they share now."""
        return [link for link in self.links if not self.is_ruled(link)]

    def is_ruled(self, link: Link) -> bool:
        """Whether a person has looked at every kind of thing this pair shares."""
        row = self.rulings.get((link.one, link.other))
        return row is not None and set(link.kinds) <= set(row.kinds)


def network(actor: Actor) -> Network:
    """What the incidents within reach share. Only codes and blind keys are read."""
    require(actor, Action.READ, Kind.INCIDENT)
    held = [
        Held(code, kind, bytes(token))
        for code, kind, token in Identifier.objects.filter(
            incident__in=store.visible(actor)
        ).values_list("incident__code", "kind", "token")
    ]
    shared = links.shared_things(held)
    rulings: dict[Pair, LinkDecision] = {}
    for row in LinkDecision.objects.select_related("one", "other").order_by("decided_at"):
        rulings[row.one.code, row.other.code] = row
    return Network(shared, links.links(shared), rulings)


@transaction.atomic
def written(actor: Actor, shared: Sequence[Shared]) -> dict[tuple[str, bytes], str]:
    """Each shared thing as it was written at one of its incidents; the reading is logged."""
    require(actor, Action.READ, Kind.INCIDENT)
    tokens = [item.token for item in shared]
    rows = Identifier.objects.filter(token__in=tokens, incident__in=store.visible(actor))
    if shared:
        record(actor, AuditTag.LINKS_READ, detail={"things": len(shared)})
    found: dict[tuple[str, bytes], str] = {}
    for row, values in opened(rows.order_by("created_at")):
        found.setdefault((row.kind, bytes(row.token)), (values or {}).get("value", ""))
    return found


@transaction.atomic
def decide_link(
    actor: Actor, one: Incident, other: Incident, *, ruling: str, reason: str,
    now: datetime | None = None,
) -> LinkDecision:  # fmt: skip
    """Say what it means that two incidents share something (R4). Raises `Unfit`.

    The decision covers the kinds of things they share now; one more kind asks a person again.
    """
    pair = {row.pk: row for row in store.visible(actor, Action.CHANGE).filter(
        pk__in=[one.pk, other.pk])}  # fmt: skip
    if len(pair) != 2:
        raise Incident.DoesNotExist
    first, second = sorted(pair.values(), key=lambda row: row.code)
    if ruling not in LinkDecision.Ruling.values:
        raise Unfit("ruling", gettext_noop("Choose one of the list."))
    reason = fit("reason", reason, needed=True, longest=2000)
    link = next(
        (item for item in network(actor).links
         if (item.one, item.other) == (first.code, second.code)), None,
    )  # fmt: skip
    if link is None:
        raise Unfit("ruling", gettext_noop("These two share nothing that is noted."))
    row = LinkDecision(
        one=first, other=second, key_id=first.key_id, ruling=ruling, kinds=list(link.kinds),
        decided_by=actor.account, decided_at=now or timezone.now(),
    )  # fmt: skip
    row.seal_values({"reason": reason})
    row.save(force_insert=True)
    record(
        actor, AuditTag.LINK_DECIDED, handle=handle(first),
        detail={"other": handle(second), "ruling": ruling},
    )  # fmt: skip
    return row


def matches(actor: Actor, kind: str, token: bytes) -> list[str]:
    """Codes of our incidents at which this thing is noted."""
    rows = store.visible(actor).filter(identifiers__kind=kind, identifiers__token=token)
    return sorted(rows.values_list("code", flat=True))
