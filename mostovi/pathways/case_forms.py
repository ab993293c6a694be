# SPDX-License-Identifier: EUPL-1.2
"""Forms of checks inside a case: what a check's page brings, and a goal drafted from a way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mostovi.pathways import case_answers
from mostovi.pathways.case_answers import NOT_ASKED
from mostovi.pathways.facts import Vocabulary


@dataclass(frozen=True)
class Brought:
    """What a page of a check sends: answers so far, the questions on it, and what to do.

    told: facts that were given at this check. seen: dangers whose safeguard was shown. shown: the
    questions that stood on the page. wrong_day: what was typed as the law's day and is none.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    shown: tuple[str, ...] = ()
    verb: str = ""
    about: str = ""
    on: date | None = None
    wrong_day: str = ""
    ident: UUID = field(default_factory=uuid4)
    since: UUID | None = None


def brought(form: QueryDict, vocabulary: Vocabulary) -> Brought:
    """Read the fields of a check's page; what the vocabulary does not have is left out."""
    answers: dict[str, str] = {}
    for name, value in form.items():
        fact = name.removeprefix("a.")
        if name.startswith("a.") and fact in vocabulary and isinstance(value, str) and value:
            answers[fact] = value[: case_answers.LONGEST]
    told = {fact for fact in form.getlist("told") if fact in vocabulary}
    shown = tuple(fact for fact in dict.fromkeys(form.getlist("q")) if fact in vocabulary)
    for fact in shown:
        given = case_answers.given(
            vocabulary[fact],
            {"value": form.get(f"v.{fact}", ""), "date": form.get(f"d.{fact}", ""),
             "nothing": form.get(f"n.{fact}", "")},
        ) or NOT_ASKED  # fmt: skip
        if answers.get(fact, "") != given:
            answers[fact] = given
            told.add(fact)
    verb, _colon, about = form.get("do", "next").partition(":")
    on, wrong = _day(form.get("on", ""))
    return Brought(
        answers, frozenset(told), frozenset(form.getlist("seen")), shown, verb, about, on, wrong,
        _uuid(form.get("ident", "")) or uuid4(), _uuid(form.get("since", "")),
    )  # fmt: skip


def _day(text: str) -> tuple[date | None, str]:
    text = text.strip()
    if not text:
        return None, ""
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, text[:40]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class GoalForm(forms.Form):
    """A goal for the plan, drafted from a way; the person says in own words if it is theirs."""

    text = forms.CharField(
        label=_("What is to be reached"),
        help_text=_("Drafted from the check. Change it as you agree with the person."),
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        max_length=2000,
    )
    own_words = forms.CharField(
        label=_("What the person wants, in their own words"),
        help_text=_("Without it, it is not the person's goal."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        max_length=2000,
    )
    until = forms.DateField(
        label=_("Until when"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
