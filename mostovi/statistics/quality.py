# SPDX-License-Identifier: EUPL-1.2
"""The quality report on a set of events: what can be counted on, and what cannot.

Dimensions of quality as European statistics name them (Regulation (EC) No 223/2009, Article 12:
relevance, accuracy, timeliness, punctuality, accessibility, comparability, coherence; from
memory). Measured here: completeness and codes (accuracy), timeliness and punctuality, coherence,
revisions, and duplicates between partners (`overlaps`). Every figure says what it is a share of.
What is not known is None, and never counted as good.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from mostovi.statistics.events import KEY, NAMES
from mostovi.statistics.months import Month
from mostovi.statistics.overlaps import Estimate
from mostovi.statistics.specs import Spec

if TYPE_CHECKING:
    import ibis

MUCH_MISSING: Final = 0.2
"""From this share of unknown values on a column is a finding."""
ADULTS: Final = ("18-34", "35-59", "60-64", "65-")
_MOST_NAMED: Final = 10


@dataclass(frozen=True)
class Completeness:
    """One column of one kind of event: how many events have no value, of how many."""

    event: str
    column: str
    missing: int
    events: int

    @property
    def share(self) -> float:
        """The share without a value."""
        return self.missing / self.events if self.events else 0.0


@dataclass(frozen=True)
class Timeliness:
    """One partner: after how many months events were recorded. Shares are of those where known."""

    partner: str
    events: int
    known: int
    same_month: float | None
    within_one: float | None
    later: float | None
    longest: int | None


@dataclass(frozen=True)
class Finding:
    """Something that does not hold together: a code, how many events or what figures, and where."""

    code: str
    count: int
    where: str


@dataclass(frozen=True)
class Balance:
    """A stock against its flows: how far the last month's stock is from what the flows say.

    `unexplained` = stock at the end - (stock at the beginning + in - out). Not an error by itself:
    people leave without telling, applications are joined.
    """

    partner: str
    month: str
    stock: int
    unexplained: int


@dataclass(frozen=True)
class Revision:
    """How much later revisions changed what one period's table said first.

    `mean_change` is over cells shown both times; None where there is none. `days_late` counts from
    the day it was due to the first release; negative is early.
    """

    partner: str
    table: str
    period: str
    revisions: int
    total_first: int | None
    total_last: int | None
    mean_change: float | None
    days_late: int | None


@dataclass(frozen=True)
class Report:
    """Everything that was measured."""

    events: int
    first: str
    last: str
    completeness: tuple[Completeness, ...]
    gaps: tuple[tuple[str, str], ...]
    """(partner, month) without any event, between the partner's first and the file's last month."""
    timeliness: tuple[Timeliness, ...]
    findings: tuple[Finding, ...]
    balances: tuple[Balance, ...]
    revisions: tuple[Revision, ...] = ()
    duplicates: Mapping[str, Estimate | None] = field(default_factory=dict)
    """People whom another partner counted too, by partner and months (`rs 2026-07/2026-09`).

    None: fewer than may be told. A pair of partner and months without an entry was not counted.
    """

    @property
    def holds(self) -> bool:
        """Whether nothing was found that somebody must look at."""
        much = any(one.share >= MUCH_MISSING for one in self.completeness)
        return not (self.findings or self.gaps or much)

    def as_data(self) -> dict[str, Any]:
        """The report as plain data for JSON."""
        return {**asdict(self), "holds": self.holds}


def report(
    events: ibis.Table,
    specs: Sequence[Spec],
    *,
    revisions: Iterable[Revision] = (),
    duplicates: Mapping[str, Estimate | None] | None = None,
) -> Report:
    """The quality of `events` as far as `specs` use them. One pass for each column; streams."""
    flows = _flows(events)
    months = sorted(str(m) for m in {_month(text) for _, _, text, _ in flows} if m is not None)
    return Report(
        events=sum(flows.values()),
        first=months[0] if months else "",
        last=months[-1] if months else "",
        completeness=tuple(_completeness(events, specs)),
        gaps=tuple(_gaps(flows)),
        timeliness=tuple(_timeliness(flows)),
        findings=tuple(_findings(events, specs, flows)),
        balances=tuple(_balances(flows)),
        revisions=tuple(revisions),
        duplicates=dict(duplicates or {}),
    )


_Flows = dict[tuple[str, str, str, str | None], int]
"""Counts by event, partner, month, month of recording."""


def _flows(events: ibis.Table) -> _Flows:
    names = ["event", "partner", "month"]
    if "recorded_month" in events.columns:
        names.append("recorded_month")
    rows = events.group_by(names).agg(count_=events.count()).to_pyarrow().to_pylist()
    return {
        (str(r["event"]), str(r["partner"]), str(r["month"]), r.get("recorded_month")): r["count_"]
        for r in rows
    }


def _completeness(events: ibis.Table, specs: Sequence[Spec]) -> Iterable[Completeness]:
    used: dict[str, set[str]] = defaultdict(set)
    for spec in specs:
        for event in spec.events:
            used[event] |= spec.columns
    columns = sorted({name for names in used.values() for name in names} & set(events.columns))
    counted = {name: events[name].isnull().sum() for name in columns}
    rows = events.group_by("event").agg(count_=events.count(), **counted).to_pyarrow().to_pylist()
    for row in sorted(rows, key=lambda row: str(row["event"])):
        for name in sorted(used.get(row["event"], ())):
            missing = int(row[name]) if name in columns else row["count_"]
            yield Completeness(row["event"], name, missing, row["count_"])


def _gaps(flows: _Flows) -> Iterable[tuple[str, str]]:
    """Months without anything. What is no month is a finding of its own and bounds nothing here."""
    present: dict[str, set[Month]] = defaultdict(set)
    for _event, partner, text, _recorded in flows:
        month = _month(text)
        if month is not None:
            present[partner].add(month)
    last = max((month for months in present.values() for month in months), default=None)
    for partner, months in sorted(present.items()):
        month = min(months)
        while last is not None and month <= last:
            if month not in months:
                yield partner, str(month)
            month = month.next()


def _month(text: str | None) -> Month | None:
    try:
        return Month.parse(text or "")
    except ValueError:
        return None


def _lag(month: str, recorded: str | None) -> int | None:
    one, other = _month(month), _month(recorded)
    if one is None or other is None:
        return None
    return (other.year - one.year) * 12 + other.number - one.number


def _timeliness(flows: _Flows) -> Iterable[Timeliness]:
    lags: dict[str, dict[int | None, int]] = defaultdict(lambda: defaultdict(int))
    for (_event, partner, month, recorded), count in flows.items():
        lags[partner][_lag(month, recorded)] += count
    for partner, found in sorted(lags.items()):
        known = {lag: count for lag, count in found.items() if lag is not None and lag >= 0}
        total = sum(known.values())

        def share(least: int, most: int, known: Any = known, total: int = total) -> float | None:
            part = sum(count for lag, count in known.items() if least <= lag <= most)
            return part / total if total else None

        yield Timeliness(
            partner, sum(found.values()), total,
            share(0, 0), share(0, 1), share(2, 10_000), max(known, default=None),
        )  # fmt: skip


def _findings(events: ibis.Table, specs: Sequence[Spec], flows: _Flows) -> Iterable[Finding]:
    for (event, partner, month, recorded), count in sorted(flows.items(), key=repr):
        if _month(month) is None:
            yield Finding("month", count, f"{partner} {event}: {month[:20]}")
        elif (_lag(month, recorded) or 0) < 0:
            yield Finding("recorded_before", count, f"{partner} {event}: {month} > {recorded}")
    yield from _wrong_codes(events, specs)
    yield from _impossible(events)
    yield from _same_twice(events)
    sent = sum(n for (event, *_), n in flows.items() if event == "referral_sent")
    received = sum(n for (event, *_), n in flows.items() if event == "referral_received")
    partners = {partner for _, partner, _, _ in flows}
    if len(partners) > 1 and received > sent:
        yield Finding("received_not_sent", received - sent, f"{received} > {sent}")


def _wrong_codes(events: ibis.Table, specs: Sequence[Spec]) -> Iterable[Finding]:
    """Values that no table of the event's kind has a code for."""
    wanted: dict[str, dict[str, list[Spec]]] = defaultdict(lambda: defaultdict(list))
    for spec in specs:
        for dimension in spec.dimensions:
            for event in spec.events:
                wanted[dimension.column][event].append(spec)
    for column in sorted(set(wanted) & set(events.columns)):
        rows = events.group_by(["event", column]).agg(count_=events.count())
        for row in sorted(rows.to_pyarrow().to_pylist(), key=repr):
            read = [
                dimension.read(row[column])
                for spec in wanted[column].get(row["event"], ())
                for dimension in spec.dimensions
                if dimension.column == column and not spec.where
            ]
            if read and all(code is None for code in read):
                where = f"{row['event']}, {column}: {str(row[column])[:40]}"
                yield Finding("wrong_code", row["count_"], where)


