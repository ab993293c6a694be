# SPDX-License-Identifier: EUPL-1.2
"""Pages of cases: the list with search, opening one, and a case read from top to bottom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases import plan_words, sections, services
from mostovi.cases.forms import CaseForm
from mostovi.cases.models import Case
from mostovi.cases.vocabulary import Risk, case_types, urgencies
from mostovi.people import consenting
from mostovi.people import services as people
from mostovi.people.models import Person
from mostovi.procedures import presentation
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Instance
from mostovi.procedures.state import Choice, StepRefused
from mostovi.rights.access import Action, Actor, Kind, decide, require
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.screening.models import Submission
from mostovi.screening.submission_services import visible as visible_submissions

_PAGE = 25
TONES = {"emergency": "stop", "urgent": "warn"}
"""How an urgency is marked; the others stand as plain words."""
UNSHOWN = (
    "sealed", "key_id", "opened_by", "submission_id", "procedure__subject", "procedure__key_id",
    "procedure__partners", "procedure__started_at", "procedure__changed_at", "procedure__over_at",
)  # fmt: skip


def found_case(request: ActingRequest, code: str, action: Action = Action.READ) -> Case:
    """The case, or the one answer for absent and out of reach."""
    try:
        return services.find(request.actor, code, action)
    except Case.DoesNotExist as error:
        raise Http404 from error


@door(Action.READ, Kind.CASE)
def case_list(request: ActingRequest) -> HttpResponse:
    """Cases the actor may see, newest change first; search by name in any script, code, phone."""
    text = request.GET.get("q", "").strip()[:200]
    show = request.GET.get("show", "open")
    with transaction.atomic():
        rows = services.search(request.actor, text)
        if show == "open" and not text:
            rows = rows.filter(closed_at=None, person__erased_at=None)
        elif show == "mine":
            rows = rows.filter(holder=request.actor.account)
        elif show == "closed":
            rows = rows.filter(closed_at__isnull=False)
        kind, danger = _filter(request, "type", case_types()), _filter(request, "risk", set(Risk))
        if kind:
            rows = rows.filter(case_type=kind)
        if danger:
            rows = rows.filter(risk=danger)
        late = request.GET.get("late") == "yes"
        if late:
            rows = services.overdue(rows, timezone.now())
        # What the list does not show is not read either.
        ordered = rows.select_related("procedure").defer(*UNSHOWN).order_by("-changed_at")
        page = LongList(ordered, _PAGE).get_page(request.GET.get("page"))
        lines = services.listed(request.actor, list(page.object_list))
    context = {
        "page": page,
        "lines": [_line(line) for line in lines],
        "text": text,
        "show": show,
        "types": [(code, _(words), code == kind) for code, words in case_types().items()],
        "risks": [(value.value, plan_words.RISKS[value], value == danger) for value in Risk],
        "late": late,
        "filtered": bool(kind or danger or late),
        "may_open": decide(request.actor, Action.CREATE, Kind.CASE).allowed,
    }
    return render(request, "cases/list.html", context)


def _filter(request: ActingRequest, name: str, known: Collection[str]) -> str:
    """A choice of the list's filter; anything else is none."""
    value = request.GET.get(name, "")
    return value if value in known else ""


def _line(line: services.Listed) -> dict[str, Any]:
    case = line.case
    return {
        "case": case,
        "who": line.who,
        "type": _(case_types().get(case.case_type, case.case_type)),
        "urgency": _(urgencies().get(case.urgency, case.urgency)),
        "tone": TONES.get(case.urgency),
        "step": step_words(case.procedure),
        "risk": plan_words.RISKS[case.risk] if case.risk != Risk.UNKNOWN else "",
    }


def step_words(instance: Instance) -> Any:
    """The name of the step a procedure stands at, in the reader's language."""
    procedure = procedures.procedure_of(instance)
    return presentation.in_language(procedure.states[instance.state].label)


