# SPDX-License-Identifier: EUPL-1.2
"""The room of child protection in the left rail; everything else is reached from a case."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    (
        "care_places",
        _("Places of care"),
        "children:places",
        Action.CHANGE,
        Kind.CASE,
        "house-heart",
    ),
]
