# SPDX-License-Identifier: EUPL-1.2
"""Tags for any page that shows a running procedure: `{% load procedures %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from mostovi.procedures import presentation
from mostovi.procedures.definition import Procedure, Translations
from mostovi.procedures.drawing import Drawing
from mostovi.procedures.models import Deadline, Instance

register = template.Library()


@register.inclusion_tag("procedures/drawing.html")
def procedure_drawing(instance: Instance) -> dict[str, Any]:
    """`{% procedure_drawing instance %}`: where it stands, drawn, with the same in words."""
    return {"drawing": presentation.drawing_of_instance(instance), "running": True}


@register.inclusion_tag("procedures/drawing.html")
def procedure_file_drawing(procedure: Procedure) -> dict[str, Any]:
    """`{% procedure_file_drawing procedure %}`: the procedure itself, nothing lit."""
    ident = f"procedure-{procedure.code}"
    return {"drawing": presentation.drawing_of(procedure, ident=ident), "running": False}


@register.inclusion_tag("procedures/deadlines.html")
def procedure_deadlines(instance: Instance) -> dict[str, Any]:
    """`{% procedure_deadlines instance %}`: the clocks that run or stand still, with sources."""
    now = timezone.now()
    live = [d for d in instance.deadlines.order_by("due") if d.is_live]
    for deadline in live:
        deadline.instance = instance
    return {"deadlines": [presentation.shown_deadline(d, now) for d in live]}


@register.inclusion_tag("procedures/words.html")
def in_my_language(texts: Translations) -> dict[str, Any]:
    """`{% in_my_language state.label %}`: the text, marked with its language when it differs."""
    return _words(texts)


def _words(texts: Translations) -> dict[str, Any]:
    said = presentation.in_language(texts)
    differs = said.language != presentation.language().split("-", 1)[0]
    return {"said": said, "differs": differs}


@register.simple_tag
def drawing_svg(drawing: Drawing) -> SafeString:
    """The picture. Every text in it was escaped when it was drawn."""
    return mark_safe(drawing.svg)  # noqa: S308


@register.filter
def deadline_shown(deadline: Deadline) -> presentation.ShownDeadline:
    """`{% with shown=deadline|deadline_shown %}`: one deadline with its words and source."""
    return presentation.shown_deadline(deadline, timezone.now())


register.filter("period", lambda clock: presentation.period_words(clock.amount, clock.unit))
register.filter("silence_words", presentation.silence_words)
register.filter("evidence_words", presentation.evidence_words)
register.filter("role_words", presentation.role_words)
