# SPDX-License-Identifier: EUPL-1.2
"""Pages of consents: choose the terms, read the text out, record the answer, withdraw, override."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override as in_language
from django.views.decorators.http import require_POST

from mostovi.people import consent_texts, consenting, services, sharing
from mostovi.people.consent import State
from mostovi.people.consenting import ConsentRecord, InvalidConsent, SecondReviewerNeeded
from mostovi.people.forms import AnswerForm, ConsentForm, OverrideForm, ReasonForm
from mostovi.people.models import Consent, Person
from mostovi.people.views import found, next_address
from mostovi.rights.access import Action, Kind
from mostovi.rights.access import decide as decide_access
from mostovi.rights.doors import ActingRequest, door

DEFAULT_DAYS = 180
_PART_OF = {"fields": "fields_chosen", "expires": "expires"}


@door(Action.READ, Kind.CONSENT)
def consents(request: ActingRequest, code: str) -> HttpResponse:
    """All consents of a person and where each stands."""
    person = found(request, code, kind=Kind.CONSENT)
    return render(request, "people/consents.html", _list_context(request, person))


def _list_context(request: ActingRequest, person: Person) -> dict[str, Any]:
    actor = request.actor
    return {
        "person": person,
        "glance": services.glances(actor, [person]).get(person.pk),
        "consents": consenting.consents(actor, person),
        "may_consent": decide_access(actor, Action.CREATE, Kind.CONSENT).allowed,
        "may_override": decide_access(actor, Action.CREATE, Kind.OVERRIDE).allowed,
    }


# --- Taking a consent --------------------------------------------------------------------------


@door(Action.CREATE, Kind.CONSENT)
def new(request: ActingRequest, code: str) -> HttpResponse:
    """First step: receiver, fields, end and language. Nothing is stored yet."""
    person = found(request, code, Action.CREATE, Kind.CONSENT)
    held = services.read(request.actor, person)
    form = ConsentForm(
        initial=_wished(request, held.language), purpose=_purpose(request, person),
        language=request.actor.language,
    )  # fmt: skip
    context = _terms_context(request, person, form) | {"glance": held.glance}
    return render(request, "people/consent_new.html", context)


def _purpose(request: ActingRequest, person: Person) -> str:
    """What the consent is for: what the file is held for, or a registered way onward."""
    asked = request.POST.get("purpose") or request.GET.get("purpose", "")
    return asked if asked and sharing.leads_onward(asked) else person.purpose


def _wished(request: ActingRequest, language: str) -> dict[str, Any]:
    """What the calling page asks for; the person's language for the text."""
    base = language.split("-", 1)[0]
    asked = {key: request.GET.get(key, "") for key in ("receiver", "profile", "fields")}
    return {
        "receiver": asked["receiver"],
        "profile": asked["profile"],
        "fields_chosen": [name for name in asked["fields"].split(",") if name],
        "language": consent_texts.text("sharing", base or "en").language,
        "expires": timezone.localdate() + timedelta(days=DEFAULT_DAYS),
    }


def _terms_context(request: ActingRequest, person: Person, form: Any) -> dict[str, Any]:
    return {
        "person": person,
        "form": form,
        "next": next_address(request),
        "purpose": _purpose(request, person),
        "no_receivers": not sharing.receivers(_purpose(request, person)),
    }


