# SPDX-License-Identifier: EUPL-1.2
"""Forms of family tracing: labels, help and choices in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from mostovi.people import consent_texts, words
from mostovi.people.consent import Means
from mostovi.people.fields import Relation
from mostovi.tracing.requesting import LONGEST_TEXT
from mostovi.tracing.vocabulary import Preparation, Question

NAMES = 3


def _text(rows: int, longest: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "maxlength": longest, "dir": "auto"})


class WhoForm(forms.Form):
    """First page of a search: who is sought, as the person tells it."""

    relation = forms.ChoiceField(label=_("Who is this to the person?"))
    name_1 = forms.CharField(
        label=_("Name, as the person writes it"),
        help_text=_("In any script. All parts that are known, in any order."),
        max_length=200, widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )  # fmt: skip
    name_2 = forms.CharField(
        label=_("The same name otherwise written"),
        help_text=_("In another script, as in papers, or a name used at home."),
        max_length=200, required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )  # fmt: skip
    name_3 = forms.CharField(
        label=_("Another name"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )  # fmt: skip
    sex = forms.ChoiceField(label=_("Sex"), widget=forms.RadioSelect, initial="unknown")
    first_year = forms.IntegerField(
        label=_("Born in, or not before"), required=False, min_value=1900, max_value=2200,
        help_text=_("A year, such as 1985. Leave empty what is not known."),
    )  # fmt: skip
    last_year = forms.IntegerField(
        label=_("Not after"), required=False, min_value=1900, max_value=2200,
        help_text=_("For an estimate: the latest year. Empty when the year is known."),
    )  # fmt: skip

    def __init__(self, *args: Any, language: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "relation", [("", translate("Choose")), *relations()])
        _offer(self, "sex", [
            ("female", translate("Female")), ("male", translate("Male")),
            ("other", translate("Another answer")), ("unknown", translate("Unknown")),
        ])  # fmt: skip
        self.language = language

    def described(self) -> dict[str, Any]:
        """The values as `requesting.clean_sought` takes them."""
        made = self.cleaned_data
        written = [made[f"name_{number}"] for number in range(1, NAMES + 1)]
        return {
            "relation": made["relation"],
            "names": [{"text": text, "language": self.language} for text in written if text],
            "sex": made["sex"],
            "first_year": made["first_year"],
            "last_year": made["last_year"],
        }


class WhereForm(forms.Form):
    """Second page: where, and how they lost each other."""

    places = forms.CharField(
        label=_("Places"),
        help_text=_("Of birth, of living, last seen. One a line, in any script."),
        required=False, max_length=1000, widget=_text(3, 1000),
    )  # fmt: skip
    last_contact = forms.CharField(
        label=_("When and where they last had contact"), required=False, max_length=LONGEST_TEXT,
        widget=_text(3, LONGEST_TEXT),
    )  # fmt: skip
    circumstances = forms.CharField(
        label=_("How they lost each other"),
        help_text=_("Only what the person wants to say. It stays in this search."),
        required=False, max_length=LONGEST_TEXT, widget=_text(3, LONGEST_TEXT),
    )  # fmt: skip

    def described(self) -> dict[str, Any]:
        """The values as `requesting.clean_sought` takes them."""
        made = self.cleaned_data
        return {**made, "places": [line.strip() for line in made["places"].splitlines()]}


class AgreeForm(forms.Form):
    """Third page: what the searching person agreed to."""

    side = forms.ChoiceField(label=_("Who searches?"), widget=forms.RadioSelect)
    agreed_here = forms.BooleanField(
        label=_("The person asked for this search, knows how it works, and agrees to it here"),
        help_text=_(
            "The search is compared within this institution. For every other institution a consent "
            "of its own is taken afterwards. The sought person is asked before anything is told."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "side", [
            ("child", translate("A child looks for family")),
            ("adult", translate("An adult looks for family")),
        ])  # fmt: skip


class NoForm(forms.Form):
    """The person does not want to be found."""

    fled_from = forms.BooleanField(
        label=_("This is, or is close to, somebody the person fled from"), required=False
    )
    not_at_all = forms.BooleanField(
        label=_("The person does not want to be found by anybody"),
        help_text=_("They are left out of every comparison from now on, until they say otherwise."),
        required=False,
    )
    note = forms.CharField(
        label=_("Safety note"),
        help_text=_("It stays at this institution, in the person's own records. Nothing is sent."),
        required=False, max_length=2000, widget=_text(3, 2000),
    )  # fmt: skip


class NotNowForm(forms.Form):
    """The person wants time."""

    ask_again_on = forms.DateField(
        label=_("Ask again on"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip


class YesForm(forms.Form):
    """The person agrees, or sends only a word of safety. For a child the guardian, with a view."""

    language = forms.ChoiceField(label=_("In which language was it explained?"))
    means = forms.ChoiceField(label=_("How was it agreed?"), widget=forms.RadioSelect)
    interpreter_present = forms.BooleanField(label=_("An interpreter was there"), required=False)
    message = forms.CharField(
        label=_("A message in the person's own words"), required=False, max_length=1000,
        help_text=_("It is sent as it stands. No address, no place."), widget=_text(3, 1000),
    )  # fmt: skip
    guardian_name = forms.CharField(
        label=_("Guardian who agrees"), required=False, max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )  # fmt: skip
    guardian_relation = forms.CharField(
        label=_("Relation of the guardian to the child"), required=False, max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )  # fmt: skip
    child_view = forms.CharField(
        label=_("What the child said"), required=False, max_length=2000, widget=_text(2, 2000)
    )

    def __init__(self, *args: Any, child: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "language", list(consent_texts.languages().items()))
        _offer(self, "means", [(one.value, words.MEANS[one]) for one in Means])
        for name in ("guardian_name", "child_view"):
            self.fields[name].required = child
        if not child:
            for name in ("guardian_name", "guardian_relation", "child_view"):
                del self.fields[name]


class AnswersForm(forms.Form):
    """The verification questions, each with the person's own words."""

    def __init__(
        self, *args: Any, questions: Sequence[Question], language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for one in questions:
            self.fields[one.code] = forms.CharField(
                label=one.text.get(language) or one.text["en"], max_length=600,
                widget=_text(2, 600),
            )  # fmt: skip


class PreparationsForm(forms.Form):
    """What is done before a reunification."""

    done = forms.MultipleChoiceField(
        label=_("Done at our side"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, steps: Sequence[Preparation], language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "done", [
            (one.code, _required(one.label.get(language) or one.label["en"], one.required))
            for one in steps
        ])  # fmt: skip


def _required(text: str, required: bool) -> str:
    return text if required else translate("%(text)s (not required)") % {"text": text}


def relations() -> list[tuple[str, str]]:
    """Relations in words: who the sought one is to the searching person."""
    return [(one.value, str(words.RELATIONS[one])) for one in Relation]


def _offer(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - every caller names one of its own
    field.choices = choices


def errors_of(form: forms.Form, problem: Mapping[str, str]) -> None:
    """Put a service's complaint at its field, or on top when the form has no such field."""
    for name, message in problem.items():
        form.add_error(name if name in form.fields else None, translate(message))
