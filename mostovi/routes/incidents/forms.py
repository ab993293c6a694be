# SPDX-License-Identifier: EUPL-1.2
"""Forms of `incidents`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from mostovi.routes.incidents import assisting, outcomes
from mostovi.routes.incidents.catalogue import ANSWERS, sign_set, words
from mostovi.routes.incidents.models import LinkDecision, Outcome

ANSWER_WORDS = {"yes": _("Yes"), "no": _("No"), "unknown": _("Not known")}
SORT_WORDS = {
    "finding": _("Finding"), "question": _("Question"), "answer": _("Answer"), "task": _("Task"),
    "identifier": _("Phone, vehicle, account or address"),
}  # fmt: skip
SEX_WORDS = {"female": _("Female"), "male": _("Male"), "other": _("Another answer")}


def _day(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, widget=widget, required=required)


def _text(label: Any, help_text: Any = "", *, required: bool = True, rows: int = 4) -> forms.Field:
    widget = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
    return forms.CharField(label=label, help_text=help_text, widget=widget, required=required)


def _line(label: Any, help_text: Any = "", *, required: bool = True, most: int = 200) -> Any:
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=most)


def listed(group: str) -> list[tuple[str, str]]:
    """A list of codes with their words in the reader's language."""
    return [(code, _now(text)) for code, text in words()[group].items()]


