# SPDX-License-Identifier: EUPL-1.2
"""How codes, steps and links of this store are said in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mostovi.procedures import presentation
from mostovi.procedures import services as procedures
from mostovi.procedures.models import Instance
from mostovi.procedures.state import Choice, StepRefused
from mostovi.routes.incidents.catalogue import words
from mostovi.routes.incidents.store import Unfit


def say(group: str, code: str) -> str:
    """The word of a code of `content/incidents/words.yaml`; the code itself when unknown."""
    return _(words()[group].get(code, code))


def said(group: str, codes: Iterable[str]) -> list[str]:
    """The words of several codes."""
    return [say(group, code) for code in codes]


def add_error(form: Form, unfit: Unfit) -> None:
    """Put what is wrong at its field, or above the form."""
    form.add_error(unfit.field if unfit.field in form.fields else None, _(str(unfit)))


def step_words(instance: Instance) -> Any:
    """The name of the step a procedure stands at."""
    procedure = procedures.procedure_of(instance)
    return presentation.in_language(procedure.states[instance.state].label)


def choice_words(instance: Instance, choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """Verbs with their consequences and the reasons against them, in words."""
    procedure = procedures.procedure_of(instance)
    return [
        {
            "verb": one.transition.verb,
            "label": presentation.in_language(one.transition.label),
            "consequences": presentation.in_language(one.transition.consequences),
            "needs_reason": one.transition.reason_required,
            "allowed": one.is_allowed,
            "reasons": [presentation.reason_words(procedure, reason) for reason in one.reasons],
        }
        for one in choices
    ]


def steps_so_far(instance: Instance) -> list[dict[str, Any]]:
    """What happened, oldest first."""
    procedure = procedures.procedure_of(instance)
    return [
        {
            "event": event,
            "words": presentation.event_words(procedure, event),
            "ours": event.side == instance.side,
            "reason": event.reason,
        }
        for event in instance.events.all()
    ]


def say_refused(request: HttpRequest, instance: Instance, refused: StepRefused) -> None:
    """Every reason against a step, as messages."""
    procedure = procedures.procedure_of(instance)
    for reason in refused.reasons:
        messages.error(request, presentation.reason_words(procedure, reason))


def lines_in_words(lines: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """What leaves, as label and text; numbers of entries are left out, they say nothing."""
    return [
        (_(label), _(value))
        for path, label, value in lines
        if path not in {"/entry", "/answers", "/event"}
    ]
