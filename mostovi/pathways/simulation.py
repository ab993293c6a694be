# SPDX-License-Identifier: EUPL-1.2
"""What a reform would change for a population: who newly qualifies, who loses, how sure that is.

Every count is a range: `least` are those of whom it is certain whatever the unknown facts turn out
to be, `most` those of whom it is possible. The truth lies within. What stands unchanged in both
laws cancels out first (`certainty`), so that an unknown fact makes a change uncertain only where
the change depends on it. A part of the law that nobody could confirm is unknown for everybody, and
the same unknown on both sides where the reform leaves it as it is.

A simulation says what rules say. It decides nothing about anybody (R4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any as Anything
from typing import Final, NamedTuple, TypeAlias

from mostovi.pathways import certainty
from mostovi.pathways.certainty import Certainty
from mostovi.pathways.expressions import All, Any, AtLeast, Constant, Expression, Not, facts_of
from mostovi.pathways.law import Availability, Combination, Condition
from mostovi.pathways.planes import Planes
from mostovi.pathways.population import (
    AGE_GROUPS,
    GROUPINGS,
    OLDEST,
    UNKNOWN,
    WEIGHT,
    Prepared,
    compile_bounds,
)
from mostovi.pathways.rules import NoRule, Rule

Law: TypeAlias = Rule | NoRule
"""A pathway on a day: its rule, or that there is none."""

MEASURES: Final = ("open_before", "open_after", "newly_qualify", "lose")


class CannotSimulate(ValueError):
    """The population has no such column, or the two laws are of different pathways."""


class Range(NamedTuple):
    """People, at least and at most; None where a count may not be shown."""

    least: float | None
    most: float | None


@dataclass(frozen=True)
class Row:
    """One group. undecided: people of whom the change is not certain; None: may not be shown."""

    groups: tuple[str, ...]
    people: float | None
    open_before: Range
    open_after: Range
    newly_qualify: Range
    lose: Range
    undecided: float | None

    @property
    def uncertain_share(self) -> float | None:
        """Of whom the change is not certain, 0 to 1."""
        if self.people is None or self.undecided is None:
            return None
        return self.undecided / self.people if self.people else 0.0

    def ranges(self) -> Mapping[str, Range]:
        """The four measures by name."""
        return {name: getattr(self, name) for name in MEASURES}


@dataclass(frozen=True)
class Simulation:
    """The result for one pathway.

    exact: the ranges are as narrow as the data allow; otherwise still right, but maybe wider.
    missing: facts that no column holds, unknown of everybody. unconfirmed: conditions of either law
    whose content nobody could confirm. left_out: rows that were not used, by problem.
    same_rule: the reform does not change what the rule says on that day.
    """

    pathway: str
    partner: str
    on: date
    by: tuple[str, ...]
    rows: tuple[Row, ...]
    total: Row
    before_version: str
    after_version: str
    signed_off: bool
    same_rule: bool
    exact: bool
    missing: tuple[str, ...]
    unconfirmed: tuple[str, ...]
    left_out: Mapping[str, int]
    ignored: tuple[str, ...]
    weighted: bool


@dataclass(frozen=True)
class Change:
    """The four questions about two laws, ready to be asked of people."""

    before: Expression
    after: Expression
    bounds: Mapping[str, Certainty]

    @property
    def same(self) -> bool:
        """No person, whatever the facts, is answered differently."""
        nobody = certainty.Plain(Constant(False))
        return all(self.bounds[name].bounds == nobody for name in ("newly_qualify", "lose"))

    @property
    def exact(self) -> bool:
        """All ranges are as narrow as they can be."""
        return all(found.exact for found in self.bounds.values())


def change(before: Law, after: Law, vocabulary: Anything) -> Change:
    """What is asked of each person, from the law in force and the reform."""
    return change_between(expression_of(before), expression_of(after), vocabulary)


def change_between(before: Expression, after: Expression, vocabulary: Anything) -> Change:
    """The same for expressions; `certainty.unconfirmed` names what is the same unknown in both."""
    asked = {
        "open_before": before,
        "open_after": after,
        "newly_qualify": certainty.newly(before, after),
        "lose": certainty.newly(after, before),
    }
    return Change(
        before, after, {name: certainty.certainty(e, vocabulary) for name, e in asked.items()}
    )


def expression_of(law: Law) -> Expression:
    """The rule with its unconfirmed parts by name; no such way: false, nobody looked: unknown."""
    if isinstance(law, NoRule):
        if law.availability is Availability.UNKNOWN:
            return certainty.unconfirmed("no one could look")
        return Constant(False)
    return _Naming(law).whole()


class _Naming:
    """Writes a rule with a name for each part that nobody could confirm."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.written = {(p.file, p.line, p.code): p.test for p in rule.version.walk()}
        self.used: Counter[str] = Counter()

    def whole(self) -> Expression:
        return All(tuple(self.named(condition) for condition in self.rule.conditions))

    def named(self, condition: Condition) -> Expression:
        combination = condition.combination
        if combination is Combination.UNKNOWN:
            return self.unconfirmed(condition)
        if combination is Combination.TEST:
            return condition.expression
        parts = tuple(self.named(part) for part in condition.parts)
        if combination is Combination.NOT:
            return Not(parts[0])
        if combination is Combination.AT_LEAST:
            return AtLeast(condition.count, parts)
        return All(parts) if combination is Combination.ALL else Any(parts)

    def unconfirmed(self, condition: Condition) -> Expression:
        """A reform that changes its place, title or test changes what is unknown."""
        test = self.written.get((condition.file, condition.line, condition.code))
        title = condition.title.get("en", "")
        name = f"{condition.code} {condition.citation} {title} {test}"
        self.used[name] += 1
        return certainty.unconfirmed(f"{name} {self.used[name]}")


