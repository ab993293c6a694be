# SPDX-License-Identifier: EUPL-1.2
"""Verbs of `statistics`: compute a month, release it, receive one, show the region."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.exchange.handlers import ReceivedLetter, Reject
from mostovi.exchange.models import OutboxLetter
from mostovi.exchange.reasons import LetterRefused, Reason
from mostovi.exchange.services import post
from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.statistics import letters, regional_release, regional_tables, sources
from mostovi.statistics.catalogue import template
from mostovi.statistics.cubes import Cell, with_margins
from mostovi.statistics.models import (
    Channel,
    Delivery,
    MonthlyTable,
    NoisyMonth,
    RegionalCell,
    Status,
)
from mostovi.statistics.months import Month
from mostovi.statistics.regional_release import Counted
from mostovi.statistics.regional_tables import Prepared
from mostovi.statistics.suppression import publish, suppress
from mostovi.statistics.table_services import protection

log = logging.getLogger(__name__)

SECRETARIAT = "secretariat"
PATIENCE = timedelta(days=30)
"""How long delivery to the secretariat is tried."""
_THREADS = UUID("0f2c2f6e-6f0f-4d0e-8a55-7a2f0a1d9e11")
_NO_PERSONS = {"none": "protected counts, no data on persons"}


class NotReleasable(Exception):
    """The month cannot be released; the text says why and what to do."""


@dataclass(frozen=True)
class Computed:
    """One month at this node before release: `counts` stay here, `published` would leave.

    `regional`: the same of the tables with noise. `digest` names exactly what would leave, so that
    nothing else is released than was seen.
    """

    month: Month
    revision: int
    counts: dict[Cell, int]
    published: dict[Cell, int | None]
    regional: Counted = Counted(Prepared())

    @property
    def digest(self) -> str:
        """SHA-256 of revision and everything that would leave."""
        listed = sorted((repr(cell), value) for cell, value in self.published.items())
        said = [self.revision, listed, self.regional.prepared.as_json()]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def compute(month: Month) -> Computed:
    """Count the month and decide what is hidden, in view of what was released before."""
    chosen = template()
    start, end = month.bounds(timezone.get_default_timezone())
    counts: dict[Cell, int] = {}
    for table in chosen.tables:
        innermost = sources.counted(table, month, start, end)
        counts |= with_margins(table.measure, table.shape, innermost)
    earlier = released_before(month)
    secret = vault().blind(f"statistics:{month}")
    hidden: set[Cell] = set()
    # Tables of different measures share no sum; each group is protected as one system.
    for measure in dict.fromkeys(table.measure for table in chosen.tables):
        part = {cell: count for cell, count in counts.items() if cell.measure == measure}
        sums = [r for r in chosen.relations if r.total.measure == measure]
        hidden |= suppress(part, sums, chosen.rule, earlier, secret)
    return Computed(
        month, len(earlier) + 1, counts, publish(counts, hidden), regional_release.count(month)
    )


def released_before(month: Month) -> list[dict[Cell, int | None]]:
    """This node's earlier releases of the month, oldest first."""
    chosen = template()
    found: dict[int, dict[Cell, int | None]] = {}
    rows = MonthlyTable.objects.filter(
        node=settings.MOSTOVI.code, period=str(month), status=Status.RELEASED
    )
    for row in rows.order_by("revision"):
        cells = letters.cells_of(chosen.table(row.table), row.cells)
        found.setdefault(row.revision, {}).update(cells)
    return list(found.values())


@transaction.atomic
def preview(actor: Actor, month: Month) -> Computed:
    """The month as the releasing officer sees it: counts beside what would leave."""
    require(actor, Action.PUBLISH, Kind.STATISTIC)
    record(actor, AuditTag.STATISTICS_PREVIEWED, detail={"month": str(month)})
    return compute(month)


