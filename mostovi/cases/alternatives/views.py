# SPDX-License-Identifier: EUPL-1.2
"""Pages of alternatives to detention: the list, the ladder, a file read from top to bottom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases import services as cases
from mostovi.cases.alternatives import (
    catalogue,
    detention,
    explaining,
    files,
    groups,
    housing,
    measures,
)
from mostovi.cases.alternatives.files import Incomplete
from mostovi.cases.alternatives.forms import REASONS, HappenedForm, ReviewForm, WordsForm, say
from mostovi.cases.alternatives.models import LibertyFile, MeasureTaken, Place, Stay
from mostovi.cases.models import Case
from mostovi.people import consenting
from mostovi.people import services as people
from mostovi.procedures import presentation
from mostovi.procedures import services as procedures
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList

_PAGE = 25


def found_file(request: ActingRequest, code: str, action: Action = Action.READ) -> LibertyFile:
    """The file, or the one answer for absent and out of reach."""
    try:
        return files.find(request.actor, code, action)
    except LibertyFile.DoesNotExist as error:
        raise Http404 from error


def put(form: Any, problems: Incomplete) -> None:
    """The services' problems at the fields they belong to, in the reader's language."""
    for field, message in problems.problems:
        form.add_error(field if field in form.fields else None, _(message))


@door(Action.READ, Kind.ALTERNATIVE)
def file_list(request: ActingRequest) -> HttpResponse:
    """Files the actor may see: those open first to be looked at, or all that ended."""
    show = request.GET.get("show", "open")
    with transaction.atomic():
        rows = files.visible(request.actor)
        if show == "mine":
            rows = rows.filter(holder=request.actor.account, ended_at=None)
        elif show == "ended":
            rows = rows.exclude(ended_at=None)
        else:
            rows = rows.filter(ended_at=None)
        ordered = rows.select_related("case__person", "procedure").order_by("-changed_at")
        page = LongList(ordered, _PAGE).get_page(request.GET.get("page"))
        lines = files.listed(request.actor, list(page.object_list))
    today = timezone.localdate()
    context = {"page": page, "show": show, "lines": [_line(line, today) for line in lines]}
    return render(request, "alternatives/list.html", context)


def _line(line: files.Listed, today: Any) -> dict[str, Any]:
    due = line.file.review_on
    return {
        "file": line.file,
        "who": line.who,
        "step": step_words(line.file),
        "measure": say(catalogue.measure(line.measure.code).label) if line.measure else "",
        "overdue": due is not None and due <= today,
    }


def step_words(file: LibertyFile) -> Any:
    """The name of the step the file stands at, in the reader's language."""
    procedure = procedures.procedure_of(file.procedure)
    return presentation.in_language(procedure.states[file.procedure.state].label)


@door(Action.READ, Kind.ALTERNATIVE)
def ladder_page(request: ActingRequest) -> HttpResponse:
    """The measures with conditions, rights kept, review and source."""
    today = timezone.localdate()
    partner = files.partner()
    reviewed, who_can = catalogue.reviewed("measures.yaml")
    lines = [
        {
            "label": say(step.label), "about": say(step.about), "rights": say(step.rights),
            "conditions": say(step.conditions), "source": step.source,
            "review": catalogue.in_force(step.review, partner, today),
            "children": step.children,
        }
        for step in catalogue.ladder()
    ]  # fmt: skip
    context = {"lines": lines, "reviewed": reviewed, "who_can": who_can}
    return render(request, "alternatives/ladder.html", context)


@door(Action.CREATE, Kind.ALTERNATIVE)
@require_POST
def open_file(request: ActingRequest, code: str) -> HttpResponse:
    """Open the file of a case, in liberty."""
    try:
        case = cases.find(request.actor, code, Action.CHANGE)
        files.open_file(request.actor, case)
    except Case.DoesNotExist as error:
        raise Http404 from error
    return redirect("alternatives:file", code=case.code)


@door(Action.READ, Kind.ALTERNATIVE)
def file_page(request: ActingRequest, code: str) -> HttpResponse:
    """The file; for a case without one, what opening it means."""
    try:
        file = files.find(request.actor, code)
    except LibertyFile.DoesNotExist:
        return _not_open(request, code)
    return render(request, "alternatives/file.html", file_context(request, file))


def _not_open(request: ActingRequest, code: str) -> HttpResponse:
    if not decide(request.actor, Action.CREATE, Kind.ALTERNATIVE).allowed:
        raise Http404
    try:
        case = cases.find(request.actor, code, Action.CHANGE)
    except Case.DoesNotExist as error:
        raise Http404 from error
    return render(request, "alternatives/not_open.html", {"case": case})


