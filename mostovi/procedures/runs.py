# SPDX-License-Identifier: EUPL-1.2
"""How every clock of a procedure ran, derived from its events alone.

Used to take in procedures that ran elsewhere (`past`) and to check that the stored deadlines are
those the events lead to. Extensions and stops outside the steps are not events and not seen here.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mostovi.procedures.clock import Calendar, Interval, Period, deadline
from mostovi.procedures.definition import Clock, Procedure, Transition
from mostovi.procedures.state import Happened, NotInFile

CalendarOf = Callable[[str], Calendar]
"""The calendar that counts for a side."""


@dataclass(slots=True)
class Run:
    """One clock from its start on. `outcome` is a value of `models.Outcome`."""

    clock: Clock
    started_at: datetime
    due: datetime | None
    outcome: str = "running"
    ended_at: datetime | None = None
    stops: list[Interval] = field(default_factory=list)

    @property
    def is_live(self) -> bool:
        """Whether it still runs or stands still."""
        return self.outcome in {"running", "suspended"}


RuleOf = Callable[[Clock, datetime], Clock]
"""The clock with the period that counts for a start at that moment."""


def _as_written(clock: Clock, started: datetime) -> Clock:
    return clock


def runs(
    procedure: Procedure,
    events: Sequence[Happened],
    calendar_of: CalendarOf,
    rule_of: RuleOf = _as_written,
) -> list[Run]:
    """Every run of every clock, in the order in which they began. Raises `NotInFile`.

    rule_of: the period in force (default: as the procedure file says).
    """
    found: list[Run] = []
    state = procedure.start.code
    for event in events:
        if event.crossed:
            continue
        step = procedure.transition(event.verb, state)
        if step is None or step.side != event.side:
            raise NotInFile(f"{procedure.code}: '{event.verb}' does not start in '{state}'")
        for clock in procedure.clocks.values():
            live = next((r for r in found if r.clock.code == clock.code and r.is_live), None)
            if live is not None:
                _follow(procedure, live, step, event.at, calendar_of(clock.side))
            if step.verb in clock.starts_on and not procedure.is_over(step.to):
                rule = rule_of(clock, event.at)
                period = Period(rule.amount, rule.unit)
                due = deadline(period, event.at, calendar=calendar_of(clock.side))
                found.append(Run(rule, event.at, due))
        state = step.to
    return found


def _follow(
    procedure: Procedure, run: Run, step: Transition, at: datetime, calendar: Calendar
) -> None:
    """What one step does to a live run; `services` does the same to a stored deadline."""
    clock = run.clock
    if step.verb in clock.met_by:
        late = run.outcome == "running" and run.due is not None and run.due < at
        _end(run, "met_late" if late else "met", at)
    elif step.verb == clock.silence_verb:
        _end(run, "lapsed", at)
    elif procedure.is_over(step.to) or step.verb in clock.starts_on:
        _end(run, "ended", at)
    elif step.verb in clock.suspended_by and run.outcome == "running":
        run.stops.append(Interval(max(at, run.started_at)))
        run.outcome, run.due = "suspended", None
    elif step.verb in clock.resumed_by and run.outcome == "suspended":
        _close_stop(run, at)
        run.due = deadline(
            Period(clock.amount, clock.unit), run.started_at, calendar=calendar,
            suspensions=run.stops,
        )  # fmt: skip
        run.outcome = "running"


def _end(run: Run, outcome: str, at: datetime) -> None:
    if run.outcome == "suspended":
        _close_stop(run, at)
    run.outcome, run.ended_at = outcome, at


def _close_stop(run: Run, at: datetime) -> None:
    start = run.stops[-1].start
    run.stops[-1] = Interval(start, max(at, start))
