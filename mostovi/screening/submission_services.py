# SPDX-License-Identifier: EUPL-1.2
"""Verbs on submissions: receive (once, however often it is sent), read, hand to a case.

Browser, ODK Collect and files go through the same `receive`. A submission is known by its
instanceID; sending it again changes nothing, sending missing files adds them, and two that arrive
at once are taken in one after the other.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import IO
from uuid import UUID, uuid4
from xml.etree.ElementTree import canonicalize

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from mostovi.people.models import Person
from mostovi.rights.access import Action, Actor, Kind, Refused, Scope, covers, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.retention import RetentionRule, cutoff
from mostovi.rights.rows import within_scope
from mostovi.rights.services import destroy_subject, record
from mostovi.rights.storage import opened
from mostovi.rights.vault import KeyDestroyed, vault
from mostovi.screening import blobs
from mostovi.screening.answers import (
    Instance,
    SubmissionError,
    Value,
    attachment_names,
    parse_answers,
    raw_answers,
    read_instance,
)
from mostovi.screening.form_services import structure
from mostovi.screening.forms import Form as Structure
from mostovi.screening.models import (
    Device,
    FindingDecision,
    Form,
    FormVersion,
    Submission,
    SubmissionFile,
)

logger = logging.getLogger(__name__)
MAXIMUM_XML_BYTES = 5 * 1024 * 1024
ORPHAN_AGE = timedelta(days=1)


class UnknownForm(Exception):
    """No such form or version for this actor; the message says which and what to do."""


class InstanceTaken(Exception):
    """Another submission holds this instanceID with other answers; nothing was changed."""


class HoldsNoPersons(Exception):
    """This node keeps no data on persons, so it takes in no submission."""


class Channel(StrEnum):
    """How a submission came."""

    BROWSER = "browser"
    DEVICE = "device"
    FILE = "file"


class Outcome(StrEnum):
    """What receiving did."""

    NEW = "new"
    PARTIAL = "partial"
    ADDED = "added"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Attachment:
    """A file as it was sent; `content` is read once, from where it stands."""

    name: str
    content: IO[bytes]
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Received:
    """The stored submission and what this sending did."""

    submission: Submission
    outcome: Outcome


@dataclass(frozen=True)
class FileInfo:
    """A stored attachment as its reader meets it."""

    id: UUID
    name: str
    content_type: str
    size: int


@dataclass(frozen=True)
class Reading:
    """A submission opened for reading.

    `answers`: path to typed value, `None` for unknown, missing for not asked (see `answers.py`).
    `raw`: path to the very text that was sent, for rules that read codes.
    """

    submission: Submission
    form: Structure
    answers: Mapping[str, Value | None]
    raw: Mapping[str, str]
    files: tuple[FileInfo, ...] = ()


Listener = Callable[[Submission], None]
_listeners: list[Listener] = []


def on_complete(listener: Listener) -> Listener:
    """Let `listener(submission)` know, inside the transaction, when a submission is complete."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def receive(
    actor: Actor,
    *,
    xml: bytes,
    attachments: Sequence[Attachment] = (),
    channel: Channel,
    device: Device | None = None,
    incomplete: bool = False,
    now: datetime,
) -> Received:
    """Take in one sending of a filled form.

    Raises `SubmissionError` (unreadable XML, wrong file name), `UnknownForm`, `InstanceTaken`,
    `HoldsNoPersons` and `Refused`; then nothing is stored.
    """
    if not settings.MOSTOVI.holds_persons:
        raise HoldsNoPersons("This node keeps no data on persons and takes in no submission.")
    require(actor, Action.CREATE, Kind.SUBMISSION)
    if len(xml) > MAXIMUM_XML_BYTES:
        raise SubmissionError("The submission's XML has more than 5 MB.")
    instance = read_instance(xml)
    version = _version(actor, instance)
    answers = parse_answers(structure(version), instance)
    written: list[UUID] = []
    try:
        with transaction.atomic():
            submission, new = _find_or_create(
                actor, instance, version, xml, channel=channel, device=device, now=now
            )
            added = _add_files(submission, attachments, written)
            return _settled(actor, submission, answers, new, added, incomplete)
    except BaseException:
        for blob in written:
            blobs.delete(settings.MOSTOVI.blobs, blob)
        raise


