# SPDX-License-Identifier: EUPL-1.2
"""Pages of searches on the searching person's side: the list, a new search, one search."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases import services as cases
from mostovi.cases.models import Case
from mostovi.cases.views import choice_words, say_refused, step_words
from mostovi.people import services as people
from mostovi.people import words
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.audit import AuditTag
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList
from mostovi.rights.services import record_many
from mostovi.tracing import answering, reach, requesting
from mostovi.tracing.forms import AgreeForm, WhereForm, WhoForm, errors_of
from mostovi.tracing.models import Side, Sought, TracingMatch, TracingRequest
from mostovi.tracing.requesting import InvalidRequest
from mostovi.tracing.vocabulary import SEARCH, SEARCH_FIELDS

_PAGE = 25
_FORMS: Mapping[str, type[forms.Form]] = {"who": WhoForm, "where": WhereForm, "agree": AgreeForm}


def found_request(
    request: ActingRequest, code: str, action: Action = Action.READ
) -> TracingRequest:
    """The search, or the one answer for absent and out of reach."""
    try:
        return reach.find_request(request.actor, code, action)
    except TracingRequest.DoesNotExist as error:
        raise Http404 from error


@door(Action.READ, Kind.TRACING)
def listing(request: ActingRequest) -> HttpResponse:
    """Searches made here, or possible matches with persons here."""
    show = request.GET.get("show", "searches")
    if show == "matches" and decide(request.actor, Action.DECIDE, Kind.TRACING).allowed:
        return _matches(request)
    rows = reach.requests(request.actor).prefetch_related("sought__procedure")
    with transaction.atomic():
        page = LongList(rows.order_by("-changed_at"), _PAGE).get_page(request.GET.get("page"))
        shown = list(page.object_list)
        record_many(
            request.actor, AuditTag.TRACING_LISTED,
            handles=[reach.request_handle(row) for row in shown],
        )  # fmt: skip
        who = people.glances(request.actor, [row.person for row in shown])
    lines = [
        {
            "row": row,
            "who": who.get(row.person_id),
            "sought": [
                {"relation": words.RELATIONS.get(one.relation, one.relation),
                 "step": step_words(one.procedure)}
                for one in row.sought.all()
            ],
        }
        for row in shown
    ]  # fmt: skip
    context = {"page": page, "lines": lines, "show": "searches"} | _tabs(request)
    return render(request, "tracing/list.html", context)


def _tabs(request: ActingRequest) -> dict[str, Any]:
    return {
        "may_make": decide(request.actor, Action.CREATE, Kind.TRACING).allowed,
        "may_match": decide(request.actor, Action.DECIDE, Kind.TRACING).allowed,
    }


def _matches(request: ActingRequest) -> HttpResponse:
    """Possible matches with persons of this node, those that wait first."""
    rows = reach.matches(request.actor).filter(side=Side.HOLDER, ended_at=None)
    with transaction.atomic():
        page = LongList(rows.order_by("-changed_at"), _PAGE).get_page(request.GET.get("page"))
        shown = list(page.object_list)
        record_many(
            request.actor, AuditTag.TRACING_MATCH_LISTED,
            handles=[reach.match_handle(row) for row in shown],
        )  # fmt: skip
        who = people.glances(request.actor, [row.person for row in shown if row.person])
    lines = [
        {"row": row, "who": who.get(row.person_id), "step": step_words(row.procedure),
         "here": row.peer == reach.us()}
        for row in shown
    ]  # fmt: skip
    context = {"page": page, "lines": lines, "show": "matches"} | _tabs(request)
    return render(request, "tracing/list.html", context)


# --- A new search --------------------------------------------------------------------------------


@door(Action.CREATE, Kind.TRACING)
def new(request: ActingRequest) -> HttpResponse:
    """Three short pages: who, where, and what the person agreed to. Nothing typed is lost."""
    case = _case(request)
    if case is None:
        return _choose_case(request)
    return _pages(request, case, None)


@door(Action.CREATE, Kind.TRACING)
def add(request: ActingRequest, code: str) -> HttpResponse:
    """Another person who is sought in the same search: two short pages."""
    tracing = found_request(request, code, Action.CHANGE)
    return _pages(request, tracing.case, tracing)


def _case(request: ActingRequest) -> Case | None:
    code = request.GET.get("case", "")
    if not code:
        return None
    try:
        return cases.find(request.actor, code)
    except Case.DoesNotExist as error:
        raise Http404 from error


def _choose_case(request: ActingRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:200]
    lines = []
    if text:
        with transaction.atomic():
            rows = cases.search(request.actor, text).select_related("person", "procedure")[:20]
            lines = cases.listed(request.actor, list(rows))
    return render(request, "tracing/choose_case.html", {"text": text, "lines": lines})


def _pages(request: ActingRequest, case: Case, tracing: TracingRequest | None) -> HttpResponse:
    steps = ["who", "where"] + ([] if tracing else ["agree"])
    step = request.POST.get("page", "")
    if request.method != "POST" or step not in steps:
        return _page(request, case, tracing, steps[0], WhoForm(), {})
    made: dict[str, forms.Form] = {}
    for name in steps[: steps.index(step) + 1]:
        form = _FORMS[name](request.POST)
        if not form.is_valid():
            return _page(request, case, tracing, name, form, _carried(request, name), status=422)
        made[name] = form
    if "back" in request.POST:
        before = steps[max(0, steps.index(step) - 1)]
        again = _FORMS[before](initial=request.POST.dict())
        return _page(request, case, tracing, before, again, _carried(request, before))
    if step != steps[-1]:
        following = steps[steps.index(step) + 1]
        given = request.POST.dict()
        form = _FORMS[following](initial=given)
        return _page(request, case, tracing, following, form, _carried(request, following))
    return _store(request, case, tracing, made)


def _store(
    request: ActingRequest,
    case: Case,
    tracing: TracingRequest | None,
    made: Mapping[str, forms.Form],
) -> HttpResponse:
    described = {**made["who"].described(), **made["where"].described()}  # type: ignore[attr-defined]
    try:
        if tracing is None:
            agreed = made["agree"].cleaned_data
            tracing = requesting.make(
                request.actor, case, sought=[described], side=agreed["side"],
                agreed_here=agreed["agreed_here"],
            )  # fmt: skip
        else:
            requesting.add(request.actor, tracing, described)
    except InvalidRequest as error:
        name = "who" if error.field in {"names", "relation", "first_year", "sex"} else "where"
        form = made[name]
        field = {"names": "name_1"}.get(error.field, error.field)
        errors_of(form, {field: str(error)})
        return _page(request, case, tracing, name, form, _carried(request, name), status=422)
    messages.success(request, _("The search is written down. Nothing has been compared yet."))
    return redirect("tracing:request", code=tracing.code)


def _carried(request: ActingRequest, but: str) -> list[tuple[str, str]]:
    """What was typed on the other pages, carried along."""
    own = set(_FORMS[but].base_fields)
    known = {name for form in _FORMS.values() for name in form.base_fields} - own
    return [(name, str(value)) for name, value in request.POST.items() if name in known]


def _page(
    request: ActingRequest,
    case: Case,
    tracing: TracingRequest | None,
    name: str,
    form: forms.Form,
    carried: Any,
    status: int = 200,
) -> HttpResponse:
    steps = ["who", "where"] + ([] if tracing else ["agree"])
    context = {
        "case": case, "tracing": tracing, "form": form, "page": name, "carried": carried,
        "number": steps.index(name) + 1, "of": len(steps), "last": name == steps[-1],
        "first": name == steps[0],
    }  # fmt: skip
    return render(request, "tracing/new.html", context, status=status)


# --- One search ----------------------------------------------------------------------------------


@door(Action.READ, Kind.TRACING)
def request_page(request: ActingRequest, code: str) -> HttpResponse:
    """Who searches, who is sought, where it stands, and who is asked."""
    tracing = found_request(request, code)
    return render(request, "tracing/request.html", _context(request, tracing))


def _context(request: ActingRequest, tracing: TracingRequest) -> dict[str, Any]:
    now = timezone.now()
    own, sought = requesting.read(request.actor, tracing)
    erased = tracing.person.erased_at is not None
    acts = decide(request.actor, Action.CHANGE, Kind.TRACING).allowed
    decides = decide(request.actor, Action.DECIDE, Kind.TRACING).allowed
    matches = list(
        TracingMatch.objects.filter(sought__request=tracing, side=Side.SEEKER).select_related(
            "procedure"
        )
    )
    lines = [_sought_line(request, one, matches, acts) for one in sought]
    return {
        "tracing": tracing,
        "who": None if erased else people.glances(request.actor, [tracing.person]).get(
            tracing.person_id
        ),
        "circumstances": own.get("circumstances", ""),
        "lines": lines,
        "institutions": [] if erased else _institutions(tracing, now),
        "may_begin": acts and any(line["waits"] for line in lines),
        "may_change": acts and any(not line["row"].ended_at for line in lines),
        "decides": decides,
    }  # fmt: skip


def _institutions(tracing: TracingRequest, now: datetime) -> list[dict[str, Any]]:
    page = reverse("people:consent_new", args=[tracing.person.code])
    back = reverse("tracing:request", args=[tracing.code])
    return [
        {
            "row": one,
            "consent_url": f"{page}?"
            + urlencode({"receiver": one.code, "profile": SEARCH,
                         "fields": ",".join(SEARCH_FIELDS), "next": back}),
        }
        for one in requesting.institutions(tracing, now)
    ]  # fmt: skip


def _sought_line(
    request: ActingRequest,
    one: requesting.Opened,
    matches: list[TracingMatch],
    acts: bool,
) -> dict[str, Any]:
    row = one.row
    mine = [match for match in matches if match.sought_id == row.pk]
    return {
        "row": row,
        "relation": words.RELATIONS.get(row.relation, row.relation),
        "values": one.values,
        "born": born_words(one.values),
        "step": step_words(row.procedure),
        "waits": row.procedure.state in {"requested", "consented"},
        "choices": [
            choice_words(row.procedure, choice) for choice in requesting.choices(request.actor, row)
        ]
        if acts
        else [],
        "matches": [
            {"row": match, "step": step_words(match.procedure)}
            for match in mine
            if match.answer != "safe_word"
        ],
        "safe_words": [
            {"row": match, "message": answering.message_of(match)}
            for match in mine
            if match.answer == "safe_word"
        ],
    }


def born_words(values: Mapping[str, Any]) -> str:
    """The span of birth as a reader sees it; empty when nothing is known."""
    first, last = values.get("first_year"), values.get("last_year")
    if not first:
        return ""
    if first == last:
        return str(first)
    return _("between %(first)s and %(last)s") % {"first": first, "last": last}


@door(Action.CHANGE, Kind.TRACING)
@require_POST
def begin(request: ActingRequest, code: str) -> HttpResponse:
    """Let the search take part in the rounds."""
    tracing = found_request(request, code, Action.CHANGE)
    try:
        requesting.begin(request.actor, tracing)
    except StepRefused as refused:
        first = tracing.sought.select_related("procedure").first()
        if first is not None:
            say_refused(request, first.procedure, refused)
        return render(request, "tracing/request.html", _context(request, tracing), status=422)
    messages.success(request, _("The search takes part in the next round."))
    return redirect("tracing:request", code=tracing.code)


@door(Action.CHANGE, Kind.TRACING)
@require_POST
def step(request: ActingRequest, code: str, sought: UUID) -> HttpResponse:
    """Close one search, search on, or withdraw."""
    tracing = found_request(request, code, Action.CHANGE)
    try:
        row = tracing.sought.select_related("procedure").get(pk=sought)
    except (Sought.DoesNotExist, ValidationError) as error:
        raise Http404 from error
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "")
    try:
        requesting.step(request.actor, row, verb=verb, reason=reason)
    except StepRefused as refused:
        say_refused(request, row.procedure, refused)
        context = _context(request, tracing) | {
            "step_verb": verb,
            "step_reason": reason,
            "step_sought": row.pk,
        }
        return render(request, "tracing/request.html", context, status=422)
    return redirect("tracing:request", code=tracing.code)
