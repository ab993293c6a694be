# SPDX-License-Identifier: EUPL-1.2
"""Pages on incidents. A code that is not there and one out of reach are the same answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.routes.incidents import linking, store
from mostovi.routes.incidents.catalogue import sign_set
from mostovi.routes.incidents.forms import ANSWER_WORDS, AdvertForm, IdentifierForm, IncidentForm
from mostovi.routes.incidents.models import Identifier, Incident
from mostovi.routes.incidents.store import Unfit
from mostovi.routes.incidents.wording import add_error, said, say

A_PAGE = 25


def found(request: ActingRequest, code: str, action: Action = Action.READ) -> Incident:
    """The incident, or 404."""
    try:
        return store.find(request.actor, code, action)
    except Incident.DoesNotExist as error:
        raise Http404 from error


@require_GET
@door(Action.READ, Kind.INCIDENT)
def incident_list(request: ActingRequest) -> HttpResponse:
    """The incidents, newest first."""
    page = LongList(store.visible(request.actor), A_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "row": row,
            "crime": say("crimes", row.crime),
            "place": say("place_kinds", row.place_kind),
            "summary": (values or {}).get("summary", ""),
        }
        for row, values in store.listed(request.actor, list(page.object_list))
    ]
    undecided = linking.waiting(request.actor)
    context = {
        "page": page, "rows": rows, "undecided": undecided,
        "many": linking.MOST_COUNTED if undecided > linking.MOST_COUNTED else 0,
    }  # fmt: skip
    return render(request, "incidents/list.html", context)


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.INCIDENT)
def new(request: ActingRequest) -> HttpResponse:
    """Record an incident."""
    form = IncidentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = store.record_incident(request.actor, **form.cleaned_data)
        except Unfit as unfit:
            add_error(form, unfit)
        else:
            messages.success(request, _("Recorded. Now note what could be the same elsewhere."))
            return redirect("incidents:incident", code=row.code)
    context = {"form": form}
    return render(request, "incidents/new.html", context, status=422 if form.errors else 200)


@require_GET
@door(Action.READ, Kind.INCIDENT)
def incident(request: ActingRequest, code: str) -> HttpResponse:
    """One incident with what is noted at it and what it shares with others."""
    return _page(request, found(request, code), IdentifierForm())


def _page(request: ActingRequest, row: Incident, form: IdentifierForm) -> HttpResponse:
    seen, also = store.read(request.actor, row), linking.noted(request.actor, row)
    noted = [
        {
            "row": one,
            "kind": say("identifier_kinds", one.kind),
            "values": said_there or {},
            "elsewhere": also[one.pk].elsewhere,
            "wide": also[one.pk].wide,
        }
        for one, said_there in seen.identifiers
    ]
    signs = {sign.code: _(sign.asks) for sign in sign_set().signs}
    adverts = [
        {
            "row": one,
            "values": values or {},
            "conclusion": _(sign_set().conclusions.get(one.conclusion, one.conclusion)),
            "signs": [
                (signs.get(sign, sign), ANSWER_WORDS[answer])
                for sign, answer in (values or {}).get("answers", {}).items()
                if answer != "unknown"
            ],
        }
        for one, values in seen.adverts
    ]
    context: dict[str, Any] = {
        "row": seen.row, "values": seen.values, "crime": say("crimes", row.crime),
        "place": say("place_kinds", row.place_kind), "means": said("means", row.means),
        "methods": said("methods", row.methods), "noted": noted, "adverts": adverts,
        "investigations": row.investigations.all(), "form": form,
        "linked": any(one.elsewhere for one in also.values()),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "incidents/incident.html", context, status=status)


@require_POST
@door(Action.CHANGE, Kind.INCIDENT)
def note(request: ActingRequest, code: str) -> HttpResponse:
    """Note a phone, vehicle, account or address."""
    row, form = found(request, code, Action.CHANGE), IdentifierForm(request.POST)
    if form.is_valid():
        try:
            store.note_identifier(request.actor, row, **form.cleaned_data)
        except Unfit as unfit:
            add_error(form, unfit)
        else:
            messages.success(request, _("Noted and compared with the whole store."))
            return redirect("incidents:incident", code=row.code)
    return _page(request, row, form)


@require_POST
@door(Action.CHANGE, Kind.INCIDENT)
def forget(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """Take out something that was noted by mistake."""
    row = found(request, code, Action.CHANGE)
    try:
        store.forget_identifier(request.actor, row, pk)
    except Identifier.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Taken out."))
    return redirect("incidents:incident", code=row.code)


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.INCIDENT)
def advert(request: ActingRequest, code: str) -> HttpResponse:
    """Review an online advert against the set of signs."""
    row, form = found(request, code, Action.CHANGE), AdvertForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {
            name: form.cleaned_data[name]
            for name in ("found_on", "address", "text", "conclusion", "reasons")
        }
        try:
            store.review_advert(request.actor, row, answers=form.answers(), **given)
        except Unfit as unfit:
            add_error(form, unfit)
        else:
            messages.success(request, _("The review is kept."))
            return redirect("incidents:incident", code=row.code)
    context = {"row": row, "form": form, "set": sign_set()}
    return render(request, "incidents/advert.html", context, status=422 if form.errors else 200)
