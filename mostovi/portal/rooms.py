# SPDX-License-Identifier: EUPL-1.2
"""The data-protection officer's room of requests from own files."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    (
        "own_files", _("Requests from own files"), "portal:requests", Action.DECIDE,
        Kind.OWN_FILE, "envelope-paper",
    ),
]  # fmt: skip
