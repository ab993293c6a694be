# SPDX-License-Identifier: EUPL-1.2
"""The page that says what was done to a table, why totals differ, and how large the risk is."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics import own_events, protection_services, table_services
from mostovi.statistics.catalogue import specs
from mostovi.statistics.months import Month
from mostovi.statistics.tables import in_language


@require_GET
@door(Action.PUBLISH, Kind.STATISTIC)
def protection(request: ActingRequest, code: str) -> HttpResponse:
    """What protection does to one table of a period, with the attacker's figures if asked."""
    spec = next((one for one in specs() if one.code == code), None)
    if spec is None or not set(spec.events) & own_events.kinds():
        raise Http404
    newest = Month.last_complete(timezone.localdate())
    try:
        month = min(newest, Month.parse(request.GET.get("month", "")))
    except ValueError:
        month = newest
    attack = request.GET.get("attack") == "1"
    language = get_language() or "en"
    found = protection_services.effect(request.actor, spec, month, attack=attack)
    context = {
        "spec": spec,
        "title": in_language(spec.title, language),
        "period": spec.period.of(str(month)),
        "month": month,
        "effect": found,
        "together": [
            (one.code, in_language(one.title, language)) for one in found.together if one != spec
        ],
        "overlaps": [
            in_language(one.title, language) for one in found.together if one.code in found.overlaps
        ],
        "secret": in_language(spec.dimensions[-1].label, language),
        "attack": attack,
        "protection": table_services.protection(),
    }
    return render(request, "statistics/table_protection.html", context)