@door(Action.CREATE, Kind.CASE)
def new_case(request: ActingRequest) -> HttpResponse:
    """Open a case for a registered person, also straight from a screening."""
    submission = _submission(request)
    person = _person(request)
    form = CaseForm(request.POST or None, initial={"case_type": request.GET.get("type")})
    earlier = services.of_person(request.actor, person) if person is not None else []
    # A second case beside an earlier one is never opened silently.
    agreed = not earlier or request.POST.get("another") == "yes"
    if person is not None and request.method == "POST" and form.is_valid() and agreed:
        case = services.open_case(
            request.actor, person=person, case_type=form.cleaned_data["case_type"],
            urgency=form.cleaned_data["urgency"], summary=form.cleaned_data["summary"],
            submission=submission,
        )  # fmt: skip
        messages.success(request, _("The case %(code)s is open.") % {"code": case.code})
        return redirect("cases:case", code=case.code)
    text = request.GET.get("q", "").strip()
    found = people.search(request.actor, text) if text and person is None else []
    context = {
        "form": form,
        "person": person,
        "glance": people.glances(request.actor, [person]).get(person.pk) if person else None,
        "submission": submission,
        "found": found,
        "text": text,
        "errors": form.errors if request.method == "POST" else None,
        "earlier": [{"case": case, "step": step_words(case.procedure)} for case in earlier],
        "must_agree": request.method == "POST" and not agreed,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "cases/new.html", context, status=status)


def _submission(request: ActingRequest) -> Submission | None:
    """The screening the case comes from; one out of reach is as if it were not there."""
    text = request.GET.get("submission", "")
    if not text:
        return None
    scope = require(request.actor, Action.READ, Kind.SUBMISSION)
    try:
        return visible_submissions(request.actor, scope).get(pk=UUID(text))
    except (ValueError, Submission.DoesNotExist, ValidationError) as error:
        raise Http404 from error


def _person(request: ActingRequest) -> Person | None:
    code = request.GET.get("person", "")
    if not code:
        return None
    try:
        return people.find(request.actor, code)
    except Person.DoesNotExist as error:
        raise Http404 from error


@door(Action.READ, Kind.CASE)
def case_page(request: ActingRequest, code: str) -> HttpResponse:
    """The case, read like a file: who, how to reach safely, what is urgent, where it stands."""
    case = found_case(request, code)
    return render(request, "cases/case.html", _case_context(request, case))


def _case_context(request: ActingRequest, case: Case) -> dict[str, Any]:
    now = timezone.now()
    erased = case.person.erased_at is not None
    own, file = services.read_with_file(request.actor, case)
    written = services.notes(case)
    # Read once for the whole page: what may be done next, the plan, the list of records.
    prefetch_related_objects([case], "records", "plan_events")
    referrals = []
    if decide(request.actor, Action.READ, Kind.REFERRAL).allowed:
        referrals = list(case.referrals.select_related("procedure").order_by("-created_at"))
    return {
        "case": case,
        "file": file,
        "summary": own.get("summary", ""),
        "type": _(case_types().get(case.case_type, case.case_type)),
        "urgency": _(urgencies().get(case.urgency, case.urgency)),
        "risk": plan_words.RISKS[case.risk],
        "is_child": bool(file and consenting.is_child(case.person, now)),
        "step": step_words(case.procedure),
        "choices": _choices(request.actor, case, written),
        "documents": _documents(case),
        "timeline": _timeline(case, written),
        "referrals": [{"row": row, "step": step_words(row.procedure)} for row in referrals],
        "may_change": decide(request.actor, Action.CHANGE, Kind.CASE).allowed,
        "may_refer": decide(request.actor, Action.CREATE, Kind.REFERRAL).allowed and not erased,
        "is_holder": case.holder == request.actor.account,
        **_sections(request.actor, case, now),
    }


