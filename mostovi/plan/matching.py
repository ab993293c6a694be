# SPDX-License-Identifier: EUPL-1.2
"""Which requests and offers of support could be put together. Pure; a person decides (R4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Need:
    """A request or an offer as far as it matters here."""

    reference: UUID
    partner: str
    action: int
    sort: str


def pairs(
    requests: Iterable[Need], offers: Iterable[Need], tried: Iterable[tuple[UUID, UUID]] = ()
) -> list[tuple[Need, Need]]:
    """Open requests with open offers of the same kind from another partner.

    Those of the same action come first. A pair that was put together before is not shown again.
    """
    done = set(tried)
    given = list(offers)
    found = [
        (need, offer)
        for need in requests
        for offer in given
        if offer.sort == need.sort
        and offer.partner != need.partner
        and (need.reference, offer.reference) not in done
    ]
    return sorted(
        found, key=lambda p: (p[0].action != p[1].action, p[0].action, p[0].partner, p[1].partner)
    )
