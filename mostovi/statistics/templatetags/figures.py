# SPDX-License-Identifier: EUPL-1.2
"""How protected figures are written and drawn: `{% load figures %}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from mostovi.statistics.months import Month
from mostovi.statistics.region import Figure
from mostovi.statistics.regional_tables import NoisyFigure, NoisySum

register = template.Library()


def _number(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def month_name(month: Month | str) -> str:
    """`{{ "2026-10"|month_name }}`: October 2026, in the reader's language."""
    chosen = Month.parse(month) if isinstance(month, str) else month
    return date_format(chosen.first_day, "YEAR_MONTH_FORMAT")


@register.filter
def at(found: Sequence[Any], place: int) -> Any:
    """`{{ months|at:3 }}`: the entry at a place."""
    return found[place]


def _span(figure: Figure) -> str:
    if figure.high is None:
        return _("at least %(low)s") % {"low": _number(figure.low)}
    return _("%(low)s to %(high)s") % {
        "low": _number(figure.low),
        "high": _number(figure.high),
    }


@register.simple_tag
def figure(value: Figure) -> SafeString:
    """`{% figure cell %}`: one partner's figure in a table; hidden and missing are told apart."""
    if value.exact:
        return format_html("{}", _number(value.low))
    if value.state == "missing":
        return format_html('<span class="figure-missing">{}</span>', _("missing"))
    # That a hidden count is at least nought and has no bound is not worth a word.
    known = _span(value) if value.low or value.high is not None else ""
    return format_html(
        '<span class="figure-hidden"><abbr title="{}">c</abbr> <bdi class="figure-range">{}</bdi>'
        "</span>",
        _("hidden to protect people"),
        known,
    )


@register.simple_tag
def region_figure(value: Figure) -> SafeString:
    """`{% region_figure line.region %}`: the sum, as a range where a part is hidden."""
    if value.state == "hidden":
        return format_html('<bdi class="figure-range">{}</bdi>', _span(value))
    return figure(value)


@register.simple_tag
def noisy_figure(value: NoisyFigure) -> SafeString:
    """`{% noisy_figure part %}`: one partner's number with noise, or why there is none."""
    if value.value is not None:
        return format_html("{}", _number(value.value))
    if value.state == "missing":
        return format_html('<i class="figure-missing">{}</i>', _("missing"))
    if value.state == "unsplit":
        return mark_safe("<i>–</i>")
    return format_html(
        '<b class="figure-hidden hidden-mark"><abbr title="{}">c</abbr></b>',
        _("hidden to protect people"),
    )


@register.simple_tag
def noisy_sum(value: NoisySum) -> SafeString:
    """`{% noisy_sum line.region %}`: the sum with its standard error; nothing if a part hides."""
    if value.value is None:
        return mark_safe("")
    return format_html(
        '<strong>{}</strong> <small dir="ltr">± {}</small>',
        _number(value.value), number_format(value.error, 1),
    )  # fmt: skip


@register.simple_tag
def bar(value: Figure, most: int) -> SafeString:
    """`{% bar figure most %}`: a bar up to the known part, hatched up to the possible part."""
    if value.state == "missing" or most <= 0:
        return mark_safe("")
    known = round(100 * value.low / most, 1)
    high = value.low if value.high is None else value.high
    possible = round(100 * (min(high, most) - value.low) / most, 1)
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false"><rect class="bar-known" x="0" y="0" width="{}" height="10"/>'
        '<rect class="bar-possible" x="{}" y="2.5" width="{}" height="5"/></svg>',
        known,
        known,
        possible,
    )


@register.simple_tag
def plain_bar(value: float, most: float) -> SafeString:
    """`{% plain_bar value most %}`: a bar of an exact number."""
    share = round(100 * float(value) / float(most), 1) if most else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false"><rect class="bar-known" x="0" y="0" width="{}" height="10"/></svg>',
        share,
    )
