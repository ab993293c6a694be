# SPDX-License-Identifier: EUPL-1.2
"""Rooms of `incidents` in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("incidents", _("Incidents"), "incidents:list", Action.READ, Kind.INCIDENT, "diagram-3"),
    (
        "investigations", _("Investigations"), "incidents:investigations", Action.READ,
        Kind.INVESTIGATION, "folder2-open",
    ),
]  # fmt: skip
