# SPDX-License-Identifier: EUPL-1.2
"""Tags of a sheet in the person's language: `{% load sheet %}`; the context names `language`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mostovi.pathways import texts
from mostovi.pathways.texts import Said

register = template.Library()


@register.simple_tag(takes_context=True)
def mark(context: dict[str, Any], said: Said | None) -> SafeString:
    """A text, marked with its language where it is not the sheet's."""
    if said is None or not said.text:
        return format_html("")
    if said.language == context["language"]:
        return format_html("{}", said.text)
    return format_html('<span lang="{}" dir="auto">{}</span>', said.language, said.text)


@register.simple_tag(takes_context=True)
def tell(context: dict[str, Any], code: str) -> SafeString:
    """`{% tell "ui.not_a_decision" %}`: a text by its code."""
    return mark(context, texts.say(code, str(context["language"])))


@register.simple_tag(takes_context=True)
def tell_of(context: dict[str, Any], prefix: str, code: str, end: str = "") -> SafeString:
    """`{% tell_of "danger" one.code "title" %}`: a text by the parts of its code."""
    return tell(context, ".".join(part for part in (prefix, code, end) if part))
