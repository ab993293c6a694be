# SPDX-License-Identifier: EUPL-1.2
"""Pages of the directory: search, a service, its entry, its places, its history, import, export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases.directory import reading, services
from mostovi.cases.directory.forms import (
    FIELD_OF,
    CapacityForm,
    ImportForm,
    ServiceForm,
    initial_of,
)
from mostovi.cases.directory.hsds import LARGEST, Unreadable
from mostovi.cases.directory.models import Service, Status
from mostovi.cases.vocabulary import needs
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door

_PAGE = 25


def _found(request: ActingRequest, code: str) -> Service:
    try:
        return services.find(request.actor, code)
    except Service.DoesNotExist as error:
        raise Http404 from error


@door(Action.READ, Kind.SERVICE)
def service_list(request: ActingRequest) -> HttpResponse:
    """Services by need, partner, place, language and words."""
    asked = {name: request.GET.get(name, "").strip()[:100] for name in _SEARCH}
    everything = services.search(request.actor, services.Search())
    found = services.search(request.actor, services.Search(**asked))
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    spoken = sorted({code for row in everything for code in row.languages})
    now = timezone.now()
    context = {
        "page": page,
        "lines": [_line(row, now) for row in page.object_list],
        "asked": asked,
        "needs": [(code, _(words)) for code, words in needs().items()],
        "nodes": sorted({row.node for row in everything}),
        "languages": list(zip(spoken, reading.language_words(spoken), strict=True)),
        "may_configure": services.may_configure(request.actor),
        "any": bool(everything),
    }
    return render(request, "directory/list.html", context)


_SEARCH = ("text", "need", "node", "language", "place")


def _line(row: Service, now: Any) -> dict[str, Any]:
    capacity = services.capacity_of(row)
    return {
        "row": row,
        "needs": reading.need_words(row.needs),
        "places": ", ".join(dict.fromkeys(at.place for at in row.locations.all() if at.place)),
        "capacity": reading.capacity_words(capacity, now),
        "tone": reading.TONES[capacity.room(now)] if capacity else "quiet",
        "status": Status(row.status).label,
        "closed": row.status != Status.ACTIVE,
    }


@door(Action.READ, Kind.SERVICE)
def service_page(request: ActingRequest, code: str) -> HttpResponse:
    """Everything the directory says of a service."""
    row = _found(request, code)
    return render(request, "directory/service.html", _context(request, row))


def _context(request: ActingRequest, row: Service) -> dict[str, Any]:
    entry = services.entry_of(row)
    capacity = services.capacity_of(row)
    initial = {}
    if capacity is not None:
        initial = {"unit": capacity.unit, "maximum": capacity.maximum, "in_use": capacity.in_use,
                   "waiting": capacity.waiting}  # fmt: skip
    return {
        "row": row,
        "line": _line(row, timezone.now()),
        "entry": entry,
        "languages": reading.language_words(row.languages),
        "conditions": [reading.condition_words(one) for one in row.conditions],
        "hours": reading.lines_of(entry),
        "places": [
            {"at": at, "access": [reading.access_words(one) for one in at.accessibility]}
            for at in row.locations.all()
        ],
        "may_configure": services.may_configure(request.actor),
        "may_report": services.may_report(request.actor, row),
        "capacity_form": CapacityForm(initial=initial),
    }


@door(Action.CONFIGURE, Kind.SERVICE)
def new(request: ActingRequest) -> HttpResponse:
    """A new entry."""
    form = ServiceForm(request.POST or None)
    return _saved(request, form, {}, None)


@door(Action.CONFIGURE, Kind.SERVICE)
def edit(request: ActingRequest, code: str) -> HttpResponse:
    """Change an entry; the earlier one stays in the history."""
    row = _found(request, code)
    entry = services.entry_of(row)
    initial = initial_of(entry) | {"seen": row.version}
    form = ServiceForm(request.POST or None, initial=initial, is_new=False)
    return _saved(request, form, entry, row)


def _saved(
    request: ActingRequest, form: ServiceForm, before: dict[str, Any], row: Service | None
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_entry(
                request.actor, form.entry(before), seen=form.cleaned_data["seen"]
            )
        except services.InvalidService as error:
            for field, message in error.problems:
                name = FIELD_OF.get(field, field)
                form.add_error(name if name in form.fields else None, _(message))
        except services.ChangedMeanwhile:
            form.add_error(None, _(
                "Somebody changed this entry after you opened it, or the code is taken. Nothing "
                "was saved; open it again and compare."
            ))  # fmt: skip
        else:
            messages.success(request, _("The entry is saved."))
            return redirect("directory:service", code=saved.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "directory/edit.html", {"form": form, "row": row}, status=status)


@door(Action.READ, Kind.SERVICE)
@require_POST
def capacity(request: ActingRequest, code: str) -> HttpResponse:
    """The service says how full it is."""
    row = _found(request, code)
    if not services.may_report(request.actor, row):
        raise PermissionDenied
    form = CapacityForm(request.POST)
    if form.is_valid():
        try:
            services.report_capacity(request.actor, row, **form.cleaned_data)
        except services.InvalidService as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. Others see this with today's date."))
            return redirect("directory:service", code=row.code)
    context = _context(request, row) | {"capacity_form": form}
    return render(request, "directory/service.html", context, status=422)


@door(Action.READ, Kind.SERVICE)
def history(request: ActingRequest, code: str) -> HttpResponse:
    """Every change of an entry."""
    row = _found(request, code)
    labels = {name: field.label for name, field in ServiceForm().fields.items()}
    versions = [
        {"row": one, "changed": [labels.get(FIELD_OF.get(f, f), f) for f in one.changed]}
        for one in services.history(request.actor, row)
    ]
    return render(request, "directory/history.html", {"row": row, "versions": versions})


@door(Action.CONFIGURE, Kind.SERVICE)
def take_in(request: ActingRequest) -> HttpResponse:
    """Import an HSDS file: all rows or none, with every row that is wrong."""
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data["file"].read(LARGEST + 1)
        try:
            context["report"] = services.import_file(
                request.actor, data, node=form.cleaned_data["node"].strip()
            )
        except Unreadable as error:
            form.add_error("file", _(str(error)))
        except services.RowsRefused as refused:
            form.add_error("file", _(services.NOTHING_SAVED))
            context["troubles"] = refused.troubles[:200]
            context["more"] = max(0, len(refused.troubles) - 200)
    status = 422 if request.method == "POST" and "report" not in context else 200
    return render(request, "directory/import.html", context, status=status)


@door(Action.READ, Kind.SERVICE)
def export(request: ActingRequest, form: str) -> HttpResponse:
    """All services as HSDS 3.1."""
    if form not in {"json", "csv"}:
        raise Http404
    data = services.exported(request.actor, form=form)
    kind, name = {
        "json": ("application/json", "services.json"),
        "csv": ("application/zip", "services-datapackage.zip"),
    }[form]
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
