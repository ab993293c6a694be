# SPDX-License-Identifier: EUPL-1.2
"""Forms of cases and referrals: labels, help and choices in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from mostovi.cases import sharing, within
from mostovi.cases.offering import Offer
from mostovi.cases.vocabulary import (
    REQUEST,
    Service,
    case_types,
    needs,
    services,
    urgencies,
)
from mostovi.exchange.profiles import profile
from mostovi.people.consent_texts import duties

LONG_TEXT = 4000


def _offer(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    """Fill a choice field when the form is made, so that its words are in the reader's language."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - every caller names one of its own
    field.choices = choices


def _words(listed: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(code, translate(words)) for code, words in listed.items()]


class CaseForm(forms.Form):
    """Opening a case for a person who is registered."""

    case_type = forms.ChoiceField(label=_("Kind of case"), widget=forms.RadioSelect)
    urgency = forms.ChoiceField(
        label=_("How soon must somebody act?"), widget=forms.RadioSelect, initial="soon"
    )
    summary = forms.CharField(
        label=_("What has happened, in a few sentences"),
        help_text=_("Only what is needed to help. It stays in this case."),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONG_TEXT}),
        max_length=LONG_TEXT,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "case_type", _words(case_types()))
        _offer(self, "urgency", _words(urgencies()))


class ReferralForm(forms.Form):
    """Which service, for what, and what it may know."""

    service = forms.ChoiceField(label=_("Service"))
    needs = forms.MultipleChoiceField(
        label=_("What the person needs"), widget=forms.CheckboxSelectMultiple
    )
    urgency = forms.ChoiceField(
        label=_("How soon must somebody act?"), widget=forms.RadioSelect, initial="soon"
    )
    fields_shared = forms.MultipleChoiceField(
        label=_("What the service may know"),
        help_text=_(
            "Tick only what the service needs to help. What is not recorded is not sent. You see "
            "everything before it goes."
        ),
        widget=forms.CheckboxSelectMultiple,
    )
    summary = forms.CharField(
        label=_("Summary of the need"),
        help_text=_("What the service must know to help; not the whole story."),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONG_TEXT}),
        max_length=LONG_TEXT,
        required=False,
    )
    safety = forms.CharField(
        label=_("Safety of the person and of staff"),
        help_text=_("For example: who must not learn where the person is."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 1000}),
        max_length=1000,
        required=False,
    )

    access = forms.ChoiceField(
        label=_("If a unit of your institution accepts"),
        help_text=_("A service elsewhere never gets more than what is ticked."),
        widget=forms.RadioSelect, initial="data", required=False,
    )  # fmt: skip

    def __init__(
        self, *args: Any, offers: Sequence[Offer] = (), unit: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        titles = profile(REQUEST).schema["properties"]
        shareable = [(name, translate(titles[name]["title"])) for name in sharing.SHAREABLE]
        groups = list(_service_groups(offers, unit))
        self.offered = {code for _group, listed in groups for code, _words in listed}
        _offer(self, "service", groups)
        _offer(self, "access", [
            ("data", translate("it gets only what is ticked")),
            ("case", translate("the whole case moves to it")),
        ])  # fmt: skip
        if not any(code.startswith("unit.") for code in self.offered):
            del self.fields["access"]
        _offer(self, "needs", _words(needs()))
        _offer(self, "urgency", _words(urgencies()))
        _offer(self, "fields_shared", shareable)


def _service_groups(
    offers: Sequence[Offer], unit: str
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Services to choose from: what fits best first, each with how full it is, then our units."""
    ours = settings.MOSTOVI.code
    reached = {
        code: one for code, one in services().items()
        if one.takes_referrals
        and (one.node != ours or (one.unit in within.units() and one.unit != unit))
    }  # fmt: skip
    matched = [offer for offer in offers if offer.service in reached]
    for title, wanted in ((translate("Fits best"), True), (translate("For other people"), False)):
        listed = [
            (offer.service, _line(reached[offer.service], offer.capacity))
            for offer in matched
            if offer.is_for is wanted
        ]
        if listed:
            yield title, listed
    rest = [one for code, one in reached.items() if code not in {o.service for o in matched}]
    for node, listed_here in groupby(sorted(rest, key=lambda s: s.node), key=lambda s: s.node):
        yield node.upper(), [(one.code, one.name) for one in listed_here]
    units = [(code, one.name) for code, one in within.unit_services().items() if one.unit != unit]
    if units:
        yield translate("This institution"), units


def _line(service: Service, capacity: str) -> str:
    return f"{service.name} ({service.node.upper()}): {capacity}"


class EmergencyForm(forms.Form):
    """Asking a second reviewer to let a referral go without consent."""

    duty = forms.ChoiceField(label=_("Legal duty"))
    reason = forms.CharField(
        label=_("Why it cannot wait for the person's consent"),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 2000}),
        min_length=20,
        max_length=2000,
    )

    def __init__(self, *args: Any, purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holding = [duty for duty in duties().values() if purpose in duty.purposes]
        words = [(duty.code, f"{translate(duty.title)} ({duty.citation})") for duty in holding]
        _offer(self, "duty", words)
