# SPDX-License-Identifier: EUPL-1.2
"""The one place where access is decided, for pages, API, exports, exchange and search alike.

Access is default deny. It takes three things at once: the actor's role must be granted the action
on the kind of record (`policy.GRANTS`), the actor's purpose must be one the role may act under,
and that kind of record must be open to the purpose at all (`policy.OPEN_TO`). The answer is a
`Scope`: which rows. A row's own purpose must then equal the actor's (`covers`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from mostovi.rights.kinds import Action as Action
from mostovi.rights.kinds import Kind as Kind
from mostovi.rights.kinds import Scope as Scope
from mostovi.rights.policy import GRANTS, OPEN_TO
from mostovi.rights.purposes import Purpose, open_for
from mostovi.rights.roles import ROLE_PURPOSES, Role

SYSTEM_ACCOUNT = UUID(int=0)


class Refusal(StrEnum):
    """Why access was refused; never says whether the record exists."""

    PURPOSE_NOT_HELD = "purpose_not_held"
    CLOSED_TO_PURPOSE = "closed_to_purpose"
    NOT_GRANTED = "not_granted"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, in which role and unit, and for which purpose."""

    account: UUID
    role: Role
    purpose: Purpose
    unit: str = "main"
    language: str = "en"

    @classmethod
    def system(cls, purpose: Purpose) -> Actor:
        """The node itself, acting for `purpose` (worker, inbox)."""
        return cls(account=SYSTEM_ACCOUNT, role=Role.SYSTEM, purpose=purpose)


@dataclass(frozen=True, slots=True)
class Decision:
    """`scope` when allowed, otherwise the `refusal`."""

    scope: Scope | None
    refusal: Refusal | None = None

    @property
    def allowed(self) -> bool:
        """Whether the action may go on, for the rows in `scope`."""
        return self.scope is not None


class Refused(Exception):
    """The actor may not do this. Carries the decision, and nothing about the record."""

    def __init__(self, action: Action, kind: Kind, refusal: Refusal) -> None:
        super().__init__(f"{action} {kind}: {refusal}")
        self.action = action
        self.kind = kind
        self.refusal = refusal


def decide(actor: Actor, action: Action, kind: Kind) -> Decision:
    """Decide whether `actor` may do `action` on records of `kind`, and on which rows."""
    if actor.purpose not in ROLE_PURPOSES[actor.role]:
        return Decision(None, Refusal.PURPOSE_NOT_HELD)
    if actor.purpose not in OPEN_TO[kind]:
        return Decision(None, Refusal.CLOSED_TO_PURPOSE)
    if actor.role is Role.SYSTEM:
        return Decision(Scope.ALL)
    scope = GRANTS.get(kind, {}).get(action, {}).get(actor.role)
    if scope is None:
        return Decision(None, Refusal.NOT_GRANTED)
    return Decision(scope)


def require(actor: Actor, action: Action, kind: Kind) -> Scope:
    """The scope of `decide`, or `Refused`."""
    decision = decide(actor, action, kind)
    if decision.scope is None:
        raise Refused(action, kind, decision.refusal or Refusal.NOT_GRANTED)
    return decision.scope


def covers(actor: Actor, scope: Scope, *, purpose: Purpose, unit: str, owner: UUID) -> bool:
    """Whether a row held for `purpose` in `unit` by account `owner` lies within `scope`."""
    if not open_for(purpose, actor.purpose):
        return False
    if scope is Scope.ALL:
        return True
    if scope is Scope.UNIT:
        return unit == actor.unit
    return owner == actor.account
