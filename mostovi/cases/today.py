# SPDX-License-Identifier: EUPL-1.2
"""What waits for somebody in cases and referrals: deadlines of our side, and what is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from mostovi.cases import recording, referring, services
from mostovi.cases.models import Case, CaseHandover, CaseRecord, Direction, Referral
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
    mine = reach = None
    if decide(actor, Action.CHANGE, Kind.CASE).allowed:
        mine = services.visible(actor).filter(holder=actor.account, closed_at=None)
    if decide(actor, Action.DECIDE, Kind.REFERRAL).allowed:
        reach = referring.visible(actor).filter(ended_at=None)
    kept = _kept(mine, reach)
    items += _deadlines(mine, reach, kept, now)
    if mine is not None:
        items += _tasks(actor, kept, now)
        items += _told(actor, now)
    if reach is not None:
        items += _unfinished(actor)
    return items


@dataclass(frozen=True, slots=True)
class _Kept:
    """Codes of the few open cases and referrals by procedure; more than `_FEW` are left out."""

    cases: Mapping[UUID, str]
    referrals: Mapping[UUID, str]
    many_cases: bool
    many_referrals: bool


def _kept(mine: QuerySet[Case] | None, reach: QuerySet[Referral] | None) -> _Kept:
    """In one statement, reading no further than it takes to know that there are many."""
    reaches: tuple[QuerySet[Any] | None, ...] = (mine, reach)
    parts: list[QuerySet[Any, Any]] = [
        rows.model._default_manager.filter(pk__in=rows.order_by("procedure")[: _FEW + 1])
        .order_by()
        .values_list("procedure", "code", Value(place))
        for place, rows in enumerate(reaches)
        if rows is not None
    ]
    found: tuple[dict[UUID, str], dict[UUID, str]] = ({}, {})
    if parts:
        first, *others = parts
        for procedure, code, place in first.union(*others, all=True) if others else first:
            found[place][procedure] = code
    cases, referrals = found
    return _Kept(cases, referrals, len(cases) > _FEW, len(referrals) > _FEW)


def _deadlines(
    mine: QuerySet[Case] | None, reach: QuerySet[Referral] | None, kept: _Kept, now: datetime
) -> Iterator[Waiting]:
    """The most pressing live clocks of cases and referrals.

    Few records are asked for their clocks. With very many, the clocks are asked in order of their
    end whether they belong to one of them, and enough are soon found.
    """
    live = Deadline.objects.filter(ended_at=None, outcome__in=LIVE)
    wanted = Q(instance__in=[
        *(() if kept.many_cases else kept.cases), *(() if kept.many_referrals else kept.referrals)
    ])  # fmt: skip
    # Where there are many, the code is asked with the clock.
    codes: dict[str, Any] = {"case_code": Value(""), "referral_code": Value("")}
    for name, rows, many in (
        ("case_code", mine, kept.many_cases), ("referral_code", reach, kept.many_referrals)
    ):  # fmt: skip
        if rows is not None and many:
            of = rows.filter(procedure=OuterRef("instance"))
            wanted |= Q(Exists(of))
            codes[name] = Subquery(of.values("code")[:1])
    clocks: QuerySet[Any] = live.filter(wanted).annotate(**codes).select_related("instance")
    for deadline in clocks.order_by("due")[: 2 * _MOST]:
        at = deadline.instance_id
        if code := deadline.case_code or kept.cases.get(at):
            url = reverse("cases:case", args=[code])
        else:
            code = deadline.referral_code or kept.referrals[at]
            if not _is_ours(deadline, now):
                continue
            url = reverse("cases:referral", args=[code])
        yield as_waiting(deadline, title=code, url=url, now=now)


def _tasks(actor: Actor, kept: _Kept, now: datetime) -> Iterator[Waiting]:
    """Tasks of mine, of cases I hold, of my role, and those my role is told of as late.

    A task in free words is not opened here: it may name somebody.
    """
    role = actor.role.value
    whose = (
        Q(owner=actor.account)
        | Q(owner=None, owner_role="", instance__in=list(kept.cases)[:_FEW])
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


def _told(actor: Actor, now: datetime) -> Iterator[Waiting]:
    """Records and handovers that are for me, in one statement."""
    columns = ("case__code", "kind", "pk", "state", "author", "changed_at")
    # The same columns of a handover, by its own names.
    given = ("case__code", Value("handover"), "pk", Value(""), "to_account", "at")
    told = _records(actor).values_list(*columns)
    both = told.union(_handovers(actor, now).values_list(*given), all=True)
    lines = list(both.order_by("changed_at")[: 2 * _MOST])
    for code, kind, key, state, account, _at in lines:
        if state:
            yield from _record(actor, code, kind, key, state, account)
    for code, _kind, _key, state, account, _at in reversed(lines):
        if not state:
            mine = account == actor.account
            yield Waiting(
                title=code,
                why=_("This case was given to you.")
                if mine
                else _("This case was given to a colleague."),
                url=reverse("cases:case", args=[code]), verb=_("See the case"),
            )  # fmt: skip


def _records(actor: Actor) -> QuerySet[CaseRecord]:
    """Records I began or got back, and those that wait for an approval I may give."""
    wanted = Q(state__in=["draft", "returned"], author=actor.account)
    if decide(actor, Action.DECIDE, Kind.CASE).allowed:
        for kind in recording.kinds().values():
            if kind.approval is not None and actor.role.value in kind.approval.roles:
                waits = Q(state="final", kind=kind.code)
                own = Q(author=actor.account)
                wanted |= waits & ~own if kind.approval.other_than_author else waits
    reach = Exists(services.visible(actor).filter(pk=OuterRef("case"), closed_at=None))
    return CaseRecord.objects.filter(wanted).filter(reach).order_by()


def _record(
    actor: Actor, code: str, kind: str, key: UUID, state: str, author: UUID
) -> Iterator[Waiting]:
    known = recording.kinds().get(kind)
    what = in_language(known.title).text if known else kind
    if state == RecordState.RETURNED:
        why, verb = _("Returned to you: %(what)s."), _("Read why")
    elif state == RecordState.DRAFT:
        why, verb = _("Draft: %(what)s."), _("Go on writing")
    else:
        why, verb = _("Waits for your approval: %(what)s."), _("Decide")
    url = reverse("cases:record", args=[code, kind, key])
    yield Waiting(title=code, why=why % {"what": what}, url=url, verb=verb)


def _handovers(actor: Actor, now: datetime) -> QuerySet[CaseHandover]:
    """Cases given to me or taken from me by somebody else in the last days."""
    since = now - _TOLD_FOR
    rows = CaseHandover.objects.filter(
        Q(to_account=actor.account) | Q(from_account=actor.account), at__gte=since
    ).exclude(by=actor.account)
    reach = Exists(services.visible(actor).filter(pk=OuterRef("case")))
    return rows.filter(reach).order_by()


def task_source(rule: TaskRule) -> str:
    """Where a task's time comes from, with how sure we are of it."""
    if not rule.citation or rule.evidence is Evidence.VERIFIED:
        return rule.citation
    return f"{rule.citation} ({evidence_words(rule.evidence)})"