@transaction.atomic
def release(
    actor: Actor, month: Month, *, digest: str, now: datetime | None = None
) -> list[MonthlyTable]:
    """Release the month: store what leaves and post it to the secretariat's node.

    `digest` is that of the preview the officer saw. Raises `NotReleasable` when the month has not
    ended, when this node counts no persons, or when the counts have changed since the preview.
    """
    require(actor, Action.PUBLISH, Kind.STATISTIC)
    now = now or timezone.now()
    if not settings.MOSTOVI.holds_persons or settings.MOSTOVI.partner == SECRETARIAT:
        raise NotReleasable(_("This node holds no persons and has nothing to count."))
    if month > Month.last_complete(timezone.localdate(now)):
        raise NotReleasable(_("The month has not ended yet."))
    seen = compute(month)
    if seen.digest != digest:
        raise NotReleasable(
            _("The counts have changed since you looked. Look at them again, then release.")
        )
    return leave(
        actor, month, seen.published, revision=seen.revision, now=now,
        regional=seen.regional.prepared,
    )  # fmt: skip


def leave(
    actor: Actor,
    month: Month,
    published: Mapping[Cell, int | None],
    *,
    revision: int,
    now: datetime,
    second_officer: bool = False,
    regional: Prepared | None = None,
) -> list[MonthlyTable]:
    """Store and post a month that the caller has found fit and allowed, in its transaction.

    Raises `NotReleasable` when a colleague released this revision at the same moment, and when
    something left with noise that the month would now count exactly.
    """
    _one_form(settings.MOSTOVI.partner, month)
    data = letters.compose(
        template(), published, partner=settings.MOSTOVI.partner, month=month, revision=revision,
        second_officer=second_officer,
    )  # fmt: skip
    letter = post(
        actor, to=SECRETARIAT, letter_type=letters.LETTER_TYPE, purpose=Purpose.STATISTICS,
        basis=_NO_PERSONS, data=data, now=now, expires=now + PATIENCE,
        # One thread a month, so that revisions arrive in the order they were made.
        thread=uuid5(_THREADS, f"{settings.MOSTOVI.code}:{month}"),
    )  # fmt: skip
    record(
        actor, AuditTag.STATISTICS_RELEASED,
        detail={"month": str(month), "revision": revision, "second_officer": second_officer},
    )  # fmt: skip
    try:
        with transaction.atomic():
            stored = store(
                published, partner=settings.MOSTOVI.partner, node=settings.MOSTOVI.code,
                month=month, revision=revision, status=Status.RELEASED, at=now, by=actor,
                letter_id=letter.pk,
            )  # fmt: skip
            if regional is not None:
                _leave_noisy(actor, month, regional, revision, now, second_officer)
            return stored
    except IntegrityError as error:
        # Two officers released at the same moment; the first one's revision stands.
        raise NotReleasable(_("A colleague has just released this month. Look again.")) from error


def _one_form(partner: str, month: Month) -> None:
    """A kind of event leaves exactly or with noise, never both (R11). Raises `NotReleasable`."""
    if regional_release.mixed(partner, month, noisy=False):
        raise NotReleasable(
            _(
                "Of this month tables left with noise that count what would now leave exactly. "
                "Both together would give the noise away, so nothing was released."
            )
        )


def _leave_noisy(
    actor: Actor, month: Month, prepared: Prepared, revision: int, now: datetime, second: bool
) -> None:
    """Post and store the tables with noise, in as many letters as their size asks for.

    A secretariat of an older version does not take them; the month leaves without them then.
    """
    composed = regional_tables.compose(
        prepared, protection(), partner=settings.MOSTOVI.partner, month=month, revision=revision,
        version=regional_release.spec_set().version, second_officer=second,
    )  # fmt: skip
    try:
        posted = [_posted(actor, month, data, now) for data in composed]
    except LetterRefused as refused:
        if refused.reason != Reason.LETTER_TYPE_NOT_ALLOWED:
            raise
        log.warning("the secretariat takes no tables with noise", extra={"month": str(month)})
        return
    regional_release.store(
        prepared.tables, prepared.left_out, partner=settings.MOSTOVI.partner,
        node=settings.MOSTOVI.code, month=month, revision=revision, status=Status.RELEASED,
        at=now, by=actor, letter_id=posted[0].pk,
    )  # fmt: skip


