# SPDX-License-Identifier: EUPL-1.2
"""Verbs on forms: import a workbook, add media, offer or withdraw a form."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from mostovi.rights.access import Action, Actor, Kind, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.rights.services import record
from mostovi.rights.vault import vault
from mostovi.screening import forms
from mostovi.screening.models import PURPOSES, Form, FormMedia, FormVersion

if TYPE_CHECKING:
    from mostovi.screening.xlsform_convert import Report

MEDIA_BYTES = 10 * 1024 * 1024
_UNSAFE_IN_A_NAME = set('/\\\0"<>|:*?')


class FormRefused(Exception):
    """The form cannot be taken in; the message says why and what to do. `report` has the cells."""

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True)
class Review:
    """Whether somebody with authority has checked the form's texts, who and when."""

    status: str = "unreviewed"
    by: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Imported:
    """What became of an import: the version, whether it is new, and the report with the changes."""

    version: FormVersion
    new: bool
    report: Report


@transaction.atomic
def import_form(
    actor: Actor,
    *,
    data: bytes,
    name: str,
    repairing: bool = False,
    purpose: Purpose = Purpose.PROTECTION,
    source: str = "",
    media: Mapping[str, bytes] | None = None,
    review: Review | None = None,
    now: datetime,
) -> Imported:
    """Take in the workbook `data` of the file `name` as a new version of its form.

    The same workbook again gives the version that is there. Raises `FormRefused` when it does not
    convert (its report says which cells), when the version is taken by other content, or when the
    form belongs to another purpose.
    """
    _configure(actor)
    if purpose.value not in dict(PURPOSES):
        raise FormRefused(f"A form cannot be for the purpose '{purpose}'.")
    # Importing a form is rare and needs libraries that a waiting node does not hold.
    from mostovi.screening.xlsform_convert import examine

    report = examine(data, name, repairing=repairing)
    if report.form is None:
        raise FormRefused(_summary(report), report)
    form, created = Form.objects.get_or_create(
        form_id=report.form.form_id,
        defaults={"title": report.form.title, "purpose": purpose.value},
    )
    if not created and form.purpose != purpose.value:
        raise FormRefused(
            f"The form '{form.form_id}' is for '{form.purpose}'. A form keeps its purpose; give "
            "this one another form_id.",
            report,
        )
    there = form.versions.filter(version=report.form.version).first()
    if there is not None:
        if there.md5 != _md5(report.xform):
            raise FormRefused(
                f"Version '{there.version}' of '{form.form_id}' is here with other content, and a "
                "version is never changed. Write a new version on the sheet 'settings'.",
                report,
            )
        return Imported(there, False, report)
    version = _new_version(actor, form, report, data, source, review or Review(), now)
    for media_name, content in sorted(_media(report, media or {}).items()):
        add_media(actor, version=version, name=media_name, content=content)
    Form.objects.filter(pk=form.pk).update(title=report.form.title)
    form.title = report.form.title
    record(
        actor, AuditTag.FORM_IMPORTED, handle=vault().handle("form", form.form_id),
        detail={"changes": len(report.changes), "notices": len(report.notices)},
    )  # fmt: skip
    return Imported(version, True, report)


def _new_version(
    actor: Actor,
    form: Form,
    report: Report,
    data: bytes,
    source: str,
    review: Review,
    now: datetime,
) -> FormVersion:
    assert report.form is not None  # noqa: S101 - the caller refused a report without a form
    return FormVersion.objects.create(
        form=form,
        version=report.form.version[:100],
        title=report.form.title[:300],
        xform=report.xform,
        md5=_md5(report.xform),
        workbook=data,
        workbook_name=report.name[:255],
        workbook_sha256=hashlib.sha256(data).hexdigest(),
        languages=list(report.form.languages),
        changes=[change.as_json() for change in report.changes],
        notices=[problem.as_json() for problem in report.problems],
        source=source[:500],
        review_status=review.status,
        reviewed_by=review.by,
        reviewed_on=review.on,
        imported_at=now,
        imported_by=actor.account,
    )


def _media(report: Report, given: Mapping[str, bytes]) -> dict[str, bytes]:
    found = dict(given)
    if report.itemsets:
        found["itemsets.csv"] = report.itemsets.encode()
    return found


@transaction.atomic
def add_media(actor: Actor, *, version: FormVersion, name: str, content: bytes) -> FormMedia:
    """Add a file that the form shows or looks up in. Its content then stays as it is.

    Raises `FormRefused` for a name that is no file name, for a file over 10 MB, and for other
    content under a name that is there.
    """
    _configure(actor)
    if not name or name.startswith(".") or _UNSAFE_IN_A_NAME & set(name) or len(name) > 255:
        raise FormRefused(f"'{name}' is not a file name. Use letters, digits, '_', '-' and '.'.")
    if len(content) > MEDIA_BYTES:
        raise FormRefused(f"'{name}' has more than 10 MB. Make the file smaller.")
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    try:
        with transaction.atomic():
            return FormMedia.objects.create(
                version=version,
                name=name,
                content=content,
                content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
                md5=md5,
            )
    except IntegrityError:
        there = version.media.get(name=name)
        if there.md5 == md5:
            return there
        raise FormRefused(
            f"'{name}' is here with other content. Import a new version of the form with it."
        ) from None


@transaction.atomic
def offer(actor: Actor, *, form: Form, offered: bool) -> None:
    """Offer the form for filling, or stop offering it; what was submitted stays readable."""
    _configure(actor)
    Form.objects.filter(pk=form.pk).update(offered=offered)
    form.offered = offered
    record(
        actor, AuditTag.FORM_CHANGED, handle=vault().handle("form", form.form_id),
        detail={"offered": offered},
    )  # fmt: skip


def visible(actor: Actor) -> QuerySet[Form]:
    """The forms `actor` may see: all under governance or statistics, else those of its purpose.

    Raises `Refused` for an actor who may see no form.
    """
    require(actor, Action.READ, Kind.FORM)
    found = Form.objects.prefetch_related("versions")
    if actor.purpose.value in dict(PURPOSES) and actor.role is not Role.SYSTEM:
        return found.filter(purpose=actor.purpose.value)
    return found


def fillable(actor: Actor) -> QuerySet[Form]:
    """The forms `actor` may fill now. Raises `Refused`."""
    require(actor, Action.CREATE, Kind.SUBMISSION)
    return (
        Form.objects.filter(purpose=actor.purpose.value, offered=True)
        .prefetch_related("versions__media")
        .order_by("form_id")
    )


def missing_media(version: FormVersion) -> list[str]:
    """Names of files the form needs and that were not added."""
    there = {media.name for media in version.media.all()}
    return [name for name in structure(version).media if name not in there]


def structure(version: FormVersion) -> forms.Form:
    """The questions of a version. Versions never change, so they are kept in memory."""
    return _structure(version.pk, version.md5, version.xform)


@lru_cache(maxsize=32)
def _structure(_pk: int, _md5: str, xform: str) -> forms.Form:
    return forms.read_form(xform)


def _configure(actor: Actor) -> None:
    require(actor, Action.CONFIGURE, Kind.FORM)


def _md5(xform: str) -> str:
    return hashlib.md5(xform.encode(), usedforsecurity=False).hexdigest()


def _summary(report: Report) -> str:
    count = len(report.errors)
    if report.outcome == "repairable":
        return (
            f"'{report.name}' has {count} problem(s), all of which can be repaired safely. Import "
            "it again with repairs."
        )
    return f"'{report.name}' has {count} problem(s) that stop it. Correct the cells named."
