# SPDX-License-Identifier: EUPL-1.2
"""Pages of reforms: begin a draft, edit it in the browser or as a file, see what it changes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mostovi.pathways import differences, drafting, law_files, presenting, reforming, trying
from mostovi.pathways.drafting import Checked
from mostovi.pathways.forms import BeginForm, DraftForm, UploadForm
from mostovi.pathways.library import library
from mostovi.pathways.models import Reform, ReformVersion
from mostovi.pathways.reading import BadLaw
from mostovi.pathways.views import yaml_file
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door

_PAGE = 25
_AROUND = 3
"""Lines shown around one that has a fault."""
_MOST_PROBLEMS = 100
_MOST_DIFF = 600


@require_safe
@door(Action.READ, Kind.REFORM)
def reforms(request: ActingRequest) -> HttpResponse:
    """Every draft, newest change first."""
    page = Paginator(reforming.drafts(request.actor), _PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "may_draft": reforming.may_draft(request.actor), "kosovo": True}
    return render(request, "pathways/reforms.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Action.CREATE, Kind.REFORM)
def begin(request: ActingRequest) -> HttpResponse:
    """Begin a draft from a pack in force."""
    asked = {name: request.GET.get(name, "")[:60] for name in ("partner", "pathway")}
    form = BeginForm(request.POST or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        try:
            made = reforming.begin(
                request.actor, why=_("Copied from the law in force."), **form.cleaned_data
            )
        except reforming.NothingInForce:
            form.add_error("pathway", _("Nobody has written this pack yet, so there is no text."))
        else:
            messages.success(request, _("The draft begins as a copy of the law in force."))
            return redirect("pathways:reform_edit", code=made.code)
    return render(
        request, "pathways/reform_begin.html", {"form": form}, status=422 if form.errors else 200
    )


def _found(request: ActingRequest, code: str) -> Reform:
    try:
        return reforming.find(request.actor, code)
    except Reform.DoesNotExist as error:
        raise Http404 from error


@require_safe
@door(Action.READ, Kind.REFORM)
def reform(request: ActingRequest, code: str) -> HttpResponse:
    """A draft: its faults, what it changes, whose answer changes, its history."""
    found = _found(request, code)
    newest = reforming.newest(found)
    context = _head(request, found, newest) | _checked_context(found, newest.text)
    context["history"] = list(reforming.history(found))
    return render(request, "pathways/reform.html", context)


def _head(request: ActingRequest, found: Reform, newest: ReformVersion) -> dict[str, Any]:
    current = law_files.digest_of_file(found.partner, found.pathway)
    return {
        "reform": found,
        "newest": newest,
        "may_draft": reforming.may_draft(request.actor) and found.closed_at is None,
        "may_close": reforming.may_draft(request.actor),
        "law_moved": bool(current) and current != found.based_on_digest,
        "simulate_url": _simulation(found),
        "kosovo": True,
    }


def _simulation(found: Reform) -> str:
    """Where the draft is tried on a population; '' where this node has no such page."""
    try:
        return reverse("pathways:reform_simulate", args=[found.code])
    except NoReverseMatch:
        return ""


def _check(found: Reform, text: str) -> Checked | None:
    """The text read as a pack; None when the partner's own files have faults."""
    try:
        return drafting.check(found.partner, found.pathway, text)
    except BadLaw:
        return None


def _checked_context(found: Reform, text: str) -> dict[str, Any]:
    checked = _check(found, text)
    context: dict[str, Any] = {"checked": checked, "diff": _diff(found, text)}
    if checked is None or checked.pathway is None:
        return context | _fault_context(checked)
    law = library().partner(found.partner)
    today = timezone.localdate()
    day, old, new, changed = drafting.difference(law, checked.pathway, today)
    golden = trying.golden_against(law, checked.pathway, day)
    return context | {
        "day": day,
        "today": today,
        "old": old,
        "new": new,
        "old_period": presenting.period_words(old.valid_from, old.valid_to) if old else "",
        "new_period": presenting.period_words(new.valid_from, new.valid_to) if new else "",
        "changes": changed,
        "golden": golden,
        "golden_changes": 0 if isinstance(golden, BadLaw) else trying.changing(golden),
    }


def _diff(found: Reform, text: str) -> dict[str, Any]:
    lines = differences.line_differences(law_files.text_of(found.partner, found.pathway), text)
    return {"lines": lines[:_MOST_DIFF], "more": max(0, len(lines) - _MOST_DIFF)}


