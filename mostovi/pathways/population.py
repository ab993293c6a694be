# SPDX-License-Identifier: EUPL-1.2
"""Many people, the same rules: an expression becomes an Ibis expression, NULL is unknown.

Ibis writes the SQL of DuckDB, Spark and others; AND, OR and NOT of SQL follow Kleene's tables as
`evaluating` does, so one rule gives one answer (the tests hold the two against each other). Nothing
here reads rows into Python: DuckDB streams a Parquet file that is larger than memory.

A population is a table with a column for each fact that is known of some; a fact without a column
is unknown of all. Rows that contradict themselves or say what the vocabulary does not allow are
counted and left out, never used (`Prepared.problem`).

Ibis is imported when it is needed: a node starts without it.
"""

from __future__ import annotations

import calendar
import contextlib
import functools
import operator
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from typing import Any as Anything

from mostovi.pathways.certainty import UNCONFIRMED, Bounds, Plain, Together, certainty
from mostovi.pathways.expressions import (
    All,
    Any,
    AtLeast,
    Comparison,
    Constant,
    Expression,
    Not,
    OtherFact,
    Scalar,
    Test,
)
from mostovi.pathways.facts import (
    CALLED_OTHERWISE,
    COUNTRIES,
    STATELESS,
    UNKNOWN_WORDS,
    Conflict,
    Fact,
    FactKind,
    ProblemCode,
    Vocabulary,
)
from mostovi.pathways.law import Combination, Condition

if TYPE_CHECKING:
    import ibis

GROUPINGS: Final = ("partner", "sex", "age_group", "vulnerability", "situation")
"""Columns that are no facts and by which results may be shown."""
WEIGHT: Final = "weight"
UNKNOWN: Final = "unknown"
"""What a group is called whose column is empty."""
AGE_GROUPS: Final = ((4, "0-4"), (11, "5-11"), (17, "12-17"), (59, "18-59"))
OLDEST: Final = "60+"
_PROBLEM: Final = "problem"
_ORDER: Final[Mapping[Comparison, Anything]] = {
    Comparison.IS: operator.eq,
    Comparison.IS_NOT: operator.ne,
    Comparison.AT_LEAST: operator.ge,
    Comparison.AT_MOST: operator.le,
    Comparison.MORE_THAN: operator.gt,
    Comparison.LESS_THAN: operator.lt,
}


class BadPopulation(Exception):
    """The file or table cannot be used as a population; the text says which column and why."""


class RuleLike(Protocol):
    """What of a rule is needed here; `library.Rule` is one."""

    @property
    def pathway(self) -> str: ...
    @property
    def expression(self) -> Expression: ...
    @property
    def conditions(self) -> tuple[Condition, ...]: ...
    @property
    def signed_off(self) -> bool: ...


# --- Rules to columns -----------------------------------------------------------------------------


def compile_expression(
    expression: Expression, table: ibis.Table, seen: dict[Expression, Anything] | None = None
) -> ibis.expr.types.BooleanValue:
    """A boolean column: true, false, or NULL where `evaluate` says None.

    The table's fact columns must be as `prepare` makes them. seen: pass one dict for many
    expressions of the same table, so that what they share is built once.
    """
    return _Compiler(table, {} if seen is None else seen).compile(expression)


def compile_rules(
    rules: Sequence[RuleLike],
    table: ibis.Table,
    *,
    answers: bool = False,
    vocabulary: Vocabulary | None = None,
) -> ibis.Table:
    """The table with a column for each pathway; with answers, `<pathway>_answer` too.

    Answers are the words of `answers.check` and keep R6: open where every completion of the facts
    says so; closed only where the rule is signed off and signed-off conditions alone show the no;
    otherwise maybe. (Of the noes that no single condition shows, `check` can tell some as closed
    that stay maybe here.)
    """
    import ibis

    seen: dict[Expression, Anything] = {}
    columns: dict[str, Anything] = {}
    for rule in rules:
        columns[rule.pathway] = compile_expression(rule.expression, table, seen)
        if answers:
            bounds = certainty(rule.expression, vocabulary).bounds
            branches = [(compile_bounds(bounds, table, seen)[0], "open")]
            if rule.signed_off:
                shown = All(tuple(_signed_part(condition) for condition in rule.conditions))
                signed_no = ~compile_expression(shown, table, seen).fill_null(True)
                branches.append((signed_no, "closed"))
            columns[f"{rule.pathway}_answer"] = ibis.cases(*branches, else_="maybe")
    return table.mutate(**columns)