@transaction.atomic
def file_context(request: ActingRequest, file: LibertyFile) -> dict[str, Any]:
    """Everything the file's page says, read and logged as one reading."""
    now = timezone.now()
    actor = request.actor
    glance = people.glances(
        actor, [file.case.person], also=[(AuditTag.LIBERTY_FILE_READ, files.handle(file))]
    ).get(file.case.person_id)
    erased = file.case.person.erased_at is not None
    state = file.procedure.state
    weighing = files.weighing_row(file)
    weighed = dict(files.read_values([weighing])[0][1]) if weighing else {}
    measure = files.measure_in_force(file)
    proposal = detention.proposal_of(file) if state == "proposed" else None
    held = detention.held_of(file) if state == "held_elsewhere" else None
    return {
        "file": file,
        "case": file.case,
        "who": glance,
        "erased": erased,
        "is_child": not erased and consenting.is_child(file.case.person, now),
        "state": state,
        "step": step_words(file),
        "screening": _screening(file, now),
        "weighed": weighed,
        "weighing": weighing,
        "ground": say(catalogue.grounds()[weighed["ground"]]) if weighed.get("ground") else "",
        "drawn": _drawn(file, measure, weighed, state),
        "measure": _measure(measure, now),
        "proposal": proposal,
        "proposal_words": detention.opened_values(proposal) if proposal else {},
        "held": held,
        "held_words": detention.opened_values(held) if held else {},
        "held_over": held is not None and held.is_overdue(timezone.localdate(now)),
        "must_go": _must_go(file, held, now),
        "may_change": decide(actor, Action.CHANGE, Kind.ALTERNATIVE).allowed and not erased,
        "mine": proposal is not None and proposal.proposed_by == actor.account,
        "happened_form": HappenedForm(),
        "words_form": WordsForm(),
        "events": _events(file),
    }


def _must_go(file: LibertyFile, held: Any, now: datetime) -> list[explaining.Explained]:
    if held is None:
        return []
    return explaining.explained(file, detention.must_be_released(held, now), now)


def _screening(file: LibertyFile, now: datetime) -> dict[str, Any] | None:
    row = files.screening_row(file)
    if row is None:
        return None
    ((_row, values),) = files.read_values([row])
    return {
        "row": row,
        "rating": values.get("rating", ""),
        "why": values.get("why", ""),
        "in_force": row.screened_on <= timezone.localdate(now) < row.expires_on,
        "unmet": [
            say(domain.label)
            for domain in catalogue.domains()
            if files.seen(values.get("domains", {}).get(domain.code, {})).is_unmet
        ],
    }


def _drawn(
    file: LibertyFile, measure: MeasureTaken | None, weighed: dict[str, Any], state: str
) -> list[dict[str, Any]]:
    """The ladder as it is drawn: where the person stands, what was rejected and why."""
    rejected = files.considered_in(weighed)
    free = measure is None and state != "held_elsewhere"
    drawn = []
    for step in catalogue.ladder():
        entry = rejected.get(step.code)
        drawn.append(
            {
                "label": say(step.label),
                "here": bool(measure and measure.code == step.code) or (free and step.rank == 0),
                "why": REASONS.get(entry.why, "") if entry else "",
                "reason": entry.reason if entry else "",
            }
        )
    return drawn


def _measure(row: MeasureTaken | None, now: datetime) -> dict[str, Any] | None:
    if row is None:
        return None
    measure = catalogue.measure(row.code)
    ((_row, values),) = files.read_values([row])
    return {
        "row": row,
        "label": say(measure.label),
        "rights": say(measure.rights),
        "source": measure.source,
        "conditions": values.get("conditions", ""),
        "for_family": values.get("for_family", False),
        "times": list(row.times.all()) if measure.reporting else [],
        "stay": _stay(row) if measure.needs_place else None,
        "today": timezone.localdate(now),
    }


def _stay(row: MeasureTaken) -> Stay | None:
    found: Stay | None = row.stays.filter(until=None).select_related("place").first()
    return found


def _events(file: LibertyFile) -> list[dict[str, Any]]:
    """What happened: steps of the procedure and what was noted under measures, newest first."""
    procedure = procedures.procedure_of(file.procedure)
    lines: list[dict[str, Any]] = [
        {
            "at": event.at, "by": event.account, "text": event.reason,
            "what": presentation.event_words(procedure, event),
        }
        for event in file.procedure.events.all()
    ]  # fmt: skip
    happenings = files.read_values(list(file.happenings.all()))
    lines += [
        {"at": row.at, "by": row.author, "text": words.get("words", ""),
         "what": row.get_kind_display()}
        for row, words in happenings
    ]  # fmt: skip
    # Steps of one decision share their moment; the later one of the list happened later.
    ordered = sorted(enumerate(lines), key=lambda pair: (pair[1]["at"], pair[0]), reverse=True)
    return [line for _at, line in ordered]


