# SPDX-License-Identifier: EUPL-1.2
"""Pages of referrals at both ends: what would be sent, what came in, what may be done now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mostovi.cases import offering, referring, step_forms, taking_up, within
from mostovi.cases.forms import EmergencyForm, ReferralForm
from mostovi.cases.models import Direction, Referral
from mostovi.cases.reading import Group, grouped
from mostovi.cases.step_fields import StepForm, lines
from mostovi.cases.views import choice_words, found_case, say_refused, step_words
from mostovi.cases.vocabulary import (
    REQUEST,
    needs,
    service_name,
    services,
    step_codes,
    urgencies,
)
from mostovi.exchange.profiles import preview, profile
from mostovi.people import consenting, words
from mostovi.people import services as people
from mostovi.people.consent import Permission
from mostovi.procedures import presentation
from mostovi.procedures import services as procedures
from mostovi.procedures.state import StepRefused
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList

_PAGE = 25
_SENDING = {
    "record_consent",
    "send",
    "invoke_vital_interest",
    "send_in_emergency",
    "refuse_emergency",
    "assess_risk",
}
"""Steps with a form of their own on the page."""


def _found(request: ActingRequest, code: str, action: Action = Action.READ) -> Referral:
    try:
        return referring.find(request.actor, code, action)
    except Referral.DoesNotExist as error:
        raise Http404 from error


@door(Action.READ, Kind.REFERRAL)
def referral_list(request: ActingRequest) -> HttpResponse:
    """Referrals received and sent, open ones first."""
    show = request.GET.get("show", "received")
    direction = Direction.SENT if show == "sent" else Direction.RECEIVED
    rows = referring.visible(request.actor).filter(direction=direction)
    ordered = rows.select_related("procedure").order_by("-created_at")
    page = LongList(ordered, _PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    referring.log_listed(request.actor, shown)
    lines = [
        {
            "row": row,
            "other": within.peer_name(row.peer),
            "service": asked_service(row.service),
            "urgency": _(urgencies().get(row.urgency, row.urgency)),
            "step": step_words(row.procedure),
        }
        for row in shown
    ]
    return render(request, "cases/referrals.html", {"page": page, "lines": lines, "show": show})


def asked_service(code: str) -> str:
    """The name of a service, or of a unit of this institution."""
    unit = within.unit_services().get(code)
    return unit.name if unit is not None else service_name(code)


@door(Action.CREATE, Kind.REFERRAL)
def new_referral(request: ActingRequest, code: str) -> HttpResponse:
    """Choose service, need and what it may know; nothing leaves yet."""
    case = found_case(request, code, Action.CHANGE)
    chosen = [need for need in request.GET.getlist("need") if need in needs()]
    initial = {
        "urgency": case.urgency, "fields_shared": ["subject", "names", "birth", "languages"],
        "needs": chosen,
    }  # fmt: skip
    file = people.read(request.actor, case.person)
    offers = offering.offers(request.actor, case, file, chosen, timezone.now())
    form = ReferralForm(request.POST or None, initial=initial, offers=offers, unit=case.unit)
    if request.method == "POST" and form.is_valid():
        made = form.cleaned_data
        try:
            referral = referring.draft(
                request.actor, case, service=made["service"], need_codes=made["needs"],
                urgency=made["urgency"], fields=made["fields_shared"], summary=made["summary"],
                safety=made["safety"], access=made.get("access") or "data",
            )  # fmt: skip
        except referring.InvalidReferral as error:
            name = "fields_shared" if error.field == "fields" else error.field
            form.add_error(name, _(str(error)))
        else:
            return redirect("cases:referral", code=referral.code)
    status = 422 if request.method == "POST" else 200
    context = {
        "case": case,
        "form": form,
        "offers": [
            {"offer": offer, "name": asked_service(offer.service),
             "node": services()[offer.service].node}
            for offer in offers
            if offer.service in form.offered
        ][:8],
        "needs": [(code, _(words), code in chosen) for code, words in needs().items()],
        "searched": bool(chosen),
    }  # fmt: skip
    return render(request, "cases/refer.html", context, status=status)


@door(Action.READ, Kind.REFERRAL)
def referral_page(request: ActingRequest, code: str) -> HttpResponse:
    """A referral at either end."""
    referral = _found(request, code)
    return render(request, "cases/referral.html", _context(request, referral))


def _context(request: ActingRequest, referral: Referral) -> dict[str, Any]:
    unsent = referral.direction == Direction.SENT and referral.letter_id is None
    acts = decide(request.actor, Action.DECIDE, Kind.REFERRAL).allowed
    context: dict[str, Any] = {
        "referral": referral,
        "other": within.peer_name(referral.peer),
        "service": asked_service(referral.service),
        "urgency": _(urgencies().get(referral.urgency, referral.urgency)),
        "step": step_words(referral.procedure),
        "received": referral.direction == Direction.RECEIVED,
        "take_up_waits": acts and taking_up.waits(referral),
        "unsent": unsent and not referral.ended_at,
        "messages_to_and_fro": _messages(referral),
        "events": _events(referral),
    }
    going = referring.outgoing(request.actor, referral) if context["unsent"] and acts else None
    context["choices"] = _other_choices(request, referral, going) if acts else []
    if going is not None:
        context |= _before_sending(request, referral, going)
    elif not unsent:
        data = referring.read(request.actor, referral)
        context["groups"] = shown(referral, data) if data else None
    return context


def _before_sending(
    request: ActingRequest, referral: Referral, going: referring.Outgoing
) -> dict[str, Any]:
    case = referring.case_of(referral)
    consent_page = reverse("people:consent_new", args=[case.person.code])
    query = {
        "receiver": referral.peer, "profile": REQUEST, "fields": ",".join(referral.fields),
        "next": reverse("cases:referral", args=[referral.code]),
    }  # fmt: skip
    return {
        "going": going,
        "groups": read_out(going.lines),
        "permission_words": permission_words(going.permission),
        "consent_url": f"{consent_page}?{urlencode(query)}",
        **_risk(referral),
        "reviewing": referral.procedure.state == "emergency_review",
        "asked_by_me": referral.created_by == request.actor.account,
        "emergency_form": EmergencyForm(purpose=referral.purpose),
    }


def _risk(referral: Referral) -> dict[str, Any]:
    """The form about the risk, and what was said last."""
    kind = step_forms.form_of("assess_risk", referral.procedure.version)
    if kind is None:
        return {}
    answers = referring.risk_of(referral)
    return {
        "risk_form": StepForm(kind, initial=answers or {}),
        "risk_known": answers is not None,
        "risk_lines": lines("assess_risk", answers or {}),
        "risk_can_wait": referral.urgency in {"emergency", "urgent"},
    }


def shown(referral: Referral, data: Any) -> list[Group]:
    """What was sent or received, field by field, in the reader's language."""
    return read_out(preview(REQUEST, referral.purpose, data))


