# SPDX-License-Identifier: EUPL-1.2
"""Tables of the regional set at a node: counted and protected, kept, and read back by partner."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from mostovi.rights.access import Actor
from mostovi.statistics import catalogue, cubing, own_events, protecting, regional_tables
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.models import MonthlyTable, NoisyMonth, Status
from mostovi.statistics.months import Month
from mostovi.statistics.regional_tables import SET, Codes, NoisyTable, Prepared, Reason
from mostovi.statistics.specs import Spec, SpecSet
from mostovi.statistics.table_services import noise_secret, protection

if TYPE_CHECKING:
    import pyarrow as pa

    from mostovi.statistics.cubing import Cells


def spec_set() -> SpecSet:
    """The regional set in force."""
    return catalogue.spec_sets()[SET]


def specs() -> dict[str, Spec]:
    """Its tables by code."""
    return {spec.code: spec for spec in spec_set().specs}


def exact() -> frozenset[str]:
    """The kinds of event that leave exactly, in the month's own tables."""
    return regional_tables.exact_kinds(catalogue.template())


def mixed(partner: str, month: Month, *, noisy: bool = True) -> bool:
    """Whether something left for the month that no table in force explains (R11).

    Tables that the template had and has no more may have counted exactly what now would leave with
    noise; tables that left with noise may count what the template now counts exactly.
    """
    period = str(month)
    if noisy:
        known = [table.code for table in catalogue.template().tables]
        rows = MonthlyTable.objects.filter(partner=partner, period=period)
        return rows.exclude(table__in=known).exists()
    going, _ = regional_tables.chosen(spec_set().specs, exact())
    rows_ = NoisyMonth.objects.filter(partner=partner, period=period, reason="")
    counted = [spec.code for spec in spec_set().specs if spec not in going]
    return rows_.filter(table__in=counted).exists()


# --- Preparing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """The regional tables of a month at this node: `counts` stay here, `prepared` would leave."""

    prepared: Prepared
    counts: Mapping[str, Mapping[Codes, int]] = field(default_factory=dict)


def count(month: Month) -> Counted:
    """Count this node's own events and protect them under its own secret."""
    going, left_out = regional_tables.chosen(spec_set().specs, exact(), own_events.kinds())
    if mixed(settings.MOSTOVI.partner, month):
        return Counted(Prepared((), left_out | {spec.code: Reason.EXACT for spec in going}))
    kinds = {kind for spec in going for kind in spec.events}
    cells = cubing.cube_rows(own_events.events(month, month, kinds), going)
    unsplit = {d.code for spec in going for d in spec.dimensions if d.column in own_events.SEALED}
    before = in_force(settings.MOSTOVI.partner, month)
    tables = protected(cells, going, settings.MOSTOVI.partner, month, before, unsplit)
    counts = {spec.code: _counts(spec, cells[spec.code]) for spec in going}
    return Counted(Prepared(tables, left_out), counts)


def protected(
    cells: Cells, going: Sequence[Spec], partner: str, month: Month,
    before: Mapping[str, NoisyTable], unsplit: Iterable[str] = (),
) -> tuple[NoisyTable, ...]:  # fmt: skip
    """Noise on the tables, in view of what left `before`: numbers stand."""
    by_code = {spec.code: spec for spec in going}
    earlier = {
        code: regional_tables.as_earlier(by_code[code], one, partner, str(month))
        for code, one in before.items()
        if code in by_code and one.dimensions == regional_tables.names_of(by_code[code])
    }
    found = protecting.protect(cells, going, protection(), noise_secret(), earlier)
    return tuple(
        regional_tables.noisy(spec, found[spec.code].table, set(unsplit)) for spec in going
    )


def _counts(spec: Spec, cells: pa.Table) -> dict[Codes, int]:
    names = regional_tables.names_of(spec)
    columns = [cells.column(name).to_pylist() for name in ("partner", *names, "count")]
    return {
        tuple(codes): number
        for partner, *codes, number in zip(*columns, strict=True)
        if partner != TOTAL
    }


def cells_of_counts(
    spec: Spec, partner: str, month: Month, counts: Mapping[Codes, int]
) -> pa.Table:
    """Cells of innermost counts that a partner brings; the same counts have the same keys.

    There are no records behind them here, so a cell's key is drawn from its question and count.
    """
    at = spec.names.index(regional_tables.PARTNER)
    inner = {(*codes[:at], partner.upper(), *codes[at:]): n for codes, n in counts.items()}
    keys = {}
    for codes, number in inner.items():
        said = f"{month}:{spec.code}:{'/'.join(codes)}:{number}"
        keys[codes] = int.from_bytes(
            hmac.digest(noise_secret(), said.encode(), "sha256")[:3], "big"
        )
    return cubing.cube_counts(spec, str(month), inner, keys)


