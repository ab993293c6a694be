# SPDX-License-Identifier: EUPL-1.2
"""Where a procedure stands and what may follow: derived from its events, never stored as truth.

Pure: the same events give the same state on every node, in every year. Whoever asks what may be
done gets every verb back, the refused ones with their reasons, so that a page can explain itself.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mostovi.procedures.definition import Procedure, Transition


class NotInFile(Exception):
    """An event is not a transition of the procedure's file: the record was tampered with."""


class Why(enum.StrEnum):
    """Why a step is not possible. Pages word it; the code is stable."""

    UNKNOWN_VERB = "unknown_verb"
    WRONG_STATE = "wrong_state"
    OTHER_SIDE = "other_side"
    ROLE = "role"
    SAME_PERSON = "same_person"
    DOCUMENT_MISSING = "document_missing"
    GATE_CLOSED = "gate_closed"
    REASON_MISSING = "reason_missing"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason against a step: what kind, about what (a state, document, gate), and words."""

    why: Why
    about: str = ""
    text: str = ""


class StepRefused(Exception):
    """A step was asked for that the file, or its gates, do not allow now.

    `reasons` holds every reason, not only the first.
    """

    def __init__(self, verb: str, reasons: Sequence[Reason]) -> None:
        super().__init__(f"{verb}: " + ", ".join(f"{r.why} {r.about}".strip() for r in reasons))
        self.verb = verb
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event as the engine sees it.

    crossed: the other side's step arrived after this side had already ended; it is kept in the
    record, and changes nothing.
    """

    verb: str
    at: datetime
    side: str
    account: UUID | None = None
    crossed: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """The time one state was held; `left` is None for the current one."""

    state: str
    entered: datetime | None
    left: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What a named predicate says now. `why` is shown when the gate is closed."""

    is_open: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants to step: role code, side of the procedure, account (None for the system)."""

    role: str
    side: str
    account: UUID | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A verb of the current state, with the reasons against it (none: it may be done)."""

    transition: Transition
    reasons: tuple[Reason, ...]

    @property
    def is_allowed(self) -> bool:
        """Whether nothing stands against the step."""
        return not self.reasons


def visits(procedure: Procedure, events: Sequence[Happened]) -> list[Visit]:
    """The states held, in order; the last one is the current state.

    Raises `NotInFile` when an event is no transition of the file from the state it met.
    """
    held = [Visit(procedure.start.code, None)]
    for event in events:
        if event.crossed:
            continue
        here = held[-1]
        step = procedure.transition(event.verb, here.state)
        if step is None or step.side != event.side:
            raise NotInFile(
                f"{procedure.code} {procedure.version}: '{event.verb}' by the {event.side} "
                f"does not start in '{here.state}'"
            )
        held[-1] = Visit(here.state, here.entered, event.at, here.by)
        held.append(Visit(step.to, event.at, by=event.verb))
    return held


def current_state(procedure: Procedure, events: Sequence[Happened]) -> str:
    """The code of the state the events lead to. Raises `NotInFile`."""
    return visits(procedure, events)[-1].state


def choices(
    procedure: Procedure,
    events: Sequence[Happened],
    asker: Asker,
    *,
    gates: Mapping[str, GateAnswer],
    documents: Collection[str] = (),
) -> list[Choice]:
    """Every verb of the current state for `asker`, with reasons against it.

    A missing reason text is not counted here: it is asked for in the form. A gate that is not
    in `gates` is closed: what nobody can confirm does not hold.
    """
    state = current_state(procedure, events)
    return [
        Choice(step, tuple(_against(procedure, events, step, asker, gates, documents)))
        for step in procedure.leaving(state)
    ]


def check(
    procedure: Procedure,
    events: Sequence[Happened],
    verb: str,
    asker: Asker,
    *,
    gates: Mapping[str, GateAnswer],
    documents: Collection[str] = (),
    reason: str = "",
) -> Transition:
    """The transition to take. Raises `StepRefused` with every reason against it."""
    state = current_state(procedure, events)
    step = procedure.transition(verb, state)
    if step is None:
        why = Why.WRONG_STATE if verb in procedure.verbs else Why.UNKNOWN_VERB
        raise StepRefused(verb, [Reason(why, state if why is Why.WRONG_STATE else verb)])
    reasons = _against(procedure, events, step, asker, gates, documents)
    if step.reason_required and not reason.strip():
        reasons.append(Reason(Why.REASON_MISSING))
    if reasons:
        raise StepRefused(verb, reasons)
    return step


def _against(
    procedure: Procedure,
    events: Sequence[Happened],
    step: Transition,
    asker: Asker,
    gates: Mapping[str, GateAnswer],
    documents: Collection[str],
) -> list[Reason]:
    reasons = []
    if step.side != asker.side:
        reasons.append(Reason(Why.OTHER_SIDE, step.side))
    elif asker.role not in step.roles:
        reasons.append(Reason(Why.ROLE, ", ".join(step.roles)))
    if step.other_than and _did(events, step.other_than, asker.account):
        reasons.append(Reason(Why.SAME_PERSON, step.other_than))
    reasons += [
        Reason(Why.DOCUMENT_MISSING, code) for code in step.documents if code not in documents
    ]
    for code in step.gates:
        answer = gates.get(code, GateAnswer(is_open=False))
        if not answer.is_open:
            reasons.append(Reason(Why.GATE_CLOSED, code, answer.why))
    return reasons


def _did(events: Sequence[Happened], verb: str, account: UUID | None) -> bool:
    """Whether `account` did `verb`; an unknown account counts as the same (four eyes fail shut)."""
    done = [event for event in events if event.verb == verb and not event.crossed]
    return any(account is None or event.account == account for event in done)
