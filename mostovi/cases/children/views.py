# SPDX-License-Identifier: EUPL-1.2
"""Pages of guardians and care."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from mostovi.cases.children import guardians, placing, rules, words
from mostovi.cases.children.forms import (
    GuardianEndForm,
    GuardianForm,
    PlaceForm,
    PlacementEndForm,
    PlacementForm,
)
from mostovi.cases.children.models import CarePlace, PlannedVisit
from mostovi.cases.models import Case
from mostovi.cases.views import found_case
from mostovi.procedures.definition import Evidence
from mostovi.procedures.presentation import evidence_words, in_language
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door


def _opened(request: ActingRequest, code: str) -> Case:
    """The case, for reading, or for changing when something is sent."""
    if request.method == "POST":
        return changeable_case(request, code)
    return found_case(request, code)


def changeable_case(request: ActingRequest, code: str) -> Case:
    """The case of a person who was not erased, for changing."""
    case = found_case(request, code, Action.CHANGE)
    if case.person.erased_at is not None:
        raise Http404
    return case


def _may_change(request: ActingRequest, case: Case) -> bool:
    allowed = decide(request.actor, Action.CHANGE, Kind.CASE).allowed
    return allowed and case.person.erased_at is None


# --- Guardian ----------------------------------------------------------------------------------


@door(Action.READ, Kind.CASE)
@require_safe
def guardian_page(request: ActingRequest, code: str) -> HttpResponse:
    """The child's guardian, those before, days without one, and the form for the next."""
    return _guardian(request, code)


@door(Action.CHANGE, Kind.CASE)
@require_POST
def guardian_appoint(request: ActingRequest, code: str) -> HttpResponse:
    """Write down the next guardian."""
    return _guardian(request, code)


def _guardian(request: ActingRequest, code: str) -> HttpResponse:
    case = _opened(request, code)
    form = None
    may_change = _may_change(request, case)
    held = guardians.read(request.actor, case, timezone.localdate())
    if may_change:
        form = _guardian_form(request, case, held)
    posted = request.method == "POST" and form is not None and form.is_valid()
    if posted and form is not None and _appointed(request, case, form):
        messages.success(request, _("The guardian is written down."))
        return redirect("children:guardian", code=case.code)
    return _guardian_answer(request, case, held, form, GuardianEndForm(prefix="end"))


def _guardian_form(
    request: ActingRequest, case: Case, held: guardians.Guardianship
) -> GuardianForm:
    accounts = [
        (
            str(one.account),
            ngettext(
                "%(name)s, guardian of %(n)d child", "%(name)s, guardian of %(n)d children",
                one.children,
            )
            % {"name": one.name, "n": one.children},
        )
        for one in guardians.guardian_accounts()
        if one.account != request.actor.account
    ]  # fmt: skip
    return GuardianForm(
        request.POST or None, accounts=accounts, has_one=held.now is not None,
        lifts=decide(request.actor, Action.DECIDE, Kind.SUPERVISION).allowed,
        initial={"from_day": timezone.localdate()},
    )  # fmt: skip


def _appointed(request: ActingRequest, case: Case, form: GuardianForm) -> bool:
    made = dict(form.cleaned_data)
    account = made.pop("account")
    try:
        guardians.appoint(
            request.actor, case, account=UUID(account) if account else None,
            from_day=made.pop("from_day"), **made,
        )  # fmt: skip
    except guardians.InvalidGuardian as error:
        form.add_error(error.field if error.field in form.fields else None, _(str(error)))
    except guardians.GuardianConflict as error:
        for conflict in sorted(error.conflicts):
            field = "declared" if "declared" in conflict else None
            form.add_error(field, str(words.CONFLICTS[conflict]))
    else:
        return True
    return False


def _guardian_answer(
    request: ActingRequest,
    case: Case,
    held: guardians.Guardianship,
    form: GuardianForm | None,
    end_form: GuardianEndForm,
) -> HttpResponse:
    today = timezone.localdate()
    limit = rules.caseload(settings.MOSTOVI.partner)
    context = {
        "case": case,
        "held": held,
        "now": _guardian_line(held.now),
        "before": [_guardian_line(one) for one in held.before],
        "gaps": [{"gap": gap, "days": gap.days(today)} for gap in reversed(held.gaps)],
        "missing": held.missing_since,
        "conflicts": [
            words.CONFLICTS[c] for c in sorted(guardians.conflicts_in_matter(case.person))
        ],
        "form": form,
        "end_form": end_form,
        "limit": limit,
        "limit_caveat": evidence_words(Evidence(limit.source.evidence)),
        "who_can": rules.who_can_confirm("guardianship"),
    }
    wrong = bool(form and form.errors) or bool(end_form.errors)
    return render(request, "children/guardian.html", context, status=422 if wrong else 200)