def read_out(lines: Sequence[tuple[str, str, str]]) -> list[Group]:
    """The preview's lines as a reader takes them in, labels and codes in their language."""
    properties = profile(REQUEST).schema["properties"]
    titles = {name: _(part["title"]) for name, part in properties.items()}
    said = [(place, _(label), spoken(place, value, titles)) for place, label, value in lines]
    return grouped(said, titles)


def spoken(place: str, value: str, titles: Mapping[str, str]) -> str:
    """A value in words: codes by the list they are from, dates by the reader's locale."""
    steps = place.strip("/").split("/")
    name = steps[-2] if steps[-1].isdigit() else steps[-1]
    if name == "service":
        return asked_service(value)
    if name in {"language", "languages"}:
        return words.language_name(value)
    if name == "script":
        return str(words.SCRIPTS.get(value, value))
    if name == "fields":
        return titles.get(value, value)
    if name == "purpose":
        return {"protection": _("Protection"), "asylum": _("Asylum")}.get(value, value)
    if steps[0] == "basis" and name != "reference":
        day = parse_date(value[:10]) if value[:4].isdigit() else None
        if day is not None:
            return date_format(day)
    return _(value) if value else value


def permission_words(permission: Permission) -> str:
    """Why nothing may leave, or under what it may, as a sentence."""
    return {
        "consent": _("The person has consented to exactly this."),
        "override": _("A second reviewer has allowed this under a legal duty."),
        "nothing_recorded": _("No consent for this receiver is recorded."),
        "fields_not_named": _("The person has not consented to everything that is ticked."),
        "withdrawn": _("The person has withdrawn the consent."),
        "refused": _("The person has refused."),
        "expired": _("The consent has run out; ask again."),
        "guardian_missing": _("For a child, or when age is in doubt, the guardian must consent."),
        "child_not_heard": _("What the child says about it is not recorded yet."),
        "second_reviewer_missing": _("A second reviewer has not decided yet."),
        "no_legal_basis": _("No legal basis is named."),
    }.get(permission.reason.value, _("Nothing may leave yet."))


