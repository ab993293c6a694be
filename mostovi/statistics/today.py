# SPDX-License-Identifier: EUPL-1.2
"""What waits: months to prepare, months for a second look, and at the secretariat who owes what."""

from __future__ import annotations

from datetime import date, datetime, time
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.statistics import consolidating, overlap_services, reminders, submitting
from mostovi.statistics.catalogue import exchange, template
from mostovi.statistics.exchange_rules import Standing
from mostovi.statistics.models import Reminder, Submission
from mostovi.statistics.months import Month
from mostovi.statistics.overlap_models import OverlapRound
from mostovi.statistics.partners import NAMES
from mostovi.statistics.services import SECRETARIAT, calendar

LOOK_BACK = 3
"""Months further back are on the months page; a new node does not start with a year of debts."""


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """What waits for `actor` in the monthly exchange."""
    today = timezone.localdate(now)
    found: list[Waiting] = []
    submissions = _submissions(actor)
    if settings.MOSTOVI.holds_persons and decide(actor, Action.PUBLISH, Kind.STATISTIC).allowed:
        found += _own_months(today, {one.period for one in submissions})
    found += [
        _second_look(one, actor)
        for one in submissions
        if decide(actor, Action.DECIDE, Kind.REGIONAL_STATISTIC).allowed
        and one.prepared_by != actor.account
    ]
    if decide(actor, Action.DECIDE, Kind.OVERLAP).allowed:
        found += [_proposal(row) for row in overlap_services.to_decide(actor, now)]
    publishes = decide(actor, Action.PUBLISH, Kind.REGIONAL_STATISTIC).allowed
    if settings.MOSTOVI.partner == SECRETARIAT and publishes:
        found += _region(today)
    return found


def _submissions(actor: Actor) -> list[Submission]:
    if not decide(actor, Action.DECIDE, Kind.REGIONAL_STATISTIC).allowed:
        return []
    return submitting.waiting()


def _named(month: Month) -> str:
    return date_format(month.first_day, "YEAR_MONTH_FORMAT")


def _due(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def _own_months(today: date, handed_over: set[str]) -> list[Waiting]:
    """The last months that this node has not released and nobody has prepared."""
    asked = {one.period: one for one in reminders.unanswered()}
    found = [
        _own_month(own.month, _due(own.due), template().due_source, asked.pop(str(own.month), None))
        for own in calendar(today, months=LOOK_BACK)
        if own.state != "released" and str(own.month) not in handed_over
    ]
    return found + [
        _own_month(Month.parse(one.period), _due(one.due), one.rule, one)
        for one in asked.values()
        if one.period not in handed_over
    ]


def _own_month(month: Month, due: datetime, source: str, asked: Reminder | None) -> Waiting:
    required = exchange().second_officer_required
    why = _("The month has ended; the secretariat waits for this node's protected counts.")
    if asked is not None:
        why = _("The secretariat reminded this node on %(day)s: the month has not come.") % {
            "day": date_format(timezone.localdate(asked.written_at), "SHORT_DATE_FORMAT")
        }
    return Waiting(
        title=_("Counts of %(month)s") % {"month": _named(month)},
        why=why,
        url=reverse(
            "statistics:prepare" if required else "statistics:release", kwargs={"month": month}
        ),
        due=due,
        source=source,
        verb=_("Look and prepare") if required else _("Look and release"),
    )


def _proposal(row: OverlapRound) -> Waiting:
    return Waiting(
        title=_("%(partner)s proposes a count") % {"partner": NAMES[row.partner]},
        why=_(
            "How many people both have counted. Nothing leaves before you have agreed. "
            "It ends by itself on %(day)s."
        )
        % {"day": date_format(timezone.localdate(row.expires_at), "SHORT_DATE_FORMAT")},
        url=reverse("statistics:overlap", args=[row.pk]),
        verb=_("Look and decide"),
    )


def _second_look(one: Submission, actor: Actor) -> Waiting:
    month = Month.parse(one.period)
    return Waiting(
        title=_("%(partner)s: counts of %(month)s")
        % {"partner": NAMES[one.partner], "month": _named(month)},
        why=_("A colleague prepared them. They leave, or count, when a second officer has looked."),
        url=reverse("statistics:submission", kwargs={"pk": one.pk}),
        due=_due(month.due(template().due_day)),
        source=template().due_source,
        verb=_("Look and decide"),
    )


def _region(today: date) -> list[Waiting]:
    """At the secretariat: months to publish, and who owes which."""
    found = [
        Waiting(
            title=_("The region in %(month)s") % {"month": _named(one.month)},
            why=ngettext(
                "%(new)s new revision is in no edition yet.",
                "%(new)s new revisions are in no edition yet.",
                one.news,
            )
            % {"new": one.news},
            url=reverse("statistics:consolidate", kwargs={"month": one.month}),
            due=_due(one.due),
            source=template().due_source,
            verb=_("Put together"),
        )
        for one in consolidating.to_publish(today, months=LOOK_BACK)
    ]
    newest = Month.last_complete(today)
    for one in consolidating.standings(today):
        # A partner that never sent is no debt of today; it stands on the page of the exchange.
        owed = [of for of in one.months[:LOOK_BACK] if of.days_late and of.arrived is None]
        if not owed or one.last is None:
            continue
        stopped = one.standing is Standing.STOPPED
        found.append(
            Waiting(
                title=_("%(partner)s has stopped sending after %(month)s")
                % {"partner": NAMES[one.partner], "month": _named(one.last)}
                if stopped
                else _("%(partner)s has not sent %(month)s")
                % {"partner": NAMES[one.partner], "month": _named(owed[0].month)},
                why=_("It is missing in the region's figures, not zero. Ask the partner why."),
                url=f"{reverse('statistics:exchange')}?{urlencode({'month': str(newest)})}",
                due=_due(owed[-1].due),
                source=template().due_source,
                verb=_("See who has sent"),
            )
        )
    return found
