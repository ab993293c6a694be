# SPDX-License-Identifier: EUPL-1.2
"""Tags every package's templates use: `{% load mostovi %}`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from secrets import token_hex
from typing import Any
from uuid import UUID

from django import forms, template
from django.conf import settings
from django.forms import BoundField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext

from mostovi.node.labels import (
    action_label,
    kind_label,
    purpose_label,
    record_label,
    role_label,
    scope_label,
    unit_label,
)
from mostovi.rights.access import SYSTEM_ACCOUNT

register = template.Library()

_ICON_NAME = re.compile(r"^[a-z0-9-]+$")
_MIRRORED = {"box-arrow-right", "box-arrow-in-right", "arrow-right", "arrow-left", "chevron-right"}


@lru_cache(maxsize=256)
def _icon(name: str, again: bool) -> SafeString:
    """The SVG of Bootstrap icon `name` drawn inline, or nothing when it does not exist.

    `again`: it stands on the page already, so its drawing is only pointed to; a table of a hundred
    marks would otherwise carry a hundred drawings.
    """
    if not _ICON_NAME.match(name):
        return mark_safe("")
    path = settings.NODE_MODULES / "bootstrap-icons/icons" / f"{name}.svg"
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return mark_safe("")
    inner = " ".join(source[source.index(">") + 1 : source.rindex("</svg>")].split())
    drawn = f'<use href="#icon-{name}"/>' if again else f'<g id="icon-{name}">{inner}</g>'
    mirrored = " icon-mirrored" if name in _MIRRORED else ""
    # The content comes from an installed package and the name is checked above.
    return mark_safe(  # noqa: S308
        f'<svg class="icon{mirrored}" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"'
        f' focusable="false">{drawn}</svg>'
    )


@register.simple_tag(takes_context=True)
def icon(context: template.Context, name: str) -> SafeString:
    """`{% icon "clock" %}`: a decorative icon; the text beside it carries the meaning."""
    # The lowest layer is one for the whole page, also inside what it includes.
    kept: Any = context.render_context.dicts[0]
    standing: set[str] = kept.setdefault("icons_standing", set())
    name = str(name or "")
    again = name in standing
    standing.add(name)
    return _icon(name, again)


_PLACE, _TOKEN = (f"shell-{name}-{token_hex(16)}" for name in ("place", "token"))
"""What stands in a kept part for the page's address and its form token; not to be guessed."""
_MOST_PARTS = 512
_parts: dict[tuple[object, ...], tuple[str, frozenset[str]]] = {}


@register.simple_tag(takes_context=True)
def shell_part(context: template.Context, name: str) -> SafeString:
    """`{% shell_part "header" %}`: `shell/<name>.html`, drawn once for all that look alike.

    The same for every page of a room as long as role, purpose, language and display are: only the
    address and the token of its forms are put in anew. Such a part may use `shell`, `here` (the
    page's address) and `csrf_token`, nothing else of the page.
    """
    kept: Any = context.render_context.dicts[0]
    standing: set[str] = kept.setdefault("icons_standing", set())
    key = (name, *context["shell"].key, frozenset(standing))
    found = _parts.get(key)
    if found is None:
        drawing = context.template.engine.get_template(f"shell/{name}.html")  # type: ignore[union-attr]
        with context.push(here=_PLACE, csrf_token=_TOKEN):
            drawn = drawing.render(context)
        if len(_parts) >= _MOST_PARTS:
            _parts.clear()
        found = _parts[key] = drawn, frozenset(standing)
    drawn, icons = found
    standing |= icons
    request = context["request"]
    place = conditional_escape(request.get_full_path())
    drawn = drawn.replace(_PLACE, place)
    if _TOKEN in drawn:
        drawn = drawn.replace(_TOKEN, str(context.get("csrf_token") or ""))
    # Drawn by a template, which escapes; what is put in is escaped, or a token of letters.
    return mark_safe(drawn)  # noqa: S308


_TONE_ICONS = {
    "ok": "check-circle", "warn": "exclamation-triangle", "stop": "x-octagon",
    "info": "info-circle",
}  # fmt: skip


@register.simple_tag(takes_context=True)
def status(context: template.Context, tone: str, text: str) -> SafeString:
    """`{% status "warn" text %}`: what `shell/status.html` draws, for rows of long lists."""
    mark = icon(context, _TONE_ICONS.get(tone, "circle"))
    words = f"{mark}{conditional_escape(text)}"
    # The tone is one of our own words, the mark is drawn by us, the text is escaped.
    return mark_safe(f'<span class="status status-{escape(tone)}">{words}</span>')  # noqa: S308


@register.simple_tag
def code(value: object) -> SafeString:
    """`{% code case.code %}`: a code that stays left to right and is easy to read aloud."""
    return mark_safe(f'<bdi dir="ltr" class="code">{escape(value)}</bdi>')  # noqa: S308