def _fault_context(checked: Checked | None) -> dict[str, Any]:
    """The faults, and the lines around each."""
    if checked is None or not checked.problems:
        return {}
    problems = checked.problems[:_MOST_PROBLEMS]
    lines = drafting.numbered(checked.text, problems)
    near = {
        number
        for line in lines
        if line.problems
        for number in range(line.number - _AROUND, line.number + _AROUND + 1)
    }
    shown = [line for line in lines if line.number in near]
    return {
        "problems": problems,
        "more_problems": len(checked.problems) - len(problems),
        "lines": shown,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@door(Action.CHANGE, Kind.REFORM)
def edit(request: ActingRequest, code: str) -> HttpResponse:
    """Edit a draft: check it without keeping it, or keep it as the next version."""
    found = _found(request, code)
    newest = reforming.newest(found)
    if request.method != "POST":
        form = DraftForm(initial={"seen": newest.number, "text": newest.text})
        return _editor(request, found, newest, form, newest.text, 200)
    saving = request.POST.get("do") != "check"
    form = DraftForm(request.POST, checking=not saving)
    if not form.is_valid():
        return _editor(request, found, newest, form, request.POST.get("text", ""), 422)
    text = form.cleaned_data["text"]
    checked = _check(found, text)
    faults = len(checked.problems) if checked else 0
    if not saving:
        return _editor(request, found, newest, form, text, 422 if faults else 200)
    return _kept(request, found, form, text, form.cleaned_data["why"], faults)


def _kept(
    request: ActingRequest, found: Reform, form: DraftForm, text: str, why: str, faults: int
) -> HttpResponse:
    try:
        kept = reforming.save(
            request.actor, found.code, text=text, why=why, seen=form.cleaned_data["seen"],
            problems=faults,
        )  # fmt: skip
    except reforming.ChangedMeanwhile as changed:
        # What was typed stays in the form, on top of what the other person saved.
        again = request.POST.copy()
        again["seen"] = str(changed.newest.number)
        form = DraftForm(again)
        form.add_error(None, _(_CHANGED) % {"number": changed.newest.number})
        return _editor(request, found, changed.newest, form, text, 422, against=changed.newest)
    except reforming.PutAside:
        form.add_error(None, _("This draft is put aside. Take it up again, then save."))
        return _editor(request, found, reforming.newest(found), form, text, 422)
    said = {"number": kept.number, "faults": faults}
    if faults:
        messages.warning(
            request, _("Kept as version %(number)s, with %(faults)s faults to repair.") % said
        )
        return redirect("pathways:reform_edit", code=found.code)
    messages.success(request, _("Kept as version %(number)s. The text has no faults.") % said)
    return redirect("pathways:reform", code=found.code)


_CHANGED = gettext_noop(
    "Somebody saved version %(number)s after you opened the draft. Your text is still below; "
    "nothing was lost. Look at the differences, then save: yours becomes the next version."
)


def _editor(
    request: ActingRequest,
    found: Reform,
    newest: ReformVersion,
    form: DraftForm,
    text: str,
    status: int,
    against: ReformVersion | None = None,
) -> HttpResponse:
    checked = _check(found, text) if len(text) <= reforming.LONGEST_TEXT else None
    context = _head(request, found, newest) | _fault_context(checked)
    context |= {
        "form": form,
        "checked": checked,
        "was_checked": request.method == "POST",
        "against": against,
        "against_lines": differences.line_differences(against.text, text)[:_MOST_DIFF]
        if against
        else (),
    }
    return render(request, "pathways/reform_edit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Action.CHANGE, Kind.REFORM)
def upload(request: ActingRequest, code: str) -> HttpResponse:
    """A file becomes the draft's next version, faults and all."""
    found = _found(request, code)
    newest = reforming.newest(found)
    form = UploadForm(request.POST or None, request.FILES or None, initial={"seen": newest.number})
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["file"]
        checked = _check(found, text)
        try:
            kept = reforming.save(
                request.actor, found.code, text=text, why=form.cleaned_data["why"],
                seen=form.cleaned_data["seen"], problems=len(checked.problems) if checked else 0,
            )  # fmt: skip
        except reforming.ChangedMeanwhile as changed:
            form = UploadForm({"seen": changed.newest.number, "why": request.POST.get("why", "")})
            form.is_valid()
            form.errors.pop("file", None)
            form.add_error("file", _(_UPLOAD_CHANGED) % {"number": changed.newest.number})
        except reforming.PutAside:
            form.add_error(None, _("This draft is put aside. Take it up again, then save."))
        else:
            messages.success(request, _("Kept as version %(n)s.") % {"n": kept.number})
            return redirect("pathways:reform", code=found.code)
    context = _head(request, found, newest) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "pathways/reform_upload.html", context, status=status)


_UPLOAD_CHANGED = gettext_noop(
    "Somebody saved version %(number)s after you opened this page. Look at it; to put your file on "
    "top of it, choose the file again."
)


@require_POST
@door(Action.CHANGE, Kind.REFORM)
def aside(request: ActingRequest, code: str) -> HttpResponse:
    """Put a draft aside, or take it up again."""
    found = _found(request, code)
    if found.closed_at is None:
        reforming.put_aside(request.actor, code)
        messages.success(request, _("Put aside. It stays readable and can be taken up again."))
    else:
        reforming.take_up(request.actor, code)
        messages.success(request, _("Taken up again."))
    return redirect("pathways:reform", code=code)


@require_safe
@door(Action.READ, Kind.REFORM)
def draft_text(request: ActingRequest, code: str) -> HttpResponse:
    """The draft as a file; `version` in the address asks for an earlier one."""
    found = _found(request, code)
    chosen = _version(found, request.GET.get("version", ""))
    return yaml_file(chosen.text, f"{found.code}-{chosen.number}.yaml")


def _version(found: Reform, number: str) -> ReformVersion:
    if not number:
        return reforming.newest(found)
    try:
        return found.versions.get(number=int(number[:9]))
    except (ValueError, ReformVersion.DoesNotExist) as error:
        raise Http404 from error


@require_safe
@door(Action.READ, Kind.REFORM)
def version(request: ActingRequest, code: str, number: int) -> HttpResponse:
    """An earlier version: its text, and what it changed against the one before."""
    found = _found(request, code)
    chosen = _version(found, str(number))
    before = found.versions.filter(number__lt=number).order_by("-number").first()
    lines = differences.line_differences(before.text if before else "", chosen.text)
    context = {
        "reform": found,
        "chosen": chosen,
        "before": before,
        "diff": {"lines": lines[:_MOST_DIFF], "more": max(0, len(lines) - _MOST_DIFF)}
        if before
        else None,
        "kosovo": True,
    }
    return render(request, "pathways/reform_version.html", context)
