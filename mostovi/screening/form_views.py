# SPDX-License-Identifier: EUPL-1.2
"""Pages of forms, filled forms and field devices."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import qrcode
import qrcode.image.svg
from csp.decorators import csp_update
from django import forms as django_forms
from django.conf import settings
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.rights.purposes import Purpose
from mostovi.rights.services import record_many
from mostovi.rights.vault import KeyDestroyed, vault
from mostovi.screening import device_services, form_services, openrosa, submission_services
from mostovi.screening.forms import best_language
from mostovi.screening.models import (
    PURPOSES,
    Device,
    Form,
    FormMedia,
    FormVersion,
    Submission,
    SubmissionFile,
)
from mostovi.screening.openrosa_views import BadRequest, parts, receive_body
from mostovi.screening.presentation import answer_groups, direction, problem_text
from mostovi.screening.presentation import paper as paper_items
from mostovi.screening.submission_services import Channel, Outcome
from mostovi.screening.xlsform import FORMATS

ENGINE_CSP: dict[str, Any] = {
    # The forms engine compiles an XPath parser that it carries as WebAssembly in a data: address,
    # carries its fonts in data: addresses, and shows pictures just taken from blob: addresses.
    # Measured (tests/screening/test_webform.py); nothing else is loosened.
    "script-src": ["'wasm-unsafe-eval'"],
    "connect-src": ["data:"],
    "img-src": ["blob:"],
    "media-src": ["blob:"],
    "font-src": ["data:"],
}
PER_PAGE = 50


class ImportForm(django_forms.Form):
    """A workbook to import."""

    workbook = django_forms.FileField(
        label=gettext_lazy("XLSForm"),
        help_text=gettext_lazy(
            "An .xlsx, .xls, .csv or .md file with the sheets survey, choices and settings."
        ),
    )
    purpose = django_forms.ChoiceField(
        label=gettext_lazy("What the answers may be used for"), choices=PURPOSES
    )
    source = django_forms.CharField(
        label=gettext_lazy("Source"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Who made the form, and where it was published."),
    )
    repairing = django_forms.BooleanField(
        label=gettext_lazy("Repair what can be repaired safely"),
        required=False,
        help_text=gettext_lazy(
            "Every cell that a repair changes is listed and kept with the form."
        ),
    )

    def clean_workbook(self) -> Any:
        """Say at once what cannot be a form."""
        upload = self.cleaned_data["workbook"]
        if not upload.name.lower().endswith(FORMATS):
            raise django_forms.ValidationError(
                _("Choose a file that ends in %(formats)s.") % {"formats": ", ".join(FORMATS)}
            )
        return upload


class DeviceForm(django_forms.Form):
    """A device to add."""

    label = django_forms.CharField(
        label=gettext_lazy("What you call the device"),
        max_length=100,
        help_text=gettext_lazy("For example: tablet 3, border post."),
    )


@door(Action.READ, Kind.FORM)
@require_GET
def form_list(request: ActingRequest) -> HttpResponse:
    """The forms, what each is for, in which languages, from whom and whether checked."""
    actor = request.actor
    fills = decide(actor, Action.CREATE, Kind.SUBMISSION).allowed
    rows = [
        {
            "form": form,
            "version": form.current,
            "fillable": fills and form.offered and form.purpose == actor.purpose.value,
        }
        for form in form_services.visible(actor)
    ]
    return render(
        request,
        "screening/form_list.html",
        {
            "rows": rows,
            "may_import": decide(actor, Action.CONFIGURE, Kind.FORM).allowed,
            "may_add_device": decide(actor, Action.CREATE, Kind.DEVICE).allowed,
        },
    )


@door(Action.CONFIGURE, Kind.FORM)
def form_import(request: ActingRequest) -> HttpResponse:
    """Import a workbook, or show what stops it, cell by cell."""
    report = None
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["workbook"]
        try:
            imported = form_services.import_form(
                request.actor,
                data=upload.read(),
                name=upload.name,
                repairing=form.cleaned_data["repairing"],
                purpose=Purpose(form.cleaned_data["purpose"]),
                source=form.cleaned_data["source"],
                now=timezone.now(),
            )
        except form_services.FormRefused as refused:
            report = refused.report
            form.add_error("workbook", str(refused))
        else:
            text = (
                _("The form was imported.") if imported.new else _("This version was here already.")
            )
            messages.success(request, text)
            return redirect("screening:form", form_id=imported.version.form.form_id)
    context = {
        "form": form,
        "report": report,
        "errors": [problem_text(p.as_json()) for p in report.errors] if report else [],
        "repairs": [problem_text(c.as_json()) for c in report.changes] if report else [],
    }
    return render(
        request, "screening/form_import.html", context, status=200 if report is None else 422
    )


@door(Action.READ, Kind.FORM)
@require_GET
def form_page(request: ActingRequest, form_id: str) -> HttpResponse:
    """One form: its versions, what an import changed, its media."""
    form = _form(request, form_id)
    version = form.current
    actor = request.actor
    return render(
        request,
        "screening/form_page.html",
        {
            "form": form,
            "version": version,
            "versions": sorted(form.versions.all(), key=lambda v: v.imported_at, reverse=True),
            "questions": len(form_services.structure(version).questions),
            "changes": [problem_text(change) for change in version.changes],
            "notices": [problem_text(notice) for notice in version.notices],
            "missing": form_services.missing_media(version),
            "media": version.media.defer("content"),
            "may_configure": decide(actor, Action.CONFIGURE, Kind.FORM).allowed,
            "fillable": decide(actor, Action.CREATE, Kind.SUBMISSION).allowed
            and form.offered
            and form.purpose == actor.purpose.value,
        },
    )


@door(Action.CONFIGURE, Kind.FORM)
@require_POST
def form_offer(request: ActingRequest, form_id: str) -> HttpResponse:
    """Offer the form, or stop offering it."""
    form = _form(request, form_id)
    form_services.offer(request.actor, form=form, offered=request.POST.get("offered") == "yes")
    return redirect("screening:form", form_id=form.form_id)


@door(Action.CONFIGURE, Kind.FORM)
@require_POST
def form_media_add(request: ActingRequest, form_id: str) -> HttpResponse:
    """Add media files to the newest version."""
    form = _form(request, form_id)
    try:
        for upload in request.FILES.getlist("media"):
            form_services.add_media(
                request.actor, version=form.current, name=upload.name or "", content=upload.read()
            )
    except form_services.FormRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The files were added."))
    return redirect("screening:form", form_id=form.form_id)


@door(Action.CREATE, Kind.SUBMISSION)
@require_GET
@never_cache
@csp_update(ENGINE_CSP)  # type: ignore[arg-type]
def fill(request: ActingRequest, form_id: str) -> HttpResponse:
    """Fill the form in the browser."""
    form = _fillable(request, form_id)
    version = form.current
    engine = (settings.NODE_MODULES / "@getodk/web-forms/dist/index.js").is_file()
    languages = tuple(version.languages)
    return render(
        request,
        "screening/fill.html",
        {
            "form": form,
            "version": version,
            "engine": engine,
            "missing": form_services.missing_media(version),
            "settings": {
                "form": reverse("screening:form_xml", args=[form.form_id, version.pk]),
                "media": reverse("screening:form_media", args=[form.form_id, version.pk, "NAME"]),
                "submit": reverse("screening:submit", args=[form.form_id]),
                "done": reverse("screening:submissions"),
                "draft": f"{request.actor.account}:{form.form_id}:{version.version}",
                "draftKey": vault().anchor(f"screening.draft:{request.actor.account}"),
                "language": best_language(languages, get_language() or "en", ""),
            },
        },
    )


@door(Action.CREATE, Kind.SUBMISSION)
@require_GET
def form_xml(request: ActingRequest, form_id: str, version_id: int) -> HttpResponse:
    """The XForm for the engine in the browser."""
    version = _version(request, form_id, version_id)
    return _inert(HttpResponse(version.xform, content_type="text/xml; charset=utf-8"))


@door(Action.CREATE, Kind.SUBMISSION)
@require_GET
def form_media(request: ActingRequest, form_id: str, version_id: int, name: str) -> HttpResponse:
    """A media file for the engine in the browser."""
    media = get_object_or_404(FormMedia, version=_version(request, form_id, version_id), name=name)
    kind = media.content_type if _SHOWN.fullmatch(media.content_type) else _UNSHOWN
    return _inert(HttpResponse(bytes(media.content), content_type=kind))


_SHOWN = re.compile(
    r"(image|audio|video)/[\w.+-]+|text/(plain|csv|xml)|application/(xml|json|geo\+json)"
)
_UNSHOWN = "application/octet-stream"


def _inert(answer: HttpResponse) -> HttpResponse:
    """A file of a form, which runs nothing when it is opened as a page of its own.

    Whoever brings in forms (an administrator) must not reach through a worker's browser what the
    worker reads: no page, no script, no style, and a sandbox around pictures and XML.
    """
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


class _TokenInHeader(CsrfViewMiddleware):
    """Checks the CSRF token of the header only, so that the body stays unread."""

    def check(self, request: HttpRequest) -> HttpResponseBase | None:
        """None when the request comes from our own page, else the refusal."""
        reading: Any = request
        reading._post, reading._files = QueryDict(), MultiValueDict()
        return self.process_view(request, form_page, (), {})


@csrf_exempt
@door(Action.CREATE, Kind.SUBMISSION)
@require_POST
@never_cache
def submit(request: ActingRequest, form_id: str) -> HttpResponseBase:
    """Take in what the browser sends: the same parts and the same service as from a device.

    Exempt from the usual CSRF check only because that would read the body, which is checked for
    completeness here; the token itself is checked all the same.
    """
    forged = _TokenInHeader(lambda _request: HttpResponse()).check(request)
    if forged is not None:
        return forged
    get_object_or_404(Form, form_id=form_id, purpose=request.actor.purpose.value)
    try:
        with receive_body(request) as body:
            xml, files, incomplete = parts(request, body)
            received = submission_services.receive(
                request.actor,
                xml=xml,
                attachments=files,
                channel=Channel.BROWSER,
                incomplete=incomplete,
                now=timezone.now(),
            )
    except BadRequest as error:
        return JsonResponse({"why": str(error)}, status=error.status)
    except submission_services.SubmissionError as error:
        return JsonResponse({"why": str(error)}, status=400)
    except submission_services.UnknownForm as error:
        return JsonResponse({"why": str(error)}, status=404)
    except submission_services.InstanceTaken as error:
        return JsonResponse({"why": str(error)}, status=409)
    except submission_services.HoldsNoPersons as error:
        return JsonResponse({"why": str(error)}, status=403)
    status = 201 if received.outcome is Outcome.NEW else 202
    url = reverse("screening:submission", args=[received.submission.pk])
    said = {"outcome": received.outcome.value, "url": url}
    if received.submission.findings.exists():
        said["finding"] = reverse("screening:finding", args=[received.submission.pk])
    return JsonResponse(said, status=status)


@door(Action.READ, Kind.FORM)
@require_GET
def paper(request: ActingRequest, form_id: str) -> HttpResponse:
    """The form for print."""
    form = _form(request, form_id)
    version = form.current
    structure = form_services.structure(version)
    wanted = request.GET.get("language") or get_language() or "en"
    language = best_language(tuple(version.languages), wanted, structure.default_language)
    return render(
        request,
        "screening/paper.html",
        {
            "form": form,
            "version": version,
            "items": paper_items(structure, language),
            "language": language,
            "direction": direction(language or "en"),
        },
    )


@door(Action.READ, Kind.SUBMISSION)
@require_GET
@never_cache
def submission_list(request: ActingRequest) -> HttpResponse:
    """Filled forms of the actor's scope; `?mine=1` only the actor's own."""
    found = submission_services.visible(request.actor, request.scope).filter(current=True)
    mine = request.GET.get("mine") == "1"
    if mine:
        found = found.filter(owner=request.actor.account)
    if wanted := request.GET.get("form"):
        found = found.filter(version__form__form_id=wanted)
    # Without the answers and the form's own text, which are large and not shown here.
    found = (
        found.select_related(None)
        .select_related("version")
        .only("received_at", "unit", "channel", "complete", "version__title")
    )
    page = LongList(found, PER_PAGE).get_page(request.GET.get("page"))
    record_many(
        request.actor, AuditTag.SUBMISSION_LISTED,
        handles=[submission_services.handle(submission) for submission in page],
    )  # fmt: skip
    return render(
        request, "screening/submission_list.html", {"page": page, "mine": mine, "form": wanted}
    )


@door(Action.READ, Kind.SUBMISSION)
@require_GET
@never_cache
def submission_page(request: ActingRequest, pk: UUID) -> HttpResponse:
    """One filled form: every question with its answer, or why there is none."""
    try:
        reading = submission_services.read_submission(request.actor, pk)
    except Submission.DoesNotExist:
        raise Http404 from None
    except KeyDestroyed:
        return render(request, "screening/submission_erased.html", status=410)
    submission = reading.submission
    language = get_language() or "en"
    chosen = best_language(
        tuple(submission.version.languages), language, reading.form.default_language
    )
    files = {file.name: file for file in reading.files}
    chain = Submission.objects.filter(root=submission.root_id).order_by("received_at")
    return render(
        request,
        "screening/submission_page.html",
        {
            "submission": submission,
            "version": submission.version,
            "groups": answer_groups(reading.form, reading.answers, chosen or language),
            "files": files,
            "chain": list(chain),
            "rivals": sum(1 for edit in chain if edit.current) > 1,
            "direction": direction(chosen or language),
            "text_language": chosen,
        },
    )


@door(Action.READ, Kind.SUBMISSION)
@require_GET
@never_cache
def submission_file(request: ActingRequest, pk: UUID, file_id: UUID) -> HttpResponseBase:
    """An attachment, always as a download: what others sent is not shown as a page of ours."""
    submission = get_object_or_404(submission_services.visible(request.actor, request.scope), pk=pk)
    try:
        info, content = submission_services.read_file(request.actor, submission, file_id)
    except (SubmissionFile.DoesNotExist, KeyDestroyed):
        raise Http404 from None
    pieces: Iterator[bytes] = content
    answer = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    answer["Content-Length"] = str(info.size)
    answer.headers["Content-Disposition"] = _disposition(info.name)
    return answer


@door(Action.READ, Kind.DEVICE)
@never_cache
def device_list(request: ActingRequest) -> HttpResponse:
    """Field devices; a POST adds one and shows its password once."""
    made, code = None, SafeString("")
    form = DeviceForm(request.POST or None)
    may_add = decide(request.actor, Action.CREATE, Kind.DEVICE).allowed
    if request.method == "POST" and may_add and form.is_valid():
        made = device_services.add_device(
            request.actor, label=form.cleaned_data["label"], now=timezone.now()
        )
        code = _settings_code(request, made)
        form = DeviceForm()
    devices = device_services.visible(request.actor, request.scope)
    return render(
        request,
        "screening/device_list.html",
        {
            "form": form,
            "made": made,
            "code": code,
            "server": _server_url(request),
            "devices": devices,
            "may_add": may_add,
        },
    )


@door(Action.CHANGE, Kind.DEVICE)
@require_POST
def device_revoke(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Close a device's door."""
    try:
        device = device_services.revoke_device(request.actor, device_id=pk, now=timezone.now())
    except Device.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("%(label)s can no longer sign in.") % {"label": device.label})
    return redirect("screening:devices")


