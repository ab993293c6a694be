# SPDX-License-Identifier: EUPL-1.2
"""Pages on investigations: the list, one of them with its checklist, numbers of outcomes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.routes.incidents import catalogue, investigating, outcomes, store
from mostovi.routes.incidents.forms import InvestigationForm, OutcomeForm
from mostovi.routes.incidents.models import Incident, Investigation, Outcome
from mostovi.routes.incidents.store import Unfit
from mostovi.routes.incidents.wording import add_error, say, step_words

A_PAGE = 25
MARK_WORDS = {
    "done": gettext_lazy("Done"), "not_yet": gettext_lazy("Not yet"),
    "does_not_apply": gettext_lazy("Does not apply"),
}  # fmt: skip


def found(request: ActingRequest, code: str, action: Action = Action.READ) -> Investigation:
    """The investigation, or 404."""
    try:
        return investigating.find(request.actor, code, action)
    except Investigation.DoesNotExist as error:
        raise Http404 from error


@require_GET
@door(Action.READ, Kind.INVESTIGATION)
def investigations(request: ActingRequest) -> HttpResponse:
    """The investigations, newest first."""
    page = LongList(investigating.visible(request.actor), A_PAGE).get_page(request.GET.get("page"))
    rows = [
        {"row": row, "crime": say("crimes", row.crime), "title": (values or {}).get("title", ""),
         "open": len(investigating.not_yet(row))}
        for row, values in investigating.listed(request.actor, list(page.object_list))
    ]  # fmt: skip
    return render(request, "incidents/investigations.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.INVESTIGATION)
def new(request: ActingRequest) -> HttpResponse:
    """Open an investigation, from an incident where one is named."""
    form = InvestigationForm(request.POST or None)
    first: list[Incident] = []
    if code := request.GET.get("incident", ""):
        first = list(store.visible(request.actor).filter(code=code))
    if request.method == "POST" and form.is_valid():
        try:
            row = investigating.open_investigation(
                request.actor, incidents=first, **form.cleaned_data
            )
        except Unfit as unfit:
            add_error(form, unfit)
        else:
            messages.success(request, _("The investigation is open and counted."))
            return redirect("incidents:investigation", code=row.code)
    context = {"form": form, "first": first}
    status = 422 if form.errors else 200
    return render(request, "incidents/investigation_new.html", context, status=status)


@require_GET
@door(Action.READ, Kind.INVESTIGATION)
def investigation(request: ActingRequest, code: str) -> HttpResponse:
    """One investigation: its incidents, what it owes to people, joint work, assistance, numbers."""
    row = found(request, code)
    values, listed = investigating.read(request.actor, row), catalogue.checklist()
    context = {
        "row": row, "values": values, "crime": say("crimes", row.crime),
        "incidents": row.incidents.all(), "list": listed,
        "items": [
            (item, row.checklist.get(item.code, "not_yet"), _(item.asks), _(item.how))
            for item in listed.items
        ],
        "marks": MARK_WORDS.items(), "open": len(investigating.not_yet(row)),
        "joint": [(one, step_words(one.procedure))
                  for one in row.joint_works.select_related("procedure")],
        "assistance": [(one, step_words(one.procedure))
                       for one in row.assistance.select_related("procedure")],
        "outcomes": row.outcomes.filter(withdrawn_at=None),
    }  # fmt: skip
    return render(request, "incidents/investigation.html", context)


@require_POST
@door(Action.CHANGE, Kind.INVESTIGATION)
def add_incident(request: ActingRequest, code: str) -> HttpResponse:
    """Gather an incident by its code."""
    row = found(request, code, Action.CHANGE)
    try:
        investigating.add_incident(request.actor, row, request.POST.get("code", ""))
    except Unfit as unfit:
        messages.error(request, _(str(unfit)))
    else:
        messages.success(request, _("Added."))
    return redirect("incidents:investigation", code=row.code)


@require_POST
@door(Action.CHANGE, Kind.INVESTIGATION)
def checklist(request: ActingRequest, code: str) -> HttpResponse:
    """Keep how far each line of the checklist is."""
    row = found(request, code, Action.CHANGE)
    known = {item.code for item in catalogue.checklist().items}
    try:
        investigating.mark(
            request.actor, row, {name: request.POST[name] for name in known & request.POST.keys()}
        )
    except Unfit as unfit:
        messages.error(request, _(str(unfit)))
    else:
        messages.success(request, _("The checklist is kept."))
    return redirect("incidents:investigation", code=row.code)


@require_POST
@door(Action.CHANGE, Kind.INVESTIGATION)
def end(request: ActingRequest, code: str) -> HttpResponse:
    """End the investigation."""
    row = found(request, code, Action.CHANGE)
    try:
        investigating.end(request.actor, row)
    except Unfit as unfit:
        messages.error(request, _(str(unfit)))
    else:
        messages.success(request, _("The investigation has ended. Its numbers stay."))
    return redirect("incidents:investigation", code=row.code)


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.INVESTIGATION)
def outcome_list(request: ActingRequest) -> HttpResponse:
    """Numbers of outcomes, and recording one."""
    form = OutcomeForm(request.POST or None, initial={"happened_on": timezone.localdate()})
    investigation_code = request.GET.get("investigation", "")
    about = found(request, investigation_code) if investigation_code else None
    if request.method == "POST" and form.is_valid():
        try:
            outcomes.record_outcome(request.actor, investigation=about, **form.cleaned_data)
        except Unfit as unfit:
            add_error(form, unfit)
        else:
            messages.success(request, _("Recorded. Statistics read numbers and codes only."))
            return redirect("incidents:outcomes")
    page = LongList(outcomes.visible(request.actor), A_PAGE).get_page(request.GET.get("page"))
    rows = [(row, say("crimes", row.crime)) for row in page.object_list]
    context = {"form": form, "page": page, "rows": rows, "about": about}
    return render(request, "incidents/outcomes.html", context, status=422 if form.errors else 200)


@require_POST
@door(Action.CHANGE, Kind.INVESTIGATION)
def withdraw(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Take a wrong number back."""
    try:
        outcomes.withdraw(request.actor, pk)
    except Outcome.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Withdrawn. It counts no longer."))
    return redirect("incidents:outcomes")
