# SPDX-License-Identifier: EUPL-1.2
"""Forms of transfers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from mostovi.cases.transfers import transferring
from mostovi.exchange.profiles import profile

LONG_TEXT = 4000


def _offer(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - every caller names one of its own
    field.choices = choices


class TransferForm(forms.Form):
    """To whom the case is handed, why, and what goes with it."""

    to = forms.ChoiceField(label=_("Institution that takes over"))
    reason = forms.ChoiceField(label=_("Why the case is handed over"), widget=forms.RadioSelect)
    fields_shared = forms.MultipleChoiceField(
        label=_("What goes with the case"),
        help_text=_(
            "Tick what the institution needs to go on. What is not recorded is not sent. You see "
            "everything before it goes."
        ),
        widget=forms.CheckboxSelectMultiple,
    )
    summary = forms.CharField(
        label=_("Summary of the case"),
        help_text=_("What the new institution must know to go on; not the whole story."),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONG_TEXT}), max_length=LONG_TEXT,
        required=False,
    )  # fmt: skip
    plan = forms.CharField(
        label=_("Plan and what is still to be done"),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONG_TEXT}), max_length=LONG_TEXT,
        required=False,
    )  # fmt: skip
    safety = forms.CharField(
        label=_("Safety of the person and of staff"),
        help_text=_("For example: who must not learn where the person is."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 1000}), max_length=1000,
        required=False,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = profile(transferring.TRANSFER).schema["properties"]
        shareable = [(name, translate(titles[name]["title"])) for name in transferring.FIELDS]
        _offer(self, "to", [(code, f"{code.upper()}: {name}") for code, name in
                            transferring.receivers()])  # fmt: skip
        _offer(self, "reason", [(c, translate(w)) for c, w in transferring.reasons().items()])
        _offer(self, "fields_shared", shareable)
