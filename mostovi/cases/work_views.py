# SPDX-License-Identifier: EUPL-1.2
"""Pages of the work in a case: tasks, the plan, the degree of danger."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases import plan_words, plans, referring, services, staff, taking_up
from mostovi.cases.case_sections import task_words
from mostovi.cases.models import Case, PlanEvent, Referral
from mostovi.cases.planning import ActionState, Answer, Goal, Plan, PlanAction
from mostovi.cases.plans import InvalidPlan
from mostovi.cases.today import task_source
from mostovi.cases.views import found_case, say_refused, step_words
from mostovi.cases.vocabulary import Risk, case_types, service_name
from mostovi.cases.vocabulary import services as directory
from mostovi.procedures import services as procedures
from mostovi.procedures import tasks
from mostovi.procedures.models import Task
from mostovi.procedures.presentation import role_words
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door

NO_DATE = "Write the date as day, month and year."


class _WrongDay(ValueError):
    """What was typed is no date."""


def _day(request: ActingRequest, name: str) -> date | None:
    """The date typed in three parts; None when nothing was typed."""
    parts = [request.POST.get(f"{name}.{part}", "").strip() for part in ("year", "month", "day")]
    if not any(parts):
        return None
    try:
        return date(*map(int, parts))
    except ValueError as error:
        raise _WrongDay from error


def _account(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# --- A referral becomes work here ----------------------------------------------------------------


@door(Action.DECIDE, Kind.REFERRAL)
def take_up(request: ActingRequest, code: str) -> HttpResponse:
    """Choose the person's own case for an accepted referral, before anybody opens a second one."""
    try:
        referral = referring.find(request.actor, code, Action.DECIDE)
    except Referral.DoesNotExist as error:
        raise Http404 from error
    if not taking_up.waits(referral):
        return redirect("cases:referral", code=referral.code)
    errors: dict[str, str] = {}
    if request.method == "POST":
        case = found_case(request, request.POST.get("case", ""), Action.CHANGE)
        try:
            taking_up.take_up(
                request.actor, referral, case=case, reason=request.POST.get("reason", "")
            )
        except services.InvalidCase as error:
            errors = {error.field: _(str(error))}
        except StepRefused as refused:
            say_refused(request, case.procedure, refused)
            errors = {"case": _("This case cannot be opened again by you.")}
        else:
            messages.success(request, _("The referral is worked on in this case."))
            return redirect("cases:case", code=case.code)
    text = request.GET.get("q", "").strip()
    known = taking_up.candidates(request.actor, referral, text)
    context = {
        "referral": referral, "text": text, "errors": errors,
        "reason": request.POST.get("reason", ""), "chosen": request.POST.get("case", ""),
        "known": [
            {
                "person": one.person, "glance": one.glance,
                "cases": [
                    {
                        "case": case, "step": step_words(case.procedure),
                        "type": _(case_types().get(case.case_type, case.case_type)),
                    }
                    for case in one.cases
                ],
            }
            for one in known
        ],
    }  # fmt: skip
    return render(request, "cases/take_up.html", context, status=422 if errors else 200)


# --- Danger --------------------------------------------------------------------------------------


@door(Action.CHANGE, Kind.CASE)
def risk(request: ActingRequest, code: str) -> HttpResponse:
    """Say how great the danger to the person is, with the reason."""
    case = found_case(request, code, Action.CHANGE)
    chosen, reason, errors = case.risk, "", {}
    if request.method == "POST":
        chosen, reason = request.POST.get("risk", ""), request.POST.get("reason", "")
        try:
            moved = services.set_risk(request.actor, case, risk=chosen, reason=reason)
        except services.InvalidCase as error:
            errors = {error.field: _(str(error))}
        else:
            said = _("Kept. %(n)d deadlines were counted anew.") if moved else _("Kept.")
            messages.success(request, said % {"n": moved} if moved else said)
            return redirect("cases:case", code=case.code)
    choices = [(value.value, plan_words.RISKS[value], value == chosen) for value in Risk]
    context = {"case": case, "choices": choices, "reason": reason, "errors": errors}
    return render(request, "cases/risk.html", context, status=422 if errors else 200)


# --- Tasks ---------------------------------------------------------------------------------------


@door(Action.READ, Kind.CASE)
def task_list(request: ActingRequest, code: str) -> HttpResponse:
    """What is to be done in the case, and what was."""
    case = found_case(request, code)
    return _task_page(request, case)


