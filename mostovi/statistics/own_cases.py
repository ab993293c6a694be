# SPDX-License-Identifier: EUPL-1.2
"""The node's own open cases as a population for reforms: counts first protected, then asked (R11).

What a reform would change for real people must not tell about one of them, however many slightly
different reforms somebody tries. So no reform is ever tried on the cases. Once a month the open
cases are counted by sex and age, the counts are rounded (`rounding`) and kept, and every reform of
that month is tried on these published numbers. Whatever comes out follows from them; two results
held against each other show what they show, and nothing of anybody.

Only what may be counted without opening a file is counted: sex, year of birth, how sure it is.
Whatever else a law asks is unknown here. Nothing sealed is opened, checks saved in cases neither:
they are held for protection, not for statistics (R1).
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.db.models.functions import Coalesce
from django.utils import timezone

from mostovi.cases.models import Case
from mostovi.pathways import drafting, law_sources, populations
from mostovi.pathways.evaluating import evaluate
from mostovi.pathways.expressions import Expression, Not, OtherFact, Test
from mostovi.pathways.library import library
from mostovi.pathways.models import ReformVersion
from mostovi.pathways.population import UNKNOWN, Prepared, prepare
from mostovi.pathways.rules import Rule
from mostovi.pathways.simulation import CannotSimulate, Range, Row, Simulation
from mostovi.pathways.simulation_results import ProtectedRow, ProtectedSimulation
from mostovi.people.models import AgeCertainty, Person
from mostovi.rights.vault import vault
from mostovi.statistics.models import ProtectedStock
from mostovi.statistics.months import Month
from mostovi.statistics.rounding import BASE, between, rounded

CODE: Final = "own_cases"
SEXES: Final = ("female", "male")
DOUBTED: Final = "doubted"
_CARRY: Final = 2**26
"""A row's weight carries two counts, `least * _CARRY + most`: sums of both come out exact."""


@dataclass(frozen=True)
class Band:
    """Ages that are counted together."""

    code: str
    low: int
    high: int


BANDS: Final = (
    Band("0-11", 0, 11),
    Band("12-17", 12, 17),
    Band("18-59", 18, 59),
    Band("60+", 60, 120),
)
AGES: Final = (*(band.code for band in BANDS), DOUBTED, UNKNOWN)
CELLS: Final = (*((sex, age) for sex in SEXES for age in AGES), (UNKNOWN, UNKNOWN))
"""Few cells: every one makes what is shown five wider. Of an unknown sex no age is counted."""

Stock = Mapping[tuple[str, str], int]
"""People by (sex, age): counted, or as published."""


class TooFew(CannotSimulate):
    """So few cases are open that their protected counts say nothing."""


# --- Counting, and what is published of it --------------------------------------------------------


def age_cell(birth_year: int | None, certainty: str, year: int) -> str:
    """Where a person is counted in `year`: a band, in doubt, or unknown.

    Of a year of birth two ages follow; where they lie in two bands the age is unknown. An
    estimated year is no known age.

    >>> age_cell(2010, "exact", 2026), age_cell(2008, "exact", 2026)
    ('12-17', 'unknown')
    """
    if certainty == AgeCertainty.DOUBTED:
        return DOUBTED
    if birth_year is None or certainty != AgeCertainty.EXACT:
        return UNKNOWN
    younger, older = max(0, year - birth_year - 1), max(0, year - birth_year)
    found = (b.code for b in BANDS if b.low <= younger and older <= b.high)
    return next(found, UNKNOWN)


def counted(today: date) -> Stock:
    """People with an open case, each once. Never leaves this module but rounded."""
    open_cases = Case.objects.filter(closed_at__isnull=True).order_by()
    persons = open_cases.values(who=Coalesce("person__joined_to_id", "person_id"))
    rows = (
        Person.objects.filter(pk__in=persons, erased_at__isnull=True)
        .order_by()
        .values_list("sex", "birth_year", "age_certainty")
        .annotate(count=Count("pk"))
    )
    found: Counter[tuple[str, str]] = Counter()
    for sex, birth_year, certainty, count in rows:
        age = age_cell(birth_year, certainty, today.year)
        found[(sex, age) if sex in SEXES else (UNKNOWN, UNKNOWN)] += count
    return found


def published(counts: Stock, earlier: Stock | None, secret: bytes) -> dict[tuple[str, str], int]:
    """What is published of a count; every cell is, also those with nobody."""
    return {
        (sex, age): rounded(
            counts.get((sex, age), 0),
            None if earlier is None else earlier.get((sex, age)),
            f"{sex}:{age}",
            secret,
        )
        for sex, age in CELLS
    }


def stock(today: date) -> ProtectedStock:
    """The numbers in force in the month of `today`; counted when they are first asked for."""
    period = str(Month.of(today))
    found = ProtectedStock.objects.filter(period=period).first()
    if found is not None:
        return found
    last = ProtectedStock.objects.order_by("-period").first()
    secret = vault().blind("statistics:own_cases")
    cells = published(counted(today), _cells(last) if last else None, secret)
    try:
        with transaction.atomic():
            return ProtectedStock.objects.create(
                period=period, counted_on=today, rounded_to=BASE,
                cells=[[sex, age, value] for (sex, age), value in cells.items()],
            )  # fmt: skip
    except IntegrityError:
        # Another worker counted at the same moment; its numbers stand.
        return ProtectedStock.objects.get(period=period)


