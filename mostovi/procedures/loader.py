# SPDX-License-Identifier: EUPL-1.2
"""Reads a procedure file and finds everything wrong with it, each with file and line.

Nothing loads half: a file is a `Procedure`, or `BadProcedure` with the full list of problems, so
that the lawyer who wrote it can repair it in one go. The text is never executed, and every key
that the format does not know is a problem (a misspelt `suspended_by` must not lose a right).

A file that says `extends: other` is composed with that file first (`composing`), and what is
checked and stored is the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mostovi.procedures.composing import CannotCompose, Place, ReadBase, compose
from mostovi.procedures.definition import (
    Clock,
    Evidence,
    ExtensionRule,
    Named,
    Procedure,
    Silence,
    State,
    StateKind,
    TaskRule,
    Transition,
    Unit,
)
from mostovi.procedures.tables import FileProblem, Reading, Table, named_of, review_of, source_of
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

LARGEST_FILE = 500_000
"""Bytes; a procedure is a few pages, anything larger is not one."""


class BadProcedure(Exception):
    """The file is not a procedure. `problems` is the whole list, in the order of the file."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.file, p.line, p.text))
        super().__init__("\n".join(map(str, self.problems)))


def load(text: str, file: str, read_base: ReadBase | None = None) -> Procedure:
    """The procedure in `text`; `file` is the name used in messages. Raises `BadProcedure`.

    read_base: gives name and text of the file that an `extends` names (`LookupError`: no such).
    """
    return load_composed(text, file, read_base)[0]


def load_composed(text: str, file: str, read_base: ReadBase | None = None) -> tuple[Procedure, str]:
    """The procedure, and its text as a whole: what a file extends is written into it.

    A file that extends nothing is its own text. Raises `BadProcedure`.
    """
    if len(text.encode()) > LARGEST_FILE:
        raise BadProcedure([FileProblem(file, 1, f"larger than {LARGEST_FILE} bytes")])
    try:
        root, whole = compose(text, file, read_base)
    except CannotCompose as error:
        raise BadProcedure([FileProblem(f, n, words) for f, n, words in error.problems]) from error
    reading = Reading(file)
    procedure = _procedure(Table(reading, root))
    if not reading.problems:
        _check_whole(reading, procedure)
    if reading.problems:
        raise BadProcedure(reading.problems)
    return procedure, whole


def _procedure(top: Table) -> Procedure:
    top.where = "procedure"
    procedure = Procedure(
        code=top.code("code"),
        version=top.number("version"),
        title=top.words("title"),
        summary=top.words("summary"),
        purposes=_purposes(top),
        review=review_of(top.table("review")),
        sources=top.named("sources", "source", source_of),
        sides=top.named("sides", "side", named_of),
        gates=top.named("gates", "gate", named_of, required=False),
        documents=top.named("documents", "document", named_of, required=False),
        states=top.named("states", "state", _state),
        transitions=[_transition(table) for table in top.items("transitions", "transition")],
        clocks=top.named("clocks", "clock", _clock, required=False),
        tasks={
            task.code: task
            for table in top.items("tasks", "task", required=False)
            if (task := _task(table)).code
        },
    )
    top.done()
    return procedure


def _purposes(top: Table) -> tuple[str, ...]:
    purposes = top.codes("purposes", required=True)
    for purpose in purposes:
        if purpose not in set(Purpose):
            top.problem("purposes", f"unknown purpose '{purpose}'")
    return purposes


def _state(code: str, table: Table) -> State:
    return State(
        code=code,
        kind=table.choice("kind", StateKind),
        label=table.words("label"),
        meaning=table.words("meaning", required=False),
    )


def _transition(table: Table) -> Transition:
    verb = table.code("verb")
    table.where = f"transition '{verb}'"
    table.reading.lines.setdefault(("verb", verb), table.line)
    transition = Transition(
        verb=verb,
        label=table.words("label"),
        from_states=table.codes("from", required=True),
        to=table.code("to"),
        side=table.code("side"),
        roles=table.codes("roles", required=True),
        documents=table.codes("documents"),
        gates=table.codes("gates"),
        reason_required=table.flag("reason_required"),
        other_than=table.code("other_than", required=False) or None,
        consequences=table.words("consequences"),
    )
    for role in transition.roles:
        if role not in set(Role):
            table.problem("roles", f"unknown role '{role}'")
    table.done()
    for state in transition.from_states:
        table.reading.lines[f"from {state}", verb] = table.key_place("from")
    table.reading.lines[f"to {transition.to}", verb] = table.key_place("to")
    return transition