def _task_page(
    request: ActingRequest, case: Case, more: dict[str, Any] | None = None
) -> HttpResponse:
    now = timezone.now()
    rows = list(Task.objects.filter(instance=case.procedure).order_by("due", "made_at")[:200])
    for row in rows:
        row.instance = case.procedure
    lines: list[dict[str, Any]] = []
    for task in tasks.read(rows, procedures.procedure_of):
        row = task.row
        lines.append(
            {
                "row": row,
                "words": task_words(task),
                "source": task_source(task.rule) if task.rule else "",
                "overdue": row.is_overdue(now),
                "owner": row.owner or (case.holder if not row.owner_role else None),
                "role": role_words(row.owner_role) if row.owner_role and not row.owner else "",
                "told": role_words(row.escalate_to) if row.escalated_at else "",
            }
        )
    context = {
        "case": case,
        "open": [line for line in lines if line["row"].ended_at is None],
        "ended": [line for line in lines if line["row"].ended_at is not None],
        "may_change": decide(request.actor, Action.CHANGE, Kind.CASE).allowed,
        "colleagues": staff.colleagues(request.actor, unit=case.unit),
        "errors": {},
        "typed": {},
    }
    errors = (more or {}).get("errors")
    return render(
        request, "cases/tasks.html", context | (more or {}), status=422 if errors else 200
    )


@door(Action.CHANGE, Kind.CASE)
@require_POST
def new_task(request: ActingRequest, code: str) -> HttpResponse:
    """Write a task in free words."""
    case = found_case(request, code, Action.CHANGE)
    errors: dict[str, str] = {}
    due = None
    try:
        due = _day(request, "due")
    except _WrongDay:
        errors["due"] = _(NO_DATE)
    moment = timezone.make_aware(datetime.combine(due, time(23, 59, 59))) if due else None
    if not errors:
        try:
            tasks.add(
                request.actor, case.procedure, title=request.POST.get("title", ""),
                owner=_account(request.POST.get("owner", "")), due=moment,
            )  # fmt: skip
        except tasks.InvalidTask as error:
            errors[error.field] = _(str(error))
    if errors:
        return _task_page(request, case, {"errors": errors, "typed": _typed(request)})
    messages.success(request, _("The task stands on the home page of whoever does it."))
    return redirect("cases:tasks", code=case.code)


@door(Action.CHANGE, Kind.CASE)
@require_POST
def end_task(request: ActingRequest, code: str, task: str) -> HttpResponse:
    """Say that a task is done, or no longer needed."""
    case = found_case(request, code, Action.CHANGE)
    try:
        row = case.procedure.tasks.get(pk=UUID(task))
    except (ValueError, Task.DoesNotExist) as error:
        raise Http404 from error
    row.instance = case.procedure
    done = request.POST.get("do") != "not_needed"
    tasks.end(request.actor, row, done=done)
    messages.success(request, _("Done.") if done else _("Taken off the list."))
    return redirect("cases:tasks", code=case.code)


def _typed(request: ActingRequest) -> dict[str, str]:
    """What was typed, by the name of its input; dots stand as underscores for the template."""
    return {key.replace(".", "_"): str(value) for key, value in request.POST.items()}


# --- The plan ------------------------------------------------------------------------------------


@door(Action.READ, Kind.CASE)
def plan_page(request: ActingRequest, code: str) -> HttpResponse:
    """Goals, what is done for them, what came of them, and everything that happened."""
    case = found_case(request, code)
    return render(request, "cases/plan.html", _plan_context(request, case, plans.of_case(case)))


@door(Action.READ, Kind.CASE)
def plan_sheet(request: ActingRequest, code: str) -> HttpResponse:
    """The plan on paper, for the person: goals, actions, who, until when; no history."""
    case = found_case(request, code)
    context = _plan_context(request, case, plans.of_case(case)) | {"today": timezone.localdate()}
    return render(request, "cases/plan_sheet.html", context)


def _plan_context(request: ActingRequest, case: Case, plan: Plan) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "case": case,
        "goals": [_goal(goal, today) for goal in plan.goals],
        "costs": plan.costs(),
        "history": [
            {"happened": plan_words.HAPPENED[event.kind], "event": event, "what": _what(event)}
            for event in reversed(plan.history)
        ],
        "may_change": decide(request.actor, Action.CHANGE, Kind.CASE).allowed,
    }


def _what(event: Any) -> str:
    """The words of one entry of the history."""
    values = event.values
    for name in ("text", "what", "words"):
        if values.get(name):
            return str(values[name])
    return ""


def _goal(goal: Goal, today: date) -> dict[str, Any]:
    return {
        "goal": goal,
        "ending": plan_words.ENDINGS[goal.ending] if goal.ending else "",
        "actions": [_action(action, today) for action in goal.actions],
        "outcomes": [
            {
                "outcome": outcome,
                "officer": plan_words.ANSWERS[outcome.officer],
                "person": plan_words.ANSWERS[outcome.person],
            }
            for outcome in reversed(goal.outcomes)
        ],
    }


def _action(action: PlanAction, today: date) -> dict[str, Any]:
    provider = service_name(action.provider) if action.provider else action.provider_words
    return {
        "action": action,
        "provider": provider,
        "state": plan_words.STATES[action.state],
        "tone": plan_words.TONES[action.state],
        "overdue": action.is_overdue(today),
        "is_over": action.state in {ActionState.DONE, ActionState.NOT_DONE, ActionState.NOT_NEEDED},
    }