def _guardian_line(one: guardians.Guardian | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "row": one.row,
        "words": one.words,
        "kind": words.KINDS.get(one.row.kind),
        "ended": words.ENDINGS.get(one.row.ended, ""),
        "declared": words.DECLARED.get(one.words.get("declared", ""), ""),
    }


@door(Action.CHANGE, Kind.CASE)
@require_POST
def guardian_end(request: ActingRequest, code: str) -> HttpResponse:
    """End the present guardian's appointment."""
    case = changeable_case(request, code)
    form = GuardianEndForm(request.POST, prefix="end")
    if form.is_valid():
        made = form.cleaned_data
        try:
            guardians.end(
                request.actor, case, until_day=made["until_day"], because=made["because"],
                words=made["words"],
            )  # fmt: skip
        except guardians.InvalidGuardian as error:
            form.add_error(error.field, _(str(error)))
        else:
            messages.warning(request, _("The child has no guardian now. Ask for one today."))
            return redirect("children:guardian", code=case.code)
    held = guardians.read(request.actor, case, timezone.localdate())
    fresh = GuardianForm(accounts=[], has_one=held.now is not None, lifts=False)
    return _guardian_answer(request, case, held, fresh, form)


# --- Care --------------------------------------------------------------------------------------


@door(Action.READ, Kind.CASE)
@require_safe
def care_page(request: ActingRequest, code: str) -> HttpResponse:
    """Where the child lives, which places would fit and why others do not, the visits."""
    return _care(request, code)


@door(Action.CHANGE, Kind.CASE)
@require_POST
def care_place(request: ActingRequest, code: str) -> HttpResponse:
    """Write down where the child goes to live."""
    return _care(request, code)


def _care(request: ActingRequest, code: str) -> HttpResponse:
    case = _opened(request, code)
    form, offers = _placement_form(request, case)
    posted = request.method == "POST" and form is not None and form.is_valid()
    if posted and form is not None and _placed(request, case, form):
        messages.success(request, _("The placement is written down and the visits are planned."))
        return redirect("children:care", code=case.code)
    return _care_answer(request, case, form, offers, PlacementEndForm(prefix="end"))


def _placement_form(
    request: ActingRequest, case: Case
) -> tuple[PlacementForm | None, list[placing.Offer]]:
    if not _may_change(request, case):
        return None, []
    now = timezone.now()
    offers = placing.offers(request.actor, case, timezone.localdate(now), now)
    places = {
        offer.line.row.code: _("%(name)s: %(kind)s, %(free)d free")
        % {
            "name": offer.line.row.name,
            "kind": _kind_words(offer.line.row.kind),
            "free": offer.line.free,
        }
        for offer in offers
        # What was full a moment ago is told as such, not as an unknown choice.
        if not offer.against or request.POST.get("place") == offer.line.row.code
    }
    form = PlacementForm(
        request.POST or None, places=places, initial={"from_day": timezone.localdate()}
    )
    return form, offers


def _kind_words(kind: str) -> str:
    known = rules.place_kinds().get(kind)
    return in_language(known.label).text if known else kind


def _placed(request: ActingRequest, case: Case, form: PlacementForm) -> bool:
    made = form.cleaned_data
    try:
        place = placing.find_place(request.actor, made["place"])
        placing.place_child(
            request.actor, case, place=place, from_day=made["from_day"], urgent=made["urgent"],
            reason=made["reason"], child_view=made["child_view"],
        )  # fmt: skip
    except CarePlace.DoesNotExist:
        form.add_error("place", _("Choose a place from the list."))
    except placing.PlaceRefused as refused:
        for reason in refused.against:
            form.add_error("place", str(words.AGAINST[reason]))
    except placing.InvalidCare as error:
        form.add_error(error.field, _(str(error)))
    else:
        return True
    return False


