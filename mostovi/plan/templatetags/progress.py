# SPDX-License-Identifier: EUPL-1.2
"""How progress is written and drawn: `{% load progress %}`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mostovi.plan.content import BaselineFigure, Qualifier, in_language
from mostovi.plan.models import Status
from mostovi.statistics.tables import Text

register = template.Library()

ICONS: Mapping[str, str] = {
    Status.NOT_STARTED: "circle",
    Status.PLANNED: "calendar-event",
    Status.UNDER_WAY: "arrow-repeat",
    Status.DONE: "check-circle-fill",
    Status.UNKNOWN: "question-circle",
}
SHARE_ORDER = (Status.DONE, Status.UNDER_WAY, Status.PLANNED, Status.NOT_STARTED, Status.UNKNOWN)


@register.filter
def local(text: Text) -> str:
    """`{{ action.title|local }}`: a text of the plan in the reader's language, else English."""
    return in_language(text, get_language() or "en")


@register.inclusion_tag("plan/progress.html")
def progress(status: str | None) -> dict[str, object]:
    """`{% progress report.status %}`: the status in words with its own sign."""
    if not status:
        return {"code": "none", "icon": "dash-circle", "label": _("Not reported")}
    chosen = Status(status)
    return {"code": chosen.value, "icon": ICONS[chosen], "label": chosen.label}


@register.simple_tag
def progress_words(status: str | None) -> SafeString:
    """`{% progress_words status %}`: the status in words alone, where a page must be light."""
    label = Status(status).label if status else _("Not reported")
    shape = '<span class="progress-mark progress-{}">{}</span>'
    return format_html(shape, status or "none", label)


@register.filter
def amount(figure: BaselineFigure) -> str:
    """`{{ figure|amount }}`: the value as the report means it: 'more than 2,800', 'about 4.3'."""
    return worded(figure.value, figure.qualifier)


def worded(value: Decimal, qualifier: Qualifier) -> str:
    """The number by the reader's locale, with the word that the report's sign stands for."""
    number = number_format(value.normalize(), use_l10n=True, force_grouping=True)
    if qualifier is Qualifier.MORE_THAN:
        return _("more than %(number)s") % {"number": number}
    if qualifier is Qualifier.APPROXIMATE:
        return _("about %(number)s") % {"number": number}
    return number


@register.filter
def grouped(value: int | str | Decimal) -> str:
    """`{{ 4768913|grouped }}`: 4,768,913 by the reader's locale; a dot as text is a decimal."""
    number = Decimal(str(value))
    return number_format(number, use_l10n=True, force_grouping=True)


@register.simple_tag
def share_bar(counts: Mapping[str, int]) -> SafeString:
    """One bar of 21 actions by status; the numbers stand beside it in the same row."""
    total = sum(counts.values()) or 1
    parts = []
    start = 0.0
    for status in SHARE_ORDER:
        width = 100 * counts.get(status.value, 0) / total
        if width:
            parts.append((status.value, round(start, 2), round(width, 2)))
        start += width
    return format_html(
        '<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false">{}</svg>',
        format_html_join(
            "",
            '<rect class="share-{}" x="{}" y="0" width="{}" height="10"/>',
            parts,
        ),
    )
