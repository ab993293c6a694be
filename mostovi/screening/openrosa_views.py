# SPDX-License-Identifier: EUPL-1.2
"""The OpenRosa server for ODK Collect and KoboCollect.

Never a redirect, and no trust in the device's clock: `Date` of a request is not read. What is
refused is answered with the cause in an OpenRosaResponse, which the app shows, and changes nothing.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable
from functools import wraps
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import load_handler
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mostovi.rights.access import Actor, Refused
from mostovi.rights.doors import device_door
from mostovi.screening import device_services, digest, openrosa, submission_services
from mostovi.screening.form_services import fillable, missing_media
from mostovi.screening.models import FormMedia, FormVersion
from mostovi.screening.submission_services import Attachment, Channel, Outcome

logger = logging.getLogger(__name__)
_SPOOL = 1024 * 1024
_HANDLERS = (
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
)
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.I)


class BadRequest(Exception):
    """The request cannot be taken in; `status` and the text go back to the device."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def authenticate(request: HttpRequest) -> Actor | HttpResponse:
    """The device's actor, or the Digest challenge."""
    now = timezone.now()
    try:
        recognised = device_services.recognise(request, now)
    except device_services.Locked:
        answer = _answer(_("Too many wrong passwords. Wait fifteen minutes."), 429)
        answer["Retry-After"] = "900"
        return answer
    if recognised.device is None:
        answer = _answer(_("Sign in with the name and password of this device."), 401)
        answer["WWW-Authenticate"] = digest.challenge(
            device_services.realm(), device_services.new_nonce(now), stale=recognised.stale
        )
        return answer
    device_services.used(recognised.device, now)
    request.device = recognised.device  # type: ignore[attr-defined]
    return recognised.device.actor()


