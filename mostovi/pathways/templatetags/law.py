# SPDX-License-Identifier: EUPL-1.2
"""Tags of the law's pages: `{% load law %}`."""

from __future__ import annotations

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from mostovi.pathways import wording
from mostovi.pathways.texts import Said

register = template.Library()


@register.simple_tag
def said(words: Said | None) -> SafeString:
    """`{% said condition.title %}`: a text, marked with its language when it is not the page's."""
    if words is None or not words.text:
        return mark_safe("")
    if words.language == wording.language().split("-", 1)[0]:
        return mark_safe(escape(words.text))  # noqa: S308  (escaped)
    return format_html('<span lang="{}" dir="auto">{}</span>', words.language, words.text)


@register.simple_tag
def term(prefix: str, code: object, end: str = "") -> SafeString:
    """`{% term "pathway" code "title" %}`: a text of the vocabulary by its code."""
    parts = [part for part in (prefix, str(code), end) if part]
    return said(wording.say(".".join(parts)))


@register.filter
def term_text(code: object, pattern: str) -> str:
    """`{{ code|term_text:"pathway.*.title" }}`: the same where no mark can stand (titles)."""
    return wording.say(pattern.replace("*", str(code))).text


@register.filter
def law_name(partner: object) -> str:
    """`{{ partner|law_name }}`: whose law it is."""
    return wording.law_name(str(partner))


register.filter("logic_words", wording.logic_words)
register.filter("logic_tone", lambda value: wording.LOGIC_TONES[value])
register.filter("answer_words", lambda value: str(wording.ANSWERS.get(str(value), value)))
