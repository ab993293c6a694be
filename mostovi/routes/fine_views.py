# SPDX-License-Identifier: EUPL-1.2
"""Pages on fine rows: counting, files of counts, points, and reading them for a stated reason."""

from __future__ import annotations

import csv
import io
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.routes import files, observing, sheets
from mostovi.routes.catalogue import display, network
from mostovi.routes.forms import FileForm, ObserveForm, PointForm, ReasonForm
from mostovi.routes.models import FineReading, Observation, Point
from mostovi.routes.public_files import FileRefused

ROWS_A_PAGE = 50


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.FINE_FLOW)
def observe(request: ActingRequest) -> HttpResponse:
    """Record how many people were seen at a point on a day."""
    today = timezone.localdate()
    points = list(observing.open_points(request.actor, today))
    form = ObserveForm(
        request.POST or None, points=points, today=today,
        initial={"day": today, "nature": Observation.Nature.COUNT, "reference": uuid4().hex},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            row = observing.observe(request.actor, form.seen(), now=timezone.now())
        except observing.Unfit:
            form.add_error("day", _("This point was not open on that day."))
        else:
            text = ngettext(
                "Recorded: %(people)s person on %(day)s. Thank you.",
                "Recorded: %(people)s people on %(day)s. Thank you.",
                row.people,
            )
            messages.success(request, text % {"people": row.people, "day": row.day})
            return redirect("routes:observe")
    context = {
        "form": form,
        "points": points,
        "may_change": decide(request.actor, Action.CHANGE, Kind.FINE_FLOW).allowed,
    }
    return render(request, "routes/observe.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.FINE_FLOW)
def observe_file(request: ActingRequest) -> HttpResponse:
    """Take in a sheet of observations; every wrong row is listed and then nothing is taken."""
    form = FileForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            new, known = _sheet_taken(request, file.read(), file.name)
        except FileRefused as error:
            refused = error
        else:
            text = _("Taken in: %(new)s new rows; %(known)s were here already.")
            messages.success(request, text % {"new": new, "known": known})
            return redirect("routes:observe")
    context = {
        "form": form, "refused": refused, "columns": sheets.COLUMNS, "needed": sheets.NEEDED,
        "ways": network().ways,
        "points": observing.open_points(request.actor, timezone.localdate()),
    }  # fmt: skip
    wrong = bool(form.errors or refused)
    return render(request, "routes/observe_file.html", context, status=422 if wrong else 200)


def _sheet_taken(request: ActingRequest, data: bytes, name: str) -> tuple[int, int]:
    columns, rows = files.table(data, name)
    if missing := sheets.missing_columns(columns):
        raise FileRefused(
            _("These columns are missing: %(names)s. Was a heading changed or moved?")
            % {"names": ", ".join(missing)}
        )
    return observing.observe_sheet(
        request.actor, rows, now=timezone.now(), today=timezone.localdate()
    )


@require_GET
@door(Action.CREATE, Kind.FINE_FLOW)
def sheet(request: ActingRequest) -> HttpResponse:
    """An empty sheet with the columns, for a spreadsheet."""
    answer = HttpResponse(
        "\ufeff" + ",".join(sheets.COLUMNS) + "\n", content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="observations.csv"'
    return answer


@require_http_methods(["GET", "POST"])
@door(Action.CHANGE, Kind.FINE_FLOW)
def points(request: ActingRequest) -> HttpResponse:
    """The points of observation, and adding one."""
    today = timezone.localdate()
    form = PointForm(request.POST or None, initial={"opened_on": today})
    if request.method == "POST" and form.is_valid():
        observing.add_point(request.actor, **form.cleaned_data)
        messages.success(request, _("The point is open for counting."))
        return redirect("routes:points")
    areas = {area.code: area for area in network().areas}
    context = {
        "form": form,
        "points": [(areas[one.area], one) for one in Point.objects.all() if one.area in areas],
        "today": today,
    }
    return render(request, "routes/points.html", context, status=422 if form.errors else 200)


@require_POST
@door(Action.CHANGE, Kind.FINE_FLOW)
def close(request: ActingRequest, code: str) -> HttpResponse:
    """End a point today."""
    try:
        observing.close_point(request.actor, code=code, on=timezone.localdate())
    except Point.DoesNotExist:
        raise Http404 from None
    except observing.Unfit as unfit:
        messages.error(request, str(unfit))
    else:
        messages.success(request, _("The point is closed. Its counts stay."))
    return redirect("routes:points")


@require_http_methods(["GET", "POST"])
@door(Action.READ, Kind.FINE_FLOW)
def reason(request: ActingRequest) -> HttpResponse:
    """State for what counts by place and day are needed; opens them for an hour."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        opened = observing.open_fine(request.actor, now=timezone.now(), **form.cleaned_data)
        return redirect("routes:fine", reading=opened.pk)
    context = {
        "form": form,
        "rules": display(),
        "own": FineReading.objects.filter(account=request.actor.account)[:10],
        "now": timezone.now(),
    }
    return render(request, "routes/reason.html", context, status=422 if form.errors else 200)


@require_GET
@door(Action.READ, Kind.FINE_FLOW)
def fine(request: ActingRequest, reading: UUID) -> HttpResponse:
    """Counts by place and day, under the stated reason."""
    try:
        opened, rows = observing.fine(request.actor, reading, now=timezone.now())
    except observing.NotNow:
        messages.info(request, _("The hour is over. State again what you need them for."))
        return redirect("routes:reason")
    way, point = request.GET.get("way", ""), request.GET.get("point", "")
    if way:
        rows = rows.filter(way=way)
    if point:
        rows = rows.filter(point__code=point)
    context = {
        "reading": opened,
        "page": LongList(rows, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "ways": network().ways, "way": way, "point": point,
        "points": Point.objects.all(),
        "may_change": decide(request.actor, Action.CHANGE, Kind.FINE_FLOW).allowed,
    }  # fmt: skip
    return render(request, "routes/fine.html", context)


@require_GET
@door(Action.READ, Kind.FINE_FLOW)
def fine_csv(request: ActingRequest, reading: UUID) -> HttpResponse:
    """Counts by place and day as a file, under the stated reason; the log names the copy."""
    try:
        _opened, rows = observing.fine(request.actor, reading, now=timezone.now(), exported=True)
    except observing.NotNow:
        return redirect("routes:reason")
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(sheets.COLUMNS)
    for row in rows.filter(withdrawn_at=None).iterator(chunk_size=2000):
        lines.writerow(
            [row.pk, row.point.code, row.day, row.way, row.nature, row.hours, row.people,
             row.children_alone, row.violence, row.deaths, row.missing]
        )  # fmt: skip
    answer = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="counts-by-place-and-day.csv"'
    return answer


@require_POST
@door(Action.CHANGE, Kind.FINE_FLOW)
def withdraw(request: ActingRequest, reading: UUID, observation: UUID) -> HttpResponse:
    """Take a wrong observation back; it stays, marked."""
    try:
        observing.withdraw(request.actor, reading, observation, now=timezone.now())
    except observing.NotNow:
        return redirect("routes:reason")
    except Observation.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Withdrawn. It counts no longer; published counts change only "
                                "when the period is revised."))  # fmt: skip
    return redirect("routes:fine", reading=reading)