def openrosa_view(*methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., Any]]:
    """A view for devices: its door, its methods, its headers, and errors as it shows them."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., Any]:
        @wraps(view)
        def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return _with_headers(view(request, *args, **kwargs))
            except BadRequest as error:
                logger.info("openrosa request refused", extra={"status": error.status})
                return _answer(str(error), error.status)
            except Refused:
                return _answer(_("This device may not do this."), 403)

        guarded = device_door(authenticate)(require_http_methods(list(methods))(answering))

        @wraps(guarded)
        def bodiless_head(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            answer: HttpResponse = guarded(request, *args, **kwargs)
            if request.method == "HEAD":
                # The server in front passes a body on, and Collect would read it as the beginning
                # of the next answer on the kept connection.
                answer.content = b""
            return answer

        exempt: Callable[..., Any] = csrf_exempt(bodiless_head)
        return exempt

    return decorate


@openrosa_view("GET", "HEAD")
def form_list(request: HttpRequest) -> HttpResponse:
    """The forms this device may fill; `?formID=` narrows it to one."""
    found = fillable(request.actor)  # type: ignore[attr-defined]
    wanted = request.GET.get("formID")
    entries = []
    for form in found.filter(form_id=wanted) if wanted else found:
        version = form.current
        if missing_media(version):
            # Collect would show the form and then fail to open it.
            continue
        has_media = bool(version.media.all())
        entries.append(
            openrosa.FormEntry(
                form_id=form.form_id,
                name=version.title or form.form_id,
                version=version.version,
                hash=version.hash,
                download_url=_absolute(request, "openrosa:form", version.pk),
                manifest_url=_absolute(request, "openrosa:manifest", version.pk)
                if has_media
                else "",
            )
        )
    return HttpResponse(openrosa.form_list(entries), content_type=openrosa.CONTENT_TYPE)


@openrosa_view("GET", "HEAD")
def form_xml(request: HttpRequest, version_id: int) -> HttpResponse:
    """The XForm."""
    return HttpResponse(_version(request, version_id).xform, content_type=openrosa.CONTENT_TYPE)


@openrosa_view("GET", "HEAD")
def form_manifest(request: HttpRequest, version_id: int) -> HttpResponse:
    """The media files of the XForm."""
    version = _version(request, version_id)
    entries = [
        openrosa.MediaEntry(
            name=media.name,
            hash=f"md5:{media.md5}",
            download_url=request.build_absolute_uri(
                reverse("openrosa:media", args=[version.pk, media.name])
            ),
        )
        for media in version.media.defer("content")
    ]
    return HttpResponse(openrosa.manifest(entries), content_type=openrosa.CONTENT_TYPE)


@openrosa_view("GET", "HEAD")
def form_media(request: HttpRequest, version_id: int, name: str) -> HttpResponse:
    """One media file."""
    media = get_object_or_404(FormMedia, version=_version(request, version_id), name=name)
    return HttpResponse(bytes(media.content), content_type=media.content_type)


@openrosa_view("HEAD", "POST")
def submission(request: HttpRequest) -> HttpResponse:
    """HEAD says where and how much to send; POST takes a filled form in, whole or in parts."""
    if request.method == "HEAD":
        answer = HttpResponse(status=204)
        answer["Location"] = _absolute(request, "openrosa:submission")
        return answer
    with receive_body(request) as body:
        received = _receive(request, *parts(request, body))
    texts = {
        Outcome.NEW: _("Received in full. Thank you."),
        Outcome.PARTIAL: _("Received. Send the files that are still missing."),
        Outcome.ADDED: _("The further files were received."),
        Outcome.DUPLICATE: _("This submission was here already. Nothing was changed."),
    }
    status = 201 if received.outcome is Outcome.NEW else 202
    answer = _answer(texts[received.outcome], status, "submit_success")
    answer["Location"] = _absolute(request, "openrosa:submission")
    return answer


def _receive(
    request: HttpRequest, xml: bytes, files: list[Attachment], incomplete: bool
) -> submission_services.Received:
    try:
        return submission_services.receive(
            request.actor,  # type: ignore[attr-defined]
            xml=xml,
            attachments=files,
            channel=Channel.DEVICE,
            device=request.device,  # type: ignore[attr-defined]
            incomplete=incomplete,
            now=timezone.now(),
        )
    except submission_services.SubmissionError as error:
        raise BadRequest(400, str(error)) from error
    except submission_services.UnknownForm as error:
        raise BadRequest(404, str(error)) from error
    except submission_services.InstanceTaken as error:
        raise BadRequest(409, str(error)) from error
    except submission_services.HoldsNoPersons as error:
        raise BadRequest(403, str(error)) from error


def receive_body(request: HttpRequest) -> IO[bytes]:
    """The whole body in a spooled file, checked for length and for its last boundary.

    Django's parser takes a body that ends early for a complete one; a photo cut in half would be
    kept as if it were whole. Raises `BadRequest`: 411 without a length, 413 before anything is
    read, 400 when the body ends early.
    """
    text = request.META.get("CONTENT_LENGTH") or ""
    if not text.isdigit():
        raise BadRequest(411, _("The request does not say how long it is (Content-Length)."))
    length = int(text)
    if length > openrosa.MAXIMUM_BYTES:
        raise BadRequest(
            413,
            _(
                "The request has %(size)d MB; one request may have %(limit)d MB. "
                "Send fewer or smaller files."
            )
            % {"size": length // 1024 // 1024, "limit": openrosa.MAXIMUM_BYTES // 1024 // 1024},
        )
    boundary = _BOUNDARY.search(request.META.get("CONTENT_TYPE", ""))
    if boundary is None:
        raise BadRequest(400, _("The request is not multipart/form-data with a boundary."))
    body = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - the caller closes it
    try:
        left = length
        while left and (piece := _read(request, min(left, 65536))):
            body.write(piece)
            left -= len(piece)
        body.seek(max(0, length - left - len(boundary.group(1)) - 16))
        if left or f"--{boundary.group(1)}--".encode() not in body.read():
            raise BadRequest(
                400, _("The request ended before all of it had arrived. Send it again.")
            )
        body.seek(0)
    except BaseException:
        body.close()
        raise
    return body


def _read(request: HttpRequest, size: int) -> bytes:
    try:
        return request.read(size)
    except OSError:  # UnreadablePostError: the connection broke
        return b""


def parts(request: HttpRequest, body: IO[bytes]) -> tuple[bytes, list[Attachment], bool]:
    """The submission's XML, its files, and whether more will follow. Raises `BadRequest`."""
    handlers = [load_handler(path, request) for path in _HANDLERS]
    try:
        fields, files = MultiPartParser(request.META, body, handlers, "utf-8").parse()  # type: ignore[arg-type]
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise BadRequest(
            400, _("The parts of the request cannot be read: %(why)s.") % {"why": error}
        ) from error
    xml = files.get("xml_submission_file")
    if xml is None and "xml_submission_file" not in fields:
        raise BadRequest(400, _("The request has no part 'xml_submission_file'."))
    content = xml.read() if xml is not None else str(fields["xml_submission_file"]).encode()
    attachments = [
        Attachment(upload.name or "", upload.file or upload, upload.content_type or "")
        for field, uploads in files.lists()
        if field != "xml_submission_file"
        for upload in uploads
        if isinstance(upload, UploadedFile)
    ]
    return content, attachments, str(fields.get("*isIncomplete*", "")).lower() == "yes"


def _version(request: HttpRequest, version_id: int) -> FormVersion:
    forms = fillable(request.actor)  # type: ignore[attr-defined]
    try:
        return FormVersion.objects.get(pk=version_id, form__in=forms)
    except FormVersion.DoesNotExist:
        raise BadRequest(
            404, _("This form is not offered any longer. Fetch the list of forms again.")
        ) from None


def _absolute(request: HttpRequest, name: str, *args: object) -> str:
    return request.build_absolute_uri(reverse(name, args=args))


def _answer(text: str, status: int, nature: str = "submit_error") -> HttpResponse:
    answer = HttpResponse(
        openrosa.response(text, nature), status=status, content_type=openrosa.CONTENT_TYPE
    )
    return _with_headers(answer)


def _with_headers(answer: HttpResponse) -> HttpResponse:
    answer["X-OpenRosa-Version"] = openrosa.VERSION
    answer["X-OpenRosa-Accept-Content-Length"] = str(openrosa.MAXIMUM_BYTES)
    answer["Cache-Control"] = "no-store"
    return answer