def simulate(
    before: Law,
    after: Law,
    people: Prepared | Planes,
    by: Sequence[str] = (),
    *,
    vocabulary: Anything,
) -> Simulation:
    """Compare two laws of one pathway on a population. Raises `CannotSimulate`.

    people: as `population.prepare` gives them, counted to the day of the laws, or held in memory by
    `planes.load`.
    """
    if before.pathway != after.pathway:
        raise CannotSimulate(
            f"{before.pathway} and {after.pathway} are different pathways; compare one with itself"
        )
    check_groups(people, by)
    found = change(before, after, vocabulary)
    rows = tuple(sorted(_counted(found, people, by), key=lambda row: _order(row.groups)))
    rules = [law for law in (before, after) if isinstance(law, Rule)]
    if not people.weighted:
        rows = tuple(_whole(row) for row in rows)
    return Simulation(
        pathway=before.pathway,
        partner=next((rule.partner for rule in rules), ""),
        on=people.on,
        by=tuple(by),
        rows=rows,
        total=total_of(rows),
        before_version=before.version.version if isinstance(before, Rule) else "",
        after_version=after.version.version if isinstance(after, Rule) else "",
        signed_off=bool(rules) and all(rule.signed_off for rule in rules),
        same_rule=found.same,
        exact=found.exact,
        missing=people.missing([found.before, found.after]),
        unconfirmed=_unconfirmed(rules),
        left_out=dict(people.problems()),
        ignored=people.ignored,
        weighted=people.weighted,
    )


def check_groups(people: Prepared | Planes, by: Sequence[str]) -> None:
    """Raises `CannotSimulate` for a column that the population cannot be shown by."""
    for name in by:
        if name not in people.groupings:
            raise CannotSimulate(
                f"the population cannot be shown by '{name}'; "
                f"it can by {', '.join(people.groupings) or 'nothing'}"
                + ("" if name in GROUPINGS else f" (possible: {', '.join(GROUPINGS)})")
            )
    if len(set(by)) != len(by):
        raise CannotSimulate("a column is named twice")


