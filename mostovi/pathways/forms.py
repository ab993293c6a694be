# SPDX-License-Identifier: EUPL-1.2
"""Forms of the law's pages: a lawyer's word, a new draft, the text of a draft."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mostovi.pathways import law_files, texts
from mostovi.pathways.models import Verdict
from mostovi.pathways.reforming import LONGEST_TEXT, TextRefused, plain_text
from mostovi.pathways.wording import language, law_name

LARGEST_FILE = LONGEST_TEXT * 4
"""Bytes of a draft that is uploaded: a character takes at most four."""


class SignForm(forms.Form):
    """What a named lawyer says of the text shown above the form."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    verdict = forms.ChoiceField(
        label=_("What the lawyer says"), choices=Verdict.choices, widget=forms.RadioSelect
    )
    lawyer = forms.CharField(
        label=_("The lawyer's name"),
        help_text=_("The person who read this text and stands by it. The name is shown."),
        max_length=120,
    )
    lawyer_role = forms.CharField(
        label=_("Office or role"),
        help_text=_("For example: Ministry of Interior, legal adviser for foreigners' law."),
        max_length=160,
    )
    said_on = forms.DateField(
        label=_("Day on which the lawyer said so"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=_("Note"),
        help_text=_("An objection says what is wrong. Write nothing about a person."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        max_length=4000,
        required=False,
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_said_on(self) -> date:
        """Nobody has said anything tomorrow."""
        day: date = self.cleaned_data["said_on"]
        if day > self.today:
            raise ValidationError(_("This day has not come yet. Write today or an earlier day."))
        return day

    def clean(self) -> dict[str, Any]:
        """An objection without a reason helps nobody."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("verdict") == Verdict.OBJECTED and not cleaned.get("note", "").strip():
            self.add_error("note", _("Write what is wrong in the text."))
        return cleaned


class TakeBackForm(forms.Form):
    """Why a sign-off is taken back."""

    reason = forms.CharField(
        label=_("Why is it taken back?"),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        max_length=2000,
    )


class BeginForm(forms.Form):
    """A new draft, from a pack in force."""

    partner = forms.ChoiceField(label=_("Whose law"))
    pathway = forms.ChoiceField(label=_("Which pathway"))
    title = forms.CharField(
        label=_("What the reform is called"),
        help_text=_("For example: Housing no longer asked of families of refugees."),
        max_length=160,
    )
    aim = forms.CharField(
        label=_("What it is to change, and for whom"),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        max_length=4000,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = language()
        self._offer("partner", [(code, law_name(code)) for code in law_files.LAWS])
        kinds = law_files.kinds()
        self._offer("pathway", [(c, texts.say(f"pathway.{c}.title", spoken).text) for c in kinds])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "")] + choices if len(choices) > 1 else choices


class DraftForm(forms.Form):
    """The text of a draft, and why it is changed. `seen` is the version that was open."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    text = forms.CharField(
        label=_("Text of the draft (YAML)"),
        widget=forms.Textarea(
            attrs={
                "rows": 28, "dir": "ltr", "spellcheck": "false", "autocapitalize": "off",
                "autocomplete": "off", "wrap": "off", "class": "code-text",
            }
        ),
        strip=False,
    )  # fmt: skip
    why = forms.CharField(
        label=_("What you changed, and why"),
        help_text=_("One sentence. It is kept with this version."),
        max_length=300,
        error_messages={
            "required": _("Write what you changed, and why. It is kept with the version.")
        },
    )

    def __init__(self, *args: Any, checking: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checking = checking

    def full_clean(self) -> None:
        """As always; only who keeps a version has to say why."""
        self.fields["why"].required = not self.checking
        super().full_clean()
        self.fields["why"].required = True

    def clean_text(self) -> str:
        """The text as it is kept."""
        try:
            return plain_text(self.cleaned_data["text"])
        except TextRefused:
            raise ValidationError(_BAD_TEXT) from None


class UploadForm(forms.Form):
    """A file that becomes the draft's next version."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    file = forms.FileField(
        label=_("File (YAML)"), help_text=_("Text in UTF-8, at most 400 kB, in the packs' format.")
    )
    why = forms.CharField(
        label=_("What you changed, and why"),
        help_text=_("One sentence. It is kept with this version."),
        max_length=300,
    )

    def clean_file(self) -> str:
        """The text in the file."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(_("The file is over 400 kB. A pack is much smaller."))
        try:
            return plain_text(file.read().decode("utf-8"))
        except UnicodeDecodeError:
            raise ValidationError(_("The file is not text in UTF-8. Save it so.")) from None
        except TextRefused:
            raise ValidationError(_BAD_TEXT) from None


_BAD_TEXT = _(
    "The text is over 100,000 characters, or holds characters that are no text. "
    "Shorten it or clean it."
)
