# SPDX-License-Identifier: EUPL-1.2
"""What waits for staff: answers to persons' requests, second reviews, conflicts to settle.

The last two belong to `people`, which lies beneath `procedures` and so cannot speak of tasks.
"""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.people import consenting, services
from mostovi.people.models import Conflict
from mostovi.portal import services as portal
from mostovi.portal.deadlines import periods
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

MOST = 20


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Names nobody: only codes."""
    is_officer = decide(actor, Action.DECIDE, Kind.OWN_FILE).allowed
    answer_at = "portal:answer" if is_officer else "portal:correct"
    found = [
        Waiting(
            title=_("%(kind)s, %(code)s")
            % {"kind": row.get_kind_display(), "code": row.person.code},
            why=_("The person asks for it from their own file."),
            url=reverse(answer_at, args=[row.pk]),
            due=row.due_at,
            source=periods()[row.kind].citation,
            verb=_("Answer"),
        )
        for row in portal.waiting_for(actor, most=MOST)
    ]
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
        # From the few conflicts to their persons, never through all persons.
        with_conflict = Conflict.objects.filter(settled_by=None).order_by().values("person")
        codes = people.filter(pk__in=with_conflict).values_list("code", flat=True)[:MOST]
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