def _settings_code(request: ActingRequest, made: device_services.NewDevice) -> SafeString:
    """The QR code that sets Collect up, drawn as SVG without styles of its own."""
    text = openrosa.collect_settings(
        server_url=_server_url(request),
        username=made.device.username,
        password=made.password,
        project=f"Mostovi {settings.MOSTOVI.code}",
        colour=settings.MOSTOVI.colour,
    )
    picture = io.BytesIO()
    qrcode.make(text, image_factory=qrcode.image.svg.SvgPathFillImage, border=4).save(picture)
    svg = picture.getvalue().decode()
    # Drawn here from base64 text; nothing in it comes from a user as markup.
    return mark_safe(svg[svg.index("<svg") :])  # noqa: S308


def _server_url(request: ActingRequest) -> str:
    return request.build_absolute_uri("/openrosa")


def _form(request: ActingRequest, form_id: str) -> Form:
    return get_object_or_404(form_services.visible(request.actor), form_id=form_id)


def _fillable(request: ActingRequest, form_id: str) -> Form:
    return get_object_or_404(form_services.fillable(request.actor), form_id=form_id)


def _version(request: ActingRequest, form_id: str, version_id: int) -> FormVersion:
    form = get_object_or_404(Form, form_id=form_id, purpose=request.actor.purpose.value)
    return get_object_or_404(form.versions.all(), pk=version_id)


def _disposition(name: str) -> str:
    from django.utils.http import content_disposition_header

    return content_disposition_header(True, name) or "attachment"
