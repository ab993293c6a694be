# SPDX-License-Identifier: EUPL-1.2
"""Which rows of a table lie within a scope: `access.covers` as a question to the database."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from mostovi.rights.access import Actor, Scope

Row = TypeVar("Row", bound=Model)


def within_scope(
    rows: QuerySet[Row], actor: Actor, scope: Scope, *, own: Q | None = None
) -> QuerySet[Row]:
    """Those of `rows` that are held for the actor's purpose and lie within `scope`.

    rows: of a model with `purpose` and `unit`. own: what makes a row the actor's own; without it
    nobody owns one, so that the scope OWN reaches nothing.
    """
    held = rows.filter(purpose=actor.purpose.value)
    if scope is Scope.ALL:
        return held
    if scope is Scope.UNIT:
        return held.filter(unit=actor.unit)
    return held.none() if own is None else held.filter(own)
