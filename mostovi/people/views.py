# SPDX-License-Identifier: EUPL-1.2
"""Pages of persons: search, file, new, edit, family, conflicts, history, printed code, copy."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mostovi.people import consent_texts, consenting, fields, printing, services, words
from mostovi.people.fields import InvalidField
from mostovi.people.file import PersonFile
from mostovi.people.forms import (
    ContactForm,
    ContactSet,
    FamilyForm,
    FamilySet,
    NameForm,
    NameSet,
    PersonForm,
    ReasonForm,
    RowForm,
    changes_of,
    family_changes,
)
from mostovi.people.merging import Outcome, UnknownBase
from mostovi.people.models import Conflict, Person
from mostovi.people.names import warnings as name_warnings
from mostovi.people.services import ChangeResult
from mostovi.rights.access import Action, Kind
from mostovi.rights.access import decide as decide_access
from mostovi.rights.doors import ActingRequest, door
from mostovi.rights.paging import LongList

PAGE = 25


def found(
    request: ActingRequest, code: str, action: Action = Action.READ, kind: Kind = Kind.PERSON
) -> Person:
    """The person, or one and the same 404 for absent and out of reach."""
    try:
        return services.find(request.actor, code, action, kind)
    except Person.DoesNotExist as error:
        raise Http404 from error


def next_address(request: HttpRequest) -> str:
    """Where the caller wants to go on; only addresses of this node."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else ""


# --- Search and file ---------------------------------------------------------------------------


@door(Action.READ, Kind.PERSON)
def people(request: ActingRequest) -> HttpResponse:
    """Search by name in any script, code or phone; without a search, the newest persons."""
    text = request.GET.get("q", "").strip()[:200]
    page = None
    if text:
        lines = services.search(request.actor, text)
    else:
        rows = services.visible(request.actor, Action.READ).filter(erased_at=None)
        page = LongList(rows.order_by("-created_at"), PAGE).get_page(request.GET.get("page"))
        listed = list(page.object_list)
        seen = services.glances(request.actor, listed)
        lines = [(one, seen[one.pk]) for one in listed if one.pk in seen]
    context = {
        "lines": lines, "text": text, "page": page, "limit": services.SEARCH_LIMIT,
        "may_create": decide_access(request.actor, Action.CREATE, Kind.PERSON).allowed,
    }  # fmt: skip
    return render(request, "people/list.html", context)


@door(Action.READ, Kind.PERSON)
def person(request: ActingRequest, code: str) -> HttpResponse:
    """The file of one person."""
    row = found(request, code)
    return render(request, "people/person.html", file_context(request, row))


def file_context(request: ActingRequest, row: Person) -> dict[str, Any]:
    """What the file's page and its partials need."""
    actor, now = request.actor, timezone.now()
    held = services.read(actor, row)
    age = held.age_answer(timezone.localdate(now))
    may_read_consents = decide_access(actor, Action.READ, Kind.CONSENT).allowed
    return {
        "person": row,
        "file": held,
        "is_child": age.is_child,
        "in_doubt": age.in_doubt,
        "warned": [line for line in held.names if name_warnings(line.name)],
        "consents": consenting.consents(actor, row, now=now) if may_read_consents else [],
        "printed": row.printed_codes.filter(revoked_at=None).first(),
        "may_change": decide_access(actor, Action.CHANGE, Kind.PERSON).allowed,
        "may_consent": decide_access(actor, Action.CREATE, Kind.CONSENT).allowed,
        "may_export": decide_access(actor, Action.EXPORT, Kind.PERSON).allowed,
        "relatives": _relatives(request, held),
    }


def _relatives(request: ActingRequest, held: PersonFile) -> list[dict[str, Any]]:
    """Family rows with the file of a relative, where the actor may read that one too."""
    others = list(held.family_codes.values())
    seen = services.glances_of(request.actor, others) if others else {}
    return [
        {"row": row, "glance": seen.get(held.family_codes.get(row.field, UUID(int=0)))}
        for row in held.family
    ]


