# SPDX-License-Identifier: EUPL-1.2
"""What somebody chooses before a reform is tried on people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mostovi.pathways import law_files, simulation_words, wording
from mostovi.pathways.simulation_services import (
    FEWEST_PEOPLE,
    MOST_PEOPLE,
    MOST_SEED,
    SYNTHETIC,
)


class SimulateForm(forms.Form):
    """Day, people and groups. offered: codes of the populations of this node."""

    on = forms.DateField(
        label=_("The law on"),
        help_text=_("Both laws are taken as they stand on this day."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    population = forms.ChoiceField(label=_("Which people"), widget=forms.RadioSelect)
    partner = forms.ChoiceField(
        label=_("Of which partner"),
        help_text=_("Whose figures the people are made to. The node's own cases are its own."),
        required=False,
    )
    people = forms.IntegerField(
        label=_("How many people"),
        help_text=_("For people who do not exist. 100 to 2,000,000; many take longer."),
        min_value=FEWEST_PEOPLE,
        max_value=MOST_PEOPLE,
        required=False,
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        help_text=_("A number that decides the draw. The same seed gives the same people."),
        min_value=0,
        max_value=MOST_SEED,
        required=False,
    )
    by = forms.MultipleChoiceField(
        label=_("Show by"),
        help_text=_("The node's own cases can be shown by sex and age group only."),
        choices=[(code, name) for code, name in simulation_words.GROUPINGS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, offered: list[str], own_partner: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_partner = own_partner
        words = simulation_words.POPULATIONS
        self._choices("population", [(code, str(words.get(code, code))) for code in offered])
        self._choices("partner", [(code, wording.law_name(code)) for code in law_files.PARTNERS])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        """What belongs to the chosen people."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("population") == SYNTHETIC:
            for name in ("partner", "people", "seed"):
                if cleaned.get(name) in (None, "") and name not in self.errors:
                    self.add_error(name, _("Needed for people who do not exist."))
        elif cleaned.get("population"):
            cleaned["partner"] = self.own_partner
            cleaned["people"] = cleaned["seed"] = 0
            for name in ("people", "seed", "partner"):
                self.errors.pop(name, None)
            if set(cleaned.get("by", ())) - set(simulation_words.OWN_GROUPINGS):
                self.add_error("by", _("Own cases can be shown by sex and age group only."))
        return cleaned