@register.simple_tag
def phone(value: object) -> SafeString:
    """`{% phone contact.number %}`: a phone number, left to right in every script."""
    text = str(value)
    dialled = re.sub(r"[^0-9+]", "", text)
    return format_html('<a class="phone" href="tel:{}"><bdi dir="ltr">{}</bdi></a>', dialled, text)


@register.simple_tag
def local_date(value: date | datetime | None, time: str = "") -> SafeString:
    """`{% local_date due %}`: the date by the reader's locale; `"time"` adds the hour and zone."""
    if value is None:
        return format_html('<span class="unknown">{}</span>', gettext("unknown"))
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        shown = _date_words(local.date(), get_language())
        if time:
            hour = f"{date_format(local, 'H:i')} {local.tzname() or ''}".strip()
            shown = listed([shown, hour])
        return _time(local.isoformat(), shown)
    return _time(value.isoformat(), _date_words(value, get_language()))


@lru_cache(maxsize=4096)
def _date_words(day: date, language: str | None) -> str:
    """A day in words of the language that is active: lists say the same few days over and over."""
    return date_format(day, "DATE_FORMAT")


def _time(machine: str, shown: str) -> SafeString:
    # What a machine reads are digits and signs of a date; the words are escaped.
    return mark_safe(f'<time datetime="{machine}">{escape(shown)}</time>')  # noqa: S308


@register.simple_tag(takes_context=True)
def officer(context: template.Context, account: UUID | str | None) -> str:
    """`{% officer event.by %}`: the colleague's display name, or 'the node itself'."""
    from mostovi.node.accounts import names_with

    if not account or str(account) == str(SYSTEM_ACCOUNT):
        return gettext("the node itself")
    # On the request: what is kept for one template is not seen in those it includes.
    kept: Any = context.get("request") or context.render_context
    known: dict[str, str] | None = getattr(kept, "officer_names", None)
    if known is None:
        known = kept.officer_names = {}
    key = str(account)
    if key not in known:
        known.update({key: gettext("a former colleague")} | names_with(key))
    return known[key]


@register.simple_tag
def field_shape(field: BoundField) -> str:
    """`group` for several choices on show, `check` for one tick box, else `line`."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
        return "group"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.MultiWidget):
        return "group"
    return "line"


@register.simple_tag
def styled(field: BoundField) -> SafeString:
    """The field's control with the shell's classes and its notes tied to it for screen readers."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        kind = "form-check-input"
    elif isinstance(widget, forms.Select):
        kind = "form-select"
    else:
        kind = "form-control"
    attributes: dict[str, Any] = {
        "class": " ".join(part for part in (widget.attrs.get("class", ""), kind) if part)
    }
    notes = []
    if field.help_text:
        notes.append(f"{field.auto_id}_helptext")
    if field.errors:
        notes.append(f"{field.auto_id}_error")
        attributes["aria-invalid"] = "true"
        attributes["class"] += " is-invalid"
    if notes:
        attributes["aria-describedby"] = " ".join(notes)
    # A placeholder is never the label.
    attributes["placeholder"] = ""
    return field.as_widget(attrs=attributes)


@register.simple_tag(takes_context=True)
def page_query(context: template.Context, number: int) -> str:
    """The present address with `page` set to `number`; filters and sorting stay."""
    query = context["request"].GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


@register.filter
def role_name(role: str) -> str:
    """`{{ membership.role|role_name }}`: the role as users call it."""
    return role_label(str(role))


@register.filter
def purpose_name(purpose: str) -> str:
    """`{{ record.purpose|purpose_name }}`: the purpose as users call it."""
    return purpose_label(str(purpose))


@register.filter
def unit_name(unit: str) -> str:
    """`{{ membership.unit|unit_name }}`: the unit's code as words."""
    return unit_label(str(unit))


@register.filter
def kind_name(kind: str) -> str:
    """`{{ row.kind|kind_name }}`: the kind of record as users call it."""
    return kind_label(str(kind))


@register.filter
def action_name(action: str) -> str:
    """`{{ line.action|action_name }}`: what is done to a record, in words."""
    return action_label(str(action))


@register.filter
def scope_name(scope: str) -> str:
    """`{{ scope|scope_name }}`: which records a role reaches, in words."""
    return scope_label(str(scope))


@register.filter
def listed(words: Iterable[object]) -> str:
    """`{{ names|listed }}`: one after the other, with the comma of the reader's script."""
    return pgettext("between the parts of a list", ", ").join(str(word) for word in words)


@register.filter
def purpose_names(purposes: Iterable[str]) -> list[str]:
    """`{{ row.purposes|purpose_names|listed }}`: purposes as users call them."""
    return [purpose_label(str(purpose)) for purpose in purposes]


@register.filter
def role_names(roles: Iterable[str]) -> list[str]:
    """`{{ roles|role_names|listed }}`: roles as users call them."""
    return [role_label(str(role)) for role in roles]


@register.filter
def record_name(model: str) -> str:
    """`{{ line.model|record_name }}`: a stored record as users call it."""
    return record_label(model)
