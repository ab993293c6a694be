# SPDX-License-Identifier: EUPL-1.2
"""What waits for staff: answers to persons' requests, second reviews, conflicts to settle.

The last two belong to `people`, which lies beneath `procedures` and so cannot speak of tasks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.people import consenting, services
from mostovi.people.models import Conflict
from mostovi.portal import services as portal
from mostovi.portal.deadlines import periods
from mostovi.portal.models import OwnFileRequest
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

MOST = 20


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Names nobody: only codes. One statement for all three."""
    parts: list[QuerySet[Any, Any]] = [
        portal.in_reach(actor)
        .filter(settled_at=None)
        .order_by()
        .values_list("person__code", "pk", "kind", "due_at")
    ]
    if decide(actor, Action.DECIDE, Kind.OVERRIDE).allowed:
        asked = consenting.overrides_to_decide(actor).order_by()
        parts.append(asked.values_list("person__code", "pk", Value("override"), "created_at"))
    if decide(actor, Action.CHANGE, Kind.PERSON).allowed:
        people = services.visible(actor, Action.CHANGE).filter(erased_at=None)
        # From the few conflicts to their persons, never through all persons.
        with_conflict = Conflict.objects.filter(settled_by=None).order_by().values("person")
        rows = people.filter(pk__in=with_conflict).order_by()
        parts.append(rows.values_list("code", "pk", Value("conflict"), "changed_at"))
    first, *others = parts
    found = first.union(*others, all=True) if others else first
    answer_at = (
        "portal:answer" if decide(actor, Action.DECIDE, Kind.OWN_FILE).allowed else "portal:correct"
    )
    shown: dict[str, list[Waiting]] = {"own": [], "override": [], "conflict": []}
    for code, key, kind, moment in found.order_by("due_at")[: 10 * MOST]:
        if kind == "override":
            line = _override(code, key)
        elif kind == "conflict":
            line = _conflict(code)
        else:
            line = _wish(code, key, kind, moment, answer_at)
        shown[kind if kind in shown else "own"].append(line)
    return [line for lines in shown.values() for line in lines[:MOST]]


def _wish(code: str, key: UUID, kind: str, due: datetime, answer_at: str) -> Waiting:
    return Waiting(
        title=_("%(kind)s, %(code)s") % {"kind": OwnFileRequest.Kind(kind).label, "code": code},
        why=_("The person asks for it from their own file."),
        url=reverse(answer_at, args=[key]),
        due=due,
        source=periods()[kind].citation,
        verb=_("Answer"),
    )


def _override(code: str, key: UUID) -> Waiting:
    return Waiting(
        title=_("Sharing under a legal duty, %(code)s") % {"code": code},
        why=_("A colleague asks for a second reviewer."),
        url=reverse("people:consent", args=[code, key]),
        verb=_("Decide"),
    )


def _conflict(code: str) -> Waiting:
    return Waiting(
        title=_("Two values for one field, %(code)s") % {"code": code},
        why=_("Two people changed it without seeing each other's change."),
        url=reverse("people:conflicts", args=[code]),
        verb=_("Choose the right one"),
    )