def _clock(code: str, table: Table) -> Clock:
    unit = table.choice("unit", Unit)
    clock = Clock(
        code=code,
        label=table.words("label"),
        amount=table.number("amount"),
        unit=unit,
        side=table.code("side"),
        starts_on=table.codes("starts_on", required=True),
        met_by=table.codes("met_by", required=True),
        suspended_by=table.codes("suspended_by"),
        resumed_by=table.codes("resumed_by"),
        extension=_extension(table.table("extension", required=False), unit),
        silence=table.choice("silence", Silence, Silence.FLAG),
        silence_verb=table.code("silence_verb", required=False) or None,
        citation=table.text("citation"),
        source=table.code("source"),
        evidence=table.choice("evidence", Evidence),
        verified_on=table.day("verified_on"),
    )
    if clock.evidence is Evidence.VERIFIED and clock.verified_on is None:
        table.problem("evidence", "a verified clock says when it was verified ('verified_on')")
    return clock


def _extension(table: Table | None, unit: Unit) -> ExtensionRule | None:
    if table is None:
        return None
    rule = ExtensionRule(
        amount=table.number("amount"),
        unit=table.choice("unit", Unit, unit),
        ground=table.text("ground"),
        at_most=table.number("at_most"),
    )
    if (rule.unit is Unit.HOURS) != (unit is Unit.HOURS):
        table.problem("unit", "a clock in hours is extended in hours, one in days or months is not")
    table.done()
    return rule


def _task(table: Table) -> TaskRule:
    code = table.code("code")
    table.where = f"task '{code}'"
    if ("task", code) in table.reading.lines:
        table.problem("code", f"the code '{code}' is written twice")
    table.reading.lines["task", code] = table.line
    timed = table.node("amount", required=False) is not None
    later = table.table("escalate_after", required=False)
    rule = TaskRule(
        code=code,
        label=table.words("label"),
        on=table.codes("on", required=True),
        owner=table.code("owner"),
        amount=table.number("amount") if timed else None,
        unit=table.choice("unit", Unit) if timed else None,
        citation=table.text("citation", required=timed),
        source=table.code("source", required=timed),
        evidence=table.choice("evidence", Evidence, None if timed else Evidence.PROPOSAL),
        verified_on=table.day("verified_on"),
        done_by=table.codes("done_by"),
        escalate_to=table.code("escalate_to", required=later is not None) or None,
        escalate_amount=later.number("amount") if later else None,
        escalate_unit=later.choice("unit", Unit) if later else None,
    )
    if later:
        later.done()
    if rule.owner and rule.owner not in {"holder", "supervisor", *Role}:
        table.problem("owner", "'owner' must be holder, supervisor or a role")
    if rule.escalate_to and rule.escalate_to not in set(Role):
        table.problem("escalate_to", f"unknown role '{rule.escalate_to}'")
    if not timed:
        table.text("unit", required=False)
    table.done()
    return rule


def _check_whole(reading: Reading, procedure: Procedure) -> None:
    """What can only be seen when every part has been read."""
    _check_states(reading, procedure)
    _check_transitions(reading, procedure)
    _check_reachable(reading, procedure)
    for clock in procedure.clocks.values():
        _check_clock(reading, procedure, clock)
    for task in procedure.tasks.values():
        _check_task(reading, procedure, task)


def _check_states(reading: Reading, procedure: Procedure) -> None:
    starts = [s.code for s in procedure.states.values() if s.kind is StateKind.START]
    if len(starts) != 1:
        reading.problem(
            reading.line_of("state", starts[1]) if starts[1:] else 1,
            f"exactly one state must have kind 'start'; found {', '.join(starts) or 'none'}",
        )
    if not any(s.kind is StateKind.END for s in procedure.states.values()):
        reading.problem(1, "no state has kind 'end': this procedure could never end")