def total_of(rows: Iterable[Row]) -> Row:
    """All rows together."""
    all_rows = list(rows)

    def of(values: Iterator[float | None]) -> float | None:
        listed = list(values)
        return None if None in listed else sum(value or 0 for value in listed)

    def together(name: str) -> Range:
        return Range(
            of(getattr(row, name).least for row in all_rows),
            of(getattr(row, name).most for row in all_rows),
        )

    return Row(
        groups=(),
        people=of(row.people for row in all_rows),
        open_before=together("open_before"),
        open_after=together("open_after"),
        newly_qualify=together("newly_qualify"),
        lose=together("lose"),
        undecided=of(row.undecided for row in all_rows),
    )


def _counted(found: Change, people: Prepared | Planes, by: Sequence[str]) -> Iterator[Row]:
    if isinstance(people, Planes):
        yield from _counted_bits(found, people, by)
        return
    import ibis

    table = people.usable
    seen: dict[Expression, Anything] = {}
    weight = table[WEIGHT]
    columns = {}
    undecided = ibis.literal(False)
    for name, bounds in found.bounds.items():
        least, most = compile_bounds(bounds.bounds, table, seen)
        columns[f"{name}_least"], columns[f"{name}_most"] = least, most
        if name in ("newly_qualify", "lose"):
            undecided = undecided | (most & ~least)
    columns["undecided"] = undecided
    sums = {
        name: ibis.ifelse(column, weight, 0.0).sum().fill_null(0.0)
        for name, column in columns.items()
    }
    grouped = table.group_by(list(by)) if by else table
    result = grouped.aggregate(people=weight.sum().fill_null(0.0), **sums)
    for row in result.to_pyarrow().to_pylist():
        ranges = {name: Range(row[f"{name}_least"], row[f"{name}_most"]) for name in MEASURES}
        yield Row(
            groups=tuple(row[name] for name in by),
            people=row["people"],
            open_before=ranges["open_before"],
            open_after=ranges["open_after"],
            newly_qualify=ranges["newly_qualify"],
            lose=ranges["lose"],
            undecided=row["undecided"],
        )


def _counted_bits(found: Change, people: Planes, by: Sequence[str]) -> Iterator[Row]:
    answers = {name: people.certain(bounds.bounds) for name, bounds in found.bounds.items()}
    newly, lose = answers["newly_qualify"], answers["lose"]
    undecided = (newly.possible & ~newly.sure) | (lose.possible & ~lose.sure)
    for groups, members in people.combinations(by):
        ranges = {
            name: Range(
                people.count(answer.sure & members), people.count(answer.possible & members)
            )
            for name, answer in answers.items()
        }
        yield Row(
            groups=groups,
            people=people.count(members),
            open_before=ranges["open_before"],
            open_after=ranges["open_after"],
            newly_qualify=ranges["newly_qualify"],
            lose=ranges["lose"],
            undecided=people.count(undecided & members),
        )


def _whole(row: Row) -> Row:
    """Counts of persons are whole numbers."""

    def number(value: float | None) -> float | None:
        return None if value is None else round(value)

    def both(found: Range) -> Range:
        return Range(number(found.least), number(found.most))

    return replace(
        row,
        people=number(row.people),
        open_before=both(row.open_before),
        open_after=both(row.open_after),
        newly_qualify=both(row.newly_qualify),
        lose=both(row.lose),
        undecided=number(row.undecided),
    )


def _order(groups: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """Age groups by age, others by name, unknown last."""
    ages = [*(name for _, name in AGE_GROUPS), OLDEST]
    return tuple(
        (len(ages) + 1, "") if name == UNKNOWN else (ages.index(name), "") if name in ages
        else (len(ages), name)
        for name in groups
    )  # fmt: skip


def _unconfirmed(rules: Sequence[Rule]) -> tuple[str, ...]:
    found = {
        part.code: None
        for rule in rules
        for condition in rule.conditions
        for part in condition.walk()
        if part.combination is Combination.UNKNOWN
    }
    return tuple(found)


def facts_asked(law: Law) -> tuple[str, ...]:
    """The facts that a law tests."""
    return facts_of(expression_of(law))
