# SPDX-License-Identifier: EUPL-1.2
"""A partner without a node brings its month as a workbook to the secretariat's node.

The workbook is read whole or not at all. Numbers that are not withheld are protected here, in
memory, before anything is stored: what was in the file is not kept, only its digest. Numbers that
the partner withheld itself are checked: what is left must not give them away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import permutations, product
from typing import TYPE_CHECKING

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
from mostovi.statistics import (
    attacks,
    catalogue,
    reading,
    regional_release,
    regional_tables,
    submitting,
)
from mostovi.statistics.cubes import TOTAL, Cell
from mostovi.statistics.events import BadEvents
from mostovi.statistics.models import Channel, MonthlyTable, NoisyMonth, Submission
from mostovi.statistics.months import Month
from mostovi.statistics.reading import texts
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.regional_tables import Codes, NoisyTable, Prepared, Reason
from mostovi.statistics.services import SECRETARIAT, NotReleasable
from mostovi.statistics.specs import Spec
from mostovi.statistics.suppression import Published, publish, ranges, suppress
from mostovi.statistics.table_services import protection

if TYPE_CHECKING:
    import pyarrow as pa


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


def noisy_specs() -> tuple[list[Spec], dict[str, Reason]]:
    """The regional tables that a workbook may bring, and why not the others (R11)."""
    return regional_tables.chosen(list(regional_release.specs().values()), regional_release.exact())


def forms(*, protected_already: bool = False) -> list[reading.Form]:
    """The sheets of the workbook: the tables of the monthly template, then the regional ones.

    A regional sheet may stay empty. protected_already: its totals need not add up.
    """
    own = [reading.form_of_table(table) for table in catalogue.template().tables]
    regional = [
        replace(reading.form_of_spec(spec), optional=True, adds_up=not protected_already)
        for spec in noisy_specs()[0]
    ]
    return [*own, *regional]


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
    protected_already: bool = False, now: datetime | None = None,
) -> Submission:  # fmt: skip
    """Take a workbook; it waits for a second officer, who sees what will be stored.

    protected_already: the partner has protected the regional tables itself; else their counts get
    noise here, in memory. A second workbook while one waits is the next revision: the higher number
    will count.

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
    found = _read(data, partner, month, protected_already)
    published = protected(_counts(found), month, earlier)
    regional = _regional(found, partner, month, protected_already)
    revision = newest + 1
    digest = sha256(data).hexdigest()
    submission = submitting.hand_over(
        actor, partner, month, published, revision=revision, channel=Channel.WORKBOOK,
        digest=digest, file_digest=digest, words=words, now=now, regional=regional,
    )  # fmt: skip
    record(
        actor, AuditTag.STATISTICS_UPLOADED,
        detail={"partner": partner, "month": str(month), "revision": revision},
    )  # fmt: skip
    return submission


def _read(data: bytes, partner: str, month: Month, protected_already: bool) -> reading.Read:
    chosen = catalogue.template()
    found = reading.read(
        data, forms(protected_already=protected_already), partner=partner, period=str(month),
        template=chosen.code, version=chosen.version,
    )  # fmt: skip
    if not found.fine:
        raise WorkbookRefused([RowProblem(one.place, texts.said(one)) for one in found.wrong])
    return found


def _counts(found: reading.Read) -> dict[Cell, int | None]:
    chosen = catalogue.template()
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


# --- Tables with noise ----------------------------------------------------------------------------


def _regional(found: reading.Read, partner: str, month: Month, protected_already: bool) -> Prepared:
    """The regional tables of a workbook as they may be stored. Raises `WorkbookRefused`."""
    going, left_out = noisy_specs()
    brought = [spec for spec in going if found.cells.get(spec.code)]
    left_out |= {spec.code: Reason.NOT_GIVEN for spec in going if spec not in brought}
    if not brought:
        return Prepared((), left_out)
    if regional_release.mixed(partner, month):
        raise NotReleasable(
            _(
                "Tables of this month left that the template no longer has. What they counted "
                "exactly must not leave with noise as well: bring the workbook without the "
                "regional tables."
            )
        )
    before = _noisy_before(partner, month)
    cells = {spec.code: found.cells[spec.code] for spec in brought}
    if protected_already:
        tables = tuple(_as_brought(spec, cells[spec.code], before) for spec in brought)
    else:
        tables = protected_noisy(brought, cells, partner, month, before)
    return Prepared(tables, left_out)


