# SPDX-License-Identifier: EUPL-1.2
"""A person's own file (R8): see what is held and where it went, withdraw, correct, copy, erase.

Entered with the printed code, without an account. Every page works without JavaScript.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mostovi.people import consent_texts, consenting, disclosures, keeping, sharing
from mostovi.people import services as people
from mostovi.people.models import Consent
from mostovi.portal import entrance, services
from mostovi.portal.deadlines import periods
from mostovi.portal.entrance import PersonRequest
from mostovi.portal.forms import AskForm, CodeForm
from mostovi.portal.services import NothingSaid, TooManyOpen, Wish
from mostovi.rights.doors import person_door, public_door

QUICK_EXIT = "https://www.wikipedia.org/"
"""Where the exit leads: a page that says nothing about who was here or why."""


@public_door
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """The entrance. Wrong, stopped and absent codes get one and the same answer."""
    if request.method != "POST":
        return render(request, "portal/enter.html", {"form": CodeForm()})
    form = CodeForm(request.POST)
    if entrance.is_locked(request):
        form.add_error(None, _("Too many tries. Wait a quarter of an hour, or ask the staff."))
        return render(request, "portal/enter.html", {"form": form}, status=429)
    if form.is_valid():
        code = services.open_file(form.cleaned_data["code"])
        if code is not None:
            entrance.enter(request, code.pk, timezone.now())
            return _in_their_language(request, redirect("portal:file"), code.person)
        entrance.count_failure(request)
        form.add_error(
            "code",
            _("This code opens no file. Look at each letter and digit; staff can make a new code."),
        )
    return render(request, "portal/enter.html", {"form": form}, status=422)


def _in_their_language(request: HttpRequest, answer: HttpResponse, person: Any) -> HttpResponse:
    """Pages in the person's language, unless one was chosen on this device."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return answer
    preferred = person.values()["single"].get("languages") or []
    known = {code for code, _name in settings.LANGUAGES}
    fitting = next((code for code in preferred if code in known), None)
    if fitting:
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, fitting, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
    return answer


@never_cache
@person_door(entrance.authenticate)
def own_file(request: PersonRequest) -> HttpResponse:
    """Everything that is held, to whom it went, who opened it, what was agreed."""
    return render(request, "portal/file.html", _context(request))


def _context(request: PersonRequest) -> dict[str, Any]:
    person, now = request.person, timezone.now()
    held = people.opened_file(person)
    language = held.language or get_language() or "en"
    seen = services.seen_by(person)
    for line in seen:
        line["moment"] = parse_datetime(line["at"])  # type: ignore[assignment]
    reader = (get_language() or "en").split("-")[0]
    return {
        "person": person,
        "file": held,
        "language": language,
        "consents": [
            {"one": one, "fields": sharing.field_words(one.consent.fields, reader)}
            for one in consenting.records(person, now)
        ],
        "sent": [
            {"line": line, "fields": sharing.field_words(list(line.fields), reader)}
            for line in disclosures.of(person)
        ],
        "elsewhere": keeping.copies(person),
        "seen": seen,
        "wishes": services.wishes_of(person),
        "duties": keeping.duties(person),
        "duty_titles": consent_texts.duties(),
    }


@person_door(entrance.authenticate)
@require_POST
def copy(request: PersonRequest) -> HttpResponse:
    """Download the complete copy."""
    answer = JsonResponse(
        services.copy(request.person), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    answer["Content-Disposition"] = 'attachment; filename="my-file.json"'
    answer["Cache-Control"] = "no-store"
    return answer


@never_cache
@person_door(entrance.authenticate)
def withdraw(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Say what will happen, then withdraw at once."""
    try:
        row = request.person.consents.get(pk=pk)
    except Consent.DoesNotExist as error:
        raise Http404 from error
    if request.method != "POST":
        return render(request, "portal/withdraw.html", {"consent": row})
    ended = consenting.withdraw(request.person, row)
    if ended:
        messages.success(
            request,
            _("Done. From now on nothing more is shared with them, and they are being told."),
        )
    else:
        messages.info(request, _("This had ended already. Nothing is shared."))
    return redirect("portal:file")


@never_cache
@person_door(entrance.authenticate)
def ask(request: PersonRequest, kind: str) -> HttpResponse:
    """Ask for a correction, complain, or ask to be erased."""
    if kind not in Wish.values:
        raise Http404
    form = AskForm(request.POST or None, required=kind != Wish.ERASURE)
    if request.method == "POST" and form.is_valid():
        try:
            services.ask(
                request.person, kind=kind, words=form.cleaned_data["words"],
                language=get_language() or "",
            )  # fmt: skip
        except NothingSaid as error:
            form.add_error("words", _(str(error)))
        except TooManyOpen:
            form.add_error(
                None, _("You have several open requests. Please wait for the answers first.")
            )
        else:
            messages.success(request, _("Your request is recorded. You will find the answer here."))
            return redirect("portal:file")
    context = {
        "form": form, "kind": kind, "wish": Wish(kind), "period": periods()[kind],
        "duties": keeping.duties(request.person) if kind == Wish.ERASURE else [],
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/ask.html", context, status=status)


@public_door
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the visit."""
    entrance.leave(request)
    messages.success(request, _("Your file is closed."))
    return redirect("portal:enter")


@public_door
@never_cache
def quick_exit(request: HttpRequest) -> HttpResponse:
    """End the visit and show a harmless page, in one click."""
    entrance.leave(request)
    answer = redirect(QUICK_EXIT)
    # Pages of the file must not come back with the back button.
    answer["Clear-Site-Data"] = '"cache"'
    return answer