def _signed_part(condition: Condition) -> Expression:
    """What of a condition lawyers have signed off; the rest counts as unknown."""
    if not condition.review.is_reviewed:
        return Constant(None)
    parts = tuple(_signed_part(part) for part in condition.parts)
    if condition.combination is Combination.ALL:
        return All(parts)
    if condition.combination is Combination.ANY:
        return Any(parts)
    if condition.combination is Combination.NOT:
        return Not(parts[0])
    if condition.combination is Combination.AT_LEAST:
        return AtLeast(condition.count, parts)
    return condition.expression


def compile_bounds(
    bounds: Bounds, table: ibis.Table, seen: dict[Expression, Anything] | None = None
) -> tuple[Anything, Anything]:
    """Two boolean columns without NULL: certain, and possible, as in `certainty`."""
    import ibis

    seen = {} if seen is None else seen
    if isinstance(bounds, Plain):
        holds = compile_expression(bounds.expression, table, seen)
        return holds.fill_null(False), holds.fill_null(True)
    if isinstance(bounds, Together):
        pairs = [compile_bounds(part, table, seen) for part in bounds.parts]
        join = ibis.and_ if bounds.every else ibis.or_
        return join(*(least for least, _ in pairs)), join(*(most for _, most in pairs))
    certain, possible = [], []
    for test, part in bounds.branches:
        within = compile_expression(test, table, seen)
        least, most = compile_bounds(part, table, seen)
        certain.append(~within.fill_null(True) | least)
        possible.append(within.fill_null(True) & most)
    return ibis.and_(*certain), ibis.or_(*possible)


class _Compiler:
    def __init__(self, table: ibis.Table, seen: dict[Expression, Anything]) -> None:
        self.table = table
        self.columns = frozenset(table.columns)
        self.seen = seen

    def compile(self, expression: Expression) -> Anything:
        made = self.seen.get(expression)
        if made is None:
            made = self.seen[expression] = self.make(expression)
        return made

    def make(self, expression: Expression) -> Anything:
        import ibis

        if isinstance(expression, Test):
            return self.test(expression)
        if isinstance(expression, Constant):
            return _truth(expression.value)
        if isinstance(expression, Not):
            return ~self.compile(expression.part)
        parts = [self.compile(part) for part in expression.parts]
        if isinstance(expression, All):
            return ibis.and_(*parts)
        if isinstance(expression, Any):
            return ibis.or_(*parts)
        return _enough(expression.count, parts)

    def column(self, fact: str) -> Anything | None:
        if fact.startswith(UNCONFIRMED) or fact not in self.columns:
            return None
        return self.table[fact]

    def test(self, test: Test) -> Anything:
        column, value = self.column(test.fact), test.value
        if column is None:
            return _truth(None)
        if isinstance(value, OtherFact):
            other = self.column(value.fact)
            if other is None:
                return _truth(None)
            return _ORDER[test.comparison](column, other)
        if isinstance(value, tuple):
            return _among(column, value, test.comparison)
        if isinstance(value, bool) and column.type().is_boolean():
            return column if value is (test.comparison is Comparison.IS) else ~column
        return _ORDER[test.comparison](column, _literal(value))


def _among(column: Anything, values: tuple[Scalar, ...], comparison: Comparison) -> Anything:
    import ibis

    if not values:
        known = _truth(comparison is Comparison.NOT_IN)
        return ibis.ifelse(column.isnull(), _truth(None), known)
    found = column.isin([_literal(value) for value in values])
    return ~found if comparison is Comparison.NOT_IN else found


