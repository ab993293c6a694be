# SPDX-License-Identifier: EUPL-1.2
"""Forms of `plan`: a progress report, and the upload of the UN's table."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from mostovi.plan.letters import EvidenceLine
from mostovi.plan.models import Milestone, Status, Support

MOST_EVIDENCE = 20
MOST_BYTES = 20 * 1024 * 1024


class ReportForm(forms.Form):
    """What a partner reports about one action."""

    status = forms.ChoiceField(
        label=_("How far is it?"), choices=Status.choices, widget=forms.RadioSelect
    )
    reported_on = forms.DateField(
        label=_("State of things on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=_("What was done, and what comes next"),
        help_text=_("Write nothing about a person. Everybody with an account can read this."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=4000,
        required=False,
    )
    office = forms.CharField(
        label=_("Authority that reports"),
        help_text=_("For example: Ministry of Security, Immigration Sector."),
        max_length=200,
        required=False,
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        help_text=_(
            "One a line: a title, then the address of the document if it is on the web. "
            "For example: Official Gazette 12/26, by-law on guardians https://example.org/12-26. "
            "Status and evidence are shown on the secretariat's public page, the text above is not."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        required=False,
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_reported_on(self) -> date:
        """A state of things cannot lie in the future."""
        day: date = self.cleaned_data["reported_on"]
        if day > self.today:
            raise ValidationError(_("This day has not come yet. Write today or an earlier day."))
        return day

    def clean_evidence(self) -> list[EvidenceLine]:
        """The lines as titles and addresses; the message names the line that is wrong."""
        lines = [line.strip() for line in self.cleaned_data["evidence"].splitlines()]
        found = [_evidence(number, line) for number, line in enumerate(lines, 1) if line]
        if len(found) > MOST_EVIDENCE:
            raise ValidationError(
                _("At most %(most)s lines. Name the most telling documents."),
                params={"most": MOST_EVIDENCE},
            )
        return found


def _evidence(number: int, line: str) -> EvidenceLine:
    title, _space, last = line.rpartition(" ")
    if not last.startswith(("http://", "https://")):
        title, last = line, ""
    if not title.strip():
        raise ValidationError(
            _("Line %(number)s: write a title before the address."), params={"number": number}
        )
    if last:
        try:
            URLValidator(["http", "https"])(last)
        except ValidationError:
            raise ValidationError(
                _("Line %(number)s: the address is not complete."), params={"number": number}
            ) from None
    if len(title) > 200 or len(last) > 500:
        raise ValidationError(
            _("Line %(number)s is too long. Write a shorter title."), params={"number": number}
        )
    return EvidenceLine(title.strip(), last)


class StockForm(forms.Form):
    """The UN's migrant stock as CSV."""

    file = forms.FileField(
        label=_("File (CSV)"),
        help_text=_("Columns: destination, year, origin, sex, persons. Other columns are ignored."),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large to be the table."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is over 20 MB. Keep the rows of the region only."))
        return file


class FileForm(forms.Form):
    """A publisher's file as CSV."""

    file = forms.FileField(label=_("File (CSV)"))

    def clean_file(self) -> Any:
        """Refuse what is too large."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is over 20 MB. Keep the rows of the region only."))
        return file


class MilestoneForm(forms.Form):
    """A step toward an action, with its day."""

    title = forms.CharField(
        label=_("Milestone"),
        help_text=_("For example: by-law on guardians adopted. Write nothing about a person."),
        max_length=200,
    )
    due = forms.DateField(
        label=_("Due"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    state = forms.ChoiceField(
        label=_("State"), choices=Milestone.State.choices, widget=forms.RadioSelect,
        initial=Milestone.State.OPEN,
    )  # fmt: skip


class SupportForm(forms.Form):
    """Support asked for or offered."""

    action = forms.TypedChoiceField(label=_("Action"), coerce=int)
    side = forms.ChoiceField(
        label=_("Do you ask or offer?"), choices=Support.Side.choices, widget=forms.RadioSelect
    )
    sort = forms.ChoiceField(
        label=_("Kind of support"), choices=Support.Sort.choices,
        help_text=_("Requests and offers of the same kind are put together."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("What is needed or offered"),
        help_text=_("How much, for whom, until when. Write nothing about a person."),
        widget=forms.Textarea(attrs={"rows": 4}), max_length=1000,
    )  # fmt: skip

    def __init__(self, *args: Any, actions: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = actions  # type: ignore[attr-defined]


class CompareForm(forms.Form):
    """Two days to set beside each other."""

    before = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    after = forms.DateField(
        label=_("Second day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        """The first day lies before the second."""
        found = super().clean() or {}
        if found.get("before") and found.get("after") and found["before"] >= found["after"]:
            self.add_error("before", _("Write a day before the second one."))
        return found
