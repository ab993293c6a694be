# SPDX-License-Identifier: EUPL-1.2
"""What Django itself costs behind the same middleware and server, and a counter of statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
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


ROWS = Engine().from_string(
    "<!doctype html><title>Cases</title><table>{% for case in cases %}<tr><th>{{ case.code }}</th>"
    "<td>{{ case.case_type }}</td><td>{{ case.urgency }}</td><td>{{ case.changed_at }}</td></tr>"
    "{% endfor %}</table>"
)


@signed_in_door
def plain(request: HttpRequest) -> HttpResponse:
    """A Django list of 25 of the same cases, as models and with the framework's own templates.

    No names, so nothing is unsealed or logged; no shell, no translations, no icons. A second
    reference beside the bare view, for what listing rows costs before anything of ours begins.
    """
    from mostovi.cases.models import Case

    actor = request.actor  # type: ignore[attr-defined]
    cases = Case.objects.filter(
        purpose=actor.purpose.value, unit=actor.unit, closed_at=None
    ).order_by("-changed_at")
    return HttpResponse(ROWS.render(Context({"cases": cases[:25]})))


urlpatterns = [path("bare/", bare), path("plain/", plain), *own]
