# SPDX-License-Identifier: EUPL-1.2
"""Forms of decisions, of the period's clock, and of statements for investigators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from mostovi.cases.victims import statement_fields, wording
from mostovi.cases.victims.decisions import LONGEST
from mostovi.people.models import Consent


def _text(
    label: Any, *, help_text: Any = "", longest: int, rows: int = 3, required: bool = False
) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows, "maxlength": longest, "dir": "auto"})
    return forms.CharField(
        label=label, help_text=help_text, max_length=longest, required=required, widget=area
    )


class DecisionForm(forms.Form):
    """A decision on identification, as its officer answers for it."""

    authority = forms.CharField(
        label=_("Authority that decides"), max_length=200,
        help_text=_("The one that is competent by law, and your function there."),
    )  # fmt: skip
    decided_on = forms.DateField(
        label=_("Day of the decision"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        initial=timezone.localdate,
    )  # fmt: skip
    basis = forms.MultipleChoiceField(
        label=_("What the decision rests on"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Whether the person speaks with investigators plays no part."),
        choices=list(wording.BASES.items()),
        error_messages={"required": _("Say what the decision rests on.")},
    )  # fmt: skip
    reasons = _text(
        _("Reasons"), longest=LONGEST, rows=6, required=True,
        help_text=_("In a few sentences: which signs, how they fit together, what speaks against."),
    )  # fmt: skip
    told = _text(
        _("How and in which language the person is told"), longest=LONGEST, required=True,
        help_text=_("Say what it means, how long a period is, and how to appeal."),
    )  # fmt: skip


class StatementForm(forms.Form):
    """What the person wants investigators to know: fields they agreed to, and their own words."""

    consent = forms.ChoiceField(label=_("Under which consent"), widget=forms.RadioSelect)
    fields_chosen = forms.MultipleChoiceField(
        label=_("What is given"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what the person agreed to can be chosen. What is empty is not given."),
        error_messages={"required": _("Choose at least one thing.")},
    )  # fmt: skip

    def __init__(
        self, *args: Any, consents: Sequence[Consent], language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        named = {field for consent in consents for field in consent.fields}
        offered = [line for line in statement_fields.fields(language) if line[0] in named]
        self.fields["consent"].choices = [  # type: ignore[attr-defined]
            (str(consent.pk), _consent_words(consent)) for consent in consents
        ]
        self.fields["fields_chosen"].choices = offered  # type: ignore[attr-defined]
        if len(consents) == 1:
            self.fields["consent"].initial = str(consents[0].pk)
            self.fields["fields_chosen"].initial = [code for code, _label in offered]
        for code, label in offered:
            if code in statement_fields.WORDS:
                self.fields[code] = _text(
                    label, longest=statement_fields.LONGEST, rows=5,
                    help_text=_("In the person's own words, as far as they want."),
                )  # fmt: skip

    def written(self) -> dict[str, str]:
        """The person's words by field."""
        return {code: self.cleaned_data.get(code, "") for code in statement_fields.WORDS}


def _consent_words(consent: Consent) -> str:
    assert consent.expires_at is not None  # noqa: S101 - every consent that is given has an end
    given, until = timezone.localtime(consent.created_at), timezone.localtime(consent.expires_at)
    return str(
        _("given on %(given)s, until %(until)s")
        % {
            "given": date_format(given, "SHORT_DATE_FORMAT"),
            "until": date_format(until, "SHORT_DATE_FORMAT"),
        }
    )
