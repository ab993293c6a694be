# SPDX-License-Identifier: EUPL-1.2
"""Tags for pages about persons: `{% load people %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mostovi.people import consent, sharing, words
from mostovi.people.birth import Birth
from mostovi.people.names import PersonName

register = template.Library()


@register.simple_tag
def written_name(name: PersonName | None, otherwise: str = "") -> SafeString:
    """`{% written_name file.main_name %}`: the name in its own script and direction."""
    if name is None:
        return format_html("{}", otherwise)
    return format_html('<bdi dir="{}">{}</bdi>', name.direction, name.written)


@register.filter
def birth_words(birth: Birth) -> str:
    """The date of birth as people say it."""
    return words.birth_words(birth)


@register.filter
def age_words(birth: Birth) -> str:
    """The age as people say it."""
    return words.age_words(birth)


@register.filter
def language_name(code: str) -> str:
    """A language in the reader's words."""
    return words.language_name(str(code))


@register.filter
def country_name(code: str) -> str:
    """A country in the reader's words."""
    return words.country_name(str(code))


@register.filter
def said(value: str, table: str) -> Any:
    """`{{ value|said:"ANSWERS" }}`: the word for a coded answer."""
    return getattr(words, table).get(value, value)


@register.filter
def tone(state: str) -> str:
    """The tone of a consent's state for `shell/status.html`."""
    return words.STATE_TONES.get(consent.State(state), "quiet")


@register.filter
def safety_tone(answer: str) -> str:
    """The tone of a contact's safety; what is not known is a warning."""
    return words.SAFETY_TONES.get(answer, "warn")


@register.filter
def field_name(field: str) -> str:
    """What a field of the file is called."""
    return words.field_name(field)


@register.simple_tag
def value_words(field: str, value: Any) -> str:
    """A field's value in one line."""
    return words.value_words(field, value)


@register.filter
def receiver_name(code: str) -> str:
    """The name of a node that receives."""
    return sharing.receiver_name(code)


@register.simple_tag
def shared_words(fields: list[str], language: str) -> list[str]:
    """Words for the fields a consent names."""
    return sharing.field_words(fields, language)
