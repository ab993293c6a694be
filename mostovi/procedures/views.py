# SPDX-License-Identifier: EUPL-1.2
"""Pages about the procedure files themselves: no person is in them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mostovi.procedures import bpmn, library, presentation
from mostovi.procedures.definition import Procedure
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import door


def _procedure(code: str) -> Procedure:
    try:
        return library.current(code).procedure
    except library.UnknownProcedure as error:
        raise Http404 from error


@require_safe
@door(Action.READ, Kind.PROCEDURE)
def procedure_list(request: HttpRequest) -> HttpResponse:
    """Every procedure file with its version and review status."""
    procedures = [file.procedure for file in library.shipped().values()]
    return render(request, "procedures/list.html", {"procedures": procedures})


@require_safe
@door(Action.READ, Kind.PROCEDURE)
def procedure_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One file: drawing, clocks with sources, who may do what."""
    return render(request, "procedures/detail.html", {"procedure": _procedure(code)})


@require_safe
@door(Action.READ, Kind.PROCEDURE)
def procedure_svg(request: HttpRequest, code: str) -> HttpResponse:
    """The drawing as a file, in the reader's language."""
    drawing = presentation.drawing_of(_procedure(code))
    return _download(drawing.svg, "image/svg+xml", f"{code}.svg")


@require_safe
@door(Action.READ, Kind.PROCEDURE)
def procedure_bpmn(request: HttpRequest, code: str) -> HttpResponse:
    """The procedure as BPMN 2.0, in the reader's language."""
    text = bpmn.export(_procedure(code), language=presentation.language())
    return _download(text, "application/xml", f"{code}.bpmn")


def _download(text: str, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