def _other_choices(
    request: ActingRequest, referral: Referral, going: referring.Outgoing | None
) -> list[dict[str, Any]]:
    return [
        choice_words(referral.procedure, choice)
        | {
            "codes": _codes(choice.transition.verb),
            "form": _form(referral, choice.transition.verb),
        }
        for choice in referring.choices(request.actor, referral, going=going)
        if choice.transition.verb not in _SENDING
        and choice.transition.side == referral.procedure.side
        and (choice.is_allowed or referral.letter_id is not None)
    ]


def _form(referral: Referral, verb: str, data: Any = None) -> StepForm | None:
    kind = step_forms.form_of(verb, referral.procedure.version)
    return None if kind is None else StepForm(kind, data)


def _codes(verb: str) -> list[tuple[str, str]]:
    return [(code, _(words)) for code, words in step_codes(verb).items()]


def _messages(referral: Referral) -> list[dict[str, Any]]:
    procedure = procedures.procedure_of(referral.procedure)
    labels = {step.verb: presentation.in_language(step.label) for step in procedure.transitions}
    return [
        {
            "row": message.row,
            "text": message.text,
            "answers": lines(message.row.verb, message.answers),
            "label": labels.get(message.row.verb),
            "ours": message.row.side == referral.procedure.side,
        }
        for message in referring.messages(referral)
    ]


def _events(referral: Referral) -> list[dict[str, Any]]:
    procedure = procedures.procedure_of(referral.procedure)
    return [
        {
            "event": event,
            "words": presentation.event_words(procedure, event),
            "ours": event.side == referral.procedure.side,
        }
        for event in referral.procedure.events.all()
    ]


@door(Action.SEND, Kind.REFERRAL)
@require_POST
def send(request: ActingRequest, code: str) -> HttpResponse:
    """Send exactly what was on the page."""
    referral = _found(request, code, Action.SEND)
    try:
        referring.send(request.actor, referral, seen=request.POST.get("seen", ""))
    except referring.NotPermitted as refused:
        messages.error(request, permission_words(refused.permission))
    except referring.InvalidReferral as error:
        messages.error(request, _(str(error)))
    except referring.ChangedSinceSeen:
        messages.warning(
            request,
            _("The person's file changed after you opened this page. Look again, then send."),
        )
    except StepRefused as refused:
        say_refused(request, referral.procedure, refused)
    else:
        messages.success(
            request, _("The referral is on its way. You see here when the receiver has it.")
        )
    return redirect("cases:referral", code=referral.code)


@door(Action.SEND, Kind.REFERRAL)
@require_POST
def risk(request: ActingRequest, code: str) -> HttpResponse:
    """Write down the risk as looked at with the person."""
    referral = _found(request, code, Action.SEND)
    form = _form(referral, "assess_risk", request.POST)
    if form is None:
        raise Http404
    try:
        referring.assess_risk(request.actor, referral, answers=form.answers())
    except step_forms.InvalidAnswers as error:
        form.show(error.problems)
        context = _context(request, referral) | {"risk_form": form}
        return render(request, "cases/referral.html", context, status=422)
    except referring.InvalidReferral as error:
        messages.error(request, _(str(error)))
    else:
        messages.success(request, _("The risk is written down. It stays at your institution."))
    return redirect("cases:referral", code=referral.code)