class _Listed(forms.Form):
    """Fills the choices of codes when the form is made, in the language of the moment."""

    GROUPS: Mapping[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, group in self.GROUPS.items():
            self.fields[name].choices = listed(group)  # type: ignore[attr-defined]


class IncidentForm(_Listed):
    """What happened, when, where, by which means."""

    GROUPS = {
        "crime": "crimes", "place_kind": "place_kinds", "means": "means", "methods": "methods",
    }  # fmt: skip

    crime = forms.ChoiceField(label=_("Which offence may it be?"))
    happened_on = _day(_("On which day?"))
    place_kind = forms.ChoiceField(label=_("What kind of place?"))
    place = _line(_("Where exactly?"), required=False, most=500)
    means = forms.MultipleChoiceField(
        label=_("By which means?"), required=False, widget=forms.CheckboxSelectMultiple
    )
    methods = forms.MultipleChoiceField(
        label=_("In which way?"), required=False, widget=forms.CheckboxSelectMultiple
    )
    summary = _text(
        _("What happened?"),
        _("Nothing that was said to a social worker, doctor or shelter belongs here."),
    )
    source = _line(
        _("Where does it come from?"),
        _("A patrol, a report, a statement by its reference."), required=False, most=500,
    )  # fmt: skip


class IdentifierForm(_Listed):
    """Something that could be the same at another incident."""

    GROUPS = {"kind": "identifier_kinds"}

    kind = forms.ChoiceField(label=_("What is it?"))
    value = _line(
        _("As it is written"), _("Other ways of writing the same are recognised."), most=200
    )
    note = _line(_("Note"), required=False, most=500)


class AdvertForm(forms.Form):
    """An officer's review of an online advert; one question for each sign of the set."""

    found_on = _day(_("Found on which day?"))
    address = _line(_("Address of the advert"), most=500)
    text = _text(_("Its text"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sign_set()
        for sign in known.signs:
            self.fields[sign.code] = forms.ChoiceField(
                label=_now(sign.asks), initial="unknown",
                choices=[(code, ANSWER_WORDS[code]) for code in ANSWERS],
            )  # fmt: skip
        self.fields["conclusion"] = forms.ChoiceField(
            label=_("What do you conclude?"),
            choices=[(code, _now(text)) for code, text in known.conclusions.items()],
            widget=forms.RadioSelect,
        )
        self.fields["reasons"] = _text(
            _("Why?"), _("Signs are a reason to look closer. You decide, not their number.")
        )

    def answers(self) -> dict[str, str]:
        """The answers by sign."""
        return {sign.code: self.cleaned_data[sign.code] for sign in sign_set().signs}


class LinkForm(forms.Form):
    """What it means that two incidents share something."""

    ruling = forms.ChoiceField(
        label=_("What does it mean?"), choices=LinkDecision.Ruling.choices,
        widget=forms.RadioSelect,
    )  # fmt: skip
    reason = _text(_("Why?"), rows=3)


class InvestigationForm(_Listed):
    """An investigation is opened."""

    GROUPS = {"crime": "crimes"}

    crime = forms.ChoiceField(label=_("Which offence?"))
    title = _line(_("Title"), _("Names the matter, not a person."))
    summary = _text(_("What is it about?"), required=False)


class OutcomeForm(_Listed):
    """A number of proceedings, or of people identified as victims."""

    GROUPS = {"crime": "crimes"}

    stage = forms.ChoiceField(label=_("What was reached?"), choices=Outcome.Stage.choices)
    crime = forms.ChoiceField(label=_("Which offence?"))
    happened_on = _day(_("On which day?"), _("Only the month is counted."))
    number = forms.IntegerField(label=_("How many?"), min_value=1, max_value=outcomes.MOST)
    sex = forms.ChoiceField(
        label=_("Sex"), required=False, choices=[("", _("Not known")), *SEX_WORDS.items()],
        help_text=_("Only for people identified as victims."),
    )  # fmt: skip
    age_group = forms.ChoiceField(
        label=_("Age"), required=False,
        choices=[("", _("Not known")), *((code, code) for code in outcomes.AGE_GROUPS)],
        help_text=_("Only for people identified as victims. An age in doubt is a child's."),
    )  # fmt: skip


class ProposalForm(forms.Form):
    """Joint work is proposed to another node."""

    to = forms.ChoiceField(label=_("To which node?"))
    title = _line(_("Title"), _("Names the matter, not a person. The other node sees it."))
    legal_basis = _line(_("Legal basis"), _("The agreement or provision."), most=300)
    text = _text(_("Why together?"))
    until = _day(_("Until"), required=False)

    def __init__(self, *args: Any, nodes: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = nodes  # type: ignore[attr-defined]


class EntryForm(_Listed):
    """Something is put into the joint workspace."""

    GROUPS = {"kind": "identifier_kinds"}

    sort = forms.ChoiceField(label=_("What do you share?"), choices=list(SORT_WORDS.items()))
    text = _text(
        _("Text"), _("On means, money and suspects. Nothing on anybody who may be a victim."),
        required=False,
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("If it can be compared: what is it?"), required=False)
    value = _line(_("If it can be compared: as it is written"), required=False)
    answers = forms.ChoiceField(label=_("If it is an answer: to what?"), required=False)

    def __init__(self, *args: Any, asked: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answers"].choices = [("", "–"), *asked]  # type: ignore[attr-defined]


class AssistanceForm(_Listed):
    """A request for mutual legal assistance."""

    GROUPS = {"crime": "crimes"}

    to = forms.ChoiceField(label=_("To which node?"))
    measure = forms.ChoiceField(label=_("Which measure?"))
    crime = forms.ChoiceField(label=_("Which offence?"))
    legal_basis = _line(_("Legal basis"), _("The convention or agreement."), most=300)
    formal_number = _line(
        _("Number of the formal request"),
        _("Where your law asks for another channel, this is the working copy."),
        required=False, most=60,
    )  # fmt: skip
    facts = _text(_("Facts"))
    asked = _text(_("What do you ask for?"))
    urgency = forms.ChoiceField(
        label=_("How urgent is it?"), choices=[("routine", _("Routine")), ("urgent", _("Urgent"))]
    )
    why_urgent = _text(_("Why is it urgent?"), required=False, rows=2)
    reply_by = _day(_("Answer wished by"), required=False)

    def __init__(self, *args: Any, nodes: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = nodes  # type: ignore[attr-defined]
        self.fields["measure"].choices = [  # type: ignore[attr-defined]
            (code, _now(text)) for code, text in assisting.measures().items()
        ]

    def written(self) -> dict[str, str]:
        """The texts by field."""
        names = ("legal_basis", "formal_number", "facts", "asked", "why_urgent")
        return {name: self.cleaned_data[name] for name in names}
