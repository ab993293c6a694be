# SPDX-License-Identifier: EUPL-1.2
"""Forms of a person's file. They turn answers into the values of `fields` and errors back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, ClassVar
from uuid import UUID, uuid5

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mostovi.people import consent_texts, fields, sharing, words
from mostovi.people.birth import Precision
from mostovi.people.consent import Means
from mostovi.people.fields import InvalidField, Relation
from mostovi.people.names import Order, PartKind, PersonName, Usage
from mostovi.people.services import FieldChange

Values = dict[str, Any]

LONG_SELECT = "people/widgets/long_select.html"


class Choose(forms.RadioSelect):
    """Answers as buttons side by side; each is one of the form's own words."""

    template_name = "people/widgets/choose.html"


class _Line(forms.TextInput):
    """A line in whatever direction its letters have."""

    def __init__(self) -> None:
        super().__init__(attrs={"dir": "auto", "autocomplete": "off"})


def _line(label: Any, help_text: Any = "", longest: int = 200, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=longest, widget=_Line(), **more
    )


def _choose(label: Any, choices: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=list(choices.items()), help_text=help_text, widget=Choose,
        required=False, initial="not_asked",
    )  # fmt: skip


class _Checked(forms.Form):
    """A form whose values are checked by `fields.clean`, errors put where they belong."""

    PARTS: ClassVar[Mapping[str, str]] = {}

    def check_value(self, field: str, value: Any) -> Any:
        """The tidy value; an error goes to the input that `PARTS` names for it."""
        try:
            return fields.clean(field, value, timezone.localdate())
        except InvalidField as error:
            place = self.PARTS.get(error.part) or self.PARTS.get("") or None
            self.add_error(place, gettext(str(error)))
            return None