def failed(
    request: ActingRequest, file: LibertyFile, problems: Incomplete | StepRefused
) -> HttpResponse:
    """The file's page with what did not work, in words."""
    say_why(request, file, problems)
    fresh = found_file(request, file.case.code)
    return render(request, "alternatives/file.html", file_context(request, fresh), status=422)


def say_why(request: ActingRequest, file: LibertyFile, problems: Incomplete | StepRefused) -> None:
    """Every reason against a step, as messages."""
    if isinstance(problems, Incomplete):
        for _field, message in problems.problems:
            messages.error(request, _(message))
        return
    procedure = procedures.procedure_of(file.procedure)
    for reason in problems.reasons:
        messages.error(request, presentation.reason_words(procedure, reason))


@door(Action.DECIDE, Kind.ALTERNATIVE)
def review(request: ActingRequest, code: str) -> HttpResponse:
    """Review the measure with the person."""
    file = found_file(request, code, Action.DECIDE)
    measure = files.measure_in_force(file)
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            measures.review(
                request.actor, file, decision=given["decision"], reason=given["reason"],
                view=given["view"], outcome=given["outcome"], next_on=given["next_on"],
            )  # fmt: skip
        except Incomplete as problems:
            put(form, problems)
        except StepRefused as refused:
            say_why(request, file, refused)
        else:
            messages.success(request, _("The review is recorded."))
            return redirect("alternatives:file", code=code)
    latest = None
    if measure is not None:
        periods = catalogue.measure(measure.code).review
        period = catalogue.in_force(periods, files.partner(), timezone.localdate())
        latest = period.end(timezone.localdate())
    context = {
        "file": file, "form": form, "latest": latest,
        "measure": say(catalogue.measure(measure.code).label) if measure else "",
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "alternatives/review.html", context, status=status)


@door(Action.CHANGE, Kind.ALTERNATIVE)
@require_POST
def happened(request: ActingRequest, code: str) -> HttpResponse:
    """Note what happened under the measure."""
    file = found_file(request, code, Action.CHANGE)
    form = HappenedForm(request.POST)
    if form.is_valid():
        try:
            measures.happened(request.actor, file, **form.cleaned_data)
        except Incomplete as problems:
            put(form, problems)
        else:
            messages.success(request, _("Noted. The measure stays as it is."))
            return redirect("alternatives:file", code=code)
    context = file_context(request, file) | {"happened_form": form}
    return render(request, "alternatives/file.html", context, status=422)


@door(Action.CHANGE, Kind.ALTERNATIVE)
@require_POST
def keep_time(request: ActingRequest, code: str) -> HttpResponse:
    """Note whether an agreed time was kept."""
    file = found_file(request, code, Action.CHANGE)
    due_on = groups.day(request.POST.get("due_on"))
    try:
        if due_on is None:
            raise Incomplete([("due_on", "No time was agreed for that day.")])
        measures.keep_time(request.actor, file, due_on=due_on, kept=request.POST.get("kept", ""))
    except Incomplete as problems:
        return failed(request, file, problems)
    messages.success(request, _("Noted. The measure stays as it is."))
    return redirect("alternatives:file", code=code)


@door(Action.CHANGE, Kind.ALTERNATIVE)
@require_POST
def arrive(request: ActingRequest, code: str) -> HttpResponse:
    """Take in somebody who waited for a place."""
    file = found_file(request, code, Action.CHANGE)
    try:
        housing.arrive(request.actor, file)
    except Incomplete as problems:
        return failed(request, file, problems)
    except housing.Full as full:
        return failed(request, file, Incomplete([("place", full_words(full))]))
    messages.success(request, _("The person has the place now."))
    return redirect("alternatives:file", code=code)


def full_words(full: housing.Full) -> str:
    """Why a place cannot be had, and the next best ones."""
    name = full.place.name
    if full.suits:
        said = _("%(place)s has no room for all of them.") % {"place": name}
    else:
        said = _("%(place)s is not meant for this person or family.") % {"place": name}
    if not full.others:
        return said + " " + _("No other place has room now; a milder measure needs none.")
    best = dict(Place.objects.values_list("code", "name"))[full.others[0].code]
    return said + " " + _("Next best: %(place)s.") % {"place": best}


@door(Action.DECIDE, Kind.ALTERNATIVE)
@require_POST
def open_again(request: ActingRequest, code: str) -> HttpResponse:
    """Open an ended file: it begins again from liberty."""
    file = found_file(request, code, Action.DECIDE)
    try:
        measures.open_again(request.actor, file, reason=request.POST.get("reason", ""))
    except (Incomplete, StepRefused) as problems:
        return failed(request, file, problems)
    messages.success(request, _("The file is open again, in liberty."))
    return redirect("alternatives:file", code=code)
