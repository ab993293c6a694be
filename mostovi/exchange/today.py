# SPDX-License-Identifier: EUPL-1.2
"""What waits for the administrator: letters not delivered, gaps, alarms, keys that end."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.exchange.models import Alarm, OutboxLetter, OutboxState
from mostovi.exchange.overview import PARKED_ALARM, keys_ending
from mostovi.exchange.services import parked_since
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """The lines for this actor's home page."""
    if not decide(actor, Action.CHANGE, Kind.LETTER).allowed:
        # Whoever wrote a letter that was not delivered sees it with the record it belongs to.
        return []
    lines = _undelivered(OutboxLetter.objects.filter(state=OutboxState.DEAD).count())
    gaps = parked_since(now - PARKED_ALARM).count()
    if gaps:
        lines.append(
            Waiting(
                title=ngettext(
                    "%(count)d letter waits for an earlier one",
                    "%(count)d letters wait for an earlier one",
                    gaps,
                )
                % {"count": gaps},
                why=_("An earlier letter of the thread has not come for over 15 minutes."),
                url=reverse("exchange:letters") + "?show=parked",
                verb=_("See which"),
            )
        )
    alarms = Alarm.objects.filter(closed_at=None).count()
    if alarms:
        lines.append(
            Waiting(
                title=_("A node sent something it should not"),
                why=_("A letter's number was used twice with different content."),
                url=reverse("exchange:status"),
                verb=_("Look at it"),
            )
        )
    return lines + _keys(now)


def _undelivered(count: int) -> list[Waiting]:
    if not count:
        return []
    return [
        Waiting(
            title=ngettext(
                "%(count)d letter was not delivered", "%(count)d letters were not delivered", count
            )
            % {"count": count},
            why=_("Delivery was given up; somebody must try again or withdraw."),
            url=reverse("exchange:letters") + "?show=dead",
            verb=_("See why"),
        )
    ]


def _keys(now: datetime) -> list[Waiting]:
    ending, missing = keys_ending(now)
    lines = [
        Waiting(
            title=_("This node's keys end soon"),
            why=_("Letters are refused after that. Make new keys and have them published."),
            url=reverse("exchange:keys"),
            due=min(pair.public.not_after for pair in ending),
            verb=_("Make new keys"),
        )
    ] if ending else []  # fmt: skip
    if missing:
        lines.append(
            Waiting(
                title=_("This node has no valid keys"),
                why=_("It can neither send nor receive letters."),
                url=reverse("exchange:keys"),
                due=now,
                verb=_("Make new keys"),
            )
        )
    return lines
