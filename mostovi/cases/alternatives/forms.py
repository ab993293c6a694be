# SPDX-License-Identifier: EUPL-1.2
"""Forms on somebody's liberty, one question group each. Rules are checked by the services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from mostovi.cases.alternatives import catalogue, measures
from mostovi.cases.alternatives.ladder import SHORTEST_REASON, Why
from mostovi.cases.alternatives.models import Happening, Outcome
from mostovi.people.forms import Choose

LONG = 4000
Words = str | Promise

ANSWERS: Sequence[tuple[str, Words]] = (
    ("yes", _("Yes")),
    ("no", _("No")),
    ("unknown", _("Unknown")),
    ("not_asked", _("Not asked")),
)
REASONS: Mapping[str, Words] = {
    Why.WOULD_NOT_WORK: _("It would not work for this person"),
    Why.TRIED: _("It was tried"),
    Why.PERSON_PREFERS: _("The person prefers another measure"),
    Why.NOT_AVAILABLE: _("It is not offered here"),
}
RATINGS: Sequence[tuple[str, Words]] = (
    ("low", pgettext_lazy("need for support", "Low")),
    ("medium", pgettext_lazy("need for support", "Medium")),
    ("high", pgettext_lazy("need for support", "High")),
)


def say(texts: catalogue.Texts) -> str:
    """A text of the catalogue in the reader's language."""
    return catalogue.in_language(texts, get_language() or "en")


def _text(label: Any, help_text: Any = "", rows: int = 3, required: bool = True) -> Any:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=LONG,
        widget=forms.Textarea(attrs={"rows": rows, "maxlength": LONG, "dir": "auto"}),
    )  # fmt: skip


def _line(label: Any, help_text: Any = "", required: bool = True) -> Any:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )  # fmt: skip


