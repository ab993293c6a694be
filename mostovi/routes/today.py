# SPDX-License-Identifier: EUPL-1.2
"""What waits at `routes`: periods whose delay is over and that nobody has published."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.routes import publishing

MOST = 3


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """The newest periods to publish."""
    if not decide(actor, Action.PUBLISH, Kind.FLOW).allowed:
        return []
    periods = [p for p, done in publishing.due(actor, timezone.localdate(now)) if not done]
    return [
        Waiting(
            title=_("Counts of %(period)s can be published") % {"period": period},
            why=_("Their delay is over. Look at them before anybody else sees them."),
            url=reverse("routes:publish", args=[period]),
            due=None,
            source="",
            verb=_("Look and publish"),
        )
        for period in periods[:MOST]
    ]
