# SPDX-License-Identifier: EUPL-1.2
"""Rooms of `routes` in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("routes", _("Flows and routes"), "routes:overview", Action.READ, Kind.FLOW, "signpost-split"),
    ("observe", _("Count people"), "routes:observe", Action.CREATE, Kind.FINE_FLOW, "binoculars"),
]
