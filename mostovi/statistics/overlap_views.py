# SPDX-License-Identifier: EUPL-1.2
"""Pages of counts with another partner: all rounds, proposing one, one round and its decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from mostovi.rights.access import Action, Kind, decide
from mostovi.rights.doors import ActingRequest, door
from mostovi.statistics import overlap_services
from mostovi.statistics.months import Month
from mostovi.statistics.overlap_models import OverlapRound
from mostovi.statistics.overlap_rounds import Side, State
from mostovi.statistics.overlap_rules import rules
from mostovi.statistics.overlap_services import RoundRefused
from mostovi.statistics.overlaps import FEWEST, ROUNDED_TO
from mostovi.statistics.partners import NAMES
from mostovi.statistics.submitting import WordsMissing
from mostovi.statistics.templatetags.figures import month_name
from mostovi.tracing.headcount import Population

PAGE: Final = 25
POPULATIONS: Final[Mapping[str, str | Promise]] = {
    Population.EITHER: gettext_lazy("People whose file was opened or who were screened"),
    Population.FILES: gettext_lazy("People whose file was opened"),
    Population.SCREENED: gettext_lazy("People who were screened and have a file"),
}
TONES: Final[Mapping[str, str]] = {
    State.PROPOSED: "warn", State.AGREED: "info", State.COUNTED: "ok", State.TOO_FEW: "quiet",
    State.DECLINED: "quiet", State.WITHDRAWN: "quiet", State.EXPIRED: "quiet", State.LOST: "stop",
}  # fmt: skip


def line(row: OverlapRound) -> dict[str, Any]:
    """A round ready to draw."""
    return {
        "row": row,
        "partner": NAMES.get(row.partner, row.partner),
        "population": POPULATIONS.get(row.population, row.population),
        "tone": TONES[row.state],
        "estimate": overlap_services.estimate(row),
        "reason": overlap_services.reason_text(row.reason) if row.reason else "",
    }


def _may(request: ActingRequest, action: Action) -> bool:
    return decide(request.actor, action, Kind.OVERLAP).allowed and settings.MOSTOVI.holds_persons


@require_GET
@door(Action.READ, Kind.OVERLAP)
def overlaps(request: ActingRequest) -> HttpResponse:
    """All rounds of this node, newest first."""
    page = Paginator(overlap_services.rounds(request.actor), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": [line(row) for row in page],
        "may_propose": _may(request, Action.CREATE),
        "here": settings.MOSTOVI.holds_persons,
        "fewest": FEWEST,
    }
    return render(request, "statistics/overlaps/list.html", context)


class ProposalForm(forms.Form):
    """With whom, about which months, about whom."""

    peer = forms.ChoiceField(label=gettext_lazy("Partner"))
    first = forms.ChoiceField(label=gettext_lazy("First month"))
    last = forms.ChoiceField(label=gettext_lazy("Last month"))
    population = forms.ChoiceField(
        label=gettext_lazy("Who is counted"),
        choices=list(POPULATIONS.items()),
        initial=Population.EITHER.value,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Only files held for protection. Files for asylum are not read."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = Month.last_complete(timezone.localdate())
        months = [newest.back(n) for n in range(rules().months_back)]
        named = [(str(month), month_name(month)) for month in months]
        fields: Any = self.fields
        fields["peer"].choices = overlap_services.partners()
        fields["first"].choices = fields["last"].choices = named
        fields["first"].initial, fields["last"].initial = str(newest.back(2)), str(newest)


@require_http_methods(["GET", "POST"])
@door(Action.CREATE, Kind.OVERLAP)
def propose(request: ActingRequest) -> HttpResponse:
    """Propose a round to another partner."""
    if not settings.MOSTOVI.holds_persons:
        raise Http404
    form = ProposalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            row = overlap_services.propose(
                request.actor, peer=given["peer"], first=Month.parse(given["first"]),
                last=Month.parse(given["last"]), population=Population(given["population"]),
            )  # fmt: skip
        except RoundRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Proposed. The partner's statistician decides now."))
            return redirect("statistics:overlap", pk=row.pk)
    context = {"form": form, "partners": overlap_services.partners(), "rules": rules()}
    status = 422 if form.errors else 200
    return render(request, "statistics/overlaps/new.html", context, status=status)


@require_http_methods(["GET", "POST"])
@door(Action.READ, Kind.OVERLAP)
def overlap(request: ActingRequest, pk: UUID) -> HttpResponse:
    """One round: what would be read, what leaves, and the decision."""
    try:
        row = overlap_services.find(request.actor, pk)
    except OverlapRound.DoesNotExist:
        raise Http404 from None
    problem = words_problem = ""
    words = request.POST.get("words", "")[:500]
    if request.method == "POST":
        if not _may(request, Action.DECIDE):
            raise PermissionDenied
        try:
            text = _decide(request, row, words)
        except WordsMissing as missing:
            words_problem = str(missing)
        except RoundRefused as refused:
            problem = str(refused)
        else:
            messages.success(request, text)
            return redirect("statistics:overlap", pk=pk)
        row.refresh_from_db()
    proposed = row.state == State.PROPOSED
    context = {
        **line(row),
        "may": _may(request, Action.DECIDE),
        "ours": row.side == Side.OURS,
        "to_decide": proposed and row.side == Side.THEIRS,
        "live": row.ended_at is None,
        "problem": problem,
        "words": words,
        "words_problem": words_problem,
        "fewest": FEWEST,
        "rounded_to": ROUNDED_TO,
        "rules": rules(),
        "recall": round(100 * rules().quality.recall),
    }
    status = 422 if words_problem else 409 if problem else 200
    return render(request, "statistics/overlaps/one.html", context, status=status)


def _decide(request: ActingRequest, row: OverlapRound, words: str) -> str:
    """Do what was asked; what to say then."""
    asked = request.POST.get("do", "")
    if asked == "agree":
        overlap_services.agree(request.actor, row.pk)
        return _("Agreed. The two nodes count now; the number comes within some minutes.")
    if asked == "decline":
        overlap_services.decline(request.actor, row.pk, words=words)
        return _("Declined, and the partner is told why.")
    if asked == "withdraw":
        overlap_services.withdraw(request.actor, row.pk)
        return _("Ended, and the partner is told.")
    raise RoundRefused(_("Choose what to do."))