@door(Action.CHANGE, Kind.CASE)
def change_plan(request: ActingRequest, code: str, what: str) -> HttpResponse:
    """One change of the plan: goal, end, action, move or measure."""
    case = found_case(request, code, Action.CHANGE)
    change = _CHANGES.get(what)
    if change is None:
        raise Http404
    if request.method != "POST":
        return _plan_form(request, case, what, {}, {})
    try:
        change(request, case)
    except InvalidPlan as error:
        problems = {name or "plan": _(words) for name, words in error.problems.items()}
        return _plan_form(request, case, what, problems, _typed(request))
    except PlanEvent.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("The plan is kept, with its history."))
    return redirect("cases:plan", code=case.code)


def _plan_form(
    request: ActingRequest, case: Case, what: str, errors: dict[str, str], typed: dict[str, str]
) -> HttpResponse:
    """The form of one change, with what stands or was typed in it."""
    given = request.POST if request.method == "POST" else request.GET
    plan = plans.of_case(case)
    found = plan.action(_account(given.get("action", "")) or UUID(int=0))
    goal = found[0] if found else plan.goal(_account(given.get("goal", "")) or UUID(int=0))
    if (goal is None and what != "goal") or (found is None and what == "move"):
        raise Http404
    action = found[1] if found else None
    context = {
        "case": case, "what": what, "goal": goal, "action": action, "errors": errors,
        "error_list": list(errors.items()),
        "typed": typed if request.method == "POST" else _standing(what, goal, action),
        "colleagues": staff.colleagues(request.actor, unit=case.unit),
        "providers": sorted((one.name, one.code) for one in directory().values()),
        "answers": list(plan_words.ANSWERS.items()),
        "officer_answers": [
            pair for pair in plan_words.ANSWERS.items() if pair[0] != Answer.NOT_ASKED
        ],
        "endings": list(plan_words.ENDINGS.items()),
        "states": list(plan_words.STATES.items()),
    }  # fmt: skip
    return render(request, "cases/plan_form.html", context, status=422 if errors else 200)


def _standing(what: str, goal: Goal | None, action: PlanAction | None) -> dict[str, Any]:
    """What stands already, by the names of the inputs."""
    if what == "action" and action is not None:
        day = action.until
        return {
            "what": action.what, "provider": action.provider,
            "provider_words": action.provider_words, "who": str(action.who or ""),
            "who_words": action.who_words, "amount": action.amount, "currency": action.currency,
            **_day_parts(day),
        }  # fmt: skip
    if what == "goal" and goal is not None:
        return {"text": goal.text, "own_words": goal.own_words, **_day_parts(goal.until)}
    if what == "move" and action is not None:
        return {"state": action.state.value}
    return {}


def _day_parts(day: date | None) -> dict[str, int]:
    if day is None:
        return {}
    return {"until_day": day.day, "until_month": day.month, "until_year": day.year}


def _until(request: ActingRequest) -> date | None:
    try:
        return _day(request, "until")
    except _WrongDay as error:
        raise InvalidPlan({"until": NO_DATE}) from error


def _ident(request: ActingRequest, name: str) -> UUID:
    ident = _account(request.POST.get(name, ""))
    if ident is None:
        raise PlanEvent.DoesNotExist
    return ident


def _change_goal(request: ActingRequest, case: Case) -> None:
    plans.set_goal(
        request.actor, case, text=request.POST.get("text", ""),
        own_words=request.POST.get("own_words", ""), until=_until(request),
        goal=_account(request.POST.get("goal", "")),
    )  # fmt: skip


def _change_end(request: ActingRequest, case: Case) -> None:
    plans.end_goal(
        request.actor, case, _ident(request, "goal"), ending=request.POST.get("ending", ""),
        words=request.POST.get("words", ""),
    )  # fmt: skip


def _change_action(request: ActingRequest, case: Case) -> None:
    post = request.POST
    plans.set_action(
        request.actor, case, _ident(request, "goal"), what=post.get("what", ""),
        provider=post.get("provider", ""), provider_words=post.get("provider_words", ""),
        who=_account(post.get("who", "")), who_words=post.get("who_words", ""),
        until=_until(request),
        cost={"amount": post.get("amount", ""), "currency": post.get("currency", "")},
        action=_account(post.get("action", "")),
    )  # fmt: skip


def _change_move(request: ActingRequest, case: Case) -> None:
    plans.move_action(
        request.actor, case, _ident(request, "action"), state=request.POST.get("state", ""),
        words=request.POST.get("words", ""),
    )  # fmt: skip


def _change_measure(request: ActingRequest, case: Case) -> None:
    post = request.POST
    plans.measure(
        request.actor, case, _ident(request, "goal"), officer=post.get("officer", ""),
        person=post.get("person", ""), officer_words=post.get("officer_words", ""),
        person_words=post.get("person_words", ""),
    )  # fmt: skip


_CHANGES = {
    "goal": _change_goal,
    "end": _change_end,
    "action": _change_action,
    "move": _change_move,
    "measure": _change_measure,
}