def _literal(value: Anything) -> Anything:
    import ibis

    if isinstance(value, float):
        # Written out, a database would read it as a decimal and might round it on the way.
        return ibis.literal(repr(value)).cast("float64")
    return ibis.literal(value)


def _truth(value: bool | None) -> Anything:
    import ibis

    return ibis.null("boolean") if value is None else ibis.literal(value)


def _enough(count: int, parts: Sequence[Anything]) -> Anything:
    import ibis

    if count <= 0:
        return _truth(True)
    if count > len(parts):
        return _truth(False)
    true = functools.reduce(operator.add, (p.fill_null(False).cast("int8") for p in parts))
    hoped = functools.reduce(operator.add, (p.fill_null(True).cast("int8") for p in parts))
    return ibis.cases((true >= count, True), (hoped < count, False), else_=_truth(None))


# --- A table of people ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """A population ready for rules.

    table: fact columns as rules want them, the grouping columns (text, `unknown` where empty),
    `weight`, and `problem`: NULL, or `<problem code>:<fact or conflict>` of a row that must not be
    used. facts: those with a column. ignored: columns that mean nothing here. weighted: a row
    stands for as many people as its `weight` says, otherwise for one.
    """

    table: ibis.Table
    facts: frozenset[str]
    groupings: tuple[str, ...]
    ignored: tuple[str, ...]
    weighted: bool
    on: date

    @property
    def usable(self) -> ibis.Table:
        """The rows that may be used."""
        return self.table.filter(self.table[_PROBLEM].isnull())

    def problems(self) -> dict[str, int]:
        """How many rows are left out, by problem; the first of each row counts."""
        bad = self.table.filter(self.table[_PROBLEM].notnull())
        counted = bad.group_by(_PROBLEM).aggregate(rows=bad.count()).order_by(_PROBLEM)
        found = counted.to_pyarrow().to_pydict()
        return dict(zip(found[_PROBLEM], found["rows"], strict=True))

    def missing(self, expressions: Sequence[Expression]) -> tuple[str, ...]:
        """Facts that the expressions test and that nobody's row holds: unknown of all."""
        from mostovi.pathways.expressions import facts_of

        asked = {fact for expression in expressions for fact in facts_of(expression)}
        return tuple(
            sorted(f for f in asked if f not in self.facts and not f.startswith(UNCONFIRMED))
        )


def prepare(table: ibis.Table, vocabulary: Vocabulary, on: date) -> Prepared:
    """Read a table's columns as `facts.read_facts` reads a person. Raises `BadPopulation`."""
    return _Reading(table, vocabulary, on).prepared()


@contextlib.contextmanager
def on_duckdb(
    path: Path, *, memory: str = "1GB", threads: int | None = None
) -> Iterator[ibis.Table]:
    """The Parquet file as a table that DuckDB streams. Raises `BadPopulation`."""
    import duckdb
    import ibis

    if not path.exists():
        raise FileNotFoundError(2, "No such file", str(path))
    with tempfile.TemporaryDirectory(prefix="mostovi-population-") as scratch:
        options: dict[str, Anything] = {"memory_limit": memory, "temp_directory": scratch}
        if threads:
            options["threads"] = threads
        connection = ibis.duckdb.connect(**options)
        try:
            connection.con.execute("SET preserve_insertion_order = false")
            try:
                table = connection.read_parquet(str(path))
            except duckdb.Error as error:
                raise BadPopulation(f"{path} cannot be read as Parquet: {error}") from error
            yield table
        finally:
            connection.disconnect()