def _posted(actor: Actor, month: Month, data: Mapping[str, Any], now: datetime) -> OutboxLetter:
    return post(
        actor, to=SECRETARIAT, letter_type=regional_tables.LETTER_TYPE,
        purpose=Purpose.STATISTICS, basis=_NO_PERSONS, data=data, now=now,
        expires=now + PATIENCE, thread=uuid5(_THREADS, f"{settings.MOSTOVI.code}:{month}"),
    )  # fmt: skip


def receive_noisy(letter: ReceivedLetter) -> None:
    """Take a partner's tables with noise at the secretariat's node. Raises `Reject`.

    They stand beside the month of the same revision, in whatever order the letters come, and are in
    force when every part is here.
    """
    if settings.MOSTOVI.partner != SECRETARIAT:
        raise Reject("not_for_us", "Monthly counts go to the secretariat's node.")
    try:
        came = regional_tables.read(
            letter.data, regional_release.specs(), protection(), regional_release.exact()
        )
    except ValueError as error:
        raise Reject("statistics_unacceptable", str(error)) from error
    _check_sender(letter, came.partner, came.month)
    of_revision = NoisyMonth.objects.filter(
        partner=came.partner, period=str(came.month), revision=came.revision
    )
    if of_revision.filter(part=came.part).exists():
        raise Reject(
            "old_revision",
            f"Part {came.part} of revision {came.revision} of this month is already here.",
        )
    if of_revision.exclude(parts=came.parts).exists():
        raise Reject("other_parts", "The parts of this revision do not belong together.")
    regional_release.store(
        came.tables, came.left_out, partner=came.partner, node=letter.source, month=came.month,
        revision=came.revision, status=Status.RECEIVED, at=letter.time, part=came.part,
        parts=came.parts, version=came.version, protected_by=came.protection,
        letter_id=letter.id,
    )  # fmt: skip
    record(
        letter.actor, AuditTag.STATISTICS_RECEIVED,
        detail={
            "partner": came.partner, "month": str(came.month), "revision": came.revision,
            "tables": len(came.tables), "unknown": sum(not one.known for one in came.tables),
        },
    )  # fmt: skip


def _check_sender(letter: ReceivedLetter, partner: str, month: Month) -> None:
    if letter.source.split("-", 1)[0] != partner:
        raise Reject("not_the_partner", "A node releases the counts of its own partner only.")
    for model in (MonthlyTable, NoisyMonth):
        of_period = model._default_manager.filter(partner=partner, period=str(month))
        other = of_period.exclude(node=letter.source).values_list("node", flat=True).first()
        if other is not None:
            raise Reject("other_node", f"The counts of this month come from node {other}.")


def receive(letter: ReceivedLetter) -> None:
    """Take a partner's month at the secretariat's node. Raises `Reject`, naming the table.

    The revision with the highest number is in force, in whatever order they come; all stay. The
    partner's node is the first that sent.
    """
    if settings.MOSTOVI.partner != SECRETARIAT:
        raise Reject("not_for_us", "Monthly counts go to the secretariat's node.")
    try:
        month = letters.read(template(), letter.data)
    except ValueError as error:
        raise Reject("statistics_unacceptable", str(error)) from error
    _check_sender(letter, month.partner, month.month)
    of_period = MonthlyTable.objects.filter(partner=month.partner, period=str(month.month))
    if of_period.filter(revision=month.revision).exists():
        raise Reject("old_revision", f"Revision {month.revision} of this month is already here.")
    store(
        month.published, partner=month.partner, node=letter.source, month=month.month,
        revision=month.revision, status=Status.RECEIVED, at=letter.time, by=None,
        letter_id=letter.id,
    )  # fmt: skip
    Delivery.objects.create(
        partner=month.partner, period=str(month.month), revision=month.revision,
        channel=Channel.NODE, second_officer=month.second_officer, came_at=letter.received_at,
    )  # fmt: skip
    record(
        letter.actor, AuditTag.STATISTICS_RECEIVED,
        detail={"partner": month.partner, "month": str(month.month), "revision": month.revision},
    )  # fmt: skip