def _version(actor: Actor, instance: Instance) -> FormVersion:
    form = Form.objects.filter(form_id=instance.form_id, purpose=actor.purpose.value).first()
    if form is None:
        raise UnknownForm(
            f"The form '{instance.form_id}' is not on this server. Fetch the list of forms again, "
            "and check that the submission goes to the right server."
        )
    version = form.versions.filter(version=instance.version).first()
    if version is None:
        raise UnknownForm(
            f"The form '{instance.form_id}' has no version '{instance.version}' on this server. "
            "Ask the administrator to import that version; the submission stays on the device."
        )
    return version


def _find_or_create(
    actor: Actor,
    instance: Instance,
    version: FormVersion,
    xml: bytes,
    *,
    channel: Channel,
    device: Device | None,
    now: datetime,
) -> tuple[Submission, bool]:
    _lock(instance.instance_id)
    there = Submission.objects.filter(instance_id=instance.instance_id).first()
    if there is None:
        try:
            with transaction.atomic():
                made = _create(
                    actor, instance, version, xml, channel=channel, device=device, now=now
                )
            return made, True
        except IntegrityError:
            there = Submission.objects.get(instance_id=instance.instance_id)
    if there.owner != actor.account or not _same_xml(there, xml):
        raise InstanceTaken(
            "A submission with this instanceID is here already, with other answers. It was not "
            "changed. To correct answers, edit the sent form so that it gets a new instanceID."
        )
    return there, False


