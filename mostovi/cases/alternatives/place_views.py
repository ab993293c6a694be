# SPDX-License-Identifier: EUPL-1.2
"""Pages of places: how many fit, who is there now, who waits."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _

from mostovi.cases.alternatives import catalogue, files, housing
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.forms import PlaceForm, say
from mostovi.cases.alternatives.models import Place
from mostovi.cases.alternatives.views import put
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door


def _kinds() -> dict[str, str]:
    return {one.place: say(one.label) for one in catalogue.ladder() if one.needs_place}


@door(Action.READ, Kind.ALTERNATIVE)
def place_list(request: ActingRequest) -> HttpResponse:
    """All places with their room."""
    kinds = _kinds()
    lines = [
        {"row": row, "room": room, "waiting": waiting, "kind": kinds.get(row.kind, row.kind)}
        for row, room, waiting in housing.standing()
    ]
    context = {"lines": lines, "may_set_up": _may_set_up(request)}
    return render(request, "alternatives/places.html", context)


def _may_set_up(request: ActingRequest) -> bool:
    return decide(request.actor, Action.CONFIGURE, Kind.ALTERNATIVE).allowed


@door(Action.READ, Kind.ALTERNATIVE)
def place_page(request: ActingRequest, place: str) -> HttpResponse:
    """One place: who is there, who waits; those who may change it here."""
    row = Place.objects.filter(code=place).first()
    if row is None:
        raise Http404
    may_set_up = _may_set_up(request)
    form = _form(request, row) if may_set_up else None
    if request.method == "POST":
        if form is None:
            raise Http404
        if _saved(request, form, row.code):
            return redirect("alternatives:place", place=row.code)
    ((_row, room, waiting),) = housing.standing(Place.objects.filter(pk=row.pk))
    with transaction.atomic():
        stays = list(housing.stays_at(request.actor, row)[:200])
        listed = files.listed(request.actor, [stay.measure.file for stay in stays])
    people = [
        {"stay": stay, "file": line.file, "who": line.who}
        for stay, line in zip(stays, listed, strict=True)
    ]
    context = {
        "place": row, "room": room, "waiting": waiting, "people": people, "form": form,
        "kind": _kinds().get(row.kind, row.kind),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/place.html", context, status=status)


@door(Action.CONFIGURE, Kind.ALTERNATIVE)
def place_new(request: ActingRequest) -> HttpResponse:
    """Enter a new place."""
    form = _form(request, None)
    if request.method == "POST" and form.is_valid():
        code = _new_code(form.cleaned_data["name"])
        if _saved(request, form, code):
            return redirect("alternatives:place", place=code)
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/place_new.html", {"form": form}, status=status)


def _new_code(name: str) -> str:
    stem = slugify(name)[:34] or "place"
    taken = set(Place.objects.filter(code__startswith=stem).values_list("code", flat=True))
    return next(
        code for n in range(1, 10_000) if (code := stem if n == 1 else f"{stem}-{n}") not in taken
    )


def _form(request: ActingRequest, row: Place | None) -> PlaceForm:
    initial: dict[str, Any] = {"families": True, "children": True, "is_open": True}
    if row is not None:
        initial = {
            "name": row.name, "kind": row.kind, "capacity": row.capacity,
            "families": row.families, "children": row.children, "women_only": row.women_only,
            "is_open": row.open,
        }  # fmt: skip
    return PlaceForm(request.POST if request.method == "POST" else None, initial=initial)


def _saved(request: ActingRequest, form: PlaceForm, code: str) -> bool:
    if not form.is_valid():
        return False
    try:
        housing.save_place(request.actor, code=code, **form.cleaned_data)
    except Incomplete as problems:
        put(form, problems)
        return False
    messages.success(request, _("The place is saved."))
    return True
