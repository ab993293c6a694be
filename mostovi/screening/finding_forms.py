# SPDX-License-Identifier: EUPL-1.2
"""The officer's decision on a finding, as a form."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from mostovi.screening.finding_services import SHORTEST_REASON
from mostovi.screening.models import FindingDecision

STEP_LABELS = [
    (
        FindingDecision.Step.REFER.value,
        _("Refer: offer the person identification and help by a specialised service"),
    ),
    (
        FindingDecision.Step.KEEP_OBSERVING.value,
        _("Keep observing: ask more later, or look again when something changes"),
    ),
    (
        FindingDecision.Step.NO_FURTHER_STEP.value,
        _("No further step: the person has been told where help is"),
    ),
]


class DecisionForm(forms.Form):
    """What happens next, and why."""

    step = forms.ChoiceField(
        label=_("What happens next?"),
        choices=STEP_LABELS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the three.")},
    )
    reasons = forms.CharField(
        label=_("Reasons"),
        help_text=_(
            "In a sentence or two that a colleague understands. They are kept encrypted with the "
            "finding, and the person may read them."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        min_length=SHORTEST_REASON,
        max_length=5000,
        error_messages={
            "required": _("Write why. A decision without reasons is not recorded."),
            "min_length": _("Write why in a sentence that a colleague understands."),
        },
    )
