# SPDX-License-Identifier: EUPL-1.2
"""What waits for staff about persons: conflicts to settle, requests for a second reviewer."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.people import consenting, services
from mostovi.people.models import Conflict
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

MOST = 20


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Names nobody: only codes."""
    found: list[Waiting] = []
    if decide(actor, Action.DECIDE, Kind.OVERRIDE).allowed:
        found += [
            Waiting(
                title=_("Sharing under a legal duty, %(code)s") % {"code": row.person.code},
                why=_("A colleague asks for a second reviewer."),
                url=reverse("people:consent", args=[row.person.code, row.pk]),
                verb=_("Decide"),
            )
            for row in consenting.waiting_overrides(actor)[:MOST]
        ]
    if decide(actor, Action.CHANGE, Kind.PERSON).allowed:
        people = services.visible(actor, Action.CHANGE).filter(erased_at=None)
        codes = (
            Conflict.objects.filter(settled_by__isnull=True, person__in=people)
            .order_by()
            .values_list("person__code", flat=True)
            .distinct()[:MOST]
        )
        found += [
            Waiting(
                title=_("Two values for one field, %(code)s") % {"code": code},
                why=_("Two people changed it without seeing each other's change."),
                url=reverse("people:conflicts", args=[code]),
                verb=_("Choose the right one"),
            )
            for code in codes
        ]
    return found
