# SPDX-License-Identifier: EUPL-1.2
"""Reads a procedure file and finds everything wrong with it, each with file and line.

Nothing loads half: a file is a `Procedure`, or `BadProcedure` with the full list of problems, so
that the lawyer who wrote it can repair it in one go. The text is never executed, and every key
that the format does not know is a problem (a misspelt `suspended_by` must not lose a right).

A file that says `extends: other` is composed with that file first (`composing`), and what is
checked and stored is the whole.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import yaml

from mostovi.procedures.composing import CannotCompose, Place, ReadBase, compose, place_of
from mostovi.procedures.definition import (
    FALLBACK_LANGUAGE,
    Clock,
    Evidence,
    ExtensionRule,
    Named,
    Procedure,
    Review,
    ReviewStatus,
    Silence,
    Source,
    State,
    StateKind,
    TaskRule,
    Transition,
    Translations,
    Unit,
)
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?\Z")
LARGEST_FILE = 500_000
"""Bytes; a procedure is a few pages, anything larger is not one."""

_Kind = TypeVar("_Kind", bound=enum.StrEnum)
_Built = TypeVar("_Built")


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong, where it is, and what to do."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


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
    reading = _Reading(file)
    procedure = _procedure(_Table(reading, root))
    if not reading.problems:
        _check_whole(reading, procedure)
    if reading.problems:
        raise BadProcedure(reading.problems)
    return procedure, whole


@dataclass
class _Reading:
    """One file being read: the problems so far, and the line of everything that has a code."""

    file: str
    problems: list[FileProblem] = field(default_factory=list)
    lines: dict[tuple[str, str], Place] = field(default_factory=dict)

    def problem(self, place: Place | int, text: str) -> None:
        file, line = place if isinstance(place, tuple) else (self.file, place)
        self.problems.append(FileProblem(file, line, text))

    def line_of(self, kind: str, code: str) -> Place:
        return self.lines.get((kind, code), (self.file, 1))


class _Table:
    """A YAML mapping read key by key; keys left over are reported by `done`."""

    def __init__(self, reading: _Reading, node: yaml.Node, where: str = "the file") -> None:
        self.reading, self.where, self.line = reading, where, place_of(node)
        self._values: dict[str, yaml.Node] = {}
        self._key_lines: dict[str, Place] = {}
        self._asked: set[str] = set()
        if not isinstance(node, yaml.MappingNode):
            reading.problem(self.line, f"{where} must be a table of 'key: value' lines")
            return
        for key, value in node.value:
            name = str(key.value)
            if name in self._values:
                reading.problem(place_of(key), f"'{name}' is written twice in {where}")
            self._values[name], self._key_lines[name] = value, place_of(key)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def keyplace_of(self, key: str) -> int:
        return self._key_lines.get(key, self.line)

    def problem(self, key: str, text: str) -> None:
        self.reading.problem(self.keyplace_of(key), f"{self.where}: {text}")

    def node(self, key: str, *, required: bool = True) -> yaml.Node | None:
        self._asked.add(key)
        value = self._values.get(key)
        if value is None or (isinstance(value, yaml.ScalarNode) and _is_null(value)):
            if required:
                self.problem(key, f"'{key}' is missing")
            return None
        return value

    def text(self, key: str, *, required: bool = True) -> str:
        node = self.node(key, required=required)
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self.problem(key, f"'{key}' must be a text")
            return ""
        return str(node.value).strip()

    def code(self, key: str, *, required: bool = True) -> str:
        value = self.text(key, required=required)
        if value and not CODE.match(value):
            self.problem(key, f"'{key}' must be a code of a-z, 0-9 and _, not '{value}'")
        return value

    def number(self, key: str) -> int:
        value = self.text(key)
        if value and not value.isascii() or not value.isdigit() or int(value) < 1:
            if value:
                self.problem(key, f"'{key}' must be a whole number above 0, not '{value}'")
            return 1
        return int(value)

    def flag(self, key: str) -> bool:
        value = self.text(key, required=False)
        if value not in {"", "true", "false"}:
            self.problem(key, f"'{key}' must be true or false, not '{value}'")
        return value == "true"

    def day(self, key: str) -> date | None:
        value = self.text(key, required=False)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.problem(key, f"'{key}' must be a date like 2026-11-24, not '{value}'")
            return None

    def choice(self, key: str, kind: type[_Kind], default: _Kind | None = None) -> _Kind:
        value = self.text(key, required=default is None)
        fallback = default if default is not None else next(iter(kind))
        if not value:
            return fallback
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(kind)
            self.problem(key, f"'{key}' must be one of {known}, not '{value}'")
            return fallback

    def codes(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """One code, or a list of codes."""
        node = self.node(key, required=required)
        if node is None:
            return ()
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found = []
        for item in nodes:
            if not isinstance(item, yaml.ScalarNode) or not CODE.match(item.value):
                self.reading.problem(place_of(item), f"{self.where}: '{key}' must hold codes only")
            else:
                found.append(item.value)
        if len(found) != len(set(found)):
            self.problem(key, f"'{key}' names the same code twice")
        return tuple(found)

    def words(self, key: str, *, required: bool = True) -> Translations:
        """A text for each language; English must be there."""
        node = self.node(key, required=required)
        if node is None:
            return {}
        table = _Table(self.reading, node, f"{self.where}, {key}")
        texts = {language: table.text(language) for language in table.names}
        for language in texts:
            if not LANGUAGE.match(language):
                table.problem(language, f"'{language}' is not a language code")
        if FALLBACK_LANGUAGE not in texts:
            self.problem(key, f"'{key}' needs a text in English ('en')")
        return texts

    def table(self, key: str, *, required: bool = True) -> _Table | None:
        node = self.node(key, required=required)
        return _Table(self.reading, node, f"{self.where}, {key}") if node is not None else None

    def named(
        self, key: str, what: str, build: Callable[[str, _Table], _Built], *, required: bool = True
    ) -> Mapping[str, _Built]:
        """A table of tables: each code with what `build` makes of it."""
        node = self.node(key, required=required)
        if node is None:
            return {}
        outer = _Table(self.reading, node, key)
        built = {}
        for code in outer.names:
            if not CODE.match(code):
                outer.problem(code, f"'{code}' must be a code of a-z, 0-9 and _")
            self.reading.lines[what, code] = outer.keyplace_of(code)
            inner = outer.node(code)
            if inner is not None:
                table = _Table(self.reading, inner, f"{what} '{code}'")
                table.line = outer.keyplace_of(code)
                built[code] = build(code, table)
                table.done()
        return built

    def items(self, key: str, what: str, *, required: bool = True) -> list[_Table]:
        """A list of tables."""
        node = self.node(key, required=required)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.problem(key, f"'{key}' must be a list of {what}s")
            return []
        return [_Table(self.reading, item, what) for item in node.value]

    def done(self) -> None:
        """Report keys that nobody asked for."""
        for key in self._values.keys() - self._asked:
            self.problem(key, f"unknown key '{key}'")


def _is_null(node: yaml.ScalarNode) -> bool:
    return node.tag == "tag:yaml.org,2002:null"


def _procedure(top: _Table) -> Procedure:
    top.where = "procedure"
    procedure = Procedure(
        code=top.code("code"),
        version=top.number("version"),
        title=top.words("title"),
        summary=top.words("summary"),
        purposes=_purposes(top),
        review=_review(top.table("review")),
        sources=top.named("sources", "source", _source),
        sides=top.named("sides", "side", _named),
        gates=top.named("gates", "gate", _named, required=False),
        documents=top.named("documents", "document", _named, required=False),
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


def _purposes(top: _Table) -> tuple[str, ...]:
    purposes = top.codes("purposes", required=True)
    for purpose in purposes:
        if purpose not in set(Purpose):
            top.problem("purposes", f"unknown purpose '{purpose}'")
    return purposes


def _review(table: _Table | None) -> Review:
    if table is None:
        return Review(ReviewStatus.UNREVIEWED)
    review = Review(
        status=table.choice("status", ReviewStatus),
        by=table.text("by", required=False) or None,
        on=table.day("on"),
        who_can=table.text("who_can"),
    )
    if review.is_reviewed and not (review.by and review.on):
        table.problem("status", "a reviewed file says who reviewed it ('by') and when ('on')")
    table.done()
    return review


def _named(code: str, table: _Table) -> Named:
    return Named(code, table.words("label"))


def _source(code: str, table: _Table) -> Source:
    return Source(
        code=code,
        title=table.text("title"),
        publisher=table.text("publisher"),
        year=table.number("year"),
        evidence=table.choice("evidence", Evidence),
        url=table.text("url", required=False),
        note=table.text("note", required=False),
    )


def _state(code: str, table: _Table) -> State:
    return State(
        code=code,
        kind=table.choice("kind", StateKind),
        label=table.words("label"),
        meaning=table.words("meaning", required=False),
    )


def _transition(table: _Table) -> Transition:
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
        table.reading.lines[f"from {state}", verb] = table.keyplace_of("from")
    table.reading.lines[f"to {transition.to}", verb] = table.keyplace_of("to")
    return transition


def _clock(code: str, table: _Table) -> Clock:
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


def _extension(table: _Table | None, unit: Unit) -> ExtensionRule | None:
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


def _task(table: _Table) -> TaskRule:
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


def _check_whole(reading: _Reading, procedure: Procedure) -> None:
    """What can only be seen when every part has been read."""
    _check_states(reading, procedure)
    _check_transitions(reading, procedure)
    _check_reachable(reading, procedure)
    for clock in procedure.clocks.values():
        _check_clock(reading, procedure, clock)
    for task in procedure.tasks.values():
        _check_task(reading, procedure, task)


def _check_states(reading: _Reading, procedure: Procedure) -> None:
    starts = [s.code for s in procedure.states.values() if s.kind is StateKind.START]
    if len(starts) != 1:
        reading.problem(
            reading.line_of("state", starts[1]) if starts[1:] else 1,
            f"exactly one state must have kind 'start'; found {', '.join(starts) or 'none'}",
        )
    if not any(s.kind is StateKind.END for s in procedure.states.values()):
        reading.problem(1, "no state has kind 'end': this procedure could never end")


def _check_transitions(reading: _Reading, procedure: Procedure) -> None:
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
    reading: _Reading,
    line: Place,
    verb: str,
    what: str,
    codes: Iterable[str],
    known: Mapping[str, Named],
) -> None:
    for code in codes:
        if code not in known:
            reading.problem(line, f"transition '{verb}': unknown {what} '{code}'")


def _check_reachable(reading: _Reading, procedure: Procedure) -> None:
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


def _check_clock(reading: _Reading, procedure: Procedure, clock: Clock) -> None:
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


def _check_task(reading: _Reading, procedure: Procedure, task: TaskRule) -> None:
    line = reading.line_of("task", task.code)
    for key, verbs in {"on": task.on, "done_by": task.done_by}.items():
        for verb in verbs:
            if verb not in procedure.verbs:
                reading.problem(line, f"task '{task.code}': '{key}' names unknown verb '{verb}'")
    if task.source and task.source not in procedure.sources:
        reading.problem(line, f"task '{task.code}': unknown source '{task.source}'")
    if set(task.on) & set(task.done_by):
        reading.problem(line, f"task '{task.code}' would be done by the step that creates it")