def _sections(actor: Actor, case: Case, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """The blocks that other rooms give, with dates told from texts; apart, those only begun at."""
    blocks: list[dict[str, Any]] = [
        {
            "code": section.code, "title": section.title, "url": section.url, "verb": section.verb,
            "warning": section.warning, "source": section.source,
            "lines": [
                {"label": label, "value": value, "is_date": isinstance(value, date)}
                for label, value in section.lines
            ],
        }
        for section in sections.of_case(actor, case, now)
    ]  # fmt: skip
    told = [block for block in blocks if block["lines"] or block["warning"] or block["source"]]
    return {"sections": told, "ways": [block for block in blocks if block not in told]}


def _choices(actor: Actor, case: Case, written: Sequence[services.Note]) -> list[dict[str, Any]]:
    documents = services.documents(case, written)
    made = procedures.choices(actor, instance=case.procedure, documents=documents)
    return [choice_words(case.procedure, choice) for choice in made]


def choice_words(instance: Instance, choice: Choice) -> dict[str, Any]:
    """A verb with its label, its consequences, and the reasons against it in words."""
    procedure = procedures.procedure_of(instance)
    step = choice.transition
    return {
        "verb": step.verb,
        "label": presentation.in_language(step.label),
        "consequences": presentation.in_language(step.consequences),
        "needs_reason": step.reason_required,
        "allowed": choice.is_allowed,
        "reasons": [presentation.reason_words(procedure, reason) for reason in choice.reasons],
    }


def _documents(case: Case) -> list[tuple[str, Any]]:
    known = procedures.procedure_of(case.procedure).documents
    return [(code, presentation.in_language(item.label)) for code, item in known.items()]


def _timeline(case: Case, written: Sequence[services.Note]) -> list[dict[str, Any]]:
    """Notes and steps together, newest first."""
    procedure = procedures.procedure_of(case.procedure)
    labels = dict(_documents(case))
    lines: list[dict[str, Any]] = [
        {
            "at": note.row.written_at,
            "by": note.row.author,
            "text": note.text,
            "document": labels.get(note.row.document),
            "topic": plan_words.TOPICS.get(note.row.topic, ""),
        }
        for note in written
    ]
    lines += [
        {
            "at": event.at,
            "by": event.account,
            "step": presentation.event_words(procedure, event),
            "text": event.reason,
        }
        for event in case.procedure.events.all()
    ]
    return sorted(lines, key=lambda line: line["at"], reverse=True)


@door(Action.CHANGE, Kind.CASE)
@require_POST
def note(request: ActingRequest, code: str) -> HttpResponse:
    """Write a note or a document of the procedure."""
    case = found_case(request, code, Action.CHANGE)
    text, document = request.POST.get("text", ""), request.POST.get("document", "")
    try:
        services.add_note(request.actor, case, text=text, document=document)
    except services.InvalidCase as error:
        context = _case_context(request, case) | {"note_error": _(str(error)), "note_text": text}
        return render(request, "cases/case.html", context, status=422)
    messages.success(request, _("The note is in the timeline."))
    return redirect("cases:case", code=case.code)


@door(Action.CHANGE, Kind.CASE)
@require_POST
def step(request: ActingRequest, code: str) -> HttpResponse:
    """Take a step of the procedure."""
    case = found_case(request, code, Action.CHANGE)
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "")
    try:
        services.take_step(request.actor, case, verb=verb, reason=reason)
    except StepRefused as refused:
        say_refused(request, case.procedure, refused)
        context = _case_context(request, case) | {"step_verb": verb, "step_reason": reason}
        return render(request, "cases/case.html", context, status=422)
    messages.success(request, _("Done. The step is in the timeline."))
    return redirect("cases:case", code=case.code)


def say_refused(request: HttpRequest, instance: Instance, refused: StepRefused) -> None:
    """Every reason against a step, as messages."""
    procedure = procedures.procedure_of(instance)
    for reason in refused.reasons:
        messages.error(request, presentation.reason_words(procedure, reason))


@door(Action.CHANGE, Kind.CASE)
@require_POST
def take(request: ActingRequest, code: str) -> HttpResponse:
    """Take a case over from a colleague; the log says so."""
    case = found_case(request, code, Action.CHANGE)
    services.hand_on(request.actor, case, holder=request.actor.account)
    messages.success(request, _("You now hold this case."))
    return redirect("cases:case", code=case.code)
