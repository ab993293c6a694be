# SPDX-License-Identifier: EUPL-1.2
"""The pages that wait for a calculation over own records, and the button that asks for a new one.

A page itself only reads what is stored (`waiting_for`, `calculations.result`).
"""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from mostovi.procedures import batch_pages
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics import calculations
from mostovi.statistics.calculation_models import Calculation
from mostovi.statistics.calculation_words import failure_words, progress_words
from mostovi.statistics.catalogue import specs
from mostovi.statistics.months import Month
from mostovi.statistics.tables import in_language


def page_of(calculation: Calculation) -> str:
    """The address of the page that shows it."""
    if calculation.kind == Calculation.Kind.QUALITY:
        return reverse("statistics:quality")
    name = "table_cells" if calculation.kind == Calculation.Kind.CELLS else "table_protection"
    attack = "&attack=1" if calculation.kind == Calculation.Kind.ATTACK else ""
    address = reverse(f"statistics:{name}", kwargs={"code": calculation.table})
    return f"{address}?month={calculation.month}{attack}"


def waiting_for(request: ActingRequest, calculation: Calculation) -> HttpResponse:
    """How far a calculation is; why when it failed."""
    spec = next((one for one in specs() if one.code == calculation.table), None)
    context = {
        "calculation": calculation,
        "words": progress_words(calculation),
        "failure": failure_words(calculation.failure),
        "title": in_language(spec.title, get_language() or "en") if spec else "",
        "month": Month.parse(calculation.month),
    }
    return render(request, "statistics/calculation_waits.html", context)


def _found(request: ActingRequest, pk: UUID) -> Calculation:
    try:
        return calculations.find(request.actor, pk)
    except Calculation.DoesNotExist as error:
        raise Http404 from error


@require_safe
@door(Action.PUBLISH, Kind.STATISTIC)
def progress(request: ActingRequest, pk: UUID) -> HttpResponse:
    """How far it is, for the page that waits."""
    calculation = _found(request, pk)
    return batch_pages.progress(calculation, progress_words(calculation))


@require_POST
@door(Action.PUBLISH, Kind.STATISTIC)
def anew(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Calculate once more from the records as they are now."""
    earlier = _found(request, pk)
    return redirect(page_of(calculations.anew(request.actor, earlier.pk)))
