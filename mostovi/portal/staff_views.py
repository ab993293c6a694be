# SPDX-License-Identifier: EUPL-1.2
"""Staff pages: what persons ask for from their own files, and the answers.

Two doors lead to the same page: the officer's to every request, the staff's to corrections of
files they may change.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mostovi.people.services import MustBeKept
from mostovi.portal import services
from mostovi.portal.deadlines import periods
from mostovi.portal.forms import AnswerForm
from mostovi.portal.models import OwnFileRequest
from mostovi.portal.services import NothingSaid
from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door


@door(Action.DECIDE, Kind.OWN_FILE)
def requests(request: ActingRequest) -> HttpResponse:
    """Open requests that wait for the data-protection officer."""
    return _list(request, "portal:answer")


@door(Action.CHANGE, Kind.PERSON)
def corrections(request: ActingRequest) -> HttpResponse:
    """Corrections that persons of the actor's files ask for."""
    return _list(request, "portal:correct")


def _list(request: ActingRequest, answer_at: str) -> HttpResponse:
    context = {
        "rows": services.waiting_for(request.actor), "now": timezone.now(),
        "answer_at": answer_at,
    }  # fmt: skip
    return render(request, "portal/requests.html", context)


@door(Action.DECIDE, Kind.OWN_FILE)
def answer(request: ActingRequest, pk: UUID) -> HttpResponse:
    """One request and its answer, by the officer."""
    return _answer(request, pk, "portal:requests")


@door(Action.CHANGE, Kind.PERSON)
def correct(request: ActingRequest, pk: UUID) -> HttpResponse:
    """One correction and its answer, by staff."""
    return _answer(request, pk, "portal:corrections")


def _answer(request: ActingRequest, pk: UUID, back: str) -> HttpResponse:
    try:
        row, values = services.read_request(request.actor, pk)
    except OwnFileRequest.DoesNotExist as error:
        raise Http404 from error
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and row.settled_at is None and form.is_valid():
        try:
            services.answer(
                request.actor, pk, outcome=form.cleaned_data["outcome"],
                words=form.cleaned_data["words"],
            )  # fmt: skip
        except MustBeKept:
            form.add_error(
                "outcome", _("A duty to keep the file stands. Choose 'not possible' and say why.")
            )
        except OwnFileRequest.DoesNotExist:
            form.add_error(None, _("Somebody else has answered this meanwhile."))
        except NothingSaid as error:
            form.add_error("words", _(str(error)))
        else:
            messages.success(request, _("The answer is recorded. The person finds it in the file."))
            return redirect(back)
    context = {
        "row": row, "values": values, "form": form, "period": periods()[row.kind],
        "duties": services.duties_against(row), "back": back,
        "changes_file": decide(request.actor, Action.CHANGE, Kind.PERSON).allowed,
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/answer.html", context, status=status)
