# SPDX-License-Identifier: EUPL-1.2
"""What waits in the directory: own services that have long not said how full they are."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.cases.directory import services
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Services that the actor's unit runs and whose number of free places is old or missing."""
    if not actor.unit or not decide(actor, Action.READ, Kind.SERVICE).allowed:
        return []
    return [
        Waiting(
            title=name, why=_("Say how many places are free"),
            url=reverse("directory:service", args=[code]), verb=_("Say it now"),
        )
        for code, name in services.unsaid(actor, now)[:20]
    ]  # fmt: skip