def _noisy_before(partner: str, month: Month) -> dict[str, NoisyTable]:
    """What the next revision is protected in view of: the newest that is in force, or waits."""
    before = regional_release.in_force(partner, month)
    rows = NoisyMonth.objects.filter(partner=partner, period=str(month))
    newest = rows.aggregate(newest=Max("revision"))["newest"] or 0
    for other in submitting.waiting():
        same = (other.partner, other.period) == (partner, str(month))
        if same and other.revision > newest:
            tables = submitting.regional_of(other).tables
            before, newest = before | {one.code: one for one in tables}, other.revision
    return before


def protected_noisy(
    brought: Sequence[Spec],
    given: Mapping[str, Mapping[Codes, int | None]],
    partner: str,
    month: Month,
    before: Mapping[str, NoisyTable],
) -> tuple[NoisyTable, ...]:
    """Noise on full counts, in memory. Raises `WorkbookRefused` where they do not fit together."""
    problems: list[RowProblem] = []
    cells = {}
    for spec in brought:
        counts = _innermost(spec, given[spec.code], problems)
        try:
            cells[spec.code] = regional_release.cells_of_counts(spec, partner, month, counts)
        except BadEvents as error:
            problems.append(RowProblem(spec.code, str(error)))
    if not problems:
        problems = _disagreeing(brought, cells)
    if problems:
        raise WorkbookRefused(problems)
    return regional_release.protected(cells, brought, partner, month, before)


def _innermost(
    spec: Spec, given: Mapping[Codes, int | None], problems: list[RowProblem]
) -> dict[Codes, int]:
    """The counts of single groups; every total that is given must be theirs."""
    total = tuple(TOTAL for _name in regional_tables.names_of(spec))
    sums: Counter[Codes] = Counter()
    inner: dict[Codes, int] = {}
    for codes, value in given.items():
        if value is None:
            text = _(
                "In this table every number is needed: it gets noise here, and what was in the "
                "file is not kept. If the tables are protected already, say so below."
            )
            problems.append(RowProblem(f"{spec.code}: {'/'.join(codes)}", text))
        elif TOTAL not in codes:
            inner[codes] = value
            for summed in product(*((code, TOTAL) for code in codes)):
                sums[summed] += value
    if total not in given:
        text = _("Write the total of the whole table too: with it an empty table says nobody.")
        problems.append(RowProblem(spec.code, text))
    for codes, value in given.items():
        if TOTAL in codes and value is not None and value != sums[codes]:
            text = _(
                "The total says %(given)s, but the single groups add up to %(sum)s. Write a row "
                "for every group; what is not known has the code UNK."
            ) % {"given": value, "sum": sums[codes]}
            problems.append(RowProblem(f"{spec.code}: {'/'.join(codes)}", text))
    return inner


def _disagreeing(brought: Sequence[Spec], cells: Mapping[str, pa.Table]) -> list[RowProblem]:
    """The same group with two numbers in two tables that count the same events."""
    books = {spec.code: attacks.Holdings([(spec, cells[spec.code])]) for spec in brought}
    found = []
    for left, right in permutations(brought, 2):
        if not set(left.events) & set(right.events):
            continue
        for question, number in books[left.code].answers.items():
            other = books[right.code].number(question, 0)
            if other is not None and other != number:
                text = _("%(given)s is not the number of the same group in %(other)s.") % {
                    "given": number, "other": right.code,
                }  # fmt: skip
                found.append(RowProblem(left.code, text))
                break
    return found


def _as_brought(
    spec: Spec, given: Mapping[Codes, int | None], before: Mapping[str, NoisyTable]
) -> NoisyTable:
    """A table that the partner has protected itself. Raises `WorkbookRefused`."""
    rule, names = protection(), regional_tables.names_of(spec)
    last = before.get(spec.code)
    problems = []
    shown = {codes: value for codes, value in given.items() if value is not None}
    for codes, value in shown.items():
        stood = last.cells.get(codes) if last else None
        if value < rule.shown_from:
            text = _("%(given)s is under %(threshold)s, too small to be shown: write x.") % {
                "given": value, "threshold": rule.shown_from,
            }  # fmt: skip
        elif stood is not None and 0 < abs(value - stood) < rule.people:
            text = _("Beside the revision before, this number tells of single persons: write x.")
        else:
            continue
        problems.append(RowProblem(f"{spec.code}: {'/'.join(codes)}", text))
    one = NoisyTable(spec.code, names, shown, method=regional_tables.OWN_METHOD)
    if not problems and regional_tables.contradiction(one, spec, rule):
        text = _("A total and its parts lie further apart than noise can explain.")
        problems.append(RowProblem(spec.code, text))
    if problems:
        raise WorkbookRefused(problems)
    return one
