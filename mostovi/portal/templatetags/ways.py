# SPDX-License-Identifier: EUPL-1.2
"""Tags of the self-check: words of any of its languages, and pictograms.

Django's own translation is not used here: the language stands in the address, one of eighteen.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from mostovi.pathways.texts import Said
from mostovi.portal.ways_words import Words

register = template.Library()

_ICON_NAME = re.compile(r"^[a-z0-9-]+$")
_MIRRORED = {"box-arrow-right", "arrow-right", "arrow-left", "chevron-right", "signpost-split"}


@register.simple_tag(takes_context=True)
def say(context: template.Context, code: str, **gaps: Any) -> SafeString:
    """`{% say "ui.next" %}`: a text; marked as English where the language has none."""
    words: Words = context["words"]
    return spoken(words.say(code, **gaps), words)


@register.simple_tag(takes_context=True)
def plain(context: template.Context, code: str, **gaps: Any) -> str:
    """`{% plain "ui.next" %}`: a text for an attribute."""
    words: Words = context["words"]
    return words.text(code, **gaps)


@register.simple_tag(takes_context=True)
def said(context: template.Context, what: Said) -> SafeString:
    """A text that knows its language, marked where that is not the page's."""
    return spoken(what, context["words"])


def spoken(what: Said, words: Words) -> SafeString:
    """The text as HTML; in a span of its own language where it is another than the page's."""
    if what.language == words.language:
        return format_html("{}", what.text)
    return format_html(
        '<span lang="{}" dir="{}">{}</span>', what.language, what.direction, what.text
    )


@register.simple_tag(takes_context=True)
def pictogram(context: template.Context, name: str) -> SafeString:
    """`{% pictogram "house" %}`: a drawing beside words that say the same.

    Where the context has `drawings` (a set), the drawing is only pointed to, and `{% drawings %}`
    gives each of them once.
    """
    drawings = context.get("drawings")
    if drawings is None:
        return _picture(name, _inner(name))
    drawings.add(name)
    return _picture(name, format_html('<use href="#p-{}"/>', name))


@register.simple_tag(takes_context=True)
def drawings(context: template.Context) -> SafeString:
    """The drawings that pictograms before this point to."""
    symbols = format_html_join(
        "",
        '<symbol id="p-{}" viewBox="0 0 16 16">{}</symbol>',
        ((name, _inner(name)) for name in sorted(context["drawings"])),
    )
    return format_html(
        '<svg id="drawings" width="0" height="0" aria-hidden="true">{}</svg>', symbols
    )


def _picture(name: str, inner: SafeString) -> SafeString:
    if not inner:
        return SafeString("")
    mirrored = " mirrored" if name in _MIRRORED else ""
    return format_html(
        '<svg class="picture{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', mirrored, inner
    )


@lru_cache(maxsize=256)
def _inner(name: str) -> SafeString:
    path = settings.NODE_MODULES / "bootstrap-icons/icons" / f"{name}.svg"
    if not _ICON_NAME.match(name) or not path.is_file():
        return SafeString("")
    source = path.read_text(encoding="utf-8")
    # The content comes from an installed package and the name is checked above.
    inner = " ".join(source[source.index(">") + 1 : source.rindex("</svg>")].split())
    return mark_safe(inner)  # noqa: S308
