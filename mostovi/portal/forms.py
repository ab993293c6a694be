# SPDX-License-Identifier: EUPL-1.2
"""Forms of a person's own file and of the answers to it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mostovi.portal.models import OwnFileRequest


class CodeForm(forms.Form):
    """The printed code."""

    code = forms.CharField(
        label=_("Your code"),
        max_length=60,
        help_text=_("16 letters and digits, as on your sheet. Spaces and dashes do not matter."),
        widget=forms.TextInput(
            attrs={
                "dir": "ltr", "autocomplete": "off", "autocapitalize": "characters",
                "spellcheck": "false", "class": "code-input",
            }
        ),
    )  # fmt: skip


class AskForm(forms.Form):
    """What the person asks for, in their own words and language."""

    words = forms.CharField(
        label=_("In your own words"),
        max_length=4000,
        help_text=_("In any language. You need not write well."),
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )

    def __init__(self, *args: Any, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].required = required


class AnswerForm(forms.Form):
    """The answer of staff."""

    outcome = forms.ChoiceField(
        label=_("What is the answer?"), choices=OwnFileRequest.Outcome.choices,
        widget=forms.RadioSelect,
    )  # fmt: skip
    words = forms.CharField(
        label=_("What the person will read"), max_length=4000,
        help_text=_("Plain words. If something is not possible: why, and where to complain."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )  # fmt: skip