def _lock(instance_id: str) -> None:
    """One at a time for each instanceID. SQLite's transactions are IMMEDIATE and queue anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [instance_id])


def _create(
    actor: Actor,
    instance: Instance,
    version: FormVersion,
    xml: bytes,
    *,
    channel: Channel,
    device: Device | None,
    now: datetime,
) -> Submission:
    edited = _edited(actor, instance)
    adopted = edited if edited and edited.led_to_case else None
    made = Submission(
        # An edit of a screening that led to a case belongs to the person like what it edits.
        key_id=adopted.key_id if adopted else vault().new_key(),
        led_to_case=adopted is not None,
        version=version,
        purpose=actor.purpose.value,
        unit=actor.unit,
        owner=actor.account,
        instance_id=instance.instance_id,
        deprecated_id=instance.deprecated_id,
        channel=channel.value,
        device=device,
        received_at=now,
    )
    made.replaces, made.root_id = edited, (edited.root_id if edited else made.pk)
    made.seal_values({"xml": xml.decode("utf-8", errors="surrogateescape")})
    made.save(force_insert=True)
    if edited is not None:
        Submission.objects.filter(pk=edited.pk).update(current=False)
    _adopt_early_edits(actor, made)
    return made


def _edited(actor: Actor, instance: Instance) -> Submission | None:
    """The submission that this one edits, if it is here and the actor may change it."""
    if not instance.deprecated_id or instance.deprecated_id == instance.instance_id:
        return None
    edited = Submission.objects.filter(instance_id=instance.deprecated_id).first()
    if edited is None:
        return None
    scope = require(actor, Action.CHANGE, Kind.SUBMISSION)
    return edited if _covered(actor, scope, edited) else None


def _adopt_early_edits(actor: Actor, made: Submission) -> None:
    """Edits that arrived before `made`, which they edit, now hang on to it."""
    early = list(
        Submission.objects.filter(
            deprecated_id=made.instance_id, replaces=None, owner=actor.account
        ).exclude(pk=made.pk)
    )
    for edit in early:
        Submission.objects.filter(root=edit.root_id).update(root=made.root_id)
        Submission.objects.filter(pk=edit.pk).update(replaces=made)
    if early:
        made.current = False
        made.save(update_fields=["current"])


def _same_xml(there: Submission, xml: bytes) -> bool:
    try:
        held = there.values()["xml"].encode("utf-8", errors="surrogateescape")
    except KeyDestroyed:
        return False
    if held == xml:
        return True
    return bool(canonicalize(held) == canonicalize(xml))


def _add_files(
    submission: Submission, attachments: Sequence[Attachment], written: list[UUID]
) -> int:
    added = 0
    there = {bytes(token) for token in submission.files.values_list("name_token", flat=True)}
    for attachment in attachments:
        name = _file_name(attachment.name)
        token = vault().blind(f"{submission.pk}:{name}")
        if token in there:
            continue
        there.add(token)
        row = SubmissionFile(
            key_id=submission.key_id, submission=submission, name_token=token, blob=uuid4()
        )
        # Listed before it is written, so that a failure half way through is cleaned up too.
        written.append(row.blob)
        stored = blobs.write(settings.MOSTOVI.blobs, row.blob, attachment.content)
        row.seal_values(
            {
                "name": name,
                "content_type": attachment.content_type[:100],
                "size": stored.size,
                "sha256": stored.sha256,
                "key": base64.b64encode(stored.key).decode("ascii"),
            }
        )
        row.save(force_insert=True)
        added += 1
    return added


def _file_name(name: str) -> str:
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not plain or plain in {".", ".."} or len(plain) > 255 or "\0" in plain:
        raise SubmissionError("A file of the submission has no usable name.")
    return plain


def _settled(
    actor: Actor,
    submission: Submission,
    answers: Mapping[str, Value | None],
    new: bool,
    added: int,
    incomplete: bool,
) -> Received:
    wanted = {
        vault().blind(f"{submission.pk}:{name}")
        for name in attachment_names(structure(submission.version), answers)
    }
    there = {bytes(token) for token in submission.files.values_list("name_token", flat=True)}
    complete = wanted <= there
    newly_complete = complete and not submission.complete
    if newly_complete:
        submission.complete = True
        submission.save(update_fields=["complete"])
    if new or added:
        record(
            actor, AuditTag.SUBMISSION_RECEIVED, handle=handle(submission),
            detail={
                "channel": submission.channel, "files": added, "complete": submission.complete,
                "edit": submission.replaces_id is not None,
            },
        )  # fmt: skip
    if newly_complete:
        for listener in _listeners:
            listener(submission)
    if new:
        whole = complete and not incomplete
        return Received(submission, Outcome.NEW if whole else Outcome.PARTIAL)
    return Received(submission, Outcome.ADDED if added else Outcome.DUPLICATE)


def handle(submission: Submission) -> str:
    """The pseudonym of a submission in logs."""
    return vault().handle("submission", submission.pk)


def visible(actor: Actor, scope: Scope) -> QuerySet[Submission]:
    """The submissions within `scope` (from `require` for READ), newest first."""
    rows = Submission.objects.select_related("version__form")
    found = within_scope(rows, actor, scope, own=Q(owner=actor.account))
    return found.order_by("-received_at", "pk")


def _covered(actor: Actor, scope: Scope, submission: Submission) -> bool:
    return covers(
        actor, scope, purpose=Purpose(submission.purpose), unit=submission.unit,
        owner=submission.owner,
    )  # fmt: skip


@transaction.atomic
def read_submission(actor: Actor, submission_id: UUID) -> Reading:
    """Open one submission; the reading is written into the audit chain.

    Raises `Refused` for an actor who may read none, `Submission.DoesNotExist` for one that is not
    there or not within the actor's scope (nobody can tell which), `KeyDestroyed` after erasure.
    """
    scope = require(actor, Action.READ, Kind.SUBMISSION)
    submission = visible(actor, scope).get(pk=submission_id)
    reading = open_submission(submission)
    record(actor, AuditTag.SUBMISSION_READ, handle=handle(submission))
    return reading


def open_submission(submission: Submission) -> Reading:
    """Open a submission the caller has been allowed to use, and whose use the caller records."""
    xml = submission.values()["xml"].encode("utf-8", errors="surrogateescape")
    instance, form = read_instance(xml), structure(submission.version)
    files = tuple(
        FileInfo(row.pk, values["name"], values["content_type"], values["size"])
        for row, values in opened(submission.files.order_by("pk"))
        if values is not None
    )
    return Reading(
        submission, form, parse_answers(form, instance), raw_answers(form, instance), files
    )


@transaction.atomic
def read_file(
    actor: Actor, submission: Submission, file_id: UUID
) -> tuple[FileInfo, Iterator[bytes]]:
    """One attachment of a submission the actor has been allowed to read.

    Raises `SubmissionFile.DoesNotExist`, `KeyDestroyed`, `blobs.BlobError` (while reading).
    """
    scope = require(actor, Action.READ, Kind.SUBMISSION)
    if not _covered(actor, scope, submission):
        raise SubmissionFile.DoesNotExist
    row = submission.files.get(pk=file_id)
    values = row.values()
    record(actor, AuditTag.SUBMISSION_FILE_READ, handle=handle(submission))
    content = blobs.read(settings.MOSTOVI.blobs, row.blob, base64.b64decode(values["key"]))
    return FileInfo(row.pk, values["name"], values["content_type"], values["size"]), content


@transaction.atomic
def adopt(actor: Actor, *, submission: Submission, key_id: UUID) -> None:
    """Seal the submission, its files and findings under a person's key, to be erased together.

    To be called when a case is opened from it. Raises `Refused`, `Submission.DoesNotExist`.
    """
    scope = require(actor, Action.CHANGE, Kind.SUBMISSION)
    if not _covered(actor, scope, submission):
        raise Submission.DoesNotExist
    # A chain of edits is one screening: the earlier answers must go with the person too.
    chain = list(Submission.objects.filter(root=submission.root_id))
    for one in chain:
        _adopt_one(actor, one, key_id)
    submission.refresh_from_db()


def _adopt_one(actor: Actor, submission: Submission, key_id: UUID) -> None:
    old_key = submission.key_id
    submission.led_to_case = True
    submission.save(update_fields=["led_to_case"])
    if old_key == key_id:
        return
    decisions = FindingDecision.objects.filter(finding__submission=submission)
    for row in (submission, *submission.files.all(), *submission.findings.all(), *decisions):
        values = row.values()
        row.key_id = key_id
        row.seal_values(values)
        row.save(update_fields=["key_id", "sealed"])
    record(actor, AuditTag.SUBMISSION_ADOPTED, handle=handle(submission))
    if not _in_use(old_key):
        destroy_subject(actor, old_key, reason="adopted")


def end_submissions(rule: RetentionRule, today: date) -> int:
    """Erase submissions that led to no case and have reached their end; returns how many (R10)."""
    before = cutoff(rule, today)
    if before is None:
        return 0
    system, ended = Actor.system(Purpose.PROTECTION), 0
    due = Submission.objects.filter(led_to_case=False, received_at__date__lt=before)
    for submission in list(due.order_by("-received_at")[:1000]):
        with transaction.atomic():
            for blob in submission.files.values_list("blob", flat=True):
                # Once the rows are gone for good; a file left by a crash is swept later.
                transaction.on_commit(partial(blobs.delete, settings.MOSTOVI.blobs, blob))
            key = submission.key_id
            submission.delete()
            if not _in_use(key):
                destroy_subject(system, key, reason="retention")
        ended += 1
    return ended


def _in_use(key: UUID) -> bool:
    """Whether anything else is sealed under `key`; a person's key outlives any screening."""
    return (
        Submission.objects.filter(key_id=key).exists() or Person.objects.filter(key_id=key).exists()
    )


def sweep_blobs(now: datetime) -> int:
    """Delete files that no row knows (a crash between file and row); returns how many."""
    folder, swept = settings.MOSTOVI.blobs, 0
    before = (now - ORPHAN_AGE).timestamp()
    for blob, written_at in list(blobs.stored(folder)):
        if written_at < before and not SubmissionFile.objects.filter(blob=blob).exists():
            blobs.delete(folder, blob)
            swept += 1
    return swept


__all__ = [
    "Attachment", "Channel", "FileInfo", "HoldsNoPersons", "InstanceTaken", "Outcome", "Reading",
    "Received", "Refused", "SubmissionError", "UnknownForm", "adopt", "handle", "on_complete",
    "open_submission", "read_file", "read_submission", "receive", "sweep_blobs", "visible",
]  # fmt: skip
