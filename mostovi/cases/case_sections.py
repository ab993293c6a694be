# SPDX-License-Identifier: EUPL-1.2
"""The core's own blocks of a case's page: tasks, the plan, records."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.cases import plans, recording, sections
from mostovi.cases.models import Case
from mostovi.cases.plan_words import ANSWERS
from mostovi.cases.records import RecordState
from mostovi.cases.sections import Section
from mostovi.procedures import services as procedures
from mostovi.procedures import tasks
from mostovi.procedures.presentation import in_language
from mostovi.rights.access import Actor

_SHOWN = 8


def register() -> None:
    """Called once when the node starts."""
    sections.register(10, open_tasks)
    sections.register(20, plan)
    sections.register(40, records)


def records(actor: Actor, case: Case, now: datetime) -> Section | None:
    """Which records there are, and which wait for approval (one statement)."""
    known = recording.kinds()
    rows = [
        row
        for row in sorted(case.records.all(), key=lambda row: row.changed_at, reverse=True)
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


def open_tasks(actor: Actor, case: Case, now: datetime) -> Section | None:
    """What is still to be done, most pressing first (one statement)."""
    rows = list(tasks.open_ones(case.procedure)[:_SHOWN])
    for row in rows:
        row.instance = case.procedure
    read = tasks.read(rows, procedures.procedure_of)
    late = sum(task.row.is_overdue(now) for task in read)
    said = ngettext("%(n)d task is overdue", "%(n)d tasks are overdue", late)
    return Section(
        code="tasks",
        title=_("Tasks"),
        lines=[
            (task_words(task), task.row.due.date() if task.row.due else _("no date"))
            for task in read
        ],
        url=reverse("cases:tasks", args=[case.code]),
        verb=_("Tasks of this case"),
        warning=said % {"n": late} if late else "",
    )


def task_words(task: tasks.TaskRead) -> str:
    """What a task is, in words."""
    if task.rule is not None:
        return in_language(task.rule.label).text
    return task.words or task.row.code or _("erased")


def plan(actor: Actor, case: Case, now: datetime) -> Section | None:
    """The open goals and what both said last about each (one statement)."""
    found = plans.of_case(case)
    today = timezone.localdate(now)
    late = sum(action.is_overdue(today) for goal in found.goals for action in goal.actions)
    said = ngettext("%(n)d action is overdue", "%(n)d actions are overdue", late)
    lines = []
    for goal in found.open_goals[:_SHOWN]:
        latest = goal.latest
        words = str(ANSWERS[latest.person]) if latest else _("not measured yet")
        lines.append((goal.text, _("the person says: %(answer)s") % {"answer": words}))
    return Section(
        code="plan",
        title=_("Plan"),
        lines=lines,
        url=reverse("cases:plan", args=[case.code]),
        verb=_("The plan"),
        warning=said % {"n": late} if late else "",
    )
