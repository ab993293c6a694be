# SPDX-License-Identifier: EUPL-1.2
"""Pages of simulations: ask for one, watch it, read and take away what came out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mostovi.pathways import (
    drafting,
    populations,
    reforming,
    simulation_files,
    simulation_services,
    simulation_words,
)
from mostovi.pathways.law_files import PARTNERS
from mostovi.pathways.models import Reform
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.simulation_forms import SimulateForm
from mostovi.pathways.simulation_models import RunState, SimulationRun
from mostovi.pathways.simulation_pages import Shown
from mostovi.pathways.wording import language
from mostovi.procedures import batch_pages
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door

_PAGE = 20


def _reform(request: ActingRequest, code: str) -> Reform:
    try:
        return reforming.find(request.actor, code)
    except Reform.DoesNotExist as error:
        raise Http404 from error


@require_safe
@door(Action.READ, Kind.REFORM)
def simulate(request: ActingRequest, code: str) -> HttpResponse:
    """Choose people for a draft; every simulation of it so far."""
    found = _reform(request, code)
    return _choosing(request, found, _form(found, request.GET.get("on", "")), 200)


@require_POST
@door(Action.CREATE, Kind.REFORM)
def begin(request: ActingRequest, code: str) -> HttpResponse:
    """Put a simulation into the queue and show how far it is."""
    found = _reform(request, code)
    form = SimulateForm(request.POST, offered=_offered(found), own_partner=found.partner)
    if not form.is_valid():
        return _choosing(request, found, form, 422)
    try:
        run = simulation_services.ask(request.actor, code, **form.cleaned_data)
    except simulation_services.HasFaults:
        form.add_error(None, _("The draft has faults. Repair them first, then compare."))
    except simulation_services.TooManyWaiting:
        form.add_error(None, _("Five simulations of this draft are unfinished. Wait for one."))
    else:
        return redirect("pathways:simulation", code=code, pk=run.pk)
    return _choosing(request, found, form, 422)


def _offered(found: Reform) -> list[str]:
    """Populations for this draft; the node's own cases only for the law of its own partner."""
    own = found.partner == settings.MOSTOVI.partner
    return [one.code for one in populations.offered() if not one.real or own]


def _form(found: Reform, on: str) -> SimulateForm:
    partner = found.partner if found.partner in PARTNERS else settings.MOSTOVI.partner
    initial = {
        "on": on[:10] or _day(found),
        "population": populations.SYNTHETIC,
        "partner": partner if partner in PARTNERS else PARTNERS[0],
        "people": populations.PEOPLE,
        "seed": populations.SEED,
        "by": ["sex", "age_group"],
    }
    return SimulateForm(initial=initial, offered=_offered(found), own_partner=found.partner)


def _day(found: Reform) -> Any:
    """The day on which the draft takes effect; today when it cannot be read."""
    today = timezone.localdate()
    try:
        checked = drafting.check(found.partner, found.pathway, reforming.newest(found).text)
    except BadLaw:
        return today
    return drafting.day_of_effect(checked.pathway, today) if checked.pathway else today


def _choosing(
    request: ActingRequest, found: Reform, form: SimulateForm, status: int
) -> HttpResponse:
    listed = simulation_services.runs(request.actor, found)
    context = {
        "reform": found,
        "newest": reforming.newest(found),
        "form": form,
        "may_simulate": reforming.may_draft(request.actor),
        "own_offered": len(_offered(found)) > 1,
        "page": Paginator(listed, _PAGE).get_page(request.GET.get("page")),
        "kosovo": True,
    }
    return render(request, "pathways/simulate.html", context, status=status)


def _run(request: ActingRequest, code: str, pk: UUID) -> SimulationRun:
    try:
        return simulation_services.find(request.actor, code, pk)
    except SimulationRun.DoesNotExist as error:
        raise Http404 from error


@require_safe
@door(Action.READ, Kind.REFORM)
def simulation(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """How far a simulation is; its result when it is done; why when it failed."""
    run = _run(request, code, pk)
    context: dict[str, Any] = {"run": run, "reform": run.reform, "kosovo": True}
    if run.state == RunState.DONE:
        context["shown"] = shown = _shown(run)
        context["caveats"] = list(simulation_files.caveats(shown))
        context["language"] = language()
        return render(request, "pathways/simulation.html", context)
    context |= {
        "words": simulation_words.progress_words(run.state, run.step),
        "failure": simulation_words.failure_words(run.failure),
        "may_simulate": reforming.may_draft(request.actor),
    }
    return render(request, "pathways/simulation_waits.html", context)


def _shown(run: SimulationRun) -> Shown:
    return Shown(run, run.reform.versions.get(number=run.version).text)


@require_safe
@door(Action.READ, Kind.REFORM)
def progress(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """How far it is, for the page that waits."""
    run = _run(request, code, pk)
    return batch_pages.progress(run, simulation_words.progress_words(run.state, run.step))


@require_safe
@door(Action.READ, Kind.REFORM)
def result_file(request: ActingRequest, code: str, pk: UUID, form: str) -> HttpResponse:
    """The result to take away."""
    run = _run(request, code, pk)
    if form not in simulation_files.FORMS or run.state != RunState.DONE:
        raise Http404
    try:
        content = simulation_files.written(_shown(run), form)
    except ValueError:
        messages.error(request, _("The PDF could not be set. Take the data or print the page."))
        return redirect("pathways:simulation", code=code, pk=pk)
    simulation_services.note_export(request.actor, run, form)
    answer = HttpResponse(content, content_type=simulation_files.FORMS[form])
    name = f"{run.reform.code}-{run.version}-{run.on}.{form}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
