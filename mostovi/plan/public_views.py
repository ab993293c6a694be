# SPDX-License-Identifier: EUPL-1.2
"""The public page of progress: status, day and evidence as the partners set them, for everybody.

Shown are statuses, days, evidence, the report's figures and indicators of published editions.
Not shown are the notes, which are written for those who have an account, milestones and support.
What is computed is kept until something is said anew; nothing about a visitor is kept.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import condition, require_safe

from mostovi.plan import asylum, drawing, importing, indicators, reporting, services
from mostovi.plan.content import in_language, plan
from mostovi.plan.models import IndicatorValue, PartnerProgress
from mostovi.rights.doors import public_door
from mostovi.statistics import open_data
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.services import SECRETARIAT

FRESH = 300
_KEPT = 24 * 3600


def _state() -> str:
    """What the page is made of; two states are equal only if every number on it is."""
    said = [
        PartnerProgress.objects.aggregate(newest=Max("pk"))["newest"],
        IndicatorValue.objects.aggregate(newest=Max("pk"))["newest"],
        open_data.state(), plan().code, settings.MOSTOVI.code,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def _kept(name: str, make: Any) -> Any:
    key = f"plan.public.{name}.{get_language()}.{_state()}"
    found = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, _KEPT)
    return found


def _overview() -> dict[str, Any]:
    chosen, language = plan(), get_language() or "en"
    reports = services.in_force()
    counts = reporting.counts_of(reports, PARTNERS, len(chosen.actions))
    codes = list(dict.fromkeys(code for figure in chosen.figures for code in figure.live))
    live = indicators.latest(public=True)
    stock = services.newest_stock()
    detected = importing.newest(importing.DETECTIONS)
    applications = importing.newest(importing.ASYLUM)
    return {
        "groups": [
            (
                in_language(commitment.title, language),
                commitment.number,
                [
                    (
                        action.number, in_language(action.title, language),
                        [
                            (str(NAMES[code]), report.status if report else None)
                            for code in PARTNERS
                            for report in [reports.get((action.number, code))]
                        ],
                    )
                    for action in chosen.of_commitment(commitment.number)
                ],
            )
            for commitment in chosen.commitments
        ],
        "shares": [(str(NAMES[code]), counts[code]) for code in PARTNERS],
        "map": drawing.done_map(counts, len(chosen.actions)) if reports else "",
        "any": bool(reports),
        "live": [
            (in_language(live[c].title, language), str(live[c].month),
             reporting.said_figure(live[c].region), live[c].partners)
            for c in codes if c in live
        ],
        "stock": str(stock.value) if stock else "",
        "detections": str(drawing.on_screens(partial(drawing.detections_chart, detected)))
        if detected else "",
        "detection_rows": _years() if detected else [],
        "detection_source": detected.source if detected else "",
        "asylum": _asylum() if applications else None,
    }  # fmt: skip


def _years() -> list[tuple[str, int]]:
    found = reporting.detections_content()
    return list(found["years"].items()) if found else []


def _asylum() -> dict[str, Any]:
    value = importing.newest(importing.ASYLUM)
    if value is None:
        raise LookupError(importing.ASYLUM)
    content = reporting.asylum_content(PARTNERS)
    head, rows = reporting.asylum_table(content)
    return {
        "chart": str(drawing.on_screens(
            partial(drawing.asylum_chart, importing.counted(value).by_year, asylum.SINCE)
        )),
        "head": head, "rows": rows, "source": value.source,
        "words": reporting.asylum_words(content) if content else [],
    }  # fmt: skip


@require_safe
@public_door
def overview(request: HttpRequest) -> HttpResponse:
    """The plan at a glance: where each partner says it stands."""
    found = _kept("overview", _overview)
    context = {
        **found,
        "map": drawing.on_page(found["map"]),
        "detections": drawing.on_page(found["detections"]),
        "asylum_chart": drawing.on_page(found["asylum"]["chart"]) if found["asylum"] else "",
        "partners": [NAMES[code] for code in PARTNERS],
        "plan": plan(),
        "everybody": settings.MOSTOVI.partner == SECRETARIAT,
        "detection_words": reporting.detection_words(),
    }
    return render(request, "plan/public.html", context)


@require_safe
@public_door
def action(request: HttpRequest, number: int) -> HttpResponse:
    """One action: status, day and evidence of each partner."""
    try:
        chosen = plan().action(number)
    except KeyError:
        raise Http404 from None
    reports = services.in_force(action=number)
    context = {
        "action": chosen,
        "plan": plan(),
        "partners": [(NAMES[code], reports.get((number, code))) for code in PARTNERS],
        "figures": plan().figures_of(number),
    }
    return render(request, "plan/public_action.html", context)


def _etag(request: HttpRequest) -> str:
    return f'"{_state()}"'


@require_safe
@public_door
@condition(etag_func=_etag)
def data(request: HttpRequest) -> HttpResponse:
    """The same as data: statuses, days and evidence; without notes. Any site may read it."""
    chosen, reports = plan(), services.in_force()
    content = {
        "plan": chosen.code,
        "period": chosen.period,
        "synthetic": bool(settings.MOSTOVI.demo),
        "kosovo_note": "xk: Kosovo*. This designation is without prejudice to positions on "
        "status, and is in line with UNSCR 1244/1999 and the ICJ Opinion on the Kosovo "
        "declaration of independence.",
        "actions": [
            {
                "number": one.number,
                "commitment": one.commitment,
                "title": one.title,
                "partners": {
                    code: {
                        "status": report.status,
                        "reported_on": report.reported_on.isoformat(),
                        "evidence": [
                            {"title": e.title, "url": e.url} for e in report.evidence.all()
                        ],
                    }
                    for code in PARTNERS
                    for report in [reports.get((one.number, code))]
                    if report is not None
                },
            }
            for one in chosen.actions
        ],
    }
    answer = JsonResponse(content, json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = f"public, max-age={FRESH}, stale-while-revalidate={_KEPT}"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
