# SPDX-License-Identifier: EUPL-1.2
"""Tags for any page that shows a running procedure: `{% load procedures %}`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from mostovi.procedures import presentation, services
from mostovi.procedures.definition import Procedure, Translations
from mostovi.procedures.drawing import Drawing
from mostovi.procedures.models import Deadline, Instance
from mostovi.procedures.state import Visit, visits

register = template.Library()


_MOST_FIGURES = 256
_figures: dict[tuple[object, ...], tuple[Procedure, str, dict[str, str]]] = {}
"""Figures of where a procedure can stand, with what stands in them for the date of each state."""
_SOME_DAY = datetime(1001, 1, 1, 12, tzinfo=UTC)
"""A day on which no procedure of ours ran."""


@register.simple_tag(takes_context=True)
def procedure_drawing(context: template.Context, instance: Instance) -> SafeString:
    """`{% procedure_drawing instance %}`: where it stands, drawn, with the same in words.

    Drawn once for all that stand alike; what differs between two of them are dates and an anchor.
    """
    procedure = services.procedure_of(instance)
    held = visits(procedure, instance.happened())
    entered = {visit.state: visit.entered for visit in held}
    dated = tuple((state, at is not None) for state, at in entered.items())
    key = (id(procedure), presentation.language(), dated, held[-1].state)
    if key not in _figures:
        if len(_figures) >= _MOST_FIGURES:
            _figures.clear()
        _figures[key] = procedure, *_figure(context, procedure, held)
    _, figure, days = _figures[key]
    figure = figure.replace(_ANCHOR, f"procedure-{instance.pk}")
    for state, stands in days.items():
        figure = figure.replace(stands, _drawn(context, "procedures/day.html", day=entered[state]))
    # Drawn by templates, which escape, and by `drawing`, which escapes every text.
    return mark_safe(figure)  # noqa: S308


def _figure(
    context: template.Context, procedure: Procedure, held: list[Visit]
) -> tuple[str, dict[str, str]]:
    """The figure with days of its own, and each of these days as it stands there, by state."""
    dated = dict.fromkeys(visit.state for visit in held if visit.entered is not None)
    days = {state: _SOME_DAY + timedelta(days=n) for n, state in enumerate(dated)}
    alike = [Visit(visit.state, days.get(visit.state)) for visit in held]
    drawing = presentation.drawing_of(procedure, held=alike, ident=_ANCHOR)
    figure = _drawn(context, "procedures/drawing.html", drawing=drawing, running=True)
    standing = {s: _drawn(context, "procedures/day.html", day=day) for s, day in days.items()}
    return figure, standing


_ANCHOR = "procedure-of-some-instance"


def _drawn(context: template.Context, name: str, **values: Any) -> str:
    drawing = context.template.engine.get_template(name)  # type: ignore[union-attr]
    return str(drawing.render(context.new(values))).strip()


@register.inclusion_tag("procedures/drawing.html")
def procedure_file_drawing(procedure: Procedure) -> dict[str, Any]:
    """`{% procedure_file_drawing procedure %}`: the procedure itself, nothing lit."""
    ident = f"procedure-{procedure.code}"
    return {"drawing": presentation.drawing_of(procedure, ident=ident), "running": False}


@register.inclusion_tag("procedures/deadlines.html")
def procedure_deadlines(instance: Instance) -> dict[str, Any]:
    """`{% procedure_deadlines instance %}`: the clocks that run or stand still, with sources."""
    now = timezone.now()
    # Asked for as a whole, so that a page which needs the clocks before asks only once.
    live = [d for d in instance.deadlines.all() if d.is_live]
    live.sort(key=lambda d: (d.due is not None, d.due or d.started_at))
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