@door(Action.CREATE, Kind.CONSENT)
@require_POST
def read_out(request: ActingRequest, code: str) -> HttpResponse:
    """Second step: the text in the person's language, then the answer."""
    person = found(request, code, Action.CREATE, Kind.CONSENT)
    purpose = _purpose(request, person)
    terms = ConsentForm(request.POST, purpose=purpose, language=request.actor.language)
    if not terms.is_valid() or request.POST.get("answer") == "back":
        context = _terms_context(request, person, terms)
        context["glance"] = services.glances(request.actor, [person]).get(person.pk)
        status = 200 if terms.is_valid() else 422
        return render(request, "people/consent_new.html", context, status=status)
    child = consenting.is_child(person, timezone.now())
    answered = request.POST.get("answer") in {"yes", "no"}
    form = AnswerForm(request.POST if answered else None, child=child)
    if answered and form.is_valid():
        try:
            row = _recorded(request, person, terms, form)
        except InvalidConsent as error:
            part = _PART_OF.get(error.part, error.part)
            form.add_error(part if part in form.fields else None, _(str(error)))
        else:
            said = (
                _("The consent is recorded.")
                if request.POST["answer"] == "yes"
                else _("The refusal is recorded. Nothing is shared with this receiver.")
            )
            messages.success(request, said)
            address = reverse("people:consent", args=[person.code, row.pk])
            return redirect(next_address(request) or address)
    context = {
        "person": person,
        "terms": terms,
        "form": form,
        "child": child,
        "purpose": purpose,
        "next": next_address(request),
        "glance": services.glances(request.actor, [person]).get(person.pk),
        **_text_context(
            purpose, terms.cleaned_data["receiver"],
            terms.cleaned_data["fields_chosen"], terms.cleaned_data["language"],
            terms.cleaned_data["expires"],
        ),
    }  # fmt: skip
    return render(request, "people/consent_read.html", context, status=422 if answered else 200)


def _recorded(
    request: ActingRequest, person: Person, terms: ConsentForm, form: AnswerForm
) -> Consent:
    named = terms.cleaned_data
    shared = {
        "purpose": _purpose(request, person), "receiver": named["receiver"],
        "fields": named["fields_chosen"], "profile": named["profile"],
        "language": named["language"],
    }  # fmt: skip
    answer = form.cleaned_data
    if request.POST["answer"] == "no":
        return consenting.refuse(request.actor, person, words=answer["words_said"], **shared)
    return consenting.give(
        request.actor, person, means=answer["means"], expires_at=terms.expires_at(),
        interpreter_present=answer["interpreter_present"], interpreter=answer["interpreter"],
        guardian_name=answer.get("guardian_name", ""),
        guardian_relation=answer.get("guardian_relation", ""),
        child_view=answer.get("child_view", ""), **shared,
    )  # fmt: skip


def _text_context(
    purpose: str, receiver: str, fields: list[str], language: str, until: date | None
) -> dict[str, Any]:
    """The consent text with its gaps filled, in the person's language."""
    text = consent_texts.text("sharing", language)
    with in_language(text.language):
        # Several languages end a date with a full stop, and so does the sentence.
        day = date_format(until, "DATE_FORMAT").rstrip(".") if until else "—"
    name = sharing.receiver_name(receiver)
    return {
        "text": text,
        "paragraphs": text.filled(receiver=name, purpose=text.purpose_words(purpose), until=day),
        "shared": sharing.field_words(fields, text.language),
    }


# --- One consent -------------------------------------------------------------------------------


def _record_of(request: ActingRequest, code: str, pk: UUID, kind: Kind) -> ConsentRecord:
    """A consent through its person; anything else is the same 404."""
    person = found(request, code, kind=kind)
    for one in consenting.consents(request.actor, person):
        if one.consent.pk == pk:
            return one
    raise Http404


