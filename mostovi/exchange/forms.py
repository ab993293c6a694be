# SPDX-License-Identifier: EUPL-1.2
"""What administrators of the exchange fill in."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mostovi.exchange import keys
from mostovi.exchange.directory import MAXIMUM_DIRECTORY


class RotateForm(forms.Form):
    """When the new keys begin to be used."""

    begin = forms.ChoiceField(
        label=_("When do the new keys begin?"),
        choices=[
            ("planned", _("In 30 days, so that every node knows them by then")),
            ("now", _("Now: the old keys are lost or may be known to others")),
        ],
        initial="planned",
        widget=forms.RadioSelect,
    )

    def ahead(self) -> timedelta:
        """How long until the new keys are used."""
        return timedelta(0) if self.cleaned_data["begin"] == "now" else keys.PUBLISH_AHEAD


class DirectoryForm(forms.Form):
    """A signed directory as it came from the steward."""

    document = forms.FileField(
        label=_("Signed directory"),
        help_text=_("The file that the steward of the directory published."),
    )

    def clean_document(self) -> str:
        """The text of the file; its signatures are checked by the service."""
        file = self.cleaned_data["document"]
        if file.size > MAXIMUM_DIRECTORY * 2:
            raise forms.ValidationError(_("This file is too large to be a directory."))
        try:
            text: str = file.read().decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("This file is not a directory of nodes.")) from error
        return text


class PublishForm(forms.Form):
    """Entries of nodes to take into the next directory, besides those collected."""

    entries = forms.FileField(
        label=_("Entry of a new node"),
        required=False,
        help_text=_("What 'mostovi exchange keys show --json' prints at the new node."),
    )

    def clean_entries(self) -> list[dict[str, Any]]:
        """The entries in the file: one, or a list of several."""
        file = self.cleaned_data["entries"]
        if not file:
            return []
        try:
            value = json.loads(file.read(MAXIMUM_DIRECTORY).decode("utf-8"))
        except ValueError as error:
            raise forms.ValidationError(_("This file is not the entry of a node.")) from error
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in found):
            raise forms.ValidationError(_("This file is not the entry of a node."))
        return found
