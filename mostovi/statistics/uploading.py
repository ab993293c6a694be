# SPDX-License-Identifier: EUPL-1.2
"""A partner without a node brings its month as a workbook to the secretariat's node.

The workbook is read whole or not at all. Numbers that are not withheld are protected here, in
memory, before anything is stored: what was in the file is not kept, only its digest. Numbers that
the partner withheld itself are checked: what is left must not give them away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.statistics import catalogue, reading, submitting
from mostovi.statistics.cubes import Cell
from mostovi.statistics.models import Channel, MonthlyTable, Submission
from mostovi.statistics.months import Month
from mostovi.statistics.reading import texts
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.services import SECRETARIAT, NotReleasable
from mostovi.statistics.suppression import Published, publish, ranges, suppress


@dataclass(frozen=True)
class RowProblem:
    """What is wrong and where: `place` as the spreadsheet names it."""

    place: str
    text: str


class WorkbookRefused(ValueError):
    """The workbook cannot be taken; `problems` says why, row by row. Nothing was stored."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(_("The workbook was not taken in. Nothing was stored."))
        self.problems = tuple(problems)


def forms() -> list[reading.Form]:
    """The sheets of the workbook: the tables of the monthly template."""
    return [reading.form_of_table(table) for table in catalogue.template().tables]


def blank(partner: str, month: Month) -> bytes:
    """The workbook to fill in, in the reader's language."""
    chosen = catalogue.template()
    return reading.blank(
        forms(), partner=partner, period=str(month), template=chosen.code, version=chosen.version,
        language=get_language() or "en", help_lines=texts.help_lines(),
    )  # fmt: skip


def partners_without_node() -> list[str]:
    """The partners whose months do not come from a node of their own."""
    with_node = set(
        MonthlyTable.objects.exclude(node=SECRETARIAT).order_by()
        .values_list("partner", flat=True).distinct()
    )  # fmt: skip
    return [partner for partner in PARTNERS if partner not in with_node]


@transaction.atomic
def upload(
    actor: Actor, partner: str, month: Month, data: bytes, *, words: str = "",
    now: datetime | None = None,
) -> Submission:  # fmt: skip
    """Take a workbook; it waits for a second officer, who sees what will be stored.

    A second workbook while one waits is the next revision: the higher number will count.
    Raises `WorkbookRefused` with every wrong row, `NotReleasable` for a month that comes from a
    node or has not ended, `submitting.WordsMissing` when something unusual is not explained.
    """
    require(actor, Action.CREATE, Kind.REGIONAL_STATISTIC)
    now = now or timezone.now()
    if settings.MOSTOVI.partner != SECRETARIAT:
        raise NotReleasable(_("Workbooks are taken at the secretariat's node."))
    if partner not in PARTNERS or actor.unit in PARTNERS and actor.unit != partner:
        raise NotReleasable(_("You bring the figures of your own partner."))
    if month > Month.last_complete(timezone.localdate(now)):
        raise NotReleasable(_("The month has not ended yet."))
    of_month = MonthlyTable.objects.filter(partner=partner, period=str(month))
    node = of_month.exclude(node=SECRETARIAT).values_list("node", flat=True).first()
    if node is not None:
        raise NotReleasable(_("The counts of this month come from node %(node)s.") % {"node": node})
    earlier = list(submitting.releases(partner, [month]).get(month, {}).values())
    newest = of_month.aggregate(newest=Max("revision"))["newest"] or 0
    # Two may wait at once. Each is protected in view of the other, whichever is released first.
    for other in submitting.waiting():
        if (other.partner, other.period) == (partner, str(month)):
            earlier.append(submitting.published_of(other))
            newest = max(newest, other.revision)
    published = protected(_counts(data, partner, month), month, earlier)
    revision = newest + 1
    digest = sha256(data).hexdigest()
    submission = submitting.hand_over(
        actor, partner, month, published, revision=revision, channel=Channel.WORKBOOK,
        digest=digest, file_digest=digest, words=words, now=now,
    )  # fmt: skip
    record(
        actor, AuditTag.STATISTICS_UPLOADED,
        detail={"partner": partner, "month": str(month), "revision": revision},
    )  # fmt: skip
    return submission