def store(
    published: Mapping[Cell, int | None],
    *,
    partner: str,
    node: str,
    month: Month,
    revision: int,
    status: Status,
    at: datetime,
    by: Actor | None,
    letter_id: UUID | None = None,
) -> list[MonthlyTable]:
    """Write the tables of one release; its cells are in force unless a higher revision is here."""
    chosen = template()
    of_period = MonthlyTable.objects.filter(partner=partner, period=str(month))
    overtaken = of_period.filter(revision__gt=revision).exists()
    tables = [
        MonthlyTable(
            partner=partner,
            node=node,
            table=table.code,
            period=str(month),
            revision=revision,
            template=chosen.code,
            template_version=chosen.version,
            threshold=chosen.rule.threshold,
            status=status,
            cells=letters.rows(table, published),
            released_at=at,
            released_by=by.account if by else None,
            letter_id=letter_id,
        )
        for table in chosen.tables
    ]
    MonthlyTable.objects.bulk_create(tables)
    if overtaken:
        return tables
    RegionalCell.objects.filter(partner=partner, period=str(month)).delete()
    RegionalCell.objects.bulk_create(
        RegionalCell(
            partner=partner,
            table=table.code,
            period=str(month),
            cell=cell_text(cell),
            value=published[cell],
        )
        for table in chosen.tables
        for cell in table.cells
    )
    return tables


def cell_text(cell: Cell) -> str:
    """The cell's codes as text: `age_group=0-11;sex=female`, '' for the grand total."""
    return ";".join(f"{dimension}={code}" for dimension, code in cell.codes)


@dataclass(frozen=True)
class OwnMonth:
    """One month in the calendar of this node."""

    month: Month
    due: date
    revision: int
    released_at: datetime | None
    state: str


def calendar(today: date, *, months: int = 12) -> list[OwnMonth]:
    """The last complete months of this node, newest first: released, due, or overdue."""
    chosen = template()
    newest = Month.last_complete(today)
    wanted = [newest.back(n) for n in range(months)]
    rows = (
        MonthlyTable.objects.filter(
            node=settings.MOSTOVI.code, period__in=[str(month) for month in wanted]
        )
        .values("period")
        .annotate(revision=Max("revision"), released=Max("released_at"))
    )
    released = {row["period"]: row for row in rows.order_by()}
    found = []
    for month in wanted:
        row = released.get(str(month))
        due = month.due(chosen.due_day)
        state = "released" if row else ("overdue" if today > due else "due")
        found.append(
            OwnMonth(
                month, due, row["revision"] if row else 0, row["released"] if row else None, state
            )
        )
    return found


def newest_tables(month: Month) -> dict[tuple[str, str], MonthlyTable]:
    """The tables in force of one month, by (partner, table)."""
    rows = MonthlyTable.objects.filter(period=str(month)).order_by("revision")
    return {(row.partner, row.table): row for row in rows}


def as_csv(rows: Iterable[MonthlyTable]) -> str:
    """Tables as CSV: one line a cell, hidden cells with status `hidden` and no value."""
    chosen = template()
    dimensions = sorted({name for table in chosen.tables for name in table.names})
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["partner", "period", "revision", "table", *dimensions, "value", "status", "threshold"]
    )
    for row in rows:
        table = chosen.table(row.table)
        for codes, value in row.cells:
            keys = dict(zip(table.names, codes, strict=True))
            writer.writerow(
                [
                    row.partner,
                    row.period,
                    row.revision,
                    row.table,
                    *(keys.get(name, "") for name in dimensions),
                    "" if value is None else value,
                    letters.HIDDEN if value is None else letters.SHOWN,
                    row.threshold,
                ]  # fmt: skip
            )
    return out.getvalue()
