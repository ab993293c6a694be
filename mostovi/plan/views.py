# SPDX-License-Identifier: EUPL-1.2
"""Pages of `plan`: the dashboard, an action, a partner, the figures, reporting, importing."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mostovi.exchange.reasons import LetterRefused
from mostovi.plan import drawing, following, importing, indicators, reporting, services
from mostovi.plan.content import BaselineFigure, Commitment, Dependency, PlanAction, plan, plans
from mostovi.plan.forms import ReportForm, StockForm
from mostovi.plan.indicators import LiveFigure
from mostovi.plan.models import PartnerProgress, Status
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics.partners import NAMES
from mostovi.statistics.region import PARTNERS
from mostovi.statistics.services import SECRETARIAT

Reports = dict[tuple[int, str], PartnerProgress]


def _names() -> list[tuple[str, Any]]:
    return [(code, NAMES[code]) for code in PARTNERS]


def _row(action: PlanAction, reports: Reports) -> tuple[PlanAction, list[tuple[Any, Any, bool]]]:
    own = settings.MOSTOVI.partner
    return action, [
        (NAMES[code], reports.get((action.number, code)), code == own) for code in PARTNERS
    ]


def _shares(reports: Reports) -> list[tuple[str, Any, dict[str, int]]]:
    """By partner how many actions have each status; what is not reported counts as not known."""
    counts = reporting.counts_of(reports, PARTNERS, len(plan().actions))
    return [(code, NAMES[code], counts[code]) for code in PARTNERS]


@require_GET
@door(Action.READ, Kind.PLAN)
def dashboard(request: ActingRequest) -> HttpResponse:
    """The 21 actions by commitment and partner."""
    reports = services.in_force()
    chosen = plan()
    context = {
        "plan": chosen,
        "partners": [(c, name, c == settings.MOSTOVI.partner) for c, name in _names()],
        "groups": [
            (commitment, [_row(a, reports) for a in chosen.of_commitment(commitment.number)])
            for commitment in chosen.commitments
        ],
        "shares": _shares(reports),
        "others": [one for one in plans().values() if one.code != chosen.code],
        "everybody": settings.MOSTOVI.partner == SECRETARIAT,
        "nothing": not reports,
        "own": _own_partner(request),
        "kosovo": True,
    }
    return render(request, "plan/dashboard.html", context)


def _own_partner(request: ActingRequest) -> str:
    """The partner whose statuses the reader sets, or ''."""
    partner = settings.MOSTOVI.partner
    return partner if services.may_report(request.actor, partner) and partner in PARTNERS else ""


def _action_or_404(number: int) -> PlanAction:
    try:
        return plan().action(number)
    except KeyError:
        raise Http404 from None


def _commitment(action: PlanAction) -> Commitment:
    return next(c for c in plan().commitments if c.number == action.commitment)


@require_GET
@door(Action.READ, Kind.PLAN)
def action(request: ActingRequest, number: int) -> HttpResponse:
    """One action: where the partners stand, with evidence, indicators and history."""
    chosen = _action_or_404(number)
    reports = list(
        PartnerProgress.objects.filter(plan=plan().code, action=number)
        .order_by("-reported_on", "-recorded_at")
        .prefetch_related("evidence")
    )
    newest: dict[str, PartnerProgress] = {}
    for report in sorted(reports, key=lambda r: r.sequence):
        newest[report.partner] = report
    live = indicators.latest() if any(f.live for f in plan().figures_of(number)) else {}
    figures = plan().figures_of(number)
    context = {
        "action": chosen,
        "commitment": _commitment(chosen),
        "partners": [(code, name, newest.get(code)) for code, name in _names()],
        "history": [(NAMES[r.partner], r) for r in reports],
        "figures": [(figure, _live_of(figure, live)) for figure in figures],
        "stock": services.newest_stock() if any(f.recomputed for f in figures) else None,
        "own": _own_partner(request),
        "histories": _histories(figures),
        "stands_on": _dependencies(plan().stands_on(number), newest),
        "needed_for": [(one, plan().action(one.action)) for one in plan().needed_for(number)],
        "milestones": [(NAMES[m.partner], m) for m in following.milestones(plan().code, number)],
        "support": [(NAMES[s.partner], s) for s in following.supports(plan().code, number)],
        "plan": plan(),
        "before": number - 1 if number > 1 else None,
        "after": number + 1 if number < len(plan().actions) else None,
    }
    return render(request, "plan/action.html", context)


def _histories(figures: list[BaselineFigure]) -> list[tuple[Any, Any, Any]]:
    """The last twelve months of what speaks to the action, each with its chart."""
    codes = [code for figure in figures for code in figure.live]
    if not codes:
        return []
    language = get_language() or "en"
    return [
        (
            history,
            drawing.on_screens(partial(drawing.history_chart, history, language)),
            list(zip(history.periods, history.values, history.partners, strict=True)),
        )
        for history in indicators.histories(codes)
    ]


def _dependencies(
    found: list[Dependency], newest: dict[str, PartnerProgress]
) -> list[tuple[Dependency, PlanAction, list[Any]]]:
    """What the action stands on, with the partners that say it is done while that is not yet.

    It is a question to the partner, never a correction of what it said.
    """
    lines = []
    done = [code for code, report in newest.items() if report.status == Status.DONE]
    for one in found:
        beneath = {
            partner: report.status
            for (action, partner), report in services.in_force(action=one.stands_on).items()
        }
        asked = [
            NAMES[code]
            for code in PARTNERS
            if code in done and beneath.get(code) in (Status.NOT_STARTED, Status.PLANNED)
        ]
        lines.append((one, plan().action(one.stands_on), asked))
    return lines


def _live_of(figure: BaselineFigure, live: dict[str, LiveFigure]) -> list[LiveFigure]:
    return [live[code] for code in figure.live if code in live]


@require_GET
@door(Action.READ, Kind.PLAN)
def partner(request: ActingRequest, code: str) -> HttpResponse:
    """One partner: all actions with status, note and evidence."""
    if code not in PARTNERS:
        raise Http404
    reports = services.in_force(code)
    chosen = plan()
    context = {
        "code": code,
        "name": NAMES[code],
        "groups": [
            (c, [(a, reports.get((a.number, code))) for a in chosen.of_commitment(c.number)])
            for c in chosen.commitments
        ],
        "counts": next(counts for one, _n, counts in _shares(reports) if one == code),
        "own": _own_partner(request) == code,
        "plan": chosen,
    }
    return render(request, "plan/partner.html", context)


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.PLAN)
def report(request: ActingRequest, number: int) -> HttpResponse:
    """Report where the own partner stands with one action."""
    chosen = _action_or_404(number)
    own = _own_partner(request)
    if not own:
        # The same answer as for a page that is not there: nobody reports for another partner.
        raise Http404
    today = timezone.localdate()
    newest = services.in_force(own).get((number, own))
    initial = {"reported_on": today, **({"office": newest.office} if newest else {})}
    form = ReportForm(request.POST or None, today=today, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.report_progress(request.actor, partner=own, action=number, **form.cleaned_data)
        except LetterRefused:
            form.add_error(
                None,
                _(
                    "The letter to the secretariat could not be written, so nothing was saved. "
                    "Ask the administrator whether the secretariat's node is among the peers."
                ),
            )
        else:
            messages.success(request, _("Reported, and on its way to the secretariat."))
            return redirect("plan:action", number=number)
    context = {
        "action": chosen,
        "form": form,
        "newest": newest,
        "name": NAMES[own],
        "commitment": _commitment(chosen),
    }
    return render(request, "plan/report.html", context, status=422 if form.errors else 200)


@require_GET
@door(Action.READ, Kind.PLAN)
def figures(request: ActingRequest) -> HttpResponse:
    """The report's published figures, each with year, source and caveat."""
    sections = [
        (section, list(members))
        for section, members in groupby(plan().figures, key=lambda figure: figure.section)
    ]
    context = {
        "plan": plan(),
        "stock": services.newest_stock(),
        "sections": sections,
        "asylum": importing.newest(importing.ASYLUM),
        "detections": importing.newest(importing.DETECTIONS),
    }
    return render(request, "plan/figures.html", context)


