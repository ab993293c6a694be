# SPDX-License-Identifier: EUPL-1.2
"""What Django itself costs behind the same middleware and server, and a counter of statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from mostovi.node.urls import handler400, handler403, handler404, handler500
from mostovi.node.urls import urlpatterns as own
from mostovi.rights.doors import signed_in_door

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

_NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK TO")


class CountStatements:
    """Counts the statements of a request that asks for it (`X-Count: 1`); else does nothing."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("X-Count") != "1":
            return self.answer(request)
        sent: list[str] = []

        def note(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
            if not sql.startswith(_NOT_COUNTED):
                sent.append(sql)
            return execute(sql, *more)

        with connection.execute_wrapper(note):
            response = self.answer(request)
        response["X-Statements"] = str(len(sent))
        return response


@signed_in_door
def bare(request: HttpRequest) -> HttpResponse:
    """The least a signed-in page can be."""
    return HttpResponse("ok")


urlpatterns = [path("bare/", bare), *own]
