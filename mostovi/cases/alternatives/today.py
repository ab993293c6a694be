# SPDX-License-Identifier: EUPL-1.2
"""What waits: reviews, breaches, proposals for a second officer, people held who must be free."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases.alternatives import files
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
    wrongly, mine = _files(actor)
    return [*_wrongly_held(wrongly), *_held(actor), *_proposals(actor), *_mine(mine, now)]


def _files(actor: Actor) -> tuple[list[LibertyFile], list[LibertyFile]]:
    """Files of people held against a safeguard, and open ones that the actor holds; together."""
    wrongly = Q(release_wanted_at__isnull=False)
    own = Q(holder=actor.account, ended_at=None)
    rows = files.visible(actor).filter(wrongly | own).select_related("case", "procedure")
    found = list(rows.order_by(F("release_wanted_at").asc(nulls_last=True), "review_on")[:_MOST])
    return (
        [file for file in found if file.release_wanted_at is not None],
        [file for file in found if file.holder == actor.account and file.ended_at is None],
    )


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


def _wrongly_held(found: list[LibertyFile]) -> Iterator[Waiting]:
    """Everybody of the unit sees these: somebody must act, whoever holds the file."""
    for file in found:
        yield _line(
            file, _("Held although a safeguard protects this person"), _("Ask for the release"),
            due=file.release_wanted_at, source=_("No child and nobody protected is held."),
        )  # fmt: skip


def _held(actor: Actor) -> Iterator[Waiting]:
    """People held outside: their next review, or at once when they must not be held.

    Who must not be is looked up for all of them by a job (`detention.look_after`), never here.
    """
    rows = Held.objects.filter(released_on=None, file__in=files.visible(actor))
    for held in rows.select_related("file__case").order_by("review_on")[:_MOST]:
        if held.against_since is not None:
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


def _mine(found: list[LibertyFile], now: datetime) -> Iterator[Waiting]:
    """Reviews, breaches and screenings of the files that the actor holds."""
    today = timezone.localdate(now)
    for file in found:
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