def _check_transitions(reading: Reading, procedure: Procedure) -> None:
    seen: set[tuple[str, str]] = set()
    side_of: dict[str, str] = {}
    for step in procedure.transitions:
        line = reading.line_of("verb", step.verb)
        if side_of.setdefault(step.verb, step.side) != step.side:
            reading.problem(line, f"'{step.verb}' belongs to two sides; give each its own verb")
        for state in (*step.from_states, step.to):
            if state not in procedure.states:
                way = "to" if state == step.to else "from"
                at = reading.lines.get((f"{way} {state}", step.verb), line)
                reading.problem(at, f"transition '{step.verb}': unknown state '{state}'")
        for state in step.from_states:
            if (step.verb, state) in seen:
                at = reading.lines.get((f"from {state}", step.verb), line)
                reading.problem(at, f"'{step.verb}' is written twice for state '{state}'")
            seen.add((step.verb, state))
        _check_known(reading, line, step.verb, "side", [step.side], procedure.sides)
        _check_known(reading, line, step.verb, "gate", step.gates, procedure.gates)
        _check_known(reading, line, step.verb, "document", step.documents, procedure.documents)
        if step.other_than and step.other_than not in procedure.verbs:
            reading.problem(line, f"transition '{step.verb}': unknown verb '{step.other_than}'")


def _check_known(
    reading: Reading,
    line: Place,
    verb: str,
    what: str,
    codes: Iterable[str],
    known: Mapping[str, Named],
) -> None:
    for code in codes:
        if code not in known:
            reading.problem(line, f"transition '{verb}': unknown {what} '{code}'")


def _check_reachable(reading: Reading, procedure: Procedure) -> None:
    starts = [s.code for s in procedure.states.values() if s.kind is StateKind.START]
    ends = [s.code for s in procedure.states.values() if s.kind is StateKind.END]
    forward = {(f, t.to) for t in procedure.transitions for f in t.from_states}
    reached = _spread(starts, forward)
    can_end = _spread(ends, {(to, come_from) for come_from, to in forward})
    for code, state in procedure.states.items():
        line = reading.line_of("state", code)
        if code not in reached:
            reading.problem(line, f"state '{code}' is unreachable: no transition leads there")
        elif state.kind is not StateKind.END and code not in can_end:
            reading.problem(line, f"state '{code}' is a dead end: no way leads to an end from it")


def _spread(begin: Iterable[str], steps: set[tuple[str, str]]) -> set[str]:
    reached = set(begin)
    while more := {to for come_from, to in steps if come_from in reached} - reached:
        reached |= more
    return reached


def _check_clock(reading: Reading, procedure: Procedure, clock: Clock) -> None:
    line = reading.line_of("clock", clock.code)
    say = f"clock '{clock.code}'"
    groups = {
        "starts_on": clock.starts_on,
        "met_by": clock.met_by,
        "suspended_by": clock.suspended_by,
        "resumed_by": clock.resumed_by,
        "silence_verb": (clock.silence_verb,) if clock.silence_verb else (),
    }
    for key, verbs in groups.items():
        for verb in verbs:
            if verb not in procedure.verbs:
                never = " (it would never start)" if key == "starts_on" else ""
                reading.problem(line, f"{say}: '{key}' names the unknown verb '{verb}'{never}")
    if clock.side not in procedure.sides:
        reading.problem(line, f"{say}: unknown side '{clock.side}'")
    if clock.source not in procedure.sources:
        reading.problem(line, f"{say}: unknown source '{clock.source}'")
    if clock.suspended_by and not clock.resumed_by:
        reading.problem(line, f"{say} can be suspended and never resumed; add 'resumed_by'")
    if clock.resumed_by and not clock.suspended_by:
        reading.problem(line, f"{say} is resumed and never suspended; add 'suspended_by'")
    if set(clock.starts_on) & set(clock.met_by):
        reading.problem(line, f"{say} would be met by the event that starts it")


def _check_task(reading: Reading, procedure: Procedure, task: TaskRule) -> None:
    line = reading.line_of("task", task.code)
    for key, verbs in {"on": task.on, "done_by": task.done_by}.items():
        for verb in verbs:
            if verb not in procedure.verbs:
                reading.problem(line, f"task '{task.code}': '{key}' names unknown verb '{verb}'")
    if task.source and task.source not in procedure.sources:
        reading.problem(line, f"task '{task.code}': unknown source '{task.source}'")
    if set(task.on) & set(task.done_by):
        reading.problem(line, f"task '{task.code}' would be done by the step that creates it")
