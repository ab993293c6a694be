# SPDX-License-Identifier: EUPL-1.2
"""Colleagues who can be named in a case: holders, owners of tasks and actions, chosen accounts.

Accounts belong to the node, which registers who there is; this package only asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from mostovi.rights.access import Action, Actor, Kind, Scope, decide
from mostovi.rights.roles import ROLE_PURPOSES, Role


@dataclass(frozen=True, slots=True)
class Colleague:
    """An account with one of its current roles and the unit it holds it in."""

    account: UUID
    name: str
    role: Role
    unit: str


Provider = Callable[[], Sequence[Colleague]]
_provider: list[Provider] = []


def register(provider: Provider) -> None:
    """Let `provider()` list every colleague with a current role."""
    _provider[:] = [provider]


def colleagues(actor: Actor, *, unit: str = "") -> list[Colleague]:
    """Who could work on a case of `unit` under the actor's purpose, each account once."""
    found: dict[UUID, Colleague] = {}
    for one in _provider[0]() if _provider else ():
        if actor.purpose not in ROLE_PURPOSES[one.role]:
            continue
        one_acts = Actor(one.account, one.role, actor.purpose, one.unit)
        scope = decide(one_acts, Action.CHANGE, Kind.CASE).scope
        if scope is None or (scope is Scope.UNIT and unit and one.unit != unit):
            continue
        found.setdefault(one.account, one)
    return list(found.values())


def roles_of(account: UUID) -> list[Colleague]:
    """The current roles of one account; empty when it has none (any more)."""
    return [one for one in (_provider[0]() if _provider else ()) if one.account == account]