# --- Keeping --------------------------------------------------------------------------------------


def store(
    tables: Iterable[NoisyTable],
    left_out: Mapping[str, Reason],
    *,
    partner: str,
    node: str,
    month: Month,
    revision: int,
    status: Status,
    at: datetime,
    by: Actor | None = None,
    part: int = 1,
    parts: int = 1,
    version: str = "",
    protected_by: Mapping[str, Any] | None = None,
    letter_id: UUID | None = None,
) -> None:
    """Write the rows of one letter, or of a workbook. Raises `IntegrityError` where some are."""
    same: dict[str, Any] = {
        "partner": partner, "node": node, "period": str(month), "revision": revision,
        "part": part, "parts": parts, "set_version": version or spec_set().version,
        "status": status, "released_at": at, "released_by": by.account if by else None,
        "letter_id": letter_id, "protection": dict(protected_by or as_said()),
    }  # fmt: skip
    rows = [
        NoisyMonth(
            **same, table=one.code, dimensions=list(one.dimensions), unsplit=list(one.unsplit),
            method=one.method, cells=[[list(codes), value] for codes, value in one.cells.items()],
        )
        for one in tables
    ]  # fmt: skip
    rows += [NoisyMonth(**same, table=code, reason=reason) for code, reason in left_out.items()]
    NoisyMonth.objects.bulk_create(rows)


def as_said() -> dict[str, Any]:
    """How this node protects, as the letter says it."""
    rule = protection()
    return {
        "method": regional_tables.NOISE, "largest": rule.noise.largest,
        "variance_hundredths": round(rule.noise.variance * 100), "people": rule.people,
    }  # fmt: skip


# --- Reading --------------------------------------------------------------------------------------


def whole(rows: QuerySet[NoisyMonth]) -> dict[tuple[str, str], list[int]]:
    """The revisions of which every letter is here, by (period, partner), in order."""
    found: dict[tuple[str, str, int], tuple[set[int], int]] = {}
    listed = rows.order_by().values_list("period", "partner", "revision", "part", "parts")
    for period, partner, revision, part, parts in listed.distinct():
        here, _ = found.setdefault((period, partner, revision), (set(), parts))
        here.add(part)
    complete: dict[tuple[str, str], list[int]] = {}
    for (period, partner, revision), (here, parts) in sorted(found.items()):
        if len(here) == parts:
            complete.setdefault((period, partner), []).append(revision)
    return complete


def revisions_of(month: Month) -> dict[str, int]:
    """The revision in force of each partner's tables."""
    found = whole(NoisyMonth.objects.filter(period=str(month)))
    return {partner: revisions[-1] for (_period, partner), revisions in found.items()}


def in_force(partner: str, month: Month) -> dict[str, NoisyTable]:
    """A partner's tables in force, by code."""
    of = NoisyMonth.objects.filter(partner=partner, period=str(month))
    revisions = whole(of).get((str(month), partner))
    if not revisions:
        return {}
    return joined(of.filter(revision=revisions[-1])).get((str(month), partner), {})


def joined(rows: Iterable[NoisyMonth]) -> dict[tuple[str, str], dict[str, NoisyTable]]:
    """Rows of one revision for each (period, partner): its tables, with their pieces together."""
    known = specs()
    found: dict[tuple[str, str], dict[str, NoisyTable]] = {}
    for row in rows:
        if row.reason:
            continue
        tables = found.setdefault((row.period, row.partner), {})
        cells = {tuple(codes): value for codes, value in row.cells}
        before = tables.get(row.table)
        spec = known.get(row.table)
        names = tuple(row.dimensions)
        tables[row.table] = NoisyTable(
            row.table, names, {**before.cells, **cells} if before else cells,
            tuple(row.unsplit), row.method,
            spec is not None and regional_tables.names_of(spec) == names,
        )  # fmt: skip
    return found


def of_revisions(month: Month, revisions: Mapping[str, int]) -> dict[str, dict[str, NoisyTable]]:
    """The tables of the given revisions, by partner."""
    rows = NoisyMonth.objects.filter(period=str(month), partner__in=list(revisions))
    found = joined(row for row in rows if row.revision == revisions[row.partner])
    return {partner: tables for (_period, partner), tables in found.items()}


def reasons(month: Month, revisions: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """Why tables are not counted there: partner -> table -> reason."""
    rows = NoisyMonth.objects.filter(
        period=str(month), partner__in=list(revisions)
    ).exclude(reason="")  # fmt: skip
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.revision == revisions[row.partner]:
            found.setdefault(row.partner, {})[row.table] = row.reason
    return found
