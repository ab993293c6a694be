# SPDX-License-Identifier: EUPL-1.2
"""The people room in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("people", _("People"), "people:list", Action.READ, Kind.PERSON, "people"),
]
