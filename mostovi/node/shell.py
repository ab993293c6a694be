# SPDX-License-Identifier: EUPL-1.2
"""What every page of the shell shows around its content."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mostovi.node.labels import purpose_label, role_label, unit_label
from mostovi.node.rooms import rooms_of
from mostovi.rights.roles import ROLE_PURPOSES

THEMES = ("auto", "light", "dark")
CHECKED_LANGUAGES = frozenset({"en"})
"""Languages whose texts a speaker has checked; the others carry the mark."""
_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")
_SHORT = {"bs": "BCS"}
_RIGHT_TO_LEFT = frozenset(settings.LANGUAGES_BIDI)


def theme_cookie() -> str:
    """The name of the cookie that keeps light or dark; demo nodes share a host."""
    return f"mostovi_{settings.MOSTOVI.code.replace('-', '_')}_theme"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`, computed when a page of the shell is drawn."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    node = settings.MOSTOVI
    theme = request.COOKIES.get(theme_cookie(), "auto")
    actor = getattr(request, "actor", None)
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    home = reverse("node:home")
    around: dict[str, Any] = {
        "node_name": node.name,
        "node_code": node.code,
        "demo": node.demo,
        "colour": node.colour if _COLOUR.match(node.colour) else "",
        "home_url": home if signed_in else "/",
        "at_home": request.path == home,
        "theme": theme if theme in THEMES else "auto",
        "themes": _themes(theme if theme in THEMES else "auto"),
        "languages": _languages(),
        "language": _language(),
        "passkeys": _has_a_name(request),
        "account_name": str(user) if signed_in else "",
        "actor": None,
        "rooms": [],
    }
    # A device or a person with a printed code also acts, but has no rail and no switcher.
    if actor is not None and signed_in and getattr(request, "membership", None):
        around |= _acting(request, actor)
    return around


def _has_a_name(request: HttpRequest) -> bool:
    """Whether the node was opened by name: browsers offer no passkey for a bare number."""
    host = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0].strip("[]")
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def _acting(request: Any, actor: Any) -> dict[str, Any]:
    present = request.membership
    return {
        "actor": actor,
        "role_label": role_label(actor.role),
        "purpose_label": purpose_label(actor.purpose),
        "unit_label": unit_label(actor.unit),
        "rooms": rooms_of(actor, request.path),
        "memberships": [
            {
                "pk": held.pk,
                "label": role_label(held.role),
                "unit": unit_label(held.unit),
                "current": held.pk == present.pk,
            }
            for held in request.memberships
        ],
        "purposes": [
            {
                "value": purpose.value,
                "label": purpose_label(purpose),
                "current": purpose == actor.purpose,
            }
            for purpose in ROLE_PURPOSES[actor.role]
        ],
    }


def _themes(chosen: str) -> list[dict[str, Any]]:
    labels = {"auto": _("Automatic"), "light": _("Light"), "dark": _("Dark")}
    return [
        {"value": value, "label": label, "current": value == chosen}
        for value, label in labels.items()
    ]


def _language() -> dict[str, str]:
    code = get_language() or settings.LANGUAGE_CODE
    name = dict(settings.LANGUAGES).get(code, code)
    return {
        "code": code,
        "name": name,
        "short": _SHORT.get(code, code.split("-")[0].upper()),
        "unreviewed": ""
        if code in CHECKED_LANGUAGES
        else _("the translation into %(language)s") % {"language": name},
    }


def _languages() -> list[dict[str, Any]]:
    present = get_language()
    return [
        {
            "code": code,
            "name": name,
            "direction": "rtl" if code in _RIGHT_TO_LEFT else "ltr",
            "current": code == present,
        }
        for code, name in settings.LANGUAGES
    ]
