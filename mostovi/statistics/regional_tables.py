# SPDX-License-Identifier: EUPL-1.2
"""The longer regional set in the monthly exchange: which tables go, their letter, their sums. Pure.

A kind of event leaves a partner in one form only: exact with hidden cells (`mostovi.month`) or with
noise (the regional set). An exact count beside a noisy one would give the noise away. So a regional
table that counts what a table of the month counts exactly is left out (`chosen`); so is one of
whose events the node has no records that may be counted.

Tables are sparse: a cell that is not there is hidden, which is nobody or a few. `unsplit` names the
dimensions that the sender cannot tell; it has only their totals.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.months import Month
from mostovi.statistics.protecting import VALUE, Protection
from mostovi.statistics.specs import OPEN_CODE, Dimension, Spec
from mostovi.statistics.tables import Template

if TYPE_CHECKING:
    import pyarrow as pa

LETTER_TYPE: Final = "mostovi.statistics.tables.v1"
SET: Final = "region"
PARTNER: Final = "partner"
NOISE: Final = "noise.cell_key"
OWN_METHOD: Final = "protected.by_partner"
LARGEST: Final = 24_000
"""Bytes of a letter's tables; a letter is sealed twice and may have 60 000 in the end."""
Codes = tuple[str, ...]


class Unacceptable(ValueError):
    """The letter's tables cannot be taken; the message names the table and what is wrong."""


class Reason(StrEnum):
    """Why a table of the set is not in a partner's month."""

    EXACT = "counted_exactly"
    NO_SOURCE = "no_source"
    NOT_GIVEN = "not_given"


