# SPDX-License-Identifier: EUPL-1.2
"""Rooms of `plan` in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("plan", _("The 21 actions"), "plan:dashboard", Action.READ, Kind.PLAN, "list-check"),
]
