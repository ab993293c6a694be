# SPDX-License-Identifier: EUPL-1.2
"""Forms of detection: review an alert, write an assessment, judge, dissent."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from mostovi.routes import assessing
from mostovi.routes.detection_models import AlertReview, ThreatAssessment, ThreatJudgement


def _long(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ReviewForm(forms.Form):
    """What an alert was."""

    verdict = forms.ChoiceField(
        label=_("What was it?"), choices=AlertReview.Verdict.choices, widget=forms.RadioSelect
    )
    words = forms.CharField(
        label=_("What makes you say so?"), max_length=1000, widget=_long(),
        help_text=_("All staff can read it. Name no person and no place where people hide."),
    )  # fmt: skip
    help_needed = forms.CharField(
        label=_("Which help is needed now, and where?"), max_length=500, required=False,
        widget=_long(2), help_text=_("Shelter, doctors, guardians, interpreters. Empty is none."),
    )  # fmt: skip


class AssessmentForm(forms.ModelForm[ThreatAssessment]):
    """The frame of an assessment."""

    class Meta:
        model = ThreatAssessment
        fields: ClassVar = [
            "title", "question", "scope", "covers_from", "covers_until", "unknown", "asked",
        ]  # fmt: skip
        labels: ClassVar = {
            "title": _("Title"),
            "question": _("Which question does it answer?"),
            "scope": _("Which routes and ways?"),
            "covers_from": _("From which day?"),
            "covers_until": _("Until which day?"),
            "unknown": _("What is not known?"),
            "asked": _("Who was asked whether they judge otherwise?"),
        }
        help_texts: ClassVar = {
            "title": _("All staff can read it once it is published. Name no person."),
            "unknown": _("Gaps in the counts, places nobody sees, sources that are missing."),
            "asked": _("Roles or institutions. Needed before publishing."),
        }
        widgets: ClassVar = {
            "question": _long(2), "unknown": _long(),
            "covers_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "covers_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asked"].required = False
        self.fields["unknown"].required = False

    def clean(self) -> dict[str, Any]:
        """The last day does not lie before the first."""
        values = super().clean() or {}
        first, last = values.get("covers_from"), values.get("covers_until")
        if first and last and last < first:
            self.add_error("covers_until", _("This day lies before the first day."))
        return values


class JudgementForm(forms.Form):
    """One judgement with its sources."""

    statement = forms.CharField(label=_("What do you judge?"), max_length=600, widget=_long(2))
    likelihood = forms.ChoiceField(
        label=_("How likely is it?"), choices=ThreatJudgement.Likelihood.choices
    )
    confidence = forms.ChoiceField(
        label=_("How sure is the ground?"), choices=ThreatJudgement.Confidence.choices
    )
    basis = forms.CharField(label=_("Why?"), max_length=1000, widget=_long())
    sources = forms.CharField(
        label=_("Sources, one on a line"), max_length=4000, widget=_long(),
        help_text=_(
            "Grade | title | address. Grade: reliability A (always) to F (cannot be judged) and "
            "credibility 1 (confirmed) to 6 (cannot be judged), for example: "
            "B2 | Monthly detections, Frontex | https://example.org"
        ),
    )  # fmt: skip
    would_change = forms.CharField(
        label=_("What would change this judgement?"), max_length=500, widget=_long(2)
    )

    def clean_sources(self) -> list[dict[str, str]]:
        """Sources as data."""
        try:
            found = assessing.sources(self.cleaned_data["sources"])
        except assessing.WrongSources as wrong:
            lines = ", ".join(str(number) for number in wrong.lines)
            raise ValidationError(
                _now("Line %(lines)s is no source. Write: B2 | title | https://address")
                % {"lines": lines}
            ) from None
        if not found:
            raise ValidationError(_now("Name at least one source."))
        return found


class DissentForm(forms.Form):
    """How somebody judges otherwise."""

    words = forms.CharField(
        label=_("How do you judge, and why?"), max_length=1000, widget=_long(),
        help_text=_("It stays beside the judgement, with your role. It cannot be taken back."),
    )  # fmt: skip
