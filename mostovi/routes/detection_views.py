# SPDX-License-Identifier: EUPL-1.2
"""Pages of detection: alerts and their review, one series with its forecast, assessments."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mostovi.paper import charts
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.routes import alerting, assessing, assessment_paper
from mostovi.routes.catalogue import display
from mostovi.routes.detection_forms import (
    AssessmentForm,
    DissentForm,
    JudgementForm,
    ReviewForm,
)
from mostovi.routes.detection_models import (
    FlowAlert,
    SeriesCheck,
    ThreatAssessment,
    ThreatJudgement,
)
from mostovi.routes.detection_panel import series_name
from mostovi.routes.drawing import on_screens
from mostovi.routes.templatetags.flows import number

A_PAGE = 25
SHOWN = 72
"""Periods on a chart."""


def _may(actor: Actor) -> dict[str, bool]:
    return {
        "may_review": decide(actor, Action.DECIDE, Kind.FLOW).allowed,
        "may_write": decide(actor, Action.CREATE, Kind.FLOW).allowed,
    }


@require_GET
@door(Action.READ, Kind.FLOW)
def alerts(request: ActingRequest) -> HttpResponse:
    """Alerts, those that wait first, and the series that are checked."""
    page = Paginator(alerting.alerts(request.actor), A_PAGE).get_page(request.GET.get("page"))
    checks = list(SeriesCheck.objects.only("code", "until", "rate", "made_at"))
    context = {
        "page": page,
        "alerts": [(row, series_name(row.code)) for row in page],
        "checks": [(row, series_name(row.code)) for row in checks[:60]],
        **_may(request.actor),
    }
    return render(request, "routes/alerts.html", context)


@require_POST
@door(Action.DECIDE, Kind.FLOW)
def check(request: ActingRequest) -> HttpResponse:
    """Check all series now."""
    new = alerting.check_usual(request.actor, timezone.now())
    messages.success(request, _("Checked. New alerts: %(count)s") % {"count": new})
    return redirect("routes:alerts")


@require_http_methods(["GET", "POST"])
@door(Action.READ, Kind.FLOW)
def alert(request: ActingRequest, alert: UUID) -> HttpResponse:
    """One alert: why it was raised, what people found, and the review."""
    try:
        found = alerting.alerts(request.actor).get(pk=alert)
    except FlowAlert.DoesNotExist:
        raise Http404 from None
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        alerting.review(request.actor, alert, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("Your review is kept. Earlier ones stay beside it."))
        return redirect("routes:alert", alert=alert)
    told = found.explanation
    context = {
        "alert": found, "told": told, "name": series_name(found.code), "form": form,
        "reviews": list(found.reviews.all()), "every": round(1 / max(found.rate, 1e-6)),
        "rules": display(), **_may(request.actor),
    }  # fmt: skip
    return render(request, "routes/alert.html", context, status=422 if form.errors else 200)


@require_GET
@door(Action.READ, Kind.FLOW)
def series(request: ActingRequest, code: str) -> HttpResponse:
    """One series: back-test month by month, and the forecast with its scores."""
    try:
        found = alerting.check_of(request.actor, code)
    except SeriesCheck.DoesNotExist:
        raise Http404 from None
    told = found.found
    forecast = told.get("forecast") or {}
    context = {
        "check": found, "told": told, "name": series_name(code), "every": round(1 / found.rate),
        "back_test": _back_test(told), "forecast": forecast,
        "forecast_chart": _forecast_chart(told, forecast) if forecast else "",
        "rows": list(reversed(told["expected"]))[:60],
    }  # fmt: skip
    return render(request, "routes/series.html", context)


def _shown(value: float | None) -> float | None:
    """A count as it may be drawn: nothing under the threshold."""
    return None if value is None or value < display().threshold else value


def _back_test(told: dict[str, Any]) -> SafeString | str:
    rows = told["expected"]
    if len(rows) < 2:
        return ""
    names = [row[0] for row in rows]
    return on_screens(
        partial(
            charts.lines,
            title=_("Counted and expected"),
            description=_("Alarms are marked; the table below has the numbers."),
            places=names,
            series=[
                charts.Line(_("counted"), [_shown(row[1]) for row in rows]),
                charts.Line(_("expected"), [_shown(row[2]) for row in rows], kind="reference"),
            ],
            marks=[
                charts.Mark(names.index(one["opened"]), str(place))
                for place, one in enumerate(told["episodes"], start=1)
            ],
            number=number, mirrored=get_language_bidi(),
        )
    )  # fmt: skip


def _forecast_chart(told: dict[str, Any], forecast: dict[str, Any]) -> SafeString:
    past = told["expected"][-24:]
    ahead = forecast["months"]
    names = [row[0] for row in past] + [row["period"] for row in ahead]
    before: list[float | None] = [None] * len(past)
    return on_screens(
        partial(
            charts.lines,
            title=_("Forecast"),
            description=_("The band holds 80 of 100 cases; the table below has the numbers."),
            places=names,
            series=[
                charts.Line(
                    _("counted"), [*[_shown(row[1]) for row in past], *[None] * len(ahead)]
                ),
                charts.Line(
                    _("forecast"), [*before, *[row["middle"] for row in ahead]],
                    [*before, *[row["low80"] for row in ahead]],
                    [*before, *[row["high80"] for row in ahead]], kind="forecast",
                ),
            ],
            number=number, mirrored=get_language_bidi(),
        )
    )  # fmt: skip


@require_GET
@door(Action.READ, Kind.FLOW)
def assessments(request: ActingRequest) -> HttpResponse:
    """All assessments that the reader may see."""
    page = Paginator(assessing.readable(request.actor), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "routes/assessments.html", {"page": page, **_may(request.actor)})


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.FLOW)
def assess(request: ActingRequest, assessment: UUID | None = None) -> HttpResponse:
    """Begin a draft, or change one."""
    found = _found(request.actor, assessment) if assessment else None
    if found is not None and found.state != ThreatAssessment.State.DRAFT:
        raise Http404
    form = AssessmentForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        if found is None:
            found = assessing.write(request.actor, form.cleaned_data, now=timezone.now())
        else:
            assessing.change(request.actor, found.pk, form.cleaned_data)
        return redirect("routes:assessment", assessment=found.pk)
    context = {"form": form, "found": found}
    return render(request, "routes/assess.html", context, status=422 if form.errors else 200)


def _found(actor: Actor, assessment: UUID) -> ThreatAssessment:
    try:
        return assessing.readable(actor).get(pk=assessment)
    except ThreatAssessment.DoesNotExist:
        raise Http404 from None


@require_GET
@door(Action.READ, Kind.FLOW)
def assessment(request: ActingRequest, assessment: UUID) -> HttpResponse:
    """One assessment: judgements with likelihood, confidence, sources and dissent."""
    found = _found(request.actor, assessment)
    return _assessment(request, found, JudgementForm(), 200)


def _assessment(
    request: ActingRequest, found: ThreatAssessment, form: JudgementForm, status: int,
    lacks: list[str] | None = None,
) -> HttpResponse:  # fmt: skip
    newer = ThreatAssessment.objects.filter(replaces=found).exclude(state="draft").first()
    context = {
        "found": found, "judgements": list(found.judgements.prefetch_related("dissents")),
        "form": form, "draft": found.state == ThreatAssessment.State.DRAFT, "newer": newer,
        "lacks": lacks or [], **_may(request.actor),
    }  # fmt: skip
    return render(request, "routes/assessment.html", context, status=status)


@require_GET
@door(Action.READ, Kind.FLOW)
def assessment_json(request: ActingRequest, assessment: UUID) -> HttpResponse:
    """The assessment as JSON."""
    found = _found(request.actor, assessment)
    return JsonResponse(assessing.as_data(found), json_dumps_params={"ensure_ascii": False})


@require_GET
@door(Action.READ, Kind.FLOW)
def assessment_pdf(request: ActingRequest, assessment: UUID) -> HttpResponse:
    """The assessment on paper, in the reader's language."""
    found = _found(request.actor, assessment)
    language = (get_language() or "en").split("-")[0]
    answer = HttpResponse(assessment_paper.as_pdf(found, language), content_type="application/pdf")
    name = f"assessment-{found.covers_from}-{found.edition}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_POST