# --- New and edit ------------------------------------------------------------------------------


@door(Action.CREATE, Kind.PERSON)
def new(request: ActingRequest) -> HttpResponse:
    """Register a person. Nothing typed is lost when something needs another look."""
    form, names, contacts = _filled(request)
    finished = request.method == "POST" and not _wants_more(request)
    if finished and _all_valid(form, names, contacts):
        row = services.register(
            request.actor, single=form.values, names=names.values(), contacts=contacts.values()
        )
        messages.success(request, _("The file %(code)s is open.") % {"code": row.code})
        return redirect(_after_new(request, row))
    context = _form_context(request, form, names, contacts) | {"next": next_address(request)}
    return render(request, "people/new.html", context, status=_status(request))


def _after_new(request: HttpRequest, row: Person) -> str:
    wanted = next_address(request)
    if not wanted:
        return reverse("people:person", args=[row.code])
    return f"{wanted}{'&' if '?' in wanted else '?'}person={row.code}"


@door(Action.CHANGE, Kind.PERSON)
def edit(request: ActingRequest, code: str) -> HttpResponse:
    """Change a file. Each field carries the version it was read at; a clash is shown."""
    row = found(request, code, Action.CHANGE)
    if request.method != "POST":
        held = services.read(request.actor, row)
        form = PersonForm(initial=PersonForm.initial_of(held.single))
        names = _rows_of(NameSet, NameForm, held.names, "name", extra=not held.names)
        contacts = _rows_of(ContactSet, ContactForm, held.contacts, "contact")
        bases = {name: held.version(name) for name in fields.SINGLE}
        context = _form_context(request, form, names, contacts, bases, uuid4())
        return render(request, "people/edit.html", context | {"person": row})
    form, names, contacts = _filled(request)
    bases, edit_id = _bases(request), _edit_id(request)
    if not _wants_more(request) and _all_valid(form, names, contacts):
        rows: list[RowForm] = [*_rows(names), *_rows(contacts)]
        try:
            results = services.change(
                request.actor, row, changes=changes_of(edit_id, form, bases, rows)
            )
        except (InvalidField, UnknownBase) as error:
            form.add_error(None, _(str(error)))
        else:
            return _said(request, row, results)
    context = _form_context(request, form, names, contacts, bases, edit_id)
    return render(request, "people/edit.html", context | {"person": row}, status=_status(request))


@door(Action.CHANGE, Kind.PERSON)
def family(request: ActingRequest, code: str) -> HttpResponse:
    """The family: who belongs to the person, together or apart, found or not."""
    row = found(request, code, Action.CHANGE)
    if request.method != "POST":
        held = services.read(request.actor, row)
        rows = _rows_of(FamilySet, FamilyForm, held.family, "family", extra=not held.family)
        context = {"person": row, "family": rows, "edit_id": uuid4(), "file": held}
        return render(request, "people/family.html", context)
    rows = FamilySet(_grown(request, "family"), prefix="family")
    edit_id = _edit_id(request)
    if not _wants_more(request) and rows.is_valid():
        try:
            results = services.change(
                request.actor, row, changes=family_changes(edit_id, _rows(rows))
            )
        except UnknownBase as error:
            rows.forms[0].add_error(None, str(error))
        else:
            return _said(request, row, results)
    context = {"person": row, "family": rows, "edit_id": edit_id}
    return render(request, "people/family.html", context, status=_status(request))


def _said(request: ActingRequest, row: Person, results: list[ChangeResult]) -> HttpResponse:
    clashes = sum(1 for result in results if result.outcome is Outcome.CONFLICT)
    applied = sum(1 for result in results if result.outcome is Outcome.APPLIED)
    if clashes:
        messages.warning(
            request,
            ngettext(
                "One field was changed by somebody else meanwhile. Both values are kept; "
                "choose the right one.",
                "%(count)s fields were changed by somebody else meanwhile. All values are kept; "
                "choose the right ones.",
                clashes,
            ) % {"count": clashes},
        )  # fmt: skip
        return redirect("people:conflicts", code=row.code)
    if applied:
        messages.success(request, _("The changes are stored."))
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect("people:person", code=row.code)


