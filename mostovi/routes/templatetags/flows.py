# SPDX-License-Identifier: EUPL-1.2
"""How counts of flows are written: `{% load flows %}`."""

from __future__ import annotations

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostovi.routes import words
from mostovi.routes.catalogue import display
from mostovi.routes.coarsening import start_of
from mostovi.routes.models import FlowBalance
from mostovi.routes.reading import Share, Shown

register = template.Library()


def number(value: float) -> str:
    """A whole number by the reader's locale."""
    return number_format(round(value), use_l10n=True, force_grouping=True)


@register.filter
def period_name(period: str) -> str:
    """`{{ "2026-10"|period_name }}`: October 2026; a year stays a year."""
    if "-" not in period:
        return period
    return str(date_format(start_of(period), "YEAR_MONTH_FORMAT"))


register.filter("measure_name", words.measure_name)
register.filter("route_name", words.route_name)
register.filter("way_name", words.way_name)
register.filter("area_name", words.area_name)
register.filter("citizenship", words.country)


@register.filter
def whole(value: float) -> str:
    """`{{ 1234|whole }}`: 1,234."""
    return number(value)


@register.simple_tag
def shown(value: Shown) -> SafeString:
    """`{% shown count %}`: the number; hidden, missing and nought are told apart."""
    if value.state == "missing":
        return format_html('<span class="figure-missing">{}</span>', _("not counted"))
    if value.state == "hidden":
        return format_html(
            '<abbr class="figure-hidden" title="{}">{}</abbr>',
            _("hidden to protect people"),
            _("under %(threshold)s") % {"threshold": display().threshold},
        )
    if value.more:
        more = ngettext("and %(count)s hidden count", "and %(count)s hidden counts", value.more)
        return format_html(
            '{} <small class="figure-range">{}</small>',
            number(value.value),
            more % {"count": value.more},
        )
    return format_html("{}", number(value.value))


@register.simple_tag
def flow(value: FlowBalance | None) -> SafeString:
    """`{% flow row.flow %}`: the balanced flow with its interval, or that it is open."""
    if value is None:
        return format_html('<span class="figure-missing">{}</span>', _("not counted"))
    if value.high is None:
        return format_html('<span class="figure-missing">{}</span>', _("open"))
    known = value.shown(display().threshold)
    if known is None:
        return shown(Shown("hidden"))
    middle, low, high = known
    reach = _("%(low)s to %(high)s") % {"low": number(low), "high": number(high)}
    if middle is None:
        return format_html('{} <bdi class="figure-range">{}</bdi>', shown(Shown("hidden")), reach)
    return format_html(
        '<strong>{}</strong> <bdi class="figure-range">{}</bdi>', number(middle), reach
    )


@register.simple_tag
def share(value: Share) -> SafeString:
    """`{% share line.violence %}`: per cent with its interval, or the part as it is known."""
    if value.per_cent is None:
        return shown(value.part)
    text = _("%(share)s %%") % {"share": number(value.per_cent)}
    of = _("%(part)s of %(whole)s") % {
        "part": number(value.part.value),
        "whole": number(value.whole.value),
    }
    if value.low is not None and value.high is not None:
        reach = _("%(low)s to %(high)s %%") % {
            "low": number(value.low),
            "high": number(value.high),
        }
        of = f"{reach} · {of}"
    return format_html('<strong>{}</strong> <bdi class="figure-range">{}</bdi>', text, of)


@register.filter
def per_cent(value: float | None) -> str:
    """`{{ 0.4|per_cent }}`: 40 %."""
    return "" if value is None else _("%(share)s %%") % {"share": number(100 * value)}
