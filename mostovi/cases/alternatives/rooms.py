# SPDX-License-Identifier: EUPL-1.2
"""The room of alternatives to detention in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    (
        "alternatives", _("Alternatives to detention"), "alternatives:list", Action.READ,
        Kind.ALTERNATIVE, "unlock",
    ),
]  # fmt: skip
