# SPDX-License-Identifier: EUPL-1.2
"""Pages of structured records: what a case has, writing one, reading one, approving one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mostovi.cases import record_forms, recording, staff
from mostovi.cases.models import Case, CaseRecord
from mostovi.cases.recording import InvalidRecord, Recorded
from mostovi.cases.records import QuestionKind, RecordKind, RecordState
from mostovi.cases.views import found_case
from mostovi.procedures.presentation import in_language
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door

STATES = {
    RecordState.DRAFT: gettext_lazy("Draft"),
    RecordState.FINAL: gettext_lazy("Final"),
    RecordState.APPROVED: gettext_lazy("Approved"),
    RecordState.RETURNED: gettext_lazy("Returned to its author"),
}
WAITING = gettext_lazy("Waits for approval")
TONES = {
    RecordState.DRAFT: "quiet", RecordState.FINAL: "ok", RecordState.APPROVED: "ok",
    RecordState.RETURNED: "warn",
}  # fmt: skip


def state_words(recorded: Recorded) -> tuple[str, str]:
    """Where a record stands, in words, and the tone of its mark."""
    if recorded.state is RecordState.FINAL and recorded.kind.approval is not None:
        return str(WAITING), "info"
    return str(STATES[recorded.state]), TONES[recorded.state]


@door(Action.READ, Kind.CASE)
def record_list(request: ActingRequest, code: str) -> HttpResponse:
    """What can be written in this case, and what has been."""
    case = found_case(request, code)
    held: dict[str, list[dict[str, Any]]] = {}
    for recorded in recording.of_case(case):
        words, tone = state_words(recorded)
        line = {"recorded": recorded, "state": words, "tone": tone}
        held.setdefault(recorded.kind.code, []).append(line)
    may_change = decide(request.actor, Action.CHANGE, Kind.CASE).allowed
    kinds = [
        {
            "kind": kind,
            "title": in_language(kind.title),
            "about": in_language(kind.about),
            "held": held.get(kind.code, []),
            "may_write": may_change
            and recording.may_write(request.actor, kind)
            and (kind.repeats or kind.code not in held),
        }
        for kind in recording.kinds_for(request.actor, case)
        if recording.may_read(request.actor, kind)
    ]
    return render(request, "cases/records.html", {"case": case, "kinds": kinds})


@door(Action.CHANGE, Kind.CASE)
def new_record(request: ActingRequest, code: str, kind: str) -> HttpResponse:
    """Write a new record."""
    case = found_case(request, code, Action.CHANGE)
    definition = _kind(request, case, kind)
    if not recording.may_write(request.actor, definition):
        raise Http404
    return _form(request, case, definition, None)


@door(Action.READ, Kind.CASE)
def record_page(request: ActingRequest, code: str, kind: str, record: str) -> HttpResponse:
    """One record: read it, and approve or return it where that waits for the reader."""
    case = found_case(request, code)
    recorded = _found(request, case, kind, record)
    return _page(request, case, recorded)


@door(Action.CHANGE, Kind.CASE)
def write_record(request: ActingRequest, code: str, kind: str, record: str) -> HttpResponse:
    """Write the next version of a record."""
    case = found_case(request, code, Action.CHANGE)
    recorded = _found(request, case, kind, record)
    if not recording.may_write(request.actor, recorded.kind):
        raise Http404
    return _form(request, case, recorded.kind, recorded)


@door(Action.DECIDE, Kind.CASE)
@require_POST
def decide_record(request: ActingRequest, code: str, kind: str, record: str) -> HttpResponse:
    """Approve a record, or return it."""
    case = found_case(request, code, Action.DECIDE)
    recorded = _found(request, case, kind, record)
    reason = request.POST.get("reason", "")
    approve = request.POST.get("decision") == "approve"
    try:
        recording.decide(request.actor, case, recorded.row, approve=approve, reason=reason)
    except InvalidRecord as error:
        words = [_(text) for _path, text in error.problems]
        more = {"decision_errors": words, "reason": reason}
        return _page(request, case, recorded, more, status=422)
    messages.success(
        request, _("Approved. It counts from now on.") if approve else _("Returned to its author.")
    )
    return redirect("cases:record", code=case.code, kind=kind, record=record)


def _kind(request: ActingRequest, case: Case, kind: str) -> RecordKind:
    for one in recording.kinds_for(request.actor, case):
        if one.code == kind:
            return one
    raise Http404


def _found(request: ActingRequest, case: Case, kind: str, record: str) -> Recorded:
    try:
        recorded = recording.read(request.actor, case, UUID(record))
    except (ValueError, CaseRecord.DoesNotExist, ValidationError) as error:
        raise Http404 from error
    if recorded.kind.code != kind:
        raise Http404
    return recorded


def _page(
    request: ActingRequest,
    case: Case,
    recorded: Recorded,
    more: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    words, tone = state_words(recorded)
    kind = recorded.kind
    may_change = decide(request.actor, Action.CHANGE, Kind.CASE).allowed
    decisions = {decision.number: (decision, reason) for decision, reason in recorded.decisions}
    context = {
        "case": case,
        "kind": kind,
        "title": in_language(kind.title),
        "about": in_language(kind.about),
        "recorded": recorded,
        "state": words,
        "tone": tone,
        "sections": record_forms.in_words(kind, recorded.answers),
        "sources": list(kind.sources.values()),
        "history": [
            {"version": version, "decision": decisions.get(version.number)}
            for version, _answers in recorded.versions
        ],
        "may_write": may_change and recording.may_write(request.actor, kind),
        "may_decide": recording.may_decide(request.actor, recorded.row),
        "own": recorded.row.author == request.actor.account,
    }
    return render(request, "cases/record.html", context | (more or {}), status=status)


def _form(
    request: ActingRequest, case: Case, kind: RecordKind, recorded: Recorded | None
) -> HttpResponse:
    answers: dict[str, Any] = dict(recorded.answers) if recorded else {}
    problems: list[tuple[str, str]] = []
    more = ""
    if request.method == "POST":
        answers = record_forms.typed(kind, request.POST)
        more = request.POST.get("more", "")
        if not more:
            final = request.POST.get("do") == "final"
            try:
                row = recording.write(
                    request.actor, case, kind=kind.code, answers=answers, final=final,
                    record=recorded.row if recorded else None,
                )  # fmt: skip
            except InvalidRecord as error:
                problems = error.problems
            else:
                messages.success(request, _said(kind, final))
                return redirect("cases:record", code=case.code, kind=kind.code, record=row.pk)
    needs_colleagues = any(
        question.kind is QuestionKind.ACCOUNT
        for asked in kind.questions
        for question in (asked, *asked.questions)
    )
    colleagues = staff.colleagues(request.actor, unit=case.unit) if needs_colleagues else []
    sections = record_forms.asked(kind, answers, problems, colleagues=colleagues, more=more)
    placed = record_forms.anchors(sections)
    named = {path for path, _words in problems}
    known = {question.code for question in kind.questions}
    context = {
        "case": case,
        "kind": kind,
        "title": in_language(kind.title),
        "about": in_language(kind.about),
        "recorded": recorded,
        "sections": sections,
        "errors": placed,
        "loose_errors": [
            _(words) for path, words in problems if path.split(".", 1)[0] not in known
        ],
        "has_errors": bool(named),
    }
    return render(request, "cases/record_form.html", context, status=422 if problems else 200)


def _said(kind: RecordKind, final: bool) -> str:
    if not final:
        return _("The draft is kept. It counts for nothing yet.")
    if kind.approval is not None:
        return _("It is final and now waits for approval.")
    return _("It is final and counts from now on.")