def _cells(found: ProtectedStock) -> Stock:
    return {(sex, age): value for sex, age, value in found.cells}


# --- The population -------------------------------------------------------------------------------


@contextlib.contextmanager
def open_people(partner: str, on: date) -> Iterator[Prepared]:
    """The published numbers as a population. Raises `CannotSimulate`, `TooFew`.

    `on` chooses the law, never other people: ages are those of the day they were counted on.
    """
    import ibis
    import pyarrow as pa

    if partner != settings.MOSTOVI.partner:
        raise CannotSimulate("the cases of this node are of its own partner")
    cells = _cells(stock(timezone.localdate()))
    if not any(cells.values()):
        raise TooFew("too few cases are open here to say anything that protects the persons")
    tests = age_tests(partner, on)
    columns = list(
        zip(*(_person(*cell, value, tests) for cell, value in cells.items()), strict=True)
    )
    names = ("sex", "age_group", "age", "age_in_doubt", "weight")
    kinds = (pa.string(), pa.string(), pa.int64(), pa.bool_(), pa.float64())
    table = pa.table({n: pa.array(c, k) for n, c, k in zip(names, columns, kinds, strict=True)})
    yield prepare(ibis.memtable(table), library().vocabulary, on)


def _person(sex: str, age: str, value: int, tests: frozenset[Test]) -> tuple[Any, ...]:
    """A cell as one row: what is known of its people, and how many there can be."""
    least, most = between(value)
    weight = float(least * _CARRY + most)
    band = next((band for band in BANDS if band.code == age), None)
    if band is None:
        # A doubtful age is a child's (R7), and no known age.
        doubted = age == DOUBTED
        return sex, "12-17" if doubted else UNKNOWN, None, True if doubted else None, weight
    known = all(_same(test, band) for test in tests)
    return sex, band.code, band.low if known else None, False, weight


def _same(test: Test, band: Band) -> bool:
    """Whether a test of the age says the same of everybody in the band."""
    first = evaluate(test, {"age": band.low})
    return all(evaluate(test, {"age": n}) is first for n in range(band.low + 1, band.high + 1))


def age_tests(partner: str, on: date) -> frozenset[Test]:
    """Every test of the age in the partner's law of the day and in the drafts on it."""
    law = library().partner(partner)
    found: set[Test] = set()
    for rule in library().in_force(partner, on):
        found |= _tests_of(rule.expression)
    drafts = ReformVersion.objects.filter(reform__partner=partner, problems=0)
    for pathway, text in drafts.values_list("reform__pathway", "text"):
        checked = drafting.check(partner, pathway, text)
        if checked.pathway is not None:
            rule_ = law_sources.on_day(law, checked.pathway, on)
            if isinstance(rule_, Rule):
                found |= _tests_of(rule_.expression)
    return frozenset(found)


def _tests_of(expression: Expression) -> set[Test]:
    if isinstance(expression, Test):
        asked = expression.fact == "age" and not isinstance(expression.value, OtherFact)
        return {expression} if asked else set()
    parts: Iterable[Expression] = getattr(expression, "parts", ())
    if isinstance(expression, Not):
        parts = (expression.part,)
    return set().union(*(_tests_of(part) for part in parts))


# --- The result -----------------------------------------------------------------------------------


def protect(found: Simulation) -> Simulation:
    """The result with every count as the range that follows from the published numbers."""
    in_force = stock(timezone.localdate())
    kept = {field.name: getattr(found, field.name) for field in fields(Simulation)}
    kept |= {
        "rows": tuple(_protected(row) for row in sorted(found.rows, key=_place)),
        "total": _protected(found.total),
        "left_out": {},
        "weighted": False,
    }
    return ProtectedSimulation(
        **kept, counted_on=in_force.counted_on, rounded_to=in_force.rounded_to
    )


def _place(row: Row) -> tuple[int, ...]:
    """By sex and age, unknown last; an order that no count decides."""
    order = (*SEXES, *AGES)
    return tuple(order.index(code) if code != UNKNOWN else len(order) for code in row.groups)


def _protected(row: Row) -> ProtectedRow:
    people, undecided = row.people or 0, row.undecided or 0
    sure = (row.newly_qualify.least or 0) + (row.lose.least or 0)
    return ProtectedRow(
        groups=row.groups,
        people=None,
        open_before=_range(row.open_before),
        open_after=_range(row.open_after),
        newly_qualify=_range(row.newly_qualify),
        lose=_range(row.lose),
        undecided=None,
        people_between=_range(Range(people, people)),
        # Whoever certainly gains or loses is not among the undecided.
        unchanged_between=_range(Range(people - sure - undecided, people - sure)),
        undecided_between=_range(Range(undecided, undecided)),
    )


def _range(weights: Range) -> Range:
    """At least as many as the certain ones at least are, at most as the possible ones at most."""
    return Range(int(weights.least or 0) // _CARRY, int(weights.most or 0) % _CARRY)


def offer() -> None:
    """Let reforms be tried on this node's cases; called once at start-up."""
    populations.register(CODE, open_people, protect)
