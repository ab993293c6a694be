# SPDX-License-Identifier: EUPL-1.2
"""Pages where an analyst looks at a period and publishes it, and takes in public figures."""

from __future__ import annotations

import hashlib

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door
from mostovi.routes import files, publishing
from mostovi.routes.catalogue import display, network
from mostovi.routes.coarsening import end_of
from mostovi.routes.forms import FileForm
from mostovi.routes.public_files import FileRefused


@require_GET
@door(Action.PUBLISH, Kind.FLOW)
def due(request: ActingRequest) -> HttpResponse:
    """The periods that can be published or revised."""
    periods = publishing.due(request.actor, timezone.localdate())
    return render(request, "routes/due.html", {"periods": periods, "rules": display()})


@require_http_methods(["GET", "POST"])
@door(Action.PUBLISH, Kind.FLOW)
def publish(request: ActingRequest, period: str) -> HttpResponse:
    """What was counted beside what would be shown; then show it."""
    today = timezone.localdate()
    try:
        end_of(period)
    except ValueError:
        raise Http404 from None
    problem = ""
    if request.method == "POST":
        digest = request.POST.get("digest", "")
        try:
            count = publishing.publish(
                request.actor, period, digest=digest, now=timezone.now(), today=today
            )
        except publishing.NotPublishable as refused:
            problem = str(refused)
        else:
            text = ngettext(
                "Published: %(count)s count is new or changed.",
                "Published: %(count)s counts are new or changed.",
                count,
            )
            messages.success(request, text % {"count": count})
            return redirect("routes:due")
    try:
        prepared = publishing.prepare(request.actor, period, today=today)
    except publishing.NotPublishable as refused:
        prepared, problem = publishing.Prepared(period, ()), str(refused)
    context = {
        "period": period, "prepared": prepared, "problem": problem, "rules": display(),
        "lines": [(network().way(line.way), line) for line in prepared.lines],
        "nothing_new": all(line.same for line in prepared.lines),
    }  # fmt: skip
    return render(request, "routes/publish.html", context, status=409 if problem else 200)


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.FLOW)
def import_public(request: ActingRequest) -> HttpResponse:
    """Take in a publisher's file; every wrong row is listed and then nothing is taken."""
    form = FileForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        data = file.read()
        try:
            columns, rows = files.table(data, file.name)
            made = publishing.import_public(
                request.actor, rows, columns=columns, file_name=file.name,
                sha256=hashlib.sha256(data).hexdigest(), now=timezone.now(),
            )  # fmt: skip
        except FileRefused as error:
            refused = error
        else:
            text = _("Taken in: %(rows)s rows, %(first)s to %(last)s.")
            messages.success(
                request, text % {"rows": made.rows, "first": made.first, "last": made.last}
            )
            return redirect("routes:public")
    context = {"form": form, "refused": refused}
    wrong = bool(form.errors or refused)
    return render(request, "routes/import_public.html", context, status=422 if wrong else 200)
