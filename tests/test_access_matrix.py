# SPDX-License-Identifier: EUPL-1.2
"""Every address × every role, generated: default deny, and no change in access goes unseen.

`access_matrix.csv` says for each address who comes in. It is written by
`python -m tests.write_access_matrix` and compared here, so a change in access is a change in a
reviewed file. The second half knocks on every door as every role through the whole product.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from mostovi.rights.access import Actor, decide
from mostovi.rights.doors import Door, door_of
from mostovi.rights.roles import GRANTABLE, ROLE_PURPOSES, Role

MATRIX = Path(__file__).with_name("access_matrix.csv")
ROLES = sorted(GRANTABLE)
DUMMY = {
    "uuid": str(uuid4()),
    "int": "1",
    "slug": "nothing",
    "str": "nothing",
    "path": "nothing",
    "partner": "ba",
    "month": "2026-01",
}


@dataclass(frozen=True)
class Address:
    route: str
    name: str
    view: Any

    @property
    def door(self) -> Door | None:
        match = type("Match", (), {"func": self.view, "view_name": self.name})
        return door_of(match)  # type: ignore[arg-type]

    @property
    def path(self) -> str:
        """The address with a dummy in each place."""

        def fill(found: re.Match[str]) -> str:
            return DUMMY.get(found.group(1) or "str", "nothing")

        route = re.sub(r"<(?:(\w+):)?\w+>", fill, self.route)
        return "/" + re.sub(r"\(\?P<\w+>[^)]*\)", "nothing", route).strip("^$").replace("\\", "")


def addresses() -> list[Address]:
    return sorted(_walk(get_resolver(), "", ""), key=lambda address: address.route)


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern, route, inner)
        elif isinstance(pattern, URLPattern):
            yield Address(route, f"{namespace}{pattern.name or ''}", pattern.callback)


def entry(address: Address, role: Role) -> str:
    """What the policy says for the role: a scope, `in` for doors of every account, `-` refused."""
    door = address.door
    if door is None:
        return "closed"
    if door.opens_to != "staff":
        return {"account": "in", "public": "in"}.get(door.opens_to, "-")
    assert door.action
    assert door.kind
    decisions = (
        decide(Actor(uuid4(), role, purpose), door.action, door.kind)
        for purpose in ROLE_PURPOSES[role]
    )
    return next((decision.scope.value for decision in decisions if decision.scope), "-")


def rendered() -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["address", "door", "action", "kind", *ROLES])
    for address in addresses():
        door = address.door
        writer.writerow(
            [
                address.route,
                door.opens_to if door else "closed",
                door.action or "" if door else "",
                door.kind or "" if door else "",
                *[entry(address, role) for role in ROLES],
            ]
        )
    return out.getvalue()


def test_the_reviewed_matrix_is_the_real_one():
    assert MATRIX.read_text(encoding="utf-8") == rendered(), (
        "Access changed. Look at the difference; if it is meant, run "
        "'python -m tests.write_access_matrix' and commit the file."
    )


def test_every_address_of_ours_has_a_door():
    """Addresses of installed packages that we do not use stay closed; ours must say who enters."""
    without = [
        address.route
        for address in addresses()
        if address.door is None and address.view.__module__.startswith("mostovi.")
    ]
    assert not without


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("role", ROLES)
def test_every_door_lets_in_whom_the_matrix_says(signed_in, acting, role):
    """GET and POST every address: who is refused gets 403, who is let in never does."""
    client = signed_in(acting(role), raise_request_exception=False)
    wrong: list[str] = []
    for address in addresses():
        door = address.door
        if door is None or door.opens_to != "staff" or not _asks_with_first_purpose(door, role):
            continue
        statuses = [
            client.get(address.path).status_code,
            client.post(address.path, data="{}", content_type="application/json").status_code,
        ]
        refused = 403 in statuses
        if refused == (entry(address, role) != "-") or set(statuses) & {500, 501, 502}:
            wrong.append(f"{address.path}: {statuses}, matrix says {entry(address, role)}")
        if refused and not set(statuses) <= {403, 405}:
            wrong.append(f"{address.path}: {statuses}, one method is open")
    assert not wrong, "\n".join(wrong)


def _asks_with_first_purpose(door: Door, role: Role) -> bool:
    """Whether the session's first purpose decides as the matrix does (else another is chosen)."""
    assert door.action
    assert door.kind
    first = decide(Actor(uuid4(), role, ROLE_PURPOSES[role][0]), door.action, door.kind)
    return first.allowed or not any(
        decide(Actor(uuid4(), role, purpose), door.action, door.kind).allowed
        for purpose in ROLE_PURPOSES[role]
    )


def test_anonymous_visitors_are_sent_to_sign_in_or_refused(db):
    client = Client(raise_request_exception=False)
    for address in addresses():
        door = address.door
        if door is None or door.opens_to not in {"staff", "account"}:
            continue
        answer = client.get(address.path)
        if answer.status_code == 405:
            answer = client.post(address.path)
        signed_out = answer.status_code == 302 and "/accounts/" in answer["Location"]
        assert signed_out or answer.status_code in {401, 403, 405}, (
            address.path,
            answer.status_code,
        )
