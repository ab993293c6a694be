# SPDX-License-Identifier: EUPL-1.2
"""The procedures' room in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    (
        "procedures",
        _("Procedures"),
        "procedures:list",
        Action.READ,
        Kind.PROCEDURE,
        "diagram-3",
    ),
]