def _is_ours(deadline: Deadline, now: datetime) -> bool:
    """A clock of our side; and one that the receiver let pass, for the sender has to act then."""
    ours = deadline.instance.side
    return deadline.side == ours or (ours == "sender" and deadline.is_overdue(now))


def _unfinished(actor: Actor) -> Iterator[Waiting]:
    """Drafts of my own, letters that could not be delivered, emergencies for a second reviewer.

    One statement; each part goes through an index of its own.
    """
    reach = referring.visible(actor).order_by()
    rows = reach.filter(direction=Direction.SENT, ended_at=None)
    emergency = Q(procedure__state="emergency_review")
    parts = [
        (
            rows.filter(~emergency, holder=actor.account, letter_id=None),
            _("Referral not sent yet"), _("Finish"),
        ),
        (rows.exclude(undeliverable=""), _("The receiver did not take the referral"), _("See why")),
        (
            reach.filter(untold_at__isnull=False),
            _("The other institution does not know of your last step"), _("See why"),
        ),
        (
            rows.filter(emergency).exclude(created_by=actor.account),
            _("Emergency referral needs a second reviewer"), _("Review"),
        ),
    ]  # fmt: skip
    first, *others = [
        part.values_list("code", "created_at", Value(place))
        for place, (part, *_words) in enumerate(parts)
    ]
    found = first.union(*others, all=True).order_by("-created_at")[: 4 * _MOST]
    for code, _at, place in sorted(found, key=lambda line: line[2]):
        _part, why, verb = parts[place]
        yield _plain(code, why, verb)


def _plain(code: str, why: str, verb: str) -> Waiting:
    return Waiting(title=code, why=why, url=reverse("cases:referral", args=[code]), verb=verb)
