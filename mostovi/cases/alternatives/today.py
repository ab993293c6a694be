# SPDX-License-Identifier: EUPL-1.2
"""What waits: reviews, breaches, proposals for a second officer, people held who must be free."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases.alternatives import detention, files
from mostovi.cases.alternatives.models import Held, LibertyFile, Proposal
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

_MOST = 40
_AHEAD = 14
"""Reviews further away than this many days are not shown yet."""


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Lines for the acting role; case codes, never names."""
    if not decide(actor, Action.CHANGE, Kind.ALTERNATIVE).allowed:
        return []
    return [*_wrongly_held(actor), *_held(actor, now), *_proposals(actor), *_mine(actor, now)]


def _line(
    file: LibertyFile, why: str, verb: str, *, due: datetime | None = None, source: str = ""
) -> Waiting:
    code = file.case.code
    return Waiting(
        title=code, why=why, url=reverse("alternatives:file", args=[code]), due=due,
        source=source, verb=verb,
    )  # fmt: skip


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _wrongly_held(actor: Actor) -> Iterator[Waiting]:
    """Everybody of the unit sees these: somebody must act, whoever holds the file."""
    rows = files.visible(actor).filter(release_wanted_at__isnull=False).select_related("case")
    for file in rows[:_MOST]:
        yield _line(
            file, _("Held although a safeguard protects this person"), _("Ask for the release"),
            due=file.release_wanted_at, source=_("No child and nobody protected is held."),
        )  # fmt: skip


def _held(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """People held outside: their next review, or at once when they must not be held."""
    rows = Held.objects.filter(released_on=None, file__in=files.visible(actor))
    for held in rows.select_related("file__case__person").order_by("review_on")[:_MOST]:
        if detention.must_be_released(held, now):
            yield _line(
                held.file, _("Held by an authority, and must not be"), _("Ask for the release"),
                due=held.noted_at, source=_("No child and nobody protected is held."),
            )  # fmt: skip
            continue
        yield _line(
            held.file, _("Held by an outside authority: a review is due"), _("Ask for a review"),
            due=_begin(min(held.review_on, held.expires_on)), source=_("date in the legal act"),
        )  # fmt: skip


def _proposals(actor: Actor) -> Iterator[Waiting]:
    rows = Proposal.objects.filter(ended_at=None, file__in=files.visible(actor))
    for proposal in rows.select_related("file__case").order_by("review_on")[:_MOST]:
        due = _begin(proposal.review_on)
        if not proposal.second and proposal.proposed_by != actor.account:
            yield _line(
                proposal.file, _("Detention is proposed; a second officer must answer"),
                _("Answer"), due=due,
            )  # fmt: skip
        elif proposal.file.holder == actor.account:
            yield _line(
                proposal.file, _("A proposal of detention ends by itself"), _("See"), due=due
            )


def _mine(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """Reviews, breaches and screenings of the files that the actor holds."""
    today = timezone.localdate(now)
    mine = files.visible(actor).filter(holder=actor.account, ended_at=None)
    for file in mine.select_related("case", "procedure").order_by("review_on")[:_MOST]:
        if file.breach_at is not None:
            yield _line(file, _("A condition was not kept: look at it together"), _("Review"))
        held = file.procedure.state == "held_elsewhere"
        if file.review_on and not held and (file.review_on - today).days <= _AHEAD:
            yield _line(
                file, _("Review of the measure"), _("Review"), due=_begin(file.review_on),
                source=_("the measure's period, or the day agreed"),
            )  # fmt: skip
        if file.procedure.state == "presumption" and file.review_on is None:
            yield _line(file, _("Liberty is in question: screen and decide"), _("Go on"))
        elif file.screening_until is not None and file.screening_until <= today:
            yield _line(file, _("The vulnerability screening has run out"), _("Screen again"))
