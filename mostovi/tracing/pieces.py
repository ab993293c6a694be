# SPDX-License-Identifier: EUPL-1.2
"""Elements of private matching as files of letters: cut where one file would be too large."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag

from mostovi.exchange.attachments import LARGEST
from mostovi.exchange.models import Attachment, AttachmentState
from mostovi.exchange.services import OutgoingAttachment, read_attachment
from mostovi.rights.access import Actor
from mostovi.tracing import oprf

CHUNK: Final = LARGEST - LARGEST % oprf.ELEMENT - 32 * oprf.ELEMENT
BYTES: Final = "application/octet-stream"


def cut(kind: str, content: bytes) -> list[OutgoingAttachment]:
    """`content` as files of a letter, in order."""
    return [
        OutgoingAttachment(content[start : start + CHUNK], BYTES, kind)
        for start in range(0, len(content), CHUNK)
    ]


def joined(actor: Actor, inbox: int | None) -> bytes | None:
    """The files of a letter, joined in the order they were named; None until all are here."""
    if inbox is None:
        return None
    files = list(Attachment.objects.filter(inbox=inbox).order_by("note"))
    if not files or any(file.state != AttachmentState.HELD for file in files):
        return None
    try:
        return b"".join(
            read_attachment(actor, attachment_id=file.pk, inbox=inbox) for file in files
        )
    except (InvalidTag, OSError):
        # Kept badly (a crash between file and row): the round is ended and begun anew.
        Attachment.objects.filter(inbox=inbox).update(state=AttachmentState.FAILED)
        return None


def gone(inbox: int | None) -> bool:
    """Whether a file of the letter could not be fetched, or is no longer kept."""
    lost = [AttachmentState.FAILED, AttachmentState.ERASED]
    return inbox is not None and Attachment.objects.filter(inbox=inbox, state__in=lost).exists()
