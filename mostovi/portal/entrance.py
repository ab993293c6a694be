# SPDX-License-Identifier: EUPL-1.2
"""The door of a person's own file: how often a code may be tried, and how long a visit lasts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from mostovi.people.consenting import person_actor
from mostovi.people.models import Person
from mostovi.portal import services
from mostovi.rights.access import Actor
from mostovi.rights.vault import vault

SESSION = "own_file"
TRIES = 8
LOCKED_FOR = 15 * 60
"""Seconds in which `TRIES` wrong codes from one address close the entrance to it."""


class PersonRequest(HttpRequest):
    """A request of a person in their own file."""

    actor: Actor
    person: Person


def _counter(request: HttpRequest) -> str:
    # An address is personal data: only a keyed token of it is kept, for minutes.
    address = request.META.get("REMOTE_ADDR", "")
    return f"own-file-tries-{vault().blind(f'address:{address}').hex()}"


def is_locked(request: HttpRequest) -> bool:
    """Whether too many wrong codes came from this address."""
    return int(cache.get(_counter(request), 0)) >= TRIES


def count_failure(request: HttpRequest) -> None:
    """One more wrong code."""
    key = _counter(request)
    cache.add(key, 0, LOCKED_FOR)
    try:
        cache.incr(key)
    except ValueError:
        cache.set(key, 1, LOCKED_FOR)


def enter(request: HttpRequest, code_id: UUID, now: datetime) -> None:
    """Begin a visit under a new session number."""
    request.session.cycle_key()
    request.session[SESSION] = {
        "code": str(code_id), "until": (now + services.STAY).isoformat(),
    }  # fmt: skip


def leave(request: HttpRequest) -> None:
    """End the visit; a member of staff signed in on the same device stays signed in."""
    request.session.pop(SESSION, None)
    request.session.cycle_key()


def authenticate(request: Any) -> Actor | HttpResponseBase | None:
    """For `person_door`: the person's actor, or the way to the entrance."""
    visit = request.session.get(SESSION)
    now = timezone.now()
    if not visit or datetime.fromisoformat(visit["until"]) <= now:
        request.session.pop(SESSION, None)
        return redirect("portal:enter")
    person = services.still_open(UUID(visit["code"]))
    if person is None:
        request.session.pop(SESSION, None)
        return redirect("portal:enter")
    request.session[SESSION] = {**visit, "until": (now + services.STAY).isoformat()}
    request.person = person
    return person_actor(person)
