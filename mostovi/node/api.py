# SPDX-License-Identifier: EUPL-1.2
"""The node's HTTP interface: the routers of all packages under one versioned address.

It answers to the same doors as the pages, with the session of a signed-in account and, for
changes, its CSRF token; without a session the answer is 401. Its description is at
`/api/v1/openapi.json`; there is no page that loads scripts from elsewhere.
"""

from __future__ import annotations

from inspect import getclosurevars
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.operation import PathView
from ninja.security import SessionAuth

import mostovi
from mostovi.node.rooms import offered
from mostovi.rights.doors import Door


def build() -> NinjaAPI:
    """The interface with the router of every package that has one."""
    interface = NinjaAPI(
        title="Mostovi", version=mostovi.__version__, urls_namespace="api", docs_url=None,
        openapi_url="/openapi.json", auth=SessionAuth(csrf=True),
    )  # fmt: skip
    interface.add_exception_handler(PermissionDenied, _refused)
    for package, module in offered("api").items():
        if hasattr(module, "router"):
            interface.add_router(f"/{package}", module.router, tags=[package])
    return interface


def _refused(request: HttpRequest, refusal: Exception | type[Exception]) -> HttpResponse:
    detail = _("This is not open to the role and purpose you act under.")
    return JsonResponse({"detail": detail}, status=403)


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


def _operations(callback: Any) -> list[Any]:
    """The functions behind a ninja address; its view is a closure over the `PathView`."""
    owner = getclosurevars(callback).nonlocals.get("self")
    if not isinstance(owner, PathView):
        return []
    return [operation.view_func for operation in owner.operations]


api = build()
urlpatterns, app_name, namespace = api.urls
mark_doors(urlpatterns)
