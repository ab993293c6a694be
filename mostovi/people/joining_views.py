# SPDX-License-Identifier: EUPL-1.2
"""Pages on which two files of one person are joined, and parted again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.people import joining as joinings
from mostovi.people import services
from mostovi.people.joining import CannotJoin
from mostovi.people.models import Person, PersonJoin
from mostovi.people.views import found
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door


@door(Action.CHANGE, Kind.PERSON)
def joining(request: ActingRequest, code: str) -> HttpResponse:
    """Join a second file of the same person to this one; see what was joined before."""
    row = found(request, code, Action.CHANGE)
    error = ""
    if request.method == "POST":
        try:
            other = services.find(request.actor, request.POST.get("other", ""), Action.CHANGE)
            joinings.join(request.actor, row, other, reason=request.POST.get("reason", ""))
        except Person.DoesNotExist:
            error = _("There is no such file that you may change.")
        except CannotJoin as refused:
            error = _(str(refused))
        else:
            messages.success(request, _("The files are one now. You can part them again here."))
            return redirect("people:joining", code=row.code)
    return _page(request, row, error)


def _page(
    request: ActingRequest, row: Person, error: str, parting: UUID | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "person": row,
        "glance": services.glances(request.actor, [row]).get(row.pk),
        "joined": joinings.of_person(row),
        "error": error,
        "parting": parting,
        "typed": request.POST,
    }
    return render(request, "people/joining.html", context, status=422 if error else 200)


@door(Action.CHANGE, Kind.PERSON)
@require_POST
def part(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """Part two files again; every row goes back where it was."""
    row = found(request, code, Action.CHANGE)
    try:
        held = joinings.find(row, pk)
    except PersonJoin.DoesNotExist as error:
        raise Http404 from error
    try:
        other = joinings.part(request.actor, held, reason=request.POST.get("reason", ""))
    except CannotJoin as refused:
        return _page(request, row, _(str(refused)), pk)
    messages.success(request, _("Two files again. Everything is back where it was."))
    return redirect("people:person", code=other.code)
