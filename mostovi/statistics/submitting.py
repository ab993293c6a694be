# SPDX-License-Identifier: EUPL-1.2
"""A month is prepared by one officer, looked at by another, and then leaves (or counts).

At a partner's node what was prepared is sent to the secretariat. At the secretariat's it is the
workbook of a partner that has no node (`uploading`), and counts from then on. What the second
officer saw is what leaves: nothing is counted anew in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.statistics import catalogue, letters, regional_release, regional_tables, services
from mostovi.statistics.cubes import Cell
from mostovi.statistics.exchange_rules import Arrived, Question, questions
from mostovi.statistics.models import (
    Channel,
    Delivery,
    MonthlyTable,
    Status,
    Submission,
)
from mostovi.statistics.months import Month
from mostovi.statistics.regional_tables import Prepared
from mostovi.statistics.services import SECRETARIAT, NotReleasable
from mostovi.statistics.suppression import Published

State = Submission.State


class WordsMissing(ValueError):
    """Something is unusual, and nobody said why; or a month is returned without a reason."""


# --- Reading --------------------------------------------------------------------------------------


def published_of(submission: Submission) -> dict[Cell, int | None]:
    """What was prepared."""
    return _cells(submission.cells)


def regional_of(submission: Submission) -> Prepared:
    """The tables with noise that were prepared with it."""
    return Prepared.from_json(submission.regional)


def _cells(stored: dict[str, Any]) -> dict[Cell, int | None]:
    chosen = catalogue.template()
    found: dict[Cell, int | None] = {}
    for code, rows in stored.items():
        found |= letters.cells_of(chosen.table(code), rows)
    return found


def releases(partner: str, months: Sequence[Month]) -> dict[Month, dict[int, Published]]:
    """Every revision of `partner` in `months`, in one look."""
    chosen = catalogue.template()
    rows = MonthlyTable.objects.filter(
        partner=partner, period__in=[str(month) for month in months]
    ).order_by("period", "revision")
    found: dict[Month, dict[int, Published]] = {}
    for row in rows:
        revisions = found.setdefault(Month.parse(row.period), {})
        cells = dict(revisions.get(row.revision, {}))
        revisions[row.revision] = cells | letters.cells_of(chosen.table(row.table), row.cells)
    return found


def unusual(partner: str, month: Month, published: Published) -> list[Question]:
    """What in `published` asks for a word, in view of the months before and the last revision."""
    rules = catalogue.exchange()
    before = [month.back(n) for n in range(1, rules.months + 1)]
    found = releases(partner, [month, *before])
    own = found.get(month, {})
    last = own[max(own)] if own else None
    earlier = [found[one][max(found[one])] for one in before if one in found]
    return questions(catalogue.template(), published, earlier, last, rules)


def arrivals(months: Sequence[Month]) -> dict[str, dict[Month, Arrived]]:
    """What came of each partner for each month; two statements."""
    wanted = [str(month) for month in months]
    came = {
        (one.partner, one.period, one.revision): one.came_at
        for one in Delivery.objects.filter(period__in=wanted)
    }
    rows = (
        MonthlyTable.objects.filter(period__in=wanted)
        .order_by()
        .values("partner", "period", "revision")
        .annotate(first=Min("released_at"))
    )
    days: dict[tuple[str, str], dict[int, date]] = {}
    for row in rows:
        key = (row["partner"], row["period"])
        at = came.get((*key, row["revision"]), row["first"])
        days.setdefault(key, {})[row["revision"]] = timezone.localdate(at)
    found: dict[str, dict[Month, Arrived]] = {}
    for (partner, period), revisions in days.items():
        arrived = Arrived(min(revisions.values()), tuple(sorted(revisions)))
        found.setdefault(partner, {})[Month.parse(period)] = arrived
    return found


def waiting() -> list[Submission]:
    """What waits for a second officer here, the oldest first."""
    return list(Submission.objects.filter(state=State.WAITING).order_by("prepared_at"))


# --- Preparing ------------------------------------------------------------------------------------


@transaction.atomic
def prepare(
    actor: Actor, month: Month, *, digest: str, words: str = "", now: datetime | None = None
) -> Submission:
    """Hand this node's month to a second officer, exactly as `services.preview` showed it.

    Raises `NotReleasable` as `services.release` does, and when one waits already; `WordsMissing`
    when something unusual is not explained.
    """
    require(actor, Action.PUBLISH, Kind.STATISTIC)
    now = now or timezone.now()
    if not settings.MOSTOVI.holds_persons:
        raise NotReleasable(_("This node holds no persons and has nothing to count."))
    if month > Month.last_complete(timezone.localdate(now)):
        raise NotReleasable(_("The month has not ended yet."))
    seen = services.compute(month)
    if seen.digest != digest:
        raise NotReleasable(
            _("The counts have changed since you looked. Look at them again, then hand over.")
        )
    return hand_over(
        actor, settings.MOSTOVI.partner, month, seen.published, revision=seen.revision,
        channel=Channel.NODE, digest=digest, words=words, now=now,
        regional=seen.regional.prepared,
    )  # fmt: skip


def hand_over(
    actor: Actor, partner: str, month: Month, published: Published, *, revision: int,
    channel: Channel, digest: str, words: str, now: datetime, file_digest: str = "",
    regional: Prepared | None = None,
) -> Submission:  # fmt: skip
    """Let a protected month wait for a second officer; who may is asked by the caller."""
    asked = unusual(partner, month, published)
    words = words.strip()
    if not words and any(one.needs_words for one in asked):
        raise WordsMissing(_("Say in a few words why the figures are unusual."))
    chosen = catalogue.template()
    try:
        with transaction.atomic():
            submission = Submission.objects.create(
                partner=partner, period=str(month), revision=revision, channel=channel,
                template_version=chosen.version, digest=digest, file_digest=file_digest,
                cells={t.code: letters.rows(t, published) for t in chosen.tables},
                regional=(regional or Prepared()).as_json(),
                questions=[one.as_json() for one in asked], words=words,
                prepared_by=actor.account, prepared_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise NotReleasable(
            _("This month already waits for a second officer. Take it back first.")
        ) from error
    _log(actor, AuditTag.STATISTICS_PREPARED, submission)
    return submission


def _log(actor: Actor, tag: AuditTag, one: Submission) -> None:
    detail: dict[str, str | int | bool | None] = {
        "partner": one.partner, "month": one.period, "revision": one.revision,
        "channel": str(one.channel),
    }  # fmt: skip
    record(actor, tag, detail=detail)


def _found(pk: int) -> Submission:
    """The submission, locked. Raises `Submission.DoesNotExist`, `NotReleasable`."""
    submission = Submission.objects.select_for_update().get(pk=pk)
    if submission.state != State.WAITING:
        raise NotReleasable(_("It has been decided already."))
    return submission


def _decided(
    actor: Actor, one: Submission, state: Submission.State, words: str, now: datetime
) -> None:
    one.state, one.decided_by, one.decided_at = state, actor.account, now
    one.decision_words = words
    one.save(update_fields=["state", "decided_by", "decided_at", "decision_words"])


# --- Deciding -------------------------------------------------------------------------------------


@transaction.atomic
def take_back(actor: Actor, pk: int, *, now: datetime | None = None) -> Submission:
    """Who prepared it takes it back, to prepare it anew."""
    require(actor, Action.READ, Kind.REGIONAL_STATISTIC)
    submission = _found(pk)
    if submission.prepared_by != actor.account:
        raise NotReleasable(_("Only who prepared it can take it back. You can return it."))
    _decided(actor, submission, State.WITHDRAWN, "", now or timezone.now())
    _log(actor, AuditTag.STATISTICS_TAKEN_BACK, submission)
    return submission


@transaction.atomic
def give_back(actor: Actor, pk: int, *, words: str, now: datetime | None = None) -> Submission:
    """The second officer returns it and says why. Raises `WordsMissing`, `NotReleasable`."""
    require(actor, Action.DECIDE, Kind.REGIONAL_STATISTIC)
    submission = _found(pk)
    if not words.strip():
        raise WordsMissing(_("Say what should be corrected."))
    _decided(actor, submission, State.RETURNED, words.strip(), now or timezone.now())
    _log(actor, AuditTag.STATISTICS_RETURNED, submission)
    return submission


@transaction.atomic
def release(actor: Actor, pk: int, *, now: datetime | None = None) -> Submission:
    """The second officer releases what was prepared; it leaves as it was seen.

    Raises `NotReleasable`: the same officer prepared it, or another revision was released since.
    """
    require(actor, Action.DECIDE, Kind.REGIONAL_STATISTIC)
    now = now or timezone.now()
    submission = _found(pk)
    if submission.prepared_by == actor.account:
        raise NotReleasable(_("You prepared it yourself. Another officer has to look at it."))
    if submission.template_version != catalogue.template().version:
        raise NotReleasable(_("The template has changed since. Return it, to be prepared anew."))
    month = Month.parse(submission.period)
    of_month = MonthlyTable.objects.filter(partner=submission.partner, period=submission.period)
    newest = of_month.aggregate(newest=Max("revision"))["newest"] or 0
    published = published_of(submission)
    if submission.channel == Channel.NODE:
        if submission.revision != newest + 1:
            raise NotReleasable(
                _("Revision %(revision)s was released since. Return it, to be prepared anew.")
                % {"revision": newest}
            )
        # Whichever purpose the session is open for: the release itself is an act of statistics.
        services.leave(
            replace(actor, purpose=Purpose.STATISTICS), month, published,
            revision=submission.revision, now=now, second_officer=True,
            regional=_still_fit(submission),
        )  # fmt: skip
    else:
        _count(actor, submission, published, now)
    _decided(actor, submission, State.RELEASED, "", now)
    return submission


def _still_fit(submission: Submission) -> Prepared:
    """Its tables with noise. Raises `NotReleasable` when the set has changed since (R11)."""
    prepared = regional_of(submission)
    known, exact = regional_release.specs(), regional_release.exact()
    for one in prepared.tables:
        spec = known.get(one.code)
        if (
            spec is None
            or regional_tables.names_of(spec) != one.dimensions
            or set(spec.events) & exact
        ):
            raise NotReleasable(
                _("The template has changed since. Return it, to be prepared anew.")
            )
    return prepared


def _count(actor: Actor, submission: Submission, published: Published, now: datetime) -> None:
    """Keep a workbook's month at the secretariat's node, in force unless a higher one is here."""
    services.store(
        published, partner=submission.partner, node=SECRETARIAT,
        month=Month.parse(submission.period), revision=submission.revision,
        status=Status.RECEIVED, at=now, by=actor,
    )  # fmt: skip
    prepared = _still_fit(submission)
    if prepared.tables or prepared.left_out:
        regional_release.store(
            prepared.tables, prepared.left_out, partner=submission.partner, node=SECRETARIAT,
            month=Month.parse(submission.period), revision=submission.revision,
            status=Status.RECEIVED, at=now, by=actor,
        )  # fmt: skip
    Delivery.objects.create(
        partner=submission.partner, period=submission.period, revision=submission.revision,
        channel=Channel.WORKBOOK, second_officer=True, came_at=submission.prepared_at,
    )  # fmt: skip
    _log(actor, AuditTag.STATISTICS_RECEIVED, submission)