def _care_answer(
    request: ActingRequest,
    case: Case,
    form: PlacementForm | None,
    offers: list[placing.Offer],
    end_form: PlacementEndForm,
) -> HttpResponse:
    today = timezone.localdate()
    held = placing.read(request.actor, case)
    planned = list(case.planned_visits.filter(dropped_on=None))
    next_visit = next((visit for visit in planned if visit.made_on is None), None)
    context = {
        "case": case,
        "now": next((one for one in held if one.row.until_day is None), None),
        "before": [one for one in held if one.row.until_day is not None],
        "kinds": {code: in_language(k.label).text for code, k in rules.place_kinds().items()},
        "form": form,
        "end_form": end_form,
        "refused": [
            {"row": offer.line.row, "why": [words.AGAINST[reason] for reason in offer.against]}
            for offer in offers
            if offer.against
        ],
        "fitting": any(not offer.against for offer in offers),
        "visits": [
            {
                "row": visit,
                "what": words.SCHEDULES.get(visit.schedule, visit.schedule),
                "record": rules.schedules()[visit.schedule].record,
                "overdue": visit.made_on is None and visit.due_on < today,
            }
            for visit in planned
        ],
        "next_visit": next_visit is not None and form is not None,
        "next_visit_url": _record_url(case, next_visit) if next_visit else "",
        "may_change": form is not None,
        "who_can": rules.who_can_confirm("care"),
    }
    wrong = bool(form and form.errors) or bool(end_form.errors)
    return render(request, "children/care.html", context, status=422 if wrong else 200)


def _record_url(case: Case, visit: PlannedVisit) -> str:
    kind = rules.schedules()[visit.schedule].record
    return reverse("cases:new_record", args=[case.code, kind])


@door(Action.CHANGE, Kind.CASE)
@require_POST
def care_end(request: ActingRequest, code: str) -> HttpResponse:
    """End a placement without another."""
    case = changeable_case(request, code)
    form = PlacementEndForm(request.POST, prefix="end")
    if form.is_valid():
        made = form.cleaned_data
        try:
            placing.end_placement(
                request.actor, case, until_day=made["until_day"], reason=made["ended_reason"]
            )
        except placing.InvalidCare as error:
            form.add_error(error.field, _(str(error)))
        else:
            messages.success(request, _("The placement has ended."))
            return redirect("children:care", code=case.code)
    now = timezone.now()
    offers = placing.offers(request.actor, case, timezone.localdate(now), now)
    return _care_answer(request, case, None, offers, form)


# --- Places ------------------------------------------------------------------------------------


@door(Action.READ, Kind.CASE)
def place_list(request: ActingRequest) -> HttpResponse:
    """Places of care with how many are free."""
    lines = placing.places(request.actor, closed=True)
    today = timezone.localdate()
    context = {
        "lines": [
            {
                "row": line.row, "living": line.living, "free": line.free,
                "kind": _kind_words(line.row.kind),
                "sexes": words.SEXES.get(line.row.sexes, ""),
                "licence_over": not line.row.licence
                or bool(line.row.licensed_until and line.row.licensed_until < today),
                "closed": bool(line.row.closed_on and line.row.closed_on <= today),
            }
            for line in lines
        ],
        "may_configure": decide(request.actor, Action.CONFIGURE, Kind.SERVICE).allowed,
        "who_can": rules.who_can_confirm("care"),
    }  # fmt: skip
    return render(request, "children/places.html", context)


@door(Action.CONFIGURE, Kind.SERVICE)
def place_edit(request: ActingRequest, place: str = "") -> HttpResponse:
    """Write down a place, or change it."""
    row = None
    if place:
        try:
            row = placing.place_to_change(request.actor, place)
        except CarePlace.DoesNotExist as error:
            raise Http404 from error
    initial = forms.model_to_dict(row) if row else None
    form = PlaceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            placing.save_place(request.actor, place=row, **form.cleaned_data)
        except placing.InvalidCare as error:
            form.add_error(error.field, _(str(error)))
        else:
            messages.success(request, _("The place is written down."))
            if decide(request.actor, Action.READ, Kind.CASE).allowed:
                return redirect("children:places")
            return redirect("node:home")
    status = 422 if request.method == "POST" else 200
    return render(request, "children/place.html", {"row": row, "form": form}, status=status)