def _day(label: Any, help_text: Any = "", required: bool = True) -> Any:
    return forms.DateField(
        label=label, help_text=help_text, required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


def _choose(
    label: Any,
    choices: Sequence[tuple[str, Words]],
    help_text: Any = "",
    required: bool = True,
) -> Any:
    return forms.ChoiceField(
        label=label, choices=list(choices), help_text=help_text, widget=Choose,
        required=required,
    )  # fmt: skip


class Group(forms.Form):
    """One question group; what was typed is kept whether or not it is right."""

    title: Words = ""
    lead: Words = ""

    def typed(self) -> dict[str, Any]:
        """What was typed, as plain values for a draft."""
        kept: dict[str, Any] = {}
        for name, field in self.fields.items():
            if isinstance(field, forms.MultipleChoiceField):
                kept[name] = self.data.getlist(name)  # type: ignore[attr-defined]
            elif isinstance(field, forms.BooleanField):
                kept[name] = bool(self.data.get(name))
            else:
                kept[name] = str(self.data.get(name, ""))[:LONG]
        return kept


# --- Screening ---------------------------------------------------------------------------------


class HeardForm(Group):
    """Who speaks for whom, and whether a child is with the person."""

    title = _("How do we understand each other?")
    interpreter = _line(_("Who interprets"), _("A name or the service."), required=False)
    no_interpreter_needed = forms.BooleanField(
        label=_("No interpreter is needed: we share a language"), required=False
    )
    with_own_child = _choose(_("Is a child of the person with them?"), ANSWERS)


class DomainForm(Group):
    """One domain of the screening."""

    signs = forms.MultipleChoiceField(
        label=_("What was seen or said"), widget=forms.CheckboxSelectMultiple, required=False
    )
    present = _choose(
        _("Is there a need or a risk here?"), ANSWERS, _("Unknown is a real answer. It is no 'no'.")
    )
    met = _choose(
        _("If so: does support already meet it?"), ANSWERS, _("Support that is there today."),
        required=False,
    )  # fmt: skip
    note = _text(_("In a few words"), rows=2, required=False)

    def __init__(self, domain: catalogue.Domain, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = say(domain.label)
        signs = self.fields["signs"]
        assert isinstance(signs, forms.MultipleChoiceField)  # noqa: S101 - declared above
        signs.choices = [(code, say(texts)) for code, texts in domain.signs.items()]


class RatingForm(Group):
    """What it comes to, for now."""

    title = _("What it comes to, for now")
    serious_risk = _choose(
        _("Would detention put the person's physical or mental health at serious risk?"), ANSWERS
    )
    rating = _choose(_("How much support is needed?"), RATINGS)
    why = _text(_("Why"), _("What holds for this person, in a sentence or two."))


# --- Assessment --------------------------------------------------------------------------------


class QuestionForm(Group):
    """Why liberty is in question, and for whom."""

    title = _("Why is liberty in question?")
    authority = _line(_("Which authority asks"), required=False)
    intention = _text(_("What it has in mind, and why"), required=False)
    for_family = _choose(
        _("For whom is a measure looked for?"),
        (("no", _("This person alone")), ("yes", _("The whole family together"))),
        _("A family is never separated by a measure."),
    )
    persons = forms.IntegerField(
        label=_("How many persons together"), min_value=1, max_value=30, initial=1
    )


class ViewForm(Group):
    """The person's own view, before anything is weighed."""

    title = _("What does the person say?")
    view = _text(
        _("The person's own view"),
        _("What they need, what they fear, what would help them to stay in touch."),
    )


class StepForm(Group):
    """One step of the ladder: enough, or why not."""

    enough = _choose(
        _("Would this be enough for this person?"),
        (("yes", _("Yes, this is enough")), ("no", _("No, and here is why"))),
    )
    why = _choose(_("If not: kind of reason"), tuple(REASONS.items()), required=False)
    reason = _text(
        _("If not: the reason"),
        _("Facts about this person. Never nationality, ethnicity, religion or way of entry."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """A step that is rejected needs its reason."""
        given = super().clean() or {}
        if given.get("enough") == "no":
            if not given.get("why"):
                self.add_error("why", _("Choose the kind of reason."))
            if len(given.get("reason", "").strip()) < SHORTEST_REASON:
                self.add_error("reason", _("Say why this milder measure is not enough."))
        return given


class TestForm(Group):
    """Necessity and proportionality in writing."""

    title = _("Is it necessary and in proportion?")
    ground = _choose(_("The ground that the authority names"), ())
    evidence = _text(
        _("What shows it for this person"),
        _("Facts about this person. Never nationality, ethnicity, religion or way of entry."),
    )
    proportion = _text(
        _("Why the limit is not heavier than its aim"),
        _("What it does to the person's health, family, school and work."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ground = self.fields["ground"]
        assert isinstance(ground, forms.ChoiceField)  # noqa: S101 - declared above
        ground.choices = [(code, say(texts)) for code, texts in catalogue.grounds().items()]


class ConditionsForm(Group):
    """What the measure asks for and gives, until when."""

    title = _("What is agreed")
    conditions = _text(_("What is agreed with the person"), required=False)
    place = _choose(_("Place"), ())
    wait = forms.BooleanField(
        label=_("If it is full: put the person on its waiting list"),
        help_text=_("The person is free meanwhile and lives where they live now."), required=False,
    )  # fmt: skip
    report_every = forms.IntegerField(
        label=_("Days between the agreed times"), min_value=1, max_value=365, initial=14,
        help_text=_("As seldom as possible."),
    )  # fmt: skip
    report_from = _day(_("First time"), required=False)
    review_on = _day(_("Day of review"))

    def __init__(
        self,
        measure: catalogue.Measure,
        places: Sequence[tuple[str, str]],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if measure.needs_place:
            place = self.fields["place"]
            assert isinstance(place, forms.ChoiceField)  # noqa: S101 - declared above
            place.choices = list(places)
        else:
            del self.fields["place"], self.fields["wait"]
        if not measure.reporting:
            del self.fields["report_every"], self.fields["report_from"]


class BeyondForm(Group):
    """What must be there before a proposal of detention can even be recorded."""

    title = _("No measure is enough, says the authority")
    lead = _(
        "Mostovi does not order detention. What you write is recorded as the authority's "
        "proposal, a second officer answers it, and it ends by itself on its day of review."
    )
    legal_aid = _line(_("Lawyer or legal aid office"))
    interpreter = _line(_("Who interprets"), required=False)
    no_interpreter_needed = forms.BooleanField(
        label=_("No interpreter is needed: we share a language"), required=False
    )
    review_on = _day(_("Day of review"))


# --- Everything else ---------------------------------------------------------------------------


class ReviewForm(forms.Form):
    """A review with the person."""

    view = _text(_("What does the person say?"))
    decision = _choose(
        _("What follows"),
        (
            ("keep", _("The measure goes on")),
            ("reassess", _("Assess anew: it begins again from liberty, the measure goes on")),
            ("end", _("The measure ends; the person is free of it")),
        ),
    )
    next_on = _day(_("Next review"), _("If it goes on. Empty: the latest day allowed."), False)
    outcome = _choose(
        _("If it ends: how"),
        [(one.value, one.label) for one in measures.ENDS],
        required=False,
    )
    reason = _text(_("Reason"))


class HappenedForm(forms.Form):
    """Something that happened under the measure."""

    kind = _choose(
        _("What happened"),
        [(one.value, one.label) for one in Happening],
        _("Nothing becomes stricter by this."),
    )
    words = _text(_("What happened, and the person's side of it"), rows=2, required=False)


class HeldForm(forms.Form):
    """A detention that an outside authority has decided for an adult."""

    authority = _line(_("Which authority decided"))
    act = _line(_("Its legal act"), _("Number and date of the decision, and the law it names."))
    where = _line(_("Where the person is held"))
    decided_on = _day(_("Decided on"))
    review_on = _day(_("Next review"), _("On this day the holder of the file is told."))
    expires_on = _day(_("Ends at the latest on"))


class HeldReviewForm(forms.Form):
    """What a review of a detention outside came to."""

    released = _choose(
        _("Is the person free?"), (("yes", _("Yes, free")), ("no", _("No, still held")))
    )
    next_on = _day(_("Next review"), _("If still held."), required=False)
    reason = _text(_("What was decided, and why"))


class AnswerForm(forms.Form):
    """The second officer's answer to a proposal."""

    decision = _choose(
        _("Your answer"),
        (
            ("object", _("I object: the proposal ends")),
            ("not_object", _("I see no ground to object")),
        ),
        _("The authority decides, not Mostovi. Either way the proposal ends on its day."),
    )
    reason = _text(_("Reason"))

    NEEDS: Mapping[str, Words] = {
        "unmet_needs": _("Needs rated high are not met. What happens to each of them?"),
        "risk_not_known": _("It is not known whether health is at risk. What was done to know?"),
        "nothing_offered": _(
            "Measures were rejected because none is offered here. Why should this count against "
            "the person?"
        ),
    }

    def __init__(self, needs: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code in needs:
            self.fields[code] = _text(
                self.NEEDS[code], _("Needed unless you object."), required=False
            )


class WordsForm(forms.Form):
    """A few sentences."""

    words = _text(_("Who holds the person, where, since when, and whom you told"))


class PlaceForm(forms.Form):
    """A place and how many it holds."""

    name = _line(_("Name of the place"))
    kind = _choose(_("Kind of place"), ())
    capacity = forms.IntegerField(
        label=_("How many persons it holds"), min_value=0, max_value=10_000,
        help_text=_("A smaller number moves nobody; it only keeps new persons away."),
    )  # fmt: skip
    families = forms.BooleanField(label=_("Families can live here"), required=False)
    children = forms.BooleanField(label=_("Suitable for children"), required=False)
    women_only = forms.BooleanField(label=_("For women only"), required=False)
    is_open = forms.BooleanField(label=_("Takes new persons"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - declared above
        kind.choices = [(m.place, say(m.label)) for m in catalogue.ladder() if m.needs_place]


OUTCOMES = {one.value: one.label for one in Outcome}
