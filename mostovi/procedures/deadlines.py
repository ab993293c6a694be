# SPDX-License-Identifier: EUPL-1.2
"""Legal times by country and degree of danger: `content/deadlines/<procedure code>.yaml`.

A procedure file gives a value for every clock and timed task. Where a partner's law, or the danger
the person is in, asks for another, a row here says so, with source, citation and the dates between
which it is in force. The most specific row in force when the clock starts wins (the partner named
before "*", then the risk named before "*", then the newest); without one the procedure file's value
stands. A row is never changed when the law changes: it gets an end, and a new row follows. An
unknown danger takes the rows for "*" only. Pure but for reading the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from mostovi.content import CONTENT
from mostovi.procedures.composing import CannotCompose, compose
from mostovi.procedures.definition import Clock, Evidence, Procedure, Source, TaskRule, Unit
from mostovi.procedures.tables import FileProblem, Reading, Table, review_of, source_of

FOLDER = CONTENT / "deadlines"
PARTNERS = ("al", "ba", "me", "mk", "rs", "xk")
RISKS = ("low", "medium", "high")
ANY = "*"


class BadDeadlines(Exception):
    """The file is not a table of deadlines; `problems` name file, line and what to do."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.file, p.line, p.text))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Row:
    """One value: for which clock or task, where, at which danger, and from when to when."""

    name: str
    is_task: bool
    partner: str
    risk: str
    amount: int
    unit: Unit
    citation: str
    source: str
    evidence: Evidence
    since: date
    until: date | None = None

    def holds(self, partner: str, risk: str, on: date) -> bool:
        """Whether the row is in force there, at that danger, on that day."""
        return (
            self.partner in {ANY, partner}
            and self.risk in {ANY, risk}
            and self.since <= on
            and (self.until is None or on <= self.until)
        )

    @property
    def weight(self) -> tuple[bool, bool, date]:
        """How specific the row is; the greatest wins."""
        return self.partner != ANY, self.risk != ANY, self.since


@dataclass(frozen=True, slots=True)
class DeadlineTable:
    """The rows of one procedure with the sources they name."""

    procedure: str
    rows: tuple[Row, ...] = ()
    sources: Mapping[str, Source] | None = None


def load(text: str, file: str) -> DeadlineTable:
    """The table in `text`. Raises `BadDeadlines` with every problem, file and line."""
    try:
        root, _ = compose(text, file)
    except CannotCompose as error:
        raise BadDeadlines([FileProblem(*problem) for problem in error.problems]) from error
    reading = Reading(file)
    top = Table(reading, root)
    procedure = top.code("procedure")
    for key in ("version", "language", "source"):
        top.text(key, required=False)
    review_of(top.table("review"))
    sources = top.named("sources", "source", source_of, required=False)
    rows = tuple(_row(table) for table in top.items("rows", "row"))
    top.done()
    if reading.problems:
        raise BadDeadlines(reading.problems)
    return DeadlineTable(procedure, rows, sources)


def _row(table: Table) -> Row:
    clock, task = table.code("clock", required=False), table.code("task", required=False)
    if bool(clock) == bool(task):
        table.problem("clock", "name either a 'clock' or a 'task'")
    table.where = f"row for '{clock or task}'"
    row = Row(
        name=clock or task,
        is_task=bool(task),
        partner=_one_of(table, "partner", PARTNERS),
        risk=_one_of(table, "risk", RISKS),
        amount=table.number("amount"),
        unit=table.choice("unit", Unit),
        citation=table.text("citation"),
        source=table.code("source"),
        evidence=table.choice("evidence", Evidence),
        since=table.day("from") or date.max,
        until=table.day("to"),
    )
    if row.since == date.max:
        table.problem("from", "'from' must be a date like 2026-11-24")
    elif row.until is not None and row.until < row.since:
        table.problem("to", "'to' lies before 'from'")
    table.done()
    return row


def _one_of(table: Table, key: str, known: Sequence[str]) -> str:
    value = table.text(key, required=False) or ANY
    if value not in {ANY, *known}:
        table.problem(key, f"'{key}' must be one of {', '.join(known)} or \"*\", not '{value}'")
    return value


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, DeadlineTable]:
    """Every table that comes with this installation, by procedure. Raises `BadDeadlines`."""
    found: dict[str, DeadlineTable] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        name = f"content/deadlines/{path.name}"
        table = load(path.read_text(encoding="utf-8"), name)
        if table.procedure != path.stem:
            words = f"the file must be named {table.procedure}.yaml after its procedure"
            raise BadDeadlines([FileProblem(name, 1, words)])
        found[table.procedure] = table
    return found


def in_force(
    rows: Iterable[Row], name: str, *, task: bool, partner: str, risk: str, on: date
) -> Row | None:
    """The row that counts for a clock or task that starts on `on`; None: the file's value."""
    holding = [
        row
        for row in rows
        if row.name == name and row.is_task is task and row.holds(partner, risk, on)
    ]
    return max(holding, key=lambda row: row.weight, default=None)


def clock_in_force(code: str, clock: Clock, *, partner: str, risk: str, on: date) -> Clock:
    """The clock of procedure `code` with the period and citation that count."""
    row = _found(code, clock.code, task=False, partner=partner, risk=risk, on=on)
    if row is None:
        return clock
    return replace(
        clock, amount=row.amount, unit=row.unit, citation=row.citation, source=row.source,
        evidence=row.evidence,
    )  # fmt: skip


def task_in_force(code: str, task: TaskRule, *, partner: str, risk: str, on: date) -> TaskRule:
    """The task of procedure `code` with the time and citation that count."""
    row = _found(code, task.code, task=True, partner=partner, risk=risk, on=on)
    if row is None:
        return task
    return replace(
        task, amount=row.amount, unit=row.unit, citation=row.citation, source=row.source,
        evidence=row.evidence,
    )  # fmt: skip


def _found(code: str, name: str, *, task: bool, partner: str, risk: str, on: date) -> Row | None:
    table = shipped().get(code)
    if table is None:
        return None
    return in_force(table.rows, name, task=task, partner=partner, risk=risk, on=on)


def strays(table: DeadlineTable, procedure: Procedure) -> list[str]:
    """Clocks, tasks and sources that the table names and the procedure does not have."""
    known = {*procedure.sources, *(table.sources or {})}
    wrong = [
        row.name
        for row in table.rows
        if row.name not in (procedure.tasks if row.is_task else procedure.clocks)
    ]
    return wrong + [row.source for row in table.rows if row.source not in known]
