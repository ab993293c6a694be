# SPDX-License-Identifier: EUPL-1.2
"""What every page of the shell shows around its content."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mostovi.node.labels import purpose_label, role_label, unit_label
from mostovi.node.rooms import Room, room_of, rooms_of
from mostovi.rights.access import Actor
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
    """Context processor: `shell`, of which a page computes only what it draws."""
    return {"shell": Shell(request)}


class Shell:
    """What stands around a page's content, for one request."""

    def __init__(self, request: Any) -> None:
        self._request = request
        # A device or a person with a printed code also acts, but has no rail and no switcher.
        acts = self._signed_in and getattr(request, "membership", None) is not None
        self.actor: Actor | None = getattr(request, "actor", None) if acts else None

    @cached_property
    def _signed_in(self) -> bool:
        user = getattr(self._request, "user", None)
        return user is not None and bool(user.is_authenticated)

    @property
    def key(self) -> tuple[object, ...]:
        """All that the header, rail and foot depend on, but for the address and the form token."""
        request, node = self._request, settings.MOSTOVI
        acting: tuple[object, ...] = ()
        if self.actor is not None:
            held = tuple((m.pk, m.role, m.unit) for m in request.memberships)
            acting = (self.actor.role, self.actor.purpose, request.membership.pk, held)
        return (
            node.code, node.name, get_language(), self.theme, self.account_name, self.at_home,
            self.rooms_here, acting,
        )  # fmt: skip

    @property
    def node_name(self) -> str:
        return settings.MOSTOVI.name

    @property
    def node_code(self) -> str:
        return settings.MOSTOVI.code

    @property
    def demo(self) -> bool:
        return settings.MOSTOVI.demo

    @property
    def colour(self) -> str:
        colour = settings.MOSTOVI.colour
        return colour if _COLOUR.match(colour) else ""

    @property
    def home_url(self) -> str:
        return reverse("node:home") if self._signed_in else "/"

    @cached_property
    def at_home(self) -> bool:
        return bool(self._request.path == reverse("node:home"))

    @cached_property
    def theme(self) -> str:
        chosen = self._request.COOKIES.get(theme_cookie(), "auto")
        return chosen if chosen in THEMES else "auto"

    @property
    def themes(self) -> list[dict[str, Any]]:
        return _themes(self.theme)

    @property
    def languages(self) -> list[dict[str, Any]]:
        return _languages()

    @cached_property
    def language(self) -> dict[str, str]:
        return _language()

    @property
    def passkeys(self) -> bool:
        return _has_a_name(self._request)

    @cached_property
    def account_name(self) -> str:
        return str(self._request.user) if self._signed_in else ""

    @property
    def role_label(self) -> str:
        return role_label(self.actor.role) if self.actor else ""

    @property
    def purpose_label(self) -> str:
        return purpose_label(self.actor.purpose) if self.actor else ""

    @property
    def unit_label(self) -> str:
        return unit_label(self.actor.unit) if self.actor else ""

    @cached_property
    def rooms_here(self) -> str:
        """The address of the room that the page lies in."""
        return room_of(self.actor, self._request.path) if self.actor else ""

    @cached_property
    def rooms(self) -> list[Room]:
        return rooms_of(self.actor, self._request.path) if self.actor else []

    @property
    def memberships(self) -> list[dict[str, Any]]:
        present = self._request.membership
        return [
            {
                "pk": held.pk,
                "label": role_label(held.role),
                "unit": unit_label(held.unit),
                "current": held.pk == present.pk,
            }
            for held in self._request.memberships
        ]

    @property
    def purposes(self) -> list[dict[str, Any]]:
        if self.actor is None:
            return []
        return [
            {
                "value": purpose.value,
                "label": purpose_label(purpose),
                "current": purpose == self.actor.purpose,
            }
            for purpose in ROLE_PURPOSES[self.actor.role]
        ]


def _has_a_name(request: HttpRequest) -> bool:
    """Whether the node was opened by name: browsers offer no passkey for a bare number."""
    host = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0].strip("[]")
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


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
