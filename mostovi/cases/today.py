# SPDX-License-Identifier: EUPL-1.2
"""What waits for somebody in cases and referrals: deadlines of our side, and what is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.cases import recording, referring, services
from mostovi.cases.models import Case, CaseHandover, CaseRecord, Direction
from mostovi.cases.records import RecordState
from mostovi.procedures import services as procedures
from mostovi.procedures import tasks
from mostovi.procedures.definition import Evidence, TaskRule
from mostovi.procedures.models import LIVE, Deadline, Task
from mostovi.procedures.presentation import as_waiting, evidence_words, in_language
from mostovi.procedures.waiting import Waiting
from mostovi.rights.access import Action, Actor, Kind, decide

_MOST = 50
_FEW = 500
_TOLD_FOR = timedelta(days=14)


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Deadlines of the actor's cases and referrals, and drafts not yet sent; codes, never names."""
    items: list[Waiting] = []
    if decide(actor, Action.CHANGE, Kind.CASE).allowed:
        mine = services.visible(actor).filter(holder=actor.account, closed_at=None)
        few = list(mine.order_by().values_list("procedure", flat=True)[: _FEW + 1])
        items += _case_deadlines(mine, few, now)
        items += _tasks(actor, few, now)
        items += _records(actor)
        items += _handed_over(actor, now)
    if decide(actor, Action.DECIDE, Kind.REFERRAL).allowed:
        items += _referral_deadlines(actor, now)
        items += _unfinished(actor)
    return items


def _case_deadlines(mine: QuerySet[Case], few: Sequence[UUID], now: datetime) -> Iterator[Waiting]:
    rows = _live(mine, few)
    codes = _codes(mine, rows)
    for deadline in rows:
        code = codes[deadline.instance_id]
        yield as_waiting(deadline, title=code, url=reverse("cases:case", args=[code]), now=now)


def _tasks(actor: Actor, few: Sequence[UUID], now: datetime) -> Iterator[Waiting]:
    """Tasks of mine, of cases I hold, of my role, and those my role is told of as late.

    A task in free words is not opened here: it may name somebody.
    """
    role = actor.role.value
    whose = (
        Q(owner=actor.account)
        | Q(owner=None, owner_role="", instance__in=few[:_FEW])
        | Q(owner=None, owner_role=role)
        | Q(escalate_to=role, escalated_at__isnull=False)
    )
    reach = services.visible(actor).filter(procedure=OuterRef("instance"), closed_at=None)
    rows = Task.objects.filter(whose, ended_at=None).annotate(case=Subquery(reach.values("code")))
    for task in rows.filter(case__isnull=False).select_related("instance").order_by("due")[:_MOST]:
        yield _task(task, task.case, role, now)


def _task(task: Task, code: str, role: str, now: datetime) -> Waiting:
    procedure = procedures.procedure_of(task.instance)
    rule = procedure.tasks.get(task.code)
    source = ""
    if rule is not None:
        rule = tasks.rule_in_force(task.instance, rule, task.made_at)
        what, source = in_language(rule.label).text, task_source(rule)
    else:
        what = _("an action of the plan") if task.about else _("a task in this case")
    late = task.escalated_at is not None and task.escalate_to == role
    words = _("Late, and you are to be told: %(what)s.") if late else _("To do: %(what)s.")
    return Waiting(
        title=code, why=words % {"what": what}, url=reverse("cases:tasks", args=[code]),
        due=task.due, source=source, verb=_("See the tasks"),
    )  # fmt: skip


def _records(actor: Actor) -> Iterator[Waiting]:
    """Records I began or got back, and those that wait for an approval I may give."""
    wanted = Q(state__in=["draft", "returned"], author=actor.account)
    if decide(actor, Action.DECIDE, Kind.CASE).allowed:
        approved = [
            kind.code
            for kind in recording.kinds().values()
            if kind.approval is not None and actor.role.value in kind.approval.roles
        ]
        wanted |= Q(state="final", kind__in=approved)
    reach = Exists(services.visible(actor).filter(pk=OuterRef("case"), closed_at=None))
    rows = CaseRecord.objects.filter(wanted).filter(reach).select_related("case")
    for row in rows.order_by("changed_at")[:_MOST]:
        if row.state == RecordState.RETURNED:
            yield _record(row, _("Returned to you: %(what)s."), _("Read why"))
        elif row.state == RecordState.DRAFT:
            yield _record(row, _("Draft: %(what)s."), _("Go on writing"))
        elif recording.may_decide(actor, row):
            yield _record(row, _("Waits for your approval: %(what)s."), _("Decide"))


