# SPDX-License-Identifier: EUPL-1.2
"""Pages that hold the laws of the partners and of the EU side by side."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mostovi.pathways import law_files, side_by_side, signing
from mostovi.pathways.views import asked_day, laws
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door

_FILES = {
    "csv": ("text/csv; charset=utf-8", side_by_side.as_csv),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        side_by_side.as_excel,
    ),
}


@require_safe
@door(Action.READ, Kind.LAW)
def choose(request: ActingRequest) -> HttpResponse:
    """Which way to compare."""
    groups: dict[str, list[str]] = {}
    for kind, about in law_files.kinds().items():
        groups.setdefault(str(about["group"]), []).append(kind)
    return render(request, "pathways/compare_choose.html", {"groups": list(groups.items())})


def _table(request: ActingRequest, pathway: str) -> tuple[side_by_side.Table, dict[str, Any]]:
    if pathway not in law_files.kinds():
        raise Http404
    found, faults = laws()
    day, wrong = asked_day(request)
    signed = signing.agreed(signing.said_of(request.actor, pathway=pathway))
    whole = frozenset((p, version) for p, _way, version, condition in signed if not condition)
    against = request.GET.get("against", "")
    if against not in law_files.LAWS:
        against = law_files.YARDSTICK
    table = side_by_side.compared(pathway, found, day, against, whole)
    return table, {
        "wrong_day": wrong,
        "day": day,
        "faults": list(faults),
        "laws": law_files.LAWS,
    }


@require_safe
@door(Action.READ, Kind.LAW)
def compare(request: ActingRequest, pathway: str) -> HttpResponse:
    """One way, all laws, topic by topic."""
    table, context = _table(request, pathway)
    context |= {"table": table, "pathway": pathway, "asked": request.GET.get("on", "")}
    status = 422 if context["wrong_day"] else 200
    return render(request, "pathways/compare.html", context, status=status)


@require_safe
@door(Action.READ, Kind.LAW)
def table(request: ActingRequest, pathway: str, form: str) -> HttpResponse:
    """The same as a file for spreadsheets."""
    if form not in _FILES:
        raise Http404
    found, _context = _table(request, pathway)
    kind, write = _FILES[form]
    answer = HttpResponse(write(found), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{pathway}-{found.on}.{form}"'
    return answer
