# SPDX-License-Identifier: EUPL-1.2
"""The block on a case's page: what protects the person, until when, by which source."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases.models import Case
from mostovi.cases.sections import Section
from mostovi.cases.victims import decisions, protection, wording
from mostovi.people.barriers import Barrier, Measure
from mostovi.rights.access import Actor

ORDER = 20
_WITH_STATEMENTS = {"case_violence"}


def of_case(actor: Actor, case: Case, now: datetime) -> Section | None:
    """Where identification stands and what bars removal and detention (two statements)."""
    if decisions.concerns(case):
        return _of_victim(case, now)
    if case.procedure.code in _WITH_STATEMENTS:
        said = _("See nothing of this case, unless the person agrees to a statement")
        return Section(
            "protection", _("Protection"), [(_("Investigators"), said)], _address(case), _("Open")
        )
    return None


def _of_victim(case: Case, now: datetime) -> Section:
    facts = protection.facts(case, timezone.localdate(now))
    lines: list[tuple[str, object]] = [
        (_("Identification"), str(wording.STATUSES[facts.standing.status])),
    ]
    if facts.run is not None:
        until = facts.until or _("The clock stands still; protection goes on.")
        lines.append((_("Recovery and reflection period until"), until))
    lines += [(_label(one), one.because) for one in facts.barriers]
    return Section(
        "protection",
        _("Protection and identification"),
        lines,
        _address(case),
        _("Decide, or see why"),
        source="; ".join(dict.fromkeys(one.source for one in facts.barriers)),
    )


def _label(barrier: Barrier) -> str:
    if barrier.measures == protection.BOTH:
        return _("No removal, no detention")
    if Measure.DETENTION in barrier.measures:
        return _("No detention")
    return _("No removal")


def _address(case: Case) -> str:
    return reverse("victims:protection", args=[case.code])