def _filled(request: HttpRequest) -> tuple[PersonForm, Any, Any]:
    """The three forms of a page, as sent or empty."""
    if request.method != "POST":
        return PersonForm(), _empty(NameSet, "name", 1), _empty(ContactSet, "contact", 1)
    return (
        PersonForm(request.POST),
        NameSet(_grown(request, "name"), prefix="name"),
        ContactSet(_grown(request, "contact"), prefix="contact"),
    )


def _empty(kind: Any, prefix: str, count: int) -> Any:
    made = kind(prefix=prefix)
    made.extra = count
    return made


def _rows_of(kind: Any, form: type[Any], rows: Any, prefix: str, *, extra: bool = False) -> Any:
    """A set of forms for stored rows, each with its number and version."""
    initial = [{**form.initial_of(row.value), "row": row.id, "base": row.version} for row in rows]
    made = kind(prefix=prefix, initial=initial)
    made.extra = 1 if extra else 0
    return made


def _wants_more(request: HttpRequest) -> str:
    """The list that the person asked another row for; nothing is stored by that."""
    wanted = request.POST.get("more", "")
    return wanted if wanted in {"name", "contact", "family"} else ""


def _grown(request: HttpRequest, prefix: str) -> Any:
    """What was sent, with one more empty row where that was asked for."""
    sent = request.POST.copy()
    sent[f"{prefix}-INITIAL_FORMS"] = "0"
    try:
        total = min(30, max(0, int(sent.get(f"{prefix}-TOTAL_FORMS", "0"))))
    except ValueError:
        total = 0
    if _wants_more(request) == prefix:
        total += 1
    sent[f"{prefix}-TOTAL_FORMS"] = str(total)
    return sent


def _rows(formset: Any) -> list[Any]:
    """The rows that say something or are stored already."""
    return [form for form in formset.forms if form.has_changed() and hasattr(form, "made_value")]


def _all_valid(*parts: Any) -> bool:
    """Check every part, so that all errors are shown at once."""
    return False not in [part.is_valid() for part in parts]


def _bases(request: HttpRequest) -> dict[str, int]:
    found_bases = {}
    for name in fields.SINGLE:
        text = request.POST.get(f"base-{name}", "")
        found_bases[name] = int(text) if text.isdecimal() and len(text) < 9 else 0
    return found_bases


def _edit_id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("edit_id", ""))
    except ValueError:
        return uuid4()


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" and not _wants_more(request) else 200


def _form_context(
    request: HttpRequest,
    form: django_forms.Form,
    names: Any,
    contacts: Any,
    bases: dict[str, int] | None = None,
    edit_id: UUID | None = None,
) -> dict[str, Any]:
    more = _wants_more(request)
    return {
        "form": form,
        "names": names,
        "contacts": contacts,
        "bases": bases or {},
        "edit_id": edit_id,
        # An unfinished form that only asked for a row is not blamed for what is missing yet.
        "show_errors": request.method == "POST" and not more,
        "more": more,
    }


# --- Conflicts and history ---------------------------------------------------------------------


@door(Action.CHANGE, Kind.PERSON)
def conflicts(request: ActingRequest, code: str) -> HttpResponse:
    """All open conflicts of a file, both values side by side."""
    row = found(request, code, Action.CHANGE)
    return render(request, "people/conflicts.html", _conflicts_context(request, row))


def _conflicts_context(request: ActingRequest, row: Person) -> dict[str, Any]:
    held = services.read(request.actor, row)
    return {
        "person": row,
        "file": held,
        "conflicts": [
            {
                "conflict": one,
                "kept": words.value_words(one.row.field, one.kept),
                "other": words.value_words(one.row.field, one.other),
                "form": ReasonForm(prefix=str(one.row.pk)),
            }
            for one in held.conflicts
        ],
    }