@door(Action.SEND, Kind.REFERRAL)
@require_POST
def emergency(request: ActingRequest, code: str) -> HttpResponse:
    """Ask a second reviewer to let the referral go without consent."""
    referral = _found(request, code, Action.SEND)
    form = EmergencyForm(request.POST, purpose=referral.purpose)
    if form.is_valid():
        try:
            referring.ask_for_emergency(
                request.actor, referral, duty=form.cleaned_data["duty"],
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except consenting.InvalidConsent as error:
            form.add_error("reason", _(str(error)))
        except StepRefused as refused:
            say_refused(request, referral.procedure, refused)
            return redirect("cases:referral", code=referral.code)
        else:
            messages.success(request, _("A second reviewer is asked. Nothing has been sent."))
            return redirect("cases:referral", code=referral.code)
    context = _context(request, referral) | {"emergency_form": form}
    return render(request, "cases/referral.html", context, status=422)


@door(Action.SEND, Kind.REFERRAL)
@require_POST
def review(request: ActingRequest, code: str) -> HttpResponse:
    """The second reviewer's decision."""
    referral = _found(request, code, Action.SEND)
    approve = request.POST.get("decision") == "send"
    try:
        referring.decide_emergency(
            request.actor, referral, approve=approve, reason=request.POST.get("reason", ""),
            seen=request.POST.get("seen", ""),
        )  # fmt: skip
    except consenting.SecondReviewerNeeded:
        messages.error(request, _("A second person must do this, not whoever took the first step."))
    except (consenting.InvalidConsent, referring.InvalidReferral) as error:
        messages.error(request, _(str(error)))
    except (referring.NotPermitted, referring.ChangedSinceSeen):
        messages.warning(request, _("The page was out of date. Look again, then decide."))
    except StepRefused as refused:
        say_refused(request, referral.procedure, refused)
    else:
        messages.success(
            request, _("The referral is on its way.") if approve else _("It is a draft again.")
        )
    return redirect("cases:referral", code=referral.code)


@door(Action.DECIDE, Kind.REFERRAL)
@require_POST
def step(request: ActingRequest, code: str) -> HttpResponse:
    """Take a step on our side; the other end is told."""
    referral = _found(request, code, Action.DECIDE)
    verb, text = request.POST.get("verb", ""), request.POST.get("reason", "")
    form = _form(referral, verb, request.POST)
    try:
        referring.step(
            request.actor, referral, verb=verb, text=text, code=request.POST.get("code", ""),
            answers=form.answers() if form else None,
        )  # fmt: skip
    except step_forms.InvalidAnswers as error:
        assert form is not None  # noqa: S101 - only a form's answers can be wrong
        form.show(error.problems)
        return _again(request, referral, verb, text, form)
    except (StepRefused, referring.InvalidReferral) as refused:
        if isinstance(refused, StepRefused):
            say_refused(request, referral.procedure, refused)
        else:
            messages.error(request, _(str(refused)))
        return _again(request, referral, verb, text, form)
    told = verb in referring.EVENT_OF_VERB and referral.letter_id is not None
    messages.success(
        request, _("Done. The other institution is told.") if told else _("Done. Nothing was sent.")
    )
    return redirect("cases:referral", code=referral.code)


def _again(
    request: ActingRequest, referral: Referral, verb: str, text: str, form: StepForm | None
) -> HttpResponse:
    """The page once more, with everything that was typed."""
    context = _context(request, referral) | {"step_verb": verb, "step_reason": text}
    for choice in context["choices"]:
        if choice["verb"] == verb and form is not None:
            choice["form"] = form
    return render(request, "cases/referral.html", context, status=422)
