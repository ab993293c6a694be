# SPDX-License-Identifier: EUPL-1.2
"""What waits at `routes`: periods whose delay is over and that nobody has published."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.routes import publishing
from mostovi.routes.detection_models import FlowAlert

MOST = 3


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Alerts nobody has reviewed, and the newest periods to publish."""
    if not decide(actor, Action.PUBLISH, Kind.FLOW).allowed:
        return []
    periods = [p for p, done in publishing.due(actor, timezone.localdate(now)) if not done]
    return _alerts() + [
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


def _alerts() -> list[Waiting]:
    """One line for all alerts: they are read together."""
    count = FlowAlert.objects.filter(reviewed_at=None).count()
    if not count:
        return []
    title = ngettext(
        "%(count)s alert of a flow waits for a review",
        "%(count)s alerts of flows wait for a review",
        count,
    )
    return [
        Waiting(
            title=title % {"count": count},
            why=_("More was counted than was to be expected. Say what it was."),
            url=reverse("routes:alerts"),
            due=None,
            source="",
            verb=_("Look and review"),
        )
    ]