@require_GET
@door(Action.READ, Kind.PLAN)
def stock(request: ActingRequest) -> HttpResponse:
    """The report's 4.3 beside the one recomputed from the UN's table, with its definition."""
    value = services.newest_stock()
    context = {
        "figure": next(f for f in plan().figures if f.code == services.STOCK_FIGURE),
        "value": value,
        "by_partner": [(NAMES[code], out, into) for code, out, into in value.parts["by_partner"]]
        if value
        else [],
        "most": max((max(out, into) for _c, out, into in value.parts["by_partner"]), default=1)
        if value
        else 1,
        "may_import": decide(request.actor, Action.CHANGE, Kind.PLAN).allowed,
        "plan": plan(),
    }
    return render(request, "plan/stock.html", context)


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.PLAN)
def stock_import(request: ActingRequest) -> HttpResponse:
    """Upload the UN's table; every wrong row is listed and then nothing is taken."""
    form = StockForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            services.import_stock(request.actor, file.read(), file_name=file.name)
        except services.StockRefused as error:
            refused = error
        else:
            messages.success(request, _("Imported and recomputed."))
            return redirect("plan:stock")
    wrong = bool(form.errors or refused)
    context = {"form": form, "refused": refused}
    return render(request, "plan/stock_import.html", context, status=422 if wrong else 200)