class _Reading:
    """Reads the columns of one table; collects what is wrong with a row."""

    def __init__(self, table: ibis.Table, vocabulary: Vocabulary, on: date) -> None:
        self.table, self.vocabulary, self.on = table, vocabulary, on
        self.wrong: list[tuple[Anything, str]] = []
        self.columns: dict[str, Anything] = {}

    def prepared(self) -> Prepared:
        by_date = self.vocabulary.by_date
        known = {*self.vocabulary.facts, *by_date, *GROUPINGS, WEIGHT}
        present = set(self.table.columns)
        for fact in self.vocabulary:
            if fact.code in present:
                self.columns[fact.code] = self.read(fact, self.table[fact.code])
            if fact.from_date in present:
                self.count_from(fact, self.table[fact.from_date])
        facts = frozenset(self.columns)
        read = self.table.mutate(**self.columns) if self.columns else self.table
        conflicts = [
            (condition, f"{ProblemCode.CONTRADICTION}:{conflict.code}")
            for conflict in self.vocabulary.conflicts
            if set(conflict.facts) <= facts
            for condition in [_broken(conflict, self.columns)]
        ]
        groupings = self.groupings(present)
        weight = self.weight() if WEIGHT in present else _one()
        read = self.table.select(
            **self.columns,
            **groupings,
            **{WEIGHT: weight, _PROBLEM: _first([*self.wrong, *conflicts])},
        )
        ignored = tuple(sorted(present - known))
        return Prepared(read, facts, tuple(groupings), ignored, WEIGHT in present, self.on)

    def note(self, condition: Anything, code: ProblemCode, name: str) -> None:
        self.wrong.append((condition, f"{code}:{name}"))

    def read(self, fact: Fact, column: Anything) -> Anything:
        kind, name = column.type(), fact.code
        if kind.is_null():
            return column.cast(_type_of(fact))
        if fact.kind is FactKind.NUMBER:
            return self.number(fact, column)
        if fact.kind is FactKind.YES_NO:
            return self.yes_no(name, column)
        if not kind.is_string():
            raise BadPopulation(f"column '{name}' must be text, not {kind}")
        text = _text(column)
        if fact.kind is FactKind.COUNTRY:
            text = _country(text)
            self.note(~text.isin(sorted({*COUNTRIES, STATELESS})), ProblemCode.WRONG_TYPE, name)
        else:
            self.note(~text.isin(list(fact.choices)), ProblemCode.WRONG_TYPE, name)
        return text

    def yes_no(self, name: str, column: Anything) -> Anything:
        import ibis

        if column.type().is_boolean():
            return column
        if not column.type().is_string():
            raise BadPopulation(f"column '{name}' must be true or false, not {column.type()}")
        word = _text(column).lower()
        self.note(~word.isin(["yes", "true", "no", "false"]), ProblemCode.WRONG_TYPE, name)
        return ibis.cases(
            (word.isin(["yes", "true"]), True),
            (word.isin(["no", "false"]), False),
            else_=_truth(None),
        )

    def number(self, fact: Fact, column: Anything) -> Anything:
        kind, name = column.type(), fact.code
        if kind.is_string():
            text = _text(column)
            read = text.replace(",", ".").try_cast("float64")
            self.note(text.notnull() & read.isnull(), ProblemCode.WRONG_TYPE, name)
            column = read
        elif kind.is_boolean() or not kind.is_numeric():
            raise BadPopulation(f"column '{name}' must be numbers, not {kind}")
        if column.type().is_floating():
            column = _without_nan(column)
            outside = ~column.between(fact.lowest, fact.highest)
            self.note(outside, ProblemCode.OUT_OF_RANGE, name)
            if fact.decimals:
                return column.cast("float64")
            self.note(column != column.floor(), ProblemCode.WRONG_TYPE, name)
            import ibis

            return ibis.ifelse(outside, None, column).cast("int64")
        outside = ~column.between(_literal(fact.lowest), _literal(fact.highest))
        self.note(outside, ProblemCode.OUT_OF_RANGE, name)
        if column.type().is_decimal() and not fact.decimals:
            self.note(column != column.floor(), ProblemCode.WRONG_TYPE, name)
        return column.cast(_type_of(fact))

    def count_from(self, fact: Fact, column: Anything) -> None:
        """The fact as whole years or months since the date, beside what its own column says."""
        name, kind = fact.from_date, column.type()
        if kind.is_string():
            text = _text(column)
            day = text.try_cast("date")
            self.note(text.notnull() & day.isnull(), ProblemCode.BAD_DATE, name)
        elif kind.is_date() or kind.is_timestamp():
            day = column.cast("date")
        elif kind.is_null():
            return
        else:
            raise BadPopulation(f"column '{name}' must be dates, not {kind}")
        counted = _whole_months(day, self.on)
        if fact.unit == "years":
            counted = (counted / 12).floor().cast("int64")
        self.note(day > _day(self.on), ProblemCode.FUTURE_DATE, name)
        self.note(~counted.between(fact.lowest, fact.highest), ProblemCode.OUT_OF_RANGE, name)
        said = self.columns.get(fact.code)
        if said is None:
            self.columns[fact.code] = counted
        else:
            self.note(said != counted, ProblemCode.DISAGREES, name)
            self.columns[fact.code] = said.fill_null(counted)

    def groupings(self, present: set[str]) -> dict[str, Anything]:
        import ibis

        found: dict[str, Anything] = {}
        for name in GROUPINGS:
            if name in present:
                found[name] = _text(self.table[name].cast("string")).fill_null(UNKNOWN)
            elif name == "age_group" and "age" in self.columns:
                age = self.columns["age"]
                found[name] = ibis.cases(
                    *((age <= last, group) for last, group in AGE_GROUPS),
                    (age.notnull(), OLDEST),
                    else_=UNKNOWN,
                )
        return found

    def weight(self) -> Anything:
        column = self.table[WEIGHT]
        if not column.type().is_numeric():
            raise BadPopulation(f"column '{WEIGHT}' must be numbers, not {column.type()}")
        column = column.cast("float64")
        self.note(~(column > 0).fill_null(False), ProblemCode.OUT_OF_RANGE, WEIGHT)
        return column


