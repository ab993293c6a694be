# SPDX-License-Identifier: EUPL-1.2
"""The form of a referral's step on the page, and its answers read back in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mostovi.cases.records import Problem, Question, QuestionKind, RecordKind, Required
from mostovi.cases.step_forms import forms as step_kinds
from mostovi.procedures import presentation

MEETING = {
    "day": "arrange_meeting", "time": "arrange_meeting", "place": "arrange_meeting",
    "who": "arrange_meeting", "note": "arrange_meeting", "accompanied_by": "confirm_meeting",
}  # fmt: skip
"""Where the label of a member of the letter's `meeting` is found."""


class StepForm(forms.Form):
    """The questions of one step. What is wrong is said by `step_forms`, and shown at the field."""

    def __init__(self, kind: RecordKind, data: Any = None, **options: Any) -> None:
        super().__init__(data, prefix=kind.code, **options)
        self.kind = kind
        for question in kind.questions:
            self.fields[question.code] = _field(question)

    def answers(self) -> dict[str, Any]:
        """What was filled, as plain values."""
        return {
            code: self.data.get(self.add_prefix(code), "").strip()
            for code in self.fields
            if self.data.get(self.add_prefix(code), "").strip()
        }

    def show(self, problems: list[Problem]) -> None:
        """Put each problem at its field."""
        self.is_valid()
        for code, message in problems:
            self.add_error(code if code in self.fields else None, _(message))


def _field(question: Question) -> forms.Field:
    options: dict[str, Any] = {
        "label": presentation.in_language(question.label).text,
        "help_text": presentation.in_language(question.help).text if question.help else "",
        # Browsers must let a draft go; what is missing is said by the server.
        "required": False,
    }
    field: forms.Field
    if question.kind in {QuestionKind.YES_NO, QuestionKind.CHOICE}:
        choices = _yes_no() if question.kind is QuestionKind.YES_NO else [
            (one.code, presentation.in_language(one.label).text) for one in question.options
        ]  # fmt: skip
        field = forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **options)
    elif question.kind is QuestionKind.DATE:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        field = forms.CharField(widget=widget, **options)
    elif question.kind is QuestionKind.LONG_TEXT:
        area = forms.Textarea(attrs={"rows": 2, "maxlength": 2000, "dir": "auto"})
        field = forms.CharField(widget=area, max_length=2000, **options)
    else:
        field = forms.CharField(max_length=400, **options)
    # So that the label says which questions may stay empty.
    field.required = question.required is not Required.NEVER and question.when is None
    field.widget.use_required_attribute = lambda initial: False
    return field


def _yes_no() -> list[tuple[str, str]]:
    return [
        ("yes", _("Yes")), ("no", _("No")), ("unknown", _("Unknown")),
        ("not_asked", _("Not asked")),
    ]  # fmt: skip


def lines(verb: str, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Answers of a step as (question, answer) in the reader's language."""
    kinds = step_kinds()
    found = []
    for code, value in answers.items():
        kind = kinds.get(verb)
        question = next((q for q in kind.questions if q.code == code), None) if kind else None
        if question is None and code in MEETING:
            question = next(q for q in kinds[MEETING[code]].questions if q.code == code)
        if question is not None:
            label = presentation.in_language(question.label).text
            found.append((label, _said(question, str(value))))
    return found


def _said(question: Question, value: str) -> str:
    if question.kind is QuestionKind.YES_NO:
        return dict(_yes_no()).get(value, value)
    if question.kind is QuestionKind.CHOICE:
        options = {one.code: presentation.in_language(one.label).text for one in question.options}
        return options.get(value, value)
    day = parse_date(value) if question.kind is QuestionKind.DATE else None
    return date_format(day) if day is not None else value
