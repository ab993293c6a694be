# SPDX-License-Identifier: EUPL-1.2
"""What a case's page shows about a child: guardian, where the child lives, the next visit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases.children import facts
from mostovi.cases.models import Case
from mostovi.cases.sections import Section
from mostovi.people.birth import Birth
from mostovi.rights.access import Actor
from mostovi.rights.storage import opened

CHILD_TYPES = frozenset({"unaccompanied_child", "separated_child"})
# Outside these ages in years nobody asks whether somebody is 18.
_COULD_BE, _COULD_BE_A_CHILD = 14, 26


def guardian(actor: Actor, case: Case, now: datetime) -> Section | None:
    """Who is guardian, with a warning when nobody is."""
    if not _concerns_child(case, now):
        return None
    url = reverse("children:guardian", args=[case.code])
    appointment = facts.of(case.procedure).guardian
    if appointment is None:
        return Section(
            "guardian", _("Guardian"), url=url, verb=_("Write down the guardian"),
            warning=_("The child has no guardian. Ask the guardianship authority today."),
            source=_("Convention on the Rights of the Child, General Comment 6, paragraph 33"),
        )  # fmt: skip
    ((row, words),) = opened([appointment])
    name = (words or {}).get("name", "")
    lines = [(_("Guardian"), name), (_("From"), row.from_day)]
    return Section("guardian", _("Guardian"), lines, url=url, verb=_("Guardian and history"))


def care(actor: Actor, case: Case, now: datetime) -> Section | None:
    """Where the child lives and when the next visit is due."""
    if not _concerns_child(case, now):
        return None
    known = facts.of(case.procedure)
    lines: list[tuple[str, Any]] = []
    if known.lives_at:
        lines += [(_("Lives at"), known.lives_at), (_("Since"), known.lives_since)]
    if known.next_visit:
        lines.append((_("Next visit"), known.next_visit))
    warning = ""
    if known.next_visit and known.next_visit < timezone.localdate(now):
        warning = _("A visit is overdue.")
    elif not lines and case.case_type in CHILD_TYPES and case.closed_at is None:
        warning = _("Where the child lives is not written down.")
    return Section(
        "care", _("Care"), lines, url=reverse("children:care", args=[case.code]),
        verb=_("Care and visits"), warning=warning,
    )  # fmt: skip


def age(actor: Actor, case: Case, now: datetime) -> Section | None:
    """The way to age assessments, where the age could be a question (no statement).

    Also for somebody who counts as an adult and is young: who says they are a child must be heard.
    """
    if case.person.erased_at is not None:
        return None
    birth = _birth(case)
    ages = birth.age(timezone.localdate(now))
    asked = birth.doubted or ages is None or (ages[0] < _COULD_BE_A_CHILD and ages[1] >= _COULD_BE)
    if not asked:
        return None
    return Section(
        "age", _("Age"), url=reverse("children:age", args=[case.code]),
        verb=_("Age and its assessment"),
    )  # fmt: skip


def _birth(case: Case) -> Birth:
    return Birth.from_json(case.person.values()["single"].get("birth"))


def _concerns_child(case: Case, now: datetime) -> bool:
    if case.person.erased_at is not None:
        return False
    if case.case_type in CHILD_TYPES:
        return True
    return _birth(case).is_child(timezone.localdate(now))