def _impossible(events: ibis.Table) -> Iterable[Finding]:
    if {"unaccompanied", "age_group"} <= set(events.columns):
        adults = events.filter(
            (events.unaccompanied == "yes") & events.age_group.isin(list(ADULTS))
        )
        count = int(adults.count().to_pyarrow().as_py())
        if count:
            yield Finding("adult_child_alone", count, "unaccompanied, age_group")
    keys = events[KEY].cast("float64")
    bad = int(events.filter(keys.isnull() | (keys < 0) | (keys >= 1)).count().to_pyarrow().as_py())
    if bad:
        yield Finding("record_key", bad, KEY)


def _same_twice(events: ibis.Table) -> Iterable[Finding]:
    """Events that are the same in everything, the record's key too: one record came twice."""
    names = [name for name in NAMES if name in events.columns]
    groups = events.group_by(names).agg(count_=events.count())
    more = groups.filter(groups.count_ > 1)
    found = more.agg(extra=(more.count_ - 1).sum()).to_pyarrow().to_pylist()[0]["extra"]
    if found:
        yield Finding("same_twice", int(found), ", ".join(names[:3]))


_STOCK: Final = "asylum_pending"
_IN: Final = ("asylum_application",)
_OUT: Final = ("asylum_first_decision", "asylum_withdrawn")


