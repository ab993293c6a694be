# SPDX-License-Identifier: EUPL-1.2
"""What stands against removal and detention of a victim of trafficking, and the period behind it.

The person is protected by what was decided and by time, never by what they say to investigators.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.cases import recording
from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.victims import identification, recovery
from mostovi.cases.victims.identification import PROCEDURE, Standing, Status
from mostovi.people.barriers import Barrier, Measure
from mostovi.people.models import Person
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Deadline, Outcome
from mostovi.rights.access import Action, Actor
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record

REFLECTION, APPEAL_TIME = "reflection", "appeal_time"
BOTH = frozenset({Measure.REMOVAL, Measure.DETENTION})
COE = "Council of Europe Convention on Action against Trafficking in Human Beings (CETS 197)"
_PRINCIPLES = (
    "OHCHR, Recommended Principles and Guidelines on Human Rights and Human Trafficking (2002),"
    " guideline 2"
)
_OWN = "Mostovi safeguard (R7), working rule"
_HANDBOOK = "UNHCR, Handbook on Protection of Stateless Persons (2014)"
STATELESSNESS = "case_statelessness"


@dataclass(frozen=True)
class Facts:
    """Where a case stands: identification, the period in force, what stands against measures."""

    standing: Standing
    run: recovery.Run | None
    deadline: Deadline | None
    barriers: Sequence[Barrier]

    @property
    def until(self) -> date | None:
        """The last day of the period in force; None while its clock stands still or without one."""
        return recovery.last_day(self.run) if self.run else None


def facts(case: Case, today: date) -> Facts:
    """The facts of a case that was found by `cases.find` (one statement, none while presumed)."""
    events = [event for event in case.procedure.events.all() if not event.crossed]
    standing = identification.standing([(event.verb, event.at) for event in events])
    own: list[Deadline] = []
    if standing.status is not Status.PRESUMED:
        # The page that shows the clocks finds them here and asks no more.
        prefetch_related_objects([case.procedure], "deadlines")
        own = sorted(case.procedure.deadlines.all(), key=lambda d: d.started_at, reverse=True)
    reflections = [one for one in own if one.clock == REFLECTION]
    run = recovery.in_force([_run(one) for one in reflections], today)
    appeal = next((one for one in own if one.clock == APPEAL_TIME), None)
    barriers = _barriers(case, standing, run, appeal, today)
    return Facts(standing, run, reflections[0] if reflections else None, barriers)


def _run(deadline: Deadline) -> recovery.Run:
    """A stored clock as the pure rule sees it; a broken day of standing still counts whole."""
    began = timezone.localdate(deadline.started_at)
    due = timezone.localdate(deadline.due) if deadline.due else None
    stopped = deadline.outcome == Outcome.SUSPENDED
    run = recovery.Run(began=began, due=due, stopped=stopped)
    end = recovery.last_day(run)
    if stopped or (due is not None and due == end):
        # The clock has added the days on which it stood still.
        return run
    days: set[int] = set()
    for stop in deadline.suspensions.all():
        last = stop.ended_at or deadline.ended_at
        if last is not None:
            first_day = timezone.localdate(stop.started_at).toordinal()
            days |= set(range(first_day, timezone.localdate(last).toordinal() + 1))
    return replace(run, stopped_days=len(days))


def _barriers(
    case: Case,
    standing: Standing,
    run: recovery.Run | None,
    appeal: Deadline | None,
    today: date,
) -> list[Barrier]:
    found = []
    if run is not None:
        found.append(
            Barrier(
                "reflection_period", BOTH,
                _("The recovery and reflection period runs. Nobody may be expelled meanwhile."),
                recovery.CITATION, "verified", recovery.last_day(run),
            )
        )  # fmt: skip
    if case.closed_at is None:
        found += _while_open(case, standing, appeal, today)
    return found


def _while_open(
    case: Case, standing: Standing, appeal: Deadline | None, today: date
) -> list[Barrier]:
    match standing.status:
        case Status.PRESUMED:
            words = _("The person may be a victim of trafficking, and nobody has decided yet.")
            return [Barrier("presumed_victim", BOTH, words, _OWN, "proposal")]
        case Status.REASONABLE_GROUNDS:
            words = _("There are reasonable grounds, and identification is not completed.")
            return [Barrier("identification_open", BOTH, words, f"{COE}, article 10(2)", "memory")]
        case Status.APPEALED:
            words = _("The person has appealed against not being identified.")
            return [Barrier("appeal_open", BOTH, words, _OWN, "proposal")]
        case Status.NOT_IDENTIFIED:
            return _appeal_time(appeal, today)
        case Status.IDENTIFIED:
            return _of_identified(case, today)


def _of_identified(case: Case, today: date) -> list[Barrier]:
    words = _("Victims of trafficking are not held in immigration detention.")
    found = [
        Barrier(
            "identified_victim", frozenset({Measure.DETENTION}), words, _PRINCIPLES, "memory"
        )
    ]  # fmt: skip
    kinds = {row.kind for row in case.records.all() if row.counted}
    residence = _answers(case, "residence_grounds", kinds)
    until = residence.get("permit_until")
    if residence.get("granted") == "yes" and until and date.fromisoformat(until) >= today:
        words = _("The person has a residence permit as a victim of trafficking.")
        found.append(
            Barrier(
                "residence_permit", BOTH, words, f"{COE}, article 14", "memory",
                date.fromisoformat(until),
            )
        )  # fmt: skip
    if _answers(case, "return_or_stay", kinds).get("safe") != "safe":
        words = _(
            "A victim returns only with regard to rights, safety and dignity, and to legal "
            "proceedings; preferably of their own will. A safe return has to be assessed first."
        )
        found.append(
            Barrier(
                "safe_return", frozenset({Measure.REMOVAL}), words, f"{COE}, article 16(2)",
                "memory",
            )
        )  # fmt: skip
    return found


def _answers(case: Case, kind: str, counted: Collection[str]) -> Mapping[str, Any]:
    """The answers of the newest record of `kind` that counts; not asked for when there is none."""
    return (recording.latest(case, kind) or {}) if kind in counted else {}


def _appeal_time(appeal: Deadline | None, today: date) -> list[Barrier]:
    if appeal is None or not appeal.is_live:
        return []
    until = timezone.localdate(appeal.due) if appeal.due else None
    if until is not None and until < today:
        return []
    words = _("The time to appeal against not being identified is still open.")
    return [Barrier("appeal_time", BOTH, words, _OWN, "proposal", until)]


def standing_against(person: Person, today: date) -> list[Barrier]:
    """What stands against removing or detaining `person`, from every case held on them here."""
    found = list(
        Case.objects.filter(person=person, procedure__code__in=(PROCEDURE, STATELESSNESS))
        .select_related("procedure")
        .prefetch_related("procedure__events")
    )
    trafficking = [case for case in found if case.procedure.code == PROCEDURE]
    barriers = [one for case in trafficking for one in facts(case, today).barriers]
    for case in found:
        if case.procedure.code == STATELESSNESS and case.procedure.state == "determination":
            words = _("It is being determined whether the person is stateless.")
            barriers.append(
                Barrier(
                    "determination_open", frozenset({Measure.REMOVAL}), words, _HANDBOOK, "memory"
                )
            )
    return barriers


# --- The clock of the period ---------------------------------------------------------------------


@transaction.atomic
def lengthen(actor: Actor, case: Case, *, reason: str, now: datetime | None = None) -> Deadline:
    """Give more time. Raises `procedures.NotExtendable`, `procedures.NotLive`."""
    deadline = _live(actor, case, reason)
    procedures.extend(actor, deadline=deadline, at=now or timezone.now())
    return _told(actor, case, deadline, AuditTag.REFLECTION_LENGTHENED, reason)


@transaction.atomic
def stop(actor: Actor, case: Case, *, reason: str, now: datetime | None = None) -> Deadline:
    """Stop the clock while the person cannot use the time; these days are added at the end."""
    deadline = _live(actor, case, reason)
    procedures.suspend(actor, deadline=deadline, at=now or timezone.now(), cause="cannot_use_time")
    return _told(actor, case, deadline, AuditTag.REFLECTION_STOPPED, reason)


@transaction.atomic
def go_on(actor: Actor, case: Case, *, reason: str, now: datetime | None = None) -> Deadline:
    """Let a stopped clock go on."""
    deadline = _live(actor, case, reason)
    procedures.resume(actor, deadline=deadline, at=now or timezone.now())
    return _told(actor, case, deadline, AuditTag.REFLECTION_RESUMED, reason)


def _live(actor: Actor, case: Case, reason: str) -> Deadline:
    case = cases.visible(actor, Action.DECIDE).select_for_update(of=("self",)).get(pk=case.pk)
    if not reason.strip():
        raise ValueError(_("Write the reason."))
    rows = Deadline.objects.filter(instance=case.procedure_id, clock=REFLECTION)
    found = rows.select_related("instance").order_by("-started_at").first()
    if found is None:
        raise procedures.NotLive("no period has begun")
    return found


def _told(actor: Actor, case: Case, deadline: Deadline, tag: AuditTag, reason: str) -> Deadline:
    cases.add_note(actor, case, text=reason)
    record(actor, tag, handle=cases.case_handle(case))
    deadline.refresh_from_db()
    return deadline
