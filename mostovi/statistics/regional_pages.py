# SPDX-License-Identifier: EUPL-1.2
"""Tables with noise made ready to draw, for officers and for everybody, in the active language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from mostovi.statistics import regional_release, regional_tables
from mostovi.statistics.cubes import TOTAL
from mostovi.statistics.months import Month
from mostovi.statistics.partners import NAMES
from mostovi.statistics.regional_tables import Codes, Line, NoisyTable, Prepared, Reason
from mostovi.statistics.specs import Spec
from mostovi.statistics.table_services import protection
from mostovi.statistics.tables import in_language

MOST_LINES: Final = 100
"""A public page stays under 100 kB also with six partners."""
WORDS: Final[Mapping[str, str | Promise]] = {
    Reason.EXACT: gettext_lazy("counted exactly in the monthly tables; both would undo the noise"),
    Reason.NO_SOURCE: gettext_lazy("no records that may be counted for statistics"),
    Reason.NOT_GIVEN: gettext_lazy("not brought with the workbook"),
}


def language() -> str:
    """The active language."""
    return get_language() or "en"


def title_of(code: str) -> str:
    """A table's title; an unknown table is called by its code."""
    spec = regional_release.specs().get(code)
    return in_language(spec.title, language()) if spec else code


def definition_of(code: str) -> str:
    """What one unit of a table of the set is."""
    return in_language(regional_release.specs()[code].definition, language())


def labels(spec: Spec, codes: Codes) -> list[str]:
    """The labels of a cell, '' where it is summed over."""
    return [
        "" if code == TOTAL else in_language(dimension.label_of(code), language())
        for dimension, code in zip(regional_tables.dimensions_of(spec), codes, strict=True)
    ]


def heads(spec: Spec) -> list[str]:
    """The dimensions' labels."""
    return [in_language(one.label, language()) for one in regional_tables.dimensions_of(spec)]


@dataclass(frozen=True)
class OwnLine:
    """One cell of one partner: what leaves, None where it is hidden; the count beside it."""

    labels: list[str]
    value: int | None
    count: int | None = None
    total: bool = False


@dataclass(frozen=True)
class OwnTable:
    """One partner's table. `more`: cells that are not listed; `hidden`: with people, not shown."""

    code: str
    title: str
    definition: str
    dimensions: list[str]
    lines: list[OwnLine]
    unsplit: list[str]
    more: int
    hidden: int
    own_method: bool


def own_tables(
    tables: Sequence[NoisyTable], counts: Mapping[str, Mapping[Codes, int]] | None = None
) -> list[OwnTable]:
    """What leaves of one partner; with `counts` beside what was counted. Unknown tables not."""
    known = regional_release.specs()
    return [
        _own(one, known[one.code], None if counts is None else counts.get(one.code, {}))
        for one in tables
        if one.code in known and one.dimensions == regional_tables.names_of(known[one.code])
    ]


def _own(one: NoisyTable, spec: Spec, counts: Mapping[Codes, int] | None) -> OwnTable:
    told = [codes for codes in counts or {} if one.tells_apart(codes)]
    listed = regional_tables.ordered(spec, [*one.cells, *told])
    lines = [
        OwnLine(
            labels(spec, codes), one.cells.get(codes),
            None if counts is None else counts.get(codes, 0), set(codes) == {TOTAL},
        )
        for codes in listed[:MOST_LINES]
    ]  # fmt: skip
    names = dict(zip(one.dimensions, heads(spec), strict=True))
    return OwnTable(
        one.code, in_language(spec.title, language()), in_language(spec.definition, language()),
        heads(spec), lines,
        [names[name] for name in one.unsplit], max(0, len(listed) - MOST_LINES),
        sum(codes not in one.cells for codes in told),
        one.method == regional_tables.OWN_METHOD,
    )  # fmt: skip


def left_out(prepared: Prepared) -> list[tuple[str, str | Promise]]:
    """(title, why) of every table that does not leave."""
    return [(title_of(code), WORDS[reason]) for code, reason in prepared.left_out.items()]


# --- The region -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegionLine:
    """One cell over the partners."""

    labels: list[str]
    line: Line
    total: bool


@dataclass(frozen=True)
class RegionTable:
    """A table over the partners. `why`: (partner, reason) where it is not counted."""

    spec: Spec
    title: str
    definition: str
    footnotes: list[str]
    dimensions: list[str]
    lines: list[RegionLine]
    more: int
    sent: int
    unsplit: list[tuple[str | Promise, str]]
    why: list[tuple[str | Promise, str | Promise]]
    own_method: list[str | Promise]


def region_table(
    spec: Spec, month: Month, revisions: Mapping[str, int], partners: Sequence[str]
) -> RegionTable:
    """The table of the given revisions, one column for each of `partners`."""
    found = regional_release.of_revisions(month, revisions)
    tables = [_known(found.get(partner, {}).get(spec.code)) for partner in partners]
    lines = regional_tables.lines(spec, tables, protection().noise.variance)
    why = regional_release.reasons(month, revisions)
    names = dict(zip(regional_tables.names_of(spec), heads(spec), strict=True))
    return RegionTable(
        spec, in_language(spec.title, language()), in_language(spec.definition, language()),
        [in_language(note, language()) for note in spec.footnotes], heads(spec),
        [
            RegionLine(labels(spec, one.codes), one, set(one.codes) == {TOTAL})
            for one in lines[:MOST_LINES]
        ],
        max(0, len(lines) - MOST_LINES), sum(one is not None for one in tables),
        [
            (NAMES[partner], ", ".join(names[name] for name in one.unsplit))
            for partner, one in zip(partners, tables, strict=True)
            if one is not None and one.unsplit
        ],
        [
            (NAMES[partner], WORDS.get(why[partner][spec.code], why[partner][spec.code]))
            for partner in partners
            if spec.code in why.get(partner, {})
        ],
        [
            NAMES[partner]
            for partner, one in zip(partners, tables, strict=True)
            if one is not None and one.method == regional_tables.OWN_METHOD
        ],
    )  # fmt: skip


def _known(one: NoisyTable | None) -> NoisyTable | None:
    return one if one is not None and one.known else None


@dataclass(frozen=True)
class Listed:
    """A table of the set in a month: how many partners sent it, how many cells they show."""

    code: str
    title: str
    sent: int
    shown: int
    known: bool = True


def listed(month: Month, revisions: Mapping[str, int]) -> list[Listed]:
    """Every table that came of a month, known ones in the set's order, then unknown ones."""
    found = regional_release.of_revisions(month, revisions)
    known = regional_release.specs()
    came: dict[str, list[NoisyTable]] = {}
    for tables in found.values():
        for one in tables.values():
            came.setdefault(one.code, []).append(one)
    order = [code for code in known if code in came] + sorted(came.keys() - known.keys())
    return [
        Listed(
            code, title_of(code), len(came[code]), sum(len(one.cells) for one in came[code]),
            any(one.known for one in came[code]),
        )
        for code in order
    ]  # fmt: skip


def method() -> str:
    """What noise is done and what it means, in one paragraph."""
    rule = protection()
    return _(
        "Each number carries noise: nothing on average, %(error)s up or down typically. What is "
        "not shown stands for nobody or a few, never for zero. Totals have noise of their own, so "
        "parts need not add up to them; take totals from the table. A sum over partners has the "
        "standard error that stands beside it."
    ) % {"error": f"{rule.standard_error:.1f}"}
