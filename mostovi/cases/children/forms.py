# SPDX-License-Identifier: EUPL-1.2
"""Forms of child protection: guardian, age assessment, places of care, placing a child."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mostovi.cases.children import rules, words
from mostovi.cases.children.age import Answer
from mostovi.cases.children.care import Sexes
from mostovi.cases.children.guardianship import Declared, Ending, Kind
from mostovi.procedures.presentation import in_language

_LINE = 400
_TEXT = 2000


def _line(label: Any, *, help_text: Any = "", required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=_LINE,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )  # fmt: skip


def _text(label: Any, *, help_text: Any = "", required: bool = True, rows: int = 3) -> Any:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=_TEXT,
        widget=forms.Textarea(attrs={"rows": rows, "dir": "auto", "maxlength": _TEXT}),
    )  # fmt: skip


def _day(label: Any, *, help_text: Any = "", required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, help_text=help_text, required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the date as day, month and year.")},
    )  # fmt: skip


def _offer(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - every caller names one of its own
    field.choices = choices


class GuardianForm(forms.Form):
    """Who was appointed, by which act, and what was declared."""

    account = forms.ChoiceField(
        label=_("Guardian with an account here"), required=False,
        help_text=_("With an account the guardian reads the child's file and case."),
    )  # fmt: skip
    name = _line(_("Name of a guardian without an account"))
    organisation = _line(_("Organisation or authority of the guardian"))
    contact = _line(_("How the guardian is reached"))
    relative = _line(
        _("Code of the guardian's own file here"),
        help_text=_("For a relative who is registered too. It shows conflicts of interest."),
    )
    kind = forms.ChoiceField(
        label=_("Kind of appointment"), choices=list(words.KINDS.items()), widget=forms.RadioSelect,
        initial=Kind.TEMPORARY,
    )  # fmt: skip
    from_day = _day(_("Guardian from"))
    act = _line(_("Decision that appoints: number and day"), required=True)
    authority = _line(_("Authority that decided"), required=True)
    declared = forms.ChoiceField(
        label=_("Conflict of interest, as the guardian declared"),
        choices=list(words.DECLARED.items()), widget=forms.RadioSelect,
        initial=Declared.NOT_ASKED,
    )  # fmt: skip
    declared_words = _text(_("What the guardian said about it"), required=False, rows=2)
    ends_because = forms.ChoiceField(
        label=_("Why the present guardian's appointment ends"), required=False,
        choices=[("", _("Choose")), *words.ENDINGS.items()],
    )  # fmt: skip
    over_limit_reason = _text(
        _("Reason for more children than usual"), required=False, rows=2,
        help_text=_("Only a case supervisor can agree to it."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, accounts: Sequence[tuple[str, Any]], has_one: bool, lifts: bool,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        _offer(self, "account", [("", _("No account")), *accounts])
        if not has_one:
            del self.fields["ends_because"]
        if not lifts:
            del self.fields["over_limit_reason"]


class GuardianEndForm(forms.Form):
    """Why and when an appointment ended."""

    until_day = _day(_("Last day"))
    because = forms.ChoiceField(
        label=_("Why it ends"),
        choices=[
            ("", _("Choose")),
            *((code, said) for code, said in words.ENDINGS.items() if code != Ending.REPLACED),
        ],
    )  # fmt: skip
    words = _text(_("In a few words"), required=False, rows=2)


class DoubtForm(forms.Form):
    """Grounds to doubt an age."""

    grounds = forms.MultipleChoiceField(
        label=_("Grounds"), widget=forms.CheckboxSelectMultiple,
        help_text=_("How somebody looks is no ground."),
    )  # fmt: skip
    words = _text(_("What the doubt rests on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(
            self,
            "grounds",
            [(code, in_language(said).text) for code, said in rules.grounds().items()],
        )


class AgeConsentForm(forms.Form):
    """What child or guardian answered."""

    who = forms.ChoiceField(
        label=_("Who was asked?"), widget=forms.RadioSelect,
        choices=[("child", _("the child")), ("guardian", _("the guardian"))],
    )  # fmt: skip
    answer = forms.ChoiceField(
        label=_("What was the answer?"), widget=forms.RadioSelect,
        choices=[(k, v) for k, v in words.ANSWERS.items() if k is not Answer.NOT_ASKED],
    )  # fmt: skip
    words = _text(
        _("How it was explained, by whom, in which language, and what was said"),
        help_text=_("Also that saying no has no bad consequence."),
    )


class MethodForm(forms.Form):
    """A method and its result."""

    method = forms.ChoiceField(
        label=_("Method"),
        help_text=_("Listed from the least to the most invasive. Each step needs the one before."),
    )
    on = _day(_("Day"))
    by = _line(_("Who carried it out (name, profession)"), required=True)
    youngest = forms.DecimalField(
        label=_("Youngest possible age, in years"), min_value=0, max_value=100, decimal_places=1,
        localize=True,
    )  # fmt: skip
    oldest = forms.DecimalField(
        label=_("Oldest possible age, in years"), min_value=0, max_value=100, decimal_places=1,
        localize=True,
    )  # fmt: skip
    words = _text(_("What was found, as the child was told"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [
            (method.code, f"{method.step}. {in_language(method.label).text}")
            for method in rules.methods().values()
        ]
        _offer(self, "method", offered)

    def months(self, name: str) -> int:
        """An age in completed months; the oldest is rounded up, the youngest down."""
        years: Decimal = self.cleaned_data[name] * 12
        whole = int(years)
        return whole + 1 if name == "oldest" and years != whole else whole


class PlaceForm(forms.Form):
    """A place of care."""

    code = forms.SlugField(
        label=_("Code"), max_length=20, help_text=_("Short, such as home-3. Never a family's name.")
    )
    name = _line(_("Name"), required=True, help_text=_("For a family: its number in the register."))
    kind = forms.ChoiceField(label=_("What kind of place?"), widget=forms.RadioSelect)
    capacity = forms.IntegerField(label=_("Places"), min_value=1, max_value=500)
    youngest = forms.IntegerField(label=_("From this age"), min_value=0, max_value=17, initial=0)
    oldest = forms.IntegerField(label=_("To this age"), min_value=0, max_value=17, initial=17)
    sexes = forms.ChoiceField(
        label=_("For whom?"), choices=list(words.SEXES.items()), widget=forms.RadioSelect,
        initial=Sexes.ALL,
    )  # fmt: skip
    licence = _line(_("Licence: number"), help_text=_("Without one no child is placed there."))
    licensed_until = _day(_("Licensed until"), required=False)
    adults_too = forms.BooleanField(
        label=_("Adults who are not family live there too"), required=False
    )
    closed_on = _day(_("Closed on"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = rules.place_kinds().values()
        _offer(self, "kind", [(kind.code, in_language(kind.label).text) for kind in kinds])


class PlacementForm(forms.Form):
    """A child begins to live at a place."""

    place = forms.ChoiceField(label=_("Place"), widget=forms.RadioSelect)
    from_day = _day(_("From"))
    urgent = forms.BooleanField(
        label=_("Urgent placement, to be replaced by a considered one"), required=False
    )
    reason = _text(_("Why this place is right for the child"))
    child_view = _text(_("What the child says about it"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "place", list(places.items()))


class PlacementEndForm(forms.Form):
    """A placement ends and no other begins."""

    until_day = _day(_("Last day"))
    ended_reason = _text(_("Why it ends, and where the child is"))
