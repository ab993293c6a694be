# SPDX-License-Identifier: EUPL-1.2
"""Doors: every view says who may come in. A view without a door is closed to everybody.

`door(action, kind)` is for staff and asks `access.require`. The others are for those who have no
account: the public, a person with a printed code, a device of field staff, another node. Those
authenticate by what they bring, which the given function checks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch

from mostovi.rights.access import Action, Actor, Kind, Refused, Scope, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record

Authenticate = Callable[[HttpRequest], Actor | HttpResponseBase | None]


class ActingRequest(HttpRequest):
    """A request that came through a staff door."""

    actor: Actor
    scope: Scope


@dataclass(frozen=True, slots=True)
class Door:
    """What kind of door a view has, and for staff doors what it asks for."""

    opens_to: str
    action: Action | None = None
    kind: Kind | None = None


def door(action: Action, kind: Kind) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Open a view to accounts whose actor may do `action` on `kind`; sets `request.scope`."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor = getattr(request, "actor", None)
            if actor is None:
                return _sign_in(request)
            request.scope = admitted(actor, action, kind)  # type: ignore[attr-defined]
            answer: HttpResponseBase = view(request, *args, **kwargs)
            return answer

        guarded.door = Door("staff", action, kind)  # type: ignore[attr-defined]
        return guarded

    return decorate


def admitted(actor: Actor, action: Action, kind: Kind) -> Scope:
    """The scope, or `PermissionDenied` after the refusal has been written into the log."""
    try:
        return require(actor, action, kind)
    except Refused as refused:
        record(
            actor, AuditTag.ACCESS_REFUSED, outcome="refused",
            detail={"action": action.value, "kind": kind.value, "why": refused.refusal.value},
        )  # fmt: skip
        raise PermissionDenied(refused.refusal.value) from refused


def signed_in_door(view: Callable[..., Any]) -> Callable[..., Any]:
    """Open a view to every signed-in account (its own settings, home)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_in(request)
        answer: HttpResponseBase = view(request, *args, **kwargs)
        return answer

    guarded.door = Door("account")  # type: ignore[attr-defined]
    return guarded


def public_door(view: Callable[..., Any]) -> Callable[..., Any]:
    """Open a view to everybody; it must not show anything about a person."""
    return _marked(view, "public")


def peer_door(view: Callable[..., Any]) -> Callable[..., Any]:
    """Open a view to other nodes; the letter's own signature is checked inside (`exchange`)."""
    return _marked(view, "peer")


def device_door(authenticate: Authenticate) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Open a view to field devices: `authenticate` gives the actor or the challenge to answer."""
    return _authenticated("device", authenticate)


def person_door(authenticate: Authenticate) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Open a view to a person with a printed code; `authenticate` may answer instead."""
    return _authenticated("person", authenticate)


def _authenticated(
    opens_to: str, authenticate: Authenticate
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            who = authenticate(request)
            if isinstance(who, HttpResponseBase):
                return who
            request.actor = who  # type: ignore[attr-defined]
            answer: HttpResponseBase = view(request, *args, **kwargs)
            return answer

        guarded.door = Door(opens_to)  # type: ignore[attr-defined]
        return guarded

    return decorate


def _marked(view: Callable[..., Any], opens_to: str) -> Callable[..., Any]:
    @wraps(view)
    def open_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase = view(request, *args, **kwargs)
        return answer

    open_view.door = Door(opens_to)  # type: ignore[attr-defined]
    return open_view


def door_of(match: ResolverMatch) -> Door | None:
    """The door of a resolved address: the view's own, or the one `settings.DOORS` gives it.

    `settings.DOORS` maps names of addresses that come with installed packages (sign-in pages) to
    the kind of door; nothing else is let in by name.
    """
    own: Door | None = getattr(match.func, "door", None)
    if own is not None:
        return own
    named: str | None = getattr(settings, "DOORS", {}).get(match.view_name)
    return Door(named) if named else None


class DefaultDenyMiddleware:
    """Closes every view that has no door."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Refuse a view without a door, and send anonymous visitors of account doors to sign in."""
        match = request.resolver_match
        entrance = door_of(match) if match else None
        if entrance is None:
            raise PermissionDenied("no_door")
        if entrance.opens_to == "account" and not request.user.is_authenticated:
            return _sign_in(request)
        return None


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": "Sign in first."}, status=401)
    return redirect_to_login(request.get_full_path())
