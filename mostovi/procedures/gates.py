# SPDX-License-Identifier: EUPL-1.2
"""Gates: named questions of a procedure file that another package answers from its own records.

A procedure file only names a gate ("consent_in_force"). The package that knows the answer
registers it once, in its `AppConfig.ready()`. What nobody answers is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from mostovi.procedures.definition import Procedure
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer

Predicate = Callable[[Instance, datetime], GateAnswer]

_predicates: dict[tuple[str, str], Predicate] = {}


def register(procedure: str, gate: str, predicate: Predicate) -> None:
    """Let `predicate(instance, now)` answer `gate` of `procedure` on this node.

    It answers about the moment `now`, has no effects, and says why when the gate is closed.
    """
    _predicates[procedure, gate] = predicate


def answers(
    procedure: Procedure,
    instance: Instance,
    state: str,
    now: datetime,
    given: Mapping[str, GateAnswer] | None = None,
) -> Mapping[str, GateAnswer]:
    """The answers to every gate that a step of this side from `state` needs.

    `given` answers are taken as they are; those that nobody registered are left out (closed), and
    so are those of the other side's steps: only its own records can answer them.
    """
    ours = [step for step in procedure.leaving(state) if step.side == instance.side]
    needed = dict.fromkeys(gate for step in ours for gate in step.gates)
    asked = {
        gate: _predicates[procedure.code, gate](instance, now)
        for gate in needed
        if gate not in (given or {}) and (procedure.code, gate) in _predicates
    }
    return {**asked, **(given or {})}


def unanswered(procedure: Procedure) -> tuple[str, ...]:
    """Gates of `procedure` that no package of this node answers; for `mostovi check`."""
    return tuple(gate for gate in procedure.gates if (procedure.code, gate) not in _predicates)