@door(Action.CREATE, Kind.FLOW)
def judge(request: ActingRequest, assessment: UUID) -> HttpResponse:
    """Add a judgement to a draft."""
    found = _found(request.actor, assessment)
    form = JudgementForm(request.POST)
    if not form.is_valid():
        return _assessment(request, found, form, 422)
    try:
        assessing.judge(request.actor, assessment, **form.cleaned_data)
    except assessing.AlreadyPublished:
        messages.error(request, _("It is published. Begin a new edition to change it."))
    return redirect("routes:assessment", assessment=assessment)


@require_POST
@door(Action.CREATE, Kind.FLOW)
def drop(request: ActingRequest, assessment: UUID, judgement: int) -> HttpResponse:
    """Take a judgement out of a draft."""
    try:
        assessing.drop(request.actor, assessment, judgement)
    except (ThreatAssessment.DoesNotExist, ThreatJudgement.DoesNotExist):
        raise Http404 from None
    except assessing.AlreadyPublished:
        messages.error(request, _("It is published. Begin a new edition to change it."))
    except assessing.NotReady:
        messages.error(request, _("Somebody judges otherwise on it; it stays."))
    return redirect("routes:assessment", assessment=assessment)


@require_POST
@door(Action.PUBLISH, Kind.FLOW)
def publish_assessment(request: ActingRequest, assessment: UUID) -> HttpResponse:
    """Show a draft to all staff."""
    found = _found(request.actor, assessment)
    try:
        assessing.publish(request.actor, assessment, now=timezone.now())
    except assessing.NotReady as lacking:
        return _assessment(request, found, JudgementForm(), 422, lacking.lacks)
    except assessing.AlreadyPublished:
        messages.error(request, _("It is published already."))
    else:
        messages.success(request, _("Published. All staff of this node can read it."))
    return redirect("routes:assessment", assessment=assessment)


@require_http_methods(["GET", "POST"])
@door(Action.DECIDE, Kind.FLOW)
def dissent(request: ActingRequest, assessment: UUID, judgement: int) -> HttpResponse:
    """Judge otherwise."""
    found = _found(request.actor, assessment)
    chosen = found.judgements.filter(pk=judgement).first()
    if chosen is None:
        raise Http404
    form = DissentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        assessing.dissent(
            request.actor, assessment, judgement,
            words=form.cleaned_data["words"], now=timezone.now(),
        )  # fmt: skip
        return redirect("routes:assessment", assessment=assessment)
    context = {"found": found, "judgement": chosen, "form": form}
    return render(request, "routes/dissent.html", context, status=422 if form.errors else 200)


@require_POST
@door(Action.CREATE, Kind.FLOW)
def new_edition(request: ActingRequest, assessment: UUID) -> HttpResponse:
    """Begin a new edition."""
    try:
        made = assessing.new_edition(request.actor, assessment, now=timezone.now())
    except ThreatAssessment.DoesNotExist:
        raise Http404 from None
    return redirect("routes:assessment", assessment=made.pk)
