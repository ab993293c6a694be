# SPDX-License-Identifier: EUPL-1.2
"""What `pathways` answers to the packages beneath it: a case's block, and the copy of a file."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases import sections
from mostovi.cases.models import Case
from mostovi.pathways import case_checking, wording
from mostovi.pathways.library import library
from mostovi.people import keeping
from mostovi.people.models import Person
from mostovi.rights.access import Action, Actor, Kind, decide
from mostovi.rights.purposes import SHIELDED

_AHEAD = 2


def register() -> None:
    """Called once when the node starts."""
    case_checking.register()
    sections.register(30, case_section)
    keeping.register_copier(copied)


def case_section(actor: Actor, case: Case, now: datetime) -> sections.Section | None:
    """The case page's block: what the last check said, and the way to the next (no statement)."""
    if not decide(actor, Action.READ, Kind.PATHWAY_CHECK).allowed or not case_checking.has_law():
        return None
    if case.purpose not in SHIELDED:
        return None
    saved = case_checking.latest(actor, case)
    may_check = case_checking.may_check(actor, case)
    if saved is None and not may_check:
        return None
    if saved is None:
        return sections.Section(
            "pathways", _("Ways open"),
            lines=[(_("Last check"), _("none yet"))],
            url=reverse("pathways:case_check", args=[case.code]), verb=_("Check the ways open"),
        )  # fmt: skip
    lines: list[tuple[str, object]] = [(_("Last check"), saved.row.made_at)]
    if saved.erased:
        lines.append((_("Result"), _("erased")))
    else:
        lines.append((_("Result"), _result(saved)))
        ahead = [wording.fact_words(fact) for fact in saved.questions[:_AHEAD]]
        if ahead:
            lines.append((_("Find out next"), wording.joined(ahead)))
    today = timezone.localdate(now)
    law_now = case_checking.law_digest(library().rule_set(saved.row.partner, today))
    changed = saved.row.law_digest != law_now
    return sections.Section(
        "pathways", _("Ways open"), lines=lines,
        url=reverse("pathways:case_checks", args=[case.code]), verb=_("Check the ways open"),
        warning=_("The law, or how it is read here, has changed since.") if changed else "",
    )  # fmt: skip


def _result(saved: case_checking.Saved) -> str:
    counts = saved.counts
    return _("%(open)s look open, %(maybe)s may be open, %(other)s do not seem to fit") % {
        "open": counts["open"], "maybe": counts["maybe"],
        "other": counts["unfit"] + counts["closed"],
    }  # fmt: skip


def copied(person: Person) -> tuple[str, object]:
    """The person's checks with every answer and result, for a copy of the file (R8)."""
    return "pathway_checks", case_checking.copied_of(person)
