# SPDX-License-Identifier: EUPL-1.2
"""Pages of supervision and of group sessions."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.cases import groups, plan_words, recording, staff, supervising
from mostovi.cases.case_sections import task_words
from mostovi.cases.groups import InvalidSession, Participant
from mostovi.cases.models import GroupSession
from mostovi.cases.supervising import InvalidTransfer
from mostovi.cases.vocabulary import Risk, case_types
from mostovi.people import codes
from mostovi.procedures import services as procedures
from mostovi.procedures import tasks
from mostovi.procedures.presentation import in_language, shown_deadline
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door

RISK_ORDER = (Risk.HIGH, Risk.MEDIUM, Risk.LOW, Risk.UNKNOWN)


@door(Action.READ, Kind.SUPERVISION)
def supervision(request: ActingRequest) -> HttpResponse:
    """What a supervisor looks at: approvals, what is late, quiet cases, who holds how much."""
    now, actor = timezone.now(), request.actor
    late = supervising.late_tasks(actor, now)
    read = tasks.read([row for row, _code, _holder in late], procedures.procedure_of)
    context = {
        "approvals": [
            {"row": row, "title": in_language(recording.kinds()[row.kind].title)}
            for row in supervising.approvals(actor)
        ],
        "deadlines": [
            {"shown": shown_deadline(row, now), "code": code, "holder": holder}
            for row, code, holder in supervising.late_deadlines(actor, now)
        ],
        "tasks": [
            {"task": one.row, "words": task_words(one), "code": code, "holder": holder}
            for one, (_row, code, holder) in zip(read, late, strict=True)
        ],
        "quiet": supervising.quiet(actor, now),
        "unlooked": supervising.unlooked(actor),
        "loads": [
            {"load": load, "counts": [load.by_risk.get(risk, 0) for risk in RISK_ORDER]}
            for load in supervising.caseload(actor)
        ],
        "risks": [plan_words.RISKS[risk] for risk in RISK_ORDER],
        "settings": supervising.settings(),
    }
    return render(request, "cases/supervision.html", context)


@door(Action.DECIDE, Kind.SUPERVISION)
def worker(request: ActingRequest, account: str) -> HttpResponse:
    """The cases of one colleague, and giving some or all of them to another."""
    try:
        holder = UUID(account)
    except ValueError as error:
        raise Http404 from error
    cases = supervising.held_by(request.actor, holder)
    if not cases:
        raise Http404
    post, errors = request.POST, {}
    if request.method == "POST":
        try:
            to_account = UUID(post.get("to", ""))
        except ValueError:
            to_account = holder
        chosen = None if post.get("which") == "all" else post.getlist("cases")
        try:
            count = supervising.transfer(
                request.actor, from_account=holder, to_account=to_account,
                reason=post.get("reason", ""), codes=chosen,
            )  # fmt: skip
        except InvalidTransfer as error:
            errors = {error.field: _(str(error))}
        else:
            said = ngettext("%(n)d case was handed over.", "%(n)d cases were handed over.", count)
            messages.success(request, said % {"n": count})
            return redirect("cases:supervision")
    context = {
        "holder": holder,
        "cases": [
            {
                "case": case,
                "type": _(case_types().get(case.case_type, case.case_type)),
                "risk": plan_words.RISKS[case.risk],
                "chosen": case.code in post.getlist("cases"),
            }
            for case in cases
        ],
        "colleagues": [one for one in staff.colleagues(request.actor) if one.account != holder],
        "errors": errors,
        "error_list": list(errors.items()),
        "typed": post,
    }
    return render(request, "cases/worker.html", context, status=422 if errors else 200)


# --- Group sessions ------------------------------------------------------------------------------


@door(Action.CHANGE, Kind.CASE)
def group_list(request: ActingRequest) -> HttpResponse:
    """Sessions that were held, the newest first."""
    sessions = groups.visible(request.actor).order_by("-held_on")[:100]
    return render(request, "cases/groups.html", {"sessions": sessions})


@door(Action.CHANGE, Kind.CASE)
def group_page(request: ActingRequest, session: str) -> HttpResponse:
    """One session with the participants that the reader may see."""
    try:
        row, participants, count = groups.read(request.actor, UUID(session))
    except (ValueError, GroupSession.DoesNotExist) as error:
        raise Http404 from error
    context = {"session": row, "participants": participants, "count": count}
    return render(request, "cases/group.html", context)


@door(Action.CHANGE, Kind.CASE)
def new_group(request: ActingRequest) -> HttpResponse:
    """Write down a session: first who took part, then what is noted about each."""
    given = request.POST if request.method == "POST" else request.GET
    wanted = _codes(given.getlist("case"), given.get("more", ""))
    rows = groups.may_join(request.actor)
    chosen = list(rows.filter(code__in=wanted).order_by("code")) if wanted else []
    missing = sorted(wanted - {case.code for case in chosen})
    errors: dict[str, str] = {}
    if missing:
        errors["more"] = _("No open case of yours has this code: %(codes)s.") % {
            "codes": ", ".join(missing)
        }
    if request.method == "POST" and not errors:
        participants = [
            Participant(case, f"came-{case.code}" in given, given.get(f"note-{case.code}", ""))
            for case in chosen
        ]
        try:
            session = groups.hold(
                request.actor, topic=given.get("topic", ""), held_on=_held_on(given),
                participants=participants,
            )  # fmt: skip
        except InvalidSession as error:
            errors[error.field] = _(str(error))
        else:
            messages.success(request, _("The session stands in each case."))
            return redirect("cases:group", session=session.pk)
    held = rows.filter(holder=request.actor.account).order_by("-changed_at")
    context: dict[str, Any] = {
        "chosen": [
            {
                "case": case,
                "came": request.method != "POST" or f"came-{case.code}" in given,
                "note": given.get(f"note-{case.code}", ""),
            }
            for case in chosen
        ],
        "mine": [] if chosen and not missing else list(held[:100]),
        "wanted": wanted,
        "errors": errors,
        "error_list": list(errors.items()),
        "typed": {key.replace(".", "_"): value for key, value in given.items()},
    }
    return render(request, "cases/new_group.html", context, status=422 if errors else 200)


def _held_on(given: Any) -> date | None:
    try:
        return date(*(int(given.get(f"held_on.{part}", "")) for part in ("year", "month", "day")))
    except ValueError:
        return None


def _codes(ticked: list[str], typed: str) -> set[str]:
    found = set()
    for text in [*ticked, *typed.replace(",", " ").split()]:
        try:
            found.add(codes.parse_record_code(text))
        except codes.CodeError:
            found.add(text[:30])
    return found
