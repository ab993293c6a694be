# SPDX-License-Identifier: EUPL-1.2
"""What waits for investigators: links nobody has looked at, proposals and requests to answer."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.routes.incidents import assisting, joint, linking

MOST = 5


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Their work, nearest deadline first."""
    if not decide(actor, Action.DECIDE, Kind.INVESTIGATION).allowed:
        return []
    found: list[Waiting] = []
    undecided = linking.waiting(actor)
    if undecided:
        text = ngettext("%(number)s link to look at", "%(number)s links to look at", undecided) % {
            "number": f"{linking.MOST_COUNTED}+" if undecided > linking.MOST_COUNTED else undecided
        }
        found.append(
            Waiting(
                title=text, why=_("Incidents share something. You decide what it means."),
                url=reverse("incidents:links"), due=None, source="", verb=_("Look"),
            )
        )  # fmt: skip
    for row in joint.visible(actor).filter(procedure__state="proposed", began_here=False)[:MOST]:
        found.append(
            Waiting(
                title=_("%(node)s proposes joint work") % {"node": row.peer.upper()},
                why=row.code, url=reverse("incidents:joint", args=[row.code]),
                due=_due(row.procedure), source="", verb=_("Answer"),
            )
        )  # fmt: skip
    asked = assisting.visible(actor).filter(procedure__over_at=None)
    ours = asked.filter(ours=False, procedure__state__in=["received", "accepted"])
    theirs = asked.filter(ours=True, procedure__state="more_asked")
    for request in [*ours[:MOST], *theirs[:MOST]]:
        found.append(
            Waiting(
                title=_("Legal assistance with %(node)s") % {"node": request.peer.upper()},
                why=request.code, url=reverse("incidents:assistance", args=[request.code]),
                due=_due(request.procedure), source="", verb=_("Open"),
            )
        )  # fmt: skip
    return found


def _due(instance: object) -> datetime | None:
    deadlines = instance.deadlines.all()  # type: ignore[attr-defined]
    return min((one.due for one in deadlines if one.is_live and one.due), default=None)