def _counts(data: bytes, partner: str, month: Month) -> dict[Cell, int | None]:
    chosen = catalogue.template()
    found = reading.read(
        data, forms(), partner=partner, period=str(month), template=chosen.code,
        version=chosen.version,
    )  # fmt: skip
    if not found.fine:
        raise WorkbookRefused([RowProblem(one.place, texts.said(one)) for one in found.wrong])
    counts: dict[Cell, int | None] = {}
    places: dict[Cell, str] = {}
    problems = []
    for table in chosen.tables:
        for codes, value in found.cells[table.code].items():
            cell = table.cell(dict(zip(table.names, codes, strict=True)))
            place = f"{table.code}: {_words(table.label(cell, get_language() or 'en'))}"
            if counts.setdefault(cell, value) != value:
                problems.append(
                    RowProblem(
                        place,
                        _("%(given)s is not the number of the same group in %(other)s.")
                        % {"given": "x" if value is None else value, "other": places[cell]},
                    )
                )
            places.setdefault(cell, place)
    if problems:
        raise WorkbookRefused(problems)
    return counts


def _words(labels: Sequence[str]) -> str:
    return " / ".join(label or _("All") for label in labels)


def protected(
    counts: Mapping[Cell, int | None], month: Month, earlier: Sequence[Published]
) -> dict[Cell, int | None]:
    """What may be stored of a workbook. Raises `WorkbookRefused`."""
    chosen = catalogue.template()
    complete = {cell: value for cell, value in counts.items() if value is not None}
    if len(complete) < len(counts):
        problems = _gives_away(counts, earlier)
        if problems:
            raise WorkbookRefused(problems)
        return dict(counts)
    secret = vault().blind(f"statistics:{month}")
    hidden: set[Cell] = set()
    for measure in dict.fromkeys(table.measure for table in chosen.tables):
        part = {cell: count for cell, count in complete.items() if cell.measure == measure}
        sums = [one for one in chosen.relations if one.total.measure == measure]
        hidden |= suppress(part, sums, chosen.rule, earlier, secret)
    return publish(complete, hidden)


def _gives_away(
    counts: Mapping[Cell, int | None], earlier: Sequence[Published]
) -> list[RowProblem]:
    """Numbers that are too small to show, or that give away a withheld one."""
    chosen = catalogue.template()
    try:
        bounds = ranges(counts, chosen.relations, 0)
    except ValueError as error:
        return [RowProblem("", str(error))]
    problems = []
    for table in chosen.tables:
        for cell in table.cells:
            value, (low, high) = counts[cell], bounds[cell]
            place = f"{table.code}: {_words(table.label(cell, get_language() or 'en'))}"
            if value is not None and chosen.rule.small(value):
                text = _("%(given)s is too small a number to be shown: write x.") % {"given": value}
                problems.append(RowProblem(place, text))
            elif value is None and high is not None and high - low < chosen.rule.protection:
                text = _(
                    "This number is withheld, but follows from the others. Withhold a further "
                    "number of the same sum, or fill in all numbers: they are protected here, "
                    "and what was in the file is not kept."
                )
                problems.append(RowProblem(place, text))
            elif value is not None and _tells(value, cell, earlier):
                text = _(
                    "Beside the revision before, this number tells of single persons: write x."
                )
                problems.append(RowProblem(place, text))
    return problems


def _tells(value: int, cell: Cell, earlier: Sequence[Published]) -> bool:
    rule = catalogue.template().rule
    for release in earlier:
        before = release.get(cell)
        if before is None or rule.small_change(value - before):
            return True
    return False