def _balances(flows: _Flows) -> Iterable[Balance]:
    """Applications under consideration against what came in and went out, month by month."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for (event, partner, text, _recorded), count in flows.items():
        counts[event, partner, text] += count
    for (event, partner, text), stock in sorted(counts.items()):
        month = _month(text)
        before = counts.get((_STOCK, partner, str(month.back(1)))) if month else None
        if event != _STOCK or before is None:
            continue
        came = sum(counts.get((kind, partner, text), 0) for kind in _IN)
        went = sum(counts.get((kind, partner, text), 0) for kind in _OUT)
        yield Balance(partner, text, stock, stock - (before + came - went))


Cells = Mapping[tuple[str, ...], int | None]


def revision(
    partner: str, table: str, period: str, told: Sequence[tuple[date, Cells]], due: date | None
) -> Revision:
    """What the revisions of one table changed. `told`: (day, cells) of each, oldest first."""
    (day, first), (_, last) = told[0], told[-1]
    changes = [
        abs(last_value - value)
        for cell, value in first.items()
        if value is not None and (last_value := last.get(cell)) is not None
    ]
    return Revision(
        partner, table, period, len(told) - 1, _total(first), _total(last),
        sum(changes) / len(changes) if changes else None,
        (day - due).days if due else None,
    )  # fmt: skip


def _total(cells: Cells) -> int | None:
    """The grand total: the cell that is a total everywhere."""
    return next((value for codes, value in cells.items() if set(codes) <= {"_T"}), None)