@dataclass(frozen=True)
class NoisyTable:
    """One partner's table as it leaves: shown cells by their codes, one for each dimension.

    `known`: whether the receiver's version has the table; else its codes stand for themselves.
    """

    code: str
    dimensions: tuple[str, ...]
    cells: Mapping[Codes, int]
    unsplit: tuple[str, ...] = ()
    method: str = NOISE
    known: bool = True

    def as_json(self) -> dict[str, Any]:
        """As stored with a submission."""
        return {
            "table": self.code, "dimensions": list(self.dimensions), "method": self.method,
            "unsplit": list(self.unsplit),
            "cells": [[list(codes), value] for codes, value in self.cells.items()],
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> NoisyTable:
        """The opposite of `as_json`."""
        cells = {tuple(codes): value for codes, value in stored["cells"]}
        return cls(
            stored["table"], tuple(stored["dimensions"]), cells, tuple(stored["unsplit"]),
            stored["method"],
        )  # fmt: skip

    def tells_apart(self, codes: Codes) -> bool:
        """Whether the sender splits by everything that `codes` narrows."""
        return not any(
            name in self.unsplit and code != TOTAL
            for name, code in zip(self.dimensions, codes, strict=True)
        )


@dataclass(frozen=True)
class Prepared:
    """What leaves of the regional set for one month, and what does not, with the reason."""

    tables: tuple[NoisyTable, ...] = ()
    left_out: Mapping[str, Reason] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As stored with a submission."""
        return {
            "tables": [one.as_json() for one in self.tables],
            "left_out": {code: reason.value for code, reason in self.left_out.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Prepared:
        """The opposite of `as_json`; `{}` is nothing."""
        return cls(
            tuple(NoisyTable.from_json(one) for one in stored.get("tables", ())),
            {code: Reason(text) for code, text in stored.get("left_out", {}).items()},
        )

    @property
    def shown(self) -> int:
        """How many numbers leave."""
        return sum(len(one.cells) for one in self.tables)


# --- Which tables ---------------------------------------------------------------------------------


def exact_kinds(template: Template) -> frozenset[str]:
    """The kinds of event that the month's own tables count exactly."""
    return frozenset(kind for table in template.tables for kind in table.events)


def chosen(
    specs: Sequence[Spec], exact: Collection[str], kinds: Collection[str] | None = None
) -> tuple[list[Spec], dict[str, Reason]]:
    """The tables that may leave with noise, and the reason for each of the others.

    kinds: the kinds of event that there are records of; None is all of them.
    """
    going, left_out = [], {}
    for spec in specs:
        if set(spec.events) & set(exact):
            left_out[spec.code] = Reason.EXACT
        elif kinds is not None and not set(spec.events) <= set(kinds):
            left_out[spec.code] = Reason.NO_SOURCE
        else:
            going.append(spec)
    return going, left_out


def names_of(spec: Spec) -> Codes:
    """The dimensions of one partner's table."""
    return tuple(name for name in spec.names if name != PARTNER)


def dimensions_of(spec: Spec) -> list[Dimension]:
    """The same, as dimensions."""
    return [one for one in spec.dimensions if one.code != PARTNER]


def noisy(spec: Spec, table: pa.Table, unsplit: Collection[str] = ()) -> NoisyTable:
    """One partner's protected table in its sparse form. `table`: as `protecting.protect` gives."""
    names = names_of(spec)
    untold = tuple(name for name in names if name in unsplit)
    listed = [table.column(name).to_pylist() for name in (*names, VALUE)]
    partners = table.column(PARTNER).to_pylist()
    cells = {}
    for partner, *codes, value in zip(partners, *listed, strict=True):
        told = all(c == TOTAL for n, c in zip(names, codes, strict=True) if n in untold)
        if partner != TOTAL and value is not None and told:
            cells[tuple(codes)] = value
    return NoisyTable(spec.code, names, cells, untold)


def as_earlier(spec: Spec, one: NoisyTable, partner: str, period: str) -> pa.Table:
    """What left before, as `protecting.protect` wants it: numbers stand, hidden stays hidden."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {name: [] for name in ("period", *spec.names, VALUE)}
    total = tuple(TOTAL for _name in one.dimensions)
    # A row without a number says that the period was released, also where nothing was shown.
    for codes, value in {total: None, **one.cells}.items():
        for whom in (partner.upper(), TOTAL):
            keys = dict(zip(one.dimensions, codes, strict=True)) | {PARTNER: whom}
            columns["period"].append(period)
            columns[VALUE].append(value)
            for name in spec.names:
                columns[name].append(keys[name])
    return pa.table({
        name: pa.array(values, pa.int64() if name == VALUE else pa.string())
        for name, values in columns.items()
    })  # fmt: skip


def ordered(spec: Spec, listed: Iterable[Codes]) -> list[Codes]:
    """Cells for reading: the grand total first, then one dimension, then finer, in list order."""
    places = [
        {code.code: place for place, code in enumerate(one.codes)} for one in dimensions_of(spec)
    ]

    def key(codes: Codes) -> tuple[Any, ...]:
        narrow = [at for at, code in enumerate(codes) if code != TOTAL]
        named = [(places[at].get(codes[at], -1), codes[at]) for at in narrow]
        return len(narrow), narrow, named

    return sorted(set(listed), key=key)


# --- The letter -----------------------------------------------------------------------------------


def compose(
    prepared: Prepared,
    protection: Protection,
    *,
    partner: str,
    month: Month,
    revision: int,
    version: str,
    second_officer: bool = False,
    largest: int = LARGEST,
) -> list[dict[str, Any]]:
    """The data of the letters of one revision: as many as the size asks for, at least one."""
    parts = _parted(prepared.tables, largest)
    found = []
    for number, tables in enumerate(parts, start=1):
        data: dict[str, Any] = {
            "partner": partner, "month": str(month), "revision": revision, "set": SET,
            "set_version": version, "part": number, "parts": len(parts),
            "protection": {
                "method": NOISE, "largest": protection.noise.largest,
                "variance_hundredths": round(protection.noise.variance * 100),
                "people": protection.people,
            },
            "tables": tables,
        }  # fmt: skip
        if number == 1:
            data["not_counted"] = [
                {"table": code, "reason": reason.value}
                for code, reason in prepared.left_out.items()
            ]
        if second_officer:
            data["second_officer"] = True
        found.append(data)
    return found


def _parted(tables: Sequence[NoisyTable], largest: int) -> list[list[dict[str, Any]]]:
    """Tables one after the other into letters; one that is too large goes on in the next."""
    parts: list[list[dict[str, Any]]] = [[]]
    size = 0
    for one in tables:
        pieces = list(_pieces(one, largest))
        for number, piece in enumerate(pieces, start=1):
            entry = _entry(piece, number, len(pieces))
            length = _size(entry)
            if parts[-1] and size + length > largest:
                parts.append([])
                size = 0
            parts[-1].append(entry)
            size += length
    return parts


def _entry(one: NoisyTable, piece: int, pieces: int) -> dict[str, Any]:
    return {
        "table": one.code, "dimensions": list(one.dimensions), "unsplit": list(one.unsplit),
        "piece": piece, "pieces": pieces,
        "cells": [{"codes": list(codes), "value": value} for codes, value in one.cells.items()],
    }  # fmt: skip


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode()) + 1


def _pieces(one: NoisyTable, largest: int) -> Iterator[NoisyTable]:
    head = _size(_entry(replace(one, cells={}), 999, 999))
    found: dict[Codes, int] = {}
    size = head
    for codes, value in one.cells.items():
        length = _size({"codes": list(codes), "value": value})
        if found and size + length > largest:
            yield replace(one, cells=found)
            found, size = {}, head
        found[codes] = value
        size += length
    yield replace(one, cells=found)


@dataclass(frozen=True)
class ReceivedTables:
    """The checked content of one letter."""

    partner: str
    month: Month
    revision: int
    part: int
    parts: int
    tables: tuple[NoisyTable, ...]
    left_out: Mapping[str, Reason]
    version: str
    protection: Mapping[str, Any]
    second_officer: bool


def read(
    data: Mapping[str, Any],
    specs: Mapping[str, Spec],
    protection: Protection,
    exact: Collection[str],
) -> ReceivedTables:
    """Check a letter against the set in force. Raises `Unacceptable`.

    A table that the set does not have is kept as unknown, with its own codes. Whatever counts what
    the month counts exactly, shows too small a number, or has totals that no noise explains is
    refused: the receiver does not store what should not have left.
    """
    if data["set"] != SET or not 1 <= data["part"] <= data["parts"]:
        raise Unacceptable("These are no tables of the regional set, or parts are misnumbered.")
    tables: list[NoisyTable] = []
    for sent in data["tables"]:
        one = _read_table(sent, specs.get(sent["table"]), protection, exact)
        if one.code in {other.code for other in tables}:
            raise Unacceptable(f"Table {one.code} is there twice.")
        tables.append(one)
    return ReceivedTables(
        data["partner"], Month.parse(data["month"]), data["revision"], data["part"],
        data["parts"], tuple(tables),
        {entry["table"]: Reason(entry["reason"]) for entry in data.get("not_counted", ())},
        data["set_version"], data["protection"], data.get("second_officer", False),
    )  # fmt: skip


def _read_table(
    sent: Mapping[str, Any], spec: Spec | None, protection: Protection, exact: Collection[str]
) -> NoisyTable:
    code = sent["table"]
    cells: dict[Codes, int] = {}
    for entry in sent["cells"]:
        codes = tuple(entry["codes"])
        if len(codes) != len(sent["dimensions"]):
            raise Unacceptable(f"Table {code}: {'/'.join(codes)} has not one code a dimension.")
        if codes in cells:
            raise Unacceptable(f"Table {code}: {'/'.join(codes)} is there twice.")
        if entry["value"] < protection.shown_from:
            raise Unacceptable(
                f"Table {code}: a number under {protection.shown_from} is shown at "
                f"{'/'.join(codes)}."
            )
        cells[codes] = entry["value"]
    one = NoisyTable(
        code, tuple(sent["dimensions"]), cells, tuple(sent["unsplit"]), known=spec is not None
    )
    if spec is not None:
        _check_known(one, spec, exact)
        problem = contradiction(one, spec, protection, whole=sent["pieces"] == 1)
        if problem:
            raise Unacceptable(f"Table {code}: {problem}")
    return one


def _check_known(one: NoisyTable, spec: Spec, exact: Collection[str]) -> None:
    if set(spec.events) & set(exact):
        raise Unacceptable(
            f"Table {one.code} counts what the monthly tables count exactly. Leave it out."
        )
    if one.dimensions != names_of(spec):
        raise Unacceptable(
            f"Table {one.code}: the dimensions are {', '.join(one.dimensions)}, not "
            f"{', '.join(names_of(spec))} in this order."
        )
    for codes in one.cells:
        for dimension, code in zip(dimensions_of(spec), codes, strict=True):
            if not fits(dimension, code):
                raise Unacceptable(f"Table {one.code}: '{code}' is no code of '{dimension.code}'.")
        if not one.tells_apart(codes):
            raise Unacceptable(f"Table {one.code}: it is split by what it says it is not.")


def fits(dimension: Dimension, code: str) -> bool:
    """Whether `code` can stand in the dimension.

    >>> from mostovi.statistics.specs import Code
    >>> sex = Dimension("sex", "sex", {"en": "Sex"}, (Code("F", {"en": "Women"}, ("female",)),))
    >>> fits(sex, "F"), fits(sex, "_T"), fits(sex, "female")
    (True, True, False)
    """
    own = any(code == entry.code for entry in dimension.codes)
    return code == TOTAL or own or (dimension.open and bool(OPEN_CODE.match(code)))


def contradiction(
    one: NoisyTable, spec: Spec, protection: Protection, *, whole: bool = True
) -> str:
    """The first total that noise cannot explain, in words; '' where there is none.

    Each number lies at most so far from its count; so a total lies within that many times its
    parts. whole: all cells are here, so a part that is not is hidden and small.
    """
    off = protection.most_off + protection.people
    hidden_most = protection.hidden_below + protection.people - 1
    for at, dimension in enumerate(dimensions_of(spec)):
        if dimension.code in one.unsplit:
            continue
        parts: dict[Codes, list[int]] = {}
        for codes, value in one.cells.items():
            if codes[at] != TOTAL:
                parts.setdefault((*codes[:at], TOTAL, *codes[at + 1 :]), []).append(value)
        for codes, known in parts.items():
            total = one.cells.get(codes)
            most = sum(known) + off * (len(known) + 1)
            most += hidden_most * (len(dimension.codes) - len(known))
            least = sum(known) - off * (len(known) + 1)
            if total is None:
                wrong = whole and sum(known) - off * len(known) > hidden_most
            else:
                wrong = total < least or (whole and not dimension.open and total > most)
            if wrong:
                return (
                    f"the total {'/'.join(codes)} over '{dimension.code}' cannot be that of its "
                    "parts."
                )
    return ""


# --- Sums -----------------------------------------------------------------------------------------


class State(StrEnum):
    """What one partner says of one cell."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    MISSING = "missing"
    UNSPLIT = "unsplit"


@dataclass(frozen=True)
class NoisyFigure:
    """A number with noise, or why there is none. Nothing that is not shown is ever zero."""

    state: State
    value: int | None = None


@dataclass(frozen=True)
class NoisySum:
    """The partners together: a number only if every partner in it shows the cell.

    `partners`: how many are in it. `error`: its standard error, which grows with their number.
    """

    value: int | None
    partners: int
    error: float = 0.0


def figure(table: NoisyTable | None, codes: Codes) -> NoisyFigure:
    """What a partner says of a cell; `table` is None where it has not sent one."""
    if table is None:
        return NoisyFigure(State.MISSING)
    if not table.tells_apart(codes):
        return NoisyFigure(State.UNSPLIT)
    value = table.cells.get(codes)
    return NoisyFigure(State.HIDDEN) if value is None else NoisyFigure(State.SHOWN, value)


def summed(figures: Sequence[NoisyFigure], variance: float) -> NoisySum:
    """The sum over the partners that tell; none where one of them hides the cell."""
    told = [one for one in figures if one.state in {State.SHOWN, State.HIDDEN}]
    values = [one.value for one in told if one.value is not None]
    if not told or len(values) < len(told):
        return NoisySum(None, len(told))
    return NoisySum(sum(values), len(told), sqrt(variance * len(told)))


@dataclass(frozen=True)
class Line:
    """One cell over the partners."""

    codes: Codes
    figures: tuple[NoisyFigure, ...]
    region: NoisySum


def lines(spec: Spec, by_partner: Sequence[NoisyTable | None], variance: float) -> list[Line]:
    """Every cell that at least one partner shows, the coarse ones first."""
    shown = {codes for one in by_partner if one is not None for codes in one.cells}
    found = []
    for codes in ordered(spec, shown):
        figures = tuple(figure(one, codes) for one in by_partner)
        found.append(Line(codes, figures, summed(figures, variance)))
    return found