class PersonForm(_Checked):
    """The single values of a file."""

    PARTS: ClassVar = {
        "precision": "birth_precision", "day": "birth_day", "month": "birth_month",
        "year": "birth_year", "margin": "birth_margin",
    }  # fmt: skip

    birth_precision = forms.ChoiceField(
        label=_("How exactly is the date of birth known?"),
        choices=list(words.PRECISIONS.items()),
        widget=Choose,
        required=False,
        initial="unknown",
    )
    birth_day = forms.CharField(label=_("Day"), required=False, max_length=2)
    birth_month = forms.CharField(label=_("Month"), required=False, max_length=2)
    birth_year = forms.CharField(label=_("Year"), required=False, max_length=4)
    birth_margin = forms.CharField(
        label=_("Give or take (years)"), required=False, max_length=2,
        help_text=_("Only for an estimated year; 2 if you leave it empty."),
    )  # fmt: skip
    birth_doubted = forms.BooleanField(
        label=_("Somebody doubts this age"),
        required=False,
        help_text=_("A person whose age is in doubt is treated as a child."),
    )
    sex = _choose(_("Sex"), words.SEXES, _("As the person says."))
    citizenship_1 = forms.ChoiceField(label=_("Citizenship"), required=False)
    citizenship_2 = forms.ChoiceField(label=_("Second citizenship"), required=False)
    language_1 = forms.ChoiceField(
        label=_("Language the person prefers"), required=False,
        help_text=_("Consent is read to the person in this language."),
    )  # fmt: skip
    language_2 = forms.ChoiceField(label=_("Second language"), required=False)
    language_3 = forms.ChoiceField(label=_("Third language"), required=False)
    interpreter = _choose(_("Does the person need an interpreter?"), words.ANSWERS)
    reading = _choose(_("Can the person read in that language?"), words.ANSWERS)
    notes = forms.CharField(
        label=_("What staff should know"), required=False, max_length=fields.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("Only what helps to meet the person well. The story belongs into the case."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("language_1", "language_2", "language_3"):
            self.fields[name].choices = words.language_choices()  # type: ignore[attr-defined]
            self.fields[name].widget.template_name = LONG_SELECT
        for name in ("citizenship_1", "citizenship_2"):
            self.fields[name].choices = words.country_choices()  # type: ignore[attr-defined]
            self.fields[name].widget.template_name = LONG_SELECT
        for name in ("birth_day", "birth_month", "birth_year", "birth_margin"):
            self.fields[name].widget.attrs |= {"inputmode": "numeric", "autocomplete": "off"}
        self._keep_chosen()

    def _keep_chosen(self) -> None:
        """A language or country from elsewhere (API, import) stays choosable."""
        for name, value in self.initial.items():
            field = self.fields.get(name)
            if isinstance(field, forms.ChoiceField) and value and name[-1].isdigit():
                choices = list(field.choices)  # type: ignore[arg-type]
                if value not in {code for code, _label in choices}:
                    field.choices = [*choices, (value, value)]

    def clean(self) -> Values:
        """Bring the answers into the form of `fields`."""
        given = super().clean() or {}
        precision = given.get("birth_precision") or Precision.UNKNOWN
        used = {
            Precision.DAY: ("year", "month", "day"), Precision.MONTH: ("year", "month"),
            Precision.YEAR: ("year",), Precision.ESTIMATED: ("year", "margin"),
        }.get(Precision(precision), ())  # fmt: skip
        birth = {part: given.get(f"birth_{part}") for part in used}
        doubted = bool(given.get("birth_doubted"))
        made: Values = {
            "birth": {"precision": precision, "doubted": doubted, **birth},
            "sex": given.get("sex") or "not_asked",
            "citizenships": _listed(given, "citizenship_1", "citizenship_2"),
            "languages": _listed(given, "language_1", "language_2", "language_3"),
            "interpreter": given.get("interpreter") or "not_asked",
            "reading": given.get("reading") or "not_asked",
            "notes": given.get("notes") or None,
        }
        if precision == Precision.UNKNOWN and not doubted:
            made["birth"] = None
        self.values = {name: self.check_value(name, value) for name, value in made.items()}
        return given

    @staticmethod
    def initial_of(single: Mapping[str, Any]) -> Values:
        """What the form shows for stored values."""
        birth = single.get("birth") or {}
        shown: Values = {f"birth_{part}": value for part, value in birth.items()}
        if shown.get("birth_precision") != Precision.ESTIMATED:
            shown.pop("birth_margin", None)
        for name in ("sex", "interpreter", "reading", "notes"):
            if single.get(name):
                shown[name] = single[name]
        for number, code in enumerate((single.get("languages") or [])[:3], start=1):
            shown[f"language_{number}"] = code
        for number, code in enumerate((single.get("citizenships") or [])[:2], start=1):
            shown[f"citizenship_{number}"] = code
        return shown


def _listed(given: Mapping[str, Any], *names: str) -> list[str] | None:
    return [given[name] for name in names if given.get(name)] or None


class RowForm(_Checked):
    """One row of a list; knows its place in the file and the version it was read at."""

    KIND: ClassVar[str] = ""

    row = forms.UUIDField(required=False, widget=forms.HiddenInput)
    base = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    remove = forms.BooleanField(label=_("Take this away"), required=False)

    def clean(self) -> Values:
        """The row's value, or None when it is to go."""
        given = super().clean() or {}
        self.made_value: Values | None = None
        if not given.get("remove") and not self.errors:
            row = given.get("row") or UUID(int=0)
            self.made_value = self.check_value(f"{self.KIND}.{row}", self.made(given))
        return given

    def made(self, given: Values) -> Values:
        """The value in the form of `fields`."""
        raise NotImplementedError

    @property
    def is_stored(self) -> bool:
        """Whether the row exists already (then it can be taken away)."""
        return bool(self["row"].value())


class NameForm(RowForm):
    """One name in one script."""

    KIND = "name"
    PARTS: ClassVar = {"": "given", "parts": "given"}

    given = _line(_("Given name"))
    patronymic = _line(_("Father's or grandfather's name"))
    family = _line(_("Family name"))
    kunya = _line(_("Called (kunya, nickname)"))
    tribe = _line(_("Clan or tribe"))
    whole = _line(
        _("Whole name, in its own order"),
        _("If the name has no such parts, write it here and leave the others empty."),
    )
    order = forms.ChoiceField(
        label=_("Which comes first when the person says it?"),
        choices=list(words.ORDERS.items()), widget=Choose, required=False,
        initial=Order.GIVEN_FIRST,
    )  # fmt: skip
    script = forms.ChoiceField(label=_("Script"), required=False)
    usage = forms.ChoiceField(
        label=_("Where is it used?"), choices=list(words.USAGES.items()), required=False,
        initial=Usage.OWN,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["script"].choices = words.script_choices()  # type: ignore[attr-defined]

    def made(self, given: Values) -> Values:
        """Parts in the order of the form; `names.make` puts them in the person's order."""
        kinds = (
            PartKind.KUNYA, PartKind.GIVEN, PartKind.PATRONYMIC, PartKind.FAMILY, PartKind.TRIBE,
        )  # fmt: skip
        parts = [[kind.value, given.get(kind.value, "")] for kind in kinds]
        parts.append([PartKind.WHOLE.value, given.get("whole", "")])
        only_whole = given.get("whole") and not any(text for _kind, text in parts[:-1])
        order = Order.AS_WRITTEN if only_whole else given.get("order") or Order.GIVEN_FIRST
        return {
            "parts": [part for part in parts if part[1]], "order": str(order),
            "script": given.get("script") or "", "usage": given.get("usage") or Usage.OWN.value,
        }  # fmt: skip

    @staticmethod
    def initial_of(value: Values) -> Values:
        """What the form shows for a stored name."""
        name = PersonName.from_json(value)
        shown: Values = {kind.value: name.part(kind) for kind in PartKind}
        shown |= {"script": name.script, "usage": name.usage, "order": name.order}
        if shown.get("middle") or shown.get("nisba") or name.order is Order.AS_WRITTEN:
            # Parts that the form does not ask for: show the name whole, lose nothing.
            shown = {**{kind.value: "" for kind in PartKind}, "whole": name.written,
                     "script": name.script, "usage": name.usage}  # fmt: skip
        return shown


class ContactForm(RowForm):
    """One way to reach the person, and whether it is safe."""

    KIND = "contact"
    PARTS: ClassVar = {"": "value", "value": "value", "kind": "kind", "safe": "safe"}

    kind = forms.ChoiceField(
        label=_("Kind of contact"), choices=list(words.CONTACT_KINDS.items()), required=False,
        initial="phone",
    )  # fmt: skip
    value = _line(_("Number or address"), longest=300)
    safe = _choose(
        _("May we use this contact?"), words.SAFETY,
        _("Ask: may we call this number? Could somebody else answer and put you in danger?"),
    )  # fmt: skip
    answered_by = _line(_("Who may answer?"))
    best_time = _line(_("Best time"))
    note = _line(_("What to mind"), _("For example: do not say who is calling."), 1000)

    def made(self, given: Values) -> Values:
        """The contact's value."""
        names = ("kind", "value", "answered_by", "best_time", "note")
        return {
            **{name: given.get(name, "") for name in names},
            "safe": given.get("safe") or "not_asked",
        }

    @staticmethod
    def initial_of(value: Values) -> Values:
        """What the form shows for a stored contact."""
        return dict(value)


class FamilyForm(RowForm):
    """One family member."""

    KIND = "family"
    PARTS: ClassVar = {
        "": "name", "relation": "relation", "name": "name", "other": "other",
    }  # fmt: skip

    relation = forms.ChoiceField(
        label=_("What is this person to them?"),
        choices=[("", "—"), *words.RELATIONS.items()],
        required=False,
    )
    name = _line(_("Name"))
    other = _line(_("Code, if this person has a file here"), _("Such as ME-7K3F-92Q9."), 40)
    travelling_together = _choose(_("Are they travelling together?"), words.ANSWERS)
    whereabouts_known = _choose(
        _("Does the person know where the family member is?"), words.ANSWERS
    )
    whereabouts = _line(_("Where, as far as known"), longest=300)
    note = _line(_("What to mind"), _("For example: do not contact; the person fears them."), 1000)

    def made(self, given: Values) -> Values:
        """The family member's value."""
        if not given.get("relation"):
            self.add_error("relation", gettext("Choose what this person is to them."))
            given["relation"] = Relation.OTHER.value
        names = ("relation", "name", "other", "whereabouts", "note")
        return {
            **{name: given.get(name, "") for name in names},
            "travelling_together": given.get("travelling_together") or "not_asked",
            "whereabouts_known": given.get("whereabouts_known") or "not_asked",
        }

    @staticmethod
    def initial_of(value: Values) -> Values:
        """What the form shows for a stored family member."""
        return dict(value)


class RowSet(forms.BaseFormSet):  # type: ignore[type-arg]
    """The rows of one list; empty new rows are no rows."""

    def values(self) -> list[Values]:
        """Values of all rows that say something."""
        return [
            form.made_value
            for form in self.forms
            if form.has_changed() and getattr(form, "made_value", None) is not None
        ]


NameSet = forms.formset_factory(NameForm, formset=RowSet, extra=0, max_num=8, absolute_max=8)
ContactSet = forms.formset_factory(ContactForm, formset=RowSet, extra=0, max_num=8, absolute_max=8)
FamilySet = forms.formset_factory(FamilyForm, formset=RowSet, extra=0, max_num=30, absolute_max=30)


def changes_of(
    edit: UUID, form: PersonForm, bases: Mapping[str, int], rows: list[RowForm]
) -> list[FieldChange]:
    """The changes an edit page asks for, made twice alike when it is sent twice.

    Fields left as they were come along too; the service tells them apart by their base version.
    """
    wishes = [(name, bases.get(name, 0), value) for name, value in form.values.items()]
    wishes += row_changes(edit, rows)
    return [_change(edit, field, base, value) for field, base, value in wishes]


def row_changes(edit: UUID, rows: list[RowForm]) -> list[tuple[str, int, Any]]:
    """(field, base, value) of each row; a new row gets a number that sending again repeats."""
    found = []
    for number, form in enumerate(rows):
        given = form.cleaned_data
        row = given.get("row")
        if row is None and form.made_value is None:
            continue
        row = row or uuid5(edit, f"{form.KIND} {number}")
        found.append((f"{form.KIND}.{row}", given.get("base") or 0, form.made_value))
    return found


def family_changes(edit: UUID, rows: list[RowForm]) -> list[FieldChange]:
    """The changes of the family page."""
    return [_change(edit, *wish) for wish in row_changes(edit, rows)]


def _change(edit: UUID, field: str, base: int, value: Any) -> FieldChange:
    said = json.dumps([field, base, value], sort_keys=True, ensure_ascii=False)
    return FieldChange(field=field, base=base, value=value, id=uuid5(edit, said))


# --- Consent -----------------------------------------------------------------------------------


class TermsForm(forms.Form):
    """What a consent names: receiver, fields, until when, in which language."""

    receiver = forms.ChoiceField(label=_("Who would receive it?"))
    fields_chosen = forms.MultipleChoiceField(
        label=_("What would be shared?"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what the receiver needs. The person can say no to each."),
        error_messages={"required": _("Choose at least one thing that may be shared.")},
    )  # fmt: skip
    expires = forms.DateField(
        label=_("Until when?"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The consent ends by itself after this day. Two years at most."),
    )  # fmt: skip
    profile = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, purpose: str, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receiver"].choices = [  # type: ignore[attr-defined]
            ("", "—"), *((one.code, one.name) for one in sharing.receivers(purpose)),
        ]  # fmt: skip
        offered: dict[str, str] = {}
        for profile in sharing.profiles(purpose, language):
            offered.update(profile.fields)
        self.fields["fields_chosen"].choices = list(offered.items())  # type: ignore[attr-defined]

    def expires_at(self) -> datetime:
        """The end of the chosen day, in the node's zone."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["expires"], time.max))


class ConsentForm(TermsForm):
    """The terms, and the language the text is shown in."""

    language = forms.ChoiceField(
        label=_("Language of the text"),
        help_text=_("Read the text to the person in a language they understand well."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = list(consent_texts.languages().items())  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """What the person answered, and how consent was taken."""

    means = forms.ChoiceField(
        label=_("How was consent taken?"), choices=list(words.MEANS.items()),
        widget=forms.RadioSelect, initial=Means.ORAL,
    )  # fmt: skip
    interpreter_present = forms.BooleanField(label=_("An interpreter was present"), required=False)
    interpreter = _line(_("Interpreter's name or number"))
    guardian_name = _line(_("Guardian's name"))
    guardian_relation = _line(_("What is the guardian to the child?"))
    child_view = forms.CharField(
        label=_("What did the child say about it?"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("In the child's own words, also if the child disagrees."),
    )  # fmt: skip
    words_said = _line(_("If the answer is no: what the person said about it"), longest=1000)

    def __init__(self, *args: Any, child: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not child:
            for name in ("guardian_name", "guardian_relation", "child_view"):
                del self.fields[name]


class OverrideForm(TermsForm):
    """A request to share without consent."""

    duty = forms.ChoiceField(label=_("Which legal duty?"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Why can it not wait for consent?"), max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_("The second reviewer decides on this. Name the danger and what would help."),
    )  # fmt: skip

    def __init__(self, *args: Any, purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, purpose=purpose, **kwargs)
        self.fields["duty"].choices = [  # type: ignore[attr-defined]
            (duty.code, f"{gettext(duty.title)}. {duty.citation}")
            for duty in consent_texts.duties().values()
            if purpose in duty.purposes
        ]


class ReasonForm(forms.Form):
    """A written reason."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )  # fmt: skip