def _one() -> Anything:
    import ibis

    return ibis.literal(1.0).cast("float64")


def _type_of(fact: Fact) -> str:
    if fact.kind is FactKind.YES_NO:
        return "boolean"
    if fact.kind is FactKind.NUMBER:
        return "float64" if fact.decimals else "int64"
    return "string"


def _text(column: Anything) -> Anything:
    """Without spaces around it; NULL for the words that mean not known."""
    import ibis

    text = column.strip()
    return ibis.ifelse(text.isin(sorted(UNKNOWN_WORDS)), None, text)


def _country(text: Anything) -> Anything:
    import ibis

    upper = text.upper()
    return ibis.cases(
        *((upper == code, word or None) for code, word in CALLED_OTHERWISE.items()),
        (text.length() == 2, upper),
        else_=text,
    )


def _without_nan(column: Anything) -> Anything:
    import ibis

    return ibis.ifelse(column.isnan(), None, column)


def _day(day: date) -> Anything:
    import ibis

    return ibis.literal(day)


def _whole_months(day: Anything, on: date) -> Anything:
    """`facts.whole_months` in a database."""
    import ibis

    last = calendar.monthrange(on.year, on.month)[1]
    start = ibis.least(day.day().cast("int64"), ibis.literal(last, "int64"))
    months = (on.year - day.year().cast("int64")) * 12 + (on.month - day.month().cast("int64"))
    return months - ibis.ifelse(start > on.day, 1, 0).cast("int64")


def _broken(conflict: Conflict, columns: Mapping[str, Anything]) -> Anything:
    import ibis

    if conflict.order:
        first, comparison, second = conflict.order
        return ~_ORDER[comparison](columns[first], columns[second])
    tests = []
    for fact, comparison, value in conflict.tests:
        column = columns[fact]
        if comparison in (Comparison.IN, Comparison.NOT_IN):
            tests.append(_among(column, tuple(value), comparison))
        else:
            tests.append(_ORDER[comparison](column, _literal(value)))
    return ibis.and_(*tests)


def _first(problems: Sequence[tuple[Anything, str]]) -> Anything:
    import ibis

    if not problems:
        return ibis.null("string")
    return ibis.cases(*problems, else_=ibis.null("string"))