@door(Action.CHANGE, Kind.PERSON)
@require_POST
def settle(request: ActingRequest, code: str, pk: UUID) -> HttpResponse:
    """Choose one of the two values, with a reason."""
    row = found(request, code, Action.CHANGE)
    held = services.read(request.actor, row)
    one = next((line for line in held.conflicts if line.row.pk == pk), None)
    if one is None:
        raise Http404
    form = ReasonForm(request.POST, prefix=str(pk))
    choice = request.POST.get("choice")
    if form.is_valid() and choice in {"kept", "other"}:
        value = one.kept if choice == "kept" else one.other
        try:
            services.settle(request.actor, row, pk, value=value, reason=form.cleaned_data["reason"])
        except Conflict.DoesNotExist:
            messages.info(request, _("Somebody else has settled this meanwhile."))
        else:
            messages.success(request, _("Settled. The other value stays in the history."))
        return redirect(
            "people:conflicts" if len(held.conflicts) > 1 else "people:person", code=row.code
        )
    if choice not in {"kept", "other"}:
        form.add_error(None, _("Choose one of the two values."))
    context = _conflicts_context(request, row)
    for line in context["conflicts"]:
        if line["conflict"].row.pk == pk:
            line["form"], line["choice"] = form, choice
    return render(request, "people/conflicts.html", context, status=422)


@door(Action.READ, Kind.PERSON)
def history(request: ActingRequest, code: str, field: str) -> HttpResponse:
    """Everything ever typed into one field."""
    row = found(request, code)
    try:
        lines = services.history(request.actor, row, field)
    except InvalidField as error:
        raise Http404 from error
    for line in lines:
        line["shown"] = words.value_words(field, line["value"])
    context = {"person": row, "field": field, "lines": lines}
    return render(request, "people/history.html", context)


# --- Printed code and copy ---------------------------------------------------------------------


@door(Action.CHANGE, Kind.PERSON)
def printed_code(request: ActingRequest, code: str) -> HttpResponse:
    """Make a printed code; the sheet with it is shown this once and kept nowhere."""
    row = found(request, code, Action.CHANGE)
    if request.method != "POST":
        earlier = row.printed_codes.filter(revoked_at=None).first()
        return render(request, "people/printed_code.html", {"person": row, "earlier": earlier})
    held = services.read(request.actor, row)
    written = services.issue_printed_code(request.actor, row)
    language = request.POST.get("language") or held.language or request.actor.language
    text = consent_texts.text("sharing", language)
    context = {
        "person": row,
        "code": written,
        "drawing": printing.code_drawing(written),
        "address": printing.own_file_address(),
        "text": text,
        "says": text.labels["code_text"].format(address=_isolated(printing.own_file_address())),
    }
    answer = render(request, "people/code_sheet.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _isolated(address: str) -> str:
    """An address that stays left to right inside a right-to-left sentence."""
    return f"\u2066{address}\u2069"


@door(Action.CHANGE, Kind.PERSON)
@require_POST
def stop_printed_code(request: ActingRequest, code: str) -> HttpResponse:
    """Stop a code that was lost or taken away."""
    row = found(request, code, Action.CHANGE)
    if services.revoke_printed_code(request.actor, row):
        messages.success(request, _("The printed code opens nothing any more."))
    return redirect("people:person", code=row.code)


@door(Action.EXPORT, Kind.PERSON)
@require_POST
def copy(request: ActingRequest, code: str) -> HttpResponse:
    """The complete copy of a file, for the person to take along."""
    row = found(request, code, Action.EXPORT)
    answer = JsonResponse(
        services.export(request.actor, row),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    answer["Content-Disposition"] = f'attachment; filename="{row.code}.json"'
    answer["Cache-Control"] = "no-store"
    return answer