def _record(row: CaseRecord, why: str, verb: str) -> Waiting:
    kind = recording.kinds().get(row.kind)
    what = in_language(kind.title).text if kind else row.kind
    url = reverse("cases:record", args=[row.case.code, row.kind, row.pk])
    return Waiting(title=row.case.code, why=why % {"what": what}, url=url, verb=verb)


def _handed_over(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """Cases given to me or taken from me by somebody else in the last days."""
    since = now - _TOLD_FOR
    rows = CaseHandover.objects.filter(
        Q(to_account=actor.account) | Q(from_account=actor.account), at__gte=since
    ).exclude(by=actor.account)
    reach = Exists(services.visible(actor).filter(pk=OuterRef("case")))
    for row in rows.filter(reach).select_related("case").order_by("-at")[:_MOST]:
        if row.to_account == actor.account:
            why = _("This case was given to you.")
        else:
            why = _("This case was given to a colleague.")
        yield Waiting(
            title=row.case.code, why=why, url=reverse("cases:case", args=[row.case.code]),
            verb=_("See the case"),
        )  # fmt: skip


def task_source(rule: TaskRule) -> str:
    """Where a task's time comes from, with how sure we are of it."""
    if not rule.citation or rule.evidence is Evidence.VERIFIED:
        return rule.citation
    return f"{rule.citation} ({evidence_words(rule.evidence)})"


def _referral_deadlines(actor: Actor, now: datetime) -> Iterator[Waiting]:
    unfinished = referring.visible(actor).filter(ended_at=None)
    rows = [d for d in _live(unfinished) if _is_ours(d, now)]
    codes = _codes(unfinished, rows)
    for deadline in rows:
        code = codes[deadline.instance_id]
        yield as_waiting(deadline, title=code, url=reverse("cases:referral", args=[code]), now=now)


def _is_ours(deadline: Deadline, now: datetime) -> bool:
    """A clock of our side; and one that the receiver let pass, for the sender has to act then."""
    ours = deadline.instance.side
    return deadline.side == ours or (ours == "sender" and deadline.is_overdue(now))


def _live(records: QuerySet[Any], few: Sequence[UUID] | None = None) -> list[Deadline]:
    """The most pressing live clocks of these cases or referrals.

    Few records are asked for their clocks. With very many, the clocks are asked in order of their
    end whether they belong to one of them, and enough are soon found.
    """
    live = Deadline.objects.filter(ended_at=None, outcome__in=LIVE)
    if few is None:
        few = list(records.order_by().values_list("procedure", flat=True)[: _FEW + 1])
    if len(few) <= _FEW:
        live = live.filter(instance__in=few)
    else:
        live = live.filter(Exists(records.filter(procedure=OuterRef("instance"))))
    return list(live.select_related("instance").order_by("due")[:_MOST])


def _codes(rows: QuerySet[Any], deadlines: Sequence[Deadline]) -> dict[UUID, str]:
    wanted = rows.filter(procedure__in=[deadline.instance_id for deadline in deadlines])
    return dict(wanted.values_list("procedure", "code"))


def _unfinished(actor: Actor) -> Iterator[Waiting]:
    """Drafts of my own, letters that could not be delivered, emergencies for a second reviewer."""
    rows = referring.visible(actor).filter(direction=Direction.SENT, ended_at=None)
    drafts = rows.filter(holder=actor.account, letter_id=None)
    for referral in drafts.select_related("procedure")[:_MOST]:
        if referral.procedure.state != "emergency_review":
            yield _plain(referral.code, _("Referral not sent yet"), _("Finish"))
    for referral in rows.exclude(undeliverable="")[:_MOST]:
        yield _plain(referral.code, _("The receiver did not take the referral"), _("See why"))
    for referral in referring.visible(actor).filter(untold_at__isnull=False)[:_MOST]:
        yield _plain(
            referral.code, _("The other institution does not know of your last step"), _("See why")
        )
    emergencies = rows.filter(procedure__state="emergency_review")
    for referral in emergencies.exclude(created_by=actor.account)[:_MOST]:
        yield _plain(referral.code, _("Emergency referral needs a second reviewer"), _("Review"))


def _plain(code: str, why: str, verb: str) -> Waiting:
    return Waiting(title=code, why=why, url=reverse("cases:referral", args=[code]), verb=verb)
