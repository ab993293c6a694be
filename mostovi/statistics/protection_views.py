# SPDX-License-Identifier: EUPL-1.2
"""The page that says what was done to a table, why totals differ, and how large the risk is."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics import calculations, own_events, table_services
from mostovi.statistics.calculation_models import Calculation
from mostovi.statistics.calculation_views import waiting_for
from mostovi.statistics.catalogue import specs
from mostovi.statistics.protection_effect import Effect
from mostovi.statistics.table_views import asked_month, period_words
from mostovi.statistics.tables import in_language


@require_GET
@door(Action.PUBLISH, Kind.STATISTIC)
def protection(request: ActingRequest, code: str) -> HttpResponse:
    """What protection does to one table of a period, with the attacker's figures if asked."""
    spec = next((one for one in specs() if one.code == code), None)
    if spec is None or not set(spec.events) & own_events.kinds():
        raise Http404
    month = asked_month(request)
    attack = request.GET.get("attack") == "1"
    kind = Calculation.Kind.ATTACK if attack else Calculation.Kind.PROTECTION
    calculation = calculations.wanted(request.actor, kind, month, spec.code)
    if not calculation.done:
        return waiting_for(request, calculation)
    found = Effect.from_data(calculations.result(request.actor, calculation))
    language = get_language() or "en"
    titles = {one.code: in_language(one.title, language) for one in specs()}
    context = {
        "spec": spec,
        "title": in_language(spec.title, language),
        "period": period_words(spec, month),
        "month": month,
        "effect": found,
        "calculation": calculation,
        "together": [(one, titles[one]) for one in found.together if one != spec.code],
        "overlaps": [titles[one] for one in found.overlaps],
        "secret": in_language(spec.dimensions[-1].label, language),
        "protection": table_services.protection(),
    }
    return render(request, "statistics/table_protection.html", context)
