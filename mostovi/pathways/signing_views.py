# SPDX-License-Identifier: EUPL-1.2
"""Pages of sign-offs: a lawyer's word is recorded, read with the text it was about, taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mostovi.pathways import law_files, presenting, signing, wording
from mostovi.pathways.forms import SignForm, TakeBackForm
from mostovi.pathways.law import PartnerLaw, Pathway
from mostovi.pathways.models import SignOff
from mostovi.pathways.presenting import Reading
from mostovi.pathways.signed_text import digest_of
from mostovi.pathways.views import pathway_or_404
from mostovi.rights.access import Action, Kind
from mostovi.rights.doors import ActingRequest, door


@require_http_methods(["GET", "HEAD", "POST"])
@door(Action.DECIDE, Kind.LAW)
def sign(request: ActingRequest, partner: str, pathway: str) -> HttpResponse:
    """Record what a lawyer said of a version, or of one condition in it, as the address names."""
    law, found = pathway_or_404(partner, pathway)
    if not signing.may_sign(request.actor, partner):
        # The same answer as for a page that is not there: nobody signs another partner's law.
        raise Http404
    version = request.GET.get("version", "")[:40]
    condition = request.GET.get("condition", "")[:80]
    try:
        text = signing.current_text(partner, pathway, version, condition)
    except signing.NothingToSign:
        raise Http404 from None
    today = timezone.localdate()
    initial = {"digest": digest_of(text), "said_on": today}
    form = SignForm(request.POST or None, today=today, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            signing.sign(
                request.actor, partner=partner, pathway=pathway, version=version,
                condition=condition, **form.cleaned_data,
            )  # fmt: skip
        except signing.TextChanged:
            # The form goes on with the text that is shown now.
            again = request.POST.copy()
            again["digest"] = digest_of(text)
            form = SignForm(again, today=today)
            form.add_error(
                None,
                _(
                    "The text changed after this page was opened. Nothing was recorded. "
                    "Read the text below again, then record it."
                ),
            )
        else:
            messages.success(request, _("Recorded. It counts as long as this text stays as it is."))
            return redirect(_pack_address(partner, pathway, condition))
    context = _about(law, found, version, condition) | {"form": form, "text": text}
    return render(request, "pathways/sign.html", context, status=422 if form.errors else 200)


def _about(law: PartnerLaw, found: Pathway, version: str, condition: str) -> dict[str, Any]:
    """The version and the condition that a sign-off is about, as far as they still exist."""
    reading = Reading.of(law, timezone.localdate())
    chosen = next((one for one in found.versions if one.version == version), None)
    part = None
    if chosen is not None and condition:
        part = next((one for one in chosen.walk() if one.code == condition), None)
    return {
        "law": law,
        "pathway": found,
        "version": version,
        "period": presenting.period_words(chosen.valid_from, chosen.valid_to) if chosen else "",
        "condition": condition,
        "condition_title": presenting.in_language(part.title, reading.language) if part else None,
        "condition_words": presenting.whole_words(reading, part) if part else "",
        "citation": presenting.cited(reading, part.citation) if part else None,
        "back": _pack_address(law.code, found.code, condition),
        "kosovo": True,
    }


def _pack_address(partner: str, pathway: str, condition: str = "") -> str:
    address = reverse("pathways:pack", args=[partner, pathway])
    return f"{address}#condition-{condition}" if condition else f"{address}#signed"


@require_http_methods(["GET", "HEAD", "POST"])
@door(Action.READ, Kind.LAW)
def signed(request: ActingRequest, partner: str, pathway: str, pk: UUID) -> HttpResponse:
    """A sign-off with the text it was about; whoever may sign may take it back here."""
    law, found = pathway_or_404(partner, pathway)
    try:
        row = signing.find(request.actor, pk)
    except SignOff.DoesNotExist as error:
        raise Http404 from error
    if (row.partner, row.pathway) != (partner, pathway):
        raise Http404
    may_take_back = signing.may_sign(request.actor, partner) and not hasattr(row, "withdrawal")
    form = TakeBackForm(request.POST or None)
    if request.method == "POST":
        if not signing.may_sign(request.actor, partner):
            raise Http404
        if form.is_valid():
            try:
                signing.take_back(request.actor, pk, reason=form.cleaned_data["reason"])
            except signing.AlreadyTakenBack:
                form.add_error(None, _("Somebody took this sign-off back before."))
            else:
                messages.success(request, _("Taken back. What was said stays readable."))
                return redirect(_pack_address(partner, pathway, row.condition))
    context = _about(law, found, row.version, row.condition) | {
        "row": row,
        "state": signing.state_of(row).value,
        "now": _text_now(row),
        "may_take_back": may_take_back,
        "form": form,
        "law_title": wording.law_name(partner),
        "file_digest": law_files.digest_of_file(partner, pathway),
    }
    return render(request, "pathways/signed.html", context, status=422 if form.errors else 200)


def _text_now(row: SignOff) -> str:
    """What the files say now in the place of the text that was signed; '' when it is gone."""
    try:
        return signing.current_text(row.partner, row.pathway, row.version, row.condition)
    except signing.NothingToSign:
        return ""