@door(Action.READ, Kind.CONSENT)
def consent(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """One consent: what it names, where it stands, what happened."""
    one = _record_of(request, code, pk, Kind.CONSENT)
    return render(request, "people/consent.html", _consent_context(request, one))


def _consent_context(request: ActingRequest, one: ConsentRecord) -> dict[str, Any]:
    actor = request.actor
    asked_by = next((row.by for row, _words in one.events), None)
    waits = one.state is State.OVERRIDE_WAITING
    may_decide = decide_access(actor, Action.DECIDE, Kind.OVERRIDE).allowed
    return {
        "one": one,
        "consent": one.consent,
        "person": one.consent.person,
        "duty": consent_texts.duties().get(one.consent.duty),
        "glance": services.glances(actor, [one.consent.person]).get(one.consent.person_id),
        "may_withdraw": (one.is_open or waits)
        and decide_access(actor, Action.CHANGE, Kind.CONSENT).allowed,
        "may_decide": waits and may_decide and asked_by != actor.account,
        "asked_by_me": waits and asked_by == actor.account,
        "form": ReasonForm(),
    }


@door(Action.READ, Kind.CONSENT)
def sheet(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """One sheet to print: the text, what was agreed, room for a signature."""
    one = _record_of(request, code, pk, Kind.CONSENT)
    row = one.consent
    until = timezone.localtime(row.expires_at).date() if row.expires_at else None
    context = {
        "one": one, "consent": row, "person": row.person,
        **_text_context(row.purpose, row.receiver, row.fields, row.language or "en", until),
    }  # fmt: skip
    return render(request, "people/consent_sheet.html", context)


@door(Action.CHANGE, Kind.CONSENT)
@require_POST
def withdraw(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """Withdraw; takes effect at once and tells every receiver."""
    found(request, code, Action.CHANGE, Kind.CONSENT)
    one = _record_of(request, code, pk, Kind.CONSENT)
    ended = consenting.withdraw(request.actor, one.consent, reason=request.POST.get("reason", ""))
    if ended:
        messages.success(
            request,
            _("Withdrawn. Nothing more is shared with this receiver, and it is being told."),
        )
    return redirect("people:consent", code=one.consent.person.code, pk=pk)


# --- Override ----------------------------------------------------------------------------------


@door(Action.CREATE, Kind.OVERRIDE)
def override(request: ActingRequest, code: str) -> HttpResponse:
    """Ask to share under a legal duty; a second reviewer decides."""
    person = found(request, code, Action.CREATE, Kind.OVERRIDE)
    wished = _wished(request, "")
    wished["expires"] = timezone.localdate() + timedelta(days=7)
    form = OverrideForm(
        request.POST or None, initial=wished, purpose=person.purpose,
        language=request.actor.language,
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        named = form.cleaned_data
        try:
            row = consenting.request_override(
                request.actor, person, purpose=person.purpose, receiver=named["receiver"],
                fields=named["fields_chosen"], duty=named["duty"], reason=named["reason"],
                expires_at=form.expires_at(), profile=named["profile"],
            )  # fmt: skip
        except InvalidConsent as error:
            part = _PART_OF.get(error.part, error.part)
            form.add_error(part if part in form.fields else None, _(str(error)))
        else:
            messages.success(
                request, _("The request waits for a second reviewer. Nothing is shared yet.")
            )
            return redirect("people:consent", code=person.code, pk=row.pk)
    context = _terms_context(request, person, form)
    context["glance"] = services.glances(request.actor, [person]).get(person.pk)
    context["duties"] = consent_texts.duties().values()
    status = 422 if request.method == "POST" else 200
    return render(request, "people/override_new.html", context, status=status)


@door(Action.DECIDE, Kind.OVERRIDE)
@require_POST
def decide(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """The second reviewer approves or refuses, with a reason."""
    person = found(request, code, Action.DECIDE, Kind.OVERRIDE)
    row = person.consents.exclude(duty="").filter(pk=pk).first()
    if row is None:
        raise Http404
    form = ReasonForm(request.POST)
    if form.is_valid() and request.POST.get("decision") in {"approve", "refuse"}:
        try:
            consenting.decide_override(
                request.actor, row, approve=request.POST["decision"] == "approve",
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except (SecondReviewerNeeded, InvalidConsent) as error:
            messages.error(request, _(str(error)))
        else:
            messages.success(request, _("Your decision is recorded."))
        return redirect("people:consent", code=person.code, pk=pk)
    one = _record_of(request, code, pk, Kind.CONSENT)
    context = _consent_context(request, one) | {"form": form}
    return render(request, "people/consent.html", context, status=422)


@door(Action.DECIDE, Kind.OVERRIDE)
def overrides(request: ActingRequest) -> HttpResponse:
    """Requests that wait for a second reviewer."""
    waiting = consenting.waiting_overrides(request.actor)
    return render(request, "people/overrides.html", {"waiting": waiting})
