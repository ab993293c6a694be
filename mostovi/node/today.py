# SPDX-License-Identifier: EUPL-1.2
"""Home is today: what waits for the acting role, gathered from every package."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.node.rooms import offered
from mostovi.procedures.waiting import Urgency, Waiting, in_order
from mostovi.rights.access import Actor

log = logging.getLogger(__name__)

MOST = 60
"""A home page shows at most this many; the rooms hold the rest."""


@dataclass(frozen=True, slots=True)
class Group:
    """What waits, under one heading."""

    code: str
    label: str | Promise
    items: tuple[Waiting, ...]


GROUPS: tuple[tuple[str, str | Promise, frozenset[Urgency]], ...] = (
    ("over", _("Overdue"), frozenset({Urgency.OVERDUE})),
    ("due", _("Due in the next days"), frozenset({Urgency.SOON})),
    ("new", _("New"), frozenset({Urgency.NO_DATE})),
    ("later", _("Later"), frozenset({Urgency.LATER})),
)


def waiting_for(actor: Actor, now: datetime) -> tuple[list[Waiting], list[str]]:
    """Everything that waits for `actor`, in order, and the packages that could not answer.

    One package's fault must not hide what the others have; it is logged and said on the page.
    """
    found: list[Waiting] = []
    silent: list[str] = []
    for package, module in offered("today").items():
        if package == "node":
            continue
        try:
            found.extend(module.waiting(actor, now))
        except Exception:
            log.exception("today: a package could not answer", extra={"package": package})
            silent.append(package)
    return in_order(found, now), silent


def grouped(items: list[Waiting], now: datetime) -> list[Group]:
    """`items` under their headings: overdue, due, new, later; empty groups are left out."""
    groups = []
    for code, label, urgencies in GROUPS:
        members = tuple(item for item in items if item.urgency(now) in urgencies)
        if members:
            groups.append(Group(code, label, members))
    return groups
