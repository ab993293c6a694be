# SPDX-License-Identifier: EUPL-1.2
"""The node's HTTP interface: the routers of all packages under one versioned address.

It answers to the same doors as the pages, with the session of a signed-in account and, for
changes, its CSRF token; without a session the answer is 401. Its description is at
`/api/v1/openapi.json`; there is no page that loads scripts from elsewhere.
"""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.security import SessionAuth
from ninja.operation import PathView

import mostovi
from mostovi.node.rooms import offered
from mostovi.rights.doors import Door


def build() -> NinjaAPI:
    """The interface with the router of every package that has one."""
    interface = NinjaAPI(
        title="Mostovi", version=mostovi.__version__, urls_namespace="api", docs_url=None,
        openapi_url="/openapi.json", auth=SessionAuth(csrf=True),
    )  # fmt: skip
    for package, module in offered("api").items():
        if hasattr(module, "router"):
            interface.add_router(f"/{package}", module.router, tags=[package])
    return interface


def mark_doors(patterns: list[URLPattern | URLResolver]) -> None:
    """Give each address the door of its operations; one operation without a door keeps it shut.

    The operation's own door decides at each call; the mark only lets the request come that far.
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            mark_doors(pattern.url_patterns)
            continue
        doors = [getattr(view, "door", None) for view in _operations(pattern.callback)]
        if doors and all(doors):
            pattern.callback.door = doors[0]  # type: ignore[attr-defined]
        elif pattern.name in {"openapi-json", "api-root"}:
            pattern.callback.door = Door("public")  # type: ignore[attr-defined]


def _operations(callback: Any) -> list[Any]:
    """The functions behind a ninja address."""
    owner = getattr(callback, "__self__", None)
    if not isinstance(owner, PathView):
        return []
    return [operation.view_func for operation in owner.operations]


api = build()
urlpatterns, app_name, namespace = api.urls
mark_doors(urlpatterns)
