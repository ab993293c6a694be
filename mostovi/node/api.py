# SPDX-License-Identifier: EUPL-1.2
"""The node's HTTP interface: the routers of all packages under one versioned address.

It answers to the same doors as the pages, with the session of a signed-in account and, for
changes, its CSRF token; without a session the answer is 401. Its description is at
`/api/v1/openapi.json`; there is no page that loads scripts from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import getclosurevars
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.operation import PathView
from ninja.security import SessionAuth

import mostovi
from mostovi.node.rooms import offered
from mostovi.rights.doors import Door, admitted


class DoorAuth(SessionAuth):
    """A signed-in session, and the operation's own door before anything of the request is read."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The account, or None (401); raises `PermissionDenied` when the door stays shut."""
        account = super().authenticate(request, key)
        match = request.resolver_match
        owner = path_view(match.func) if match else None
        operation = owner._find_operation(request) if owner else None
        entrance: Door | None = getattr(getattr(operation, "view_func", None), "door", None)
        actor = getattr(request, "actor", None)
        if account is None or actor is None:
            return None
        if entrance and entrance.action and entrance.kind:
            admitted(actor, entrance.action, entrance.kind)
        return account


def build() -> NinjaAPI:
    """The interface with the router of every package that has one."""
    interface = NinjaAPI(
        title="Mostovi", version=mostovi.__version__, urls_namespace="api", docs_url=None,
        openapi_url="/openapi.json", auth=DoorAuth(csrf=True),
    )  # fmt: skip
    interface.add_exception_handler(PermissionDenied, _refused(interface))
    for package, module in offered("api").items():
        if hasattr(module, "router"):
            name = package.rpartition(".")[2]
            interface.add_router(f"/{name}", module.router, tags=[name])
    return interface


def _refused(interface: NinjaAPI) -> Callable[[HttpRequest, Any], HttpResponse]:
    def answer(request: HttpRequest, error: Any) -> HttpResponse:
        detail = {"detail": _("Your role or purpose may not do this."), "why": str(error)}
        return interface.create_response(request, detail, status=403)

    return answer


def mark_doors(patterns: list[URLPattern | URLResolver]) -> None:
    """Give each address the door of its operations; one operation without a door keeps it shut.

    The operation's own door decides at each call; the mark only lets the request come that far.
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            mark_doors(pattern.url_patterns)
        elif pattern.name in {"openapi-json", "api-root"}:
            pattern.callback.door = Door("public")  # type: ignore[attr-defined]
        else:
            doors = [getattr(view, "door", None) for view in _operations(pattern.callback)]
            if doors and all(doors):
                pattern.callback.door = doors[0]  # type: ignore[attr-defined]


def path_view(callback: Callable[..., Any]) -> PathView | None:
    """What stands behind a ninja address; the view is a closure over it."""
    owner = getclosurevars(callback).nonlocals.get("self")
    return owner if isinstance(owner, PathView) else None


def _operations(callback: Callable[..., Any]) -> list[Callable[..., Any]]:
    owner = path_view(callback)
    return [operation.view_func for operation in owner.operations] if owner else []


api = build()
urlpatterns, app_name, namespace = api.urls
mark_doors(urlpatterns)
