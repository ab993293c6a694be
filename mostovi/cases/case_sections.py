# SPDX-License-Identifier: EUPL-1.2
"""The core's own blocks of a case's page: records."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.cases import recording, sections
from mostovi.cases.models import Case
from mostovi.cases.records import RecordState
from mostovi.cases.sections import Section
from mostovi.procedures.presentation import in_language
from mostovi.rights.access import Actor

_SHOWN = 8


def register() -> None:
    """Called once when the node starts."""
    sections.register(40, records)


def records(actor: Actor, case: Case, now: datetime) -> Section | None:
    """Which records there are, and which wait for approval (one statement)."""
    known = recording.kinds()
    rows = [
        row
        for row in case.records.order_by("-changed_at")
        if row.kind in known and recording.may_read(actor, known[row.kind])
    ]
    lines = [
        (in_language(known[row.kind].title).text, row.changed_at.date()) for row in rows[:_SHOWN]
    ]
    waiting = sum(
        row.state == RecordState.FINAL and known[row.kind].approval is not None for row in rows
    )
    said = ngettext("%(n)d waits for approval", "%(n)d wait for approval", waiting)
    return Section(
        code="records",
        title=_("Records"),
        lines=lines,
        url=reverse("cases:records", args=[case.code]),
        verb=_("Records of this case"),
        warning=said % {"n": waiting} if waiting else "",
    )
