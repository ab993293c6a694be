# SPDX-License-Identifier: EUPL-1.2
"""Forms of `routes`: what was seen, a point, a reason for finer data, files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mostovi.routes import files
from mostovi.routes.catalogue import network
from mostovi.routes.measures import Nature
from mostovi.routes.models import FineReading, Observation, Point
from mostovi.routes.sheets import MOST_PEOPLE, Seen
from mostovi.routes.words import area_name, way_name


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _count(label: Any, help_text: Any = "", *, required: bool = False) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, required=required, min_value=0, max_value=MOST_PEOPLE
    )


class ObserveForm(forms.Form):
    """How many people were seen at a point on a day."""

    point = forms.ChoiceField(label=_("Where did you count?"))
    day = forms.DateField(label=_("On which day?"), widget=_day())
    nature = forms.ChoiceField(
        label=_("What did you do?"),
        choices=[
            (Observation.Nature.COUNT.value, _("I counted people who passed or stayed")),
            (Observation.Nature.SURVEY.value, _("I asked people (survey)")),
        ],
        widget=forms.RadioSelect,
    )
    way = forms.ChoiceField(
        label=_("On which way were they?"), required=False,
        help_text=_("Choose 'not known' if you are not sure. Do not ask people for it."),
    )  # fmt: skip
    hours = forms.FloatField(
        label=_("For how many hours did you count?"), required=False, min_value=0.25, max_value=24,
        help_text=_("It tells how complete the count is. Empty is not known."),
    )  # fmt: skip
    people = _count(_("How many people?"), _("0 if there was nobody."), required=True)
    children_alone = _count(
        _("How many of them were children without parents?"),
        _("Empty is not known. A doubtful age counts as a child's."),
    )
    violence = _count(
        _("How many of those asked told of violence on the way?"),
        _("Only in a survey. Help comes first: offer it before you count."),
    )
    deaths = _count(_("How many people died?"), _("Empty is not known."))
    missing = _count(_("How many people went missing?"), _("Empty is not known."))
    reference = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, points: Iterable[Point], today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        names = {area.code: area_name(area) for area in network().areas}
        self.fields["point"].choices = [  # type: ignore[attr-defined]
            ("", "—"),
            *((one.code, f"{names.get(one.area, one.area)}: {one.name}") for one in points),
        ]
        self.fields["way"].choices = [  # type: ignore[attr-defined]
            ("", _("Not known")), *((way.code, way_name(way)) for way in network().ways)
        ]  # fmt: skip

    def clean_day(self) -> date:
        """A day to come cannot have been seen."""
        day: date = self.cleaned_data["day"]
        if day > self.today:
            raise ValidationError(_("This day has not come yet. Write today or an earlier day."))
        return day

    def clean(self) -> dict[str, Any]:
        """A part is never more than the whole; violence is told of only in a survey."""
        said = super().clean() or {}
        people = said.get("people")
        for name in ("children_alone", "violence"):
            if people is not None and (said.get(name) or 0) > people:
                self.add_error(name, _("This is more than the people you counted."))
        if said.get("violence") and said.get("nature") == Observation.Nature.COUNT:
            self.add_error("violence", _("This is for surveys. Choose 'I asked people' above."))
        return said

    def seen(self) -> Seen:
        """What was written, once it is valid."""
        said = self.cleaned_data
        return Seen(**{**said, "nature": Nature(said["nature"])})


class PointForm(forms.Form):
    """A new point of observation."""

    name = forms.CharField(label=_("Name of the place"), max_length=120)
    code = forms.SlugField(
        label=_("Short code"), max_length=40,
        help_text=_("For files and forms: small letters, digits and '-'. It never changes."),
    )  # fmt: skip
    sort = forms.ChoiceField(label=_("What kind of place?"), choices=Point.Sort.choices)
    area = forms.ChoiceField(label=_("Area"))
    opened_on = forms.DateField(label=_("Counting since"), widget=_day())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["area"].choices = [  # type: ignore[attr-defined]
            ("", "—"), *((area.code, area_name(area)) for area in network().areas)
        ]  # fmt: skip

    def clean_code(self) -> str:
        """A code names one point only."""
        code: str = self.cleaned_data["code"]
        if Point.objects.filter(code=code).exists():
            raise ValidationError(_("There is a point with this code. Choose another code."))
        return code


class ReasonForm(forms.Form):
    """Why finer data is needed."""

    reason = forms.ChoiceField(
        label=_("For what do you need them?"), choices=FineReading.Reason.choices,
        widget=forms.RadioSelect,
    )  # fmt: skip
    words = forms.CharField(
        label=_("In one sentence"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Which place or month, and what you will do. Nothing about a person."),
    )  # fmt: skip


class FileForm(forms.Form):
    """A file of observations or of public figures."""

    file = forms.FileField(label=_("File (CSV in UTF-8, or Excel)"))

    def clean_file(self) -> Any:
        """Refuse what is too large or of another kind before reading it."""
        file = self.cleaned_data["file"]
        if file.size > files.MOST_BYTES:
            raise ValidationError(_("The file is over 20 MB. Send it in parts."))
        if not file.name.lower().endswith(files.FORMATS):
            raise ValidationError(_("Choose a file that ends in .csv or .xlsx."))
        return file
