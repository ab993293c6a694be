# SPDX-License-Identifier: EUPL-1.2
"""Tags of the pages of simulations: `{% load simulations %}`."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from mostovi.pathways import simulation_words, wording
from mostovi.pathways.simulation_models import SimulationRun

register = template.Library()


@register.simple_tag
def run_state(run: SimulationRun) -> SafeString:
    """How far a run is, as a sign and a word."""
    tone, words = simulation_words.STATES[run.state]
    return mark_safe(  # noqa: S308  (a template of ours, escaped)
        render_to_string("shell/status.html", {"tone": tone, "text": words})
    )


@register.filter
def run_state_words(state: str) -> str:
    """The word alone."""
    return str(simulation_words.STATES[state][1])


@register.simple_tag
def run_words(run: SimulationRun) -> str:
    """What was asked: version, day, people, groups."""
    words = [
        _("version %(n)s of the draft") % {"n": run.version},
        _("the law on %(day)s") % {"day": date_format(run.on)},
    ]
    if run.population == "synthetic":
        words.append(
            _("%(n)s people who do not exist (%(whose)s, seed %(seed)s)")
            % {
                "n": simulation_words.people_words(run.people),
                "whose": wording.law_name(run.partner),
                "seed": run.seed,
            }
        )
    else:
        populations = simulation_words.POPULATIONS
        words.append(str(populations.get(run.population, run.population)))
    if run.by:
        words.append(
            wording.joined(str(simulation_words.GROUPINGS.get(name, name)) for name in run.by)
        )
    return " \u00b7 ".join(words)


@register.filter
def drawing(svg: str) -> SafeString:
    """A drawing of `simulation_chart`, which escapes every text it is given."""
    return mark_safe(svg)  # noqa: S308


@register.simple_tag
def at(words: Sequence[str], place: int) -> str:
    """One of several words by its place."""
    return words[place]
